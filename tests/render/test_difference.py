"""Two texts compared: what a reader sees struck and added, and that no word of either side is lost on the way."""

from __future__ import annotations

import io
import re
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import office
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from program import looked
from texts import HARD

from qmsdocs.base.language import Language
from qmsdocs.render.align import pairs
from qmsdocs.render.difference import (
    Change,
    Compared,
    Illustration,
    LeftOut,
    Passage,
    Row,
    Table,
    differences,
    folded,
)
from qmsdocs.render.line_difference import Mark, Marked, compared, compared_text, side
from qmsdocs.render.mark import qr_png
from qmsdocs.render.pdf import pdf_of_html
from qmsdocs.render.prose import (
    Block,
    Chart,
    Drawing,
    Edge,
    Grid,
    Heading,
    Line,
    Listing,
    Node,
    Paragraph,
    Picture,
    Span,
    SpanKind,
    Verbatim,
)
from qmsdocs.render.redline import ChangedFile, ChangedValue, Difference, Side
from qmsdocs.render.redline_docx import document
from qmsdocs.render.redline_html import page
from qmsdocs.render.redline_text import text

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SPACE = "⏎"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SIGNS = {Mark.KEPT: "{}", Mark.REMOVED: "[-{}-]", Mark.ADDED: "{{+{}+}}"}


def shown(line: Marked) -> str:
    return "".join(_SIGNS[piece.mark].format(piece.text) for piece in line)


def changed(old: str, new: str) -> str:
    return shown(compared_text(old, new))


def line(words: str) -> Line:
    return (Span(words),)


def paragraph(words: str) -> Paragraph:
    return Paragraph(line(words))


def heading(number: str, words: str, level: int = 1) -> Heading:
    return Heading(level, number, line(words))


def grid(*rows: str, caption: str = "", number: int = 0) -> Grid:
    first, *rest = (tuple(map(line, row.split("|"))) for row in rows)
    return Grid(first, tuple(rest), caption, number)


def outline(blocks: Sequence[Compared | LeftOut]) -> list[str]:
    """Each block on a line: what became of it, its words with their marks."""
    found = []
    for block in blocks:
        match block:
            case Passage(label=label, line=words, change=change):
                found.append(f"{change} {shown(label)} {shown(words)}")
            case Table(head=head, rows=rows, change=change):
                found.append(f"{change} table")
                found += [
                    f"  {row.change} {' | '.join(map(shown, row.cells))}"
                    if isinstance(row, Row)
                    else f"  … {row.count}"
                    for row in (head, *rows)
                ]
            case Illustration(old=old, new=new, change=change):
                found.append(f"{change} picture {old} {new}")
            case LeftOut(count):
                found.append(f"… {count}")
    return found


# ── within a line


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("处理后24小时内回访", "处理后12小时内回访", "处理后[-24-]{+12+}小时内回访"),
        ("回收率不低于85%。", "回收率不低于80%。", "回收率不低于[-85%-]{+80%+}。"),
        ("自2026年11月21日起施行", "自2026年12月01日起施行", "自[-2026年11月21日-]{+2026年12月01日+}起施行"),
        ("每天14:05前报送", "每天14:30前报送", "每天[-14:05-]{+14:30+}前报送"),
        ("填写 QR-14-04 并归档", "填写 QR-14-05 并归档", "填写 [-QR-14-04-]{+QR-14-05+} 并归档"),
        ("1,200元以下", "1,500元以下", "[-1,200-]{+1,500+}元以下"),
        ("由经办人登记并答复客户", "由经办人当日登记并答复客户", "由经办人{+当日+}登记并答复客户"),
        (
            "told within two days by phone",
            "told within three days by phone",
            "told within [-two-]{+three+} days by phone",
        ),
        ("同样的话", "同样的话", "同样的话"),
        ("目的", "职责", "[-目的-]{+职责+}"),
        ("", "新的一句", "{+新的一句+}"),
    ],
)
def test_a_change_reads_in_whole_words_numbers_and_dates(old: str, new: str, expected: str) -> None:
    assert changed(old, new) == expected


