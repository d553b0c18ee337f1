"""Blocks of a Word file as the Markdown of a draft, every sign of the words kept as a sign."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias
from urllib.parse import quote

from qmsdocs.fill.word_layout import Captioned
from qmsdocs.fill.word_model import Fence, Image, Label, Passage, Piece, Table
from qmsdocs.fill.word_outline import Heading, Node
from qmsdocs.fill.word_table import cells_of

LOOKAHEAD = 8  # blocks that may stand inside a list item before its list goes on
_DEEPEST_LIST = 6
_ESCAPED = re.compile(
    r"[\\`*\[\]|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|<(?=[A-Za-z/!?])|&(?=#?\w{1,31};)|\{(?=\{)|(?<=\{)\{"
)
_LINE_START = re.compile(r"(?:[#>+=~-]|\d{1,9}[.)](?=\s|$))")
_OWN_NUMBER = re.compile(r"[(（]?(?:\d{1,3}|[A-Za-z]{1,2}|[ivxIVX]{1,5}|[①-⑳⑴-⒇⒈-⒛])[)）.．、]?")
_EDGE = re.compile(r"(\W*)(.*?)(\W*)", re.DOTALL)
Content: TypeAlias = "Node | Captioned"


def escaped(text: str) -> str:
    """`text` so that Markdown prints every sign of it, wherever on a line it stands."""
    return _ESCAPED.sub(lambda match: "\\" + match[0], text)


def line_of(pieces: Sequence[Piece], *, newline: str = "\\\n") -> str:
    """The pieces of a paragraph on one line of Markdown; a forced new line is written as `newline`."""
    written = _spaced("".join(_piece(piece) for piece in joined(pieces))).strip()
    lines = [" ".join(part.split(" ")).strip() for part in written.split("\n")]
    return newline.join(_begun(line) for line in lines if line)


def _spaced(line: str) -> str:
    """A space before tags and around references where words stand there; on the page it is not seen."""
    line = re.sub(r"(?<=[\u3400-\u9fff])(?=\{\{ p\.|\[[^\[\]\n]+\])", " ", line)
    return re.sub(r"((?<!\\)\[[^\[\]\\\n]+\])(?=[\u3400-\u9fff])", r"\1 ", line)


def joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces, those that look the same put together."""
    waiting: Piece | None = None
    for piece in pieces:
        alike = waiting is not None and piece == replace(waiting, text=piece.text)
        if waiting is not None and (alike or (not piece.text.strip() and not piece.is_markup)):
            waiting = replace(waiting, text=waiting.text + piece.text)
        else:
            if waiting is not None:
                yield waiting
            waiting = piece
    if waiting is not None:
        yield waiting


def _piece(piece: Piece) -> str:
    if piece.is_markup:
        return piece.text
    if piece.is_code and "|" not in piece.text:  # which would divide the cells of a table
        return "\n".join(map(_code, piece.text.split("\n")))
    if not piece.is_bold:
        return escaped(piece.text)
    return "\n".join(_bold(line) for line in piece.text.split("\n"))


def _bold(line: str) -> str:
    """Bold begins and ends at a word, else Markdown would print the stars."""
    found = _EDGE.fullmatch(line)
    if found is None or not found[2]:
        return escaped(line)
    return f"{escaped(found[1])}**{escaped(found[2])}**{escaped(found[3])}"


def _code(line: str) -> str:
    """Words kept as typed, between more backticks than stand in them."""
    words = line.strip()
    if not words:
        return line
    ticks = "`" * (max(map(len, re.findall("`+", words)), default=0) + 1)
    edge = " " if "`" in (words[0], words[-1]) else ""
    return line.replace(words, f"{ticks}{edge}{words}{edge}{ticks}")


def _begun(line: str) -> str:
    found = _LINE_START.match(line)
    if found is None:
        return line
    at = found.end() - 1
    return f"{line[:at]}\\{line[at:]}"


@dataclass(slots=True)
class _Open:
    """A list that is open: how deep, of which list in Word, its last count, and how far its text is indented."""

    depth: int
    list_id: str
    count: int | None
    width: int
    delimiter: str = ")"


