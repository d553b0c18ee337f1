"""`qmsdocs key`: make, confirm, list, report lost, export."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from qmsdocs.base.errors import QmsError, message
from qmsdocs.cli.command import Command, Group, argument, option, pass_session

if TYPE_CHECKING:
    from qmsdocs.cli.session import Session


@click.group(cls=Group, help="Keys to sign with: make, confirm, report lost, export.")
def key() -> None:
    """The group."""


@key.command(cls=Command, help="Make and register a key of PERSON; its passphrase is asked twice.")
@argument("owner", metavar="PERSON", help="A person of people.toml.")
@option("--until", metavar="DATE", help="The last day it counts (else: no end).")
@pass_session
def new(session: Session, owner: str, until: str | None) -> None:
    """A new key."""
    from qmsdocs.cli import given, keys

    keys.make(session, owner, until=given.day("--until", until) if until else None)


@key.command(cls=Command, help="Confirm the new key of PERSON, after you have seen the person.")
@argument("owner", metavar="PERSON", help="Whose key it is.")
@option("-m", "--reason", metavar="REASON", help="How the person was identified.")
@pass_session
def confirm(session: Session, owner: str, reason: str | None) -> None:
    """A key that counts."""
    from qmsdocs.acts import officers
    from qmsdocs.acts.control import Act

    act = Act(session.by, reason)
    session.apply(lambda system: officers.confirm(system, owner, act))
    session.answer(session.say("the key of {person} counts from now on", person=owner))


@key.command(cls=Command, help="Report the key of PERSON lost or replaced; it counts no longer from that moment.")
@argument("owner", metavar="PERSON", help="Whose key it is.")
@option("-m", "--reason", metavar="REASON", help="Why.")
@option("--since", metavar="TIME", help="Since when it may be in other hands (else: now).")
@option("--fingerprint", metavar="SHA256:…", help="Only this key.")
@pass_session
def lost(session: Session, owner: str, reason: str | None, since: str | None, fingerprint: str | None) -> None:
    """A key that counts no longer."""
    from qmsdocs.cli import given, keys

    keys.lose(session, owner, reason, lost_at=given.moment(session, since), fingerprint=fingerprint)


@key.command("list", cls=Command, help="List the keys ever registered.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_session
def list_(session: Session, as_json: bool) -> None:
    """Keys as a table."""
    from qmsdocs.cli import keys
    from qmsdocs.cli.output import write_grid
    from qmsdocs.render.table import Column, Grid

    found = session.system.definitions.keys
    if as_json:
        said = [
            {
                "person": item.person,
                "fingerprint": item.fingerprint,
                "public": item.public,
                "from_on": item.from_on.isoformat(),
                "until_on": item.until_on.isoformat() if item.until_on else None,
                "lost_at": item.lost_at.isoformat() if item.lost_at else None,
                "state": item.state,
                "counts": item.counts(session.system.now),
                "record": item.record,
            }
            for item in found
        ]
        session.answer_json({"format": 1, "keys": said})
        return
    titles = {"person": message("Person"), "state": message("State"), "from": message("From"), "key": message("Key")}
    columns = tuple(Column(name, session.say(title)) for name, title in titles.items())
    cells = tuple((i.person, keys.state_of(session, i), i.from_on.isoformat(), i.fingerprint) for i in found)
    write_grid(session, Grid(session.say("Signing keys"), "", columns, cells), None)


@key.command(cls=Command, help="Write the public keys as `ssh-keygen -Y verify` reads them (allowed_signers).")
@option("-o", "--output", metavar="FILE", help="Where to write them (else: stdout).")
@pass_session
def export(session: Session, output: str | None) -> None:
    """Public keys."""
    from qmsdocs.model.key import allowed_signers

    text = allowed_signers(session.system.definitions.keys, session.system.zone)
    if not text:
        raise QmsError("no key is registered here", hint=message("qmsdocs key new PERSON"))
    session.write(text.encode(), output)
