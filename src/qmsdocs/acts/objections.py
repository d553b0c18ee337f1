"""What speaks against a destruction: the period, holds, loans and links, the schedule, and the people named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from qmsdocs.acts.believing import doubts, of_delegation
from qmsdocs.acts.control import Act, authority_of
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.hold import DecisionKind
from qmsdocs.model.release import ItemKind
from qmsdocs.model.retention import SCHEDULE, Disposition
from qmsdocs.query import lending
from qmsdocs.query.personal import personal_in, sought
from qmsdocs.query.retention import Kept
from qmsdocs.store import journal, names
from qmsdocs.store.certificate import FEWEST, Certificate
from qmsdocs.store.rows import Row
from qmsdocs.system.believed import too_early
from qmsdocs.system.view import System

MAXIMUM_RECORDS = 20_000  # on one certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is said of a destruction beside the records."""

    witnesses: tuple[str, ...]
    place: str
    method: str | None = None  # without them: by whether paper originals are kept
    paper: str | None = None
    opinion: str | None = None
    requested_by: str | None = None  # an erasure on request
    law_checked: str | None = None

    @property
    def is_erasure(self) -> bool:
        """Whether somebody asked for it, so that the period need not have ended."""
        return self.requested_by is not None


def order_of(item: Certificate) -> Order:
    """What was said when the certificate was drawn up."""
    said = item.said

    def text(name: str) -> str | None:
        value = said.get(name)
        return value if isinstance(value, str) else None

    named = said.get("witnesses")
    return Order(
        witnesses=tuple(map(str, named)) if isinstance(named, list) else (),
        place=text("place") or "",
        method=text("method"),
        paper=text("paper"),
        opinion=text("opinion"),
        requested_by=text("requested_by"),
        law_checked=text("law_checked"),
    )


def refusals(system: System, items: Sequence[Kept], order: Order, *, certificate: str = "") -> Iterator[Message]:
    """Everything that speaks against destroying the records, by the certificate named where it is drawn up already."""
    rows = {item.row.number: item.row for item in items}
    loans = (loan for loan in lending.lent(system) if loan.kind != lending.LentKind.COPY)
    lent = {loan.record: lending.holder_of(system, loan) for loan in loans}
    for item in items:
        row = item.row
        said = {"number": row.number}
        if not journal.belongs(row.ledger, system.site):
            yield message("{number} is kept by another site", **said)
        if names.parse_branch(row.ledger).kind is not names.Kind.RECORDS:  # type: ignore[union-attr]
            yield message("{number} is kept for good", **said)
        yield from _too_early(system, item, order)
        for hold in item.holds:
            yield message("{number} is on hold: {hold} {title}", **said, hold=hold.record, title=hold.title)
        if row.number in lent:
            yield message("the original of {number} is lent to {holder}", **said, holder=lent[row.number])
        if item.certificate not in ("", certificate):
            yield message("{number} stands on {certificate} already", **said, certificate=item.certificate)
        if not (row.is_closed or row.is_void):
            yield message("{number} is not closed", **said)
        if row.needs_newer_program:
            yield message("{number} needs a newer program", **said)
        for other in _open_links(system, row):
            if other.number not in rows:
                yield message("{number} is needed by {other}, which is open", **said, other=other.number)


def _too_early(system: System, item: Kept, order: Order) -> Iterator[Message]:
    """What speaks against the moment."""
    rule = system.schedule.class_.get(item.retention)
    number, ends, decision = item.row.number, item.due_on, item.decision
    return too_early(number, item.retention, rule, ends, decision, system.today, is_erasure=order.is_erasure)


def is_handed_over(item: Kept) -> bool:
    return item.decision is not None and item.decision.kind is DecisionKind.TRANSFER


def is_destroyed(system: System, item: Kept) -> bool:
    """Whether the schedule says that records of its class are destroyed, so that nobody has to look at each."""
    rule = system.schedule.class_.get(item.retention)
    return rule is not None and rule.disposition is Disposition.DESTROY


def _open_links(system: System, row: Row) -> Iterator[Row]:
    """The open records this one was raised by, or raised itself."""
    above = system.index.by_number(row.raised_from) if row.raised_from else None
    for other in (*((above,) if above is not None else ()), *system.index.raised_by(row.number)):
        if not (other.is_closed or other.is_void):
            yield other


