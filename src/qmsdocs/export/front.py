"""The offline front page of a package or a site: lines on shelves, to be searched, sorted, filtered and opened.

It works from a folder (file://) with no server: the lines stand in script files as JSON text, since a page may not read
files there. Texts reach the page as text nodes only, and its policy lets nothing in from elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from importlib import resources
from typing import Protocol, TypeVar

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language

T = TypeVar("T")
CHUNK = 1_000_000  # characters of one data file
# Firefox does not take 'self' for a page opened from a folder, so the scheme is named too; on a server it is another.
POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file: data:; "
    "base-uri 'none'; form-action 'none'"
)
_ASSETS = ("front.css", "front.js", "view.js")
# What turns the direction of text, hides in it, or is no character: it is shown as its code point.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_MARKUP = re.compile("[<>&\u2028\u2029]")


class Progress(Protocol):
    """How somebody who waits is shown that items are worked through, of which there are `length`."""

    def __call__(self, items: Iterable[T], label: str, length: int, /) -> Iterable[T]: ...


def unshown(items: Iterable[T], _label: str, _length: int, /) -> Iterable[T]:
    """The items, nobody waiting."""
    return items


class Kind(StrEnum):
    """How a column is sorted and filtered."""

    TEXT = "text"
    DATE = "date"  # 2026-11-21, or with a time behind it
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a shelf."""

    name: str
    title: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Link:
    """A file beside the page; `path` is relative to the page's folder, with `/`."""

    title: str
    path: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a shelf. `key` is its number, unique on the page; `detail` is (title, text); `related` holds keys."""

    key: str
    cells: tuple[str, ...]
    links: tuple[Link, ...] = ()
    detail: tuple[tuple[str, str], ...] = ()
    events: tuple[str, ...] = ()
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """Lines of one kind; they are read once, in their order."""

    id: str
    title: str
    columns: tuple[Column, ...]
    lines: Iterable[Line]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Front:
    """The whole page. `charts` are pictures beside it."""

    title: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    shelves: tuple[Shelf, ...]
    language: Language
    charts: tuple[Link, ...] = ()


def front_files(front: Front) -> Iterator[tuple[str, bytes]]:
    """(path, bytes) of every file of the page, one after the other. Raises QmsError for a link that leads outside."""
    for name in _ASSETS:
        yield f"front/{name}", _asset(name)
    heads: list[Json] = []
    number = 0
    for position, shelf in enumerate(front.shelves):
        layouts: dict[tuple[str, ...], int] = {}
        for lines in _chunks(_line(line, layouts, shelf) for line in shelf.lines):
            number += 1
            yield _data_path(number), _script(f'{{"shelf":{position},"lines":[{",".join(lines)}]}}')
        heads.append(_shelf_head(shelf, layouts))
    yield _data_path(0), _script(_json(_head(front, heads, chunks=number)))
    yield "index.html", _page(front)


def _head(front: Front, shelves: list[Json], *, chunks: int) -> Json:
    return {
        "title": visible(front.title),
        "facts": [[visible(name), visible(value)] for name, value in front.facts],
        "notes": [visible(note) for note in front.notes],
        "charts": _links(front.charts),
        "language": front.language.value,
        "words": json.loads(_asset("words.json")),
        "chunks": chunks,
        "shelves": shelves,
    }


def _shelf_head(shelf: Shelf, layouts: dict[tuple[str, ...], int]) -> Json:
    return {
        "id": shelf.id,
        "title": visible(shelf.title),
        "note": visible(shelf.note),
        "columns": [{"title": visible(column.title), "kind": column.kind.value} for column in shelf.columns],
        "layouts": [list(titles) for titles in layouts],
    }


def _line(line: Line, layouts: dict[tuple[str, ...], int], shelf: Shelf) -> str:
    """The line as JSON: key, cells, which titles its details have, their texts, events, links, related keys."""
    if len(line.cells) != len(shelf.columns):
        raise ValueError(f"{shelf.id}: {line.key} has {len(line.cells)} cells for {len(shelf.columns)} columns")
    titles = tuple(visible(title) for title, _ in line.detail)
    said: list[Json] = [
        visible(line.key),
        [visible(cell) for cell in line.cells],
        layouts.setdefault(titles, len(layouts)),
        [visible(text) for _, text in line.detail],
        [visible(event) for event in line.events],
        _links(line.links),
        [visible(key) for key in line.related],
    ]
    return _json(said)


def _links(links: Iterable[Link]) -> list[Json]:
    return [[visible(link.title), inner_path(link.path)] for link in links]


def _chunks(lines: Iterator[str]) -> Iterator[list[str]]:
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= CHUNK:
            yield held
            held, size = [], 0
    if held:
        yield held


def visible(text: str) -> str:
    """`text` with every character that cannot be seen or turns its direction written as its code point: `[U+202E]`."""
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text.replace("\r\n", "\n"))


def inner_path(path: str) -> str:
    """`path`, which leads to a file inside the folder. Raises QmsError for any other."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or re.search(r"[:\\\n\t]", path) or _UNSEEN.search(path):
        raise QmsError("{path}: a link leads only to a file inside the folder", path=visible(path))
    return path


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _script(text: str) -> bytes:
    """A data file: one call with JSON text as its argument, in which no markup can begin."""
    return f"qmsdocs({_MARKUP.sub(_escaped, _json(text))});\n".encode()


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _data_path(number: int) -> str:
    return f"front/data-{number:03d}.js"


def _asset(name: str) -> bytes:
    return (resources.files("qmsdocs") / "builtin/front" / name).read_bytes()


def _page(front: Front) -> bytes:
    language = "zh-CN" if front.language is Language.ZH else "en"
    return _asset("index.html").decode().format(
        language=language, policy=POLICY, title=escape(visible(front.title)), note=_WITHOUT[front.language]
    ).encode()  # fmt: skip


_WITHOUT = {
    Language.ZH: "本页需要浏览器允许运行脚本；脚本都在本文件夹内，不连网络。",
    Language.EN: "This page needs scripts; they all lie in this folder, and nothing is fetched from a network.",
}
