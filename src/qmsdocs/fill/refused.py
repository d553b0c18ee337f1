"""The rows of a table that could not be issued, as a table to mend: the same columns, the reason, the cell marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from qmsdocs.base.errors import Message
from qmsdocs.base.language import Catalogue, Text
from qmsdocs.fill.rows import IGNORED, Row, Rows
from qmsdocs.model.value import Refusal
from qmsdocs.render.table_sheet import SheetColumn, SheetRows, workbook

REASON = Text(f"{IGNORED}原因", f"{IGNORED}reason")
_NAME = Text("退回", "refused")
_WIDTH, _REASON_WIDTH = 30, 80  # mm


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row and everything that speaks against it."""

    row: Row
    refusals: tuple[Refusal, ...]


def refused_path(table: Path) -> Path:
    """Where the refused rows of `table` go: `calls.refused.xlsx`, of that one again `calls.refused-2.xlsx`."""
    stem, _, last = table.stem.rpartition(".")
    if stem and (last == "refused" or last.startswith("refused-")):
        count = last.removeprefix("refused").removeprefix("-") or "1"
        return table.with_name(f"{stem}.refused-{int(count) + 1 if count.isdecimal() else 2}.xlsx")
    return table.with_name(f"{table.stem}.refused.xlsx")


def refused_table(table: Rows, refused: Sequence[RefusedRow], *, catalogue: Catalogue, created: datetime) -> bytes:
    """An XLSX of the refused rows, dated `created`; it reads back as a table, the reason being passed over."""
    reasons = (REASON.zh, REASON.en)
    kept = [place for place, title in enumerate(table.heading) if title not in reasons]
    columns = [SheetColumn(table.heading[place], _WIDTH) for place in kept]
    rows = []
    marked: dict[tuple[int, int], str] = {}
    for position, item in enumerate(refused):
        cells = [item.row.cells[place] if place < len(item.row.cells) else None for place in kept]
        rows.append([*cells, "\n".join(_reason(table, item.row, refusal, catalogue) for refusal in item.refusals)])
        for refusal in item.refusals:
            at = item.row.column(refusal.field)
            if at is not None and at in kept:
                cell = (position, kept.index(at))
                marked[cell] = "\n".join(part for part in (marked.get(cell), catalogue.say(refusal.message)) if part)
    head = SheetColumn(REASON.of(catalogue.language), _REASON_WIDTH)
    name = _NAME.of(catalogue.language)
    return workbook(SheetRows(name, (*columns, head), rows, marked=marked), created=created)


def _reason(table: Rows, row: Row, refusal: Refusal, catalogue: Catalogue) -> str:
    at = row.column(refusal.field)
    title = table.heading[at] if at is not None and at < len(table.heading) else refusal.field
    said = Message("{field}: {what}", {"field": title, "what": refusal.message}) if title else refusal.message
    return catalogue.say(said)
