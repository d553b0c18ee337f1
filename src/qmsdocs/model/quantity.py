"""Numbers with a unit from the closed list of the notation, and how they print."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language


class Unit(StrEnum):
    """The units a parameter may have (design, section 4)."""

    MINUTE = "minute"
    HOUR = "hour"
    WORKING_HOUR = "working hour"
    DAY = "day"
    WORKING_DAY = "working day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    PERCENT = "%"
    PERSON = "people"
    TIME = "times"
    POINT = "points"
    YUAN = "yuan"


DIVISIBLE = (Unit.MINUTE, Unit.HOUR, Unit.WORKING_HOUR)
LONGEST = {  # of the units of time, a century
    Unit.MINUTE: 52_596_000,
    Unit.HOUR: 876_600,
    Unit.WORKING_HOUR: 200_000,
    Unit.DAY: 36_525,
    Unit.WORKING_DAY: 25_000,
    Unit.WEEK: 5_218,
    Unit.MONTH: 1_200,
    Unit.YEAR: 100,
}
DURATIONS = tuple(LONGEST)
_CHINESE = {
    Unit.MINUTE: "分钟",
    Unit.HOUR: "小时",
    Unit.WORKING_HOUR: "工作小时",
    Unit.DAY: "天",
    Unit.WORKING_DAY: "个工作日",
    Unit.WEEK: "周",
    Unit.MONTH: "个月",
    Unit.YEAR: "年",
    Unit.PERCENT: "%",
    Unit.PERSON: "人",
    Unit.TIME: "次",
    Unit.POINT: "分",
    Unit.YUAN: "元",
}
_ONE = {Unit.PERSON: "person", Unit.TIME: "time", Unit.POINT: "point"}
_ALSO = {word: unit for unit, word in _ONE.items()} | {"个工作小时": Unit.WORKING_HOUR}
_ALSO |= {"日": Unit.DAY, "个小时": Unit.HOUR, "月": Unit.MONTH, "工作日": Unit.WORKING_DAY, "％": Unit.PERCENT}


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount and its unit, e.g. 24 hours."""

    amount: Decimal
    unit: Unit

    @property
    def is_duration(self) -> bool:
        """Whether this is a stretch of time."""
        return self.unit in DURATIONS

    @property
    def number(self) -> Decimal:
        """The plain number expressions compute with: a percentage as a ratio, all else as it stands."""
        return self.amount / 100 if self.unit is Unit.PERCENT else self.amount

    def __str__(self) -> str:
        if self.amount == 1:
            return f"{self.amount} {_ONE.get(self.unit, self.unit.value)}"
        return f"{self.amount} {self.unit.value}{'s' if self.is_duration else ''}"

    def of(self, language: Language) -> str:
        """How a reader of `language` writes it: `24 hours`, `24小时`, `60 %`, `60%`."""
        return f"{self.amount}{_CHINESE[self.unit]}" if language is Language.ZH else str(self)


def parse(written: str) -> Quantity:
    """The quantity of e.g. `24 hours`, `60 %`, `2个工作日`. Raises QmsError for a unit outside the list.

    Days and longer are counted whole, and no stretch of time is longer than a century.
    """
    text = unicodedata.normalize("NFKC", written).strip()
    found = re.fullmatch(r"(-?[0-9]+(?:\.[0-9]+)?)\s*([^\s0-9.,].*)", text)
    if not found:
        raise QmsError('"{written}" is not a number and a unit such as "24 hours"', written=written)
    unit = _unit(found[2].strip())
    if unit is None:
        raise QmsError(
            '"{unit}" is no unit; use one of {units}', unit=found[2], units=tuple(unit.value for unit in Unit)
        )
    amount = Decimal(found[1])
    if unit in DURATIONS and abs(amount) > LONGEST[unit]:
        raise QmsError('"{written}" is longer than a century', written=written)
    if unit in DURATIONS and unit not in DIVISIBLE and amount != amount.to_integral_value():
        raise QmsError('"{written}": days and longer are counted whole', written=written)
    return Quantity(amount, unit)


def _unit(written: str) -> Unit | None:
    singular = written.lower().removesuffix("s")
    for unit in Unit:
        if written in (unit.value, _CHINESE[unit]) or singular in (unit.value, unit.value.removesuffix("s")):
            return unit
    return _ALSO.get(written) or _ALSO.get(singular)
