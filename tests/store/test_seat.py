"""One seat writes: clones, copies and restored backups refuse, and taking the seat loses and doubles no number."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from checks import COMPLAINTS, JOURNAL, events, git, history_is_linear_and_only_adds, numbers
from desk import Desk, complaint, step

from qmsdocs.base.errors import QmsError
from qmsdocs.store import handover, lock, repository, seat
from qmsdocs.store.handover import LastNumber

TEMPLATE = "TS-HZ-2026-{serial:04d}"


def clone(desk: Desk, to: Path) -> Desk:
    subprocess.run(["git", "clone", "-q", str(desk.root), str(to)], check=True)
    return replace(desk, root=to)


def copied(desk: Desk, to: Path) -> Desk:
    subprocess.run(["cp", "-a", str(desk.root), str(to)], check=True)
    return replace(desk, root=to)


def restored(desk: Desk, backup: Path) -> Desk:
    """The same folder, from an archive made before the newest acts."""
    shutil.rmtree(desk.root)
    subprocess.run(["tar", "-C", str(desk.root.parent), "-xpf", str(backup)], check=True)
    return desk


def archived(desk: Desk, to: Path) -> Path:
    subprocess.run(["tar", "-C", str(desk.root.parent), "-cpf", str(to), desk.root.name], check=True)
    return to


def take(desk: Desk, *last: LastNumber, ask: bool = False) -> seat.Seat:
    return handover.take_seat(
        desk.store,
        "hz",
        person="zhang.wei",
        reason="new machine",
        at=desk.now,
        last_numbers=None if ask else last,
    )


def refused(desk: Desk) -> QmsError:
    before = git(desk.root, "for-each-ref")
    with pytest.raises(QmsError) as caught:
        desk.issue()
    assert git(desk.root, "for-each-ref") == before
    return caught.value


@pytest.mark.parametrize("copy", [clone, copied])
def test_a_copy_refuses_and_says_where_the_seat_is(
    desk: Desk, tmp_path: Path, copy: Callable[[Desk, Path], Desk]
) -> None:
    desk.issue()
    error = refused(copy(desk, tmp_path / "copy"))
    assert str(error) == (f"this copy only reads: hz writes on desk-1 in {desk.root}, since 2026-11-21T12:00:00+08:00")
    assert "--take-seat" in str(error.hint)
    assert desk.issue().number == "TS-HZ-2026-0002"


def test_a_restored_backup_refuses_in_the_very_same_folder(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    backup = archived(desk, tmp_path / "backup.tar")
    desk.issue()
    refused(restored(desk, backup))


@pytest.mark.parametrize("what", [COMPLAINTS, JOURNAL])
def test_ledgers_put_back_under_the_seat_are_refused_and_end_it(desk: Desk, what: str) -> None:
    desk.issue()
    earlier = git(desk.root, "rev-parse", what).strip()
    tomorrow = desk.at(timedelta(days=1))
    assert tomorrow.issue().number == "TS-HZ-2026-0002"
    git(desk.root, "update-ref", f"refs/heads/{what}", earlier)
    assert "is older than what was written here" in str(refused(tomorrow))
    assert "this copy only reads" in str(refused(tomorrow))
    with pytest.raises(QmsError, match="cannot be reached"):
        take(tomorrow, ask=True)
    take(tomorrow, LastNumber(COMPLAINTS, "ts", TEMPLATE, 2))
    assert tomorrow.issue().number == "TS-HZ-2026-0003"
    assert len(numbers(desk.root)) == 3


def test_a_copy_swapped_in_at_the_same_place_refuses(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    copied(desk, tmp_path / "copy")
    desk.root.rename(tmp_path / "away")
    (tmp_path / "copy").rename(desk.root)
    refused(desk)


def test_another_machine_on_the_same_shared_folder_refuses(desk: Desk) -> None:
    desk.issue()
    assert "desk-1" in str(refused(replace(desk, machine="desk-2")))


def test_every_act_is_refused_not_only_issuing(desk: Desk, tmp_path: Path) -> None:
    first = desk.issue()
    other = clone(desk, tmp_path / "copy")
    with pytest.raises(QmsError, match="this copy only reads"):
        other.post(step(first.record, "void", "void", after=first.stored.sha256))


@pytest.mark.parametrize("copy", [clone, copied])
def test_a_reachable_desk_hands_over_everything_it_wrote(
    desk: Desk, tmp_path: Path, copy: Callable[[Desk, Path], Desk]
) -> None:
    desk.issue()
    other = copy(desk, tmp_path / "copy")
    desk.issue()
    desk.at(timedelta(days=1)).issue()
    taken = take(other.at(timedelta(days=1, hours=1)), ask=True)
    assert (taken.folder, taken.machine, taken.by) == (str(other.root), "desk-1", "zhang.wei")
    assert numbers(other.root) == [f"TS-HZ-2026-000{n}" for n in (1, 2, 3)]
    assert str(other.root) in str(refused(desk))  # the old desk knows where the seat is now
    assert other.at(timedelta(days=2)).issue().number == "TS-HZ-2026-0004"
    back = take(desk.at(timedelta(days=3)), ask=True)
    assert back.folder == str(desk.root)
    assert desk.at(timedelta(days=3)).issue().number == "TS-HZ-2026-0005"
    refused(other)
    for root in (desk.root, other.root):
        history_is_linear_and_only_adds(root)
        history_is_linear_and_only_adds(root, JOURNAL)
        git(root, "fsck", "--full", "--strict")
    ids = [event["set"]["seat"] for path, event in events(desk.root, JOURNAL).items() if path.startswith("seat/")]
    assert len(ids) == len(set(ids)) == 3


def test_the_seat_is_followed_to_where_it_went(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    second, third = clone(desk, tmp_path / "second"), clone(desk, tmp_path / "third")
    take(second, ask=True)
    second.issue()
    take(third, ask=True)  # its journal still says the first folder
    assert third.issue().number == "TS-HZ-2026-0003"
    refused(second)


def test_an_interrupted_hand_over_can_be_repeated_and_by_nobody_else(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.issue()
    other, stranger = clone(desk, tmp_path / "other"), clone(desk, tmp_path / "stranger")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(seat, "sit_down", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        take(other, ask=True)
    refused(desk)
    refused(other)
    with pytest.raises(QmsError, match="cannot be reached"):
        take(stranger, ask=True)
    take(other, ask=True)
    assert other.issue().number == "TS-HZ-2026-0002"


def test_without_the_old_desk_the_paper_is_asked_for(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    backup = archived(desk, tmp_path / "backup.tar")
    again = restored(desk, backup)
    with pytest.raises(QmsError, match="cannot be reached from here") as caught:
        take(again, ask=True)
    assert "--last-number" in str(caught.value.hint)
    refused(again)


def test_numbers_lost_in_a_restore_are_voided_and_never_given_again(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    backup = archived(desk, tmp_path / "backup.tar")
    lost = [desk.issue().number for _ in range(3)]
    again = restored(desk, backup).at(timedelta(hours=2))
    known = handover.known_series(again.store, "hz")
    assert [(item.ledger, item.folder, item.last, item.number) for item in known] == [
        (COMPLAINTS, "ts", 1, "TS-HZ-2026-0001")
    ]
    taken = take(again, LastNumber(COMPLAINTS, "ts", TEMPLATE, 4))
    assert taken.last_numbers == {f"{COMPLAINTS}/ts": {"last": 4, "number": TEMPLATE, "form": None}}
    found = events(again.root)
    assert numbers(again.root) == ["TS-HZ-2026-0001", *lost]
    void = found["ts/00/00/000003/0001-void.json"]
    assert (void["act"], void["state"], void["reason"], void["by"]) == ("void", "void", "lost in restore", "zhang.wei")
    assert again.issue().number == "TS-HZ-2026-0005"
    row = again.store.index.by_number("TS-HZ-2026-0004")
    assert row is not None and row.is_void and row.is_closed


def test_a_series_that_the_copy_never_knew_is_voided_from_its_first_number(desk: Desk, tmp_path: Path) -> None:
    other = clone(desk, tmp_path / "copy")
    shutil.rmtree(desk.root)
    take(other, LastNumber("records/visit/2026/hz", "hf", "HF-HZ-2026-{serial:03d}", 2))
    assert numbers(other.root, "records/visit/2026/hz") == ["HF-HZ-2026-001", "HF-HZ-2026-002"]
    openings = [event["set"] for path, event in events(other.root, JOURNAL).items() if path.startswith("opening/")]
    assert openings == [{"ledger": "records/visit/2026/hz"}]


def test_confirming_that_nothing_is_missing_goes_on_from_what_is_there(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    other = clone(desk, tmp_path / "copy")
    shutil.rmtree(desk.root)
    take(other)
    assert git(other.root, "show-ref", "--verify", f"refs/heads/{COMPLAINTS}")  # made from what the clone brought
    assert other.issue().number == "TS-HZ-2026-0002"


def test_voids_left_by_a_killed_process_come_before_the_next_number(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.issue()
    backup = archived(desk, tmp_path / "backup.tar")
    again = restored(desk, backup)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(handover.post, "complete_voids", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        take(again, LastNumber(COMPLAINTS, "ts", TEMPLATE, 3))
    assert numbers(again.root) == ["TS-HZ-2026-0001"]
    assert again.issue().number == "TS-HZ-2026-0004"
    assert len(numbers(again.root)) == 4


def test_voids_still_open_are_carried_on_when_the_seat_is_taken_again(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.issue()
    other = clone(desk, tmp_path / "other")
    shutil.rmtree(desk.root)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(handover.post, "complete_voids", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        take(other, LastNumber(COMPLAINTS, "ts", TEMPLATE, 3))
    third = clone(other, tmp_path / "third")
    shutil.rmtree(other.root)
    take(third)
    assert third.issue().number == "TS-HZ-2026-0004"


def test_the_journal_knows_of_later_numbers_than_the_ledger(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    desk.issue()
    desk.at(timedelta(days=1)).issue()
    other = clone(desk, tmp_path / "copy")
    shutil.rmtree(desk.root)
    git(other.root, "update-ref", f"refs/remotes/origin/{COMPLAINTS}", f"origin/{COMPLAINTS}~2")
    later = other.at(timedelta(days=2))
    take(later, LastNumber(COMPLAINTS, "ts", TEMPLATE, 1))
    assert later.issue().number == "TS-HZ-2026-0003"
    assert numbers(later.root) == [f"TS-HZ-2026-000{n}" for n in (1, 2, 3)]  # 2 is void, not a hole


def test_a_slip_of_the_finger_does_not_void_a_hundred_thousand_numbers(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    other = clone(desk, tmp_path / "copy")
    shutil.rmtree(desk.root)
    with pytest.raises(QmsError, match="TS-HZ-2026-99999 is 99998 numbers beyond"):
        take(other, LastNumber(COMPLAINTS, "ts", TEMPLATE, 99_999))
    with pytest.raises(QmsError, match="is not written by hz"):
        take(other, LastNumber("records/complaint/2026/sh", "ts", TEMPLATE, 2))
    refused(other)


def test_a_renamed_folder_takes_its_seat_back_without_questions(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    desk.root.rename(tmp_path / "renamed")
    moved = replace(desk, root=tmp_path / "renamed")
    refused(moved)
    take(moved, ask=True)
    assert moved.issue().number == "TS-HZ-2026-0002"


def test_a_seat_taken_far_away_is_respected_and_no_seat_is_used_twice(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    away = replace(clone(desk, tmp_path / "away"), machine="desk-2")
    take(away)  # the first desk cannot be reached from another machine
    assert desk.issue().number == "TS-HZ-2026-0002"  # it does not know yet; a sync would tell
    git(desk.root, "update-ref", f"refs/heads/{COMPLAINTS}", f"{COMPLAINTS}^")
    git(desk.root, "fetch", "-q", str(away.root), f"{JOURNAL}:{JOURNAL}")
    assert "desk-2" in str(refused(desk))
    take(desk)
    ids = [event["set"]["seat"] for path, event in events(desk.root, JOURNAL).items() if path.startswith("seat/")]
    assert len(set(ids)) == 3
    assert desk.issue().number == "TS-HZ-2026-0002"


def test_another_repository_in_the_old_folder_is_not_believed(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    other = clone(desk, tmp_path / "copy")
    shutil.rmtree(desk.root)
    desk.root.mkdir()
    repository.init(desk.root, at=desk.now)
    handover.claim_seat(desk.store, "hz", person="x", reason="x", at=desk.now, repository="b" * 32)
    with pytest.raises(QmsError, match="cannot be reached"):
        take(other, ask=True)


def test_the_seat_is_not_taken_twice_nor_claimed_where_there_is_one(desk: Desk) -> None:
    with pytest.raises(QmsError, match="already writes for hz"):
        take(desk)
    with pytest.raises(QmsError, match="hz writes on desk-1"):
        handover.claim_seat(desk.store, "hz", person="x", reason="x", at=desk.now)
    with pytest.raises(QmsError, match="has never had a seat"):
        handover.take_seat(desk.store, "sh", person="x", reason="x", at=desk.now, last_numbers=())
    with pytest.raises(QmsError, match="no seat yet"):
        replace(desk, site="sh").issue()


def test_the_old_desk_finishes_what_it_is_writing_before_it_hands_over(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    other = clone(desk, tmp_path / "copy")
    with (
        lock.exclusive(desk.root / ".git"),
        pytest.MonkeyPatch.context() as patched,
        pytest.raises(QmsError, match="another qmsdocs has been writing"),
    ):
        patched.setattr(lock.exclusive.__wrapped__, "__kwdefaults__", {"name": lock.NAME, "patience": 0.1})
        take(other, ask=True)
    assert desk.issue().number == "TS-HZ-2026-0002"


@pytest.mark.parametrize("damage", ["", "[]", '{"hz": 3}', '{"hz": {"seat": 1}}', "\x00", '{"hz": {"birth": [1]}}'])
def test_a_damaged_seat_file_is_no_seat(desk: Desk, damage: str) -> None:
    desk.issue()
    (desk.root / ".qms" / "seat.json").write_text(damage, "utf-8")
    refused(desk)


def test_a_seat_file_made_by_hand_is_not_enough_elsewhere(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    other = copied(desk, tmp_path / "copy")
    path = other.root / ".qms" / "seat.json"
    said = json.loads(path.read_text("utf-8"))
    said["hz"]["folder"] = str(other.root)
    path.write_text(json.dumps(said), "utf-8")
    refused(other)
    assert (other.root / ".qms" / "seat").stat().st_ino != said["hz"]["birth"][0]


def test_two_copies_that_both_wrote_are_not_joined(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    other = clone(desk, tmp_path / "copy")
    stolen = replace(desk, root=tmp_path / "stolen")
    copied(desk, stolen.root)
    said = json.loads((stolen.root / ".qms" / "seat.json").read_text("utf-8"))
    marker = (stolen.root / ".qms" / "seat").stat()
    said["hz"] |= {"folder": str(stolen.root), "birth": [marker.st_ino, marker.st_ctime_ns]}
    (stolen.root / ".qms" / "seat.json").write_text(json.dumps(said), "utf-8")
    stolen.post(complaint(note="one way"))
    desk.post(complaint(note="another way"))
    git(other.root, "fetch", "-q", str(stolen.root), f"{COMPLAINTS}:{COMPLAINTS}")
    with pytest.raises(QmsError, match="went two ways"):
        take(other, ask=True)
    assert desk.issue().number == "TS-HZ-2026-0003"
