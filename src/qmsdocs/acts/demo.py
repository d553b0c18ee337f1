"""An example month: what builtin/demo/*.toml tells, acted out day by day through the same acts as any other record."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from hashlib import sha256
from importlib import resources
from pathlib import Path

from pydantic import Field

from qmsdocs.acts import record as acts
from qmsdocs.acts.apply import apply
from qmsdocs.acts.begin import Beginning, begin, starter_folder
from qmsdocs.acts.record import Filled, Intent
from qmsdocs.base.canonical import Json
from qmsdocs.base.toml import Definition, parse, read
from qmsdocs.model.calendar import Calendar
from qmsdocs.model.organisation import Organisation
from qmsdocs.store.event import Change, RaisedFrom
from qmsdocs.system.view import System, open_system

FOLDER = "builtin/demo"
SETTING = "demo.toml"
LATER = 60  # working days after the month that a deadline may lie in
CELL = 24  # pixels
_WHOLE = re.compile(r"@(\d+)( \d\d:\d\d)?")
_WITHIN = re.compile(r"\{@(\d+)( year| month)?\}|\{#(\w+)\}")


class Picture(Definition):
    """A picture drawn from digits, 0 white to 9 black."""

    name: str
    cells: tuple[str, ...]


class Shown(Definition):
    """The records the closing lines point to, by their names in the story, and words to search for."""

    pdf: tuple[str, ...]
    docx: tuple[str, ...]
    history: str
    search: tuple[str, ...]


class Setting(Definition):
    """Who the story is about, how many working days it takes, and what is shown at its end."""

    organisation: str
    site: str
    code: str
    site_title: str
    begins: str
    days: int
    register_: str = Field(alias="register")
    show: Shown
    picture: Mapping[str, Picture]


class Told(Definition):
    """One act as it is told. `do` is issue, raise, amend, void, attach, or a step of the form.

    `at` is a working day of the story and a time, `4 08:50`. In values `@4` is that day and `@4 08:50` that moment;
    in any text `{@4}` is the day in words and `{#name}` the number of another record.
    """

    do: str
    record: str
    at: str
    by: str
    form: str = ""
    raised_from: str = ""
    raise_: str = Field("", alias="raise")
    happened: str = ""
    reason: str | None = None
    replaced_by: str = ""
    picture: str = ""
    values: Mapping[str, object] = {}


class Story(Definition):
    """A file of acts."""

    act: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """The working days of the story, the first one being day 1, and those after it."""

    days: tuple[date, ...]
    calendar: Calendar

    def day(self, number: str) -> date:
        """The working day of a number."""
        return self.days[int(number) - 1]

    def moment(self, written: str) -> datetime:
        """The moment of `4 08:50`, in the organisation's zone."""
        number, clock = written.split(" ")
        return datetime.combine(self.day(number), time.fromisoformat(clock), self.calendar.zone)


@dataclass(frozen=True, slots=True)
class Demo:
    """The story on the days of one month, every act in its turn."""

    setting: Setting
    month: Month
    turns: tuple[Told, ...]
    starter: Path


@dataclass(frozen=True, slots=True)
class Played:
    """The repository as far as the story has been played, and the numbers its records have got, by their names."""

    system: System
    numbers: Mapping[str, str]


def demo(*, now: datetime) -> Demo:
    """The story, laid on the last working days before `now`: the same on every moment of a day."""
    starter = starter_folder()
    organisation = read(starter / "qms.toml", Organisation)
    files = sorted((resources.files("qmsdocs") / FOLDER).iterdir(), key=lambda found: found.name)
    texts = {found.name: found.read_text("utf-8") for found in files if found.name.endswith(".toml")}
    setting = parse(texts.pop(SETTING), Setting, source=SETTING)
    today = now.astimezone(organisation.zone).date()
    month = _month(today, organisation.working, length=setting.days)
    told = [act for name, text in texts.items() for act in parse(text, Story, source=name).act]
    return Demo(setting, month, tuple(sorted(told, key=lambda act: month.moment(act.at))), starter)


def start(story: Demo, folder: Path, *, machine: str) -> Played:
    """The repository of the story on its first day. Raises QmsError where the folder is in use."""
    setting = story.setting
    now = story.month.moment(setting.begins)
    begin(
        Beginning(folder, setting.organisation, setting.site, setting.code, setting.site_title, now, machine),
        starter=story.starter,
    )
    return Played(open_system(folder, now=now, machine=machine), {})


