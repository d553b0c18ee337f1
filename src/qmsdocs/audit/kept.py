"""Findings about single records as they are kept between audits: template and values, never the words of a language."""

from __future__ import annotations

import json
from datetime import date
from typing import TypeAlias

from qmsdocs.audit.rule import Hit
from qmsdocs.base.errors import Message
from qmsdocs.base.language import Text

Found: TypeAlias = "tuple[str, Hit]"
# Rules that look beyond the record and what it is judged by: at other records, a journal, the bytes of attachments,
# at whether a revision lies here. And what could not be applied at all. A record they speak of is judged again.
RESTING_ON_MORE = frozenset({"REC202", "REC204", "REC209", "REC217", "REC222", "REC224", "ACT509", "SYS909"})


def written(code: str, hit: Hit) -> str | None:
    """A finding as text, None where it has to be judged again."""
    if code in RESTING_ON_MORE:
        return None
    try:
        return json.dumps([hit.subject, _plain(hit.message), hit.place], ensure_ascii=False)
    except TypeError:
        return None


def read(said: str) -> Hit:
    """The finding that `written` has written."""
    subject, about, place = json.loads(said)
    found = _value(about)
    assert isinstance(found, Message)
    return Hit(subject, found, place)


def _plain(value: object) -> object:
    """A value of a message as JSON; raises TypeError for one that would not come back the same."""
    kind = type(value)
    if value is None or kind in (str, int, bool):
        return value
    if kind is date:
        return {"date": str(value)}
    if isinstance(value, Text):
        return {"text": [value.zh, value.en]}
    if isinstance(value, Message):
        return {"message": [value.template, {name: _plain(part) for name, part in value.values.items()}]}
    if isinstance(value, tuple) and kind is tuple:
        return {"tuple": [_plain(part) for part in value]}
    raise TypeError(kind.__name__)


def _value(plain: object) -> object:
    if not isinstance(plain, dict):
        return plain
    [(kind, said)] = plain.items()
    if kind == "date":
        return date.fromisoformat(said)
    if kind == "text":
        chinese, english = said
        return Text(chinese, english)
    if kind == "tuple":
        return tuple(_value(part) for part in said)
    template, values = said
    return Message(template, {name: _value(part) for name, part in values.items()})
