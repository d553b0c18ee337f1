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
from qmsdocs.fill.word_package import Part, child, is_on, local, number, value, w
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
        for element in container:
            name = local(element)
            if name == "p":
                yield from self._paragraph(element)
            elif name == "tbl":
                yield from self._table(element)
            elif name == "sdt":
                yield from self._control(element)
            elif name in _WRAPPERS:
                yield from self._blocks(element)
            elif name == "AlternateContent":
                yield from self._blocks(element[0]) if len(element) else ()
            elif name in ("del", "moveFrom"):
                self._deleted(element, texts(element, "t", "delText"))
            elif name == "sectPr":
                self._section(element)
            elif name == "altChunk":
                self.reading.lost("", message("a part of the document that lies in another file"))

    def _deleted(self, element: etree._Element, words: str) -> None:
        said = message("deleted with tracked changes ({author}): {words}", author=value(element, "author"), words=words)
        self.reading.lost(snippet(words), said)

    def _control(self, control: etree._Element) -> Iterator[Block]:
        properties, content = child(control, "sdtPr"), child(control, "sdtContent")
        if content is None:
            return
        tag = value(child(properties, "tag"))
        gallery = value(next(properties.iter(w("docPartGallery")), None)) if properties is not None else ""
        if tag.startswith("block:"):
            self._take(content)
            yield _fence(tag.removeprefix("block:"), content, value(child(properties, "alias")))
        elif tag.startswith(OWN_PAGES):
            self._take(content)
        elif "table of contents" in gallery.lower():
            self._take(content)
            self.reading.altered("", message("the table of contents is left out; the program makes it"))
        elif is_on(child(properties, "showingPlcHdr")):
            said = texts(content, "t")
            self.reading.lost(snippet(said), message("an unfilled content control: {words}", words=said))
        else:
            yield from self._blocks(content)

    def _take(self, content: etree._Element) -> None:
        self.reading.taken += [texts(paragraph, "t") for paragraph in content.iter(w("p"))]

    def _paragraph(self, paragraph: etree._Element) -> Iterator[Block]:
        styles, look = self.reading.styles, paragraph.find(w("pPr"))
        style = value(child(look, "pStyle")) or styles.default
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
        own_level = child(look, "outlineLvl")
        found = Passage(
            tuple(inline.pieces),
            styles.name(style),
            _outline(own_level) if own_level is not None else styles.outline(style),
            label,
            value(child(look, "jc")) == "center" or styles.is_centred(style),
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
        if (section := child(look, "sectPr")) is not None:
            self._section(section)

    def _section(self, section: etree._Element) -> None:
        columns = number(child(section, "cols"), "num", otherwise=1)
        if columns > 1:
            self.reading.altered("", message("a section in {columns} columns is set as one", columns=columns))

    def _label(self, look: etree._Element | None, style: str) -> Label | None:
        """The number Word writes before the paragraph; its own `numPr` fills up from that of its style."""
        own = child(look, "numPr")
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
        mark = child(child(row, "trPr"), "del")
        if mark is not None:
            self._deleted(mark, " | ".join(texts(cell, "t", "delText") for cell in _inside(row, "tc")))
        return mark is not None

    def _row(self, row: etree._Element) -> Row:
        look = child(row, "trPr")
        before = number(child(look, "gridBefore"))
        is_head = is_on(child(look, "tblHeader"))
        return Row(tuple(self._cell(cell) for cell in _inside(row, "tc")), is_head, min(before, MAXIMUM_COLUMNS))

    def _cell(self, cell: etree._Element) -> Cell:
        look = child(cell, "tcPr")
        merge = child(look, "vMerge")
        continues = merge is not None and value(merge) != "restart"
        span = min(max(number(child(look, "gridSpan"), otherwise=1), 1), MAXIMUM_COLUMNS)
        return Cell(self.blocks(cell), span, continues)


def _first(own: etree._Element | None, general: etree._Element | None, name: str) -> str:
    for found in (own, general):
        written = value(child(found, name))
        if written.isascii() and written.isdigit() and len(written) < 7:
            return written
    return ""


def _inside(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """The rows of a table or the cells of a row, also those inside content controls and tracked insertions."""
    for below in element:
        found = local(below)
        if found == name:
            yield below
        elif found == "sdt" or found in _WRAPPERS:
            yield from _inside(below, name)


def _outline(written: etree._Element) -> int | None:
    level = number(written, otherwise=9)
    return level + 1 if 0 <= level < 9 else None


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
