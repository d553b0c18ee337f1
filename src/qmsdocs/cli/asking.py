"""The dialogue of `record fill` on the terminal: prints questions, reads lines, saves the draft after each answer."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import write_atomically
from qmsdocs.cli.session import Session
from qmsdocs.fill import draft as drafts
from qmsdocs.fill.ask import COMMANDS, Dialogue
from qmsdocs.fill.question import Question
from qmsdocs.fill.skeleton import Skeleton
from qmsdocs.model.value import Intake
from qmsdocs.query.view import new_facts
from qmsdocs.system.definitions import FormInForce


def ask(session: Session, number: str | None, path: Path) -> bool:
    """Whether the draft at `path` was filled to the end; it is saved either way. Raises QmsError."""
    draft = drafts.read(path) if path.exists() else None
    if draft is not None and number not in (None, draft.form):
        raise QmsError("{path} is a draft of {form}, not of {other}", path=path, form=draft.form, other=number)
    wanted = draft.form if draft is not None else number
    if wanted is None:
        raise QmsError(
            "which form? {path} is not there yet",
            path=path,
            hint=message("qmsdocs record fill FORM -o {path}", path=path),
        )
    form = session.system.form_for(wanted, revision=draft.revision if draft else None)
    system = session.system
    skeleton = Skeleton(
        form.form,
        form.revision,
        (draft.submission if draft else None) or secrets.token_hex(16),
        system.language,
        system.people.names(),
        raised_from=draft.raised_from if draft else None,
    )
    intake = Intake(form.form, system.zone, system.people.names())
    dialogue = Dialogue.start(
        intake,
        language=session.language,
        applies=lambda name, values: _applies(session, form, name, values),
        values=draft.values if draft else None,
    )
    return _talk(session, dialogue, skeleton, path, form)


def _applies(session: Session, form: FormInForce, name: str, values: Mapping[str, Json]) -> bool:
    system = session.system
    parameters, _ = system.definitions.parameters(form.form.procedure, on=system.today)
    given = {key: value for key, value in values.items() if value is not None}
    return new_facts(system, form, given, state=form.form.first_state, parameters=parameters).applies(name)


def _talk(session: Session, dialogue: Dialogue, skeleton: Skeleton, path: Path, form: FormInForce) -> bool:
    click.echo(f"{form.form.title.of(session.language)}  {form.form.number} {form.revision}", err=True)
    click.echo(COMMANDS.of(session.language), err=True)
    section: tuple[str, ...] = ()
    while (question := dialogue.question) is not None:
        if question.within[:1] != section:
            section = question.within[:1]
            click.echo("\n" + "".join(f"── {part}" for part in section), err=True)
        _print(session, question)
        line = sys.stdin.readline()
        if not line:
            click.echo("", err=True)
            break
        dialogue = dialogue.answer(line.rstrip("\n"))
        _save(skeleton, dialogue, path)
    _save(skeleton, dialogue, path)
    return _finished(session, dialogue, path, form)


def _print(session: Session, question: Question) -> None:
    if question.error is not None:
        click.echo("  ✗ " + session.say(question.error), err=True)
    if question.wants_help and question.help:
        click.echo(f"  ? {question.help}", err=True)
    if question.is_long and question.lines:
        click.echo("  … ", err=True, nl=False)
        return
    inner = " · ".join(question.within[1:])
    mark = "*" if question.is_required else " "
    head = f"{mark}({question.number}/{question.count}) " + (f"{inner} · " if inner else "") + question.title
    click.echo(head, err=True)
    for option in question.options:
        click.echo(f"    {option.number}. {option.words}", err=True)
    if question.hint is not None:
        click.echo("    " + session.say(question.hint), err=True)
    current = f" [{question.current}]" if question.current else ""
    click.echo(f"  {current}> ", err=True, nl=False)


def _save(skeleton: Skeleton, dialogue: Dialogue, path: Path) -> None:
    write_atomically(path, replace(skeleton, values=dialogue.given).text().encode())


def _finished(session: Session, dialogue: Dialogue, path: Path, form: FormInForce) -> bool:
    missing = tuple(form.form.field[name].title for name in dialogue.missing)
    session.tell("{path} is saved", path=path)
    if missing:
        session.tell("still missing: {fields}", fields=missing)
    if not dialogue.is_done:
        session.tell("go on later with: qmsdocs record fill -o {path}", path=path)
        return False
    if not missing:
        session.tell("issue it with: qmsdocs record issue {path}", path=path)
    return not missing
