"""Numbers, chain, retry keys, journal, clocks: the rules of a ledger, through `post`."""

from __future__ import annotations

import io
import json
import subprocess
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from checks import COMPLAINTS, JOURNAL, events, files, git, history_is_linear_and_only_adds, numbers
from desk import COMPLAINT, NOON, SHANGHAI, Desk, begun, complaint, counted, meanings, series, step

from qmsdocs.base.canonical import dumps, sha256
from qmsdocs.base.errors import QmsError
from qmsdocs.store import control, handover, head, journal, ledger, lock, names, seat
from qmsdocs.store.event import Change, Draft, NewNumber, OfDraft, RecordKey
from qmsdocs.store.ledger import Stale
from qmsdocs.store.objects import HeadMoved, Objects
from qmsdocs.store.opened import Store
from qmsdocs.store.post import post

NEW_YEARS_EVE = datetime(2026, 12, 31, 23, 59, 30, tzinfo=SHANGHAI)


def test_numbers_follow_each_other_and_events_chain(desk: Desk) -> None:
    first, second = desk.issue(), desk.issue()
    assert (first.number, second.number) == ("TS-HZ-2026-0001", "TS-HZ-2026-0002")
    later = desk.post(step(first.record, "classify", "classified", after=first.stored.sha256, level="hot"))[0]
    last = desk.post(step(first.record, "amend", "classified", after=later.stored.sha256, level=None))[0]
    assert later.stored.body["previous"] == first.stored.sha256
    assert last.stored.path == "ts/00/00/000001/0003-amend.json"
    found = events(desk.root)
    assert len(found) == 4
    history_is_linear_and_only_adds(desk.root)
    assert ledger.events_of(desk.store.objects, first.record)[-1].data == last.stored.data


def test_every_key_is_there_and_the_commit_says_nothing_personal(desk: Desk) -> None:
    posted = desk.issue(customer="欧阳娜娜")
    expected = (
        "act by clock control counted derived entered_by form format happened_at journal ledger nonce parameters "
        "previous raised_from reason record recorded_at replaced_by repository sequence set signer state submission"
    )
    assert sorted(posted.stored.body) == expected.split()
    assert posted.stored.body["recorded_at"] == "2026-11-21T12:00:00+08:00"
    assert posted.stored.body["journal"] == git(desk.root, "rev-parse", JOURNAL).strip()
    log = git(desk.root, "log", "--all", "--format=%an %ae %cn %ce %s %b %cI", "--name-only")
    assert "欧阳" not in log and "zhang" not in log and "li.na" not in log
    assert "qmsdocs qmsdocs@localhost qmsdocs qmsdocs@localhost ts/00/00/000001/0001-issue.json" in log
    assert git(desk.root, "log", "-1", "--format=%cI", COMPLAINTS).strip() == "2026-11-21T12:00:00+08:00"


def test_the_same_acts_give_the_same_bytes(tmp_path: Path) -> None:
    heads = []
    for name in ("one", "two"):
        desk = begun(tmp_path / name / "acme") if (tmp_path / name).mkdir() is None else None
        assert desk is not None
        chance = counted()
        store = Store.open(desk.root, machine=desk.machine, meanings=meanings, nonce=lambda chance=chance: next(chance))
        change = Change(site="hz", stem="records/complaint", drafts=(complaint(), complaint()))
        posted = post(store, replace(change, drafts=change.drafts), now=NOON)
        bodies = [dict(item.stored.body, journal=None) for item in posted]  # the seat of each is another
        heads.append(dumps(bodies))  # type: ignore[arg-type]
    assert heads[0] == heads[1]


def test_all_drafts_of_a_change_are_one_commit(desk: Desk) -> None:
    begun_with = git(desk.root, "rev-list", "--count", "--all")
    posted = desk.post(
        complaint(),
        step(OfDraft(0), "classify", "classified", level="hot"),
        complaint(),
        step(OfDraft(0), "close", "closed"),
    )
    assert [item.number[-1] for item in posted] == ["1", "1", "2", "1"]
    assert [item.sequence for item in posted] == [1, 2, 1, 3]
    assert git(desk.root, "rev-list", "--count", COMPLAINTS).strip() == "1"
    assert int(git(desk.root, "rev-list", "--count", "--all")) == int(begun_with) + 3  # heads, opening, the change
    assert len(events(desk.root)) == 4


