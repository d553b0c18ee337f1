"""Rules over history and integrity: what triggers each of them, and what is near it and is spared."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import destruction
import pytest
from control import Company
from program import Make
from tamper import (
    CONTROL,
    FIRST,
    JOURNAL,
    OTHER,
    RECORDS,
    Hand,
    approval,
    begun,
    codes,
    copied,
    findings,
    git,
    noted,
    purge,
    recorded,
    says,
    told,
)

from qmsdocs.acts import officers
from qmsdocs.acts.control import Act
from qmsdocs.acts.record import Intent, amend
from qmsdocs.audit import doubt, history
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import dumps, sha256
from qmsdocs.query.rule_texts import texts
from qmsdocs.store.head import record_head_line
from qmsdocs.store.signature import new_key

Deed = Callable[[Company], object]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = told(tmp_path_factory.mktemp("history") / "acme")
    stored = company.root.with_name("stored")
    company.root.rename(stored)
    return company.copy(root=stored)


@pytest.fixture
def company(whole: Company, tmp_path: Path) -> Company:
    return copied(whole, tmp_path / "acme")


def git_folder(company: Company) -> Path:
    return company.root / ".git"


def write(company: Company, path: str, text: str = "x\n", *, may_run: bool = False) -> None:
    """A file in the folder."""
    file = company.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755 if may_run else 0o644)


def cloned(company: Company, *options: str) -> None:
    """The company is from now on in a clone of its folder, without the seat."""
    root = company.root.with_name("clone")
    git(company.root, "clone", "--quiet", *options, company.root.as_uri(), str(root))
    company.root = root


def removed(company: Company, branch: str = RECORDS) -> None:
    for prefix in ("refs/heads", "refs/remotes/origin"):
        git(company.root, "update-ref", "-d", f"{prefix}/{branch}")


def cut(company: Company, count: int = 3, branch: str = RECORDS) -> None:
    hand = Hand(company.root, branch)
    hand.reset(hand.commits()[count - 1])


def another_text(company: Company) -> None:
    """Every commit of the ledger made anew, the first event with another text."""

    def other(_: str, added: dict[str, bytes | None]) -> None:
        if FIRST in added:
            added[FIRST] = dumps({**json.loads(added[FIRST] or b""), "reason": "另写"})

    Hand(company.root).rebuilt(other)


def fetched(company: Company, commit: str) -> None:
    """Another copy's state of the ledger, as a fetch brings it."""
    git(company.root, "config", "remote.usb.url", "/nowhere")
    git(company.root, "update-ref", f"refs/remotes/usb/{RECORDS}", commit)


def went_another_way(company: Company) -> None:
    hand = Hand(company.root)
    head = hand.head
    other = hand.commit({FIRST.replace("000001", "000009"): b"{}"}, parents=(hand.commits()[0],))
    git(company.root, "update-ref", f"refs/heads/{RECORDS}", head)
    fetched(company, other)


def stale(company: Company) -> None:
    """A clone whose ledger stands where an earlier day ended, while its journal is of today."""
    earlier = Hand(company.root).commits()[2]
    cloned(company)
    git(company.root, "update-ref", f"refs/remotes/origin/{RECORDS}", earlier)
    purge(company.root)


def by_hand(company: Company, branch: str, **changes: Any) -> None:
    """A ledger of one event, made of an event of another."""
    made = {**Hand(company.root).event(), "ledger": branch, "journal": Hand(company.root, JOURNAL).head, **changes}
    Hand(company.root, branch).commit({FIRST: dumps(made)}, parents=(), at=str(made["recorded_at"]))


def opened_late(company: Company) -> None:
    by_hand(company, "records/trial/2025/hz")
    noted(company, series="opening", set={"ledger": "records/trial/2025/hz"})


def heads_of(company: Company) -> dict[str, Any]:
    hand = Hand(company.root, JOURNAL)
    last = max(path for path in hand.files() if path.startswith("heads/"))
    said: Any = hand.event(last)["set"]
    found: dict[str, Any] = said["ledgers"]
    return found


def counted_wrong(company: Company, **changes: Any) -> None:
    """A note of today with other counts of the ledger than those of the commit it names."""
    said = heads_of(company)
    noted(company, set={"ledgers": {**said, RECORDS: {**said[RECORDS], "commit": Hand(company.root).head, **changes}}})


