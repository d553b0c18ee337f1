"""Tables on a screen: aligned by what a terminal shows, never wider than it."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from test_table import grid_of
from texts import HARD

from qmsdocs.base.language import Language
from qmsdocs.render.table import Column, Grid, Kind
from qmsdocs.render.table_text import text

COLUMNS = (
    Column("number", "编号"),
    Column("at", "受理时间", Kind.DATETIME),
    Column("customer", "客户"),
    Column("people", "人数", Kind.NUMBER),
)
GRID = Grid(
    "登记表",
    "2026年",
    COLUMNS,
    (
        ("TS-1", "2026-11-21T14:05:00+08:00", "欧阳昇", 2),
        ("TS-12", None, "Smith, John", 12),
        ("TS-3", "2026-11-22T09:00:30+08:00", "林玥" * 30, None),
    ),
    frozenset({(0, "at")}),
)


def test_columns_stand_under_their_heads_by_display_width() -> None:
    lines = text(GRID, width=80, language=Language.ZH).split("\n")
    assert lines[0] == "登记表 2026年"
    assert lines[1].startswith("编号   受理时间")
    assert lines[3].split() == ["TS-1", "▲2026-11-21", "14:05", "欧阳昇", "2"]
    found = ((lines[1], "客户"), (lines[3], "欧阳昇"), (lines[4], "Smith"))
    assert len({cell_len(line[: line.index(name)]) for line, name in found}) == 1
    assert len({cell_len(line) for line in lines[1:5]}) == 1  # the last column stands right


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    lines = text(GRID, width=width, language=Language.ZH).split("\n")
    table = [line for line in lines if not line.startswith(("另有", "登记表"))]
    assert max(map(cell_len, table)) <= width


def test_columns_that_do_not_fit_are_named() -> None:
    shown = text(GRID, width=32, language=Language.ZH)
    assert shown.endswith("另有 2 列放不下：客户、人数；用 -o 写入文件可看全部")


def test_a_long_text_is_cut_by_an_ellipsis_after_two_lines() -> None:
    lines = text(GRID, width=60, language=Language.ZH).split("\n")
    assert sum("林玥" in line or "玥林" in line for line in lines) == 2
    assert any("…" in line for line in lines)


def test_nothing_moves_the_cursor_or_turns_the_line() -> None:
    shown = text(grid_of(*HARD, "\x1b[2Jgone", "a\u202eb"), width=100, language=Language.EN)
    assert not set(shown) & set("\x1b\t\r\u202e\u200f")
    assert shown.count("\n") < 3 * (len(HARD) + 4)


def test_no_rows_are_said() -> None:
    assert text(Grid("", "", COLUMNS, ()), width=80, language=Language.EN).endswith("(none)")
