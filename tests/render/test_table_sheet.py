"""Tables as XLSX: read again by openpyxl and by LibreOffice."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import office
import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from test_table import COLUMNS, grid_of
from texts import HARD

from qmsdocs.base.errors import QmsError
from qmsdocs.render.table import Column, Grid, Kind
from qmsdocs.render.table_sheet import xlsx

CREATED = datetime(2026, 11, 21, 14, 5)
KINDS = (
    Column("no", "编号"),
    Column("n", "数", Kind.NUMBER),
    Column("on", "日期", Kind.DATE),
    Column("at", "时间", Kind.DATETIME),
)
TYPED = Grid(
    "客户/投诉:登记表",
    "2026年11月 & 12月",
    KINDS,
    (
        ("00123", 12, "2026-11-21", "2026-11-21T14:05:30+08:00"),
        ("440106199003078888", "12.50", "1900-02-28", None),
        ("=1+1", "123456789012345678", None, "2026-11-21T00:00:00+08:00"),
        ("x", "-0.5", "2026-11-22", "1899-12-31T10:00:00+08:00"),
    ),
    frozenset({(3, "on"), (0, "no")}),
)


def sheet_of(data: bytes) -> Worksheet:
    """The only sheet, as openpyxl reads it."""
    book = load_workbook(io.BytesIO(data))
    assert len(book.worksheets) == 1
    return book.worksheets[0]


def test_every_hard_text_comes_back_as_text() -> None:
    sheet = sheet_of(xlsx(grid_of(*HARD), created=CREATED))
    for row, text in zip(sheet.iter_rows(min_row=2), HARD, strict=True):
        assert (row[1].value, row[1].data_type) == (text.replace("x005F_", ""), "s")  # which openpyxl deletes
        assert row[1].hyperlink is None


def test_libreoffice_sees_text_and_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "register.xlsx"
    path.write_bytes(xlsx(grid_of(*HARD), created=CREATED))
    seen = office.cells(office.convert(path, "ods", tmp_path / "out"))[1:]
    assert [row[1].text for row in seen] == list(HARD)
    assert {(row[1].kind, row[1].formula) for row in seen} == {("string", "")}


def test_an_underscore_that_would_begin_an_escape_is_escaped() -> None:
    """ECMA-376 22.9.2.19: `_x0041_` in a part is A, so a literal underscore before such a pattern is `_x005F_`."""
    data = xlsx(grid_of("_x0041_x0042_", "_x005F_x0041_"), created=CREATED)
    strings = zipfile.ZipFile(io.BytesIO(data)).read("xl/sharedStrings.xml").decode()
    assert "<t>_x005F_x0041_x005F_x0042_</t>" in strings
    assert "<t>_x005F_x005F_x005F_x0041_</t>" in strings


def test_numbers_and_dates_are_real_and_digits_are_kept() -> None:
    rows = list(sheet_of(xlsx(TYPED, created=CREATED)).iter_rows(min_row=2, values_only=True))
    assert rows == [
        ("00123", 12, datetime(2026, 11, 21), datetime(2026, 11, 21, 14, 5, 30)),
        ("440106199003078888", 12.5, "1900-02-28", None),
        ("=1+1", "123456789012345678", None, datetime(2026, 11, 21)),
        ("x", -0.5, datetime(2026, 11, 22), "1899-12-31 10:00:00"),
    ]


def test_libreoffice_sees_the_same_numbers_and_dates(tmp_path: Path) -> None:
    path = tmp_path / "register.xlsx"
    path.write_bytes(xlsx(TYPED, created=CREATED))
    first, second, *_, last = office.cells(office.convert(path, "ods", tmp_path / "out"))[1:]
    assert [cell.kind for cell in first] == ["string", "float", "date", "date"]
    assert (first[0].text, first[1].value, first[2].value) == ("▲00123", "12", "2026-11-21")
    assert first[3].value.startswith("2026-11-21T14:05:30")
    assert (second[0].text, second[1].text) == ("440106199003078888", "12.50")
    assert (last[2].value, last[2].text) == ("2026-11-22", "▲2026-11-22")


def test_the_head_is_frozen_and_filtered_and_text_is_song() -> None:
    sheet = sheet_of(xlsx(TYPED, created=CREATED))
    assert [cell.value for cell in sheet[1]] == ["编号", "数", "日期", "时间"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:D5")
    assert sheet["A2"].font.name == "宋体"
    assert sheet["A3"].number_format == "@"
    assert sheet.title == "客户 投诉 登记表"
    assert sheet.oddHeader.center.text == "客户/投诉:登记表 2026年11月 & 12月".replace("&", "&&")
    assert sheet.column_dimensions["D"].width > sheet.column_dimensions["B"].width


def test_the_same_table_gives_the_same_bytes() -> None:
    assert xlsx(TYPED, created=CREATED) == xlsx(TYPED, created=CREATED)


@pytest.mark.parametrize(("text", "fits"), [("水" * 32_767, True), ("水" * 32_768, False), ("𠮷" * 16_384, False)])
def test_text_longer_than_a_cell_is_refused_by_row_and_column(text: str, fits: bool) -> None:
    grid = Grid("x", "", COLUMNS, (("1", "short"), ("2", text)))
    if fits:
        assert sheet_of(xlsx(grid, created=CREATED))["B3"].value == text
    else:
        with pytest.raises(QmsError, match="row 3, 内容: the text is longer than the 32767"):
            xlsx(grid, created=CREATED)


def test_a_table_without_rows_has_its_head() -> None:
    sheet = sheet_of(xlsx(Grid("", "", COLUMNS, ()), created=CREATED))
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [["编号", "内容"]]
