"""Killed at any moment, many at once, a full disk: what was said to be issued is there, whole, once, without gaps."""

from __future__ import annotations

import gc
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from program import COMPLAINT, Program, refused

from qmsdocs.base.language import Catalogue, Language
from qmsdocs.cli.boundary import guarded
from qmsdocs.cli.root import command
from qmsdocs.cli.words import Wishes

LEDGER = "refs/heads/records/complaint"
Make = Callable[..., Program]


def drafts(desk: Program, count: int, tag: str) -> list[Path]:
    """Drafts as `record new` begins them: each with its own retry key."""
    values = [{**COMPLAINT, "customer": f"{tag}-{turn}"} for turn in range(count)]
    return [
        desk.draft(f"{tag}-{turn}.json", "QR-14-04", said, submission=f"{tag}-{turn}")
        for turn, said in enumerate(values)
    ]


def serials(desk: Program) -> list[int]:
    return [int(number[-4:]) for number in desk.all_numbers("QR-14-04")]


def check(desk: Program, told: dict[str, str]) -> None:
    """Nothing; every number told belongs to its draft, none is there twice or half, none is missing."""
    listed = desk("record", "list", "--json").json["records"]
    held = {item["number"]: item["customer"] for item in listed}
    assert told.items() <= held.items()
    assert len(set(held.values())) == len(held)
    assert serials(desk) == [*range(1, len(held) + 1)]
    desk.git("fsck", "--full", "--strict")
    assert desk("index", "rebuild").code == 0
    assert [item["number"] for item in desk("record", "list", "--json").json["records"]] == [*held]


def acknowledged(out: bytes, paths: Sequence[Path]) -> dict[str, str]:
    """Number → draft of what a command told before it was killed; one JSON object or none."""
    if not out.endswith(b"}\n"):
        return {}
    numbers = [item["number"] for item in json.loads(out)["issued"]]
    return dict(zip(numbers, (path.stem for path in paths), strict=True))


