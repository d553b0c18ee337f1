"""What must be true of every ledger, checked with the git program and nothing of ours but the JSON reader."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

from qmsdocs.base.canonical import dumps, loads

COMPLAINTS = "records/complaint/2026/hz"
JOURNAL = "qms/journal/hz"


def git(root: Path, *arguments: str, stdin: str | None = None) -> str:
    """What git prints."""
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@localhost")
    done = subprocess.run(
        ["git", "-C", str(root), *who, *arguments], input=stdin, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def files(root: Path, branch: str) -> dict[str, bytes]:
    """Path → bytes of a branch; every mode must be 100644."""
    found = {}
    for line in git(root, "ls-tree", "-rz", f"refs/heads/{branch}").split("\0"):
        if line:
            facts, path = line.split("\t")
            mode, kind, oid = facts.split()
            assert (mode, kind) == ("100644", "blob"), path
            found[path] = subprocess.run(
                ["git", "-C", str(root), "cat-file", "blob", oid], capture_output=True, check=True
            ).stdout
    return found


def events(root: Path, branch: str = COMPLAINTS) -> dict[str, dict[str, Any]]:
    """Path → event of a branch, each checked: canonical bytes, path, chain, sequence."""
    previous: dict[str, tuple[int, str]] = defaultdict(lambda: (0, ""))
    found = {}
    for path, data in files(root, branch).items():
        folder, _, name = path.rpartition("/")
        if not name.endswith(".json"):
            continue
        event = json.loads(data)
        assert dumps(loads(data)) == data, path
        series, high, low, serial = folder.split("/")
        assert event["ledger"] == branch
        assert event["record"]["series"] == series
        assert event["record"]["serial"] == int(serial)
        assert (high, low) == (serial[:2], serial[2:4])
        sequence, digest = previous[folder]
        assert event["sequence"] == sequence + 1, path
        assert name == f"{event['sequence']:04d}-{event['act']}.json"
        assert event["previous"] == (digest or None), path
        previous[folder] = (event["sequence"], hashlib.sha256(data).hexdigest())
        found[path] = event
    return found


def history_is_linear_and_only_adds(root: Path, branch: str = COMPLAINTS) -> None:
    """Fails where a commit has two parents, or changes or removes a path."""
    parents = git(root, "log", "--format=%P", f"refs/heads/{branch}").splitlines()
    assert all(len(line.split()) <= 1 for line in parents)
    changes = git(root, "log", "--format=", "--name-status", "--no-renames", f"refs/heads/{branch}").splitlines()
    assert changes and all(line.startswith("A\t") for line in changes if line)


def numbers(root: Path, branch: str = COMPLAINTS) -> list[str]:
    """The numbers in order of their paths."""
    return [event["record"]["number"] for event in events(root, branch).values() if event["sequence"] == 1]
