"""Numbers with a unit that are typed in running text: `24小时`, `二十四小时`, `24 hours`, `sixty percent`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from qmsdocs.model.quantity import Quantity, Unit

_HAN_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_TENS = {"十": 10, "百": 100, "千": 1000}
_ENGLISH: Mapping[str, int] = {
    word: value
    for value, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
} | {
    **{"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90},
    **{"twenty-four": 24, "forty-eight": 48, "seventy-two": 72},
}

# What follows a unit word that makes it another word: 人员, 次要, 3分之一, 周年.
_CHINESE_UNITS = (
    (r"个?工作小时", Unit.WORKING_HOUR),
    (r"个?小时|个?钟头", Unit.HOUR),
    (r"分钟", Unit.MINUTE),
    (r"个?工作[日天]", Unit.WORKING_DAY),
    (r"天|日(?=历?[以之]?[内后])", Unit.DAY),
    (r"个?星期|个?礼拜|周(?![年岁边围])", Unit.WEEK),
    (r"个月", Unit.MONTH),
    (r"年(?![级代版度])", Unit.YEAR),
    (r"%", Unit.PERCENT),
    (r"个人(?![信资隐])|人(?![员次民工事大])|名(?![称字单义牌])|位(?![数置于移])", Unit.PERSON),
    (r"次(?![品要日月年序性])|遍", Unit.TIME),
    (r"分(?![钟之别为成类析布部支级开组段项批期包层区格行制公])", Unit.POINT),
    (r"万?元(?![素件旦])", Unit.YUAN),
)
_ENGLISH_UNITS = (
    (r"working[ -]hours?", Unit.WORKING_HOUR),
    (r"hours?", Unit.HOUR),
    (r"minutes?", Unit.MINUTE),
    (r"(?:working|business)[ -]days?", Unit.WORKING_DAY),
    (r"days?", Unit.DAY),
    (r"weeks?", Unit.WEEK),
    (r"months?", Unit.MONTH),
    (r"years?", Unit.YEAR),
    (r"percent|per cent", Unit.PERCENT),
    (r"people|persons?", Unit.PERSON),
    (r"times?", Unit.TIME),
    (r"points?", Unit.POINT),
    (r"yuan", Unit.YUAN),
)
_DIGITS = r"[0-9]{1,12}(?:\.[0-9]{1,12})?"
_NUMERALS = "零〇一二两三四五六七八九十百千半"
_HAN = rf"[{_NUMERALS}]{{1,12}}"


def _pattern(amount: str, units: tuple[tuple[str, Unit], ...], *, before: str, after: str = "") -> re.Pattern[str]:
    named = "|".join(f"(?P<{unit.name}>{written})" for written, unit in units)
    least = rf"(?:(?P<least>{_DIGITS}|{_HAN})\s?(?:[-–—~至到]|to)\s?)?"
    return re.compile(rf"{before}{least}(?P<amount>{amount})[\s-]?(?:{named}){after}", re.IGNORECASE)


_PATTERNS = (
    _pattern(_DIGITS, _CHINESE_UNITS, before=r"(?<![0-9A-Za-z.:/-])"),
    _pattern(_HAN, _CHINESE_UNITS, before=rf"(?<![第几数上同个万{_NUMERALS}])"),
    _pattern(
        rf"{_DIGITS}|{'|'.join(sorted(_ENGLISH, key=len, reverse=True))}",
        _ENGLISH_UNITS,
        before=r"(?<![0-9A-Za-z.:/-])",
        after=r"(?![A-Za-z])",
    ),
)
_HUNDREDTHS = re.compile(rf"百分之(?P<amount>{_DIGITS}|{_HAN})")
_LIMIT_BEFORE = re.compile(
    r"(?:满|超过|少于|多于|不足|至少|至多|提前|最迟|达到?|(?:\b(?:within|after|at least|at most|than)\s))$",
    re.IGNORECASE,
)
_LIMIT_AFTER = re.compile(r"[以之]?[内上下前后]")
_SET_PHRASES = ("十分", "二次", "四周", "百年", "千人", "百分")
_UNREAD = re.compile(r"`[^`]*`|\{\{[^{}]*\}\}|\]\([^()]*\)|<[^<>]*>|https?://\S+|[①-⒛]")
_AROUND = 12  # characters before and behind a number that may make it something else
FIRST_YEAR = 1000  # from here on it is a date: 2026年


@dataclass(frozen=True, slots=True)
class TypedNumber:
    """A number with its unit as it stands in a text, and what it says."""

    written: str
    quantity: Quantity


def typed_numbers(line: str) -> Iterator[TypedNumber]:
    """The numbers with a unit in `line`; dates, clause and document numbers, set phrases and code are none."""
    text = unicodedata.normalize("NFKC", _UNREAD.sub(" ", line)).replace("*", "")
    for found in _HUNDREDTHS.finditer(text):
        amount = _amount(found["amount"])
        if amount is not None:
            yield TypedNumber(found[0], Quantity(amount, Unit.PERCENT))
    for pattern in _PATTERNS:
        for found in pattern.finditer(_HUNDREDTHS.sub(" ", text)):
            yield from _said(found)


def _said(found: re.Match[str]) -> Iterator[TypedNumber]:
    unit = next(unit for unit in Unit if found.groupdict().get(unit.name) is not None)
    before, after = (
        found.string[max(0, found.start() - _AROUND) : found.start()],
        found.string[found.end() : found.end() + _AROUND],
    )
    if before.rstrip().endswith("第") or _is_phrase(found, before, after):
        return
    if found[unit.name] == "日" and before.rstrip().endswith("月"):
        return
    for name in ("least", "amount"):
        amount = _amount(found[name]) if found[name] is not None else None
        if amount is not None and not (unit is Unit.YEAR and amount >= FIRST_YEAR):
            times = 10_000 if found[unit.name].startswith("万") else 1
            yield TypedNumber(found[0].strip(), Quantity(amount * times, unit))


def _is_phrase(found: re.Match[str], before: str, after: str) -> bool:
    """Whether the words are a way of speaking (一次, one person) and no number; as a limit (一周内) they are one."""
    if found[0] == "十分":
        return True
    is_weak = found["amount"].lower() in ("一", "one") or found[0].startswith(_SET_PHRASES)
    return is_weak and not (_LIMIT_BEFORE.search(before) or _LIMIT_AFTER.match(after))


def _amount(written: str) -> Decimal | None:
    lowered = written.lower()
    if lowered in _ENGLISH:
        return Decimal(_ENGLISH[lowered])
    return Decimal(lowered) if lowered[0] in "0123456789" else _han(lowered)


def _han(written: str) -> Decimal | None:
    """The number that Chinese numerals below ten thousand say; None for a guess such as 两三."""
    if written.startswith("半"):
        return Decimal("0.5")
    digits = written.rstrip("半")
    if "半" in digits:
        return None
    if not set(digits) & _HAN_TENS.keys():
        is_guess = len(digits) > 1 and not set(digits) & set("零〇")
        return None if is_guess else Decimal("".join(str(_HAN_DIGITS[character]) for character in digits))
    total, digit = 0, 0
    for character in digits:
        if character in _HAN_TENS:
            total += (digit or 1) * _HAN_TENS[character]
            digit = 0
        else:
            digit = _HAN_DIGITS[character]
    return Decimal(total + digit)


def shadowed(typed: Quantity, parameters: Mapping[str, Quantity]) -> tuple[str, ...]:
    """The parameters a typed number repeats: the same amount and unit, else the same amount of hours or days.

    Hours and working hours (days and working days) are taken for one another in running text.
    """
    same = tuple(name for name, value in parameters.items() if value == typed)
    return same or tuple(
        name
        for name, value in parameters.items()
        if value.amount == typed.amount and _loose(value.unit) is _loose(typed.unit)
    )


def _loose(unit: Unit) -> Unit:
    return {Unit.WORKING_HOUR: Unit.HOUR, Unit.WORKING_DAY: Unit.DAY}.get(unit, unit)
