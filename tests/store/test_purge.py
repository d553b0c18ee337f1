"""Certificates and what they explain: a replaced branch exactly, and nothing else; numbers that stay used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from checks import COMPLAINTS, JOURNAL, files, git, numbers
from desk import Desk, begun, step

from qmsdocs.base.canonical import Json
from qmsdocs.store import certificate, disposal, handover, journal, purge, replacement
from qmsdocs.store.certificate import Certificate, accounts_for, brings_back, disposed_numbers
from qmsdocs.store.event import Draft, NewNumber, Posted
from qmsdocs.store.handover import LastNumber
from qmsdocs.store.opened import Store
from qmsdocs.store.signature import Signer, new_key

KEYS = {person: Signer(person, new_key()) for person in ("zhao.lei", "li.ming", "wang.fang", "qian.li")}
SALT = "5" * 32


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Four complaints, the heads of the day known."""
    made = begun(tmp_path / "acme")
    for number in range(1, 5):
        made.issue(customer=f"客户{number}")
    return made


@pytest.fixture
def store(desk: Desk) -> Iterator[Store]:
    """The copy, opened."""
    with closing(desk.store) as opened:
        yield opened


def said_by(desk: Desk, person: str, draft: Draft, *, is_signed: bool = True, **change: Any) -> Posted:
    """One act on a certificate."""
    asked = replace(draft, by=person, meaning=draft.meaning if is_signed else None)
    return desk.post(asked, signer=KEYS[person], stem="qms/journal", **change)[0]


def drawn_up(desk: Desk, *serials: int, **said: Json) -> Posted:
    """A certificate over complaints, authorised."""
    records: list[Json] = [
        {"number": f"TS-HZ-2026-{serial:04d}", "series": "ts", "serial": serial, "sha256": "0" * 64,
         "submissions": [certificate.digest_of(SALT, f"key-{serial}")]}
        for serial in serials
    ]  # fmt: skip
    given = {"ledger": COMPLAINTS, "needed": 2, "witnesses": [*KEYS][1:], "salt": SALT, "records": records, **said}
    number = NewNumber("disposal", "disposal", "DSP-HZ-{serial:06d}")
    return said_by(
        desk, "zhao.lei", Draft(record=number, act="issue", state="authorised", set=given, meaning="approved")
    )


def seen(desk: Desk, last: Posted, person: str, *, is_signed: bool = True) -> Posted:
    """A witness has signed."""
    draft = replace(step(last.record, "witness", "authorised", after=last.stored.sha256), meaning="witnessed")
    return said_by(desk, person, draft, is_signed=is_signed)


def ended(desk: Desk, last: Posted, person: str = "wang.fang") -> Posted:
    """The certificate says that it was carried out."""
    with closing(desk.store) as store:
        item = certificate.certificates(store.objects, "hz")[-1]
        before = str(store.objects.local_commit(COMPLAINTS))
        root = disposal.root_for(store, item, before)
    said = {"before": before, "root": root.commit, "tree": root.tree}
    draft = replace(step(last.record, "carry_out", "carried_out", after=last.stored.sha256), meaning="carried_out")
    return said_by(desk, person, replace(draft, set=said))


def destroyed(desk: Desk, *serials: int) -> str:
    """The number of a certificate that was carried out here."""
    last = seen(desk, seen(desk, drawn_up(desk, *serials), "li.ming"), "wang.fang")
    last = ended(desk, last)
    with closing(desk.store) as store:
        disposal.carry_out(store, now=desk.now)
        assert disposal.left_of(store, the_one(store)) == 0
    return last.number


def the_one(store: Store) -> Certificate:
    """The newest certificate."""
    return certificate.certificates(store.objects)[-1]


# ── who must have signed


def test_a_certificate_needs_two_others_and_their_signatures(desk: Desk, store: Store) -> None:
    last = drawn_up(desk, 2)
    assert not the_one(store).is_witnessed
    last = seen(desk, last, "li.ming")
    last = seen(desk, last, "li.ming")  # the same person twice is one
    last = seen(desk, last, "zhao.lei")  # who authorised it does not count
    last = seen(desk, last, "wang.fang", is_signed=False)
    assert the_one(store).witnesses == ("li.ming",)
    assert not the_one(store).is_witnessed
    last = ended(desk, last)
    assert not the_one(store).is_carried_out
    assert disposed_numbers(certificate.certificates(store.objects)) == {}
    assert disposal.begin(store, *certificate.carried_out(store.objects)) == ()
    disposal.carry_out(store, now=desk.now)
    assert numbers(desk.root) == [f"TS-HZ-2026-{serial:04d}" for serial in range(1, 5)]


