"""TOML read against a model, with every mistake named by file, line and key."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from qmsdocs.base.errors import Message, QmsError, message, nearest
from qmsdocs.base.files import read_text

MAXIMUM_SIZE = 2_000_000
M = TypeVar("M", bound=BaseModel)


def read(path: Path, model: type[M], *, name: str | None = None) -> M:
    """The checked content of the TOML file `path`. Raises QmsError located by line (as `name` where given)."""
    return parse(read_text(path), model, source=name or str(path))


def parse(text: str, model: type[M], *, source: str, line_offset: int = 0) -> M:
    """The checked content of TOML `text`. Raises QmsError located in `source`, lines counted from `line_offset`."""
    if len(text) <= MAXIMUM_SIZE:
        with suppress(ValueError, RecursionError):  # whatever is wrong is said below
            return cast("M", _parsed(text, model))
    data = load(text, source=source, line_offset=line_offset)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise located(error, text, source=source, line_offset=line_offset) from None


@lru_cache(maxsize=256)
def _parsed(text: str, model: type[BaseModel]) -> BaseModel:
    """The same, kept: the text on the desk is mostly the one in force."""
    return model.model_validate(tomllib.loads(text))


def load(text: str, *, source: str, line_offset: int = 0) -> dict[str, object]:
    """The raw tables of TOML `text`. Raises QmsError with the line of a mistake."""
    if len(text) > MAXIMUM_SIZE:
        raise QmsError("{source}: larger than {limit} characters", source=source, limit=MAXIMUM_SIZE)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        said = "{source}:{line}: not valid TOML: {what}"
        raise QmsError(said, source=source, line=line + line_offset, what=_mistake(str(error))) from None
    except RecursionError:
        raise QmsError("{source}: nested too deeply", source=source) from None
    except ValueError:  # a number of thousands of digits
        raise QmsError("{source}: a number is too long", source=source) from None


_MISTAKES = (  # how the messages of the library begin → what is said instead
    (("Cannot ", "Duplicate inline table key"), message("a name stands here twice")),
    (("Unterminated string", "Illegal character"), message("a text lacks its closing quote")),
    (("Unescaped", "Escaped", "Invalid hex"), message("write \\\\ for a backslash in a text")),
    (("Invalid initial character", "Invalid statement"), message("this is no key; text in a key needs quotes")),
    (("Expected '='",), message("there must be an = behind the key")),
    (("Invalid value", "Invalid date"), message("this is no value; text needs quotes")),
    (("Unclosed", "Expected ']"), message("a bracket is not closed")),
    (("Expected newline",), message("each key stands on a line of its own")),
)


def _mistake(said: str) -> Message:
    fitting = (ours for beginnings, ours in _MISTAKES if said.startswith(beginnings))
    return next(fitting, message("a mistake in the notation"))


def located(error: ValidationError, text: str, *, source: str, line_offset: int = 0) -> QmsError:
    """The first mistake pydantic found, as an error with file, line and dotted key."""
    first = error.errors(include_url=False)[0]
    keys = [str(part) for part in first["loc"] if not str(part).startswith(("function-", "tagged-"))]
    if keys[-2:-1] in (["default"], ["required"]):  # what it might have been comes last, it is no key
        keys.pop()
    context = first.get("ctx", {})
    carried = context.get("error")
    what = carried.message if isinstance(carried, LocatedError) else _explain(first["type"], context)
    if isinstance(carried, LocatedError):
        keys += carried.keys
    return QmsError(
        "{source}:{line}: {key}: {what}",
        source=source,
        line=line_of(text, keys) + line_offset,
        key=".".join(keys) or "-",
        what=what,
    )


class Definition(BaseModel):
    """What people write in TOML: frozen, every key known, an unknown one answered with the nearest."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: object) -> object:
        if isinstance(data, dict):
            known = tuple(field.alias or name for name, field in cls.model_fields.items())
            for key in data:
                if key not in known and key not in cls.model_fields:
                    raise LocatedError(unknown_key(str(key), known), str(key))
        return data


class LocatedError(ValueError):
    """A mistake a model's own check found below the keys it was called for."""

    def __init__(self, said: Message, *keys: str) -> None:
        self.message = said
        self.keys = keys
        super().__init__(str(said))


