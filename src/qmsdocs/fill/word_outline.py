"""Which paragraphs of a Word file are headings, of what level, and whether their numbers hold together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from qmsdocs.base.errors import message
from qmsdocs.fill.word_gathered import Reading
from qmsdocs.fill.word_model import Block, Passage, Piece, snippet
from qmsdocs.fill.word_typed import Typed, is_section_name, is_title_like, run_in, typed

DEEPEST = 6
_LONGEST_STYLED = 80
_EXAMPLES = 6  # changed numbers that the report names


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the draft; `number` and `values` are what the Word file printed before it."""

    level: int
    text: str
    number: str = ""
    values: tuple[int, ...] = ()


Node: TypeAlias = "Block | Heading"


@dataclass(slots=True)
class _Outline:
    reading: Reading
    has_styles: bool
    shapes: list[str] = field(default_factory=list)
    path: list[tuple[int, ...]] = field(default_factory=list)

    def nodes(self, blocks: Sequence[Block]) -> Iterator[Node]:
        """The blocks, headings among them recognised."""
        for at, block in enumerate(blocks):
            following = blocks[at + 1] if at + 1 < len(blocks) else None
            if isinstance(block, Passage) and block.plain:
                yield from self._text(block, following)
            else:
                yield block

    def _text(self, block: Passage, following: Block | None) -> Iterator[Node]:
        if block.outline is not None and len(block.plain) <= _LONGEST_STYLED and not block.plain.endswith("。"):
            yield self._styled(block, block.outline)
            yield from block.after
            return
        found = typed(block.labelled) if block.label is None or not block.label.is_bullet else None
        rest = found.rest if found is not None else block.plain
        if (split := run_in(rest)) and not self.has_styles:
            self._take_number(block, found)
            yield self._heading(found, split[0])
            yield replace(block, pieces=(Piece(split[1]),), label=None, outline=None)
        elif self._is_heading(block, found, rest, following):
            self._take_number(block, found)
            yield self._heading(found, rest.rstrip(":："))
            yield from block.after
        else:
            if block.outline is not None:
                said = message("a whole sentence in a heading style is carried as a paragraph")
                self.reading.altered(snippet(block.plain), said)
            yield replace(block, outline=None)

    def _take_number(self, block: Passage, found: Typed | None) -> None:
        if found is not None and block.label is None:
            self.reading.taken.append(found.number)

    def _styled(self, block: Passage, level: int) -> Heading:
        inner = typed(block.plain)
        number, text = "", block.plain
        values: tuple[int, ...] = ()
        if inner is not None and inner.rest and (block.label is None or inner.values == block.label.values):
            number, values, text = inner.number, inner.values, inner.rest
            self.reading.taken.append(inner.number)
            if block.label is not None:
                said = message(
                    "numbered twice: Word counts {label}, and {number} is typed", label=block.label.text, number=number
                )
                self.reading.uncertain(snippet(block.labelled), said)
        elif block.label is not None and not block.label.is_bullet:
            outer = typed(f"{block.label.text} x")
            number, values = block.label.text, outer.values if outer is not None else block.label.values[-1:]
        shape = inner.shape if inner is not None and block.label is None else f"style{level}"
        self.shapes = [*self.shapes[: level - 1], *([""] * (level - 1 - len(self.shapes))), shape]
        self.path = [*self.path[: level - 1], *([()] * (level - 1 - len(self.path))), values]
        return Heading(level, text.rstrip(":："), number, values)

    def _is_heading(self, block: Passage, found: Typed | None, rest: str, following: Block | None) -> bool:
        if found is None:
            stands_out = block.is_bold or block.is_centred or not self.has_styles
            return not self.has_styles and block.label is None and stands_out and is_section_name(rest)
        if not is_title_like(rest):
            return False
        if found.shape in ("chapter", "section"):
            return True
        if len(found.values) > 1:
            stands_out = block.is_bold or (self._has_sister(found) and self._has_content(found, following))
            return self._continues(found) and stands_out
        if self.has_styles and found.shape not in self.shapes:
            return False
        if is_section_name(rest) or (block.is_bold and not self._is_sibling(found, following)):
            return True
        return self._is_next(found) and self._has_content(found, following)

    def _continues(self, found: Typed) -> bool:
        """Whether a number such as 4.2 stands below the section 4."""
        above = found.values[:-1]
        return any(values == above or (values and values[-1:] == above) for values in self.path if values)

    def _has_sister(self, found: Typed) -> bool:
        """Whether it is the first below its section, or headings before it are numbered alike: else it is a clause."""
        if found.values[-1] == 1:
            return True
        before = self.path[self.shapes.index(found.shape)] if found.shape in self.shapes else ()
        return before[:-1] == found.values[:-1]

    def _is_next(self, found: Typed) -> bool:
        if found.shape not in self.shapes:
            return found.values == (1,)
        before = self.path[self.shapes.index(found.shape)]
        return found.values[-1] == (before[-1] if before else 0) + 1

    def _is_sibling(self, found: Typed, following: Block | None) -> bool:
        after = typed(following.labelled) if isinstance(following, Passage) else None
        return after is not None and after.shape == found.shape and after.values[-1] == found.values[-1] + 1

    def _has_content(self, found: Typed, following: Block | None) -> bool:
        """Whether something stands below it other than its next sibling or a heading above it."""
        if following is None or self._is_sibling(found, following):
            return False
        after = typed(following.labelled) if isinstance(following, Passage) else None
        if after is not None and after.shape.startswith("decimal") and found.shape.startswith("decimal"):
            return len(after.values) > len(found.values) or after.values[: len(found.values) - 1] == found.values[:-1]
        return not (isinstance(following, Passage) and following.outline is not None)

    def _heading(self, found: Typed | None, text: str) -> Heading:
        shape = found.shape if found is not None else "name"
        values = found.values if found is not None else ()
        level = self.shapes.index(shape) + 1 if shape in self.shapes else self._new_level(shape, values)
        self.shapes = [*self.shapes[: level - 1], shape]
        self.path = [*self.path[: level - 1], values]
        return Heading(level, text, found.number if found is not None else "", values)

    def _new_level(self, shape: str, values: tuple[int, ...]) -> int:
        if shape == "name":
            return 1
        if len(values) > 1:
            above = [at for at, path in enumerate(self.path) if path and path[-len(values) + 1 :] == values[:-1]]
            return above[-1] + 2 if above else len(self.shapes) + 1
        return len(self.shapes) + 1


