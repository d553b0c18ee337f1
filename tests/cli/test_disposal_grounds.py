"""What a destruction is judged by: the ledgers, whatever the index says; settings somebody had the right to; a clock."""

from __future__ import annotations

import json
import platform
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pair
import pytest
from destruction import ORDER, PEOPLE, begun, done, due, ended, found
from program import NOON, Program, refused
from tamper import Hand
from test_disposal_attacked import waiting
from test_disposal_forged import CONTROL, Stranger, listed, rows

from qmsdocs.acts import disposal as acts
from qmsdocs.acts.control import Act
from qmsdocs.acts.objections import Order
from qmsdocs.base.canonical import Json, dumps, sha256
from qmsdocs.base.errors import QmsError
from qmsdocs.system.view import System, open_system

OLD = "2020-01-01T12:00:00+08:00"
HELD = "update records set sequence = 1, opened_at = ?, opened = 1577808000 where number = ?"
DATED = "update records set opened_at = ?1, recorded_at = ?1, changed_at = ?1, closed_at = ?1 where number = ?2"


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A company whose records may be destroyed, and where somebody signs that he has taken a liaison sheet."""
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    monkeypatch.setattr(pair, "SETTINGS", "")
    form = pair.starter(tmp_path / "pack") / "forms/QR-04-01/form.toml"
    form.write_text(form.read_text("utf-8").replace("[step.take]", '[step.take]\nsigns = "approved"'), "utf-8")

    def made(folder: Path, *, live: bool = False) -> Program:
        assert not live
        found = Program(folder, NOON)
        words = ("init", folder, "--org", "绿源置业", "--site", "hz", "--starter", tmp_path / "pack")
        begun = found(*words, folder=tmp_path)
        assert begun.code == 0, begun.err
        return found

    return begun(made, tmp_path / "acme")  # type: ignore[arg-type]


def index_changed(program: Program, change: str, *values: str) -> None:
    """The derived file says something else than the ledgers."""
    assert program("record", "list").code == 0  # so that it is there
    with closing(sqlite3.connect(program.root / ".qms/index.sqlite")) as connection, connection:
        assert connection.execute(change, values).rowcount == 1


@contextmanager
def opened(program: Program) -> Iterator[System]:
    """The system as a command sees it."""
    assert program.at is not None
    system = open_system(program.root, now=program.at, machine=platform.node())
    try:
        yield system
    finally:
        system.store.close()


# ── the index


def test_who_changes_the_index_destroys_nothing(company: Program) -> None:
    """Dates, the period of a hold, an open record that was called for, and the place of a number."""
    early, above, held, other = (ended(company, text) for text in ("还早", "有后续", "有暂停", "别的"))
    below = company.issue()
    later = due(company)
    done(later, "retention", "hold", "--period", "2026-11", "--form", "QR-04-01", "-m", "诉讼", "--as", "li.ming")
    index_changed(company, DATED, OLD, early)
    refused(company("retention", "dispose", early, *ORDER), f"{early} is kept until 2026-12-22")
    index_changed(later, HELD, OLD, held)
    refused(later("retention", "dispose", held, *ORDER), f"{held} is on hold")
    done(later, "retention", "lift", "HLD-000001", "-m", "x", "--as", "li.ming")
    done(later, "retention", "hold", other, "-m", "诉讼", "--as", "li.ming")
    index_changed(later, "update records set number = ? where number = ?", "x", held)
    index_changed(later, "update records set number = ? where number = ?", held, other)
    done(later, "retention", "dispose", held, *ORDER)
    assert found(company.root, "有暂停") == [] and found(company.root, "别的")
    assert below in later.all_numbers() and above in later.all_numbers()


def test_no_plan_and_no_certificate_from_elsewhere_goes_by_the_index(company: Program) -> None:
    """Not even where the commands, which make it anew, have no part in it."""
    number, held = ended(company, "甲"), ended(company, "乙")
    early = company.later(timedelta(days=3))
    order = Order(witnesses=("li.ming", "wang.fang"), place="x")
    index_changed(early, DATED, OLD, number)
    with opened(early) as system:
        key = system.record_row(number).key
        with pytest.raises(QmsError, match="index does not say") as refusal:
            acts.draw_up(system, key.ledger, [key], order, Act("zhao.lei"))
        assert "index rebuild" in str(refusal.value.hint)
    later = due(company)
    certificate = waiting(later, held)
    done(later, "retention", "hold", "--period", "2026-11", "-m", "诉讼", "--as", "li.ming")
    index_changed(later, HELD, OLD, held)
    with opened(later) as system:
        item = acts.the_certificate(system, certificate)
        assert any(f"{held} is on hold" in str(why) for why in acts.problems(system, item))
        with pytest.raises(QmsError, match="is on hold"):
            acts.witness(system, certificate, Act("wang.fang"))


# ── settings and classes


def revised(program: Program, number: str, change: Callable[[str], str]) -> None:
    """A revision of a setting that nobody signed, written past the program, in force at once."""
    hand = Hand(program.root, CONTROL)
    issues = [path for path in sorted(hand.files()) if path.startswith("release/") and path.endswith("issue.json")]
    own = [path for path in issues if hand.event(path)["set"].get("number") == number][-1]
    body, serial, now = hand.event(own), len(issues) + 1, program.at.isoformat(timespec="seconds")  # type: ignore[union-attr]
    manifest = json.loads(hand.read(f"{own.rpartition('/')[0]}/files/{body['set']['manifest']}"))
    [file] = manifest["files"]
    text = change(hand.read(f"{own.rpartition('/')[0]}/files/{file['sha256']}").decode()).encode()
    file.update(sha256=sha256(text), size=len(text))
    packed = dumps({**manifest, "revision": "Z/9"})
    folder = f"release/00/{serial // 100:02d}/{serial:06d}"
    said: dict[str, Json] = {**body["set"], "manifest": sha256(packed), "revision": "Z/9", "answer_by": "2027-01-01"}
    base = {**body, "record": {"series": "release", "serial": serial, "number": f"REL-{serial:06d}"},
            "recorded_at": now, "signer": None, "clock": None}  # fmt: skip
    first = dumps({**base, "act": "issue", "state": "submitted", "sequence": 1, "previous": None, "control": hand.head,
                   "set": {key: value for key, value in said.items() if key not in ("effective_on", "trial_until")}})  # fmt: skip
    files = {f"{folder}/files/{sha256(packed)}": packed, f"{folder}/files/{sha256(text)}": text}
    hand.commit({f"{folder}/0001-issue.json": first, **files}, at=now)
    second = {**base, "act": "approve", "state": "approved", "sequence": 2, "previous": sha256(first), "by": "zhao.lei",
              "control": Hand(program.root, CONTROL).head, "set": {"effective_on": now[:10]}}  # fmt: skip
    Hand(program.root, CONTROL).commit({f"{folder}/0002-approve.json": dumps(second)}, at=now)


def shorter(text: str) -> str:
    """The schedule, with liaison sheets kept for a day."""
    before, mark, after = text.partition("[class.liaison]")
    return before + mark + after.replace('"30 days"', '"1 day"', 1)


def promoted(text: str) -> str:
    """The people, with the clerk as the general manager."""
    return text.replace('"document_controller", "service_clerk"]', '"general_manager"]')


@pytest.mark.parametrize("setting", ["records/retention.toml", "people.toml"])
def test_a_certificate_rests_on_no_setting_that_nobody_signed(company: Program, setting: str) -> None:
    """With true keys: a shorter period that nobody approved, or an authority who has none."""
    by_clerk = setting == "people.toml"
    done(company, "key", "new", "zhang.wei", "--as", "wang.fang")
    done(company, "key", "confirm", "zhang.wei", "--as", "zhao.lei", "-m", "met")
    number = ended(company, "甲标记")
    company.issue()
    later = due(company) if by_clerk else company.later(timedelta(days=3))
    (row,), keys = rows(later, number, people=(*PEOPLE, "zhang.wei"))
    days: Mapping[str, Json] = {"trigger_on": "2026-11-21", "due_on": "2026-12-22" if by_clerk else "2026-11-23"}
    revised(later, setting, promoted if by_clerk else shorter)
    later.issue()
    stranger = Stranger.of(later, later.root.with_name("evil"))
    people = ("wang.fang", "zhang.wei", "li.ming") if by_clerk else PEOPLE
    stranger.certificate(keys, [listed(row, **days)], people=people, witnesses=list(people[1:]))
    subprocess.run(["git", "-C", later.root, "fetch", "-q", stranger.sent(), "+refs/heads/qms/*:refs/heads/qms/*"],
                   check=True)  # fmt: skip
    after = later.later(timedelta(minutes=5))
    with opened(after) as system:
        why = [str(said) for said in acts.problems(system, acts.the_certificate(system, "DSP-HZ-000001"))]
    assert any(("had no right" if by_clerk else f"{number} is kept until") in said for said in why), why
    after.issue()
    assert found(company.root, "甲标记") and number in after.all_numbers()


def test_what_its_class_keeps_is_not_erased_either(company: Program) -> None:
    schedule = company.root / "records/retention.toml"
    before, mark, after = schedule.read_text("utf-8").partition("[class.liaison]")
    schedule.write_text(before + mark + after.replace('disposition = "destroy"', 'disposition = "keep"', 1), "utf-8")
    done(company, "document", "submit", "records/retention.toml", "--as", "wang.fang", "-m", "keep")
    done(company, "document", "review", "records/retention.toml", "--as", "li.ming")
    done(company, "document", "approve", "records/retention.toml", "--as", "zhao.lei")
    number = ended(company, "甲标记")
    asked = ("--requested-by", "来函", "--law-checked", "无", *ORDER)
    refused(due(company)("retention", "erase", number, *asked), f"{number} is of a class that is kept for good")


def test_a_key_lost_before_a_disposal_makes_no_signature_before_it_doubtful(company: Program) -> None:
    """What was noted of the ledger then is gone by certificate; nobody has to read it any more."""
    ended(company, "甲标记")
    kept = company.issue("QR-04-01")
    done(company, "record", "advance", kept, "take", "--set", "taken_by=李明", "--as", "li.ming", "--no-pages")
    day = company.later(timedelta(days=1))
    day.issue()
    done(day, "key", "lost", "li.ming", "--as", "li.ming", "-m", "U盘丢失")
    day = day.later(timedelta(hours=1))
    done(day, "key", "new", "li.ming", "--as", "wang.fang")
    done(day, "key", "confirm", "li.ming", "--as", "zhao.lei", "-m", "met")
    day.issue()
    later = due(day)
    later.issue()
    done(later, "retention", "dispose", "--due", *ORDER)
    after = later.later(timedelta(hours=1))
    after.issue()
    for words in (("audit",), ("audit", "--full")):
        said = after(*words).out
        assert "could not be applied" not in said and "0 errors" in said, said


# ── the clock


def test_an_unusual_year_is_said_before_anybody_is_asked_and_can_be_confirmed(company: Program) -> None:
    number, other = ended(company, "甲标记"), ended(company, "乙标记")
    late = Program(company.root, datetime.fromisoformat("2030-03-01T12:00:00+08:00"))
    confirmed = ("--clock-is-right", "-m", "四年没有记录")
    with company.unchanged():
        for words in (("dispose", number, *ORDER), ("dispose", number, *ORDER, "-n"),
                      ("hold", number, "--as", "li.ming", "-m", "诉讼", "-n")):  # fmt: skip
            said = late("retention", *words)
            assert said.code == 2 and "the clock says 2030" in said.err and number not in said.out, said
        refused(late("retention", "dispose", number, *ORDER, "--clock-is-right"), "needs a reason")
        done(late, "retention", "dispose", number, *ORDER, "-n", *confirmed)
    done(late, "retention", "hold", other, "--as", "li.ming", *confirmed)
    done(late, "retention", "dispose", number, *ORDER, *confirmed)
    assert found(company.root, "甲标记") == [] and found(company.root, "乙标记")
