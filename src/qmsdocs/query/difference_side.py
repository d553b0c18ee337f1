"""One side of a comparison: a revision of an item, or what lies in the folder, with all its text may name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import text_of
from qmsdocs.base.language import Language, Text
from qmsdocs.model.document import Procedure, parse_procedure
from qmsdocs.model.record import Event
from qmsdocs.model.release import Course, ItemKind, Release, in_force
from qmsdocs.query.flow import surroundings
from qmsdocs.query.working import load
from qmsdocs.render.prose import Surroundings
from qmsdocs.render.redline import Side
from qmsdocs.system.definitions import Definitions, FormInForce
from qmsdocs.system.view import System

_STANDING = {
    Course.SUBMITTED: Text("待审核", "submitted"),
    Course.REVIEWED: Text("已审核", "reviewed"),
    Course.COUNTERSIGNED: Text("已会签", "countersigned"),
    Course.APPROVED: Text("已批准", "approved"),
    Course.TRIAL: Text("试行", "on trial"),
    Course.REJECTED: Text("退回", "rejected"),
    Course.WITHDRAWING: Text("待废止", "withdrawal asked"),
    Course.WITHDRAWN: Text("废止", "withdrawn"),
}
_IN_FORCE, _SUPERSEDED, _DRAFT = Text("有效", "in force"), Text("已被替代", "superseded"), Text("草稿", "draft")
_DEPUTY = Text("{name}(代 {other})", "{name} (for {other})")
_APPROVING, _REVIEWING = ("approve", "adopt"), ("review",)

Around: TypeAlias = Callable[[Procedure], Surroundings]


@dataclass(frozen=True, slots=True)
class Held:
    """One side: what is said of it, its files by path, what its text may name; of a manual its chapters by number."""

    side: Side
    files: Mapping[str, bytes] = field(repr=False)
    around: Around = field(repr=False)
    chapters: Mapping[str, Held] = field(default_factory=dict, repr=False)

    @property
    def main(self) -> str:
        """The path of the file the item is read from."""
        own = (path for path in self.files if "/" not in path and path.endswith((".md", ".toml")))
        found = "form.toml" if "form.toml" in self.files else next(own, None)
        if found is None:
            raise QmsError("there is no text among the files {files}", files=tuple(self.files))
        return found

    @property
    def source(self) -> str:
        """How errors call the main file."""
        return f"{self.main} {self.side.label}".strip()

    @property
    def text(self) -> str:
        """The main file."""
        return text_of(self.files[self.main], self.source)

    @property
    def procedure(self) -> Procedure:
        """The document it is. Raises QmsError, located, where it cannot be read."""
        return parse_procedure(self.text, source=self.source)


def release_named(system: System, number: str, revision: str | None) -> Release:
    """A revision of an item, the later one where it was submitted twice; with None what is in force today.

    Raises QmsError, naming those there are.
    """
    held = system.definitions.named(number)
    if not held:
        raise QmsError("there is no {number}", number=number, hint=message("qmsdocs document list"))
    labels = tuple(dict.fromkeys(release.revision for release in held))
    if revision is None:
        current = system.in_force(held[0].kind, held[0].number)
        if current is None:
            raise QmsError("no revision of {number} is in force; there are {known}", number=number, known=labels)
        return current
    named = [release for release in held if release.revision == revision]
    if not named:
        raise QmsError(
            "{number} has no revision {revision}; there are {known}", number=number, revision=revision, known=labels
        )
    return named[-1]


def held_release(system: System, release: Release, *, language: Language) -> Held:
    """The side that a release is, its chapters and what it names as of today or, not in force, its first day."""
    current = system.in_force(release.kind, release.number)
    day = system.today if current == release else release.effective_on or system.today
    held = _held(system, release, day, language)
    if release.kind is not ItemKind.PROCEDURE:
        return held
    found = {
        number: chapter
        for number in held.procedure.front.chapters
        if (chapter := in_force(system.releases, ItemKind.PROCEDURE, number, on=day)) is not None
    }
    return replace(held, chapters={n: _held(system, chapter, day, language) for n, chapter in found.items()})


def held_draft(
    system: System, files: Callable[[str], Mapping[str, bytes] | None], number: str, *, author: str, language: Language
) -> Held:
    """The side that lies in the folder, as `author` leaves it now; `files` gives those of an item, None without."""
    working = load(system.place.root)
    side = Side("", _DRAFT.of(language), author, system.now)

    def around(own: Procedure) -> Surroundings:
        return surroundings(own, working.forms, working.procedures, working.people, system.language)

    held = Held(side, files(number) or {}, around)
    if not held.main.endswith(".md"):
        return held
    found = ((chapter, files(chapter)) for chapter in held.procedure.front.chapters)
    return replace(held, chapters={chapter: Held(side, own, around) for chapter, own in found if own is not None})


def _held(system: System, release: Release, day: date, language: Language) -> Held:
    course = system.definitions.course(release)
    side = Side(
        release.revision,
        _standing(system, release).of(language),
        system.people.names().get(course.first.by, course.first.by),
        course.first.at.astimezone(system.zone),
        release.manifest,
        release.effective_on,
        _signed(system, course.events[:1], language),
        _signed(system, [event for event in course.events if event.act in _REVIEWING], language),
        _signed(system, [event for event in course.events if event.act in _APPROVING], language),
    )
    return Held(side, system.definitions.files(release), lambda own: _in_force(system, own, day))


def _in_force(system: System, own: Procedure, day: date) -> Surroundings:
    """What the text may name, as it was in force on a day; only what it does name is read."""
    known, front = system.definitions, own.front
    named = [number for number in known.form_numbers if number in front.forms or number in own.body]
    forms = {number: found.form for number in named if (found := _form_on(known, number, day)) is not None}
    others = {*front.references, *(form.procedure for form in forms.values())} - {front.number}
    releases = ((number, in_force(known.releases, ItemKind.PROCEDURE, number, on=day)) for number in sorted(others))
    procedures = {number: known.procedure(release) for number, release in releases if release is not None}
    return surroundings(own, forms, {**procedures, front.number: own}, system.people, system.language)


def _form_on(known: Definitions, number: str, day: date) -> FormInForce | None:
    if in_force(known.releases, ItemKind.FORM, number, on=day) is None:
        return None
    return known.form_for(number, revision=None, on=day)


def _standing(system: System, release: Release) -> Text:
    current = system.in_force(release.kind, release.number)
    if current == release:
        return _STANDING[Course.TRIAL] if release.is_trial else _IN_FORCE
    began = release.first_day
    if began is not None and began <= system.today and release.state is not Course.WITHDRAWN:
        return _SUPERSEDED
    return _STANDING[release.state]


def _signed(system: System, events: Sequence[Event], language: Language) -> str:
    """Who acted, and on which day."""
    names = system.people.names()
    said: list[str] = []
    for event in events:
        name, other = names.get(event.by, event.by), event.changes.get("deputy_for")
        if isinstance(other, str):
            name = _DEPUTY.of(language).format(name=name, other=names.get(other, other))
        said.append(f"{name} {event.at.astimezone(system.zone):%Y-%m-%d}")
    return language.comma.join(dict.fromkeys(said))
