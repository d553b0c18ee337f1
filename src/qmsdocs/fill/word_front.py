"""Where a Word procedure says what it is: page headers, header tables, cover, approval block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qmsdocs.base.errors import Message, message
from qmsdocs.fill.word_facts import Facts, differences, facts_of, is_facts_line, is_header_table, is_signed, merged
from qmsdocs.fill.word_gathered import Reading
from qmsdocs.fill.word_label import NAMES, date_in, without_date
from qmsdocs.fill.word_model import Block, Passage, Table, snippet
from qmsdocs.fill.word_outline import Heading, Node
from qmsdocs.fill.word_package import Part, local, r, value, w
from qmsdocs.fill.word_review import review_line
from qmsdocs.fill.word_story import Story, story_words

_PAGES = ("first", "default", "even")
_NO_HEADINGS = 12  # blocks that may belong to the cover where the text has no headings
_COVER_DATE = re.compile(r"(?:发布|发行|签发|颁布|批准)|(?:实施|生效|施行|执行)")
_COVER_WORDS = re.compile(r"目\s*[录錄次]|table of contents|contents|受\s*控\s*文\s*件|封面", re.IGNORECASE)
_PAGE_WORDS = re.compile(r"[\s第页頁共,，/、.\d-]*|(?:page|of|[\s\d/])+", re.IGNORECASE)
_TITLES: Mapping[str, Message] = {
    "number": message("number"),
    "title": message("title"),
    "revision": message("revision"),
    "effective_on": message("effective on"),
    "released_on": message("released on"),
}


@dataclass(frozen=True, slots=True)
class Front:
    """The facts of the document, and the text without the blocks that said them."""

    facts: Facts
    nodes: tuple[Node, ...]


def page_facts(reading: Reading) -> Facts:
    """What the page headers and footers say, those of the first section first; differences are reported."""
    headers = [(part, _read(part, reading)) for part in _in_order(reading, "headerReference")]
    footers = [(part, _read(part, reading)) for part in _in_order(reading, "footerReference")]
    for key, values in differences([facts for _, facts in headers]):
        said = message("the page headers differ: {fact} is {values}", fact=_TITLES[key], values=values)
        reading.uncertain(" / ".join(values), said)
    whole = merged([facts for _, facts in (*headers, *footers)])
    known = {"".join(said.split()) for said in whole.values.values()}
    for part, facts in (*headers, *footers):
        kind = message("page header") if local(part.root) == "hdr" else message("page footer")
        for line in facts.left:
            is_known = reading.is_own or "".join(line.split()) in known or line in facts.taken
            if not is_known and not _PAGE_WORDS.fullmatch(line):
                said = message("{part}: {words}", part=kind, words=line)
                reading.lost(snippet(line), said)
            reading.taken.append(line)
    reading.taken += whole.taken
    return whole


def _in_order(reading: Reading, name: str) -> Iterator[Part]:
    """The header parts section by section, that of a section's first page first, each once."""
    package, seen = reading.package, set[str]()
    for section in package.main.root.iter(w("sectPr")):
        references = sorted(section.iterfind(w(name)), key=lambda found: _page_order(value(found, "type")))
        for reference in references:
            link = package.main.links.get(str(reference.get(r("id"), "")))
            if link is not None and link.name in package.parts and link.name not in seen:
                seen.add(link.name)
                yield package.parts[link.name]


def _page_order(kind: str) -> int:
    return _PAGES.index(kind) if kind in _PAGES else 1


def _read(part: Part, reading: Reading) -> Facts:
    blocks = Story(reading, part).blocks(part.root)
    for line in story_words(blocks).split("\n"):
        review_line(line, reading)
    return facts_of(_with_boxes(blocks), names_title=True)


def _with_boxes(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Passage):
            yield from (one for one in block.after if isinstance(one, Table))


