"""Whether the system itself is looked after: files that can be read, waivers that hold, checks made in time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

from qmsdocs.audit.findings import Waived
from qmsdocs.audit.rule import Hit, Rule
from qmsdocs.audit.scope import Scope
from qmsdocs.audit.waiving import Granted, granted
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.calendar import CIVIL, add_period
from qmsdocs.model.finding import Finding
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.release import ItemKind, in_force
from qmsdocs.model.waiver import WAIVERS
from qmsdocs.query.rule_texts import NO_SUCH_RULE, texts
from qmsdocs.store import journal, ledger, names
from qmsdocs.store.arrival import EVENT_KEYS
from qmsdocs.store.event import Stored

HEAD_EVERY, RESTORE_EVERY = "head_every", "restore_test_every"  # parameters of the procedure on records
RESTORES = "restore"  # the series of restore tests in a journal
_UNKNOWN_KEY = "unknown key"  # how the message for it begins
_ISSUED = "issued"
_EXPECTED = ("README.md", "*.toml", "registers/*.toml")
_OF_THE_SYSTEM = ("thumbs.db", "desktop.ini")


def unreadable(scope: Scope) -> Iterator[Hit]:
    """SYS901: a definition in the folder, or the waivers in force, cannot be read."""
    for finding in scope.working.unread:
        if not _names_unknown_key(finding.message):
            yield Hit(finding.subject, finding.message, finding.place)
    try:
        granted(scope)
    except QmsError as error:
        yield Hit(WAIVERS, error.message)


def unknown_key(scope: Scope) -> Iterator[Hit]:
    """SYS902: a definition in the folder, or an event of releases or journals, holds a key nobody knows."""
    for finding in scope.working.unread:
        if _names_unknown_key(finding.message):
            yield Hit(finding.subject, finding.message, finding.place)
    for stored in _kept_for_ever(scope):
        if unknown := unknown_keys(stored.body):
            number = str(stored.event.mapping("record").get("number"))
            yield Hit(number, message("the act {act} holds keys this program does not know: {keys}",
                                      act=stored.event.act, keys=unknown), stored.path)  # fmt: skip


def unknown_keys(body: Mapping[str, Json]) -> tuple[str, ...]:
    """The keys of an event that this program does not know, in order."""
    return tuple(sorted(body.keys() - EVENT_KEYS))


def expired(scope: Scope) -> Iterator[Hit]:
    """SYS904: a waiver in force has expired."""
    for item in _granted(scope):
        if item.waiver.expires < scope.today:
            yield Hit(WAIVERS, message("{waiver} expired on {day}", waiver=item.waiver, day=item.waiver.expires))


def without_right(scope: Scope) -> Iterator[Hit]:
    """SYS905: a waiver in force does not count: approved by nobody or another, too long, or of integrity."""
    for item in _granted(scope):
        for why in item.problems:
            yield Hit(WAIVERS, message("{waiver}: {why}", waiver=item.waiver, why=why))


def of_unknown_rule(scope: Scope) -> Iterator[Hit]:
    """SYS906: a waiver in force names a rule there is not."""
    for item in _granted(scope):
        if item.waiver.code not in texts():
            yield Hit(WAIVERS, message("{waiver}: {why}", waiver=item.waiver, why=NO_SUCH_RULE))


def unused(known: Iterable[Granted], waived: Iterable[Waived], *, on: date) -> Iterator[Finding]:
    """SYS903: a waiver that holds accepted nothing in this run. Only a run of all rules over everything can say so."""
    used = {item.waiver for item in waived}
    severity = texts()["SYS903"].severity
    for item in known:
        if item.holds(on) and item.waiver not in used:
            yield Finding("SYS903", severity, WAIVERS, message("{waiver} accepts nothing any more", waiver=item.waiver))


def overdue(scope: Scope) -> Iterator[Hit]:
    """SYS907: no heads recorded, or no restoring tried, within what the procedure on records fixes."""
    every = _intervals(scope)
    begun = {site: day for site in scope.system.organisation.site if (day := _first(scope, site)) is not None}
    for site, first in begun.items():
        last = _newest(scope, site, journal.HEADS) or first
        if _is_late(last, every.get(HEAD_EVERY), scope.today):
            yield Hit(names.journal_of(site), message("the hashes were last recorded on {day}; due every {period}",
                                                      day=last, period=every[HEAD_EVERY]))  # fmt: skip
    tried = max((day for site in begun if (day := _newest(scope, site, RESTORES)) is not None), default=None)
    if _is_late(tried or min(begun.values(), default=scope.today), every.get(RESTORE_EVERY), scope.today):
        period = every[RESTORE_EVERY]
        yield Hit(
            scope.system.site,
            message("restoring a backup was never tried; due every {period}", period=period)
            if tried is None
            else message("restoring a backup was last tried on {day}; due every {period}", day=tried, period=period),
        )


def strange(scope: Scope) -> Iterator[Hit]:
    """SYS908: a file lies under records/ that is no part of the system."""
    folder = scope.root / "records"
    expected = {path for pattern in _EXPECTED for path in folder.glob(pattern)}
    for path in _below(folder):
        if path.is_symlink() or path not in expected:
            name = path.relative_to(scope.root).as_posix()
            yield Hit(name, message("this file is no record: records are not kept in this folder"))


def _below(folder: Path) -> Iterator[Path]:
    """The files below a folder, but for issued pages and what a computer leaves behind."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or path.name.lower() in _OF_THE_SYSTEM:
            continue
        if path.is_dir() and not path.is_symlink():
            if path.name != _ISSUED:
                yield from _below(path)
        else:
            yield path


