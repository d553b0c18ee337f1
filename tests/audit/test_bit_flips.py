"""One bit of one stored file, anywhere: it is found, the file is named, and where a record is hit, the record."""

from __future__ import annotations

import os
import random
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from control import Company
from program import Make, Program
from tamper import RECORDS, Hand, attached, copied, git, recorded, told

from qmsdocs.audit.damage import check_objects
from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import QmsError
from qmsdocs.store.damage import damages

FEW, MANY = 60, 500
STORED = ("loose", "packed")


@pytest.fixture(scope="module", params=STORED)
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Records, releases and attachments: each object in a file of its own, or all in a pack with every side file."""
    made = told(tmp_path_factory.mktemp(request.param) / "acme")
    number = recorded(made, "带附件")
    attached(made, number, os.urandom(200_000))
    attached(made, number, "附件里的文字。".encode() * 4000)
    if request.param == "packed":
        git(made.root, "repack", "-a", "-d", "--quiet", "--write-bitmap-index")
        git(made.root, "-c", "pack.writeReverseIndex=true", "multi-pack-index", "write", "--bitmap")
        git(made.root, "commit-graph", "write", "--reachable")
        recorded(made.later(minutes=1), "在包之外")
    return made


def stored_files(root: Path) -> list[Path]:
    """Every file below `objects` that holds any; `packs` only lists names for transports of old."""
    return sorted(path for path in (root / ".git/objects").rglob("*") if path.is_file() and path.name != "packs")


@contextmanager
def flipped(path: Path, place: int) -> Iterator[None]:
    """A stretch in which one bit of a file is another."""
    before, mode = path.read_bytes(), path.stat().st_mode
    after = bytearray(before)
    after[place // 8] ^= 1 << place % 8
    path.chmod(0o644)
    path.write_bytes(bytes(after))
    try:
        yield
    finally:
        path.write_bytes(before)
        path.chmod(mode)


def checked(company: Company) -> Iterator[tuple[str, Hit]]:
    """What the audit says of the stored objects of a company."""
    return check_objects(Scope(company.system), damages(company.root))


def chosen(root: Path, count: int, seed: int) -> Iterator[tuple[Path, int]]:
    """Bits drawn over all files: half of them over the files, so that small ones come too, half over the bytes."""
    drawn = random.Random(seed)
    files = stored_files(root)
    sizes = [path.stat().st_size for path in files]
    for turn in range(count):
        [path] = [drawn.choice(files)] if turn % 2 else drawn.choices(files, weights=sizes)
        yield path, drawn.randrange(path.stat().st_size * 8)


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_every_flipped_bit_is_found_and_the_file_named(company: Company, count: int) -> None:
    assert list(damages(company.root)) == []
    for path, place in chosen(company.root, count, seed=count):
        with flipped(path, place):
            found = {damage.path for damage in damages(company.root)}
            name = path.relative_to(company.root / ".git").as_posix()
            assert name in found, (name, place, found)
    assert list(damages(company.root)) == []


def test_every_bit_of_a_small_object_counts(tmp_path: Path) -> None:
    """Not by chance: each bit of objects in files of their own, the padding at the end too."""
    git(tmp_path, "init", "--quiet", ".")
    for text in ("", "a", "已结", "重复重复重复重复重复"):
        git(tmp_path, "hash-object", "-w", "--stdin", data=text.encode())
    for path in stored_files(tmp_path):
        for place in range(path.stat().st_size * 8):
            with flipped(path, place):
                assert [damage.path[-38:] for damage in damages(tmp_path)] == [path.name], (path, place)


def test_bits_that_mean_nothing_count_too(tmp_path: Path) -> None:
    """The rest of a byte before a block that was only copied, in what cannot be packed any denser."""
    git(tmp_path, "init", "--quiet", ".")
    git(tmp_path, "hash-object", "-w", "--stdin", data=random.Random(1).randbytes(40_000))
    [path] = stored_files(tmp_path)
    plain, idle = zlib.decompress(path.read_bytes()), 0
    for place in range(16_400 * 8, 16_420 * 8):  # where the second block begins
        with flipped(path, place):
            with suppress(zlib.error):
                idle += zlib.decompress(path.read_bytes()) == plain
            assert list(damages(tmp_path)), place
    assert idle


def bits_of(company: Company, oid: str) -> tuple[Path, int]:
    """The file that holds an object, and a bit in the middle of its packed bytes."""
    loose = company.root / ".git/objects" / oid[:2] / oid[2:]
    if loose.exists():
        return loose, loose.stat().st_size * 4
    [index] = (company.root / ".git/objects/pack").glob("*.idx")
    line = next(
        line for line in git(company.root, "verify-pack", "-v", str(index)).splitlines() if line.startswith(oid)
    )
    size, offset = map(int, line.split()[3:5])
    return index.with_suffix(".pack"), (offset + size // 2) * 8


def test_the_record_of_a_damaged_object_is_named(company: Company) -> None:
    """An event and an attachment: ledger, path, and the number on paper."""
    files = Hand(company.root).files()
    attachment = max((path for path in files if "/files/" in path), key=lambda path: len(Hand(company.root).read(path)))
    for path, number in (("sy/00/00/000003/0001-issue.json", "SY-HZ-2026-0003"), (attachment, "SY-HZ-2026-0007")):
        with flipped(*bits_of(company, files[path])):
            said = {(code, hit.subject, str(hit.message)) for code, hit in checked(company)}
        assert ("HIS460", number, f"{path} in {RECORDS} is damaged") in said, said


def test_an_object_under_another_name_is_found(company: Company, tmp_path: Path) -> None:
    """A pack that is whole in itself, and an object in a file named after another one."""
    copy = copied(company, tmp_path / "acme")
    oid = Hand(copy.root).files()["sy/00/00/000001/0001-issue.json"]
    other = git(copy.root, "hash-object", "-w", "--stdin", data="另一份".encode())
    path = copy.root / ".git/objects" / oid[:2] / oid[2:]
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    shutil.copy(copy.root / ".git/objects" / other[:2] / other[2:], path)
    assert f"objects/{oid[:2]}/{oid[2:]}" in {damage.path for damage in damages(copy.root)}


# ── issued pages: the audit as a whole


@pytest.fixture(scope="module")
def issued(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A repository with the pages of one record."""
    program = make(tmp_path_factory.mktemp("pages") / "acme")
    program.issue(pages=True)
    return program


