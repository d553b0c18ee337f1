"""Issues records in processes of their own: `worker.py issue ROOT COUNT TAG` or `worker.py killed ROOT ROUNDS SEED`.

Prints one line of JSON for each acknowledged record: number and submission key.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from desk import Desk, complaint

from qmsdocs.base.errors import QmsError


def issue(desk: Desk, tag: str, count: int, out: int) -> None:
    """Issues `count` records and writes each to `out` once it is acknowledged."""
    for turn in range(count):
        key = f"{tag}-{turn}"
        posted = desk.post(complaint(desk.now, submission=key, note=f"{tag} {turn}"))[0]
        os.write(out, json.dumps([posted.number, key]).encode() + b"\n")


def killed(desk: Desk, rounds: int, seed: int) -> None:
    """Kills a process while it issues, again and again; after each time the next one must just work."""
    chance = random.Random(seed)
    for turn in range(rounds):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            issue(desk, f"killed-{seed}-{turn}", 1000, writing)
            os._exit(1)
        os.close(writing)
        time.sleep(chance.uniform(0.0, 0.08))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reading, "rb") as pipe:
            sys.stdout.write(pipe.read().decode())
        begun = time.monotonic()
        issue(desk, f"after-{seed}-{turn}", 1, sys.stdout.fileno() if not sys.stdout.flush() else 1)
        print(f"next command after {time.monotonic() - begun:.2f} s", file=sys.stderr)


def main() -> int:
    """The exit code; 2 with one line on stderr where the store refused."""
    mode, root, count, tag = sys.argv[1:5]
    desk = Desk(Path(root))
    try:
        if mode == "killed":
            killed(desk, int(count), int(tag))
        else:
            issue(desk, tag, int(count), sys.stdout.fileno())
    except QmsError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
