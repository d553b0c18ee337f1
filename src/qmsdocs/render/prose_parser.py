"""The Markdown of a procedure as blocks: numbered by the program, tags filled in, drawings in place of their fences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.render import measure
from qmsdocs.render.prose import (
    Block,
    Drawing,
    Grid,
    Heading,
    Line,
    Listing,
    Paragraph,
    Picture,
    Span,
    SpanKind,
    Surroundings,
    Verbatim,
    plain,
)
from qmsdocs.render.prose_inline import Place, spans

MOST_CHARACTERS = 2_000_000  # of one text
LONGEST = 5_000  # characters without a blank, which no line can break well
MOST_CELLS, MOST_COLUMNS = 50_000, 20  # of all tables of one text, of one table
DEEPEST = 20  # lists and quotes within each other
NARROWEST, CELL_SIDES, PAGE_EMS = 3.0, 1.2, 43.0  # ems of 五号: a column, its padding, the width of the page

_ENDLESS = re.compile(rf"[!-~]{{{LONGEST + 1}}}")
_LISTS = re.compile(r"\{\{ *(references|forms) *\}\}")
_CAPTION = re.compile(r"(?:表|Table) ?[:：] ?(\S.*)")


def blocks(
    body: str, around: Surroundings, *, source: str, body_line: int = 1, language: Language = Language.ZH
) -> tuple[Block, ...]:
    """The blocks of `body`, which begins in the line `body_line` of `source`; `language` heads the lists of numbers.

    Headings are numbered from 1; tables that have a caption, and all figures, are counted. Raises QmsError located in
    `source` for a parameter, a form's rules or a chart that is not there, and for what would be lost on the page.
    """
    if len(body) > MOST_CHARACTERS:
        raise QmsError("{source}: the text has more than {limit} characters", source=source, limit=MOST_CHARACTERS)
    if found := _ENDLESS.search(body):
        line = body.count("\n", 0, found.start()) + body_line
        raise QmsError(
            "{source}:{line}: a word of more than {limit} characters", source=source, line=line, limit=LONGEST
        )
    return _Reader(_markdown().parse(body), body.split("\n"), around, source, body_line, language).read()


@cache
def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST})
    made.enable("table").disable(["reference", "text_join"])  # definitions would vanish, escapes could not be told
    made.normalizeLink = str  # type: ignore[assignment]  # names of pictures stay as typed
    made.validateLink = bool  # type: ignore[assignment]  # addresses are printed, never followed
    return made


@dataclass(slots=True)
class _Reader:
    tokens: Sequence[Token]
    lines: Sequence[str]
    around: Surroundings
    source: str
    body_line: int
    language: Language
    at: int = 0
    tables: int = 0
    figures: int = 0
    cells: int = 0
    caption: str = ""
    headings: list[int] = field(default_factory=list)

    def read(self, end: str = "") -> tuple[Block, ...]:
        """The blocks up to the token `end`, which is consumed."""
        found: list[Block] = []
        while self.at < len(self.tokens):
            token = self._next()
            if token.type == end:
                break
            found += self._block(token)
        return tuple(found)

    def _next(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def _block(self, token: Token) -> Sequence[Block]:
        match token.type:
            case "heading_open":
                return self._heading(token)
            case "paragraph_open":
                return self._paragraph()
            case "bullet_list_open" | "ordered_list_open":
                return [self._listing(token)]
            case "blockquote_open":
                self._check_depth(token)
                return self.read("blockquote_close")
            case "table_open":
                return [self._numbered(self._table())]
            case "fence":
                return [self._fence(token)]
            case "code_block":
                return [Verbatim(token.content.rstrip("\n"))]
        return []

    def _place(self, token: Token, offset: int = 0) -> Place:
        return Place(self.source, self.body_line + offset + (token.map[0] if token.map else 0))

    def _line(self, token: Token) -> Line:
        return spans(token.children or (), self.around, self._place(token))

    def _heading(self, token: Token) -> Sequence[Block]:
        line = self._line(self._next())
        self._next()
        if token.level:  # inside a list or a quote a heading divides nothing
            return [Paragraph(tuple(replace(span, is_bold=True) for span in line))]
        level = min(int(token.tag[1:]), len(self.headings) + 1)
        before = self.headings[level - 1 : level] or [0]
        self.headings = [*self.headings[: level - 1], before[0] + 1]
        return [Heading(level, ".".join(map(str, self.headings)), line)]

    def _paragraph(self) -> Sequence[Block]:
        token = self._next()
        self._next()
        if match := _LISTS.fullmatch(token.content.strip()):
            return [self._numbers(match[1], self.around.references if match[1] == "references" else self.around.forms)]
        children = token.children or []
        if any(child.type == "image" for child in children) and _is_pictures_only(children):
            place = self._place(token)
            return [self._picture(child, place) for child in children if child.type == "image"]
        line = self._line(token)
        caption = _CAPTION.fullmatch(plain(line))
        if caption and self._is_table_next():
            self.caption = caption[1].strip()
            return []
        return [Paragraph(line)] if line else []

    def _is_table_next(self) -> bool:
        after = self.tokens[self.at] if self.at < len(self.tokens) else None
        if after is None:
            return False
        return after.type == "table_open" or (after.type == "fence" and after.info.split()[:1] == ["rules"])

    def _numbers(self, name: str, numbers: Sequence[str]) -> Block:
        catalogue = Catalogue.load(self.language)
        if not numbers:
            return Paragraph((Span(catalogue.say("None.")),))
        head = ((Span(catalogue.say("Number")),), (Span(catalogue.say("Title")),))
        rows = tuple(
            ((Span(number, SpanKind.REFERENCE, target=number),), (Span(self.around.titles.get(number, "")),))
            for number in numbers
        )
        return Grid(head, rows, weights=(1, 3), source=f"{name}\n")

    def _picture(self, token: Token, place: Place) -> Picture:
        path = unquote(str(token.attrs["src"]))
        if ":" in path or "\\" in path or path.startswith("/") or ".." in path.split("/"):
            raise place.refuse(message("the picture {path} does not lie beside the text", path=path))
        self.figures += 1
        return Picture(path, plain(spans(token.children or (), self.around, place)), self.figures)

    def _listing(self, token: Token) -> Listing:
        items: list[tuple[Block, ...]] = []
        end = token.type.replace("open", "close")
        while (item := self._next()).type != end:
            self._check_depth(item)
            items.append(self.read("list_item_close"))
        return Listing(token.type == "ordered_list_open", tuple(items))

    def _check_depth(self, token: Token) -> None:
        """Refuses what the parser would leave out without a word."""
        if token.level + 1 >= DEEPEST:
            raise self._place(token).refuse(message("lists and quotes are nested too deep"))

    def _table(self) -> Grid:
        rows: list[tuple[Line, ...]] = []
        row: list[Line] = []
        while (token := self._next()).type != "table_close":
            if token.type == "tr_open":
                row = []
                self._check_row(token, len(rows[0]) if rows else None)
            elif token.type == "inline":
                row.append(self._line(token))
            elif token.type == "tr_close":
                rows.append(tuple(row))
        return Grid(rows[0], tuple(rows[1:]), weights=_weights(rows))

    def _check_row(self, token: Token, width: int | None) -> None:
        """Refuses cells that the table has no column for, and more of them than a page engine bears."""
        typed = escapedSplit(self.lines[token.map[0]].lstrip("> \t").rstrip()) if token.map else []
        count = len(typed) - (typed[:1] == [""]) - (typed[-1:] == [""])
        self.cells += max(count, width or 0)
        if count > MOST_COLUMNS:
            raise self._place(token).refuse(message("a table of more than {limit} columns", limit=MOST_COLUMNS))
        if width is not None and count > width:
            raise self._place(token).refuse(message("this row has more cells than the head of its table"))
        if self.cells > MOST_CELLS:
            raise self._place(token).refuse(message("more than {limit} cells of tables", limit=MOST_CELLS))

    def _numbered(self, grid: Grid) -> Grid:
        caption, self.caption = self.caption or grid.caption, ""
        if not caption:
            return grid
        self.tables += 1
        return replace(grid, caption=caption, number=self.tables)

    def _fence(self, token: Token) -> Block:
        kind, _, rest = token.info.strip().partition(" ")
        match kind:
            case "rules":
                return self._rules(token, rest)
            case "flow":
                return self._flow(token, rest.strip())
            case "chart":
                return self._chart(token, rest.strip())
        return Verbatim(token.content.rstrip("\n"))

    def _rules(self, token: Token, rest: str) -> Block:
        form, _, name = rest.strip().rpartition(" ")
        grid = self.around.rules.get((form.strip(), name))
        if grid is None:
            raise self._place(token).refuse(
                message("there are no rules of the field {field} of form {form}", field=name, form=form)
            )
        return replace(self._numbered(grid), source=f"{token.info.strip()}\n")

    def _flow(self, token: Token, form: str) -> Block:
        if form not in self.around.flows:
            raise self._place(token).refuse(message("there is no flow of form {form}", form=form))
        self.figures += 1
        title = Catalogue.load(self.language).say("{title}: flow chart", title=self.around.titles.get(form, form))
        return Drawing(self.around.flows[form], title, self.figures, f"{token.info.strip()}\n")

    def _chart(self, token: Token, caption: str) -> Block:
        from qmsdocs.render.chart_text import parse_chart

        chart = parse_chart(token.content, source=self.source, line=self._place(token, 1).line)
        self.figures += 1
        return Drawing(chart, caption, self.figures, f"{token.info.strip()}\n{token.content}")


def _is_pictures_only(children: Sequence[Token]) -> bool:
    return all(
        child.type in ("image", "softbreak", "hardbreak") or (child.type == "text" and not child.content.strip())
        for child in children
    )


def _weights(rows: Sequence[Sequence[Line]]) -> tuple[float, ...]:
    """Relative widths: short columns stay on one line, long ones share what is left of the page."""
    longest = [max(measure.ems(plain(row[column])) for row in rows) + CELL_SIDES for column in range(len(rows[0]))]
    found = [0.0] * len(longest)
    room = PAGE_EMS
    for done, column in enumerate(sorted(range(len(longest)), key=lambda at: longest[at])):
        found[column] = max(min(longest[column], room / (len(longest) - done)), NARROWEST)
        room -= found[column]
    return tuple(found)
