"""Values given on the command line: --set, --from, --happened-at, files to attach."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from qmsdocs.acts.record import Intent
from qmsdocs.base.canonical import Json, loads
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import reading
from qmsdocs.cli.session import Session
from qmsdocs.fill import draft as drafts
from qmsdocs.model.form import FieldType, Form
from qmsdocs.model.value import clean, refuse_text

_JOINED = re.compile(r"\.\.|至|到|~")
_QUARTER = re.compile(r"(\d{4})-?(?:Q([1-4])|第?([1-4一二三四])季度?)", re.ASCII)
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(0?[1-9]|[1-3]\d))?)?", re.ASCII)


def values(form: Form, pairs: Sequence[str], source: Path | None) -> dict[str, object]:
    """The values of --from FILE, and over them those of --set field=value; an empty value clears the field."""
    found = dict(drafts.read_values(source)) if source is not None else {}
    for pair in pairs:
        name, sign, written = pair.partition("=")
        if not sign or not name.strip():
            raise QmsError("--set {pair}: write field=value", pair=pair)
        found[name.strip()] = _read(form, name.strip(), written)
    return found


def _read(form: Form, name: str, written: str) -> object:
    field = form.field.get(name)
    if field is not None and field.type is FieldType.TABLE and written.strip():
        try:
            return loads(written.encode("utf-8", "surrogatepass"))
        except QmsError as error:
            raise QmsError("--set {name}: a table is given as JSON: {what}", name=name, what=error.message) from None
    return written


def moment(session: Session, written: str | None) -> datetime | None:
    """The moment of --happened-at, in the organisation's zone, not in the future. Raises QmsError."""
    if written is None:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        found = datetime.min
    if found.year < 1900:  # nor is there another zone for the first days of the calendar
        raise QmsError("--happened-at {written}: write e.g. 2026-11-21T14:05", written=written)
    if found.year > session.system.now.year + 1:
        raise QmsError("{option} {written} lies in the future", option="--happened-at", written=written)
    zoned = found.replace(tzinfo=session.system.zone) if found.tzinfo is None else found.astimezone(session.system.zone)
    if zoned > session.system.now:
        raise QmsError("{option} {written} lies in the future", option="--happened-at", written=written)
    return zoned.replace(microsecond=0)


def day(option: str, written: str) -> date:
    """The day an option gives. Raises QmsError."""
    try:
        found = datetime.strptime(written.strip(), "%Y-%m-%d").date()
    except ValueError:
        found = date.min
    if not 1900 <= found.year <= 2200:
        raise QmsError("{option} {written}: must be a date such as 2026-11-21", option=option, written=written)
    return found


def period(option: str, written: str) -> tuple[date, date]:
    """The first and last day of a period such as 2026, 2026-Q2, 2026年5月, 2026-05-06. Raises QmsError.

    Its two ends may be given, joined by `..`, 至, 到 or ~.
    """
    ends = _JOINED.split(unicodedata.normalize("NFKC", "".join(written.split())))
    year = ends[0][:4]  # 2026年10月至12月
    spans = [_span(ends[0]), *(_span(end if end[:4].isdecimal() else f"{year}-{end}") for end in ends[1:])]
    first, last = spans[0], spans[-1]
    if len(spans) > 2 or first is None or last is None:
        hint = message("such as 2026, 2026-Q4, 2026-10, 2026-10-05, 2026-10-05..2026-11-30")
        raise QmsError("{option} {written}: is no period", option=option, written=written, hint=hint)
    if first[0] > last[1]:
        raise QmsError("{option} {written}: it ends before it begins", option=option, written=written)
    return first[0], last[1]


def _span(written: str) -> tuple[date, date] | None:
    """The first and last day of a year, quarter, month or day, None for what is none."""
    plain = re.sub(r"[年月/.]", "-", re.sub("[年月日]$", "", written.upper()))
    if found := _QUARTER.fullmatch(plain):
        begins = 3 * ("1234一二三四".index(found[2] or found[3]) % 4) + 1
        year, ends, day = int(found[1]), begins + 2, 0
    elif found := _DAY.fullmatch(plain):
        year, begins, ends, day = int(found[1]), int(found[2] or 1), int(found[2] or 12), int(found[3] or 0)
    else:
        return None
    try:
        first = date(year, begins, day or 1)
        last = first if day else date(year, ends, monthrange(year, ends)[1])
    except ValueError:
        return None
    return (first, last) if 1900 <= year <= 2200 else None


def named(option: str, written: str) -> str:
    """The name an option gives: one line that can be printed. Raises QmsError."""
    text = written.strip()
    if not text:
        raise QmsError("{option}: {what}", option=option, what=message("is missing"))
    if (wrong := refuse_text(text)) is not None:
        raise QmsError("{option}: {what}", option=option, what=wrong)
    if "\n" in text or "\r" in text:
        raise QmsError("{option}: {what}", option=option, what=message("must stand on one line"))
    return clean(text)


def store_files(session: Session, files: Sequence[Path], *, dry_run: bool = False) -> tuple[list[Json], dict[str, str]]:
    """The files stored as attachments: what is written into the record, and where the bytes lie. Raises QmsError.

    With `dry_run` they are only read.
    """
    limit = session.system.organisation.attachment.size
    said: list[Json] = []
    places: dict[str, str] = {}
    for path in files:
        with reading(path) as stream:
            if dry_run:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                said.append({"name": path.name, "size": stream.tell(), "sha256": digest})
                places[digest] = ""  # nowhere: nothing is posted
                continue
            stored = session.system.objects.store_stream(stream, name=path.name, limit=limit)
        said.append({"name": path.name, "size": stored.size, "sha256": stored.sha256})
        places[stored.sha256] = stored.oid
    return said, places


def attached(
    session: Session, form: Form, written: dict[str, object], folder: Path, *, dry_run: bool = False
) -> dict[str, str]:
    """Where the bytes of files named in attachment fields lie; `written` afterwards names them as stored.

    Only files beside the draft are taken, so that a draft from outside cannot reach for others.
    """
    places: dict[str, str] = {}
    for name, field in form.values.items():
        raw = written.get(name)
        if field.type is not FieldType.ATTACHMENT or not raw:
            continue
        listed = [raw] if isinstance(raw, str) else raw
        if not isinstance(listed, list | tuple) or not all(isinstance(item, str) for item in listed):
            continue
        for item in listed:
            unfit = refuse_text(item) is not None or any(sign in item for sign in "\\\n\r\t")
            if unfit or Path(item).name != item or item in ("", ".", "..") or _is_link(folder / item):
                raise QmsError(
                    "{name}: {file}: only files in the folder of the draft can be attached", name=name, file=item
                )
        said, found = store_files(session, [folder / item for item in listed], dry_run=dry_run)
        written[name] = said
        places |= found
    return places


def _is_link(path: Path) -> bool:
    """Whether the file is elsewhere; one that cannot be looked at is said when it is read."""
    try:
        return path.is_symlink()
    except OSError:
        return False


def intent(
    session: Session,
    *,
    happened_at: str | None = None,
    reason: str | None = None,
    attachments: dict[str, str] | None = None,
    clock_is_right: bool = False,
    project: str | None = None,
) -> Intent:
    """Who does it, when and why, from the options of the command."""
    return Intent(
        by=session.by,
        happened_at=moment(session, happened_at),
        reason=(reason or "").strip() or None,
        attachments=attachments or {},
        clock_is_right=clock_is_right,
        project=project,
    )
