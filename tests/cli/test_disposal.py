"""Disposal as people type it: what is refused, the certificate and its page, and that nothing is left or comes back."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from destruction import ORDER, PHOTO, begun, done, due, ended, everything, found
from program import COMPLAINT, FILLED, Make, Program, looked, refused
from tamper import Hand

from qmsdocs.acts import disposal as acts
from qmsdocs.base.canonical import dumps, sha256
from qmsdocs.store import disposal, sync
from qmsdocs.store.certificate import carried_out
from qmsdocs.store.opened import Store
from qmsdocs.store.rows import Meanings
from qmsdocs.system.view import open_system

WITNESSES = ("--witness", "li.ming", "--witness", "wang.fang")


@pytest.fixture(scope="module")
def company(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The company, its people with keys, its own schedule approved."""
    home = tmp_path_factory.mktemp("disposal")
    (home / "phrase").write_text("correct horse battery\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMSDOCS_KEYS", str(home / "keys"))
        patch.setenv("QMSDOCS_PASSPHRASE_FILE", str(home / "phrase"))
        yield begun(make, home / "acme")


def dispose(program: Program, *numbers: str) -> str:
    """The number of the certificate by which records were destroyed."""
    said = program("retention", "dispose", *numbers, *ORDER, "--json")
    assert said.code == 0, said
    [certificate] = said.json["certificates"]
    assert certificate["state"] == "carried_out"
    return str(certificate["number"])


def with_photo(program: Program, marker: str, photo: bytes) -> str:
    """The number of an ended record with a photograph."""
    (program.root / "leak.png").write_bytes(photo)
    number = ended(program, marker, enclosures=["leak.png"], pages=True)
    (program.root / "leak.png").unlink()
    return number


def picture(text: bytes) -> bytes:
    """A PNG that says `text` in a comment, so that it can be found in any byte of a copy."""
    chunk = b"tEXtComment\0" + text
    return PHOTO[:33] + len(chunk[4:]).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") + PHOTO[33:]


# ── nothing is left, what is held stays


def test_no_byte_of_a_destroyed_record_is_left_and_the_record_on_hold_is_untouched(company: Program) -> None:
    """Text, page, attachment, draft, index and versions are gone; the neighbour on hold keeps every byte."""
    own, shared = picture(b"only-in-the-destroyed-one"), picture(b"in-both-records")
    gone = with_photo(company, "毁掉的内容甲", own)
    both = with_photo(company, "毁掉的内容乙", shared)
    kept = with_photo(company, "留下的内容丙", shared)
    later = due(company)
    done(later, "retention", "hold", kept, "-m", "诉讼", "--as", "li.ming")
    assert done(later, "search", "毁掉的内容甲")  # so that the table of words exists
    draft = company.draft("again.json", "QR-04-01", {**FILLED["QR-04-01"], "content": "毁掉的内容甲"},
                          submission=_submission(company, gone))  # fmt: skip
    company.git("update-ref", "refs/remotes/old/records/liaison/2026/hz", _head(company))
    company.git("tag", "before", _head(company))
    company.git("update-ref", "refs/notes/old", _head(company))
    company.git("branch", "aside", _head(company))
    main = company.git("rev-parse", "main").strip()
    company.git("update-ref", "--create-reflog", "refs/heads/main", _head(company))
    company.git("update-ref", "refs/heads/main", main)
    company.git("repack", "-a", "-d", "-q")
    (company.root / "records/issued/.writing-x").write_text("毁掉的内容甲", "utf-8")
    (company.root / ".git/objects/pack/pack_git2_x").write_text("毁掉的内容甲", "utf-8")
    before = _folder(company, kept)
    assert found(company.root, "毁掉的内容甲", b"only-in-the-destroyed-one")

    certificate = dispose(later, gone, both)

    assert found(company.root, "毁掉的内容甲", "毁掉的内容乙", b"only-in-the-destroyed-one") == []
    assert not draft.exists()
    assert [path.name for path in (company.root / "records/issued").rglob("*") if gone in path.name] == []
    assert list((company.root / "records/issued").rglob(f"{kept}.pdf"))
    noted = (company.root / ".qms/pages.txt").read_text("utf-8")
    assert (gone in noted, kept in noted) == (False, True)
    assert _folder(company, kept) == before  # the same objects, so the same bytes
    assert found(company.root, b"in-both-records")  # a record that remains holds it
    assert company.git("for-each-ref", "--format=%(refname)", "refs/tags", "refs/notes", "refs/remotes") == ""
    assert company.git("branch", "--list", "aside") == ""
    assert company.git("fsck", "--full", "--strict") == ""
    assert done(later, "record", "show", kept)
    said = f"{gone} was destroyed on 2026-12-23, certificate {certificate}"
    assert said in refused(later("record", "show", gone))
    assert later("search", gone)[:2] == (1, f"{said}\n")
    assert said in refused(later("verify", gone))
    assert refused(later("retention", "dispose", kept, *ORDER), "on hold")


