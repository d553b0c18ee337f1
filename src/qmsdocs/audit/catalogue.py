"""All rules over the whole repository, family by family. A new module of rules is entered here."""

from __future__ import annotations

from qmsdocs.audit import upkeep
from qmsdocs.audit.rule import Rule

RULES: tuple[Rule, ...] = (*upkeep.RULES,)
