"""Only a certificate that can be believed does anything: what is forged elsewhere destroys nothing and steers nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
from destruction import ORDER, PEOPLE, begun, done, due, ended, found
from program import Make, Program, refused
from tamper import Hand

from qmsdocs.acts import disposal as acts
from qmsdocs.base.canonical import Json, dumps, sha256
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.cli.keyring import Keyring
from qmsdocs.store import disposal, post
from qmsdocs.store.certificate import carried_out
from qmsdocs.store.objects import Objects
from qmsdocs.store.rows import Row
from qmsdocs.store.signature import SigningKey, namespace_of, new_key
from qmsdocs.system import believed, builtin
from qmsdocs.system.view import open_system

CONTROL, JOURNAL, LEDGER = "qms/control", "qms/journal/hz", "records/liaison/2026/hz"
FIRST = "disposal/00/00/000001"
NOWHERE: Mapping[str, Json] = {"before": "3" * 40, "root": "1" * 40, "tree": "2" * 40}
Keys: TypeAlias = Mapping[str, SigningKey]
MEANS = {"issue": "approved", "witness": "witnessed", "carry_out": "carried_out"}


@pytest.fixture
def company(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A company whose records may be destroyed."""
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    return begun(make, tmp_path / "acme")


def rows(program: Program, *numbers: str, people: tuple[str, ...] = PEOPLE) -> tuple[tuple[Row, ...], Keys]:
    """The records as the copy holds them, and everybody's true keys."""
    assert program.at is not None
    system = open_system(program.root, now=program.at, machine=platform.node())
    ring = Keyring(system.repository, Catalogue.load(Language.EN).say)
    try:
        return tuple(system.record_row(number) for number in numbers), {
            person: ring.signer(system, person).key for person in people
        }
    finally:
        system.store.close()


def listed(row: Row, **changes: Json) -> dict[str, Json]:
    """A record as a certificate lists it."""
    return {
        "number": row.number, "series": row.series, "serial": row.serial, "form": "QR-04-01", "title": "x",
        "year": 2026, "retention": "liaison", "reason": "period", "sha256": row.sha256, "events": 2, "attachments": 0,
        "submissions": [], **changes,
    }  # fmt: skip


@dataclass(frozen=True)
class Stranger:
    """A clone, with a program of its own, that writes what it wants into the journal."""

    program: Program
    folder: Path

    @classmethod
    def of(cls, program: Program, folder: Path) -> Stranger:
        """With everything the copy holds now."""
        subprocess.run(["git", "clone", "-q", "--mirror", program.root / ".git", folder / ".git"], check=True)
        subprocess.run(["git", "-C", folder, "config", "core.bare", "false"], check=True)
        return cls(program, folder)

    def act(self, act: str, key: SigningKey, person: str, base: Mapping[str, Json], **said: Json) -> None:
        """One more act on the first certificate."""
        hand = Hand(self.folder, JOURNAL)
        own = sorted(path for path in hand.files() if path.startswith(f"{FIRST}/") and path.endswith(".json"))
        assert self.program.at is not None
        moment = self.program.at.isoformat(timespec="seconds")
        signer: Json = {"person": person, "key": key.public.fingerprint, "meaning": MEANS[act]}
        body = {
            **base, "act": act, "sequence": len(own) + 1, "by": person, "entered_by": person, "reason": None,
            "nonce": os.urandom(16).hex(), "signer": signer, "recorded_at": moment,
            "previous": sha256(hand.read(own[-1])) if own else None, "journal": hand.head,
            "control": Hand(self.folder, CONTROL).head, **said,
        }  # fmt: skip
        data, path = dumps(body), f"{FIRST}/{len(own) + 1:04d}-{act}.json"
        hand.commit({path: data, f"{path}.sig": key.sign(data, namespace=namespace_of(MEANS[act]))}, at=moment)

    def drawn_up(
        self, key: SigningKey, person: str, records: list[Json], ledger: str = LEDGER, **said: Json
    ) -> Mapping[str, Json]:
        """A certificate of its own, authorised; what all of its acts say."""
        hand = Hand(self.folder, JOURNAL)
        heads = sorted(path for path in hand.files() if path.startswith("heads/") and path.endswith(".json"))
        form = builtin.reference(builtin.DISPOSAL)
        base = {
            **hand.event(heads[-1]), "record": {"number": "DSP-HZ-000001", "series": "disposal", "serial": 1},
            "form": {"number": form.number, "revision": form.revision, "sha256": form.sha256}, "set": {},
        }  # fmt: skip
        drawn: Json = {
            "ledger": ledger, "method": "x", "place": "x", "paper": "x", "beyond_reach": [], "needed": 2,
            "witnesses": ["li.ming", "wang.fang"], "salt": "0" * 32, "records": records, **said,
        }  # fmt: skip
        self.act("issue", key, person, base, state="authorised", set=drawn)
        return base

    def certificate(
        self, keys: Keys, records: list[Json], ledger: str = LEDGER, *, last: Mapping[str, Json] | None = None,
        people: tuple[str, str, str] = PEOPLE, **said: Json,
    ) -> None:  # fmt: skip
        """A certificate of its own, by three people, carried out; the state replaced was noted."""
        authority, one, two = people
        base = self.drawn_up(keys[authority], authority, records, ledger, **said)
        self.act("witness", keys[one], one, base, state="authorised")
        self.act("witness", keys[two], two, base, **{"state": "authorised", **(last or {})})
        self.end(keys[two], base, two)

    def end(self, key: SigningKey, base: Mapping[str, Json], person: str = "wang.fang") -> None:
        """The last act, true of no state."""
        self.act("carry_out", key, person, base, state="carried_out", set=dict(NOWHERE))

    def sent(self) -> Path:
        """All of it in a file."""
        path = self.folder / "s.bundle"
        listed = [
            "git",
            "-C",
            str(self.folder),
            "for-each-ref",
            "--format=%(refname)",
            "refs/heads/qms",
            "refs/heads/records",
        ]
        names = subprocess.run(listed, capture_output=True, check=True, text=True).stdout.split()
        subprocess.run(["git", "-C", str(self.folder), "bundle", "create", "-q", str(path), *names], check=True)
        return path


