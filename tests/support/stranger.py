"""A verifier written from docs/format.md alone: the standard library, `git` and `ssh-keygen`. Usage: stranger.py FOLDER"""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import unicodedata
from collections import defaultdict

ENV = {**os.environ, "GIT_NO_REPLACE_OBJECTS": "1"}
LEDGER = re.compile(r"qms/control|qms/journal/[a-z][a-z0-9-]{0,30}|records/[a-z][a-z0-9-]{0,30}/[0-9]{4}/[a-z][a-z0-9-]{0,30}")
PATH = re.compile(
    r"([a-z][a-z0-9-]{0,70})/(\d\d)/(\d\d)/(\2\3\d\d)/((\d{4})-([a-z][a-z0-9_-]{0,62})\.json(\.sig)?|files/([0-9a-f]{64}))"
)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def canonical(value):
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= 2**53):
        raise ValueError(value)
    text = json.dumps(value, ensure_ascii=False)
    return text if unicodedata.is_normalized("NFC", text) else "not NFC"


class Repository:
    def __init__(self, folder):
        self.folder, self.found, self.trees, self.blobs = folder, [], {}, {}
        self.heads, self.events, self.files = {}, {}, {}
        for line in self.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/remotes").splitlines():
            commit, name = line.split(" ", 1)
            branch = name.split("/", 2 if name.startswith("refs/heads/") else 3)[-1]
            if LEDGER.fullmatch(branch):
                known = self.heads.setdefault(branch, commit)
                self.heads[branch] = commit if self.is_ancestor(known, commit) else known
                self.is_ancestor(commit, self.heads[branch]) or self.against("R2", branch, name, "went two ways")

    def git(self, *words, stdin=None, text=True):
        done = subprocess.run(["git", "-C", self.folder, *words], input=stdin, capture_output=True, env=ENV, check=False)
        return done.stdout.decode() if text else done.stdout

    def is_ancestor(self, old, new):
        words = ["git", "-C", self.folder, "merge-base", "--is-ancestor", str(old), str(new)]
        return old == new or not subprocess.run(words, capture_output=True, env=ENV, check=False).returncode

    def against(self, rule, *what):
        self.found.append(" ".join(map(str, (rule, *what))))

    def tree(self, commit):  # path → (mode, object)
        if commit not in self.trees:
            lines = (line for line in self.git("ls-tree", "-rz", "--full-tree", str(commit)).split("\0") if line)
            self.trees[commit] = {line.split("\t")[1]: tuple(line.split()[0:3:2]) for line in lines}
        return self.trees[commit]

    def read(self, tree):  # path → bytes
        wanted = [oid for mode, oid in tree.values() if oid not in self.blobs and mode[:3] == "100"]
        data = self.git("cat-file", "--batch", stdin="\n".join(wanted).encode() + b"\n", text=False) if wanted else b""
        while data:
            head, _, rest = data.partition(b"\n")
            oid, _, size = head.decode().split()
            self.blobs[oid], data = rest[: int(size)], rest[int(size) + 1 :]
        return {path: self.blobs[oid] for path, (_, oid) in tree.items() if oid in self.blobs}

    def load(self, branch):  # R1 to R5, R10, R11 as far as one ledger can show them
        head, tree = self.heads[branch], self.tree(self.heads[branch])
        for line in self.git("log", "--format=@%P", "--name-status", "--no-renames", head).splitlines():
            if line and not line.startswith("A\t") and (line[0] != "@" or " " in line):
                self.against("R2", branch, line)
        self.files[branch], last = self.read(tree), {}
        for path, (mode, _) in tree.items():
            said = PATH.fullmatch(path)
            if mode != "100644" or not said or said[4] == "000000" or said[6] == "0000":
                self.against("R1", branch, path, mode)
            elif said[9] and sha(self.files[branch][path]) != said[9]:
                self.against("R11", branch, path)
            elif said[7] and not said[8]:
                self.event(branch, path, said, self.files[branch][path], last)

    def event(self, branch, path, said, data, last):
        try:
            event = json.loads(data)
            canonical(event).encode() == data or self.against("R3", branch, path)
        except (ValueError, RecursionError):
            return self.against("R3", branch, path)
        event.get("format") == 1 or self.against("R10", branch, path, "needs a newer program")
        record, folder = event["record"], path.rsplit("/", 1)[0]
        place = (branch, said[1], int(said[4]), int(said[6]), said[7])
        says = (event["ledger"], record["series"], record["serial"], event["sequence"], event["act"])
        sequence, digest, number = last.get(folder, (0, None, record["number"]))
        year = branch.split("/")[2] if branch.startswith("records/") and sequence == 0 else event["recorded_at"][:4]
        if place != says or record["number"] != number or event["recorded_at"][:4] != year:
            self.against("R4", branch, path)
        (event["sequence"], event["previous"]) == (sequence + 1, digest) or self.against("R5", branch, path)
        last[folder] = (event["sequence"], sha(data), number)
        for part in attachments(event["set"]):
            held = self.files[branch].get(f"{folder}/files/{part['sha256']}")
            if "held_at" not in part and (held is None or len(held) != part["size"]):
                self.against("R11", branch, path, part["name"])
        self.events[branch, path] = (event, sha(data))

    def released(self, commit):  # manifest sha256 → (kind, number, event) of every release in a commit of control
        if commit not in self.trees or ("manifests", commit) not in self.blobs:
            known = {}
            for path in self.tree(commit):
                event = self.events.get(("qms/control", path), ({},))[0]
                if path.startswith("release/") and event.get("sequence") == 1:
                    known[event["set"].get("manifest")] = event["set"]["number"], event["set"].get("effective_on", ""), path
            self.blobs["manifests", commit] = known
        return self.blobs["manifests", commit]

    def check_release(self, path, event):
        files, folder = self.files["qms/control"], path.rsplit("/", 1)[0]
        data = files.get(f"{folder}/files/{event['set'].get('manifest')}", b"{}")
        manifest = json.loads(data)
        if canonical(manifest).encode() != data or not manifest.get("files"):
            self.against("R13", path, "manifest")
        for file in manifest.get("files", ()):
            held = files.get(f"{folder}/files/{file['sha256']}", b"")
            (len(held), sha(held)) == (file["size"], file["sha256"]) or self.against("R13", path, file["path"])

    def key(self, event):  # the public key that counts for the signer on that day
        day, signer = event["recorded_at"][:10], event["signer"]
        people = [(on, path, m) for m, (n, on, path) in self.released(event["control"]).items() if n == "people.toml"]
        effective = sorted(entry for entry in people if entry[0] <= day) or people
        if not effective:
            return None
        _, path, manifest = effective[-1]
        folder = path.rsplit("/", 1)[0] + "/files/"
        files = self.files["qms/control"]
        text = files[folder + json.loads(files[folder + manifest])["files"][0]["sha256"]].decode()
        for key in tomllib.loads(text)["person"].get(signer["person"], {}).get("key", {}).values():
            blob = base64.b64decode(key["public"].split()[1])
            name = "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
            days = str(key["from"]), str(key.get("until", "9999")), str(key.get("lost_on", "9999"))
            if name == signer["key"] and days[0] <= day <= days[1] and day < days[2]:
                return key["public"]
        return None

    def check_signature(self, branch, path, event):
        signature, signer = self.files[branch].get(path + ".sig"), event["signer"]
        key = self.key(event) if signer and signature else None
        if bool(signer) != bool(signature) or (signer and not key):
            return self.against("R12", branch, path)
        if signer:
            with tempfile.TemporaryDirectory() as folder:
                for name, data in (("signers", f"{signer['person']} {key}\n".encode()), ("sig", signature)):
                    with open(os.path.join(folder, name), "wb") as stream:
                        stream.write(data)
                words = ["ssh-keygen", "-Y", "verify", "-f", f"{folder}/signers", "-I", signer["person"]]
                words += ["-n", f"qms-{signer['meaning']}@v1", "-s", f"{folder}/sig"]
                done = subprocess.run(words, input=self.files[branch][path], capture_output=True, check=False)
                done.returncode == 0 or self.against("R12", branch, path)

    def check_links(self):
        numbers, keys, serials, hashes = {}, {}, defaultdict(list), defaultdict(set)
        for (branch, _), (event, digest) in self.events.items():
            hashes[event["record"]["number"]].add(digest)
            if event["sequence"] == 1:
                serials[branch, event["record"]["series"]].append(event["record"]["serial"])
        for (branch, path), (event, _) in self.events.items():
            number, folder = event["record"]["number"], (branch, path.rsplit("/", 1)[0])
            numbers.setdefault(number, folder) == folder or self.against("R6", number, "twice")
            key = event["submission"]
            key is None or keys.setdefault(key, (branch, path)) == (branch, path) or self.against("R7", key)
            link = event["raised_from"]
            if link and link["record"] in hashes and link["sha256"] not in hashes[link["record"]]:
                self.against("R8", branch, path)
            journal = f"qms/journal/{branch.split('/')[-1]}" if branch != "qms/control" else None
            for name, ledger in (("control", "qms/control"), ("journal", journal)):
                if event[name] and ledger and not self.is_ancestor(event[name], self.heads.get(ledger)):
                    self.against("R9", branch, path, name)
            event["repository"] == next(iter(self.events.values()))[0]["repository"] or self.against("R4", branch, path)
            pins = set(event["parameters"].values()) | ({event["form"]["sha256"]} if event["form"] else set())
            if branch != "qms/control" and not pins <= self.released(event["control"]).keys():
                self.against("R14", branch, path)
            self.check_signature(branch, path, event)
        for (branch, series), found in serials.items():
            sorted(found) == list(range(1, len(found) + 1)) or self.against("R6", branch, series, "hole")

    def check_journals(self):
        opened, listed, seats = set(), set(), defaultdict(list)
        for (branch, path), (event, _) in sorted(self.events.items()):
            if branch.startswith("qms/journal/"):
                opened |= {event["set"]["ledger"]} if path.startswith("opening/") else set()
                seats[branch] += [event["set"]["seat"]] if path.startswith("seat/") else []
                for ledger, head in event["set"].get("ledgers", {}).items():
                    listed.add(ledger)
                    if ledger in self.heads and not self.stood(ledger, head):
                        self.against("R17", branch, path, ledger)
        for ledger in sorted(self.heads.keys() - opened):
            ledger.startswith("qms/journal/") or self.against("R15", ledger)
        for ledger in sorted(opened - self.heads.keys()):
            self.against("R16", ledger, "lost" if ledger in listed else "not held here")
        for branch, ids in seats.items():
            len(ids) == len(set(ids)) or self.against("R18", branch)

    def stood(self, ledger, head):
        last, paths = defaultdict(int), [PATH.fullmatch(path) for path in self.tree(head["commit"])]
        for said in filter(None, paths):
            last[said[1]] = max(last[said[1]], int(said[4]))
        events = sum(bool(said and said[7] and not said[8]) for said in paths)
        return self.is_ancestor(head["commit"], self.heads[ledger]) and (events, dict(last)) == (head["events"], head["last"])

    def records(self):  # number → (state, values): the fold
        found = {}
        for event, _ in (self.events[place] for place in sorted(self.events)):
            values = {} if event["sequence"] == 1 else found[event["record"]["number"]][1]
            values = {name: value for name, value in {**values, **event["set"]}.items() if value is not None}
            found[event["record"]["number"]] = (event["state"], values)
        return found


def attachments(value):
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and {"name", "size", "sha256"} <= value.keys():
        yield value
    for part in parts:
        yield from attachments(part)


def main(folder):
    repository = Repository(folder)
    for branch in sorted(repository.heads):
        repository.load(branch)
    for (branch, path), (event, _) in list(repository.events.items()):
        if branch == "qms/control" and path.startswith("release/") and event["sequence"] == 1:
            repository.check_release(path, event)
    repository.check_links()
    repository.check_journals()
    json.dump({"found": sorted(set(repository.found)), "records": repository.records()}, sys.stdout, ensure_ascii=False)
    return 1 if repository.found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