def test_drafts_of_two_ledgers_are_refused(desk: Desk) -> None:
    first = desk.issue()
    with pytest.raises(QmsError, match="one act goes to one ledger"):
        desk.post(
            replace(complaint(), record=NewNumber("hf", "hf", "HF-{serial:03d}")),
            step(first.record, "void", "void", after=first.stored.sha256),
            stem="records/visit",
        )
    assert numbers(desk.root) == ["TS-HZ-2026-0001"]


def test_a_series_stays_in_its_ledger_when_its_class_changes_in_mid_year(desk: Desk) -> None:
    desk.issue()
    moved = desk.post(complaint(), stem="records/ten-years")[0]
    assert (moved.record.ledger, moved.number) == (COMPLAINTS, "TS-HZ-2026-0002")
    other = desk.post(replace(complaint(), record=NewNumber("hf", "hf", "HF-{serial:03d}")), stem="records/visit")[0]
    assert other.record.ledger == "records/visit/2026/hz"
    next_year = desk.at(datetime(2027, 1, 4, 9, 0, tzinfo=SHANGHAI))
    new = next_year.post(complaint(next_year.now), stem="records/ten-years")[0]
    assert (new.record.ledger, new.number) == ("records/ten-years/2027/hz", "TS-HZ-2027-0001")


def test_later_events_go_to_the_ledger_of_the_number_in_whatever_year(desk: Desk) -> None:
    first = desk.issue()
    later = desk.at(datetime(2027, 3, 1, 9, 0, tzinfo=SHANGHAI))
    closed = later.post(step(first.record, "close", "closed", after=first.stored.sha256))[0]
    assert closed.record.ledger == COMPLAINTS
    assert closed.stored.body["recorded_at"] == "2027-03-01T09:00:00+08:00"


def test_counters_of_months_and_projects_restart_with_their_parts(desk: Desk) -> None:
    def printed(folder: str, template: str) -> str:
        draft = replace(complaint(), record=NewNumber("gz", folder, template))
        return desk.post(draft)[0].number

    assert printed("gz-11", "GZ-202611-{serial:03d}") == "GZ-202611-001"
    assert printed("gz-11", "GZ-202611-{serial:03d}") == "GZ-202611-002"
    assert printed("gz-12", "GZ-202612-{serial:03d}") == "GZ-202612-001"
    assert printed("gz-11-cy", "CY/GZ·202611-{serial:03d}") == "CY/GZ·202611-001"
    held = files(desk.root, COMPLAINTS)
    assert "gz-11/00/00/000002/0001-issue.json" in held and "gz-12/00/00/000001/0001-issue.json" in held


def test_two_series_that_print_the_same_number_are_refused(desk: Desk) -> None:
    desk.issue()
    with pytest.raises(QmsError, match="TS-HZ-2026-0001 is already used"):
        desk.post(replace(complaint(), record=NewNumber("xx", "xx", "TS-HZ-2026-{serial:04d}")))
    assert numbers(desk.root) == ["TS-HZ-2026-0001"]


def test_a_retry_gets_the_old_answer_also_after_new_year(desk: Desk) -> None:
    eve = desk.at(NEW_YEARS_EVE)
    first = eve.post(complaint(eve.now, submission="key-1"))[0]
    morning = desk.at(NEW_YEARS_EVE + timedelta(minutes=1))
    again = morning.post(complaint(morning.now, submission="key-1"))[0]
    assert (again.number, again.is_repeated) == (first.number, True)
    assert again.stored.data == first.stored.data
    other = morning.post(complaint(morning.now, submission="key-2"))[0]
    assert other.number == "TS-HZ-2027-0001"
    assert numbers(desk.root) == ["TS-HZ-2026-0001"]


def test_a_mended_table_issues_only_what_is_new(desk: Desk) -> None:
    rows = [complaint(submission=f"row-{row}", problem=f"problem {row}") for row in range(3)]
    assert [item.number[-1] for item in desk.post(*rows[:2])] == ["1", "2"]
    again = desk.post(*rows, rows[0])
    assert [(item.number[-1], item.is_repeated) for item in again] == [
        ("1", True), ("2", True), ("3", False), ("1", True),
    ]  # fmt: skip
    twice = desk.post(complaint(submission="new"), complaint(submission="new"))
    assert [(item.number[-1], item.is_repeated) for item in twice] == [("4", False), ("4", True)]
    assert len(numbers(desk.root)) == 4


