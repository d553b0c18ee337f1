"""Drafts, tables and files that cannot be taken: one clear line each, exit 2, nothing written."""

from __future__ import annotations

import contextlib
import datetime as moments
import gc
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from program import CALL, COMPLAINT, LIAISON, Program, program, refused

from qmsdocs.base.language import Language

FORM = "QR-04-01"
SURVEY: Mapping[str, object] = {
    "survey_round": "2026",
    "answered_on": "2026-11-12",
    "estate": "听荷里",
    "room": "0503",
    "respondent": "顾喆",
    "phone": "0571-88230017",
    "respondent_kind": "owner",
    "method": "paper",
    "value_for_money": "basically",
    "brand": "satisfied",
    "product": {
        name: {"grade": "very"} for name in ("environment", "layout", "construction", "functions", "facilities")
    },
    "service": {name: {"grade": "very"} for name in ("sales", "property")},
}
REQUEST: Mapping[str, object] = {
    "opened_at": "2026-11-16 10:00",
    "to_department": "工程部",
    "kinds": ["corrective"],
    "owner": "zheng.kai",
    "source": "inspection",
    "object": "防水层",
    "subject": "渗漏",
}
EIGHT: Mapping[str, object] = {
    "object": "外墙",
    "symptom": "渗漏",
    "known_since": "2026-11-18 09:20",
    "answer_d3_within": "24 hours",
}
ALL = {
    "QR-04-01": LIAISON,
    "QR-14-04": COMPLAINT,
    "QR-14-03": CALL,
    "QR-14-01": SURVEY,
    "QR-18-01": REQUEST,
    "QR-18-02": EIGHT,
}


@pytest.mark.parametrize("form", ALL)
def test_what_is_changed_below_is_fine_as_it_is(shared: Program, form: str) -> None:
    found = shared("record", "issue", shared.draft(f"{form}.json", form, ALL[form]), "--no-pages")
    assert found.code == 0, found.err


# ── values of every type: (form, field, value, word of the error)

