"""The document library of a site: every controlled item with its revisions, who did what with them, and their pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import pairwise

from qmsdocs.acts import document_pages
from qmsdocs.acts.pages import draw_pdf
from qmsdocs.acts.sheets import blank_sheet
from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import QmsError
from qmsdocs.base.files import safe_name
from qmsdocs.base.language import Catalogue, Text
from qmsdocs.export.drawings import Drawings
from qmsdocs.export.front import Column, Kind, Line, Link, Progress, Shelf, visible
from qmsdocs.export.hiding import Hiding
from qmsdocs.model.release import ItemKind, Release, decided
from qmsdocs.query.course import Passed, PastAct, course
from qmsdocs.query.difference import Tongue, difference
from qmsdocs.query.difference_side import held_release
from qmsdocs.query.master_list import KINDS, Listed, master_grid, master_list
from qmsdocs.render.document_sheet import Standing
from qmsdocs.render.pdf import pdf_of_html
from qmsdocs.render.redline import TITLE, labels
from qmsdocs.render.redline_html import page
from qmsdocs.system import builtin
from qmsdocs.system.view import System

DOCUMENTS, REDLINES = "documents", "redlines"
_NO_EVENTS = b'{"events":[],"format":1}'
_SHELVES = (Text("受控文件", "Controlled documents"), Text("历次版本", "Revisions"))
_HEADS: Mapping[str, tuple[Text, Kind]] = {
    "number": (Text("文件编号", "Number"), Kind.TEXT),
    "title": (Text("文件名称", "Title"), Kind.TEXT),
    "kind": (Text("类别", "Kind"), Kind.CHOICE),
    "revision": (Text("版次", "Revision"), Kind.TEXT),
    "effective_on": (Text("实施日期", "Effective on"), Kind.DATE),
    "standing": (Text("状态", "Status"), Kind.CHOICE),
    "owner": (Text("归口岗位", "Owner (role)"), Kind.CHOICE),
    "next_review": (Text("下次评审", "Next review"), Kind.DATE),
    "copies": (Text("分发情况", "Copies"), Kind.TEXT),
    "until": (Text("失效日期", "In force until"), Kind.DATE),
    "prepared": (Text("编制", "Prepared"), Kind.TEXT),
    "reviewed": (Text("审核", "Reviewed"), Kind.TEXT),
    "approved": (Text("批准", "Approved"), Kind.TEXT),
    "reason": (Text("更改说明", "Change"), Kind.TEXT),
}
_OF_DOCUMENT = ("number", "title", "kind", "revision", "effective_on", "standing", "owner", "next_review", "copies")
_OF_REVISION = ("number", "title", "revision", "standing", "effective_on", "until", "prepared", "reviewed", "approved",
                "reason")  # fmt: skip
_STANDINGS = {
    Standing.IN_FORCE: Text("现行", "in force"),
    Standing.TRIAL: Text("试行", "on trial"),
    Standing.APPROVED: Text("已批准，待实施", "approved"),
    Standing.SUPERSEDED: Text("已被替代", "superseded"),
    Standing.WITHDRAWN: Text("废止", "withdrawn"),
    Standing.DRAFT: Text("在办", "on its way"),
}
_PAGES, _COMPARED = Text("{revision} 全文", "{revision}"), Text("{old} 与 {new} 对照", "{old} and {new} compared")
_SHA = Text("校验值（SHA-256）", "SHA-256")
_SUBMITTED, _FIRST = Text("送审", "submitted"), Text("首次发布", "first release")
_ACTS = {"prepared": ("issue",), "reviewed": ("review",), "approved": ("approve", "adopt")}


@dataclass(frozen=True)
class Library:
    """The documents of a system as a site shows them; without `drawings` no pages are drawn."""

    system: System = field(repr=False)
    catalogue: Catalogue = field(repr=False)
    hiding: Hiding = field(repr=False)
    drawings: Drawings | None = field(repr=False)
    progress: Progress = field(repr=False)

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The pages drawn so far, by path."""
        return {}

    @cached_property
    def notes(self) -> list[str]:
        """What could not be drawn so far, and why."""
        return []

    @cached_property
    def keys(self) -> dict[str, str]:
        """The line of each revision, by its manifest."""
        return {passed.release.manifest: self._key(passed.release) for own in self._courses.values() for passed in own}

    @cached_property
    def _items(self) -> tuple[Listed, ...]:
        return master_list(self.system, with_configuration=True)

    @cached_property
    def _courses(self) -> Mapping[str, tuple[Passed, ...]]:
        return {item.number: course(self.system, item.number, checked=False) for item in self._items}

    def shelves(self) -> tuple[Shelf, Shelf]:
        """The documents, and their revisions."""
        first, second = (title.of(self.catalogue.language) for title in _SHELVES)
        return (
            Shelf("documents", first, self._columns(_OF_DOCUMENT), self._documents()),
            Shelf("revisions", second, self._columns(_OF_REVISION), self._revisions()),
        )

    def _columns(self, names: tuple[str, ...]) -> tuple[Column, ...]:
        return tuple(Column(name, _HEADS[name][0].of(self.catalogue.language), _HEADS[name][1]) for name in names)

    # ── lines

    def _documents(self) -> Iterator[Line]:
        grid = master_grid(self._items, on=self.system.today, catalogue=self.catalogue)
        items = self.progress(self._items, "Drawing pages", len(self._items))
        for item, row in zip(items, grid.rows, strict=True):
            passed = self._courses[item.number]
            lived = decided(self.system.releases, item.release.kind, item.number)
            yield Line(
                key=item.number,
                cells=tuple("" if cell is None else str(cell) for cell in row),
                links=tuple(self._links(lived)),
                detail=tuple(self._story(p) for p in reversed(passed)),
                related=tuple(self._key(p.release) for p in reversed(passed)),
            )

    def _story(self, passed: Passed) -> tuple[str, str]:
        """A revision and who prepared, reviewed and approved it, on one line each."""
        said = self._revision_cells(passed)
        titles = {name: _HEADS[name][0].of(self.catalogue.language) for name in said}
        lines = (f"{titles[name]}  {' '.join(said[name].split())}" for name in _OF_REVISION[4:] if said[name])
        return f"{said['revision']}  {said['standing']}", "\n".join(lines)

    def _revisions(self) -> Iterator[Line]:
        for item in self._items:
            before: Release | None = None
            lived = decided(self.system.releases, item.release.kind, item.number)
            for passed in self._courses[item.number]:
                release = passed.release
                before = next((old for old, new in pairwise(lived) if new == release), None)
                said = self._revision_cells(passed)
                yield Line(
                    key=self._key(release),
                    cells=tuple(said[name] for name in _OF_REVISION),
                    links=tuple(self._links(((before,) if before else ()) + (release,), is_last=True)),
                    detail=((_SHA.of(self.catalogue.language), release.manifest),),
                    events=tuple(self._event(act, release) for act in passed.acts),
                    related=(item.number,),
                )

    def _key(self, release: Release) -> str:
        """The number and revision; of several with one label all but the last carry the number of their release."""
        same = self.system.definitions.named(release.number, release.revision)
        own = f"{release.number} {release.revision}"
        return own if same[-1].record == release.record else f"{own} ({release.record})"

    def _revision_cells(self, passed: Passed) -> dict[str, str]:
        release, language = passed.release, self.catalogue.language
        standing = document_pages.standing(self.system, release)
        signed = {name: self._signed(passed, acts) for name, acts in _ACTS.items()}
        return {
            "number": release.number,
            "title": self._title(release),
            "revision": release.revision,
            "standing": _STANDINGS.get(standing, Text(standing, standing)).of(language),
            "effective_on": _day(release.effective_on),
            "until": _day(passed.until),
            **signed,
            "reason": self.hiding.text(passed.acts[0].reason) if not release.is_first else "",
        }

    def _title(self, release: Release) -> str:
        item = next(item for item in self._items if item.number == release.number)
        title = item.title.of(self.catalogue.language) if item.release == release else release.title
        return title or KINDS[item.kind].of(self.catalogue.language)

    def _signed(self, passed: Passed, acts: tuple[str, ...]) -> str:
        found = [act for act in passed.acts if act.act in acts]
        return f"{self._person(found[-1])}\n{_day(found[-1].at.astimezone(self.system.zone).date())}" if found else ""

    def _person(self, act: PastAct) -> str:
        names = document_pages.Names(self.system.people.names(), self.system.zone)
        return names.of(act.by, act.deputy_for or None)

    def _event(self, act: PastAct, release: Release) -> str:
        step = builtin.form(builtin.RELEASE).step.get(act.act)
        title = step.title if step is not None else _FIRST if release.is_first else _SUBMITTED
        at = act.at.astimezone(self.system.zone)
        said = [f"{at:%Y-%m-%d %H:%M}", self._person(act), title.of(self.catalogue.language)]
        reason = self.hiding.text(act.reason) if act.reason != "init" else ""
        return "  ".join(part for part in (*said, reason, act.sha256[:8]) if part)

    # ── pages

    def _links(self, releases: tuple[Release, ...], *, is_last: bool = False) -> Iterator[Link]:
        """The pages of the revisions, the newest first, and each compared with the one before; or of the last only."""
        if self.drawings is None:
            return
        steps = list(zip((None, *releases), releases, strict=False))
        for before, release in steps[-1:] if is_last else reversed(steps):
            yield from self._page(release)
            if before is not None:
                yield from self._redline(before, release)

    def _page(self, release: Release) -> Iterator[Link]:
        if release.kind is ItemKind.CONFIGURATION or release.first_day is None:
            return
        title = _PAGES.of(self.catalogue.language).format(revision=release.revision)
        name = _file_name(f"{release.number} {release.revision}", release.manifest)
        yield from self._drawn(title, f"{DOCUMENTS}/{name}", lambda drawings: self._draw(drawings, release))

    def _draw(self, drawings: Drawings, release: Release) -> bytes:
        system = self.system
        if release.kind is ItemKind.FORM:
            form = system.form_of(release.form)
            said = blank_sheet(system, form, language=system.language)
            return drawings.of(
                ["form", release.manifest, self._settled], lambda: draw_pdf(said, form, events=_NO_EVENTS)
            )
        wanted = document_pages.print_of(system, release, language=system.language)
        wanted = replace(wanted, drawn_on=self._settled_on)
        made_from = ["document", release.record, repr(wanted), self._settled, *self._said(release)]
        return drawings.of(made_from, lambda: self.hiding.document(release, wanted))

    def _said(self, release: Release) -> Iterator[str]:
        """What was said about the revisions of an item, as it leaves."""
        for other in self.system.releases:
            if (other.kind, other.number) == (release.kind, release.number):
                for stored in self.system.definitions.events(other):
                    yield self.hiding.text(stored.data.decode())

    def _redline(self, before: Release, release: Release) -> Iterator[Link]:
        if release.kind is ItemKind.CONFIGURATION or before.first_day is None:
            return
        said = {"old": before.revision, "new": release.revision}
        name = _file_name(f"{release.number} {before.revision} {release.revision}", before.manifest + release.manifest)
        title = _COMPARED.of(self.catalogue.language).format(**said)
        yield from self._drawn(title, f"{REDLINES}/{name}", lambda d: self._compare(d, before, release))

    def _compare(self, drawings: Drawings, before: Release, release: Release) -> bytes:
        system, language = self.system, self.catalogue.language
        old, new = (held_release(system, side, language=language) for side in (before, release))

        def draw() -> bytes:
            organisation = system.organisation.organisation.of(language)
            tongue = Tongue(self.catalogue, system.language)
            found = difference(release.kind, release.number, old, new, organisation=organisation, tongue=tongue)
            drawn = page(found)
            title = f"{TITLE.of(language)} {found.number} {labels(found)}"
            return pdf_of_html(
                drawn.html, title=title, created=found.new.at, author=found.organisation, assets=drawn.pictures
            )

        return drawings.of(["redline", language, repr((old.side, new.side)), self._settled], draw)

    def _drawn(self, title: str, path: str, draw: Callable[[Drawings], bytes]) -> Iterator[Link]:
        """A link to the page, which stands among the files then; nothing where it cannot be drawn now."""
        assert self.drawings is not None
        try:
            if path not in self.files:
                self.files[path] = draw(self.drawings)
        except QmsError as error:
            note = self.catalogue.say("{path}: not drawn: {reason}", path=path, reason=error.message)
            if note not in self.notes:
                self.notes.append(note)
            return
        yield Link(title, path)

    @cached_property
    def _settled_on(self) -> date:
        """The last day on which what is in force changed: since then every page says the same."""
        days = {day for release in self.system.releases for day in (release.first_day, release.withdrawn_on) if day}
        return max((day for day in days if day <= self.system.today), default=self.system.today)

    @cached_property
    def _settled(self) -> str:
        """A hash of all that was ever in force by then: what a text may name."""
        known = [
            (r.kind.value, r.number, r.manifest, _day(r.first_day), _day(r.withdrawn_on), _day(r.trial_until))
            for r in self.system.releases
            if r.first_day is not None and r.first_day <= self._settled_on
        ]
        return sha256(repr((known, self.system.repository)).encode())


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def _file_name(name: str, made_from: str) -> str:
    """A file name for `name`; where signs had to give way, with a part of a hash, so that no two are one."""
    safe = safe_name(visible(name))
    is_same = safe == name.replace("/", "-")
    return f"{safe}.pdf" if is_same and name.count("/") <= 2 else f"{safe} {sha256(made_from.encode())[:6]}.pdf"
