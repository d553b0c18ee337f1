"""The pages of a record drawn once more as they were drawn for one of its acts, in every way that was right since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time
from functools import partial

from qmsdocs.acts.pages import draw_docx, draw_pdf, embedded
from qmsdocs.acts.sheets import sheet
from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language
from qmsdocs.model.record import Record
from qmsdocs.model.release import ItemKind, Release
from qmsdocs.query.verifying import Standing
from qmsdocs.render.sheet import Sheet
from qmsdocs.store import control
from qmsdocs.system.definitions import Definitions
from qmsdocs.system.view import System

MOST_DAYS = 10  # on which configuration came into force since, the newest


@dataclass(frozen=True, slots=True)
class Expected:
    """One way this program draws the pages of a mark."""

    pdf: Callable[[], bytes]
    docx: Callable[[], bytes]


def drawn_again(system: System, at: Standing) -> Iterator[Expected]:
    """Every way the pages of a record have been drawn right for the act they show; nothing for other pages.

    Names of people and of the company are those in force when a page is drawn, and it may be drawn again later, in
    either language: so the day of the act, today, and the days on which configuration changed in between all count.
    Raises QmsError when it cannot be drawn at all.
    """
    record = at.record
    if record is None:
        return
    form = system.form_of(record.form)
    events = embedded(record)
    seen: list[Sheet] = []
    for then in _moments(system, record):
        for language in sorted(Language, key=lambda language: language is not then.language):
            said = sheet(then, record, then.form_of(record.form), language=language)
            if said in seen:
                continue
            seen.append(said)
            yield Expected(partial(draw_pdf, said, form, events=events), partial(draw_docx, said, form))


def _moments(system: System, record: Record) -> Iterator[System]:
    """The system as it was when the act was recorded, as it is, and as it was in between."""
    recorded_at = record.last.recorded_at.astimezone(system.zone)
    then = _definitions(system, record.last.text("control"))
    if then is not None:
        yield replace(system, definitions=then, now=recorded_at)
    yield system
    days = {
        release.first_day
        for release in system.releases
        if release.kind is ItemKind.CONFIGURATION
        and release.first_day is not None
        and recorded_at.date() <= release.first_day < system.today
    }
    for day in sorted(days, reverse=True)[:MOST_DAYS]:
        yield replace(system, now=datetime.combine(day, time(12), system.zone))


def _definitions(system: System, commit: str) -> Definitions | None:
    """The definitions as of a commit of the releases; None where it is not one this copy holds."""
    if commit == system.control:
        return system.definitions
    try:
        if not system.objects.is_ancestor(commit, system.control):
            return None
        held = tuple(control.records(system.objects, commit, control.RELEASES))
        told = [Release.of(Record(tuple(stored.event for stored in events))) for events in held]
    except (QmsError, ValueError):
        return None
    stored = {release.record: events for release, events in zip(told, held, strict=True)}
    return replace(system.definitions, commit=commit, releases=tuple(told), stored=stored)
