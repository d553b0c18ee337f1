"""What an audit costs: against its own rules over bytes in memory, with a memory of earlier runs, and against doorstop.

And the sheet an audit opens with. The company's complaints are all open, none of them late.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from bench.audit_once import NEW, audited, opened
from bench.company import BEGUN, COMPLAINT, add, filled
from bench.rounds import Measured, Result, Settings, measure
from qmsdocs.audit.engine import Run
from qmsdocs.audit.scope import Scope
from qmsdocs.audit.stream import cases
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.export.hiding import Hiding
from qmsdocs.export.opening import Opening
from qmsdocs.query.overview import overview
from qmsdocs.render.statement_html import statement_pdf
from qmsdocs.store import ledger
from qmsdocs.store.objects import Objects
from qmsdocs.system.view import System

SMALL, USUAL, LARGE = 1_000, 10_000, 100_000
NOW = BEGUN + timedelta(minutes=10)
FRESH = {**COMPLAINT, "received_at": "2026-11-21 11:55"}
ROUNDS, LARGE_ROUNDS, COMMAND_ROUNDS = 5, 1, 5
PEER = "doorstop"
_PEER_WORK = """
import time, doorstop
begun = time.perf_counter()
tree = doorstop.build()
tree.load()
tree.validate()
print(time.perf_counter() - begun)
"""


class Preloaded(Objects):
    """The stored objects of a repository, some of them in memory."""

    def __init__(self, git_folder: Path, held: dict[str, bytes]) -> None:
        super().__init__(git_folder)
        self._held = held

    def read(self, oid: str) -> bytes:
        """The bytes of a stored file."""
        return self._held[oid] if oid in self._held else super().read(oid)


def results(settings: Settings) -> Iterator[Result]:
    """The full audit, the one after new records, the one against doorstop, and what is shown of the records."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for size in (USUAL, *((LARGE,) if settings.million else ())):
            root = Path(folder) / str(size)
            filled(root, size, FRESH)
            yield _full(root, size, rounds=ROUNDS if size == USUAL else LARGE_ROUNDS)
            yield _incremental(root, size)
        yield from _shown(Path(folder) / str(USUAL))
        yield from _against_peer(Path(folder))


def _system(root: Path) -> System:
    return opened(root, NOW)


def _branch(root: Path) -> tuple[str, str]:
    """The ledger of the complaints and where it stands."""
    heads = _system(root).objects.heads(lambda name: name.startswith("records/"))
    return next((branch, head.commit) for branch, head in heads.items())


# ── every byte


def _full(root: Path, size: int, rounds: int) -> Result:
    found = measure(_floor(root), partial(_cpu, lambda: audited(root, NOW, is_full=True)), rounds=rounds)
    detail = (
        f"{found.subject:.2f} s of CPU time for sha256, reading and every rule over records, the bytes in memory, "
        f"against {found.base:.2f} s for the audit; {_noise(found)}"
    )
    return Result(
        f"full audit of {size:,} records, % of its own rules", round(found.ratio * 100), 70, 90, "higher", detail
    )


def _floor(root: Path) -> Callable[[], float]:
    """The rules over records and their time limits, over bytes that were read beforehand."""
    branch, commit = _branch(root)
    objects = _system(root).objects
    entries = tuple(objects.walk(commit))
    held = Preloaded(objects.folder, {entry.oid: objects.read(entry.oid) for entry in entries})

    def judged() -> None:
        system = _system(root)
        running = Run(Scope(replace(system, store=replace(system.store, objects=held))), is_full=True)
        for case in cases(running.judge, branch, entries):
            found, limits = tuple(running.of_case(case)), tuple(case.limits)
            if found or not limits:
                raise SystemExit(f"{case.number}: {found}")

    return partial(_cpu, judged)


