"""One file that carries ledgers from one copy to another: written whole or not at all, read as hostile."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from qmsdocs.base.errors import QmsError, cause, message
from qmsdocs.store import names
from qmsdocs.store.remote import Courier, is_disk_full

SUFFIX = ".bundle"
_HEAD = re.compile(r"([0-9a-f]{40}) (\S+)")
_COMMIT = re.compile(r"\b[0-9a-f]{40}\b")


class Disconnected(QmsError):
    """A file that continues commits that are not held here."""

    def __init__(self, path: Path, commits: Iterable[str]) -> None:
        hint = message("take in the earlier file first, or have one written without --since")
        super().__init__("{path} continues what this copy does not hold yet", hint=hint, path=path)
        self.commits = tuple(commits)


def write(courier: Courier, path: Path, branches: Iterable[str], without: Iterable[str]) -> None:
    """Nothing; `path` holds the branches that the courier knows, but for what the commits of `without` reach."""
    lines = [f"{names.HEADS}{branch}" for branch in branches] + [f"^{commit}" for commit in without]
    given = "".join(f"{line}\n" for line in lines).encode()
    name = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
        os.close(handle)
        answer = courier.run(name, ["bundle", "create", "--quiet", name, "--stdin"], given=given)
        if answer.code:
            why = message("the disk is full") if is_disk_full(answer) else answer.err.strip().splitlines()[-1]
            raise QmsError("{path} cannot be written: {reason}", path=path, reason=why)
        with Path(name).open("rb+") as stream:
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        raise QmsError("{path} cannot be written: {reason}", path=path, reason=cause(error)) from error
    finally:
        if name:
            Path(name).unlink(missing_ok=True)


def heads(courier: Courier, path: Path) -> dict[str, str]:
    """The ledgers in a file and where they stand there. Raises QmsError for what is no such file, or holds others."""
    answer = courier.run(str(path), ["bundle", "list-heads", str(path)])
    if answer.code or not answer.out:
        raise QmsError("{path} is no file of qmsdocs sync, or it is damaged", path=path)
    found = {line[2]: line[1] for text in answer.out.splitlines() if (line := _HEAD.fullmatch(text)) is not None}
    odd = [name for name in found if not (name.startswith(names.HEADS) and names.is_ledger(name[len(names.HEADS) :]))]
    if odd:
        raise QmsError('"{name}" is no name of a ledger; nothing was taken from there', name=odd[0])
    return {name.removeprefix(names.HEADS): commit for name, commit in found.items()}


def unpack(courier: Courier, path: Path) -> None:
    """Nothing; what the file carries lies in the courier's folder, every object of it sound. Raises QmsError."""
    answer = courier.run(str(path), ["bundle", "verify", str(path)])
    if answer.code:
        if "prerequisite" in answer.err:
            raise Disconnected(path, _COMMIT.findall(answer.err))
        raise QmsError("{path} is no file of qmsdocs sync, or it is damaged", path=path)
    answer = courier.run(str(path), ["bundle", "unbundle", str(path)])
    packs = sorted((courier.folder / "objects" / "pack").glob("*.pack"))
    is_sound = answer.code == 0 and all(_is_sound(courier, pack) for pack in packs)
    if not is_sound:
        raise QmsError("{path} is no file of qmsdocs sync, or it is damaged", path=path)


def _is_sound(courier: Courier, pack: Path) -> bool:
    """Whether every object is whole and well formed; git looks less closely at files than at remotes."""
    checked = pack.with_suffix(".checked")
    return courier.run(str(pack), ["index-pack", "--strict", "-o", str(checked), str(pack)]).code == 0
