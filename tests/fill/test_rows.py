"""Tables of records: CSV and XLSX of people and programs, hostile ones, and the table of refused rows."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import office
import pytest
import xlsxwriter
from openpyxl import Workbook, load_workbook
from texts import HARD
from trial_forms import small, taken

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.fill.refused import RefusedRow, refused_path, refused_table
from qmsdocs.fill.retry import row_keys
from qmsdocs.fill.rows import Rows, parse, read
from qmsdocs.model.value import Refusal
from qmsdocs.render.table import Column, Grid, csv
from qmsdocs.render.table_sheet import SheetColumn, SheetRows, workbook

CREATED = datetime(2026, 11, 21)
HEAD = "客户姓名,联系电话,类别"


def table(text: str) -> Rows:
    """CSV of the small form."""
    return parse(text.encode(), small(), source="calls.csv")


def sheet(*rows: Sequence[object], write: Callable[[Workbook], None] | None = None) -> bytes:
    """An XLSX as openpyxl makes it."""
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    if write is not None:
        write(book)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def repacked(data: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """The package `data` with its parts changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    change(parts)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return written.getvalue()


def values(rows: Rows) -> list[Mapping[str, object]]:
    """The raw values of each row."""
    return [row.values for row in rows.rows]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_csv_with_each_delimiter_with_or_without_mark(mark: str, start: str) -> None:
    rows = table(
        start + HEAD.replace(",", mark) + f'\r\n"欧阳昇"{mark}0571-88{mark}投诉\r\n\r\n林玥{mark}{mark}advice\r\n'
    )
    assert values(rows) == [
        {"customer": "欧阳昇", "phone": "0571-88", "kind": "投诉"},
        {"customer": "林玥", "kind": "advice"},
    ]
    assert [row.number for row in rows.rows] == [2, 4]


def test_headings_may_be_names_or_titles_in_both_languages_in_any_width_and_case() -> None:
    rows = table(
        "customer,ＴＥＬＥＰＨＯＮＥ, 类 别 ,Defects (%),不良率（％）".rpartition(",")[0] + "\n昇,1,投诉,12.5\n"
    )
    assert values(rows) == [{"customer": "昇", "phone": "1", "kind": "投诉", "rate": "12.5"}]


def test_cells_of_tables_have_columns_of_their_own() -> None:
    rows = table(
        "customer,组员.1.姓名,team.1.skill,Members.3.Name,评价.隔声.等级,marks.flat\n昇,王芳,防水,张伟,差,good\n"
    )
    assert values(rows)[0]["team"] == [{"member": "王芳", "skill": "防水"}, {"member": "张伟"}]
    assert values(rows)[0]["marks"] == {"noise": {"grade": "差"}, "flat": {"grade": "good"}}
    row = rows.rows[0]
    assert [row.column(place) for place in ("team[1].skill", "team[2].member", "marks.noise.grade")] == [2, 3, 4]
    assert (row.column("team[2].skill"), row.column("kind")) == (1, None)
    assert taken(small(), row.values)[1] == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "表是空的"),
        ("\n\n", "表是空的"),
        ("客户姓明,类别\na,b", "“客户姓明”列：没有这个栏目，是不是“客户姓名”？"),
        ("天气,类别\na,b", "“天气”列：没有这个栏目；有 客户姓名、联系电话"),
        ("customer,客户姓名\na,b", "有两列都是 customer：customer、客户姓名"),
        ("team.1.member,组员.1.姓名\na,b", "有两列都是 team.1.member：team.1.member、组员.1.姓名"),
        ("customer,组员数\na,3", "“组员数”列：由程序得出，不用填"),
        ("customer,组员\na,b", "“组员”列：表格的每一格各占一列，例如 team.1.member"),
        ("customer,team.6.member\na,b", "“team.6.member”列：没有这个栏目"),
        ("customer,team.0.member\na,b", "“team.0.member”列：没有这个栏目"),
        ("customer,team.1.gone\na,b", "“team.1.gone”列：没有这个栏目"),
        ("#a,#b\na,b", "表头没有一列是 QR-99-01 的栏目"),
        ("customer,kind\na,b,c", "第 2 行：第 3 列没有表头，却填了内容"),
        ('customer\n"a', "第 2 行：有一个引号没有结束"),
        ('customer\n"a"b', '第 2 行：引号 " 结束之后应是下一格'),
        ("customer\n" + "x" * 140_000, "有一格超过 131072 个字符"),
    ],
)
def test_a_csv_that_cannot_be_read_is_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(QmsError) as refused:
        table(text)
    said = Catalogue.load(Language.ZH).say(refused.value.message)
    assert said.startswith("calls.csv：") and reason in said and "\n" not in said


