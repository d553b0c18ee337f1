"""What issuing one record costs when all records lie in one form, and against a commit with GitPython.

The ledgers are filled directly (git fast-import), the acts measured go through the store. Sizes are measured in turns,
so that a busy machine disturbs all of them alike.
"""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import git

from bench.rounds import Result, Settings, Work, compared, in_turns, measure
from qmsdocs.base.canonical import dumps
from qmsdocs.model.record import FormReference
from qmsdocs.store import handover, names, repository
from qmsdocs.store.event import Change, Draft, NewNumber, body_of
from qmsdocs.store.opened import Store
from qmsdocs.store.post import post
from qmsdocs.store.rows import Meanings

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
BRANCH = "records/complaint/2026/hz"
FORM = FormReference("F-1", "A/0", "f" * 64)
MEANINGS = Meanings(
    {"opened_at": "received_at", "customer": "customer", "subject": "problem"}, frozenset(), ("problem",)
)
IN_ONE_COMMIT = 1000
BASE, SMALL, LARGE, MILLION = 1_000, 10_000, 100_000, 1_000_000
ROUNDS, PEER_ROUNDS = 40, 12


def draft(number: int) -> Draft:
    """A complaint of usual size."""
    return Draft(
        record=NewNumber("ts", "ts", "TS-HZ-2026-{serial:04d}"),
        act="issue",
        state="received",
        set={
            "received_at": "2026-11-21T09:30:00+08:00",
            "channel": "phone",
            "customer": f"业主{number % 977}",
            "phone": f"138{number:08d}",
            "estate": f"翠园{number % 31}-{number % 6}-{number % 29}01",
            "problem": "leak",
            "what_happened": "周末大雨后，次卧外墙窗台下方漏水，墙面湿了约两平方米，木地板起拱。" * 3,
        },
        by="zhang.wei",
        entered_by="li.na",
        form=FORM,
        submission=f"{number:032x}",
    )


def event(number: int, repository_id: str) -> bytes:
    """The stored event of a record that was filled in directly."""
    settled = {
        "repository": repository_id,
        "ledger": BRANCH,
        "record": {"number": f"TS-HZ-2026-{number:04d}", "series": "ts", "serial": number},
        "sequence": 1,
        "recorded_at": "2026-11-21T09:31:00+08:00",
        "control": None,
        "journal": None,
        "previous": None,
        "nonce": f"{number * 7919:032x}",
        "clock": None,
        "signer": None,
    }
    return dumps(body_of(draft(number), **settled))  # type: ignore[arg-type]


def stream(count: int, repository_id: str) -> Iterator[bytes]:
    """A fast-import stream of `count` records."""
    for number in range(1, count + 1):
        if number % IN_ONE_COMMIT == 1:
            yield (
                b"commit refs/heads/%s\ncommitter qmsdocs <qmsdocs@localhost> 1795224660 +0800\ndata 0\n"
                % BRANCH.encode()
            )
        data = event(number, repository_id)
        path = names.event_path("ts", number, 1, "issue")
        yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)


def filled(root: Path, count: int) -> Store:
    """A repository whose one series holds `count` records."""
    repository.init(root, at=NOW)
    store = Store.open(root, machine="bench", meanings=lambda _: MEANINGS)
    handover.claim_seat(store, "hz", person="zhang.wei", reason="bench", at=NOW, repository="a" * 32)
    importing = subprocess.Popen(["git", "-C", str(root), "fast-import", "--quiet"], stdin=subprocess.PIPE)
    assert importing.stdin is not None
    importing.stdin.writelines(stream(count, "a" * 32))
    importing.stdin.close()
    if importing.wait():
        raise SystemExit("git fast-import failed")
    subprocess.run(["git", "-C", str(root), "repack", "-adfq", "--depth=10"], check=True)
    store.close()
    return Store.open(root, machine="bench", meanings=lambda _: MEANINGS)