def taken_in(program: Program, stranger: Stranger) -> Program:
    """The desk after it took the file in the hard way: with git, past the program's own refusal."""
    path = stranger.sent()
    program.git("fetch", "-q", str(path), f"+refs/heads/{JOURNAL}:refs/heads/{JOURNAL}")
    return program.later(timedelta(minutes=5))


def waiting(program: Program, number: str) -> str:
    """The certificate over a record that waits for wang.fang, whose key is elsewhere meanwhile."""
    keys = [path for path in Path(os.environ["QMSDOCS_KEYS"]).rglob("wang.fang*") if path.suffix != ".pub"]
    for path in keys:
        path.rename(f"{path}.away")
    said = program("retention", "dispose", number, *ORDER, "--json").json["certificates"][0]
    for path in keys:
        Path(f"{path}.away").rename(path)
    return str(said["number"])


def test_an_interrupted_witness_leaves_no_order_that_a_stranger_may_fulfil(
    company: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the last signature; then the house places a hold, and somebody else signs with his own keys."""
    number = ended(company, "甲标记")
    desk = due(company)
    certificate = waiting(desk, number)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(post, "prepare", stop)
        desk("retention", "witness", certificate, "--as", "wang.fang", "-y")
    assert not (desk.root / ".qms" / disposal.PENDING_FILE).exists()
    done(desk, "retention", "hold", number, "-m", "诉讼", "--as", "li.ming")
    stranger, key = Stranger.of(desk, tmp_path / "evil"), new_key()
    base = {**Hand(stranger.folder, JOURNAL).event(f"{FIRST}/0001-issue.json"), "set": {}}
    stranger.act("witness", key, "wang.fang", base, state="authorised")
    stranger.end(key, base)
    for note in (None, '{"hz/1": {"site": "hz", "serial": 1}}'):  # as an earlier program left it
        later = taken_in(desk, stranger)
        if note is not None:
            (desk.root / ".qms" / disposal.PENDING_FILE).write_text(note, "utf-8")
        assert later.issue()
        assert later.record(number)["number"] == number
        assert found(desk.root, "甲标记")
    assert not (desk.root / ".qms" / disposal.PENDING_FILE).exists()


def test_a_certificate_that_waits_and_cannot_be_believed_keeps_no_other_one_back(
    company: Program, tmp_path: Path
) -> None:
    """A true one does."""
    number = ended(company, "丁标记")
    desk = due(company)
    desk.issue()
    (row,), _ = rows(desk, number)
    stranger = Stranger.of(desk, tmp_path / "evil")
    stranger.drawn_up(new_key(), "zhao.lei", [listed(row)])
    later = taken_in(desk, stranger)
    certificate = waiting(later, number)
    assert certificate == "DSP-HZ-000002"
    refused(later("retention", "dispose", number, *ORDER), certificate)
    done(later, "retention", "witness", certificate, "--as", "wang.fang", "-y")
    assert found(desk.root, "丁标记") == []


@pytest.mark.parametrize("ledger", [CONTROL, JOURNAL])
def test_no_certificate_destroys_releases_holds_or_the_journal(company: Program, tmp_path: Path, ledger: str) -> None:
    """Not even with everybody's true keys."""
    number = ended(company, "乙标记")
    desk = due(company)
    done(desk, "retention", "hold", number, "-m", "诉讼", "--as", "li.ming")
    desk.issue()
    (row,), keys = rows(desk, number)
    series, before = ("hold", Hand(desk.root, CONTROL)) if ledger == CONTROL else ("heads", Hand(desk.root, JOURNAL))
    stranger = Stranger.of(desk, tmp_path / "evil")
    record = listed(row, number="x", series=series, serial=1, sha256="0" * 64)
    stranger.certificate(keys, [record], ledger)
    later = taken_in(desk, stranger)
    assert carried_out(Objects(desk.root / ".git")) == ()
    later.issue()
    assert f"{series}/00/00/000001/0001-issue.json" in before.files()
    assert later("audit").code == 1


Change: TypeAlias = Callable[[Row], dict[str, Json]]
DAYS: Mapping[str, Json] = {"trigger_on": "2026-11-21", "due_on": "2026-12-22"}


@pytest.mark.parametrize(
    ("days", "change", "why"),
    [
        (3, lambda row: listed(row), "its period has not begun"),
        (3, lambda row: listed(row, **DAYS), "is kept until"),
        (3, lambda row: listed(row, trigger_on="2026-11-21", due_on="2026-11-22"), "is kept until"),
        (3, lambda row: listed(row, trigger_on="2026-01-01", due_on="2026-02-01"), "is kept until"),
        (40, lambda row: listed(row, **DAYS, number="X-1"), "is no longer what"),
        (40, lambda row: listed(row, **DAYS, sha256="0" * 64), "is no longer what"),
        (40, lambda row: listed(row, **DAYS, retention="complaint"), "has no class"),
    ],
    ids=["no day", "too early", "a nearer day", "an earlier trigger", "number", "hash", "class"],
)
def test_true_keys_destroy_nothing_that_is_not_due_or_not_what_is_named(
    company: Program, tmp_path: Path, days: int, change: Change, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ended(company, "丙标记")
    company.issue()
    desk = company.later(timedelta(days=days))
    desk.issue()
    (row,), keys = rows(desk, number)
    stranger = Stranger.of(desk, tmp_path / "evil")
    stranger.certificate(keys, [change(row)])
    later = taken_in(desk, stranger)
    assert any(why in said for said in doubts(later)), doubts(later)
    monkeypatch.setattr(disposal, "_is_true", lambda *_: True)  # what else there is against it
    later.issue()
    assert later.record(number)["number"] == number
    assert found(desk.root, "丙标记")


def doubts(program: Program) -> list[str]:
    """Everything against the first certificate."""
    assert program.at is not None
    system = open_system(program.root, now=program.at, machine=platform.node())
    try:
        item = acts.the_certificate(system, "DSP-HZ-000001")
        return [str(why) for why in acts.problems(system, item)]
    finally:
        system.store.close()


ERASURE: Mapping[str, Json] = {"requested_by": "本人", "law_checked": "无", "witnesses": ["wang.fang", "li.ming"]}


@pytest.mark.parametrize(
    ("said", "last", "why"),
    [
        (ERASURE, {}, ""),
        ({**ERASURE, "law_checked": ""}, {}, "its period has not begun"),
        (ERASURE, {"previous": "0" * 64}, "does not follow the act before it"),
        (ERASURE, {"sequence": 7}, "made for another place in its record"),
        (ERASURE, {"state": "dropped"}, "leads from authorised to dropped"),
        ({**ERASURE, "needed": True}, {}, "does not say who witnesses it"),
    ],
    ids=["as it should be", "no law", "chain", "sequence", "course", "needed"],
)
def test_what_stands_on_a_certificate_is_held_against_it(
    company: Program, tmp_path: Path, said: dict[str, Json], last: dict[str, Json], why: str
) -> None:
    """An erasure on request, as an altered program writes it with everybody's true keys."""
    number = ended(company, "丁标记")
    (row,), keys = rows(company, number)
    company.issue()
    stranger = Stranger.of(company, tmp_path / "evil")
    stranger.certificate(keys, [listed(row)], last=last, **said)
    against = doubts(taken_in(company, stranger))
    assert any(why in line for line in against) if why else against == []


def test_a_signature_of_another_meaning_is_no_witness(
    company: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,), keys = rows(company, ended(company, "辛"))
    company.issue()
    stranger = Stranger.of(company, tmp_path / "evil")
    monkeypatch.setitem(MEANS, "witness", "approved")
    stranger.certificate(keys, [listed(row)], **ERASURE)
    assert any("the signature means approved" in why for why in doubts(taken_in(company, stranger)))


def test_for_whom_it_was_authorised_does_not_witness_it(company: Program, tmp_path: Path) -> None:
    """zhang.wei stands in for zhao.lei, who then signs as a witness."""
    done(company, "key", "new", "zhang.wei", "--as", "wang.fang")
    done(company, "key", "confirm", "zhang.wei", "--as", "zhao.lei", "-m", "met")
    days = ("--until", "2026-12-31", "-m", "leave", "--as", "zhao.lei")
    done(company, "person", "delegate", "zhao.lei", "--to", "zhang.wei", *days)
    (row,), keys = rows(company, ended(company, "壬"), people=("zhao.lei", "li.ming", "zhang.wei"))
    company.issue()
    stranger = Stranger.of(company, tmp_path / "evil")
    roles = ("zhang.wei", "zhao.lei", "li.ming")
    stranger.certificate(keys, [listed(row)], people=roles, **{**ERASURE, "witnesses": ["zhao.lei", "li.ming"]})
    against = doubts(taken_in(company, stranger))
    assert against == ["zhao.lei authorises the destruction and cannot witness it too"]


def test_a_certificate_nobody_believes_steers_no_number_and_no_draft(company: Program, tmp_path: Path) -> None:
    number = ended(company, "戊标记")
    (row,), _ = rows(company, number)
    stranger = Stranger.of(company, tmp_path / "evil")
    keys = {person: new_key() for person in PEOPLE}
    records: list[Json] = [listed(row, number=f"n{serial}", serial=serial) for serial in range(2, 4000)]
    stranger.certificate(keys, records)
    later = taken_in(company, stranger)
    following = later.issue()
    assert int(following[-4:]) == int(number[-4:]) + 1
    refused(later("record", "show", "n17"), "there is no record n17")


def test_a_true_root_elsewhere_and_a_false_one_here_lock_nobody_out(company: Program, tmp_path: Path) -> None:
    """What its journal never noted is not replaced, and the desk goes on."""
    number = ended(company, "己标记")
    desk = company.later(timedelta(days=40))
    desk.issue()
    (row,), keys = rows(desk, number)
    stranger = Stranger.of(desk, tmp_path / "evil")
    stranger.certificate(keys, [listed(row, **DAYS)])
    later = taken_in(desk, stranger)
    assert doubts(later) == []
    assert later.issue()
    assert later.record(number)["number"] == number


def test_the_desk_takes_nothing_in_for_its_own_site(company: Program, tmp_path: Path) -> None:
    number = ended(company, "庚标记")
    (row,), _ = rows(company, number)
    stranger = Stranger.of(company, tmp_path / "evil")
    stranger.certificate({person: new_key() for person in PEOPLE}, [listed(row)])
    before = company.heads()
    said = company.later(timedelta(minutes=5))("sync", "--from", stranger.sent())
    assert said.code == 1, said
    assert "this copy writes for hz" in said.out + said.err
    assert company.heads() == before


def test_what_the_desk_that_took_the_seat_wrote_is_received(company: Program, tmp_path: Path) -> None:
    """The old desk was out of reach; by the journal that comes it does not write for the site any more."""
    company.issue()
    there = company.elsewhere(tmp_path / "copy").later(timedelta(minutes=5))
    subprocess.run(["git", "clone", "-q", str(company.root), str(there.root)], check=True)
    company.root.rename(tmp_path / "away")
    done(there, "sync", "--take-seat", "--as", "zhao.lei", "-m", "fire", "--nothing-later")
    number = there.issue()
    done(there, "sync", "--to", tmp_path / "stick")
    (tmp_path / "away").rename(company.root)
    later = company.later(timedelta(minutes=9))
    done(later, "sync", "--from", tmp_path / "stick")
    assert later.record(number)["number"] == number


def test_nobody_is_asked_what_to_believe_where_nothing_was_destroyed(
    company: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who judges certificates is asked only where there is one."""

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(believed, "problems", never)
    monkeypatch.setattr(believed.Trust, "of", never)
    assert company.issue()
