"""Pieces of a controlled document in WordprocessingML: runs, paragraphs, tables, drawings, content controls, fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from qmsdocs.render import word
from qmsdocs.render.word import legal, twips

THICK, FRAME, THIN = 8, 6, 4  # borders in eighths of a point
RED = "C00000"
LONGEST_TAG = 64  # what Word bears
_EMU = 36000  # a millimetre in the units of drawings


def run(text: str, properties: str = "") -> str:
    """A run of text; line feeds begin new lines, tabs are tabs."""
    lines = (
        "<w:tab/>".join(f'<w:t xml:space="preserve">{escape(part)}</w:t>' if part else "" for part in line.split("\t"))
        for line in legal(text).split("\n")
    )
    return f"<w:r>{f'<w:rPr>{properties}</w:rPr>' if properties else ''}{'<w:br/>'.join(lines)}</w:r>"


def size(points: float) -> str:
    """The property of a run that is `points` large."""
    return f'<w:sz w:val="{round(points * 2)}"/><w:szCs w:val="{round(points * 2)}"/>'


def paragraph(style: str, content: str = "", properties: str = "") -> str:
    """A paragraph in `style`."""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{properties}</w:pPr>{content}</w:p>'


def control(tag: str, content: str) -> str:
    """A content control, not to be typed into, around runs or blocks; Word bears tags of 64 characters.

    It is of no kind: LibreOffice 7.4 doubles the words of one that is declared plain text.
    """
    return _control(tag, '<w:lock w:val="contentLocked"/>', content)


def own_pages(name: str, content: str) -> str:
    """A content control around what the program draws before the text, which an import leaves out."""
    return _control(f"qms:{name}", "", content)


def _control(tag: str, properties: str, content: str) -> str:
    name = quoteattr(legal(tag)[:LONGEST_TAG])
    return f"<w:sdt><w:sdtPr><w:tag w:val={name}/>{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def field(instruction: str, result: str, properties: str = "") -> str:
    """A Word field with what it says until Word reckons anew."""
    face = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return (
        f'<w:r>{face}<w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r>{face}<w:instrText xml:space="preserve"> {escape(instruction)} </w:instrText></w:r>'
        f'<w:r>{face}<w:fldChar w:fldCharType="separate"/></w:r>{run(result, properties)}'
        f'<w:r>{face}<w:fldChar w:fldCharType="end"/></w:r>'
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its paragraphs, the columns it spans, and whether it `begins` or `continues` one over several rows."""

    content: str
    span: int = 1
    begins: bool = False
    continues: bool = False
    is_shaded: bool = False
    borders: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Cells side by side; `height` in millimetres is the least one, or the only one."""

    cells: tuple[Cell, ...]
    height: float = 0.0
    is_exact: bool = False
    is_head: bool = False
    splits: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How a table is drawn: its borders in eighths of a point, the sides of its cells and its indent in millimetres."""

    outer: int = THICK
    inner: int = THIN
    side: float = 1.5
    above: float = 0.0
    indent: float = 0.0
    align: str = "left"
    colour: str = "000000"
    line: str = "single"


def table(widths: Sequence[float], rows: Sequence[Row], look: Look | None = None) -> str:
    """A table of columns of these widths in millimetres."""
    look = look or Look()
    grid = "".join(f'<w:gridCol w:w="{twips(width)}"/>' for width in widths)
    place = f'<w:jc w:val="{look.align}"/>' if look.align != "left" else ""
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(map(twips, widths))}" w:type="dxa"/>{place}'
        f'<w:tblInd w:w="{twips(look.indent)}" w:type="dxa"/><w:tblBorders>{_borders(look)}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{_margins(look)}</w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(_row(row, widths) for row in rows)}</w:tbl>"
    )


def _borders(look: Look) -> str:
    sides = [(side, look.outer) for side in ("top", "left", "bottom", "right")]
    sides += [(side, look.inner) for side in ("insideH", "insideV")]
    return "".join(
        f'<w:{side} w:val="{look.line if width else "nil"}" w:sz="{width}" w:space="0" w:color="{look.colour}"/>'
        for side, width in sides
    )


def _margins(look: Look) -> str:
    sides = (("top", look.above), ("left", look.side), ("bottom", look.above), ("right", look.side))
    return "".join(f'<w:{side} w:w="{twips(width)}" w:type="dxa"/>' for side, width in sides)


def _row(row: Row, widths: Sequence[float]) -> str:
    rule = "exact" if row.is_exact else "atLeast"
    kinds = ("" if row.splits else "<w:cantSplit/>") + (
        f'<w:trHeight w:val="{twips(row.height)}" w:hRule="{rule}"/>' if row.height else ""
    )
    kinds += "<w:tblHeader/>" if row.is_head else ""
    cells, at = "", 0
    for cell in row.cells:
        cells += _cell(cell, sum(map(twips, widths[at : at + cell.span])))
        at += cell.span
    return f"<w:tr>{f'<w:trPr>{kinds}</w:trPr>' if kinds else ''}{cells}</w:tr>"


def _cell(cell: Cell, width: int) -> str:
    merge = '<w:vMerge w:val="restart"/>' if cell.begins else "<w:vMerge/>" if cell.continues else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>'
        + (f'<w:gridSpan w:val="{cell.span}"/>' if cell.span > 1 else "")
        + merge
        + (f"<w:tcBorders>{cell.borders}</w:tcBorders>" if cell.borders else "")
        + (f'<w:shd w:val="clear" w:color="auto" w:fill="{word.GREY}"/>' if cell.is_shaded else "")
        + f'<w:vAlign w:val="center"/></w:tcPr>{cell.content}</w:tc>'
    )


@dataclass(frozen=True, slots=True)
class Illustration:
    """A picture of a part: how it is related, its size in millimetres, what those are told who do not see it."""

    relation: str
    width: float
    height: float
    title: str = ""
    description: str = ""


def drawing(picture: Illustration, number: int) -> str:
    """A run with a picture in line with the text; `number` is its own in the whole document."""
    across, down = round(picture.width * _EMU), round(picture.height * _EMU)
    said = "".join(
        f" {name}={quoteattr(legal(text), {chr(10): '&#10;'})}"
        for name, text in (("descr", picture.description), ("title", picture.title))
        if text
    )
    name = quoteattr(f"qmsdocs-{number}")
    return (
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{across}" cy="{down}"/>'
        f'<wp:docPr id="{number}" name={name}{said}/><wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect="1"/>'
        '</wp:cNvGraphicFramePr><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
        f'<pic:pic><pic:nvPicPr><pic:cNvPr id="{number}" name={name}/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
        f'<a:blip r:embed="{picture.relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>'
        f'<a:off x="0" y="0"/><a:ext cx="{across}" cy="{down}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/>'
        "</a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )
