"""What templates may ask for: text, lists and flags under fixed names, made from a sheet (see docs/templates.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from qmsdocs.base.canonical import Json
from qmsdocs.model.form import CHOICE_TYPES, Field, FieldType
from qmsdocs.model.record import Correction
from qmsdocs.render import blocks as pages
from qmsdocs.render import fonts, measure
from qmsdocs.render.display import EMPTY, Box, Display
from qmsdocs.render.layout import layout, signing_places
from qmsdocs.render.sheet import ISSUE, Act, Sheet

Plain: TypeAlias = "str | bool | list[Plain] | dict[str, Plain]"

TICK, ELLIPSIS = "√", "……"
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
CELL_LINES = 6  # of a cell that is no long text
OLD_LINES = 3  # of a struck value
LABELS = (
    ("form_number", "Form no."),
    ("revision", "Revision"),
    ("record_number", "Record no."),
    ("receipt", "Receipt no."),
    ("retention", "Keep for"),
    ("department", "Kept by"),
    ("check", "Check code"),
    ("no", "No."),
    ("item", "Item"),
    ("nothing_below", "nothing below"),
    ("signature", "Signature"),
    ("date", "Date"),
    ("signed_electronically", "signed electronically"),
    ("annex", "Annex"),
    ("course", "Course"),
    ("state", "State"),
    ("slash_date", " / date"),
    ("open_date", "____-__-__"),
)


def context(
    sheet: Sheet, *, shown: Callable[[str], str] = fonts.visible, annex_lines: int | None = pages.LINES
) -> dict[str, Plain]:
    """Everything a template may print of `sheet`.

    `shown` turns text into what the page can show; `annex_lines` is how many lines of a long text stand in its cell
    before the rest goes to an annex (None: never).
    """
    return _Context(sheet, layout(sheet.form, sheet.language), shown, annex_lines).all()


class _Context:
    def __init__(
        self, sheet: Sheet, layout: pages.Layout, shown: Callable[[str], str], annex_lines: int | None
    ) -> None:
        self.sheet, self.layout, self.annex_lines = sheet, layout, annex_lines
        self.words = Display(sheet, shown)
        self.rooms = dict(_rooms(layout))
        self.values = {**sheet.values, **sheet.derived}
        self.absent = frozenset() if self.words.is_blank else frozenset(self._absent())
        self.annexes: list[Plain] = []

    def all(self) -> dict[str, Plain]:
        sheet = self.sheet
        fields = sheet.form.values
        plain = {name: item for name, item in fields.items() if item.type is not FieldType.TABLE}
        tables = {name: item for name, item in fields.items() if item.type is FieldType.TABLE}
        found: dict[str, Plain] = {
            **self._head(),
            "f": {name: self._value(name, item) for name, item in plain.items()},
            "options": {name: self._options(name, item) for name, item in plain.items() if _has_options(item)},
            "o": {name: self._joined(name, item) for name, item in plain.items() if _has_options(item)},
            "rows": {name: self._rows(name, item) for name, item in tables.items()},
            "why": {name: self.words.text(sheet.reasons.get(name, "")) for name in fields},
            **self._corrected(fields),
            "acts": [self._act(act) for act in sheet.acts],
            "sign": self._signed(),
            "labels": self._labels(),
        }
        found["annexes"] = self.annexes
        found["codes"] = [*self.words.replaced]
        found["notes"] = [*self.words.notes()]
        return found

    def _head(self) -> dict[str, Plain]:
        sheet = self.sheet
        spoken = sheet.language
        return {
            "language": spoken.value,
            "organisation": self.words.text(sheet.organisation),
            "title": self.words.text(sheet.form.title.of(spoken)),
            "form": self.words.text(sheet.form.number),
            "revision": self.words.text(sheet.revision),
            "number": self.words.text(sheet.number or ""),
            "receipt": self.words.text(sheet.receipt or ""),
            "state": self.words.text(sheet.state.of(spoken) if sheet.state else ""),
            "status": self.words.text(sheet.status.of(spoken) if sheet.status else ""),
            "void": sheet.is_void,
            "blank": self.words.is_blank,
            "foot": {
                "retention": self.words.text(sheet.retention),
                "department": self.words.text(sheet.department),
                "check": sheet.check,
            },
        }

    def _labels(self) -> dict[str, Plain]:
        say, is_chinese = self.words.say, self.words.is_chinese
        before, between, after = say("Page {page} of {pages}", page="\0", pages="\0").split("\0")
        fixed: dict[str, Plain] = {name: say(english) for name, english in LABELS}
        punctuation = {"colon": "：" if is_chinese else ": ", "semicolon": "；" if is_chinese else "; "}
        return fixed | punctuation | {"page": before, "of": between, "pages": after}

    def _absent(self) -> Iterator[str]:
        """The fields that do not exist for this record, by their own `when` or their section's (if told of any)."""
        fields = self.sheet.form.field
        sections = frozenset(name for name, item in fields.items() if item.type is FieldType.SECTION)
        is_told = bool(sections & self.sheet.applies)
        is_section_absent = False
        for name, item in fields.items():
            is_missing = item.when is not None and name not in self.sheet.applies
            if name in sections:
                is_missing = is_section_absent = is_missing and is_told
            if is_missing or is_section_absent:
                yield name

    def _value(self, name: str, item: Field) -> str:
        if name in self.absent:
            return EMPTY
        value = self.values.get(name)
        if value is None:
            return self.words.nothing(item)
        return self._fitted(name, item.title.of(self.sheet.language), self.words.display(item, value))

    def _fitted(self, name: str, title: str, text: str, *, lines: int | None = None) -> str:
        """`text`, or where it is too long for its cell its beginning, the whole of it going to an annex."""
        capacity, room = self.rooms.get(name, (measure_room(pages.WIDTH), CELL_LINES))
        allowed = lines or (min(room, self.annex_lines) if self.annex_lines is not None else None)
        if allowed is None or measure.lines(text, capacity) <= allowed:
            return text
        number = len(self.annexes) + 1
        see = self.words.say("the whole text is in annex {number}", number=number)
        self.annexes.append({"no": str(number), "title": title, "text": text})
        reference = f"{ELLIPSIS}（{see}）" if self.words.is_chinese else f"{ELLIPSIS} ({see})"
        shortened = measure.beginning(text, capacity, allowed)
        while len(shortened) > 1 and measure.lines(shortened + reference, capacity - 1) > allowed:
            shortened = shortened[:-1]
        return shortened + reference

    def _options(self, name: str, item: Field) -> list[Plain]:
        if name in self.absent:
            return []
        return [
            {"key": box.key, "text": box.text, "chosen": box.is_chosen, "box": box.sign}
            for box in self._boxes(name, item)
        ]

    def _boxes(self, name: str, item: Field) -> Iterator[Box]:
        return self.words.boxes(item, self.values.get(name))

    def _joined(self, name: str, item: Field) -> str:
        """Every option with its box in a row, and `/` where a record has none chosen; `/` alone where none applies."""
        if name in self.absent:
            return EMPTY
        printed = [f"{box.sign}{box.text}" for box in self._boxes(name, item)]
        is_empty = self.values.get(name) in (None, []) and not self.words.is_blank
        return " ".join((*printed, EMPTY) if is_empty else printed)

    def _rows(self, name: str, item: Field) -> list[Plain]:
        value = None if name in self.absent else self.values.get(name)
        if item.rows:
            stored = _mapping(value)
            return [
                self._row(name, item, _mapping(stored.get(key)), str(number), row.text.of(self.sheet.language))
                for number, (key, row) in enumerate(item.rows.items(), 1)
            ]
        given = value if isinstance(value, list) else []
        rows = [self._row(name, item, _mapping(row), str(number), "") for number, row in enumerate(given, 1)]
        if self.words.is_blank:
            empty = range(len(rows) + 1, self._blank_rows(name) + 1)
            return rows + [self._row(name, item, {}, str(number), "") for number in empty]
        if value is None:
            return [self._row(name, item, {}, EMPTY, "")]
        return rows if item.max is not None and len(rows) >= item.max else [*rows, self._rest(item)]

    def _blank_rows(self, name: str) -> int:
        tables = (block for block in self.layout.blocks if isinstance(block, pages.Table))
        return next(block.blank_rows for block in tables if block.field == name)

    def _rest(self, item: Field) -> Plain:
        """The row that says that nothing follows, so that nothing can be written in later."""
        words = self.words.say("nothing below")
        first = next((name for name, column in item.column.items() if column.type is FieldType.TEXT), None)
        cells: dict[str, Plain] = {
            name: words if name == (first or next(iter(item.column))) else "" for name in item.column
        }
        return {"no": "", "title": "", "rest": True, "cell": cells, "tick": {}}

    def _row(self, table: str, item: Field, row: Mapping[str, Json], number: str, title: str) -> Plain:
        cells: dict[str, Plain] = {}
        ticks: dict[str, Plain] = {}
        for name, column in item.column.items():
            value = row.get(name)
            heading = f"{item.title.of(self.sheet.language)} {title or number} {column.title.of(self.sheet.language)}"
            if value is None:
                cells[name] = (
                    self.words.nothing(column) if column.type not in _DATES else "" if self.words.is_blank else EMPTY
                )
            else:
                cells[name] = self._fitted(f"{table}.{name}", heading, self.words.display(column, value))
            if column.type in CHOICE_TYPES:
                chosen = value if isinstance(value, list) else [value]
                ticks[name] = {key: TICK if key in chosen else "" for key in self.sheet.form.choices_of(column)}
        return {"no": number, "title": self.words.text(title), "rest": False, "cell": cells, "tick": ticks}

    def _corrected(self, fields: Mapping[str, Field]) -> dict[str, Plain]:
        past: dict[str, list[Plain]] = {name: [] for name in fields}
        marks = dict.fromkeys(fields, "")
        old = dict.fromkeys(fields, "")
        listed: list[Plain] = []
        for correction in self.sheet.corrections:
            name = correction.field
            was = self._old(correction, fields[name]) if name in fields else ""
            listed.append(self._correction(correction, was))
            if name in fields:
                marks[name] += circled(correction.number)
                old[name] = was
                past[name].append({"text": was, "mark": circled(correction.number)})
        return {"past": {**past}, "old": {**old}, "mark": {**marks}, "corrections": listed}

    def _old(self, correction: Correction, item: Field) -> str:
        if correction.old is None:
            return EMPTY
        title = f"{item.title.of(self.sheet.language)} {circled(correction.number)}"
        lines = None if self.annex_lines is None else OLD_LINES
        return self._fitted(correction.field, title, self.words.display(item, correction.old), lines=lines)

    def _correction(self, correction: Correction, was: str) -> Plain:
        event = correction.event
        item = self.sheet.form.field.get(correction.field)
        by = self.sheet.people.get(event.by, event.by)
        said = {
            "mark": circled(correction.number),
            "date": event.recorded_at.astimezone(self.sheet.zone).strftime("%Y-%m-%d"),
            "by": self.words.text(by),
            "title": self.words.text(item.title.of(self.sheet.language) if item else correction.field),
            "reason": self.words.text(event.text("reason")),
        }
        line = self.words.say("{mark} {date} {by} corrected {title}: {reason}", **said)
        if item is not None and item.type is FieldType.TABLE:  # no cell has room for the table as it was
            line += self.words.say(" (before: {old})", old=was)
        return {**said, "old": was, "line": line}

    def _act(self, act: Act) -> dict[str, Plain]:
        at = act.at.astimezone(self.sheet.zone)
        return {
            "step": act.step,
            "title": self.words.text(act.title.of(self.sheet.language)),
            "by": self.words.text(act.by),
            "at": self.words.moment(at.replace(second=0, microsecond=0).isoformat()),
            "date": self.words.moment(at.date().isoformat()),
            "stamp": at.strftime("%Y-%m-%d %H:%M"),
            "meaning": act.meaning or "",
            "mark": act.mark or "",
            "done": True,
        }

    def _signed(self) -> dict[str, Plain]:
        """By step: the newest act of those that share its place on the page; not `done` where none was taken yet."""
        form = self.sheet.form
        found: dict[str, Plain] = {}
        for steps in (*signing_places(form), *((name,) for name, step in form.step.items() if not step.signs)):
            taken = [act for act in self.sheet.acts if act.step in steps]
            first = form.step.get(steps[0])
            title = first.title.of(self.sheet.language) if first else self.words.say("Recorded by")
            nobody = dict.fromkeys(("by", "at", "date", "stamp", "meaning", "mark"), "")
            act: dict[str, Plain] = {"step": steps[0], "title": title, **nobody, "done": False}
            if taken:
                act = self._act(taken[-1])
            if act["step"] == ISSUE:
                act["title"] = self.words.say("Recorded by")
            found |= dict.fromkeys(steps, act)
        return found


