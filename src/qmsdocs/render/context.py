"""What templates may ask for: plain text, lists and flags under fixed names, made from a sheet (docs/templates.md lists them)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import date, datetime
from typing import TypeAlias

from qmsdocs.base.canonical import Json
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.model import quantity
from qmsdocs.model.form import CHOICE_TYPES, Field, FieldType
from qmsdocs.model.record import Correction
from qmsdocs.render import fonts, measure
from qmsdocs.render import layout as pages
from qmsdocs.render.sheet import ISSUE, Act, Sheet

Plain: TypeAlias = "str | bool | list[Plain] | dict[str, Plain]"

TICKED, UNTICKED, TICK, EMPTY, ELLIPSIS = "☑", "☐", "√", "/", "……"
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
    return _Context(sheet, pages.layout(sheet.form, sheet.language), shown, annex_lines).all()


@dataclass
class _Context:
    sheet: Sheet
    layout: pages.Layout
    shown: Callable[[str], str]
    annex_lines: int | None
    annexes: list[Plain] = attribute(default_factory=list)
    replaced: dict[str, None] = attribute(default_factory=dict)

    def __post_init__(self) -> None:
        self.say = Catalogue.load(self.sheet.language).say
        self.is_chinese = self.sheet.language is Language.ZH
        self.colon = "：" if self.is_chinese else ": "
        self.is_blank = self.sheet.number is None
        self.rooms = dict(_rooms(self.layout))
        self.values = {**self.sheet.values, **self.sheet.derived}
        self.absent = frozenset() if self.is_blank else frozenset(self._absent())

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
            "why": {name: self._text(sheet.reasons.get(name, "")) for name in fields},
            **self._corrected(fields),
            "acts": [self._act(act) for act in sheet.acts],
            "sign": self._signed(),
            "labels": self._labels(),
        }
        found["annexes"] = self.annexes
        found["codes"] = [*self.replaced]
        found["notes"] = self._notes()
        return found

    def _head(self) -> dict[str, Plain]:
        sheet = self.sheet
        spoken = sheet.language
        return {
            "language": spoken.value,
            "organisation": self._text(sheet.organisation),
            "title": self._text(sheet.form.title.of(spoken)),
            "form": self._text(sheet.form.number),
            "revision": self._text(sheet.revision),
            "number": self._text(sheet.number or ""),
            "receipt": self._text(sheet.receipt or ""),
            "state": self._text(sheet.state.of(spoken) if sheet.state else ""),
            "status": self._text(sheet.status.of(spoken) if sheet.status else ""),
            "void": sheet.is_void,
            "blank": self.is_blank,
            "foot": {
                "retention": self._text(sheet.retention),
                "department": self._text(sheet.department),
                "check": sheet.check,
            },
        }

    def _labels(self) -> dict[str, Plain]:
        before, between, after = self.say("Page {page} of {pages}", page="\0", pages="\0").split("\0")
        punctuation = {"colon": self.colon, "semicolon": "；" if self.is_chinese else "; "}
        counted = {"page": before, "of": between, "pages": after}
        return {name: self.say(english) for name, english in LABELS} | punctuation | counted

    def _absent(self) -> Iterator[str]:
        """The fields that do not exist for this record, by their own `when` or that of their section."""
        is_section_absent = False
        for name, item in self.sheet.form.field.items():
            is_missing = item.when is not None and name not in self.sheet.applies
            if item.type is FieldType.SECTION:
                is_section_absent = is_missing
            if is_missing or is_section_absent:
                yield name

    def _text(self, text: str) -> str:
        """`text` as the page can show it; what was replaced is remembered for the notes."""
        printed = self.shown(text)
        if printed != text:
            written = set(re.findall(r"\[U\+[0-9A-F]+\]", text))
            self.replaced |= dict.fromkeys(
                code for code in re.findall(r"\[U\+[0-9A-F]+\]", printed) if code not in written
            )
        return printed

    def _value(self, name: str, item: Field) -> str:
        if name in self.absent:
            return EMPTY
        value = self.values.get(name)
        if value is None:
            return self._nothing(item)
        return self._fitted(name, item.title.of(self.sheet.language), self._display(item, value))

    def _nothing(self, item: Field) -> str:
        if not self.is_blank:
            return EMPTY
        if not self.is_chinese:
            return {FieldType.DATE: "____-__-__", FieldType.DATETIME: "____-__-__ __:__"}.get(item.type, "")
        day = "____年__月__日"
        return {FieldType.DATE: day, FieldType.DATETIME: f"{day}__时__分"}.get(item.type, "")

    def _display(self, item: Field, value: Json) -> str:
        """The words of one value as they print, not yet shortened."""
        match item.type:
            case FieldType.CHOICE | FieldType.SCALE | FieldType.CHOICES:
                chosen = value if isinstance(value, list) else [value]
                return self._list([self._choice(item, str(key)) for key in chosen])
            case FieldType.BOOLEAN:
                return self.say("Yes" if value else "No")
            case FieldType.DATE | FieldType.DATETIME:
                return self.moment(str(value))
            case FieldType.DURATION:
                return quantity.parse(str(value)).of(self.sheet.language)
            case FieldType.PERSON:
                return self._text(self.sheet.people.get(str(value), str(value)))
            case FieldType.ATTACHMENT:
                return self._list([self._attachment(found) for found in value]) if isinstance(value, list) else ""
            case FieldType.TABLE:
                return self._flat(item, value)
            case _:
                return self._text(str(value))

    def _list(self, parts: Sequence[str]) -> str:
        return ("、" if self.is_chinese else ", ").join(parts)

    def _choice(self, item: Field, key: str) -> str:
        choice = self.sheet.form.choices_of(item).get(key)
        return self._text(choice.text.of(self.sheet.language) if choice else key)

    def _attachment(self, found: Json) -> str:
        if not isinstance(found, dict):
            return ""
        size = found.get("size")
        printed = _size(size) if isinstance(size, int) else ""
        held = f", {found['held_at']}" if found.get("held_at") else ""
        name = self._text(str(found.get("name", "")))
        return f"{name} ({printed}, {str(found.get('sha256', ''))[:8]}{self._text(held)})"

    def moment(self, written: str) -> str:
        """A date or an instant as the reader writes it; seconds only where there are any."""
        if len(written) == 10:
            day = date.fromisoformat(written)
            return f"{day.year}年{day.month}月{day.day}日" if self.is_chinese else written
        at = datetime.fromisoformat(written).astimezone(self.sheet.zone)
        day_text = f"{at.year}年{at.month}月{at.day}日" if self.is_chinese else at.strftime("%Y-%m-%d")
        return f"{day_text} {at:%H:%M:%S}" if at.second else f"{day_text} {at:%H:%M}"

    def _flat(self, item: Field, value: Json) -> str:
        """A table in one paragraph, for the note of a correction."""
        rows = value.items() if isinstance(value, dict) else enumerate(value, 1) if isinstance(value, list) else ()
        printed: list[str] = []
        for key, row in rows:
            title = item.rows[key].text.of(self.sheet.language) if isinstance(key, str) and key in item.rows else key
            cells = [
                self._display(item.column[name], cell)
                for name, cell in (row.items() if isinstance(row, dict) else ())
                if name in item.column and cell is not None
            ]
            printed.append(f"{title}){' / '.join(cells)}")
        return "; ".join(printed)

    def _fitted(self, name: str, title: str, text: str, *, lines: int | None = None) -> str:
        """`text`, or where it is too long for its cell its beginning, the whole of it going to an annex."""
        capacity, room = self.rooms.get(name, (measure_room(pages.WIDTH), CELL_LINES))
        allowed = lines or (min(room, self.annex_lines) if self.annex_lines is not None else None)
        if allowed is None or measure.lines(text, capacity) <= allowed:
            return text
        number = len(self.annexes) + 1
        see = self.say("the whole text is in annex {number}", number=number)
        self.annexes.append({"no": str(number), "title": title, "text": text})
        reference = f"{ELLIPSIS}（{see}）" if self.is_chinese else f"{ELLIPSIS} ({see})"
        shortened = measure.beginning(text, capacity, allowed)
        while len(shortened) > 1 and measure.lines(shortened + reference, capacity - 1) > allowed:
            shortened = shortened[:-1]
        return shortened + reference

    def _options(self, name: str, item: Field) -> list[Plain]:
        if name in self.absent:
            return []
        return [*self._boxes(item, self.values.get(name))]

    def _boxes(self, item: Field, value: Json) -> Iterator[Plain]:
        if item.type is FieldType.BOOLEAN:
            named = {"true": self.say("Yes"), "false": self.say("No")}
            chosen = [] if value is None else ["true" if value else "false"]
        else:
            choices = self.sheet.form.choices_of(item)
            named = {key: self._choice(item, key) for key in choices}
            chosen = [str(key) for key in value] if isinstance(value, list) else [] if value is None else [str(value)]
            named |= {key: self._text(key) for key in chosen if key not in named}
        for key, text in named.items():
            is_chosen = key in chosen
            yield {"key": key, "text": text, "chosen": is_chosen, "box": TICKED if is_chosen else UNTICKED}

    def _joined(self, name: str, item: Field) -> str:
        """Every option with its box in a row; `/` behind them where a record has none chosen, alone where none applies."""
        if name in self.absent:
            return EMPTY
        value = self.values.get(name)
        printed = [f"{box['box']}{box['text']}" for box in self._boxes(item, value) if isinstance(box, dict)]
        empty = [EMPTY] if value in (None, []) and not self.is_blank else []
        return " ".join((*printed, *empty))

    def _rows(self, name: str, item: Field) -> list[Plain]:
        value = self.values.get(name)
        if name in self.absent:
            value, empty = None, True
        else:
            empty = value is None and not self.is_blank
        if item.rows:
            stored = value if isinstance(value, dict) else {}
            return [
                self._row(name, item, _mapping(stored.get(key)), str(number), row.text.of(self.sheet.language))
                for number, (key, row) in enumerate(item.rows.items(), 1)
            ]
        given = value if isinstance(value, list) else []
        rows: list[Plain] = [
            self._row(name, item, _mapping(row), str(number), "") for number, row in enumerate(given, 1)
        ]
        if self.is_blank:
            table = next(
                block for block in self.layout.blocks if isinstance(block, pages.Table) and block.field == name
            )
            missing = range(len(rows) + 1, table.blank_rows + 1)
            return rows + [self._row(name, item, {}, str(number), "") for number in missing]
        if empty:
            return [self._row(name, item, {}, EMPTY, "")]
        return rows if item.max is not None and len(rows) >= item.max else [*rows, self._rest(item)]

    def _rest(self, item: Field) -> Plain:
        """The row that says that nothing follows, so that nothing can be written in later."""
        words = self.say("nothing below")
        first = next((name for name, column in item.column.items() if column.type is FieldType.TEXT), None)
        cells: dict[str, Plain] = dict.fromkeys(item.column, "") | {first or next(iter(item.column)): words}
        return {"no": "", "title": "", "rest": True, "cell": cells, "tick": {}}

    def _row(self, table: str, item: Field, row: Mapping[str, Json], number: str, title: str) -> Plain:
        cells: dict[str, Plain] = {}
        ticks: dict[str, Plain] = {}
        for name, column in item.column.items():
            value = row.get(name)
            heading = f"{item.title.of(self.sheet.language)} {title or number} {column.title.of(self.sheet.language)}"
            if value is None:
                cells[name] = self._nothing(column) if column.type not in _DATES else "" if self.is_blank else EMPTY
            else:
                cells[name] = self._fitted(f"{table}.{name}", heading, self._display(column, value))
            if column.type in CHOICE_TYPES:
                chosen = value if isinstance(value, list) else [value]
                ticks[name] = {key: TICK if key in chosen else "" for key in self.sheet.form.choices_of(column)}
        return {"no": number, "title": self._text(title), "rest": False, "cell": cells, "tick": ticks}

    def _corrected(self, fields: Mapping[str, Field]) -> dict[str, Plain]:
        past: dict[str, list[Plain]] = {name: [] for name in fields}
        marks = dict.fromkeys(fields, "")
        old = dict.fromkeys(fields, "")
        for correction in self.sheet.corrections:
            name = correction.field
            if name not in fields:
                continue
            sign = circled(correction.number)
            was = self._old(correction, fields[name])
            marks[name] += sign
            old[name] = was
            past[name].append({"text": was, "mark": sign})
        listed: list[Plain] = [self._correction(item) for item in self.sheet.corrections]
        return {"past": {**past}, "old": {**old}, "mark": {**marks}, "corrections": listed}

    def _old(self, correction: Correction, item: Field) -> str:
        if correction.old is None:
            return EMPTY
        title = f"{item.title.of(self.sheet.language)} {circled(correction.number)}"
        return self._fitted(
            correction.field, title, self._display(item, correction.old), lines=OLD_LINES if self.annex_lines else None
        )

    def _correction(self, correction: Correction) -> Plain:
        event = correction.event
        item = self.sheet.form.field.get(correction.field)
        title = self._text(item.title.of(self.sheet.language) if item else correction.field)
        by = self._text(self.sheet.people.get(event.by, event.by))
        day = event.recorded_at.astimezone(self.sheet.zone).strftime("%Y-%m-%d")
        said = {"mark": circled(correction.number), "date": day, "by": by, "title": title}
        reason = self._text(event.text("reason"))
        is_table = item is not None and item.type is FieldType.TABLE
        was = self._old(correction, item) if item is not None and is_table else ""
        line = self.say("{mark} {date} {by} corrected {title}: {reason}", **said, reason=reason)
        if was:
            line = f"{line}{self.say(' (before: {old})', old=was)}"
        return {**said, "reason": reason, "old": was, "line": line}

    def _act(self, act: Act) -> Plain:
        at = act.at.astimezone(self.sheet.zone)
        return {
            "step": act.step,
            "title": self._text(act.title.of(self.sheet.language)),
            "by": self._text(act.by),
            "at": self.moment(at.isoformat(timespec="seconds")[:16] + at.isoformat(timespec="seconds")[19:]),
            "date": self.moment(at.date().isoformat()),
            "stamp": at.strftime("%Y-%m-%d %H:%M"),
            "meaning": act.meaning or "",
            "mark": act.mark or "",
            "done": True,
        }

    def _signed(self) -> dict[str, Plain]:
        """By step: the newest act of those that share its place on the page; not `done` where none was taken yet."""
        form = self.sheet.form
        found: dict[str, Plain] = {}
        for steps in (*pages.signing_places(form), *((name,) for name, step in form.step.items() if not step.signs)):
            taken = [act for act in self.sheet.acts if act.step in steps]
            first = form.step.get(steps[0])
            title = first.title.of(self.sheet.language) if first else self.say("Recorded by")
            nobody = {
                "step": steps[0],
                "title": title,
                "by": "",
                "at": "",
                "date": "",
                "stamp": "",
                "meaning": "",
                "mark": "",
            }
            act: Plain = self._act(taken[-1]) if taken else {**nobody, "done": False}
            if isinstance(act, dict) and act["step"] == ISSUE:
                act["title"] = self.say("Recorded by")
            found |= dict.fromkeys(steps, act)
        return found

    def _notes(self) -> list[Plain]:
        if not self.replaced:
            return []
        said = self.say(
            "{codes}: no face of this page has the character, or it cannot be seen; the record holds it as it was given",
            codes=self._list(list(self.replaced)),
        )
        return [said]


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


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} kB"
