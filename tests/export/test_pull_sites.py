"""A package with records of another site holds what that site's own journal says of them, or says that it does not."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from pair import Pair, git
from pulled import done, pull, unpacked, verified

JOURNAL = "refs/heads/qms/journal/nb"
NUMBERS = ("LX-HZ-2026-0001", "LX-NB-2026-0001", "TS-NB-2026-0001")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Both sites with records of their own, level."""
    made = Pair.begun(tmp_path_factory.mktemp("sites"))
    for store in ("shared.git", "complaints.git"):
        git(made.folder, "init", "-q", "--bare", store)
    made.hz.issue("QR-04-01")
    made.nb.issue("QR-04-01", subject="宁波的第一件")
    made.nb.issue("QR-14-04")
    for copy in (made.hz, made.nb, made.hz):
        done(copy, "sync")
    return made


def test_the_other_journal_proves_its_records(pair: Pair, tmp_path: Path) -> None:
    said = pull(pair.hz, tmp_path / "p.zip", *NUMBERS)
    assert said["unproven"] == [] and "sync" not in _notes(tmp_path / "p.zip", tmp_path)
    code, told = verified(unpacked(tmp_path / "p.zip", tmp_path / "un"))
    assert code == 0 and "records of other sites" not in told, told
    head = git(pair.nb.root, "rev-parse", "qms/journal/nb:heads")
    newest = git(pair.nb.root, "ls-tree", "-r", "--name-only", head.strip()).split()[-1]
    noted = git(pair.nb.root, "show", f"qms/journal/nb:heads/{newest}").encode()
    assert f"qms/journal/nb {sha256(noted).hexdigest()}" in told


def test_a_record_that_its_journal_does_not_know_yet_is_said_to_be_unproven(pair: Pair, tmp_path: Path) -> None:
    """The journal of the other site is older than its records here; and it is not here at all."""
    older = git(pair.hz.root, "rev-parse", "qms/journal/nb~2").strip()
    newest = git(pair.hz.root, "rev-parse", "qms/journal/nb").strip()
    try:
        for name, words in (("old.zip", (JOURNAL, older)), ("gone.zip", ("-d", JOURNAL))):
            git(pair.hz.root, "update-ref", *words)
            assert pull(pair.hz, tmp_path / name, *NUMBERS)["unproven"] == ["nb"]
            assert "`qmsdocs sync`" in _notes(tmp_path / name, tmp_path)
            code, told = verified(unpacked(tmp_path / name, tmp_path / name[:-4]))
            assert code == 0 and "records of other sites" in told and "records/complaint/2026/nb" in told, told
    finally:
        git(pair.hz.root, "update-ref", JOURNAL, newest)
    done(pair.hz, "export", "pull", NUMBERS[0], "-o", tmp_path / "own.zip")


def _notes(package: Path, folder: Path) -> str:
    bag = unpacked(package, folder / f"notes of {package.stem}")
    return "".join(path.read_text("utf-8") for path in (bag / "data" / "front").glob("data-000.js"))