def play(story: Demo, played: Played, told: Told) -> Played:
    """What stands after the next act of the story. Raises QmsError when the forms in force do not allow it."""
    at = story.month.moment(told.at)
    plan = partial(_plan, told=_dated(told, story.month, played.numbers), story=story, numbers=played.numbers)
    outcome = apply(played.system.refreshed(at), plan, clock=lambda: at)
    numbers = {**played.numbers, told.record: outcome.posted[0].number}
    return Played(outcome.system, numbers)


def _month(today: date, calendar: Calendar, *, length: int) -> Month:
    day, told = today, 0
    while told < length:
        day -= timedelta(days=1)
        told += calendar.is_working_day(day)
    days: list[date] = []
    while len(days) < length + LATER:
        if calendar.is_working_day(day):
            days.append(day)
        day += timedelta(days=1)
    return Month(tuple(days), calendar)


def _dated(told: Told, month: Month, numbers: Mapping[str, str]) -> Told:
    """The act with its days and numbers filled in."""
    filled = {name: _filled(value, month, numbers) for name, value in told.values.items()}
    reason = str(_filled(told.reason, month, numbers)) if told.reason is not None else None
    return told.model_copy(update={"values": filled, "reason": reason})


def _filled(value: object, month: Month, numbers: Mapping[str, str]) -> object:
    match value:
        case str():
            whole = _WHOLE.fullmatch(value)
            if whole is not None:
                return f"{month.day(whole[1])}{whole[2] or ''}"
            return _WITHIN.sub(lambda found: _words(found, month, numbers), value)
        case list():
            return [_filled(part, month, numbers) for part in value]
        case dict():
            return {name: _filled(part, month, numbers) for name, part in value.items()}
        case _:
            return value


def _words(found: re.Match[str], month: Month, numbers: Mapping[str, str]) -> str:
    if found[3]:
        return numbers[found[3]]
    day = month.day(found[1])
    match found[2]:
        case " year":
            return f"{day.year}年"
        case " month":
            return f"{day.year}年{day.month}月"
        case _:
            return f"{day.month}月{day.day}日"


def _plan(system: System, *, told: Told, story: Demo, numbers: Mapping[str, str]) -> Change:
    happened_at = story.month.moment(told.happened) if told.happened else None
    intent = Intent(by=told.by, reason=told.reason, happened_at=happened_at)
    number = numbers.get(told.record, "")
    match told.do:
        case "issue":
            return acts.issue(system, _written(told, told.form, told.values, None), intent)
        case "raise":
            form, known, link = acts.called_for(system, numbers[told.raised_from], told.raise_)
            return acts.issue(system, _written(told, form, {**known, **told.values}, link), intent)
        case "amend":
            return acts.amend(system, number, values=told.values, intent=intent)
        case "void":
            return acts.void(system, number, replaced_by=numbers.get(told.replaced_by), intent=intent)
        case "attach":
            return _attach(system, number, story.setting.picture[told.picture], intent)
        case step:
            return acts.step(system, number, step, values=told.values, intent=intent)


def _written(told: Told, form: str, values: Mapping[str, object], link: RaisedFrom | None) -> Filled:
    submission = sha256(told.record.encode()).hexdigest()[:32]
    return Filled(form=form, values=values, submission=submission, raised_from=link, source=told.record)


def _attach(system: System, number: str, picture: Picture, intent: Intent) -> Change:
    stored = system.objects.store(drawn(picture))
    file: dict[str, Json] = {"name": picture.name, "size": stored.size, "sha256": stored.sha256}
    with_file = replace(intent, attachments={stored.sha256: stored.oid})
    return acts.attach(system, number, field_name=None, files=[file], intent=with_file)


def drawn(picture: Picture) -> bytes:
    """The picture as a grey PNG (ISO/IEC 15948: colour type 0, 8 bits), each digit a square with a white edge."""
    lines: list[bytes] = []
    for row in picture.cells:
        inner = b"".join(bytes([255]) + bytes([255 - 25 * int(digit)]) * (CELL - 1) for digit in row)
        edge = bytes([255]) * len(inner)
        lines += [edge, *[inner] * (CELL - 1)]
    header = struct.pack(">2I5B", len(lines[0]), len(lines), 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + line for line in lines), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
