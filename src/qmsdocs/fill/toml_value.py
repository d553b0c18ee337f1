"""Values written as TOML, so that they read back equal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def key(name: str) -> str:
    """`name` as a key."""
    return name if _BARE.fullmatch(name) else _basic(name)


def inline(value: object) -> str:
    """`value` on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return f"{value:f}" if value.is_finite() and abs(value.adjusted()) < 40 else _basic(str(value))
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            return "{ " + ", ".join(f"{key(str(name))} = {inline(part)}" for name, part in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(inline(part) for part in value) + "]"
        case _:
            return _basic(f"{value}\n" if str(value).endswith("\n") else str(value))


def written(value: object) -> str:
    """`value`; a text of several lines stands between ''' so that it can be read and mended."""
    if not isinstance(value, str) or "\n" not in value:
        return inline(value)
    if "'''" not in value and not value.endswith("'") and all(_is_seen(sign) or sign in "\t\n" for sign in value):
        return f"'''\n{value}\n'''"
    lines = value.split("\n")
    return '"""\n' + "\n".join(_escaped(line) for line in lines) + '\n"""'


def _basic(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """`text` with quotes, backslashes and what cannot be seen written as escapes."""
    return "".join(_sign(sign) for sign in text)


def _sign(sign: str) -> str:
    if sign in _SHORT:
        return _SHORT[sign]
    if _is_seen(sign):
        return sign
    code = ord(sign)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _is_seen(sign: str) -> bool:
    return sign.isprintable() or sign == "\u3000"
