"""Values in words, as the reader of a page writes them; text that no face can show as its code point."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import date, datetime

from qmsdocs.base.canonical import Json
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.model import quantity
from qmsdocs.model.form import Field, FieldType
from qmsdocs.render.sheet import Sheet

TICKED, UNTICKED, EMPTY = "☑", "☐", "/"
_CODE = re.compile(r"\[U\+[0-9A-F]+\]")


@dataclass(frozen=True, slots=True)
class Box:
    """One option with its box."""

    key: str
    text: str
    is_chosen: bool

    @property
    def sign(self) -> str:
        """The box, ticked or not."""
        return TICKED if self.is_chosen else UNTICKED


@dataclass
class Display:
    """The words for one sheet. `replaced` are the code points printed in brackets so far, in the order met."""

    sheet: Sheet
    shown: Callable[[str], str]
    replaced: dict[str, None] = attribute(default_factory=dict)

    def __post_init__(self) -> None:
        self.say = Catalogue.load(self.sheet.language).say
        self.is_chinese = self.sheet.language is Language.ZH
        self.is_blank = self.sheet.number is None

    def text(self, text: str) -> str:
        """`text` as the page can show it; what was replaced is remembered for the notes."""
        printed = self.shown(text)
        if printed != text:
            written = set(_CODE.findall(text))
            self.replaced |= dict.fromkeys(code for code in _CODE.findall(printed) if code not in written)
        return printed

    def nothing(self, item: Field) -> str:
        """What stands in an empty cell: nothing on a blank but the lines of a date, on a record `/`."""
        if not self.is_blank:
            return EMPTY
        if not self.is_chinese:
            return {FieldType.DATE: "____-__-__", FieldType.DATETIME: "____-__-__ __:__"}.get(item.type, "")
        day = "____年__月__日"
        return {FieldType.DATE: day, FieldType.DATETIME: f"{day}__时__分"}.get(item.type, "")

    def display(self, item: Field, value: Json) -> str:
        """The words of one value as they print, not yet shortened."""
        match item.type:
            case FieldType.CHOICE | FieldType.SCALE | FieldType.CHOICES:
                chosen = value if isinstance(value, list) else [value]
                return self.listed([self._choice(item, str(key)) for key in chosen])
            case FieldType.BOOLEAN:
                return self.say("Yes" if value else "No")
            case FieldType.DATE | FieldType.DATETIME:
                return self.moment(str(value))
            case FieldType.DURATION:
                return quantity.parse(str(value)).of(self.sheet.language)
            case FieldType.PERSON:
                return self.text(self.sheet.people.get(str(value), str(value)))
            case FieldType.ATTACHMENT:
                return self.listed([self._attachment(found) for found in value]) if isinstance(value, list) else ""
            case FieldType.TABLE:
                return self._flat(item, value)
            case _:
                return self.text(str(value))

    def listed(self, parts: Sequence[str]) -> str:
        """The parts as one enumeration."""
        return ("、" if self.is_chinese else ", ").join(parts)

    def _choice(self, item: Field, key: str) -> str:
        choice = self.sheet.form.choices_of(item).get(key)
        return self.text(choice.text.of(self.sheet.language) if choice else key)

    def _attachment(self, found: Json) -> str:
        if not isinstance(found, dict):
            return ""
        size = found.get("size")
        printed = _size(size) if isinstance(size, int) else ""
        held = f", {found['held_at']}" if found.get("held_at") else ""
        name = self.text(str(found.get("name", "")))
        return f"{name} ({printed}, {str(found.get('sha256', ''))[:8]}{self.text(held)})"

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
                self.display(item.column[name], cell)
                for name, cell in (row.items() if isinstance(row, dict) else ())
                if name in item.column and cell is not None
            ]
            printed.append(f"{title}){' / '.join(cells)}")
        return "; ".join(printed)

    def boxes(self, item: Field, value: Json) -> Iterator[Box]:
        """The options of a choice or of yes and no, in their order."""
        if item.type is FieldType.BOOLEAN:
            named = {"true": self.say("Yes"), "false": self.say("No")}
            chosen = [] if value is None else ["true" if value else "false"]
        else:
            choices = self.sheet.form.choices_of(item)
            named = {key: self._choice(item, key) for key in choices}
            chosen = [str(key) for key in value] if isinstance(value, list) else [] if value is None else [str(value)]
            named |= {key: self.text(key) for key in chosen if key not in named}
        for key, text in named.items():
            yield Box(key, text, key in chosen)

    def notes(self) -> list[str]:
        """What to say of the code points printed in brackets."""
        if not self.replaced:
            return []
        said = self.say(
            "{codes}: printed as a code since no face has it or nobody sees it; the record holds the character",
            codes=self.listed(list(self.replaced)),
        )
        return [said]


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} kB"
