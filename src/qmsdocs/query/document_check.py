"""What is wrong or doubtful in a document: names nobody knows, its place among the others, parameters, and its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qmsdocs.base.errors import Message, QmsError, message, unknown
from qmsdocs.base.language import Language
from qmsdocs.model.document import DocumentKind, Procedure
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.model.form import Form
from qmsdocs.model.organisation import Organisation
from qmsdocs.model.people import People
from qmsdocs.query.flow import surroundings
from qmsdocs.query.parameters import uses
from qmsdocs.query.text_check import check_text, typed_findings, unprintable
from qmsdocs.query.text_lines import LINK, PARAMETER, TextLine, read_lines
from qmsdocs.render.fonts import missing
from qmsdocs.render.prose_parser import blocks

UNREADABLE = "SYS901"  # its message names file and line itself
Noticed = tuple[str, Severity, str, Message]  # code, severity, key or line, what
_NUMBER_PART = re.compile(r"\\\{(\w+)(?::\d+)?\\\}")


@dataclass(frozen=True)
class Shelf:
    """What a document is checked against. `released` are the revisions in force, by number, as far as known."""

    procedures: Mapping[str, Procedure]
    paths: Mapping[str, Path]
    forms: Mapping[str, Form]
    people: People
    organisation: Organisation | None
    released: Mapping[str, Procedure]

    @property
    def known(self) -> frozenset[str]:
        """The numbers of all documents and forms there are."""
        return frozenset({*self.procedures, *self.forms})


def check_document(number: str, shelf: Shelf) -> Iterator[Finding]:
    """Everything wrong or doubtful in one document: its head, its place, its parameters, its text."""
    walk = _Walk(number, shelf.procedures[number], shelf)
    noticed = tuple(walk.noticed())
    for code, severity, place, said in noticed:
        yield Finding(code, severity, number, said, place)
    if not any(place.isdecimal() and severity is Severity.ERROR for _, severity, place, _ in noticed):
        yield from walk.unreadable()
    yield from check_text(number, walk.procedure, shelf.paths[number].with_suffix(""), shelf.released.get(number))


@dataclass(frozen=True)
class _Walk:
    number: str
    procedure: Procedure
    shelf: Shelf

    def noticed(self) -> Iterator[Noticed]:
        yield from self._names()
        yield from self._place()
        yield from self._links()
        yield from self._parameters()
        yield from self._changed_parameters()

    def _names(self) -> Iterator[Noticed]:
        """Numbers, roles and departments of the head that nobody knows, and a title no page can show."""
        front, people = self.procedure.front, self.shelf.people
        for key, numbers in (
            ("parent", (front.parent,)),
            ("references", front.references),
            ("forms", front.forms),
            ("chapters", front.chapters),
        ):
            for other in numbers:
                if other is not None and other not in self.shelf.known:
                    yield _error(key, message("there is no {number}", number=other))
        for key, roles in (("owner", (front.owner,)), ("readers", front.readers)):
            for role in roles:
                if role not in people.role:
                    yield _error(key, unknown(message("role"), role, people.role))
        departments = {person.department for person in people.person.values() if person.department}
        for department in front.distribution:
            if department not in departments:
                said = message("nobody in people.toml belongs to the department {name}", name=department)
                yield "DOC207", Severity.WARNING, "distribution", said
        unshown = missing(front.title.zh + front.title.en)
        if unshown:
            yield "DOC104", Severity.ERROR, "title", unprintable(unshown)

    def _place(self) -> Iterator[Noticed]:
        """Whether parent and chapters agree with what the others say."""
        front, procedures = self.procedure.front, self.shelf.procedures
        circle = _circle(self.number, procedures)
        if circle:
            yield "DOC102", Severity.ERROR, "parent", message("is its own parent, by {numbers}", numbers=circle)
        parent = procedures.get(front.parent or "")
        if front.kind is DocumentKind.CHAPTER:
            if parent is None or parent.front.kind is not DocumentKind.MANUAL:
                yield "DOC105", Severity.ERROR, "parent", message("a chapter needs a manual as its parent")
            elif self.number not in parent.front.chapters:
                said = message("{manual} does not list this chapter", manual=parent.front.number)
                yield "DOC105", Severity.ERROR, "parent", said
        for other in front.chapters:
            chapter = procedures.get(other)
            if chapter is not None and (chapter.front.kind, chapter.front.parent) != (
                DocumentKind.CHAPTER,
                self.number,
            ):
                said = message("{number} is no chapter whose parent is this manual", number=other)
                yield "DOC105", Severity.ERROR, "chapters", said
        if front.chapters and front.kind is not DocumentKind.MANUAL:
            yield "DOC105", Severity.ERROR, "chapters", message("only a manual has chapters")

    def _links(self) -> Iterator[Noticed]:
        """What the text speaks of and nobody knows."""
        family = _families(self.shelf.organisation)
        for line in read_lines(self.procedure.body, self.procedure.body_line):
            place = str(line.number)
            for name in PARAMETER.findall(line.text):
                if name not in self.procedure.front.parameter:
                    said = unknown(message("parameter"), f"p.{name}", [f"p.{n}" for n in self.procedure.parameters])
                    yield _error(place, said)
            for link in LINK.findall(line.text) if line.block is None else ():
                if family.fullmatch(link) and link not in self.shelf.known:
                    yield _error(place, message("there is no {number}", number=link))
            said_of_block = self._block(line)
            if said_of_block is not None:
                yield _error(place, said_of_block)

    def _block(self, line: TextLine) -> Message | None:
        """What is wrong with the line that begins a `rules` or `flow` block."""
        if line.opens is None or line.block not in ("rules", "flow"):
            return None
        number, name = (*line.opens, "", "")[:2]
        form = self.shelf.forms.get(number)
        if form is None:
            return message("there is no form {number}", number=number or "-")
        if line.block == "rules" and not (name in form.field and form.field[name].rules):
            return message("{form} has no rules for {field}", form=number, field=name or "-")
        return None

    def unreadable(self) -> Iterator[Finding]:
        """What keeps the text from being set as pages: a chart that cannot be drawn, a table that is none."""
        shelf, path = self.shelf, self.shelf.paths[self.number]
        language = shelf.organisation.language if shelf.organisation else Language.ZH
        try:
            around = surroundings(self.procedure, shelf.forms, shelf.procedures, shelf.people, language)
            source = "/".join(path.parts[-2:])
            blocks(self.procedure.body, around, source=source, body_line=self.procedure.body_line, language=language)
        except QmsError as error:
            yield Finding(UNREADABLE, Severity.ERROR, self.number, error.message)

    def _parameters(self) -> Iterator[Noticed]:
        """Parameters nobody uses, and titles that say a value beside it."""
        forms = [form for form in self.shelf.forms.values() if form.procedure == self.number]
        used = {*PARAMETER.findall(self.procedure.body), *(use.parameter for form in forms for use in uses(form))}
        for name, parameter in self.procedure.front.parameter.items():
            place = f"parameter.{name}"
            if name not in used:
                said = message("the parameter is used by neither text nor form")
                yield "DEF202", Severity.WARNING, place, said
            for title in dict.fromkeys((parameter.title.zh, parameter.title.en)):
                found = (item for item in typed_findings(title, self.procedure, None) if item[1] is Severity.WARNING)
                yield from ((code, severity, place, said) for code, severity, said in found)

    def _changed_parameters(self) -> Iterator[Noticed]:
        """Parameters the revision in force has and forms compute with, gone or with another unit here."""
        released = self.shelf.released.get(self.number)
        for name, before in (released.parameters if released else {}).items():
            after = self.procedure.parameters.get(name)
            if after is None:
                users = [f.number for f in self.shelf.forms.values() if f.procedure == self.number and _uses(f, name)]
                if users:
                    said = message(
                        "{forms} computes with p.{name}, which stands here no more", forms=tuple(users), name=name
                    )
                    yield "DOC103", Severity.ERROR, "parameter", said
            elif before.unit is not after.unit:
                said = message("another unit than in force: {before} → {after}", before=before, after=after)
                yield "DOC206", Severity.WARNING, f"parameter.{name}", said


def _error(place: str, said: Message) -> Noticed:
    return "DEF103", Severity.ERROR, place, said


def _uses(form: Form, name: str) -> bool:
    return any(use.parameter == name for use in uses(form))


def _circle(number: str, procedures: Mapping[str, Procedure]) -> tuple[str, ...]:
    """The way from a document by its parents back to itself, nothing where there is none."""
    way = [number]
    while (procedure := procedures.get(way[-1])) is not None and procedure.front.parent is not None:
        way.append(procedure.front.parent)
        if way[-1] == number:
            return tuple(way)
        if way[-1] in way[:-1]:  # a circle above, which is said there
            return ()
    return ()


def _families(organisation: Organisation | None) -> re.Pattern[str]:
    """What a number of one of the organisation's families looks like."""
    written = [family.pattern for family in organisation.numbering.values()] if organisation else []
    shapes = [_NUMBER_PART.sub(_part, re.escape(pattern)) for pattern in written if pattern]
    return re.compile("|".join(shapes) or r"(?!)")


def _part(found: re.Match[str]) -> str:
    return {"serial": r"\d+", "year": r"\d{4}", "month": r"\d{2}", "clause": r"[\d.]+"}.get(found[1], r".+?")