VALUES: Sequence[tuple[str, str, object, str]] = (
    # text
    (FORM, "subject", True, "must be text"),
    (FORM, "subject", ["a"], "must be text"),
    (FORM, "subject", {"a": 1}, "must be text"),
    (FORM, "subject", "x" * 61, "longer than 60"),
    (FORM, "subject", 10**400, "longer than"),
    (FORM, "content", "x" * 32_001, "longer than 32000"),
    (FORM, "subject", "   ", "is missing"),
    (FORM, "subject", "", "is missing"),
    (FORM, "subject", None, "is missing"),
    ("QR-14-04", "phone", "abc", "does not match"),
    ("QR-14-04", "phone", "１３８００００", "does not match"),
    ("QR-14-04", "phone", "13800001234\n", "does not match"),
    # date and time
    (FORM, "deadline", "2026-02-30", "not in the calendar"),
    (FORM, "deadline", "20261120", "must be a date"),
    (FORM, "deadline", "11/20/2026", "must be a date"),
    (FORM, "deadline", "2026-W47-5", "must be a date"),
    (FORM, "deadline", "tomorrow", "must be a date"),
    (FORM, "deadline", "٢٠٢٦-11-20", "must be a date"),
    (FORM, "deadline", 46000, "must be a date"),
    (FORM, "deadline", "0001-01-01", "year"),
    (FORM, "deadline", "9999-12-31", "year"),
    (FORM, "deadline", False, "must be text"),
    (FORM, "deadline", ["2026-11-20"], "must be text"),
    (FORM, "sent_at", "2026-11-18", "must be a date and time"),
    (FORM, "sent_at", "2026-11-18 24:01", "not in the calendar"),
    (FORM, "sent_at", "2026-11-18 12:60", "not in the calendar"),
    (FORM, "sent_at", "2026-11-18T12:00+99:00", "not in the calendar"),
    (FORM, "sent_at", "1899-12-31 12:00", "year"),
    (FORM, "sent_at", 1, "must be a date and time"),
    (FORM, "sent_at", {}, "is missing"),
    # choice, choices, boolean, scale
    (FORM, "urgency", "urgnt", 'did you mean "urgent"'),
    (FORM, "urgency", 1, "is no choice"),
    (FORM, "urgency", ["urgent"], "must be text"),
    ("QR-18-01", "kinds", ["corrective", "corrective"], "twice"),
    ("QR-18-01", "kinds", ["wrong"], "is no choice"),
    ("QR-18-01", "kinds", 5, "must be a list"),
    ("QR-18-01", "kinds", {"corrective": True}, "must be a list"),
    ("QR-18-01", "kinds", [["corrective"]], "must be text"),
    ("QR-18-01", "kinds", "corrective,nothing", "is no choice"),
    ("QR-14-04", "same_province", "perhaps", "true or false"),
    ("QR-14-04", "same_province", 2, "true or false"),
    ("QR-14-04", "same_province", [True], "must be text"),
    # numbers
    ("QR-14-04", "people_together", "twelve", "must be a number"),
    ("QR-14-04", "people_together", "1_000", "must be a number"),
    ("QR-14-04", "people_together", "5²", "must be a number"),
    ("QR-14-04", "people_together", "①", "must be a number"),
    ("QR-14-04", "people_together", 1.5, "whole number"),
    ("QR-14-04", "people_together", 0, "less than 1"),
    ("QR-14-04", "people_together", -(10**15), "less than 1"),
    ("QR-14-04", "people_together", 2**53, "too large"),
    ("QR-14-04", "people_together", True, "must be text"),
    ("QR-18-01", "defect_rate", "12.5.1", "must be a number"),
    ("QR-18-01", "defect_rate", "1e3", "must be a number"),
    ("QR-18-01", "defect_rate", "9" * 40, "must be a number"),
    ("QR-18-01", "defect_rate", "NaN", "must be a number"),
    # person, duration
    (FORM, "sent_by", {"a": 1}, "must be text"),
    (FORM, "sent_by", "a\x1bb", "U+001B"),
    ("QR-18-02", "answer_d3_within", "24", ""),
    ("QR-18-02", "answer_d3_within", "-3 days", ""),
    ("QR-18-02", "answer_d3_within", "5 people", ""),
    ("QR-18-02", "answer_d3_within", 24, ""),
    # tables
    ("QR-14-03", "statements", "text", "list of rows"),
    ("QR-14-03", "statements", {"1": {"statement": "x"}}, "list of rows"),
    ("QR-14-03", "statements", ["text"], "table of columns"),
    ("QR-14-03", "statements", [{"statment": "x"}], 'did you mean "statement"'),
    ("QR-14-03", "statements", [{}], "is missing"),
    ("QR-14-03", "statements", [{"statement": ["x"]}], "must be text"),
    ("QR-14-03", "statements", [{"statement": "x"}] * 6, "at most 5"),
    ("QR-14-03", "statements", [], "is missing"),
    ("QR-14-01", "product", [{"grade": "very"}], "must be a table"),
    ("QR-14-01", "product", {"layuot": {"grade": "very"}}, 'did you mean "layout"'),
    ("QR-14-01", "product", {"layout": {"grade": "best"}}, "is no choice"),
    ("QR-14-01", "product", {"layout": "very"}, "table of columns"),
    ("QR-14-01", "product", {"layout": {"grade": {"a": 1}}}, "must be text"),
    # files
    (FORM, "enclosures", "../qms.toml", "in the folder of the draft"),
    (FORM, "enclosures", ["/etc/hostname"], "in the folder of the draft"),
    (FORM, "enclosures", ["forms/QR-04-01/form.toml"], "in the folder of the draft"),
    (FORM, "enclosures", ["..\\qms.toml"], "in the folder of the draft"),
    (FORM, "enclosures", ["a\x00b"], "in the folder of the draft"),
    (FORM, "enclosures", ["\udcff"], "in the folder of the draft"),
    (FORM, "enclosures", ["nowhere.jpg"], "cannot be read"),
    (FORM, "enclosures", ["forms"], "cannot be read"),
    (FORM, "enclosures", ["x" * 300], "cannot be read"),
    (FORM, "enclosures", [1], "given as a file"),
    (FORM, "enclosures", {"name": "x"}, "given as a file"),
    (FORM, "enclosures", [["qms.toml"]], "given as a file"),
    (FORM, "enclosures", ["qms.toml", {"name": "x", "size": 1, "sha256": "a" * 64}], "given as a file"),
    (FORM, "enclosures", [{"name": "x", "size": 1, "sha256": "a" * 64}], "not there"),
    (FORM, "enclosures", [{"name": "x", "size": 1.5, "sha256": "a" * 64}], "given as a file"),
    (FORM, "enclosures", [{"name": "x", "size": -1, "sha256": "a" * 64}], "given as a file"),
    (FORM, "enclosures", [{"name": "x", "size": True, "sha256": "a" * 64}], "given as a file"),
    (FORM, "enclosures", [{"name": "x", "size": 1, "sha256": "../../x"}], "given as a file"),
    (FORM, "enclosures", [{"name": "a\x00", "size": 1, "sha256": "a" * 64, "held_at": "x"}], "U+0000"),
    (FORM, "enclosures", [{"name": {"a": 1}, "size": 1, "sha256": "a" * 64}], "given as a file"),
    # fields that are none, or nobody types
    (FORM, "contnet", "x", 'did you mean "content"'),
    (FORM, "zzz", "x", "there are sent_at"),
    (FORM, "", "x", "no such field"),
    (FORM, "asking", "x", "no such field"),
    (FORM, "\u202e", "x", "U+202E"),
    (FORM, "x" * 200, "x", "longer than 100"),
    ("QR-14-04", "level", "major", "worked out"),
    ("QR-14-04", "approved_level", "major", "set by a step"),
)


