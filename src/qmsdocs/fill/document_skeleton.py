"""A new document to write: front matter and the sections its kind has."""

from __future__ import annotations

from collections.abc import Mapping

from qmsdocs.base.language import Language
from qmsdocs.fill.toml_value import inline
from qmsdocs.model.document import DocumentKind

_SECTIONS: Mapping[Language, tuple[str, ...]] = {
    Language.ZH: ("目的", "适用范围", "职责", "术语", "工作程序", "相关文件", "记录"),
    Language.EN: ("Purpose", "Scope", "Responsibilities", "Terms", "Procedure", "Related documents", "Records"),
}
_LISTED = {5: "{{ references }}", 6: "{{ forms }}"}
_EXAMPLE: Mapping[Language, str] = {
    Language.ZH: """# 本文件规定的每一个数字都写在这里，只写一次；正文用 {{ p.名字 }} 引用，时限、抽样和评分按它计算。
# 值是数字和单位：minutes hours working hours days working days weeks months years % people times points yuan
# [parameter]
# answer_within = { value = "2 working days", title = { zh = "答复时限", en = "Answer within" } }
""",
    Language.EN: """# Every number the document fixes stands here, once; the text prints it by {{ p.name }}.
# A value is a number and a unit: minutes, hours, working hours, days, working days, weeks, months, years, % …
# [parameter]
# answer_within = { value = "2 working days", title = { zh = "答复时限", en = "Answer within" } }
""",
}


def document_skeleton(
    number: str, *, title: str, kind: DocumentKind, owner: str, parent: str | None, language: Language
) -> str:
    """The text of a new document file."""
    head = [
        f"number       = {inline(number)}",
        f"title        = {{ zh = {inline(title)}, en = {inline(title)} }}",
        f"kind         = {inline(kind)}",
        f"owner        = {inline(owner)}",
        *([f"parent       = {inline(parent)}"] if parent else []),
        *(["chapters     = []"] if kind is DocumentKind.MANUAL else []),
        "clauses      = []",
        "references   = []",
        "forms        = []",
        'review_every = "1 year"',
    ]
    sections = [f"# {name}\n\n{_LISTED.get(at, '')}".rstrip() for at, name in enumerate(_SECTIONS[language])]
    return "+++\n" + "\n".join(head) + "\n\n" + _EXAMPLE[language] + "+++\n\n" + "\n\n".join(sections) + "\n"
