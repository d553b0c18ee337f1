"""The figures of `make bench`: that they are put together rightly, not what they are on this machine."""

# ruff: noqa: E402
from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from qmsdocs import __version__

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from bench.__main__ import MODULES, line
from bench.rounds import Result, Settings, compared, in_turns, measure
from bench.start import run


def test_the_ratio_is_that_of_each_round_and_the_control_shows_the_noise() -> None:
    slow = itertools.cycle([2.0, 4.0, 6.0])
    base = itertools.cycle([1.0, 1.0, 2.0, 2.0, 3.0, 3.0])
    found = measure(lambda: next(slow), lambda: next(base), rounds=6)
    assert found.control == pytest.approx(1.0, abs=1)
    taken = {"a": [1.0, 2.0, 3.0], "b": [2.0, 2.0, 12.0], "c": [1.0, 2.0, 6.0]}
    held = compared(taken, "b", "a", "c")
    assert (held.subject, held.base, held.ratio, held.control) == (2.0, 2.0, 2.0, 1.0)


def test_works_are_done_in_turns_and_once_before() -> None:
    order: list[str] = []

    def work(name: str) -> float:
        order.append(name)
        return 1.0

    taken = in_turns({"a": lambda: work("a"), "b": lambda: work("b")}, rounds=2)
    assert order == ["a", "b"] * 3
    assert taken == {"a": [1.0, 1.0], "b": [1.0, 1.0]}


@pytest.mark.parametrize(
    ("ratio", "better", "verdict"),
    [(1.0, "lower", "bold"), (1.5, "lower", "ok"), (2.1, "lower", "MISSED"), (3.0, "higher", "bold")],
)
def test_how_a_figure_stands_to_what_is_asked_for(ratio: float, better: str, verdict: str) -> None:
    result = Result("x", ratio, 2, 1.2 if better == "lower" else 3, better, "detail")  # type: ignore[arg-type]
    assert result.verdict == verdict
    assert line(result).splitlines()[0].endswith(verdict)
    assert Result("x", ratio, None, None, "lower", "").verdict == ""


def test_starting_the_program_stays_within_what_must_hold() -> None:
    """Version and help import next to nothing; the bound is wider here than in the table, the machine may be busy."""
    program = str(Path(sys.executable).with_name("qmsdocs"))
    for option in ("--version", "--help"):
        found = measure(run(program, option), run(sys.executable, "-c", "pass"), rounds=7)
        assert found.ratio < 5, (option, found)


def test_help_and_version_load_no_library() -> None:
    """What makes them quick: neither click nor pydantic nor any other library stands in the modules."""
    code = "import sys; from qmsdocs.cli.main import _quick; print(_quick([sys.argv[1]])); print(*sys.modules)"
    for option in ("--version", "--help"):
        out = subprocess.run([sys.executable, "-c", code, option], capture_output=True, text=True, check=True).stdout
        loaded = set(out.splitlines()[-1].split())
        assert not loaded & {"click", "pydantic", "dataclasses", "typing", "tomllib", "json", "pygit2"}, option
    assert (
        __version__
        in subprocess.run(
            [sys.executable, "-m", "qmsdocs", "--version"], capture_output=True, text=True, check=True
        ).stdout
    )


def test_status_loads_no_engine_it_does_not_need() -> None:
    modules = ", ".join(f"qmsdocs.cli.{name}" for name in ("desk", "record", "report", "session"))
    code = f"import sys; import {modules}; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not set(out.split()) & {
        "openpyxl",
        "docx",
        "docxtpl",
        "weasyprint",
        "jinja2",
        "git",
        "xlsxwriter",
        "fontTools",
    }


def test_every_module_gives_results() -> None:
    assert all(callable(module.results) for module in MODULES.values())
    assert Settings().million is False


@pytest.mark.slow
def test_the_table_is_written_as_json() -> None:
    subprocess.run([sys.executable, "-m", "bench", "start"], cwd=PROJECT, check=True)
    rows = json.loads((PROJECT / "bench" / "out" / "latest.json").read_text("utf-8"))
    assert [sorted(row) for row in rows] == [["better", "bold", "detail", "must", "name", "ratio"]] * 2
