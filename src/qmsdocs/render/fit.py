"""How generously a page is set: the roomiest level at which a record stands on one page, reckoned before drawing.

The least row for a pen is 8 mm. A record that nobody fills in by hand may be set closer, down to one line of 五号:
a form on one page is worth more to its readers than white.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qmsdocs.base.language import Language
from qmsdocs.render import blocks as pages
from qmsdocs.render import measure
from qmsdocs.render.blocks import Layout
from qmsdocs.render.context import Plain

PAGE = 297.0 - 15 - 32  # millimetres between the top margin of the first page and the foot
FOLLOWING = 297.0 - 26 - 32
HEAD = 7.0 + 8.0 + 5.5  # company, title, numbers
MOST_ROOM = 90.0
POINT = measure.MILLIMETRES_PER_POINT
LINE = 0.5 * POINT
SHORTER = (6, 3)  # lines of a long text, tried when a record does not stand on the one page of its form
SAFETY = 2.0
DOUBT = 5.0
NOTE_LEADING = 2.5  # points


@dataclass(frozen=True, slots=True)
class Level:
    """Heights in millimetres, lines in points; `text` is what a long text gets where there is room."""

    row: float
    bar: float
    sub: float
    sign: float
    text: float
    gap: float
    line: float
    small: float
    label: float
    above: float
    below: float
    side: float = pages.PADDING
    value: float = pages.BODY
    note: float = 7.5

    def css(self) -> Mapping[str, str]:
        """The values of the style sheet's placeholders."""
        signed = self.sign - 1.0 - LINE
        worked_out = {
            "inner": self.row - 2 * self.gap - LINE,
            "signed": signed,
            "pen": max(14.0, signed / POINT - 24),  # of the line to sign on: what the label and the date leave
            "note_line": self.note + NOTE_LEADING,
        }
        named = {name: getattr(self, name) for name in self.__slots__}
        return {name: f"{value:.3f}" for name, value in {**named, **worked_out}.items()}


LEVELS = (
    Level(9.0, 7.0, 7.0, 20.0, 35.0, 0.8, 16.0, 13.0, 13.5, 6.0, 4.0),
    Level(8.0, 7.0, 7.0, 18.0, 20.0, 0.6, 15.0, 12.5, 12.5, 6.0, 4.0),
    Level(7.0, 6.5, 6.0, 17.0, 12.0, 0.4, 14.0, 12.0, 12.0, 5.0, 3.0),
    Level(6.2, 6.0, 5.5, 15.0, 8.0, 0.3, 13.5, 11.5, 12.0, 3.0, 2.0),
    Level(5.6, 5.5, 5.0, 14.6, 8.0, 0.25, 13.0, 11.0, 11.5, 2.0, 1.5),
    Level(5.1, 5.0, 4.8, 14.6, 8.0, 0.25, 12.0, 11.0, 11.5, 1.5, 1.0, value=pages.SMALL, note=pages.TINY),
)
BY_HAND = LEVELS[:2]  # a pen needs 8 mm


@dataclass(frozen=True, slots=True)
class Fit:
    """The level, the height of each long text in millimetres (without padding), and whether one page holds it all.

    `tall` are the parts, counted from 0, that no page holds: they break where they must, all others stay whole.
    """

    level: Level
    room: Mapping[str, float]
    is_one_page: bool
    tall: frozenset[int] = frozenset()


def fits(layout: Layout, context: Mapping[str, Plain]) -> Iterator[Fit]:
    """From the roomiest level that ought to fit to tighter ones, at last one over several pages. Never empty.

    What is reckoned may be some millimetres wrong: the tightest level is proposed even where it seems too much by that.
    """
    levels = BY_HAND if context["blank"] else LEVELS
    for level in levels:
        reckoned = _Reckoning(layout, context, level)
        left = PAGE - reckoned.head() - reckoned.notes() - SAFETY - sum(sum(part) for part in reckoned.parts())
        if (left >= 0 and reckoned.has_room(left)) or (level is LEVELS[-1] and left >= -DOUBT):
            yield Fit(level, reckoned.inner(reckoned.rooms(max(0.0, left))), True)
    yield min((_several(layout, context, level) for level in levels[1:4]), key=lambda found: found[0])[1]


def _several(layout: Layout, context: Mapping[str, Plain], level: Level) -> tuple[int, Fit]:
    """How many pages a record takes at a level, and how it is set then."""
    reckoned = _Reckoning(layout, context, level)
    rooms, tall, count = reckoned.over_pages()
    return count, Fit(level, reckoned.inner(rooms), False, tall)