def test_more_witnesses_where_the_procedure_says_so(desk: Desk, store: Store) -> None:
    last = seen(desk, seen(desk, drawn_up(desk, 2, needed=3), "li.ming"), "wang.fang")
    assert not the_one(store).is_witnessed
    seen(desk, last, "qian.li")
    assert the_one(store).is_witnessed


def test_never_fewer_than_two_whatever_is_written(desk: Desk, store: Store) -> None:
    seen(desk, drawn_up(desk, 2, needed=1), "li.ming")
    assert not the_one(store).is_witnessed


# ── what is destroyed, and what is not


def test_exactly_the_listed_records_go_and_the_others_keep_their_objects(desk: Desk, store: Store) -> None:
    before = git(desk.root, "ls-tree", "-r", COMPLAINTS).splitlines()
    destroyed(desk, 2, 3)
    kept = [line for line in before if "/000002/" not in line and "/000003/" not in line]
    assert git(desk.root, "ls-tree", "-r", COMPLAINTS).splitlines() == kept
    assert git(desk.root, "rev-list", "--count", COMPLAINTS).strip() == "1"
    item = the_one(store)
    assert git(desk.root, "rev-parse", COMPLAINTS).strip() == item.root
    assert git(desk.root, "rev-parse", f"{COMPLAINTS}^{{tree}}").strip() == item.tree
    assert disposed_numbers([item]) == {(COMPLAINTS, "ts"): frozenset({2, 3})}
    assert journal.newest_heads(store.objects, "hz").ledgers[COMPLAINTS].commit == item.root  # type: ignore[union-attr]
    assert item.holds_submission("key-2") == "TS-HZ-2026-0002"
    assert item.holds_submission("key-4") is None


def test_a_ledger_of_which_nothing_is_left_stands_empty_and_goes_on(desk: Desk, store: Store) -> None:
    destroyed(desk, 1, 2, 3, 4)
    assert files(desk.root, COMPLAINTS) == {}
    assert journal.newest_heads(store.objects, "hz").ledgers[COMPLAINTS].last == {"ts": 4}  # type: ignore[union-attr]
    assert desk.at(timedelta(days=1)).issue().number == "TS-HZ-2026-0005"


def test_numbers_destroyed_are_not_voided_when_the_seat_is_taken_after_a_loss(desk: Desk, tmp_path: Path) -> None:
    """The last number on paper is one that was destroyed: it is accounted for, and does not come back as void."""
    destroyed(desk, 3, 4)
    there = Desk(tmp_path / "copy", machine="desk-2", now=desk.now)
    git(tmp_path, "clone", "-q", str(desk.root), str(there.root))
    paper = (LastNumber(COMPLAINTS, "ts", "TS-HZ-2026-{serial:04d}", 5),)
    with closing(there.store) as store:
        handover.take_seat(store, "hz", person="li.na", reason="fire", at=there.now, last_numbers=paper)
    assert numbers(there.root) == ["TS-HZ-2026-0001", "TS-HZ-2026-0002", "TS-HZ-2026-0005"]
    assert there.issue().number == "TS-HZ-2026-0006"


# ── what a certificate explains


