"""The texts of the working folder beside those in force: which fell behind, and how they are brought level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qmsdocs.acts.items import Content, earlier, readable
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import safe_name, write_atomically
from qmsdocs.model.release import ItemKind, Release, in_force
from qmsdocs.system.view import System


@dataclass(frozen=True, slots=True)
class Departure:
    """An item of the folder that is neither what is `current` nor what comes after it; None: nothing is in force."""

    content: Content
    current: Release | None
    is_behind: bool  # it is an earlier revision, byte for byte: nobody changed it

    @property
    def number(self) -> str:
        """Its number."""
        return self.content.number


def departures(system: System, contents: Iterable[Content]) -> Iterator[Departure]:
    """The items of the folder that hold other bytes than what is in force today or approved for a coming day."""
    for item in contents:
        newest = system.definitions.newest(item.kind, item.number)
        current = system.in_force(item.kind, item.number)
        if item.differs(newest) and item.differs(current):
            is_behind = current is not None and earlier(system, item, current) is not None
            yield Departure(item, current, is_behind)


def catch_up(system: System, before: System) -> tuple[tuple[Release, ...], tuple[str, ...]]:
    """What was brought level with what is in force; and what came into force since `before` but is edited here."""
    brought: list[Release] = []
    edited: list[str] = []
    for item in departures(system, readable(system.place.root)[0]):
        if item.current is not None and item.is_behind:
            _write(system, item.content, item.current)
            brought.append(item.current)
        elif item.current != in_force(before.releases, item.content.kind, item.number, on=before.today):
            edited.append(item.number)
    return tuple(brought), tuple(edited)


def restore(system: System, number: str, *, replace: bool) -> Release:
    """The revision in force, which stands in the folder now. Raises QmsError for an edited text without `replace`."""
    named = system.definitions.named(number)
    if not named:
        raise QmsError("there is no {number}", number=number, hint=message("qmsdocs document list"))
    release = system.definitions.release(named[0].kind, named[0].number, on=system.today)
    contents = [item for item in readable(system.place.root)[0] if _is_of(item, release)]
    if len(contents) > 1:
        raise QmsError("another file has the number {number} too", number=release.number)
    held = contents[0] if contents else _absent(system, release)
    is_level = not held.differs(release)
    if not (replace or is_level or not held.files or earlier(system, held, release)):
        raise QmsError("{number} was changed in the folder", number=release.number,
                       hint=message("qmsdocs document diff {number}; write over it: --replace",
                                    number=release.number))  # fmt: skip
    if not is_level:
        _write(system, held, release)
    return release


def _is_of(item: Content, release: Release) -> bool:
    return (item.kind, item.number) == (release.kind, release.number)


def _absent(system: System, release: Release) -> Content:
    """What stands where a release belongs that the folder has no readable text of; often nothing."""
    folder = {
        ItemKind.CONFIGURATION: Path(release.number).parent.as_posix(),
        ItemKind.PROCEDURE: "procedures",
        ItemKind.FORM: f"forms/{safe_name(release.number)}",
    }[release.kind]
    paths = {name: system.place.root / folder / name for name in system.definitions.files(release)}
    held = {name: path.read_bytes() for name, path in paths.items() if path.is_file()}
    return Content(release.kind, release.number, held, release.title, release.kind, folder)


def _write(system: System, held: Content, release: Release) -> None:
    """Nothing; the files of `release` stand where `held` lies, and none that only `held` has."""
    root = system.place.root
    wanted: Mapping[str, bytes] = system.definitions.files(release)
    for name in wanted:
        _refuse_outside(root, f"{held.folder}/{name}")
    for name, data in wanted.items():
        if held.files.get(name) != data:
            write_atomically(root / held.folder / name, data)
    for name in held.files.keys() - wanted.keys():
        (root / held.folder / name).unlink()


def _refuse_outside(root: Path, path: str) -> None:
    """Nothing; raises QmsError for a path that leads out of the folder or to what is not a text of it."""
    parts = Path(path).parts
    is_hidden = any(part.startswith(".") for part in parts)
    if is_hidden or not (root / path).parent.resolve().is_relative_to(root.resolve()):
        raise QmsError('"{path}" cannot be a file of a controlled item', path=path)
