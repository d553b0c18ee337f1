"""`qmsdocs person`: people in the folder's people.toml, and deputies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import click

from qmsdocs.acts import officers
from qmsdocs.acts.control import Act
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import read_text, write_atomically
from qmsdocs.base.toml import parse
from qmsdocs.cli import given, keys
from qmsdocs.cli.command import Command, Group, argument, option, pass_session
from qmsdocs.cli.output import write_grid
from qmsdocs.cli.session import Session
from qmsdocs.model.key import Delegation
from qmsdocs.model.people import People, Person
from qmsdocs.render.table import Column, Grid
from qmsdocs.system.view import System

FILE = "people.toml"
_COLUMNS = {
    "person": message("Id"),
    "name": message("Full name"),
    "roles": message("Roles"),
    "department": message("Department"),
    "key": message("Key"),
    "deputies": message("Deputies"),
}


@click.group(cls=Group, help="People: roles, keys, deputies.")
def person() -> None:
    """The group."""


@person.command(cls=Command, help="Write a person into people.toml of the folder, and with --key make a signing key.")
@argument("person_id", metavar="PERSON", help="An id such as li.ming; kept for ever once used.")
@option("--name", required=True, help="The printed name.")
@option("--role", "roles", multiple=True, help="A role held; several may be given.")
@option("--department", metavar="NAME", help="The department.")
@option("--from", "first", metavar="DATE", help="First day of service (else: today).")
@option("--key", "with_key", is_flag=True, help="Make a key to sign with; its passphrase is asked.")
@pass_session
def add(session: Session, person_id: str, name: str, roles: tuple[str, ...], with_key: bool, **facts: Any) -> None:
    """A person, in the folder."""
    session.refuse_on()
    path = session.system.place.root / FILE
    text = read_text(path)
    people = parse(text, People, source=FILE)
    wanted = _wanted(session, people, person_id, name, roles, facts)
    known = people.person.get(person_id)
    if known is None:
        after = text.rstrip("\n") + "\n\n" + _section(person_id, wanted)
        parse(after, People, source=FILE)
        write_atomically(path, after.encode())
        session.answer(session.say("{person} {name} stands in {path}", person=person_id, name=name, path=FILE))
        session.tell("it counts once it is in force: qmsdocs document submit {path} -m REASON", path=FILE)
    else:
        _refuse_other(person_id, known, wanted)
        session.answer(session.say("{person} {name} is there already", person=person_id, name=name))
    if with_key:
        keys.make(session, person_id, until=None)


def _wanted(
    session: Session, people: People, person_id: str, name: str, roles: tuple[str, ...], facts: dict[str, Any]
) -> Person:
    officers.refuse_unfit_id(person_id)
    for role in roles:
        if role not in people.role:
            raise QmsError("there is no role {role}; there are {known}", role=role, known=tuple(people.role))
    first = given.day("--from", facts["first"]) if facts["first"] else session.system.today
    department = given.named("--department", facts["department"]) if facts["department"] else None
    said = {"name": given.named("--name", name), "roles": roles, "from": first, "department": department}
    return Person.model_validate(said)


def _refuse_other(person_id: str, known: Person, wanted: Person) -> None:
    if known.name != wanted.name or not set(wanted.roles) <= set(known.roles):
        raise QmsError(
            "{person} is there already: {name}, {roles}",
            person=person_id,
            name=known.name,
            roles=known.roles or ("-",),
            hint=message("to change a person, edit {path}", path=FILE),
        )


def _section(person_id: str, wanted: Person) -> str:
    lines = [f'[person."{person_id}"]', f"name       = {_quoted(wanted.name)}"]
    lines.append(f"roles      = [{', '.join(_quoted(role) for role in wanted.roles)}]")
    lines.append(f"from       = {wanted.from_}")
    if wanted.department:
        lines.append(f"department = {_quoted(wanted.department)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@person.command("list", cls=Command, help="List people in force: roles, department, key, deputies.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="A .csv, .xlsx, .docx, .pdf, .json or .txt file.")
@pass_session
def list_(session: Session, as_json: bool, output: str | None) -> None:
    """People as a table."""
    system = session.system
    deputies = {
        key: [d for d in system.definitions.delegations if d.principal == key and d.acts(system.today)]
        for key in system.people.person
    }
    if as_json:
        rows = [_as_json(system, key, deputies[key]) for key in deputies]
        session.answer_json({"format": 1, "people": rows}, output)
        return
    names = system.people.names()
    cells = tuple(
        (
            key,
            item.name,
            session.say("{roles}", roles=system.role_titles(item.roles)),
            item.department or "",
            "✓" if system.signs(key) else "",
            "、".join(f"{names.get(d.deputy, d.deputy)} {d.record}" for d in deputies[key]),
        )
        for key, item in system.people.person.items()
    )
    columns = tuple(Column(name, session.say(title)) for name, title in _COLUMNS.items())
    write_grid(session, Grid(session.say("People in force"), "", columns, cells), output)


def _as_json(system: System, key: str, deputies: Sequence[Delegation]) -> Mapping[str, object]:
    item = system.people.person[key]
    return {
        "person": key,
        "name": item.name,
        "roles": list(item.roles),
        "department": item.department,
        "serves": item.serves(system.today),
        "key": system.signs(key),
        "deputies": [{"person": d.deputy, "until": d.until_on.isoformat(), "record": d.record} for d in deputies],
    }


@person.command(cls=Command, help="Name a deputy of PERSON for a time.")
@argument("principal", metavar="PERSON", help="Whose deputy it is.")
@option("--to", "deputy", required=True, metavar="PERSON", help="The deputy.")
@option("--from", "first", metavar="DATE", help="First day (else: today).")
@option("--until", "last", required=True, metavar="DATE", help="Last day.")
@option("--role", "roles", multiple=True, help="Only for this role (else: all of them).")
@option("-m", "--reason", metavar="REASON", help="Why.")
@option("-n", "--dry-run", is_flag=True, help="Plan only, write nothing.")
@pass_session
def delegate(session: Session, principal: str, deputy: str, roles: tuple[str, ...], **options: Any) -> None:
    """A deputy."""
    act = Act(session.by, options["reason"])
    first = given.day("--from", options["first"]) if options["first"] else session.system.today
    last = given.day("--until", options["last"])
    outcome = session.apply(
        lambda system: officers.delegate(system, principal, deputy, act, from_on=first, until_on=last, roles=roles),
        dry_run=options["dry_run"],
    )
    _answer(session, outcome.posted[0].number if outcome.posted else None, principal, deputy, first, last)


def _answer(session: Session, number: str | None, principal: str, deputy: str, first: date, last: date) -> None:
    session.answer(
        session.say(
            "{number}: {deputy} acts for {principal} from {first} to {last}",
            number=number or session.say("(dry run)"),
            deputy=deputy,
            principal=principal,
            first=first,
            last=last,
        )
    )


@person.command(cls=Command, help="End the delegation NUMBER today.")
@argument("number", help="The number of a delegation, see `person list`.")
@option("-m", "--reason", metavar="REASON", help="Why.")
@pass_session
def revoke(session: Session, number: str, reason: str | None) -> None:
    """A delegation that has ended."""
    act = Act(session.by, reason)
    session.apply(lambda system: officers.revoke(system, number, act))
    session.answer(session.say("{number} is revoked", number=number))
