"""A reader and verifier of records, written from docs/format.md alone with the standard library and `git`.

`stranger.py FOLDER` prints what it found (R1 to R8, R10, R11) and the records as JSON.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import unicodedata
from functools import cache

NAME = r"[a-z][a-z0-9-]{0,30}"
LEDGER = re.compile(rf"qms/control|qms/journal/{NAME}|records/{NAME}/[0-9]{{4}}/{NAME}")
PATH = re.compile(
    r"([a-z][a-z0-9-]{0,70})/(\d\d)/(\d\d)/(?!000000)(\2\3\d\d)/"
    r"(?:(?!0000)(\d{4})-([a-z][a-z0-9_-]{0,62})\.json(\.sig)?|files/([0-9a-f]{64}))"
)
CONTROL = "qms/control"
FOLDER, FOUND, HEADS, FILES, EVENTS = sys.argv[1], set(), {}, {}, {}  # HEADS: ledger → commit


def against(rule, *what):
    FOUND.add(" ".join(map(str, (rule, *what))))


def git(*words, stdin=None):
    environment = {**os.environ, "GIT_NO_REPLACE_OBJECTS": "1"}
    return subprocess.run(["git", "-C", FOLDER, *words], input=stdin, capture_output=True, env=environment).stdout


def sha(data):
    return hashlib.sha256(data).hexdigest()


@cache
def history(commit):
    return dict.fromkeys(git("rev-list", commit, "--").decode().split())  # the newest first


@cache
def tree(commit):  # path → (mode, object)
    lines = git("ls-tree", "-rz", "--full-tree", commit).decode().split("\0")
    return {line.split("\t")[1]: tuple(line.split()[0:3:2]) for line in lines if line}


def canonical(value):
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= 2**53):
        return "not an integer every reader holds"
    text = json.dumps(value, ensure_ascii=False)
    return text if unicodedata.is_normalized("NFC", text) else "not NFC"


def attachments(value):
    if isinstance(value, dict) and {"name", "size", "sha256"} <= value.keys():
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from attachments(part)


def list_ledgers():
    listed = git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/remotes").decode()
    for line in listed.splitlines():
        commit, _, name = line.partition(" ")
        branch = name.split("/", 2 if name.startswith("refs/heads/") else 3)[-1]
        if LEDGER.fullmatch(branch):
            known = HEADS.setdefault(branch, commit)
            if known in history(commit) and f" refs/heads/{branch}\n" not in listed:
                HEADS[branch] = commit
            elif known not in history(commit) and commit not in history(known):
                against("R2", branch, "went two ways")


def read_ledger(branch):
    entries, held, last = tree(HEADS[branch]), FILES.setdefault(branch, {}), {}
    for line in git("log", "--format=@%P", "--name-status", "--no-renames", HEADS[branch]).decode().splitlines():
        if line and (" " in line.split("\t")[0] or line[0] not in "@A"):
            against("R2", branch, line)
    data = git("cat-file", "--batch", stdin="".join(f"{oid}\n" for _, oid in entries.values()).encode())
    for path, (mode, _) in entries.items():
        head, _, data = data.partition(b"\n")
        size = int(head.split()[2]) if len(head.split()) == 3 else -1  # an object that is not there
        held[path], data = data[: max(size, 0)], data[size + 1 :]
        said = PATH.fullmatch(path)
        if mode != "100644" or not said:
            against("R1", branch, path, mode)
        elif said[8] and sha(held[path]) != said[8]:
            against("R11", branch, path)
    for path in entries:
        said = PATH.fullmatch(path)
        if said and said[6] and not said[7]:
            read_event(branch, path, said, last)


def read_event(branch, path, said, last):
    data, folder = FILES[branch][path], path.rsplit("/", 1)[0]
    try:
        event = json.loads(data)
        if canonical(event).encode() != data:
            against("R3", branch, path)
        record, place = event["record"], (branch, said[1], int(said[4]), int(said[5]), said[6])
        says = (event["ledger"], record["series"], record["serial"], event["sequence"], event["act"])
        sequence, digest, number = last.get(folder, (0, None, record["number"]))
        year = branch.split("/")[2] if branch.startswith("records/") and not sequence else event["recorded_at"][:4]
        late = event["act"] == "void" and not sequence  # a number lost in a restore
        if place != says or record["number"] != number or (event["recorded_at"][:4] != year and not late):
            against("R4", branch, path)
        for part in attachments(event["set"]):
            held = FILES[branch].get(f"{folder}/files/{part['sha256']}", b"")
            if "held_at" not in part and len(held) != part["size"]:
                against("R11", branch, path, part["name"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return against("R3", branch, path, "is no event")
    if event["format"] != 1:
        against("R10", branch, path, "needs a newer program")
    if (event["sequence"], event["previous"]) != (sequence + 1, digest):
        against("R5", branch, path)
    last[folder] = (event["sequence"], sha(data), number)
    EVENTS[branch, path] = event


def check_records():
    hashes, numbers, keys, serials = {}, {}, {}, {}
    for (branch, path), event in EVENTS.items():
        hashes.setdefault(event["record"]["number"], set()).add(sha(FILES[branch][path]))
        serials.setdefault((branch, event["record"]["series"]), set()).add(event["record"]["serial"])
        if path.startswith("disposal/") and event["act"] == "carry_out":  # what it lists was destroyed
            said = EVENTS[branch, path.rpartition("/")[0] + "/0001-issue.json"]["set"]
            for record in said["records"]:
                serials.setdefault((said["ledger"], record["series"]), set()).add(record["serial"])
    for (branch, series), found in serials.items():
        if found != set(range(1, len(found) + 1)):
            against("R6", branch, series, "has a hole")
    for (branch, path), event in EVENTS.items():
        number, key, link = event["record"]["number"], event["submission"], event["raised_from"]
        folder = (branch, path.rsplit("/", 1)[0])
        if numbers.setdefault(number, folder) != folder:
            against("R6", number, "stands twice")
        if key is not None and keys.setdefault(key, (branch, path)) != (branch, path):
            against("R7", branch, path)
        if link and link["sha256"] not in hashes.get(link["record"], {link["sha256"]}):
            against("R8", branch, path)
        if event["repository"] != next(iter(EVENTS.values()))["repository"]:
            against("R4", branch, path, "of another repository")


def folded():  # number → (state, values)
    records = {}
    for place in sorted(EVENTS):
        event = EVENTS[place]
        number = event["record"]["number"]
        values = {**records.get(number, ("", {}))[1], **event["set"]}
        records[number] = (event["state"], {name: value for name, value in values.items() if value is not None})
    return records


def verify():
    list_ledgers()
    for branch in sorted(HEADS):
        read_ledger(branch)
    check_records()


def answer():
    json.dump({"found": sorted(FOUND), "records": folded()}, sys.stdout)
    return 1 if FOUND else 0


if __name__ == "__main__":
    verify()
    sys.exit(answer())