def test_two_fields_of_one_title_are_told_apart_by_name() -> None:
    form = small()
    twin = form.model_copy(update={"field": {**form.field, "other": form.field["phone"]}})
    with pytest.raises(QmsError, match="the column 联系电话 may be one of"):
        parse(b"customer,\xe8\x81\x94\xe7\xb3\xbb\xe7\x94\xb5\xe8\xaf\x9d\na,1", twin, source="x")
    assert values(parse(b"customer,phone,other\na,1,2", twin, source="x")) == [
        {"customer": "a", "phone": "1", "other": "2"}
    ]


def test_notes_and_reasons_are_passed_over() -> None:
    rows = table("customer,#原因,# my note\na,because,x\n,only a note,\n")
    assert values(rows) == [{"customer": "a"}]


def test_gb18030_is_read_only_when_it_is_said() -> None:
    data = "客户姓名,类别\n喆,投诉\n".encode("gb18030")
    with pytest.raises(QmsError, match="not UTF-8 at byte 0") as refused:
        parse(data, small(), source="x")
    assert refused.value.hint is not None and "--encoding gb18030" in str(refused.value.hint)
    assert values(parse(data, small(), source="x", encoding="gb18030")) == [{"customer": "喆", "kind": "投诉"}]
    with pytest.raises(QmsError, match="not gb18030"):
        parse(b"customer\n\xff", small(), source="x", encoding="gb18030")


def test_utf16_is_named() -> None:
    with pytest.raises(QmsError) as refused:
        parse("客户姓名\n昇".encode("utf-16"), small(), source="x")
    assert "UTF-16" in str(refused.value.hint)


def test_twenty_thousand_rows_and_no_more() -> None:
    lines = "\n".join(f"昇{number}" for number in range(20_001))
    assert len(table("customer\n" + lines.rpartition("\n")[0]).rows) == 20_000
    with pytest.raises(QmsError, match="more than 20000 rows"):
        table("customer\n" + lines)
    with pytest.raises(QmsError, match="more than 20000 rows"):
        parse(sheet(["customer"], *([f"{number}"] for number in range(20_001))), small(), source="x")


def test_hard_texts_come_back_from_our_own_csv_and_xlsx() -> None:
    texts = [text for text in HARD if text.strip()]
    grid = Grid("x", "", (Column("customer", "客户姓名"),), tuple((text,) for text in texts))
    assert [row["customer"] for row in values(parse(csv(grid), small(), source="x"))] == texts
    made = workbook(SheetRows("x", (SheetColumn("客户姓名", 30),), [[text] for text in texts]), created=CREATED)
    assert [row["customer"] for row in values(parse(made, small(), source="x"))] == texts


def test_hard_texts_come_back_from_libreoffice(tmp_path: Path) -> None:
    path = tmp_path / "calls.xlsx"
    texts = [
        text for text in HARD if text.strip() and text != "_x005F_x0041_"
    ]  # which LibreOffice 7.4 saves as _x0041_
    path.write_bytes(workbook(SheetRows("x", (SheetColumn("客户姓名", 30),), [[t] for t in texts]), created=CREATED))
    saved = office.convert(path, "xlsx", tmp_path / "out")
    assert [row["customer"] for row in values(read(saved, small()))] == texts


def test_xlsx_cells_are_what_people_see() -> None:
    def shape(book: Workbook) -> None:
        page = book.active
        page["C2"].number_format = "00000000000"
        page["F2"].number_format = "yyyy-mm-dd"

    head = ["客户姓名", "人数", "联系电话", "不良率(%)", "来电时间", "期限", "加急", "客户陈述"]
    data = sheet(
        head,
        ["昇", 3.0, 57188, 0.1 + 0.2, datetime(2026, 11, 21, 14, 5, 0, 400), datetime(2026, 11, 21), True, 13800001234],
        ["0012", "12", "00571", 12.5, "2026-11-21 14:05", "2026年11月21日", "是", None],
        write=shape,
    )
    first, second = values(parse(data, small(), source="x"))
    assert first["people"] == 3 and isinstance(first["people"], int)
    assert first["phone"] == "00000057188"
    assert first["rate"] == Decimal("0.3")
    assert first["called_at"] == datetime(2026, 11, 21, 14, 5)
    assert first["due_on"] == date(2026, 11, 21) and not isinstance(first["due_on"], datetime)
    assert first["said"] == 13800001234
    assert (second["customer"], second["phone"], second["rate"]) == ("0012", "00571", Decimal("12.5"))
    canonical, refusals = taken(small(), first)
    assert refusals == ()
    assert canonical == {
        "customer": "昇",
        "people": 3,
        "phone": "00000057188",
        "rate": "0.3",
        "called_at": "2026-11-21T14:05:00+08:00",
        "due_on": "2026-11-21",
        "urgent": True,
        "said": "13800001234",
    }
    again, refusals = taken(small(), second)
    assert refusals == () and again["called_at"] == canonical["called_at"]


