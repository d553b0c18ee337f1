"""`qms.toml`: the organisation, its sites, calendar, number families and page layout."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, model_validator

from qmsdocs.base.errors import message
from qmsdocs.base.language import Language, Text
from qmsdocs.base.toml import Definition, LocatedError
from qmsdocs.model.calendar import Calendar
from qmsdocs.model.form import IDENTIFIER, Words

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RESERVED = frozenset({"con", "prn", "aux", "nul"} | {f"{n}{i}" for n in ("com", "lpt") for i in range(10)})


class Site(Definition):
    """A place that writes: its printed code, title, and the person of its record desk."""

    code: str
    title: Words
    clerk: str | None = None


class Project(Definition):
    """A project that number patterns may name."""

    code: str
    title: Words


class NumberFamily(Definition):
    """A family of document numbers."""

    title: Words
    kind: str | None = None
    pattern: str | None = None


class RevisionScheme(Definition):
    """How revisions are labelled, and after how many a new edition begins."""

    first: str = "A/0"
    pattern: str = "A/0"
    next_edition_after: int = 9


def _span(value: object) -> object:
    if isinstance(value, list) and len(value) == 2:
        return tuple(time.fromisoformat(part) if isinstance(part, str) else part for part in value)
    return value


class WorkingCalendar(Definition):
    """Working days and hours, holidays, and the make-up days people work on."""

    working_days: tuple[str, ...] = WEEKDAYS[:5]
    hours: tuple[Annotated[tuple[time, time], BeforeValidator(_span)], ...] = (
        (time(8, 30), time(12)),
        (time(13, 30), time(17, 30)),
    )
    holidays: tuple[date, ...] = ()
    extra_workdays: tuple[date, ...] = ()
    deadline_on_holiday: str = "stays"


class HeaderCell(Definition):
    """One cell of a procedure's header block."""

    label: Words
    value: str


class Page(Definition):
    """How pages look: margins in mm, logo, header cells."""

    margins: Mapping[str, int] = {}
    logo: str | None = None
    header: tuple[HeaderCell, ...] = ()
    language: Language | None = None


class AttachmentLimit(Definition):
    """The largest attachment."""

    limit: str = "20 MB"

    @property
    def size(self) -> int:
        """The limit in bytes, never above 100 MB."""
        digits = "".join(character for character in self.limit if character.isdigit())
        return min(int(digits or "20"), 100) * 1_000_000


class Grace(Definition):
    """How long a blank of a superseded form may still come back."""

    form: str = "30 days"


class Organisation(Definition):
    """The whole of `qms.toml`."""

    format: int = 1
    organisation: Words
    languages: tuple[Language, ...] = (Language.ZH, Language.EN)
    time_zone: str = "Asia/Shanghai"
    customer_word: Words = Text("客户", "customer")
    complaint_word: Words = Text("投诉", "complaint")
    site: Mapping[str, Site]
    project: Mapping[str, Project] = {}
    numbering: Mapping[str, NumberFamily] = {}
    revision: RevisionScheme = RevisionScheme()
    calendar: WorkingCalendar = WorkingCalendar()
    page: Page = Page()
    attachment: AttachmentLimit = AttachmentLimit()
    grace: Grace = Grace()
    clause_set: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Organisation:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise LocatedError(message("no such time zone"), "time_zone") from None
        for kind, names in (("site", self.site), ("project", self.project)):
            for name in names:
                if not IDENTIFIER.fullmatch(name) or name in _RESERVED:
                    raise LocatedError(message("an id is small letters, digits and -, at most 31"), kind, name)
        codes = [site.code for site in self.site.values()]
        if len(set(codes)) != len(codes):
            raise LocatedError(message("two sites have one code, so their numbers would be equal"), "site")
        if not self.site:
            raise LocatedError(message("at least one site is needed"), "site")
        for day in self.calendar.working_days:
            if day not in WEEKDAYS:
                raise LocatedError(message("must be one of {allowed}", allowed=WEEKDAYS), "calendar", "working_days")
        return self

    @property
    def language(self) -> Language:
        """The organisation's first language."""
        return self.languages[0]

    @cached_property
    def zone(self) -> ZoneInfo:
        """The organisation's time zone."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def working(self) -> Calendar:
        """The calendar clocks compute with."""
        return Calendar(
            self.zone,
            frozenset(WEEKDAYS.index(day) for day in self.calendar.working_days),
            self.calendar.hours,
            frozenset(self.calendar.holidays),
            frozenset(self.calendar.extra_workdays),
            self.calendar.deadline_on_holiday == "moves",
        )
