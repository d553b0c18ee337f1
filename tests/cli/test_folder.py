"""The texts of the working folder when other copies put revisions into force: brought level, never overwritten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pair import Pair, git
from program import Program, refused

DOCUMENT = "QD-14-02"
TEXT = Path("procedures") / f"{DOCUMENT}.md"
ACTS = (
    ("submit", "-m", "补充说明", "--as", "wang.fang"),
    ("review", "--as", "li.ming"),
    ("approve", "--as", "zhao.lei"),
)


def put_into_force(copy: Program, number: str = DOCUMENT) -> None:
    """What the folder of a copy holds is in force from tomorrow on."""
    for act, *words in ACTS:
        done = copy("document", act, number, *words)
        assert done.code == 0, done.err


def written(copy: Program, added: str) -> bytes:
    """The document in the folder, with more text."""
    path = copy.root / TEXT
    path.write_bytes(path.read_bytes() + added.encode())
    return path.read_bytes()


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Two sites, the second one not told yet of a new revision of the first."""
    pair = Pair.begun(tmp_path)
    git(tmp_path, "init", "-q", "--bare", "shared.git")
    for copy in (pair.hz, pair.nb, pair.hz):
        assert copy("sync", "office").code == 0
    return pair


@pytest.fixture
def told(pair: Pair) -> Pair:
    """The same, one day later, the revision in the shared store and in force."""
    written(pair.hz, "\n补充一句。\n")
    put_into_force(pair.hz)
    pair = Pair(pair.folder, pair.hz.later(timedelta(days=1)), pair.nb.later(timedelta(days=1)))
    assert pair.hz("sync", "office").code == 0
    return pair


def test_what_came_into_force_elsewhere_stands_in_the_folder(told: Pair) -> None:
    found = told.nb("sync", "office")
    assert found.code == 0
    assert f"in the folder now as in force: {DOCUMENT} A/1\n" in found.out
    assert (told.nb.root / TEXT).read_bytes() == (told.hz.root / TEXT).read_bytes()
    assert "folder" not in told.nb("status").out.lower()
    assert "folder" not in told.nb("sync", "office").out


def test_an_edited_text_is_left_and_named(told: Pair) -> None:
    mine = written(told.nb, "\n宁波的草稿。\n")
    found = told.nb("sync", "office")
    assert f"qmsdocs document diff {DOCUMENT}" in found.out
    assert (told.nb.root / TEXT).read_bytes() == mine
    assert f"Changed in the folder, not in force: {DOCUMENT}\n" in told.nb("status").out
    found = told.nb("document", "restore", DOCUMENT)
    refused(found, "changed in the folder")
    assert "--replace" in found.err
    assert (told.nb.root / TEXT).read_bytes() == mine
    assert told.nb("document", "restore", DOCUMENT, "--replace").code == 0
    assert (told.nb.root / TEXT).read_bytes() == (told.hz.root / TEXT).read_bytes()


def test_a_text_fallen_behind_is_not_submitted_and_called_so(told: Pair) -> None:
    old = (told.nb.root / TEXT).read_bytes()
    assert told.nb("sync", "office").code == 0
    (told.nb.root / TEXT).write_bytes(old)
    seen = told.nb("status").out
    assert f"older than what is in force: {DOCUMENT}; level with it: qmsdocs document restore {DOCUMENT}" in seen
    assert "Changed in the folder" not in seen
    with told.nb.unchanged():
        found = told.nb("document", "submit", DOCUMENT, "-m", "typo")
    refused(found, "older than A/1")
    assert f"qmsdocs document restore {DOCUMENT}; to go back on purpose: --revision A/2" in found.err
    assert told.nb("document", "submit", DOCUMENT, "-m", "back", "--revision", "A/2", "-n").code == 0
    assert told.nb("document", "restore", DOCUMENT).out == f"{DOCUMENT}: the folder holds A/1, which is in force\n"
    assert (told.nb.root / TEXT).read_bytes() == (told.hz.root / TEXT).read_bytes()


def test_what_is_missing_is_put_back_and_a_picture_too_many_goes(told: Pair) -> None:
    assert told.nb("sync", "office").code == 0
    (told.nb.root / TEXT).unlink()
    assert told.nb("document", "restore", DOCUMENT).code == 0
    picture = (told.nb.root / TEXT).with_suffix("") / "odd.png"
    picture.parent.mkdir()
    picture.write_bytes(b"x")
    refused(told.nb("document", "restore", DOCUMENT), "changed in the folder")
    assert told.nb("document", "restore", DOCUMENT, "--replace").code == 0
    assert not picture.exists()
    (told.nb.root / TEXT).write_bytes(b"+++\nunreadable")
    refused(told.nb("document", "restore", DOCUMENT), "changed in the folder")


def test_nothing_is_written_through_a_link_out_of_the_folder(told: Pair) -> None:
    assert told.nb("sync", "office").code == 0
    written(told.nb, "\n宁波的草稿。\n")
    away = told.folder / "away"
    (told.nb.root / "procedures").rename(away)
    (told.nb.root / "procedures").symlink_to(away)
    before = {path.name: path.read_bytes() for path in away.glob("*.md")}
    refused(told.nb("document", "restore", DOCUMENT, "--replace"))
    assert {path.name: path.read_bytes() for path in away.glob("*.md")} == before


def test_a_waiver_that_can_never_count_is_not_submitted(repository: Program) -> None:
    fields = 'subject = "*"\nreason = "x"\napproved_by = "zhao.lei"\nexpires = 2027-01-01\n'
    (repository.root / "waivers.toml").write_text(f'[[waiver]]\ncode = "REC204"\n{fields}', "utf-8")
    found = repository("document", "check", "waivers.toml")
    assert found.code == 1 and "REC204 *: findings of REC204 cannot be accepted" in found.out
    with repository.unchanged():
        found = repository("document", "submit", "waivers.toml", "-m", "x", "--as", "wang.fang")
    assert found.code == 2 and "findings of REC204 cannot be accepted" in found.err
