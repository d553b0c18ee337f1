"""`qmsdocs export backup`: one verified file; and the test that it can be restored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qmsdocs.base.errors import QmsError, message
from qmsdocs.cli.command import Command, option, pass_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from qmsdocs.acts.control import Act
    from qmsdocs.cli.session import Session
    from qmsdocs.store.backup import About, Measure

HELP = "Write everything into one file, restored and compared before it is believed; or try one (--test)."


@click.command(cls=Command, help=HELP)
@option("-o", "--output", metavar="FILE", help="Where to write it (else: a file of today in this folder's parent).")
@option("--test", "tested", metavar="FILE", type=click.Path(readable=False, path_type=Path),
        help="Restore a backup aside, compare it with what is stored, and record the test.")  # fmt: skip
@option("--place", default="", metavar="TEXT", help="Where the test was made.")
@option("-m", "--reason", metavar="REASON", help="Why.")
@option("--clock-is-right", is_flag=True, help="Confirm an unusual year (with -m).")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def backup(
    session: Session,
    output: str | None,
    tested: Path | None,
    place: str,
    reason: str | None,
    clock_is_right: bool,
    as_json: bool,
) -> None:
    """A backup, or a restore test."""
    session.refuse_on()
    if tested is not None:
        from qmsdocs.acts.control import Act

        _test(session, tested, place, lambda: Act(session.by, reason, clock_is_right), as_json=as_json)
        return
    from qmsdocs.store.backup import write
    from qmsdocs.store.disposal import carry_out
    from qmsdocs.store.exchange import taken_up

    system = session.system
    root = system.place.root
    path = Path(output) if output is not None else root.parent / f"{root.name}-backup-{system.today}.zip"
    if path.resolve().is_relative_to(root.resolve()):
        raise QmsError("a backup does not lie in what it backs up: {path}", path=path, hint=message("-o FILE"))
    if path.exists():
        raise QmsError("{path} is there already", path=path, hint=message("-o FILE"))
    carry_out(system.store, now=system.now)  # nothing half destroyed goes into it
    taken_up(system.store, now=system.now)
    about, found = write(root, system.objects, path, repository_id=system.repository, at=system.now)
    if as_json:
        session.answer_json(_said(path, about, found))
        return
    counts = {"ledgers": found.ledgers, "records": found.records, "events": found.events}
    said = "{path}: restored aside and compared: {ledgers} ledgers, {records} records, {events} events"
    session.answer(session.say(said, path=path, **counts))
    session.answer(session.say("Keep it elsewhere; try it there: qmsdocs export backup --test {path}", path=path))


def _test(session: Session, path: Path, place: str, act: Callable[[], Act], *, as_json: bool) -> None:
    from qmsdocs.acts.restoring import tested
    from qmsdocs.store import seat
    from qmsdocs.store.backup import digest_of, tried

    system = session.system
    seat.require(system.store, system.site)
    about, found = tried(path, system.objects)
    if about.repository != system.repository:
        raise QmsError("{path} is the backup of another repository", path=path)
    digest = digest_of(path)
    outcome = session.apply(lambda s: tested(s, about, found, digest=digest, place=place, act=act()))
    number = outcome.posted[0].number
    if as_json:
        session.answer_json({**_said(path, about, found), "test": number})
        return
    said = "{number}: {path} of {day} was restored; {records} records and {events} events are equal"
    counts = {"records": found.records, "events": found.events}
    session.answer(session.say(said, number=number, path=path, day=about.made_at.date(), **counts))


def _said(path: Path, about: About, found: Measure) -> dict[str, object]:
    from qmsdocs.store.backup import digest_of

    return {
        "format": 1,
        "path": str(path),
        "sha256": digest_of(path),
        "made_at": about.made_at.isoformat(timespec="seconds"),
        "ledgers": found.ledgers,
        "records": found.records,
        "events": found.events,
        "attachments": found.attachments,
        "digest": found.digest,
    }
