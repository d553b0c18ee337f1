"""On which page each heading of a controlled document comes to stand, reckoned before Word does it exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qmsdocs.render import document_docx_styles as styles
from qmsdocs.render import document_words as words
from qmsdocs.render import measure
from qmsdocs.render.document_docx_body import SMALL_TABLE, TALLEST, bookmark, column_widths, fitted
from qmsdocs.render.document_docx_front import RECORD_ROW, chapter_mark
from qmsdocs.render.document_sheet import DocumentSheet
from qmsdocs.render.prose import Block, Chart, Drawing, Grid, Heading, Line, Listing, Paragraph, Picture, plain

_POINT = measure.MILLIMETRES_PER_POINT
_BOTTOM = 22.0
_HEIGHT = 297.0
_CHAPTER = 15.0  # of its title
_BELOW_TABLE = 10.0  # points, its outer borders among them
_SLACK = 0.1
_TOGETHER = 2  # lines of a paragraph
_SUMMARY = 4  # the column of what changed, the one that may take several lines


def _em(points: float) -> float:
    return points * _POINT


@dataclass(slots=True)
class _Paper:
    """Where writing has got to: the page, and millimetres from the top of its text. Headings wait for what follows."""

    room: float
    page: int = 1
    at: float = 0.0
    found: dict[str, int] = field(default_factory=dict)
    waiting: list[tuple[str, float, float, float]] = field(default_factory=list)
    below: float = 0.0  # a paragraph
    gap: float = 0.0  # asked for by what was written last; of two gaps that meet the larger counts

    def turn(self) -> None:
        self.page, self.at, self.gap = self.page + 1, 0.0, 0.0

    def keep(self, name: str, before: float, height: float, after: float) -> None:
        """Nothing; the heading `name` stays with what follows."""
        self.waiting.append((name, before, height, after))

    def settle(self, needed: float) -> None:
        """Nothing; the headings that wait stand on this page, or on the next where with `needed` they do not fit."""
        if self.at and self.at + self._kept() + needed > self.room + _SLACK:
            self.turn()
            if self.waiting:  # no gap above the first line of a page that nobody asked for
                name, _, height, after = self.waiting[0]
                self.waiting[0] = (name, 0.0, height, after)
        self.at += self._kept()
        self.found.update((name, self.page) for name, *_ in self.waiting)
        self.waiting.clear()
        self.gap = 0.0

    def _kept(self) -> float:
        """The height of the headings that wait, with the gaps around them."""
        gap, height = self.gap, 0.0
        for _, before, line, after in self.waiting:
            height, gap = height + max(gap, before) + line, after
        return height + gap

    def put(self, height: float, needed: float = 0.0) -> None:
        """Nothing; what is `height` high stands where at least `needed` is left."""
        self.settle(max(height, needed))
        self.at += height

    def flow(self, line: float, count: int) -> None:
        """Nothing; a paragraph of `count` lines runs over pages, two of them staying together."""
        self.settle(line * (count if count <= _TOGETHER + 1 else _TOGETHER))
        while count:
            free = int((self.room - self.at + _SLACK) / line)
            here = count if count <= free else max(0, min(free, count - _TOGETHER))
            if self.at == 0.0:
                here = max(here, 1)
            self.at += here * line
            count -= here
            if count:
                self.turn()


def heading_pages(sheet: DocumentSheet, header_height: float) -> Mapping[str, int]:
    """The page of each heading and chapter by the name of its place."""
    below = styles.paragraph_after(sheet.language) * _POINT
    paper = _Paper(_HEIGHT - _BOTTOM - header_height, page=2, below=below)
    _records(paper, sheet)
    entries = _entries(sheet)
    if entries:
        paper.turn()
        paper.put(styles.RECORD_TITLE * _POINT)
        for _ in range(entries):
            paper.put(styles.CONTENTS_LINE * _POINT)
    if sheet.blocks:
        paper.turn()
        _blocks(paper, sheet.blocks, sheet.pictures, 0)
        paper.settle(0.0)
    for count, chapter in enumerate(sheet.chapters, 1):
        paper.turn()
        paper.keep(chapter_mark(count), 0.0, _CHAPTER, 0.0)
        _blocks(paper, chapter.blocks, chapter.pictures, count)
        paper.settle(0.0)
    return paper.found


def _records(paper: _Paper, sheet: DocumentSheet) -> None:
    for record in words.records(sheet):
        counts = [1] * len(record.rows)
        if record.title is words.HISTORY:
            summary = max(1.0, (record.widths[_SUMMARY] - 1) / _em(styles.RECORD))
            counts = [measure.lines(row[_SUMMARY], summary) for row in record.rows]
        paper.put(styles.RECORD_TITLE * _POINT, styles.RECORD_TITLE * _POINT + 2 * RECORD_ROW)
        for count in (1, *counts):
            paper.put(max(RECORD_ROW, count * styles.RECORD_LINE * _POINT + 0.8))


def _entries(sheet: DocumentSheet) -> int:
    levels = [(sheet.blocks, 1), *((chapter.blocks, 2) for chapter in sheet.chapters)]
    listed = sum(
        1
        for blocks, first in levels
        for block in blocks
        if isinstance(block, Heading) and block.level + first - 1 <= words.CONTENTS_LEVEL
    )
    return listed + len(sheet.chapters)


def _blocks(
    paper: _Paper, blocks: Sequence[Block], pictures: Mapping[str, bytes], section: int, inset: float = 0.0
) -> None:
    for block in blocks:
        match block:
            case Heading():
                _heading(paper, block, section)
            case Paragraph(line=line):
                is_indented = not inset and not paper.below
                paper.flow(styles.LINE * _POINT, _lines(line, styles.TEXT_WIDTH - inset, 2 if is_indented else 0))
                paper.gap = 0.0 if inset else paper.below
            case Listing(items=items):
                deeper = inset + _em(styles.BODY) * (1.8 if inset else 3.8)
                for item in items:
                    _blocks(paper, item, pictures, section, deeper)
            case Grid():
                _grid(paper, block)
            case Picture(path=path):
                data = pictures.get(path)
                paper.put(_figure(fitted(data, name=path, width=styles.TEXT_WIDTH, height=TALLEST)[1]) if data else 0.0)
            case Drawing(chart=chart):
                paper.put(_figure(_chart_height(chart)))
            case _:
                paper.flow(16 * _POINT, block.text.count("\n") + 1)


def _heading(paper: _Paper, heading: Heading, section: int) -> None:
    before = styles.HEADING_BEFORE if heading.level == 1 else styles.SECOND_BEFORE if heading.level == 2 else 0.0
    after = styles.HEADING_AFTER if heading.level == 1 else 0.0
    line = (before, styles.LINE, after)
    paper.keep(bookmark(section, heading), *(points * _POINT for points in line))


def _lines(line: Line, width: float, indent: int) -> int:
    return measure.lines("　" * indent + plain(line), math.floor(width / _em(styles.BODY) * 2) / 2)


def _grid(paper: _Paper, grid: Grid) -> None:
    rows = [grid.head, *grid.rows] if grid.head else [*grid.rows]
    if not rows:
        return
    widths = column_widths(grid, max(map(len, rows)))
    room = [max(1.0, (width - 3) / _em(styles.CELL)) for width in widths]
    counts = [max(measure.lines(plain(cell), ems) for cell, ems in zip(row, room, strict=False)) for row in rows if row]
    heights = [count * styles.CELL_LINE * _POINT + 1.8 for count in counts]
    together = len(heights) if len(grid.rows) <= SMALL_TABLE else 2 + bool(grid.head)
    needed = sum(heights[:together])
    caption = (styles.CAPTION_LINE + 4) * _POINT if grid.number else 0.0
    if caption:
        paper.put(caption, caption + needed)
    for height in heights:
        paper.put(height, needed)
        needed = 0.0
    paper.put(_BELOW_TABLE * _POINT)


def _figure(height: float) -> float:
    return height + (styles.CAPTION_LINE + 12) * _POINT


def _chart_height(chart: Chart) -> float:
    from qmsdocs.render.chart_figure import figure

    return figure(chart, width=styles.TEXT_WIDTH).height
