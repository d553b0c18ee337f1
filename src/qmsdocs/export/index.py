"""The index on top of a package, as a spreadsheet and as a page: what is in it, and what is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from typing import TypeAlias

from qmsdocs.base.language import Catalogue
from qmsdocs.export import front
from qmsdocs.export.contents import Contents, Taken, TakenDocument
from qmsdocs.query.selecting import Selection
from qmsdocs.render.table import Cell, Column, Grid, Kind

FILE = "00 索引.xlsx"
Head: TypeAlias = "tuple[str, str, Kind, int]"  # name, title, what the cells are, width in mm
_ACTIVE = (
    ".html",
    ".htm",
    ".xhtml",
    ".svg",
    ".xml",
    ".mht",
    ".mhtml",
    ".js",
    ".hta",
    ".url",
)  # would run in the reader
_KINDS = {Kind.DATE: front.Kind.DATE, Kind.NUMBER: front.Kind.NUMBER}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is said of the package itself, line by line, and what a reader must know."""

    title: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """What a package holds, ready to be listed."""

    facts: Facts
    contents: Contents
    selection: Selection
    audit: tuple[tuple[str, str], ...]  # title and path of each file of the audit report

    @property
    def catalogue(self) -> Catalogue:
        """The language it speaks."""
        return self.contents.catalogue

    def grids(self) -> tuple[Grid, ...]:
        """The sheets of the spreadsheet, one for each kind of thing; those that list nothing are left out."""
        lists = (self._records(), self._documents(), self._registers(), self._missing(), self._destroyed())
        return (self._facts(), *(grid for grid in lists if grid.rows))

    def _grid(
        self, title: str, columns: Sequence[tuple[str, str, Kind, int]], rows: Iterable[tuple[Cell, ...]]
    ) -> Grid:
        made = tuple(Column(name, title, kind, width) for name, title, kind, width in columns)
        return Grid(title, self.facts.title, made, tuple(rows))

    def _facts(self) -> Grid:
        say = self.catalogue.say
        columns = [("item", say("Item"), Kind.TEXT, 50), ("content", say("Content"), Kind.TEXT, 170)]
        notes = [(say("Please note"), note) for note in self.facts.notes]
        return self._grid(say("About this package"), columns, [*self.facts.facts, *notes])

    def _records(self) -> Grid:
        say = self.catalogue.say
        columns = [
            ("number", say("Number"), Kind.TEXT, 42),
            ("title", say("Kind of record"), Kind.TEXT, 42),
            ("subject", say("About what"), Kind.TEXT, 60),
            ("state", say("State"), Kind.TEXT, 20),
            ("opened", say("Date"), Kind.DATE, 26),
            ("belongs", say("Belongs to"), Kind.TEXT, 42),
            ("drawn", say("Asked for or drawn"), Kind.TEXT, 22),
            ("events", say("Number of acts"), Kind.NUMBER, 16),
            ("file", say("File"), Kind.TEXT, 90),
        ]
        return self._grid(say("Records"), columns, map(self._record, self.contents.records))

    def _record(self, taken: Taken) -> tuple[Cell, ...]:
        say = self.catalogue.say
        root = taken.root if taken.root != taken.row.number else ""
        asked = say("yes" if taken.row.number in self.selection.numbers else "no")
        day, path = taken.row.opened_at[:10], taken.path or say("not in the package")
        return (taken.row.number, taken.title, taken.subject, taken.state, day, root, asked, len(taken.events), path)

    def _documents(self) -> Grid:
        say = self.catalogue.say
        columns = [
            ("number", say("Number"), Kind.TEXT, 30),
            ("revision", say("Revision"), Kind.TEXT, 18),
            ("title", say("Title"), Kind.TEXT, 60),
            ("from", say("In force from"), Kind.DATE, 28),
            ("records", say("Records judged by it"), Kind.NUMBER, 30),
            ("file", say("File"), Kind.TEXT, 90),
        ]
        rows = (
            (
                found.release.number,
                found.release.revision,
                found.title,
                found.release.first_day.isoformat() if found.release.first_day else None,
                found.count,
                found.paths[0] if found.pending is None else say("not in the package"),
            )
            for found in self.contents.documents
        )
        return self._grid(say("Documents then in force"), columns, rows)

    def _registers(self) -> Grid:
        say = self.catalogue.say
        columns = [("title", say("Register"), Kind.TEXT, 60), ("file", say("File"), Kind.TEXT, 90)]
        listed = [*((title, path) for title, paths in self.contents.registers for path in paths), *self.audit]
        return self._grid(say("Registers and checks"), columns, listed)

    def _missing(self) -> Grid:
        say = self.catalogue.say
        columns = [
            ("number", say("Number"), Kind.TEXT, 42),
            ("what", say("What is masked or missing"), Kind.TEXT, 90),
            ("sha256", "SHA-256", Kind.TEXT, 120),
        ]
        return self._grid(say("Masked and missing"), columns, self._lacks())

    def _lacks(self) -> Iterator[tuple[Cell, ...]]:
        say = self.catalogue.say
        numbers = {taken.row.number for taken in self.contents.records}
        for taken in self.contents.records:
            above = taken.row.raised_from
            if above and above not in numbers:
                yield taken.row.number, say("{number}, which it was raised from, is not held here", number=above), None
            if taken.pending is not None:
                yield taken.row.number, say("the page could not be drawn: {reason}", reason=taken.pending), None
            if taken.masked:
                yield taken.row.number, say("{count} acts with masked values", count=taken.masked), None
            for file in taken.withheld:
                said = say("an attachment stays in the house: {kind} {size} bytes", kind=file.kind, size=file.size)
                yield taken.row.number, said, file.sha256
        for found in self.contents.documents:
            if found.pending is not None:
                said = say("the page could not be drawn: {reason}", reason=found.pending)
                yield f"{found.release.number} {found.release.revision}", said, None

    def _destroyed(self) -> Grid:
        say = self.catalogue.say
        columns = [
            ("number", say("Number"), Kind.TEXT, 42),
            ("title", say("Kind of record"), Kind.TEXT, 42),
            ("certificate", say("Certificate"), Kind.TEXT, 42),
            ("on", say("Destroyed on"), Kind.DATE, 28),
            ("reason", say("Reason"), Kind.TEXT, 60),
            ("sha256", say("SHA-256 of its last act"), Kind.TEXT, 120),
        ]
        rows = (
            (
                gone.record.number,
                gone.record.title,
                gone.certificate.number,
                gone.certificate.carried_out_on.isoformat() if gone.certificate.carried_out_on else None,
                self.contents.hiding.text(gone.record.reason),
                gone.record.last,
            )
            for gone in self.selection.destroyed
        )
        return self._grid(say("Destroyed records of this range"), columns, rows)

    def readme(self) -> bytes:
        """The page to read first: what the package is, where what lies, how it is checked."""
        facts = "".join(f"<tr><th>{_html(name)}</th><td>{_html(text)}</td></tr>" for name, text in self.facts.facts)
        notes = "".join(f"<li>{_html(note)}</li>" for note in self.facts.notes)
        template = (resources.files("qmsdocs") / "builtin/export/readme.html").read_text("utf-8")
        said = {"language": self.catalogue.language.value, "title": _html(self.facts.title)}
        return template.format(**said, facts=facts, notes=notes).encode()

    # ── the page

    def page(self) -> front.Front:
        """The front page."""
        others = {
            "documents": self._documents(),
            "registers": self._registers(),
            "missing": self._missing(),
            "destroyed": self._destroyed(),
        }
        keys = {"documents": [_key(found) for found in self.contents.documents]}
        shelves = [_shelf(name, grid, keys.get(name)) for name, grid in others.items() if grid.rows]
        said = self.facts
        return front.Front(
            said.title, said.facts, said.notes, (self._record_shelf(), *shelves), self.catalogue.language
        )

    def _record_shelf(self) -> front.Shelf:
        grid = self._records()
        families: dict[str, list[str]] = {}
        for taken in self.contents.records:
            families.setdefault(taken.root, []).append(taken.row.number)
        judged = {found.release.manifest: _key(found) for found in self.contents.documents}
        lines = []
        for taken, row in zip(self.contents.records, grid.rows, strict=True):
            own = [judged[manifest] for manifest in taken.judged if manifest in judged]
            family = [number for number in families[taken.root] if number != taken.row.number]
            lines.append(self._line(taken, row, (*family, *own)))
        return front.Shelf("records", grid.title, _columns(grid)[:-1], tuple(lines))

    def _line(self, taken: Taken, row: tuple[Cell, ...], related: tuple[str, ...]) -> front.Line:
        say = self.catalogue.say
        missing = ((say("Its pages"), say("not in the package")),) if taken.path is None else ()
        pages = (front.Link(say("Open the pages"), taken.path),) if taken.path else ()
        return front.Line(
            taken.row.number,
            _texts(row[:-1]),
            links=(*pages, *(_link(path) for path in taken.attached if not path.lower().endswith(_ACTIVE))),
            detail=(*missing, *taken.detail, (say("SHA-256 of its last act"), taken.row.sha256)),
            events=taken.events,
            related=related,
        )


def _html(text: str) -> str:
    return escape(front.visible(text))


def _key(found: TakenDocument) -> str:
    return f"{found.release.number} {found.release.revision}"


def _texts(row: tuple[Cell, ...]) -> tuple[str, ...]:
    return tuple("" if cell is None else str(cell) for cell in row)


def _link(path: str) -> front.Link:
    return front.Link(path.rpartition("/")[2], path)


def _columns(grid: Grid) -> tuple[front.Column, ...]:
    return tuple(front.Column(c.name, c.title, _KINDS.get(c.kind, front.Kind.TEXT)) for c in grid.columns)


def _shelf(name: str, grid: Grid, keys: Sequence[str] | None) -> front.Shelf:
    """A list of the spreadsheet as a shelf; what stands in the column `file` becomes a link."""
    columns = _columns(grid)
    lines = []
    for number, row in enumerate(grid.rows):
        cells = _texts(row)
        is_file = columns[-1].name == "file" and "/" in cells[-1]
        key = keys[number] if keys is not None else f"{name}-{number + 1}"
        lines.append(front.Line(key, cells, links=(_link(cells[-1]),) if is_file else ()))
    return front.Shelf(name, grid.title, columns, tuple(lines))
