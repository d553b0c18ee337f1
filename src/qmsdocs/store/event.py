"""What is asked of a ledger (drafts), and what it holds (events with their bytes)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from qmsdocs.base.canonical import Json
from qmsdocs.model.record import FORMAT, Event, FormReference

__all__ = [
    "FORMAT",
    "Change",
    "Draft",
    "FormReference",
    "NewNumber",
    "OfDraft",
    "Posted",
    "RaisedFrom",
    "RecordKey",
    "Stored",
    "Target",
]


@dataclass(frozen=True, slots=True)
class RecordKey:
    """Where a record lies: its ledger, series folder and serial; `number` is the printed one."""

    ledger: str
    series: str
    serial: int
    number: str


@dataclass(frozen=True, slots=True)
class NewNumber:
    """The next number of a series.

    `series` is the id of the series, `folder` the folder of its counter (the same, with month and project where the
    counter restarts with them), `template` the printed number with only `{serial:04d}` left to fill in.
    """

    series: str
    folder: str
    template: str


@dataclass(frozen=True, slots=True)
class OfDraft:
    """The record of an earlier draft of the same change, by its position from 0."""

    position: int


Target: TypeAlias = "RecordKey | NewNumber | OfDraft"


@dataclass(frozen=True, slots=True)
class RaisedFrom:
    """The record that called for this one, the raise of its form, and the sha256 of its event that was seen."""

    record: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One event as planned: everything but number, chain, time, signature and the commits it was judged by.

    `after` is the sha256 of the record's newest event when it was planned (existing records only). `meaning` asks for
    a signature. `attachments` maps sha256 to the object name of bytes already stored. `acts` are the steps that the
    record's form knows, None where the caller cannot say.
    """

    record: Target
    act: str
    state: str
    set: Mapping[str, Json] = field(default_factory=dict)
    derived: Mapping[str, Json] = field(default_factory=dict)
    counted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reason: str | None = None
    by: str | None = None
    entered_by: str | None = None
    happened_at: str | None = None
    form: FormReference | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    submission: str | None = None
    raised_from: RaisedFrom | None = None
    replaced_by: str | None = None
    after: str | None = None
    meaning: str | None = None
    attachments: Mapping[str, str] = field(default_factory=dict)
    acts: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Drafts for one ledger, written together or not at all.

    `stem` says where new numbers go: `records/<class>`, `qms/control` or `qms/journal`; for existing records it is
    not read. `control` is the commit of the releases the drafts were judged by; when it has moved on, they are stale;
    so are they when a ledger of `standing` stands at another commit than the one named.
    """

    site: str
    drafts: tuple[Draft, ...]
    stem: str = ""
    control: str | None = None
    clock_is_right: bool = False
    standing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stored:
    """One event as it lies in its ledger: the bytes are the evidence, `body` is what they say."""

    ledger: str
    path: str
    data: bytes
    sha256: str
    body: Mapping[str, Json]
    signature: bytes | None

    @property
    def event(self) -> Event:
        """The event as the model reads it."""
        return Event(self.data, self.sha256, self.body)


@dataclass(frozen=True, slots=True)
class Posted:
    """An event that is certainly in its ledger. `is_repeated`: it was there before, this was a retry."""

    record: RecordKey
    sequence: int
    stored: Stored
    is_repeated: bool

    @property
    def number(self) -> str:
        """The printed number of the record."""
        return self.record.number


def form_said(form: FormReference | None) -> Json:
    """A form revision as events say it."""
    return {"number": form.number, "revision": form.revision, "sha256": form.sha256} if form else None


def form_read(said: Json) -> FormReference | None:
    """The form revision that `said` names, None where it names none."""
    if not isinstance(said, dict):
        return None
    return FormReference(str(said.get("number")), str(said.get("revision")), str(said.get("sha256")))


def body_of(draft: Draft, **settled: Json) -> dict[str, Json]:
    """The event of `draft`, every key present, with what only the writer can settle (number, time, chain …)."""
    raised = draft.raised_from
    return {
        "format": FORMAT,
        "act": draft.act,
        "state": draft.state,
        "set": dict(draft.set),
        "derived": dict(draft.derived),
        "counted": {name: list(numbers) for name, numbers in draft.counted.items()},
        "reason": draft.reason,
        "by": draft.by,
        "entered_by": draft.entered_by,
        "happened_at": draft.happened_at,
        "form": form_said(draft.form),
        "parameters": dict(draft.parameters),
        "submission": draft.submission,
        "raised_from": {"record": raised.record, "raise": raised.name, "sha256": raised.sha256} if raised else None,
        "replaced_by": draft.replaced_by,
        **settled,
    }
