"""What a draft in the folder would change against what is in force, and whom and what that touches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from qmsdocs.base.errors import QmsError
from qmsdocs.base.files import read_text, text_of
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.base.toml import load
from qmsdocs.model.document import Procedure, head_of
from qmsdocs.model.form import Form
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.release import ItemKind, Release
from qmsdocs.model.retention import SCHEDULE
from qmsdocs.query.changed_values import changed_values
from qmsdocs.query.parameters import place_words, uses
from qmsdocs.query.retention import Shifted, shifted
from qmsdocs.query.text_lines import LINK, TextLine, read_lines
from qmsdocs.query.view import facts_of
from qmsdocs.query.working import Working
from qmsdocs.render.redline import ChangedValue
from qmsdocs.store.control import TEXT_SUFFIXES
from qmsdocs.store.index import Filter
from qmsdocs.system.view import System

CopiesOf = Callable[[str], Sequence[str]]  # the copies out of a document, as people know them


@dataclass(frozen=True, slots=True)
class Effect:
    """A place of a form in force that computes with a parameter; `running` counts the open records of a clock."""

    form: str
    place: str
    words: str
    running: int | None = None


@dataclass(frozen=True, slots=True)
class ChangedParameter:
    """A parameter whose value the draft changes; None where it was or is not there."""

    name: str
    title: Text
    before: Quantity | None
    after: Quantity | None
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class AffectedForm:
    """A form whose new records the draft touches, and how many of its records are open today."""

    number: str
    title: Text
    still_open: int


@dataclass(frozen=True, slots=True)
class Impact:
    """What a draft would change. `revision` is the one in force, None where there is none.

    `values` are the other changed keys, `sections` the headings whose text differs, `files` the pictures and templates
    that differ, `referring` the numbers that name the item, `copies` those out, `readers` who must read it, by name,
    `shifted` the classes of records that a schedule of retention would make due on other days.
    """

    kind: ItemKind
    number: str
    revision: str | None
    effective_on: date | None
    referring: tuple[str, ...]
    copies: tuple[str, ...]
    parameters: tuple[ChangedParameter, ...] = ()
    values: tuple[ChangedValue, ...] = ()
    sections: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    forms: tuple[AffectedForm, ...] = ()
    readers: tuple[str, ...] = ()
    shifted: tuple[Shifted, ...] = ()

    @property
    def changes_something(self) -> bool:
        """Whether the draft differs from what is in force."""
        return bool(self.parameters or self.values or self.sections or self.files)


def no_copies(_number: str) -> Sequence[str]:
    """No copies: where nobody counts them."""
    return ()


def impact(
    system: System, working: Working, number: str, *, catalogue: Catalogue, copies: CopiesOf = no_copies
) -> Impact:
    """What the draft of `number` in the folder would change. Raises QmsError when it is not there or unreadable."""
    return _Assessment(system, working, number, catalogue, copies).impact()


@dataclass(frozen=True)
class _Assessment:
    system: System
    working: Working
    number: str
    catalogue: Catalogue
    copies: CopiesOf

    def impact(self) -> Impact:
        if self.number in self.working.procedures:
            return self._of_document()
        if self.number in self.working.forms:
            return self._of_form()
        known = (*self.working.procedures, *self.working.forms)
        path = configuration(self.working.root, self.number)
        if path is None:
            for finding in self.working.unread:
                raise QmsError("{subject}: {what}", subject=finding.subject, what=finding.message)
            raise QmsError("there is no {number} in the folder; there are {known}", number=self.number, known=known)
        name = path.relative_to(self.working.root).as_posix()
        return replace(self, number=name)._of_configuration(path)

    @property
    def _language(self) -> Language:
        return self.catalogue.language

    def _release(self, kind: ItemKind) -> Release | None:
        return self.system.in_force(kind, self.number)

    # ── a document

    def _of_document(self) -> Impact:
        release = self._release(ItemKind.PROCEDURE)
        before = self.system.definitions.procedure(release) if release is not None else None
        after = self.working.procedures[self.number]
        forms = (found.form for found in self.system.forms_in_force)
        computing = [form for form in forms if form.procedure == self.number]
        path = self.working.procedure_paths[self.number]
        held = self._held(release)
        text = next((text_of(data, name) for name, data in held.items() if name.endswith(".md")), "")
        old, new = _head(text, path.name), _head(read_text(path), path.name)
        return replace(
            self._around(ItemKind.PROCEDURE, release),
            parameters=tuple(self._parameters(before, after, computing)),
            values=tuple(changed_values(old, new, language=self._language)),
            sections=changed_sections(before, after),
            files=changed_files(held, _files(path, *path.with_suffix("").glob("*"))),
            forms=tuple(self._affected(form) for form in computing),
            readers=self._readers(after),
        )

    def _parameters(
        self, before: Procedure | None, after: Procedure, forms: Sequence[Form]
    ) -> Iterator[ChangedParameter]:
        old, new = (before.parameters if before else {}), after.parameters
        for name in dict.fromkeys((*old, *new)):
            if old.get(name) == new.get(name):
                continue
            definition = after.front.parameter.get(name) or (before or after).front.parameter[name]
            effects = tuple(effect for form in forms for effect in self._effects(form, name))
            yield ChangedParameter(name, definition.title, old.get(name), new.get(name), effects)

    def _effects(self, form: Form, parameter: str) -> Iterator[Effect]:
        for place in dict.fromkeys(use.place for use in uses(form) if use.parameter == parameter):
            words = place_words(form, place, self.catalogue)
            head, name, *rest = place.split(".")
            is_limit = head == "clock" and rest == ["within"]
            yield Effect(form.number, place, words, self._running(form.number, name) if is_limit else None)

    def _running(self, number: str, clock: str) -> int:
        """How many open records of a form have the clock running now."""
        count = 0
        for row in self.system.index.records(Filter(forms=(number,), is_closed=False)):
            form = self.system.form_of_row(row)
            if clock in form.form.clock:
                reading = facts_of(self.system, form, self.system.record_at(row.key)).reading(clock)
                count += reading is not None and reading.stopped_at is None
        return count

    def _readers(self, procedure: Procedure) -> tuple[str, ...]:
        people = self.system.people
        wanted = procedure.front.readers
        found = people.in_role(wanted, on=self.system.today) if wanted else ()
        return tuple(people.person[person].name for person in found)

    # ── a form, a configuration file

    def _of_form(self) -> Impact:
        release, folder = self._release(ItemKind.FORM), self.working.form_folders[self.number]
        held = self._held(release)
        before = load(text_of(held.get("form.toml", b""), "form.toml"), source="form.toml")
        after = load(read_text(folder / "form.toml"), source="form.toml")
        values = changed_values(before, after, language=self._language, is_ordered=True)
        forms = (self._affected(self.working.forms[self.number]),)
        files = changed_files(held, _files(folder / "form.toml", *folder.glob("*")))
        return replace(self._around(ItemKind.FORM, release), values=tuple(values), files=files, forms=forms)

    def _of_configuration(self, path: Path) -> Impact:
        release = self._release(ItemKind.CONFIGURATION)
        before = load(text_of(b"".join(self._held(release).values()), path.name), source=path.name)
        values = changed_values(before, load(read_text(path), source=path.name), language=self._language)
        schedule = self.working.schedule if self.number == SCHEDULE else None
        found = tuple(shifted(self.system, schedule)) if schedule is not None else ()
        return replace(self._around(ItemKind.CONFIGURATION, release), values=tuple(values), shifted=found)

    def _held(self, release: Release | None) -> Mapping[str, bytes]:
        """The files in force."""
        return self.system.definitions.files(release) if release is not None else {}

    # ── what is around

    def _around(self, kind: ItemKind, release: Release | None) -> Impact:
        """The item, and what does not depend on what differs."""
        return Impact(
            kind,
            self.number,
            release.revision if release is not None else None,
            release.effective_on if release is not None else None,
            tuple(referring(self.number, self.working)),
            tuple(self.copies(self.number)),
        )

    def _affected(self, form: Form) -> AffectedForm:
        rows = self.system.index.records(Filter(forms=(form.number,), is_closed=False))
        return AffectedForm(form.number, form.title, sum(1 for _ in rows))


def referring(number: str, working: Working) -> Iterator[str]:
    """The numbers of the documents and forms in the folder that name `number`, and the registers that show it."""
    for other, procedure in working.procedures.items():
        front = procedure.front
        named = {front.parent, *front.references, *front.forms, *front.chapters}
        if other != number and (number in named or number in _named_in_text(procedure)):
            yield other
    for other, form in working.forms.items():
        if other != number and number in (form.procedure, *(wanted.form for wanted in form.raise_.values())):
            yield other
    yield from (path for path, register in working.registers.items() if number in register.forms)


def _named_in_text(procedure: Procedure) -> Iterator[str]:
    for line in read_lines(procedure.body, procedure.body_line):
        yield from LINK.findall(line.text) if line.block is None else (line.opens or ())[:1]


def changed_sections(before: Procedure | None, after: Procedure) -> tuple[str, ...]:
    """The headings below which the text differs, new ones first as they stand, then those that are gone."""
    if before is None:
        return ()
    old, new = _by_heading(before), _by_heading(after)
    return (*(name for name in new if old.get(name) != new[name]), *(name for name in old if name not in new))


def _by_heading(procedure: Procedure) -> Mapping[str, Sequence[str]]:
    """The lines of each section by its heading and those above it (`工作程序 > 回访`)."""
    found: dict[str, list[str]] = {}
    above: list[TextLine] = []
    own: list[str] = []
    for line in read_lines(procedure.body, procedure.body_line):
        if line.level:
            above = [*(heading for heading in above if heading.level < line.level), line]
            own = found.setdefault(" > ".join(heading.text for heading in above), [])
        elif line.text.strip():
            own.append(line.text)
    return found


def changed_files(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[str, ...]:
    """The names of the pictures, templates and examples that differ; the definitions themselves are told apart."""
    beside = {name for name in (*before, *after) if not name.endswith((".md", "form.toml"))}
    return tuple(name for name in sorted(beside) if before.get(name) != after.get(name))


def _files(main: Path, *beside: Path) -> Mapping[str, bytes]:
    """The files of an item in the folder by their path beside its main file, text as it is kept."""
    found: dict[str, bytes] = {}
    for path in beside:
        if path.is_file() and not path.is_symlink():
            name = path.relative_to(main.parent).as_posix()
            found[name] = read_text(path).encode() if name.lower().endswith(TEXT_SUFFIXES) else path.read_bytes()
    return found


def _head(text: str, source: str) -> Mapping[str, object]:
    """The head of a document as it is compared: without the values of its parameters, which are told apart."""
    found = load(head_of(text), source=source)
    held = found.get("parameter")
    titles = {name: {"title": item["title"]} for name, item in (held.items() if isinstance(held, dict) else ())}
    return {**found, "parameter": titles}


def configuration(root: Path, number: str) -> Path | None:
    """The configuration file of a number, None where it is none: by its path, or by its last part."""
    files = (root / "qms.toml", root / "people.toml", root / "waivers.toml", *sorted(root.glob("records/**/*.toml")))
    named: Iterable[tuple[str, Path]] = ((path.relative_to(root).as_posix(), path) for path in files if path.is_file())
    return next((path for name, path in named if number in (name, path.name)), None)
