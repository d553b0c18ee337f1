"""What a QA manager looks at first: what is in force, how many records stand where, what is overdue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from qmsdocs.base.errors import message
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.model.form import Form
from qmsdocs.model.release import ItemKind, Release
from qmsdocs.query import keeping
from qmsdocs.query.action import Action, late_actions, said_late
from qmsdocs.query.course import Waiting, waiting
from qmsdocs.query.custody import Recall, Review, recall, reviews
from qmsdocs.query.keeping import Keeping
from qmsdocs.query.purpose import numbers_in_force
from qmsdocs.query.view import facts_as_stored
from qmsdocs.store import seat
from qmsdocs.store.index import Filter
from qmsdocs.store.rows import Row
from qmsdocs.system.view import System

SHOWN, FEW = 10, 5
SUBJECT = 28  # signs of a subject on the screen
SOON = timedelta(days=30)  # reviews due by then are shown


@dataclass(frozen=True, slots=True)
class Overdue:
    """A clock of a record that has run out."""

    number: str
    clock: str
    title: Text
    due_at: datetime
    owner: str
    owner_name: str
    subject: Text | str


@dataclass(frozen=True, slots=True)
class Count:
    """The records of one form."""

    form: str
    title: Text
    total: int
    still_open: int
    void: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of a repository for one site."""

    organisation: Text
    site: str
    site_title: Text
    writes_here: bool
    seat_at: str
    documents: tuple[tuple[str, str, Text], ...]
    trial_until: date | None
    counts: tuple[Count, ...]
    overdue: tuple[Overdue, ...]
    late_actions: tuple[tuple[str, Action], ...]  # with the number of the record, the latest first
    waiting: tuple[Waiting, ...]
    reviews: tuple[Review, ...]
    recalls: tuple[Recall, ...]
    coming: tuple[Release, ...]
    trials: tuple[Release, ...]
    today: date
    names: Mapping[str, str]
    keeping: Keeping

    @property
    def is_late(self) -> bool:
        """Whether anything should have been done by now."""
        late = self.overdue or self.late_actions or self.recalls or self.late_reviews or self.ended_trials
        return bool(late or self.keeping.is_late)

    @property
    def late_reviews(self) -> tuple[Review, ...]:
        """The documents that should have been reviewed."""
        return tuple(review for review in self.reviews if review.is_overdue)

    @property
    def ended_trials(self) -> tuple[Release, ...]:
        """What is in force on trial although the trial is over."""
        return tuple(r for r in self.trials if r.trial_until is not None and r.trial_until < self.today)


def overview(system: System) -> Overview:
    """The state of the repository as of the system's moment."""
    held = seat.current(system.store, system.site)
    current = tuple(
        release
        for release in system.releases
        if release.is_trial and system.in_force(release.kind, release.number) == release
    )
    late = ((row.number, action) for row, action in late_actions(system))
    trials = [release.trial_until for release in current if release.trial_until is not None]
    return Overview(
        system.organisation.organisation,
        system.site,
        system.organisation.site[system.site].title,
        seat.holds(system.store, system.site),
        f"{held.machine} {held.folder}" if held else "",
        tuple(_documents(system)),
        min(trials, default=None),
        tuple(_counts(system)),
        tuple(sorted(all_overdue(system), key=lambda item: item.due_at)),
        tuple(sorted(late, key=lambda item: (str(item[1].due_on), item[0], item[1].line))),
        waiting(system),
        tuple(review for review in reviews(system) if review.due_on <= system.today + SOON),
        recall(system),
        tuple(release for release in system.releases if (release.first_day or system.today) > system.today),
        current,
        system.today,
        system.people.names(),
        keeping.keeping(system),
    )


def _documents(system: System) -> Iterator[tuple[str, str, Text]]:
    for number in numbers_in_force(system, ItemKind.PROCEDURE):
        release = system.definitions.release(ItemKind.PROCEDURE, number, on=system.today)
        yield number, release.revision, system.definitions.procedure(release).front.title


def _counts(system: System) -> Iterator[Count]:
    counts = system.index.counts()
    for number in system.form_numbers:
        total, still_open, void = counts.get(number, (0, 0, 0))
        form = system.form_known(number).form
        yield Count(number, form.title, total, still_open if form.closed_states else 0, void)