def body_front(nodes: Sequence[Node], pages: Facts, reading: Reading) -> Front:
    """The facts of the header table, the cover and the approval block, with those of the `pages` for the rest."""
    first = next((at for at, node in enumerate(nodes) if isinstance(node, Heading)), min(len(nodes), _NO_HEADINGS))
    last = len(nodes)
    while last > first and _is_signature(nodes[last - 1]):
        last -= 1
    blocks = [node for node in (*nodes[:first], *nodes[last:]) if _is_front(node)]
    tables = facts_of([block for block in blocks if isinstance(block, Table)], names_title=True)
    lines = facts_of([block for block in blocks if isinstance(block, Passage)], names_title=False)
    reading.taken += [*tables.taken, *lines.taken]
    for key, values in differences([pages, tables, lines]):
        said = message("page header and text differ: {fact} is {values}", fact=_TITLES[key], values=values)
        reading.uncertain(" / ".join(values), said)
    for line in tables.left:
        if line not in tables.taken:
            reading.lost(snippet(line), message("{part}: {words}", part=message("header table"), words=line))
    facts = merged([pages, tables, lines])
    cover = [node for node in nodes[:first] if not _is_front(node)]
    kept = [node for node in cover if not _is_cover(node, facts, cover, reading)]
    body = [node for node in nodes[first:last] if not _is_title(node, facts, reading)]
    return Front(facts, (*kept, *body))


def _is_front(node: Node) -> bool:
    if isinstance(node, Table):
        return is_header_table(node)
    return isinstance(node, Passage) and node.label is None and bool(node.plain) and is_facts_line(node.plain)


def _is_signature(node: Node) -> bool:
    return _is_front(node) and isinstance(node, Table | Passage) and is_signed(node)


def _is_cover(node: Node, facts: Facts, cover: Sequence[Node], reading: Reading) -> bool:
    """Whether a block before the first heading is understood: the title, the organisation, a date, the word 目录."""
    if not isinstance(node, Passage) or not node.plain:
        return False
    same = "".join(node.plain.split())
    if any(same == "".join(said.split()) for said in facts.values.values()) or _COVER_WORDS.fullmatch(node.plain):
        reading.taken.append(node.plain)
        return True
    day = date_in(node.plain)
    if day is not None and _COVER_DATE.fullmatch(without_date(node.plain)):
        key = "released_on" if re.search("发布|发行|签发|颁布|批准", node.plain) else "effective_on"
        facts.values.setdefault(key, day.isoformat())
        reading.taken.append(node.plain)
        return True
    if node.is_centred and re.fullmatch(r".{2,40}(?:公司|集团|厂)", same) and "organisation" not in facts.values:
        facts.values["organisation"] = node.plain
        reading.taken.append(node.plain)
        return True
    if "title" not in facts.values and _looks_like_title(node, cover):
        facts.values["title"] = " ".join(node.plain.split())
        reading.taken.append(node.plain)
        return True
    return False


def _looks_like_title(node: Passage, cover: Sequence[Node]) -> bool:
    """Whether it has a title's style, or the largest letters of the cover in the middle or in bold."""
    if len(node.plain) > 60 or node.plain.endswith("。"):
        return False
    styled = [one for one in cover if isinstance(one, Passage) and one.style.lower() in ("title", "标题", "標題")]
    if styled:
        return node in styled
    texts = [one for one in cover if isinstance(one, Passage) and one.plain]
    largest = max(one.size for one in texts)
    stands_out = node.is_centred or node.is_bold or node.size > min(one.size for one in texts)
    return stands_out and node.size == largest


def _is_title(node: Node, facts: Facts, reading: Reading) -> bool:
    """Whether a heading or line repeats the title of the document."""
    if not isinstance(node, Heading) or node.number or "title" not in facts.values:
        return False
    is_same = "".join(node.text.split()) == "".join(facts.values["title"].split())
    if is_same:
        reading.taken.append(node.text)
    return is_same


def has_names(facts: Facts) -> bool:
    """Whether anybody is named in the approval block."""
    return any(key in facts.values for key in NAMES)
