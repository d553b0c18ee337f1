"""`qms.toml`: the organisation, its sites, calendar, number families and page layout."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, model_validator

from qmsdocs.base.errors import message
from qmsdocs.base.language import Language, Text
from qmsdocs.base.toml import Definition, LocatedError
from qmsdocs.model.calendar import CIVIL, Calendar
from qmsdocs.model.form import IDENTIFIER, Measure, Names, Words
from qmsdocs.model.quantity import parse

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
    try:
        if isinstance(value, list) and len(value) == 2:
            return tuple(time.fromisoformat(part) if isinstance(part, str) else part for part in value)
    except ValueError:
        raise LocatedError(message("must be a time such as 08:30")) from None
    return value


class Approval(Definition):
    """One row of the approval matrix: the roles that prepare, review and approve, the departments that countersign."""

    prepare: Names = ("document_controller",)
    review: Names = ("quality_manager",)
    countersign: Names = ()
    countersign_roles: Names = ("department_head",)
    approve: Names = ("general_manager",)
    countersign_within: Measure = parse("3 working days")

    @model_validator(mode="after")
    def _somebody(self) -> Approval:
        for key, roles in (("prepare", self.prepare), ("approve", self.approve)):
            if not roles:
                raise LocatedError(message("at least one role is needed"), key)
        return self


class WorkingCalendar(Definition):
    """Working days and hours, holidays, and the make-up days people work on."""

    working_days: tuple[str, ...] = WEEKDAYS[:5]
    hours: tuple[Annotated[tuple[time, time], BeforeValidator(_span)], ...] = (
        (time(8, 30), time(12)),
        (time(13, 30), time(17, 30)),
    )
    holidays: tuple[date, ...] = ()
    extra_workdays: tuple[date, ...] = ()
    deadline_on_holiday: Literal["stays", "moves"] = "stays"

    @model_validator(mode="after")
    def _sound(self) -> WorkingCalendar:
        for day in self.working_days:
            if day not in WEEKDAYS:
                raise LocatedError(message("must be one of {allowed}", allowed=WEEKDAYS), "working_days")
        if not self.working_days:
            raise LocatedError(message("at least one working day is needed"), "working_days")
        moments = [moment for span in self.hours for moment in span]
        if not moments or any(later <= earlier for earlier, later in pairwise(moments)):
            raise LocatedError(message('shifts are written in order, such as [["08:30", "12:00"]]'), "hours")
        return self


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
    """The largest attachment, in MB, never above 100."""

    limit: str = "20 MB"

    @model_validator(mode="after")
    def _megabytes(self) -> AttachmentLimit:
        if not re.fullmatch(r"[1-9][0-9]{0,2} MB", self.limit) or self.size > 100_000_000:
            raise LocatedError(message("must be such as 20 MB, at most 100 MB"), "limit")
        return self

    @property
    def size(self) -> int:
        """The limit in bytes."""
        return int(self.limit.removesuffix(" MB")) * 1_000_000


class Grace(Definition):
    """How long a blank of a superseded form may still come back, in days or longer."""

    form: Measure = parse("30 days")

    @model_validator(mode="after")
    def _civil(self) -> Grace:
        if self.form.unit not in CIVIL or self.form.amount < 0:
            raise LocatedError(message("must be days, weeks, months or years"), "form")
        return self


_HOST = r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.-]+"  # no password, no option of a program
_PLACES = (
    r"(?:/|\.\.?/|[A-Za-z]:[/\\]|\\\\)[^:]+",
    r"file:///(?:[A-Za-z]:)?[^:?#]+",
    rf"ssh://{_HOST}(?::[0-9]{{1,5}})?/[^:?#]+",
    rf"{_HOST}:(?!-|//)[^:]+",
)


def is_place(url: str) -> bool:
    """Whether a shared store may lie at `url`: a folder, file://, or ssh. Nothing that runs a program is one."""
    return url.isprintable() and any(re.fullmatch(place, url, re.ASCII) for place in _PLACES)


class Remote(Definition):
    """A shared store that copies are brought level with: where it lies, and which ledgers it takes (None: all)."""

    url: str
    classes: Names | None = None
    sites: Names | None = None
    control: bool = True

    @model_validator(mode="after")
    def _reachable(self) -> Remote:
        if not is_place(self.url):
            raise LocatedError(message("must be a folder, file:///folder or ssh://person@machine/folder"), "url")
        return self

    def takes(self, *, retention: str, site: str) -> bool:
        """Whether ledgers of a class (none for a journal) and site (none for releases) go there."""
        is_of_class = self.control if not retention else self.classes is None or retention in self.classes
        return is_of_class and (not site or self.sites is None or site in self.sites)


class Export(Definition):
    """What may leave the house: the roles that may take personal data with them."""

    full_roles: Names = ("quality_manager", "general_manager")


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
    remote: Mapping[str, Remote] = {}
    numbering: Mapping[str, NumberFamily] = {}
    revision: RevisionScheme = RevisionScheme()
    approval: Mapping[str, Approval] = {}
    calendar: WorkingCalendar = WorkingCalendar()
    page: Page = Page()
    attachment: AttachmentLimit = AttachmentLimit()
    grace: Grace = Grace()
    export: Export = Export()
    clause_set: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Organisation:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise LocatedError(message("no such time zone"), "time_zone") from None
        for kind, names in (("site", self.site), ("project", self.project), ("remote", self.remote)):
            for name in names:
                if not IDENTIFIER.fullmatch(name) or name in _RESERVED:
                    raise LocatedError(message("an id is small letters, digits and -, at most 31"), kind, name)
        codes = [site.code for site in self.site.values()]
        for kind, coded in (("site", self.site), ("project", self.project)):
            for name, item in coded.items():
                if not item.code.isprintable() or not item.code.strip() or set("{}") & set(item.code):
                    raise LocatedError(message("a code is printed in numbers: some letters, without {{ }}"), kind, name)
        if len(set(codes)) != len(codes):
            raise LocatedError(message("two sites have one code, so their numbers would be equal"), "site")
        if not self.site:
            raise LocatedError(message("at least one site is needed"), "site")
        for name, remote in self.remote.items():
            for site in remote.sites or ():
                if site not in self.site:
                    raise LocatedError(
                        message("there is no site {site}; there are {known}", site=site, known=tuple(self.site)),
                        "remote",
                        name,
                        "sites",
                    )
        if not self.languages:
            raise LocatedError(message("at least one language is needed"), "languages")
        return self

    def approval_of(self, family: str) -> Approval:
        """Who may prepare, review and approve items of a family: its own row of the matrix, else the default one."""
        return self.approval.get(family) or self.approval.get("default") or Approval()

    @property
    def shared(self) -> str | None:
        """The name of the remote that decides which act in control came first: the first that carries control."""
        return next((name for name, remote in self.remote.items() if remote.control), None)

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
