"""Rules on documents in use: reviewed in time, old copies called back, read by who must, external ones checked."""

from __future__ import annotations

from collections.abc import Iterator

from qmsdocs.audit.in_force import is_over, period, procedures
from qmsdocs.audit.rule import Hit, Rule
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import message
from qmsdocs.model.quantity import parse
from qmsdocs.query.custody import externals, recall, reviews, unread

AT_ONCE = parse("0 days")  # until the end of the day, where no document in force fixes a period


def review_overdue(scope: Scope) -> Iterator[Hit]:
    """A document in force whose periodic review is overdue."""
    for review in reviews(scope.system):
        if review.is_overdue:
            said = message("{number} {revision} is to be reviewed by {day}",
                           number=review.number, revision=review.revision, day=review.due_on)  # fmt: skip
            yield Hit(review.number, said)


def copy_not_recalled(scope: Scope) -> Iterator[Hit]:
    """A copy still out, longer than allowed, of a revision that is not in force any more."""
    length = period(scope, "recall_within", AT_ONCE)
    for item in recall(scope.system):
        copy = item.copy
        if item.since is not None and not is_over(scope, item.since, length):
            continue
        holder = scope.system.people.names().get(copy.holder, copy.holder)
        said = message("{number} {revision}: copy {copy} is still with {holder}, not in force since {day}",
                       number=copy.document, revision=copy.revision, copy=copy.number,
                       holder=holder or copy.department or "-", day=item.since or "-")  # fmt: skip
        yield Hit(copy.record, said)


def unread_by_required(scope: Scope) -> Iterator[Hit]:
    """A document in force that people whose role must know it have not read in time."""
    length = period(scope, "trained_within", AT_ONCE)
    for release, procedure in procedures(scope):
        if release.first_day is None or not procedure.front.readers or not is_over(scope, release.first_day, length):
            continue
        late = tuple(
            item.name
            for item in unread(scope.system, release)
            if is_over(scope, scope.system.people.person[item.person].from_ or release.first_day, length)
        )
        if late:
            said = message("{revision} is in force since {day} and not read by {people}",
                           revision=release.revision, day=release.first_day, people=late)  # fmt: skip
            yield Hit(release.number, said)


def external_check_overdue(scope: Scope) -> Iterator[Hit]:
    """A document of external origin nobody checked for its validity in time."""
    for item in externals(scope.system):
        if item.is_overdue:
            said = message("whether {number} is still valid was to be checked by {day}",
                           number=item.number, day=item.due_on)  # fmt: skip
            yield Hit(item.record, said)


RULES: tuple[Rule, ...] = (
    Rule("DOC407", review_overdue),
    Rule("DOC410", copy_not_recalled),
    Rule("DOC411", unread_by_required),
    Rule("DOC418", external_check_overdue),
)
