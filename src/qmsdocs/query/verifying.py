"""What the mark of a page leads to: whether its revision is in force, whether its record has moved on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import Message, message
from qmsdocs.model.record import Event, Record
from qmsdocs.model.release import Course, ItemKind, Release, follower
from qmsdocs.render.mark import Mark
from qmsdocs.store import names
from qmsdocs.store.event import RecordKey
from qmsdocs.store.rows import Row
from qmsdocs.system.view import System

DOCUMENT, FORM, NO_NUMBER = "document", "form", "-"  # what marks say where no record is meant
_HYPHENS = re.compile(r"[\s\-‐‑‒–—―−ー]+")
_CODE = re.compile(r"[0-9a-f]{8}")
_KINDS = {ItemKind.PROCEDURE: "document", ItemKind.FORM: "form", ItemKind.CONFIGURATION: "configuration"}


class Verdict(StrEnum):
    """How a page stands."""

    IN_FORCE = "in_force"
    TRIAL = "trial"
    APPROVED = "approved"  # not yet in force
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    DRAFT = "draft"
    UNCONTROLLED = "uncontrolled"  # a numbered copy that nobody should have any more
    CURRENT = "current"
    OUTDATED = "outdated"
    VOID = "void"
    ALTERED = "altered"
    UNKNOWN = "unknown"


GOOD = frozenset({Verdict.IN_FORCE, Verdict.TRIAL, Verdict.CURRENT})


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known here of one page.

    `record` is the record up to the act the page shows, `later` the acts since; `release` the revision it shows.
    """

    verdict: Verdict
    number: str = ""
    revision: str = ""
    kind: str = ""  # record, document, form, configuration; empty where nothing is known
    reasons: tuple[Message, ...] = ()
    superseded_by: str = ""
    record: Record | None = None
    later: tuple[Event, ...] = ()
    release: Release | None = None


def standing(system: System, mark: Mark) -> Standing:
    """What the mark leads to, as of the system's moment."""
    if mark.repository != system.repository[:8]:
        return _unknown(mark, message("it is a page of another organisation, or of another repository"))
    if mark.form in (DOCUMENT, FORM) or mark.number == NO_NUMBER:
        return _of_revision(system, mark)
    row = system.index.by_number(mark.number)
    if row is None:
        gone = system.destroyed(mark.number)
        return _unknown(mark, gone or message("there is no record {number} here", number=mark.number))
    found = _of_record(system, row, mark.sha256)
    if found is None:
        said = message("no act on {number} has this mark: it is forged, or this copy is not whole", number=row.number)
        return _unknown(mark, said)
    if (row.form, row.revision) != (mark.form, mark.revision):
        return _unknown(mark, _contradiction())
    return found


def typed_code(written: str) -> str | None:
    """The short code somebody typed, as eight small hexadecimal digits; None where it is none.

    Hyphens and blanks may be left out, letters be small, everything be full width.
    """
    plain = _HYPHENS.sub("", unicodedata.normalize("NFKC", written)).lower()
    return plain if _CODE.fullmatch(plain) else None


def by_code(system: System, code: str) -> tuple[Standing, ...]:
    """What a short code (as `typed_code` gives it) may mean: revisions and records; older acts where none is newest."""
    found = [of_release(system, release) for release in system.releases if release.manifest.startswith(code)]
    for row in system.index.records():
        if row.sha256.startswith(code) and row.ledger != names.CONTROL:
            found += [at for at in (_of_record(system, row, row.sha256),) if at is not None]
    found += _destroyed(system, code)
    if not found:
        for key, digest in tuple(_older(system, code)):
            held = system.index.by_key(key)
            found += [at for at in (_of_record(system, held, digest) if held else None,) if at is not None]
    return tuple(found)


