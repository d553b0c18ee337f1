"""A procedure: TOML front matter between +++ lines, then Markdown; its numbers are named parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from qmsdocs.base.errors import QmsError
from qmsdocs.base.toml import Definition, parse
from qmsdocs.model.form import Measure, Names, Words
from qmsdocs.model.quantity import Quantity


class DocumentKind(StrEnum):
    """The kinds of controlled documents."""

    MANUAL = "manual"
    CHAPTER = "chapter"
    PROCEDURE = "procedure"
    WORK_RULE = "work_rule"
    WORK_INSTRUCTION = "work_instruction"


class ParameterDefinition(Definition):
    """One number of a procedure: its value with a unit, and its title."""

    value: Measure
    title: Words


class FrontMatter(Definition):
    """What stands between the +++ lines. No revision, status or date: these stand in events."""

    number: str
    title: Words
    kind: DocumentKind
    owner: str
    parent: str | None = None
    clauses: Names = ()
    references: Names = ()
    forms: Names = ()
    chapters: Names = ()
    distribution: Names = ()
    readers: Names = ()
    confidentiality: str = "internal"
    review_every: Measure | None = None
    parameter: Mapping[str, ParameterDefinition] = {}


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure's front matter and its text, which begins in the line `body_line` of the file."""

    front: FrontMatter
    body: str
    body_line: int

    @property
    def parameters(self) -> Mapping[str, Quantity]:
        """The values of the parameters by name."""
        return {name: parameter.value for name, parameter in self.front.parameter.items()}


def head_of(text: str) -> str:
    """What stands between the +++ lines of a document that can be read; it begins in the second line."""
    return text.split("\n+++", 1)[0].partition("\n")[2]


def parse_procedure(text: str, *, source: str) -> Procedure:
    """The procedure written in `text`. Raises QmsError located in `source`."""
    lines = text.split("\n")
    if not lines or lines[0].strip() != "+++":
        raise QmsError("{source}:1: a procedure begins with front matter between two lines of +++", source=source)
    end = next((number for number, line in enumerate(lines[1:], 1) if line.strip() == "+++"), None)
    if end is None:
        raise QmsError("{source}:1: the front matter has no closing +++ line", source=source)
    front = parse("\n".join(lines[1:end]), FrontMatter, source=source, line_offset=1)
    body = lines[end + 1 :]
    empty = next((count for count, line in enumerate(body) if line.strip()), 0)
    return Procedure(front, "\n".join(body[empty:]).strip() + "\n", end + 2 + empty)
