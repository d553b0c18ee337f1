"""The styles and list numbers of a controlled document in Word: 宋 and 黑 by their usual names (pages.md 6)."""

from __future__ import annotations

from collections.abc import Sequence

from qmsdocs.base.language import Language
from qmsdocs.render import document_words as words
from qmsdocs.render import word
from qmsdocs.render.document_docx_parts import size
from qmsdocs.render.measure import MILLIMETRES_PER_POINT
from qmsdocs.render.word import Style, twips

TEXT_WIDTH = 160.0
BODY, LINE = 12.0, 22.0  # points: 小四 and its line
CELL, CELL_LINE = 10.5, 15.0
RECORD, RECORD_LINE = 9.0, 12.0
RECORD_TITLE = 34.0
CAPTION_LINE = 16.0
CONTENTS_LINE = 20.0
HEADING_BEFORE, HEADING_AFTER, SECOND_BEFORE = 12.0, 6.0, 3.0
LEVELS = 6  # of headings
SANS_LEVELS = 2
DEPTHS = 9  # of lists
LIST_INDENT, MARK_WIDTH = 480, 432  # twips: two ems, and 1.8 for the mark
_EM = 240
_CHAPTER = ("章标题", "Chapter")


def chapter_style(language: Language) -> str:
    """What the style of a chapter's title is called, by which Word finds it for the table of contents."""
    return _CHAPTER[language is Language.EN]


def paragraph_after(language: Language) -> float:
    """Points below a paragraph, which English marks so and Chinese by an indent."""
    return 0.0 if language is Language.ZH else 6.0


def _millimetres(line: float) -> float:
    """A line of `line` millimetres in points."""
    return line / MILLIMETRES_PER_POINT


def _own(language: Language) -> tuple[Style, ...]:
    is_chinese = language is Language.ZH
    label = CELL if is_chinese else RECORD
    return (
        Style("QmsChapter", *_CHAPTER, 16, 26, sans=True, bold=True, align="center", before=6, after=11, keeps=True),
        Style("QmsCell", "表格文字", "Table text", CELL, CELL_LINE),
        Style("QmsCellCentred", "表格文字 居中", "Table text centred", CELL, CELL_LINE, align="center"),
        Style("QmsHead", "表头", "Table head", CELL, CELL_LINE, sans=True, align="center"),
        Style("QmsVerbatim", "原文", "Verbatim", CELL, 16),
        Style("QmsRecordTitle", "记录标题", "Record title", 16, RECORD_TITLE, sans=True, align="center", keeps=True),
        Style("QmsRecord", "记录文字", "Record text", RECORD, RECORD_LINE, align="center"),
        Style("QmsRecordDay", "记录日期", "Record date", 8, RECORD_LINE, align="center", spaced=-0.3),
        Style("QmsRecordHead", "记录表头", "Record head", RECORD, RECORD_LINE, sans=True, align="center"),
        Style("QmsIdentity", "封面编号", "Cover number", 12, _millimetres(7), align="right"),
        Style("QmsCompany", "封面公司", "Cover company", 22, _millimetres(10), bold=True, align="center"),
        Style("QmsKind", "封面类别", "Cover kind", 16, _millimetres(8), sans=True, align="center",
              spaced=5 if is_chinese else 0),
        Style("QmsEdition", "封面版次", "Cover revision", 14, _millimetres(8), align="center"),
        Style("QmsApproval", "签署栏", "Approval", CELL, 12.5, align="center"),
        Style("QmsApprovalHead", "签署栏 标题", "Approval head", label, 12.5, sans=True, align="center"),
        Style("QmsDates", "封面日期", "Cover dates", 12, _millimetres(8)),
        Style("QmsDatesRight", "封面日期 居右", "Cover dates right", 12, _millimetres(8), align="right"),
        Style("QmsBlock", "页眉栏", "Header block", 9, 11.5, align="center"),
        Style("QmsBlockLabel", "页眉栏 标签", "Header block label", 9, 11.5, sans=True, align="center"),
        Style("QmsFoot", "页脚行", "Foot", 9, 12),
        Style("QmsFootCentred", "页脚行 居中", "Foot centred", 9, 12, align="center"),
        Style("QmsFootRight", "页脚行 居右", "Foot right", 9, 12, align="right"),
        Style("QmsStamp", "受控章", "Stamp", 14, 18.5, sans=True, align="center", spaced=4),
        Style("QmsStampSmall", "受控章 小字", "Stamp small", 9, 12.5, align="center"),
        Style("QmsJoint", "接缝", "Joint", 1, 1),
    )  # fmt: skip


def styles(language: Language) -> str:
    """The content of styles.xml."""
    return word.styles(language, _own(language)) + "".join(_named(language))