def test_a_number_has_the_fifteen_digits_a_spreadsheet_shows() -> None:
    def change(parts: dict[str, bytes]) -> None:
        page = parts["xl/worksheets/sheet1.xml"]
        assert b"<v>0.5</v>" in page
        parts["xl/worksheets/sheet1.xml"] = page.replace(b"<v>0.5</v>", b"<v>0.30000000000000004</v>")

    data = repacked(sheet(["customer", "rate"], ["a", 0.5]), change)
    assert values(parse(data, small(), source="x"))[0]["rate"] == Decimal("0.3")


def only(value: object, pattern: str = "General") -> bytes:
    """An XLSX with one value of a format."""

    def shape(book: Workbook) -> None:
        book.active["B2"] = value
        book.active["B2"].number_format = pattern

    return sheet(["customer", "people"], ["a"], write=shape)


def with_formula(book: xlsxwriter.Workbook) -> None:
    """A formula with a result of its own."""
    page = book.add_worksheet()
    page.write_row(0, 0, ["customer", "people"])
    page.write_formula(1, 1, "=1+1", None, 999)


def made(write: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    """An XLSX as XlsxWriter makes it."""
    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True})
    write(book)
    book.close()
    return written.getvalue()


def far(cell: str) -> bytes:
    """An XLSX with one cell far away."""
    return sheet(["customer"], ["a"], write=lambda book: book.active.__setitem__(cell, "x"))


def two_sheets(book: Workbook) -> None:
    book.create_sheet("二")["A1"] = "customer"


def adding(name: str, part: bytes = b"x") -> bytes:
    """An XLSX with one more part."""
    return repacked(sheet(["customer"], ["a"]), lambda parts: parts.update({name: part}))


def replacing(name: str, old: bytes, new: bytes) -> bytes:
    """An XLSX with something in a part replaced."""

    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new)

    return repacked(sheet(["customer"], ["a"]), change)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (made(with_formula), "B2: a formula"),
        (only("=1+1"), "B2: a formula"),
        (only("#N/A"), "B2: an error value"),
        (only(0.5, "0.00%"), "B2: shown as a percentage"),
        (only(440106199003078888), "B2: a number of more than 15 digits"),
        (only(1e300), "B2: a number of more than 15 digits"),
        (far("A1048576"), "the cell A1048576 lies far outside"),
        (far("XFD5"), "the cell XFD5 lies far outside"),
        (far("KO1"), "the cell KO1 lies far outside"),
        (far("C1"), "the column x: no such field"),
        (far("C2"), "row 2: a value stands in column 3"),
        (sheet(["customer"], ["a"], write=lambda book: book.active.merge_cells("A2:A3")), "the cells A2:A3 are merged"),
        (sheet(["customer"], ["a"], write=two_sheets), "more than one sheet holds something: Sheet, 二"),
        (sheet(), "the table is empty"),
        (adding("xl/vbaProject.bin"), "it contains macros"),
        (adding("xl/macrosheets/sheet1.xml", b"<a/>"), "it contains macros"),
        (adding("xl/externalLinks/externalLink1.xml", b"<a/>"), "it takes values from other files"),
        (adding("xl/connections.xml", b"<a/>"), "it takes values from other files"),
        (adding("xl/embeddings/oleObject1.bin"), "it contains an embedded object"),
        (adding("xl/activeX/activeX1.xml", b"<a/>"), "it contains an embedded object"),
        (adding("xl/worksheets/SHEET1.XML", b"<a/>"), "is there twice"),
        (adding("xl/drawings/a.xml", b"<!DOCTYPE a><a/>"), "declares a document type"),
        (adding("xl/bomb.xml", b" " * 3_000_000), "unpacks to more than 200 times"),
        (replacing("[Content_Types].xml", b"sheet.main+xml", b"sheet.mine+xml"), "not an Excel workbook"),
        (replacing("[Content_Types].xml", b"sheet.main+xml", b"sheet.macroEnabled.main+xml"), "it contains macros"),
        (replacing("[Content_Types].xml", b"</Types>", b""), "is not well-formed"),
        (replacing("xl/worksheets/sheet1.xml", b"</sheetData>", b""), "the file is damaged"),
        (replacing("xl/worksheets/sheet1.xml", b'<c r="A2" ', b'<c s="99" r="A2" '), "the file is damaged"),
        (repacked(sheet(["customer"]), lambda parts: parts.pop("xl/workbook.xml")), "the file is damaged"),
        (repacked(sheet(["customer"]), lambda parts: parts.pop("[Content_Types].xml")), "not an Excel workbook"),
        (
            replacing(
                "xl/_rels/workbook.xml.rels",
                b"</Relationships>",
                b'<Relationship Id="r9" Type="http://x/externalLinkPath" Target="file:///x" TargetMode="External"/>'
                b"</Relationships>",
            ),
            "it takes values from other files",
        ),
        (b"PK\x03\x04", "the file is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an Excel 97-2003 file or one with a password"),
    ],
)
def test_a_hostile_or_doubtful_xlsx_is_refused_in_one_line(data: bytes, reason: str) -> None:
    begun = time.monotonic()
    with pytest.raises(QmsError) as refused:
        parse(data, small(), source="calls.xlsx")
    said = Catalogue.load(Language.EN).say(refused.value.message)
    assert said.startswith("calls.xlsx: ") and reason in said and "\n" not in said and said.isprintable()
    assert time.monotonic() - begun < 20