def recorded_at(company: Company, **span: int) -> None:
    """A record written by hand so much later than the newest one."""
    hand = Hand(company.root)
    at = company.now.fromisoformat(git(company.root, "log", "-1", "--format=%cI", RECORDS)) + timedelta(**span)
    hand.commit({FIRST.replace("000001", "000007"): hand.read(FIRST)}, at=at.isoformat())


def dated(company: Company, at: str, **earlier: int) -> None:
    """One more record written by hand at a time, which says that it was recorded so much earlier."""
    said = company.now.fromisoformat(at) - timedelta(**earlier)
    body = {**Hand(company.root).event(), "recorded_at": said.isoformat()}
    Hand(company.root).commit({FIRST.replace("000001", "000007"): dumps(body)}, at=at)


def restored(company: Company, *, by: str = "wang.fang", state: str = "compared", **changes: Any) -> None:
    """A restore test written into the journal by hand."""
    said = {"backup": "a" * 64, "made_at": company.now.isoformat(timespec="seconds"), "records": 6, **changes}
    hand = Hand(company.root, JOURNAL)
    body = {
        **hand.event("heads/00/00/000001/0001-issue.json"), "state": state, "by": by, "set": said, "nonce": "4" * 32,
        "record": {"series": "restore", "serial": 1, "number": "RST-HZ-000001"}, "journal": hand.head,
        "recorded_at": company.now.isoformat(timespec="seconds"), "control": Hand(company.root, CONTROL).head,
    }  # fmt: skip
    hand.commit({"restore/00/00/000001/0001-issue.json": dumps(body)}, at=company.now.isoformat(timespec="seconds"))


def lost_by(company: Company, person: str) -> None:
    """The key of the approver reported lost, unsigned, past the program."""
    hand = Hand(company.root, CONTROL)
    folder = next(path for path in hand.files() if path.startswith("key/") and "zhao.lei" in str(hand.event(path[:-4] if
                  path.endswith(".sig") else path))).rpartition("/")[0]  # fmt: skip
    last = max(path for path in hand.files() if path.startswith(folder) and path.endswith(".json"))
    at = company.now.isoformat(timespec="seconds")
    body = {
        **hand.event(last), "act": "lose", "state": "lost", "sequence": 3, "previous": sha256(hand.read(last)), "by": person,
        "set": {"lost_at": at}, "recorded_at": at, "signer": None, "control": hand.head, "nonce": "5" * 32, "reason": "被盗",
    }  # fmt: skip
    hand.commit({f"{folder}/0003-lose.json": dumps(body)}, at=at)


def amended(company: Company) -> None:
    intent = Intent(by="wang.fang", reason="写错")
    company.do(lambda system: amend(system, "SY-HZ-2026-0001", values={"text": "更正后"}, intent=intent))


def approved(company: Company, person: str | None, *, at: str | None = None, **changes: Any) -> None:
    key = company.keys.get(person) if person else None
    made = approval(company, key, **changes)
    Hand(company.root, CONTROL).commit(made, at=at or company.now.isoformat(timespec="seconds"))


def approved_with_lost_key(company: Company) -> None:
    company.do(lambda system: officers.lose(system, "zhao.lei", Act("wang.fang", "被盗"), lost_at=system.now))
    company.later(minutes=1)
    approved(company, "zhao.lei")


def signature_exchanged(company: Company) -> None:
    files = approval(company, company.keys["zhao.lei"])
    [path] = [path for path in files if path.endswith(".sig")]
    files[path] = new_key().sign(b"something else", namespace="qms-approved@v1")
    Hand(company.root, CONTROL).commit(files, at=company.now.isoformat(timespec="seconds"))


def linked(company: Company, path: str) -> None:
    (company.root / path).parent.mkdir(parents=True, exist_ok=True)
    (company.root / path).symlink_to("/etc/hostname")


def not_canonical(company: Company) -> None:
    hand = Hand(company.root, JOURNAL)
    noted(company)
    last = max(path for path in hand.files() if path.startswith("heads/"))
    loose = json.dumps(hand.event(last), indent=1).encode()
    hand.commit({last: loose}, parents=(hand.commits()[-2],))


def same_seat(company: Company) -> None:
    noted(company, series="seat")


def without_object(company: Company, oid: str) -> None:
    (git_folder(company) / "objects" / oid[:2] / oid[2:]).unlink()


def flipped(company: Company) -> None:
    oid = Hand(company.root).files()[FIRST]
    path = git_folder(company) / "objects" / oid[:2] / oid[2:]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.chmod(0o644)
    path.write_bytes(bytes(data))


