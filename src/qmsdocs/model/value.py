"""Values of fields: what people write turned into the canonical value that is stored, or refused with a reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

import re2

from qmsdocs.base.canonical import MAXIMUM_INTEGER, Json
from qmsdocs.base.errors import Message, QmsError, message, nearest
from qmsdocs.model import quantity
from qmsdocs.model.form import Choice, Field, FieldType, Form

MAXIMUM_TEXT = 32_000  # a spreadsheet cell holds 32,767
MAXIMUM_ROWS = 200
N = TypeVar("N", int, Decimal)
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_ID = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_DATE = re.compile(r"([0-9]{4})\s*[-/年.]\s*([0-9]{1,2})\s*[-/月.]\s*([0-9]{1,2})\s*日?")
_TIME = re.compile(
    r"([0-9]{1,2})(?:[:时点]([0-9]{1,2})(?:[:分]([0-9]{1,2})?)?(?:\.0+)?(?:秒)?|[时点])\s*(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_TRUE = frozenset({"true", "yes", "y", "是", "有", "√", "☑", "1"})
_FALSE = frozenset({"false", "no", "n", "否", "无", "×", "0"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a value cannot be taken: the field as the program names it, and what is wrong."""

    field: str
    message: Message


class _Refused(Exception):
    def __init__(self, said: Message, place: str = "") -> None:
        self.said, self.place = said, place


@dataclass(frozen=True, slots=True)
class Intake:
    """What values are read against: the form, the zone of plain times, and the people by id and name."""

    form: Form
    zone: ZoneInfo
    people: Mapping[str, str]

    def accept(self, name: str, raw: object) -> tuple[Json, tuple[Refusal, ...]]:
        """The canonical value of what was written for the field `name` (None when empty), and what was refused."""
        field = self.form.values[name]
        try:
            return self._value(field, raw), ()
        except _Refused as refused:
            return None, (Refusal(f"{name}{refused.place}", refused.said),)

    def _value(self, field: Field, raw: object) -> Json:
        if raw is None or (isinstance(raw, str) and not raw.strip()) or raw == [] or raw == {}:
            return None
        match field.type:
            case FieldType.TABLE:
                return self._rows(field, raw) if field.rows else self._table(field, raw)
            case FieldType.CHOICES:
                return self._choices(field, raw)
            case FieldType.CHOICE | FieldType.SCALE:
                return _choice(self.form.choices_of(field), raw)
            case FieldType.ATTACHMENT:
                return _attachments(field, raw)
            case FieldType.INTEGER:
                return _bounded(field, _integer(raw))
            case FieldType.DECIMAL:
                return f"{_bounded(field, _decimal(raw)):f}"
            case FieldType.BOOLEAN:
                return _boolean(raw)
            case FieldType.DATE:
                return _date(raw).isoformat()
            case FieldType.DATETIME:
                return self._instant(raw).isoformat()
            case FieldType.DURATION:
                return _duration(raw)
            case FieldType.PERSON:
                return self._person(raw)
            case _:
                return _text(field, raw)

    def _person(self, raw: object) -> str:
        written = clean(_string(raw)).strip()
        if written in self.people:
            return written
        named = [person for person, name in self.people.items() if name == written]
        if not named and _ID.fullmatch(written):  # a slip in an id; somebody from outside is written by name
            raise _Refused(unknown_person(written, self.people))
        return named[0] if len(named) == 1 else written

    def _instant(self, raw: object) -> datetime:
        if isinstance(raw, datetime):
            found = raw
        elif isinstance(raw, date):
            raise _Refused(message("the time of day is missing: write e.g. {example}", example="2026-11-21 14:05"))
        else:
            found = _written_instant(_string(raw))
        _refuse_year(found.year)  # before any zone is asked: the first and last year have no neighbours
        zoned = found.replace(tzinfo=self.zone) if found.tzinfo is None else found.astimezone(self.zone)
        _refuse_year(zoned.year)
        return zoned.replace(microsecond=0)

    def _choices(self, field: Field, raw: object) -> Json:
        options = self.form.choices_of(field)
        written = re.split(r"[,，、;；\n]+", raw) if isinstance(raw, str) else raw
        if not isinstance(written, Sequence):
            raise _Refused(message("must be a list of choices"))
        chosen = [_choice(options, item) for item in written if not (isinstance(item, str) and not item.strip())]
        if len(set(chosen)) != len(chosen):
            raise _Refused(message("one choice stands twice"))
        _count(field, len(chosen), message("choices"))
        return [option for option in options if option in chosen] or None

    def _row(self, field: Field, raw: object, place: str) -> dict[str, Json]:
        if not isinstance(raw, Mapping):
            raise _Refused(message("each row must be a table of columns"), place)
        row: dict[str, Json] = {}
        for column in raw:
            if column not in field.column:
                raise _Refused(unknown_field(str(column), tuple(field.column)), f"{place}.{column}")
        for column, definition in field.column.items():
            try:
                value = self._value(definition, raw.get(column))
            except _Refused as refused:
                raise _Refused(refused.said, f"{place}.{column}{refused.place}") from None
            if value is not None:
                row[column] = value
        return row

    def _table(self, field: Field, raw: object) -> Json:
        if not isinstance(raw, list | tuple):
            raise _Refused(message("must be a list of rows"))
        if len(raw) > MAXIMUM_ROWS:
            _count(field, len(raw), message("rows"), highest=MAXIMUM_ROWS)
        filled = [(number, row) for number, item in enumerate(raw, 1) if (row := self._row(field, item, f"[{number}]"))]
        if not filled:
            return None
        _count(field, len(filled), message("rows"), highest=MAXIMUM_ROWS)
        for number, row in filled:
            for column, definition in field.column.items():
                if definition.required is True and not definition.is_derived and column not in row:
                    raise _Refused(message("is missing"), f"[{number}].{column}")
        return [row for _, row in filled]

    def _rows(self, field: Field, raw: object) -> Json:
        if not isinstance(raw, Mapping):
            raise _Refused(message("must be a table with the rows {rows}", rows=tuple(field.rows)))
        for row in raw:
            if row not in field.rows:
                raise _Refused(unknown_field(str(row), tuple(field.rows)), f".{row}")
        filled = {row: self._row(field, raw.get(row) or {}, f".{row}") for row in field.rows}
        kept: dict[str, Json] = {row: cells for row, cells in filled.items() if cells}
        return kept or None


