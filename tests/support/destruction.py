"""A company whose records may be destroyed: an approved schedule of thirty days, and people with keys."""

from __future__ import annotations

import subprocess
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from program import Make, Program

PHRASE = "a phrase of tests"
PEOPLE = ("zhao.lei", "li.ming", "wang.fang")
ORDER = ("--as", "zhao.lei", "--witness", "li.ming", "--witness", "wang.fang", "-y")
PHOTO = bytes.fromhex(  # a PNG of one pixel
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301"
    "0100c9fe92ef0000000049454e44ae426082"
)


def begun(make: Make, folder: Path, *, live: bool = False) -> Program:
    """The company, everything approved, at noon of the day it began."""
    made = make(folder, live=live)
    schedule = folder / "records/retention.toml"
    text = schedule.read_text("utf-8")
    for name in ("complaint", "enquiry", "liaison"):
        before, mark, after = text.partition(f"[class.{name}]")
        text = before + mark + after.replace('period      = "3 years"', 'period      = "30 days"', 1)
    schedule.write_text(text, "utf-8")
    for person in PEOPLE:
        done(made, "key", "new", person, "--as", "wang.fang")
    for person in PEOPLE[1:]:
        done(made, "key", "confirm", person, "--as", "zhao.lei", "-m", "met")
    done(made, "document", "submit", "records/retention.toml", "--as", "wang.fang", "-m", "our own")
    done(made, "document", "review", "records/retention.toml", "--as", "li.ming")
    done(made, "document", "approve", "records/retention.toml", "--as", "zhao.lei")
    return made


def done(program: Program, *words: object) -> str:
    """What a command that must succeed printed."""
    found = program(*words)
    assert found.code == 0, (words, found.out, found.err)
    return found.out


def ended(program: Program, marker: str, form: str = "QR-04-01", *, pages: bool = False, **values: object) -> str:
    """The number of a record in whose texts `marker` stands, and which is over; with its pages where they are asked for."""
    field = {"QR-04-01": "content", "QR-14-04": "what_happened", "QR-14-03": "topic"}[form]
    number = program.issue(form, pages=pages, **{field: marker, **values})
    hidden = () if pages else ("--no-pages",)
    done(program, "record", "void", number, "-m", "taken in by mistake", "--as", "wang.fang", *hidden)
    return number


def due(program: Program) -> Program:
    """The same copy when the period of what is over has ended."""
    return program.later(timedelta(days=32))


def everything(root: Path) -> Iterator[tuple[str, bytes]]:
    """Every byte that lies in the copy: files as they are, loose objects unpacked, whatever is packed."""
    for path in sorted(root.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            yield str(path.relative_to(root)), data
            if path.parent.parent.name == "objects" and len(path.parent.name) == 2:
                yield str(path.relative_to(root)), zlib.decompress(data)
    listed = _git(root, "cat-file", "--batch-all-objects", "--batch", "--unordered")
    yield "objects", listed


def found(root: Path, *markers: str | bytes) -> list[tuple[str, str]]:
    """Where any of the markers stands; those of texts in the spellings a file may have."""
    wanted = [(str(marker)[:40], form) for marker in markers for form in _spellings(marker)]
    return [(place, name) for place, data in everything(root) for name, form in wanted if form in data]


def _spellings(marker: str | bytes) -> tuple[bytes, ...]:
    if isinstance(marker, bytes):
        return (marker,)
    return (marker.encode(), marker.encode("utf-16-be"), marker.encode("unicode_escape"))


def _git(root: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=True).stdout
