"""Which records leave together: those asked for or drawn, and with them what belongs to each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from qmsdocs.base.errors import QmsError, message
from qmsdocs.model.masking import MASK
from qmsdocs.model.release import ItemKind
from qmsdocs.store.certificate import Certificate, Disposed
from qmsdocs.store.index import Filter
from qmsdocs.store.rows import Row
from qmsdocs.system.view import System

VOID = "void"
_VOID = (VOID, "VOID", "注销", "已注销")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: every condition given must hold. `sample` of those that fit are drawn by `seed`."""

    numbers: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None  # inclusive
    customer: str = ""
    clauses: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    sample: int | None = None
    seed: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """Records that belong together, from the one that called for the others on, in reading order."""

    rows: tuple[Row, ...]

    @property
    def root(self) -> Row:
        """The record the others go back to."""
        return self.rows[0]


@dataclass(frozen=True, slots=True)
class Destroyed:
    """A destroyed record that would have been in the range, and the certificate that says so."""

    record: Disposed
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Selection:
    """What was found: the numbers asked for (or drawn of those `fitting`), with all that belongs to them."""

    wanted: Wanted
    numbers: frozenset[str]
    fitting: tuple[str, ...]
    families: tuple[Family, ...]
    destroyed: tuple[Destroyed, ...]

    @property
    def population(self) -> int:
        """How many records fit."""
        return len(self.fitting)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every record of every family."""
        return tuple(row for family in self.families for row in family.rows)


def select(system: System, wanted: Wanted) -> Selection:
    """The records that fit, and what belongs to them. Raises QmsError for a number, form or state there is none of."""
    fitting = tuple(_fitting(system, wanted))
    chosen = drawn(fitting, wanted.sample, wanted.seed) if wanted.sample is not None else fitting
    return Selection(
        wanted,
        frozenset(row.number for row in chosen),
        tuple(row.number for row in fitting),
        _families(system, chosen),
        tuple(_destroyed(system, wanted)),
    )


def drawn(rows: Iterable[Row], count: int, seed: str) -> tuple[Row, ...]:
    """`count` of the records, drawn by `seed`; all where there are fewer.

    Everybody can draw again: of each number the sha256 of the line `SEED NUMBER` is taken (without a line end), and
    those with the smallest are drawn. Every record has the same chance, and nobody who fixed the seed first can choose.
    """
    ranked = sorted(rows, key=lambda row: (rank(row.number, seed), row.number))
    return tuple(sorted(ranked[:count], key=_place))


def rank(number: str, seed: str) -> str:
    """What a record is drawn by."""
    return sha256(f"{seed} {number}".encode()).hexdigest()


def _fitting(system: System, wanted: Wanted) -> Iterator[Row]:
    forms = _forms(system, wanted)
    states = frozenset(_states(system, wanted.states, forms))
    held = Filter(forms=forms, opened_from=wanted.first, opened_to=wanted.last, customer=wanted.customer)
    if not forms:
        return
    numbers = frozenset(wanted.numbers)
    for number in wanted.numbers:
        if system.index.by_number(number) is None and number not in _gone(system):
            raise QmsError("there is no record {number}", number=number, hint=message("qmsdocs record list"))
    for row in system.index.records(held):
        state = row.form, VOID if row.is_void else row.state
        if (not numbers or row.number in numbers) and (not wanted.states or state in states):
            yield row


def _gone(system: System) -> frozenset[str]:
    return frozenset(gone.record.number for gone in destroyed(system))


def _forms(system: System, wanted: Wanted) -> tuple[str, ...]:
    """The forms whose records can be meant."""
    known = system.form_numbers
    for number in wanted.forms:
        if number not in known:
            raise QmsError("there is no form {number}; there are {known}", number=number, known=known)
    forms = wanted.forms or known
    for clause in wanted.clauses:
        forms = tuple(number for number in forms if _cites(system, number, clause))
    return forms


def _cites(system: System, form: str, clause: str) -> bool:
    """Whether a revision of the form's procedure cites the clause, a part of it, or the whole it is a part of."""
    procedure = system.form_known(form).form.procedure
    releases = (r for r in system.releases if (r.kind, r.number) == (ItemKind.PROCEDURE, procedure))
    cited = {said for release in releases for said in system.definitions.procedure(release).front.clauses}
    return any(_covers(said, clause) or _covers(clause, said) for said in cited)


