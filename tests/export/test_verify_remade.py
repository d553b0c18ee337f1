"""verify.sh and its head line: a package remade without a key, with the house's own record of it, gives itself away."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from program import Make, Program
from pulled import GivenAway, pull, rebagged, unpacked, verified

Change = Callable[[Path], None]
GIT = "pull/git"


@pytest.fixture(scope="module")
def unsigned(make: Make, tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Path]:
    """A house without keys, and a sample it gave away."""
    folder = tmp_path_factory.mktemp("unsigned")
    house = make(folder / "acme")
    for place in range(3):
        house.issue("QR-04-01", subject=f"第{place}件", content="正文")
    pull(house, folder / "a.zip", "--sample", "2", "--seed", "7")
    return house, unpacked(folder / "a.zip", folder / "un")


# ── the forger, who has no key and every other tool


def forged_masked(bag: Path) -> None:
    [path] = (path for path in bag.rglob("ts/00/00/000001/0001-issue.json") if b"masked" in path.read_bytes())
    path.write_bytes(path.read_bytes().replace(b'"channel":"phone"', b'"channel":"visit"'))


def other_pages(bag: Path) -> None:
    first, *_, last = sorted((bag / "data/01 记录").rglob("*.pdf"))
    first.write_bytes(last.read_bytes())


def shorter_register(bag: Path) -> None:
    for path in (bag / "data/03 台账").glob("*.csv"):
        path.write_bytes(path.read_bytes()[:60])


def other_index(bag: Path) -> None:
    path = bag / "data/index.html"
    path.write_bytes(path.read_bytes() + b"<!-- more -->")


def other_audit(bag: Path) -> None:
    path = next(path for path in sorted((bag / "data/04 体系自检").iterdir()) if path.is_file())
    path.write_bytes(path.read_bytes() + b" ")


def other_signers(bag: Path) -> None:
    (bag / "data/proof/allowed_signers").write_bytes(b"")


def other_population(bag: Path) -> None:
    path = bag / "data/proof/population.txt"
    path.write_text(path.read_text("utf-8").splitlines(True)[0], "utf-8")


def read_tree(data: bytes) -> Iterator[tuple[bytes, bytes, str]]:
    while data:
        head, _, data = data.partition(b"\0")
        mode, _, name = head.partition(b" ")
        yield mode, name, data[:20].hex()
        data = data[20:]


def put(bag: Path, kind: str, data: bytes) -> str:
    oid = hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data).hexdigest()
    if kind != "blob":
        (bag / GIT / f"{oid}.{kind}").write_bytes(data)
    return oid


def retreed(bag: Path, oid: str, blobs: Mapping[str, str], above: str = "") -> str:
    """A tree with these blobs in place of others, '' for those that go."""
    lines = []
    for mode, name, own in read_tree((bag / GIT / f"{oid}.tree").read_bytes()):
        path = above + name.decode()
        if any(changed.startswith(f"{path}/") for changed in blobs):
            own = retreed(bag, own, blobs, f"{path}/")
        own = blobs.get(path, own)
        if own:
            lines.append(mode + b" " + name + b"\0" + bytes.fromhex(own))
    return put(bag, "tree", b"".join(lines))


def recommitted(bag: Path, commit: str, files: Mapping[str, bytes | None]) -> str:
    """A commit like another of the journal, with these files in place of others."""
    data = (bag / GIT / f"{commit}.commit").read_bytes()
    top = data[5:45].decode()
    blobs = {path: "" if file is None else put(bag, "blob", file) for path, file in files.items()}
    return put(bag, "commit", data.replace(top.encode(), retreed(bag, top, blobs).encode()))


def table(bag: Path) -> list[list[str]]:
    return [line.split("\t") for line in (bag / "pull/files.tsv").read_text("utf-8").splitlines()]


def stored(bag: Path, ending: str) -> tuple[str, bytes]:
    """The path in the journal and the bytes of the last act that ends so."""
    line = [line for line in table(bag) if line[2].endswith(ending)][-1]
    return line[2], (bag / line[5]).read_bytes()


def rewrite(bag: Path, files: Mapping[str, bytes | None]) -> None:
    """Nothing; the house's own record of the package holds these bytes instead, in a journal that hangs together."""
    lines = [line for line in table(bag) if files.get(line[2], b"") is not None]
    for line in table(bag):
        if line[2] in files and files[line[2]] is None:
            (bag / line[5]).unlink()
    for line in lines:
        if (data := files.get(line[2])) is not None:
            (bag / line[5]).write_bytes(data)
            line[3], line[4] = put(bag, "blob", data), hashlib.sha256(data).hexdigest()
    (bag / "pull/files.tsv").write_text("".join("\t".join(line) + "\n" for line in lines), "utf-8")
    branch, commit = (bag / "pull/ledgers.tsv").read_text("utf-8").split()
    (bag / "pull/ledgers.tsv").write_text(f"{branch}\t{recommitted(bag, commit, files)}\n", "utf-8")


def pruned(bag: Path) -> None:
    """Nothing; of the journal only what its head leads to lies in the package."""
    _, commit = (bag / "pull/ledgers.tsv").read_text("utf-8").split()
    waiting, led = [(bag / GIT / f"{commit}.commit").read_bytes()[5:45].decode()], {commit}
    while waiting:
        led.add(oid := waiting.pop())
        if (path := bag / GIT / f"{oid}.tree").exists():
            waiting += [own for mode, _, own in read_tree(path.read_bytes()) if mode == b"40000"]
    for path in (bag / GIT).iterdir():
        if path.stem not in led:
            path.unlink()


def unsigned_act(data: bytes) -> bytes:
    signer = json.dumps(json.loads(data)["signer"], separators=(",", ":")).encode()
    return data.replace(b'"signer":' + signer, b'"signer":null')


