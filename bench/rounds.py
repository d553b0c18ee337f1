"""Measuring in turns, so that a busy machine disturbs all alike; and what a measurement is reported as."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Work = Callable[[], float]
"""Does the work once and returns the seconds it took, by whichever clock fits it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for on the command line."""

    million: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. `must` and `bold` are what the design asks for; None where it asks for nothing."""

    name: str
    ratio: float
    must: float | None
    bold: float | None
    better: Literal["higher", "lower"]
    detail: str

    @property
    def verdict(self) -> str:
        """How the figure stands to what is asked for."""
        if self.must is None or self.bold is None:
            return ""
        sign = 1 if self.better == "higher" else -1
        reached = [sign * self.ratio >= sign * wanted for wanted in (self.must, self.bold)]
        return "bold" if reached[1] else "ok" if reached[0] else "MISSED"


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians over the rounds: seconds of the subject and of what it is compared with, and their ratio.

    `control` is the ratio of the comparison to itself, measured twice in every round: how far from 1 the machine alone
    can move a figure.
    """

    subject: float
    base: float
    ratio: float
    control: float
    low: float
    high: float

    @property
    def noise(self) -> str:
        """The control and the spread of the rounds, in words."""
        return f"rounds {self.low:.2f}–{self.high:.2f}, control {self.control:.2f}"


def measure(subject: Work, base: Work, *, rounds: int) -> Measured:
    """`subject` against `base`: the ratio is seconds of the subject over seconds of the base."""
    found = in_turns({"base": base, "subject": subject, "control": base}, rounds=rounds)
    return compared(found, "subject", "base", "control")


def in_turns(works: Mapping[str, Work], *, rounds: int) -> dict[str, list[float]]:
    """The seconds of every work in every round; each is done once before, so that all are warm."""
    for work in works.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(work())
    return taken


def compared(taken: Mapping[str, list[float]], subject: str, base: str, control: str) -> Measured:
    """Two works of `in_turns` against each other, round by round."""
    ratios = [there / here for there, here in zip(taken[subject], taken[base], strict=True)]
    controls = [again / once for again, once in zip(taken[control], taken[base], strict=True)]
    ordered = sorted(ratios)
    return Measured(
        statistics.median(taken[subject]),
        statistics.median(taken[base]),
        statistics.median(ratios),
        statistics.median(controls),
        ordered[len(ordered) // 10],
        ordered[-1 - len(ordered) // 10],
    )