def kill_while_issuing(desk: Program, paths: Sequence[Path], after: float) -> bytes:
    """What a process that issues the drafts had said when it was killed; begun as a copy of this one, so at once."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(writing, 1)
            os.chdir(desk.root)
            sys.stdout = os.fdopen(1, "w", encoding="utf-8")
            words = ["record", "issue", *map(str, paths), "--json", "--no-pages"]
            catalogue = Catalogue.load(Language.EN)
            guarded(lambda: command(words, Wishes(catalogue)), catalogue)
            sys.stdout.flush()
        finally:
            os._exit(0)
    os.close(writing)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read()


def killed(desk: Program, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    desk.issue("QR-14-04", customer="first")
    started = time.monotonic()
    desk("record", "issue", *drafts(desk, 3, "measured"), "--no-pages")
    usual = time.monotonic() - started
    told: dict[str, str] = {}
    stopped = 0
    for turn in range(rounds):
        paths = drafts(desk, 3, f"r{turn}")
        said = acknowledged(kill_while_issuing(desk, paths, chance.uniform(0, 1.2 * usual)), paths)
        stopped += not said
        again = desk("record", "issue", *paths, "--json", "--no-pages")
        assert again.code == 0, again.err
        numbers = dict(zip(again.numbers, (path.stem for path in paths), strict=True))
        assert said in ({}, numbers)
        told |= numbers
    assert stopped > rounds // 4
    check(desk, told)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_killed_at_40_random_moments(live: Program) -> None:
    killed(live, 40, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_killed_at_200_random_moments(live: Program, seed: int) -> None:
    killed(live, 200, seed)


def test_the_installed_program_killed(live: Program) -> None:
    """The same from outside, with every import and every flush of the real process."""
    chance = random.Random(7)
    started = time.monotonic()
    found = live.process("record", "issue", *drafts(live, 6, "measured"), "--json", "--no-pages")
    usual = time.monotonic() - started
    told = acknowledged(found.out.encode(), drafts(live, 6, "measured"))
    for turn in range(6):
        paths = drafts(live, 6, f"p{turn}")
        process = live.begin("record", "issue", *paths, "--json", "--no-pages")
        time.sleep(usual * chance.uniform(0.4, 1))
        process.kill()
        out, _ = process.communicate()
        said = acknowledged(out, paths)
        again = live.process("record", "issue", *paths, "--json", "--no-pages")
        assert again.code == 0, again.err
        numbers = acknowledged(again.out.encode(), paths)
        assert said in ({}, numbers)
        told |= numbers
    assert len(told) == 42
    check(live, told)


def test_killed_while_drawing_the_record_stands(live: Program) -> None:
    paths = drafts(live, 4, "drawn")
    for after in (0.1, 0.5, 1.0, 1.6):
        process = live.begin("record", "issue", *paths)
        time.sleep(after)
        process.kill()
        process.communicate()
    found = live.process("record", "issue", *paths, "--json")
    assert found.code == 0, found.err
    assert serials(live) == [1, 2, 3, 4]
    assert all(len(item["files"]) == 2 for item in found.json["issued"])
    assert live.process("record", "render", "--pending", "--json").json["rendered"] == []
    left = [path for path in live.files() if ".writing-" in path]
    assert left == []


def test_interrupted_is_130_and_loses_nothing(live: Program) -> None:
    usual = time.monotonic()
    live.process("record", "issue", *drafts(live, 10, "first"), "--no-pages")
    usual = time.monotonic() - usual
    paths = drafts(live, 40, "second")
    told: set[str] = set()
    for part in (0.3, 0.6, 0.9, 1.3):
        process = live.begin("record", "issue", *paths, "--no-pages")
        time.sleep(max(usual * part, 0.2))  # before that it is Python that starts, not yet the program
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        # a signal that comes while Python itself starts or ends is Python's to answer
        assert process.returncode in (130, 0, -signal.SIGINT), err
        assert b"Traceback" not in err
        told |= {*re.findall(r"TS-HZ-\d{4}-\d{4}", (out + err).decode())}
    found = live.process("record", "issue", *paths, "--json", "--no-pages")
    assert len(set(found.numbers)) == 40
    assert told <= set(found.numbers)
    assert serials(live) == [*range(1, 51)]


@pytest.mark.parametrize("kind", ["drafts", "table"])
def test_eight_processes_issue_200_records(live: Program, kind: str) -> None:
    def words(turn: int) -> list[object]:
        if kind == "drafts":
            return [*drafts(live, 25, f"w{turn}")]
        rows = "\n".join(
            ",".join(str(v) for v in {**COMPLAINT, "customer": f"w{turn}-{row}"}.values()) for row in range(25)
        )
        path = live.root / f"w{turn}.csv"
        path.write_text(",".join(COMPLAINT) + "\n" + rows + "\n", "utf-8")
        return ["--form", "QR-14-04", "--table", path]

    running = [live.begin("record", "issue", *words(turn), "--json", "--no-pages") for turn in range(8)]
    told: dict[str, str] = {}
    for turn, process in enumerate(running):
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        numbers = [item["number"] for item in json.loads(out)["issued"]]
        told |= {number: f"w{turn}-{row}" for row, number in enumerate(numbers)}
    assert len(told) == 200
    check(live, told)


@pytest.mark.slow
def test_eight_loops_of_25_commands(live: Program) -> None:
    def loop(turn: int) -> subprocess.Popen[bytes]:
        lines = [
            f"{sys.executable} -m qmsdocs record issue {path} --json --no-pages || exit"
            for path in drafts(live, 25, f"w{turn}")
        ]
        return subprocess.Popen(["bash", "-c", "\n".join(lines)], cwd=live.root, stdout=subprocess.PIPE)

    running = [loop(turn) for turn in range(8)]
    told: dict[str, str] = {}
    decoder = json.JSONDecoder()
    for turn, process in enumerate(running):
        text = process.communicate(timeout=900)[0].decode()
        assert process.returncode == 0
        for row in range(25):
            found, end = decoder.raw_decode(text)
            text = text[end:].lstrip()
            told[found["issued"][0]["number"]] = f"w{turn}-{row}"
    assert len(told) == 200
    check(live, told)


def test_several_people_move_one_record_on(live: Program) -> None:
    """Each act is planned on what the others have written: nothing is overwritten, nothing lost."""
    number = live.issue("QR-14-04")
    running = [
        live.begin("record", "amend", number, "--set", f"{field}={field}1", "-m", field, "--no-pages")
        for field in ("customer", "estate", "room", "what_happened")
    ]
    for process in running:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    record = live.record(number)
    assert {record["values"][field] for field in ("customer", "estate", "room", "what_happened")} == {
        "customer1",
        "estate1",
        "room1",
        "what_happened1",
    }
    assert [event["sequence"] for event in record["events"]] == [1, 2, 3, 4, 5]


# ── a disk without room


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB, where this machine lets us have one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be made here; the next test limits file sizes instead")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_disk(folder: Path, free: int) -> Path:
    gc.collect()  # what earlier commands in this process hold open gives its room back first
    filler = folder / "filler"
    room = os.statvfs(folder)
    filler.write_bytes(b"x" * max(0, room.f_bavail * room.f_frsize - free))
    return filler


def test_a_full_disk_is_one_line(small_disk: Path, make: Make) -> None:
    desk = make(small_disk / "acme")
    told = [desk.issue("QR-14-04", customer="first")]
    kept = drafts(desk, 12, "turn")
    refusals = 0
    for turn, path in enumerate(kept):
        filler = fill_disk(small_disk, 4096 * 2 * turn)
        found = desk("record", "issue", path, "--no-pages")
        if found.code:
            refusals += 1
            assert "full" in refused(found) or "No space" in refused(found)
        else:
            told.append(found.out.split()[0])
        assert {*told} <= {*desk.all_numbers("QR-14-04")}
        filler.unlink()
        again = desk("record", "issue", path, "--json", "--no-pages")
        assert again.code == 0, again.err
        told += again.numbers
    assert refusals >= 3
    assert serials(desk) == [*range(1, 14)]


def test_a_full_disk_leaves_pages_pending_and_files_whole(small_disk: Path, make: Make) -> None:
    desk = make(small_disk / "acme")
    number = desk.issue("QR-14-04")
    path = small_disk / "out.xlsx"
    assert desk("register", "show", "complaints", "-o", path).code == 0
    before = path.read_bytes()
    filler = fill_disk(small_disk, 0)
    refused(desk("register", "show", "complaints", "-o", path), str(path))
    refused(desk("record", "new", "QR-14-04", "-o", small_disk / "new.toml"), "new.toml")
    assert path.read_bytes() == before
    rest = fill_disk(small_disk / "acme", 0)  # what the commands since have given back
    drawn = desk("record", "render", number, "--json")
    assert drawn.code == 1
    assert drawn.json["rendered"][0]["pending"]
    assert desk("record", "show", number).code == 0
    assert desk("register", "show", "complaints").code == 0
    assert desk("search", "漏水").code == 0
    filler.unlink()
    rest.unlink()
    assert desk("record", "render", "--pending", "--json").json["rendered"][0]["pending"] is None
    assert not [path for path in desk.files() if ".writing-" in path]


@pytest.mark.parametrize("limit", [0, 100, 200, 300, 1000, 10_000])
def test_a_disk_that_refuses_long_files_is_one_line(live: Program, limit: int) -> None:
    number = live.issue("QR-14-04", customer="first")
    [path] = drafts(live, 1, "limited")

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    found = live.process("record", "issue", path, "--no-pages", preexec_fn=limited)
    if found.code:
        refused(found)
    told = [number] + ([found.out.split()[0]] if found.code == 0 else [])
    assert {*told} <= {*live.all_numbers("QR-14-04")}
    again = live("record", "issue", path, "--json", "--no-pages")
    assert again.code == 0, again.err
    assert serials(live) == [1, 2]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", [["record", "list"], ["record", "list", "--json"], ["--help"], ["form", "list"]])
def test_an_answer_nobody_can_take_is_one_line(live: Program, words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            [sys.executable, "-m", "qmsdocs", *words], cwd=live.root, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert process.returncode == 2
    lines = process.stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: "), lines
