"""The numbers that Word writes before paragraphs, counted as Word counts them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from qmsdocs.fill.word_model import Label
from qmsdocs.fill.word_package import child, is_on, number, value, w
from qmsdocs.fill.word_styles import Styles

LEVELS = 9
LONGEST_LABEL = 60  # signs of the text around the counts
_COUNTED_TO = 9_999  # beyond it a number is printed as digits
_DIGITS = "〇一二三四五六七八九"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_CHINESE = (
    *("chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting", "koreanCounting"),
    *("taiwaneseCountingThousand", "chineseLegalSimplified", "ideographLegalTraditional", "japaneseLegal"),
)


def chinese(count: int) -> str:
    """The count in Chinese figures up to 9,999: 十二, 一百零五."""
    if not 0 < count <= _COUNTED_TO:
        return str(count)
    written, gap = "", False
    for place, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = count // place % 10
        if digit:
            written += ("零" if gap and written else "") + _DIGITS[digit] + unit
        gap = not digit
    return written.removeprefix("一") if 10 <= count < 20 else written


def chinese_value(written: str) -> int | None:
    """The number that Chinese or Arabic figures say: 十二 is 12; None for anything else."""
    if re.fullmatch(r"[0-9]{1,4}", written):
        return int(written)
    if not re.fullmatch(r"[〇零一二三四五六七八九十百千两]{1,9}", written):
        return None
    total, digit = 0, 0
    for sign in written.replace("两", "二").replace("零", "〇"):
        if sign in _DIGITS:
            digit = _DIGITS.index(sign)
        else:
            total, digit = total + (digit or 1) * {"十": 10, "百": 100, "千": 1000}[sign], 0
    return total + digit


def roman(count: int) -> str:
    """The count in small Roman figures."""
    if not 0 < count <= _COUNTED_TO:
        return str(count)
    written = ""
    for step, signs in _ROMAN:
        written, count = written + signs * (count // step), count % step
    return written


def _letters(count: int) -> str:
    """a … z, aa, bb, as Word does."""
    return chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1) if 0 < count <= 780 else str(count)


def _enclosed(count: int, first: str, last: int) -> str:
    return chr(ord(first) + count - 1) if 0 < count <= last else str(count)


def shown(count: int, kind: str) -> str:
    """The count as Word prints it in the number format `kind`."""
    if kind in _CHINESE:
        return chinese(count)
    match kind:
        case "none":
            return ""
        case "decimalZero":
            return f"{count:02}"
        case "lowerLetter" | "upperLetter":
            written = _letters(count)
        case "lowerRoman" | "upperRoman":
            written = roman(count)
        case "decimalEnclosedCircle" | "decimalEnclosedCircleChinese":
            written = _enclosed(count, "①", 20)
        case "decimalEnclosedParen":
            written = _enclosed(count, "⑴", 20)
        case "decimalEnclosedFullstop":
            written = _enclosed(count, "⒈", 20)
        case "ideographTraditional":
            written = _STEMS[(count - 1) % 10] if count > 0 else str(count)
        case "ideographZodiac":
            written = _BRANCHES[(count - 1) % 12] if count > 0 else str(count)
        case "ideographDigital" | "japaneseDigitalTenThousand" | "taiwaneseDigital":
            written = "".join(_DIGITS[int(digit)] for digit in str(abs(count)))
        case _:
            written = str(count)
    return written.upper() if kind.startswith("upper") else written


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list: where it starts, how it counts, and the text around the counts (`%1.%2`)."""

    start: int
    kind: str
    text: str
    is_legal: bool


@dataclass(frozen=True, slots=True)
class Numbering:
    """The lists of a file: levels by (abstract list, level), abstract list by number, and starts that are set anew."""

    levels: Mapping[tuple[str, int], Level]
    abstract: Mapping[str, str]
    overridden: Mapping[tuple[str, int], Level]
    restarted: Mapping[tuple[str, int], int]

    def level(self, list_id: str, depth: int) -> Level | None:
        """How a level of the list counts."""
        return self.overridden.get((list_id, depth)) or self.levels.get((self.abstract.get(list_id, ""), depth))