# code, what is done, what is said of it
FIRES: tuple[tuple[str, Deed, tuple[str, ...]], ...] = (
    ("HIS401", removed, (RECORDS, "it is gone: on")),
    ("HIS401", lambda c: removed(c, JOURNAL), (JOURNAL, "written after it")),
    ("HIS402", cut, (RECORDS, "cut off: on 20")),
    ("HIS402", lambda c: git(c.root, "update-ref", f"refs/heads/{RECORDS}", Hand(c.root).commits()[2]), (RECORDS, "cut off")),
    ("HIS402", lambda c: cut(c, 4, JOURNAL), (JOURNAL, "cut off", "written later")),
    ("HIS402", lambda c: cut(c, -4, CONTROL), (CONTROL, "cut off")),
    ("HIS403", another_text, (RECORDS, "rewritten", "acts HEADS-HZ-")),
    ("HIS404", went_another_way, (RECORDS, "usb/records/trial/2026/hz went another way")),
    ("HIS405", stale, (RECORDS, "this copy is behind: on")),
    ("HIS407", lambda c: by_hand(c, "records/trial/2025/hz"), ("records/trial/2025/hz", "no journal says")),
    ("HIS407", opened_late, ("records/trial/2025/hz", "opening was written after its first act")),
    ("HIS408", lambda c: noted(c, series="opening", set={"ledger": "records/trial/2027/hz"}),
     ("records/trial/2027/hz", "nothing of it is held")),
    ("HIS409", lambda c: cut(c, -1), (RECORDS, "an earlier state was put back")),
    ("HIS410", lambda c: Hand(c.root).commit({FIRST: b"{}"}), ("SY-HZ-2026-0001", "was changed or removed later")),
    ("HIS410", lambda c: Hand(c.root).commit({FIRST: None}), ("SY-HZ-2026-0001", "was changed or removed later")),
    ("HIS411", lambda c: Hand(c.root).commit({}, parents=(Hand(c.root).head, Hand(c.root, OTHER).head)),
     (RECORDS, "joins two histories")),
    ("HIS412", lambda c: Hand(c.root).commit({"note.txt": b"x"}), (RECORDS, "note.txt does not belong")),
    ("HIS412", lambda c: Hand(c.root).commit({FIRST.replace("0001-", "0002-"): b"x"}, mode="100755"), ("100755",)),
    ("HIS413", lambda c: counted_wrong(c, events=2), (RECORDS, "notes 2 acts")),
    ("HIS413", lambda c: counted_wrong(c, events=7, last={"sy": 99}), ("notes 99 as the last number of sy, it was 6",)),
    ("HIS414", lambda c: recorded_at(c, minutes=-3), (RECORDS, "was written after one of")),
    ("HIS415", lambda c: noted(c, at=c.now + timedelta(days=800)), (JOURNAL, "the act of 2029")),
    ("HIS416", lambda c: dated(c, "2026-11-05T09:00:00+08:00", minutes=1), ("SY-HZ-2026-0001", "2026-11-05 08:59", "09:00")),
    ("HIS416", lambda c: dated(c, "2026-11-05T09:00:00+08:00", days=-20), ("2026-11-25 09:00",)),
    ("HIS417", lambda c: dated(c, "2027-01-05T09:00:00+08:00"), ("2027-01-05 09:00", "in the ledger of 2026")),
    ("HIS418", lambda c: (c.root / ".qms/written.json").unlink(), (JOURNAL, "its note of what it wrote is gone")),
    ("HIS420", lambda c: git(c.root, "replace", Hand(c.root).head, Hand(c.root, OTHER).head), ("another object",)),
    ("HIS421", lambda c: write(c, ".git/info/grafts", f"{Hand(c.root).head}\n"), ("another one than it names",)),
    ("HIS422", lambda c: cloned(c, "--depth=1", "--no-single-branch"), ("what came before",)),
    ("HIS423", lambda c: write(c, ".git/objects/info/alternates", "/srv/objects\n"), ("/srv/objects",)),
    ("HIS424", lambda c: write(c, ".gitattributes", "* text=auto\n"), (".gitattributes",)),
    ("HIS424", lambda c: write(c, "forms/.gitattributes", "* export-ignore\n"), ("forms/.gitattributes",)),
    ("HIS424", lambda c: write(c, ".git/info/attributes", "* ident\n"), (".git/info/attributes",)),
    ("HIS424", lambda c: git(c.root, "config", "core.attributesFile", "/tmp/a"), ("core.attributesFile",)),
    ("HIS425", lambda c: git(c.root, "config", "gc.auto", "6700"), ("gc.auto is 6700, it has to be 0",)),
    ("HIS425", lambda c: git(c.root, "config", "--unset", "core.fsync"), ("core.fsync is -, it has to be all",)),
    ("HIS425", lambda c: git(c.root, "config", "include.path", "../evil"), ("include.path = ../evil",)),
    ("HIS425", lambda c: git(c.root, "config", "filter.x.smudge", "evil"), ("filter.x.smudge = evil",)),
    ("HIS426", lambda c: git(c.root, "update-ref", "refs/heads/records/Trial", "main"), ("records/Trial",)),
    ("HIS427", lambda c: git(c.root, "symbolic-ref", f"refs/heads/{OTHER}", "refs/heads/main"), (OTHER, "refs/heads/main")),
    ("HIS428", lambda c: linked(c, "forms/F-1/template.html"), ("forms/F-1/template.html", "/etc/hostname")),
    ("HIS428", lambda c: git(c.root, "init", "--quiet", "procedures/inner"), ("procedures/inner", "of its own")),
    ("HIS429", lambda c: git(c.root, "update-index", "--skip-worktree", "people.toml"), ("people.toml",)),
    ("HIS429", lambda c: git(c.root, "update-index", "--assume-unchanged", "qms.toml"), ("qms.toml",)),
    ("HIS430", lambda c: write(c, f".git/logs/refs/heads/{RECORDS}"), (RECORDS, "git logs where it stood")),
    ("HIS431", lambda c: write(c, f".git/refs/heads/{RECORDS}.lock"), (f"refs/heads/{RECORDS}.lock",)),
    ("HIS431", lambda c: write(c, ".git/index.lock"), ("index.lock",)),
    ("HIS432", lambda c: write(c, ".git/hooks/post-commit", "#!/bin/sh\n", may_run=True), ("post-commit",)),
    ("HIS432", lambda c: git(c.root, "config", "core.hooksPath", "/tmp/hooks"), ("core.hooksPath = /tmp/hooks",)),
    ("HIS440", lambda c: approved(c, None), ("approve by zhao.lei", "it had to be")),
    ("HIS441", signature_exchanged, ("approve by zhao.lei", "not one of these bytes")),
    ("HIS442", lambda c: approved(c, "li.ming"), ("zhao.lei has no such key",)),
    ("HIS443", approved_with_lost_key, ("had been reported lost before",)),
    ("HIS444", lambda c: approved(c, "li.ming", by="li.ming"), ("li.ming had no right",)),
    ("HIS444", lambda c: lost_by(c, "mickey"), ("lose by mickey", "mickey had no right")),
    ("HIS445", lambda c: approved(c, "zhao.lei", repository="b" * 32), ("another repository",)),
    ("HIS446", lambda c: approved(c, "zhao.lei", control="a" * 40), ("another state of the releases",)),
    ("HIS447", lambda c: Hand(c.root, CONTROL).commit({"key/00/00/000001/0002-confirm.json": b"{}"}),
     ("was changed or removed later",)),
    ("HIS450", lambda c: noted(c, step=2), (JOURNAL, "heads 5 is missing")),
    ("HIS450", lambda c: noted(c, journal="a" * 40), ("follows a state that is not held",)),
    ("HIS450", lambda c: noted(c, previous="a" * 64), ("does not follow the act before it",)),
    ("HIS450", not_canonical, ("not in the one form",)),
    ("HIS451", same_seat, ("SEAT-HZ-000001 and SEAT-HZ-000002",)),
    ("HIS452", lambda c: c.root.rename(c.root.with_name("b")) and setattr(c, "root", c.root.with_name("b")),
     ("this is a copy",)),
    ("HIS453", lambda c: noted(c, set={"ledgers": []}), (JOURNAL, "heads/", "ledgers is of another kind")),
    ("HIS453", lambda c: noted(c, set={}), ("ledgers is missing",)),
    ("HIS453", lambda c: noted(c, state="x"), ("the act issue leads from - to x",)),
    ("HIS453", lambda c: restored(c, by="mickey"), ("mickey was nobody here on 2026-11-04",)),
    ("HIS453", lambda c: restored(c, made_at=7), ("made_at is of another kind",)),
    ("HIS453", lambda c: restored(c, made_at="2026-12-01T00:00:00+08:00"), ("its times are in no order",)),
    ("HIS453", lambda c: restored(c, more="x"), ("no field more",)),
    ("HIS454", lambda c: noted(c, format=99), (JOURNAL, "needs a newer program")),
    ("HIS460", lambda c: without_object(c, Hand(c.root).head), (RECORDS, "missing or damaged")),
    ("HIS461", flipped, ("objects/", "its bytes were changed")),
)  # fmt: skip

