"""The controlled items of a folder: documents with their pictures, forms, configuration files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import text_of
from qmsdocs.base.toml import parse
from qmsdocs.model.document import parse_procedure
from qmsdocs.model.form import Form
from qmsdocs.model.release import DECIDED, ItemKind, Release
from qmsdocs.model.waiver import WAIVERS
from qmsdocs.store import control
from qmsdocs.system.view import System

MAXIMUM_FILE = 20_000_000


@dataclass(frozen=True, slots=True)
class Content:
    """A controlled item as its files lie in `folder`. `family` names its row of the approval matrix."""

    kind: ItemKind
    number: str
    files: Mapping[str, bytes]
    title: str
    family: str
    folder: str  # of the working folder

    def revision(self, label: str) -> control.Item:
        """The revision `label` made of it."""
        return control.item(self.kind, self.number, label, self.files)

    def said(self, item: control.Item) -> dict[str, Json]:
        """What the record of a release says of the revision made of it."""
        return {
            "kind": item.kind,
            "number": item.number,
            "title": self.title,
            "family": self.family,
            "revision": item.revision,
            "manifest": item.sha256,
        }

    def differs(self, release: Release | None) -> bool:
        """Whether it holds other bytes than `release`; what is no text does."""
        with suppress(QmsError):
            return release is None or self.revision(release.revision).sha256 != release.manifest
        return True


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The definitions in a folder by path: what belongs to one, and nothing that lies beside it or behind a link."""
    for patterns in _groups(folder):
        yield from _read(folder, patterns)


def _read(folder: Path, patterns: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            if path.name.startswith(".") or path.is_dir():
                continue
            _refuse_unfit(path, folder)
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _groups(folder: Path) -> Iterator[tuple[str, ...]]:
    """The patterns of the files that belong together, item by item."""
    yield from (("qms.toml",), ("people.toml",))
    for found in sorted(folder.glob("procedures/*.md")):
        stem = escape(found.stem)
        yield f"procedures/{escape(found.name)}", f"procedures/{stem}/*"
    yield ("records/README.md", "records/*.toml", "records/registers/*.toml")
    yield (WAIVERS,)
    for form in sorted(found.parent.name for found in folder.glob("forms/*/form.toml")):
        yield (f"forms/{escape(form)}/*",)


def _refuse_unfit(path: Path, folder: Path) -> None:
    if path.is_symlink() or any(part.is_symlink() for part in path.parents if folder in part.parents):
        raise QmsError("{path} is a link; a pack holds its files itself", path=path)
    if not path.name.isprintable():  # also what is no UTF-8
        raise QmsError("{path}: the name holds characters that cannot be written", path=repr(path.name))
    if path.stat().st_size > MAXIMUM_FILE:
        raise QmsError("{path}: larger than {limit} MB", path=path, limit=MAXIMUM_FILE // 1_000_000)


def contents(texts: Mapping[str, bytes]) -> Iterator[Content]:
    """Every controlled item among files by path, configuration first. Raises QmsError for one that cannot be read."""
    for path, data in texts.items():
        if path.endswith(".toml") and not path.startswith("forms/"):
            folder = Path(path).parent.as_posix()
            yield Content(ItemKind.CONFIGURATION, path, {Path(path).name: data}, path, ItemKind.CONFIGURATION, folder)
    for path in texts:
        if path.startswith("procedures/") and path.endswith(".md") and path.count("/") == 1:
            yield _document(path, texts)
    for folder in sorted({path.split("/")[1] for path in texts if path.startswith("forms/")}):
        held = {p.split("/", 2)[2]: data for p, data in texts.items() if p.startswith(f"forms/{folder}/")}
        source = f"forms/{folder}/form.toml"
        form = parse(text_of(held["form.toml"], source), Form, source=source)
        yield Content(ItemKind.FORM, form.number, held, form.title.zh, ItemKind.FORM, f"forms/{folder}")


def _document(path: str, texts: Mapping[str, bytes]) -> Content:
    front = parse_procedure(text_of(texts[path], path), source=path).front
    beside = path.removesuffix(".md") + "/"
    held = {p.removeprefix("procedures/"): data for p, data in texts.items() if p == path or p.startswith(beside)}
    return Content(ItemKind.PROCEDURE, front.number, held, front.title.zh, front.kind, "procedures")


def readable(folder: Path) -> tuple[tuple[Content, ...], tuple[QmsError, ...]]:
    """Every controlled item of `folder` that can be read, and why the others cannot."""
    found: list[Content] = []
    unread: list[QmsError] = []
    for patterns in _groups(folder):
        try:
            found += contents(dict(_read(folder, patterns)))
        except QmsError as error:
            unread.append(error)
    return tuple(found), tuple(unread)


def content(folder: Path, number: str) -> Content:
    """The item of `folder` with a number; a configuration file may be named by its last part. Raises QmsError.

    What is wrong with other items does not matter here.
    """
    found, unread = readable(folder)
    named = [item for item in found if item.number == number]
    named += [item for item in found if item.kind is ItemKind.CONFIGURATION and Path(item.number).name == number]
    if not named:
        if unread:
            raise unread[0]
        raise QmsError(
            "there is no {number} in the folder",
            number=number,
            hint=message("documents, forms and configuration files are named by number or path"),
        )
    if len([item for item in found if item.number == named[0].number]) > 1:
        raise QmsError("another file has the number {number} too", number=number)
    return named[0]


def earlier(system: System, item: Content, than: Release) -> Release | None:
    """The approved revision before `than` that an item of the folder is, byte for byte; None for a text of its own."""
    own = (r for r in system.releases if (r.kind, r.number) == (item.kind, item.number) and r.state in DECIDED)
    return next((r for r in own if r.serial < than.serial and not item.differs(r)), None)