def all_overdue(system: System) -> Iterator[Overdue]:
    """The clocks of all open records that have run out."""
    for row in system.index.records(Filter(forms=system.form_numbers, is_closed=False)):
        yield from overdue(system, row)


def overdue(system: System, row: Row) -> Iterator[Overdue]:
    """The clocks of an open record that have run out."""
    form = system.form_of_row(row)
    if not any(clock.within for clock in form.form.clock.values()):
        return
    facts = facts_as_stored(system, form, system.record_at(row.key))
    for name, clock in form.form.clock.items():
        reading = facts.reading(name) if clock.within is not None else None
        if reading is not None and reading.due_at is not None and reading.stopped_at is None and reading.is_overdue:
            owner = system.people.person[row.owner].name if row.owner in system.people.person else row.owner
            subject = _subject(form.form, row)
            yield Overdue(row.number, name, clock.title, reading.due_at, row.owner, owner, subject)


def _subject(form: Form, row: Row) -> Text | str:
    """What a record is about, a choice by its title."""
    name = form.meaning("subject")
    options = form.choices_of(form.field[name]) if name is not None else {}
    return options[row.subject].text if row.subject in options else row.subject


def lines(seen: Overview, catalogue: Catalogue) -> Iterator[str]:
    """The overview as lines for the terminal: what is due and who must act first, then what there is."""
    language = catalogue.language
    named = dict.fromkeys((seen.organisation.of(language), seen.site_title.of(language)))
    yield f"{' · '.join(named)} ({seen.site})"
    if seen.writes_here:
        yield catalogue.say("this copy writes")
    elif seen.seat_at:
        yield catalogue.say("this copy only reads; the seat is at {place}", place=seen.seat_at)
    else:
        said = "no copy writes for {site} yet; here it shall: qmsdocs sync --take-seat --site {site} -m REASON"
        yield catalogue.say(said, site=seen.site)
    yield from _overdue_lines(seen, catalogue)
    yield from _waiting_lines(seen, catalogue)
    yield from _documents_lines(seen, catalogue)
    yield from _records_lines(seen, catalogue)
    yield from (catalogue.say(line) for line in keeping.lines(seen.keeping, seen.today))


def _overdue_lines(seen: Overview, catalogue: Catalogue) -> Iterator[str]:
    late = len(seen.overdue) + len(seen.late_reviews) + bool(seen.ended_trials) + bool(seen.recalls)
    if late or not seen.late_actions:
        yield catalogue.say("Overdue: {count}", count=late) if late else catalogue.say("No time limit has run out.")
    shown = [f"  ▲ {_overdue_words(item, catalogue)}" for item in seen.overdue]
    if ended := seen.ended_trials:
        said = message("on trial beyond its end, {day}: {count} items (document approve --trial)",
                       day=min(r.trial_until for r in ended if r.trial_until), count=len(ended))  # fmt: skip
        shown.insert(0, f"  ▲ {catalogue.say(said)}")
    shown += [f"  ▲ {_review_words(review, catalogue)}" for review in seen.late_reviews]
    if seen.recalls:
        said = message("superseded copies still out: {count} (document distribute --recall)", count=len(seen.recalls))
        shown.insert(0, f"  ▲ {catalogue.say(said)}")
    yield from _cut(shown, catalogue)
    if seen.late_actions:
        yield catalogue.say("Actions overdue: {count}", count=len(seen.late_actions))
    yield from _cut([f"  ▲ {_action_words(seen, *late, catalogue)}" for late in seen.late_actions], catalogue, FEW)


def _action_words(seen: Overview, number: str, action: Action, catalogue: Catalogue) -> str:
    return f"{number}  {catalogue.say(said_late(action, seen.names))}"


def _overdue_words(item: Overdue, catalogue: Catalogue) -> str:
    words = (
        item.number,
        item.title.of(catalogue.language),
        f"{item.due_at:%Y-%m-%d %H:%M}",
        item.owner_name,
        shortened(item.subject if isinstance(item.subject, str) else item.subject.of(catalogue.language)),
    )
    return "  ".join(word for word in words if word)


def shortened(text: str) -> str:
    """The beginning of a text, as much as one line of a screen has room for."""
    return text if len(text) <= SUBJECT else f"{text[:SUBJECT]}…"


def _cut(shown: Sequence[str], catalogue: Catalogue, most: int = SHOWN) -> Iterator[str]:
    yield from shown[:most]
    if len(shown) > most:
        yield catalogue.say("  … and {count} more", count=len(shown) - most)