# code, what is near it
SPARES: tuple[tuple[str, Deed], ...] = (
    ("HIS401", stale),
    ("HIS401", cut),
    ("HIS402", stale),
    ("HIS402", removed),
    ("HIS403", cut),
    ("HIS403", lambda c: recorded(c, "又一件")),
    ("HIS404", lambda c: fetched(c, Hand(c.root).commits()[2])),
    ("HIS405", cut),
    ("HIS405", cloned),
    ("HIS406", removed),
    ("HIS407", lambda c: recorded(c.later(days=60), "新的一年")),
    ("HIS408", removed),
    ("HIS409", lambda c: recorded(c, "又一件")),
    ("HIS410", amended),
    ("HIS411", lambda c: fetched(c, Hand(c.root).commits()[2])),
    ("HIS412", amended),
    ("HIS413", lambda c: record_head_line(c.system.store, "hz", now=c.now)),
    ("HIS414", lambda c: recorded_at(c, minutes=-1)),
    ("HIS415", lambda c: noted(c, at=c.now + timedelta(days=300))),
    ("HIS416", lambda c: dated(c, "2026-11-05T09:00:00+08:00", minutes=0)),
    ("HIS417", lambda c: amended(c.later(days=60))),
    ("HIS418", cloned),
    ("HIS420", lambda c: git(c.root, "update-ref", "refs/heads/replace/x", "main")),
    ("HIS421", lambda c: write(c, ".git/info/grafts", "")),
    ("HIS422", cloned),
    ("HIS423", lambda c: write(c, ".git/objects/info/alternates", "\n")),
    ("HIS424", lambda c: (c.root / ".gitattributes").write_bytes((c.root / ".gitattributes").read_bytes()[:-1] + b"\r\n")),
    ("HIS425", lambda c: git(c.root, "config", "user.name", "王芳")),
    ("HIS425", lambda c: git(c.root, "config", "core.fsmonitor", "false")),
    ("HIS425", cloned),
    ("HIS426", lambda c: git(c.root, "update-ref", "refs/heads/drafts/records", "main")),
    ("HIS427", lambda c: git(c.root, "symbolic-ref", "refs/heads/now", "refs/heads/main")),
    ("HIS428", lambda c: linked(c, "records/issued/x.pdf")),
    ("HIS428", lambda c: linked(c, "notes/x.txt")),
    ("HIS429", lambda c: write(c, "people.toml", "# changed\n")),
    ("HIS430", lambda c: write(c, ".git/logs/refs/heads/main")),
    ("HIS431", lambda c: write(c, ".git/qmsdocs.lock")),
    ("HIS432", lambda c: write(c, ".git/hooks/post-commit.sample", may_run=True)),
    ("HIS432", lambda c: write(c, ".git/hooks/post-commit")),
    *((code, lambda c: approved(c, "zhao.lei")) for code in doubt.CODES.values()),
    ("HIS450", lambda c: noted(c)),
    ("HIS451", lambda c: noted(c, series="seat", set={"seat": "f" * 32, "machine": "x", "folder": "/x"})),
    ("HIS452", cloned),
    ("HIS444", lambda c: lost_by(c, "wang.fang")),
    ("HIS453", restored),
    ("HIS453", lambda c: noted(c)),
    ("HIS454", lambda c: noted(c)),
    ("HIS460", lambda c: purge(c.root)),
    ("HIS461", lambda c: purge(c.root)),
)  # fmt: skip
ELSEWHERE = {"HIS406", "HIS455", "HIS470", "HIS471"}  # have tests of their own: below, in test_guard, in test_kept_head