def test_one_key_with_other_content_is_refused(desk: Desk) -> None:
    desk.post(complaint(submission="key-1"))
    with pytest.raises(QmsError, match="taken in as TS-HZ-2026-0001 before, with other content"):
        desk.post(complaint(submission="key-1", problem="crack"))
    with pytest.raises(QmsError, match="with other content"):
        desk.post(replace(complaint(submission="key-1"), form=replace(COMPLAINT, number="F-2")))
    assert numbers(desk.root) == ["TS-HZ-2026-0001"]


def test_a_retried_act_with_its_follow_up_writes_neither_again(desk: Desk) -> None:
    drafts = (complaint(submission="k"), step(OfDraft(0), "classify", "classified", level="hot"))
    first, again = desk.post(*drafts), desk.post(*drafts)
    assert [item.is_repeated for item in again] == [True, True]
    assert [item.stored.sha256 for item in again] == [item.stored.sha256 for item in first]
    assert len(events(desk.root)) == 2


def test_a_record_that_has_moved_on_is_stale(desk: Desk) -> None:
    first = desk.issue()
    desk.post(step(first.record, "classify", "classified", after=first.stored.sha256))
    with pytest.raises(Stale, match="TS-HZ-2026-0001 has moved on"):
        desk.post(step(first.record, "close", "closed", after=first.stored.sha256))
    assert len(events(desk.root)) == 2


def release(desk: Desk, number: str, data: bytes, **change: object) -> str:
    store = desk.store
    item = control.item("procedure", number, "A/0", {f"{number}.md": data})
    draft = Draft(
        record=NewNumber("release", "release", "REL-{serial:06d}"),
        act="issue",
        state="trial",
        set={"kind": "procedure", "number": number, "revision": "A/0", "manifest": item.sha256},
        attachments=control.store(store.objects, item),
    )
    desk.post(draft, stem=names.CONTROL, **change)
    found = store.objects.head(names.CONTROL)
    assert found is not None
    return found.commit


def test_what_was_judged_by_older_releases_is_stale(desk: Desk) -> None:
    old = release(desk, "QP-1", b"one")
    assert desk.post(complaint(), control=old)[0].stored.body["control"] == old
    new = release(desk, "QP-2", b"two")
    with pytest.raises(Stale, match="what is in force has changed"):
        desk.post(complaint(), control=old)
    assert desk.post(complaint(), control=new)[0].number == "TS-HZ-2026-0002"


def test_a_release_comes_back_with_its_bytes(desk: Desk) -> None:
    store = desk.store
    given = {"form.toml": b"\xef\xbb\xbfa = 1\r\nb = 2\r\n", "plan/图.png": b"\r\n\x00"}
    item = control.item("form", "F/1", "A/0", given)
    assert item.files == {"form.toml": b"a = 1\nb = 2\n", "plan/图.png": b"\r\n\x00"}
    draft = Draft(
        record=NewNumber("release", "release", "REL-{serial:06d}"), act="issue", state="trial", set={"manifest": item.sha256},
        attachments=control.store(store.objects, item),
    )  # fmt: skip
    posted = desk.post(draft, stem=names.CONTROL)[0]
    assert posted.number == "REL-000001"
    found = store.objects.head(names.CONTROL)
    assert found is not None
    (events_of_release,) = control.records(store.objects, found.commit, control.RELEASES)
    assert control.load(store.objects, found.commit, events_of_release[0]) == item
    said = json.loads(item.manifest)
    assert [file["path"] for file in said["files"]] == ["form.toml", "plan/图.png"]
    assert said["files"][0]["sha256"] == sha256(b"a = 1\nb = 2\n")
    for path in ("../x", "/x", "a//b", "C:/x", "a\\b", "e\u0301.md"):
        with pytest.raises(QmsError):
            control.item("form", "F", "A/0", {path: b""})
    with pytest.raises(QmsError, match="not UTF-8"):
        control.item("form", "F", "A/0", {"form.toml": "投诉".encode("gb18030")})