def _review_words(review: Review, catalogue: Catalogue) -> str:
    said = message("{number} {revision} is to be reviewed by {day}",
                   number=review.number, revision=review.revision, day=review.due_on)  # fmt: skip
    words = catalogue.say(said)
    return f"{words} ({review.open_record})" if review.open_record else words


def _documents_lines(seen: Overview, catalogue: Catalogue) -> Iterator[str]:
    said = message("Documents in force: {count}", count=len(seen.documents))
    if seen.trials:
        said = message("Documents in force: {count}; on trial until {until}: {trials} items",
                       count=len(seen.documents), trials=len(seen.trials), until=seen.trial_until)  # fmt: skip
    yield catalogue.say(said)
    for release in seen.coming:
        yield catalogue.say(
            "  from {day}: {number} {revision}",
            day=release.first_day,
            number=release.number,
            revision=release.revision,
        )


def _records_lines(seen: Overview, catalogue: Catalogue) -> Iterator[str]:
    used = [count for count in seen.counts if count.total]
    yield catalogue.say("Records:") if used else catalogue.say("Records: none yet")
    for count in used:
        yield catalogue.say(
            "  {form} {title}: {total}, open {open}, void {void}",
            form=count.form,
            title=count.title,
            total=count.total,
            open=count.still_open,
            void=count.void,
        )


STEPS = {
    "review": message("review"),
    "countersign": message("countersignature"),
    "answer": message("answer to a remark"),
    "approve": message("approval"),
}


def _waiting_lines(seen: Overview, catalogue: Catalogue) -> Iterator[str]:
    """What waits for whose signature, and what is due soon."""
    coming = [review for review in seen.reviews if not review.is_overdue]
    if not seen.waiting and not coming:
        return
    yield catalogue.say("Waiting: {count}", count=len(seen.waiting) + len(coming))
    shown = [f"  {_waiting_words(seen, item, catalogue)}" for item in seen.waiting]
    yield from _cut([*shown, *(f"  {_review_words(review, catalogue)}" for review in coming)], catalogue)


def _waiting_words(seen: Overview, item: Waiting, catalogue: Catalogue) -> str:
    people = tuple(seen.names.get(person, person) for person in item.people) or ("-",)
    words = catalogue.say(
        "{number} {revision}  {step}: {people}",
        number=item.release.number,
        revision=item.release.revision,
        step=STEPS[item.step],
        people=people,
    )
    if item.departments:
        words += catalogue.say(" ({departments})", departments=item.departments)
    return words + (f"  {item.answer_by:%Y-%m-%d %H:%M}" if item.answer_by is not None else "")


def as_json(seen: Overview, language: Language) -> Mapping[str, object]:
    """The overview as one object, see docs/json.md."""
    return {
        "site": seen.site,
        "writes_here": seen.writes_here,
        "in_force": [{"number": number, "revision": revision} for number, revision, _ in seen.documents],
        "coming": [{"number": r.number, "revision": r.revision, "effective_on": str(r.first_day)} for r in seen.coming],
        "waiting": [_waiting_json(item) for item in seen.waiting],
        "reviews": [
            {"number": r.number, "revision": r.revision, "due_on": str(r.due_on), "overdue": r.is_overdue}
            for r in seen.reviews
        ],
        "recalls": len(seen.recalls),
        "keeping": keeping.as_json(seen.keeping),
        "trial_until": seen.trial_until.isoformat() if seen.trial_until else None,
        "forms": [{"form": c.form, "records": c.total, "open": c.still_open, "void": c.void} for c in seen.counts],
        "overdue": [
            {
                "number": item.number,
                "clock": item.clock,
                "title": item.title.of(language),
                "due_at": item.due_at.isoformat(),
                "owner": item.owner or None,
            }
            for item in seen.overdue
        ],
        "overdue_actions": [
            {"number": number, "line": action.line or None, "due_on": str(action.due_on), "owner": action.owner or None}
            for number, action in seen.late_actions
        ],
    }


def _waiting_json(item: Waiting) -> Mapping[str, object]:
    return {
        "number": item.release.number,
        "revision": item.release.revision,
        "step": item.step,
        "people": list(item.people),
        "departments": list(item.departments),
        "answer_by": item.answer_by.isoformat() if item.answer_by else None,
    }