def _head(company: Program, ledger: str = "records/liaison/2026/hz") -> str:
    return company.git("rev-parse", ledger).strip()


def _folder(company: Program, number: str) -> str:
    serial = int(number[-4:])
    return company.git("ls-tree", "-r", "records/liaison/2026/hz", f"lx/00/{serial // 100:02d}/{serial:06d}")


def _submission(company: Program, number: str) -> str:
    serial = int(number[-4:])
    path = f"lx/00/{serial // 100:02d}/{serial:06d}/0001-issue.json"
    return str(json.loads(company.git("show", f"records/liaison/2026/hz:{path}"))["submission"])


def test_numbers_are_not_used_again_and_the_ledger_goes_on(company: Program) -> None:
    """The last number of a series is destroyed; the next record gets the one after it."""
    gone = ended(company, "最后一号的内容", form="QR-14-03")
    later = due(company)
    dispose(later, gone)
    following = later.issue("QR-14-03")
    assert int(following[-4:]) == int(gone[-4:]) + 1
    assert company.git("ls-tree", "-r", "--name-only", "records/enquiry/2026/hz").count("issue.json") == 1
    heads = json.loads(company.git("show", "qms/journal/hz:" + _newest(company, "heads")))["set"]["ledgers"]
    assert heads["records/enquiry/2026/hz"]["last"][_series(company)] == int(gone[-4:])


def _newest(company: Program, series: str) -> str:
    listed = company.git("ls-tree", "-r", "--name-only", "qms/journal/hz", series).splitlines()
    return [path for path in listed if path.endswith(".json")][-1]


def _series(company: Program) -> str:
    return company.git("ls-tree", "--name-only", "records/enquiry/2026/hz").split()[0]


def test_a_draft_of_a_destroyed_record_is_not_taken_in_again(company: Program) -> None:
    """A draft kept elsewhere, and a table whose row was a record, are refused with the certificate's number."""
    path = company.draft("kept.json", "QR-04-01", {**FILLED["QR-04-01"], "content": "再来一次"}, submission="a" * 32)
    kept = path.read_bytes()
    [number] = company("record", "issue", path, "--json", "--no-pages").numbers
    rows = ["sent_at,urgency,deadline,from_department,to_department,sent_by,subject,content"]
    rows.append("2026-11-18 11:10,urgent,2026-11-20,客户服务部,工程部,zhang.wei,淋水,表格里的一行")
    table = company.root / "rows.csv"
    table.write_text("\n".join(rows) + "\n", "utf-8")
    [row] = company("record", "issue", "--form", "QR-04-01", "--table", table, "--json", "--no-pages").numbers
    for each in (number, row):
        done(company, "record", "void", each, "-m", "test", "--as", "wang.fang")
    later = due(company)
    certificate = dispose(later, number, row)
    assert not path.exists()
    path.write_bytes(kept)
    assert refused(later("record", "issue", path, "--no-pages"), number, certificate)
    again = later("record", "issue", "--form", "QR-04-01", "--table", table, "--no-pages")
    assert again.code != 0
    assert certificate in again.err
    assert row in again.err
    assert later("record", "list", "--json").out.count("表格里的一行") == 0
    path.unlink()
    table.unlink()
    for rest in company.root.glob("rows*"):
        rest.unlink()


# ── who and when


def test_the_wrong_people_destroy_nothing(company: Program) -> None:
    """Two other people with keys, and an authority who approves configuration."""
    number = ended(company, "谁都不能毁", form="QR-14-04")
    one, both = ("--witness", "li.ming"), WITNESSES
    with company.unchanged():
        for words, said in (
            (("--as", "zhao.lei", *one), "2 witnesses"),
            (("--as", "zhao.lei", *one, *one), "2 witnesses"),
            (("--as", "zhao.lei", *one, "--witness", "zhao.lei"), "cannot witness"),
            (("--as", "zhao.lei", *one, "--witness", "zhang.wei"), "zhang.wei has no key"),
            (("--as", "zhao.lei", *one, "--witness", "no.body"), "no.body"),
            (("--as", "li.ming", "--witness", "zhao.lei", "--witness", "wang.fang"), "li.ming is none"),
            (("--as", "zhao.lei", *both, "--on", "2030-01-01"), "--on is for reading"),
        ):
            refused(due(company)("retention", "dispose", number, *words, "-y"), said)