def clean(text: str) -> str:
    """`text` in NFC with LF line ends. Raises QmsError-like refusal for characters no XML document can hold."""
    for character in text:
        if not _is_legal(character):
            raise _Refused(
                message("the character U+{code} cannot be written in a document", code=f"{ord(character):04X}")
            )
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _is_legal(character: str) -> bool:
    """Whether XML 1.0 allows it (production 2, Char), without the discouraged C1 controls and non-characters."""
    code = ord(character)
    if code < 0x20:
        return character in "\t\n\r"
    if 0x7F <= code <= 0x9F:
        return False
    return not 0xD800 <= code <= 0xDFFF and not 0xFDD0 <= code <= 0xFDEF and code & 0xFFFE != 0xFFFE


def refuse_text(text: str) -> Message | None:
    """What is wrong with free text that is no field (a reason, a name), or None."""
    try:
        clean(text)
    except _Refused as refused:
        return refused.said
    return message("longer than {limit} characters", limit=MAXIMUM_TEXT) if len(text) > MAXIMUM_TEXT else None


def unknown_field(name: str, known: Sequence[str]) -> Message:
    """What to say of a field, column or row that does not exist."""
    if (near := nearest(name, known)) is not None:
        return message('no such field, did you mean "{nearest}"?', nearest=near)
    return message("no such field; there are {known}", known=tuple(known))


def unknown_person(written: str, people: Mapping[str, str]) -> Message:
    """What to say of an id that nobody has."""
    known = tuple(f"{person} ({name})" for person, name in people.items())
    if (near := nearest(written, people)) is not None:
        return message('there is no person "{written}", did you mean "{nearest}"?', written=written, nearest=near)
    return message('there is no person "{written}"; there are {known}', written=written, known=known)


def _string(raw: object) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal | float):
        raise _Refused(message("must be text"))
    return str(raw)


def _text(field: Field, raw: object) -> str:
    if isinstance(raw, date):
        raw = raw.isoformat()
    if isinstance(raw, Decimal) and not re.fullmatch(r"-?[0-9.]+", str(raw)):  # 1e5 would be stored as 1E+5
        raise _Refused(message("must be text in quotes"))
    text = clean(_string(raw))
    longest = int(field.max) if field.max is not None else MAXIMUM_TEXT
    if len(text) > longest:
        raise _Refused(message("longer than {limit} characters", limit=longest))
    if field.min is not None and len(text) < int(field.min):
        raise _Refused(message("shorter than {limit} characters", limit=int(field.min)))
    if field.pattern is not None and re2.fullmatch(field.pattern, text) is None:
        raise _Refused(message("does not match {pattern}", pattern=field.pattern))
    return text


def _ascii(raw: object) -> str:
    """What was written, full-width signs as plain ones; no wider folding, which makes 52 of 5²."""
    return clean(_string(raw)).translate(_WIDE).strip()