def outlined(blocks: Sequence[Block], reading: Reading) -> tuple[Node, ...]:
    """The blocks with their headings; levels leave no gap; doubtful numbers are reported."""
    styled = sum(1 for block in blocks if isinstance(block, Passage) and block.outline is not None and block.plain)
    return tuple(_Outline(reading, styled > 1).nodes(blocks))


def levelled(nodes: Sequence[Node], reading: Reading) -> tuple[Node, ...]:
    """The nodes with levels from 1 without gaps."""
    least = min((node.level for node in nodes if isinstance(node, Heading)), default=1)
    found: list[Node] = []
    before = 0
    for node in nodes:
        if not isinstance(node, Heading):
            found.append(node)
            continue
        level = min(node.level - least + 1, before + 1, DEEPEST)
        if node.level - least + 1 > before + 1:
            reading.uncertain(snippet(node.text), message("a level of headings is left out above it"))
        before = level
        found.append(replace(node, level=level))
    return tuple(found)


def check_numbers(headings: Sequence[Heading], reading: Reading) -> None:
    """Nothing; reports numbers that stand twice, jump, or stand below another section, and those that will change."""
    last: dict[int, tuple[int, ...]] = {}
    counts: list[int] = []
    changed: list[str] = []
    for heading in headings:
        before = last.get(heading.level, ())
        if heading.values:
            _check_number(heading, before, last.get(heading.level - 1, ()), reading)
        last = {level: values for level, values in last.items() if level < heading.level}
        last[heading.level] = heading.values or ((before[-1] + 1,) if before else ())
        counts = [*counts[: heading.level - 1], (counts[heading.level - 1 : heading.level] or [0])[0] + 1]
        if heading.values and heading.values[-1] != counts[-1]:
            changed.append(f"{heading.number} → {'.'.join(map(str, counts))}")
    if changed:
        shown = (*changed[:_EXAMPLES], *(["…"] if len(changed) > _EXAMPLES else []))
        reading.altered("", message("sections that get another number: {numbers}", numbers=shown))
    numbered = [heading for heading in headings if heading.values]
    if len(numbered) * 2 > len(headings):
        for heading in headings:
            if not heading.values:
                reading.uncertain(snippet(heading.text), message("a section without a number among numbered ones"))


def _check_number(heading: Heading, before: tuple[int, ...], above: tuple[int, ...], reading: Reading) -> None:
    where = snippet(f"{heading.number} {heading.text}")
    if len(heading.values) > 1 and above and heading.values[:-1] != above[-len(heading.values) + 1 :]:
        said = message(
            "the section {number} stands below the section {above}", number=heading.number, above=_dotted(above)
        )
        reading.uncertain(where, said)
        return
    expected = before[-1] + 1 if before else 1
    if before and heading.values[-1] == before[-1]:
        reading.uncertain(where, message("the number {number} stands twice", number=heading.number))
    elif heading.values[-1] != expected:
        former = _dotted(before) if before else "–"
        reading.uncertain(
            where, message("the numbers jump: {former}, then {number}", former=former, number=heading.number)
        )


def _dotted(values: tuple[int, ...]) -> str:
    return ".".join(map(str, values))
