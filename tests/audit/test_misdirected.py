"""Ledgers that stand at no commit: the audit names them and goes on, every other command refuses in one line."""

from __future__ import annotations

import pytest
from pair import COMPLAINTS, CONTROL, git
from program import Program, refused

JOURNAL = "qms/journal/hz"


def symbolic(desk: Program, branch: str) -> str:
    """The branch only names another one."""
    git(desk.root, "symbolic-ref", f"refs/heads/{branch}", "refs/heads/main")
    return "refs/heads/main"


def a_file(desk: Program, branch: str) -> str:
    """The branch stands at a file."""
    oid = git(desk.root, "hash-object", "-w", "--stdin", data=b"x").strip()
    (desk.root / ".git" / "refs" / "heads" / branch).write_text(oid + "\n")  # git itself refuses this
    return oid


@pytest.mark.parametrize("misdirect", [symbolic, a_file])
@pytest.mark.parametrize("branch", [CONTROL, JOURNAL, COMPLAINTS])
def test_a_ledger_at_no_commit_is_named_and_the_rest_is_judged(repository: Program, branch: str, misdirect) -> None:  # type: ignore[no-untyped-def]
    repository.issue("QR-14-04")
    kept = repository.issue("QR-04-01")
    assert repository("sync", "--to", repository.root.parent / "usb").code == 0  # the heads are noted
    target = misdirect(repository, branch)
    found = repository("audit", "--json")
    assert found.code == 1, found
    said = {(item["code"], item["subject"]): item["message"] for item in found.json["findings"]}
    assert target in said["HIS427", branch]
    assert not [code for code, _ in said if code == "SYS909"], said  # every rule could be applied
    assert found.json["checked"]["records"] == (1 if branch == COMPLAINTS else 2)
    why = refused(repository("record", "show", kept))
    assert f"refs/heads/{branch} only points to something else" in why


def test_releases_that_are_gone_are_named_and_the_rest_is_judged(repository: Program) -> None:
    """By what a journal noted of them last, where that is still held."""
    kept = repository.issue("QR-04-01")
    assert repository("sync", "--to", repository.root.parent / "usb").code == 0  # the heads are noted
    commit = git(repository.root, "rev-parse", CONTROL).strip()
    git(repository.root, "update-ref", "-d", f"refs/heads/{CONTROL}")
    found = repository("audit", "--json")
    assert found.code == 1, found
    said = {(item["code"], item["subject"]): item["message"] for item in found.json["findings"]}
    assert "it is gone" in said["HIS401", CONTROL] and "init FOLDER --from BACKUP" in said["HIS401", CONTROL]
    assert not [code for code, _ in said if code in ("SYS909", "HIS427")], said
    assert found.json["checked"]["records"] == 1
    refused(repository("record", "show", kept), "the releases are gone")
    (repository.root / ".git/objects" / commit[:2] / commit[2:]).unlink()
    refused(repository("audit"), "the releases are gone")