def issued(store: Store, number: int) -> float:
    """Seconds that one more record takes, read back included."""
    change = Change(site="hz", stem="records/complaint", drafts=(draft(10**9 + number),))
    begun = time.perf_counter()
    post(store, change, now=NOW)
    return time.perf_counter() - begun


class Peer:
    """The same events as files of a work tree, committed with GitPython as most programs would do it."""

    def __init__(self, root: Path, count: int) -> None:
        for number in range(1, count + 1):
            self._write(root, number)
        for words in (
            ("init", "--quiet"),
            ("config", "gc.auto", "0"),
            ("add", "-A"),
            ("-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "x"),
        ):
            subprocess.run(["git", "-C", str(root), *words], check=True)
        self.root, self.repository = root, git.Repo(root)

    def commit(self, number: int) -> float:
        """Seconds that one more record takes: a file, `index.add`, `index.commit`."""
        begun = time.perf_counter()
        path = self._write(self.root, number)
        self.repository.index.add([str(path)])
        self.repository.index.commit(f"{number}")
        taken = time.perf_counter() - begun
        os.sync()  # what it left for the disk to do is not to slow the next one down
        return taken

    @staticmethod
    def _write(root: Path, number: int) -> Path:
        path = root / names.event_path("ts", number, 1, "issue")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(event(number, "a" * 32))
        return path


def results(settings: Settings) -> Iterator[Result]:
    """The cost of one act by size and against GitPython, and how fast an index is made anew."""
    sizes = (BASE, SMALL, LARGE, *((MILLION,) if settings.million else ()))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        stores: dict[int, Store] = {}
        rebuilt: dict[int, float] = {}
        for size in sizes:
            stores[size] = filled(Path(folder) / str(size), size)
            begun = time.process_time()
            stores[size].index.rebuild()
            rebuilt[size] = size / (time.process_time() - begun)
        turn = itertools.count()
        works: dict[str, Work] = {str(size): partial(_one_more, store, turn) for size, store in stores.items()}
        works["control"] = partial(_one_more, stores[BASE], turn)
        taken = in_turns(works, rounds=ROUNDS)
        yield from _by_size(sizes, taken)
        yield _against_peer(Path(folder) / "peer", stores[SMALL], turn)
        rate = f"{max(sizes):,} records in {max(sizes) / rebuilt[max(sizes)]:.1f} s of CPU time"
        yield Result("index made anew, records/s", round(rebuilt[max(sizes)]), 20_000, 40_000, "higher", rate)


def _one_more(store: Store, turn: Iterator[int]) -> float:
    return issued(store, next(turn))


def _usual(store: Store, turn: Iterator[int]) -> float:
    """The median of a few: the first one after the other side's turn pays for what that left behind."""
    return statistics.median(issued(store, next(turn)) for _ in range(5))


def _by_size(sizes: tuple[int, ...], taken: dict[str, list[float]]) -> Iterator[Result]:
    for size in sizes[1:]:
        found = compared(taken, str(size), str(BASE), "control")
        detail = f"{found.subject * 1000:.1f} ms against {found.base * 1000:.1f} ms at {BASE:,}; {found.noise}"
        yield Result(f"issue one record at {size:,} in one form", round(found.ratio, 2), 1.3, 1.0, "lower", detail)


def _against_peer(folder: Path, store: Store, turn: Iterator[int]) -> Result:
    folder.mkdir()
    peer = Peer(folder, SMALL)
    serial = itertools.count(SMALL + 1)
    found = measure(lambda: peer.commit(next(serial)), partial(_usual, store, turn), rounds=PEER_ROUNDS)
    detail = f"{found.base * 1000:.1f} ms against {found.subject * 1000:.0f} ms; {found.noise}"
    name = f"issue one record at {SMALL:,}, against GitPython"
    return Result(name, round(found.ratio, 1), 20, 100, "higher", detail)