def _names_unknown_key(said: Message) -> bool:
    what = said.values.get("what")
    return isinstance(what, Message) and what.template.startswith(_UNKNOWN_KEY)


def _granted(scope: Scope) -> tuple[Granted, ...]:
    """The waivers in force; none where they cannot be read, which a rule of its own says."""
    with suppress(QmsError):
        return granted(scope)
    return ()


def _kept_for_ever(scope: Scope) -> Iterator[Stored]:
    """Every event of the releases and journals that can be read; what cannot be is for the rules of history."""
    for branch, head in scope.objects.heads(lambda name: name.startswith("qms/") and names.is_ledger(name)).items():
        with suppress(QmsError):
            yield from ledger.stream(scope.objects, branch, head.commit)


def _intervals(scope: Scope) -> Mapping[str, Quantity]:
    """How often, as the procedure in force says that fixes how often hashes leave the house."""
    system = scope.system
    for number in sorted({r.number for r in system.releases if r.kind is ItemKind.PROCEDURE}):
        release = in_force(system.releases, ItemKind.PROCEDURE, number, on=scope.today)
        parameters = system.definitions.procedure(release).parameters if release is not None else {}
        if HEAD_EVERY in parameters:
            return {name: period for name, period in parameters.items() if period.unit in CIVIL}
    return {}


def _is_late(last: date, every: Quantity | None, today: date) -> bool:
    return every is not None and add_period(last, every) < today


def _first(scope: Scope, site: str) -> date | None:
    """The day a site began to write; None for one whose journal is not held here."""
    with suppress(QmsError):
        first = next(journal.all_of(scope.objects, site, journal.SEAT), None)
        return _day(scope, first) if first is not None else None
    return None


def _newest(scope: Scope, site: str, series: str) -> date | None:
    """The day of the newest event of a series in the journal of a site."""
    with suppress(QmsError):
        newest = journal.newest(scope.objects, site, series)
        return _day(scope, newest) if newest is not None else None
    return None


def _day(scope: Scope, stored: Stored) -> date:
    return stored.event.recorded_at.astimezone(scope.system.zone).date()


RULES: tuple[Rule, ...] = (
    Rule("SYS901", unreadable),
    Rule("SYS902", unknown_key),
    Rule("SYS904", expired),
    Rule("SYS905", without_right),
    Rule("SYS906", of_unknown_rule),
    Rule("SYS907", overdue),
    Rule("SYS908", strange),
)
