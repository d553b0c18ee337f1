"""Plans for disposal: a certificate drawn up and authorised, witnessed, carried out, or given up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from qmsdocs.acts import builtin
from qmsdocs.acts.believing import doubts, of_certificate, of_delegation
from qmsdocs.acts.control import Act, authority_of, change, text_of
from qmsdocs.acts.officers import FAMILY
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.language import Catalogue
from qmsdocs.model.hold import DecisionKind
from qmsdocs.model.release import ItemKind, in_force
from qmsdocs.model.retention import Disposition, following
from qmsdocs.query import lending
from qmsdocs.query.retention import Kept, kept
from qmsdocs.store import certificate as certificates
from qmsdocs.store import control, disposal, journal, ledger, names
from qmsdocs.store.certificate import CARRY_OUT, DROP, FEWEST, WITNESS, Certificate, digest_of
from qmsdocs.store.event import Change, Draft, OfDraft
from qmsdocs.store.rows import Row
from qmsdocs.system.view import System

AUTHORISED, CARRIED_OUT, DROPPED = "authorised", "carried_out", "dropped"
SCHEDULE = "records/retention.toml"
MAXIMUM_RECORDS = 20_000  # on one certificate
BEYOND_REACH = (
    message("backups made before, until they are replaced"),
    message("shared stores and copies that have not been brought level since"),
    message("what was printed, sent, exported or handed out"),
    message("tables, scans and messages from which the records were taken in"),
    message("what other records quote of them"),
    message("drafts that were kept among the versions of the folder"),
    message("space on the disk that was let go and is not yet written over"),
)


class Reason(StrEnum):
    """Why a record is destroyed."""

    PERIOD = "period"
    ERASURE = "erasure"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is said of a destruction beside the records."""

    witnesses: tuple[str, ...]
    method: str
    place: str
    paper: str
    opinion: str | None = None
    requested_by: str | None = None  # an erasure on request
    law_checked: str | None = None

    @property
    def is_erasure(self) -> bool:
        """Whether somebody asked for it, so that the period need not have ended."""
        return self.requested_by is not None


def refusals(system: System, items: Sequence[Kept], order: Order, *, certificate: str = "") -> Iterator[Message]:
    """Everything that speaks against destroying the records, by the certificate named where it is drawn up already."""
    rows = {item.row.number: item.row for item in items}
    lent = {loan.record: loan for loan in lending.lent(system) if loan.kind != lending.LentKind.COPY}
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
            yield message("the original of {number} is lent to {holder}", **said, holder=lent[row.number].holder)
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
    """What speaks against the moment: the period, or for an erasure a class that is kept for good."""
    rule = system.schedule.class_.get(item.retention)
    number = item.row.number
    if rule is None:
        yield message("{number}: the schedule in force has no class {name}", number=number, name=item.retention)
    elif rule.length is None:
        yield message("{number} is of a class that is kept for good", number=number)
    elif order.is_erasure:
        if _is_kept_on(system, item):
            yield message("{number} is kept on by decision: {decision}", number=number,
                          decision=item.decision.record if item.decision else "-")  # fmt: skip
    elif item.due_on is None:
        yield message("{number}: its period has not begun", number=number)
    elif item.due_on > system.today:
        yield message("{number} is kept until {day}", number=number, day=item.due_on)
    elif rule.disposition is Disposition.KEEP:
        yield message("{number} is of a class that is kept for good", number=number)
    elif rule.disposition is Disposition.TRANSFER and not _is_handed_over(item):
        yield message("{number} is to be handed over: qmsdocs retention transfer", number=number)


def _is_kept_on(system: System, item: Kept) -> bool:
    """Whether a decision to keep the record longer runs."""
    if item.decision is None or item.decision.kind is not DecisionKind.KEEP:
        return False
    until_on = item.decision.until_on
    ends = following(until_on) if until_on is not None else item.due_on
    return ends is None or ends > system.today


def _is_handed_over(item: Kept) -> bool:
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
    found = in_force(system.releases, ItemKind.CONFIGURATION, SCHEDULE, on=system.today)
    if found is None or found.is_trial:
        raise QmsError(
            "the retention schedule in force is only on trial: nothing is destroyed by it",
            hint=message("make it your own, then: qmsdocs document submit {path}", path=SCHEDULE),
        )


def needed(system: System) -> int:
    """How many witnesses a destruction needs: what the procedure in force says, and never fewer than two."""
    found = system.parameter("witnesses")
    return max(FEWEST, int(found.amount)) if found is not None else FEWEST


def refuse_people(system: System, order: Order, act: Act) -> None:
    """Nothing; raises QmsError for an authority or witnesses who cannot be these."""
    matrix = system.organisation.approval_of(FAMILY)
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
        if not system.signs(person):
            raise QmsError("a destruction is signed, and {person} has no key that counts", person=person,
                           hint=message("qmsdocs key new {person}", person=person))  # fmt: skip
    if order.is_erasure and not any(system.may(person, matrix.review) for person in people):
        raise QmsError(
            "an erasure on request needs the signature of {roles} among the witnesses",
            roles=system.role_titles(matrix.review),
            hint=message("--witness {people}", people=system.people.in_role(matrix.review, on=system.today)),
        )


