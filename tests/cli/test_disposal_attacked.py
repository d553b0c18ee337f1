"""What stands against a destruction stands also where somebody has written past the program."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from destruction import ORDER, begun, done, due, ended, found
from program import FILLED, Make, Program, refused
from tamper import Hand

from qmsdocs.acts import disposal as acts
from qmsdocs.base.canonical import Json, dumps, sha256
from qmsdocs.store import disposal, journal
from qmsdocs.store.objects import Objects

CONTROL, JOURNAL = "qms/control", "qms/journal/hz"
WITNESS = "--witness"


@pytest.fixture
def later(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The company; enquiries are handed over when their period has ended."""
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))

    def made(folder: Path, *, live: bool = False) -> Program:
        found = make(folder, live=live)
        schedule = folder / "records/retention.toml"
        before, mark, after = schedule.read_text("utf-8").partition("[class.enquiry]")
        after = after.replace('disposition = "destroy"', 'disposition = "transfer"', 1)
        schedule.write_text(before + mark + after, "utf-8")
        return found

    return begun(made, tmp_path / "acme")  # type: ignore[arg-type]


def forge(program: Program, folder: str, act: str, branch: str = CONTROL, **said: Json) -> None:
    """An act that nobody signed, after what stands in the folder of a record or as its first."""
    hand = Hand(program.root, branch)
    own = sorted(path for path in hand.files() if path.startswith(f"{folder}/") and path.endswith(".json"))
    series = folder.partition("/")[0]
    model = own or sorted(p for p in hand.files() if p.startswith(f"{series}/") and p.endswith("-issue.json"))
    body = {**hand.event(model[-1]), "act": act, "sequence": len(own) + 1, "signer": None, "nonce": "1" * 32,
            "previous": sha256(hand.read(own[-1])) if own else None, **said}  # fmt: skip
    if branch == CONTROL:
        body["control"] = hand.head
    hand.commit({f"{folder}/{len(own) + 1:04d}-{act}.json": dumps(body)}, at=str(body["recorded_at"]))


def planned(program: Program, number: str, *words: str) -> str:
    """Why a destruction is refused."""
    return refused(program("retention", "dispose", number, *(words or ORDER), "-n"), number if not words else "")


def held(program: Program, number: str) -> str:
    return done(program, "retention", "hold", number, "-m", "诉讼", "--as", "li.ming").split(":")[0]


def folder(series: str, number: str) -> str:
    return f"{series}/00/00/{int(number.rpartition('-')[2]):06d}"


def waiting(program: Program, number: str) -> str:
    """The certificate over a record that waits for wang.fang, whose key is elsewhere meanwhile."""
    keys = [path for path in Path(os.environ["QMSDOCS_KEYS"]).rglob("wang.fang*") if path.suffix != ".pub"]
    for path in keys:
        path.rename(f"{path}.away")
    found = program("retention", "dispose", number, *ORDER, "--json").json["certificates"][0]
    for path in keys:
        Path(f"{path}.away").rename(path)
    assert found["state"] == "waiting"
    return str(found["number"])


def states(program: Program) -> dict[str, str]:
    """Where every certificate stands."""
    listed = program("retention", "certificates", "--json").json["certificates"]
    return {item["number"]: item["state"] for item in listed}


@pytest.mark.parametrize("said", [{"reviewed_on": "banana"}, {"reviewed_on": 7}])
def test_a_hold_with_an_act_nobody_can_read_still_stands(later: Program, said: Mapping[str, Json]) -> None:
    number = ended(later, "甲")
    later = due(later)
    hold = held(later, number)
    forge(later, folder("hold", hold), "review", state="placed", set=dict(said))
    assert f"is on hold: {hold}" in planned(later, number)
    assert f"{hold}: review by li.ming" in later("audit").out


def test_while_a_hold_cannot_be_read_nothing_is_destroyed(later: Program) -> None:
    number, other = ended(later, "乙"), ended(later, "丙")
    later = due(later)
    hold = held(later, other)
    serial = int(hold.rpartition("-")[2]) + 1
    record: Json = {"number": f"HLD-{serial:06d}", "series": "hold", "serial": serial}
    forge(later, folder("hold", f"HLD-{serial}"), "issue", record=record, set={"title": "x", "opened_from": "soon"})
    said = refused(later("retention", "dispose", number, *ORDER), "cannot be read")
    assert f"HLD-{serial:06d}" in said


