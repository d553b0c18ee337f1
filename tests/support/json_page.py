"""docs/json.md as data, and what a command printed compared with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from program import Result

PAGE = Path(__file__).resolve().parents[2] / "docs" / "json.md"
FORMAT = PAGE.with_name("format.md")
TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
    "null": (type(None),),
}
ROW = re.compile(r"^\| `([^`]+)` \| ([a-z/]+\??) \|", re.MULTILINE)


def sections() -> dict[str, dict[str, str]]:
    """Key → type of each section, by the commands of its heading; objects that come again are spelt out."""
    parts = [part.partition("\n") for part in re.split(r"^##+ ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]]
    again = {heading: ROW.findall(body) for heading, _, body in parts if re.fullmatch(r"[a-z]+", heading)}
    found: dict[str, dict[str, str]] = {}
    for heading, _, body in parts:
        rows = [row for key, kind in ROW.findall(body) for row in _spelt_out(key, kind, again)]
        for name in re.findall(r"`([^`]+)`", heading):
            assert len(dict(rows)) == len(rows) > 0, name
            found[name] = dict(rows)
    return found


def _spelt_out(key: str, kind: str, again: Mapping[str, list[tuple[str, str]]]) -> Iterator[tuple[str, str]]:
    yield key, "object" if kind in again else kind
    yield from ((f"{key}.{below}", inner) for below, inner in again.get(kind, ()))


SECTIONS = sections()


def printed(value: Any, path: str, documented: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Every key of an object with its value; what the page calls `.*` is not gone into."""
    match value:
        case dict():
            for key, below in value.items():
                inner = f"{path}.{key}" if path else key
                if f"{path}.*" in documented:
                    yield f"{path}.*", below
                else:
                    yield inner, below
                    yield from printed(below, inner, documented)
        case list():
            for below in value:
                if f"{path}[]" in documented or not isinstance(below, dict):
                    yield f"{path}[]", below
                yield from printed(below, f"{path}[]", documented)


def objects(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object within a value, with where it stands."""
    match value:
        case dict():
            yield path, value
            for key, below in value.items():
                yield from objects(below, f"{path}.{key}" if path else key)
        case list():
            for below in value:
                yield from objects(below, f"{path}[]")


def missing(value: Any, documented: Mapping[str, str]) -> set[str]:
    """The keys that the page promises of an object, whatever it is about, and that one of the objects has not."""
    found: set[str] = set()
    for path, said in objects(value, ""):
        start = f"{path}." if path else ""
        own = {key.removeprefix(start) for key, kind in documented.items() if key.startswith(start) and "?" not in kind}
        found |= {f"{start}{key}" for key in own if re.fullmatch(r"\w+", key) and key not in said}
    return found


def fits(value: Any, kind: str) -> bool:
    """Whether a value is of a type of the page."""
    return kind == "any" or any(type(value) in TYPES[part] for part in kind.removesuffix("?").split("/"))


def compare(name: str, *results: Result) -> None:
    """Fails unless each result has what a section promises, and all together every key of it and no others."""
    documented = SECTIONS[name]
    seen: set[str] = set()
    for found in results:
        keys = found.json
        assert next(iter(keys)) == "format" and keys["format"] == 1
        for key, value in printed(keys, "", documented):
            assert key in documented, f"{name}: {key} is not on the page"
            assert fits(value, documented[key]), f"{name}: {key} is {value!r}, the page says {documented[key]}"
            seen.add(key)
        assert not missing(keys, documented), f"{name}: {missing(keys, documented)} is on the page and not printed"
    assert set(documented) == seen, f"{name}: {set(documented) - seen} is on the page and not printed"
