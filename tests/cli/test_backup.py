"""Backups: one file, restored on a bare machine without the seat, tried and compared; damaged or hostile ones refused."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from program import FILLED, Make, Program, refused

from qmsdocs.base.errors import QmsError
from qmsdocs.store.backup import tried
from qmsdocs.store.objects import Objects


@pytest.fixture(scope="module")
def desk(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A repository with records of three forms, a correction, an attachment, and a draft in the folder."""
    found = make(tmp_path_factory.mktemp("backup") / "acme")
    numbers = [found.issue(form) for form in FILLED for _ in range(2)]
    done = found("record", "amend", numbers[0], "--set", "subject=更正后的事由", "-m", "写错")
    assert done.code == 0, done.err
    picture = found.root.parent / "照片.jpg"
    picture.write_bytes(bytes(range(256)) * 40)
    done = found("record", "attach", found.all_numbers("QR-14-04")[0], picture, "-m", "现场照片", "--no-pages")
    assert done.code == 0, done.err
    (found.root / "procedures" / "QP-01.md").open("a", encoding="utf-8").write("\n草稿里的一句。\n")
    return found


@pytest.fixture(scope="module")
def backup(desk: Program) -> Path:
    path = desk.root.parent / "backup.zip"
    done = desk("export", "backup", "-o", path)
    assert done.code == 0, done.err
    return path


def restored(desk: Program, backup: Path, folder: Path) -> Program:
    done = desk("init", folder, "--from", backup, folder=folder.parent)
    assert done.code == 0, done.err
    return desk.elsewhere(folder)


def test_every_record_opens_and_every_hash_is_equal(desk: Program, backup: Path, tmp_path: Path) -> None:
    copy = restored(desk, backup, tmp_path / "bare")
    assert copy.all_numbers() == desk.all_numbers()
    for number in desk.all_numbers():
        assert copy.record(number) == desk.record(number)
    assert copy.heads() == desk.heads()
    listed = [program.git("cat-file", "--batch-all-objects", "--batch-check") for program in (copy, desk)]
    held = [set(text.splitlines()) for text in listed]
    assert {line for line in held[1] if line in held[0]} == held[0]
    assert copy.git("fsck", "--full", "--strict") == ""


def test_the_folder_comes_back_with_its_drafts_and_git_sees_no_other_change(
    desk: Program, backup: Path, tmp_path: Path
) -> None:
    copy = restored(desk, backup, tmp_path / "bare")
    assert {
        path: digest for path, digest in desk.files().items() if not path.startswith("records/issued/")
    } == copy.files()
    assert copy.git("status", "--porcelain") == desk.git("status", "--porcelain") != ""


def test_the_copy_does_not_have_the_seat(desk: Program, backup: Path, tmp_path: Path) -> None:
    copy = restored(desk, backup, tmp_path / "bare")
    draft = copy.draft("x.json", "QR-04-01", FILLED["QR-04-01"])
    refused(copy("record", "issue", draft), "this copy only reads")