def _explain(kind: str, context: Mapping[str, object]) -> Message:
    match kind:
        case "missing":
            return message("is missing")
        case "string_type":
            return message("must be text in quotes")
        case "int_type" | "int_parsing" | "int_from_float":
            return message("must be a whole number")
        case "bool_type" | "bool_parsing":
            return message("must be true or false")
        case "decimal_type" | "decimal_parsing" | "finite_number":
            return message("must be a number")
        case "time_type" | "time_parsing":
            return message("must be a time such as 08:30")
        case "too_long" | "too_short":
            return message("has too many or too few parts")
        case "date_type" | "date_from_datetime_parsing" | "date_parsing":
            return message("must be a date such as 2026-11-21")
        case "list_type" | "tuple_type":
            return message("must be a list in [ ]")
        case "dict_type" | "model_type" | "model_attributes_type" | "mapping_type":
            return message("must be a table of keys")
        case "enum" | "literal_error":
            return message("must be one of {allowed}", allowed=str(context.get("expected", "")).replace(" or ", ", "))
        case "string_pattern_mismatch":
            return message("does not match {pattern}", pattern=context.get("pattern", ""))
        case _:
            return message("is not valid ({kind})", kind=kind)


def unknown_key(key: str, known: Sequence[str]) -> Message:
    """What to say of a key nobody knows: the nearest known one is proposed."""
    if (near := nearest(key, known)) is not None:
        return message('unknown key, did you mean "{nearest}"?', nearest=near)
    return message("unknown key")


def line_of(text: str, keys: Sequence[str]) -> int:
    """The line (from 1) where the dotted `keys` stand in TOML `text`, or of the nearest table above them.

    In a list over several lines a key that counts its items (from 0) leads to the line of that item.
    """
    wanted = tuple(keys)
    best, depth = 1, 0
    table: tuple[str, ...] = ()
    met: Counter[tuple[str, ...]] = Counter()
    for statement in _statements(text):
        path = statement.path if statement.is_table else (*table, *statement.path)
        if statement.is_one_of_many:
            met[path] += 1
            path = (*path, str(met[path] - 1))
        if statement.is_table:
            table = path
        if path[: len(wanted)] == wanted:
            return statement.line
        if path == wanted[: len(path)] and len(path) > depth:
            best, depth = statement.line, len(path)
            if not statement.is_table:
                item = wanted[len(path)] if len(path) < len(wanted) else ""
                is_item = item.isdecimal() and int(item) < len(statement.items)
                return statement.items[int(item)] if is_item else statement.line
    return best


_TOKEN = re.compile(
    r'"{3}(?:\\.|[^\\])*?"{3}'
    r"|'{3}.*?'{3}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*|[\[\]{}=,\n]|[^\s\[\]{}=,\"'#]+",
    re.DOTALL,
)
_KEY_PART = re.compile(r"""\"([^\"]*)\"|'([^']*)'|([^.\s\"']+)""")


@dataclass(frozen=True, slots=True)
class _Statement:
    """A table header, or a key with its value; `items` are the lines where the items of a list begin."""

    line: int
    path: tuple[str, ...]
    is_table: bool
    items: tuple[int, ...]
    is_one_of_many: bool = False  # [[name]]


@lru_cache(maxsize=1)  # of one file with many mistakes each is located
def _statements(text: str) -> Sequence[_Statement]:
    """The statements of valid TOML, in order."""
    return tuple(_read_statements(text))


def _read_statements(text: str) -> Iterator[_Statement]:
    tokens: list[tuple[str, int]] = []
    line, depth = 1, 0
    for token in _TOKEN.findall(text + "\n"):
        if token == "\n" and depth == 0:
            if tokens:
                yield _statement(tokens)
            tokens = []
        elif not token.startswith(("#", "\n")):
            tokens.append((token, line))
            depth += (token in "[{") - (token in "]}")
        line += token.count("\n")


def _statement(tokens: Sequence[tuple[str, int]]) -> _Statement:
    words = [word for word, _ in tokens]
    if words[0] == "[":
        path = split_key("".join(word for word in words if word not in "[]"))
        return _Statement(tokens[0][1], path, True, (), is_one_of_many=words[1] == "[")
    if "=" not in words:
        return _Statement(tokens[0][1], (), False, ())
    sign = words.index("=")
    items: list[int] = []
    depth = 0
    for word, line in tokens[sign + 1 :]:
        depth -= word in "]}"
        if depth == 1 and words[sign + 1] == "[" and word not in ",]}":
            items.append(line)
        depth += word in "[{"
    return _Statement(tokens[0][1], split_key("".join(words[:sign])), False, tuple(items))


def split_key(written: str) -> tuple[str, ...]:
    """The parts of a dotted key, quotes taken away."""
    return tuple("".join(parts) for parts in _KEY_PART.findall(written))