@dataclass(slots=True)
class _Writer:
    folder: str
    lines: list[str] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    was_item: bool = False
    delimiter: str = ")"

    def write(self, nodes: Sequence[Content]) -> str:
        for at, node in enumerate(nodes):
            if isinstance(node, Passage) and node.label is not None and self._item(node, node.label):
                continue
            if self.open and not self._goes_on(nodes[at : at + LOOKAHEAD]):
                self.open = []
            if isinstance(node, Passage) and node.label is not None:
                text = f"{node.label.text} " if not node.label.is_bullet else ""
                self._add(line_of((Piece(text), *node.pieces)))
            else:
                self._add(self._node(node))
        return "\n".join(self.lines).strip() + "\n"

    def _node(self, node: Content) -> str:
        match node:
            case Heading():
                return f"{'#' * node.level} {line_of((Piece(node.text),), newline=' ')}"
            case Passage():
                return line_of(node.pieces)
            case Captioned():
                return f"表：{escaped(node.caption)}\n\n{_table(node.table)}"
            case Table():
                return _table(node)
            case Image():
                return f"![{escaped(node.caption)}]({_link_path(self.folder)}/{node.name})"
            case Fence(info="references" | "forms"):
                return f"{{{{ {node.info} }}}}"
            case Fence():
                return _fence(node)

    def _add(self, text: str) -> None:
        if not text:
            return
        indent = " " * (self.open[-1].width if self.open else 0)
        self.lines += ["", *(f"{indent}{line}" if line else "" for line in text.split("\n"))]
        self.was_item = False

    def _item(self, node: Passage, label: Label) -> bool:
        """Whether the paragraph was written as an item of a list; else its number is written as words."""
        if not label.is_bullet and not is_counted(label):
            return False
        while self.open and self.open[-1].depth > label.level:
            self.open.pop()
        here = self.open[-1] if self.open and self.open[-1].depth == label.level else None
        count = None if label.is_bullet else label.values[-1]
        is_next = here is not None and here.list_id == label.list_id and (count is None or here.count == count - 1)
        if not is_next:
            if (count is not None and count != 1) or len(self.open) > _DEEPEST_LIST:
                return False
            self.open = [one for one in self.open if one.depth < label.level]
            self.delimiter = ")" if self.delimiter == "." else "."
        delimiter = here.delimiter if here is not None and is_next else self.delimiter
        outer = [one for one in self.open if one.depth < label.level]
        indent = outer[-1].width if outer else 0
        marker = "- " if count is None else f"{count}{delimiter} "
        self.open = [*outer, _Open(label.level, label.list_id, count, indent + len(marker), delimiter)]
        if not self.was_item:
            self.lines.append("")
        text = line_of(node.pieces).replace("\n", "\n" + " " * (indent + len(marker)))
        self.lines += (" " * indent + marker + text).split("\n")
        self.was_item = True
        return True

    def _goes_on(self, nodes: Sequence[Content]) -> bool:
        """Whether an open numbered list goes on soon, so that this block belongs to its last item."""
        for node in nodes:
            if isinstance(node, Heading):
                return False
            if isinstance(node, Passage) and node.label is not None and is_counted(node.label):
                for place, one in enumerate(self.open):
                    if one.list_id == node.label.list_id and one.depth == node.label.level:
                        self.open = self.open[: place + 1] if one.count == node.label.values[-1] - 1 else self.open
                        return one.count == node.label.values[-1] - 1
                return False
        return False


def is_counted(label: Label) -> bool:
    """Whether the label shows the count of its own level only, as items of a list do: 1. or (a)."""
    return not label.is_bullet and bool(_OWN_NUMBER.fullmatch(label.text))


def markdown(nodes: Sequence[Content], *, folder: str) -> str:
    """The nodes as Markdown; pictures lie in `folder`."""
    return _Writer(folder).write(nodes)


def _link_path(path: str) -> str:
    """The path as it stands in a link: signs that would end or change the link are written as %20 and the like."""
    return re.sub(r"[\s()<>\[\]\\`|%{}*_!&#?\"']", lambda match: quote(match[0], safe=""), path)


def _fence(node: Fence) -> str:
    ticks = "`" * max(3, *(len(found) + 1 for found in re.findall("`+", node.text) or [""]))
    text = node.text.strip("\n")
    return "\n".join(part for part in (f"{ticks}{' '.join(node.info.replace('`', '').split())}", text, ticks) if part)


def _table(table: Table) -> str:
    rows = cells_of(table)
    lines = [[line_of(cell, newline="<br>") for cell in row] for row in rows]
    body = [f"| {' | '.join(row)} |" for row in lines]
    return "\n".join([body[0], f"|{' --- |' * len(rows[0])}", *body[1:]])