def test_it_can_be_restored_without_the_program(desk: Program, backup: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(backup) as archive:
        archive.extract("ledgers.bundle", tmp_path)
    made = tmp_path / "restored.git"
    subprocess.run(["git", "clone", "-q", "--mirror", tmp_path / "ledgers.bundle", made], check=True)
    said = subprocess.run(["git", "-C", made, "for-each-ref", "--format=%(refname) %(objectname)"],
                          capture_output=True, check=True, text=True).stdout  # fmt: skip
    assert dict(line.split() for line in said.splitlines()).items() >= desk.heads().items()


def test_a_test_is_recorded_in_the_journal_and_told_by_status(make: Make, tmp_path: Path) -> None:
    desk = make(tmp_path / "acme")
    desk.issue()
    path = tmp_path / "b.zip"
    assert desk("export", "backup", "-o", path).code == 0
    done = desk("export", "backup", "--test", path, "--place", "苏州分公司", "--json")
    assert done.code == 0, done.err
    said = done.json
    assert (said["test"], said["records"] >= 1) == ("RST-HZ-000001", True)
    body = json.loads(desk.git("show", "qms/journal/hz:restore/00/00/000001/0001-issue.json"))
    assert body["set"]["digest"] == said["digest"]
    assert (body["set"]["backup"], body["set"]["place"]) == (said["sha256"], "苏州分公司")
    told = desk.later(timedelta(days=40))("status").out
    assert "Backup: the one of 2026-11-21 was restored and compared, 40 days ago" in told
    assert desk("status", "--json").json["keeping"]["restore_tested_on"] == "2026-11-21"


def test_a_test_under_an_unusual_clock_says_why(make: Make, tmp_path: Path) -> None:
    """What the hint names can be typed: the option and the reason, which the record keeps."""
    desk = make(tmp_path / "acme")
    path = tmp_path / "b.zip"
    assert desk("export", "backup", "-o", path).code == 0
    odd = desk.later(timedelta(days=800))
    found = odd("export", "backup", "--test", path)
    refused(found, "the clock says 2029")
    assert "--clock-is-right -m REASON" in found.err
    done = odd("export", "backup", "--test", path, "--clock-is-right", "-m", "电池没电", "--json")
    assert done.code == 0, done.err
    body = json.loads(desk.git("show", "qms/journal/hz:restore/00/00/000001/0001-issue.json"))
    assert body["reason"] == "电池没电"


def test_a_test_finds_that_a_ledger_was_rewritten_since(make: Make, tmp_path: Path) -> None:
    desk = make(tmp_path / "acme")
    desk.issue()
    path = tmp_path / "b.zip"
    assert desk("export", "backup", "-o", path).code == 0
    branch = next(name for name in desk.heads() if name.startswith("refs/heads/records/"))
    tree = desk.git("rev-parse", f"{branch}^{{tree}}").strip()
    made = desk.git("-c", "user.name=x", "-c", "user.email=x", "commit-tree", tree, "-m", "x").strip()
    desk.git("update-ref", branch, made)
    with pytest.raises(QmsError, match="stands in the backup as it never stood here"):
        tried(path, Objects(desk.root / ".git"))
    refused(desk("export", "backup", "--test", path), "an earlier state was put back")


def test_flipped_bits_are_found_and_nothing_is_left(desk: Program, backup: Path, tmp_path: Path) -> None:
    whole, chance, quiet = backup.read_bytes(), random.Random(7), 0
    for turn in range(25):
        data = bytearray(whole)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        bad, folder = tmp_path / f"{turn}.zip", tmp_path / f"to-{turn}"
        bad.write_bytes(data)
        done = desk("init", folder, "--from", bad, folder=tmp_path)
        if done.code == 0:  # a bit nobody reads, such as the time of a member: everything restored is equal
            quiet += 1
            assert desk.elsewhere(folder).heads() == desk.heads()
            shutil.rmtree(folder)
            continue
        refused(done)
        assert not folder.exists()
    assert quiet < 5
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".writing-")] == []


@pytest.mark.parametrize(
    "name", ["folder/../../evil", "folder/.git/hooks/post-checkout", "folder/C:x", "/etc/x", "folder/.qms/seat.json"]
)
def test_odd_members_are_refused(desk: Program, backup: Path, tmp_path: Path, name: str) -> None:
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(backup) as source, zipfile.ZipFile(bad, "w") as target:
        about = json.loads(source.read("backup.json"))
        about["files"][name] = "0" * 64
        for info in source.infolist():
            target.writestr(info, json.dumps(about) if info.filename == "backup.json" else source.read(info))
        target.writestr(name, b"x")
    refused(desk("init", tmp_path / "to", "--from", bad, folder=tmp_path))
    assert not (tmp_path / "to").exists()


def test_what_is_no_backup_is_refused(desk: Program, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no archive")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("backup.json", "{}")
    for name in ("text.zip", "empty.zip", "missing.zip"):
        refused(desk("init", tmp_path / "to", "--from", tmp_path / name, folder=tmp_path), name)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        refused(desk("init", tmp_path / "to", "--from", path, folder=tmp_path), "not a file")
        refused(desk("export", "backup", "--test", path), "not a file")
        refused(desk("audit", "--head", path), "not a file")
        refused(desk("export", "pull", "--list", path, "-n"), "not a file")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("somebody's")
    refused(desk("init", tmp_path / "full", "--from", tmp_path / "text.zip", folder=tmp_path), "is not empty")


def test_a_backup_is_never_written_over_and_never_inside(desk: Program, backup: Path) -> None:
    refused(desk("export", "backup", "-o", backup), "is there already")
    refused(desk("export", "backup", "-o", desk.root / "b.zip"), "does not lie in what it backs up")


def test_from_stands_alone(desk: Program, backup: Path, tmp_path: Path) -> None:
    refused(desk("init", tmp_path / "x", "--from", backup, "--org", "绿源", folder=tmp_path), "stands alone")
    refused(desk("init", tmp_path / "x", folder=tmp_path), "--org")


@pytest.mark.parametrize(("at", "value"), [(8, 1), (10, 99)], ids=["encrypted", "compressed by an unknown method"])
def test_a_member_that_cannot_be_read_is_one_line(backup: Path, tmp_path: Path, at: int, value: int) -> None:
    """The flags and the method stand in the list of members at the end of the file."""
    data = bytearray(backup.read_bytes())
    place = data.find(b"PK\x01\x02")
    while place >= 0:
        data[place + at] = value
        place = data.find(b"PK\x01\x02", place + 4)
    (tmp_path / "odd.zip").write_bytes(data)
    refused(Program(tmp_path)("init", "new", "--from", "odd.zip"), "odd.zip")
    assert not (tmp_path / "new").exists()