@dataclass(frozen=True, slots=True)
class _Reckoning:
    layout: Layout
    context: Mapping[str, Plain]
    level: Level

    def head(self) -> float:
        """What stands above the frame on the first page, and the frame's own lines."""
        further = self._lines(self.layout.title, pages.WIDTH, 18) - 1
        logo = 4.0 if self.context.get("logo") else 0.0
        return HEAD + logo + 8.0 * further + self.level.above + self.level.below + 3 * POINT

    def notes(self) -> float:
        """What stands below the frame: corrections, the course of the record, characters printed as codes."""
        found = [*_strings(self.context["notes"]), *(str(item["line"]) for item in _dicts(self.context["corrections"]))]
        acts = "；".join(f"{act['title']} {act['by']} {act['stamp']}" for act in _dicts(self.context["acts"]))
        if acts:
            found.append(f"{_mapping(self.context['labels'])['course']}：{acts}")
        points = self.level.note
        lines = sum(self._lines(note, pages.WIDTH, points) for note in found)
        return 1 + lines * (points + NOTE_LEADING) * POINT if lines else 0.0

    def parts(self) -> list[list[float]]:
        """The heights of the blocks by part, long texts at the least they need."""
        return [[self._height(block) for block in part] for part in self.layout.parts]

    def _texts(self, part: Sequence[pages.Block]) -> list[pages.LongText]:
        return [block for block in part if isinstance(block, pages.LongText)]

    def has_room(self, left: float) -> bool:
        """Whether the long texts get, on average, the height this level has for them."""
        texts = self._texts(self.layout.blocks)
        least = sum(self._text_height(block) for block in texts)
        wanted = sum(max(self._text_height(block), self.level.text) for block in texts)
        return left >= wanted - least

    def rooms(self, left: float, texts: Sequence[pages.LongText] | None = None) -> dict[str, float]:
        """The height of each long text when `left` is shared so that the smallest grow first."""
        chosen = self._texts(self.layout.blocks) if texts is None else texts
        heights = {block.field: self._text_height(block) for block in chosen}
        rest = left
        while heights and rest > 0.5:
            lowest = min(heights.values())
            if lowest >= MOST_ROOM:
                break
            growing = [name for name, height in heights.items() if height <= lowest + 0.01]
            above = min((height for height in heights.values() if height > lowest + 0.01), default=MOST_ROOM)
            step = min((above - lowest), rest / len(growing), MOST_ROOM - lowest)
            heights |= {name: heights[name] + step for name in growing}
            rest -= step * len(growing)
        return heights

    def inner(self, heights: Mapping[str, float]) -> dict[str, float]:
        """The heights less line and padding, as a style sheet counts them."""
        beside = {block.field: block.beside for block in self._texts(self.layout.blocks)}
        around = {True: 2 * self.level.gap + LINE, False: 3.0 + LINE}
        return {name: height - around[beside[name]] for name, height in heights.items()}

    def over_pages(self) -> tuple[dict[str, float], frozenset[int], int]:
        """The same page by page, which parts no page holds, how many pages: all but the last are filled."""
        found: dict[str, float] = {}
        waiting: list[pages.LongText] = []
        left, count = PAGE - self.head() - SAFETY, 1
        tall: set[int] = set()
        heights = [sum(part) + 1.5 * POINT for part in self.parts()]
        heights[-1] += self.notes()
        for position, (part, height) in enumerate(zip(self.layout.parts, heights, strict=True)):
            if height > (FOLLOWING - SAFETY if position else left):
                tall.add(position)
                count += math.ceil((height - left) / FOLLOWING)
                waiting, left = [], (left - height) % FOLLOWING  # its own texts stay as they are
                continue
            if height > left:
                found |= self.rooms(left, waiting)
                waiting, left, count = [], FOLLOWING - SAFETY, count + 1
            waiting += self._texts(part)
            left -= height
        rest = max(0.0, min(left, len(waiting) * self.level.text))
        least = self.rooms(0.0)
        return {**least, **found, **self.rooms(rest, waiting)}, frozenset(tall), count

    def _inside(self, width: float) -> float:
        """What a cell `width` mm wide leaves for text: columns share the inside of the frame, cells have a line."""
        return width * (1 - 3 * POINT / pages.WIDTH) - 2 * self.level.side - LINE

    def _lines(self, text: str, width: float, points: float) -> int:
        return measure.lines(text, width / (points * POINT))

    def _height(self, block: pages.Block) -> float:
        level = self.level
        match block:
            case pages.SectionBar():
                return level.bar + LINE
            case pages.Line(cells=cells):
                return max(self._cell(cell) for cell in cells)
            case pages.LongText():
                return self._text_height(block) + (
                    0 if block.beside else level.bar + LINE + (7.0 if block.signed_by else 0)
                )
            case pages.Table():
                return self._table(block)
            case pages.Matrix():
                return self._matrix(block)
            case pages.Signing(cells=cells):
                return level.sign + LINE + max(self._overlong(cell) for cell in cells)
            case pages.NoteBlock(text=text):
                return self._lines(text, pages.WIDTH - 2 * level.side, 9) * 13 * POINT + 2 + LINE

    def _overlong(self, cell: pages.SigningCell) -> float:
        """What a place to sign needs beyond its three lines."""
        width = self._inside(cell.width)
        labels = _mapping(self.context["labels"])
        act = _mapping(_mapping(self.context["sign"])[cell.steps[0]])
        title = f"{act['title']}{labels['slash_date']}" + ("" if act["mark"] else f"　{act['by']}")
        lines = self._lines(title, width, self._title) - 1
        if act["mark"]:
            lines += (
                self._lines(f"{labels['signed_electronically']} {act['stamp']}　{act['mark']}", width, pages.TINY) - 1
            )
        return lines * 12 * POINT

    @property
    def _title(self) -> float:
        """Points of labels: sans Latin is wider than the Times the widths are reckoned with."""
        return pages.BODY if self.layout.language is Language.ZH else pages.SMALL * 1.12

    def _row(self, content: float) -> float:
        return max(self.level.row, content + 2 * self.level.gap + LINE)

    def _labels(self, label: pages.Label) -> float:
        points = self.level.label if self.layout.language is Language.ZH else 11.0
        return len(label.lines) * points * POINT

    def _value(self, field: str) -> str:
        options = _mapping(self.context["o"])
        return str(options.get(field) or _mapping(self.context["f"]).get(field) or "")

    def _before(self, field: str) -> str:
        past = _mapping(self.context["past"]).get(field, [])
        return "".join(f"{item['text']}{item['mark']} " for item in _dicts(past))

    def _cell(self, cell: pages.Cell) -> float:
        level = self.level
        size, line = (cell.size, level.small) if cell.size < pages.BODY else (level.value, level.line)
        before, width = self._before(cell.field), self._inside(cell.value_width)
        if cell.kind is pages.Kind.OPTIONS:
            count = measure.packed(before + self._value(cell.field), width / (size * POINT))
        else:
            count = self._lines(before + self._value(cell.field), width, size)
        height = count * line * POINT
        why = str(_mapping(self.context["why"]).get(cell.field, ""))
        if why:
            height += self._lines(why, width, 7.5) * 10 * POINT
        return self._row(max(height, self._labels(cell.label)))

    def _text_height(self, block: pages.LongText) -> float:
        level = self.level
        width = self._inside(pages.WIDTH - (pages.LABEL if block.beside else 0))
        text = self._before(block.field) + self._value(block.field)
        if block.beside:
            height = self._lines(text, width, level.value) * level.line * POINT
            return max(8.0, self._row(max(height, self._labels(block.label))))
        return max(8.0, self._lines(text, width, pages.BODY) * 16 * POINT + 3 + LINE)

    def _table(self, block: pages.Table) -> float:
        level = self.level
        head = max(
            self._lines(column.title, column.width - 1.2, 9) * 11.5 * POINT
            + (self._lines("/".join(column.options), column.width - 1.2, 6.5) * 8 * POINT if column.options else 0)
            for column in block.columns
        )
        rows = sum(self._table_row(block, row) for row in _dicts(_mapping(self.context["rows"])[block.field]))
        return level.sub + LINE + head + 1.4 + LINE + rows

    def _table_row(self, block: pages.Table, row: Mapping[str, Plain]) -> float:
        cells = _mapping(row["cell"])
        counts = [self._lines(str(cells[column.name]), self._inside(column.width), 9) for column in block.columns]
        height = max(counts) * self.level.small * POINT
        if block.fixed:
            item = (
                self._lines(str(row["title"]), self._inside(block.item_width), self.level.value)
                * self.level.line
                * POINT
            )
            height = max(height, item)
        return self._row(height)

    def _matrix(self, block: pages.Matrix) -> float:
        level = self.level
        lines = max(len(grade.lines) for grade in block.grades)
        scores = 8 * POINT if any(grade.score for grade in block.grades) else 0
        height = level.sub + LINE + lines * 11.5 * POINT + scores + 1.4 + LINE
        for row in _dicts(_mapping(self.context["rows"])[block.field]):
            text = self._lines(str(row["title"]), self._inside(block.item_width), level.value) * level.line
            if block.remark:
                remark = str(_mapping(row["cell"])[block.remark.name])
                text = max(text, self._lines(remark, self._inside(block.remark.width), 9) * level.small)
            height += self._row(text * POINT)
        return height


def _mapping(value: Plain) -> Mapping[str, Plain]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Plain) -> list[dict[str, Plain]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _strings(value: Plain) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