@pytest.mark.parametrize(("form", "field", "value", "word"), VALUES)
def test_a_value_of_the_wrong_kind(shared: Program, form: str, field: str, value: object, word: str) -> None:
    path = shared.draft("draft.json", form, {**ALL[form], field: value})
    with shared.unchanged():
        found = shared("record", "issue", path, "--no-pages")
        chinese = replace(shared, language=Language.ZH)("record", "issue", path, "--no-pages")
    assert chinese.code == 2 and re.search("[\u4e00-\u9fff]", chinese.err), chinese
    assert word in found.err, found.err
    others = [line for line in found.err.splitlines() if not line.startswith(("error: ", "hint: "))]
    assert (found.code, found.out, others) == (2, "", [])
    assert "\x1b" not in found.err and "\u202e" not in found.err
    assert "draft.json" in found.err


def test_every_mistake_is_said_at_once_with_its_line(shared: Program) -> None:
    path = shared.root / "many.toml"
    path.write_text('form = "QR-14-04"\n\n[values]\nphone = "abc"\ncustomr = "x"\nreceived_at = "never"\n', "utf-8")
    found = shared("record", "issue", path, "--json", "--no-pages")
    assert found.code == 2
    said = {item["field"]: item["message"] for item in found.json["refused"]}
    assert set(said) == {"phone", "customr", "received_at"}
    assert [line.split(" ")[1] for line in found.errors] == [f"{path}:4:", f"{path}:5:", f"{path}:6:"]
    assert found.json["issued"] == []
    assert {(item["source"], item["row"]) for item in found.json["refused"]} == {(str(path), None)}


# ── drafts that are none

VALUES_TOML = "".join(f"{name} = {json.dumps(value)}\n" for name, value in LIAISON.items() if name != "subject")


def whole(line: str) -> bytes:
    """A draft in which only `line` may be wrong."""
    return f'form = "{FORM}"\n[values]\n{VALUES_TOML}{line}\n'.encode()