def _cpu(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _noise(found: Measured) -> str:
    return f"rounds {found.low * 100:.0f}–{found.high * 100:.0f} %, control {found.control:.2f}"


# ── what is new


def _incremental(root: Path, size: int) -> Result:
    """Each round 100 records more; a process of its own, from its start to its end."""
    system, (branch, commit) = _system(root), _branch(root)
    [series] = ledger.series_of(system.objects, commit)
    [like] = ledger.record_events(system.objects, branch, commit, series, 1)
    audited(root, NOW, is_full=False)
    taken = []
    for held in range(size, size + ROUNDS * NEW, NEW):
        add(root, like, held, held + NEW)
        taken.append(_seconds(sys.executable, "-m", "bench.audit_once", str(root), str(NOW), str(held + NEW)))
    detail = f"from start to end of a process, rounds {min(taken):.2f}–{max(taken):.2f} s"
    name = f"audit after {NEW} new ones at {size:,} records, s"
    return Result(name, round(statistics.median(taken), 2), 2, 1, "lower", detail)


def _seconds(*words: str, cwd: Path | None = None, expected: tuple[int, ...] = (0,)) -> float:
    begun = time.perf_counter()
    done = subprocess.run(words, cwd=cwd, capture_output=True, check=False)
    taken = time.perf_counter() - begun
    if done.returncode not in expected:
        raise SystemExit(done.stderr.decode("utf-8", "replace"))
    return taken


# ── against doorstop


def _against_peer(folder: Path) -> Iterator[Result]:
    name = f"full audit of {SMALL:,} records, against {PEER}"
    peer = _installed(folder / "peer")
    if peer is None:
        yield Result(name, 0, None, None, "higher", f"not measured: {PEER} cannot be installed here")
        return
    items, root = folder / "items", folder / str(SMALL)
    _items(peer, items)
    filled(root, SMALL, FRESH)
    program = str(Path(sys.executable).with_name("qmsdocs"))
    ours = partial(_seconds, program, "audit", "--full", cwd=root, expected=(0, 1))
    found = measure(partial(_seconds, str(peer), cwd=items), ours, rounds=COMMAND_ROUNDS)
    alone = measure(
        partial(_printed, str(peer.with_name(Path(sys.executable).name)), "-c", _PEER_WORK, cwd=items),
        partial(_wall, lambda: audited(root, NOW, is_full=True)),
        rounds=COMMAND_ROUNDS,
    )
    again = statistics.median(_seconds(program, "audit", cwd=root, expected=(0, 1)) for _ in range(COMMAND_ROUNDS))
    detail = (
        f"{found.subject:.2f} s against {found.base:.2f} s, both with their start; {found.noise}; "
        f"what was judged before believed: {again:.2f} s"
    )
    yield Result(name, round(found.ratio, 1), 20, 100, "higher", detail)
    detail = f"{alone.subject:.2f} s against {alone.base:.2f} s, both programs loaded before; {alone.noise}"
    yield Result(f"{name}, work alone", round(alone.ratio, 1), None, None, "higher", detail)


def _printed(*words: str, cwd: Path) -> float:
    return float(subprocess.run(words, cwd=cwd, capture_output=True, check=True, text=True).stdout.split()[-1])


def _installed(venv: Path) -> Path | None:
    """The program to compare with, in an environment of its own; None where it cannot be had."""
    program = venv / ("Scripts" if os.name == "nt" else "bin")
    for words in ((sys.executable, "-m", "venv", str(venv)), (str(program / "pip"), "install", "--quiet", PEER)):
        if subprocess.run(words, capture_output=True, check=False).returncode:
            return None
    return program / PEER


def _items(peer: Path, root: Path) -> None:
    """Nothing; a document of as many items lies in `root`, committed, each as the program itself writes one."""
    root.mkdir()
    for words in (("git", "init", "-q"), (str(peer), "create", "REQ", "req"), (str(peer), "add", "REQ")):
        subprocess.run(words, cwd=root, capture_output=True, check=True)
    first = (root / "req" / "REQ001.yml").read_text("utf-8")
    for number in range(1, SMALL + 1):
        own = first.replace("level: 1.0", f"level: 1.{number}.1").replace(
            "text: ''", f"text: '{FRESH['what_happened']}'"
        )
        (root / "req" / f"REQ{number:03d}.yml").write_text(own, "utf-8")
    for words in (
        (str(peer),),
        ("git", "add", "-A"),
        ("git", "-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "x"),
    ):
        subprocess.run(words, cwd=root, capture_output=True, check=True)


# ── what is shown of them


def _shown(root: Path) -> Iterator[Result]:
    catalogue = Catalogue.load(Language.ZH)

    def sheet() -> None:
        system = _system(root)
        hiding = Hiding.of(system, is_full=False)
        statement_pdf(Opening(system, system.today - timedelta(days=365), catalogue, hiding).statement())

    for name, work, must, bold in (
        ("opening sheet", sheet, 10, 5),
        ("status", lambda: overview(_system(root)), None, None),
    ):
        work()
        taken = [_wall(work) for _ in range(ROUNDS)]
        detail = f"rounds {min(taken):.2f}–{max(taken):.2f} s, without the start of the program"
        yield Result(
            f"{name} at {USUAL:,} open records, s", round(statistics.median(taken), 2), must, bold, "lower", detail
        )


def _wall(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
