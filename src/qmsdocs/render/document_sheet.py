"""Everything the pages of a controlled document say, as plain facts, before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum

from qmsdocs.base.language import Language
from qmsdocs.model.organisation import HeaderCell
from qmsdocs.render.prose import Block
from qmsdocs.render.sheet import UNDATED


class Standing(StrEnum):
    """How a revision stands, and so what is stamped on its pages."""

    DRAFT = "draft"  # 草稿, grey diagonal
    IN_FORCE = "in_force"  # 受控文件 with a copy number, otherwise 非受控 仅供参考
    TRIAL = "trial"  # 试行, grey diagonal
    APPROVED = "approved"  # approved, not yet in force
    SUPERSEDED = "superseded"  # 作废
    KEPT = "kept"  # 作废保留: the one archive copy
    WITHDRAWN = "withdrawn"  # 作废


@dataclass(frozen=True, slots=True)
class SignedLine:
    """One line of the approval table: who, when; `mark` are eight characters of the hash where it was signed."""

    person: str  # as printed, a deputy as `王芳(代 李明)`; empty where nobody has signed yet
    at: datetime | None = None
    mark: str | None = None
    department: str = ""  # of a countersignature
    verdict: str = ""  # of a countersignature: 同意, 同意(有意见), 不同意
    remark: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """One row of the revision record (修订记录)."""

    on: date | None
    revision: str
    clauses: str
    summary: str
    prepared_by: str
    reviewed_by: str
    approved_by: str


@dataclass(frozen=True, slots=True)
class CopyEntry:
    """One row of the distribution list (发放范围)."""

    department: str
    copy_number: str
    count: int
    received: str  # name and day, empty while open
    returned: str


@dataclass(frozen=True, slots=True)
class StampedCopy:
    """The numbered copy these pages are."""

    number: str
    holder: str
    on: date


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of a manual: an item of its own with its own revision."""

    number: str
    title: str
    revision: str
    effective_on: date | None
    blocks: tuple[Block, ...]
    pictures: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSheet:
    """The pages of one revision. `chapters` only of a manual. Dates are in the organisation's zone."""

    number: str
    title: str
    kind: str  # its title, 程序文件
    revision: str
    language: Language
    organisation: str
    confidentiality: str  # as printed, 内部
    standing: Standing
    effective_on: date | None
    released_on: date | None
    prepared: tuple[SignedLine, ...]
    reviewed: tuple[SignedLine, ...]
    countersigned: tuple[SignedLine, ...]
    approved: tuple[SignedLine, ...]
    history: tuple[ChangeEntry, ...]
    distribution: tuple[CopyEntry, ...]
    header: tuple[HeaderCell, ...]
    blocks: tuple[Block, ...]
    check: str
    payload: str
    superseded_by: str = ""  # the revision that took its place
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    chapters: tuple[Chapter, ...] = ()
    copy: StampedCopy | None = None
    logo: bytes | None = None

    @property
    def name(self) -> str:
        """What the file is called."""
        return f"{self.title} {self.number} {self.revision}"

    @property
    def created(self) -> datetime:
        """When the last of those who signed did, in UTC; else the day it was released or comes into force."""
        lines = (*self.prepared, *self.countersigned, *self.reviewed, *self.approved)
        signed = [line.at for line in lines if line.at is not None and line.at.tzinfo is not None]
        if signed:
            return max(signed).astimezone(UTC)
        on = self.released_on or self.effective_on
        return datetime.combine(on, time(), UTC) if on else UNDATED
