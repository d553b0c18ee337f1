"""`python -m bench [names …] [--million]`: a table, and the same as JSON in bench/out/latest.json."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import sys
import time
from pathlib import Path

from bench import audit, issue_cost, pages, start, word
from bench.rounds import Result, Settings
from qmsdocs.cli.main import collect_rarely

OUT = Path(__file__).parent / "out" / "latest.json"
MODULES = {"start": start, "word": word, "pages": pages, "issue_cost": issue_cost, "audit": audit}


def main() -> int:
    """0, whatever the figures are: a busy machine is no fault of the program."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *MODULES], help="measure only these")
    parser.add_argument(
        "--million", action="store_true", help="also 1,000,000 records in one form, and the audit of 100,000 (an hour)"
    )
    given = parser.parse_args()
    collect_rarely()
    settings = Settings(million=given.million)
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} CPUs, {platform.machine()}"
    )
    print(f"{'':52} {'ratio':>9} {'must':>7} {'bold':>7}")
    found: list[Result] = []
    for name in given.names or MODULES:
        begun = time.perf_counter()
        for result in MODULES[name].results(settings):
            found.append(result)
            print(line(result), flush=True)
        print(f"  {name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    OUT.parent.mkdir(exist_ok=True)
    rows = [{**dataclasses.asdict(result)} for result in found]
    OUT.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return 0


def line(result: Result) -> str:
    """One line of the table, and below it how the figure came about."""
    sign = {"higher": "≥", "lower": "≤"}[result.better]
    wanted = [f"{sign} {value:g}" if value is not None else "" for value in (result.must, result.bold)]
    ratio = f"{result.ratio:,.0f}" if result.ratio >= 1000 else f"{result.ratio:g}"
    head = f"{result.name:52} {ratio:>9} {wanted[0]:>7} {wanted[1]:>7}  {result.verdict}"
    return f"{head.rstrip()}\n    {result.detail}"


if __name__ == "__main__":
    sys.exit(main())
