"""Two sites of one company, each at its own copy, and what an insider or a stranger does with raw git."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from program import NOON, Program

PROJECT = Path(__file__).resolve().parents[2]
CONTROL = "qms/control"
COMPLAINTS = "records/complaint/2026/hz"
MOMENT = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"@{int(NOON.timestamp())} +0800")
SETTINGS = """
[site.nb]
code  = "NB"
title = "宁波分公司"
clerk = "wang.fang"

[remote.office]
url = "../shared.git"

[remote.complaints]
url     = "../complaints.git"
classes = ["complaint"]
sites   = ["hz"]
control = false
"""


def starter(folder: Path) -> Path:
    """The starter pack with a second site and two remotes."""
    for name in ("procedures", "forms", "records/registers"):
        shutil.copytree(PROJECT / name, folder / name)
    for name in ("people.toml", "records/README.md", "records/retention.toml"):
        shutil.copy2(PROJECT / name, folder / name)
    (folder / "qms.toml").write_text((PROJECT / "qms.toml").read_text("utf-8") + SETTINGS, "utf-8")
    return folder


@dataclass(frozen=True)
class Pair:
    """The copies of both sites, side by side in one folder with the shared stores."""

    folder: Path
    hz: Program
    nb: Program

    @classmethod
    def begun(cls, folder: Path) -> Pair:
        """Both sites at work, nothing shared yet."""
        pack = starter(folder / "starter")
        hz = Program(folder / "hz", NOON)
        words = ("init", hz.root, "--org", "绿源置业", "--site", "hz", "--starter", pack)
        made = hz(*words, folder=folder)
        assert made.code == 0, made.err
        pair = cls(folder, hz, hz.elsewhere(folder / "nb"))
        pair.clone("nb")
        taken = pair.nb("sync", "--take-seat", "--site", "nb", "-m", "新设登记台")
        assert taken.code == 0, taken.err
        return pair

    @property
    def shared(self) -> Path:
        """The shared store."""
        return self.folder / "shared.git"

    def clone(self, name: str) -> Program:
        """A copy of the first site's copy, as git makes it: it reads, and an insider does with it what he wants."""
        git(self.folder, "clone", "-q", "hz", name)
        return self.hz.elsewhere(self.folder / name)

    def local(self, name: str) -> Program:
        """The same with every ledger a branch of its own, as they stand at the first site now."""
        copy = self.hz.elsewhere(self.folder / name)
        if not copy.root.exists():
            git(self.folder, "clone", "-q", "hz", name)
        for reference in ledgers(copy.root).keys() - ledgers(self.hz.root).keys():
            git(copy.root, "update-ref", "-d", reference)
        ways = [f"+refs/heads/{below}/*:refs/heads/{below}/*" for below in ("qms", "records")]
        git(copy.root, "fetch", "-q", "origin", *ways)
        return copy


def by_clock_of(program: Program, store: Path) -> None:
    """Nothing; the hook of a guarded store goes by the clock of a program, not by the machine's."""
    assert program.at is not None
    hook = store / "hooks" / "pre-receive"
    script = Path(__file__).with_name("at_moment.py")
    before = hook.read_text("utf-8")
    after = re.sub(r"-m qmsdocs|\S+at_moment.py \S+", f"{script} {program.at.isoformat()}", before)
    assert after != before or str(program.at.isoformat()) in before
    hook.write_text(after, "utf-8")


def git(root: Path, *words: str, data: bytes = b"", check: bool = True) -> str:
    """What git itself says, run by somebody who may do anything in the folder."""
    done = subprocess.run(
        ["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@y", *words],
        input=data,
        capture_output=True,
        check=False,
        env={**MOMENT, **os.environ, "GIT_CONFIG_NOSYSTEM": "1"},
    )
    if check and done.returncode:
        raise AssertionError(done.stderr.decode("utf-8", "replace"))
    return done.stdout.decode("utf-8", "replace") if check else done.stderr.decode("utf-8", "replace")


def commit(
    root: Path, branch: str, files: Mapping[str, bytes | str | None], *, mode: str = "100644", also: str = ""
) -> str:
    """One more commit of a branch with these files; None removes one, a text is the object of a submodule."""
    index = {"GIT_INDEX_FILE": str(root / ".git" / "forged-index")}
    before = dict(os.environ)
    os.environ.update(index)
    try:
        git(root, "read-tree", branch) if branch_of(root, branch) else git(root, "read-tree", "--empty")
        for path, data in files.items():
            if data is None:
                git(root, "update-index", "--force-remove", path)
                continue
            oid = data if isinstance(data, str) else git(root, "hash-object", "-w", "--stdin", data=data).strip()
            git(root, "update-index", "--add", "--cacheinfo", f"{mode},{oid},{path}")
        tree = git(root, "write-tree").strip()
    finally:
        os.environ.clear()
        os.environ.update(before)
    parents = [word for parent in (branch_of(root, branch), also) if parent for word in ("-p", parent)]
    moment = {"GIT_COMMITTER_DATE": at} if (at := _recorded_at(files)) else {}
    os.environ.update(moment)
    try:
        made = git(root, "commit-tree", tree, *parents, data=b"x").strip()
    finally:
        os.environ.clear()
        os.environ.update(before)
    git(root, "update-ref", f"refs/heads/{branch}", made)
    return made


def _recorded_at(files: Mapping[str, bytes | str | None]) -> str:
    """When the last act among the files was recorded, as an honest program would date its commit; else nothing."""
    found = []
    for path, data in files.items():
        if path.endswith(".json") and isinstance(data, bytes) and "GIT_COMMITTER_DATE" not in os.environ:
            with suppress(ValueError, TypeError, AttributeError, KeyError):
                found.append(datetime.fromisoformat(json.loads(data)["recorded_at"]))
    return f"@{int(max(found).timestamp())} +0800" if found else ""


def branch_of(root: Path, branch: str) -> str:
    """Where a branch stands, nothing where it does not."""
    return git(root, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}").strip()


def ledgers(root: Path) -> dict[str, str]:
    """Where every branch below `qms/` and `records/` stands."""
    said = git(root, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/qms", "refs/heads/records")
    return dict(line.split() for line in said.splitlines())


def event(root: Path, branch: str, path: str) -> dict[str, object]:
    """What an event says."""
    found = json.loads(git(root, "cat-file", "blob", f"{branch}:{path}"))
    assert isinstance(found, dict)
    return found
