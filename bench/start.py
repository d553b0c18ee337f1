"""How long the program takes to say its version and its help, against Python doing nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.rounds import Result, Settings, Work, measure

ROUNDS = 30


def results(settings: Settings) -> Iterator[Result]:  # noqa: ARG001
    """One line each for `--version` and `--help`."""
    program = Path(sys.executable).with_name("qmsdocs")
    empty = run(sys.executable, "-c", "pass")
    for option in ("--version", "--help"):
        found = measure(run(str(program), option), empty, rounds=ROUNDS)
        detail = f"{found.subject * 1000:.0f} ms against {found.base * 1000:.0f} ms; {found.noise}"
        yield Result(f"{option}, against python -c pass", round(found.ratio, 2), 4, 1.5, "lower", detail)


def run(*words: str) -> Work:
    """The wall time of a process from its start to its end."""

    def once() -> float:
        begun = time.perf_counter()
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - begun

    return once
