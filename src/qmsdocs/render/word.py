"""Pieces of WordprocessingML as text: paragraphs, runs, cells, rows, tables, styles. Lengths come in millimetres."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from qmsdocs.base.language import Language

SIDE = 1.5  # millimetres between the wall of a cell and its text
THICK, THIN, PART, JOINT = 12, 4, 6, 2  # borders in eighths of a point; two meet where one table follows another
GREY = "EBEBEB"
_FORMULAS = (  # of the shape "text on a line" (136), as every Word document with a watermark has them
    *("sum #0 0 10800", "prod #0 2 1", "sum 21600 0 @1", "sum 0 0 @2", "sum 21600 0 @3", "if @0 @3 0"),
    *("if @0 21600 @1", "if @0 0 @2", "if @0 @4 21600", "mid @5 @6", "mid @8 @5", "mid @7 @8", "mid @6 @7"),
    "sum @6 0 @5",
)
SPACE = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:w10="urn:schemas-microsoft-com:office:word"'
)
DRAWN = (  # the same with pictures
    f"{SPACE} "
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile("\r\n?|[\u2028\u2029]")
_STYLED = re.compile(r'(<w:pPr><w:pStyle w:val="\w+"/>)')
_TAGS = (("{{", "{_{"), ("}}", "}_}"), ("{%", "{_%"), ("%}", "%_}"), ("{#", '{{ "{#" }}'))


def twips(millimetres: float) -> int:
    """Twentieths of a point."""
    return round(millimetres * 1440 / 25.4)


def legal(text: str) -> str:
    """`text` as XML can hold it: what it cannot stands as its code point."""
    return _ILLEGAL.sub(lambda found: f"[U+{ord(found[0]):04X}]", _BREAKS.sub("\n", text))


def words(text: str) -> str:
    """Words of the form as they stand in a template: what would be a tag is written so that it prints."""
    for tag, printed in _TAGS:
        text = text.replace(tag, printed)
    return text


def run(text: str, *, style: str = "", properties: str = "") -> str:
    """A run of text or tags; a line feed begins a new line."""
    inside = (f'<w:rStyle w:val="{style}"/>' if style else "") + properties
    face = f"<w:rPr>{inside}</w:rPr>" if inside else ""
    lines = (f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n"))
    return f"<w:r>{face}{'<w:br/>'.join(lines)}</w:r>"


def tab() -> str:
    """A run with a tab in it."""
    return "<w:r><w:tab/></w:r>"


def field(instruction: str) -> str:
    """A Word field such as PAGE."""
    marks = "".join(
        f"<w:r>{inside}</w:r>"
        for inside in (
            '<w:fldChar w:fldCharType="begin"/>',
            f'<w:instrText xml:space="preserve"> {instruction} </w:instrText>',
            '<w:fldChar w:fldCharType="separate"/>',
            "<w:t>1</w:t>",
            '<w:fldChar w:fldCharType="end"/>',
        )
    )
    return marks


def paragraph(style: str, *runs: str, properties: str = "") -> str:
    """A paragraph of `runs` in a style."""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{properties}</w:pPr>{"".join(runs)}</w:p>'


def block_tag(tag: str, style: str) -> str:
    """A paragraph that holds a tag such as `{%p if … %}` and leaves nothing on the page."""
    return paragraph(style, run(tag))


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its width, its paragraphs, and how it is drawn. `open_below`, `open_above`: no line towards that row."""

    width: float
    content: str
    shaded: bool = False
    align: str = "center"
    side: float = SIDE
    open_below: bool = False
    open_above: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Cells over the width of the table; `height` is the least in twips, or a tag that says it.

    `keeps`: it stays on the page of the row below. `is_bar`: the title of a section.
    """

    cells: tuple[Cell, ...]
    height: str = "0"
    repeated: bool = False
    splits: bool = False
    keeps: bool = False
    is_bar: bool = False


def table(rows: Sequence[Row], *, top: int, bottom: int, padding: float) -> str:
    """A table whose columns are all the places where any row has a wall; `top` and `bottom` are border widths."""
    edges = sorted({edge for row in rows for edge in _edges(row)})
    grid = "".join(f'<w:gridCol w:w="{right - left}"/>' for left, right in pairwise(edges))
    sides = (("top", top), ("left", THICK), ("bottom", bottom), ("right", THICK), ("insideH", THIN), ("insideV", THIN))
    borders = "".join(f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="000000"/>' for side, size in sides)
    gap = twips(padding)
    margins = "".join(
        f'<w:{side} w:w="{width}" w:type="dxa"/>'
        for side, width in (("top", gap), ("left", twips(SIDE)), ("bottom", gap), ("right", twips(SIDE)))
    )
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{edges[-1]}" w:type="dxa"/><w:tblInd w:w="0" w:type="dxa"/>'
        f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{''.join(_row(row, edges) for row in rows)}</w:tbl>"
    )


def _edges(row: Row) -> list[int]:
    edges, right = [0], 0.0
    for cell in row.cells:
        right += cell.width
        edges.append(twips(right))
    return edges


def _row(row: Row, edges: Sequence[int]) -> str:
    kinds = "" if row.splits else "<w:cantSplit/>"
    kinds += f'<w:trHeight w:val="{row.height}"/>' if row.height != "0" else ""
    kinds += "<w:tblHeader/>" if row.repeated else ""
    walls = _edges(row)
    cells = (
        _cell(cell, right - left, edges.index(right) - edges.index(left))
        for cell, (left, right) in zip(row.cells, pairwise(walls), strict=True)
    )
    text = "".join(cells)
    if row.keeps:
        text = _STYLED.sub(r"\1<w:keepNext/>", text)
    return f"<w:tr>{f'<w:trPr>{kinds}</w:trPr>' if kinds else ''}{text}</w:tr>"


def _cell(cell: Cell, width: int, span: int) -> str:
    open_sides = (("top", cell.open_above), ("bottom", cell.open_below))
    borders = "".join(f'<w:{side} w:val="nil"/>' for side, is_open in open_sides if is_open)
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>'
        + (f'<w:gridSpan w:val="{span}"/>' if span > 1 else "")
        + (f"<w:tcBorders>{borders}</w:tcBorders>" if borders else "")
        + (f'<w:shd w:val="clear" w:color="auto" w:fill="{GREY}"/>' if cell.shaded else "")
        + (_margins(cell.side) if cell.side != SIDE else "")
        + (f'<w:vAlign w:val="{cell.align}"/>' if cell.align != "top" else "")
        + f"</w:tcPr>{cell.content}</w:tc>"
    )


def _margins(side: float) -> str:
    width = twips(side)
    return f'<w:tcMar><w:left w:w="{width}" w:type="dxa"/><w:right w:w="{width}" w:type="dxa"/></w:tcMar>'


def plain_table(columns: Sequence[tuple[float, str]]) -> str:
    """One row without lines: width and paragraphs of each cell."""
    grid = "".join(f'<w:gridCol w:w="{twips(width)}"/>' for width, _ in columns)
    cells = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{twips(width)}" w:type="dxa"/></w:tcPr>{content}</w:tc>'
        for width, content in columns
    )
    margins = "".join(f'<w:{side} w:w="0" w:type="dxa"/>' for side in ("left", "right"))
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(twips(width) for width, _ in columns)}" w:type="dxa"/>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid><w:tr>{cells}</w:tr></w:tbl>"
    )


@dataclass(frozen=True, slots=True)
class Style:
    """A paragraph style: its id, its names, whether in 黑 (else 宋), size and line in points."""

    id: str
    zh: str
    en: str
    size: float
    line: float
    sans: bool = False
    bold: bool = False
    align: str = "left"
    before: float = 0.0
    after: float = 0.0
    spaced: float = 0.0
    keeps: bool = False
    breaks: bool = False
    tabs: tuple[tuple[str, float], ...] = ()
    hidden: bool = False

    def xml(self, language: Language) -> str:
        """The style as it stands in styles.xml."""
        name = self.zh if language is Language.ZH else self.en
        stops = "".join(f'<w:tab w:val="{kind}" w:pos="{twips(at)}"/>' for kind, at in self.tabs)
        shape = ("<w:keepNext/>" if self.keeps else "") + ("<w:pageBreakBefore/>" if self.breaks else "")
        shape += f"<w:tabs>{stops}</w:tabs>" if stops else ""
        shape += '<w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/>'
        shape += (
            f'<w:spacing w:before="{round(self.before * 20)}" w:after="{round(self.after * 20)}" '
            f'w:line="{round(self.line * 20)}" w:lineRule="exact"/>'
        )
        shape += f'<w:jc w:val="{self.align}"/>' if self.align != "left" else ""
        face = _fonts(language, is_sans=True) if self.sans else ""
        face += ("<w:b/>" if self.bold else "") + ("<w:vanish/>" if self.hidden else "")
        face += f'<w:spacing w:val="{round(self.spaced * 20)}"/>' if self.spaced else ""
        face += f'<w:sz w:val="{round(self.size * 2)}"/>'
        return (
            f'<w:style w:type="paragraph" w:customStyle="1" w:styleId="{self.id}"><w:name w:val={quoteattr(name)}/>'
            f'<w:basedOn w:val="Normal"/><w:qFormat/><w:pPr>{shape}</w:pPr><w:rPr>{face}</w:rPr></w:style>'
        )


def _fonts(language: Language, *, is_sans: bool) -> str:
    latin = "Arial" if is_sans and language is Language.EN else "Times New Roman"
    chinese = "黑体" if is_sans else "宋体"
    hint = ' w:hint="eastAsia"' if language is Language.ZH else ""
    return f'<w:rFonts{hint} w:ascii="{latin}" w:eastAsia="{chinese}" w:hAnsi="{latin}" w:cs="{latin}"/>'


def styles(language: Language, used: Sequence[Style]) -> str:
    """The content of styles.xml: faces by their usual names, the styles of the form, one for struck text."""
    tongue = "zh-CN" if language is Language.ZH else "en-GB"
    normal = "正文" if language is Language.ZH else "Normal"
    struck, filled = ("更正前", "填写") if language is Language.ZH else ("Corrected", "Filled in")
    text, of_form = _fonts(language, is_sans=False), "".join(style.xml(language) for style in used)
    return (
        f'<w:docDefaults><w:rPrDefault><w:rPr>{text}<w:sz w:val="21"/><w:szCs w:val="21"/>'
        f'<w:lang w:val="{tongue}" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
        '<w:pPrDefault><w:pPr><w:widowControl w:val="0"/><w:snapToGrid w:val="0"/></w:pPr></w:pPrDefault>'
        "</w:docDefaults>"
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
        f'<w:aliases w:val="{normal}"/><w:qFormat/></w:style>'
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
        '<w:tblPr><w:tblInd w:w="0" w:type="dxa"/></w:tblPr></w:style>'
        f'<w:style w:type="character" w:customStyle="1" w:styleId="QmsOld"><w:name w:val="{struck}"/><w:qFormat/>'
        "<w:rPr><w:strike/></w:rPr></w:style>"
        f'<w:style w:type="character" w:customStyle="1" w:styleId="QmsFilled"><w:name w:val="{filled}"/><w:qFormat/>'
        f"<w:rPr>{text}</w:rPr></w:style>{of_form}"
    )


def watermark(expression: str, *, colour: str, width: float, height: float, turned: int, place: str) -> str:
    """A run with a word across the page, as Word itself makes watermarks; `place` is its position in VML."""
    steps = "".join(f'<v:f eqn="{formula}"/>' for formula in _FORMULAS)
    kind = (
        '<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" '
        f'path="m@7,l@8,m@5,21600l@6,21600e"><v:formulas>{steps}</v:formulas>'
        '<v:path textpathok="t" o:connecttype="custom" o:connectlocs="@9,0;@10,10800;@11,21600;@12,10800" '
        'o:connectangles="270,180,90,0"/><v:textpath on="t" fitshape="t"/></v:shapetype>'
    )
    shape = (
        f'<v:shape id="QmsStatus{turned}" type="#_x0000_t136" style="position:absolute;width:{width * 2.835:.0f}pt;'
        f'height:{height * 2.835:.0f}pt;rotation:{turned};z-index:-251658752;{place}" o:allowincell="f" '
        f'fillcolor="{colour}" stroked="f"><v:textpath style="font-family:&quot;黑体&quot;;font-size:60pt" '
        f"string={quoteattr(expression)}/></v:shape>"
    )
    return f"<w:r><w:pict>{kind}{shape}</w:pict></w:r>"