def test_a_release_with_other_bytes_is_refused(desk: Desk) -> None:
    release(desk, "QP-1", b"text")
    forged = git(desk.root, "hash-object", "-w", "--stdin", stdin="forged").strip()
    git(desk.root, "read-tree", names.CONTROL)
    path = names.attachment_path("release", 1, sha256(b"text"))
    git(desk.root, "update-index", "--cacheinfo", f"100644,{forged},{path}")
    commit = git(desk.root, "commit-tree", git(desk.root, "write-tree").strip(), "-m", "x").strip()
    objects = desk.store.objects
    (events_of_release,) = control.records(objects, commit, control.RELEASES)
    with pytest.raises(QmsError, match=r"REL-000001: the attachment .* is missing or damaged"):
        control.load(objects, commit, events_of_release[0])


def test_attachments_are_streamed_stored_once_and_read_back(desk: Desk) -> None:
    store = desk.store
    photo = b"photo" * 100_000
    kept = store.objects.store_stream(io.BytesIO(photo), name="photo.jpg", limit=20_000_000)
    assert (kept.sha256, kept.size) == (sha256(photo), len(photo))
    draft = replace(complaint(), attachments={kept.sha256: kept.oid})
    first = desk.post(draft)[0]
    again = replace(step(first.record, "update", "received", after=first.stored.sha256), attachments=draft.attachments)
    desk.post(again)
    held = files(desk.root, COMPLAINTS)
    assert held[f"ts/00/00/000001/files/{kept.sha256}"] == photo
    assert len(held) == 3
    assert ledger.attachment(desk.store.objects, first.record, kept.sha256) == photo
    with pytest.raises(QmsError, match=r"photo\.jpg is larger than 20 MB"):
        store.objects.store_stream(io.BytesIO(b"x" * 20_000_001), name="photo.jpg", limit=20_000_000)


def test_an_attachment_that_is_not_what_it_says_is_never_acknowledged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = desk.store.objects.store(b"other bytes")
    with pytest.raises(QmsError, match=r"the attachment 0* is missing or damaged"):
        desk.post(replace(complaint(), attachments={"0" * 64: kept.oid}))
    with pytest.raises(QmsError, match="is missing or damaged"):
        desk.post(replace(complaint(), attachments={"0" * 64: "1" * 40}))
    assert COMPLAINTS not in git(desk.root, "for-each-ref")
    monkeypatch.setattr("qmsdocs.store.post._check_attachments", lambda *_: None)
    with pytest.raises(QmsError, match="could not be read back"):
        desk.post(replace(complaint(), attachments={"0" * 64: kept.oid}))


def test_the_journal_has_the_seat_the_opening_and_heads_before_the_first_act(desk: Desk) -> None:
    desk.issue()
    found = events(desk.root, JOURNAL)
    assert list(found) == [
        "heads/00/00/000001/0001-issue.json",
        "opening/00/00/000001/0001-issue.json",
        "seat/00/00/000001/0001-issue.json",
    ]
    assert found["heads/00/00/000001/0001-issue.json"]["set"] == {"ledgers": {}}
    assert found["opening/00/00/000001/0001-issue.json"]["set"] == {"ledger": COMPLAINTS}
    assert found["seat/00/00/000001/0001-issue.json"]["record"]["number"] == "SEAT-HZ-000001"


def test_heads_are_recorded_once_before_the_first_act_of_a_day(desk: Desk) -> None:
    first = desk.issue()
    desk.issue()
    evening = desk.at(datetime(2026, 11, 21, 23, 59, tzinfo=SHANGHAI))
    evening.post(step(first.record, "classify", "classified", after=first.stored.sha256))
    before = git(desk.root, "rev-parse", COMPLAINTS).strip()
    tomorrow = desk.at(datetime(2026, 11, 22, 0, 0, 30, tzinfo=SHANGHAI))
    tomorrow.issue()
    tomorrow.issue()
    heads = [event for path, event in events(desk.root, JOURNAL).items() if path.startswith("heads/")]
    assert [event["recorded_at"][:10] for event in heads] == ["2026-11-21", "2026-11-22"]
    assert heads[1]["set"] == {"ledgers": {COMPLAINTS: {"commit": before, "events": 3, "last": {"ts": 2}}}}
    line = head.record_head_line(desk.store, "hz", now=tomorrow.now)
    assert (line.number, line.ledgers, line.events) == ("HEADS-HZ-000003", 1, 5)


