"""An insider with every right on the folder, and git: whatever he does is found, and said in words of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from control import Company
from tamper import (
    CONTROL,
    FIRST,
    JOURNAL,
    OTHER,
    RECORDS,
    Found,
    Hand,
    approval,
    copied,
    git,
    noted,
    purge,
    recorded,
    says,
    sit,
    told,
)

from qmsdocs.audit.engine import run
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import dumps
from qmsdocs.base.errors import QmsError
from qmsdocs.store.signature import new_key


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = told(tmp_path_factory.mktemp("tamper") / "acme")
    stored = company.root.with_name("stored")  # so that no copy can be taken for the original
    company.root.rename(stored)
    return company.copy(root=stored)


@pytest.fixture
def company(whole: Company, tmp_path: Path) -> Company:
    return copied(whole, tmp_path / "acme")


def audited(company: Company) -> Found:
    """Code and text of every error and warning of a full audit."""
    report = run(Scope(company.system), is_full=True)
    return {(f.code, f"{f.subject}: {f.message}") for f in report.findings if f.code[:3] in ("HIS", "REC", "SYS")}


def test_nothing_is_found_where_nobody_did_anything(company: Company) -> None:
    assert audited(company) == set()


# ── what he does


def delete_ledger(company: Company) -> None:
    git(company.root, "update-ref", "-d", f"refs/heads/{RECORDS}")
    purge(company.root)


def cut_off(company: Company) -> None:
    """The last two days, with every trace of them in git and the program's own notes."""
    hand = Hand(company.root)
    hand.reset(hand.commits()[2])
    (company.root / ".qms" / "written.json").unlink()


def cut_journal(company: Company) -> None:
    hand = Hand(company.root, JOURNAL)
    hand.reset(hand.commits()[-2])
    (company.root / ".qms" / "written.json").unlink()


def delete_journal(company: Company) -> None:
    git(company.root, "update-ref", "-d", f"refs/heads/{JOURNAL}")


def rewrite_middle(company: Company) -> None:
    """Another text in the first record, and every commit made anew on top of it."""

    def other(_: str, added: dict[str, bytes | None]) -> None:
        if FIRST in added:
            body = json.loads(added[FIRST] or b"")
            added[FIRST] = dumps({**body, "set": {**body["set"], "text": "一切正常"}})

    Hand(company.root).rebuilt(other)


def lower_the_notes(company: Company) -> None:
    """The newest days cut off, and the journal made anew so that it never noted them."""
    cut_off(company)
    kept = Hand(company.root).commits()[-1]

    def lower(_: str, added: dict[str, bytes | None]) -> None:
        for path, data in added.items():
            body = json.loads(data or b"")
            head = body["set"].get("ledgers", {}).get(RECORDS)
            if head and head["events"] > 2:
                head |= {"commit": kept, "events": 3, "last": {"sy": 2}}
                added[path] = dumps(body)

    Hand(company.root, JOURNAL).rebuilt(lower)


def heads_appended(company: Company) -> None:
    """One more note in the journal, which says of the ledger what stands there now."""
    hand, own = Hand(company.root), Hand(company.root, JOURNAL)
    said: Any = own.event(max(path for path in own.files() if path.startswith("heads/")))["set"]
    events = sum(path.endswith(".json") for path in hand.files())
    serials = [int(path.split("/")[3]) for path in hand.files()]
    head = {"commit": hand.head, "events": events, "last": {"sy": max(serials)}}
    noted(company, set={"ledgers": {**said["ledgers"], RECORDS: head}})


def cut_off_and_note(company: Company) -> None:
    cut_off(company)
    heads_appended(company)


def rewrite_and_note(company: Company) -> None:
    rewrite_middle(company)
    (company.root / ".qms" / "written.json").unlink()
    heads_appended(company)


def note_an_earlier_state(company: Company) -> None:
    """Everything stands, but the newest note names a commit before the one noted the day before."""
    hand, own = Hand(company.root), Hand(company.root, JOURNAL)
    said: Any = own.event(max(path for path in own.files() if path.startswith("heads/")))["set"]
    noted(
        company, set={"ledgers": {**said["ledgers"], RECORDS: {"commit": hand.commits()[0], "events": 1, "last": {}}}}
    )