DRAFTS: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "of which form"),
    "blank": (b"\n \n", "of which form"),
    "only a mark": (b"\xef\xbb\xbf", "of which form"),
    "binary": (bytes(range(256)) * 4, "not UTF-8 at byte"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "not UTF-8 at byte 0"),
    "GB18030": (f'form = "{FORM}"\n[values]\nsubject = "客户反映外墙渗漏"\n'.encode("gb18030"), "GB18030"),
    "UTF-16": (f'form = "{FORM}"\n'.encode("utf-16"), "not UTF-8"),
    "half a character": (b'form = "\xe7\x8e"', "not UTF-8"),
    "CESU": (b'form = "\xed\xa0\x80"', "not UTF-8"),
    "bad TOML": (b'form = "QR-04-01\n', "not valid TOML"),
    "NUL": (b'form = "QR-04-01"\0', "not valid TOML"),
    "twice": (whole('content = "x"'), "not valid TOML"),
    "table twice": (f'form = "{FORM}"\n[values]\n[values]\n'.encode(), "not valid TOML"),
    "leading zeros": (whole("subject = 0802"), "not valid TOML"),
    "deep": (whole("subject = " + "[" * 4000 + "]" * 4000), "too deeply"),
    "deep inline": (whole("subject = " + "{a=" * 60 + "1" + "}" * 60), "too deeply"),
    "dotted": (whole("a." * 5000 + "b = 1"), "too many parts"),
    "long number": (whole("subject = " + "1" * 5000), "too long"),
    "too large": (b"#" * 4_000_001, "larger than 4 MB"),
    "a time": (whole("subject = 12:30:00"), "must be text"),
    "a list": (b"[1, 2]", "d.toml"),
    "form is a number": (b"form = 1", "must be text"),
    "form is a list": (b"form = []", "must be text"),
    "form of several lines": (b'form = "a\\nb"', "U+000A"),
    "form of colours": (b'form = "\\u001b[31m"', "U+001B"),
    "no such form": (b'form = "QR-99-99"', "QR-99-99"),
    "no form": (b"[values]\nsubject = 'x'", "of which form"),
    "values are a list": (f'form = "{FORM}"\nvalues = []'.encode(), "table of keys"),
    "values are text": (f'form = "{FORM}"\nvalues = "x"'.encode(), "table of keys"),
    "unknown head": (f'form = "{FORM}"\nrevison = "A/0"'.encode(), 'did you mean "revision"'),
    "unknown revision": (f'form = "{FORM}"\nrevision = "B/9"'.encode(), "B/9"),
    "revision is a number": (f'form = "{FORM}"\nrevision = 1'.encode(), "must be text"),
    "long key": (f'form = "{FORM}"\nsubmission = "{"x" * 201}"'.encode(), "longer than 200"),
    "raised from nowhere": (f'form = "{FORM}"\nraised_from = {{ record = "X-1", raise = "y" }}'.encode(), "X-1"),
    "raised from a number": (f'form = "{FORM}"\nraised_from = {{ record = 1, raise = "y" }}'.encode(), "must be text"),
    "raised from text": (f'form = "{FORM}"\nraised_from = "X-1"'.encode(), "must name record and raise"),
    "JSON cut off": (b'{"form": "QR', "not valid JSON in line 1"),
    "JSON brace": (b"{", "not valid JSON in line 1"),
    "JSON and more": (b'{"form": "QR-04-01"} x', "not valid JSON"),
    "JSON comment": (b'{"form": "QR-04-01" /* x */}', "not valid JSON"),
    "JSON key twice": (b'{"form": "a", "form": "b"}', "stands twice"),
    "JSON value twice": (b'{"form": "QR-04-01", "values": {"subject": "a", "subject": "b"}}', "stands twice"),
    "JSON deep": (b'{"form": "QR-04-01", "values": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}", "too deeply"),
    "JSON twenty deep": (b'{"form": "QR-04-01", "values": {"a": ' + b"[" * 20 + b"]" * 20 + b"}}", "too deeply"),
    "JSON NaN": (b'{"form": "QR-04-01", "values": {"subject": NaN}}', "NaN is no number"),
    "JSON infinity": (b'{"form": "QR-04-01", "values": {"subject": -Infinity}}', "Infinity is no number"),
    "JSON digits": (b'{"form": "QR-04-01", "values": {"subject": ' + b"1" * 5000 + b"}}", "too long"),
    "JSON half a character": (b'{"form": "\\ud800"}', "U+D800"),
    "JSON key of half a character": (b'{"form": "QR-04-01", "values": {"\\ud800": 1}}', "U+D800"),
    "JSON NUL": (b'{"form": "QR-04-01\\u0000"}', "U+0000"),
    "JSON null": (b'{"form": null}', "of which form"),
    "JSON list of forms": (b'{"form": ["QR-04-01"]}', "must be text"),
}


