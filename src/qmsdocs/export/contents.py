"""What of a package people open: pages in reading order, documents then in force, registers, the index."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from qmsdocs.acts import document_pages, pages
from qmsdocs.acts.sheets import act_title, blank_sheet, sheet, state_title
from qmsdocs.base.canonical import Json, sha256
from qmsdocs.base.errors import Message, QmsError
from qmsdocs.base.language import Catalogue
from qmsdocs.export.bag import Bag, file_name
from qmsdocs.export.hiding import Hiding
from qmsdocs.model.form import FieldType
from qmsdocs.model.masking import suffix
from qmsdocs.model.record import Event, Record
from qmsdocs.model.release import ItemKind, Release
from qmsdocs.query import register
from qmsdocs.query.cell import CellWriter
from qmsdocs.query.selecting import Family
from qmsdocs.render.document_sheet import Standing
from qmsdocs.render.table import csv, json_rows
from qmsdocs.render.table_sheet import xlsx
from qmsdocs.store import ledger
from qmsdocs.store.rows import Row
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import System

RECORDS, DOCUMENTS, REGISTERS = "01 记录", "02 文件", "03 台账"
SOURCE, ATTACHMENTS = "原稿", "附件"
_LONGEST = 40  # characters of a title in a file name: Windows takes 260 in a whole path
_NO_EVENTS = b'{"events":[],"format":1}'


@dataclass(frozen=True, slots=True)
class Withheld:
    """An attachment that stays in the house: what a name-free list says of it."""

    sha256: str
    size: int
    kind: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A record in a package: its masked row, where its pages are, and what of it is not there."""

    row: Row
    title: str
    state: str
    subject: str
    root: str
    path: str | None
    pending: Message | None
    detail: tuple[tuple[str, str], ...]
    events: tuple[str, ...]
    judged: tuple[str, ...]  # the manifests of the revisions it was written on and is judged by
    attached: tuple[str, ...]  # where its attachments are
    masked: int
    withheld: tuple[Withheld, ...]


@dataclass(frozen=True, slots=True)
class TakenDocument:
    """A revision in a package, pinned by `count` of its records."""

    release: Release
    title: str
    paths: tuple[str, ...]
    pending: Message | None
    count: int