def replace_object(company: Company) -> None:
    oid = Hand(company.root).files()[FIRST]
    other = git(company.root, "hash-object", "-w", "--stdin", data=b"{}")
    git(company.root, "replace", oid, other)


def graft(company: Company) -> None:
    commits = Hand(company.root).commits()
    (company.root / ".git/info").mkdir(exist_ok=True)
    (company.root / ".git/info/grafts").write_text(f"{commits[-1]} {commits[0]}\n")


def approve_unsigned(company: Company) -> None:
    """An approval in another's name, by somebody without a key."""
    Hand(company.root, CONTROL).commit(approval(company, None), at=company.now.isoformat())


def approve_with_own_key(company: Company) -> None:
    Hand(company.root, CONTROL).commit(approval(company, new_key()), at=company.now.isoformat())


def approve_by_reviewer(company: Company) -> None:
    made = approval(company, company.keys["li.ming"], by="li.ming")
    Hand(company.root, CONTROL).commit(made, at=company.now.isoformat())


def backdate_approval(company: Company) -> None:
    made = approval(company, company.keys["zhao.lei"], recorded_at="2026-11-02T09:00:00+08:00")
    Hand(company.root, CONTROL).commit(made, at="2026-11-02T09:00:00+08:00")


def good_approval(company: Company) -> str:
    return next(path for path in Hand(company.root, CONTROL).files() if path.endswith("approve.json"))


def remove_signature(company: Company) -> None:
    Hand(company.root, CONTROL).commit({good_approval(company) + ".sig": None})


def exchange_signature(company: Company) -> None:
    path = good_approval(company) + ".sig"
    other = next(p for p in Hand(company.root, CONTROL).files() if p.endswith("review.json.sig"))
    Hand(company.root, CONTROL).commit({path: Hand(company.root, CONTROL).read(other)})


def move_event(company: Company) -> None:
    """The first record's event once more, as that of a seventh record."""
    Hand(company.root).commit({FIRST.replace("000001", "000007"): Hand(company.root).read(FIRST)})


def renumber(company: Company) -> None:
    body = Hand(company.root).event()
    record: Any = body["record"]
    Hand(company.root).commit({FIRST: dumps({**body, "record": {**record, "number": "SY-HZ-2026-0099"}})})


def drop_attachment(company: Company) -> None:
    path = next(path for path in Hand(company.root).files() if "/files/" in path)
    Hand(company.root).commit({path: None})


def change_and_change_back(company: Company) -> None:
    hand = Hand(company.root)
    before = hand.read(FIRST)
    hand.commit({FIRST: b"{}"})
    hand.commit({FIRST: before})


def join(company: Company) -> None:
    hand = Hand(company.root)
    hand.commit({}, parents=(hand.head, Hand(company.root, OTHER).head))


def link(company: Company) -> None:
    Hand(company.root).commit({FIRST.replace("0001-", "0002-"): b"/etc/passwd"}, mode="120000")


def nest(company: Company) -> None:
    hand = Hand(company.root)
    hand.commit({FIRST.replace("0001-", "0002-"): hand.head.encode()}, mode="160000")


def smuggle_ledger(company: Company) -> None:
    """A ledger of another year, made of an event of this one."""
    hand = Hand(company.root, "records/trial/2025/hz")
    hand.commit({FIRST: Hand(company.root).read(FIRST)}, parents=())


def swap(company: Company) -> None:
    one, two = Hand(company.root, RECORDS), Hand(company.root, OTHER)
    first, second = one.head, two.head
    git(company.root, "update-ref", f"refs/heads/{RECORDS}", second)
    git(company.root, "update-ref", f"refs/heads/{OTHER}", first)


def backdate_record(company: Company) -> None:
    """A record that looks a week older than it is."""
    body, at = Hand(company.root).event(), "2026-11-02T10:00:00+08:00"
    record: Any = body["record"]
    number = {**record, "serial": 7, "number": "SY-HZ-2026-0007"}
    made = dumps({**body, "record": number, "recorded_at": at, "nonce": "0" * 32, "submission": "x"})
    Hand(company.root).commit({FIRST.replace("000001", "000007"): made}, at=at)


