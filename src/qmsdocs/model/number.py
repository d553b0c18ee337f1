"""Record numbers: the printed pattern, its parts, and the folder of the series."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from qmsdocs.base.errors import QmsError

_PART = re.compile(r"\{(site|project|year|month|serial)(?::(\d))?\}")
MAXIMUM_SERIAL = 999_999


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """The parts of a printed number."""

    year: int
    month: int
    project: str
    serial: int


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """A pattern such as `AB-{site}-{year}-{serial:4}`. The counter restarts whenever one of the other parts changes."""

    written: str
    parts: frozenset[str]

    @classmethod
    def parse(cls, written: str) -> NumberPattern:
        """The pattern `written`. Raises QmsError for unknown parts, or without {year} and {serial}."""
        rest = _PART.sub("", written)
        if "{" in rest or "}" in rest:
            raise QmsError(
                'the number pattern "{written}" may hold {{site}} {{project}} {{year}} {{month}} {{serial:4}} only',
                written=written,
            )
        named = [found[1] for found in _PART.finditer(written)]
        parts = frozenset(named)
        if len(named) != len(parts) or not written.isprintable() or written != written.strip() or written[:1] == "-":
            raise QmsError(
                'the number pattern "{written}": each part once, no invisible characters, no - or blank at its start',
                written=written,
            )
        if any(int(found[2] or 1) > 6 for found in _PART.finditer(written)):
            raise QmsError('the number pattern "{written}": a serial has at most 6 digits', written=written)
        for part in ("year", "serial"):
            if part not in parts:
                raise QmsError(
                    'the number pattern "{written}" needs {{{part}}}: numbers are never used twice',
                    written=written,
                    part=part,
                )
        return cls(written, parts)

    def folder(self, series: str, *, month: int, project: str | None) -> str:
        """The folder of the counter: the series id, with month and project where the counter restarts with them."""
        pieces = [series]
        if "month" in self.parts:
            pieces.append(f"{month:02d}")
        if "project" in self.parts:
            if project is None:
                raise QmsError('the number pattern "{written}" needs a project: --project ID', written=self.written)
            pieces.append(project)
        return "-".join(pieces)

    def read(self, number: str, *, site: str) -> ReadNumber | None:
        """The parts of a printed `number` of this pattern (the project by its code), None when it does not fit."""
        fitting = _reading(self.written, site).fullmatch(number)
        if fitting is None:
            return None
        said = fitting.groupdict()
        return ReadNumber(
            int(said["year"]), int(said.get("month") or 1), said.get("project") or "", int(said["serial"])
        )

    def template(self, *, site: str, year: int, month: int, project: str) -> str:
        """The pattern with all but the serial filled in, e.g. `AB-HZ-2026-{serial:04d}`."""

        def fill(found: re.Match[str]) -> str:
            if found[1] == "serial":
                return f"{{serial:0{found[2] or 1}d}}"
            known = {"site": site, "project": project, "year": f"{year:04d}", "month": f"{month:02d}"}
            return known[found[1]].replace("{", "{{").replace("}", "}}")

        return _PART.sub(fill, self.written)


@lru_cache(maxsize=256)
def _reading(written: str, site: str) -> re.Pattern[str]:
    """What the numbers of a pattern look like at a site."""

    def group(found: re.Match[str]) -> str:
        digits = {"year": "(?P<year>[0-9]{4})", "month": "(?P<month>[0-9]{2})", "serial": "(?P<serial>[0-9]{1,6})"}
        return digits.get(found[1], re.escape(site) if found[1] == "site" else "(?P<project>.+?)")

    pieces: list[str] = []
    end = 0
    for found in _PART.finditer(written):
        pieces += [re.escape(written[end : found.start()]), group(found)]
        end = found.end()
    return re.compile("".join(pieces) + re.escape(written[end:]), re.ASCII)