def _integer(raw: object) -> int:
    number = _decimal(raw)
    if number != number.to_integral_value():
        raise _Refused(message("must be a whole number"))
    if abs(number) > MAXIMUM_INTEGER:
        raise _Refused(message("{number} is too large for an integer, use a decimal", number=raw))
    return int(number)


def _decimal(raw: object) -> Decimal:
    written = repr(raw) if isinstance(raw, float) else _ascii(raw)
    if not re.fullmatch(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", written):
        raise _Refused(message("must be a number such as 12.5"))
    return Decimal(written)


def _bounded(field: Field, number: N) -> N:
    if field.min is not None and number < field.min:
        raise _Refused(message("must not be less than {limit}", limit=field.min))
    if field.max is not None and number > field.max:
        raise _Refused(message("must not be more than {limit}", limit=field.max))
    return number


def _boolean(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    written = _ascii(raw).lower()
    if written in _TRUE or written in _FALSE:
        return written in _TRUE
    raise _Refused(message("must be true or false"))


def _refuse_year(year: int) -> None:
    if not 1900 <= year <= 2200:
        raise _Refused(message("the year {year} is not between 1900 and 2200", year=year))


def _date(raw: object) -> date:
    if isinstance(raw, datetime):
        if raw.time() != time(0):
            raise _Refused(message("must be a date such as 2026-11-21"))
        raw = raw.date()
    if isinstance(raw, date):
        _refuse_year(raw.year)
        return raw
    found = _DATE.fullmatch(_ascii(raw))
    if found is None:
        raise _Refused(message("must be a date such as 2026-11-21"))
    return _day(found)


def _day(found: re.Match[str]) -> date:
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise _Refused(message("{written} is not in the calendar", written=found[0].strip())) from None
    _refuse_year(day.year)
    return day


def _written_instant(raw: str) -> datetime:
    written = _ascii(raw)
    found = _DATE.match(written)
    moment = _TIME.fullmatch(written[found.end() :].lstrip(" T")) if found else None
    if not found or not moment:
        raise _Refused(message("must be a date and time such as {example}", example="2026-11-21 14:05"))
    try:
        at = datetime.combine(_day(found), time(int(moment[1]), int(moment[2] or 0), int(moment[3] or 0)))
        return datetime.fromisoformat(f"{at.isoformat()}{moment[4]}") if moment[4] else at
    except ValueError:
        raise _Refused(message("{written} is not in the calendar", written=written)) from None


def _duration(raw: object) -> str:
    try:
        found = quantity.parse(_ascii(raw))
    except QmsError as error:
        raise _Refused(error.message) from None
    if not found.is_duration or found.amount < 0:
        raise _Refused(message("must be a period such as 24 hours"))
    return str(found)


def _choice(options: Mapping[str, Choice], raw: object) -> str:
    written = clean(_string(raw)).strip()
    if written in options:
        return written
    named = [key for key, option in options.items() if written in (option.text.zh, option.text.en)]
    if len(named) == 1:
        return named[0]
    allowed = tuple(message("{title} ({name})", title=key, name=option.text) for key, option in options.items())
    if (near := nearest(written, options)) is not None:
        said = '"{written}" is no choice, did you mean "{nearest}"? There are {allowed}'
        raise _Refused(message(said, written=written, nearest=near, allowed=allowed))
    raise _Refused(message('"{written}" is no choice; there are {allowed}', written=written, allowed=allowed))


def _count(field: Field, number: int, what: Message, *, highest: int | None = None) -> None:
    most = int(field.max) if field.max is not None else highest
    if most is not None and number > most:
        raise _Refused(message("{number} {what}, at most {limit}", number=number, what=what, limit=most))
    if field.min is not None and number < int(field.min):
        raise _Refused(message("{number} {what}, at least {limit}", number=number, what=what, limit=int(field.min)))


def _attachments(field: Field, raw: object) -> Json:
    """Attachments arrive stored already: name, size and sha256 of each (with `held_at` where too large)."""
    written = raw if isinstance(raw, list | tuple) else [raw]
    _count(field, len(written), message("files"))
    return [_attachment(item) for item in written]


def _attachment(raw: object) -> dict[str, Json]:
    match raw:
        case {"name": str(name), "size": int(size), "sha256": str(digest), **rest} if (
            type(size) is int and 0 <= size <= MAXIMUM_INTEGER and re.fullmatch(r"[0-9a-f]{64}", digest)
        ):
            said: dict[str, Json] = {"name": clean(name), "size": size, "sha256": digest}
            match rest:
                case {"held_at": str(place)} if len(rest) == 1:
                    return said | {"held_at": clean(place)}
                case {} if not rest:
                    return said
    raise _Refused(message("an attachment is given as a file, see record attach"))
