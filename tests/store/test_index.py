"""The index is what the ledgers say: after any history, after damage, after a ledger was replaced."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from checks import COMPLAINTS, git
from desk import COMPLAINT, MACHINE, NOON, SHANGHAI, Desk, begun, complaint, meanings, step
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qmsdocs.base.errors import QmsError
from qmsdocs.store.event import Draft, NewNumber, OfDraft, RaisedFrom
from qmsdocs.store.index import Filter, Index
from qmsdocs.store.opened import Store
from qmsdocs.store.rows import Row

CLONE = "copy"


def contents(store: Store) -> tuple[tuple[Row, ...], list[object], dict[str, str]]:
    """Everything the index can answer with."""
    rows = tuple(store.index.records())
    keys = [store.index.by_submission(f"key-{number}") for number in range(40)]
    facts = [store.index.matching("F-1", same={"problem": problem}) for problem in ("leak", "crack", "noise")]
    return rows, [*keys, *facts, *(store.index.raised_by(row.number) for row in rows)], store.index.heads()


def rebuilt(desk: Desk) -> tuple[tuple[Row, ...], list[object], dict[str, str]]:
    """The same from an index made anew."""
    with tempfile.TemporaryDirectory() as folder:
        store = desk.store
        fresh = replace(store, index=Index(store.objects, Path(folder), meanings))
        found = contents(fresh)
        fresh.close()
        return found


class History:
    """Acts at random, the index being brought up at some of them."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.store, self.count = desk, desk.store, 0

    def act(self, kind: int, pick: int, problem: str) -> None:
        if kind > 4:
            self.store.index.refresh()
        rows = tuple(self.store.index.records())
        self.count += 1
        if kind <= 2 or not rows:
            raised = RaisedFrom(rows[pick % len(rows)].number, "again", "0" * 64) if rows and kind == 2 else None
            number = NewNumber("hf", "hf", "HF-{serial:03d}") if kind == 1 else complaint(NOON).record
            draft = replace(complaint(NOON, submission=f"key-{self.count}", problem=problem), record=number)
            stem = "records/visit" if kind == 1 else "records/complaint"
            self.desk.post(replace(draft, raised_from=raised), stem=stem)
        elif kind == 3:
            self.desk.post(complaint(problem=problem), step(OfDraft(0), "close", "closed"))
        elif kind == 4:
            self.store.index.refresh()
        else:
            row = rows[pick % len(rows)]
            act, state = (("amend", row.state), ("close", "closed"), ("void", "void"))[pick % 3]
            changed = {"problem": problem if pick % 2 else None, "customer": None, "people": pick}
            draft = replace(step(row.key, act, state, after=row.sha256), set=changed, submission=f"key-{self.count}")
            self.desk.post(draft)
        if kind % 2:
            self.store.index.refresh()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 50), st.sampled_from(["leak", "crack", "noise"])),
        min_size=1,
        max_size=14,
    )
)
def test_brought_up_step_by_step_equals_made_anew(acts: list[tuple[int, int, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        history = History(begun(Path(folder) / "acme"))
        for act in acts:
            history.act(*act)
        history.store.index.refresh()
        assert contents(history.store) == rebuilt(history.desk)
        history.store.close()


def test_a_row_says_what_the_form_means(desk: Desk) -> None:
    desk.post(complaint(received_at="2026-11-20T23:30:00+08:00", received_by="wang.fang", people=2, done=True))
    row = desk.store.index.by_number("TS-HZ-2026-0001")
    assert row is not None
    assert (row.form, row.customer, row.subject, row.owner) == ("F-1", "王先生", "leak", "wang.fang")
    assert (row.opened_at, row.recorded_at) == ("2026-11-20T23:30:00+08:00", "2026-11-21T12:00:00+08:00")
    assert (row.state, row.is_closed, row.is_void, row.year, row.sequence) == ("received", False, False, 2026, 1)
    assert row.values["people"] == 2 and row.values["done"] is True


def test_the_day_it_was_closed_is_that_of_the_closing_act_until_it_is_opened_again(desk: Desk) -> None:
    def closed_at(number: str) -> str:
        row = desk.store.index.by_number(number)
        assert row is not None
        return row.closed_at

    first = desk.issue()
    assert closed_at(first.number) == ""
    shut = replace(
        step(first.record, "close", "closed", after=first.stored.sha256), happened_at="2026-11-20T09:00+08:00"
    )
    [last] = desk.post(shut)
    assert closed_at(first.number) == "2026-11-20T09:00+08:00"
    [last] = desk.post(step(first.record, "amend", "closed", after=last.stored.sha256, problem="crack"))
    assert closed_at(first.number) == "2026-11-20T09:00+08:00"
    [last] = desk.post(step(first.record, "reopen", "received", after=last.stored.sha256))
    assert closed_at(first.number) == ""
    desk.post(step(first.record, "void", "void", after=last.stored.sha256))
    assert closed_at(first.number) == "2026-11-21T12:00:00+08:00"


def test_records_by_class_and_by_the_day_they_were_closed(desk: Desk) -> None:
    first, second = desk.issue(), desk.issue()
    desk.post(step(first.record, "close", "closed", after=first.stored.sha256))
    index = desk.store.index

    def found(wanted: Filter) -> list[str]:
        return [row.number for row in index.records(wanted)]

    index.refresh()
    assert found(Filter(closed_to=date(2026, 11, 20))) == []
    assert found(Filter(closed_to=date(2026, 11, 21))) == [first.number]
    assert found(Filter(retention="complaint")) == [first.number, second.number]
    assert found(Filter(retention="compl")) == []


def test_a_record_whose_caller_is_nowhere_is_an_orphan(desk: Desk) -> None:
    first = desk.issue()
    for caller in (first.number, "TS-HZ-2020-0001"):
        desk.post(replace(complaint(NOON), raised_from=RaisedFrom(caller, "again", "0" * 64)))
    desk.store.index.refresh()
    assert [row.raised_from for row in desk.store.index.orphans()] == ["TS-HZ-2020-0001"]


def test_the_newest_event_decides_and_null_clears(desk: Desk) -> None:
    first = desk.issue(note="x")
    closing_it = step(first.record, "close", "closed", after=first.stored.sha256, note=None)
    desk.post(replace(closing_it, derived={"level": "hot"}))
    row = desk.store.index.by_number(first.number)
    assert row is not None
    assert "note" not in row.values and row.derived == {"level": "hot"} and row.is_closed
    assert (row.sha256, row.sequence) == (desk.store.index.by_key(first.record).sha256, 2)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("wanted", "serials"),
    [
        (Filter(), [1, 2, 3, 4]),
        (Filter(forms=("F-1",)), [1, 2, 3]),
        (Filter(forms=("F-2", "F-9")), [4]),
        (Filter(opened_from=date(2026, 11, 2)), [2, 3, 4]),
        (Filter(opened_to=date(2026, 11, 2)), [1, 2]),
        (Filter(opened_from=date(2026, 11, 2), opened_to=date(2026, 11, 2)), [2]),
        (Filter(customer="王"), [1, 3, 4]),
        (Filter(customer="%"), []),
        (Filter(states=("closed",)), [3]),
        (Filter(is_closed=True), [2, 3]),
        (Filter(is_void=True), [2]),
        (Filter(is_void=False, is_closed=False), [1, 4]),
        (Filter(fields={"problem": "crack"}), [2]),
        (Filter(fields={"people": "3", "done": "true"}), [3]),
        (Filter(fields={"team": "clerk"}), [1]),
        (Filter(fields={"level": "hot"}), [1]),
        (Filter(fields={"nothing": "x"}), []),
        (Filter(site="hz"), [1, 2, 3, 4]),
        (Filter(site="z"), []),
    ],
)
def test_filters(desk: Desk, wanted: Filter, serials: list[int]) -> None:
    def day(number: int) -> str:
        return f"2026-11-{number:02d}"

    one = replace(complaint(received_at=day(1), team=["clerk", "project"]), derived={"level": "hot"})
    two = complaint(received_at=f"{day(2)}T23:59:59+08:00", customer="李女士", problem="crack")
    three = complaint(received_at=day(3), people=3, done=True)
    four = replace(complaint(), form=replace(COMPLAINT, number="F-2"))
    desk.post(one, two, step(OfDraft(1), "void", "void"), three, step(OfDraft(3), "close", "closed"), four)
    assert [row.serial for row in desk.store.index.records(wanted)] == serials


def test_look_ups_count_what_is_the_same_within_a_window(desk: Desk) -> None:
    def opened(day: int, **values: str) -> Draft:
        return complaint(received_at=f"2026-11-{day:02d}T08:00:00+08:00", **values)

    desk.post(
        opened(1),
        opened(10),
        opened(10, problem="crack"),
        opened(12, customer="李女士"),
        opened(13),
        step(OfDraft(4), "void", "void"),
        opened(14),
        step(OfDraft(6), "close", "closed"),
    )
    index = desk.store.index
    same = {"problem": "leak", "estate": "翠园 3-1-201"}
    opened_from = datetime(2026, 11, 10, 8, 0, tzinfo=SHANGHAI)
    assert [row.serial for row in index.matching("F-1", same=same)] == [1, 2, 4, 6]
    assert [row.serial for row in index.matching("F-1", same=same, opened_from=opened_from)] == [2, 4, 6]
    found = index.matching(
        "F-1", same=same, opened_from=opened_from, opened_to=opened_from + timedelta(days=2), but="TS-HZ-2026-0002"
    )
    assert [row.customer for row in found] == ["李女士"]
    assert [row.serial for row in index.matching("F-1", same=same, is_closed=True)] == [6]
    assert index.matching("F-2", same=same) == ()


def test_records_come_by_form_then_year_then_serial(desk: Desk) -> None:
    desk.issue()
    other = NewNumber("aa", "aa", "AA-{serial:03d}")
    desk.post(replace(complaint(), record=other, form=replace(COMPLAINT, number="A")))
    desk.issue()
    later = desk.at(datetime(2027, 1, 1, tzinfo=SHANGHAI))
    later.post(complaint(later.now))
    assert [row.number for row in desk.store.index.records()] == [
        "AA-001", "TS-HZ-2026-0001", "TS-HZ-2026-0002", "TS-HZ-2027-0001",
    ]  # fmt: skip


def test_a_replaced_branch_is_read_again(desk: Desk) -> None:
    desk.issue(problem="leak")
    store = desk.store
    store.index.refresh()
    other = git(desk.root, "rev-parse", COMPLAINTS).strip()
    desk.issue(problem="crack")
    desk.issue(problem="noise")
    store.index.refresh()
    assert len(tuple(store.index.records())) == 3
    git(desk.root, "update-ref", f"refs/heads/{COMPLAINTS}", other)
    git(desk.root, "prune", "--expire=now")  # the commit the rows stood for is gone altogether
    store = desk.store
    store.index.refresh()
    assert [row.serial for row in store.index.records()] == [1]
    assert contents(store) == rebuilt(desk)
    git(desk.root, "update-ref", "-d", f"refs/heads/{COMPLAINTS}")
    store.index.refresh()
    assert contents(store)[0] == ()


def test_a_descendant_that_changed_a_path_is_read_again(desk: Desk) -> None:
    desk.issue(problem="leak")
    first = desk.issue(problem="crack")
    store = desk.store
    store.index.refresh()
    git(desk.root, "update-index", "--force-remove", "x")  # an index of its own
    tree = git(desk.root, "ls-tree", "-r", COMPLAINTS)
    blob = tree.splitlines()[0].split()[2]
    environment = f"100644 {blob}\tts/00/00/000003/0001-issue.json"
    git(desk.root, "read-tree", "--empty")
    git(desk.root, "update-index", "--index-info", stdin=environment)
    new = git(desk.root, "write-tree").strip()
    commit = git(desk.root, "commit-tree", new, "-p", COMPLAINTS, "-m", "removed").strip()
    git(desk.root, "update-ref", f"refs/heads/{COMPLAINTS}", commit)
    store.index.refresh()
    assert [row.serial for row in store.index.records()] == [3]
    assert store.index.by_key(first.record) is None


def scribbled(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)


def shortened(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def foreign(path: Path) -> None:
    path.write_bytes(b"this is no database at all" * 400)


def older(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        connection.execute("CREATE TABLE records (number TEXT)")


def trapped(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM records; END")


def copied(path: Path) -> None:
    """A file of another place whose rows lie."""
    other = path.with_name("other")
    shutil.copy(path, other)
    with sqlite3.connect(other) as connection:
        connection.execute("UPDATE records SET number = 'X'")
    other.replace(path)


@pytest.mark.parametrize("damage", [scribbled, shortened, foreign, older, trapped, copied])
def test_a_damaged_or_foreign_file_is_made_anew(desk: Desk, damage: Callable[[Path], None]) -> None:
    for _ in range(30):
        desk.issue()
    store = desk.store
    expected = contents(store)
    store.close()
    path = desk.root / ".qms" / "index.sqlite"
    assert not path.with_name(path.name + "-wal").exists()
    damage(path)
    with closing(desk.store) as again:
        assert contents(again) == expected
    assert desk.issue().number == "TS-HZ-2026-0031"
    with closing(desk.store) as again:
        assert contents(again) == rebuilt(desk)
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_damage_met_in_the_middle_of_a_command_is_mended(desk: Desk) -> None:
    for _ in range(30):
        desk.issue()
    store = desk.store
    expected = contents(store)
    store.close()
    again = desk.store
    again.index.refresh()
    scribbled(desk.root / ".qms" / "index.sqlite")
    assert contents(again) == expected


def test_a_build_that_was_killed_is_begun_again(desk: Desk) -> None:
    desk.issue()
    path = desk.root / ".qms" / "index.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM meta")
    assert [row.serial for row in desk.store.index.records()] == [1]


def test_without_a_place_to_write_the_index_is_in_memory(desk: Desk) -> None:
    desk.issue()
    git(desk.root.parent, "clone", "-q", str(desk.root), CLONE)
    root = desk.root.parent / CLONE
    (root / ".qms").write_text("a file where the folder should be", "utf-8")
    store = Store.open(root, machine=MACHINE, meanings=meanings)
    store.search.refresh()
    assert [row.number for row in store.index.records()] == ["TS-HZ-2026-0001"]
    assert [key.number for key in store.search.find("王先生")] == ["TS-HZ-2026-0001"]


def test_one_command_reads_one_state_until_it_refreshes(desk: Desk) -> None:
    desk.issue()
    reading = desk.store
    reading.index.refresh()
    desk.issue()
    desk.store.index.refresh()
    assert len(tuple(reading.index.records())) == 1
    reading.index.refresh()
    assert len(tuple(reading.index.records())) == 2


def test_a_clone_reads_the_branches_its_fetch_brought(desk: Desk) -> None:
    desk.issue()
    git(desk.root.parent, "clone", "-q", str(desk.root), CLONE)
    there = replace(desk, root=desk.root.parent / CLONE)
    assert contents(there.store)[0] == contents(desk.store)[0]
    desk.issue()
    git(there.root, "fetch", "-q")
    assert len(contents(there.store)[0]) == 2


@pytest.mark.parametrize("mode", ["120000", "160000", "100755"])
def test_links_submodules_and_programs_in_a_ledger_are_refused(desk: Desk, mode: str) -> None:
    desk.issue()
    blob = git(desk.root, "hash-object", "-w", "--stdin", stdin="/etc/hostname").strip()
    oid = git(desk.root, "rev-parse", COMPLAINTS).strip() if mode == "160000" else blob
    git(desk.root, "read-tree", COMPLAINTS)
    git(desk.root, "update-index", "--add", "--cacheinfo", f"{mode},{oid},ts/00/00/000002/0001-issue.json")
    tree = git(desk.root, "write-tree").strip()
    commit = git(desk.root, "commit-tree", tree, "-p", COMPLAINTS, "-m", "hostile").strip()
    git(desk.root, "update-ref", f"refs/heads/{COMPLAINTS}", commit)
    with pytest.raises(QmsError, match=r"ts/00/00/000002/0001-issue\.json does not belong in a ledger"):
        desk.store.index.refresh()
    with pytest.raises(QmsError, match="does not belong"):
        desk.issue()


@pytest.mark.parametrize("path", ["readme.md", "ts/00/00/000002/0001-issue.txt", "ts/00/01/000002/0001-issue.json"])
def test_paths_that_are_no_ledgers_are_refused(desk: Desk, path: str) -> None:
    desk.issue()
    blob = git(desk.root, "hash-object", "-w", "--stdin", stdin="{}").strip()
    git(desk.root, "read-tree", COMPLAINTS)
    git(desk.root, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    tree = git(desk.root, "write-tree").strip()
    git(desk.root, "update-ref", f"refs/heads/{COMPLAINTS}", git(desk.root, "commit-tree", tree, "-m", "x").strip())
    with pytest.raises(QmsError, match="does not belong in a ledger"):
        desk.store.index.refresh()


@pytest.mark.parametrize("data", ["", "[]", "{", "\x00", '"x"', "[" * 100_000])
def test_an_event_that_is_none_is_named(desk: Desk, data: str) -> None:
    desk.issue()
    blob = git(desk.root, "hash-object", "-w", "--stdin", stdin=data).strip()
    git(desk.root, "read-tree", COMPLAINTS)
    git(desk.root, "update-index", "--add", "--cacheinfo", f"100644,{blob},ts/00/00/000002/0001-issue.json")
    tree = git(desk.root, "write-tree").strip()
    git(desk.root, "update-ref", f"refs/heads/{COMPLAINTS}", git(desk.root, "commit-tree", tree, "-m", "x").strip())
    with pytest.raises(QmsError, match="records/complaint/2026/hz: ts/00/00/000002: event 1 is damaged"):
        desk.store.index.refresh()


def test_a_local_folder_that_points_elsewhere_is_not_written_to(desk: Desk, tmp_path: Path) -> None:
    desk.issue()
    git(desk.root.parent, "clone", "-q", str(desk.root), CLONE)
    root, elsewhere = desk.root.parent / CLONE, tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / ".qms").symlink_to(elsewhere)
    assert len(tuple(Store.open(root, machine=MACHINE, meanings=meanings).index.records())) == 1
    assert list(elsewhere.iterdir()) == []


def test_folders_without_end_are_refused(desk: Desk) -> None:
    desk.issue()
    tree = git(desk.root, "rev-parse", f"{COMPLAINTS}^{{tree}}").strip()
    for _ in range(1100):
        done = subprocess.run(
            ["git", "-C", str(desk.root), "mktree"],
            input=f"040000 tree {tree}\ta\n",
            capture_output=True,
            encoding="utf-8",
        )
        tree = done.stdout.strip()
    for parents in ([], ["-p", COMPLAINTS]):
        commit = git(desk.root, "commit-tree", tree, *parents, "-m", "x").strip()
        git(desk.root, "update-ref", f"refs/heads/{COMPLAINTS}", commit)
        with pytest.raises(QmsError, match="does not belong in a ledger"):
            desk.store.index.refresh()