def copy_seat(company: Company) -> None:
    """The whole folder copied, to go on writing there."""
    other = company.root.with_name("second")
    shutil.copytree(company.root, other)
    company.root = other


def double_seat(company: Company) -> None:
    """A second seat with the id of the first."""
    hand = Hand(company.root, JOURNAL)
    path = "seat/00/00/000001/0001-issue.json"
    body = hand.event(path)
    record: Any = body["record"]
    made = dumps({**body, "record": {**record, "serial": 2, "number": "SEAT-HZ-000002"}, "nonce": "1" * 32})
    hand.commit({path.replace("000001", "000002"): made}, at=company.now.isoformat())


def restore_old_backup(company: Company) -> None:
    """All ledgers as they stood two days ago, in the very folder that writes."""
    for branch, keep in ((RECORDS, 3), (JOURNAL, 5)):
        hand = Hand(company.root, branch)
        hand.reset(hand.commits()[keep - 1])
    control = Hand(company.root, CONTROL)
    control.reset(control.commits()[-3])


def change_attributes(company: Company) -> None:
    (company.root / ".gitattributes").write_text("* text=auto\nforms/* export-ignore\n")


def hide_change(company: Company) -> None:
    git(company.root, "update-index", "--skip-worktree", "procedures/QP-14.md")


def set_monitor(company: Company) -> None:
    git(company.root, "config", "core.fsmonitor", "/tmp/evil")


def damage(company: Company) -> None:
    oid = Hand(company.root).files()[FIRST]
    path = company.root / ".git/objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


ACTS: tuple[tuple[Callable[[Company], None], str, tuple[str, ...]], ...] = (
    (delete_ledger, "HIS401", (RECORDS, "it is gone", "HEADS-HZ-")),
    (delete_journal, "HIS401", (JOURNAL, "written after it")),
    (cut_off, "HIS402", (RECORDS, "newest acts were cut off: on", "noted 5 acts")),
    (cut_journal, "HIS402", (JOURNAL, "holds an act that was written later")),
    (rewrite_middle, "HIS403", (RECORDS, "it was rewritten")),
    (lower_the_notes, "HIS402", (JOURNAL, "holds an act that was written later")),
    (cut_off_and_note, "HIS402", (RECORDS, "newest acts were cut off: on", "noted 5 acts")),
    (rewrite_and_note, "HIS403", (RECORDS, "it was rewritten")),
    (note_an_earlier_state, "HIS403", (RECORDS, "it was rewritten")),
    (replace_object, "HIS420", ("another object in its place",)),
    (graft, "HIS421", ("another one than it names",)),
    (approve_unsigned, "HIS440", ("approve by zhao.lei", "had to be")),
    (approve_with_own_key, "HIS442", ("zhao.lei has no such key",)),
    (approve_by_reviewer, "HIS444", ("li.ming had no right",)),
    (backdate_approval, "HIS446", ("lies before that of the act before it",)),
    (remove_signature, "HIS440", ("the signature is missing",)),
    (exchange_signature, "HIS441", ("not one of these bytes",)),
    (move_event, "REC217", ("made for another record",)),
    (renumber, "HIS410", ("0001-issue.json was changed or removed later",)),
    (drop_attachment, "HIS410", ("/files/", "was changed or removed later")),
    (drop_attachment, "REC209", ("照片.jpg", "is missing")),
    (change_and_change_back, "HIS410", (FIRST, "was changed or removed later")),
    (join, "HIS411", ("joins two histories",)),
    (link, "HIS412", ("no plain file (120000)",)),
    (nest, "HIS412", ("no plain file (160000)",)),
    (smuggle_ledger, "HIS407", ("records/trial/2025/hz", "no journal says that it was opened")),
    (swap, "HIS403", (RECORDS, "it was rewritten")),
    (backdate_record, "HIS414", (RECORDS, "2026-11-02 10:00", "was written after one of")),
    (copy_seat, "HIS452", ("this is a copy of that folder",)),
    (double_seat, "HIS451", ("SEAT-HZ-000001 and SEAT-HZ-000002 are one seat",)),
    (restore_old_backup, "HIS409", (RECORDS, "an earlier state was put back")),
    (change_attributes, "HIS424", (".gitattributes", "not as init wrote it")),
    (hide_change, "HIS429", ("procedures/QP-14.md", "not to look")),
    (set_monitor, "HIS425", ("core.fsmonitor", "something foreign")),
    (damage, "HIS461", ("its bytes were changed",)),
)


