"""The rest of docs/format.md: signatures, releases, journals (R9, R12 to R18), with `ssh-keygen` beside."""

import base64
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from datetime import datetime
from functools import cache
from pathlib import Path

from stranger import EVENTS, FILES, HEADS, PATH, against, answer, canonical, history, sha, tree, verify

CONTROL = "qms/control"
PARENT = {}  # path of an event of control → the commit it was written on


def certificates():  # what `issue` of each says, with its path, its events by act, and the root it was carried out to
    for (branch, path), event in EVENTS.items():
        if branch.startswith("qms/journal/") and path.startswith("disposal/") and event["act"] == "issue":
            folder = path.rpartition("/")[0] + "/"
            acts = [e for (b, p), e in sorted(EVENTS.items()) if b == branch and p.startswith(folder)]
            done = [e for e in acts if e["act"] == "carry_out"]
            root = done[0]["set"]["root"] if done else None
            yield {**event["set"], "place": (branch, path), "acts": acts, "done": done, "root": root}


def item(path):  # file name → bytes of the revision that a release event put in
    folder, event = path.rsplit("/", 1)[0], EVENTS[CONTROL, path]
    data = FILES[CONTROL].get(f"{folder}/files/{event['set'].get('manifest')}", b"null")
    manifest = json.loads(data) or {"files": [], "missing": True}
    if canonical(manifest).encode() != data:
        against("R13", path, "manifest")
    files = {}
    for file in manifest["files"]:
        held = FILES[CONTROL].get(f"{folder}/files/{file['sha256']}", b"")
        files[file["path"]] = held if (len(held), sha(held)) == (file["size"], file["sha256"]) else b""
        if held != files[file["path"]] or (file["size"] and not held):
            against("R13", path, file["path"])
    return files


@cache
def releases(commit):  # manifest → (number, effective on, path) of every release in a commit of control
    paths = [path for path in tree(commit) if path.startswith("release/") and path.endswith("/0001-issue.json")]
    said = {path: EVENTS[CONTROL, path]["set"] for path in paths if (CONTROL, path) in EVENTS}
    return {s["manifest"]: (s["number"], s.get("effective_on", ""), path) for path, s in said.items()}


def key_of(branch, path, event):  # the public key that counts for the signer at the time of the event
    signer, parent = event["signer"], PARENT.get(path) if branch == CONTROL else event["control"]
    known = set(tree(parent)) if parent else set()
    for place in [found for found in tree(HEADS[CONTROL]) if re.fullmatch(r"key/.*/0001-issue\.json", found)]:
        key = EVENTS[CONTROL, place]["set"]
        if (key["person"], key["fingerprint"]) != (signer["person"], signer["key"]):
            continue
        acts = [
            p for p in tree(HEADS[CONTROL]) if p.startswith(place.rpartition("/")[0] + "/0") and p.endswith(".json")
        ]
        lost = [EVENTS[CONTROL, p]["set"]["lost_at"] for p in acts if p.endswith("-lose.json")]
        in_days = key["from_on"] <= event["recorded_at"][:10] <= key.get("until_on", "9999")
        confirmed = path == place or any(p in known and p.endswith("-confirm.json") for p in acts)
        reported = any(p in known and p.endswith("-lose.json") for p in acts)
        digest = hashlib.sha256(base64.b64decode(key["public"].split()[1])).digest()
        own = "SHA256:" + base64.b64encode(digest).decode().rstrip("=") == key["fingerprint"]
        if own and in_days and confirmed and not reported and all(moment(event) < at for at in map(instant, lost)):
            return key["public"]


def instant(text):
    return datetime.fromisoformat(text)


def moment(event):
    return instant(event["recorded_at"])


def check_signature(branch, path, event):
    signature, signer = FILES[branch].get(path + ".sig"), event["signer"]
    key = key_of(branch, path, event) if signer and signature else None
    if bool(signer) != bool(signature) or (signer and not key):
        return against("R12", branch, path)
    if signer:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "signers").write_text(f"{signer['person']} {key}\n")
            Path(folder, "sig").write_bytes(signature)
            words = ["ssh-keygen", "-Y", "verify", "-f", f"{folder}/signers", "-I", signer["person"]]
            words += ["-n", f"qms-{signer['meaning']}@v1", "-s", f"{folder}/sig"]
            if subprocess.run(words, input=FILES[branch][path], capture_output=True).returncode:
                against("R12", branch, path)