def draw_up(system: System, branch: str, items: Sequence[Kept], order: Order, act: Act) -> Change:
    """The change that draws up and authorises a certificate over records of one ledger. Raises QmsError."""
    refuse_schedule(system)
    refuse_people(system, order, act)
    if order.is_erasure and not order.law_checked:
        raise QmsError(
            "does a law ask for the records to be kept longer?",
            hint=message("--law-checked WHAT: the minimum looked up, and why it does not forbid it"),
        )
    for said in refusals(system, items, order):
        raise QmsError("{said}", said=said)
    for said in _doubts_before(system, items, order, act):
        raise QmsError("{said}", said=said, hint=message("qmsdocs audit"))
    if len(items) > MAXIMUM_RECORDS:
        raise QmsError("{count} records are too many for one certificate; at most {limit}",
                       count=len(items), limit=MAXIMUM_RECORDS)  # fmt: skip
    salt, words = system.store.nonce(), Catalogue.load(system.language)
    said_of: dict[str, Json] = {
        "ledger": branch,
        "requested_by": text_of(order.requested_by, message("who asked for it")),
        "law_checked": text_of(order.law_checked, message("what was looked up")),
        "opinion": text_of(order.opinion, message("the opinion")),
        "method": text_of(order.method, message("the method")),
        "place": text_of(order.place, message("the place")),
        "paper": text_of(order.paper, message("the paper originals")),
        "beyond_reach": [words.say("{said}", said=said) for said in BEYOND_REACH],
        "needed": needed(system),
        "witnesses": list(dict.fromkeys(order.witnesses)),
        "salt": salt,
        "records": [_listed(system, item, order, salt) for item in items],
    }
    draft = Draft(
        record=builtin.number_at(builtin.DISPOSAL, system.organisation.site[system.site].code),
        act="issue",
        state=AUTHORISED,
        set={name: value for name, value in said_of.items() if value is not None},
        form=builtin.reference(builtin.DISPOSAL),
        meaning="approved",
        acts=builtin.acts(builtin.DISPOSAL),
    )
    head = system.objects.local_commit(branch)
    if not items or head is None:
        raise QmsError("{ledger}: there is nothing left to destroy", ledger=branch)
    return replace(_in_journal(system, act, [draft]), standing={branch: head})


def _doubts_before(system: System, items: Sequence[Kept], order: Order, act: Act) -> Iterator[Message]:
    yield from doubts(system, [item.row for item in items], (act.by, *order.witnesses))
    roles = system.organisation.approval_of(FAMILY).approve
    authority = authority_of(system, act.by, roles, message("authorising a destruction"))
    yield from of_delegation(system.definitions, system.trust, authority.delegation)


def _in_journal(system: System, act: Act, drafts: Sequence[Draft]) -> Change:
    return replace(change(system, act, drafts), stem=names.JOURNAL)


def _listed(system: System, item: Kept, order: Order, salt: str) -> dict[str, Json]:
    """A record as its certificate keeps it: nothing of what stands in it."""
    row = item.row
    events = ledger.events_of(system.objects, row.key)
    head = system.objects.head(row.ledger)
    folder = names.record_folder(row.series, row.serial)
    attached = system.objects.listing(head.commit, f"{folder}/files") if head else ()
    keys = sorted({digest_of(salt, key) for stored in events if (key := stored.event.text("submission"))})
    rule = system.schedule.class_[item.retention]
    found: dict[str, Json] = {
        "number": row.number,
        "series": row.series,
        "serial": row.serial,
        "form": row.form,
        "title": system.form_of_row(row).form.title.of(system.language),
        "year": row.year,
        "retention": item.retention,
        "period": rule.length.of(system.language) if rule.length is not None else rule.period,
        "trigger_on": item.trigger_on.isoformat() if item.trigger_on else None,
        "due_on": item.due_on.isoformat() if item.due_on else None,
        "reason": _reason(item, order),
        "sha256": events[-1].sha256,
        "events": len(events),
        "attachments": len(attached),
        "submissions": list[Json](keys),
    }
    return {name: value for name, value in found.items() if value is not None}


def _reason(item: Kept, order: Order) -> Reason:
    if order.is_erasure:
        return Reason.ERASURE
    return Reason.TRANSFER if _is_handed_over(item) else Reason.PERIOD


def the_certificate(system: System, number: str) -> Certificate:
    """The certificate with a number, of whatever site. Raises QmsError."""
    for item in certificates.certificates(system.objects):
        if item.number == number and number.endswith(f"-{item.serial:06d}"):
            return item
    raise QmsError("there is no certificate {number}", number=number, hint=message("qmsdocs retention certificates"))