@pytest.mark.parametrize(("act", "code", "words"), ACTS, ids=[f"{act.__name__}-{code}" for act, code, _ in ACTS])
def test_what_an_insider_does_is_found(
    company: Company, act: Callable[[Company], None], code: str, words: tuple[str, ...]
) -> None:
    act(company)
    found = audited(company)
    assert says(found, code, *words), sorted(found)


def test_a_ledger_that_points_elsewhere_is_named(company: Company) -> None:
    git(company.root, "symbolic-ref", f"refs/heads/{OTHER}", "refs/heads/main")
    found = audited(company)
    assert says(found, "HIS427", OTHER, "refs/heads/main"), sorted(found)


def test_the_program_does_not_note_a_ledger_that_was_cut_off(company: Company) -> None:
    """Not even by an act in another ledger on the next day, which begins with a note of all of them."""
    cut_off(company)
    with pytest.raises(QmsError, match=f"{RECORDS} does not hold any more what HEADS-HZ-000004 noted"):
        recorded(company.later(days=1), "另一天", "F-2")
    assert says(audited(company), "HIS402", RECORDS, "cut off")


def test_without_the_releases_nothing_goes_on(company: Company) -> None:
    git(company.root, "update-ref", "-d", f"refs/heads/{CONTROL}")
    with pytest.raises(QmsError, match="the releases are gone"):
        audited(company)


def test_deleted_and_shortened_and_stale_are_told_apart(whole: Company, tmp_path: Path) -> None:
    """The same ledger: gone; cut off; and in a copy that was made on an earlier day and does not write."""
    gone, cut = copied(whole, tmp_path / "gone"), copied(whole, tmp_path / "cut")
    delete_ledger(gone)
    cut_off(cut)
    stale = tmp_path / "stale"
    git(tmp_path, "clone", "--quiet", str(whole.root), str(stale))
    clone = whole.copy(root=stale)
    earlier = Hand(whole.root).commits()[2]  # where the second day began, so a journal noted it
    git(stale, "update-ref", f"refs/remotes/origin/{RECORDS}", earlier)
    purge(stale)

    kinds = {"HIS401", "HIS402", "HIS403", "HIS405"}
    said = {
        name: {code for code, text in audited(one) if code in kinds and RECORDS in text}
        for name, one in (("gone", gone), ("cut", cut), ("stale", clone))
    }
    assert said == {"gone": {"HIS401"}, "cut": {"HIS402"}, "stale": {"HIS405"}}


def test_who_gives_the_seat_away_does_not_make_a_loss_a_delay(whole: Company, tmp_path: Path) -> None:
    """The ledger cut off where an earlier day ended, in a folder that is no longer the seat's but wrote more."""
    company = copied(whole, tmp_path / "acme", seated=False)
    Hand(company.root).reset(Hand(company.root).commits()[2])
    found = audited(company)
    assert says(found, "HIS402", RECORDS, "newest acts were cut off")
    assert not says(found, "HIS405", RECORDS)


def test_a_whole_clone_and_one_that_is_only_old_are_fine(whole: Company, tmp_path: Path) -> None:
    """A copy without the seat, everything in it of one moment: nothing is missing that it could know of."""
    git(tmp_path, "clone", "--quiet", str(whole.root), str(tmp_path / "clone"))
    clone = whole.copy(root=tmp_path / "clone")
    assert audited(clone) == set()


def test_a_moved_folder_says_so_and_no_more(whole: Company, tmp_path: Path) -> None:
    moved = copied(whole, tmp_path / "moved", seated=False)
    assert {code for code, _ in audited(moved)} == {"HIS452"}
    sit(moved.root)
    assert audited(moved) == set()