def test_single_characters_between_changes_are_no_islands() -> None:
    assert changed("先把甲乙丙的丁戊己送交部门备案", "先把子丑寅的卯辰巳送交部门备案") == (
        "先把[-甲乙丙的丁戊己-]{+子丑寅的卯辰巳+}送交部门备案"
    )


def test_a_short_stop_between_two_long_changes_is_no_island_either() -> None:
    assert changed(
        "前文照旧一二三四五六七八九的话甲乙丙丁戊己庚辛壬后文照旧",
        "前文照旧子丑寅卯辰巳午未申的话东南西北春夏秋冬日后文照旧",
    ) == ("前文照旧[-一二三四五六七八九的话甲乙丙丁戊己庚辛壬-]{+子丑寅卯辰巳午未申的话东南西北春夏秋冬日+}后文照旧")


def test_a_line_of_which_hardly_anything_stayed_is_struck_as_a_whole() -> None:
    old, new = "甲乙丙丁戊己庚客户壬癸子丑", "一二三四五六七客户八九十百"
    assert changed(old, new) == f"[-{old}-]{{+{new}+}}"


def test_a_parameter_is_marked_in_the_sentence_that_prints_it() -> None:
    def sentence(value: str) -> Line:
        return (Span("方案实施完毕后"), Span(value, SpanKind.PARAMETER, target="visit_within"), Span("内回访。"))

    assert shown(compared(sentence("24小时"), sentence("12小时"))) == "方案实施完毕后[-24-]{+12+}小时内回访。"


def test_words_that_became_bold_are_a_change() -> None:
    found = compared(
        (Span("不得"), Span("自己"), Span("回访")), (Span("不得"), Span("自己", is_bold=True), Span("回访"))
    )
    assert shown(found) == "不得[-自己-]{+自己+}回访"
    assert [piece.is_bold for piece in found if piece.mark is not Mark.KEPT] == [False, True]


WORDS = st.text(st.sampled_from("投诉回访 的，。24小时abc-/年月日\n"), max_size=40)


@given(WORDS, WORDS)
@settings(max_examples=300, deadline=None)
def test_both_sides_of_a_line_are_there_to_the_last_character(old: str, new: str) -> None:
    found = compared_text(old, new)
    assert (side(found, Mark.REMOVED), side(found, Mark.ADDED)) == (old, new)
    assert (old == new) == all(piece.mark is Mark.KEPT for piece in found)
    for mark in (Mark.REMOVED, Mark.ADDED):
        parts = [piece.text for piece in found if piece.mark in (Mark.KEPT, mark)]
        assert not any(first[-1].isdigit() and last[0].isdigit() for first, last in pairwise(parts)), parts


def test_a_number_is_never_torn() -> None:
    for piece in compared_text("限12345元", "限12945元"):
        assert piece.text in ("限", "12345", "12945", "元")


# ── block by block


def test_blocks_are_aligned_and_numbers_that_only_count_on_do_not_make_a_block_changed() -> None:
    old = [heading("1", "目的"), paragraph("让客户满意。"), heading("2", "职责"), paragraph("由客服经理负责。")]
    new = [
        *(heading("1", "目的"), paragraph("让客户满意。"), heading("2", "术语"), paragraph("投诉：客户的不满。")),
        *(heading("3", "职责"), paragraph("由客服总监负责。")),
    ]
    assert outline(differences(old, new)) == [
        "kept 1 目的",
        "kept  让客户满意。",
        "added {+2+} {+术语+}",
        "added  {+投诉：客户的不满。+}",
        "kept [-2-]{+3+} 职责",
        "changed  由客服[-经理-]{+总监+}负责。",
    ]