@pytest.mark.parametrize("name", DRAFTS)
def test_a_draft_that_is_none(shared: Program, name: str) -> None:
    data, word = DRAFTS[name]
    path = shared.root / "d.toml"
    path.write_bytes(data)
    began = time.monotonic()
    with shared.unchanged():
        found = shared("record", "issue", path, "--no-pages")
    assert time.monotonic() - began < 10
    refused(found, word, "d.toml")
    as_json = shared("record", "issue", path, "--json", "--no-pages")
    assert as_json.json["issued"] == [] and len(as_json.json["refused"]) == 1
    filled = shared("record", "fill", "-o", path, stdin="quit\n")
    assert (filled.code in (0, 2) and path.read_bytes() == data) or filled.code == 0


@pytest.mark.parametrize("written", ["nan", "inf", "1e5", "1E400", "-1e-7"])
@pytest.mark.parametrize("kind", ["toml", "json"])
def test_a_number_that_would_change_as_text(shared: Program, kind: str, written: str) -> None:
    """1e5 and 1E+5 are one number and two texts: what stands in the draft is not what would stand in the record."""
    if kind == "json" and written in ("nan", "inf"):
        pytest.skip("JSON has no such numbers")
    path = shared.root / "number.toml"
    if kind == "toml":
        path.write_bytes(whole(f"subject = {written}"))
    else:
        text = json.dumps({"form": FORM, "values": {**LIAISON, "subject": 0.25}}).replace("0.25", written)
        path.write_text(text, "utf-8")
    with shared.unchanged():
        refused(shared("record", "issue", path, "--no-pages"), "must be text in quotes")


@pytest.mark.parametrize(
    ("written", "text"), [("1.10", "1.10"), ("13800001234", "13800001234"), ("2026-11-21", "2026-11-21")]
)
def test_a_number_that_is_its_own_text(shared: Program, written: str, text: str) -> None:
    path = shared.root / "number.toml"
    path.write_bytes(whole(f"subject = {written}"))
    found = shared("record", "issue", path, "--json", "--no-pages")
    assert found.code == 0, found.err
    assert shared.record(found.numbers[0])["values"]["subject"] == text


def test_one_faulty_draft_stops_no_other(shared: Program) -> None:
    good = [shared.draft(f"good-{turn}.json", FORM, LIAISON) for turn in range(2)]
    bad = shared.root / "bad.toml"
    bad.write_bytes(b"form = ")
    before = shared.all_numbers(FORM)
    found = shared("record", "issue", good[0], bad, "missing.toml", good[1], "--json", "--no-pages")
    assert found.code == 2
    assert len(found.numbers) == 2 and len(found.json["refused"]) == 2
    assert len(shared.all_numbers(FORM)) == len(before) + 2


def test_files_that_are_no_drafts(shared: Program) -> None:
    with shared.unchanged():
        for path in ("/dev/zero", "/dev/null", "/", ".", "forms", "", "missing/x.toml", "x" * 300):
            refused(shared("record", "issue", path, "--no-pages"))


