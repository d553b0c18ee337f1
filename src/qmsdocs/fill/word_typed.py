"""Numbers that somebody typed before a section's title: 1 目的, 4.1, 一、, （一）, 第一章."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qmsdocs.fill.word_label import simpler
from qmsdocs.fill.word_numbering import chinese_value

LONGEST_TITLE = 40
_CHINESE = "[〇零一二三四五六七八九十百]{1,5}"
_SHAPES = (
    ("chapter", re.compile(rf"第\s*({_CHINESE}|\d{{1,3}})\s*[章篇部][\s、.．:：]*(.*)", re.DOTALL)),
    ("section", re.compile(rf"第\s*({_CHINESE}|\d{{1,3}})\s*节[\s、.．:：]*(.*)", re.DOTALL)),
    ("chinese", re.compile(rf"({_CHINESE})\s*[、.．]\s*(.*)", re.DOTALL)),
    ("bracketed", re.compile(rf"[（(]\s*({_CHINESE})\s*[)）]\s*(.*)", re.DOTALL)),
    ("decimal", re.compile(r"(\d{1,2}(?:[.．]\d{1,2}){1,5})(?!\d|\s*[%％倍元万])\s*[.．、]?\s*(.*)", re.DOTALL)),
    ("decimal", re.compile(r"(\d{1,2})(?:\s*[.．、](?!\d)\s*|\s+)(.*)", re.DOTALL)),
)
_SECTION_NAMES = re.compile(
    r"(?:编制|制定)?目的(?:和|与|及)?(?:意义|范围)?|(?:适用)?范围|适用|(?:部门)?(?:管理)?职责(?:和|与|及)?(?:权限|分工)?|权责|责任"
    r"|(?:术语)?(?:和|与|及)?定义|术语|(?:规范性)?引用(?:文件|标准)|参考(?:文件|资料)|(?:工作|管理|作业|控制)?(?:程序|流程|内容|要求)"
    r"|(?:程序|规定|流程|管理)内容|流程图|(?:工作|作业)流程图|(?:相关|支持)(?:性)?(?:文件|记录|表单|支持文件)(?:和|与|及)?(?:记录)?"
    r"|(?:质量)?记录|(?:记录)?表单|附件|附录|附则|总则|考核|依据|方针|原则"
    r"|purpose|scope|responsibilit(?:y|ies)|definitions?|terms|procedures?|references?|related documents|records?",
    re.IGNORECASE,
)
_ENDS_SENTENCE = re.compile(r"[。；;，,、！!？?]$")


@dataclass(frozen=True, slots=True)
class Typed:
    """A number and the words behind it; `shape` tells kinds of numbers apart, `values` are its counts."""

    number: str
    shape: str
    values: tuple[int, ...]
    rest: str


def typed(text: str) -> Typed | None:
    """The number that `text` begins with; None where it begins otherwise."""
    for shape, pattern in _SHAPES:
        found = pattern.fullmatch(text.strip())
        if found is None:
            continue
        values = tuple(chinese_value(part) or 0 for part in re.split(r"[.．]", found[1]))
        if 0 in values[:1]:
            return None
        name = f"{shape}{len(values)}" if shape == "decimal" else shape
        return Typed(text.strip()[: found.start(2)].strip(), name, values, found[2].strip())
    return None


def is_section_name(text: str) -> bool:
    """Whether it is one of the names that sections of procedures have everywhere."""
    return bool(_SECTION_NAMES.fullmatch("".join(simpler(text).split()).rstrip(":：")))


def is_title_like(text: str) -> bool:
    """Whether it reads as a section's title and not as a sentence."""
    return 0 < len(text) <= LONGEST_TITLE and "。" not in text and not _ENDS_SENTENCE.search(text)


def run_in(text: str) -> tuple[str, str] | None:
    """A section name and the text behind it on one line: 目的：使投诉…"""
    name, _, rest = text.partition("：" if "：" in text else ":")
    return (name.strip(), rest.strip()) if rest.strip() and is_section_name(name) else None
