"""Posting: the one way events get into a ledger. Architecture, section 3, "Writing"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from qmsdocs.base.canonical import Json, dumps, sha256
from qmsdocs.base.errors import QmsError, message
from qmsdocs.store import disposal, journal, ledger, names, seat, sharing
from qmsdocs.store.certificate import CARRY_OUT, carried_out, certificate, disposed_numbers
from qmsdocs.store.event import (
    FORMAT,
    Change,
    Draft,
    NewNumber,
    OfDraft,
    Posted,
    RecordKey,
    Stored,
    body_of,
    form_read,
)
from qmsdocs.store.journal import Heads, Pen
from qmsdocs.store.ledger import Stale
from qmsdocs.store.lock import exclusive, remove_leftover_locks
from qmsdocs.store.objects import Objects
from qmsdocs.store.opened import Store
from qmsdocs.store.signature import Signer

_COMMON_ACTS = frozenset({"issue", "amend", "void"})
LOST = "lost in restore"


def post(
    store: Store, change: Change, *, now: datetime, signer: Signer | None = None, shared: str | None = None
) -> tuple[Posted, ...]:
    """One Posted for each draft, in their order, once all of them are read back from the ledger.

    `now` is aware, in the site's zone; `shared` is where the store lies that must take an act in control. Raises Stale
    when a record or the releases have moved on since the drafts were planned, QmsError when this copy may not write or
    the disk refuses; then nothing of the change is acknowledged.
    """
    _check_attachments(store.objects, change)
    store.index.refresh()  # whatever is far behind is caught up before others have to wait
    with exclusive(store.place.git_folder):
        disposal.finish(store, now=now)
        return ledger.retried(lambda: _post(store, change, now, signer, shared))


def _post(store: Store, change: Change, now: datetime, signer: Signer | None, shared: str | None) -> tuple[Posted, ...]:
    pen = store.pen(change.site, now)
    held = seat.require(store, change.site)
    store.index.refresh()
    complete_voids(store, pen, held)
    answers = _known(store, change)
    if len(answers) < len(change.drafts):
        journal.check_year(store.objects, change.site, now, is_confirmed=_is_confirmed(change))
        _refuse_destroyed(store, change, answers)
        branch = _branch(store, change, now, answers)
        heads, head = prepare(store, pen, branch)
        is_last = branch == names.journal_of(pen.site) and any(draft.act == CARRY_OUT for draft in change.drafts)
        if is_last:  # after it they would hide what is to be replaced
            heads, head = journal.record_heads(store.objects, pen), store.objects.local_commit(branch)
        if branch == names.CONTROL:
            sharing.settle(store, shared, now=now)  # what was kept before comes first
            head = store.objects.local_commit(branch)
        _check_judged(store.objects, change)
        by = journal.judged(store.objects, pen, branch)
        writing = _Writing(store, pen, branch, head, heads, signer, by, dict(answers))
        for position, draft in enumerate(change.drafts):
            if position not in answers:
                writing.plan(position, draft)
        if shared is not None and branch == names.CONTROL:
            sharing.add(store, shared, writing.addition())
        else:
            ledger.add(store.objects, writing.addition())
        seat.keep(store.place, store.objects, change.site, (branch, names.journal_of(change.site)))
        answers = writing.answers
        if is_last:
            drawn = (certificate(store.objects, pen.site, posted.record.serial) for posted in answers.values())
            disposal.begin(store, *(item for item in drawn if item is not None and item.is_carried_out))
    return tuple(answers[position] for position in range(len(change.drafts)))


def _check_attachments(objects: Objects, change: Change) -> None:
    for draft in change.drafts:
        for digest, oid in draft.attachments.items():
            if objects.sha256(oid) != digest:
                raise QmsError("the attachment {sha256} is missing or damaged", sha256=digest)


def _is_confirmed(change: Change) -> bool:
    if change.clock_is_right and not all(draft.reason for draft in change.drafts):
        raise QmsError("a year out of order needs a reason", hint=message("-m REASON"))
    return change.clock_is_right


def _check_judged(objects: Objects, change: Change) -> None:
    head = objects.head(names.CONTROL)
    if change.control is not None and (head is None or head.commit != change.control):
        raise Stale("what is in force has changed since this was planned", hint=message("repeat the command"))
    for branch, commit in change.standing.items():
        if objects.local_commit(branch) != commit:
            raise Stale("{ledger} has moved on since this was planned", ledger=branch)


def _refuse_destroyed(store: Store, change: Change, answers: Mapping[int, Posted]) -> None:
    """Nothing. Raises QmsError for a draft from which a record was made that has been destroyed."""
    drafts = [draft for position, draft in enumerate(change.drafts) if position not in answers]
    new = [draft.submission for draft in drafts if isinstance(draft.record, NewNumber) and draft.submission]
    for item in carried_out(store.objects) if new else ():
        for key in new:
            number = item.holds_submission(key)
            if number is not None and item in store.believed(store.objects):
                raise QmsError(
                    "this draft was taken in before as {number}, destroyed on {day}, certificate {certificate}",
                    number=number,
                    day=item.carried_out_on or "-",
                    certificate=item.number,
                    hint=message("what was destroyed is not taken in again"),
                )


def prepare(store: Store, pen: Pen, branch: str) -> tuple[Heads, str | None]:
    """The heads of the day and the commit `branch` will be written on. The journal has what must come first."""
    journal_branch = names.journal_of(pen.site)
    remove_leftover_locks(store.place.git_folder, (branch, journal_branch))
    for name in (journal_branch, branch):
        refuse_diverged(store.objects, name)
    heads = journal.heads_of_the_day(store.objects, pen)
    commit = store.objects.local_commit(branch)
    if commit is None and branch != journal_branch:
        journal.open_ledger(store.objects, pen, branch, heads)
    return heads, store.objects.local_commit(branch)


def refuse_diverged(objects: Objects, branch: str) -> None:
    """Nothing. Raises QmsError for a ledger of which another copy of it here says something else."""
    head = objects.head(branch)
    if head is not None and head.diverged:
        raise QmsError(
            "{ledger} went two ways: two copies have written it",
            ledger=branch,
            hint=message("nothing can be written to it until the quality manager has decided which one stands"),
        )


def _branch(store: Store, change: Change, now: datetime, answers: Mapping[int, Posted]) -> str:
    """The one ledger all drafts of `change` belong to. Raises QmsError when there are two."""
    found = {posted.record.ledger for posted in answers.values()}
    for draft in change.drafts:
        if isinstance(draft.record, RecordKey):
            found.add(draft.record.ledger)
        elif isinstance(draft.record, NewNumber):
            home = names.branch_of(change.stem, site=change.site, year=now.year)
            found.add(_running(store, draft.record.series, home) or home)
    if len(found) != 1:
        raise QmsError("one act goes to one ledger, this one to {ledgers}", ledgers=tuple(sorted(found)))
    branch = found.pop()
    if not journal.belongs(branch, change.site):
        raise QmsError("{ledger} is not written by {site}", ledger=branch, site=change.site)
    return branch


def _running(store: Store, series: str, home: str) -> str | None:
    """The ledger of the same year and site where the series runs already: a changed class waits for the next year."""
    wanted = names.parse_branch(home)
    if wanted is None or wanted.kind is not names.Kind.RECORDS:
        return None
    found = []
    for branch, commit in store.index.heads().items():
        name = names.parse_branch(branch)
        if name is None or (name.kind, name.year, name.site) != (wanted.kind, wanted.year, wanted.site):
            continue
        folders = ledger.series_of(store.objects, commit)
        if any(folder == series or folder.startswith(series + "-") for folder in folders):
            found.append(branch)
    if len(found) > 1:
        raise QmsError("the series {series} runs in {ledgers}", series=series, ledgers=tuple(found))
    return found[0] if found else None


def _known(store: Store, change: Change) -> dict[int, Posted]:
    """The drafts whose submission key led to an event before. Raises QmsError when that event says something else."""
    found: dict[int, Posted] = {}
    for position, draft in enumerate(change.drafts):
        if isinstance(draft.record, OfDraft):
            earlier = _after_known(store, change.drafts[: position + 1], found)
        else:
            earlier = _submitted(store, draft)
        if earlier is not None:
            _check_same(earlier, draft)
            found[position] = earlier
    return found


def _submitted(store: Store, draft: Draft) -> Posted | None:
    known = store.index.by_submission(draft.submission) if draft.submission else None
    return _existing(store.objects, known.row.key, known.sequence) if known else None


def _after_known(store: Store, drafts: tuple[Draft, ...], found: Mapping[int, Posted]) -> Posted | None:
    """The event a follow-up draft led to, when the draft that began its record is known."""
    target = drafts[-1].record
    assert isinstance(target, OfDraft)
    if target.position not in found:
        return None
    first = found[target.position]
    followers = sum(draft.record == target for draft in drafts)
    return _existing(store.objects, first.record, first.sequence + followers)


def _existing(objects: Objects, key: RecordKey, sequence: int) -> Posted | None:
    for stored in ledger.events_of(objects, key):
        if stored.body.get("sequence") == sequence:
            return Posted(key, sequence, stored, is_repeated=True)
    return None


def _check_same(earlier: Posted, draft: Draft) -> None:
    event = earlier.stored.event
    form = draft.form.number if draft.form else ""
    said = (event.mapping("form").get("number", ""), event.act, dumps(dict(event.changes)))
    same_record = not isinstance(draft.record, RecordKey) or draft.record == earlier.record
    if said != (form, draft.act, dumps(dict(draft.set))) or not same_record:
        raise QmsError(
            "this draft was taken in as {number} before, with other content",
            number=earlier.number,
            hint=message("to correct that record: qmsdocs record amend {number}", number=earlier.number),
        )


@dataclass(slots=True)
class _Record:
    """A record while events are planned on it."""

    key: RecordKey
    sequence: int
    previous: str | None
    attachments: dict[str, str]  # sha256 → object name


@dataclass(slots=True)
class _Writing:
    """The events of one change on their way into one commit."""

    store: Store
    pen: Pen
    branch: str
    head: str | None
    heads: Heads
    signer: Signer | None
    by: journal.Judged
    answers: dict[int, Posted]
    files: dict[str, bytes] = field(default_factory=dict)
    attachments: dict[str, str] = field(default_factory=dict)  # path → object name
    expected: dict[str, str] = field(default_factory=dict)  # path → sha256
    records: dict[tuple[str, int], _Record] = field(default_factory=dict)
    serials: dict[str, int] = field(default_factory=dict)
    submissions: dict[str, int] = field(default_factory=dict)

    def plan(self, position: int, draft: Draft) -> None:
        """Nothing; the event of `draft` is numbered, chained and signed, ready to be written."""
        if draft.submission in self.submissions:  # the same draft twice in one change
            earlier = self.answers[self.submissions[draft.submission]]
            _check_same(earlier, draft)
            self.answers[position] = Posted(earlier.record, earlier.sequence, earlier.stored, is_repeated=True)
            return
        record = self._record(draft)
        record.sequence += 1
        body = body_of(draft, **journal.settled(self.pen, self.by, record.key, record.sequence, record.previous))
        stored = self._written(record, draft, body)
        record.previous = stored.sha256
        self._attach(record, draft)
        self.answers[position] = Posted(record.key, record.sequence, stored, is_repeated=False)
        if draft.submission:
            self.submissions[draft.submission] = position

    def addition(self) -> ledger.Addition:
        """What is to be committed."""
        return ledger.Addition(self.branch, self.head, self.files, self.pen.now, self.attachments, self.expected)

    def _written(self, record: _Record, draft: Draft, body: Mapping[str, Json]) -> Stored:
        path = names.event_path(record.key.series, record.key.serial, record.sequence, draft.act)
        signature = None
        if draft.meaning is None:
            data = dumps({**body})
        elif self.signer is None:
            raise QmsError("{act} is signed; there is no key", act=draft.act, hint=message("--as PERSON"))
        else:
            body, data, signature = self.signer.sign(body, meaning=draft.meaning)
            self.files[path + names.SIGNATURE_SUFFIX] = signature
        self.files[path] = data
        return Stored(self.branch, path, data, sha256(data), body, signature)

    def _attach(self, record: _Record, draft: Draft) -> None:
        for digest, oid in draft.attachments.items():
            if digest not in record.attachments:
                path = names.attachment_path(record.key.series, record.key.serial, digest)
                self.attachments[path], self.expected[path] = oid, digest
                record.attachments[digest] = oid

    def _record(self, draft: Draft) -> _Record:
        match draft.record:
            case OfDraft(position):
                key = self.answers[position].record
                found = self.records.get((key.series, key.serial)) or self._existing(key, draft)
            case RecordKey() as key:
                found = self.records.get((key.series, key.serial)) or self._existing(key, draft)
                if found.previous != draft.after:
                    raise Stale("{number} has moved on since this was planned", number=key.number)
            case NewNumber() as new:
                found = _Record(self._next(new), 0, None, {})
        self.records[found.key.series, found.key.serial] = found
        return found

    def _next(self, new: NewNumber) -> RecordKey:
        last = self.serials.get(new.folder)
        if last is None:
            known = self.heads.ledgers.get(self.branch)
            recorded = known.last.get(new.folder, 0) if known else 0
            last = max(ledger.last_serial(self.store.objects, self.head, new.folder), recorded)
        serial = self.serials[new.folder] = last + 1
        number = names.printed(new.template, serial)
        taken = self.store.index.by_number(number)
        if taken is not None:
            raise QmsError(
                "the number {number} is already used, by the series {series}",
                number=number,
                series=taken.series,
                hint=message("two forms print the same numbers; give one of them another pattern"),
            )
        return RecordKey(self.branch, new.folder, serial, number)

    def _existing(self, key: RecordKey, draft: Draft) -> _Record:
        objects = self.store.objects
        events = ledger.record_events(objects, key.ledger, self.head, key.series, key.serial) if self.head else ()
        if not events:
            raise QmsError("{number} is not held here", number=key.number)
        for stored in events:
            _check_understood(stored, key.number, draft.acts)
        files = objects.listing(self.head or "", f"{names.record_folder(key.series, key.serial)}/files")
        held = {entry.path: entry.oid for entry in files}
        return _Record(key, int(str(events[-1].body["sequence"])), events[-1].sha256, held)


def _check_understood(stored: Stored, number: str, acts: frozenset[str] | None) -> None:
    body = stored.body
    known = acts is None or body.get("act") in acts | _COMMON_ACTS
    if body.get("format") != FORMAT or not known:
        raise QmsError(
            "{number} holds an act this program does not know ({act}); it needs a newer program",
            number=number,
            act=str(body.get("act")),
            hint=message("nothing is written to the record; update qmsdocs"),
        )


def complete_voids(store: Store, pen: Pen, held: seat.Seat) -> None:
    """Nothing; the numbers between the last held here and the last on paper, told when the seat was taken, are void."""
    for place, said in held.last_numbers.items():
        branch, _, folder = place.rpartition("/")
        if not isinstance(said, dict):
            continue
        last, template = said.get("last"), said.get("number")
        head = store.objects.head(branch)
        known = ledger.last_serial(store.objects, head.commit, folder) if head else 0
        if isinstance(last, int) and isinstance(template, str) and known < last:
            _heads, commit = prepare(store, pen, branch)
            by = journal.judged(store.objects, pen, branch)
            draft = Draft(
                record=NewNumber(folder, folder, template),
                act="void",
                state="void",
                reason=LOST,
                by=held.by,
                entered_by=held.by,
                form=form_read(said.get("form")),
            )
            files = {}
            gone = disposed_numbers(store.believed(store.objects)).get((branch, folder), frozenset())
            for serial in sorted(set(range(known + 1, last + 1)) - gone):
                key = RecordKey(branch, folder, serial, names.printed(template, serial))
                body = body_of(draft, **journal.settled(pen, by, key, 1, None))
                files[names.event_path(folder, serial, 1, draft.act)] = dumps(body)
            if files:
                ledger.add(store.objects, ledger.Addition(branch, commit, files, pen.now))
