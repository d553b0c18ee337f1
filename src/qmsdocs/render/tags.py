"""Where the tags of a Word template stand: what the compiler may take apart, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from qmsdocs.base.errors import Message, QmsError, message

TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\{_\{|\}_\}|\{_%|%_\}", re.DOTALL)
_HIDDEN = re.compile("\ufdd0([0-9]+)\ufdd1")
_WORD = re.compile(r"\{%[-+]?\s*(\w*)")
_TEXT = frozenset({"t", "delText"})
_WITHIN_TEXT = frozenset({"t", "r", "p"})
_OPENS = frozenset({"for", "if"})


@dataclass(slots=True)
class Hidden:
    """XML whose tags are replaced by marks that stand anywhere in XML; `tags` are the tags by number."""

    xml: str
    tags: tuple[str, ...]

    @classmethod
    def of(cls, xml: str) -> Hidden:
        """`xml` as docxtpl repairs it, tags hidden. docxtpl's `{_{` for a printed `{{` becomes a tag that prints it."""
        tags: list[str] = []

        def hide(found: re.Match[str]) -> str:
            tag = found[0]
            tags.append('{{ "' + tag.replace("_", "") + '" }}' if len(tag) == 3 else tag)
            return f"\ufdd0{len(tags) - 1}\ufdd1"

        return cls(TAG.sub(hide, xml), tuple(tags))

    def shown(self, xml: str) -> str:
        """`xml`, made from this one's, with its tags again."""
        return _HIDDEN.sub(lambda found: self.tags[int(found[1])], xml)

    def tree(self, source: str) -> etree._Element:
        """The tree of the hidden XML. Raises QmsError when the tags tear it apart."""
        try:
            return etree.fromstring(self.xml, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError as error:
            raise torn(source, error) from None

    def within(self, text: str | None) -> Iterator[str]:
        """The tags in a piece of text, in order."""
        for found in _HIDDEN.finditer(text or ""):
            yield self.tags[int(found[1])]


def torn(source: str, error: etree.XMLSyntaxError) -> QmsError:
    """What to say of a document that its tags tear apart."""
    return QmsError("{source}: the tags are not nested properly: {reason}", source=source, reason=error.msg)


@dataclass(slots=True)
class _Row:
    depth: int
    conditional: bool
    cells: int = 0
    width: int = 0


@dataclass(slots=True)
class _Walk:
    """One walk over the tree, in the order of the page; `depth` counts the loops and conditions that are open."""

    hidden: Hidden
    source: str
    is_body: bool
    depth: int = 0
    opened: list[etree._Element | None] = field(default_factory=list)
    tables: list[tuple[int, list[_Row]]] = field(default_factory=list)
    rows: list[list[_Row]] = field(default_factory=list)
    reason: Message | None = None

    def tags(self, text: str | None, parent: etree._Element | None) -> None:
        for tag in self.hidden.within(text):
            if tag.startswith("{{"):
                self._value(tag, parent)
            elif tag.startswith("{%"):
                self._block(tag, parent)

    def _value(self, tag: str, parent: etree._Element | None) -> None:
        if parent is None or _local(parent) not in _TEXT:
            raise QmsError(
                "{source}: the tag {tag} does not stand in a line of text; write it as {plain}",
                source=self.source, tag=tag, plain="{{ … }}",
            )  # fmt: skip

    def _block(self, tag: str, parent: etree._Element | None) -> None:
        found = _WORD.match(tag)
        word = found[1] if found else ""
        if word in _OPENS:
            self.opened.append(parent)
            self.depth += 1
        elif word.startswith("end") and self.opened:
            self.depth -= 1
            self._matching(self.opened.pop(), parent, tag)
        elif word in ("else", "elif") and self.opened:
            self._matching(self.opened[-1], parent, tag)

    def _matching(self, first: etree._Element | None, last: etree._Element | None, tag: str) -> None:
        """Taking out or repeating what stands between keeps the XML whole when both ends lie equally deep in text."""
        if first is last:
            return
        above, below = _chain(first, last), _chain(last, first)
        if above != below or not _WITHIN_TEXT.issuperset(above):
            self.slow(message("{tag} and its beginning stand in different parts of the page", tag=tag))

    def slow(self, reason: Message) -> None:
        self.reason = self.reason or reason

    def start(self, element: etree._Element) -> None:
        kind = _local(element)
        for text in element.attrib.values():
            for tag in self.hidden.within(str(text)):
                if tag.startswith("{%"):
                    self.slow(message("the tag {tag} stands in a property", tag=tag))
        if kind in ("instrText", "fldSimple") and any(self._own(element)):
            raise QmsError("{source}: a tag cannot stand inside a Word field", source=self.source)
        if kind == "tbl":
            self._table(element)
        elif kind == "tr":
            self._row()
        elif kind == "tc" and self.rows:
            self._cell(element)
        elif kind == "docPr" and self.depth and self.is_body:
            self.slow(message("a picture stands in a loop or condition"))
        self.tags(element.text, element)

    def _table(self, element: etree._Element) -> None:
        grid = element.find("{*}tblGrid")
        widths = [] if grid is None else ["".join(map(str, column.attrib.values())) for column in grid]
        if not widths or not all(width.isdigit() for width in widths):
            said = "{source}: a table has no column widths; set them in Word and save again"
            raise QmsError(said, source=self.source)
        self.tables.append((self.depth, []))

    def _row(self) -> None:
        """docxtpl counts the rows of a table in a cell with those of the outer table, so they are noted for both."""
        noted = []
        for depth, rows in self.tables:
            rows.append(_Row(self.depth, self.depth > depth))
            noted.append(rows[-1])
        self.rows.append(noted)

    def _own(self, element: etree._Element) -> Iterator[str]:
        yield from self.hidden.within(element.text)
        for key, text in element.attrib.items():
            if etree.QName(key).localname == "instr":
                yield from self.hidden.within(str(text))

    def _cell(self, element: etree._Element) -> None:
        span = element.find("{*}tcPr/{*}gridSpan")
        width = next((str(text) for text in span.attrib.values()), "1") if span is not None else "1"
        if not width.isdigit():
            self.slow(message("the width of a cell changes (colspan)"))
        for row in self.rows[-1]:
            if self.depth > row.depth:
                self.slow(message("cells of a table come and go"))
            row.cells += 1
            row.width += int(width) if width.isdigit() else 1

    def end(self, element: etree._Element) -> None:
        kind = _local(element)
        if kind == "tr":
            self.rows.pop()
        elif kind == "tbl":
            _, rows = self.tables.pop()
            always = [row for row in rows if not row.conditional]
            if self.is_body and _extent(always) != _extent(rows):
                self.slow(message("the widest row of a table comes and goes"))
        self.tags(element.tail, element.getparent())


def _chain(element: etree._Element | None, other: etree._Element | None) -> list[str]:
    """The names from `element` up to, not including, what contains `other` as well."""
    shared = set() if other is None else {other, *other.iterancestors()}
    steps = [] if element is None else [element, *element.iterancestors()]
    return [_local(step) for step in steps if step not in shared]


def _extent(rows: list[_Row]) -> tuple[int, int]:
    return max((row.cells for row in rows), default=0), max((row.width for row in rows), default=0)


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def survey(hidden: Hidden, *, is_body: bool, source: str) -> Message | None:
    """Why the part cannot be compiled, None when it can. Raises QmsError on tags that can never be filled in.

    Only of the body docxtpl sets table grids and drawing numbers.
    """
    walk = _Walk(hidden, source, is_body)
    for event, element in etree.iterwalk(hidden.tree(source), events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        if event == "start":
            walk.start(element)
        else:
            walk.end(element)
    return walk.reason