def remade(bag: Path, change: Change, *, is_begun_unsigned: bool = True) -> dict[str, bytes | None]:
    """What the house's record of a changed package would say, signed by nobody; the package says it."""
    (path, begun), (pack_path, pack) = stored(bag, "0001-issue.json"), stored(bag, "0002-pack.json")
    change(bag)
    rebagged(bag)
    digest = hashlib.sha256((bag / "manifest-sha256.txt").read_bytes()).hexdigest()
    said, own = json.loads(pack), hashlib.sha256(begun).hexdigest()
    forged = unsigned_act(pack).replace(said["set"]["manifest"].encode(), digest.encode())
    files: dict[str, bytes | None] = {pack_path: forged, f"{pack_path}.sig": None}
    if is_begun_unsigned:
        files |= {path: unsigned_act(begun), f"{path}.sig": None}
        files[pack_path] = forged.replace(own.encode(), hashlib.sha256(unsigned_act(begun)).hexdigest().encode())
    rewrite(bag, files)
    rebagged(bag)
    return files


def line_of(said: str) -> str:
    [line] = (line.strip() for line in said.splitlines() if line.startswith("  qmsdocs "))
    return line


def copied(bag: Path, folder: Path) -> Path:
    return shutil.copytree(bag, folder / "a copy" / bag.name)


def contradicted(house: Program, line: str, path: Path) -> bool:
    """Whether the house's own command says that the line is not its own."""
    path.write_text(f"{line}\n", "utf-8")
    found = house("audit", "--head", path)
    assert found.code in (0, 1), found.err
    return "HIS470" in found.out


# ── what it comes to


def test_the_line_printed_is_the_one_the_house_was_told_and_its_own_command_bears_out(
    given_away: GivenAway, bag: Path, unsigned: tuple[Program, Path], tmp_path: Path
) -> None:
    code, said = verified(bag)
    assert code == 0 and "the head line covers the record of this package" in said, said
    assert line_of(said) == given_away.said["head"] and "nobody signed" not in said
    assert not contradicted(given_away.house, line_of(said), tmp_path / "kept")
    code, said = verified(unsigned[1])
    assert code == 0 and "nobody signed the record of this package" in said, said
    assert not contradicted(unsigned[0], line_of(said), tmp_path / "kept")


SIGNED = (forged_masked, other_pages, shorter_register, other_index, other_audit, other_signers)


@pytest.mark.parametrize("change", SIGNED, ids=lambda change: change.__name__)
def test_a_record_of_the_package_forged_without_a_key_does_not_stand_under_the_genuine_line(
    given_away: GivenAway, bag: Path, tmp_path: Path, change: Change
) -> None:
    copy = copied(bag, tmp_path)
    remade(copy, change)
    code, said = verified(copy)
    assert "the house recorded this very package" in said and line_of(said) == given_away.said["head"], said
    assert code == 1 and "does not cover the record of this package" in said and "VERDICT: GOOD" not in said


@pytest.mark.parametrize("change", [other_population, other_pages], ids=lambda change: change.__name__)
def test_nor_does_that_of_a_house_without_keys(unsigned: tuple[Program, Path], tmp_path: Path, change: Change) -> None:
    copy = copied(unsigned[1], tmp_path)
    remade(copy, change)
    code, said = verified(copy)
    assert code == 1 and "does not cover the record of this package" in said, said


def test_nor_do_other_heads_before_the_package(given_away: GivenAway, bag: Path, tmp_path: Path) -> None:
    copy = copied(bag, tmp_path)
    path, heads = stored(copy, "heads/00/00/000002/0001-issue.json")
    rewrite(copy, {path: heads.replace(b'"recorded_at":"2026', b'"recorded_at":"2025')})
    pruned(copy)
    rebagged(copy)
    code, said = verified(copy)
    assert line_of(said) == given_away.said["head"]
    assert code == 1 and "does not cover the record of this package" in said, said


def test_no_line_is_printed_with_the_genuine_one_inside(given_away: GivenAway, bag: Path, tmp_path: Path) -> None:
    copy = copied(bag, tmp_path)
    noted, moment = copy / "pull/head.json", str(given_away.said["head"]).split()[2]
    inside = str(given_away.said["head"]).partition(" hz ")[2] + " " * 99
    noted.write_bytes(
        noted.read_bytes().replace(f'"recorded_at":"{moment}'.encode(), f'"recorded_at":"{inside}'.encode())
    )
    rebagged(copy)
    code, said = verified(copy)
    assert code == 1 and "pull/head.json: 写法不符" in said and str(given_away.said["head"]) not in said


def test_a_signature_that_was_taken_off_is_found(bag: Path, tmp_path: Path) -> None:
    copy = copied(bag, tmp_path)
    remade(copy, other_pages, is_begun_unsigned=False)
    code, said = verified(copy)
    assert code == 1 and "the signature of the record was taken off" in said, said


def test_a_package_remade_with_its_head_line_prints_a_line_the_house_does_not_know(
    given_away: GivenAway, bag: Path, tmp_path: Path
) -> None:
    copy = copied(bag, tmp_path)
    remade(copy, other_pages)
    noted = copy / "pull/head.json"
    before, after = json.loads(noted.read_bytes())["journal"], (copy / "pull/ledgers.tsv").read_text("utf-8").split()[1]
    noted.write_bytes(noted.read_bytes().replace(before.encode(), after.encode()))
    pruned(copy)
    rebagged(copy)
    code, said = verified(copy)
    assert code == 0 and "nobody signed the record of this package" in said, said
    assert line_of(said) != given_away.said["head"]
    assert contradicted(given_away.house, line_of(said), tmp_path / "kept")
