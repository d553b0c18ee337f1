"""The record of a package that leaves the house: begun before it is made, packed before it is handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qmsdocs.acts.control import signed, text_of
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.query.selecting import Selection, said
from qmsdocs.store import names
from qmsdocs.store.event import Change, Draft, OfDraft, Posted
from qmsdocs.system import builtin
from qmsdocs.system.view import System


@dataclass(frozen=True, slots=True)
class Taking:
    """Who takes a package, for whom, why, and whether with personal data."""

    by: str
    recipient: str
    reason: str | None
    is_full: bool


def begin(system: System, selection: Selection, taking: Taking) -> Change:
    """The change that begins the record of a pull. Raises QmsError for personal data without the role or a reason."""
    system.refuse_unknown_person(taking.by)
    if taking.is_full:
        _refuse_full(system, taking)
    draft = _begun(
        system,
        taking,
        asked="\n".join(f"{name}: {text}" for name, text in said(selection.wanted).items()),
        population=selection.population,
        numbers=[row.number for row in selection.rows],
    )
    return Change(site=system.site, drafts=(draft,), stem=names.JOURNAL)


def _begun(system: System, taking: Taking, *, asked: str, population: int, numbers: Sequence[str]) -> Draft:
    """The first act of every record of what leaves the house."""
    return Draft(
        record=builtin.number_at(builtin.PULL, system.organisation.site[system.site].code),
        act="issue",
        state="begun",
        set={
            "recipient": text_of(taking.recipient, message("for whom the package is")),
            "is_full": taking.is_full,
            "asked": asked,
            "population": population,
            "count": len(numbers),
            "numbers": "\n".join(numbers),
        },
        form=builtin.reference(builtin.PULL),
        by=taking.by,
        reason=text_of(taking.reason, message("the reason")),
        meaning=signed(system, taking.by, "prepared"),
    )


def _refuse_full(system: System, taking: Taking) -> None:
    roles = system.organisation.export.full_roles
    if not system.may(taking.by, roles):
        raise QmsError(
            "{act} is for {roles}; {person} is none of these",
            act=message("taking out personal data"),
            roles=system.role_titles(roles),
            person=taking.by,
            hint=message("--as {people}; without --full personal data are masked", people=able)
            if (able := system.people.in_role(roles, on=system.today))
            else message("without --full personal data are masked"),
        )
    if not (taking.reason or "").strip():
        raise QmsError("taking out personal data needs a reason", hint=message("-m REASON"))


def pack(system: System, begun: Posted, result: Mapping[str, Json]) -> Change:
    """The change that says what the package is, before it is handed over."""
    by = begun.stored.event.by
    draft = Draft(
        record=begun.record,
        act="pack",
        state="packed",
        set=result,
        form=builtin.reference(builtin.PULL),
        by=by,
        after=begun.stored.sha256,
        meaning=signed(system, by, "prepared"),
        acts=builtin.acts(builtin.PULL),
    )
    return Change(site=system.site, drafts=(draft,), stem=names.JOURNAL)


def sheet(system: System, taking: Taking, *, asked: str, digest: str) -> Change:
    """The change that records one sheet taken out, such as the one an audit opens with; `digest` is its sha256."""
    system.refuse_unknown_person(taking.by)
    begun = _begun(system, taking, asked=asked, population=0, numbers=())
    packed = Draft(
        record=OfDraft(0),
        act="pack",
        state="packed",
        set={"manifest": digest},
        form=builtin.reference(builtin.PULL),
        by=taking.by,
        meaning=signed(system, taking.by, "prepared"),
        acts=builtin.acts(builtin.PULL),
    )
    return Change(site=system.site, drafts=(begun, packed), stem=names.JOURNAL)
