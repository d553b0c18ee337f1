"""All rules over the whole repository, family by family. A new module of rules is entered here."""

from __future__ import annotations

from qmsdocs.audit import actions, custody, documents, history, offices, retention, upkeep
from qmsdocs.audit.rule import Rule

RULES: tuple[Rule, ...] = (
    *documents.RULES,
    *custody.RULES,
    *offices.RULES,
    *actions.RULES,
    *retention.RULES,
    *history.RULES,
    *upkeep.RULES,
)
