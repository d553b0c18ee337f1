"""The file of a draft that came from Word: front matter with what is known, then the text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from qmsdocs.fill.toml_value import inline
from qmsdocs.fill.word_document import Imported
from qmsdocs.model.document import DocumentKind

OWNER = "quality_manager"
_KINDS = (
    (DocumentKind.MANUAL, re.compile(r"手[册冊]|manual|\bQM\b", re.IGNORECASE)),
    (
        DocumentKind.WORK_INSTRUCTION,
        re.compile(r"作业|作業|指导书|指導書|指引|instruction|\b(?:WI|ZY)\b", re.IGNORECASE),
    ),
    (DocumentKind.WORK_RULE, re.compile(r"规定|規定|办法|辦法|制度|细则|細則|流程|rule|\bQD\b", re.IGNORECASE)),
)
_REFERENCE = re.compile(r"(?<![\\!\]])\[([^\[\]\\\n]{1,100})\](?!\()")
_PARAMETER = re.compile(r"\{\{ p\.([a-z][a-z0-9_]*) \}\}")
_EXECUTABLE = re.compile(
    r"\{\{ (?:p\.[a-z][a-z0-9_]*|references|forms) \}\}|^```(?:rules|flow|chart)\b.*", re.MULTILINE
)


def kind_of(front: Mapping[str, str]) -> DocumentKind:
    """The kind of document that title, number and the words of the page header speak of; else a procedure."""
    for said in (front.get("kind", ""), front.get("title", ""), front.get("number", "")):
        for kind, pattern in _KINDS:
            if pattern.search(said):
                return kind
    return DocumentKind.PROCEDURE


def parameters_in(text: str) -> tuple[str, ...]:
    """The names of the parameters that the text prints, in order."""
    return tuple(dict.fromkeys(_PARAMETER.findall(text)))


def dropped(former: str, text: str) -> tuple[str, ...]:
    """What the program works out in the `former` draft and the new `text` has no longer: tags and fences."""
    kept = set(_EXECUTABLE.findall(text))
    return tuple(tag for tag in dict.fromkeys(_EXECUTABLE.findall(former)) if tag not in kept)


def markdown_file(imported: Imported, *, source: str, former: str | None = None) -> str:
    """The draft as it stands in procedures/: TOML between +++ lines, then the text.

    `former` is the draft that is replaced: its front matter, parameters and all, stays as it is. Otherwise the kind is
    a guess, the owner is the quality manager, and what the Word file says of revision, dates and names is a comment.
    """
    head = _former_head(former) if former is not None else None
    return f"{head if head is not None else _head(imported, source)}\n\n{imported.markdown}"


def _former_head(former: str) -> str | None:
    lines = former.replace("\r\n", "\n").split("\n")
    marks = [at for at, line in enumerate(lines) if line.strip() == "+++"]
    return "\n".join(lines[: marks[1] + 1]) if len(marks) > 1 and marks[0] == 0 else None


def _head(imported: Imported, source: str) -> str:
    front = imported.front
    named = tuple(dict.fromkeys(_REFERENCE.findall(imported.markdown)))
    values = {
        "number": front.get("number", imported.stem),
        "title": front.get("title", imported.stem),
        "kind": kind_of(front).value,
        "owner": OWNER,
        **({"references": named} if named else {}),
    }
    said = {key: text for key, text in front.items() if key not in ("number", "title", "kind")}
    comments = [
        f"# 由 Word 文件导入 / imported from {source}",
        *(f"#   {key:<16} {text}" for key, text in said.items()),
    ]
    lines = [f"{key:<10} = {inline(value)}" for key, value in values.items()]
    return "\n".join(["+++", *("".join(filter(str.isprintable, line)) for line in comments), *lines, "+++"])
