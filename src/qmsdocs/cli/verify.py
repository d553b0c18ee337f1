"""`qmsdocs verify`: what a found page is, from a file, a photograph, or the short code typed by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.files import read_bytes
from qmsdocs.cli.command import Command, argument, option, pass_session
from qmsdocs.cli.words import plain_lines

if TYPE_CHECKING:
    from qmsdocs.acts.verify import Judged
    from qmsdocs.cli.session import Session
    from qmsdocs.query.verifying import Verdict

MEGABYTE = 1_000_000
_CHECKED = {
    "code": message("Only the short code was looked up: nothing is known of the words on the page."),
    "text": message("Its words were compared with what is stored."),
    "bytes": message("It is byte for byte what this program drew."),
}


@click.command(
    cls=Command,
    help="Say whether found pages are in force: PDF, Word, photographs, or the short code printed on them.",
)
@argument("files", nargs=-1, required=True, help="Files, or short codes such as 9F2C-7A1B.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def verify(session: Session, files: tuple[str, ...], as_json: bool) -> int:
    """0 when every page is in force and up to date, 1 when one is not, 2 when a file cannot be read."""
    from qmsdocs.query.verifying import GOOD

    judged: list[tuple[str, Judged]] = []
    unreadable = 0
    with session.progress(files, "Verifying", hidden=as_json) as shown:
        for path in shown:
            try:
                judged += [(path, answer) for answer in _judged(session, path)]
            except QmsError as error:
                unreadable += 1
                _complain(session, error)
    if as_json:
        session.answer_json({"format": 1, "files": [_json(session, path, answer) for path, answer in judged]})
    else:
        for path, answer in judged:
            session.answer(plain_lines("\n".join(_lines(session, path, answer))))
    return 2 if unreadable else 0 if all(answer.verdict in GOOD for _, answer in judged) else 1


def _judged(session: Session, path: str) -> tuple[Judged, ...]:
    """The answers for one file, or for one typed code where there is no such file."""
    from qmsdocs.acts.verify import verify_code, verify_file
    from qmsdocs.query.verifying import typed_code

    code = typed_code(path)
    if code is not None and not os.path.lexists(path):
        return verify_code(session.system, code)
    return verify_file(session.system, _read(session, path), source=path)


def _read(session: Session, path: str) -> bytes:
    """The bytes of an ordinary file that is not too large. Raises QmsError."""
    from qmsdocs.fill.page_mark import MOST_BYTES

    try:
        data = read_bytes(Path(path), most=MOST_BYTES)
    except QmsError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            if (gone := session.system.destroyed(path)) is not None:
                raise QmsError("{said}", said=gone) from None
            error.hint = message("a short code is eight digits and letters A to F, such as 9F2C-7A1B")
        raise
    if len(data) > MOST_BYTES:
        raise QmsError("{path}: larger than {limit} MB", path=path, limit=MOST_BYTES // MEGABYTE)
    return data


def _complain(session: Session, error: QmsError) -> None:
    session.complain(session.say("error: {what}", what=session.say(error.message)))
    if error.hint is not None:
        session.complain(session.say("hint: {what}", what=session.say(error.hint)))


def _json(session: Session, path: str, answer: Judged) -> dict[str, object]:
    from qmsdocs.query.verifying import GOOD

    at = answer.standing
    return {
        "path": path,
        "verdict": answer.verdict.value,
        "number": at.number or None,
        "revision": at.revision or None,
        "in_force": answer.verdict in GOOD,
        "kind": at.kind or None,
        "superseded_by": at.superseded_by or None,
        "checked": answer.checked.value if answer.checked else None,
        "reasons": [session.say(reason) for reason in answer.reasons],
    }


def _lines(session: Session, path: str, answer: Judged) -> Iterator[str]:
    at = answer.standing
    what = " ".join(part for part in (at.number, at.revision if at.kind != "record" else "") if part)
    yield session.say(_verdict(answer.verdict, path, what or "-"))
    for reason in answer.reasons:
        yield f"    {session.say(reason)}"
    if answer.checked in _CHECKED and answer.verdict != "altered":
        yield f"    {session.say(_CHECKED[answer.checked])}"


def _verdict(verdict: Verdict, path: str, what: str) -> Message:
    """The answer in one line."""
    said = {"path": path, "what": what}
    match verdict.value:
        case "in_force":
            return message("{path}: IN FORCE: {what}", **said)
        case "trial":
            return message("{path}: IN FORCE on trial: {what}", **said)
        case "approved":
            return message("{path}: approved, NOT YET in force: {what}", **said)
        case "superseded":
            return message("{path}: SUPERSEDED: {what}", **said)
        case "withdrawn":
            return message("{path}: WITHDRAWN: {what}", **said)
        case "uncontrolled":
            return message("{path}: NO LONGER a controlled copy: {what}", **said)
        case "draft":
            return message("{path}: only a DRAFT: {what}", **said)
        case "current":
            return message("{path}: UP TO DATE: {what}", **said)
        case "outdated":
            return message("{path}: OUTDATED: {what}", **said)
        case "void":
            return message("{path}: VOID: {what}", **said)
        case "altered":
            return message("{path}: ALTERED: {what}", **said)
        case _:
            return message("{path}: UNKNOWN: {what}", **said)