def check_judgement():
    for (branch, path), event in EVENTS.items():
        for name, ledger in (("control", CONTROL), ("journal", "qms/journal/" + branch.split("/")[-1])):
            if event[name] and ledger != "qms/journal/control" and event[name] not in history(HEADS.get(ledger, "")):
                against("R9", branch, path, name)
        if branch == CONTROL and event["control"] != PARENT.get(path):
            against("R9", branch, path, "parent")
        pins = {*event["parameters"].values(), *([event["form"]["sha256"]] if event["form"] else [])}
        if branch.startswith("records/") and not pins <= releases(event["control"] or "").keys():
            against("R14", branch, path)
        check_signature(branch, path, event)


def check_journals():
    opened, listed, seats = set(), set(), set()
    for (branch, path), event in EVENTS.items():
        if branch.startswith("qms/journal/"):
            said = event["set"]
            opened |= {said["ledger"]} if path.startswith("opening/") else set()
            if path.startswith("seat/") and ((branch, said["seat"]) in seats or seats.add((branch, said["seat"]))):
                against("R18", branch, path)
            for ledger, head in said.get("ledgers", {}).items():
                listed.add(ledger)
                paths = [found for found in map(PATH.fullmatch, tree(head["commit"])) if found]
                last = {found[1]: int(found[4]) for found in paths}  # in path order, so the last one stays
                counted = sum(bool(found[6] and not found[7]) for found in paths)
                if is_explained(ledger, branch, path):
                    continue
                for item in certificates():
                    for record in item["records"] if item["root"] and item["ledger"] == ledger else ():
                        last[record["series"]] = max(record["serial"], last.get(record["series"], 0))
                kept = ledger not in HEADS or head["commit"] in history(HEADS[ledger])
                if not kept or (ledger in HEADS and (counted, last) != (head["events"], head["last"])):
                    against("R17", branch, path, ledger)
    for ledger in HEADS.keys() - opened:
        if not ledger.startswith("qms/journal/"):
            against("R15", ledger)
    for ledger in opened - HEADS.keys():
        against("R16", ledger, "is lost" if ledger in listed else "is not held here")


def is_explained(ledger, branch, path):  # whether a heads event is older than a disposal the ledger goes back to
    return any(
        item["ledger"] == ledger
        and item["root"] in history(HEADS.get(ledger, ""))
        and item["place"][0] == branch
        and path in tree(item["done"][0]["journal"] or "")
        for item in certificates()
        if item["root"]
    )


def check_disposals():
    for item in certificates():
        authority = item["acts"][0]["by"]
        signers = [(e["act"], e["by"]) for e in item["acts"] if e["signer"] and e["signer"]["person"] == e["by"]]
        witnesses = {by for act, by in signers if act == "witness"} - {authority}
        may_end = {("carry_out", person) for person in (*witnesses, authority)}
        is_witnessed = len(witnesses) >= max(2, item["needed"]) and ("issue", authority) in signers
        if item["root"] and not (is_witnessed and may_end & set(signers)):
            against("R19", *item["place"], "is not witnessed")
        for record in item["records"] if item["root"] else ():
            serial = f"{record['serial']:06d}"
            folder = f"{record['series']}/{serial[:2]}/{serial[2:4]}/{serial}/"
            if any(path.startswith(folder) for path in tree(HEADS.get(item["ledger"], ""))):
                against("R19", item["ledger"], folder)


def find_parents():
    before, held = None, set()
    for commit in reversed(list(history(HEADS.get(CONTROL, "")))):
        PARENT.update(dict.fromkeys(set(tree(commit)) - held, before))
        before, held = commit, set(tree(commit))


if __name__ == "__main__":
    verify()
    find_parents()
    for branch, path in EVENTS:
        if branch == CONTROL and path.startswith("release/") and path.endswith("/0001-issue.json"):
            item(path)
    check_judgement()
    check_journals()
    check_disposals()
    sys.exit(answer())
