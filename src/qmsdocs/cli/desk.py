"""Commands of the document-control desk: begin, status, head, index, completion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from qmsdocs.base.errors import QmsError, message
from qmsdocs.cli.command import Command, Group, argument, option, pass_session
from qmsdocs.cli.words import one_line

if TYPE_CHECKING:
    from qmsdocs.acts.begin import Beginning, Begun
    from qmsdocs.cli.session import Session


@click.command(cls=Command, help="Make a repository that is in force and ready to use.")
@argument("folder", type=click.Path(readable=False, path_type=Path), help="A new folder.")
@option("--org", "organisation", metavar="NAME", help="The organisation's full name.")
@option("--site", default="main", metavar="ID", help="The site that writes, small letters (hz).")
@option("--code", metavar="CODE", help="The site's code in numbers (else: the id in capitals).")
@option("--site-title", metavar="NAME", help="The site's name on pages.")
@option(
    "--starter",
    type=click.Path(readable=False, path_type=Path),
    help="Begin with the definitions in this folder, not ours.",
)
@option("--from", "backup", type=click.Path(readable=False, path_type=Path), help="Restore a backup (alone).")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def init(
    session: Session,
    folder: Path,
    organisation: str | None,
    site: str,
    code: str | None,
    site_title: str | None,
    starter: Path | None,
    backup: Path | None,
    as_json: bool,
) -> None:
    """A new repository, or one restored."""
    from qmsdocs.acts.begin import Beginning, begin, starter_folder
    from qmsdocs.cli import given

    session.refuse_on()
    if backup is not None:
        if organisation is not None or starter is not None:
            raise QmsError("--from stands alone: a backup holds everything")
        if backup.is_dir():
            raise QmsError(
                "{path} is a folder, and no backup",
                path=backup,
                hint=message("a copy of a QMS folder: git clone FOLDER NEW; a backup: qmsdocs export backup -o FILE"),
            )
        _restore(session, backup, folder, as_json=as_json)
        return
    if organisation is None:
        raise QmsError("a new repository needs --org NAME (or --from BACKUP to restore one)")
    wanted = Beginning(
        folder,
        given.named("--org", organisation),
        site,
        given.named("--code", code) if code is not None else site.upper(),
        given.named("--site-title", site_title if site_title is not None else organisation),
        session.clock(),
        session.machine,
        session.person,
    )
    if starter is not None:
        _refuse_faulty(session, starter)
    begun = begin(wanted, starter=starter or starter_folder())
    if as_json:
        session.answer_json(_as_json(folder, begun))
    else:
        _say_begun(session, wanted, begun, is_ours=starter is None)


def _as_json(folder: Path, begun: Begun) -> dict[str, object]:
    items = [{"kind": kind, "number": number} for kind, number in begun.items]
    return {"format": 1, "folder": str(folder), "repository": begun.repository, "in_force": items}


def _say_begun(session: Session, wanted: Beginning, begun: Begun, *, is_ours: bool) -> None:
    forms = tuple(number for kind, number in begun.items if kind == "form")
    documents = tuple(number for kind, number in begun.items if kind == "procedure")
    session.answer(
        session.say(
            "{folder} is ready: {organisation} writes here as {code}",
            folder=wanted.folder,
            organisation=wanted.organisation,
            code=wanted.code,
        )
    )
    session.answer(
        session.say(
            "In force on trial until {until}: {documents}; forms {forms}",
            until=begun.trial_until,
            documents=documents,
            forms=forms,
        )
    )
    if is_ours:
        session.answer(
            session.say("The people in people.toml are invented: put your own in before the first record (README).")
        )
    session.answer(session.say("Next:"))
    for line in (
        f"cd {wanted.folder}",
        f"qmsdocs record new {forms[-1]} -o draft.toml",
        "qmsdocs record issue draft.toml",
        "qmsdocs status",
    ):
        session.answer(f"  {line}")


def _restore(session: Session, backup: Path, folder: Path, *, as_json: bool) -> None:
    from qmsdocs.store.backup import restore

    about, found = restore(backup, folder)
    made_at = about.made_at.isoformat(timespec="seconds")
    if as_json:
        said = {"ledgers": found.ledgers, "records": found.records, "events": found.events, "digest": found.digest}
        session.answer_json({"format": 1, "folder": str(folder), "repository": about.repository,
                             "made_at": made_at, **said})  # fmt: skip
        return
    session.answer(session.say("{folder}: {ledgers} ledgers, {records} records, {events} events as of {time}",
                               folder=folder, ledgers=found.ledgers, records=found.records, events=found.events,
                               time=made_at))  # fmt: skip
    session.answer(session.say("This copy only reads. To write here: qmsdocs -C {folder} sync --take-seat -m REASON",
                               folder=folder))  # fmt: skip


def _refuse_faulty(session: Session, starter: Path) -> None:
    """Nothing; raises QmsError where the definitions of a starter pack have errors, after saying all of them."""
    from qmsdocs.model.finding import Severity
    from qmsdocs.query.working import load

    working = load(starter)
    errors = [item for item in working.findings() if item.severity is Severity.ERROR]
    for item in errors:
        session.complain(
            session.say("error: {what}", what=session.located(working.located(item), session.say(item.message)))
        )
    if errors:
        raise QmsError("{folder}: {count} errors, nothing was made", folder=starter, count=len(errors))


@click.command(cls=Command, help="Show what is in force, open, overdue and waiting.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def status(session: Session, as_json: bool) -> int:
    """The state of the repository; 1 when something is overdue."""
    from qmsdocs.acts.folder import departures
    from qmsdocs.acts.items import readable
    from qmsdocs.query import overview
    from qmsdocs.store import sharing

    seen = overview.overview(session.system)
    contents, unread = readable(session.system.place.root)
    for error in unread[:1]:
        session.tell(error.message)
    departed = tuple(departures(session.system, contents))
    changed = tuple(item.number for item in departed if not item.is_behind)
    behind = tuple(item.number for item in departed if item.is_behind)
    if as_json:
        facts = overview.as_json(seen, session.language)
        session.answer_json({"format": 1, **facts, "differs_from_force": changed, "older_than_force": behind})
    else:
        for line in overview.lines(seen, session.catalogue):
            session.answer(one_line(line))
        if changed:
            session.answer(session.say("Changed in the folder, not in force: {items}", items=changed))
        if behind:
            session.answer(session.say("In the folder older than what is in force: {items}; level with it: {command}",
                                       items=behind, command=f"qmsdocs document restore {behind[0]}"))  # fmt: skip
        for stored in sharing.waiting(session.system.objects):
            number = stored.event.mapping("record").get("number")
            session.answer(session.say("{number} {act}: kept here, does not count yet: qmsdocs sync",
                                       number=number, act=stored.event.act))  # fmt: skip
    return 1 if seen.is_late else 0


@click.command(cls=Command, help="Print the line to keep that proves what is stored today.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="Write it to a file (- for stdout).")
@option("--query", metavar="FILE", help="Write the query for a time-stamping authority (.tsq) as well.")
@pass_session
def head(session: Session, as_json: bool, output: str | None, query: str | None) -> None:
    """The line to keep outside."""
    from qmsdocs.store.head import record_head_line
    from qmsdocs.store.timestamp import request

    session.refuse_on()
    if query is not None and output in (None, "-"):
        raise QmsError("a time stamp is asked for on a file: -o FILE")
    system = session.system
    line = record_head_line(system.store, system.site, now=system.now)
    if as_json:
        keys = ("site", "recorded_at", "commit", "number", "sha256", "ledgers", "events", "repository")
        session.answer_json({"format": 1, **{key: getattr(line, key) for key in keys}}, output)
    else:
        session.write(f"{line}\n".encode(), output)
    if query is not None and output is not None:
        session.write(request(Path(output)), query)


@click.group(cls=Group, help="Rebuild the index.")
def index() -> None:
    """The group."""


@index.command(cls=Command, help="Throw the index away and read every ledger again.")
@pass_session
def rebuild(session: Session) -> None:
    """A new index."""
    system = session.system
    system.store.index.rebuild()
    system.store.search.rebuild()
    session.answer(session.say("{count} records are indexed", count=sum(1 for _ in system.store.index.records())))


@click.command(cls=Command, help="Print the completion script of a shell.")
@argument("shell", type=click.Choice(["bash", "zsh", "fish"]), help="bash, zsh or fish.")
@pass_session
def completion(session: Session, shell: str) -> None:
    """A completion script."""
    from qmsdocs.cli.root import root

    found = get_completion_class(shell)
    assert found is not None
    session.answer(found(root, {}, "qmsdocs", "_QMSDOCS_COMPLETE").source())
