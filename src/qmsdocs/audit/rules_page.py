"""Every rule on one page: docs/rules.md, made from the texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qmsdocs.base.language import Language, Text
from qmsdocs.model.finding import Severity
from qmsdocs.model.rule import RuleText
from qmsdocs.query.rule_texts import FAMILIES, family_of, texts

FAMILY_TITLES: Mapping[str, Text] = {
    "HIS": Text("历史", "History"),
    "REC": Text("记录", "Records"),
    "DOC": Text("文件", "Documents"),
    "RET": Text("保存期限", "Retention"),
    "ACT": Text("措施", "Actions"),
    "SYS": Text("体系维护", "Upkeep"),
    "DEF": Text("定义", "Definitions"),
}
SEVERITY_TITLES: Mapping[Severity, Text] = {
    Severity.ERROR: Text("错误", "ERROR"),
    Severity.WARNING: Text("警告", "WARNING"),
    Severity.NOTE: Text("提示", "NOTE"),
}
WHY, REMEDY = Text("为什么", "Why it matters"), Text("怎么办", "How to put it right")
SPARES, CLAUSES = Text("不提示的情形", "Not reported when"), Text("条款", "Clauses")
RETIRED = Text("已停用", "Retired")
_TOP = """# 检查项 / Rules

体系自检的全部检查项，每项说明为什么要查、怎么改正。`qmsdocs rule 代号` 在屏幕上显示同样的内容。
本页由程序生成：`qmsdocs rule --all --markdown > docs/rules.md`。

Every rule of the audit: why it is looked at, and how to put a finding right. `qmsdocs rule CODE` says the same on the
screen. This page is generated: `qmsdocs rule --all --markdown > docs/rules.md`.
"""


def page() -> str:
    """The page as Markdown, both languages, by family."""
    return "\n".join([_TOP, *_lines()]).rstrip() + "\n"


def _lines() -> Iterator[str]:
    known = texts()
    for family in FAMILIES:
        own = {code: text for code, text in known.items() if family_of(code) == family}
        if not own:
            continue
        title = FAMILY_TITLES[family]
        yield f"## {family}: {title.zh} / {title.en}\n"
        for code, text in own.items():
            yield from _rule(code, text)


def _rule(code: str, text: RuleText) -> Iterator[str]:
    severity = SEVERITY_TITLES[text.severity]
    yield f"### {code} {text.name}\n"
    yield f"{severity.zh} / {text.severity.value} · {', '.join(text.clauses) or '–'}\n"
    for language in Language:
        yield f"**{text.title.of(language)}**\n"
        for heading, said in paragraphs(text):
            yield f"- {heading.of(language)}{'：' if language is Language.ZH else ': '}{said.of(language)}"
        yield ""


def paragraphs(text: RuleText) -> tuple[tuple[Text, Text], ...]:
    """What is said of a rule beneath its title, each with its heading; what it has nothing to say of is left out."""
    said = ((WHY, text.why), (REMEDY, text.remedy), (SPARES, text.spares), (RETIRED, text.retired))
    return tuple((heading, words) for heading, words in said if words is not None)
