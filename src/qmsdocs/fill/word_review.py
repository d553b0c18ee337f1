"""What a desk review of a Word procedure finds: field codes left as text, texts that break off, empty sections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from qmsdocs.base.errors import message
from qmsdocs.fill.word_gathered import Reading
from qmsdocs.fill.word_layout import Captioned
from qmsdocs.fill.word_markdown import Content
from qmsdocs.fill.word_model import Passage, snippet, words_of
from qmsdocs.fill.word_outline import Heading

_FIELD_CODE = re.compile(
    r"\{\s*(?:PAGE|NUMPAGES|REF|PAGEREF|NOTEREF|TOC|SEQ|DATE|TIME|HYPERLINK|MERGEFIELD|INCLUDEPICTURE|STYLEREF)\b[^{}]*\}"
    r"|\b(?:PAGE|NUMPAGES|REF|PAGEREF|SEQ|TOC|STYLEREF)\s[^。，]{0,60}?\\\*\s*\w+|\\\*\s*MERGEFORMAT|_Ref\d{6,}|_Toc\d{6,}"
)
_DEAD = re.compile(r"错误[!！]\s*未(?:找到|定义)[^。]{0,12}|Error!\s*(?:Reference source|Bookmark)[^.]{0,20}")
_FINISHED = re.compile(r"[。．.！!？?；;：:…”」』）)】\]》〉]\s*$")
_CUT = re.compile(r"[，,、]\s*$|(?:以及|并且|或者|和|与|及|的|在|由|将)$")
_LISTED = re.compile(r"《[^》]+》|[A-Z]{1,6}[-/·.][A-Z0-9./·-]*\d")
_LIST_SECTIONS = re.compile(r"记录|附件|附录|相关|文件|表单|表格|引用|records|references|annex", re.IGNORECASE)
_SHORTEST_SENTENCE = 12


def review(nodes: Sequence[Content], reading: Reading) -> None:
    """Nothing; reports what is doubtful in the text."""
    for node in nodes:
        for line in _words(node).split("\n"):
            review_line(line, reading)
    _empty_sections(nodes, reading)
    _broken_off(nodes, reading)


def review_line(line: str, reading: Reading) -> None:
    """Nothing; reports field codes and dead references in one line of the text or of a page header."""
    for found in _FIELD_CODE.finditer(line):
        reading.uncertain(snippet(line), message("a field code stands as text: {code}", code=found[0]))
    for found in _DEAD.finditer(line):
        reading.uncertain(snippet(line), message("a reference that leads nowhere: {words}", words=found[0]))


def _words(node: Content) -> str:
    match node:
        case Heading():
            return node.text
        case Captioned():
            return f"{node.caption}\n{words_of(node.table)}"
        case _:
            return words_of(node)


def _empty_sections(nodes: Sequence[Content], reading: Reading) -> None:
    headings = [(at, node) for at, node in enumerate(nodes) if isinstance(node, Heading)]
    for at, heading in headings:
        after = nodes[at + 1] if at + 1 < len(nodes) else None
        if after is None or (isinstance(after, Heading) and after.level <= heading.level):
            where = snippet(f"{heading.number} {heading.text}".strip())
            reading.uncertain(where, message("nothing stands in this section"))


def _broken_off(nodes: Sequence[Content], reading: Reading) -> None:
    """The last words of the whole text, and those of every section that end in a comma or a joining word."""
    section = ""
    for node, after in zip(nodes, [*nodes[1:], None], strict=True):
        if isinstance(node, Heading):
            section = node.text
        if not isinstance(node, Passage) or not (after is None or isinstance(after, Heading)):
            continue
        words = node.plain.split("\n")[-1]
        if _CUT.search(words) or (after is None and _is_unfinished(words, section)):
            reading.uncertain(snippet(words[-30:]), message("the text ends inside a sentence"))


def _is_unfinished(words: str, section: str) -> bool:
    if _FINISHED.search(words) or _LISTED.search(words) or _LIST_SECTIONS.search(section):
        return False
    return len(words) >= _SHORTEST_SENTENCE or "，" in words


def missing_names(missing: Iterable[str], has_any: bool, reading: Reading) -> None:
    """Nothing; reports who is not named in the approval block, or that there is none."""
    titles = {
        "prepared_by": message("prepared by"),
        "reviewed_by": message("reviewed by"),
        "approved_by": message("approved by"),
    }
    absent = tuple(titles[key] for key in titles if key in set(missing))
    if absent:
        reading.uncertain("", message("the approval block has no name for: {roles}", roles=absent))
    elif not has_any:
        reading.uncertain("", message("nobody is named as having prepared, reviewed or approved it"))
