"""Rules on controlled items: released, in force once and not too early, and in agreement with each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from qmsdocs.acts.items import Content
from qmsdocs.audit.in_force import forms, is_over, parameter, period, procedures, releases
from qmsdocs.audit.rule import Hit, Rule
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import Message, message
from qmsdocs.model.document import Procedure
from qmsdocs.model.quantity import Quantity, Unit, parse
from qmsdocs.model.release import ItemKind, decided, in_force
from qmsdocs.query.text_lines import LINK, read_lines
from qmsdocs.store.repository import changed_at

STALE_AFTER = parse("6 months")  # where no document in force fixes `draft_stale_after`


def never_released(scope: Scope) -> Iterator[Hit]:
    """An item of the folder that was never put into force and does not wait for it."""
    definitions = scope.system.definitions
    for item in scope.items:
        if definitions.newest(item.kind, item.number) is None and definitions.open(item.kind, item.number) is None:
            yield Hit(item.number, message("it stands in the folder and was never released"))


def only_on_trial(scope: Scope) -> Iterator[Hit]:
    """An item in force on trial, as long as the trial lasts."""
    for release in releases(scope):
        if release.trial_until is not None and release.trial_until >= scope.today:
            said = message("{revision} is on trial until {day}", revision=release.revision, day=release.trial_until)
            yield Hit(release.number, said)


def trial_past_its_end(scope: Scope) -> Iterator[Hit]:
    """An item in force whose trial is over."""
    for release in releases(scope):
        if release.trial_until is not None and release.trial_until < scope.today:
            said = message("the trial of {revision} ended on {day}", revision=release.revision, day=release.trial_until)
            yield Hit(release.number, said)


def two_in_force(scope: Scope) -> Iterator[Hit]:
    """Two revisions of one item that take effect on the same day."""
    known = scope.system.releases
    for kind, number in sorted({(release.kind, release.number) for release in known}):
        for first, second in pairwise(decided(known, kind, number)):
            if first.first_day == second.first_day:
                said = message("{number}: {first} and {second} both take effect on {day}", number=number,
                               first=first.revision, second=second.revision, day=second.first_day)  # fmt: skip
                yield Hit(second.record, said)


def effective_before_approval(scope: Scope) -> Iterator[Hit]:
    """A revision in force from a day before the act that said so."""
    for release in scope.system.releases:
        for event in scope.system.definitions.course(release).events:
            day = event.recorded_at.astimezone(scope.system.zone).date()
            if release.effective_on is not None and "effective_on" in event.changes and release.effective_on < day:
                said = message("{number} {revision} is effective from {effective} and was approved on {day}",
                               number=release.number, revision=release.revision, effective=release.effective_on,
                               day=day)  # fmt: skip
                yield Hit(release.record, said)


# ── what the items say of each other


def dead_reference(scope: Scope) -> Iterator[Hit]:
    """A document or form in force that names an item which is not."""
    current = {release.number for release in releases(scope)}
    for release, procedure in procedures(scope):
        named = {**dict(_linked(scope, procedure)), **dict(_named(procedure))}
        for number, place in named.items():
            if number not in current:
                yield Hit(release.number, _why_dead(scope, number), place)
    for release, form in forms(scope):
        for name, called in form.raise_.items():
            if called.form not in current:
                yield Hit(release.number, _why_dead(scope, called.form), f"raise.{name}.form")


def _named(procedure: Procedure) -> Iterator[tuple[str, str]]:
    """The numbers the head of a document names, each with its key; the parent comes last."""
    front = procedure.front
    for key, numbers in (("chapters", front.chapters), ("forms", front.forms), ("references", front.references)):
        yield from ((number, key) for number in numbers)
    if front.parent is not None:
        yield front.parent, "parent"


def _linked(scope: Scope, procedure: Procedure) -> Iterator[tuple[str, str]]:
    """The controlled items the text links to, each with its line."""
    known = {release.number for release in scope.system.releases}
    for line in read_lines(procedure.body, procedure.body_line):
        for link in LINK.findall(line.text) if line.block is None else ():
            if link in known:
                yield link, str(line.number)


def _why_dead(scope: Scope, number: str) -> Message:
    own = [release for release in scope.system.releases if release.number == number]
    decided_ones = [release for release in own if release.first_day is not None]
    if not decided_ones:
        return message("it refers to {number}, which was never in force", number=number)
    last = decided_ones[-1]
    if last.withdrawn_on is not None and last.withdrawn_on <= scope.today:
        return message("it refers to {number}, which was withdrawn on {day}", number=number, day=last.withdrawn_on)
    return message("it refers to {number}, which is in force only from {day}", number=number, day=last.first_day)


def form_without_procedure(scope: Scope) -> Iterator[Hit]:
    """A form in force whose procedure is not."""
    current = {release.number for release, _ in procedures(scope)}
    for release, form in forms(scope):
        if form.procedure not in current:
            yield Hit(release.number, message("its procedure {number} is not in force", number=form.procedure))


def settings_differ(scope: Scope) -> Iterator[Hit]:
    """A number that a procedure fixes and `qms.toml` says otherwise."""
    organisation = scope.system.organisation
    said: list[tuple[str, str, Quantity]] = [
        (f"approval.{family}.countersign_within", "countersign_within", row.countersign_within)
        for family, row in organisation.approval.items()
    ]
    revisions = Quantity(parse("1 times").amount * organisation.revision.next_edition_after, Unit.TIME)
    said += [
        ("revision.next_edition_after", "next_edition_after", revisions),
        ("grace.form", "blank_grace", organisation.grace.form),
    ]
    for place, name, setting in said:
        found = parameter(scope, name)
        if found is not None and found[1] != setting:
            what = message("{name} is {value} in {number}, but {setting} in the settings",
                           name=name, value=found[1], number=found[0], setting=setting)  # fmt: skip
            yield Hit("qms.toml", what, place)


# ── drafts


def stale_draft(scope: Scope) -> Iterator[Hit]:
    """A text of the folder that says something else than the one in force, untouched for too long."""
    length = period(scope, "draft_stale_after", STALE_AFTER)
    for item in scope.items:
        current = in_force(scope.system.releases, item.kind, item.number, on=scope.today)
        if current is None or not _is_draft(scope, item):
            continue
        changed = _changed_at(scope, item)
        if changed is not None and is_over(scope, changed, length):
            said = message("the text in the folder is not the one in force, {revision}; nobody changed it since {day}",
                           revision=current.revision, day=changed.astimezone(scope.system.zone).date())  # fmt: skip
            yield Hit(item.number, said)


def _is_draft(scope: Scope, item: Content) -> bool:
    """Whether a text is none of those in force, approved or waiting for approval."""
    definitions = scope.system.definitions
    known = (
        in_force(scope.system.releases, item.kind, item.number, on=scope.today),
        definitions.newest(item.kind, item.number),
        definitions.open(item.kind, item.number),
    )
    return all(item.differs(release) for release in known)


def _changed_at(scope: Scope, item: Content) -> datetime | None:
    """When the youngest file of an item changed."""
    folder = _folder(scope, item)
    paths = [folder / name for name in item.files] if folder is not None else []
    return max((changed_at(scope.root, path) for path in paths if path.is_file()), default=None)


def _folder(scope: Scope, item: Content) -> Path | None:
    """The folder the files of an item are named from."""
    match item.kind:
        case ItemKind.FORM:
            return scope.working.form_folders.get(item.number)
        case ItemKind.PROCEDURE:
            return scope.root / "procedures"
        case ItemKind.CONFIGURATION:
            return (scope.root / item.number).parent


RULES: tuple[Rule, ...] = (
    Rule("DOC401", never_released),
    Rule("DOC402", only_on_trial),
    Rule("DOC403", trial_past_its_end),
    Rule("DOC405", two_in_force),
    Rule("DOC406", effective_before_approval),
    Rule("DOC408", dead_reference),
    Rule("DOC409", stale_draft),
    Rule("DOC413", form_without_procedure),
    Rule("DOC417", settings_differ),
)