def test_a_ledger_that_was_cut_off_is_not_noted_as_it_stands(desk: Desk) -> None:
    """To note it would make what was taken away look as if it had never been."""
    desk.issue()
    desk.issue()
    head.record_head_line(desk.store, "hz", now=desk.now)
    git(desk.root, "update-ref", f"refs/heads/{COMPLAINTS}", f"{COMPLAINTS}^")
    git(desk.root, "prune", "--expire=now")
    unnoted(desk)
    noted = git(desk.root, "rev-parse", JOURNAL)
    for write in (
        lambda: head.record_head_line(desk.store, "hz", now=desk.now),
        lambda: desk.at(timedelta(days=1)).issue(),
    ):
        with pytest.raises(QmsError, match="does not hold any more what HEADS-HZ-000002 noted"):
            write()
    assert git(desk.root, "rev-parse", JOURNAL) == noted


def unnoted(desk: Desk) -> None:
    """The note of what this copy wrote is gone, so that only the journal can tell."""
    (desk.root / ".qms" / seat.KEPT_FILE).unlink()


def test_no_number_below_the_journals_heads(desk: Desk) -> None:
    desk.issue()
    desk.issue()
    desk.at(timedelta(days=1)).issue()
    git(desk.root, "update-ref", f"refs/heads/{COMPLAINTS}", f"{COMPLAINTS}~2")  # back to one record
    unnoted(desk)
    desk.at(timedelta(days=1, hours=1)).issue()
    assert numbers(desk.root) == ["TS-HZ-2026-0001", "TS-HZ-2026-0003"]  # 2 is in the heads of the second day


def test_a_lost_ledger_is_not_begun_again(desk: Desk) -> None:
    desk.issue()
    desk.at(timedelta(days=1)).issue()
    git(desk.root, "update-ref", "-d", f"refs/heads/{COMPLAINTS}")
    unnoted(desk)
    with pytest.raises(QmsError, match="was written before and is missing"):
        desk.at(timedelta(days=1)).issue()


def test_a_ledger_that_has_gone_stays_in_the_heads(desk: Desk) -> None:
    desk.issue()
    head.record_head_line(desk.store, "hz", now=desk.now)
    git(desk.root, "update-ref", "-d", f"refs/heads/{COMPLAINTS}")
    unnoted(desk)
    line = head.record_head_line(desk.store, "hz", now=desk.now)
    assert (line.ledgers, line.events) == (1, 1)
    with pytest.raises(QmsError, match="was written before and is missing"):
        desk.issue()


def test_nothing_in_a_ledger_can_be_replaced(desk: Desk) -> None:
    first = desk.issue()
    objects = Objects(desk.root / ".git")
    parent = objects.local_commit(COMPLAINTS)
    for path in (first.stored.path, f"{first.stored.path}/x", "ts/00/00"):
        with pytest.raises(QmsError, match="could not be written"):
            objects.commit(COMPLAINTS, parent, {path: b"other"}, at=desk.now, note="x")
    with pytest.raises(HeadMoved):
        objects.commit(COMPLAINTS, None, {"ts/00/00/000001/0001-issue.json": b"{}"}, at=desk.now, note="x")
    assert objects.local_commit(COMPLAINTS) == parent


def test_an_opening_left_by_a_killed_process_is_completed(desk: Desk) -> None:
    store = desk.store
    pen = store.pen("hz", desk.now)
    journal.open_ledger(store.objects, pen, COMPLAINTS, journal.heads_of_the_day(store.objects, pen))
    assert desk.issue().number == "TS-HZ-2026-0001"
    openings = [path for path in events(desk.root, JOURNAL) if path.startswith("opening/")]
    assert len(openings) == 1


def test_a_clock_behind_is_written_marked_and_never_adjusted(desk: Desk) -> None:
    desk.issue()
    near = desk.at(timedelta(minutes=-2)).issue()
    assert near.stored.body["clock"] is None
    desk.at(timedelta(minutes=10)).issue()
    behind = desk.issue()
    assert (behind.stored.body["clock"], behind.stored.body["recorded_at"]) == ("behind", "2026-11-21T12:00:00+08:00")
    assert desk.at(timedelta(hours=1)).issue().stored.body["clock"] is None