def test_items_of_a_list_are_compared_one_by_one_and_keep_their_letters() -> None:
    def steps(*words: str) -> Listing:
        return Listing(True, tuple((paragraph(word),) for word in words))

    nested = Listing(True, ((paragraph("登记来电"), steps("问清姓名", "问清房号")),))
    found = differences([steps("登记", "判定"), nested], [steps("登记", "上报主管", "判定"), nested])
    assert outline(found) == [
        *("kept a) 登记", "added {+b)+} {+上报主管+}", "kept c) 判定"),
        *("kept a) 登记来电", "kept 1) 问清姓名", "kept 2) 问清房号"),
    ]


def test_a_paragraph_that_became_an_item_shows_its_letter_as_new() -> None:
    found = differences([paragraph("先登记。")], [Listing(True, ((paragraph("先登记。"),),))])
    assert outline(found) == ["changed {+a)+} 先登记。"]


def test_tables_are_compared_row_by_row_and_cell_by_cell() -> None:
    old = grid("岗位|做什么", "客服经理|每月整理台账", "客服总监|批准方案", "法务|审核答复")
    new = grid("岗位|做什么", "客服经理|每周整理台账", "工程部|查明原因", "客服总监|批准方案")
    assert outline(differences([old], [new])) == [
        "changed table",
        "  kept 岗位 | 做什么",
        "  changed 客服经理 | 每[-月-]{+周+}整理台账",
        "  added {+工程部+} | {+查明原因+}",
        "  kept 客服总监 | 批准方案",
        "  removed [-法务-] | [-审核答复-]",
    ]


def test_a_new_column_is_added_and_the_others_stay() -> None:
    old, new = grid("项目|时限", "接听|3声"), grid("项目|责任人|时限", "接听|客服专管员|2声")
    [table] = differences([old], [new])
    assert isinstance(table, Table)
    assert [column.change for column in table.columns] == [Change.KEPT, Change.ADDED, Change.KEPT]
    assert outline([table])[2] == "  changed 接听 | {+客服专管员+} | [-3-]{+2+}声"


def test_a_chart_shows_where_its_arrows_lead() -> None:
    boxes = (Node("a", "登记", "start", 0), Node("b", "级别", "decision", 1), Node("c", "上报", "step", 1))
    first = Chart(boxes, (Edge("a", "b"), Edge("b", "c", "重大")), ("客服专管员", "客服经理"))
    last = Chart(boxes, (Edge("a", "b"), Edge("b", "c", "重大、热点")), ("客服专管员", "客服经理"))
    found = outline(differences([Drawing(first, "流程", 1)], [Drawing(last, "流程", 1)]))
    assert found[:4] == [
        "changed table",
        "  kept 步骤 | 角色 | 下一步",
        "  kept 登记 | 客服专管员 | 级别",
        "  changed 级别（判定） | 客服经理 | 重大{+、热点+}：上报",
    ]


def test_the_roles_of_a_chart_have_room_in_word() -> None:
    boxes = [Node(name, f"接到{name}处的投诉后逐项登记，当天转给责任部门并告知客户", "step", 0) for name in "甲乙丙丁"]
    edges = [Edge("甲", name, "重大或者热点") for name in "乙丙丁"]
    chart = Chart(tuple(boxes), tuple(edges), ("客服专管员",))
    made = document(difference((), [Drawing(chart, "流程", 1)]))
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        root = etree.fromstring(package.read("word/document.xml"))
    table = [one for one in root.iter(f"{W}tbl") if "角色" in "".join(one.itertext())]
    widths = [int(column.get(f"{W}w")) for column in table[0].iter(f"{W}gridCol")]
    assert widths[1] > 6 * 210 and sum(widths) < 9400  # six characters of 10.5 points, in twentieths


def test_a_picture_of_the_same_name_with_other_contents_is_a_change() -> None:
    picture = Picture("QP-01/map.png", "接待区", 1)
    assert differences([picture], [picture])[0].change is Change.KEPT
    [found] = differences([picture], [picture], changed_pictures=["QP-01/map.png"])
    assert found.change is Change.CHANGED


