"""The comparison of two revisions as HTML for the PDF engine: title block, parameters, then the marked text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib import resources

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language, Text
from qmsdocs.render import redline
from qmsdocs.render.comparable import Kind
from qmsdocs.render.difference import Change, Compared, Illustration, LeftOut, Passage, Row, Table, folded
from qmsdocs.render.fonts import visible
from qmsdocs.render.html import columns, css_string, whole
from qmsdocs.render.line_difference import Mark, Marked, Piece
from qmsdocs.render.pdf import MOST_PIXELS
from qmsdocs.render.pictures import shape
from qmsdocs.render.redline import ChangedFile, ChangedValue, Difference

_TAGS = {Mark.KEPT: "", Mark.REMOVED: "del", Mark.ADDED: "ins"}
_FRAMES = {Change.KEPT: "kept", Change.REMOVED: "gone", Change.ADDED: "come"}
_COUNTS = {
    Language.ZH: '"第 " counter(page) " 页　共 " counter(pages) " 页"',
    Language.EN: '"page " counter(page) " of " counter(pages)',
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page ready for the engine: its HTML, and the pictures it asks for by name."""

    html: str
    pictures: Mapping[str, bytes] = field(repr=False)


def page(difference: Difference, *, is_whole: bool = False) -> Page:
    """The comparison as pages; `is_whole` shows what did not change too."""
    drawing = _Drawing(difference, is_whole, {})
    body = "".join(drawing.parts())
    title = f"{redline.TITLE.of(difference.language)} {difference.number} {redline.labels(difference)}"
    return Page(whole(difference.language, _text(title), _css(difference), body), drawing.pictures)


@cache
def _style() -> str:
    return (resources.files("qmsdocs.render") / "templates" / "redline.css").read_text("utf-8")


def _css(difference: Difference) -> str:
    box = "font-size: 9pt; line-height: 12pt;"
    what = f"{difference.number}　{redline.labels(difference)}"
    return (
        "@page { size: A4; margin: 24mm 20mm 20mm 25mm;"
        f" @top-left {{ content: {css_string(difference.organisation)}; {box} width: 50% }}"
        f" @top-right {{ content: {css_string(what)}; {box} width: 50% }}"
        f" @bottom-left {{ content: {css_string(redline.TITLE.of(difference.language))}; {box} }}"
        f" @bottom-right {{ content: {_COUNTS[difference.language]}; {box} }} }}\n{_style()}"
    )


def _text(text: str) -> str:
    return escape(visible(text)).replace("\n", "<br>")


def _line(line: Marked) -> str:
    return "".join(map(_piece, line))


def _piece(piece: Piece) -> str:
    said = _text(piece.text)
    for tag, is_so in (("b", piece.is_bold), ("code", piece.is_code), (_TAGS[piece.mark], piece.mark is not Mark.KEPT)):
        said = f"<{tag}>{said}</{tag}>" if is_so else said
    return said


