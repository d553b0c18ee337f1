"""Whether the stored objects are what they were: every byte of every file below `objects` is read."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from operator import ne
from pathlib import Path

from qmsdocs.base.errors import Message, cause, message
from qmsdocs.store.place import common_folder
from qmsdocs.store.repository import Git

_CHUNK = 1 << 20
_DIGEST = 20
_LOOSE = re.compile(r"([0-9a-f]{2})/([0-9a-f]{38})", re.ASCII)
_HEADER = re.compile(rb"(blob|tree|commit|tag) (0|[1-9][0-9]*)\0")
_CHECKSUMMED = (".pack", ".idx", ".rev", ".bitmap", ".mtimes", ".graph")
_CHECKSUMMED_NAMES = ("commit-graph", "multi-pack-index")
_INDEX_START = b"\xfftOc\x00\x00\x00\x02"
_LEVELS = (1, 6, 9)  # git's own for a file of its own, the packers' usual, the densest
_FAR = 1 << 31  # an offset with this bit stands in the table of long ones


@dataclass(frozen=True, slots=True)
class Damage:
    """A file below `objects` that is not what it was; `objects` are those it affects, as far as they can be told."""

    path: str
    objects: tuple[str, ...]
    reason: Message


def damages(root: Path) -> Iterator[Damage]:
    """Every damaged file of the object store at `root`. Raises QmsError where git is not installed."""
    top = common_folder(root) / "objects"
    for path in sorted(path for path in top.rglob("*") if path.is_file()):
        name = path.relative_to(top).as_posix()
        found = _LOOSE.fullmatch(name)
        try:
            if found is not None:
                reason = _loose(path, found[1] + found[2])
                if reason is not None:
                    yield Damage(f"objects/{name}", (found[1] + found[2],), reason)
            elif path.suffix in _CHECKSUMMED or path.name in _CHECKSUMMED_NAMES:
                yield from _checksummed(root, path, f"objects/{name}")
        except OSError as error:
            yield Damage(f"objects/{name}", (), message("it cannot be read: {reason}", reason=cause(error)))


def _loose(path: Path, oid: str) -> Message | None:
    """Why the object in a file of its own is not the one it is named, None when it is."""
    data = path.read_bytes()
    opened = zlib.decompressobj()
    try:
        plain = opened.decompress(data)
    except zlib.error:
        return message("its bytes were changed: they cannot be unpacked")
    if not opened.eof or opened.unused_data:
        return message("its bytes were changed: it is cut off, or something follows it")
    header = _HEADER.match(plain)
    if header is None or int(header[2]) != len(plain) - header.end():
        return message("its bytes were changed: it does not begin like an object")
    if hashlib.sha1(plain, usedforsecurity=False).hexdigest() != oid:
        return message("it is another object than the one it is named after")
    return message("its bytes were changed: bits that mean nothing are set") if _is_bent(data, plain) else None


def _is_bent(data: bytes, plain: bytes) -> bool:
    """Whether packed data differs in one byte from what a packer makes: bits there that mean nothing are not its own.

    Such are the rest before a block that was only copied, the rest at the end, and a distance that reaches the same
    text. A packer of another make differs in more; of its data this cannot be told, and nothing in it means anything.
    """
    is_bent = False
    for level in _LEVELS:
        other = zlib.compress(plain, level)
        if other == data:
            return False
        is_bent |= len(other) == len(data) and sum(map(ne, other, data)) == 1
    return is_bent


def _checksummed(root: Path, path: Path, name: str) -> Iterator[Damage]:
    """A file that ends with the SHA-1 of what stands before; a pack's objects are unpacked and named anew as well."""
    if not _ends_with_digest(path):
        index = path.with_suffix(".idx")
        affected = tuple(_changed_objects(path, index)) if path.suffix == ".pack" else ()
        yield Damage(name, affected, message("its bytes were changed: its checksum is another one"))
    elif path.suffix == ".idx" and _ends_with_digest(path.with_suffix(".pack")):
        answer = Git(root).answer(["verify-pack", "--", str(path)])
        if answer.code:
            reason = answer.err.strip().splitlines()[-1:] or ["-"]
            yield Damage(name, (), message("it does not fit its objects: {reason}", reason=reason[0]))


def _ends_with_digest(path: Path) -> bool:
    digest = hashlib.sha1(usedforsecurity=False)
    try:
        left = path.stat().st_size - _DIGEST
        with path.open("rb") as stream:
            while left > 0:
                data = stream.read(min(_CHUNK, left))
                if not data:
                    return False
                digest.update(data)
                left -= len(data)
            return stream.read() == digest.digest()
    except FileNotFoundError:
        return False


def _changed_objects(pack: Path, index: Path) -> Iterator[str]:
    """The objects of a damaged pack whose packed bytes are not those its index took down."""
    if not index.is_file() or not _ends_with_digest(index):
        return
    listed = index.read_bytes()
    if not listed.startswith(_INDEX_START):
        return
    count = int.from_bytes(listed[8 + 255 * 4 : 8 + 256 * 4], "big")
    oids = 8 + 256 * 4
    checksums, offsets = oids + count * 20, oids + count * 24
    far = offsets + count * 4
    places: list[tuple[int, str, int]] = []
    for position in range(count):
        offset = int.from_bytes(listed[offsets + position * 4 :][:4], "big")
        if offset >= _FAR:
            offset = int.from_bytes(listed[far + (offset - _FAR) * 8 :][:8], "big")
        checksum = int.from_bytes(listed[checksums + position * 4 :][:4], "big")
        places.append((offset, listed[oids + position * 20 :][:20].hex(), checksum))
    places.sort()
    with pack.open("rb") as stream:
        for (offset, oid, checksum), (end, _, _) in pairwise([*places, (pack.stat().st_size - _DIGEST, "", 0)]):
            stream.seek(offset)
            if zlib.crc32(stream.read(end - offset)) != checksum:
                yield oid