@dataclass(slots=True)
class Counter:
    """Counts the paragraphs of one story through; what it has counted is its own."""

    numbering: Numbering
    _counts: dict[tuple[str, int], int] = field(default_factory=dict)
    _begun: set[tuple[str, int]] = field(default_factory=set)

    def label(self, list_id: str, depth: int) -> Label | None:
        """The label of the next paragraph of a list; None where the list does not exist."""
        depth = min(max(depth, 0), LEVELS - 1)
        level = self.numbering.level(list_id, depth)
        if level is None:
            return None
        abstract = self.numbering.abstract[list_id]
        self._count(abstract, list_id, depth, level)
        if level.kind == "bullet":
            return Label(level.text, (), depth, abstract, is_bullet=True)
        values = tuple(self._value(abstract, list_id, above) for above in range(depth + 1))
        kinds = [self._kind(list_id, above, level) for above in range(LEVELS)]
        pieces = re.split(r"%([1-9])", level.text)
        text = "".join(
            part if place % 2 == 0 else _at(values, kinds, int(part) - 1) for place, part in enumerate(pieces)
        )
        return Label(text.strip(), values, depth, abstract) if text.strip() else None

    def _count(self, abstract: str, list_id: str, depth: int, level: Level) -> None:
        key = (abstract, depth)
        if (list_id, depth) in self.numbering.restarted and (list_id, depth) not in self._begun:
            self._begun.add((list_id, depth))
            self._counts[key] = self.numbering.restarted[list_id, depth]
        else:
            self._counts[key] = self._counts[key] + 1 if key in self._counts else level.start
        for below in range(depth + 1, LEVELS):
            self._counts.pop((abstract, below), None)

    def _value(self, abstract: str, list_id: str, depth: int) -> int:
        if (abstract, depth) not in self._counts:
            level = self.numbering.level(list_id, depth)
            self._counts[abstract, depth] = level.start if level is not None else 1
        return self._counts[abstract, depth]

    def _kind(self, list_id: str, depth: int, own: Level) -> str:
        level = self.numbering.level(list_id, depth)
        return "decimal" if own.is_legal or level is None else level.kind


def _at(values: tuple[int, ...], kinds: list[str], place: int) -> str:
    return shown(values[place], kinds[place]) if place < len(values) else ""


def read_numbering(root: etree._Element | None, styles: Styles) -> Numbering:
    """The lists written in numbering.xml."""
    levels: dict[tuple[str, int], Level] = {}
    abstract: dict[str, str] = {}
    overridden: dict[tuple[str, int], Level] = {}
    restarted: dict[tuple[str, int], int] = {}
    linked: dict[str, str] = {}
    for one in root.iterfind(w("abstractNum")) if root is not None else ():
        name = value(one, "abstractNumId")
        linked[name] = value(one.find(w("numStyleLink")))
        levels |= {(name, number(level, "ilvl")): _level(level) for level in one.iterfind(w("lvl"))}
    for one in root.iterfind(w("num")) if root is not None else ():
        name = value(one, "numId")
        abstract[name] = value(one.find(w("abstractNumId")))
        for changed in one.iterfind(w("lvlOverride")):
            key = (name, number(changed, "ilvl"))
            if (level := changed.find(w("lvl"))) is not None:
                overridden[key] = _level(level)
            if (start := changed.find(w("startOverride"))) is not None:
                restarted[key] = number(start, otherwise=1)
    for name, target in abstract.items():
        found = styles.numbering(linked.get(target, "")) if linked.get(target) else None
        through = value(child(found, "numId"))
        abstract[name] = abstract.get(through, target)
    return Numbering(levels, abstract, overridden, restarted)


def _level(level: etree._Element) -> Level:
    kind = value(level.find(w("numFmt"))) or "decimal"
    start = number(level.find(w("start")), otherwise=1)
    return Level(start, kind, value(level.find(w("lvlText")))[:LONGEST_LABEL], is_on(level.find(w("isLgl"))))
