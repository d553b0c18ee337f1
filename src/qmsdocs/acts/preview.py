"""Preview pages: a form as it stands in the folder or in force, empty or filled with its example."""

from __future__ import annotations

from dataclasses import replace

from qmsdocs.acts.pages import draw_docx, draw_pdf
from qmsdocs.acts.record import accepted
from qmsdocs.acts.sheets import DRAFT_STATUS, blank_sheet
from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.language import Language
from qmsdocs.fill import draft as drafts
from qmsdocs.query.view import new_facts
from qmsdocs.query.working import load
from qmsdocs.render.sheet import Sheet
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import System


def preview(system: System, number: str, *, kind: str, example: bool, in_force: bool, language: Language) -> bytes:
    """The page of a form as PDF or DOCX. Raises QmsError when there is no such form or it cannot be read."""
    form = system.form_for(number) if in_force else _working_form(system, number)
    said = blank_sheet(system, form, language=language)
    if not in_force:
        said = replace(said, status=DRAFT_STATUS)
    if example:
        said = _with_example(system, said, form)
    if kind == "docx":
        return draw_docx(said, form)
    return draw_pdf(said, form, events=b'{"events":[],"format":1}')


def _working_form(system: System, number: str) -> FormInForce:
    working = load(system.place.root)
    if number not in working.forms:
        for finding in working.unread:
            raise QmsError("{subject}: {what}", subject=finding.subject, what=finding.message)
        raise QmsError("there is no form {number}", number=number, hint=message("qmsdocs form check"))
    folder = working.form_folders[number]
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    return FormInForce(working.forms[number], "-", sha256(files["form.toml"]), False, files)


def _with_example(system: System, said: Sheet, form: FormInForce) -> Sheet:
    if "example.toml" not in form.files:
        raise QmsError("{number} has no example.toml", number=form.form.number)
    draft = drafts.parse(form.files["example.toml"], source=f"{form.form.number}/example.toml")
    values = accepted(system, form.form, draft.values, subject=draft.source)
    given = {name: value for name, value in values.items() if value is not None}
    procedure = load(system.place.root).procedures.get(form.form.procedure)
    parameters = procedure.parameters if procedure else {}
    facts = new_facts(system, form, given, state=form.form.first_state, parameters=parameters)
    return replace(
        said,
        values=given,
        derived=facts.derived(),
        applies=frozenset(name for name in form.form.field if facts.applies(name)),
        number=form.form.pattern.template(site="XX", year=system.now.year, month=1, project="XX").format(serial=0),
    )
