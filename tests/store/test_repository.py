"""The work tree on `main`, and how little it matters to the ledgers; nothing foreign is run or believed."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from checks import COMPLAINTS, JOURNAL, events, files, git, numbers
from desk import NOON, Desk, begun, complaint

from qmsdocs.base.errors import QmsError
from qmsdocs.store import ledger, repository, sync
from qmsdocs.store.certificate import nobody
from qmsdocs.store.objects import Objects


def state(root: Path) -> dict[str, dict[str, bytes]]:
    """Every ledger's bytes."""
    return {branch: files(root, branch) for branch in (COMPLAINTS, JOURNAL)}


def test_init_sets_what_ledgers_rely_on(desk: Desk) -> None:
    settings = git(desk.root, "config", "--local", "--list")
    for line in (
        "gc.auto=0", "core.bigfilethreshold=1m", "core.logallrefupdates=false", "core.fsync=all", "core.autocrlf=false",
    ):  # fmt: skip
        assert line in settings.splitlines()
    assert "core.worktree" not in settings
    attributes = "* -text -diff -merge -ident -filter -export-ignore -export-subst\n"
    assert (desk.root / ".gitattributes").read_text("utf-8") == attributes
    assert (desk.root / ".gitignore").read_text("utf-8") == ".qms/\nrecords/issued/\n"
    assert git(desk.root, "status", "--porcelain") == ""
    assert git(desk.root, "log", "--format=%an <%ae> %aI") == "qmsdocs <qmsdocs@localhost> 2026-11-21T12:00:00+08:00\n"


def test_find_looks_upwards(desk: Desk) -> None:
    inner = desk.root / "procedures" / "deep"
    inner.mkdir(parents=True)
    assert repository.find(inner) == desk.root
    assert repository.find(desk.root) == desk.root
    with pytest.raises(QmsError, match="is not in a QMS repository"):
        repository.find(desk.root.parent)
    with pytest.raises(QmsError, match="is a repository already"):
        repository.init(desk.root, at=NOON)


def test_commit_all_commits_once(desk: Desk) -> None:
    (desk.root / "procedures").mkdir()
    (desk.root / "procedures" / "质量 手册.md").write_text("x\r\n", "utf-8", newline="")
    repository.commit_all(desk.root, "edit", at=NOON)
    repository.commit_all(desk.root, "edit", at=NOON)
    assert git(desk.root, "rev-list", "--count", "main").strip() == "2"
    shown = subprocess.run(
        ["git", "-C", str(desk.root), "show", "main:procedures/质量 手册.md"], capture_output=True, check=True
    )
    assert shown.stdout == b"x\r\n"


def test_squashing_main_and_collecting_garbage_changes_no_ledger(desk: Desk) -> None:
    for _ in range(3):
        desk.issue()
    before = state(desk.root)
    tree = git(desk.root, "rev-parse", "main^{tree}").strip()
    git(desk.root, "update-ref", "refs/heads/main", git(desk.root, "commit-tree", tree, "-m", "squashed").strip())
    git(desk.root, "reflog", "expire", "--expire=now", "--all")
    git(desk.root, "gc", "-q", "--prune=now", "--aggressive")
    assert state(desk.root) == before
    assert desk.issue().number == "TS-HZ-2026-0004"


def test_autocrlf_does_not_reach_the_ledgers(desk: Desk) -> None:
    desk.issue(note="one\ntwo\r\nthree")
    before = state(desk.root)
    for key, value in (("core.autocrlf", "true"), ("core.eol", "crlf"), ("core.safecrlf", "false")):
        git(desk.root, "config", key, value)
    (desk.root / ".gitattributes").write_text("* text eol=crlf\n", "utf-8")
    assert desk.issue(note="one\ntwo\r\nthree").stored.body["set"]["note"] == "one\ntwo\r\nthree"  # type: ignore[index]
    after = state(desk.root)
    assert {path: after[COMPLAINTS][path] for path in before[COMPLAINTS]} == before[COMPLAINTS]
    git(desk.root, "clone", "-q", "-c", "core.autocrlf=true", ".", str(desk.root.parent / "copy"))
    there = replace(desk, root=desk.root.parent / "copy").store
    found = there.objects.head(COMPLAINTS)
    assert found is not None
    held = {stored.path: stored.data for stored in ledger.stream(there.objects, COMPLAINTS, found.commit)}
    assert held == after[COMPLAINTS]


def test_replace_refs_are_not_believed(desk: Desk) -> None:
    first = desk.issue()
    honest = git(desk.root, "rev-parse", f"{COMPLAINTS}:{first.stored.path}").strip()
    forged = git(desk.root, "hash-object", "-w", "--stdin", stdin='{"forged": true}').strip()
    git(desk.root, "replace", honest, forged)
    assert "forged" in git(desk.root, "cat-file", "blob", honest)
    store = desk.store
    assert ledger.events_of(store.objects, first.record)[0].data == first.stored.data
    row = store.index.by_number(first.number)
    assert row is not None and row.sha256 == first.stored.sha256
    assert desk.issue().number == "TS-HZ-2026-0002"


def test_a_branch_that_only_points_elsewhere_is_refused(desk: Desk) -> None:
    desk.issue()
    git(desk.root, "symbolic-ref", "refs/heads/records/visit/2026/hz", "refs/heads/main")
    with pytest.raises(QmsError, match="only points to something else"):
        desk.issue()


