"""Records lent out (借阅): who has the original or a copy of which record, until when, and what is overdue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from qmsdocs.base.language import Catalogue, Text
from qmsdocs.query.cell import columns, iso
from qmsdocs.query.purpose import Entry, Purpose, day_of, entries
from qmsdocs.render.table import Cell, Grid, Kind
from qmsdocs.system.view import System


class LentKind(StrEnum):
    """What was lent of a record."""

    ORIGINAL = "original"
    COPY = "copy"


_KINDS = {LentKind.ORIGINAL: Text("原件", "original"), LentKind.COPY: Text("复制件", "copy")}
_COLUMNS = {
    "number": (Text("借阅编号", "Loan"), Kind.TEXT, 34),
    "record": (Text("所借记录", "Record lent"), Kind.TEXT, 34),
    "kind": (Text("借出的是", "Lent is"), Kind.TEXT, 16),
    "holder": (Text("借阅人", "Lent to"), Kind.TEXT, 24),
    "department": (Text("部门或单位", "Department"), Kind.TEXT, 28),
    "purpose": (Text("用途", "Purpose"), Kind.TEXT, 50),
    "lent_on": (Text("借出日期", "Lent on"), Kind.DATE, 24),
    "due_on": (Text("应还日期", "Due back"), Kind.DATE, 24),
}


@dataclass(frozen=True, slots=True)
class Loan:
    """One loan of a record: `number` is that of the loan, `record` that of the record lent."""

    number: str
    record: str
    kind: str
    holder: str  # an id, or the name of somebody outside
    department: str
    purpose: str
    lent_on: date | None
    due_on: date | None
    is_out: bool
    is_void: bool
    returned_on: date | None
    state: str

    def is_overdue(self, on: date) -> bool:
        """Whether it should have been back before the day `on`."""
        return self.is_out and self.due_on is not None and self.due_on < on


def loans(system: System, record: str | None = None) -> tuple[Loan, ...]:
    """All loans ever (of one record), in order of their numbers."""
    found = (_loan(entry) for entry in entries(system, Purpose.LENDING))
    return tuple(loan for loan in found if record is None or loan.record == record)


def lent(system: System) -> tuple[Loan, ...]:
    """The loans that are out, the one due first at the head."""
    found = (loan for loan in loans(system) if loan.is_out)
    return tuple(sorted(found, key=lambda loan: (loan.due_on or date.max, loan.number)))


def holder_of(system: System, loan: Loan) -> str:
    """Who has what was lent, by name."""
    return system.people.names().get(loan.holder, loan.holder)


def _loan(entry: Entry) -> Loan:
    return Loan(
        entry.row.number,
        entry.text("lent_record"),
        entry.text("lent_kind"),
        entry.text("holder"),
        entry.text("department"),
        entry.text("reason"),
        entry.day("opened_at") or day_of(entry.row.opened_at),
        entry.day("due_on"),
        not entry.row.is_closed,
        entry.row.is_void,
        entry.day("returned_on"),
        entry.row.state,
    )


def grid(system: System, found: Sequence[Loan], *, on: date, catalogue: Catalogue) -> Grid:
    """Loans as a table; those overdue on a day are marked."""
    language = catalogue.language
    rows: list[tuple[Cell, ...]] = []
    for loan in found:
        kind = _KINDS[LentKind(loan.kind)].of(language) if loan.kind in set(LentKind) else loan.kind
        said = (loan.number, loan.record, kind, holder_of(system, loan), loan.department, loan.purpose)
        rows.append((*said, iso(loan.lent_on), iso(loan.due_on)))
    late = frozenset((place, "due_on") for place, loan in enumerate(found) if loan.is_overdue(on))
    title = Text("借出未还的记录", "Records lent out").of(language)
    return Grid(title, on.isoformat(), columns(_COLUMNS, catalogue), tuple(rows), late)