@pytest.mark.parametrize(("code", "deed", "words"), FIRES, ids=[f"{row[0]}-{n}" for n, row in enumerate(FIRES)])
def test_it_fires(company: Company, code: str, deed: Deed, words: tuple[str, ...]) -> None:
    deed(company)
    found = findings(company, is_full=code in ("HIS460", "HIS461"))
    assert says(found, code, *words), sorted(found)


@pytest.mark.parametrize(("code", "deed"), SPARES, ids=[f"{row[0]}-{n}" for n, row in enumerate(SPARES)])
def test_it_spares(company: Company, code: str, deed: Deed) -> None:
    deed(company)
    found = findings(company, is_full=code in ("HIS460", "HIS461"))
    assert code not in codes(found), sorted(found)


def test_a_whole_repository_is_clean(company: Company) -> None:
    assert findings(company, is_full=True) == set()


def test_every_rule_of_the_family_is_tried_in_both_directions() -> None:
    known = {code for code in texts() if code.startswith("HIS")}
    assert {row[0] for row in FIRES} | ELSEWHERE == known
    assert {row[0] for row in SPARES} | ELSEWHERE >= known


def test_what_is_kept_at_a_shared_store_is_no_loss(tmp_path: Path) -> None:
    """A reader that has not read the store says so; in the copy that writes, the same ledger is lost."""
    git(tmp_path, "init", "--quiet", "--bare", "shared.git")
    writer = begun(tmp_path / "writer", f'[remote.shared]\nurl = "{tmp_path}/shared.git"\n')
    for day in range(2):
        recorded(writer.later(days=1), f"第 {day} 件")
        recorded(writer, f"另一类第 {day} 件", "F-2")
    git(tmp_path, "clone", "--quiet", str(writer.root), "reader")
    reader = writer.copy(root=tmp_path / "reader")
    for copy in (writer, reader):
        removed(copy)
    assert says(findings(reader), "HIS406", RECORDS, "kept at shared")
    assert "HIS401" not in codes(findings(reader))
    assert "HIS406" not in codes(findings(writer))
    assert says(findings(writer), "HIS401", RECORDS)
    git(reader.root, "update-ref", "-d", f"refs/remotes/origin/{JOURNAL}")
    assert says(findings(reader), "HIS406", JOURNAL, "kept at shared")


