"""What a QA manager looks at first: what is in force, how many records stand where, what is overdue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from qmsdocs.base.errors import message
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.model.release import ItemKind, Release, in_force
from qmsdocs.query.course import Waiting, waiting
from qmsdocs.query.custody import Recall, Review, recall, reviews
from qmsdocs.query.view import facts_of
from qmsdocs.store import seat
from qmsdocs.store.index import Filter
from qmsdocs.system.view import System

SHOWN = 10
PER_LINE = 8
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
    waiting: tuple[Waiting, ...]
    reviews: tuple[Review, ...]
    recalls: tuple[Recall, ...]
    coming: tuple[Release, ...]
    names: Mapping[str, str]

    @property
    def is_late(self) -> bool:
        """Whether anything should have been done by now."""
        return bool(self.overdue or self.recalls or any(review.is_overdue for review in self.reviews))


def overview(system: System) -> Overview:
    """The state of the repository as of the system's moment."""
    held = seat.current(system.objects, system.site)
    trials = [release.trial_until for release in system.releases if release.is_trial and release.trial_until]
    return Overview(
        system.organisation.organisation,
        system.site,
        system.organisation.site[system.site].title,
        seat.holds(system.place, system.objects, system.site),
        f"{held.machine} {held.folder}" if held else "",
        tuple(_documents(system)),
        min(trials, default=None),
        tuple(_counts(system)),
        tuple(sorted(_overdue(system), key=lambda item: item.due_at)),
        waiting(system),
        tuple(review for review in reviews(system) if review.due_on <= system.today + SOON),
        recall(system),
        tuple(release for release in system.releases if (release.first_day or system.today) > system.today),
        system.people.names(),
    )


def _documents(system: System) -> Iterator[tuple[str, str, Text]]:
    numbers = sorted({r.number for r in system.releases if r.kind is ItemKind.PROCEDURE})
    for number in numbers:
        release = in_force(system.releases, ItemKind.PROCEDURE, number, on=system.today)
        if release is not None:
            yield number, release.revision, system.definitions.procedure(release).front.title


def _counts(system: System) -> Iterator[Count]:
    for number in system.form_numbers:
        rows = list(system.index.records(Filter(forms=(number,))))
        form = system.form_known(number).form
        still_open = sum(1 for row in rows if not row.is_closed and form.closed_states)
        yield Count(number, form.title, len(rows), still_open, sum(1 for row in rows if row.is_void))


def _overdue(system: System) -> Iterator[Overdue]:
    people = system.people.names()
    for row in system.index.records(Filter(forms=system.form_numbers, is_closed=False)):
        form = system.form_of_row(row)
        if not any(clock.within for clock in form.form.clock.values()):
            continue
        facts = facts_of(system, form, system.record_at(row.key))
        for name, clock in form.form.clock.items():
            reading = facts.reading(name)
            if reading is not None and reading.due_at is not None and reading.stopped_at is None and reading.is_overdue:
                owner = people.get(row.owner, row.owner)
                yield Overdue(row.number, name, clock.title, reading.due_at, row.owner, owner)


def lines(seen: Overview, catalogue: Catalogue) -> Iterator[str]:
    """The overview as lines for the terminal."""
    language = catalogue.language
    named = dict.fromkeys((seen.organisation.of(language), seen.site_title.of(language)))
    yield f"{' · '.join(named)} ({seen.site})"
    yield (
        catalogue.say("this copy writes")
        if seen.writes_here
        else catalogue.say("this copy only reads; the seat is at {place}", place=seen.seat_at)
    )
    yield from _documents_lines(seen, catalogue)
    yield from _records_lines(seen, catalogue)
    yield from _waiting_lines(seen, catalogue)
    if not seen.overdue:
        yield catalogue.say("Nothing is overdue.")
        return
    yield catalogue.say("Overdue: {count}", count=len(seen.overdue))
    for item in seen.overdue[:SHOWN]:
        yield f"  ▲ {item.number}  {item.title.of(language)}  {item.due_at:%Y-%m-%d %H:%M}  {item.owner_name}"
    if len(seen.overdue) > SHOWN:
        yield catalogue.say("  … and {count} more", count=len(seen.overdue) - SHOWN)


def _documents_lines(seen: Overview, catalogue: Catalogue) -> Iterator[str]:
    said = message("Documents in force: {count}", count=len(seen.documents))
    if seen.trial_until is not None:
        said = message("Documents in force: {count} (on trial until {until})",
                       count=len(seen.documents), until=seen.trial_until)  # fmt: skip
    yield catalogue.say(said)
    shown = [f"{number} {revision}" for number, revision, _ in seen.documents]
    for start in range(0, len(shown), PER_LINE):
        yield "  " + " · ".join(shown[start : start + PER_LINE])
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


def _waiting_lines(seen: Overview, catalogue: Catalogue) -> Iterator[str]:
    """What waits for whose signature, and what is due."""
    titles = {
        "review": message("review"),
        "countersign": message("countersignature"),
        "answer": message("answer to a remark"),
        "approve": message("approval"),
    }
    if seen.waiting:
        yield catalogue.say("Waiting: {count}", count=len(seen.waiting))
    for item in seen.waiting[:SHOWN]:
        people = tuple(seen.names.get(person, person) for person in item.people)
        yield catalogue.say(
            "  {number} {revision}  {step}: {people}",
            number=item.release.number,
            revision=item.release.revision,
            step=titles[item.step],
            people=item.departments or people or ("-",),
        )
    for review in seen.reviews[:SHOWN]:
        late = "▲ " if review.is_overdue else ""
        said = message("{late}{number} {revision} is to be reviewed by {day}", late=late, number=review.number,
                       revision=review.revision, day=review.due_on)  # fmt: skip
        yield f"  {catalogue.say(said)}"
    if seen.recalls:
        yield catalogue.say(
            "▲ superseded copies still out: {count} (document distribute --recall)", count=len(seen.recalls)
        )


def as_json(seen: Overview, language: Language) -> Mapping[str, object]:
    """The overview as one object, see docs/json.md."""
    return {
        "site": seen.site,
        "writes_here": seen.writes_here,
        "in_force": [{"number": number, "revision": revision} for number, revision, _ in seen.documents],
        "coming": [{"number": r.number, "revision": r.revision, "effective_on": str(r.first_day)} for r in seen.coming],
        "waiting": [
            {
                "number": item.release.number,
                "revision": item.release.revision,
                "step": item.step,
                "people": list(item.people),
                "departments": list(item.departments),
                "answer_by": item.answer_by.isoformat() if item.answer_by else None,
            }
            for item in seen.waiting
        ],
        "reviews": [
            {"number": r.number, "revision": r.revision, "due_on": str(r.due_on), "overdue": r.is_overdue}
            for r in seen.reviews
        ],
        "recalls": len(seen.recalls),
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
    }