def _covers(whole: str, part: str) -> bool:
    return part == whole or part.startswith(f"{whole}.") or (":" not in whole and part.startswith(f"{whole}:"))


def _states(system: System, wanted: tuple[str, ...], forms: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each form with those of its states that are meant, given by name or by their title in either language."""
    known: dict[str, set[tuple[str, str]]] = {said: {(number, VOID) for number in forms} for said in _VOID}
    for number in forms:
        for name, state in system.form_known(number).form.state.items():
            for said in {name, state.title.zh, state.title.en}:
                known.setdefault(said, set()).add((number, name))
    for written in wanted:
        if written not in known:
            names = tuple(sorted({name for found in known.values() for _, name in found}))
            raise QmsError("there is no state {state}; there are {known}", state=written, known=names)
        yield from known[written]


# ── what belongs together


def _families(system: System, rows: Iterable[Row]) -> tuple[Family, ...]:
    found: dict[str, Family] = {}
    for row in rows:
        root = _root(system, row)
        if root.number not in found:
            found[root.number] = Family(tuple(_below(system, root, set())))
    return tuple(sorted(found.values(), key=lambda family: _place(family.root)))


def _root(system: System, row: Row) -> Row:
    seen = {row.number}
    while row.raised_from and row.raised_from not in seen:
        above = system.index.by_number(row.raised_from)
        if above is None:
            break  # destroyed, or kept elsewhere
        seen.add(above.number)
        row = above
    return row


def _below(system: System, row: Row, seen: set[str]) -> Iterator[Row]:
    """The record and those it called for, each before its own, the older before the younger."""
    if row.number in seen:
        return
    seen.add(row.number)
    yield row
    for below in sorted(system.index.raised_by(row.number), key=_age):
        yield from _below(system, below, seen)


def _age(row: Row) -> tuple[str, str]:
    return row.recorded_at, row.number


def _place(row: Row) -> tuple[str, str, int, str]:
    return row.opened_at[:7], row.form, row.serial, row.number


# ── what is gone


def _destroyed(system: System, wanted: Wanted) -> Iterator[Destroyed]:
    """The destroyed records that may have been in the range; of customer and state nothing is known any more."""
    if not wanted.numbers:
        return destroyed(system, _forms(system, wanted), wanted.first, wanted.last)
    return (gone for gone in destroyed(system) if gone.record.number in wanted.numbers)


def destroyed(
    system: System, forms: tuple[str, ...] | None = None, first: date | None = None, last: date | None = None
) -> Iterator[Destroyed]:
    """The records destroyed, of `forms` or of all, of the years from `first` to `last`."""
    years = range((first or date.min).year, (last or date.max).year + 1)
    for found in system.store.believed(system.objects):
        for record in found.records:
            if (forms is None or record.form in forms) and record.year in years:
                yield Destroyed(record, found)


def said(wanted: Wanted) -> Mapping[str, str]:
    """What was asked for, as it may be written down for ever: a customer's name is left out."""
    found = {
        "numbers": " ".join(wanted.numbers),
        "form": " ".join(wanted.forms),
        "period": f"{wanted.first or ''}..{wanted.last or ''}" if wanted.first or wanted.last else "",
        "customer": MASK if wanted.customer else "",
        "clause": "; ".join(wanted.clauses),
        "state": " ".join(wanted.states),
        "sample": str(wanted.sample) if wanted.sample is not None else "",
        "seed": wanted.seed if wanted.sample is not None else "",
    }
    return {name: text for name, text in found.items() if text}