def test_what_is_not_over_or_not_closed_stays(company: Program) -> None:
    """Too early, open, needed by an open record, or of a class without an end; all of it is said before anything."""
    early, still = ended(company, "还早"), company.issue("QR-14-04")
    later = due(company)
    with company.unchanged():
        refused(company("retention", "dispose", early, *ORDER), early, "is kept until 2026-12-22")
        refused(later("retention", "dispose", still, *ORDER), still)
        refused(later("retention", "dispose", "TS-HZ-2026-9999", *ORDER), "there is no record")
        refused(later("retention", "dispose", *ORDER), "which records?")
        unasked = later("retention", "dispose", early, *ORDER[:-1])
        planned = later("retention", "dispose", early, *ORDER, "-n")
    assert (unasked.code, planned.code) == (2, 0)
    assert early in unasked.out
    assert "nobody is here to be asked" in unasked.err
    assert early in planned.out


def test_the_starter_schedule_destroys_nothing(make: Make, tmp_path: Path) -> None:
    """The company's own schedule comes first."""
    fresh = make(tmp_path / "acme")
    refused(fresh("retention", "dispose", "--due", *ORDER), "only on trial", "submit records/retention.toml -m")
    reviewed = done(fresh, "document", "review", "records/retention.toml", "--trial", "--as", "li.ming")
    assert "reviewed, still" in reviewed
    done(fresh, "document", "approve", "records/retention.toml", "--trial", "--as", "zhao.lei")
    refused(fresh("retention", "dispose", "--due", *ORDER), "no key that counts")


def test_a_witness_signs_later_and_a_certificate_can_be_given_up(company: Program) -> None:
    """Without the key the certificate waits; nothing is gone until the last signature; a hold stops it meanwhile."""
    number = ended(company, "等一个签名", form="QR-14-04")
    later = due(company)
    keys = Path(os.environ["QMSDOCS_KEYS"])
    away = list(keys.rglob("wang.fang*"))
    for path in away:
        path.rename(keys / path.name)
    said = later("retention", "dispose", number, *ORDER, "--json")
    assert said.code == 1
    [item] = said.json["certificates"]
    assert (item["state"], item["witnesses"], item["missing"]) == ("waiting", ["li.ming"], ["wang.fang"])
    for path in away:
        (keys / path.name).rename(path)
    assert done(later, "record", "show", number)
    certificate = item["number"]
    refused(later("retention", "dispose", number, *ORDER), f"{number} stands on {certificate} already")
    refused(later("retention", "witness", certificate, "--as", "li.ming", "-y"), "signed")
    refused(later("retention", "witness", certificate, "--as", "zhao.lei", "-y"), "not named as a witness")
    held = done(later, "retention", "hold", number, "-m", "诉讼", "--as", "li.ming").split(":")[0]
    refused(later("retention", "witness", certificate, "--as", "wang.fang", "-y"), "on hold")
    done(later, "retention", "lift", held, "-m", "了结", "--as", "li.ming")
    done(later, "retention", "witness", certificate, "--as", "wang.fang", "-y")
    refused(later("record", "show", number), certificate)
    refused(later("retention", "certificates", "--drop", certificate, "-m", "x", "--as", "zhao.lei"), "carried out")


def test_a_certificate_given_up_destroys_nothing_and_makes_room_for_another(company: Program) -> None:
    """The record moved on after the certificate was drawn up."""
    number = ended(company, "又有变化", form="QR-14-04")
    later = due(company)
    keys = Path(os.environ["QMSDOCS_KEYS"])
    hidden = keys.with_name("hidden")
    shutil.move(keys, hidden)
    shutil.copytree(hidden, keys, ignore=shutil.ignore_patterns("wang.fang*"))
    waiting = later("retention", "dispose", number, *ORDER, "--json").json["certificates"][0]["number"]
    shutil.rmtree(keys)
    shutil.move(hidden, keys)
    listed = done(later, "retention", "certificates")
    for said in ("赵磊", "李明", "major ones 2026 HZ"):
        assert said in listed, listed
    assert "zhao.lei" not in listed and "records/" not in listed
    drop = ("retention", "certificates", "--drop", waiting, "--as", "zhao.lei", "-m")
    refused(later(*drop, f"{COMPLAINT['customer']}来电"), "names somebody whose record is destroyed")
    done(later, *drop, "重新办理")
    refused(later("retention", "witness", waiting, "--as", "wang.fang", "-y"), "given up")
    assert dispose(later, number) != waiting
    listed = {
        item["number"]: item["state"] for item in later("retention", "certificates", "--json").json["certificates"]
    }
    assert listed[waiting] == "dropped"