@dataclass
class Contents:
    """The readable part of a package while it is filled."""

    system: System
    hiding: Hiding
    catalogue: Catalogue
    bag: Bag
    commit: Callable[[str], str]  # the commit of a ledger everything is read from
    is_mixed: bool = False
    records: list[Taken] = field(default_factory=list)
    documents: list[TakenDocument] = field(default_factory=list)
    registers: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)  # sha256 of an attachment or stored file → where it lies
    pinned: dict[tuple[ItemKind, str], int] = field(default_factory=dict)  # manifests, and how many records name them

    # ── records

    def family(self, family: Family) -> None:
        """Nothing; the pages of records that belong together lie in one folder, numbered in reading order."""
        root = family.root
        title = self.system.form_of_row(root).form.title.zh
        shelf = f"{root.form} {title[:_LONGEST]}" if self.is_mixed else root.opened_at[:7]
        folder = f"{RECORDS}/{file_name(shelf)}/{file_name(root.number)}"
        for position, row in enumerate(family.rows, 1):
            self.records.append(self._record(row, root, folder, position))

    def record_of(self, row: Row) -> Record:
        """The record of a row, as of the commit everything is read from."""
        events = ledger.record_events(self.system.objects, row.ledger, self.commit(row.ledger), row.series, row.serial)
        return Record(tuple(stored.event for stored in events))

    def _record(self, row: Row, root: Row, folder: str, position: int) -> Taken:
        form, record = self.system.form_of_row(row), self.record_of(row)
        judged = tuple(_pinned(record))
        for kind, manifest in judged:
            self.pinned[kind, manifest] = self.pinned.get((kind, manifest), 0) + 1
        name = f"{position} {form.form.title.of(self.catalogue.language)[:_LONGEST]} {row.number}"
        hidden = [self.hiding.event(form.form, event) for event in record.events]
        path, pending = self._page(record, form, f"{folder}/{file_name(name)}.pdf")
        files = tuple(_attachments(form, record))
        attached = self._attach(row, files, f"{folder}/{position} {ATTACHMENTS}") if self.hiding.is_full else ()
        return Taken(
            row=self.hiding.row(row),
            title=form.form.title.of(self.catalogue.language),
            state=state_title(form, record).of(self.catalogue.language),
            subject=self._said(form, record, form.form.meaning("subject")),
            root=root.number,
            path=path,
            pending=pending,
            detail=tuple(self._detail(form, record)),
            events=tuple(self._event_line(form, event) for event in record.events),
            judged=tuple(manifest for _, manifest in judged),
            attached=tuple(attached),
            masked=sum(item is not None for item in hidden),
            withheld=() if self.hiding.is_full else tuple(_withheld(file) for file in files if _is_held(file)),
        )

    def _page(self, record: Record, form: FormInForce, path: str) -> tuple[str | None, Message | None]:
        said = self.hiding.sheet(sheet(self.system, record, form, language=self.catalogue.language))
        events = b'{"events":[' + b",".join(self._bytes(form, record)) + b'],"format":1}'
        try:
            return self.bag.add(path, pages.draw_pdf(said, form, events=events)), None
        except QmsError as error:
            return None, error.message

    def _bytes(self, form: FormInForce, record: Record) -> Iterator[bytes]:
        for event in record.events:
            hidden = self.hiding.event(form.form, event)
            yield hidden.data if hidden is not None else event.data

    def _detail(self, form: FormInForce, record: Record) -> Iterator[tuple[str, str]]:
        """Every value as it leaves, in words, in page order."""
        for name, item in form.form.values.items():
            text = self._said(form, record, name)
            if text:
                yield item.title.of(self.catalogue.language), text

    def _said(self, form: FormInForce, record: Record, name: str | None) -> str:
        """A value as it leaves, in words."""
        written = self.hiding.form(form).form
        if name is None or record.shown.get(name) is None:
            return ""
        value = self.hiding.values(form.form, {name: record.shown[name]})[name]
        return CellWriter(written, self.system.people.names(), self.catalogue).words(written.field[name], value)

    def _event_line(self, form: FormInForce, event: Event) -> str:
        person = self.system.people.names().get(event.by, event.by)
        at = event.at.astimezone(self.system.zone)
        reason = self.hiding.text(event.text("reason"))
        title = act_title(form, event.act).of(self.catalogue.language)
        return " ".join(part for part in (f"{at:%Y-%m-%d %H:%M}", title, person, reason) if part)

    def _attach(self, row: Row, files: tuple[Mapping[str, Json], ...], folder: str) -> Iterator[str]:
        """Where each attachment of a record lies now; one that several records have lies there once."""
        for file in filter(_is_held, files):
            digest = str(file.get("sha256"))
            if digest not in self.places:
                data = ledger.attachment(self.system.objects, row.key, digest)
                self.places[digest] = self.bag.add(f"{folder}/{file_name(str(file.get('name')))}", data)
            yield self.places[digest]

    # ── documents

    def close_documents(self) -> None:
        """Nothing; every revision that a record was written on or judged by is there, as pages and as stored."""
        for (kind, manifest), count in sorted(self.pinned.items()):
            release = _release(self.system, kind, manifest)
            if release is not None:
                self.documents.append(self._document(release, count))

    def _document(self, release: Release, count: int) -> TakenDocument:
        title = self._title(release)
        name = file_name(f"{release.number} {release.revision.replace('/', '')}")
        folder = f"{DOCUMENTS}/{name} {file_name(title[:_LONGEST])}"
        paths: list[str] = []
        pending = None
        try:
            paths.append(self.bag.add(f"{folder}/{name}.pdf", self._pages(release)))
        except QmsError as error:
            pending = error.message
        for path, data in self.system.definitions.files(release).items():
            inner = "/".join(file_name(part) for part in path.split("/"))
            paths.append(self._kept(f"{folder}/{SOURCE}/{inner}", data))
        return TakenDocument(release, title, tuple(paths), pending, count)

    def _kept(self, path: str, data: bytes) -> str:
        digest = sha256(data)
        if digest not in self.places:
            self.places[digest] = self.bag.add(path, data)
        return self.places[digest]

    def _title(self, release: Release) -> str:
        if release.kind is ItemKind.FORM:
            form = self.system.form_of(release.form).form
            return form.title.of(self.catalogue.language)
        return self.system.definitions.procedure(release).front.title.of(self.catalogue.language)

    def _pages(self, release: Release) -> bytes:
        language = self.catalogue.language
        if release.kind is ItemKind.FORM:
            form = self.system.form_of(release.form)
            return pages.draw_pdf(blank_sheet(self.system, form, language=language), form, events=_NO_EVENTS)
        ended = document_pages.standing(self.system, release) in (Standing.SUPERSEDED, Standing.WITHDRAWN)
        wanted = document_pages.print_of(self.system, release, language=language, is_kept=ended)
        return self.hiding.document(release, wanted)

    # ── registers

    def close_registers(self) -> None:
        """Nothing; every register that shows one of the records is there, as XLSX, CSV and JSON."""
        rows = [taken.row for taken in self.records]
        forms = {row.form for row in rows}
        for definition in register.definitions(self.system):
            if not forms & set(definition.forms):
                continue
            grid = register.grid(self.system, definition, catalogue=self.catalogue, only=rows, form_as=self.hiding.form)
            made = {
                "xlsx": xlsx(grid, created=self.system.now),
                "csv": csv(grid),
                "json": json.dumps({"format": 1, **json_rows(grid)}, ensure_ascii=False, indent=2).encode() + b"\n",
            }
            name = f"{REGISTERS}/{file_name(grid.title)}"
            self.registers.append(
                (grid.title, tuple(self.bag.add(f"{name}.{kind}", data) for kind, data in made.items()))
            )


def _pinned(record: Record) -> Iterator[tuple[ItemKind, str]]:
    """The revisions a record was written on and is judged by."""
    yield ItemKind.FORM, record.form.sha256
    for manifest in record.first.mapping("parameters").values():
        yield ItemKind.PROCEDURE, str(manifest)


def _release(system: System, kind: ItemKind, manifest: str) -> Release | None:
    found = [release for release in system.releases if (release.kind, release.manifest) == (kind, manifest)]
    return next((release for release in found if release.first_day is not None), found[-1] if found else None)


def _attachments(form: FormInForce, record: Record) -> Iterator[Mapping[str, Json]]:
    """The files a record names or ever named, each once."""
    seen: set[str] = set()
    for event in record.events:
        for name, value in event.changes.items():
            item = form.form.field.get(name)
            is_files = item is not None and item.type is FieldType.ATTACHMENT and isinstance(value, list)
            for file in value if is_files and isinstance(value, list) else ():
                if isinstance(file, dict) and str(file.get("sha256")) not in seen:
                    seen.add(str(file.get("sha256")))
                    yield file


def _is_held(file: Mapping[str, Json]) -> bool:
    """Whether its bytes lie in the repository, and not at a place that is only named."""
    return not file.get("held_at")


def _withheld(file: Mapping[str, Json]) -> Withheld:
    size = file.get("size")
    return Withheld(str(file.get("sha256")), size if isinstance(size, int) else 0, suffix(str(file.get("name"))))