def test_a_forged_decision_does_not_end_one_to_keep(later: Program) -> None:
    number = ended(later, "丁")
    later = due(later)
    kept = done(later, "retention", "keep", number, "--for", "20 years", "-m", "x", "--as", "zhao.lei").split(":")[0]
    assert "is kept until 20" in planned(later, number)
    asked = ("retention", "erase", number, "--requested-by", "本人", "--law-checked", "无", *ORDER)
    assert f"kept on by decision: {kept}" in refused(later(*asked))
    serial = int(kept.rpartition("-")[2]) + 1
    record: Json = {"number": f"DEC-{serial:06d}", "series": "decision", "serial": serial}
    said: Json = {"kind": "transfer", "numbers": [number], "receiver": "x"}
    forge(later, folder("decision", f"DEC-{serial}"), "issue", record=record, set=said)
    assert f"decision DEC-{serial:06d} cannot be believed" in refused(later("retention", "dispose", number, *ORDER))


def test_a_key_confirmed_by_nobody_witnesses_nothing(later: Program) -> None:
    number = ended(later, "戊")
    later = due(later)
    done(later, "key", "new", "zhang.wei", "--as", "zhang.wei")
    shown = Hand(later.root, CONTROL).event("key/00/00/000002/0002-confirm.json")
    forge(later, "key/00/00/000004", "confirm", state=shown["state"], by="zhao.lei", set=shown["set"])
    order = ("--as", "zhao.lei", WITNESS, "li.ming", WITNESS, "zhang.wei", "-y")
    refused(later("retention", "dispose", number, *order), "the key of zhang.wei cannot be believed")
    assert later.record(number)["number"] == number


def test_the_last_witness_signs_nothing_that_cannot_be_believed(later: Program) -> None:
    """An act that nobody signed stands on the certificate before the last signature."""
    number = ended(later, "己")
    later = due(later)
    certificate = waiting(later, number)
    forge(later, folder("disposal", certificate), "witness", JOURNAL, by="wang.fang", state="authorised", set={})
    refused(later("retention", "witness", certificate, "--as", "wang.fang", "-y"), certificate, "cannot be believed")
    assert later.record(number)["number"] == number


