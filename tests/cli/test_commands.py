"""Every command: its exit code, what goes to stdout and what to stderr, and the options all of them have."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from program import COMPLAINT, FORMS, LIAISON, Program, program, refused

from qmsdocs.base.language import Language

FACTS = (
    "same_province=true",
    "lawsuit=none",
    "media=none",
    "needs_others=false",
    "people_together=1",
    "nature=grievance",
)
SET = tuple(word for fact in FACTS for word in ("--set", fact))
READING: Sequence[tuple[str, ...]] = (
    ("status",),
    ("form", "list"),
    ("form", "check"),
    ("register", "list"),
    ("register", "show", "complaints"),
    ("record", "list"),
    ("record", "show", "TS-HZ-2026-0001"),
    ("record", "history", "TS-HZ-2026-0001"),
    ("search", "漏水"),
)


@pytest.fixture(scope="module")
def filled(shared: Program) -> Program:
    """The shared repository with a complaint, moved on once, and a void one."""
    number = shared.issue("QR-14-04")
    assert number == "TS-HZ-2026-0001"
    assert shared("record", "advance", number, "classify", *SET, "--as", "zhang.wei", "--no-pages").code == 0
    second = shared.issue("QR-14-04", customer="第二个")
    assert shared("record", "void", second, "-m", "重复", "--no-pages").code == 0
    return shared


@pytest.mark.parametrize("words", READING)
def test_reading_answers_on_stdout_and_changes_nothing(filled: Program, words: tuple[str, ...]) -> None:
    with filled.unchanged():
        for options in ((), ("-q",), ("-v",), ("--color", "never"), ("--lang", "zh"), ("--as", "wang.fang")):
            found = filled(*words, *options)
            assert found.code == (1 if words == ("status",) else 0), found
            assert found.out.strip() and found.err == ""
        assert replace(filled, language=Language.ZH)(*words).code == found.code
        before = filled(*options, *words)
        assert before == found


@pytest.mark.parametrize("words", READING)
def test_json_is_one_object(filled: Program, words: tuple[str, ...]) -> None:
    for options in ((), ("-q",), ("-v",), ("--color", "always")):
        found = filled(*words, "--json", *options)
        assert found.json["format"] == 1
        assert "\x1b" not in found.out and found.err == ""
        assert found.out.endswith("}\n")


def test_an_answer_goes_into_a_file_or_to_stdout(filled: Program, tmp_path: Path) -> None:
    for words in (("record", "list"), ("register", "show", "complaints"), ("search", "漏水")):
        as_json = filled(*words, "--json").json
        for kind in ("txt", "csv", "xlsx", "docx", "pdf", "json"):
            path = tmp_path / "new" / f"out.{kind}"
            found = filled(*words, "-o", path)
            assert found.code == 0 and found.out == "" and str(path) in found.err
            assert filled(*words, "-o", path, "-q").err == ""
            data = path.read_bytes()
            marks = {"xlsx": b"PK", "docx": b"PK", "pdf": b"%PDF", "csv": b"\xef\xbb\xbf", "json": b"{"}
            assert data.startswith(marks.get(kind, b"")) and len(data) > 100
        assert json.loads(path.read_bytes())["format"] == 1 == as_json["format"]
        piped = filled(*words, "-o", "-")
        assert piped.code == 0 and piped.out == (tmp_path / "new" / "out.txt").read_text("utf-8")
        refused(filled(*words, "-o", tmp_path / "out.odt"), "out.odt", "xlsx")
        refused(filled(*words, "-o", tmp_path), str(tmp_path))
    for words in (("record", "show", "TS-HZ-2026-0001"), ("record", "history", "TS-HZ-2026-0001")):
        found = filled(*words, "--json", "-o", tmp_path / "one.json")
        assert found.out == "" and json.loads((tmp_path / "one.json").read_bytes())["format"] == 1


def test_a_step_whose_condition_does_not_hold_is_shown_with_it(filled: Program, repository: Program) -> None:
    said = filled("record", "show", "TS-HZ-2026-0001").out
    assert said.endswith("\n\nNext steps: update Update facts, settle Settle by talk, plan Plan\n")
    number = repository.issue("QR-14-04")
    quality = (*SET, "--set", "nature=quality", "--set", "quality_kind=repair")
    assert repository("record", "advance", number, "classify", *quality, "--as", "zhang.wei", "--no-pages").code == 0
    said = repository("record", "show", number).out
    assert "\n\nNext steps: update Update facts, plan Plan\nsettle Settle by talk: only where " in said
    assert "Grievance" in said.splitlines()[-1]


def test_binary_answers_go_through_a_pipe(live: Program) -> None:
    live.issue("QR-14-04")
    words = [*program(), "register", "show", "complaints", "--format", "xlsx", "-o", "-"]
    done = subprocess.run(words, cwd=live.root, capture_output=True, check=True)
    assert openpyxl.load_workbook(io.BytesIO(done.stdout)).active.max_row > 1
    assert done.stderr == b""


def test_help_of_every_command(shared: Program) -> None:
    """Each says what it does in both languages; nothing is run."""
    seen = 0
    for language in Language:
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            words = waiting.pop()
            found = replace(shared, language=language)(*words, "--help")
            assert found.code == 0 and found.err == "", (words, found.err)
            assert ("Usage" in found.out) == (language is Language.EN), words
            assert bool(re.search("[\u4e00-\u9fff]", found.out)) == (language is Language.ZH), (words, found.out)
            seen += 1
            listed = re.split(r"^(?:Commands:|命令：)$", found.out, maxsplit=1, flags=re.MULTILINE)
            if len(listed) == 2:
                waiting += [(*words, line.split()[0]) for line in listed[1].splitlines() if re.match(r"  \w", line)]
    assert seen > 50


def test_a_group_alone_says_what_it_has(shared: Program) -> None:
    for group in ("record", "form", "register", "index"):
        found = shared(group)
        assert found.code == 2 and found.out == ""
        assert f"qmsdocs {group}" in found.err


WRONG: Sequence[tuple[tuple[str, ...], str]] = (
    (("bogus",), "bogus"),
    (("recrod",), "qmsdocs record"),
    (("record", "isue"), "qmsdocs record issue"),
    (("record", "show"), "NUMBER"),
    (("record", "show", "TS-HZ-2026-0001", "more"), "more"),
    (("record", "show", "TS-HZ-2026-0001", "--jsno"), "--jsno"),
    (("record", "show", "TS-HZ-2026-9999"), "TS-HZ-2026-9999"),
    (("record", "show", ""), "no record"),
    (("record", "show", "ts-hz-2026-0001"), "ts-hz-2026-0001"),
    (("record", "show", "TS-HZ-2026-0001\n"), "TS-HZ-2026-0001"),
    (("record", "show", "TS-HZ-2026-\x1b[31m"), "\\u001b"),
    (("record", "show", "SEAT-HZ-000001"), "SEAT-HZ-000001"),
    (("record", "show", "REL-000001"), "release"),
    (("record", "history", "none"), "none"),
    (("record", "render", "none"), "none"),
    (("record", "render"), "--pending"),
    (("record", "void", "none", "-m", "x"), "none"),
    (("record", "attach", "none", "qms.toml"), "none"),
    (("record", "attach", "TS-HZ-2026-0001"), "FILES"),
    (("record", "attach", "TS-HZ-2026-0001", "missing.jpg"), "missing.jpg"),
    (("record", "attach", "TS-HZ-2026-0001", "forms"), "forms"),
    (("record", "attach", "TS-HZ-2026-0001", "/dev/zero"), "not a file"),
    (("record", "attach", "TS-HZ-2026-0001", "qms.toml", "--field", "phone"), "evidence"),
    (("record", "raise", "TS-HZ-2026-0001", "none"), "report_8d"),
    (("record", "raise", "TS-HZ-2026-0001", "liaison", "--set", "x"), "field=value"),
    (("record", "new", "QR-99"), "QR-14-04"),
    (("record", "new", "QR-14-04", "--revision", "Z/9"), "Z/9"),
    (("record", "new", "QR-14-04", "-o", "qms.toml"), "qms.toml"),
    (("record", "fill", "-o", "none.toml"), "none.toml"),
    (("record", "fill", "QR-99", "-o", "none.toml"), "QR-99"),
    (("record", "fill", "QR-14-03", "-o", "forms/QR-14-04/example.toml"), "QR-14-04"),
    (("record", "list", "--form", "QR-99"), "QR-99"),
    (("record", "list", "--state", "nowhere"), "nowhere"),
    (("record", "list", "--where", "customer"), "field=value"),
    (("record", "list", "--where", "custmer=x"), 'did you mean "customer"'),
    (("record", "list", "--from", "2026-13-01"), "2026-13-01"),
    (("record", "list", "--to", "yesterday"), "yesterday"),
    (("register", "show", "none"), "complaints"),
    (("register", "show"), "NAME"),
    (("register", "show", "complaints", "--format", "odt"), "xlsx"),
    (("search",), "WORDS"),
    (("form", "show", "QR-99", "-o", "x.pdf"), "QR-99"),
    (("form", "show", "QR-14-04", "-o", "x.txt"), ".pdf"),
    (("form", "show", "QR-14-04"), "--output"),
    (("form", "check", "QR-99"), "QR-99"),
    (("form", "new", "QR-14-04", "--title", "x", "--series", "ab"), "already"),
    (("form", "new", "QR-50-01", "--title", "x", "--series", "AB"), "AB"),
    (("form", "new", "QR-50-01", "--title", " ", "--series", "ab"), "--title"),
    (("form", "new", "QR-50-01", "--title", "a\x1bb", "--series", "ab"), "U+001B"),
    (("form", "new", " ", "--title", "x", "--series", "ab"), "NUMBER"),
    (("form", "template", "QR-99"), "QR-99"),
    (("index",), "rebuild"),
    (("completion", "tcsh"), "bash"),
    (("init", "inner"), "--org"),
    (("init", "inner", "--org", " "), "--org"),
    (("retention", "hold", "TS-HZ-2026-0001", "--period", "", "-m", "x"), "--period: is missing"),
    (("retention", "due", "--class", "complaint", "--class", ""), "--class: is missing"),
    (("document", "list", "--changed-since", ""), "--changed-since: is missing"),
    (("init", "inner", "--org", "a\x1bb"), "U+001B"),
    (("init", "inner", "--org", "a\nb"), "one line"),
    (("init", "inner", "--org", "x", "--site", "HZ"), "--site"),
    (("init", "inner", "--org", "x", "--site", "con"), "con"),
    (("init", "inner", "--org", "x", "--site", "a" * 40), "--site"),
    (("init", "inner", "--org", "x", "--code", "{serial}"), "code"),
    (("init", "forms", "--org", "x"), "not empty"),
    (("init", "qms.toml", "--org", "x"), "qms.toml"),
    (("sync",), "no shared store"),
    (("sync", "--take-seat", "-m", "x"), "already writes"),
    (("audit", "--clauses", "ISO1"), "ISO 9001"),
    (("audit", "--token", "head.tsr"), "--head"),
    (("audit", "--head", "none.txt"), "none.txt"),
    (("audit", "-o", "audit.xlsx"), "audit.xlsx"),
    (("rule", "REC999"), "REC999"),
    (("rule",), "--all"),
    (("retention", "due", "--on", "tomorrow"), "tomorrow"),
    (("retention", "hold", "-m", "x", "--as", "li.ming"), "what is on hold"),
    (("retention", "hold", "TS-HZ-2026-0001", "--as", "li.ming"), "reason"),
    (("retention", "dispose", "--due", "-y"), "on trial"),
    (("retention", "witness", "DSP-HZ-000001"), "DSP-HZ-000001"),
    (("record", "return", "TS-HZ-2026-0099"), "TS-HZ-2026-0099"),
    (("export", "pull", "--since", "2026-01-01", "-o", "pull.zip"), "--opening"),
    (("export", "pull", "--opening", "-o", "opening.txt"), "opening.txt"),
    (("export", "pull", "--period", "May", "-o", "pull.zip"), "May"),
    (("export", "pull", "--full", "-o", "pull.zip"), "wang.fang"),
    (("export", "site", "-o", "records/site"), "records/site"),
    (("rule", "--all", "-o", ".git/HEAD"), ".git/HEAD"),
    (("audit", "--format", "text", "-o", "qms.toml"), "qms.toml"),
    (("retention", "list", "-o", "records/issued/QR-04-01/2026/LX-HZ-2026-0001.pdf"), "LX-HZ-2026-0001.pdf"),
    (("export", "pull", "TS-HZ-2026-0001", "-o", ".git/z.zip"), ".git/z.zip"),
    (("export", "backup", "-o", ".qms/b.zip"), ".qms/b.zip"),
    (("record", "new", "QR-14-04", "-o", "procedures/new.toml"), "procedures/new.toml"),
    (("export", "backup", "-o", "backup.zip"), "backup.zip"),
    (("export", "backup", "--test", "none.zip"), "none.zip"),
    (("init", "restored", "--from", "none.zip"), "none.zip"),
    (("init", "restored", "--from", "qms.toml"), "qms.toml"),
    (("sync", "--from", "nowhere"), "nowhere"),
    (("guard", "check", "--repository", "nowhere"), "nowhere"),
    (("--lang", "fr", "status"), "zh, en"),
    (("--color", "red", "status"), "always"),
    (("--on", "tomorrow", "status"), "tomorrow"),
    (("--on", "0001-01-01", "status"), "0001-01-01"),
    (("--on", "9999-12-31", "status"), "9999-12-31"),
    (("--site", "sz", "status"), "sz"),
    (("-C", "/nowhere/at/all", "status"), "/nowhere/at/all"),
    (("-C", "/dev/null", "status"), "/dev/null"),
    (("record", "list", "--customer", "\udcff"), "UTF-8"),
    (("search", "\udcff"), "UTF-8"),
    (("record", "issue", "\udcff.toml"), "UTF-8"),
)


@pytest.mark.parametrize(("words", "word"), WRONG)
def test_what_cannot_be_done_is_one_line(filled: Program, words: tuple[str, ...], word: str) -> None:
    with filled.unchanged():
        found = filled(*words)
        chinese = replace(filled, language=Language.ZH)(*words)
    assert chinese.code == 2 and chinese.out == "" and re.search("[\u4e00-\u9fff]", chinese.err), chinese
    if words == ("index",):
        assert found.code == 2 and word in found.err
    else:
        refused(found, word)
    assert "\x1b" not in found.err


# ── acts


def test_acts_out_of_order_are_refused(repository: Program) -> None:
    number = repository.issue("QR-14-04")
    other = repository.issue("QR-14-04", customer="第二个")
    act = ("record", "advance", number)
    with repository.unchanged():
        refused(repository(*act, "clasify"), "classify")
        for step, person in (("close", "chen.jing"), ("plan", "zhang.wei"), ("carry_out", "zhang.wei")):
            found = repository(*act, step, "--as", person)
            assert found.code == 2 and found.out == "" and "stands at Received" in found.err
        said = refused(repository(*act, "classify", *SET, "--as", "li.ming"), "Service clerk")
        assert "hint: --as" in repository(*act, "classify", *SET, "--as", "li.ming").err, said
        refused(repository(*act, "classify", *SET, "--as", "nobody"), "nobody")
        refused(repository(*act, "classify", *SET, "--as", ""), "--as: is missing")
        missing = repository(*act, "classify", "--as", "zhang.wei")
        assert missing.code == 2 and len(missing.errors) >= 5 and missing.out == ""
        refused(
            repository(*act, "classify", *SET, "--set", "people_together=0", "--as", "zhang.wei"), "people_together"
        )
        found = repository(*act, "classify", *SET, "--set", "level=major", "--as", "zhang.wei")
        assert (found.code, found.out) == (2, "") and "worked out by the program" in found.err
        refused(repository(*act, "classify", *SET, "--set", "phone=1", "--as", "zhang.wei"), "phone")
        for words in ((), ("-m", ""), ("-m", "  "), ("-m", "\n")):
            refused(repository("record", "amend", number, "--set", "customer=x", *words), "reason")
            refused(repository("record", "void", number, *words), "reason")
        refused(repository("record", "amend", number, "-m", "x"), "nothing would change")
        refused(repository("record", "amend", number, "--set", "customer=林玥", "-m", "x"), "nothing would change")
        refused(repository("record", "amend", number, "--set", "customer=", "-m", "x"), "is missing")
        found = repository("record", "amend", number, "--set", "level=major", "-m", "x")
        assert (found.code, found.out) == (2, "") and "worked out by the program" in found.err
        refused(repository("record", "amend", number, "--from", "missing.toml", "-m", "x"), "missing.toml")
        refused(repository("record", "void", number, "-m", "x", "--replaced-by", number))
        refused(repository("record", "void", number, "-m", "x", "--replaced-by", "none"), "none")
        for moment, word in (
            ("tomorrow", "tomorrow"),
            ("2026-11-22T12:00", "future"),
            ("9999-12-31", "future"),
            ("0001-01-01", "0001"),
        ):
            refused(repository("record", "void", number, "-m", "x", "--happened-at", moment), word)
    assert repository("record", "void", other, "-m", "重复", "--replaced-by", number, "--no-pages").code == 0
    with repository.unchanged():
        for words in (
            ("amend", other, "--set", "customer=x", "-m", "x"),
            ("advance", other, "classify", *SET, "--as", "zhang.wei"),
            ("void", other, "-m", "x"),
            ("raise", other, "liaison"),
            ("attach", other, "qms.toml", "-m", "x"),
        ):
            refused(repository("record", *words), "void")
        refused(repository("record", "void", number, "-m", "x", "--replaced-by", other), "cannot replace")


def walked(desk: Program) -> str:
    """A grievance settled, visited and closed."""
    number = desk.issue("QR-14-04")
    for step, person, given in (
        ("classify", "zhang.wei", FACTS),
        ("settle", "zhang.wei", ("answer=已说明，客户接受。",)),
        ("visit", "wang.fang", ("visited_by=wang.fang", "satisfied=satisfied")),
        ("close", "chen.jing", ("effect=满意",)),
    ):
        words = [word for fact in given for word in ("--set", fact)]
        found = desk("record", "advance", number, step, *words, "--as", person, "--no-pages")
        assert found.code == 0, (step, found.err)
    return number


def test_a_closed_record(repository: Program) -> None:
    number = walked(repository)
    assert repository.record(number)["is_closed"]
    with repository.unchanged():
        refused(repository("record", "advance", number, "classify", *SET, "--as", "zhang.wei"))
        refused(repository("record", "advance", number, "close", "--set", "effect=x", "--as", "chen.jing"), lines=2)
    assert repository("record", "amend", number, "--set", "phone=13900000000", "-m", "号码听错", "--no-pages").code == 0
    assert repository.record(number)["state"] == "closed"
    assert repository("record", "list", "--open", "--json").json["records"] == []


def test_nobody_checks_his_own_work(repository: Program) -> None:
    number = repository.issue("QR-14-04")
    plan = ("nature=quality", "quality_kind=repair", "people_together=1", *FACTS[:4])
    for step, given in (
        ("classify", plan),
        ("plan", ("team=clerk,project", "cause=密封老化", "plan=更换密封条")),
        ("answer", ("answer=下周更换",)),
        ("carry_out", ("done=已更换",)),
    ):
        words = [word for fact in given for word in ("--set", fact)]
        found = repository("record", "advance", number, step, *words, "--as", "zhang.wei", "--no-pages")
        assert found.code == 0, (step, found.err)
    visit = ("record", "advance", number, "visit", "--set", "visited_by=wang.fang", "--set", "satisfied=very")
    with repository.unchanged():
        refused(repository(*visit, "--as", "zhang.wei"))
    assert repository(*visit, "--as", "wang.fang", "--no-pages").code == 0
    with repository.unchanged():
        missing = repository("record", "advance", number, "close", "--set", "effect=x", "--as", "chen.jing")
        refused(missing, "action")
    draft = repository("record", "raise", number, "action_request", "-o", "request.toml")
    assert draft.code == 0, draft.err
    refused(repository("record", "raise", number, "action_request", "-o", "request.toml"), "request.toml")
    assert "绿汀苑3幢" in (repository.root / "request.toml").read_text("utf-8")


def test_dry_runs_write_nothing(repository: Program) -> None:
    number = repository.issue("QR-14-04")
    draft = repository.draft("draft.json", "QR-14-04", COMPLAINT)
    with repository.unchanged():
        for words in (
            ("issue", draft),
            ("issue", repository.root / "forms" / "QR-04-01" / "example.toml", draft),
            ("amend", number, "--set", "customer=x", "-m", "x"),
            ("advance", number, "classify", *SET, "--as", "zhang.wei"),
            ("void", number, "-m", "x"),
            ("attach", number, "qms.toml", "-m", "x"),
        ):
            for flag in ("-n", "--dry-run"):
                found = repository("record", *words, flag)
                assert found.code == 0, found.err
                assert "nothing was written" in found.out
        refused(repository("record", "amend", number, "--set", "phone=x", "-m", "x", "-n"), "phone")
        table = repository.root / "t.csv"
    table.write_text(",".join(COMPLAINT) + "\n" + ",".join("x" for _ in COMPLAINT) + "\n", "utf-8")
    with repository.unchanged():
        assert repository("record", "issue", "--form", "QR-14-04", "--table", table, "-n").code == 2


def test_on_is_for_reading(filled: Program) -> None:
    draft = filled.root / "forms" / "QR-14-04" / "example.toml"
    number = "TS-HZ-2026-0001"
    with filled.unchanged():
        for words in (
            ("record", "issue", draft),
            ("record", "amend", number, "--set", "customer=x", "-m", "x"),
            ("record", "advance", number, "update"),
            ("record", "void", number, "-m", "x"),
            ("record", "attach", number, "qms.toml", "-m", "x"),
            ("record", "raise", number, "liaison"),
            ("record", "render", number),
            ("record", "render", "--pending"),
            ("head",),
            ("init", "inner", "--org", "x"),
            ("sync", "--take-seat", "-m", "x"),
            ("form", "new", "QR-50-01", "--title", "x", "--series", "ab"),
        ):
            refused(filled("--on", "2026-11-20", *words), "--on")
    for words in READING:
        assert filled(*words, "--on", "2027-01-05").code in (0, 1)


def test_files_are_attached_and_limited(repository: Program, tmp_path: Path) -> None:
    number = repository.issue("QR-14-04")
    photo, empty, strange = tmp_path / "照片 1.jpg", tmp_path / "empty.txt", tmp_path / "a\u202eb & <c>.txt"
    photo.write_bytes(os.urandom(3_000_000))
    empty.write_bytes(b"")
    strange.write_text("x", "utf-8")
    found = repository("record", "attach", number, photo, empty, strange, "-m", "evidence", "--as", "zhang.wei")
    assert found.code == 0, found.err
    held = repository.record(number)["values"]["evidence"]
    assert [(item["name"], item["size"]) for item in held] == [
        ("照片 1.jpg", 3_000_000),
        ("empty.txt", 0),
        ("a\u202eb & <c>.txt", 1),
    ]
    ledger = repository.record(number)["ledger"]
    listed = repository.git("ls-tree", "-r", ledger).split()
    assert all(any(path.endswith(f"files/{item['sha256']}") for path in listed) for item in held)
    big = tmp_path / "big.bin"
    with big.open("wb") as stream:
        stream.truncate(20_000_001)
    with repository.unchanged():
        refused(repository("record", "attach", number, big, "-m", "x", "--as", "zhang.wei"), "20 MB")
        refused(repository("record", "attach", number, *[empty] * 18, "-m", "x", "--as", "zhang.wei"), "at most 20")
    draft = repository.draft(
        "draft.json", "QR-14-04", {**COMPLAINT, "evidence": ["one.txt", "two.txt"]}, submission="s"
    )
    (repository.root / "one.txt").write_text("1", "utf-8")
    (repository.root / "two.txt").write_text("2", "utf-8")
    issued = repository("record", "issue", draft, "--json", "--no-pages")
    assert issued.code == 0, issued.err
    assert repository("record", "issue", draft, "--json", "--no-pages").numbers == issued.numbers
    (repository.root / "two.txt").write_text("changed", "utf-8")
    with repository.unchanged():
        refused(repository("record", "issue", draft, "--no-pages"), issued.numbers[0])
    with repository.unchanged():
        later = repository("record", "amend", number, "--set", "phone=13900000000", "-m", "x", "--no-pages", "-n")
        assert later.code == 0


def test_values_come_from_a_file(repository: Program) -> None:
    number = repository.issue("QR-14-04")
    given = repository.root / "given.toml"
    given.write_text(
        "".join(f"{fact.replace('=', ' = ')}\n" for fact in FACTS if "nature" not in fact and "none" not in fact),
        "utf-8",
    )
    words = ("record", "advance", number, "classify", "--as", "zhang.wei", "--from", given)
    more = ("--set", "nature=grievance", "--set", "lawsuit=none", "--set", "media=none")
    for text, word in (
        ("people_together = " + "1" * 5000, "too long"),
        ("a = [", "not valid TOML"),
        ("\xff", "given"),
        ("a." * 5000 + "b = 1", "too many parts"),
        ("[values]\npeople_together = 'x'", "people_together"),
        ("custmer = 1", "custmer"),
    ):
        bad = repository.root / "bad.toml"
        bad.write_bytes(text.encode("latin-1") if text == "\xff" else text.encode())
        with repository.unchanged():
            found = repository(*words[:-1], bad, *more)
            assert found.code == 2 and found.out == "", text[:40]
            assert word in found.err or text == "\xff", found.err
    found = repository(*words, *more, "--no-pages")
    assert found.code == 0, found.err
    assert repository.record(number)["values"]["people_together"] == 1


def test_search_says_no_with_1(filled: Program) -> None:
    for words in (
        "不存在的词",
        "",
        " ",
        "%",
        "_",
        "*",
        '"',
        "'",
        "a OR b",
        "漏水 NOT",
        "\\",
        "NEAR(",
        "()",
        "x" * 5000,
    ):
        found = filled("search", "--json", "--", words)
        assert found.code == 1 and found.json["records"] == [], words
    for words in ("漏水", "漏", "林玥", "13800", "0001234", "绿汀", "TS-HZ-2026-0001", "zhang.wei", "窗台下方漏水"):
        assert filled("search", words).code == 0, words
    assert filled("search", "漏水", "林玥").code == 0
    assert filled("search", "漏水", "没有").code == 1
    assert filled("search", "漏水", "--form", "QR-04-01").code == 1


def test_records_are_listed_by_what_one_asks(filled: Program) -> None:
    def listed(*words: str) -> list[str]:
        return [
            item["number"] for item in filled("record", "list", "--json", "--form", "QR-14-04", *words).json["records"]
        ]

    assert (
        listed("--state", "classified")
        == ["TS-HZ-2026-0001"]
        == listed("--state", "已判定")
        == listed("--state", "Classified")
    )
    assert listed("--void") == ["TS-HZ-2026-0002"] == listed("--state", "void")
    assert listed("--no-void") == ["TS-HZ-2026-0001"]
    assert listed("--customer", "第二") == ["TS-HZ-2026-0002"]
    assert listed("--customer", "%") == [] == listed("--customer", "_") == listed("--customer", "' OR 1=1 --")
    assert listed("--where", "problem=leak") == ["TS-HZ-2026-0001", "TS-HZ-2026-0002"]
    assert listed("--where", "phone=13800001234", "--where", "customer=林玥") == ["TS-HZ-2026-0001"]
    assert listed("--from", "2026-11-18", "--to", "2026-11-18") == ["TS-HZ-2026-0001", "TS-HZ-2026-0002"]
    assert listed("--from", "2026-11-19") == [] == listed("--to", "2026-11-17")


def test_overdue_is_1(repository: Program) -> None:
    assert repository("status").code == 0
    repository.issue("QR-14-04", received_at="2026-11-21 11:59")
    assert repository("status").code == 0
    late = repository.later(timedelta(days=30))
    assert late("status").code == 1
    assert late("status", "--json").code == 1


# ── surroundings


def test_outside_a_repository(tmp_path: Path) -> None:
    nowhere = Program(tmp_path)
    for words in (
        *READING,
        ("head",),
        ("sync", "--take-seat", "-m", "x"),
        ("index", "rebuild"),
        ("record", "new", "QR-14-04"),
    ):
        refused(nowhere(*words), "qmsdocs init")
    assert nowhere("--help").code == 0 and nowhere("--version").out.startswith("qmsdocs ")
    assert nowhere("completion", "bash").code == 0
    assert nowhere("--version").out == nowhere.process("--version").out
    (tmp_path / "qms.toml").write_text("", "utf-8")
    refused(nowhere("status"))
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    refused(nowhere("status"), "in force")
    assert not (tmp_path / ".qms").exists()


def test_inside_a_folder_of_it(filled: Program) -> None:
    found = filled("record", "list", "--json", folder=filled.root / "forms" / "QR-14-04")
    assert found.code == 0
    assert filled("-C", filled.root, "record", "list", "--json", folder=Path("/")) == found
    assert filled("record", "list", "--json", "-C", filled.root, folder=Path("/")) == found


def test_damaged_definitions_in_the_folder_change_nothing_in_force(repository: Program) -> None:
    number = repository.issue("QR-14-04")
    for name in (
        "qms.toml",
        "people.toml",
        "records/retention.toml",
        "forms/QR-14-04/form.toml",
        "procedures/QD-14-02.md",
    ):
        path = repository.root / name
        kept = path.read_bytes()
        for data in (
            b"",
            b"[",
            b"\xff\xfe",
            b"\x00" * 100,
            "组织 = 1".encode(),
            b"x = " + b"[" * 5000,
            b"a." * 5000 + b"b=1",
        ):
            path.write_bytes(data)
            assert repository("record", "show", number).code == 0, (name, data[:20])
            assert (
                repository("record", "amend", number, "--set", f"room={time.monotonic()}", "-m", "x", "--no-pages").code
                == 0
            )
            assert repository("register", "show", "complaints").code == 0
            assert repository("status").code in (0, 1)
            checked = repository("form", "check")
            assert checked.code == 1 and checked.err == "" and "error: " in checked.out, (name, data[:20], checked)
            as_json = repository("form", "check", "--json")
            assert as_json.code == 1 and as_json.json["findings"]
            if name.startswith("forms/"):
                refused(repository("form", "show", "QR-14-04", "-o", "x.pdf"), "form.toml")
        path.write_bytes(kept)
    assert repository("form", "check").code == 0


def test_a_form_of_somebody_else_is_checked_and_drawn(repository: Program) -> None:
    for number, title in (("GT/QR·10-01", "表 & <b> {{ x }}"), ('XX〔2003〕261号 "a"', "a' \" \\")):
        made = repository("form", "new", number, "--title", title, "--series", f"s{len(title)}")
        assert made.code == 0, made.err
        assert len(made.out.splitlines()) == 2
        assert repository("form", "check", number).code == 0, repository("form", "check", number).out
        for kind in ("pdf", "docx"):
            path = repository.root / f"out.{kind}"
            found = repository("form", "show", number, "-o", path)
            assert found.code == 0, found.err
            assert path.read_bytes()[:2] in (b"%P", b"PK")
        refused(repository("record", "new", number))
    found = repository("form", "template", "QR-14-04")
    assert found.code == 0 and (repository.root / "forms" / "QR-14-04" / "template.docx").is_file()
    refused(repository("form", "template", "QR-14-04"), "template.docx")


@pytest.mark.parametrize("form", FORMS)
def test_previews_of_every_form(shared: Program, form: str, tmp_path: Path) -> None:
    for options in ((), ("--example",), ("--in-force",)):
        for kind in ("pdf", "docx") if options else ("pdf",):
            path = tmp_path / f"out.{kind}"
            found = shared("form", "show", form, "-o", path, *options)
            assert found.code == 0, found.err
            assert path.stat().st_size > 5000


def spoilt(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    with sqlite3.connect(path) as database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%\\_%' ESCAPE '\\'"
        ).fetchall():
            with contextlib.suppress(sqlite3.OperationalError):  # some tables take no orders
                database.execute(f"DELETE FROM {name}")


def dropped(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE meta")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [spoilt, cut, emptied, dropped, Path.unlink, a_folder])
def test_a_damaged_index_is_made_anew(repository: Program, damage: Callable[[Path], None]) -> None:
    number = repository.issue("QR-14-04")
    assert repository("search", "漏水").code == 0
    listed = repository("record", "list", "--json").json
    databases = [path for path in (repository.root / ".qms").iterdir() if path.suffix == ".sqlite"]
    assert len(databases) == 2
    gc.collect()  # no connection of this process stays open
    for path in databases:
        for rest in path.parent.glob(path.name + "-*"):
            rest.unlink()
        damage(path)
    assert repository("record", "list", "--json").json == listed
    assert repository("search", "漏水").code == 0
    assert repository.record(number)["number"] == number
    assert repository.issue("QR-14-04", customer="x")[-4:] == "0002"
    assert repository("index", "rebuild").code == 0


def test_hooks_and_settings_of_the_folder_run_nothing(repository: Program) -> None:
    """A repository from outside runs nothing of its own."""
    proof = repository.root / "proof"
    script = repository.root / ".git" / "evil"
    script.write_text(f"#!/bin/sh\ntouch {proof}\ncat\n", "utf-8")
    script.chmod(0o755)
    hooks = repository.root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-commit", "post-commit", "reference-transaction", "post-index-change", "post-checkout", "update"):
        shutil.copy(script, hooks / name)
    for setting in (
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "diff.external",
        "gpg.program",
        "core.sshCommand",
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "credential.helper",
        "sequence.editor",
    ):
        repository.git("config", setting, str(script))
    repository.git("config", "commit.gpgSign", "true")
    (repository.root / ".gitattributes").write_text("* filter=x diff=x\n", "utf-8")
    number = repository.issue("QR-14-04")
    for words in (
        *READING,
        ("head",),
        ("index", "rebuild"),
        ("record", "render", number),
        ("sync", "--take-seat", "-m", "x"),
    ):
        repository(*words)
    assert repository("init", "inner", "--org", "x").code == 0
    assert not proof.exists()


def test_surroundings_of_git_are_not_obeyed(live: Program, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    environment = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / "index"),
        "GIT_OBJECT_DIRECTORY": str(other / "objects"),
        "GIT_CONFIG_PARAMETERS": "'core.hooksPath=/tmp'",
    }
    found = live.process(
        "record", "issue", live.draft("d.json", "QR-14-04", COMPLAINT), "--no-pages", environment=environment
    )
    assert found.code == 0, found.err
    assert len(live.all_numbers()) == 1
    begun = live.process("init", tmp_path / "third", "--org", "x", environment=environment)
    assert begun.code == 0, begun.err
    assert [path.name for path in other.iterdir()] == [".git"]


def test_replace_refs_are_ignored(repository: Program) -> None:
    """git replace changes what git shows; not what counts here."""
    number = repository.issue("QR-14-04")
    before = repository.record(number)
    ledger = before["ledger"]
    path = next(
        line for line in repository.git("ls-tree", "-r", "--name-only", ledger).splitlines() if line.endswith(".json")
    )
    blob = repository.git("rev-parse", f"{ledger}:{path}").strip()
    forged = repository.git(
        "hash-object", "-w", "--stdin", text=repository.git("cat-file", "blob", blob).replace("林玥", "赵六")
    )
    repository.git("replace", blob, forged.strip())
    assert "赵六" in repository.git("show", f"{ledger}:{path}")
    assert repository("index", "rebuild").code == 0
    assert repository.record(number) == before
    assert repository("search", "赵六").code == 1


def test_a_damaged_ledger_is_said(repository: Program) -> None:
    number = repository.issue("QR-14-04")
    ledger = repository.record(number)["ledger"]
    path = next(
        line for line in repository.git("ls-tree", "-r", "--name-only", ledger).splitlines() if line.endswith(".json")
    )
    blob = repository.git("rev-parse", f"{ledger}:{path}").strip()
    stored = repository.root / ".git" / "objects" / blob[:2] / blob[2:]
    kept = stored.read_bytes()
    stored.chmod(0o644)
    for data in (b"", b"garbage", kept[:-3], None):
        if data is None:
            stored.unlink()
        else:
            stored.write_bytes(data)
        for words in (
            ("record", "show", number),
            ("record", "amend", number, "--set", "customer=x", "-m", "x"),
            ("record", "render", number),
            ("index", "rebuild"),
        ):
            refused(repository(*words), blob[:7])
        stored.write_bytes(kept)
    assert repository("record", "show", number).code == 0


def forge(desk: Program, ledger: str, mode: str, path: str, text: str) -> str:
    """The head before; git alone has put a file into the ledger."""
    head = desk.git("rev-parse", ledger).strip()
    blob = desk.git("hash-object", "-w", "--stdin", text=text).strip()
    environment = {**os.environ, "GIT_INDEX_FILE": str(desk.root / ".git" / "other-index")}
    me = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    git = ["git", "-C", str(desk.root), *me]
    subprocess.run([*git, "read-tree", head], env=environment, check=True)
    subprocess.run([*git, "update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}"], env=environment, check=True)
    tree = subprocess.run(
        [*git, "write-tree"], env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()
    commit = desk.git(*me, "commit-tree", "-p", head, "-m", "x", tree).strip()
    desk.git("update-ref", f"refs/heads/{ledger}", commit)
    return head


NEXT = "ts/00/00/000002/0001-issue.json"


@pytest.mark.parametrize(
    ("mode", "path", "text"),
    [
        ("100644", "evil.txt", "x"),
        ("120000", NEXT, "/etc/passwd"),
        ("100755", NEXT, "{}"),
        ("100644", NEXT, "no json"),
        ("100644", NEXT, "[]"),
        ("100644", NEXT, '{"a": "\\ud800"}'),
    ],
)
def test_a_foreign_file_in_a_ledger_is_said(repository: Program, mode: str, path: str, text: str) -> None:
    number = repository.issue("QR-14-04")
    ledger = repository.record(number)["ledger"]
    head = forge(repository, ledger, mode, path, text)
    refused(repository("index", "rebuild"), ledger)
    refused(repository("record", "list"), ledger)
    refused(repository("record", "issue", repository.draft("d.json", "QR-14-04", COMPLAINT)))
    repository.git("update-ref", f"refs/heads/{ledger}", head)
    assert repository("index", "rebuild").code == 0
    assert repository.issue("QR-14-04", customer="x")[-4:] == "0002"


@pytest.mark.parametrize(
    "text", ["{}", '{"a": 1.5}', '{"record": {"number": "TS-HZ-2026-0001"}}', '{"record": 5, "set": []}']
)
def test_an_event_that_says_nothing_keeps_its_place(repository: Program, text: str) -> None:
    """Its place was taken, by whatever: that number is not handed out."""
    number = repository.issue("QR-14-04")
    forge(repository, repository.record(number)["ledger"], "100644", NEXT, text)
    for words in (*READING, ("index", "rebuild"), ("record", "render", "--pending")):
        assert repository(*words).code in (0, 1, 2), words
    found = repository("record", "issue", repository.draft("d.json", "QR-14-04", COMPLAINT), "--json", "--no-pages")
    assert found.numbers in ([], ["TS-HZ-2026-0003"]), found


# ── terminals, pipes, colours


@pytest.mark.parametrize(
    "words", [["record", "list"], ["--help"], ["record", "show", "{}", "--json"], ["record", "new", "QR-18-02"]]
)
def test_a_reader_that_goes_away(live: Program, words: list[str]) -> None:
    number = live.issue("QR-14-04")
    for turn in range(30):
        live.draft(f"many-{turn}.json", "QR-14-04", COMPLAINT)
    live("record", "issue", *sorted(live.root.glob("many-*.json")), "--no-pages")
    said = " ".join([*program(), *(word.format(number) for word in words)])
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{said} | true"], cwd=live.root, capture_output=True, check=False
    )
    assert done.stderr == b""
    assert done.returncode in (0, 141)
    done = subprocess.run(["bash", "-c", f"{said} | head -c 1"], cwd=live.root, capture_output=True, check=False)
    assert done.stderr == b"" and len(done.stdout) == 1


def test_streams_that_are_closed(live: Program) -> None:
    for redirect in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        said = " ".join([*program(), "record", "list", redirect])
        done = subprocess.run(["bash", "-c", said], cwd=live.root, capture_output=True, check=False)
        assert b"Traceback" not in done.stderr, redirect
        assert done.returncode in (0, 2), (redirect, done)


def test_other_encodings_of_the_terminal(live: Program) -> None:
    for setting in (
        {"LANG": "C", "LC_ALL": "C"},
        {"LC_ALL": "POSIX"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "zh_CN.GB18030"},
    ):
        found = live.process("form", "list", "--lang", "zh", environment=setting)
        assert found.code == 0 and "投诉" in found.out
        draft = live.draft("草稿.json", "QR-14-04", COMPLAINT, submission="s")
        issued = live.process("record", "issue", draft.name, "--json", "--no-pages", environment=setting)
        assert issued.code == 0, issued.err
        assert live.record(issued.numbers[0])["values"]["customer"] == "林玥"


def test_colours_are_asked_for(live: Program) -> None:
    live.issue("QR-14-04")
    for setting in ({"NO_COLOR": "1"}, {}, {"TERM": "dumb"}):
        for words in (("status",), ("record", "list"), ("--help",), ("bogus",)):
            found = live.process(*words, environment=setting)
            assert "\x1b" not in found.out + found.err


def test_the_language_is_the_one_asked_for(live: Program, tmp_path: Path) -> None:
    for setting, words, chinese in (
        ({"QMSDOCS_LANG": "zh"}, ("bogus",), True),
        ({"QMSDOCS_LANG": "en"}, ("bogus",), False),
        ({"QMSDOCS_LANG": "en"}, ("--lang", "zh", "bogus"), True),
        ({"QMSDOCS_LANG": ""}, ("bogus",), True),
        ({"QMSDOCS_LANG": "fr"}, ("bogus",), True),
    ):
        found = live.process(*words, environment=setting)
        assert found.code == 2
        assert bool(re.search("[\u4e00-\u9fff]", found.err)) == chinese, (setting, words, found.err)
    english = live.process("bogus", environment={"QMSDOCS_LANG": "", "LANG": "en_US.UTF-8"}, folder=tmp_path)
    assert "there is no command" in english.err


def test_a_menu_only_for_people(shared: Program) -> None:
    found = shared(stdin="")
    assert found.code == 0 and "Usage" in found.out and found.err == ""


def test_init_twice_and_begun_anew(tmp_path: Path) -> None:
    desk = Program(tmp_path)
    assert desk("init", "a", "--org", "绿源 & <b> \"x\" 'y' \\", "--site", "hz", "--code", "杭·1", "--json").json[
        "in_force"
    ]
    refused(desk("init", "a", "--org", "x", "--site", "hz"), "not empty")
    (tmp_path / "b").mkdir()
    assert desk("init", "b", "--org", "x").code == 0
    assert desk("init", "deep/er/c", "--org", "x").code == 0
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / ".hidden").write_text("", "utf-8")
    refused(desk("init", "d", "--org", "x"), "not empty")
    inside = Program(tmp_path / "a")
    assert inside.issue("QR-04-01") == "LX-杭·1-2026-0001"
    assert inside.issue("QR-04-01", pages=True) == "LX-杭·1-2026-0002"
    assert all(ord(sign) < 128 or sign in "杭·" for path in inside.files() for sign in path)
    assert "绿源 & <b> \"x\" 'y' \\" in inside("status").out


def test_nothing_personal_gets_into_names_and_messages(repository: Program) -> None:
    """Neither paths nor branches nor commit messages nor file names hold a word of a record."""
    number = repository.issue("QR-14-04", pages=True, customer="秘密姓名", phone="13912345678", room="八零一室")
    repository("record", "amend", number, "--set", "customer=秘密更正", "-m", "秘密原因")
    said = repository.git("log", "--all", "--format=%an %ae %cn %ce %s %b %D") + repository.git("for-each-ref")
    said += "".join(repository.git("ls-tree", "-r", "--name-only", head) for head in repository.heads().values())
    said += "\n".join(repository.files())
    for word in ("秘密", "13912345678", "八零一", "wang", "王芳"):
        assert word not in said
    assert LIAISON