def _named(language: Language) -> Sequence[str]:
    """The styles that Word itself knows by name, and those with an indent."""
    is_chinese = language is Language.ZH
    indent = '<w:ind w:firstLineChars="200" w:firstLine="480"/>' if is_chinese else ""
    both, centred = '<w:jc w:val="both"/>', '<w:jc w:val="center"/>'
    kept = "<w:keepNext/><w:keepLines/>"
    body, item, figure = ("正文段落", "列表项", "图") if is_chinese else ("Body", "List item", "Figure")
    found = [
        '<w:style w:type="character" w:customStyle="1" w:styleId="QmsCode"><w:name w:val="QmsCode"/></w:style>',
        _style("QmsBody", body, "<w:widowControl/>" + _line(LINE, after=paragraph_after(language)) + indent + both),
        _style("QmsItem", item, "<w:widowControl/>" + _line(LINE) + both),
        _style("QmsFigure", figure, "<w:keepNext/>" + _SINGLE + centred),
        _style("QmsCaption", "caption", _line(CAPTION_LINE, after=4) + centred, _face(language, 9), own=False),
        _style("QmsTitle", "Title", _line(_millimetres(13)) + centred, _face(language, 26), own=False),
    ]
    for level in range(1, LEVELS + 1):
        before, after = (HEADING_BEFORE, HEADING_AFTER) if level == 1 else (SECOND_BEFORE if level == 2 else 0, 0)
        shape = f'{kept}{_line(LINE, before, after)}<w:outlineLvl w:val="{level - 1}"/>'
        points = 14 if level == 1 else BODY
        face = _face(language, points) if level <= SANS_LEVELS else size(points)
        found.append(_style(f"Heading{level}", f"heading {level}", shape, face, own=False, after="QmsBody"))
        tabs = f'<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="{twips(TEXT_WIDTH)}"/></w:tabs>'
        inset = f'<w:ind w:left="{2 * _EM * (level - 1)}"/>' if level > 1 else ""
        found.append(_style(f"TOC{level}", f"toc {level}", tabs + _line(CONTENTS_LINE) + inset, own=False))
    return found


_SINGLE = '<w:spacing w:before="120" w:after="40" w:line="240" w:lineRule="auto"/>'


def _line(line: float, before: float = 0, after: float = 0) -> str:
    return (
        f'<w:spacing w:before="{round(before * 20)}" w:after="{round(after * 20)}" w:line="{round(line * 20)}" '
        'w:lineRule="exact"/>'
    )


def _face(language: Language, points: float) -> str:
    """黑 of this size, with letters as `word.Style` has them."""
    latin = "Times New Roman" if language is Language.ZH else "Arial"
    hint = ' w:hint="eastAsia"' if language is Language.ZH else ""
    return f'<w:rFonts{hint} w:ascii="{latin}" w:eastAsia="黑体" w:hAnsi="{latin}"/>{size(points)}'


def _style(name_id: str, name: str, shape: str, face: str = "", *, own: bool = True, after: str = "") -> str:
    custom = ' w:customStyle="1"' if own else ""
    following = f'<w:next w:val="{after}"/>' if after else ""
    return (
        f'<w:style w:type="paragraph"{custom} w:styleId="{name_id}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/>'
        f"{following}<w:qFormat/><w:pPr>{shape}</w:pPr><w:rPr>{face or size(BODY)}</w:rPr></w:style>"
    )


def numbering(lists: Sequence[tuple[bool, int]]) -> str:
    """The content of numbering.xml for lists, each ordered or not and begun at a depth; list n has the number n + 1."""
    kinds = "".join(
        f'<w:abstractNum w:abstractNumId="{int(is_ordered)}"><w:multiLevelType w:val="multilevel"/>'
        + "".join(_level(is_ordered, depth) for depth in range(DEPTHS))
        + "</w:abstractNum>"
        for is_ordered in (False, True)
    )
    return kinds + "".join(
        f'<w:num w:numId="{number}"><w:abstractNumId w:val="{int(is_ordered)}"/>'
        f'<w:lvlOverride w:ilvl="{depth}"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
        for number, (is_ordered, depth) in enumerate(lists, 1)
    )


def _level(is_ordered: bool, depth: int) -> str:
    kind = ("lowerLetter" if depth % 2 == 0 else "decimal") if is_ordered else "bullet"
    text = f"%{depth + 1})" if is_ordered else words.markers(depth, False, 1)
    left = LIST_INDENT + MARK_WIDTH * (depth + 1)
    return (
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/>'
        f'<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="{left}" w:hanging="{MARK_WIDTH}"/></w:pPr></w:lvl>'
    )