@dataclass(frozen=True, slots=True)
class _Drawing:
    difference: Difference
    is_whole: bool
    pictures: dict[str, bytes]

    @property
    def language(self) -> Language:
        """The language of the page."""
        return self.difference.language

    def parts(self) -> Iterator[str]:
        """The whole page, part by part."""
        said = self.difference
        yield f"<h1>{_text(redline.TITLE.of(self.language))}</h1>"
        yield f'<p class="of">{_text(said.number)}　{_text(said.title)}</p>'
        yield self._head()
        yield f'<p class="say">{_text(redline.LEGEND.of(self.language))}</p>'
        yield from (f'<p class="say">{_text(note)}</p>' for note in said.notes)
        for title, first, values in redline.tables(said):
            yield self._values(values, title.of(self.language), first)
        if said.text:
            yield f"<h2>{_text(redline.TEXT.of(self.language))}</h2>"
            yield from self._blocks(said.text)
        if said.files:
            yield f"<h2>{_text(redline.FILES.of(self.language))}</h2>"
            for file in said.files:
                yield from self._file(file)

    def _head(self) -> str:
        titles = "".join(f"<th>{_text(title.of(self.language))}</th>" for title in (redline.OLD, redline.NEW))
        rows = "".join(
            f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in redline.head(self.difference)
        )
        widths = columns((22, 50, 50))
        return f'<table class="head">{widths}<thead><tr><th></th>{titles}</tr></thead><tbody>{rows}</tbody></table>'

    def _values(self, values: Sequence[ChangedValue], title: str, first: Text) -> str:
        heading = f"<h2>{_text(title)}</h2>"
        if not values:
            return f"{heading}<p>{_text(redline.UNCHANGED.of(self.language))}</p>"
        titles = (first, redline.KEY, redline.BEFORE, redline.NOW)
        head = "".join(f"<th>{_text(item.of(self.language))}</th>" for item in titles)
        rows = "".join(map(self._value, values))
        return f"{heading}<table>{columns((42, 36, 40, 40))}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def _value(self, value: ChangedValue) -> str:
        was, now = (_line(line) or "/" for line in redline.marked_values(value))
        key = f'<td class="mono">{_text(value.key)}</td>'
        return f"<tr><td>{_text(value.title)}</td>{key}<td>{was}</td><td>{now}</td></tr>"

    def _blocks(self, blocks: Sequence[Compared]) -> Iterator[str]:
        for block in blocks if self.is_whole else folded(blocks):
            match block:
                case LeftOut(count):
                    yield f'<p class="out">{_text(redline.LEFT_OUT.of(self.language).format(count=count))}</p>'
                case Passage():
                    yield _passage(block)
                case Table():
                    yield self._table(block)
                case Illustration():
                    yield self._illustration(block)

    def _table(self, table: Table) -> str:
        caption = (
            f'<p class="cap">{_text(table.label)} {_line(table.caption)}</p>' if table.label or table.caption else ""
        )
        head = f"<thead>{_row(table.head, 'th')}</thead>" if any(table.head.cells) else ""
        rows = "".join(
            self._left_out(row, len(table.columns)) if isinstance(row, LeftOut) else _row(row) for row in table.rows
        )
        widths = columns([column.weight for column in table.columns])
        drawn = f"<table>{widths}{head}<tbody>{rows}</tbody></table>" if table.columns else ""
        return f'<div class="{_classes(table.change)}">{caption}{drawn}</div>'

    def _left_out(self, row: LeftOut, count: int) -> str:
        said = redline.ROWS_LEFT_OUT.of(self.language).format(count=row.count)
        return f'<tr><td class="out" colspan="{count}">{_text(said)}</td></tr>'

    def _illustration(self, shown: Illustration) -> str:
        """One picture where it stayed, both where it was exchanged, each named."""
        there = redline.pictures(self.difference, shown)
        drawn = "".join(self._picture(*one, is_alone=len(there) == 1) for one in there)
        outcome = "" if shown.change is Change.KEPT else f"（{redline.OUTCOMES[shown.change].of(self.language)}）"
        caption = f'<p class="cap">{_text(shown.label)} {_line(shown.caption)}{_text(outcome)}</p>'
        return f'<div class="fig {_classes(shown.change)}">{drawn}{caption}</div>'

    def _picture(self, path: str, held: Mapping[str, bytes], change: Change, *, is_alone: bool) -> str:
        data = held.get(path)
        try:
            found = shape(data or b"", name=path)
        except QmsError:
            return f"<p>{_text(path)}</p>"
        if data is None or found.across * found.down > MOST_PIXELS:
            return f"<p>{_text(path)}</p>"
        name = f"{len(self.pictures)}.{found.extension}"
        self.pictures[name] = data
        title = (redline.OLD_PICTURE if change is Change.REMOVED else redline.NEW_PICTURE).of(self.language)
        said = "" if is_alone else f"<br>{_text(title)}"
        return f'<span class="one"><img class="{_FRAMES[change]}" src="{name}" alt="{_text(path)}">{said}</span>'

    def _file(self, file: ChangedFile) -> Iterator[str]:
        outcome = redline.OUTCOMES[file.change].of(self.language)
        yield f'<p class="h">{_text(file.path)}（{_text(outcome)}）</p>'
        yield from self._blocks(file.lines)


def _classes(change: Change) -> str:
    return "b" if change is Change.KEPT else "b bar"


def _passage(passage: Passage) -> str:
    label = f'<span class="n">{_line(passage.label)}</span>' if passage.label else ""
    match passage.kind:
        case Kind.HEADING:
            own, style = f" h l{passage.level}", ""
        case Kind.VERBATIM:
            own, style = " pre", f"text-indent:0;margin-left:{passage.level * 2}em"
        case Kind.ITEM:
            own, style = "", f"margin-left:{passage.level * 2 + 2}em;text-indent:-1.4em"
        case _:
            own, style = "", f"margin-left:{passage.level * 2}em;text-indent:2em" if not passage.level else ""
    inside = f'<div style="{style}">' if style else "<div>"
    return f'<div class="{_classes(passage.change)}{own}">{inside}{label}{_line(passage.line)}</div></div>'


def _row(row: Row, tag: str = "td") -> str:
    return f"<tr>{''.join(f'<{tag}>{_line(cell)}</{tag}>' for cell in row.cells)}</tr>"
