"""Zip packages from outside: refused in one line before anything is unpacked."""

from __future__ import annotations

import io
import random
import warnings
import zipfile
import zlib

import pytest

from qmsdocs.base.errors import QmsError
from qmsdocs.render.package import MAXIMUM_PART, unpack

XML = b'<?xml version="1.0" encoding="UTF-8"?><a/>'


def packed(*parts: tuple[str, bytes]) -> bytes:
    """A zip of `parts`, doubled names and all."""
    written = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as package:
        warnings.simplefilter("ignore")
        for name, data in parts:
            package.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def test_a_sound_package_is_unpacked() -> None:
    parts = (
        ("[Content_Types].xml", XML),
        ("xl/worksheets/sheet1.xml", b"\xef\xbb\xbf" + XML),
        ("docProps/a.png", b"\x89\0"),
    )
    assert dict(unpack(packed(*parts), source="x")) == dict(parts)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (packed(("a.xml", b" " * (MAXIMUM_PART + 1))), "a.xml is larger than 32 MB"),
        (packed(("a.bin", b" " * 2_000_000)), "a.bin unpacks to more than 200 times its size"),
        (packed(*((f"{n}.bin", b"") for n in range(1_001))), "more than 1000 parts"),
        (packed(("a.xml", XML), ("a.xml", XML)), "the part a.xml is there twice"),
        (packed(("xl/a.xml", XML), ("XL/A.XML", XML)), "the part XL/A.XML is there twice"),
        (packed(("../a.xml", XML)), "the part name '../a.xml' is not allowed"),
        (packed(("/a.xml", XML)), "the part name '/a.xml' is not allowed"),
        (packed(("a\\b.xml", XML)), "is not allowed"),
        (packed(("c:a.xml", XML)), "is not allowed"),
        (packed(("a\u202eb.xml", XML)), "is not allowed"),
        (packed(("a.xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///x">]><a>&b;</a>')), "declares a document type"),
        (packed(("a.rels", b"<!DOCTYPE a><a/>")), "declares a document type"),
        (packed(("a.xml", "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE a><a/>".encode("utf-16"))), "not UTF-8"),
        (packed(("a.xml", b'<?xml version="1.0" encoding="UTF-7"?><a/>')), "not UTF-8"),
        (packed(("a.xml", "<a>\0</a>".encode("utf-16-le"))), "not UTF-8"),
        (b"PK\x03\x04 and nothing more", "the file is damaged"),
        (b"", "the file is damaged"),
        (packed(("a.xml", XML))[:-30], "the file is damaged"),
        (packed(("a.bin", b"x" * 60)).replace(zlib.compress(b"x" * 60)[2:-4], b"\xff" * 3, 1), "the file is damaged"),
    ],
)
def test_an_unfit_package_is_refused_in_one_line(data: bytes, reason: str) -> None:
    with pytest.raises(QmsError) as refused:
        unpack(data, source="calls.xlsx")
    said = str(refused.value)
    assert said.startswith("calls.xlsx: ") and reason in said and "\n" not in said


def test_an_encrypted_package_is_refused() -> None:
    data = bytearray(packed(("a.xml", XML)))
    directory = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[directory + 8] |= 1
    with pytest.raises(QmsError, match="protected by a password"):
        unpack(bytes(data), source="x")


def test_a_compression_of_no_office_program_is_refused() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_LZMA) as package:
        package.writestr("a.xml", XML)
    with pytest.raises(QmsError, match=r"a\.xml is packed in a way that no office program uses"):
        unpack(written.getvalue(), source="x")


def test_sizes_that_lie_unpack_no_more_than_they_say() -> None:
    """A part said to be small is read only so far, and its checksum then fails."""
    data = packed(("a.bin", b"x" * 100_000))
    lying = data.replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(QmsError, match="the file is damaged"):
        unpack(lying, source="x")


def test_all_parts_together_are_limited() -> None:
    noise = random.Random(1).randbytes(100_000) * 140  # too far apart for deflate to fold more than it may
    parts = tuple((f"{n}.bin", noise) for n in range(5))
    with pytest.raises(QmsError, match="unpacks to more than 64 MB"):
        unpack(packed(*parts), source="x")