def test_hooks_monitors_filters_and_helpers_of_a_foreign_repository_do_not_run(desk: Desk, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    script = tmp_path / "evil.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $@" >> {witness}\ncat\n', "utf-8")
    script.chmod(0o755)
    hooks = desk.root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "pre-commit", "post-commit", "reference-transaction", "post-index-change", "fsmonitor-watchman", "commit-msg",
        "prepare-commit-msg", "post-checkout", "pre-auto-gc", "post-rewrite",
    ):  # fmt: skip
        shutil.copy(script, hooks / name)
    evil = str(script)
    for key, value in (
        ("core.fsmonitor", evil), ("core.hooksPath", str(hooks)), ("filter.Evil.x.clean", evil),
        ("filter.Evil.x.smudge", evil), ("filter.Evil.x.process", evil), ("filter.Evil.x.required", "true"),
        ("core.pager", evil), ("core.editor", evil), ("gpg.program", evil), ("commit.gpgSign", "true"),
        ("core.sshCommand", evil), ("diff.external", evil), ("credential.helper", evil), ("core.askPass", evil),
        ("core.attributesFile", str(tmp_path / "attributes")),
    ):  # fmt: skip
        git(desk.root, "config", key, value)
    (tmp_path / "attributes").write_text("* filter=Evil.x\n", "utf-8")
    (desk.root / ".git" / "info").mkdir(exist_ok=True)
    (desk.root / ".git" / "info" / "attributes").write_text("* filter=Evil.x diff=Evil.x\n", "utf-8")
    (desk.root / "new.md").write_text("text", "utf-8")
    repository.commit_all(desk.root, "edit", at=NOON)
    desk.issue()
    for _ in range(2):
        desk.store.search.refresh()
    assert not witness.exists(), witness.read_text("utf-8")
    assert "new.md" in git(desk.root, "-c", "core.fsmonitor=false", "ls-tree", "--name-only", "main")
    repository_pack(desk)
    assert not witness.exists(), witness.read_text("utf-8")


def repository_pack(desk: Desk) -> None:
    """Packs although there is not much to pack."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(repository, "LOOSE_LIMIT", 5)
        assert repository.pack_if_needed(desk.root)


def test_variables_of_a_surrounding_git_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    before = sorted(path for path in other.rglob("*"))
    for name, value in (
        ("GIT_DIR", other / ".git"), ("GIT_WORK_TREE", other), ("GIT_INDEX_FILE", other / "index"),
        ("GIT_OBJECT_DIRECTORY", other / "objects"), ("GIT_COMMON_DIR", other / ".git"),
        ("GIT_CONFIG_PARAMETERS", "'user.name=evil'"), ("GIT_AUTHOR_NAME", "evil"), ("GIT_NAMESPACE", "evil"),
    ):  # fmt: skip
        monkeypatch.setenv(name, str(value))
    desk = begun(tmp_path / "acme")
    desk.issue()
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    assert sorted(path for path in other.rglob("*")) == before
    assert numbers(desk.root) == ["TS-HZ-2026-0001"]
    assert git(desk.root, "log", "--format=%an", "main") == "qmsdocs\n"


def test_packing_happens_beyond_a_limit_and_changes_nothing(desk: Desk) -> None:
    desk.issue()
    assert not repository.pack_if_needed(desk.root)
    before = state(desk.root)
    reading = desk.store
    repository_pack(desk)
    assert len(list((desk.root / ".git/objects").glob("[0-9a-f][0-9a-f]/*"))) < 5
    assert not (desk.root / ".git" / "refs" / "heads" / "records").exists()
    assert state(desk.root) == before
    found = reading.objects.head(COMPLAINTS)
    assert found is not None
    assert len(list(ledger.stream(reading.objects, COMPLAINTS, found.commit))) == 1
    assert desk.issue().number == "TS-HZ-2026-0002"


def test_a_flipped_bit_is_noticed(desk: Desk) -> None:
    first = desk.issue()
    oid = git(desk.root, "rev-parse", f"{COMPLAINTS}:{first.stored.path}").strip()
    path = desk.root / ".git" / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    with pytest.raises(QmsError, match="missing or damaged"):
        ledger.events_of(desk.store.objects, first.record)
    path.unlink()
    with pytest.raises(QmsError, match="missing or damaged"):
        ledger.events_of(desk.store.objects, first.record)


def test_what_is_no_repository_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(QmsError, match="is not a QMS repository"):
        Desk(tmp_path).store  # noqa: B018
    subprocess.run(["git", "init", "-q", "--object-format=sha256", str(tmp_path / "new")], check=True)
    with pytest.raises(QmsError, match="cannot be opened"):
        Desk(tmp_path / "new").store  # noqa: B018
    subprocess.run(["git", "init", "-q", str(tmp_path / "empty")], check=True)
    with pytest.raises(QmsError, match="has no ledgers yet"):
        Desk(tmp_path / "empty").issue()


def test_a_fetch_moves_forward_only_and_all_or_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    target = begun(tmp_path / "target")
    desk.post(complaint(), stem="records/complaint")
    source, there = Objects(desk.root / ".git"), Objects(target.root / ".git")
    assert sync.fetch(source, there, lambda branch: branch == COMPLAINTS, believed=nobody) == (COMPLAINTS,)
    assert sync.fetch(source, there, lambda branch: branch == COMPLAINTS, believed=nobody) == ()
    desk.issue()
    assert (
        sync.fetch(there, source, lambda branch: branch == COMPLAINTS, believed=nobody) == ()
    )  # the source is behind: nothing moves
    with pytest.raises(QmsError, match="went two ways"):
        sync.fetch(source, there, lambda _: True, believed=nobody)  # two journals, begun apart
    assert len(numbers(target.root)) == 2
    git(target.root, "fsck", "--full", "--strict")
    assert events(target.root)