def test_a_link_beside_the_draft_reaches_nothing(shared: Program, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret", "utf-8")
    folder = shared.root / "from-outside"
    folder.mkdir()
    (folder / "photo.jpg").symlink_to(secret)
    path = shared.draft("from-outside/d.json", FORM, {**LIAISON, "enclosures": ["photo.jpg"]})
    refused(shared("record", "issue", path, "--no-pages"), "photo.jpg")


# ── tables

HEADING = [*COMPLAINT]
ROW = [str(value) for value in COMPLAINT.values()]


def lines(*rows: Sequence[str], sep: str = ",") -> bytes:
    return "\r\n".join(sep.join(row) for row in rows).encode()


CSV: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "only a mark": (b"\xef\xbb\xbf", "empty"),
    "blank lines": (b"\n\n,,,\n", "empty"),
    "no rows": (lines(HEADING), "no row"),
    "empty rows": (lines(HEADING, [""] * len(ROW)), "no row"),
    "unknown column": (lines([*HEADING, "custmer"], [*ROW, "x"]), 'did you mean "customer"'),
    "unknown title": (lines([*HEADING, "客户性名"], [*ROW, "x"]), 'did you mean "客户姓名"'),
    "column twice": (lines([*HEADING, "客户姓名"], [*ROW, "x"]), "two columns"),
    "column that is worked out": (lines([*HEADING, "level"], [*ROW, "major"]), "program fills it in"),
    "table as a column": (lines([*HEADING, "checked_by"], [*ROW, "x"]), "a column for each cell"),
    "heading of colours": (lines([*HEADING, "\x1b[31mred"], [*ROW, "x"]), "\\u001b"),
    "heading turned round": (lines([*HEADING, "\u202ered"], [*ROW, "x"]), "\\u202e"),
    "nothing known": (b"a,b,c\n1,2,3\n", "a"),
    "more cells than titles": (lines(HEADING, [*ROW, "x"]), "no heading"),
    "open quote": (lines(HEADING, ['"' + ROW[0], *ROW[1:]]), "never closed"),
    "letters after a quote": (lines(HEADING, ['"x"y', *ROW[1:]]), "after a closing quote"),
    "huge cell": (lines(HEADING, ["x" * 200_000]), "larger than"),
    "too many rows": (lines(HEADING) + b"\nx" * 20_002, "more than 20000 rows"),
    "GB18030": ("\n".join((",".join(HEADING), ",".join(ROW))).encode("gb18030"), "--encoding gb18030"),
    "UTF-16": ("\n".join((",".join(HEADING), ",".join(ROW))).encode("utf-16"), "UTF-16"),
    "old Excel": (b"\xd0\xcf\x11\xe0" * 200, "save it as .xlsx"),
    "a zip of nothing": (b"PK\x05\x06" + bytes(18), "Excel"),
    "half a zip": (b"PK\x03\x04garbage", "damaged"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "not UTF-8"),
}


@pytest.mark.parametrize("name", CSV)
def test_a_table_that_is_none(shared: Program, name: str) -> None:
    data, word = CSV[name]
    path = shared.root / "t.csv"
    path.write_bytes(data)
    with shared.unchanged():
        refused(shared("record", "issue", "--form", "QR-14-04", "--table", path, "--no-pages"), word, "t.csv")


Change = Callable[[openpyxl.worksheet.worksheet.Worksheet], object]


