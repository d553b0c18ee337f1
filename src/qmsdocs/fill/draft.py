"""Drafts of records in TOML or JSON, read as data from anybody; nothing in them is ever carried out."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

import re2

from qmsdocs.base import toml
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import read_bytes
from qmsdocs.render.package import unfit

MAXIMUM_SIZE = 4_000_000
MAXIMUM_DEPTH = 16  # values, table, row, column need four
KEYS = ("form", "revision", "submission", "raised_from", "values")
_MAXIMUM_SUBMISSION = 200
# One dotted key of thousands of parts costs the parser their square; nobody writes more than four.
_ENDLESS_KEY = re2.compile(r"""(?:[ \t]*(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.){200}""")
_PLACE = re.compile(r"\[([0-9]+)\]")


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as written: the form, its revision and retry key where given, and the raw values by field."""

    form: str
    revision: str | None
    submission: str | None
    values: Mapping[str, object]
    source: str
    text: str
    is_json: bool = False
    raised_from: Mapping[str, str] | None = None

    def line(self, field: str) -> int:
        """The line (from 1) of `phone`, `team[2].member` or `is_is_not.what.it_is`, or the nearest above."""
        place = _PLACE.sub(lambda found: f".{int(found[1]) - 1}", field)
        keys = ("values", *place.split("."))
        return _line_in_json(self.text, keys) if self.is_json else toml.line_of(self.text, keys)

    def place(self, field: str) -> str:
        """Where the field stands, for messages: `complaint.toml:12`."""
        return f"{self.source}:{self.line(field)}"


def read(path: Path, *, name: str | None = None) -> Draft:
    """The draft in the file `path`, called `name` in messages. Raises QmsError, one line that names the file."""
    source = name or str(path)
    return parse(read_bytes(path, most=MAXIMUM_SIZE, name=source), source=source)


def read_values(path: Path) -> Mapping[str, object]:
    """The raw values in the file `path`: those of a draft, or a file of nothing but values. Raises QmsError."""
    _, found = _tables(read_bytes(path, most=MAXIMUM_SIZE), str(path))
    values = found.get("values")
    return values if isinstance(values, Mapping) else found


def _tables(data: bytes, source: str) -> tuple[str, Mapping[str, object]]:
    """The text of `data` and what it says; JSON when it begins with a brace, else TOML."""
    if len(data) > MAXIMUM_SIZE:
        raise unfit(source, message("larger than {limit} MB", limit=MAXIMUM_SIZE // 1_000_000))
    text = decode(data, source=source)
    found = _json(text, source) if _is_json(text) else _toml(text, source)
    _check(found, source)
    return text, found


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("{")


def parse(data: bytes, *, source: str) -> Draft:
    """The draft written as `data`; JSON when it begins with a brace, else TOML. Raises QmsError naming `source`."""
    text, found = _tables(data, source)
    for key in found:
        if key not in KEYS:
            raise unfit(source, message("{key}: {what}", key=key, what=toml.unknown_key(key, KEYS)))
    values = found.get("values", {})
    if not isinstance(values, Mapping):
        raise unfit(source, message("{key}: {what}", key="values", what=message("must be a table of keys")))
    form = _text(found, "form", source)
    if form is None:
        what = message("it does not say of which form it is; its first line is: {example}", example='form = "…"')
        raise unfit(source, what)
    submission = _text(found, "submission", source)
    if submission is not None and len(submission) > _MAXIMUM_SUBMISSION:
        what = message("longer than {limit} characters", limit=_MAXIMUM_SUBMISSION)
        raise unfit(source, message("{key}: {what}", key="submission", what=what))
    raised_from = _raised_from(found, source)
    return Draft(form, _text(found, "revision", source), submission, values, source, text, _is_json(text), raised_from)


def _raised_from(found: Mapping[str, object], source: str) -> Mapping[str, str] | None:
    """The record and raise that called for this draft: `raised_from = { record = "…", raise = "…" }`."""
    said = found.get("raised_from")
    if said is None:
        return None
    if not isinstance(said, Mapping) or set(said) != {"record", "raise"}:
        what = message("must name record and raise")
        raise unfit(source, message("{key}: {what}", key="raised_from", what=what))
    return {key: _text(said, key, source) or "" for key in said}


def decode(data: bytes, *, source: str) -> str:
    """`data` as strict UTF-8, with or without mark, line ends as LF. Raises QmsError, for GB18030 with a hint."""
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        hint = None
        if is_gb18030(data):
            hint = message("it reads as GB18030 (the encoding of Chinese Windows); save it again as UTF-8")
        place = error.start
        raise QmsError("{source}: not UTF-8 at byte {position}", source=source, position=place, hint=hint) from None


def is_gb18030(data: bytes) -> bool:
    """Whether `data` can be read as GB18030 text."""
    if b"\0" in data:
        return False
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


def _text(found: Mapping[str, object], key: str, source: str) -> str | None:
    value = found.get(key)
    if value is not None and not isinstance(value, str):
        raise unfit(source, message("{key}: {what}", key=key, what=message("must be text in quotes")))
    if value is None:
        return None
    strange = next((sign for sign in value if not sign.isprintable()), None)
    if strange is not None:
        what = message("the character U+{code} cannot stand here", code=f"{ord(strange):04X}")
        raise unfit(source, message("{key}: {what}", key=key, what=what))
    return unicodedata.normalize("NFC", value).strip() or None


def _toml(text: str, source: str) -> Mapping[str, object]:
    if _ENDLESS_KEY.search(text):
        raise unfit(source, message("a key has too many parts"))
    try:
        toml.load(text, source=source)  # says the line of a mistake
        found = tomllib.loads(text, parse_float=Decimal)
    except ValueError:  # a number of thousands of digits
        raise unfit(source, message("a number is too long")) from None
    return {key: _ended(value) for key, value in found.items()}


def _ended(value: object) -> object:
    """`value` with texts cut at their end: in TOML the line end before closing quotes belongs to the writing."""
    match value:
        case str():
            return value.removesuffix("\n")
        case list():
            return [_ended(part) for part in value]
        case dict():
            return {key: _ended(part) for key, part in value.items()}
        case _:
            return value


def _json(text: str, source: str) -> Mapping[str, object]:
    try:
        found: dict[str, object] = json.loads(
            text, object_pairs_hook=_unique, parse_float=Decimal, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        what = message("not valid JSON in line {line}, column {column}", line=error.lineno, column=error.colno)
        raise unfit(source, what) from None
    except RecursionError:
        raise QmsError("{source}: nested too deeply", source=source) from None
    except QmsError as error:
        raise unfit(source, error.message) from None
    except ValueError:
        raise unfit(source, message("a number is too long")) from None
    return found


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        _check_key(key)
        if key in found:
            raise QmsError('the key "{key}" stands twice', key=key)
        found[key] = value
    return found


def _refuse_constant(written: str) -> NoReturn:
    raise QmsError("{number} is no number", number=written)


def _check(value: object, source: str, depth: int = 0) -> None:
    """Nothing; raises QmsError for what no draft needs: deep nests, keys that are no words."""
    if depth > MAXIMUM_DEPTH:
        raise QmsError("{source}: nested too deeply", source=source)
    if isinstance(value, Mapping):
        for key in value:
            try:
                _check_key(key)
            except QmsError as error:
                raise unfit(source, error.message) from None
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for part in parts:
        _check(part, source, depth + 1)


def _check_key(key: str) -> None:
    """Nothing; raises QmsError where a key would not print: messages repeat it on a screen."""
    for sign in key[:100]:
        if not sign.isprintable():
            raise QmsError("a key holds the character U+{code}", code=f"{ord(sign):04X}")
    if len(key) > 100:
        raise QmsError("a key is longer than {limit} characters", limit=100)


def _line_in_json(text: str, keys: Sequence[str]) -> int:
    position = 0
    for key in keys:
        if key.isdigit():
            continue
        found = re.compile(rf"{re.escape(json.dumps(key, ensure_ascii=False))}\s*:").search(text, position)
        if found is None:
            break
        position = found.end()
    return text.count("\n", 0, position) + 1
