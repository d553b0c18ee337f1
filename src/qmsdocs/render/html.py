"""The page of a form as a Jinja template in HTML, from the same blocks as every other medium; what all pages share."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from importlib import resources
from string import Template

from qmsdocs.base.language import Language
from qmsdocs.render.blocks import (
    BODY,
    LABEL,
    NUMBER_COLUMN,
    VALUE,
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
from qmsdocs.render.fonts import visible
from qmsdocs.render.layout import is_spaced

_CENTRED = frozenset({Kind.NUMBER, Kind.DATE, Kind.TICK, Kind.OPTIONS})
_CLASSES = {Kind.TEXT: "", Kind.NUMBER: "n", Kind.DATE: "", Kind.DATETIME: "", Kind.OPTIONS: "b", Kind.TICK: "n"}


def html_template(layout: Layout) -> str:
    """The Jinja source of the page of `layout`; it asks for what `context` gives, and for `qr`, `logo` and `room`."""
    body = "\n".join(_part(part, at) for at, part in enumerate(layout.parts))
    shell = _file("form.html").replace("%wide%", ' class="wide"' if is_spaced(layout.title) else "")
    return shell.replace("%blocks%", body)


@cache
def base_css() -> str:
    """Faces, lines and colours of every page; pages that are no forms build on it."""
    return _file("base.css")


def whole(language: Language, title: str, css: str, body: str) -> str:
    """A page that is no form as the engine reads it: `title` and `body` are HTML, `css` is its own style sheet."""
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if language is Language.ZH else "en"}"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{css}</style></head>\n<body>{body}</body></html>\n"
    )


def css_string(text: str) -> str:
    """`text` as a CSS string; what no face can print stands as its code point."""
    return '"' + "".join(sign if sign.isalnum() or sign == " " else f"\\{ord(sign):x} " for sign in visible(text)) + '"'


def data_address(kind: str, data: bytes) -> str:
    """An address that holds `data` itself, of the media type `kind`."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def columns(weights: Sequence[float], *, places: int = 3) -> str:
    """The columns of a table as shares of its inside, which is narrower than the text by the lines around it."""
    whole = sum(weights) or 1
    return (
        "<colgroup>" + "".join(f'<col style="width:{weight / whole:.{places}%}">' for weight in weights) + "</colgroup>"
    )


@cache
def form_css(level: Level) -> str:
    """The style sheet of form pages set at `level`."""
    return base_css() + Template(_file("form.css")).substitute(level.css())


@cache
def _file(name: str) -> str:
    return (resources.files("qmsdocs.render") / "templates" / name).read_text("utf-8")


def _part(part: Sequence[Block], position: int) -> str:
    """The blocks of one part; consecutive lines become one table, so that their walls stand above each other."""
    found: list[str] = []
    rows: list[str] = []
    for block in part:
        if isinstance(block, Line) or (isinstance(block, LongText) and block.beside):
            rows.append(_line(block) if isinstance(block, Line) else _beside(block))
            continue
        found += _grid(rows)
        rows = []
        found.append(_block(block))
    found += _grid(rows)
    text = "\n".join(found)
    return f'<div class="part{{% if tall.p{position} %}} tall{{% endif %}}">\n{text}\n</div>'


def _grid(rows: Sequence[str]) -> Iterator[str]:
    if rows:
        widths = (LABEL, VALUE, LABEL, VALUE)
        yield f'<table class="g">{columns(widths, places=4)}<tbody>\n' + "\n".join(rows) + "\n</tbody></table>"


def _block(block: Block) -> str:
    match block:
        case SectionBar(title=title):
            return f'<div class="bar hei">{_words(title)}</div>'
        case LongText():
            return _long_text(block)
        case Table():
            return _table(block)
        case Matrix():
            return _matrix(block)
        case Signing():
            return _signing(block)
        case NoteBlock(text=text):
            return f'<div class="say">{_words(text)}</div>'
        case Line():
            raise TypeError("lines stand in a table of their own")


def _words(text: str) -> str:
    """Words of the form itself as they stand in a template: escaped for HTML, and no tag of Jinja even by accident."""
    escaped = escape(text)
    return escaped.replace("{", "&#123;").replace("}", "&#125;")


def _label(label: Label) -> str:
    if label.spread:
        return f'<span class="s">{_words(label.text[0])}</span>{_words(label.text[1:])}'
    return "<br>".join(_words(line) for line in label.lines)


def _line(line: Line) -> str:
    return "<tr>" + "".join(_cell(cell) for cell in line.cells) + "</tr>"


def _cell(cell: Cell) -> str:
    classes = [_CLASSES[cell.kind]] if _CLASSES[cell.kind] else []
    if cell.size < BODY:
        classes.append("x")
    span = ' colspan="3"' if cell.value_width > VALUE else ""
    chosen = f' class="{" ".join(classes)}"' if classes else ""
    value = _value(cell.field, cell.expression, whole=cell.is_one_line)
    return f"<th>{_label(cell.label)}</th><td{chosen}{span}>{value}</td>"


