"""LibreOffice as a user has it, run with a profile of its own so that tests do not meet."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from lxml import etree

_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"


class Seen(NamedTuple):
    """A cell as LibreOffice holds it: its type, its text, its value, and the formula where it is one."""

    kind: str
    text: str
    value: str
    formula: str


def convert(path: Path, kind: str, folder: Path, *, options: str = "") -> Path:
    """`path` opened by LibreOffice and saved as `kind` in `folder`."""
    command = shutil.which("soffice")
    if command is None:
        pytest.skip("LibreOffice is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    words = [command, profile, "--headless", "--convert-to", kind, "--outdir", str(folder)]
    filters = [f"--infilter={options}"] if options else []
    subprocess.run([*words, *filters, str(path)], check=True, capture_output=True, timeout=180)
    return folder / f"{path.stem}.{kind.split(':')[0]}"


def cells(ods: Path) -> Sequence[Sequence[Seen]]:
    """The rows of the first sheet of an ODS that hold anything."""
    with zipfile.ZipFile(ods) as package:
        root = etree.fromstring(package.read("content.xml"))
    rows = []
    for row in next(root.iter(f"{{{_TABLE}}}table")).iter(f"{{{_TABLE}}}table-row"):
        found = []
        for cell in row.iter(f"{{{_TABLE}}}table-cell", f"{{{_TABLE}}}covered-table-cell"):
            seen = _seen(cell)
            found += [seen] * min(int(cell.get(f"{{{_TABLE}}}number-columns-repeated", "1")), 300)
        while found and not found[-1].kind:
            found.pop()
        if found:
            rows.append(found)
    return rows


def _seen(cell: etree._Element) -> Seen:
    lines = ["".join(_pieces(line)) for line in cell.findall(f"{{{_TEXT}}}p")]
    value = cell.get(f"{{{_OFFICE}}}value") or cell.get(f"{{{_OFFICE}}}date-value") or ""
    kind = cell.get(f"{{{_OFFICE}}}value-type", "")
    return Seen(kind, "\n".join(lines), value, cell.get(f"{{{_TABLE}}}formula", ""))


def _pieces(line: etree._Element) -> list[str]:
    found = [line.text or ""]
    for part in line:
        if part.tag == f"{{{_TEXT}}}s":
            found.append(" " * int(part.get(f"{{{_TEXT}}}c", "1")))
        elif part.tag == f"{{{_TEXT}}}tab":
            found.append("\t")
        elif part.tag != f"{{{_OFFICE}}}annotation":
            found += _pieces(part)
        found.append(part.tail or "")
    return found