def of_release(system: System, release: Release) -> Standing:
    """How a revision stands today."""
    today = system.today
    current = system.in_force(release.kind, release.number)

    def said(verdict: Verdict, *reasons: Message, superseded_by: str = "") -> Standing:
        number, revision, kind = release.number, release.revision, _KINDS[release.kind]
        return Standing(verdict, number, revision, kind, reasons, superseded_by, release=release)

    if release.is_open:
        return said(Verdict.DRAFT, message("it waits for its approval"))
    if release.state is Course.REJECTED:
        return said(Verdict.DRAFT, message("it was not approved"))
    if current is not None and current.manifest == release.manifest:
        return said(Verdict.TRIAL, *_trial(system, release)) if release.is_trial else said(Verdict.IN_FORCE)
    if release.first_day is not None and release.first_day > today:
        return said(Verdict.APPROVED, message("it comes into force on {day}", day=release.first_day))
    following = follower(system.releases, release)
    if release.withdrawn_on is not None and release.withdrawn_on <= today and (following is None or current is None):
        return said(Verdict.WITHDRAWN, message("it was withdrawn on {day}", day=release.withdrawn_on))
    next_one = following or current
    if next_one is None:
        return said(Verdict.WITHDRAWN)
    reason = message("{revision} took its place on {day}", revision=next_one.revision, day=next_one.first_day)
    return said(Verdict.SUPERSEDED, reason, *_newest(next_one, current), superseded_by=next_one.revision)


def _trial(system: System, release: Release) -> Iterator[Message]:
    if release.trial_until is not None and release.trial_until < system.today:
        yield message("its trial ended on {day} and nobody has adopted it", day=release.trial_until)
    elif release.trial_until is not None:
        yield message("on trial until {day}", day=release.trial_until)


def _newest(next_one: Release, current: Release | None) -> Iterator[Message]:
    if current is not None and current.revision != next_one.revision:
        yield message("in force today is {revision}", revision=current.revision)


def _of_revision(system: System, mark: Mark) -> Standing:
    number = mark.form if mark.number == NO_NUMBER else mark.number
    kind = DOCUMENT if mark.form == DOCUMENT else FORM
    meant = Standing(Verdict.UNKNOWN, number, mark.revision, kind)
    own = [r for r in system.releases if r.number == number and (kind == DOCUMENT or r.kind is ItemKind.FORM)]
    release = next((r for r in own if r.manifest == mark.sha256), None)
    if release is not None and release.revision == mark.revision:
        return of_release(system, release)
    if release is not None:
        return _because(meant, _contradiction())
    if any(r.revision == mark.revision for r in own):
        return _because(meant, message("its mark is not that of {number} {revision}: a draft, or forged",
                                       number=number, revision=mark.revision))  # fmt: skip
    said = message("no such revision of {number} was ever submitted here: a draft, or forged", number=number)
    return _because(meant, said, verdict=Verdict.DRAFT)


def _of_record(system: System, row: Row, digest: str) -> Standing | None:
    """How a record stands, seen from the page of the event `digest`; None where it has no such event."""
    record = system.record_at(row.key)
    place = next((at for at, event in enumerate(record.events, 1) if event.sha256 == digest), None)
    if place is None:
        return None
    shown, later = Record(record.events[:place]), record.events[place:]
    verdict = Verdict.VOID if record.is_void else Verdict.OUTDATED if later else Verdict.CURRENT
    return Standing(verdict, record.number, row.revision, "record", record=shown, later=later)


def _destroyed(system: System, code: str) -> Iterator[Standing]:
    """The records destroyed whose last event had this code."""
    for item in system.store.believed(system.objects):
        for record in item.records:
            if record.last.startswith(code) and (gone := system.destroyed(record.number)) is not None:
                yield Standing(Verdict.UNKNOWN, record.number, "", "record", (gone,))


def _older(system: System, code: str) -> Iterator[tuple[RecordKey, str]]:
    """The records that have an event whose sha256 begins with `code`, from the ledgers themselves."""
    objects = system.objects
    heads = objects.heads(lambda branch: branch.startswith("records/") and names.is_ledger(branch))
    with objects.in_bulk():
        for branch, head in heads.items():
            for entry in objects.walk(head.commit):
                path = names.parse_path(entry.path)
                if path is None or not path.act or path.is_signature:
                    continue
                digest = sha256(objects.read(entry.oid))
                if digest.startswith(code):
                    yield RecordKey(branch, path.series, path.serial, ""), digest


def _unknown(mark: Mark, reason: Message) -> Standing:
    number = mark.form if mark.number == NO_NUMBER else mark.number
    return Standing(Verdict.UNKNOWN, number, mark.revision, reasons=(reason,))


def _because(meant: Standing, reason: Message, verdict: Verdict = Verdict.UNKNOWN) -> Standing:
    return Standing(verdict, meant.number, meant.revision, meant.kind, (reason,))


def _contradiction() -> Message:
    return message("its mark contradicts itself: it is forged")