def _value(field: str, expression: str, *, whole: bool = False) -> str:
    """What was corrected, struck, before what holds now; below it why a derived value is so."""
    past = f"{{% for was in past.{field} %}}<s>{{{{ was.text }}}}</s>{{{{ was.mark }}}} {{% endfor %}}"
    why = f'{{% if why.{field} %}}<div class="why">{{{{ why.{field} }}}}</div>{{% endif %}}'
    if not expression.startswith("o."):
        return f"{past}{{{{ {expression} }}}}{why}"
    if whole:
        return f"{past}<span>{{{{ {expression} }}}}</span>{why}"
    boxes = f"{{% for box in options.{field} %}}<span>{{{{ box.box }}}}{{{{ box.text }}}}</span> {{% endfor %}}"
    return f'{past}{boxes}{{% if f.{field} == "/" %}}/{{% endif %}}{why}'


def _beside(block: LongText) -> str:
    return (
        f'<tr><th>{_label(block.label)}</th><td colspan="3" style="height:{{{{ room.{block.field} }}}}mm">'
        f"{_value(block.field, block.expression)}</td></tr>"
    )


def _long_text(block: LongText) -> str:
    bar = f'<div class="bar hei">{_words(block.label.text)}</div>'
    last = " signed" if block.signed_by else ""
    height = f'style="min-height:{{{{ room.{block.field} }}}}mm"'
    text = f'<div class="text{last}" {height}>{_value(block.field, block.expression)}</div>'
    signed = "".join(_signed_line(step) for step in block.signed_by)
    return f"{bar}\n{text}{signed}"


def _signed_line(step: str) -> str:
    act = f"sign.{step}"
    return (
        f'<div class="by"><span>{{{{ {act}.title }}}}{{{{ labels.colon }}}}{{% if {act}.done %}}{{{{ {act}.by }}}}'
        f"{{% else %}}{_blanks(9)}{{% endif %}}</span><span>{{{{ labels.date }}}}{{{{ labels.colon }}}}"
        f"{{% if {act}.done %}}{{{{ {act}.date }}}}{{% else %}}{{{{ labels.open_date }}}}{{% endif %}}</span></div>"
    )


def _blanks(count: int) -> str:
    return "&#8195;" * count


def _table(block: Table) -> str:
    widths = [block.item_width if block.fixed else NUMBER_COLUMN, *(column.width for column in block.columns)]
    first = "{{ labels.item }}" if block.fixed else "{{ labels.no }}"
    heads = f"<th>{first}</th>" + "".join(_head(column) for column in block.columns)
    lead = '<td class="i">{{ row.title }}</td>' if block.fixed else '<td class="c">{{ row.no }}</td>'
    cells = "".join(_table_cell(column) for column in block.columns)
    return _rows(block, widths, heads, lead + cells)


def _rows(block: Table | Matrix, widths: Sequence[float], heads: str, cells: str) -> str:
    title = f'<div class="sub hei">{_words(block.title)} {{{{ mark.{block.field} }}}}</div>'
    head = f'<thead class="head"><tr>{heads}</tr></thead>'
    body = f"<tbody>{{% for row in {block.expression} %}}<tr>{cells}</tr>{{% endfor %}}</tbody>"
    return f'{title}\n<table class="g rows">{columns(widths, places=4)}{head}{body}</table>'


def _head(column: Column) -> str:
    options = f"<small>{_words('/'.join(column.options))}</small>" if column.options else ""
    return f"<th>{_words(column.title)}{options}</th>"


def _table_cell(column: Column) -> str:
    centred = ' class="c"' if column.kind in _CENTRED else ""
    return f"<td{centred}>{{{{ {column.expression} }}}}</td>"


def _matrix(block: Matrix) -> str:
    widths = [block.item_width, *(block.grade_width for _ in block.grades)]
    heads = "<th>{{ labels.item }}</th>"
    cells = '<td class="i">{{ row.title }}</td>'
    for grade in block.grades:
        score = f"<small>{_words(grade.score)}</small>" if grade.score else ""
        heads += "<th>" + "<br>".join(_words(line) for line in grade.lines) + score + "</th>"
        cells += f'<td class="c">{{{{ row.tick.{block.column}.{grade.key} }}}}</td>'
    if block.remark is not None:
        widths.append(block.remark.width)
        heads += f"<th>{_words(block.remark.title)}</th>"
        cells += f"<td>{{{{ {block.remark.expression} }}}}</td>"
    return _rows(block, widths, heads, cells)


def _signing(block: Signing) -> str:
    cells = "".join(_place(cell) for cell in block.cells)
    alone = " alone" if len(block.cells) == 1 else ""
    widths = columns([cell.width for cell in block.cells], places=4)
    return f'<table class="g sign{alone}">{widths}<tbody><tr>{cells}</tr></tbody></table>'


def _place(cell: SigningCell) -> str:
    act = cell.expression
    label = f'<span class="hei">{{{{ {act}.title }}}}{{{{ labels.slash_date }}}}</span>'
    name = f'<div class="w">{{{{ {act}.by }}}}</div>'
    electronic = (
        f'<div class="e">{{{{ labels.signed_electronically }}}} {{{{ {act}.stamp }}}}　{{{{ {act}.mark }}}}</div>'
    )
    by_hand = (
        '<div class="h">{{ labels.signature }}{{ labels.colon }}</div>'
        f"<div>{{{{ labels.date }}}}{{{{ labels.colon }}}}{{% if {act}.done %}}{{{{ {act}.date }}}}{{% endif %}}</div>"
    )
    taken = f"{{% if {act}.done %}}　{{{{ {act}.by }}}}{{% endif %}}"
    return f"<td>{label}{{% if {act}.mark %}}{name}{electronic}{{% else %}}{taken}{by_hand}{{% endif %}}</td>"
