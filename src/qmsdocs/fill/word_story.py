"""A story of a Word file (the body, a page header, a text box) as blocks in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from qmsdocs.base.errors import message
from qmsdocs.fill.word_gathered import Field, Reading
from qmsdocs.fill.word_inline import Inline
from qmsdocs.fill.word_model import Block, Cell, Fence, Label, Passage, Row, Table, snippet, words_of
from qmsdocs.fill.word_own import OWN_PAGES
from qmsdocs.fill.word_package import Part, is_on, local, number, value, w
from qmsdocs.fill.word_shape import texts

MAXIMUM_COLUMNS = 63  # Word has no more
_WRAPPERS = ("sdtContent", "customXml", "smartTag", "ins", "moveTo")
VERBATIM = ("原文", "Verbatim")  # the style of text that is kept as it was typed


@dataclass(slots=True)
class Story:
    """One story as it is read; fields may reach over several of its paragraphs."""

    reading: Reading
    part: Part
    fields: list[Field] = field(default_factory=list)

    def blocks(self, container: etree._Element) -> tuple[Block, ...]:
        """The blocks directly below `container`."""
        return tuple(self._blocks(container))

    def _blocks(self, container: etree._Element) -> Iterator[Block]:
        for child in container:
            name = local(child)
            if name == "p":
                yield from self._paragraph(child)
            elif name == "tbl":
                yield from self._table(child)
            elif name == "sdt":
                yield from self._control(child)
            elif name in _WRAPPERS:
                yield from self._blocks(child)
            elif name == "AlternateContent":
                yield from self._blocks(child[0]) if len(child) else ()
            elif name in ("del", "moveFrom"):
                self._deleted(child, texts(child, "t", "delText"))
            elif name == "sectPr":
                self._section(child)
            elif name == "altChunk":
                self.reading.lost("", message("a part of the document that lies in another file"))

    def _deleted(self, element: etree._Element, words: str) -> None:
        said = message("deleted with tracked changes ({author}): {words}", author=value(element, "author"), words=words)
        self.reading.lost(snippet(words), said)

    def _control(self, control: etree._Element) -> Iterator[Block]:
        properties, content = control.find(w("sdtPr")), control.find(w("sdtContent"))
        if content is None:
            return
        tag = value(properties.find(w("tag"))) if properties is not None else ""
        gallery = value(next(properties.iter(w("docPartGallery")), None)) if properties is not None else ""
        if tag.startswith("block:"):
            self._take(content)
            yield _fence(
                tag.removeprefix("block:"),
                content,
                value(properties.find(w("alias"))) if properties is not None else "",
            )
        elif tag.startswith(OWN_PAGES):
            self._take(content)
        elif "table of contents" in gallery.lower():
            self._take(content)
            self.reading.altered("", message("the table of contents is left out; the program makes it"))
        elif properties is not None and is_on(properties.find(w("showingPlcHdr"))):
            said = texts(content, "t")
            self.reading.lost(snippet(said), message("an unfilled content control: {words}", words=said))
        else:
            yield from self._blocks(content)

    def _take(self, content: etree._Element) -> None:
        self.reading.taken += [texts(paragraph, "t") for paragraph in content.iter(w("p"))]

    def _paragraph(self, paragraph: etree._Element) -> Iterator[Block]:
        styles, look = self.reading.styles, paragraph.find(w("pPr"))
        style = value(look.find(w("pStyle"))) if look is not None else ""
        style = style or styles.default
        inline = Inline(
            self.reading,
            self.part,
            self.fields,
            lambda box, part: Story(self.reading, part).blocks(box),
            snippet(texts(paragraph, "t")),
            is_hidden=styles.switch(style, "vanish"),
            is_bold=styles.switch(style, "b"),
        )
        inline.read(paragraph)
        inline.finish()
        label = self._label(look, style) if inline.pieces else None
        found = Passage(
            tuple(inline.pieces),
            styles.name(style),
            _outline(look) if look is not None and look.find(w("outlineLvl")) is not None else styles.outline(style),
            label,
            _is_centred(look) or styles.is_centred(style),
            _size(paragraph) or styles.size(style),
            tuple(inline.after),
        )
        if found.style in VERBATIM and found.plain:
            yield Fence("", found.plain)
        elif styles.is_contents(style) and found.plain:
            self.reading.taken.append(found.plain)
            self.reading.altered("", message("the table of contents is left out; the program makes it"))
        elif found.plain or found.after:
            yield found
        if look is not None and (section := look.find(w("sectPr"))) is not None:
            self._section(section)

    def _section(self, section: etree._Element) -> None:
        columns = number(section.find(w("cols")), "num", otherwise=1)
        if columns > 1:
            self.reading.altered("", message("a section in {columns} columns is set as one", columns=columns))

    def _label(self, look: etree._Element | None, style: str) -> Label | None:
        """The number Word writes before the paragraph; its own `numPr` fills up from that of its style."""
        own = look.find(w("numPr")) if look is not None else None
        general = self.reading.styles.numbering(style)
        list_id = _first(own, general, "numId")
        if list_id in ("", "0"):
            return None
        return self.reading.counter.label(list_id, int(_first(own, general, "ilvl") or "0"))

    # tables

    def _table(self, table: etree._Element) -> Iterator[Block]:
        rows = tuple(self._row(row) for row in _inside(table, "tr") if not self._is_deleted(row))
        if any(cell.blocks for row in rows for cell in row.cells):
            yield Table(rows)

    def _is_deleted(self, row: etree._Element) -> bool:
        look = row.find(w("trPr"))
        mark = look.find(w("del")) if look is not None else None
        if mark is not None:
            self._deleted(mark, " | ".join(texts(cell, "t", "delText") for cell in _inside(row, "tc")))
        return mark is not None

    def _row(self, row: etree._Element) -> Row:
        look = row.find(w("trPr"))
        before = number(look.find(w("gridBefore"))) if look is not None else 0
        is_head = look is not None and is_on(look.find(w("tblHeader")))
        return Row(tuple(self._cell(cell) for cell in _inside(row, "tc")), is_head, min(before, MAXIMUM_COLUMNS))

    def _cell(self, cell: etree._Element) -> Cell:
        look = cell.find(w("tcPr"))
        if look is None:
            return Cell(self.blocks(cell))
        merge = look.find(w("vMerge"))
        continues = merge is not None and value(merge) != "restart"
        span = min(max(number(look.find(w("gridSpan")), otherwise=1), 1), MAXIMUM_COLUMNS)
        return Cell(self.blocks(cell), span, continues)


def _first(own: etree._Element | None, general: etree._Element | None, name: str) -> str:
    for found in (own, general):
        written = value(found.find(w(name))) if found is not None else ""
        if written.isascii() and written.isdigit() and len(written) < 7:
            return written
    return ""


def _inside(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """The rows of a table or the cells of a row, also those inside content controls and tracked insertions."""
    for child in element:
        found = local(child)
        if found == name:
            yield child
        elif found == "sdt" or found in _WRAPPERS:
            yield from _inside(child, name)


def _outline(look: etree._Element) -> int | None:
    level = number(look.find(w("outlineLvl")), otherwise=9)
    return level + 1 if 0 <= level < 9 else None


def _is_centred(look: etree._Element | None) -> bool:
    return look is not None and value(look.find(w("jc"))) == "center"


def _size(paragraph: etree._Element) -> int:
    found = (number(run.find(f"{w('rPr')}/{w('sz')}")) for run in paragraph.iterfind(w("r")))
    return max(found, default=0)


def _fence(info: str, content: etree._Element, alias: str) -> Fence:
    """The fence that a content control stands for; its source is the description of the drawing or the alias."""
    described = next((str(one.get("descr", "")) for one in content.iter("{*}docPr") if one.get("descr")), "")
    return Fence(info, described or alias)


def story_words(blocks: tuple[Block, ...]) -> str:
    """All words of a story."""
    return "\n".join(words_of(block) for block in blocks)
