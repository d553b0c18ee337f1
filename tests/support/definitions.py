"""The starter pack's definitions, small forms written in a test, and records in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from qmsdocs.base.canonical import Json
from qmsdocs.base.toml import parse, read
from qmsdocs.model.calendar import Calendar
from qmsdocs.model.clock import Moment
from qmsdocs.model.document import Procedure, parse_procedure
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import Form
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.quantity import parse as quantity

PROJECT = Path(__file__).parents[2]
ZONE = ZoneInfo("Asia/Shanghai")
OFFICE = Calendar(ZONE, holidays=frozenset({date(2026, 10, 1), date(2026, 10, 2)}))
NUMBERS = tuple(sorted(path.parent.name for path in PROJECT.glob("forms/*/form.toml")))

# What every small form has; a test adds fields and may replace states and steps.
HEAD = """
number = "F-1"
title = { zh = "试验单", en = "Trial sheet" }
owner = "clerk"
procedure = "P-1"
retention = "trial"
series = { id = "sy", number = "SY-{site}-{year}-{serial:4}" }
"""
LIFE = """
[state]
open = { title = { zh = "在办", en = "Open" } }
closed = { title = { zh = "已结", en = "Closed" }, means = "closed" }

[step.close]
title = { zh = "结案", en = "Close" }
from = "open"
to = "closed"
by = "clerk"
"""


@cache
def starter(number: str) -> Form:
    """A form of the starter pack."""
    return read(PROJECT / "forms" / number / "form.toml", Form)


@cache
def procedure(number: str) -> Procedure:
    """A procedure of the starter pack."""
    return parse_procedure((PROJECT / "procedures" / f"{number}.md").read_text("utf-8"), source=number)


def small(fields: str, life: str = LIFE, head: str = HEAD) -> Form:
    """A small form with these fields."""
    return parse(head + fields + life, Form, source="form")


def at(written: str) -> datetime:
    """A moment in Shanghai."""
    return datetime.fromisoformat(written).replace(tzinfo=ZONE)


def moments(history: str) -> tuple[Moment, ...]:
    """Acts as dated lines: `2026-11-20 09:00 classify → classified`."""
    found = []
    for line in history.strip().splitlines():
        day, time, act, _, state = line.split()
        found.append(Moment(act, at(f"{day} {time}"), state))
    return tuple(found)


def facts(
    form: Form,
    values: Mapping[str, Json],
    *,
    now: str = "2026-11-21 12:00",
    state: str | None = None,
    history: Sequence[Moment] = (),
    parameters: Mapping[str, str | Quantity] | None = None,
    counted: Mapping[str, int] | None = None,
    calendar: Calendar = OFFICE,
) -> RecordFacts:
    """What expressions may ask of a record in memory."""
    known = {n: quantity(q) if isinstance(q, str) else q for n, q in (parameters or {}).items()}
    return RecordFacts(
        form,
        values,
        known,
        calendar,
        at(now),
        state or form.first_state,
        tuple(history),
        {name: (count, ()) for name, count in (counted or {}).items()},
    )
