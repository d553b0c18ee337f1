"""Tables as CSV and JSON: what goes in comes out, and nothing becomes a formula."""

from __future__ import annotations

import csv as comma
import io
import json
from decimal import Decimal
from pathlib import Path

import office
import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import HARD

from qmsdocs.render.table import Column, Grid, Kind, csv, guard, json_rows, native, unguard

COLUMNS = (Column("number", "编号"), Column("text", "内容", width=75))


def grid_of(*texts: str) -> Grid:
    """One row a text."""
    return Grid("台账", "", COLUMNS, tuple((str(number), text) for number, text in enumerate(texts)))


def rows_of(data: bytes) -> list[list[str]]:
    """The rows of CSV as any program reads them."""
    return list(comma.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_gives_every_hard_text_back() -> None:
    read = rows_of(csv(grid_of(*HARD)))
    assert read[0] == ["编号", "内容"]
    assert [unguard(row[1]) for row in read[1:]] == list(HARD)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_guarding_is_undone_by_unguarding(text: str) -> None:
    assert unguard(guard(text)) == text
    assert not guard(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize("text", ["'Tis", "'", "it's", "a=b", ""])
def test_text_that_nobody_guarded_stays(text: str) -> None:
    assert unguard(text) == text


def test_csv_is_utf8_with_mark_and_crlf_and_plain_numbers_and_dates() -> None:
    columns = (
        Column("n", "数量", Kind.NUMBER),
        Column("d", "比例", Kind.NUMBER),
        Column("on", "日期", Kind.DATE),
        Column("at", "时间", Kind.DATETIME),
    )
    grid = Grid("x", "", columns, ((-5, "12.5", "2026-11-21", "2026-11-21T14:05:00+08:00"), (None, None, None, None)))
    assert csv(grid) == "\ufeff数量,比例,日期,时间\r\n-5,12.5,2026-11-21,2026-11-21 14:05:00\r\n,,,\r\n".encode()


def test_a_number_column_that_holds_a_formula_is_guarded() -> None:
    grid = Grid("x", "", (Column("n", "=SUM(A:A)", Kind.NUMBER),), (("=1+1",), ("-5",)))
    assert rows_of(csv(grid)) == [["'=SUM(A:A)"], ["'=1+1"], ["-5"]]


def test_libreoffice_makes_no_formula_of_the_csv(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes(csv(grid_of(*HARD)))
    seen = office.cells(office.convert(path, "ods", tmp_path / "out", options="CSV:44,34,76,1,,2052,false,true,false"))
    assert len(seen) == len(HARD) + 1
    assert [cell for row in seen for cell in row if cell.formula] == []


def test_json_has_native_types() -> None:
    columns = (Column("no", "编号"), Column("n", "数", Kind.NUMBER), Column("on", "日", Kind.DATE))
    rows = (("00123", 12, "2026-11-21"), ("=1", "12.50", None), ("x", "123456789012345678", "not a day"))
    assert json.loads(json.dumps(json_rows(Grid("x", "", columns, rows)))) == {
        "note": None,
        "columns": [{"name": "no", "title": "编号"}, {"name": "n", "title": "数"}, {"name": "on", "title": "日"}],
        "rows": [["00123", 12, "2026-11-21"], ["=1", 12.5, None], ["x", "123456789012345678", "not a day"]],
    }


def test_json_gives_every_hard_text_back() -> None:
    read = json.loads(json.dumps(json_rows(grid_of(*HARD))))
    assert [row[1] for row in read["rows"]] == list(HARD)


def test_cells_that_are_no_number_or_date_are_text() -> None:
    assert native("12.50", Kind.NUMBER) == Decimal("12.50")
    assert native("１２", Kind.NUMBER) == "１２"
    assert native("12\n", Kind.NUMBER) == "12\n"
    assert native("1_000", Kind.NUMBER) == "1_000"
    assert native("2026-02-30", Kind.DATE) == "2026-02-30"


def test_a_row_of_another_length_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="a row of 1 cells under 2 columns"):
        Grid("x", "", COLUMNS, (("1",),))