def test_it_accounts_for_the_branch_before_and_after_and_for_what_was_added(desk: Desk, store: Store) -> None:
    old = git(desk.root, "rev-parse", COMPLAINTS).strip()
    lagging = git(desk.root, "rev-parse", f"{COMPLAINTS}^").strip()
    git(desk.root, "update-ref", "refs/keep/old", old)
    git(desk.root, "clone", "-q", "--mirror", str(desk.root), str(desk.root.with_name("whole")))
    destroyed(desk, 2)
    new = git(desk.root, "rev-parse", COMPLAINTS).strip()
    desk.issue()
    later = git(desk.root, "rev-parse", COMPLAINTS).strip()
    done = certificate.certificates(store.objects)
    purged = store.objects.reopened()
    assert not purged.has(old)
    mine = git(desk.root, "commit-tree", f"{later}^{{tree}}", "-p", new, "-m", "x").strip()
    assert not accounts_for(done, store.objects.reopened(), COMPLAINTS, later, mine)  # what came after it stands
    assert accounts_for(done, purged, COMPLAINTS, old, new)  # the commit replaced, though it is gone
    assert accounts_for(done, purged, COMPLAINTS, old, later)
    assert not accounts_for(done, purged, COMPLAINTS, old, None)
    assert not accounts_for(done, purged, COMPLAINTS, "0" * 40, later)
    assert not accounts_for(done, purged, "records/visit/2026/hz", old, new)
    assert not accounts_for((), purged, COMPLAINTS, old, new)
    whole = desk.root.with_name("whole")
    git(whole, "fetch", "-q", str(desk.root), f"+refs/heads/{COMPLAINTS}:refs/new")
    seen_whole = type(purged)(whole)
    assert accounts_for(done, seen_whole, COMPLAINTS, old, later)
    assert accounts_for(done, seen_whole, COMPLAINTS, lagging, later)  # a copy that had not yet all
    assert not accounts_for(done, seen_whole, COMPLAINTS, old, old)
    assert brings_back(done, seen_whole, COMPLAINTS, old) == ("TS-HZ-2026-0002",)
    assert brings_back(done, seen_whole, COMPLAINTS, later) == ()


@pytest.mark.parametrize("serials", [(2, 3), (3,), ()], ids=["one more", "another", "none"])
def test_it_accounts_for_no_other_difference(desk: Desk, store: Store, serials: tuple[int, ...]) -> None:
    """A branch that lacks one record more, another one, or still has the destroyed one."""
    old = git(desk.root, "rev-parse", COMPLAINTS).strip()
    git(desk.root, "clone", "-q", "--mirror", str(desk.root), str(desk.root.with_name("whole")))
    destroyed(desk, 2)
    whole = type(store.objects)(desk.root.with_name("whole"))
    git(whole.folder, "fetch", "-q", str(desk.root), f"+refs/heads/{COMPLAINTS}:refs/new")
    done = the_one(store)
    folders = [f"ts/00/00/{serial:06d}" for serial in serials]
    forged = replacement.root_without(whole, old, folders, note="x", at=desk.now)
    claimed = replace(done, root=forged.commit, tree=forged.tree)
    assert not accounts_for((done,), whole, COMPLAINTS, old, forged.commit)  # no certificate names this root
    assert not accounts_for((claimed,), whole, COMPLAINTS, old, forged.commit)  # not even where one did


def test_a_root_that_no_certificate_names_is_not_accounted_for(desk: Desk, store: Store) -> None:
    """Its tree is exactly right; but who made it?"""
    old = git(desk.root, "rev-parse", COMPLAINTS).strip()
    git(desk.root, "clone", "-q", "--mirror", str(desk.root), str(desk.root.with_name("whole")))
    destroyed(desk, 2)
    whole = type(store.objects)(desk.root.with_name("whole"))
    git(whole.folder, "fetch", "-q", str(desk.root), f"+refs/heads/{COMPLAINTS}:refs/new")
    item = the_one(store)
    forged = replacement.root_without(whole, old, item.folders, note="x", at=desk.now)
    assert forged.tree == item.tree
    assert accounts_for((item,), whole, COMPLAINTS, old, item.root)
    assert not accounts_for((item,), whole, COMPLAINTS, old, forged.commit)


def test_what_was_lost_after_a_disposal_is_not_explained_by_it(desk: Desk, store: Store) -> None:
    """The ledger is set back to the root; the head recorded later is gone from the copy."""
    destroyed(desk, 2)
    root = git(desk.root, "rev-parse", COMPLAINTS).strip()
    desk.at(timedelta(days=1)).issue()
    desk.at(timedelta(days=2)).issue()
    recorded = journal.newest_heads(store.objects, "hz").ledgers[COMPLAINTS].commit  # type: ignore[union-attr]
    git(desk.root, "update-ref", f"refs/heads/{COMPLAINTS}", root)
    git(desk.root, "prune", "--expire=now")
    fresh = store.objects.reopened()
    assert not fresh.has(recorded)
    assert not accounts_for(certificate.certificates(fresh), fresh, COMPLAINTS, recorded, root)


