"""How each ledger stands against what the journals noted of it: whole, gone, cut off, rewritten, behind, elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import chain, pairwise

from qmsdocs.audit.recorded import Journal, Note, Unreadable, acts_of, commits_of, journals
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.organisation import Organisation
from qmsdocs.store import certificate, history, journal, ledger, names, seat
from qmsdocs.store.certificate import Certificate
from qmsdocs.store.event import Stored
from qmsdocs.store.objects import Head, Objects
from qmsdocs.store.opened import Store
from qmsdocs.store.place import Place


class Standing(Enum):
    """What became of a ledger."""

    LOST = auto()
    EMPTY = auto()  # opened, and nothing else is known of it
    SHORTENED = auto()
    REWRITTEN = auto()
    BEHIND = auto()
    ELSEWHERE = auto()
    DIVERGED = auto()
    DAMAGED = auto()


@dataclass(frozen=True, slots=True)
class Said:
    """What is wrong with one ledger."""

    branch: str
    standing: Standing
    message: Message


@dataclass(frozen=True, slots=True)
class Copy:
    """What this copy holds: its store, its ledgers' heads, the journals' notes, the certificates of disposal."""

    store: Store
    organisation: Organisation
    heads: Mapping[str, Head]
    journals: tuple[Journal, ...]
    commits: Mapping[str, frozenset[str]]  # of control and of the journals
    released: tuple[Stored, ...]  # the acts in control
    unreadable: Mapping[str, Unreadable]  # what of control and the journals cannot be read
    certificates: tuple[Certificate, ...]
    believed: tuple[Certificate, ...]  # those carried out that can be believed: only they explain anything
    _lines: dict[str, Mapping[str, int]] = field(default_factory=dict, repr=False, compare=False)
    _replaced: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def place(self) -> Place:
        """Where the copy lies."""
        return self.store.place

    @property
    def objects(self) -> Objects:
        """The stored objects."""
        return self.store.objects

    @classmethod
    def read(cls, store: Store, organisation: Organisation) -> Copy:
        """What the copy holds, as far as it can be read."""
        objects = store.objects
        heads = objects.heads(names.is_ledger)
        held = journals(objects, heads)
        commits = {said.branch: said.commits for said in held}
        unreadable = {said.branch: said.unreadable for said in held}
        released: tuple[Stored, ...] = ()
        if names.CONTROL in heads:
            commits[names.CONTROL] = commits_of(objects, heads[names.CONTROL].commit)
            released, unreadable[names.CONTROL] = acts_of(objects, names.CONTROL, heads[names.CONTROL].commit)
        certificates: tuple[Certificate, ...] = ()
        explaining: tuple[Certificate, ...] = ()
        with suppress(QmsError):  # what cannot be read explains nothing, and is found by who reads the journals
            certificates = certificate.certificates(objects)
            explaining = store.believed(objects)
        return cls(store, organisation, heads, held, commits, released, unreadable, certificates, explaining)

    def notes(self, branch: str) -> tuple[Note, ...]:
        """What all journals noted of a ledger, oldest first."""
        found = (note for said in self.journals for note in said.notes.get(branch, ()))
        return tuple(sorted(found, key=lambda note: note.at))

    def writes(self, branch: str) -> bool:
        """Whether this copy is the one that writes the ledger: what it lacks, nobody else has for sure."""
        held = names.parse_branch(branch)
        sites = (held.site,) if held is not None and held.site else tuple(said.site for said in self.journals)
        return any(seat.holds(self.store, site) for site in sites)

    def has_gone_back(self, branch: str) -> bool:
        """Whether this copy once wrote more of the ledger than it holds, and no certificate explains it."""
        wrote = (seat.kept(self.place, site).get(branch) for site in self.organisation.site)
        return any(not self._is_borne_out(branch, commit) for commit in wrote if commit is not None)

    def _is_borne_out(self, branch: str, commit: str) -> bool:
        head = self.heads.get(branch)
        try:
            is_here = head is not None and commit in self.line(branch)
            return is_here or self.is_accounted_for(branch, commit, head.commit if head else None)
        except QmsError:  # an object on the way is missing or damaged, which is found by itself
            return False

    def line(self, branch: str) -> Mapping[str, int]:
        """The commits of a ledger held here, each with how many came before it; read once."""
        if branch not in self._lines:
            made = [found.commit for found in history.steps(self.objects, self.heads[branch].commit)]
            self._lines[branch] = {commit: position for position, commit in enumerate(reversed(made))}
        return self._lines[branch]

    def is_accounted_for(self, branch: str, old: str, new: str | None) -> bool:
        """Whether certificates of disposal explain that the ledger is no longer what it was."""
        if new is not None and not self.objects.has(old):
            return old in self._explained(branch)
        return certificate.accounts_for(self.believed, self.objects, branch, old, new)

    def _explained(self, branch: str) -> frozenset[str]:
        """The purged commits that disposals explain: those replaced, and those the journal had noted by then."""
        if branch not in self._replaced:
            done = [item for item in self.believed if item.ledger == branch]
            standing = [item for item in done if item.root in self.line(branch)]
            noted = (commit for item in standing for commit in self._noted_before(item))
            before = (item.before for item in done if standing)
            self._replaced[branch] = frozenset(chain(before, noted))
        return self._replaced[branch]

    def _noted_before(self, item: Certificate) -> Iterator[str]:
        done = next(stored for stored in item.events if stored.event.act == certificate.CARRY_OUT)
        own = next((said for said in self.journals if said.site == item.site), None)
        commit = done.event.text("journal")
        if own is not None and commit in own.commits:
            last = ledger.last_serial(self.objects, commit, journal.HEADS)
            yield from (note.commit for note in own.notes.get(item.ledger, ())[:last] if note.serial <= last)

    def compared(self, branch: str, note: Note) -> Standing | None:
        """How the ledger stands against one note of it, None when it holds all of that."""
        head = self.heads.get(branch)
        if head is None:
            return None if self.is_accounted_for(branch, note.commit, None) else self._absent(branch)
        if note.commit in self.line(branch) or self.is_accounted_for(branch, note.commit, head.commit):
            return None
        return self._cut_or_rewritten(branch, note, head.commit)

    def _absent(self, branch: str) -> Standing:
        return Standing.ELSEWHERE if self.kept_at(branch) and not self.writes(branch) else Standing.LOST

    def kept_at(self, branch: str) -> str | None:
        """The name of the shared store that takes the ledger, None where none does."""
        held = names.parse_branch(branch)
        takes = (
            name
            for name, remote in self.organisation.remote.items()
            if held is not None and remote.takes(retention=held.retention, site=held.site)
        )
        return next(takes, None)

    def _cut_or_rewritten(self, branch: str, note: Note, commit: str) -> Standing:
        """Cut off where all that stands here is an older part of what was noted, else rewritten."""
        here = self.line(branch)
        own = [other for other in self.notes(branch) if other.site == note.site]
        if self.objects.has(note.commit):
            is_part = history.leads_to(self.objects, commit, note.commit)
        else:  # the commit itself is gone: what the journal noted before must stand in what is left
            count = events_of(self.objects, commit)
            older = [other for other in own if other.serial < note.serial and other.events <= count]
            is_part = count < note.events and all(other.commit in here for other in older)
        if not is_part:
            return Standing.REWRITTEN
        is_noted = any(other.commit == commit for other in self.notes(branch))
        went_on = any(other.commit in here for other in own if other.serial > note.serial)
        is_reader = not self.writes(branch) and not self.has_gone_back(branch)
        return Standing.BEHIND if is_noted and is_reader and not went_on else Standing.SHORTENED


def events_of(objects: Objects, commit: str) -> int:
    """How many events a ledger held at a commit."""
    found = (names.parse_path(entry.path) for entry in objects.walk(commit))
    return sum(1 for said in found if said is not None and said.act and not said.is_signature)


def standings(copy: Copy) -> tuple[Said, ...]:
    """Everything wrong with any ledger that this copy holds, or that a journal knows."""
    known = {branch for said in copy.journals for branch in chain(said.openings, said.notes)}
    branches = sorted(branch for branch in known | copy.heads.keys() if names.is_ledger(branch))
    found = [said for branch in branches for said in _guarded(copy, branch)]
    return (*_without_journal(copy), *found)


def _without_journal(copy: Copy) -> Iterator[Said]:
    """The journals that ledgers of a site are held without: every ledger is written after its journal."""
    held = (names.parse_branch(branch) for branch in copy.heads)
    for site in sorted({found.site for found in held if found is not None and found.site}):
        branch = names.journal_of(site)
        if branch in copy.heads:
            continue
        if copy.kept_at(branch):
            said = message("it is kept at {store}, which this copy has not read", store=copy.kept_at(branch) or "-")
            yield Said(branch, Standing.ELSEWHERE, said)
        else:
            yield Said(branch, Standing.LOST, message("it is gone, and the site's ledgers were written after it"))


def _guarded(copy: Copy, branch: str) -> Iterator[Said]:
    try:
        yield from _standing(copy, branch)
    except QmsError as error:  # an object is missing or damaged
        yield Said(branch, Standing.DAMAGED, error.message)


def _standing(copy: Copy, branch: str) -> Iterator[Said]:
    head, notes = copy.heads.get(branch), copy.notes(branch)
    if head is not None and head.diverged:
        yield Said(branch, Standing.DIVERGED, _diverged(head))
    if notes:
        wrong = _contradicting(copy, branch, notes) or _backwards(copy, branch)
        if wrong is not None:
            yield wrong
            return
    elif head is None and not copy.is_accounted_for(branch, "", None):
        yield Said(branch, Standing.EMPTY, message("it was opened, but nothing of it is held here"))
    if head is not None:
        yield from _pinned(copy, branch, head.commit)


def _contradicting(copy: Copy, branch: str, notes: tuple[Note, ...]) -> Said | None:
    """What the newest note says that the ledger does not bear out; an older state only where no note says more."""
    found: Said | None = None
    seen: set[str] = set()
    for note in reversed(notes):
        if note.commit in seen:
            continue
        seen.add(note.commit)
        standing = copy.compared(branch, note)
        if standing is not None and (found is None or standing not in (Standing.BEHIND, Standing.ELSEWHERE)):
            found = Said(branch, standing, worded(copy, branch, note, standing))
        if found is not None and found.standing is not Standing.BEHIND:
            return found
    return found


def _backwards(copy: Copy, branch: str) -> Said | None:
    """The first note of a journal that stands before the one noted earlier."""
    line = copy.line(branch) if branch in copy.heads else {}
    for said in copy.journals:
        for before, after in pairwise(said.notes.get(branch, ())):
            if after.commit in line and line.get(before.commit, -1) > line[after.commit]:
                return Said(branch, Standing.REWRITTEN, worded(copy, branch, before, Standing.REWRITTEN))
    return None


def _diverged(head: Head) -> Message:
    others = tuple(name.removeprefix(names.HEADS).removeprefix("refs/remotes/") for name in head.diverged)
    return message("two copies have written it: {others} went another way", others=others)


def worded(copy: Copy, branch: str, note: Note, found: Standing) -> Message:
    """What is said of a ledger that does not stand as it was noted."""
    said = {"day": note.at.date(), "number": note.number, "count": note.events}
    match found:
        case Standing.LOST:
            return message("it is gone: on {day} {number} noted {count} acts in it", **said)
        case Standing.ELSEWHERE:
            return message("it is kept at {store}, which this copy has not read", store=copy.kept_at(branch) or "-")
        case Standing.BEHIND:
            return message("this copy is behind: on {day} {number} noted {count} acts, here it stands earlier", **said)
        case Standing.SHORTENED:
            return message("its newest acts were cut off: on {day} {number} noted {count} acts in it", **said)
        case _:
            return message("it was rewritten: the {count} acts {number} noted on {day} do not stand here", **said)


def _pinned(copy: Copy, branch: str, commit: str) -> Iterator[Said]:
    """The releases and the journal by which the newest act of a ledger was judged, where that state is not held."""
    held = names.parse_branch(branch)
    if held is None or held.kind is not names.Kind.RECORDS:
        return
    body = newest_act(copy.objects, branch, commit)
    for key, other in (("control", names.CONTROL), ("journal", names.journal_of(held.site))):
        pinned = body.get(key)
        if other not in copy.commits or pinned is None or pinned in copy.commits[other]:
            continue
        if copy.writes(branch):
            said = message("its newest acts were cut off: {ledger} holds an act that was written later", ledger=branch)
            yield Said(other, Standing.SHORTENED, said)
        else:
            said = message("this copy is behind: {ledger} holds an act that was written later", ledger=branch)
            yield Said(other, Standing.BEHIND, said)


def newest_act(objects: Objects, branch: str, commit: str) -> Mapping[str, Json]:
    """An act of the newest commit of a ledger; empty where that commit holds none."""
    parents = history.step(objects, commit).parents
    added = objects.additions(parents[0], commit) if parents else None
    for entry in objects.walk(commit) if added is None else added:
        said = names.parse_path(entry.path)
        if said is not None and said.act and not said.is_signature:
            return ledger.parse_event(branch, entry.path, objects.read(entry.oid))
    return {}
