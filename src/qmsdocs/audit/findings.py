"""What one run of the audit found, and what it cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from qmsdocs.base.errors import Message
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.model.waiver import Waiver

BAD = frozenset({Severity.ERROR, Severity.WARNING})
_BADNESS = {severity: position for position, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that is accepted for the time being, and by what."""

    finding: Finding
    waiver: Waiver


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, what was found, and what this run cannot say.

    `findings` come in order of severity, code and subject; `checked` counts what was looked at; `heads` are the commits
    by ledger; `rules` the codes that ran. `is_whole`: everything was held here, and needs no newer program.
    """

    organisation: str
    site: str
    site_title: str
    on: datetime
    is_full: bool
    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    checked: Mapping[str, int]
    heads: Mapping[str, str]
    limits: tuple[Message, ...]
    rules: tuple[str, ...]
    is_whole: bool = True

    @property
    def is_green(self) -> bool:
        """Whether everything was there, was understood, and nothing is wrong with it; notes do not count."""
        return self.is_whole and not any(finding.severity in BAD for finding in self.findings)

    def count(self, severity: Severity) -> int:
        """How many findings are as bad as that."""
        return sum(finding.severity is severity for finding in self.findings)


def in_order(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Each finding once: the worst first, then by code, subject, place and message."""
    for _, alike in groupby(sorted(findings, key=_order), _order):
        said = {str(finding.message): finding for finding in several} if len(several := tuple(alike)) > 1 else {}
        yield from (said[text] for text in sorted(said)) if said else several


def _order(finding: Finding) -> tuple[int, str, str, str]:
    return _BADNESS[finding.severity], finding.code, finding.subject, finding.place
