"""Which waivers hold: those of the released `waivers.toml`, approved by whom they name, not expired."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from qmsdocs.audit.findings import Waived
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.files import text_of
from qmsdocs.base.toml import parse
from qmsdocs.model.calendar import add_period
from qmsdocs.model.finding import Finding
from qmsdocs.model.release import ItemKind, Release, decided, in_force
from qmsdocs.model.waiver import LONGEST, WAIVERS, Waiver, Waivers
from qmsdocs.query.rule_texts import is_waivable, refuse_code, texts

_DECIDES = frozenset({"approve", "adopt"})


@dataclass(frozen=True, slots=True)
class Granted:
    """A waiver of the revision in force, and why it does not count where it does not."""

    waiver: Waiver
    problems: tuple[Message, ...]

    def holds(self, on: date) -> bool:
        """Whether a finding may be accepted by it on a day."""
        return not self.problems and on <= self.waiver.expires


def granted(scope: Scope) -> tuple[Granted, ...]:
    """The waivers of the revision in force today. Raises QmsError where it cannot be read."""
    releases = scope.system.releases
    current = in_force(releases, ItemKind.CONFIGURATION, WAIVERS, on=scope.today)
    if current is None:
        return ()
    known = [r for r in decided(releases, ItemKind.CONFIGURATION, WAIVERS) if r.order <= current.order]
    return tuple(Granted(waiver, tuple(_problems(scope, waiver, known))) for waiver in _read(scope, current))


def _read(scope: Scope, release: Release) -> tuple[Waiver, ...]:
    data = next(iter(scope.system.definitions.files(release).values()))
    source = f"{WAIVERS} {release.revision}"
    return parse(text_of(data, source), Waivers, source=source).waiver


def _problems(scope: Scope, waiver: Waiver, known: Iterable[Release]) -> Iterator[Message]:
    """Why a waiver does not count; it rests on the revision that it first stands in."""
    first = next(release for release in known if _holds(scope, release, waiver))
    if waiver.code in texts():  # else another rule says so
        yield from refuse_code(waiver.code)
    begun = first.first_day or scope.today
    if waiver.expires > add_period(begun, LONGEST):
        yield message("it expires on {day}, more than {longest} after {begun}, when it was first in force",
                      day=waiver.expires, longest=LONGEST, begun=begun)  # fmt: skip
    approvals = [event for event in scope.system.definitions.course(first).events if event.act in _DECIDES]
    if not approvals:
        yield message("nobody has approved {number} {revision}", number=first.number, revision=first.revision)
        return
    approver = approvals[-1]
    if waiver.approved_by not in (approver.by, approver.changes.get("deputy_for")):
        yield message("{revision} was approved by {approver}, not by {person}",
                      revision=first.revision, approver=approver.by, person=waiver.approved_by)  # fmt: skip
    for stored in scope.system.definitions.events(first):
        for why in scope.trust.problems(stored)[:1]:
            yield message("the act {act} on {number} {revision} cannot be believed: {why}",
                          act=stored.event.act, number=first.number, revision=first.revision, why=why)  # fmt: skip


def _holds(scope: Scope, release: Release, waiver: Waiver) -> bool:
    try:
        return waiver in _read(scope, release)
    except QmsError:
        return False


def sift(
    findings: Iterable[Finding], known: Iterable[Granted], *, on: date
) -> tuple[tuple[Finding, ...], tuple[Waived, ...]]:
    """The findings that stand, and those that are accepted on a day."""
    holding = [item.waiver for item in known if item.holds(on)]
    standing, waived = [], []
    for finding in findings:
        waiver = next((item for item in holding if item.covers(finding)), None)
        if waiver is None or not is_waivable(finding.code):
            standing.append(finding)
        else:
            waived.append(Waived(finding, waiver))
    return tuple(standing), tuple(waived)
