"""The frame of a form as Word tables with tags, from the same blocks as every other medium."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from qmsdocs.base.language import Language
from qmsdocs.render import measure, word
from qmsdocs.render.blocks import (
    BODY,
    LABEL,
    NUMBER_COLUMN,
    WIDTH,
    Block,
    Cell,
    Column,
    Kind,
    Label,
    Layout,
    Line,
    LongText,
    Matrix,
    NoteBlock,
    SectionBar,
    Signing,
    SigningCell,
    Table,
)
from qmsdocs.render.fit import Level
from qmsdocs.render.word import paragraph, run, words

SIGNED_LINE = 7.0
LABEL_SIDE, HEAD_SIDE = 0.8, 0.5
LABEL_SIZE = {Language.ZH: BODY, Language.EN: 9.0}
_WIDER = {Language.ZH: 1.0, Language.EN: 1.2}  # a sans face than the one text is measured by
_CENTRED = frozenset({Kind.NUMBER, Kind.TICK})
_STYLES_IN_ROWS = {Kind.DATE: "QmsDate", **dict.fromkeys((Kind.NUMBER, Kind.TICK, Kind.OPTIONS), "QmsSmallCentred")}
_POINT = measure.MILLIMETRES_PER_POINT


@dataclass(frozen=True, slots=True)
class Page:
    """How the page is set: heights of `level`; `room` gives the height of a long text, in twips or as a tag.

    `kept` are the parts, counted from 0, that stay on one page; None where the whole form does.
    """

    layout: Layout
    level: Level
    room: Callable[[str], str]
    reasoned: frozenset[str]
    kept: frozenset[int] | None

    @property
    def language(self) -> Language:
        """The language of the page."""
        return self.layout.language


@dataclass(slots=True)
class _Segment:
    """Rows that make one table; `keeps`: it stays with what follows, `ends_part`: a page may well end below it."""

    rows: list[word.Row]
    keeps: bool = False
    ends_part: bool = False


def frame(page: Page) -> Iterator[str]:
    """The tables of the form one below the other, looking like one."""
    segments = list(_segments(page))
    for position, segment in enumerate(segments):
        is_first, is_last = position == 0, position == len(segments) - 1
        top = word.THICK if is_first else word.PART if segments[position - 1].ends_part else word.JOINT
        bottom = word.THICK if is_last else word.PART if segment.ends_part else word.JOINT
        rows = segment.rows
        if segment.keeps:
            rows = [replace(row, keeps=row is not rows[-1] or not segment.ends_part) for row in rows]
        yield word.table(rows, top=top, bottom=bottom, padding=page.level.gap)
        if not is_last:
            keep = "<w:keepNext/>" if segment.keeps and not segment.ends_part else ""
            yield paragraph("QmsJoint", properties=f"{keep}<w:rPr><w:vanish/></w:rPr>")


def _segments(page: Page) -> list[_Segment]:
    found: list[_Segment] = []
    is_open = False
    for number, part in enumerate(page.layout.parts):
        keeps = page.kept is not None and number in page.kept
        for block in part:
            rows = list(_rows(page, block))
            is_alone = isinstance(block, Table | Matrix)
            if is_alone and found and found[-1].rows[-1].is_bar:
                rows.insert(0, replace(found[-1].rows.pop(), repeated=True))  # it goes with its table, on every page
                if not found[-1].rows:
                    found.pop()
            if is_open and not is_alone:
                found[-1].rows += rows
            else:
                found.append(_Segment(rows, keeps))
            is_open = not is_alone
        if page.kept is not None and found:
            found[-1].ends_part, is_open = True, False
    return found


def _rows(page: Page, block: Block) -> Iterator[word.Row]:
    match block:
        case SectionBar(title=title):
            yield _bar(page, title)
        case Line(cells=cells):
            yield word.Row(tuple(part for cell in cells for part in _line(page, cell)), _height(page.level.row))
        case LongText():
            yield from _long_text(page, block)
        case Table():
            yield from _table(page, block)
        case Matrix():
            yield from _matrix(page, block)
        case Signing(cells=cells):
            alone = len(cells) == 1
            places = (
                (word.Cell(WIDTH, _place_alone(cells[0])),)
                if alone
                else tuple(word.Cell(cell.width, _place(cell), align="top") for cell in cells)
            )
            yield word.Row(places, _height(page.level.sign))
        case NoteBlock(text=text):
            yield word.Row((word.Cell(WIDTH, paragraph("QmsSay", run(words(text)))),), splits=True)


def _height(millimetres: float) -> str:
    return str(word.twips(millimetres))


def _bar(page: Page, title: str) -> word.Row:
    cell = word.Cell(WIDTH, paragraph("QmsBar", run(words(title))), shaded=True)
    return word.Row((cell,), _height(page.level.bar), is_bar=True)


def _label(label: Label, language: Language) -> str:
    if label.spread:
        first = run(words(label.text[0]), properties=_spaced(2 * BODY))
        return paragraph("QmsLabel", first, run(words(label.text[1:])))
    widest = max(label.lines, key=measure.ems)
    room = LABEL - 2 * LABEL_SIDE - 0.8
    excess = measure.millimetres(widest, LABEL_SIZE[language]) * _WIDER[language] - room
    closer = _spaced(-excess / _POINT / len(widest)) if excess > 0 else ""
    return paragraph("QmsLabel", run("\n".join(words(line) for line in label.lines), properties=closer))


def _spaced(points: float) -> str:
    return f'<w:spacing w:val="{math.floor(points * 20)}"/>'


def _line(page: Page, cell: Cell) -> Iterator[word.Cell]:
    yield word.Cell(cell.label_width, _label(cell.label, page.language), side=LABEL_SIDE)
    is_small = cell.size < BODY
    if cell.kind in _CENTRED:
        style = "QmsSmallCentred" if is_small else "QmsCentred"
    else:
        style = "QmsSmall" if is_small else "QmsValue"
    yield word.Cell(cell.value_width, _value(page, cell.field, cell.expression, style))


def _value(page: Page, field: str, expression: str, style: str) -> str:
    """What was corrected, struck, before what holds now; below it why a derived value is so."""
    past = (run(f"{{% for was in past.{field} %}}"), run("{{ was.text }}", style="QmsOld"))
    now = run(f"{{{{ was.mark }}}} {{% endfor %}}{{{{ {expression} }}}}")
    text = paragraph(style, *past, now)
    if field not in page.reasoned:
        return text
    why = paragraph("QmsWhy", run(f"{{{{ why.{field} }}}}"))
    begins, ends = (word.block_tag(tag, "QmsWhy") for tag in (f"{{%p if why.{field} %}}", "{%p endif %}"))
    return f"{text}{begins}{why}{ends}"


def _long_text(page: Page, block: LongText) -> Iterator[word.Row]:
    if block.beside:
        value = _value(page, block.field, block.expression, "QmsValue")
        cells = (word.Cell(LABEL, _label(block.label, page.language), side=LABEL_SIDE), word.Cell(WIDTH - LABEL, value))
        yield word.Row(cells, page.room(block.field), splits=True)
        return
    yield _bar(page, block.label.text)
    text = _value(page, block.field, block.expression, "QmsText")
    is_signed = bool(block.signed_by)
    yield word.Row((word.Cell(WIDTH, text, align="top", open_below=is_signed),), page.room(block.field), splits=True)
    for position, step in enumerate(block.signed_by, 1):
        signed = word.Cell(
            WIDTH, _signed_line(step), align="bottom", open_above=True, open_below=position < len(block.signed_by)
        )
        yield word.Row((signed,), _height(SIGNED_LINE))


def _signed_line(step: str) -> str:
    act = f"sign.{step}"
    by = f"{{% if {act}.done %}}{{{{ {act}.by }}}}{{% else %}}{'　' * 9}{{% endif %}}"
    day = (
        f"{{{{ labels.date }}}}{{{{ labels.colon }}}}{{% if {act}.done %}}{{{{ {act}.date }}}}"
        "{% else %}{{ labels.open_date }}{% endif %}"
    )
    return paragraph("QmsSigned", run(f"{{{{ {act}.title }}}}{{{{ labels.colon }}}}{by}　　　{day}"))


def _subtitle(page: Page, field: str, title: str) -> word.Row:
    text = paragraph("QmsSub", run(f"{words(title)} {{{{ mark.{field} }}}}"))
    return word.Row((word.Cell(WIDTH, text),), _height(page.level.sub), repeated=True)


def _head(title: str, small: str = "") -> str:
    return paragraph("QmsHead", run(words(title))) + (paragraph("QmsTiny", run(words(small))) if small else "")


def _heads(cells: Sequence[tuple[float, str]]) -> word.Row:
    made = tuple(word.Cell(width, content, shaded=True, side=HEAD_SIDE) for width, content in cells)
    return word.Row(made, repeated=True)


def _loop(tag: str) -> word.Row:
    return word.Row((word.Cell(WIDTH, word.block_tag(tag, "QmsSmall")),))


def _table(page: Page, block: Table) -> Iterator[word.Row]:
    yield _subtitle(page, block.field, block.title)
    first = (block.item_width, "{{ labels.item }}") if block.fixed else (NUMBER_COLUMN, "{{ labels.no }}")
    heads = [(first[0], paragraph("QmsHead", run(first[1])))]
    heads += [(column.width, _head(column.title, "/".join(column.options))) for column in block.columns]
    yield _heads(heads)
    if block.fixed:
        lead = paragraph("QmsValue", run("{{ row.title }}"))
    else:
        lead = paragraph("QmsSmallCentred", run("{{ row.no }}"))
    cells = [word.Cell(first[0], lead), *(_table_cell(column) for column in block.columns)]
    yield _loop(f"{{%tr for row in {block.expression} %}}")
    yield word.Row(tuple(cells), _height(page.level.row))
    yield _loop("{%tr endfor %}")


def _table_cell(column: Column) -> word.Cell:
    style = _STYLES_IN_ROWS.get(column.kind, "QmsSmall")
    side = HEAD_SIDE if column.kind in _STYLES_IN_ROWS else word.SIDE
    return word.Cell(column.width, paragraph(style, run(f"{{{{ {column.expression} }}}}")), side=side)


def _matrix(page: Page, block: Matrix) -> Iterator[word.Row]:
    yield _subtitle(page, block.field, block.title)
    heads = [(block.item_width, paragraph("QmsHead", run("{{ labels.item }}")))]
    cells = [word.Cell(block.item_width, paragraph("QmsValue", run("{{ row.title }}")))]
    for grade in block.grades:
        heads.append((block.grade_width, _head("\n".join(grade.lines), grade.score or "")))
        tick = run(f"{{{{ row.tick.{block.column}.{grade.key} }}}}")
        cells.append(word.Cell(block.grade_width, paragraph("QmsSmallCentred", tick)))
    if block.remark is not None:
        heads.append((block.remark.width, _head(block.remark.title)))
        cells.append(_table_cell(block.remark))
    yield _heads(heads)
    yield _loop(f"{{%tr for row in {block.expression} %}}")
    yield word.Row(tuple(cells), _height(page.level.row))
    yield _loop("{%tr endfor %}")


def _place(cell: SigningCell) -> str:
    """Title and name; signed electronically: when, and the mark; else a line to sign on and one for the date."""
    act = cell.expression
    taken = run(f"{{% if not {act}.mark %}}　{{{{ {act}.by }}}}{{% endif %}}", style="QmsFilled")
    day = f"{{{{ labels.date }}}}{{{{ labels.colon }}}}{{% if {act}.done %}}{{{{ {act}.date }}}}{{% endif %}}"
    signed = f"{{{{ labels.signed_electronically }}}} {{{{ {act}.stamp }}}}　{{{{ {act}.mark }}}}"
    return "".join(
        (
            paragraph("QmsPlace", run(f"{{{{ {act}.title }}}}{{{{ labels.slash_date }}}}"), taken),
            word.block_tag(f"{{%p if {act}.mark %}}", "QmsName"),
            paragraph("QmsName", run(f"{{{{ {act}.by }}}}")),
            paragraph("QmsMark", run(signed)),
            word.block_tag("{%p else %}", "QmsName"),
            paragraph("QmsSignature", run("{{ labels.signature }}{{ labels.colon }}")),
            paragraph("QmsFoot", run(day)),
            word.block_tag("{%p endif %}", "QmsName"),
        )
    )


def _place_alone(cell: SigningCell) -> str:
    """The same side by side."""
    act = cell.expression
    stops = "".join(f'<w:tab w:val="left" w:pos="{word.twips(at)}"/>' for at in (50, 110))
    signed = f"{{{{ labels.signed_electronically }}}} {{{{ {act}.stamp }}}}　{{{{ {act}.mark }}}}"
    how = f"{{% if {act}.mark %}}{signed}{{% else %}}{{{{ labels.signature }}}}{{{{ labels.colon }}}}{{% endif %}}"
    day = f"{{% if {act}.done %}}{{{{ {act}.date }}}}{{% endif %}}"
    when = f"{{% if not {act}.mark %}}{{{{ labels.date }}}}{{{{ labels.colon }}}}{day}{{% endif %}}"
    by = run(f"　{{{{ {act}.by }}}}", style="QmsFilled")
    title = run(f"{{{{ {act}.title }}}}{{{{ labels.slash_date }}}}")
    small = '<w:sz w:val="18"/>'
    pieces = (title, by, word.tab(), run(how, style="QmsFilled", properties=small), word.tab())
    last = run(when, style="QmsFilled", properties=small)
    return paragraph("QmsPlace", *pieces, last, properties=f"<w:tabs>{stops}</w:tabs>")
