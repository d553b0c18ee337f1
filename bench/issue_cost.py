"""What issuing one record costs when all records lie in one form: `issue_cost.py --records 10000 --records 100000`.

The ledgers are filled directly (git fast-import), the acts measured go through the store. Sizes are measured in turns,
so that a busy machine disturbs all of them alike.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

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
BASE = 1000


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


def measure(sizes: list[int], turns: int, folder: Path) -> dict[int, tuple[float, float]]:
    """For each size the median seconds of one act, and the records a second of an index made anew."""
    stores, rebuilt = {}, {}
    for size in sizes:
        stores[size] = filled(folder / str(size), size)
        begun = time.perf_counter()
        stores[size].index.rebuild()
        rebuilt[size] = size / (time.perf_counter() - begun)
        issued(stores[size], 0)
    taken: dict[int, list[float]] = {size: [] for size in sizes}
    for turn in range(1, turns + 1):
        for size in sizes:
            taken[size].append(issued(stores[size], turn))
    return {size: (statistics.median(taken[size]), rebuilt[size]) for size in sizes}


def main() -> int:
    """Prints one line for each size, and the ratio to 1,000 records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, action="append", help="records in the form (again for more sizes)")
    parser.add_argument("--turns", type=int, default=60)
    given = parser.parse_args()
    sizes = [BASE, *(size for size in given.records or [10_000] if size != BASE)]
    with tempfile.TemporaryDirectory() as folder:
        found = measure(sizes, given.turns, Path(folder))
    for size, (seconds, rate) in found.items():
        ratio = seconds / found[BASE][0]
        print(
            f"{size:>9} records: {seconds * 1000:6.2f} ms an act, {ratio:4.2f}x; index made anew {rate:8.0f} records/s"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