def test_formatted_but_empty_cells_far_away_do_not_matter() -> None:
    def shape(book: Workbook) -> None:
        for cell in ("A5000", "ZZ3", "B1048576"):
            book.active[cell].number_format = "0.00"

    assert values(parse(sheet(["customer"], ["a"], write=shape), small(), source="x")) == [{"customer": "a"}]


def test_hidden_sheets_are_passed_over() -> None:
    def hide(book: Workbook) -> None:
        two_sheets(book)
        book["二"].sheet_state = "hidden"

    assert values(parse(sheet(["customer"], ["a"], write=hide), small(), source="x")) == [{"customer": "a"}]


def test_rich_text_and_links_are_their_text() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        bold = book.add_format({"bold": True})
        page.write_row(0, 0, ["customer", "said"])
        page.write_rich_string(1, 0, "欧", bold, "阳", "昇")
        page.write_url(1, 1, "http://x.invalid/", string="看这里")

    assert values(parse(made(write), small(), source="x")) == [{"customer": "欧阳昇", "said": "看这里"}]


def test_retry_keys_are_the_same_wherever_a_row_stands() -> None:
    a, b = {"customer": "昇", "phone": None}, {"customer": "玥"}
    first = row_keys("QR-99-01", [a, b, a])
    assert len(set(first)) == 3 and all(re.fullmatch("[0-9a-f]{64}", key) for key in first)
    assert row_keys("QR-99-01", [b, {"customer": "昇"}, {"customer": "x"}, a]) == (
        first[1],
        first[0],
        *row_keys("QR-99-01", [{"customer": "x"}]),
        first[2],
    )
    assert row_keys("QR-99-02", [a])[0] != first[0]


def test_refused_rows_make_a_table_to_mend() -> None:
    rows = table("客户姓名,人数,#原因,组员.1.姓名,#备注\n昇,a,old,王芳,mine\n=1+1,3,,,\n00123,900,,张伟,\n")
    refused = [
        RefusedRow(rows.rows[0], taken(small(), rows.rows[0].values)[1]),
        RefusedRow(rows.rows[2], (*taken(small(), rows.rows[2].values)[1], Refusal("kind", message("is missing")))),
    ]
    data = refused_table(rows, refused, catalogue=Catalogue.load(Language.ZH), created=CREATED)
    page = load_workbook(io.BytesIO(data)).worksheets[0]
    assert [[cell.value for cell in row] for row in page.iter_rows()] == [
        ["客户姓名", "人数", "组员.1.姓名", "#备注", "#原因"],
        ["昇", "a", "王芳", "mine", page["E2"].value],
        ["00123", "900", "张伟", None, page["E3"].value],
    ]
    assert page["E2"].value.startswith("人数：") and page["E3"].value.split("\n")[1].startswith("kind：")
    assert page["B2"].comment is not None and page["A2"].comment is None
    assert (page["B2"].fill.bgColor.rgb, page["B2"].fill.fgColor.rgb) != (
        page["A2"].fill.bgColor.rgb,
        page["A2"].fill.fgColor.rgb,
    )
    again = parse(data, small(), source="calls.refused.xlsx")
    assert values(again) == [rows.rows[0].values, rows.rows[2].values]
    assert data == refused_table(rows, refused, catalogue=Catalogue.load(Language.ZH), created=CREATED)


def test_the_refused_table_of_a_refused_table_has_a_name_of_its_own() -> None:
    names = ["calls.csv", "calls.v2.xlsx", "calls.refused.xlsx", "calls.refused-2.xlsx", "refused.csv"]
    assert [refused_path(Path("in") / name).as_posix() for name in names] == [
        "in/calls.refused.xlsx",
        "in/calls.v2.refused.xlsx",
        "in/calls.refused-2.xlsx",
        "in/calls.refused-3.xlsx",
        "in/refused.refused.xlsx",
    ]
