"""What the commands of `document` read and draw: an item as it stands, its pages, a new one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from qmsdocs.acts import document_pages, folder, items, release
from qmsdocs.acts.pages import draw_docx, draw_pdf
from qmsdocs.acts.sheets import blank_sheet
from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import safe_name, write_atomically
from qmsdocs.cli import given
from qmsdocs.cli.custody import DrawCopy
from qmsdocs.cli.session import Session
from qmsdocs.cli.words import one_line
from qmsdocs.fill.document_skeleton import document_skeleton
from qmsdocs.model.document import DocumentKind
from qmsdocs.model.release import ItemKind, Release
from qmsdocs.query import course as courses
from qmsdocs.query.working import load
from qmsdocs.render.document_sheet import Standing
from qmsdocs.store.repository import find
from qmsdocs.system import builtin
from qmsdocs.system.view import System

FOLDER = "records/issued/documents"
KINDS = ("pdf", "docx")


def found(session: Session, number: str, revision: str | None) -> Release:
    """The named revision of an item, else the one in force, else the newest there is. Raises QmsError."""
    system = session.system
    named = system.definitions.named(number, revision)
    if not named:
        labels = tuple(dict.fromkeys(r.revision for r in system.definitions.named(number)))
        if labels:
            raise QmsError("{number} has no revision {revision}; there are {known}",
                           number=number, revision=revision, known=labels)  # fmt: skip
        raise QmsError("there is no {number}", number=number, hint=message("qmsdocs document list"))
    current = system.in_force(named[0].kind, named[0].number)
    return current if revision is None and current is not None else named[-1]


def render(session: Session, number: str, **options: Any) -> int:
    """0; the pages of a revision, or of the draft in the folder, stand in a file."""
    if session.on is not None:
        raise QmsError("pages always tell how things stand today; --on does not go with them")
    chosen = tuple(f"--{name}" for name in ("draft", "copy", "kept") if options[name])
    if len(chosen) > 1:
        raise QmsError("{options} do not go together", options=chosen)
    if options["kept"]:
        _refuse_kept(session, number, options["revision"])
    output = options["output"]
    kind = Path(output).suffix[1:].lower() if output not in (None, "-") else "pdf"
    if kind not in KINDS:
        raise QmsError("{path}: a page is written as .pdf or .docx", path=output)
    if options["draft"]:
        data, name = _draft(session, number, kind)
    else:
        data, name = _released(session, number, kind, options)
    session.write(data, output or str(session.system.place.root / FOLDER / f"{_file_name(name)}.{kind}"))
    return 0


def restore(session: Session, number: str, *, replace: bool) -> int:
    """0; the text in force stands in the folder."""
    session.refuse_on()
    item = folder.restore(session.system, number, replace=replace)
    session.answer(session.say("{number}: the folder holds {revision}, which is in force",
                               number=item.number, revision=item.revision))  # fmt: skip
    return 0


def _file_name(name: str) -> str:
    """A file name for `name`; where signs had to give way, with a part of its hash, so that no two are one."""
    safe = safe_name(name)
    plain = name.replace("/", "-")
    return safe if safe == plain and name.count("/") <= 1 else f"{safe} {sha256(name.encode())[:6]}"


def _refuse_kept(session: Session, number: str, revision: str | None) -> None:
    item = found(session, number, revision)
    if document_pages.standing(session.system, item) in (Standing.IN_FORCE, Standing.TRIAL, Standing.APPROVED):
        raise QmsError("{number} {revision} is in force or still to be; only what is over is kept for reference",
                       number=item.number, revision=item.revision)  # fmt: skip


def _draft(session: Session, number: str, kind: str) -> tuple[bytes, str]:
    content = items.content(session.system.place.root, number)
    if content.kind is ItemKind.FORM:
        raise QmsError(
            "{number} is a form", number=number, hint=message("qmsdocs form show {number} -o FILE", number=number)
        )
    label = release.next_label(session.system, content.kind, content.number)
    data = document_pages.draw_draft(session.system, content, label=label, language=session.system.language, kind=kind)
    return data, f"{content.number} {label} draft"


def _released(session: Session, number: str, kind: str, options: dict[str, Any]) -> tuple[bytes, str]:
    system = session.system
    item = found(session, number, options["revision"])
    copy = options["copy"]
    name = f"{item.number} {item.revision}" + (f" copy {copy}" if copy else "")
    if item.kind is ItemKind.FORM:
        form = system.form_of(item.form)
        said = blank_sheet(system, form, language=system.language)
        draw = draw_docx(said, form) if kind == "docx" else draw_pdf(said, form, events=b'{"events":[],"format":1}')
        return draw, name
    wanted = document_pages.print_of(system, item, language=system.language, copy=copy, is_kept=options["kept"])
    return document_pages.draw(system, item, wanted, kind=kind), name


def drawer() -> DrawCopy:
    """What draws the stamped pages of a copy that was given: of a document as PDF, of anything else nothing."""

    def draw(system: System, number: str, revision: str, copy: str, _holder: str, _on: date) -> bytes | None:
        item = system.definitions.named(number, revision)[-1]
        if item.kind is ItemKind.FORM:
            return None
        wanted = document_pages.print_of(system, item, language=system.language, copy=copy)
        return document_pages.draw(system, item, wanted, kind="pdf")

    return draw


def show(session: Session, number: str, *, revision: str | None, as_json: bool) -> int:
    """0; how an item stands was printed: its revision, who did what, what it waits for."""
    system = session.system
    item = found(session, number, revision)
    passed = next(p for p in courses.course(system, item.number, checked=False) if p.release.record == item.record)
    waits = [w for w in courses.waiting(system) if w.release.number == item.number]
    if as_json:
        session.answer_json(
            {
                "format": 1,
                "number": item.number,
                "title": item.title,
                "kind": item.kind.value,
                "revision": item.revision,
                "standing": document_pages.standing(system, item).value,
                "effective_on": item.effective_on.isoformat() if item.effective_on else None,
                "manifest": item.manifest,
                "files": sorted(system.definitions.files(item)),
                "waiting": [
                    {"revision": w.release.revision, "step": w.step, "people": list(w.people),
                     "departments": list(w.departments)} for w in waits
                ],
            }
        )  # fmt: skip
        return 0
    for line in _lines(session, item, passed.until, waits):
        session.answer(one_line(line))
    return 0


def _lines(session: Session, item: Release, until: object, waits: list[courses.Waiting]) -> Iterator[str]:
    form = builtin.form(builtin.RELEASE)
    title = f"  {item.title}" if item.title != item.number else ""
    yield f"{item.number} {item.revision}{title}"
    yield session.say("  stands at: {state}", state=form.state[item.state].title)
    if item.effective_on is not None:
        yield session.say("  in force from: {day}", day=item.effective_on)
    if item.trial_until is not None:
        yield session.say("  on trial until: {day}", day=item.trial_until)
    if until is not None:
        yield session.say("  until the day before: {day}", day=until)
    for path in sorted(session.system.definitions.files(item)):
        yield f"  {path}"
    for wait in waits:
        people = wait.departments or wait.people or ("-",)
        yield session.say("  waits: {revision} for {step} ({people})",
                          revision=wait.release.revision, step=form.step[wait.step].title, people=people)  # fmt: skip


def new(session: Session, number: str, *, title: str, kind: str, owner: str, parent: str | None) -> int:
    """0; a new document to write stands in the folder."""
    session.refuse_on()
    number, title = given.named("NUMBER", number), given.named("--title", title)
    root = find(session.root or Path.cwd())
    working = load(root)
    if number in working.procedures or number in working.forms:
        raise QmsError("there is a {number} already", number=number)
    if owner not in working.people.role:
        raise QmsError("there is no role {role}; there are {known}", role=owner, known=tuple(working.people.role))
    path = root / "procedures" / f"{safe_name(number)}.md"
    if path.exists():
        raise QmsError("{path} is there already", path=path.relative_to(root))
    language = working.organisation.language if working.organisation else session.language
    text = document_skeleton(
        number, title=title, kind=DocumentKind(kind), owner=owner, parent=parent, language=language
    )
    write_atomically(path, text.encode())
    session.answer(path.relative_to(root).as_posix())
    session.tell("now write it, then: qmsdocs document check {number}", number=number)
    return 0
