"""A BagIt bag (BagIt 1.0, RFC 8493) written straight into a ZIP, never whole in memory, the same bytes every time."""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from qmsdocs.base.canonical import sha256
from qmsdocs.base.files import replacing, safe_name

MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
PAYLOAD = "data"
_DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_DEFLATED_LEVEL = 6
_FILE = 0o100644 << 16  # an ordinary file, readable by all, for those who unpack on a Unix
_UTF_8 = 0x800


@dataclass
class Bag:
    """A bag while it is filled: payload first, then, once its manifest is settled, what stands beside it."""

    package: zipfile.ZipFile
    name: str
    made_at: datetime
    payload: dict[str, str] = field(default_factory=dict)  # path within the bag → sha256
    beside: dict[str, bytes] = field(default_factory=dict)
    size: int = 0
    taken: set[str] = field(default_factory=set)

    def add(self, path: str, data: bytes) -> str:
        """The path within the payload at which `data` stands now; another one where two would be one on Windows."""
        free = self.free(path)
        self.size += len(data)
        self.payload[f"{PAYLOAD}/{free}"] = self._write(f"{PAYLOAD}/{free}", data)
        return free

    def free(self, path: str) -> str:
        """`path`, or with a number where a file of that name is there, small and capital letters being the same."""
        stem, dot, ending = path.rpartition(".") if "." in path.rpartition("/")[2] else (path, "", "")
        count, found = 1, path
        while _folded(found) in self.taken:
            count += 1
            found = f"{stem} ({count}){dot}{ending}"
        self.taken.add(_folded(found))
        return found

    @property
    def manifest(self) -> bytes:
        """The payload's manifest: the sha256 and path of every file, by path."""
        return _listed(self.payload)

    def settle(self, path: str, info: Mapping[str, str], beside: Mapping[str, bytes]) -> None:
        """Nothing; the payload is whole, and its last file `path` vouches for what will stand beside it.

        That is `info` about the bag, what kind of bag it is, and the files `beside`.
        """
        self.beside = {"bag-info.txt": b"", "bagit.txt": _DECLARATION, **beside}
        size = self.size + len(_listed(dict.fromkeys(self.beside, "0" * 64)))
        said = {**info, "Payload-Oxum": f"{size}.{len(self.payload) + 1}"}
        lines = "".join(f"{name}: {' '.join(text.split())}\n" for name, text in said.items())
        self.beside["bag-info.txt"] = lines.encode()
        self.add(path, _listed({name: sha256(data) for name, data in self.beside.items()}))

    def close(self, tags: Mapping[str, bytes]) -> None:
        """Nothing; the bag is whole, with what was settled and the files `tags` beside the payload."""
        listed = {
            name: self._write(name, data) for name, data in {**self.beside, MANIFEST: self.manifest, **tags}.items()
        }
        self._write(TAG_MANIFEST, _listed(listed))

    def _write(self, path: str, data: bytes) -> str:
        moment = self.made_at.timetuple()[:6]
        member = zipfile.ZipInfo(f"{self.name}/{path}", moment)
        member.compress_type = zipfile.ZIP_DEFLATED
        member.external_attr = _FILE
        member.create_system = 3
        member.flag_bits |= _UTF_8
        self.package.writestr(member, data, compresslevel=_DEFLATED_LEVEL)
        return sha256(data)


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def _listed(files: Mapping[str, str]) -> bytes:
    return "".join(f"{files[path]}  {path}\n" for path in sorted(files, key=str.encode)).encode()


def file_name(text: str) -> str:
    """A file name for `text` that every system takes, a manifest writes as it is, and everybody sees as it is."""
    return safe_name("".join(sign if sign.isprintable() and sign != "%" else "-" for sign in text))


@contextmanager
def writing(path: Path, *, name: str, made_at: datetime, mode: int = 0o644) -> Iterator[Bag]:
    """A bag called `name` that stands in the ZIP `path` once the block is through, and nowhere if it fails."""
    with replacing(path, mode=mode) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        yield Bag(package, name, made_at)
