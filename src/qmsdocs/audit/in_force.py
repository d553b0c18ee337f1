"""What is in force, as the rules ask for it: documents and forms that can be read, and the numbers procedures fix."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import QmsError
from qmsdocs.model.document import Procedure
from qmsdocs.model.form import Form
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.release import ItemKind, Release, in_force


def releases(scope: Scope) -> Iterator[Release]:
    """The revision in force today of every controlled item, by kind and number."""
    known = scope.system.releases
    for kind, number in sorted({(release.kind, release.number) for release in known}):
        found = in_force(known, kind, number, on=scope.today)
        if found is not None:
            yield found


def procedures(scope: Scope) -> Iterator[tuple[Release, Procedure]]:
    """The documents in force. One whose stored bytes are damaged is left out: other rules speak of it."""
    for release in releases(scope):
        if release.kind is ItemKind.PROCEDURE:
            try:
                yield release, scope.system.definitions.procedure(release)
            except QmsError:
                continue


def forms(scope: Scope) -> Iterator[tuple[Release, Form]]:
    """The forms in force, damaged ones left out."""
    for release in releases(scope):
        if release.kind is ItemKind.FORM:
            try:
                reference = release.form
                yield release, scope.system.form_of(reference).form
            except QmsError:
                continue


def parameter(scope: Scope, name: str) -> tuple[str, Quantity] | None:
    """The number of the first document in force that fixes a parameter of that name, and its value."""
    found = ((r.number, p.parameters[name]) for r, p in procedures(scope) if name in p.parameters)
    return next(found, None)


def period(scope: Scope, name: str, otherwise: Quantity) -> Quantity:
    """The period a document in force fixes under a name, `otherwise` where none does."""
    found = parameter(scope, name)
    return found[1] if found is not None and found[1].is_duration else otherwise


def is_over(scope: Scope, since: date | datetime, length: Quantity) -> bool:
    """Whether a period that began on a day or at a moment has run out."""
    calendar = scope.system.calendar
    begun = since if isinstance(since, datetime) else datetime.combine(since, time(0), calendar.zone)
    return calendar.end(begun, length) < scope.system.now