def test_nothing_written_after_a_destruction_undoes_its_certificate(
    later: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An altered program lets who had the right give it up afterwards, well signed."""
    number = ended(later, "巳")
    later = due(later)
    done(later, "retention", "dispose", number, *ORDER)
    with monkeypatch.context() as patch:
        patch.setattr(acts, "_waiting", acts.the_certificate)
        done(later, "retention", "certificates", "--drop", "DSP-HZ-000001", "-m", "x", "--as", "zhao.lei")
    assert states(later) == {"DSP-HZ-000001": "carried_out"}
    refused(later("record", "show", number), "was destroyed")
    assert "drop by" in later("audit").out


@pytest.mark.slow
def test_what_the_schedule_does_not_destroy_is_not_taken_with_the_rest(later: Program) -> None:
    """Handing over needs its decision, looking at each needs its number."""
    given, looked = ended(later, "庚", form="QR-14-03"), ended(later, "辛", form="QR-14-04")
    later = due(later)
    said = later("retention", "dispose", "--due", "--class", "enquiry", "--class", "complaint", *ORDER)
    assert "nothing is due that may be destroyed" in said.out
    assert given in said.err
    assert looked in said.err
    assert f"{given} is to be handed over" in planned(later, given)
    assert later("retention", "dispose", looked, *ORDER, "-n").code == 0
    done(later, "retention", "transfer", given, "--to", "档案馆", "-m", "移交", "--as", "zhao.lei")
    assert later("retention", "dispose", given, *ORDER, "-n").code == 0


@pytest.mark.slow
def test_a_record_does_not_slip_out_of_a_hold_by_another_name(later: Program) -> None:
    number = later.issue("QR-14-04")
    customer = later.record(number)["values"]["customer"]
    done(later, "record", "amend", number, "--set", "customer=别人", "-m", "更正", "--as", "wang.fang", "--no-pages")
    done(later, "record", "void", number, "-m", "重复", "--as", "wang.fang", "--no-pages")
    later = due(later)
    hold = done(later, "retention", "hold", "--customer", customer, "-m", "诉讼", "--as", "li.ming").split(":")[0]
    assert f"on hold: {hold}" in planned(later, number)
    done(later, "retention", "lift", hold, "-m", "了结", "--as", "li.ming")


@pytest.mark.slow
def test_a_record_whose_original_is_out_stays(later: Program) -> None:
    number = ended(later, "壬")
    done(later, "record", "lend", number, "-m", "核对", "--to", "feng.lan", "--no-pages")
    assert "is lent to 冯岚" in planned(due(later), number)


def test_only_drafts_go_with_the_records_and_names_of_objects_too(later: Program) -> None:
    """A file in which a key is written, and what is among the versions, stays; a copy an editor keeps goes."""
    number = ended(later, "癸标记")
    event = f"lx/00/00/{int(number[-4:]):06d}/0001-issue.json"
    blob = later.git("rev-parse", f"records/liaison/2026/hz:{event}").strip()
    key = json.loads(later.git("cat-file", "blob", blob))["submission"]
    later.git("tag", "blobtag", blob)
    own = later.root / "qms.toml"
    before = own.read_text("utf-8")
    own.write_text(f'{before}\n# submission = "{key}"\n', "utf-8")
    note = later.root / "note.json"
    note.write_text(json.dumps({"submission": key}), "utf-8")
    copies = [later.draft(name, "QR-04-01", FILLED["QR-04-01"], submission=key)
              for name in ("A.JSON", "a.json.bak", "a.json~")]  # fmt: skip
    kept = later.draft("kept.json", "QR-04-01", FILLED["QR-04-01"], submission=key)
    later.git("add", "-f", kept.name)
    said = due(later)("retention", "dispose", number, *ORDER)
    assert (said.code, own.exists(), note.exists(), kept.exists()) == (0, True, True, True), said
    own.write_text(before, "utf-8")
    note.unlink()
    assert not any(path.exists() for path in copies)
    assert all(f"removed with them: {path.name}" in said.err for path in copies)
    assert later.git("tag") == ""
    assert found(later.root, "癸标记") == []


@pytest.mark.slow
def test_a_file_that_continues_what_was_destroyed_is_refused_with_the_reason(later: Program, tmp_path: Path) -> None:
    """Written before, it carries what came after the record; taking in an earlier file first would not help."""
    number = ended(later, "前")
    done(later, "sync", "--to", tmp_path / "first")
    ended(later, "后")
    [first] = (tmp_path / "first").iterdir()
    done(later, "sync", "--to", tmp_path / "second", "--since", first)
    later = due(later)
    done(later, "retention", "dispose", number, *ORDER)
    refused(later("sync", "--from", tmp_path / "second"), "were destroyed by certificate", "without --since")
    done(later, "sync", "--from", first)
    refused(later("record", "show", number), "was destroyed")


def test_two_at_once_destroy_both(later: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process has begun the next certificate before this one is carried out."""
    one, two = ended(later, "子标记"), ended(later, "丑标记", form="QR-14-04")
    later = due(later)
    with monkeypatch.context() as patch:
        patch.setattr(disposal, "finish", lambda *_, **__: None)
        later("retention", "dispose", one, two, *ORDER)
    assert found(later.root, "子标记")
    later.issue()
    assert found(later.root, "子标记", "丑标记") == []


@pytest.mark.slow
def test_an_interrupted_disposal_leaves_nothing_in_a_backup(
    later: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ended(later, "寅标记")
    later = due(later)

    def stop(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(BaseException):  # noqa: B017
        patch.setattr(disposal, "carry_out", stop)
        raise SystemExit(later("retention", "dispose", number, *ORDER).code)
    assert found(later.root, "寅标记")
    done(later, "export", "backup", "-o", tmp_path / "b.zip")
    assert found(later.root, "寅标记") == []


def test_nothing_is_destroyed_while_the_shared_store_may_know_another_hold(later: Program, tmp_path: Path) -> None:
    """The store away, something kept here that does not count yet, and a hold placed elsewhere."""
    company = later
    number = ended(company, "卯标记")
    store = tmp_path / "shared.git"
    subprocess.run(["git", "init", "-q", "--bare", str(store)], check=True)
    settings = company.root / "qms.toml"
    settings.write_text(settings.read_text("utf-8") + f'\n[remote.office]\nurl = "{store}"\n', "utf-8")
    done(company, "document", "submit", "qms.toml", "--as", "wang.fang", "-m", "store")
    done(company, "document", "review", "qms.toml", "--as", "li.ming")
    done(company, "document", "approve", "qms.toml", "--as", "zhao.lei")
    later = due(company)
    refused(later("retention", "dispose", number, *ORDER, "-n"), "the shared store knows")
    done(later, "sync", "office")
    assert later("retention", "dispose", number, *ORDER, "-n").code == 0
    store.rename(tmp_path / "away.git")
    assert later("retention", "dispose", number, *ORDER, "-n").code == 2
    later("retention", "hold", number, "-m", "诉讼", "--as", "li.ming")
    refused(later("retention", "dispose", number, *ORDER, "-n"), "does not count yet")
    (tmp_path / "away.git").rename(store)
    refused(later("retention", "dispose", number, *ORDER, "-n"), "does not count yet")
    done(later, "sync", "office")
    refused(later("retention", "dispose", number, *ORDER, "-n"), "is on hold")


def test_who_may_not_authorise_gives_nothing_up(later: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """An altered program lets li.ming sign it with her own good key; the certificate waits on, and nobody is fooled."""
    number = ended(later, "午")
    later = due(later)
    certificate = waiting(later, number)
    drop = ("retention", "certificates", "--drop", certificate, "-m", "x", "--as")
    with monkeypatch.context() as patch:
        patch.setattr(acts, "authority_of", lambda *_: None)
        done(later, *drop, "li.ming")
    assert states(later) == {certificate: "waiting"}
    assert later("retention", "dispose", number, *ORDER, "-n").code == 0  # nobody can sign it, so it keeps none back
    assert "1 certificates wait" in later("status").out
    assert "li.ming had no right to do so" in later("audit").out
    refused(later("retention", "witness", certificate, "--as", "wang.fang", "-y"), "li.ming had no right")
    done(later, *drop, "zhao.lei")
    assert states(later) == {certificate: "dropped"}
    assert later("retention", "dispose", number, *ORDER, "-n").code == 0


@pytest.mark.slow
def test_a_key_lost_afterwards_takes_nothing_back_and_signs_nothing_more(later: Program) -> None:
    """What a journal held before the loss was reported stands; what comes after does not, whatever day it says."""
    one, two = ended(later, "之前"), ended(later, "之后")
    later = due(later)
    done(later, "retention", "dispose", one, *ORDER)
    certificate = waiting(later, two)
    done(later, "key", "lost", "wang.fang", "-m", "掉了", "--as", "wang.fang")
    after = later.later(timedelta(days=1))
    after.issue()
    assert "had been reported lost" not in after("audit").out
    refused(after("retention", "witness", certificate, "--as", "wang.fang", "-y"), "no key that counts")


@pytest.mark.slow
def test_nobody_authorises_by_what_was_in_force_once(later: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """An altered program names the releases as they stood when the right was still there."""
    number = ended(later, "从前")
    past = later.git("rev-parse", CONTROL).strip()
    held(later, number)
    done(later, "retention", "lift", "HLD-000001", "-m", "x", "--as", "li.ming")
    later = due(later)
    later.issue()
    judged = journal.judged

    def once(objects: Objects, pen: journal.Pen, branch: str) -> journal.Judged:
        return replace(judged(objects, pen, branch), control=past)

    with monkeypatch.context() as patch:
        patch.setattr(journal, "judged", once)
        refused(later("retention", "dispose", number, *ORDER, "--json"), "an older state of the releases")
    assert "DSP-HZ-000001: issue by zhao.lei: it names an older state" in later("audit").out
    assert later.record(number)["number"] == number


def test_a_certificate_is_known_by_its_place_not_by_its_number(later: Program) -> None:
    """The journal of a site there is none of says the same numbers, and as if a signature were missing."""
    number = ended(later, "未标记")
    later = due(later)
    certificate = waiting(later, number)
    later.git("branch", "qms/journal/aa", JOURNAL)
    said = done(later, "retention", "witness", certificate, "--as", "wang.fang", "-y")
    assert "destroyed" in said
    assert found(later.root, "未标记") == []
    refused(later("record", "show", number), "was destroyed")


def test_a_certificate_destroys_only_the_record_it_names(later: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Number and hash of one record, place of another: no witness signs it."""
    named, other = ended(later, "申"), ended(later, "酉")
    later = due(later)
    listed = acts._listed

    def elsewhere(*words: Any) -> dict[str, Json]:
        return {**listed(*words), "serial": int(other[-4:])}

    with monkeypatch.context() as patch:
        patch.setattr(acts, "_listed", elsewhere)
        refused(later("retention", "dispose", named, *ORDER, "--json"), f"{named} is no longer what")
    assert [later.record(number)["number"] for number in (named, other)] == [named, other]


def test_without_any_note_the_next_act_finishes_it_and_the_number_stays_given(
    later: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed by all, then killed, and the local files lost; the journal has not noted the record's number either."""
    later.issue()  # the heads of the day are noted before the record
    number = ended(later, "戌标记")
    ask = ("retention", "erase", number, "--requested-by", "本人", "--law-checked", "无", *ORDER)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(disposal, "begin", lambda *_, **__: None)
        patch.setattr(disposal, "carry_out", stop)
        later(*ask)
    for name in (disposal.PENDING_FILE, disposal.DONE_FILE):
        (later.root / ".qms" / name).unlink(missing_ok=True)
    assert found(later.root, "戌标记")
    following = later.issue()
    assert found(later.root, "戌标记") == []
    assert int(following[-4:]) == int(number[-4:]) + 1
