"""What is said of a coded rule: the texts behind `qmsdocs rule CODE` and docs/rules.md. They are data, not code."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import model_validator

from qmsdocs.base.errors import message
from qmsdocs.base.toml import Definition, LocatedError
from qmsdocs.model.finding import Severity
from qmsdocs.model.form import Words

CODE = re.compile(r"(DOC|REC|RET|HIS|ACT|SYS|DEF)[1-9][0-9]{2}", re.ASCII)
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)  # what is wrong; reads after the word "allow"


class RuleText(Definition):
    """One rule: its name, how bad a finding is, the clauses it serves, and what a person must know of it.

    A clause is written as in procedures, `ISO 9001:7.5.3.2`. A retired rule keeps its code and says so.
    """

    name: str
    severity: Severity
    clauses: tuple[str, ...] = ()
    title: Words
    why: Words
    remedy: Words
    spares: Words | None = None
    retired: Words | None = None

    @model_validator(mode="after")
    def _named(self) -> RuleText:
        if not NAME.fullmatch(self.name):
            raise LocatedError(message("a name is small letters, digits and hyphens"), "name")
        return self


class RuleTexts(Definition):
    """One file of rules, by code."""

    rule: Mapping[str, RuleText]

    @model_validator(mode="after")
    def _coded(self) -> RuleTexts:
        for code in self.rule:
            if not CODE.fullmatch(code):
                raise LocatedError(message("a code is a family and three digits, such as REC204"), "rule", code)
        return self