def test_only_changes_their_neighbours_and_headings_are_shown() -> None:
    body = [heading("1", "一"), *map(paragraph, "甲乙丙丁戊"), heading("2", "二"), *map(paragraph, "子丑寅")]
    new = [paragraph("丙和丙丙") if block == paragraph("丙") else block for block in body]
    found = outline(folded(differences(body, new)))
    assert found == [
        *("kept 1 一", "… 1", "kept  乙", "removed  [-丙-]", "added  {+丙和丙丙+}", "kept  丁", "… 1"),
        *("kept 2 二", "… 3"),
    ]


def test_rows_of_a_long_table_that_did_not_change_are_only_counted() -> None:
    rows = [f"第{number}项|做法{number}" for number in range(20)]
    new = [*rows[:10], "第10项|做法10，并记录", *rows[11:]]
    [_, *found] = outline(folded(differences([grid("项|做法", *rows)], [grid("项|做法", *new)])))
    assert found == [
        *("  kept 项 | 做法", "  … 9", "  kept 第9项 | 做法9", "  changed 第10项 | 做法10{+，并记录+}"),
        *("  kept 第11项 | 做法11", "  … 8"),
    ]


PIECES = st.one_of(
    st.builds(paragraph, st.sampled_from(["甲乙丙丁。", "甲乙丙戊。", "登记后24小时内答复。", "登记后12小时内答复。"])),
    st.builds(heading, st.sampled_from("12"), st.sampled_from(["目的", "职责", "目的和范围"])),
    st.builds(grid, st.just("a|b"), st.sampled_from(["1|2", "1|3"]), st.sampled_from(["4|5", "6|7"])),
    st.builds(Verbatim, st.sampled_from(["x = 1\ny = 2", "x = 1"])),
)


@given(st.lists(PIECES, max_size=9), st.lists(PIECES, max_size=9))
@settings(max_examples=150, deadline=None)
def test_no_block_of_either_side_is_lost(old: list[Block], new: list[Block]) -> None:
    found = differences(old, new)
    for blocks, mark, other in ((old, Mark.REMOVED, Change.ADDED), (new, Mark.ADDED, Change.REMOVED)):
        assert [_words(block, mark) for block in found if block.change is not other] == [
            _words(block, mark) for block in differences(blocks, blocks)
        ]
    if old == new:
        assert all(block.change is Change.KEPT for block in found)


def _words(block: Compared, mark: Mark) -> object:
    if isinstance(block, Passage):
        return side(block.line, mark)
    assert isinstance(block, Table)
    other = Change.ADDED if mark is Mark.REMOVED else Change.REMOVED
    rows = (row for row in (block.head, *block.rows) if isinstance(row, Row) and row.change is not other)
    return [[side(cell, mark) for cell in row.cells] for row in rows]


# ── as pages, as Word document, on the terminal


OLD = (
    *(heading("1", "目的"), paragraph("让客户满意。"), heading("2", "回访")),
    *(paragraph("方案实施完毕后24小时内回访。"), paragraph("这一段要删去。")),
    grid("岗位|做什么", "客服经理|每月整理台账", "法务|审核答复", caption="职责", number=1),
    Picture("QP-01/map.png", "接待区", 1),
)
NEW = (
    *(heading("1", "目的"), paragraph("让客户满意。"), heading("2", "术语"), paragraph("投诉：客户的不满。")),
    *(heading("3", "回访"), paragraph("方案实施完毕后12小时内回访。")),
    grid("岗位|做什么", "客服经理|每周整理台账", "工程部|查明原因", caption="职责", number=1),
    Picture("QP-01/map.png", "接待区", 1),
)
PICTURES = qr_png("old"), qr_png("new")