def test_an_erasure_needs_the_quality_manager_and_the_law_looked_up(company: Program) -> None:
    """Before the period has ended; a hold stands above it."""
    later = due(company)
    number = ended(later, "要求删除的内容", form="QR-14-04")
    asked = ("retention", "erase", number, "--requested-by", "客户本人，电话", "--as", "zhao.lei", "-y")
    refused(later(*asked, *WITNESSES), "does a law ask")
    held = done(later, "retention", "hold", number, "-m", "调查", "--as", "li.ming").split(":")[0]
    refused(later(*asked, *WITNESSES, "--law-checked", "无"), "on hold")
    done(later, "retention", "lift", held, "-m", "了结", "--as", "li.ming")
    said = later(*asked, *WITNESSES, "--law-checked", "无下限", "--json")
    assert said.code == 0, said
    assert [record["reason"] for record in said.json["certificates"][0]["records"]] == ["erasure"]
    assert found(company.root, "要求删除的内容") == []


# ── the page


@pytest.mark.parametrize("kind", ["pdf", pytest.param("docx", marks=pytest.mark.slow)])
def test_the_list_of_destruction_is_a_page(company: Program, tmp_path: Path, kind: str) -> None:
    """What was destroyed, by which schedule, what becomes of the paper, and who signs; nothing that stood in it."""
    number = ended(company, "不会印出来的内容", form="QR-14-04")
    certificate = dispose(due(company), number)
    text = _page(due(company), certificate, tmp_path / f"list.{kind}")
    for word in (number, certificate, "2026", "1 month", "period ended", "Complaints, all but major ones 2026 HZ",
                 "A/1, in force since 2026-11-21", "Company practice", "客服部档案柜 A，按编号装盒：按本清册一并销毁"):  # fmt: skip
        assert word in text, (word, text)
    for name, times in (("赵磊", 3), ("李明", 2), ("王芳", 3)):  # what each did, by whose signature it was carried out
        assert text.count(name) == times, (name, text)  # and on whose responsibility, and where each signs the paper
    said = " ".join(text.split())
    assert "Carried out the program" in said and "赵磊, who authorised it, is responsible" in said, text
    for word in ("不会印出来的内容", "records/"):
        assert word not in text, (word, text)


def test_the_page_of_what_was_never_on_paper_names_no_originals(company: Program, tmp_path: Path) -> None:
    """The schedule says where paper lies; of enquiries it says that there is none."""
    certificate = dispose(due(company), ended(company, "没有纸", form="QR-14-03"))
    text = _page(due(company), certificate, tmp_path / "list.pdf")
    assert "无（只有电子记录）" in text
    assert "粉碎" not in text


def _page(program: Program, certificate: str, path: Path) -> str:
    """The text on the pages of a certificate."""
    done(program, "retention", "certificate", certificate, "-o", path)
    if path.suffix == ".docx":
        looked("soffice", "--headless", "--convert-to", "pdf", "--outdir", path.parent, path)
    return looked("pdftotext", "-layout", path.with_suffix(".pdf"), "-")


# ── interrupted


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("gather", False),
        *((name, True) for name in ("replace", "objects", "heads")),
        *(pytest.param(name, True, marks=pytest.mark.slow) for name in
          ("gather", "references", "reflogs", "derived", "pages", "drafts")),
    ],
)  # fmt: skip
def test_what_was_interrupted_is_finished_by_whatever_is_recorded_next(
    company: Program, monkeypatch: pytest.MonkeyPatch, name: str, after: bool
) -> None:
    """Before or after any step; a command that only reads says so and writes nothing."""
    marker = f"中断-{name}-{after}"
    number = ended(company, marker)
    later = due(company)

    steps = disposal.STEPS

    def stop(work: disposal.Work) -> disposal.Progress:
        if after:
            dict(steps)[name](work)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(disposal, "STEPS", tuple((key, stop if key == name else step) for key, step in steps))
        with pytest.raises(Killed):
            later("retention", "dispose", number, *ORDER)
    before = company.heads()
    assert "was interrupted" in later("record", "list").err
    assert company.heads() == before
    assert later.issue()
    assert found(company.root, marker) == []
    refused(later("record", "show", number), "was destroyed")
    assert "interrupted" not in later("record", "list").err


