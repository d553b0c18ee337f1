"""What `document import` does: a Word file becomes a draft in procedures/, and a report of what to look at."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.files import read_bytes, read_text, write_atomically
from qmsdocs.cli import given
from qmsdocs.fill.word_document import Imported, Note, NoteKind, read_word
from qmsdocs.fill.word_draft import dropped, markdown_file, parameters_in
from qmsdocs.model.document import Procedure, parse_procedure
from qmsdocs.query.working import load
from qmsdocs.render.package import MAXIMUM_UNPACKED
from qmsdocs.store.repository import find

if TYPE_CHECKING:
    from qmsdocs.cli.session import Session

_LINKED = re.compile(r"(?<!\\)\[[^\[\]\\\n]+\]|`[^`\n]+`")
_TITLES: Mapping[NoteKind, Message] = {
    NoteKind.NOT_CARRIED: message("Not carried over"),
    NoteKind.ALTERED: message("Carried over in another shape"),
    NoteKind.DESK_REVIEW: message("Doubtful in the Word file"),
}


def import_document(
    session: Session,
    source: Path,
    *,
    number: str | None = None,
    output_folder: Path | None = None,
    replace: bool = False,
    as_json: bool = False,
    dry_run: bool = False,
) -> int:
    """0; the draft and its pictures stand in `output_folder` (else procedures/), the report on stdout.

    A draft that is there stays, unless `replace` is given: then its front matter stays and its text is replaced.
    """
    session.refuse_on()
    root = find(session.root or Path.cwd())
    folder = output_folder or root / "procedures"
    wanted = given.named("--number", number) if number is not None else None
    data = read_bytes(source, most=MAXIMUM_UNPACKED)  # what is larger is refused anyway
    imported = read_word(data, source=source.name, number=wanted)
    path = folder / f"{imported.stem}.md"
    former = _former(path, imported, root, replace=replace)
    if former is not None:
        imported = read_word(data, source=source.name, number=wanted, former=former)
    text = markdown_file(imported, source=source.name, former=former)
    procedure = parse_procedure(text, source=str(path))
    files = {folder / imported.stem / name: data for name, data in imported.pictures.items()} | {path: text.encode()}
    if not dry_run:
        for place, data in files.items():
            write_atomically(place, data)
    notes = (*imported.notes, *_left_open(imported, procedure, former), *_unlinked(imported, root))
    shown = [_shown(place, root) for place in reversed(files)]
    if as_json:
        session.answer_json(_json(session, imported, procedure, shown, notes))
    else:
        _report(session, shown, notes)
        session.tell("now look it over, then: qmsdocs document check {number}", number=procedure.front.number)
        _tell_revision(session, procedure.front.number, imported.front)
    return 0


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _former(path: Path, imported: Imported, root: Path, *, replace: bool) -> str | None:
    """The draft that stands at `path`. Raises QmsError unless it may be replaced, and for its number elsewhere."""
    found = imported.front.get("number", "")
    other = load(root).procedure_paths.get(found)
    if other is not None and other.resolve() != path.resolve():
        raise QmsError(
            "{path} is the document {number} already", path=other, number=found, hint=message("--number OTHER")
        )
    if not path.exists():
        return None
    if not replace:
        hint = message("--replace keeps its front matter and takes the text from the Word file; or --number OTHER")
        raise QmsError("{path} is there already", path=path, hint=hint)
    return read_text(path)


def _left_open(imported: Imported, procedure: Procedure, former: str | None) -> tuple[Note, ...]:
    """What the Word file does not say and the draft needs; what the `former` draft had and it has not."""
    unknown = tuple(name for name in parameters_in(imported.markdown) if name not in procedure.front.parameter)
    said: list[Message] = []
    if former is None:
        said += [message("no number was found; --number gives it")] if "number" not in imported.front else []
        said += [message("no title was found; write it into the front matter")] if "title" not in imported.front else []
        kind, owner = procedure.front.kind.value, procedure.front.owner
        said.append(message("kind {kind} and owner {owner} are guesses; mend them", kind=kind, owner=owner))
    if unknown:
        said.append(message("parameters without a value in the front matter: {names}", names=unknown))
    lost = dropped(former or "", imported.markdown)
    gone = message("the draft had these, the Word file has not: {tags}", tags=lost)
    notes = [Note(NoteKind.NOT_CARRIED, "", gone)] if lost else []
    return (*notes, *(Note(NoteKind.DESK_REVIEW, "", one) for one in said))


def _unlinked(imported: Imported, root: Path) -> tuple[Note, ...]:
    """The numbers of known documents and forms that stand in the text as mere words."""
    working = load(root)
    words = _LINKED.sub("", imported.markdown)
    known = [number for number in (*working.procedures, *working.forms) if number != imported.front.get("number")]
    found = tuple(number for number in known if re.search(rf"(?<![\w-]){re.escape(number)}(?![\w-])", words, re.ASCII))
    said = message(
        "known numbers that stay plain text: {numbers}; write [{example}] to name the document itself",
        numbers=found,
        example=found[0] if found else "",
    )
    return (Note(NoteKind.DESK_REVIEW, "", said),) if found else ()


def _tell_revision(session: Session, number: str, found: Mapping[str, str]) -> None:
    """Nothing; says how the revision and the day that the Word file names are kept."""
    if revision := found.get("revision"):
        command = shlex.join(("qmsdocs", "document", "submit", number, "--revision", revision))
        session.tell(
            "the Word file says revision {revision}; submit it as: {command}", revision=revision, command=command
        )
    if day := found.get("effective_on"):
        session.tell(
            "it says effective on {day}: `document approve --effective` takes a coming day; name a past one in -m",
            day=day,
        )


def _report(session: Session, files: list[str], notes: tuple[Note, ...]) -> None:
    for file in files:
        session.answer(file)
    for kind, title in _TITLES.items():
        found = [note for note in notes if note.kind is kind]
        if not found:
            continue
        session.answer("")
        session.answer(session.say("{title}: {count}", title=title, count=len(found)))
        for note in found:
            said = session.say(note.message)
            session.answer(
                "- " + (session.say("at “{where}”: {what}", where=note.where, what=said) if note.where else said)
            )


def _json(
    session: Session, imported: Imported, procedure: Procedure, files: list[str], notes: tuple[Note, ...]
) -> Mapping[str, object]:
    return {
        "format": 1,
        "document": {
            "number": procedure.front.number,
            "title": procedure.front.title.of(session.language),
            "kind": procedure.front.kind.value,
            "files": files,
        },
        "found": dict(imported.front),
        "notes": [
            {"kind": note.kind.value, "where": note.where, "message": session.say(note.message)} for note in notes
        ],
    }
