"""`qmsdocs form`: list, show, check and begin forms."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import safe_name, write_atomically
from qmsdocs.cli import given
from qmsdocs.cli.command import Command, Group, argument, option, pass_session
from qmsdocs.cli.output import write_grid
from qmsdocs.cli.parameters import finding_json, finding_line
from qmsdocs.cli.session import Session
from qmsdocs.fill.form_skeleton import form_skeleton
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.query.working import Working, load
from qmsdocs.render.table import Column, Grid
from qmsdocs.store.repository import find


@click.group(cls=Group, help="List, show, check and begin forms.")
def form() -> None:
    """The group."""


@form.command("list", cls=Command, help="List the forms in force.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def list_(session: Session, as_json: bool) -> None:
    """The forms in force."""
    forms = list(session.system.forms_in_force)
    if as_json:
        said = [
            {
                "number": item.form.number,
                "title": item.form.title.of(session.language),
                "revision": item.revision,
                "trial": item.is_trial,
                "procedure": item.form.procedure,
                "retention": item.form.retention,
                "sha256": item.sha256,
            }
            for item in forms
        ]
        session.answer_json({"format": 1, "forms": said})
        return
    titles = {
        "number": message("Number"),
        "title": message("Title"),
        "revision": message("Revision"),
        "procedure": message("Procedure"),
    }
    columns = tuple(Column(name, session.say(title)) for name, title in titles.items())
    cells = tuple((f.form.number, f.form.title.of(session.language), f.revision, f.form.procedure) for f in forms)
    write_grid(session, Grid(session.say("Forms in force"), "", columns, cells), None)


@form.command(cls=Command, help="Draw the page of FORM as it stands in the folder, empty or with its example.")
@argument("number", help="The number of a form.")
@option("-o", "--output", metavar="FILE", required=True, help="A .pdf or .docx file.")
@option("--example", is_flag=True, help="With the values of its example.toml.")
@option("--in-force", is_flag=True, help="The revision in force instead of the one in the folder.")
@pass_session
def show(session: Session, number: str, output: str, example: bool, in_force: bool) -> None:
    """A preview page."""
    from qmsdocs.acts.preview import preview

    suffix = Path(output).suffix.lower()
    if suffix not in (".pdf", ".docx"):
        raise QmsError("{path}: a page is written as .pdf or .docx", path=output)
    data = preview(
        session.system, number, kind=suffix[1:], example=example, in_force=in_force, language=session.language
    )
    session.write(data, output)


@form.command(cls=Command, help="Check forms and all they stand on, as they lie in the folder.")
@argument("numbers", nargs=-1, help="Numbers of forms (else: all, and everything they stand on).")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def check(session: Session, numbers: tuple[str, ...], as_json: bool) -> int:
    """What is wrong or doubtful; 1 when there are errors."""
    working = load(find(session.root or Path.cwd()))
    findings = tuple(_findings(working, numbers))
    if as_json:
        said = [finding_json(session, item) for item in findings]
        checked = {"forms": len(working.forms), "procedures": len(working.procedures)}
        session.answer_json({"format": 1, "findings": said, "checked": checked})
    else:
        for item in findings:
            session.answer(finding_line(session, working, item))
        session.answer(
            session.say(
                "{forms} forms and {procedures} procedures checked, {errors} errors, {warnings} warnings",
                forms=len(numbers) or len(working.forms),
                procedures=len(working.procedures),
                errors=sum(1 for item in findings if item.severity is Severity.ERROR),
                warnings=sum(1 for item in findings if item.severity is Severity.WARNING),
            )
        )
    return 1 if any(item.severity is Severity.ERROR for item in findings) else 0


def _findings(working: Working, numbers: tuple[str, ...]) -> Iterable[Finding]:
    if not numbers:
        yield from working.findings()
        return
    yield from working.unread
    for number in numbers:
        if number not in working.forms:
            if working.unread:  # it may be the one that cannot be read
                continue
            raise QmsError("there is no form {number}", number=number, hint=message("qmsdocs form check"))
        yield from working.form_findings(number)


@form.command(cls=Command, help="Begin a form: a folder with a commented form.toml and example.toml.")
@argument("number", help="The number it gets.")
@option("--title", required=True, help="Its title.")
@option("--series", required=True, metavar="ID", help="The id of its numbers, small letters (ab).")
@option("--procedure", metavar="NUMBER", help="The procedure it belongs to (else: the first one).")
@pass_session
def new(session: Session, number: str, title: str, series: str, procedure: str | None) -> None:
    """A new form folder."""
    session.refuse_on()
    number, title = given.named("NUMBER", number), given.named("--title", title)
    root = find(session.root or Path.cwd())
    working = load(root)
    if number in working.forms:
        raise QmsError("there is a form {number} already", number=number)
    folder = root / "forms" / safe_name(number)
    if folder.exists():
        raise QmsError("{path} is there already", path=folder)
    known = procedure or next(iter(working.procedures), "")
    files = form_skeleton(number, title=title, series=series, procedure=known, retention=_first_class(working))
    for name, text in files.items():
        write_atomically(folder / name, text.encode())
        session.answer(str((folder / name).relative_to(root)))
    session.tell("now edit it, then: qmsdocs form check {number}", number=number)


def _first_class(working: Working) -> str:
    return next(iter(working.schedule.class_), "") if working.schedule else ""


@form.command(cls=Command, help="Write the DOCX page of FORM out as a template to edit in Word or WPS.")
@argument("number", help="The number of a form.")
@option("-o", "--output", metavar="FILE", help="Where to write it (else: template.docx in the form's folder).")
@pass_session
def template(session: Session, number: str, output: str | None) -> None:
    """A template to edit."""
    from qmsdocs.render.docx import docx_template

    working = load(find(session.root or Path.cwd()))
    if number not in working.forms:
        raise QmsError("there is no form {number}", number=number, hint=message("qmsdocs form check"))
    path = output or str(working.form_folders[number] / "template.docx")
    if path != "-" and Path(path).exists():
        raise QmsError("{path} is there already", path=path, hint=message("name another file, or remove it first"))
    session.write(docx_template(working.forms[number], session.language), path)
