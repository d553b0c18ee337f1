"""All rules, over the whole repository and over single records. A new module of rules is entered here."""

from __future__ import annotations

from qmsdocs.audit import actions, custody, documents, effects, history, offices, records, retention, upkeep
from qmsdocs.audit.records import RecordRule
from qmsdocs.audit.rule import Rule

RULES: tuple[Rule, ...] = (
    *documents.RULES,
    *custody.RULES,
    *offices.RULES,
    *actions.RULES,
    *effects.RULES,
    *retention.RULES,
    *history.RULES,
    *upkeep.RULES,
)

RECORD_RULES: tuple[RecordRule, ...] = (*records.RULES, *effects.RECORD_RULES)
