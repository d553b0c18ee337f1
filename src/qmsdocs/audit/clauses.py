"""A standard clause by clause: which documents, forms, records and rules speak to it, and what was found about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qmsdocs.audit.clause_sets import ClauseSet, clause_set, is_within, order_of
from qmsdocs.audit.findings import BAD, Report
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import message
from qmsdocs.base.language import Catalogue, Text
from qmsdocs.model.document import Procedure
from qmsdocs.model.finding import Finding
from qmsdocs.model.release import ItemKind, in_force
from qmsdocs.query.rule_texts import clauses_of, texts
from qmsdocs.render.table import Column, Grid

HEADS = {
    "clause": (Text("条款", "Clause"), 16),
    "title": (Text("内容", "About"), 44),
    "documents": (Text("现行文件", "Documents in force"), 62),
    "forms": (Text("表单（记录件数）", "Forms (records)"), 62),
    "rules": (Text("检查项", "Rules"), 44),
    "findings": (Text("检查提示", "Findings"), 40),
}


@dataclass(frozen=True, slots=True)
class Document:
    """A document in force that cites a clause."""

    number: str
    revision: str
    title: Text


@dataclass(frozen=True, slots=True)
class FormCount:
    """A form whose procedure cites a clause, and how many records of it there are."""

    number: str
    title: Text
    records: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks to one clause. `above` is the clause it is part of, where only that one is cited."""

    clause: str
    title: Text | None
    documents: tuple[Document, ...]
    forms: tuple[FormCount, ...]
    rules: tuple[str, ...]
    findings: tuple[Finding, ...]
    above: str = ""
    has_parts: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether no document in force cites it, or the clause it is part of; asked of the smallest parts only."""
        return not self.documents and not self.above and not self.has_parts


@dataclass(frozen=True, slots=True)
class View:
    """One standard, clause by clause in their order; `is_claimed` where qms.toml says that the system follows it."""

    standard: str
    title: Text
    is_claimed: bool
    clauses: tuple[Evidence, ...]

    @property
    def missing(self) -> tuple[Evidence, ...]:
        """The clauses no document in force speaks to."""
        return tuple(item for item in self.clauses if item.is_missing)


def view(scope: Scope, report: Report, standard: str) -> View:
    """The evidence for a standard, written as people write it. Raises QmsError for one nobody knows."""
    wanted = clause_set(standard)
    gathering = _Gathering(wanted, tuple(_cited(scope, wanted.standard)), _forms(scope), report.findings)
    known = {*wanted.clause, *gathering.unlisted()}
    clauses = tuple(gathering.evidence(clause) for clause in sorted(known, key=order_of))
    return View(wanted.standard, wanted.title, wanted.standard in scope.system.organisation.clause_set, clauses)


def _cited(scope: Scope, standard: str) -> Iterator[tuple[str, Document]]:
    """Each clause of a standard that a document in force cites, with the document."""
    system = scope.system
    for number in sorted({release.number for release in system.releases if release.kind is ItemKind.PROCEDURE}):
        release = in_force(system.releases, ItemKind.PROCEDURE, number, on=scope.today)
        if release is None:
            continue
        procedure: Procedure = system.definitions.procedure(release)
        found = Document(number, release.revision, procedure.front.title)
        for clause in _of_standard(procedure.front.clauses, standard):
            yield clause, found


def _of_standard(cited: Iterable[str], standard: str) -> Iterator[str]:
    for written in cited:
        name, colon, clause = written.partition(":")
        if colon and name.strip() == standard and clause.strip():
            yield clause.strip()


def _forms(scope: Scope) -> tuple[tuple[str, FormCount], ...]:
    """Each form in force with the number of its procedure."""
    count = Counter(row.form for row in scope.rows)
    return tuple(
        (item.form.procedure, FormCount(item.form.number, item.form.title, count[item.form.number]))
        for item in scope.system.forms_in_force
    )


@dataclass(frozen=True, slots=True)
class _Gathering:
    wanted: ClauseSet
    cited: tuple[tuple[str, Document], ...]
    forms: tuple[tuple[str, FormCount], ...]
    found: tuple[Finding, ...]

    def unlisted(self) -> Iterator[str]:
        """Clauses that are cited but are no part of any that the catalogue lists."""
        for clause, _ in self.cited:
            if not any(is_within(clause, known) for known in self.wanted.clause):
                yield clause

    def evidence(self, clause: str) -> Evidence:
        """What speaks to a clause."""
        documents = tuple({document.number: document for document in self._at(clause)}.values())
        above = "" if documents else self._above(clause)
        numbers = {document.number for document in documents}
        return Evidence(
            clause,
            self.wanted.clause.get(clause),
            documents,
            tuple(form for procedure, form in self.forms if procedure in numbers),
            tuple(code for code in texts() if self._speaks(code, clause)),
            tuple(finding for finding in self.found if self._speaks(finding.code, clause)),
            above,
            any(other != clause and is_within(other, clause) for other in self.wanted.clause),
        )

    def _at(self, clause: str) -> Iterator[Document]:
        """The documents that cite the clause, or a part of it that the catalogue does not list."""
        for cited, document in self.cited:
            if self._belongs(cited, clause):
                yield document

    def _belongs(self, cited: str, clause: str) -> bool:
        """Whether `clause` is the nearest one of the catalogue that `cited` is (part of)."""
        listed = [known for known in self.wanted.clause if is_within(cited, known)]
        nearest = max(listed, key=lambda known: len(order_of(known)), default=cited)
        return nearest == clause

    def _above(self, clause: str) -> str:
        """The nearest clause above this one that a document cites."""
        whole = [own for own, _ in self.cited if is_within(clause, own)]
        return max(whole, key=lambda own: len(order_of(own)), default="")

    def _speaks(self, code: str, clause: str) -> bool:
        return any(self._belongs(own, clause) for own in _of_standard(clauses_of(code), self.wanted.standard))


def lines(seen: View, catalogue: Catalogue) -> Iterator[str]:
    """The view for a screen."""
    language = catalogue.language
    yield f"{seen.standard} {seen.title.of(language)}"
    if not seen.is_claimed:
        yield catalogue.say("{standard} is not in clause_set of qms.toml", standard=seen.standard)
    for item in seen.clauses:
        if not (item.documents or item.rules or item.findings):
            continue
        yield f"{item.clause}  {item.title.of(language) if item.title else '?'}"
        yield from (f"    {line}" for line in _evidence_lines(item, catalogue))
    if seen.missing:
        yield catalogue.say("No document in force speaks to:")
        for item in seen.missing:
            yield f"    {item.clause}  {item.title.of(language) if item.title else '?'}"


def _evidence_lines(item: Evidence, catalogue: Catalogue) -> Iterator[str]:
    language = catalogue.language
    if item.above:
        yield catalogue.say("see {clause}", clause=item.above)
    for document in item.documents:
        yield f"{document.number} {document.revision} {document.title.of(language)}"
    for form in item.forms:
        yield catalogue.say("{form} {title}: {count} records", form=form.number, title=form.title, count=form.records)
    if item.rules:
        yield catalogue.say("checked by {rules}", rules=item.rules)
    for finding in item.findings:
        if finding.severity in BAD:
            yield f"{finding.code} {finding.subject}{catalogue.say(': ')}{catalogue.say(finding.message)}"


def grid(seen: View, catalogue: Catalogue) -> Grid:
    """The view as a table, a row a clause, for a file."""
    language = catalogue.language
    columns = tuple(Column(name, title.of(language), width=width) for name, (title, width) in HEADS.items())
    subtitle = catalogue.say("{count} clauses without a document in force", count=len(seen.missing))
    title = f"{seen.standard} {seen.title.of(language)}"
    return Grid(title, subtitle, columns, tuple(_row(item, catalogue) for item in seen.clauses))


def _row(item: Evidence, catalogue: Catalogue) -> tuple[str, ...]:
    language = catalogue.language
    documents = [f"{d.number} {d.revision} {d.title.of(language)}" for d in item.documents]
    if item.above:
        documents = [catalogue.say("see {clause}", clause=item.above)]
    forms = [f"{form.number} {form.title.of(language)} ({form.records})" for form in item.forms]
    count = Counter(finding.code for finding in item.findings)
    return (
        item.clause,
        item.title.of(language) if item.title else "?",
        "\n".join(documents),
        "\n".join(forms),
        " ".join(item.rules),
        catalogue.say("{counts}", counts=tuple(message("{code} × {count}", code=c, count=n) for c, n in count.items())),
    )


def as_json(seen: View, catalogue: Catalogue) -> dict[str, object]:
    """The view as the object that `audit --clauses STANDARD --json` prints."""
    language = catalogue.language
    return {
        "format": 1,
        "standard": seen.standard,
        "claimed": seen.is_claimed,
        "clauses": [
            {
                "clause": item.clause,
                "title": item.title.of(language) if item.title else None,
                "documents": [{"number": d.number, "revision": d.revision} for d in item.documents],
                "forms": [{"number": form.number, "records": form.records} for form in item.forms],
                "rules": list(item.rules),
                "findings": [
                    {"code": finding.code, "subject": finding.subject, "message": catalogue.say(finding.message)}
                    for finding in item.findings
                ],
                "see": item.above or None,
            }
            for item in seen.clauses
        ],
        "missing": [item.clause for item in seen.missing],
    }