def difference(old: Sequence[Block] = OLD, new: Sequence[Block] = NEW, **more: object) -> Difference:
    facts: dict[str, object] = {
        "number": "QP-14",
        "title": "客户服务管理程序",
        "organisation": "绿源置业有限公司",
        "language": Language.ZH,
        "old": Side(
            "A/0", "已被替代", "王芳", AT, "a" * 64, date(2026, 11, 1), "王芳 2026-10-20", "", "赵磊 2026-10-28"
        ),
        "new": Side("A/1", "有效", "王芳", AT, "b" * 64, date(2026, 12, 1), "王芳 2026-11-20", "", "赵磊 2026-11-28"),
        "parameters": (ChangedValue("visit_within", "回访时限", "24小时", "12小时"),),
        "text": differences(old, new, changed_pictures=["QP-01/map.png"]),
        "old_pictures": {"QP-01/map.png": PICTURES[0]},
        "new_pictures": {"QP-01/map.png": PICTURES[1]},
    }
    return Difference(**{**facts, **more})  # type: ignore[arg-type]


def test_the_pages_say_what_changed_and_carry_both_pictures(tmp_path: Path) -> None:
    drawn = page(difference())
    made = tmp_path / "redline.pdf"
    made.write_bytes(pdf_of_html(drawn.html, title="x", created=AT, assets=drawn.pictures))
    said = looked("pdftotext", "-layout", made, "-")
    for words in (
        "修订对照",
        "QP-14",
        "A/0 → A/1",
        "2026年12月01日",
        "赵磊 2026-11-28",
        "回访时限",
        "24小时",
        "12小时",
    ):
        assert words in said, words
    assert "<del>24</del><ins>12</ins>小时内回访" in drawn.html
    assert "<del>这一段要删去。</del>" in drawn.html
    assert sorted(drawn.pictures.values()) == sorted(PICTURES)
    facts = looked("pdfinfo", made)
    assert "595" in facts and "A4" in facts
    fonts = [row.split()[0] for row in looked("pdffonts", made).splitlines()[2:]]
    assert fonts and all("Qms" in font for font in fonts), fonts


def test_the_same_comparison_gives_the_same_bytes() -> None:
    drawn = page(difference())
    files = [pdf_of_html(drawn.html, title="x", created=AT, assets=drawn.pictures) for _ in range(2)]
    assert files[0] == files[1]
    assert document(difference()) == document(difference())


@pytest.mark.parametrize("words", [*HARD, "<script>alert(1)</script>", "\x01\x1f\ufffe"])
def test_any_text_stands_in_every_form_of_the_comparison(words: str) -> None:
    told = difference(
        [paragraph("旧")], [paragraph(words)], values=(ChangedValue(words, words, "", words),), title=words
    )
    drawn = page(told).html
    assert "<script" not in drawn and "<b>" not in drawn
    etree.fromstring(zipfile.ZipFile(io.BytesIO(document(told))).read("word/document.xml"))
    assert all(sign.isprintable() or sign in "\n\t　\u00a0" for sign in text(told))


def test_a_file_that_only_pretends_to_be_a_picture_is_named_and_not_drawn(tmp_path: Path) -> None:
    for data in (b"", b"no picture", PICTURES[0][:40], PICTURES[0][:-20]):
        told = difference(old_pictures={"QP-01/map.png": data}, new_pictures={})
        drawn = page(told)
        assert pdf_of_html(drawn.html, title="x", created=AT, assets=drawn.pictures).startswith(b"%PDF")
        assert "QP-01/map.png" in drawn.html
        assert zipfile.ZipFile(io.BytesIO(document(told))).testzip() is None