def cell(place: str, value: object, pattern: str = "General") -> Change:
    def change(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet[place] = value
        sheet[place].number_format = pattern

    return change


def workbook(change: Change = lambda sheet: None) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(HEADING)
    book.active.append(ROW)
    change(book.active)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def second_sheet(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
    sheet.parent.create_sheet("more").append(["x"])


def repacked(part: str, change: Callable[[bytes], bytes], data: bytes | None = None) -> bytes:
    """A workbook in which one part is changed behind the library's back."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data or workbook())) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        assert any(part in info.filename for info in old.infolist())
        for info in old.infolist():
            read = old.read(info)
            new.writestr(info.filename, change(read) if part in info.filename else read)
    return stream.getvalue()


def added(name: str, data: bytes) -> bytes:
    stream = io.BytesIO(workbook())
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr(name, data)
    return stream.getvalue()


BOMB = b"<!--" + b" " * 40_000_000 + b"-->"
DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet'
XLSX: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "formula": (lambda: workbook(cell("D2", "=1+1")), "D2: a formula"),
    "link": (lambda: workbook(cell("D2", '=HYPERLINK("http://example.org")')), "D2: a formula"),
    "formula in the heading": (lambda: workbook(cell("D1", "=1+1")), "D1: a formula"),
    "error": (lambda: workbook(cell("D2", "#N/A")), "D2: an error value"),
    "merged": (lambda: workbook(lambda sheet: sheet.merge_cells("D1:E2")), "merged"),
    "percentage": (lambda: workbook(cell("E2", 0.5, "0%")), "percentage"),
    "digits lost": (lambda: workbook(cell("E2", 110101199003070019)), "15 digits"),
    "span": (lambda: workbook(cell("D2", moments.timedelta(hours=5), "[h]:mm:ss")), "span of time"),
    "far cell": (lambda: workbook(cell("ZZ5000", "x")), "far outside"),
    "far row": (lambda: workbook(cell("A200000", "x")), "far outside"),
    "two sheets": (lambda: workbook(second_sheet), "more than one sheet"),
    "no rows": (lambda: workbook(lambda sheet: sheet.delete_rows(2)), "no row"),
    "nothing": (lambda: workbook(lambda sheet: sheet.delete_rows(1, 2)), "empty"),
    "bomb": (lambda: repacked("sheet1.xml", lambda part: part + BOMB), "larger than 32 MB"),
    "small bomb": (lambda: added("xl/media/x.bin", bytes(8_000_000)), "unpacks to more than 200 times"),
    "many parts": (lambda: many_parts(), "more than 1000 parts"),
    "doctype": (lambda: repacked("sheet1.xml", lambda part: part.replace(b"<worksheet", DOCTYPE, 1)), "document type"),
    "macros": (lambda: added("xl/vbaProject.bin", b"x"), "macros"),
    "way out": (lambda: added("../evil.xml", b"<x/>"), "not allowed"),
    "absolute": (lambda: added("/etc/evil.xml", b"<x/>"), "not allowed"),
    "part twice": (lambda: added("XL/WORKSHEETS/sheet1.xml", b"<x/>"), "twice"),
    "embedded": (lambda: added("xl/embeddings/oleObject1.bin", b"x"), "embedded"),
    "cut off": (lambda: workbook()[: len(workbook()) // 2], "damaged"),
    "part cut off": (lambda: repacked("sheet1.xml", lambda part: part[: len(part) // 2]), "damaged"),
    "not XML": (lambda: repacked("sheet1.xml", lambda part: b"\0\1"), "not UTF-8"),
    "UTF-16 part": (lambda: repacked("sheet1.xml", lambda part: part.decode().encode("utf-16")), "not UTF-8"),
    "no workbook": (lambda: repacked("xl/workbook.xml", lambda part: b"<x/>"), "t.xlsx"),
    "no content types": (lambda: repacked("[Content_Types].xml", lambda part: b"<x/>"), "t.xlsx"),
    "column beyond": (lambda: repacked("sheet1.xml", lambda part: part.replace(b'r="D2"', b'r="ZZZZ2"')), "t.xlsx"),
    "row beyond": (
        lambda: repacked("sheet1.xml", lambda part: part.replace(b'<row r="2"', b'<row r="99999999999"')),
        "far",
    ),
    "row below": (lambda: repacked("sheet1.xml", lambda part: part.replace(b'<row r="2"', b'<row r="-5"')), "t.xlsx"),
    "row of letters": (
        lambda: repacked("sheet1.xml", lambda part: part.replace(b'<row r="2"', b'<row r="x"')),
        "t.xlsx",
    ),
    "a document": (lambda: document(), "t.xlsx"),
}


def many_parts() -> bytes:
    stream = io.BytesIO(workbook())
    with zipfile.ZipFile(stream, "a") as package:
        for turn in range(1001):
            package.writestr(f"xl/x{turn}.xml", b"<x/>")
    return stream.getvalue()


def document() -> bytes:
    from docx import Document

    stream = io.BytesIO()
    Document().save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("name", XLSX)
def test_a_workbook_that_is_no_table(shared: Program, name: str) -> None:
    make, word = XLSX[name]
    path = shared.root / "t.xlsx"
    path.write_bytes(make())
    began = time.monotonic()
    with shared.unchanged():
        refused(shared("record", "issue", "--form", "QR-14-04", "--table", path, "--no-pages"), word, "t.xlsx")
    assert time.monotonic() - began < 20


def test_a_table_is_asked_for_rightly(shared: Program) -> None:
    path = shared.root / "right.xlsx"
    path.write_bytes(workbook())
    with shared.unchanged():
        refused(shared("record", "issue"))
        refused(shared("record", "issue", "--table", path), "--form")
        refused(shared("record", "issue", "--form", "QR-14-04"))
        refused(shared("record", "issue", "x.toml", "--form", "QR-14-04", "--table", path))
        refused(shared("record", "issue", "--form", "QR-99", "--table", path), "QR-99")
        refused(shared("record", "issue", "--form", "QR-14-04", "--table", "missing.xlsx"), "missing.xlsx")
        refused(shared("record", "issue", "--form", "QR-14-04", "--table", "."))
        refused(shared("record", "issue", "--form", "QR-14-03", "--table", path), "right.xlsx")
        refused(shared("record", "issue", "--form", "QR-14-04", "--table", path, "--encoding", "latin-1"))
        dry = shared("record", "issue", "--form", "QR-14-04", "--table", path, "-n")
        assert dry.code == 0, dry.err


def test_gb18030_is_read_when_it_is_said(shared: Program) -> None:
    path = shared.root / "gb.csv"
    path.write_bytes(lines(HEADING, [*ROW[:3], "喆玥", *ROW[4:]]).decode().encode("gb18030"))
    found = shared(
        "record", "issue", "--form", "QR-14-04", "--table", path, "--encoding", "gb18030", "--json", "--no-pages"
    )
    assert found.code == 0, found.err
    assert shared.record(found.numbers[0])["values"]["customer"] == "喆玥"


# ── files nobody may read or write


def without_rights(words: Sequence[object], folder: Path) -> subprocess.CompletedProcess[bytes]:
    """The installed program run by somebody for whom the rights of files hold; for root they do not."""
    start = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"] if os.geteuid() == 0 else []
    return subprocess.run(
        [*start, *program(), *map(str, words)], cwd=folder, capture_output=True, check=False, timeout=120
    )


@pytest.fixture
def guarded(live: Program) -> Iterator[Program]:
    """A repository that is only read, the rights of its files taken away."""
    if sys.platform == "win32":
        pytest.skip("rights work another way")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root cannot give its rights away here")
    live.issue("QR-14-04")
    gc.collect()  # an index that is still open takes its companion files away when it goes
    everything = (live.root, *live.root.rglob("*"))
    for path in everything:
        with contextlib.suppress(FileNotFoundError):
            path.chmod(path.stat().st_mode & ~0o222)
    if without_rights(["init", "tried", "--org", "x"], live.root).returncode == 0:
        pytest.skip("root cannot give its rights away here")
    yield live
    for path in everything:
        if path.exists():
            path.chmod(path.stat().st_mode | 0o600)


def test_a_folder_that_is_read_only(guarded: Program) -> None:
    [number] = guarded.all_numbers()
    for words, code in (
        (["record", "list", "--json"], 0),
        (["record", "show", number], 0),
        (["register", "show", "complaints"], 0),
        (["search", "漏水"], 0),
        (["form", "check"], 0),
        (["record", "new", "QR-14-04", "-o", "new.toml"], 2),
        (["record", "issue", "forms/QR-14-04/example.toml"], 2),
        (["register", "show", "complaints", "-o", "out.xlsx"], 2),
        (["record", "void", number, "-m", "x"], 2),
        (["init", "inner", "--org", "x"], 2),
        (["sync", "--take-seat", "-m", "x"], 2),
    ):
        done = without_rights(words, guarded.root)
        said = done.stderr.decode()
        assert done.returncode == code, (words, said)
        assert "Traceback" not in said
        if code == 2:
            assert done.stdout == b""
            assert said.startswith("error: "), said


def test_a_file_nobody_may_read(guarded: Program) -> None:
    draft = guarded.root / "forms" / "QR-14-04" / "example.toml"
    draft.chmod(0)
    done = without_rights(["record", "issue", draft], guarded.root)
    assert done.returncode == 2
    assert done.stderr.decode().count("error: ") == 1 and "not permitted" in done.stderr.decode()
