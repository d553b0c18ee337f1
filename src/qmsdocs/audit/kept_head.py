"""A head line that somebody kept outside, compared with what is held here, and the time stamp beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from qmsdocs.audit.recorded import Journal, notes_of
from qmsdocs.audit.rule import Hit
from qmsdocs.audit.scope import Scope
from qmsdocs.audit.standing import Standing, worded
from qmsdocs.base.errors import QmsError, message
from qmsdocs.store import journal, names, timestamp
from qmsdocs.store.event import Stored

CONTRADICTED, UNSTAMPED, BEHIND, ELSEWHERE = "HIS470", "HIS471", "HIS405", "HIS406"
_LINE = re.compile(
    r"qmsdocs (?P<site>[a-z][a-z0-9-]{0,30}) (?P<at>\S+) (?P<number>HEADS-[A-Z0-9-]+-(?P<serial>\d{6})) "
    r"(?P<sha256>[0-9a-f]{64}) (?P<ledgers>\d{1,12}) (?P<events>\d{1,12})(?: (?P<repository>[0-9a-f]{8}))?",
    re.ASCII,
)
Found = tuple[str, Hit]


@dataclass(frozen=True, slots=True)
class Kept:
    """One line that `qmsdocs head` printed; `repository` is empty where an older program printed it."""

    site: str
    at: datetime
    number: str
    serial: int
    sha256: str
    ledgers: int
    events: int
    repository: str


def kept(text: str) -> tuple[Kept, ...]:
    """The lines in `text`; blank ones and those that begin with # are passed over. Raises QmsError for others."""
    lines = enumerate((line.strip() for line in text.removeprefix("\ufeff").splitlines()), 1)
    found = tuple(_parsed(number, line) for number, line in lines if line and not line.startswith("#"))
    if not found:
        raise QmsError("it holds no line of `qmsdocs head`")
    return found


def _parsed(position: int, line: str) -> Kept:
    said = _LINE.fullmatch(line)
    try:
        at = datetime.fromisoformat(said["at"]) if said else None
    except ValueError:
        at = None
    if said is None or at is None or at.tzinfo is None:
        raise QmsError("line {line} is none that `qmsdocs head` prints", line=position)
    counts = int(said["serial"]), int(said["ledgers"]), int(said["events"])
    return Kept(said["site"], at, said["number"], counts[0], said["sha256"], *counts[1:], said["repository"] or "")


def compare(scope: Scope, text: str) -> tuple[Found, ...]:
    """What contradicts the kept lines in `text`; empty where everything they speak of is here, and perhaps more."""
    return tuple(found for line in kept(text) for found in _compared(scope, line))


def _compared(scope: Scope, line: Kept) -> Iterator[Found]:
    branch, day = names.journal_of(line.site), line.at.date()
    own = next((said for said in scope.copy.journals if said.site == line.site), None)
    is_foreign = line.repository not in ("", scope.system.repository[:8])
    if is_foreign or (own is None and line.site not in scope.system.organisation.site):
        yield CONTRADICTED, Hit(line.number, message("the kept line of {day} is of another repository", day=day))
        return
    held = _heads(own, line) if own is not None else None
    if held is not None and own is not None:
        yield from _with_event(scope, own, held, line)
    elif scope.copy.writes(branch):
        yield CONTRADICTED, Hit(branch, message("the journal was cut off: {number}, kept on {day}, is gone",
                                                number=line.number, day=day))  # fmt: skip
    else:
        yield BEHIND, Hit(branch, message("this copy is behind: {number}, kept on {day}, is not here yet",
                                          number=line.number, day=day))  # fmt: skip


def _heads(own: Journal, line: Kept) -> Stored | None:
    listed = own.series.get(journal.HEADS, ())
    return next((held for held in listed if held.event.mapping("record").get("number") == line.number), None)


def _with_event(scope: Scope, own: Journal, held: Stored, line: Kept) -> Iterator[Found]:
    if held.sha256 != line.sha256:
        said = message("the journal was rewritten: {number} is not the one kept on {day}",
                       number=line.number, day=line.at.date())  # fmt: skip
        yield CONTRADICTED, Hit(own.branch, said)
        return
    notes = notes_of(own.site, held)
    if held.event.recorded_at != line.at:
        yield CONTRADICTED, Hit(line.number, message("the time in the kept line is not that of {number}; "
                                                     "the line was changed", number=line.number))  # fmt: skip
    if (len(notes), sum(note.events for note in notes.values())) != (line.ledgers, line.events):
        yield CONTRADICTED, Hit(line.number, message("the counts in the kept line are not those of {number}; "
                                                     "the line was changed", number=line.number))  # fmt: skip
    for branch, note in notes.items():
        try:
            standing = scope.copy.compared(branch, note)
        except QmsError as error:
            yield CONTRADICTED, Hit(branch, error.message)
            continue
        if standing is not None:
            code = {Standing.BEHIND: BEHIND, Standing.ELSEWHERE: ELSEWHERE}.get(standing, CONTRADICTED)
            yield code, Hit(branch, worded(scope.copy, branch, note, standing))


def check_token(path: Path, token: Path, ca: Path) -> tuple[Found, ...]:
    """What speaks against an authority's stamp on the kept file `path`; empty where it is good.

    `token` is the authority's answer (.tsr), `ca` the certificates believed. Raises QmsError for unreadable files and
    where openssl is missing.
    """
    reason = timestamp.fault(path, token, ca)
    if not reason:
        return ()
    said = message("the time stamp {token} does not fit: {reason}", token=token.name, reason=reason)
    return ((UNSTAMPED, Hit(path.name, said, token.name)),)