def _settled(data: bytes, *, accepted: bool) -> list[str]:
    """The paragraphs and rows below the title block once every tracked change was accepted, or rejected."""
    root = etree.fromstring(zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml"))
    gone, kept = (f"{W}del", f"{W}ins") if accepted else (f"{W}ins", f"{W}del")
    for name, holder in ((f"{W}p", f"{W}pPr/{W}rPr"), (f"{W}tr", f"{W}trPr")):
        for element in list(root.iter(name)):
            if element.find(f"{holder}/{gone}") is not None:
                element.getparent().remove(element)
    for element in list(root.iter(gone)):
        element.getparent().remove(element)
    assert all(element.get(f"{W}author") == "王芳" and element.get(f"{W}date") for element in root.iter(kept))
    found = []
    for block in root[0].iterfind(f"{W}p"), root[0].iterfind(f"{W}tbl/{W}tr"):
        found += [(element.getroottree().getelementpath(element), element) for element in block]
    order = {element: place for place, element in enumerate(root.iter())}
    said = [_said(element) for _, element in sorted(found, key=lambda pair: order[pair[1]])]
    return [words for words in said[said.index("正文变更") + 1 :] if words != SPACE]


def _said(element: etree._Element) -> str:
    """The words of a paragraph, or of the cells of a row."""
    if element.tag == f"{W}tr":
        return " | ".join("".join(cell.itertext(f"{W}t", f"{W}delText")) for cell in element.iter(f"{W}tc"))
    if element.find(f"{W}pPr/{W}pStyle").get(f"{W}val") == "QmsRedSmall":
        return SPACE
    return (
        "picture" if element.find(f".//{W}drawing") is not None else "".join(element.itertext(f"{W}t", f"{W}delText"))
    )


def test_accepting_all_changes_in_word_gives_the_new_text_and_rejecting_them_the_old_one() -> None:
    data = document(difference())
    assert _settled(data, accepted=True) == [
        *("1　目的", "让客户满意。", "2　术语", "投诉：客户的不满。", "3　回访", "方案实施完毕后12小时内回访。"),
        *("表1 职责", "岗位 | 做什么", "客服经理 | 每周整理台账", "工程部 | 查明原因", "picture", "图1 接待区"),
    ]
    assert _settled(data, accepted=False) == [
        *("1　目的", "让客户满意。", "2　回访", "方案实施完毕后24小时内回访。", "这一段要删去。"),
        *("表1 职责", "岗位 | 做什么", "客服经理 | 每月整理台账", "法务 | 审核答复", "picture", "图1 接待区"),
    ]


def test_a_table_with_another_column_is_replaced_as_a_whole_in_word() -> None:
    old, new = grid("项目|时限", "接听|3声"), grid("项目|责任人|时限", "接听|客服专管员|2声")
    data = document(difference([old], [new]))
    assert _settled(data, accepted=True) == ["项目 | 责任人 | 时限", "接听 | 客服专管员 | 2声"]
    assert _settled(data, accepted=False) == ["项目 | 时限", "接听 | 3声"]


def test_libreoffice_opens_the_word_document_and_shows_every_row(tmp_path: Path) -> None:
    """Wherever on a page a table begins."""
    old, new = [*OLD], [*NEW]
    for count in range(24):
        rows = [f"项{count}.{number}|做法{count}.{number}" for number in range(7)]
        before = [paragraph(f"第{count}张表以前的一段。")] * (count % 7)
        old += [*before, grid("项|做法", *rows)]
        new += [*before, grid("项|做法", *rows[:3], f"{rows[3]}，并记录", f"加{count}|加的做法", *rows[4:])]
    path = tmp_path / "redline.docx"
    path.write_bytes(document(difference(old, new)))
    said = "".join(looked("pdftotext", "-layout", office.convert(path, "pdf", tmp_path / "seen"), "-").split())
    for words in (
        "方案实施完毕后",
        "这一段要删去",
        *(f"加{count}加的做法" for count in range(24)),
        *(f"做法{count}.{number}" for count in range(24) for number in range(7)),
    ):
        assert words in said, words


def test_the_terminal_reads_without_colour() -> None:
    plain = text(difference())
    assert "\x1b" not in plain
    lines = plain.splitlines()
    assert lines[0] == "QP-14 客户服务管理程序  A/0 → A/1"
    first = lines.index("参数变更")
    assert lines[first + 1] == "~ 回访时限 (visit_within): [-24-]{+12+}小时"
    assert first < lines.index("正文变更")
    assert "~   方案实施完毕后[-24-]{+12+}小时内回访。" in lines
    assert "-   [-这一段要删去。-]" in lines
    assert "~   | 客服经理 | 每[-月-]{+周+}整理台账 |" in lines
    assert re.sub(r"\x1b\[\d+m", "", text(difference(), is_coloured=True)) == plain


def test_what_a_terminal_obeys_is_shown_as_its_code() -> None:
    told = difference([paragraph("旧")], [paragraph("\x1b[2J新\u202e")], notes=("\x07",))
    assert "\x1b" not in text(told) and "\\u001b[2J新\\u202e" in text(told)


def test_changed_files_are_listed_with_their_lines() -> None:
    lines = differences([Verbatim("甲"), Verbatim("乙")], [Verbatim("甲"), Verbatim("丙")])
    told = difference(files=(ChangedFile("example.toml", Change.CHANGED, lines),))
    assert "~ example.toml (变更)" in text(told)
    assert "example.toml（变更）" in page(told).html


# ── large texts


def manual(pages: int, *, edits: int) -> tuple[list[Block], list[Block]]:
    """A text of about so many pages, and one in which every `edits`-th paragraph was changed, with a few moved."""
    old: list[Block] = []
    for section in range(pages):
        old.append(heading(str(section + 1), f"第{section}部分的要求"))
        for number in range(9):
            said = f"第{section * 31 + number}条，接到投诉后{number + 2}小时内由第{section}组登记、判定、答复并归档，"
            old.append(paragraph(said + f"不得拖延；{number}日内查明原因，提出方案，经批准后实施，完毕后回访。" * 2))
        old.append(grid("项目|要求", *(f"{section}.{row}|第{row}项的做法" for row in range(4))))
    new: list[Block] = [
        paragraph(block.line[0].text.replace("小时", "个工作小时") + "并留记录。")
        if isinstance(block, Paragraph) and place % edits == 0
        else block
        for place, block in enumerate(old)
    ]
    return old, [*new[9:30], *new[:9], *new[30:]]


def test_twenty_pages_are_compared_at_once() -> None:
    old, new = manual(20, edits=7)
    began = time.perf_counter()
    told = difference(old, new)
    assert len(document(told)) > 10_000 and len(page(told).html) > 10_000
    assert time.perf_counter() - began < 20


def test_hostile_texts_take_no_quadratic_time() -> None:
    began = time.perf_counter()
    same = [paragraph("略。")] * 4000
    assert len(differences(same, same[:3500])) == 4000
    long = "".join(chr(0x4E00 + place * 7919 % 3000) for place in range(100_000))
    [found] = differences([paragraph(long)], [paragraph(long[:500] + "加" + long[500:])])
    assert isinstance(found, Passage) and side(found.line, Mark.REMOVED) == long
    assert time.perf_counter() - began < 20


def test_where_everything_changed_not_everything_is_compared_with_everything() -> None:
    asked = 0

    def likeness(before: int, after: int) -> float:
        nonlocal asked
        asked += 1
        return 0.8 if before == after else 0.1

    found = list(pairs(range(3000), range(3000, 6000), likeness))
    assert found == [(place, place) for place in range(3000)]
    assert asked <= 600_000


@pytest.mark.slow
def test_two_hundred_pages_within_a_minute_and_a_gibibyte(tmp_path: Path) -> None:
    script = (
        "import sys, test_difference as t; told = t.difference(*t.manual(240, edits=7));"
        "drawn = t.page(told, is_whole=True);"
        "open(sys.argv[1], 'wb').write(t.pdf_of_html(drawn.html, title='x', created=t.AT, assets=drawn.pictures));"
        "t.document(told)"
    )
    folders = [Path(__file__).parent, Path(__file__).parent.parent / "support"]
    began = time.perf_counter()
    made = tmp_path / "redline.pdf"
    subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {[str(f) for f in folders]!r}; {script}", str(made)],
        check=True,
        timeout=300,
    )
    assert time.perf_counter() - began < 60
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1024 * 1024
    assert int(re.findall(r"Pages: +(\d+)", looked("pdfinfo", made))[0]) >= 200
