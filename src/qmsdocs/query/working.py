"""The working texts of the drafting desk: what stands in the folder, checked as a whole. Not what is in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from qmsdocs.base.errors import Message, QmsError, message, unknown
from qmsdocs.base.files import read_text
from qmsdocs.base.toml import Definition, line_of, read, split_key
from qmsdocs.model.document import Procedure, parse_procedure
from qmsdocs.model.field_check import MEANINGS
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.model.form import Form
from qmsdocs.model.form_check import REGISTER_COLUMNS, Surroundings, check_form
from qmsdocs.model.organisation import Organisation
from qmsdocs.model.people import People
from qmsdocs.model.register import Register
from qmsdocs.model.retention import SCHEDULE, Schedule
from qmsdocs.model.waiver import WAIVERS, Waivers
from qmsdocs.query.document_check import UNREADABLE, Shelf, check_document
from qmsdocs.query.rule_texts import refuse_code

D = TypeVar("D", bound=Definition)
T = TypeVar("T")


@dataclass(frozen=True)
class Working:
    """The definitions in a folder; what could not be read stands in `unread`."""

    root: Path
    organisation: Organisation | None
    people: People
    schedule: Schedule | None
    forms: Mapping[str, Form]
    procedures: Mapping[str, Procedure]
    registers: Mapping[str, Register]
    waivers: Waivers
    form_folders: Mapping[str, Path]
    procedure_paths: Mapping[str, Path]
    unread: tuple[Finding, ...]

    def findings(self) -> Iterator[Finding]:
        """Everything wrong or doubtful in the definitions, file by file."""
        yield from self.unread
        for number in self.forms:
            yield from self.form_findings(number)
        for number in self.procedures:
            yield from self.document_findings(number)
        yield from self._settings()

    def _settings(self) -> Iterator[Finding]:
        yield from self._register_findings()
        yield from self._people_findings()
        yield from self._waiver_findings()

    def located(self, finding: Finding) -> str:
        """Where a finding stands: file, line and key as far as they are known."""
        if finding.code == UNREADABLE:
            return ""  # its message names file and line itself
        path = self._path(finding.subject)
        if path is None or not finding.place:
            return ": ".join(part for part in (finding.subject, finding.place) if part)
        name = path.relative_to(self.root).as_posix()
        if finding.place.isdecimal():
            return f"{name}:{finding.place}"
        line = line_of(read_text(path).split("\n+++", 1)[0], split_key(finding.place))  # of a procedure, its head
        return f"{name}:{line}: {finding.place}"

    def _path(self, subject: str) -> Path | None:
        if subject in self.form_folders:
            return self.form_folders[subject] / "form.toml"
        beside = self.root / subject
        return self.procedure_paths.get(subject) or (beside if subject.endswith(".toml") else None)

    def form_findings(self, number: str) -> Iterator[Finding]:
        """What is wrong with one form and its templates."""
        form = self.forms[number]
        procedure = self.procedures.get(form.procedure)
        around = Surroundings(
            procedure.parameters if procedure else None,
            frozenset(self.people.role),
            frozenset(self.schedule.class_ if self.schedule else ()),
            self.forms,
            self.organisation is not None and len(self.organisation.site) > 1,
        )
        yield from check_form(form, around)
        yield from _template_findings(number, self.form_folders[number])

    def document_findings(self, number: str, released: Mapping[str, Procedure] | None = None) -> Iterator[Finding]:
        """What is wrong with one document; with the revisions in force also what it takes from them."""
        yield from check_document(number, replace(self._shelf, released=released or {}))

    def setting_findings(self, name: str) -> Iterator[Finding]:
        """What is wrong with one of the settings that can be read; of the schedule also which forms it does not fit."""
        for finding in self._settings():
            if finding.subject == name:
                yield finding
        for number in self.forms if name == SCHEDULE else ():
            yield from (finding for finding in self.form_findings(number) if finding.place == "retention")

    @cached_property
    def _shelf(self) -> Shelf:
        return Shelf(self.procedures, self.procedure_paths, self.forms, self.people, self.organisation, {})

    def _register_findings(self) -> Iterator[Finding]:
        names: dict[str, str] = {}
        views = {f.number: f.register_.name for f in self.forms.values() if f.register_}
        for subject, name in [*views.items(), *((path, r.name) for path, r in self.registers.items())]:
            if name in names:
                yield _error(
                    subject, "name", message("{other} has a register {name} too", other=names[name], name=name)
                )
            names[name] = subject
        for path, register in self.registers.items():
            for number in register.forms:
                if number not in self.forms:
                    yield _error(path, "forms", message("there is no form {number}", number=number))
            known = self._columns(register.forms)
            for key, columns in (("columns", register.columns), ("order", register.order)):
                for column in columns:
                    if column not in known:
                        yield _error(path, key, unknown(message("column"), column, known))

    def _columns(self, numbers: Iterable[str]) -> frozenset[str]:
        """The columns a register over several forms can have: named by meaning, by field, by clock or by raise."""
        forms = [self.forms[number] for number in numbers if number in self.forms]
        found = {*REGISTER_COLUMNS, *MEANINGS}
        for form in forms:
            found |= form.values.keys() | {f"raise.{name}" for name in form.raise_}
            found |= {f"clock.{name}{end}" for name in form.clock for end in ("", ".due_at")}
        return frozenset(found)

    def _people_findings(self) -> Iterator[Finding]:
        for person, item in self.people.person.items():
            for role in item.roles:
                if role not in self.people.role:
                    said = unknown(message("role"), role, self.people.role)
                    yield _error("people.toml", f'person."{person}".roles', said)
        for name, site in self.organisation.site.items() if self.organisation else ():
            if site.clerk is not None and site.clerk not in self.people.person:
                said = unknown(message("person"), site.clerk, self.people.person)
                yield _error("qms.toml", f"site.{name}.clerk", said)

    def _waiver_findings(self) -> Iterator[Finding]:
        for position, waiver in enumerate(self.waivers.waiver):
            for why in refuse_code(waiver.code):
                said = message("{waiver}: {why}", waiver=waiver, why=why)
                yield _error(WAIVERS, f"waiver.{position}.code", said)


def _template_findings(number: str, folder: Path) -> Iterator[Finding]:
    """What a QA manager's own templates say that they may not."""
    try:
        if (folder / "template.html").is_file():
            from qmsdocs.render.template_check import check_template  # the library is slow to load

            check_template(read_text(folder / "template.html"), source="template.html")
        if (folder / "template.docx").is_file():
            from qmsdocs.render.compiled import compile_template  # the DOCX library is slow to load too

            compile_template((folder / "template.docx").read_bytes(), source="template.docx")
    except QmsError as error:
        yield Finding("DEF102", Severity.ERROR, number, error.message)


