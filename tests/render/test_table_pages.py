"""Registers on paper: every page counts its rows, nothing is lost, DOCX and PDF break alike."""

from __future__ import annotations

import io
import random
import re
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import office
import pytest
from lxml import etree

from qmsdocs.base.language import Language
from qmsdocs.render.pdf import pdf_of_html
from qmsdocs.render.table import Column, Grid, Kind
from qmsdocs.render.table_docx import docx
from qmsdocs.render.table_html import html
from qmsdocs.render.table_pages import TEXT_WIDTH, register_pages

CREATED = datetime(2026, 11, 21, tzinfo=UTC)
COLUMNS = (
    Column("number", "编号", width=32),
    Column("on", "日期", Kind.DATE, 22),
    Column("customer", "客户", width=30),
    Column("what", "内容", width=75),
    Column("people", "人数", Kind.NUMBER, 18),
    Column("due_on", "期限", Kind.DATE, 20),
)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_WORDS = (
    "渗漏",
    "窗台",
    "，要求",
    "尽快修好。",
    "WINDOW",
    "Tom & Jerry",
    "<b>",
    "800mm×600mm",
    "（二次",
    "）",
    "…",
    "ABCDEFGHIJKLMNOP",
)


def register(count: int, *, what: str = "次卧窗台下方渗漏", subtitle: str = "2026年11月") -> Grid:
    """A register of `count` rows, the second one overdue."""
    rows = tuple(
        (f"TS-HZ-2026-{row:04d}", "2026-11-21", "欧阳昇", what, row, "2026-11-22" if row % 2 else None)
        for row in range(1, count + 1)
    )
    return Grid("客户投诉登记表", subtitle, COLUMNS, rows, frozenset({(0, "due_on")}))


def pdf_pages(grid: Grid, folder: Path) -> list[str]:
    """The text of each page of the PDF."""
    path = folder / "register.pdf"
    path.write_bytes(pdf_of_html(html(grid, language=Language.ZH), title=grid.title, created=CREATED))
    read = subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True)
    return read.stdout.split("\f")[:-1]