@pytest.mark.parametrize("year", [2024, 2025, 2028, 2062])
def test_a_year_out_of_order_needs_a_reason_and_blocks_nobody_after_it(desk: Desk, year: int) -> None:
    desk.issue()
    wrong = desk.at(datetime(year, 5, 1, 9, 0, tzinfo=SHANGHAI))
    with pytest.raises(QmsError, match=f"the clock says {year}, but the last act was in 2026"):
        wrong.issue()
    with pytest.raises(QmsError, match="needs a reason"):
        wrong.post(complaint(wrong.now), clock_is_right=True)
    posted = wrong.post(replace(complaint(wrong.now), reason="clock of the desk was set"), clock_is_right=True)[0]
    assert posted.stored.body["reason"] == "clock of the desk was set"
    honest = desk.at(timedelta(hours=1))
    honest.post(replace(complaint(), reason="the clock is right again"), clock_is_right=True)
    assert honest.issue().number == "TS-HZ-2026-0003"


def test_next_year_needs_no_reason(desk: Desk) -> None:
    desk.issue()
    assert desk.at(datetime(2027, 6, 1, tzinfo=SHANGHAI)).issue().number.startswith("TS-HZ-2027-")


def planted(desk: Desk, key: RecordKey, **changes: object) -> str:
    """One more event of a record that some other program wrote; its sha256."""
    objects = Objects(desk.root / ".git")
    found = ledger.events_of(objects, key)
    body = {**found[-1].body, "sequence": len(found) + 1, "previous": found[-1].sha256, **changes}
    data = dumps(body)  # type: ignore[arg-type]
    path = names.event_path(key.series, key.serial, len(found) + 1, str(body["act"]))
    commit = objects.local_commit(key.ledger)
    ledger.add(objects, ledger.Addition(key.ledger, commit, {path: data}, desk.now))
    return sha256(data)


def test_nothing_is_written_to_a_record_that_needs_a_newer_program(desk: Desk) -> None:
    first, second, third = desk.issue(), desk.issue(), desk.issue()
    after = planted(desk, first.record, format=2, act="amend")
    with pytest.raises(QmsError, match="TS-HZ-2026-0001 holds an act this program does not know"):
        desk.post(step(first.record, "close", "closed", after=after))
    after = planted(desk, second.record, act="teleport")
    draft = step(second.record, "close", "closed", after=after)
    with pytest.raises(QmsError, match=r"does not know \(teleport\)"):
        desk.post(replace(draft, acts=frozenset({"close", "classify"})))
    assert desk.post(replace(draft, acts=frozenset({"close", "teleport"})))[0].sequence == 3
    amended = planted(desk, third.record, act="amend")
    assert desk.post(replace(step(third.record, "void", "void", after=amended), acts=frozenset()))[0].sequence == 3
    row = desk.store.index.by_number("TS-HZ-2026-0001")
    assert row is not None and row.needs_newer_program


def test_text_that_cannot_be_kept_is_refused_before_anything_is_written(desk: Desk) -> None:
    before = git(desk.root, "for-each-ref")
    for text in ("\ud800", "e\u0301"):
        with pytest.raises(QmsError):
            desk.issue(customer=text)
    assert COMPLAINTS not in git(desk.root, "for-each-ref").replace(before, "")