def _error(subject: str, place: str, said: Message) -> Finding:
    return Finding("DEF103", Severity.ERROR, subject, said, place)


def load(root: Path) -> Working:
    """The working texts of `root`; files that cannot be read become findings."""
    loader = _Loader(root)
    forms: dict[str, Form] = {}
    folders: dict[str, Path] = {}
    for path in sorted(root.glob("forms/*/form.toml")):
        form = loader.definition(path, Form)
        if form is not None:
            loader.refuse_twin(form.number, forms, path)
            forms[form.number], folders[form.number] = form, path.parent
    procedures: dict[str, Procedure] = {}
    paths: dict[str, Path] = {}
    for path in sorted(root.glob("procedures/*.md")):
        procedure = loader.procedure(path)
        if procedure is not None:
            loader.refuse_twin(procedure.front.number, procedures, path)
            procedures[procedure.front.number], paths[procedure.front.number] = procedure, path
    registers = {
        path.relative_to(root).as_posix(): register
        for path in sorted(root.glob("records/registers/*.toml"))
        if (register := loader.definition(path, Register)) is not None
    }
    waivers = loader.definition(root / WAIVERS, Waivers) if (root / WAIVERS).is_file() else None
    return Working(
        root,
        loader.definition(root / "qms.toml", Organisation),
        loader.definition(root / "people.toml", People) or People(),
        loader.definition(root / SCHEDULE, Schedule),
        forms,
        procedures,
        registers,
        waivers or Waivers(),
        folders,
        paths,
        tuple(loader.unread),
    )


class _Loader:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.unread: list[Finding] = []

    def definition(self, path: Path, model: type[D]) -> D | None:
        return self._tried(path, lambda name: read(path, model, name=name))

    def procedure(self, path: Path) -> Procedure | None:
        return self._tried(path, lambda name: parse_procedure(read_text(path), source=name))

    def refuse_twin(self, number: str, known: Mapping[str, object], path: Path) -> None:
        if number in known:
            self._note(path, message("another file has the number {number} too", number=number))

    def _tried(self, path: Path, reader: Callable[[str], T]) -> T | None:
        try:
            return reader(path.relative_to(self.root).as_posix())
        except QmsError as error:
            self._note(path, error.message)
            return None

    def _note(self, path: Path, said: Message) -> None:
        name = path.relative_to(self.root).as_posix()
        self.unread.append(Finding(UNREADABLE, Severity.ERROR, name, said))