@pytest.mark.parametrize("count", [2, pytest.param(100, marks=pytest.mark.slow)])
def test_a_flipped_bit_of_an_issued_page_is_found(issued: Program, count: int) -> None:
    pages = sorted(path for path in (issued.root / "records/issued").rglob("*") if path.is_file())
    assert {path.suffix for path in pages} >= {".pdf", ".docx"}
    drawn = random.Random(count)
    for turn in range(count):
        page = [path for path in pages if path.suffix in (".pdf", ".docx")][turn % 2]
        with flipped(page, drawn.randrange(page.stat().st_size * 8)):
            found = issued("audit", "--full", "--json").json["findings"]
        named = [item for item in found if page.name in item["subject"] + item["message"]]
        assert [item for item in named if item["severity"] != "note"], (page, found)
    clean = issued("audit", "--full", "--json").json["findings"]
    assert not [item for item in clean if item["code"][:3] in ("HIS", "REC")]


def test_a_damaged_release_stops_everything_in_one_line(company: Company, tmp_path: Path) -> None:
    """What is in force cannot be read any more: the error names the object."""
    copy = copied(company, tmp_path / "acme")
    oid = git(copy.root, "rev-parse", "qms/control^{tree}")
    path, place = bits_of(copy, oid)
    with flipped(path, place), pytest.raises(QmsError, match=oid):
        list(checked(copy))