def witness(system: System, number: str, act: Act) -> Change:
    """The change by which a person witnesses; with the last signature the records are given up for good.

    Raises QmsError where the records are no longer those on the certificate, or may not be destroyed any more.
    """
    item = _waiting(system, number)
    named = order_of(item).witnesses
    if act.by not in named:
        raise QmsError("{person} is not named as a witness on {number}", person=act.by, number=number,
                       hint=message("--as {people}", people=named))  # fmt: skip
    if act.by in item.witnesses:
        raise QmsError("{person} has signed {number} already", person=act.by, number=number)
    _refuse_changed(system, item)
    for why in of_certificate(system, item):
        raise QmsError("{number} cannot be believed: {why}", number=number, why=why, hint=_anew(number))
    drafts = [_step(item, WITNESS, AUTHORISED, {}, meaning="witnessed")]
    if len(item.witnesses) + 1 < certificates.needed(item.said):
        return _in_journal(system, act, drafts)
    before = system.objects.local_commit(item.ledger)
    if before is None:
        raise QmsError("{ledger} is not held here", ledger=item.ledger)
    root = disposal.root_for(system.store, item, before)
    done: dict[str, Json] = {"before": before, "root": root.commit, "tree": root.tree}
    drafts.append(
        replace(_step(item, CARRY_OUT, CARRIED_OUT, done, meaning="carried_out"), record=OfDraft(0), after=None)
    )
    return replace(_in_journal(system, act, drafts), standing={item.ledger: before})


def drop(system: System, number: str, act: Act) -> Change:
    """The change that gives a certificate up before anything was destroyed."""
    item = _waiting(system, number)
    if not (act.reason or "").strip():
        raise QmsError("giving a certificate up needs a reason", hint=message("-m REASON"))
    authority_of(system, act.by, system.organisation.approval_of(FAMILY).approve, message("giving a certificate up"))
    return _in_journal(system, act, [_step(item, DROP, DROPPED, {}, meaning="approved")])


def _waiting(system: System, number: str) -> Certificate:
    item = the_certificate(system, number)
    if item.is_carried_out:
        raise QmsError("{number} was carried out on {day}", number=number, day=item.carried_out_on or "-")
    if item.is_dropped:
        raise QmsError("{number} was given up", number=number)
    return item


def _step(item: Certificate, act: str, state: str, given: Mapping[str, Json], *, meaning: str) -> Draft:
    return Draft(
        record=control.key_of(item.events[0]),
        act=act,
        state=state,
        set=given,
        form=builtin.reference(builtin.DISPOSAL),
        after=item.events[-1].sha256,
        meaning=meaning,
        acts=builtin.acts(builtin.DISPOSAL),
    )


def _refuse_changed(system: System, item: Certificate) -> None:
    """Nothing; raises QmsError where a record has moved on since, or something speaks against its end by now."""
    hint, rows = _anew(item.number), []
    for record in item.records:
        row = system.index.by_number(record.number)
        if row is None or row.sha256 != record.last:
            raise QmsError("{number} is no longer what {certificate} says",
                           number=record.number, certificate=item.number, hint=hint)  # fmt: skip
        rows.append(row)
    for said in refusals(system, tuple(kept(system, rows)), order_of(item), certificate=item.number):
        raise QmsError("{said}", said=said, hint=hint)
    for said in doubts(system, rows, (item.authority, *order_of(item).witnesses)):
        raise QmsError("{said}", said=said, hint=hint)


def _anew(number: str) -> Message:
    return message("qmsdocs retention certificates --drop {number} -m REASON, and begin again", number=number)


def order_of(item: Certificate) -> Order:
    """What was said when the certificate was drawn up."""
    said = item.said

    def text(name: str) -> str | None:
        value = said.get(name)
        return value if isinstance(value, str) else None

    named = said.get("witnesses")
    return Order(
        witnesses=tuple(map(str, named)) if isinstance(named, list) else (),
        method=text("method") or "",
        place=text("place") or "",
        paper=text("paper") or "",
        opinion=text("opinion"),
        requested_by=text("requested_by"),
        law_checked=text("law_checked"),
    )


def problems(system: System, item: Certificate) -> Iterator[Message]:
    """Everything that speaks against believing a certificate: signatures, keys, rights, holds known here."""
    yield from of_certificate(system, item)
    rows = [row for record in item.records if (row := system.index.by_number(record.number)) is not None]
    for found in kept(system, rows):
        for hold in found.holds:
            yield message("{number} is on hold: {hold} {title}",
                          number=found.row.number, hold=hold.record, title=hold.title)  # fmt: skip


def arrive(system: System, site: str) -> tuple[str, ...]:
    """The certificates of a site that came from another copy and were carried out here now; see `store.disposal`."""
    return disposal.arrive(
        system.store, site, now=system.now, believes=lambda item: not any(True for _ in problems(system, item))
    )
