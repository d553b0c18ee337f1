"""Many writers, killed writers, a full disk: what was acknowledged is there, whole, once, and without gaps."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from checks import COMPLAINTS, JOURNAL, events, git, history_is_linear_and_only_adds, numbers
from desk import Desk, begun, complaint

from qmsdocs.base.errors import QmsError

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"


def worker(*arguments: object, **options: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": f"{SOURCE}{os.pathsep}{HERE}"}
    return subprocess.Popen(
        [sys.executable, str(HERE / "worker.py"), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
        **options,  # type: ignore[call-overload]
    )


def acknowledged(printed: str) -> dict[str, str]:
    """Number → submission key; a number acknowledged twice is a failure."""
    pairs = [json.loads(line) for line in printed.splitlines()]
    assert len({number for number, _ in pairs}) == len(pairs)
    return dict(pairs)


def check(root: Path, told: dict[str, str]) -> None:
    """Every acknowledged record is there, none is half there, numbers are unique and without gaps."""
    for branch in (COMPLAINTS, JOURNAL):
        history_is_linear_and_only_adds(root, branch)
        events(root, branch)
    held = {event["record"]["number"]: event["submission"] for event in events(root).values()}
    assert told.items() <= held.items()
    assert len(set(held.values())) == len(held)
    assert sorted(held) == [f"TS-HZ-2026-{serial:04d}" for serial in range(1, len(held) + 1)]
    git(root, "fsck", "--full", "--strict")


def test_eight_processes_issue_200_unique_numbers(desk: Desk) -> None:
    running = [worker("issue", desk.root, 25, f"writer-{turn}") for turn in range(8)]
    told: dict[str, str] = {}
    for process in running:
        out, problems = process.communicate(timeout=300)
        assert process.returncode == 0, problems
        told |= acknowledged(out)
    assert len(told) == 200
    check(desk.root, told)
    assert len(numbers(desk.root)) == 200


def killed(desk: Desk, rounds: int, seed: int) -> None:
    process = worker("killed", desk.root, rounds, seed)
    out, problems = process.communicate(timeout=1200)
    assert process.returncode == 0, problems
    told = acknowledged(out)
    assert len(told) >= rounds
    check(desk.root, told)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_killed_at_40_random_moments(desk: Desk) -> None:
    killed(desk, 40, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 7))
def test_killed_at_200_random_moments(desk: Desk, seed: int) -> None:
    killed(desk, 200, seed)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB, where this machine lets us have one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("no disk can be made here; the next test limits file sizes instead")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_acknowledges_nothing_that_is_missing(small_disk: Path) -> None:
    desk = begun(small_disk / "acme")
    told = {desk.issue(submission=None, note="first").number: None}
    refused = 0
    for turn in range(25):
        filler = small_disk / "filler"
        free = os.statvfs(small_disk).f_bavail * 4096
        filler.write_bytes(b"x" * max(0, free - 4096 * turn))  # from nothing free to room for most of an act
        try:
            told[desk.post(complaint(submission=f"turn-{turn}"))[0].number] = None
        except QmsError as error:
            refused += 1
            assert "full" in str(error) or "No space" in str(error), error
        filler.unlink()
        retried = desk.post(complaint(submission=f"turn-{turn}"))[0]
        told[retried.number] = None
        assert set(told) <= set(numbers(desk.root))
    assert refused >= 5
    assert numbers(desk.root) == [f"TS-HZ-2026-{serial:04d}" for serial in range(1, 27)]
    events(desk.root)
    history_is_linear_and_only_adds(desk.root)


@pytest.mark.parametrize("limit", [0, 100, 150, 200, 250, 300, 400])
def test_a_disk_that_refuses_long_files_acknowledges_nothing_that_is_missing(desk: Desk, limit: int) -> None:
    first = desk.issue().number

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    # the answer goes into a pipe, which has no size
    process = worker("issue", desk.root, 3, "limited", preexec_fn=limited)
    out, problems = process.communicate(timeout=60)
    assert process.returncode in (0, 2), problems
    assert process.returncode == 2 or limit >= 300
    assert "Traceback" not in problems
    assert set(acknowledged(out)) | {first} <= set(numbers(desk.root))
    assert desk.issue().number == f"TS-HZ-2026-{len(numbers(desk.root)):04d}"
    events(desk.root)