def docx_tables(data: bytes) -> list[list[list[str]]]:
    """The cells of each table of a DOCX."""
    root = etree.fromstring(zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml"))
    return [
        [["".join(cell.itertext(f"{W}t")) for cell in row.iter(f"{W}tc")] for row in table.iter(f"{W}tr")]
        for table in root.iter(f"{W}tbl")
    ]


def test_every_row_stands_once_and_totals_add_up() -> None:
    laid = register_pages(register(64), language=Language.ZH)
    assert [row.number for page in laid.pages for row in page.rows] == [str(number) for number in range(1, 65)]
    assert [page.total for page in laid.pages] == [
        sum(p.here for p in laid.pages[: n + 1]) for n in range(len(laid.pages))
    ]
    assert sum(page.here for page in laid.pages) == 64
    assert [page.is_last for page in laid.pages] == [False] * (len(laid.pages) - 1) + [True]
    assert 15 <= laid.pages[0].here <= 18
    assert sum(laid.widths) == pytest.approx(TEXT_WIDTH)


def test_an_empty_cell_is_closed_and_an_overdue_one_marked() -> None:
    first, second = register_pages(register(2), language=Language.ZH).pages[0].rows
    assert first.cells[-1] == "▲2026-11-22"
    assert second.cells[-1] == "/"


def test_a_row_higher_than_a_page_goes_on_with_nothing_lost() -> None:
    text = "\n".join(f"第{number}行：" + "水" * (number % 90) for number in range(300))
    laid = register_pages(register(2, what=text), language=Language.ZH)
    parts = [row for page in laid.pages for row in page.rows]
    assert [row.number for row in parts if row.number] == ["1", "2"]
    second = next(place for place, row in enumerate(parts) if row.number == "2")
    shown = "".join(row.cells[3] for row in parts[:second])
    assert shown.replace("\n", "") == text.replace("\n", "")
    assert sum(page.here for page in laid.pages) == 2


def test_pdf_pages_are_those_reckoned_and_end_with_their_count(tmp_path: Path) -> None:
    grid = register(40)
    laid = register_pages(grid, language=Language.ZH)
    pages = pdf_pages(grid, tmp_path)
    assert len(pages) == len(laid.pages) > 1
    for text, page in zip(pages, laid.pages, strict=True):
        assert f"本页 {page.here} 条，累计 {page.total} 条" in text
        assert "制表：" in text and "审核：" in text and "日期：" in text
        assert "客户投诉登记表" in text and "2026年11月" in text
        assert ("以下空白" in text) is page.is_last
        assert [row.cells[0] in text for row in page.rows] == [True] * len(page.rows)
    assert re.search(rf"第 ?1 ?页 ?共 ?{len(pages)} ?页", pages[0])


@pytest.mark.parametrize("seed", range(3))
def test_mixed_text_never_spills_over_the_reckoned_pages(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    texts = ["".join(chance.choices(_WORDS, k=chance.randint(0, 40))) for _ in range(30)]
    rows = tuple((f"{n}", None, chance.choice(texts)[:40], text, n, None) for n, text in enumerate(texts))
    grid = Grid("登记表", "", COLUMNS, rows)
    assert len(pdf_pages(grid, tmp_path)) == len(register_pages(grid, language=Language.ZH).pages)


def test_hostile_text_is_text_on_the_page(tmp_path: Path) -> None:
    text = "<script>alert(1)</script> {{ 7*7 }} &amp; </td></tr></table>"
    grid = Grid("<h1>&", '"}</style>', COLUMNS, (("1", None, None, text, None, None),))
    page = html(grid, language=Language.ZH, organisation='a"; } </style><b>')
    assert "<script" not in page and page.count("</style>") == 1
    shown = "".join(pdf_pages(grid, tmp_path)[0].split())
    assert "".join(text.split()) in shown


def test_docx_says_the_same_page_by_page(tmp_path: Path) -> None:
    grid = register(40, what="Tom & Jerry <b>\n第二行\t尾")
    laid = register_pages(grid, language=Language.ZH)
    path = tmp_path / "register.docx"
    path.write_bytes(docx(grid, language=Language.ZH, created=CREATED, organisation="绿源置业有限公司"))
    tables = docx_tables(path.read_bytes())
    assert len(tables) == len(laid.pages)
    for table, page in zip(tables, laid.pages, strict=True):
        assert table[0][0] == "序号" and table[0][1:] == [column.title for column in COLUMNS]
        assert table[-1] == [f"本页 {page.here} 条，累计 {page.total} 条"]
        assert [row[1] for row in table[1 : 1 + len(page.rows)]] == [row.cells[0] for row in page.rows]
    body = zipfile.ZipFile(path).read("word/document.xml")
    assert len(re.findall(rb"<w:pageBreakBefore/>", body)) == len(laid.pages) - 1
    assert tables[-1][-2] == ["以下空白"]
    assert tables[0][1][4] == "Tom & Jerry <b>第二行尾"
    drawn = office.convert(path, "pdf", tmp_path / "out")
    read = subprocess.run(["pdftotext", "-layout", drawn, "-"], check=True, capture_output=True, text=True)
    pages = read.stdout.split("\f")[:-1]
    assert len(pages) == len(laid.pages)
    assert all(f"累计 {page.total} 条" in text for text, page in zip(pages, laid.pages, strict=True))
    assert re.search(rf"第 ?{len(pages)} ?页 ?共 ?{len(pages)} ?页", pages[-1])


def test_what_xml_cannot_hold_stands_in_docx_as_its_code() -> None:
    grid = replace(register(1, what="渗\x0b漏"), title="台账\x00" + "长" * 300)
    table = docx_tables(docx(grid, language=Language.ZH, created=CREATED, organisation="\x1b"))[0]
    assert "渗[U+000B]漏" in table[1]


def test_docx_properties_stand_in_the_order_of_the_schema() -> None:
    data = docx(register(1), language=Language.ZH, created=CREATED)
    root = etree.fromstring(zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml"))
    table = next(root.iter(f"{W}tblPr"))
    assert [part.tag.removeprefix(W) for part in table] == [
        "tblW",
        "jc",
        "tblInd",
        "tblBorders",
        "tblLayout",
        "tblCellMar",
    ]
    head = next(root.iter(f"{W}tcPr"))
    assert [part.tag.removeprefix(W) for part in head] == ["tcW", "shd", "vAlign"]


def test_the_same_register_gives_the_same_bytes() -> None:
    grid = register(3)
    made = [docx(grid, language=Language.EN, created=CREATED) for _ in range(2)]
    assert made[0] == made[1]
    drawn = [pdf_of_html(html(grid, language=Language.EN), title="x", created=CREATED) for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_a_register_without_rows_says_so(tmp_path: Path) -> None:
    grid = register(0)
    assert "以下空白" in pdf_pages(grid, tmp_path)[0]
    assert docx_tables(docx(grid, language=Language.EN, created=CREATED))[0][1:] == [
        ["nothing below"],
        ["0 on this page, 0 so far"],
    ]
