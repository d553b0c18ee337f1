"""The comparison of two revisions for the terminal: marks that read without colour too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qmsdocs.render import redline
from qmsdocs.render.comparable import Kind
from qmsdocs.render.difference import Change, Compared, Illustration, LeftOut, Passage, Row, Table, folded
from qmsdocs.render.line_difference import Mark, Marked, Piece, compared_text
from qmsdocs.render.redline import ChangedFile, ChangedValue, Difference

_SIGNS = {Change.KEPT: " ", Change.CHANGED: "~", Change.REMOVED: "-", Change.ADDED: "+"}
_AROUND = {Mark.KEPT: ("", ""), Mark.REMOVED: ("[-", "-]"), Mark.ADDED: ("{+", "+}")}
_COLOURS = {Mark.KEPT: "", Mark.REMOVED: "\x1b[31m", Mark.ADDED: "\x1b[32m"}
_BOLD, _GREY, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def text(difference: Difference, *, is_whole: bool = False, is_coloured: bool = False) -> str:
    """The comparison as lines; `is_whole` shows what did not change too."""
    return "\n".join(line.rstrip() for line in _Writing(difference, is_whole, is_coloured).lines())


class _Writing:
    def __init__(self, difference: Difference, is_whole: bool, is_coloured: bool) -> None:
        self.difference, self.is_whole, self.is_coloured = difference, is_whole, is_coloured
        self.language = difference.language

    def lines(self) -> Iterator[str]:
        """The comparison line by line."""
        said = self.difference
        yield self._styled(_BOLD, _shown(f"{said.number} {said.title}  {redline.labels(said)}"))
        for what, before, after in redline.head(said)[1:]:
            if (before, after) != ("/", "/"):
                yield _shown(f"  {what}: {before} → {after}")
        yield from (_shown(note) for note in said.notes)
        for title, _, values in redline.tables(said):
            yield from self._values(values, title.of(self.language))
        if said.text:
            yield from self._title(redline.TEXT.of(self.language))
            yield from self._blocks(said.text)
        if said.files:
            yield from self._title(redline.FILES.of(self.language))
            for file in said.files:
                yield from self._file(file)

    def _styled(self, style: str, shown: str) -> str:
        return f"{style}{shown}{_PLAIN}" if self.is_coloured and style else shown

    def _title(self, title: str) -> Iterator[str]:
        yield ""
        yield self._styled(_BOLD, title)

    def _values(self, values: Sequence[ChangedValue], title: str) -> Iterator[str]:
        yield from self._title(title)
        if not values:
            yield f"  {redline.UNCHANGED.of(self.language)}"
        for value in values:
            change = Change.ADDED if not value.old else Change.REMOVED if not value.new else Change.CHANGED
            line = self._line(compared_text(value.old, value.new))
            yield f"{_SIGNS[change]} {_shown(value.title)} ({_shown(value.key)}): {line}"

    def _piece(self, piece: Piece) -> str:
        before, after = _AROUND[piece.mark]
        shown = f"{before}{_shown(piece.text)}{after}"
        return self._styled(_COLOURS[piece.mark], shown)

    def _line(self, line: Marked) -> str:
        return "".join(map(self._piece, line))

    def _blocks(self, blocks: Sequence[Compared]) -> Iterator[str]:
        heading = ""
        for block in blocks if self.is_whole else folded(blocks):
            if heading and not isinstance(block, LeftOut):
                yield heading
            before, heading = heading, ""
            match block:
                case LeftOut(count):
                    said = self._styled(_GREY, redline.LEFT_OUT.of(self.language).format(count=count))
                    yield f"{before or '   '} {said}"
                case Passage(kind=Kind.HEADING):
                    heading = self._heading(block)
                case Passage():
                    yield self._passage(block)
                case Table():
                    yield from self._table(block)
                case Illustration():
                    yield self._illustration(block)
        if heading:
            yield heading

    def _heading(self, heading: Passage) -> str:
        label = f"{self._line(heading.label)} " if heading.label else ""
        bold = _BOLD if self.is_coloured else ""
        words = f"{bold}{label}{bold}{self._line(heading.line)}{_PLAIN if self.is_coloured else ''}"
        return f"{_SIGNS[heading.change]} {words}"

    def _passage(self, passage: Passage) -> str:
        sign = _SIGNS[passage.change]
        label = f"{self._line(passage.label)} " if passage.label else ""
        line = self._line(passage.line)
        return f"{sign} {'  ' * (passage.level + 1)}{label}{line}"

    def _table(self, table: Table) -> Iterator[str]:
        if table.label or table.caption:
            yield f"{_SIGNS[table.change]}   {_shown(table.label)} {self._line(table.caption)}"
        for row in (table.head, *table.rows):
            match row:
                case LeftOut(count):
                    said = redline.ROWS_LEFT_OUT.of(self.language).format(count=count)
                    yield self._styled(_GREY, f"    {said}")
                case Row(cells, change) if any(cells):
                    yield f"{_SIGNS[change]}   | {' | '.join(map(self._line, cells))} |"

    def _illustration(self, shown: Illustration) -> str:
        paths = " → ".join(dict.fromkeys(path for path in (shown.old, shown.new) if path))
        outcome = redline.OUTCOMES[shown.change].of(self.language)
        caption = self._line(shown.caption)
        return f"{_SIGNS[shown.change]}   {_shown(shown.label)} {caption} <{_shown(paths)}> ({outcome})"

    def _file(self, file: ChangedFile) -> Iterator[str]:
        yield f"{_SIGNS[file.change]} {_shown(file.path)} ({redline.OUTCOMES[file.change].of(self.language)})"
        yield from self._blocks(file.lines)


def _shown(text: str) -> str:
    """`text` without anything a terminal would obey; a line feed stands as ⏎."""
    return "".join(_sign(sign) for sign in text)


def _sign(sign: str) -> str:
    if sign == "\n":
        return "⏎"
    return sign if sign.isprintable() or sign in "\t　\u00a0" else f"\\u{ord(sign):04x}"
