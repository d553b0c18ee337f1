"""Canonical JSON (RFC 8785 without floats) and SHA-256: the bytes that are evidence."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import NoReturn, TypeAlias

import orjson
import rfc8785

from qmsdocs.base.errors import QmsError

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

MAXIMUM_DEPTH = 64
_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER  # the latter raises beyond 2^53 - 1
MAXIMUM_INTEGER = 2**53 - 1  # what every JSON reader holds exactly (RFC 8785, 3.2.2.3)


def dumps(value: Json) -> bytes:
    """The canonical bytes of `value`. Raises QmsError for what canonical JSON of this format cannot hold."""
    _refuse_unfit(value, 0)
    return rfc8785.dumps(value)


def _refuse_unfit(value: Json, depth: int) -> None:
    if depth > MAXIMUM_DEPTH:
        raise QmsError("the data is nested deeper than {limit} levels", limit=MAXIMUM_DEPTH)
    if isinstance(value, str):
        refuse_unfit_text(value)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        if abs(value) > MAXIMUM_INTEGER:
            raise QmsError("{number} is too large for an integer, use a decimal", number=value)
    elif isinstance(value, list):
        for part in value:
            _refuse_unfit(part, depth + 1)
    elif isinstance(value, dict):
        for name, part in value.items():
            refuse_unfit_text(name)
            _refuse_unfit(part, depth + 1)
    else:
        raise TypeError(f"{type(value).__name__} has no place in canonical JSON")


def refuse_unfit_text(text: str) -> None:
    """Raises QmsError where `text` is not NFC or holds half a character (a lone surrogate)."""
    for character in text:
        if "\ud800" <= character <= "\udfff":
            raise QmsError("half a character (U+{code}) cannot be stored", code=f"{ord(character):04X}")
    if not unicodedata.is_normalized("NFC", text):
        raise QmsError("the text is not in the normal form NFC")


def loads(data: bytes) -> Json:
    """The value of strict JSON. Raises QmsError for doubled keys, floats, NaN, depth, or bytes that are not UTF-8."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise QmsError("not UTF-8 at byte {position}", position=error.start) from error
    if text.startswith("\ufeff"):
        raise QmsError("the JSON starts with a byte order mark")
    try:
        value: Json = json.loads(
            text, object_pairs_hook=_unique, parse_float=_refuse_number, parse_constant=_refuse_number
        )
    except json.JSONDecodeError as error:
        raise QmsError(
            "not valid JSON in line {line}, column {column}", line=error.lineno, column=error.colno
        ) from error
    except RecursionError as error:
        raise QmsError("the data is nested deeper than {limit} levels", limit=MAXIMUM_DEPTH) from error
    except ValueError as error:  # a number of thousands of digits
        raise QmsError("not valid JSON: a number is too long") from error
    _refuse_deep(value, 0)
    return value


def read(data: bytes) -> tuple[Json, bool]:
    """The value of strict JSON, and whether `data` are its canonical bytes. Raises QmsError as `loads` does.

    What a fast parser writes back as it was, with nothing doubtful in it, is canonical; only the rest is read slowly.
    """
    try:
        value: Json = orjson.loads(data)
        is_plain = (data.isascii() or unicodedata.is_normalized("NFC", data.decode("utf-8"))) and data.count(
            b"{"
        ) + data.count(b"[") <= MAXIMUM_DEPTH
        if is_plain and _is_free_of_floats(value) and orjson.dumps(value, option=_SORTED) == data:
            return value, True
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        pass  # whatever is wrong, the strict reader says it
    value = loads(data)
    try:
        return value, dumps(value) == data
    except QmsError:
        return value, False


def _is_free_of_floats(value: object) -> bool:
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,):
        kind = type(part)
        if kind is float or ((kind is dict or kind is list) and not _is_free_of_floats(part)):
            return False
    return True


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise QmsError('the key "{key}" stands twice', key=doubled)
    return found


def _refuse_number(written: str) -> NoReturn:
    raise QmsError('{number} is not an integer; write decimals as text: "{number}"', number=written)


def _refuse_deep(value: Json, depth: int) -> None:
    if depth > MAXIMUM_DEPTH:
        raise QmsError("the data is nested deeper than {limit} levels", limit=MAXIMUM_DEPTH)
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        _refuse_deep(part, depth + 1)


def sha256(data: bytes) -> str:
    """The SHA-256 of `data` as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