def test_a_linked_work_tree_writes_the_same_ledgers(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    git(desk.root, "worktree", "add", "-q", str(tmp_path / "linked"))
    linked = replace(desk, root=tmp_path / "linked")
    assert linked.issue().number == "TS-HZ-2026-0002"
    assert not (tmp_path / "linked" / ".qms").exists()
    assert desk.issue().number == "TS-HZ-2026-0003"


def test_a_fetch_by_hand_in_between_does_not_lose_a_record(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.issue()
    meant = Objects.commit
    interfered: list[str] = []

    def moved_meanwhile(self: Objects, branch: str, parent: str | None, *rest: object, **named: object) -> str:
        if branch == COMPLAINTS and not interfered:
            tree = git(desk.root, "rev-parse", f"{COMPLAINTS}^{{tree}}").strip()
            interfered.append(git(desk.root, "commit-tree", tree, "-p", str(parent), "-m", "by hand").strip())
            git(desk.root, "update-ref", f"refs/heads/{COMPLAINTS}", interfered[0])
        return meant(self, branch, parent, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Objects, "commit", moved_meanwhile)
    assert desk.issue().number == "TS-HZ-2026-0002"
    assert interfered[0] in git(desk.root, "rev-list", COMPLAINTS)


def test_a_ledger_that_went_two_ways_is_not_written(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    git(desk.root, "remote", "add", "shared", str(tmp_path / "shared"))
    tree = git(desk.root, "mktree", stdin="").strip()
    other = git(desk.root, "commit-tree", tree, "-m", "another way").strip()
    git(desk.root, "update-ref", f"refs/remotes/shared/{COMPLAINTS}", other)
    found = desk.store.objects.head(COMPLAINTS)
    assert found is not None and found.diverged == (f"refs/remotes/shared/{COMPLAINTS}",)
    with pytest.raises(QmsError, match="went two ways"):
        desk.issue()


@pytest.mark.parametrize("serial", [99, 100, 9_999, 10_000, 120_345])
def test_numbers_go_on_from_folder_to_folder(desk: Desk, serial: int) -> None:
    first = desk.issue()
    objects = Objects(desk.root / ".git")
    record = {"number": f"TS-HZ-2026-{serial:04d}", "series": "ts", "serial": serial}
    data = dumps({**first.stored.body, "record": record})  # type: ignore[dict-item]
    path = names.event_path("ts", serial, 1, "issue")
    ledger.add(objects, ledger.Addition(COMPLAINTS, objects.local_commit(COMPLAINTS), {path: data}, desk.now))
    for following in (1, 2):
        assert desk.issue().number == f"TS-HZ-2026-{serial + following:04d}"


def test_a_site_does_not_write_records_of_another(desk: Desk) -> None:
    first = desk.issue()
    handover.claim_seat(desk.store, "sh", person="chen.jing", reason="branch office", at=desk.now)
    with pytest.raises(QmsError, match="is not written by sh"):
        replace(desk, site="sh").post(step(first.record, "void", "void", after=first.stored.sha256))


def test_serials_end_at_999999() -> None:
    with pytest.raises(QmsError, match="full at 999999"):
        names.record_folder("ts", 1_000_000)
    assert names.record_folder("ts", 999_999) == "ts/99/99/999999"


@pytest.mark.parametrize("identifier", ["con", "aux", "com1", "lpt9", "Aa", "1a", "a/b", "投诉", "", "a" * 32, "a.b"])
def test_names_that_could_not_be_branches_everywhere_are_refused(identifier: str) -> None:
    with pytest.raises(QmsError):
        names.records_stem(identifier)
    with pytest.raises(QmsError):
        names.branch_of("records/complaint", site=identifier, year=2026)
    assert names.parse_branch(f"records/{identifier}/2026/hz") is None


def test_a_site_has_its_own_ledgers_beside_the_first(desk: Desk) -> None:
    desk.issue()
    handover.claim_seat(desk.store, "sh", person="chen.jing", reason="branch office", at=desk.now)
    shanghai = replace(desk, site="sh")
    draft = replace(complaint(), record=series(NOON, prefix="TS-SH"))
    assert shanghai.post(draft)[0].record.ledger == "records/complaint/2026/sh"
    assert desk.issue().number == "TS-HZ-2026-0002"
    assert desk.store.repository == "a" * 32


def test_another_writer_is_waited_for_but_not_for_ever(desk: Desk) -> None:
    with (
        lock.exclusive(desk.root / ".git"),
        pytest.raises(QmsError, match="another qmsdocs has been writing"),
        lock.exclusive(desk.root / ".git", patience=0.1),
    ):
        pass
    with lock.exclusive(desk.root / ".git"):
        pass


def test_a_lock_of_a_killed_process_is_removed_by_the_next_writer_only_when_it_is_old(desk: Desk) -> None:
    desk.issue()
    leftover = desk.root / ".git" / "refs" / "heads" / f"{COMPLAINTS}.lock"
    leftover.touch()
    subprocess.run(["touch", "-d", "1 minute ago", str(leftover)], check=True)
    assert desk.issue().number == "TS-HZ-2026-0002"
    assert not leftover.exists()
    leftover.touch()
    begun_at = time.monotonic()
    with lock.exclusive(desk.root / ".git"):
        lock.remove_leftover_locks(desk.root / ".git", (COMPLAINTS,), after=0.5)
    assert not leftover.exists()
    assert time.monotonic() - begun_at >= 0.4


def test_a_template_fills_in_the_serial_and_nothing_else() -> None:
    assert names.printed("TS-HZ-2026-{serial:04d}", 7) == "TS-HZ-2026-0007"
    assert names.printed("{serial}/{{x}} {serial.__class__} {0} {serial:>9}", 12345) == (
        "12345/{x} {serial.__class__} {0} {serial:>9}"
    )
