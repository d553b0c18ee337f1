"""What `document parameters`, `document impact` and `document check` do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from qmsdocs.base.errors import QmsError, message
from qmsdocs.cli.output import write_grid
from qmsdocs.cli.session import Session
from qmsdocs.model.document import Procedure
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.model.form import Form
from qmsdocs.model.release import ItemKind
from qmsdocs.query import impact_report
from qmsdocs.query.impact import CopiesOf, configuration, no_copies
from qmsdocs.query.impact import impact as impact_of
from qmsdocs.query.parameters import as_json as parameters_json
from qmsdocs.query.parameters import grid, listed
from qmsdocs.query.working import Working, load
from qmsdocs.store.repository import find
from qmsdocs.system.view import System


def parameters(session: Session, number: str | None, *, as_json: bool, output: str | None, draft: bool = False) -> int:
    """0; the parameters in force, or with `draft` those in the folder, were listed."""
    procedures, forms = _drafts(_working(session)) if draft else _in_force(session.system)
    if number is not None and number not in procedures:
        raise QmsError("there is no document {number}; there are {known}", number=number, known=tuple(procedures))
    found = listed([p for key, p in procedures.items() if number in (None, key)], forms)
    if as_json:
        session.answer_json({"format": 1, "parameters": parameters_json(found, session.language)}, output)
    else:
        write_grid(session, grid(found, forms, session.catalogue), output)
    return 0


def impact(session: Session, number: str, *, as_json: bool, copies: CopiesOf = no_copies) -> int:
    """0; what the draft of NUMBER in the folder would change was said."""
    found = impact_of(
        session.system, load(session.system.place.root), number, catalogue=session.catalogue, copies=copies
    )
    if as_json:
        session.answer_json({"format": 1, "impact": impact_report.as_json(found, session.catalogue)})
    else:
        for line in impact_report.lines(found, session.catalogue):
            session.answer(line)
    return 0


def check(session: Session, numbers: tuple[str, ...], *, as_json: bool) -> int:
    """1 when the documents in the folder (all, or those named) have errors, else 0; what was found was said."""
    working = _working(session)
    findings = tuple(_findings(working, numbers, _released(session)))
    is_wrong = any(item.severity is Severity.ERROR for item in findings)
    count = len(numbers) or len(working.procedures)
    if as_json:
        said = [finding_json(session, item) for item in findings]
        session.answer_json({"format": 1, "findings": said, "checked": {"documents": count}})
        return 1 if is_wrong else 0
    for item in findings:
        session.answer(finding_line(session, working, item))
    session.answer(
        session.say(
            "{documents} documents checked, {errors} errors, {warnings} warnings, {notes} notes",
            documents=count,
            errors=_count(findings, Severity.ERROR),
            warnings=_count(findings, Severity.WARNING),
            notes=_count(findings, Severity.NOTE),
        )
    )
    return 1 if is_wrong else 0


def finding_json(session: Session, item: Finding) -> Mapping[str, object]:
    """A finding as JSON."""
    return {
        "code": item.code,
        "severity": item.severity.value,
        "subject": item.subject,
        "place": item.place,
        "message": session.say(item.message),
    }


def finding_line(session: Session, working: Working, item: Finding) -> str:
    """A finding as a line: how bad, file, line, what, and its code."""
    said = session.located(working.located(item), session.say(item.message))
    severity = {
        Severity.ERROR: message("error: {what}", what=said),
        Severity.WARNING: message("warning: {what}", what=said),
        Severity.NOTE: message("note: {what}", what=said),
    }
    return session.say(severity[item.severity]) + f" [{item.code}]"


def _count(findings: Iterable[Finding], severity: Severity) -> int:
    return sum(1 for item in findings if item.severity is severity)


def _working(session: Session) -> Working:
    return load(find(session.root or Path.cwd()))


def _drafts(working: Working) -> tuple[Mapping[str, Procedure], tuple[Form, ...]]:
    for finding in working.unread:
        raise QmsError("{subject}: {what}", subject=finding.subject, what=finding.message)
    return working.procedures, tuple(working.forms.values())


def _in_force(system: System) -> tuple[Mapping[str, Procedure], tuple[Form, ...]]:
    """The documents and forms in force today."""
    procedures: dict[str, Procedure] = {}
    forms: list[Form] = []
    for kind, number in sorted({(release.kind, release.number) for release in system.releases}):
        release = system.in_force(kind, number)
        if release is not None and kind is ItemKind.PROCEDURE:
            procedures[number] = system.definitions.procedure(release)
        elif release is not None and kind is ItemKind.FORM:
            forms.append(system.form_for(number).form)
    return procedures, tuple(forms)


def _released(session: Session) -> Mapping[str, Procedure]:
    """The documents in force; none, and it is said, where this copy cannot tell."""
    try:
        return _in_force(session.system)[0]
    except QmsError as error:
        session.tell("the drafts are not compared with what is in force: {reason}", reason=error.message)
        return {}


def _findings(working: Working, numbers: tuple[str, ...], released: Mapping[str, Procedure]) -> Iterator[Finding]:
    yield from working.unread
    for number in numbers or working.procedures:
        path = configuration(working.root, number)
        if number in working.procedures:
            yield from working.document_findings(number, released)
        elif path is not None:
            yield from working.setting_findings(path.relative_to(working.root).as_posix())
        elif number in working.forms:
            hint = message("qmsdocs form check {number}", number=number)
            raise QmsError("{number} is a form", number=number, hint=hint)
        elif not working.unread:  # else it may be the one that cannot be read
            known = tuple(working.procedures)
            raise QmsError("there is no document {number}; there are {known}", number=number, known=known)
