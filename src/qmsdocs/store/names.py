"""Names of ledgers and paths in them. No word of a user becomes a branch or a path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.number import MAXIMUM_SERIAL

HEADS = "refs/heads/"  # where branches stand
LEDGERS = (f"{HEADS}qms/", f"{HEADS}records/")
CONTROL = "qms/control"
JOURNAL = "qms/journal"
_IDENTIFIER = re.compile(r"[a-z][a-z0-9-]{0,30}", re.ASCII)
_RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]", re.ASCII)
_FOLDER = r"[a-z][a-z0-9-]{0,70}"  # a series id, with month and project where the counter restarts with them
_SERIES = re.compile(_FOLDER, re.ASCII)
_ACT = re.compile(r"[a-z][a-z0-9_-]{0,62}", re.ASCII)
_YEAR = re.compile(r"[0-9]{4}", re.ASCII)
_PATH = re.compile(
    rf"({_FOLDER})/([0-9]{{2}})/([0-9]{{2}})/([0-9]{{6}})/"
    r"(?:([0-9]{4})-([a-z][a-z0-9_-]{0,62})\.json(\.sig)?|files/([0-9a-f]{64}))",
    re.ASCII,
)
_SERIAL = re.compile(r"\{serial(?::0(\d)d)?\}|\{\{|\}\}")
SIGNATURE_SUFFIX = ".sig"


class Kind(StrEnum):
    """What a ledger is for."""

    CONTROL = "control"
    JOURNAL = "journal"
    RECORDS = "records"


@dataclass(frozen=True, slots=True)
class LedgerName:
    """The parts of a ledger's branch; `retention` and `year` are empty but for records."""

    branch: str
    kind: Kind
    site: str = ""
    retention: str = ""
    year: str = ""


class PathInLedger(NamedTuple):  # a tuple, not a dataclass: a ledger has millions
    """What a path of a ledger says; `act` is empty for an attachment, `attachment` is its sha256."""

    series: str
    serial: int
    sequence: int
    act: str
    is_signature: bool
    attachment: str


def check_identifier(identifier: str, what: Message) -> str:
    """`identifier` when it may name a class, site, series or project for ever. Raises QmsError."""
    if not _IDENTIFIER.fullmatch(identifier) or _RESERVED.fullmatch(identifier):
        raise QmsError(
            '{what} "{identifier}": a name of lower-case letters, digits and hyphens, at most 31, '
            "beginning with a letter, and none that Windows keeps for itself",
            what=what,
            identifier=identifier,
        )
    return identifier


def records_stem(retention: str) -> str:
    """Where records of a retention class go, before year and site are known: `records/<class>`."""
    checked = check_identifier(retention, message("retention class"))
    return f"records/{checked}"


def branch_of(stem: str, *, site: str, year: int) -> str:
    """The branch for acts of `site` in `year` below a stem: `records/<class>`, `qms/control` or `qms/journal`."""
    check_identifier(site, message("site"))
    if stem == CONTROL:
        return CONTROL
    return f"{JOURNAL}/{site}" if stem == JOURNAL else f"{stem}/{year:04d}/{site}"


def journal_of(site: str) -> str:
    """The branch of a site's journal."""
    return branch_of(JOURNAL, site=site, year=0)


@lru_cache(maxsize=1024)  # asked of every record
def parse_branch(branch: str) -> LedgerName | None:
    """The ledger named `branch`, None when that is no ledger's name."""
    if branch == CONTROL:
        return LedgerName(branch, Kind.CONTROL)
    parts = branch.split("/")
    match parts:
        case ["qms", "journal", site] if _is_identifier(site):
            return LedgerName(branch, Kind.JOURNAL, site)
        case ["records", retention, year, site] if (
            _is_identifier(retention) and _YEAR.fullmatch(year) and _is_identifier(site)
        ):
            return LedgerName(branch, Kind.RECORDS, site, retention, year)
    return None


def is_ledger(branch: str) -> bool:
    """Whether a branch of this name is a ledger."""
    return branch.startswith(("records/", "qms/")) and parse_branch(branch) is not None


def _is_identifier(text: str) -> bool:
    return bool(_IDENTIFIER.fullmatch(text)) and not _RESERVED.fullmatch(text)


def record_folder(series: str, serial: int) -> str:
    """The folder of one record. Raises QmsError when the series is full."""
    if not _SERIES.fullmatch(series):
        raise QmsError('"{series}" is no name of a series', series=series)
    if not 1 <= serial <= MAXIMUM_SERIAL:
        raise QmsError("the series {series} is full at {limit}", series=series, limit=MAXIMUM_SERIAL)
    return f"{series}/{serial // 10000:02d}/{serial // 100 % 100:02d}/{serial:06d}"


def event_path(series: str, serial: int, sequence: int, act: str) -> str:
    """The path of one event."""
    if not _ACT.fullmatch(act) or not 1 <= sequence <= 9999:
        raise QmsError('"{act}" number {sequence} cannot be stored', act=act, sequence=sequence)
    return f"{record_folder(series, serial)}/{sequence:04d}-{act}.json"


def attachment_path(series: str, serial: int, sha256: str) -> str:
    """The path of an attachment, beside the events of its record."""
    return f"{record_folder(series, serial)}/files/{sha256}"


def printed(template: str, serial: int) -> str:
    """The printed number of a template such as `AB-HZ-2026-{serial:04d}`; doubled braces are braces."""

    def fill(found: re.Match[str]) -> str:
        return f"{serial:0{found[1] or 1}d}" if found[0].startswith("{serial") else found[0][0]

    return _SERIAL.sub(fill, template)


def parse_path(path: str) -> PathInLedger | None:
    """What `path` says, None when no such path belongs in a ledger."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    series, high, low, digits, sequence, act, signature, attachment = found.groups()
    if digits[:2] != high or digits[2:4] != low or digits == "000000" or sequence == "0000":
        return None
    return PathInLedger(series, int(digits), int(sequence or 0), act or "", bool(signature), attachment or "")