@pytest.mark.parametrize("name", ["begin", "carry_out"])
def test_a_disposal_stopped_before_it_began_is_finished_too(
    company: Program, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Signed by all, and the process ends before it is noted, or after that; `dispose` again is no second one."""
    marker = f"刚签完就停-{name}"
    number = ended(company, marker)
    later = due(company)

    def stop(*_: object, **__: object) -> int:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(disposal, name, stop)
        with pytest.raises(Killed):
            later("retention", "dispose", number, *ORDER)
    count = len(later("retention", "certificates", "--json").json["certificates"])
    again = later("retention", "dispose", number, *ORDER)
    assert again.code == 2
    assert "was destroyed" in again.err
    assert found(company.root, marker) == []
    assert len(later("retention", "certificates", "--json").json["certificates"]) == count


@pytest.mark.slow
@pytest.mark.parametrize("step", ["", "gather", "replace", "references", "reflogs", "objects"])
def test_killed_for_real_the_next_command_finishes(make: Make, tmp_path: Path, step: str) -> None:
    """SIGKILL as soon as a step is noted."""
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
        patch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
        live = begun(make, tmp_path / "acme", live=True)
        number = ended(live, "真的被杀")
        running = live.begin("retention", "erase", number, "--requested-by", "本人", "--law-checked", "无", *ORDER)
        noted = live.root / ".qms/disposal.json"
        while running.poll() is None:
            if noted.exists() and (not step or f'"{step}"' in noted.read_text("utf-8")):
                running.send_signal(signal.SIGKILL)
                break
            time.sleep(0.002)
        running.wait()
        assert live.issue()
        certificates = live("retention", "certificates", "--json").json["certificates"]
        if certificates[0]["state"] == "carried_out":
            assert found(live.root, "真的被杀") == []
        else:  # it ended before the last signature: nothing is gone, and it can be signed now
            done(live, "retention", "witness", certificates[0]["number"], "--as", "wang.fang", "-y")
            assert found(live.root, "真的被杀") == []
        assert subprocess.run(["git", "-C", str(live.root), "fsck", "--full"], check=True, capture_output=True)


# ── another copy, and whoever has no program of ours


def test_a_stale_copy_cannot_bring_back_what_was_destroyed(company: Program, tmp_path: Path) -> None:
    """A clone made before cannot take the seat over it, nor hand its old ledger on; the certificate empties it too."""
    marker = "旧副本里还有"
    number = ended(company, marker, form="QR-14-04")
    clone = company.elsewhere(tmp_path / "clone")
    subprocess.run(["git", "clone", "-q", str(company.root), str(clone.root)], check=True)
    for line in company.git(
        "for-each-ref", "--format=%(refname:short)", "refs/heads/qms", "refs/heads/records"
    ).split():
        clone.git("branch", "-q", line, f"refs/remotes/origin/{line}")
    clone.git("remote", "remove", "origin")
    later = due(company)
    certificate = dispose(later, number)
    there = clone.elsewhere(clone.root).later(later.at)
    refused(there("sync", "--take-seat", "--as", "zhao.lei", "-m", "x"), "records were destroyed where it is written")
    old, new = _store(clone), _store(company)
    try:
        moved = sync.fetch(old.objects, new.objects, lambda _: True, believed=carried_out)
        assert "records/complaint/2026/hz" not in moved
        assert found(clone.root, marker)
        assert found(company.root, marker) == []
        sync.fetch(new.objects, old.objects, lambda branch: branch.startswith("qms/"), believed=carried_out)
        refuse = disposal.arrive(old, now=later.at, believes=lambda _: False)
        assert (refuse, bool(found(clone.root, marker))) == ((), True)
        gone = disposal.arrive(old, now=later.at, believes=lambda _: True)
        assert certificate in {item.number for item in gone}
        assert found(clone.root, marker) == []
        ledger = "records/complaint/2026/hz"
        assert clone.git("rev-parse", ledger) == company.git("rev-parse", ledger)  # every copy makes the same root
        assert disposal.arrive(old, now=later.at, believes=lambda _: True) == ()
    finally:
        old.close()
        new.close()


def test_a_certificate_is_believed_for_its_keys_and_rights(company: Program) -> None:
    """Another copy destroys on its word, so the same acts said by others speak against it."""
    number = ended(company, "谁说了算", form="QR-14-04")
    later = due(company)
    certificate = dispose(later, number)
    assert later.at is not None
    system = open_system(company.root, now=later.at, machine=platform.node())
    item = acts.the_certificate(system, certificate)
    assert list(acts.problems(system, item)) == []
    first, *rest = item.events
    for by in ("zhang.wei", "li.ming", "no.body"):
        forged = dataclasses.replace(first, body={**first.body, "by": by})
        said = [str(why) for why in acts.problems(system, dataclasses.replace(item, events=(forged, *rest)))]
        assert any(f"{by} had no right" in why for why in said), said
    unsigned = dataclasses.replace(first, signature=None)
    assert list(acts.problems(system, dataclasses.replace(item, events=(unsigned, *rest))))
    system.store.close()


def _store(program: Program) -> Store:
    return Store.open(program.root, machine=platform.node(), meanings=lambda _: Meanings())


def test_the_page_of_the_format_is_enough_to_check_a_disposal(company: Program, tmp_path: Path) -> None:
    """A verifier written from docs/format.md finds nothing, and finds a record that was put back."""
    number = ended(company, "格式页够用", form="QR-14-04")
    before = _head(company, "records/complaint/2026/hz")
    copy = tmp_path / "copy"
    subprocess.run(["git", "clone", "-q", "--mirror", str(company.root), str(copy)], check=True)
    dispose(due(company), number)
    assert _stranger(company.root) == []
    ledger = "refs/heads/records/complaint/2026/hz"
    for line in company.git("for-each-ref", "--format=%(refname)", "refs/heads").split():
        subprocess.run(["git", "-C", str(copy), "fetch", "-q", str(company.root), f"+{line}:{line}"], check=True)
    assert _stranger(copy) == []
    subprocess.run(["git", "-C", str(copy), "update-ref", ledger, before], check=True)
    rules = {line.split()[0] for line in _stranger(copy)}
    assert {"R17", "R19"} <= rules


def _stranger(folder: Path) -> list[str]:
    script = Path(__file__).parents[1] / "support/stranger_whole.py"
    said = subprocess.run([sys.executable, str(script), str(folder)], capture_output=True, check=False)
    assert said.stdout, said.stderr.decode()[-2000:]
    return list(json.loads(said.stdout)["found"])


def test_everything_is_looked_at(company: Program) -> None:
    """The search for leftovers finds what is there: loose, packed, in a page, in the index."""
    number = ended(company, "必须找得到", pages=True)
    places = {place.split("/")[0] for place, _ in found(company.root, "必须找得到")}
    assert {"objects", ".git", ".qms"} <= places
    assert any(number in place for place, _ in everything(company.root))


def test_a_hold_lifted_by_a_forged_act_still_stands(company: Program, make: Make, tmp_path: Path) -> None:
    """An act written into the releases past the program, signed by nobody, frees nothing."""
    own = begun(make, tmp_path / "forged")
    number = ended(own, "扣住的内容")
    later = due(own)
    held = done(later, "retention", "hold", number, "-m", "诉讼", "--as", "li.ming").split(":")[0]
    folder = f"hold/00/00/{int(held.rpartition('-')[2]):06d}"
    hand = Hand(own.root, "qms/control")
    issued = hand.event(f"{folder}/0001-issue.json")
    body = {
        **issued, "act": "lift", "state": "lifted", "sequence": 2, "signer": None, "nonce": "0" * 32,
        "previous": sha256(hand.read(f"{folder}/0001-issue.json")), "control": hand.head,
        "set": {"lifted_on": str(later.at)[:10]},
    }  # fmt: skip
    hand.commit({f"{folder}/0002-lift.json": dumps(body)}, at=str(issued["recorded_at"]))
    refused(later("retention", "dispose", number, *ORDER), f"{number} is on hold: {held}")
    assert f"{number} is on hold" in later("retention", "dispose", "--due", *ORDER).err
    done(later, "retention", "lift", held, "-m", "结案", "--as", "li.ming")  # as it should be, it ends
    assert dispose(later, number)