_DATES = frozenset({FieldType.DATE, FieldType.DATETIME})


def circled(number: int) -> str:
    """① to ⑳, then (21)."""
    return CIRCLED[number - 1] if number <= len(CIRCLED) else f"({number})"


def measure_room(width: float, points: float = pages.BODY) -> float:
    """How many ems of `points` stand side by side in a cell `width` mm wide."""
    return (width - 2 * pages.PADDING) / (points * measure.MILLIMETRES_PER_POINT)


def _rooms(layout: pages.Layout) -> Iterator[tuple[str, tuple[float, int]]]:
    """By field, and by table.column: ems on a line and lines in the cell."""
    for block in layout.blocks:
        match block:
            case pages.Line(cells=cells):
                for cell in cells:
                    yield cell.field, (measure_room(cell.value_width, cell.size), CELL_LINES)
            case pages.LongText(field=name, beside=beside):
                yield name, (measure_room(pages.WIDTH - (pages.LABEL if beside else 0)), pages.LINES)
            case pages.Table(field=name, columns=columns):
                for column in columns:
                    yield f"{name}.{column.name}", (measure_room(column.width, pages.SMALL), CELL_LINES)
            case pages.Matrix(field=name, remark=pages.Column() as remark):
                yield f"{name}.{remark.name}", (measure_room(remark.width, pages.SMALL), CELL_LINES)
            case _:
                pass


def _has_options(item: Field) -> bool:
    return item.type in CHOICE_TYPES or item.type is FieldType.BOOLEAN


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