def refuse_schedule(system: System) -> None:
    """Nothing; raises QmsError while the schedule in force is the one the program came with."""
    found = system.in_force(ItemKind.CONFIGURATION, SCHEDULE)
    if found is None or found.is_trial:
        raise QmsError(
            "the retention schedule in force is only on trial: nothing is destroyed by it",
            hint=message(
                "change it: qmsdocs document submit {path} -m REASON; or adopt it as it is: qmsdocs document review "
                "{path} --trial; then qmsdocs document approve {path} --trial",
                path=SCHEDULE,
            ),
        )


def needed(system: System) -> int:
    """How many witnesses a destruction needs: what the procedure in force says, and never fewer than two."""
    found = system.parameter("witnesses")
    return max(FEWEST, int(found.amount)) if found is not None else FEWEST


def refuse_without_key(system: System, person: str) -> None:
    """Nothing; raises QmsError for a person who cannot sign."""
    if not system.signs(person):
        raise QmsError("a destruction is signed, and {person} has no key that counts", person=person,
                       hint=message("qmsdocs key new {person}", person=person))  # fmt: skip


def refuse_people(system: System, order: Order, act: Act) -> None:
    """Nothing; raises QmsError for an authority or witnesses who cannot be these."""
    matrix = system.officers
    authority = authority_of(system, act.by, matrix.approve, message("authorising a destruction"))
    count = needed(system)
    people = tuple(dict.fromkeys(order.witnesses))
    if len(people) < count:
        raise QmsError("a destruction needs {count} witnesses; {given} are named", count=count, given=len(people),
                       hint=message("--witness PERSON for each"))  # fmt: skip
    for person in people:
        system.refuse_unknown_person(person)
        if person in (act.by, authority.behalf):
            raise QmsError("{person} authorises the destruction and cannot witness it too", person=person)
    for person in (act.by, *people):
        refuse_without_key(system, person)
    if order.is_erasure and not any(system.may(person, matrix.review) for person in people):
        raise QmsError(
            "an erasure on request needs the signature of {roles} among the witnesses",
            roles=system.role_titles(matrix.review),
            hint=message("--witness {people}", people=system.people.in_role(matrix.review, on=system.today)),
        )


def refuse(system: System, items: Sequence[Kept], order: Order, act: Act) -> None:
    """Nothing; raises QmsError with the first reason why the records may not be destroyed so."""
    refuse_schedule(system)
    refuse_people(system, order, act)
    if order.is_erasure and not order.law_checked:
        raise QmsError(
            "does a law ask for the records to be kept longer?",
            hint=message("--law-checked WHAT: the minimum looked up, and why it does not forbid it"),
        )
    for said in refusals(system, items, order):
        raise QmsError("{said}", said=said)
    told = (order.requested_by, order.law_checked, order.opinion, order.method, order.place, order.paper, act.reason)
    refuse_named(system, (item.row for item in items), *told)
    for said in _doubts_before(system, items, order, act):
        raise QmsError("{said}", said=said, hint=message("qmsdocs audit"))
    if len(items) > MAXIMUM_RECORDS:
        raise QmsError("{count} records are too many for one certificate; at most {limit}",
                       count=len(items), limit=MAXIMUM_RECORDS)  # fmt: skip


def refuse_named(system: System, rows: Iterable[Row], *written: str | None) -> None:
    """Nothing; raises QmsError where a certificate would name somebody: afterwards nobody knows what to mask in it."""
    sweep = sought(system, {text for row in rows for text in personal_in(system, system.record_at(row.key))})
    if any(sweep.finds(text) for text in written if text):
        raise QmsError(
            "what you write on the certificate names somebody whose record is destroyed",
            hint=message("it is kept for ever; say it without the name: by letter of DATE, kept in the files"),
        )


def _doubts_before(system: System, items: Sequence[Kept], order: Order, act: Act) -> Iterator[Message]:
    yield from doubts(system, [item.row for item in items], (act.by, *order.witnesses))
    roles = system.officers.approve
    authority = authority_of(system, act.by, roles, message("authorising a destruction"))
    yield from of_delegation(system.definitions, system.trust, authority.delegation)