def test_what_was_verified_before_is_not_walked_again(company: Company) -> None:
    """A change below the verified commit is not looked for; one above it is; a vanished one is a rewriting."""
    hand = Hand(company.root)
    verified = hand.commit({FIRST: b"{}"}, at=company.now.isoformat())
    recorded(company.later(hours=1), "又一件")
    scope = Scope(company.system)
    assert not [code for code, _ in history.check_ledger(scope, RECORDS, hand.head, verified=verified)]
    hand.commit({FIRST: b"[]"}, at=company.now.isoformat())
    assert [code for code, _ in history.check_ledger(scope, RECORDS, hand.head, verified=verified)] == ["HIS410"]
    [code] = {code for code, _ in history.check_ledger(scope, OTHER, Hand(company.root, OTHER).head, verified=verified)}
    assert code == "HIS403"


def test_the_clock_is_compared_with_what_was_verified_before(company: Company) -> None:
    verified = Hand(company.root).head
    recorded_at(company, minutes=-5)
    scope = Scope(company.system)
    found = history.check_ledger(scope, RECORDS, Hand(company.root).head, verified=verified)
    assert "HIS414" in {code for code, _ in found}


def test_many_commits_are_walked_as_well_as_few(company: Company) -> None:
    hand = Hand(company.root)
    hand.commit({FIRST: b"{}"})
    for serial in range(10, 75):
        hand.commit({FIRST.replace("000001", f"{serial:06d}"): os.urandom(8)})
    scope = Scope(company.system)
    found = [hit for code, hit in history.check_ledger(scope, RECORDS, hand.head, verified=None) if code == "HIS410"]
    assert [hit.place for hit in found] == [f"{RECORDS}:{FIRST}"]


@pytest.mark.slow
def test_a_disposal_is_no_rewriting(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger replaced under a certificate, then written again: the journal's notes of before explain themselves."""
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    program = destruction.begun(make, tmp_path / "acme")
    gone, later = destruction.ended(program, "销毁"), destruction.due(program)
    program.later(timedelta(days=1)).issue()
    destruction.done(later, "retention", "dispose", gone, *destruction.ORDER)
    for moment in (later, later.later(timedelta(days=1))):
        moment.issue()
        for full in ((), ("--full",)):
            found = moment("audit", "--json", *full).json["findings"]
            assert not [item for item in found if item["code"][:3] in ("HIS", "REC")], found