def test_two_disposals_of_one_ledger_explain_each_other(desk: Desk, store: Store) -> None:
    first = git(desk.root, "rev-parse", COMPLAINTS).strip()
    destroyed(desk, 1)
    desk.issue()
    middle = git(desk.root, "rev-parse", COMPLAINTS).strip()
    destroyed(desk, 2)
    now = git(desk.root, "rev-parse", COMPLAINTS).strip()
    fresh = store.objects.reopened()
    done = certificate.certificates(fresh)
    assert accounts_for(done, fresh, COMPLAINTS, middle, now)
    assert accounts_for(done, fresh, COMPLAINTS, first, now)


def test_a_copy_that_stayed_behind_carries_out_all_at_once(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two disposals of one ledger, an act between them: the same commit as there, and one pass over the objects."""
    there = Desk(tmp_path / "copy", machine="desk-2", now=desk.now)
    git(tmp_path, "clone", "-q", "--mirror", str(desk.root), str(there.root / ".git"))
    git(there.root, "config", "core.bare", "false")
    destroyed(desk, 1)
    desk.issue(customer="客户5")
    destroyed(desk, 2)
    git(there.root, "remote", "remove", "origin")
    git(there.root, "fetch", "-q", str(desk.root), f"+{JOURNAL}:{JOURNAL}")
    passes: list[object] = []
    monkeypatch.setattr(purge, "objects", lambda place, own=purge.objects: (passes.append(place), own(place)))
    with closing(there.store) as store:
        assert disposal.arrive(store, now=there.now, believes=lambda _: False) == ()
        gone = disposal.arrive(store, now=there.now, believes=lambda _: True)
        assert ([item.serial for item in gone], len(passes)) == ([1, 2], 1)
        assert [disposal.left_of(store, item) for item in gone] == [0, 0]
        assert disposal.arrive(store, now=there.now, believes=lambda _: True) == ()
    assert numbers(there.root) == ["TS-HZ-2026-0003", "TS-HZ-2026-0004"]
    assert git(there.root, "fsck", "--full", "--unreachable") == ""


def test_a_line_that_names_no_place_is_no_record(desk: Desk, store: Store) -> None:
    """No record has the serial 0, and nothing is stopped by it."""
    destroyed(desk, 0, 2)
    assert [record.serial for record in the_one(store).records] == [2]
    assert numbers(desk.root) == ["TS-HZ-2026-0001", "TS-HZ-2026-0003", "TS-HZ-2026-0004"]


@pytest.mark.parametrize("how", [["--detach"], ["-b", "aside"]])
def test_a_folder_that_has_the_ledger_open_keeps_it_and_it_is_said(desk: Desk, tmp_path: Path, how: list[str]) -> None:
    """What somebody checked out beside cannot be reached; it is counted, not passed over."""
    git(desk.root, "worktree", "add", "-q", *how, str(tmp_path / "beside"), COMPLAINTS)
    open_there = git(tmp_path / "beside", "rev-parse", "HEAD")
    ended(desk, seen(desk, seen(desk, drawn_up(desk, 2), "li.ming"), "wang.fang"))
    with closing(desk.store) as store:
        disposal.carry_out(store, now=desk.now)
        assert disposal.left_of(store, the_one(store)) == 1
    assert git(tmp_path / "beside", "rev-parse", "HEAD") == open_there


def test_a_certificate_that_says_another_root_is_not_carried_out(desk: Desk) -> None:
    last = seen(desk, seen(desk, drawn_up(desk, 2), "li.ming"), "wang.fang")
    before = git(desk.root, "rev-parse", COMPLAINTS).strip()
    said = {"before": before, "root": "1" * 40, "tree": "2" * 40}
    draft = replace(step(last.record, "carry_out", "carried_out", after=last.stored.sha256), meaning="carried_out")
    said_by(desk, "wang.fang", replace(draft, set=said))
    with closing(desk.store) as store:
        assert disposal.pending(store) is None
        assert disposal.arrive(store, now=desk.now, believes=lambda _: True) == ()
    assert git(desk.root, "rev-parse", COMPLAINTS).strip() == before
    assert git(desk.root, "rev-parse", JOURNAL)
