"""What is sent to a shared store, judged before it is taken: only additions, each lawful, signed and in its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from qmsdocs.audit.arrived import Bench
from qmsdocs.audit.arrived_links import Claim, Links, index_of
from qmsdocs.audit.standing import events_of
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.store import exchange, journal, names
from qmsdocs.store.arrival import Arrival
from qmsdocs.store.certificate import Certificate, accounts_for
from qmsdocs.store.event import Stored
from qmsdocs.store.names import Kind, LedgerName
from qmsdocs.store.objects import Objects
from qmsdocs.store.overlay import Overlay
from qmsdocs.system import entries
from qmsdocs.system.believed import believer
from qmsdocs.system.definitions import Definitions
from qmsdocs.system.trust import Trust

_LINE = re.compile(r"([0-9a-f]{40}) ([0-9a-f]{40}) (\S+)")
_NOBODY = "0" * 40
MAIN = "main"


@dataclass(frozen=True, slots=True)
class Push:
    """One branch as it is to be moved: where it stood (None: it is new) and where it shall (None: gone)."""

    reference: str
    old: str | None
    new: str | None

    @property
    def branch(self) -> str:
        """The name without what all branches begin with."""
        return self.reference.removeprefix(names.HEADS)


def read(text: str) -> tuple[Push, ...]:
    """The moves as git tells a hook, one a line. Raises QmsError for anything else."""
    found = []
    for line in text.splitlines():
        said = _LINE.fullmatch(line)
        if said is None:
            raise QmsError("this is what a hook is told by git; nobody types it", hint=message("qmsdocs guard install"))
        old, new = (None if commit == _NOBODY else commit for commit in (said[1], said[2]))
        found.append(Push(said[3], old, new))
    return tuple(found)


def at_rest(folder: Path) -> tuple[Push, ...]:
    """Every ledger that stands in a store, as if it were sent to an empty one."""
    heads = Objects(folder).heads(lambda name: name != MAIN)
    return tuple(Push(names.HEADS + branch, None, head.commit) for branch, head in heads.items())


def refusals(
    folder: Path, pushes: Iterable[Push], *, now: datetime, kept: Path, beside: Path | None, with_main: bool
) -> Iterator[Message]:
    """Why not, one line for each branch that may not move; nothing where all may.

    `beside` is where git keeps what was sent until it is taken, `kept` a folder for what need not be made anew.
    """
    is_refused = False
    wanted = sorted(pushes, key=lambda push: exchange.order(push.branch), reverse=True)
    ledgers = []
    for push in wanted:
        name = names.parse_branch(push.branch) if push.reference.startswith(names.HEADS) else None
        if name is not None:
            ledgers.append((push, name))
        elif not (with_main and push.branch == MAIN):
            is_refused = True
            yield message('"{name}" is no name of a ledger', name=push.reference)
    judge = _Judge(Overlay(folder, {push.branch: push.new for push, _ in ledgers}, beside=beside), now, kept)
    for push, name in ledgers:
        try:
            judge.judge(push, name)
        except QmsError as error:
            is_refused = True
            yield error.message
    if not is_refused:  # else nothing of the push is taken, and what is not lawful by itself is not compared
        yield from judge.contradictions()


@dataclass(frozen=True)
class _Judge:
    """The store as it would stand, and what is known of it."""

    objects: Objects
    now: datetime
    kept: Path
    claims: list[Claim] = field(default_factory=list)  # what the acts judged so far say of other records
    replaced: list[str] = field(default_factory=list)

    @cached_property
    def repository(self) -> str:
        """The id all events must name."""
        found = journal.repository_id(self.objects)
        if found is None:
            raise QmsError("there are no releases in this store; they must come first or with the rest")
        return found

    @cached_property
    def bench(self) -> Bench:
        """What records are judged by, as control would stand."""
        definitions = Definitions.read(self.objects)
        if definitions is None:
            raise QmsError("there are no releases in this store; they must come first or with the rest")
        return Bench(self.objects, definitions)

    @property
    def trust(self) -> Trust:
        """Whether acts can be believed, by control as it would stand."""
        return self.bench.trust

    @cached_property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates of disposal that can be believed."""
        return believer()(self.objects)

    @cached_property
    def known(self) -> dict[str, bool]:
        """The states of control that events name, and whether this store has them."""
        return {}

    def judge(self, push: Push, name: LedgerName) -> None:
        """Nothing. Raises QmsError with what speaks against the move."""
        branch, old, new = push.branch, push.old, push.new
        if new is None:
            raise QmsError("{ledger}: a ledger is never removed", ledger=branch)
        bench = self.bench
        exchange.refuse_future(self.objects, branch, new, self.now)
        is_replaced = old is not None and not self.objects.is_ancestor(old, new)
        if is_replaced and not accounts_for(self.certificates, self.objects, branch, str(old), new):
            raise QmsError("{ledger}: what stands here would be rewritten, and no certificate says so", ledger=branch)
        if name.kind is Kind.RECORDS and old is None and branch not in journal.openings(self.objects, name.site):
            raise QmsError("{ledger}: the journal of its site does not know it", ledger=branch)
        if old is None and name.kind is not Kind.CONTROL:
            bench.refuse_unknown_place(name, new)
        since = None if is_replaced else old
        self._refuse_other_than_noted(name)
        brought, events = exchange.brought_by(self.objects, self.certificates, branch, since, new, self.repository)
        if name.kind is Kind.RECORDS:
            self._refuse_doubled(name, old, new)
        self._judge_brought(brought, events, name)
        if is_replaced:
            self.replaced.append(branch)

    def contradictions(self) -> Iterator[Message]:
        """What of the claims other records contradict, the first of each ledger."""
        if not self.claims and not self.replaced:
            return
        index = index_of(self.objects, self.kept, is_anew=bool(self.replaced))
        links = Links(self.bench.judge, index, self.certificates)
        said = set[str]()
        for claim in self.claims:
            what = next(links.problems(claim), None) if claim.ledger not in said else None
            if what is not None:
                said.add(claim.ledger)
                yield message("{ledger}: {path}: {what}", ledger=claim.ledger, path=claim.path, what=what)
        index.close()

    def _judge_brought(self, brought: Arrival, events: Iterable[Stored], name: LedgerName) -> None:
        """Nothing. Raises QmsError for the first unlawful act, and for records an audit would find fault with."""
        noted: list[Stored] = []
        for stored in events:
            if name.kind is not Kind.CONTROL:
                self._believe(stored)
            if name.kind is Kind.JOURNAL and entries.is_newer(stored):
                raise QmsError("{path} needs a newer program", path=f"{name.branch}: {stored.path}")
            if name.kind is not Kind.RECORDS:
                noted.append(stored)
            elif (claim := Claim.of(stored)) is not None:
                self.claims.append(claim)
        if name.kind is Kind.RECORDS:
            self.bench.refuse_records(name, brought)
        else:
            entries.refuse(self.trust, brought, noted)

    def _believe(self, stored: Stored) -> None:
        """Nothing. Raises QmsError for an act of a journal or a record that cannot be believed."""
        event = stored.event
        is_seat = stored.ledger.startswith(names.JOURNAL) and stored.path.startswith(f"{journal.SEAT}/")
        if not is_seat and (event.mapping("signer") or stored.signature):
            for why in self.trust.problems(stored):
                raise entries.refused(stored, why)
        elif not self._knows(event.text("control"), stored):
            raise entries.refused(stored, message("it names a state of the releases that is not held here"))

    def _knows(self, named: str, stored: Stored) -> bool:
        if not named:  # a site's journal begins before anything is released
            return stored.ledger.startswith(names.JOURNAL)
        if named not in self.known:
            head = self.objects.head(names.CONTROL)
            self.known[named] = head is not None and self.objects.is_ancestor(named, head.commit)
        return self.known[named]

    def _refuse_other_than_noted(self, name: LedgerName) -> None:
        """Nothing. Raises QmsError where a ledger holds as many acts as its journal noted of it, and not those.

        One that holds fewer is on its way: a ledger that was refused keeps the journal and the others not back.
        """
        heads = journal.newest_heads(self.objects, name.site) if name.site else None
        for branch, noted in heads.ledgers.items() if heads is not None else ():
            head = self.objects.head(branch) if name.kind is Kind.JOURNAL or branch == name.branch else None
            if head is None or not branch.startswith("records/") or self.objects.is_ancestor(noted.commit, head.commit):
                continue
            is_less = events_of(self.objects, head.commit) < noted.events
            if not is_less and not accounts_for(self.certificates, self.objects, branch, noted.commit, head.commit):
                assert heads is not None
                raise QmsError("{ledger}: {what}", ledger=branch, what=message(
                    "it was rewritten: the {count} acts {number} noted on {day} do not stand here",
                    count=noted.events, number=str(heads.stored.event.mapping("record").get("number")),
                    day=heads.recorded_at.date()))  # fmt: skip

    def _refuse_doubled(self, name: LedgerName, old: str | None, new: str) -> None:
        """Nothing. Raises QmsError where a series of the same year and site runs in two ledgers."""
        before = {entry.path for entry in self.objects.listing(old, "")} if old is not None else set()
        begun = {entry.path for entry in self.objects.listing(new, "")} - before
        if not begun:
            return
        same = (name.year, name.site)
        for branch, head in self.objects.heads(lambda other: other.startswith("records/")).items():
            other = names.parse_branch(branch)
            if other is None or branch == name.branch or (other.year, other.site) != same:
                continue
            for entry in self.objects.listing(head.commit, ""):
                if entry.path in begun:
                    raise QmsError(
                        "{ledger}: the series {series} runs in {other} already",
                        ledger=name.branch,
                        series=entry.path,
                        other=branch,
                    )
