"""The walk over a form: for every message one sample that calls it forth and one near miss that does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from definitions import HEAD, LIFE, NUMBERS, procedure, small, starter

from qmsdocs.base.language import Catalogue, Language
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.model.form import Form
from qmsdocs.model.form_check import Surroundings, check_form
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.quantity import parse as quantity

PARAMETERS: Mapping[str, Quantity] = {
    name: quantity(written)
    for name, written in {
        "limit": "24 hours",
        "window": "1 month",
        "work": "2 working days",
        "many": "10 people",
    }.items()
}
TARGET = small(
    """
[field.subject]
type = "text"
title = "事由"
[field.day]
type = "date"
title = "日期"
[field.source]
type = "choice"
title = "来源"
choices.visit = "来访"
choices.phone = "电话"
[field.rows]
type = "table"
title = "行"
max = 3
[field.rows.column.a]
type = "text"
title = "甲"
[field.worked_out]
type = "integer"
title = "算出"
value = "1"
""",
    head=HEAD.replace("F-1", "F-2").replace('"sy"', '"zz"'),
)
AROUND = Surroundings(PARAMETERS, frozenset({"clerk", "manager"}), frozenset({"trial", "other"}), {"F-2": TARGET})


def found(form: Form, around: Surroundings = AROUND) -> list[str]:
    return [f"{item.place}: {item.message}" for item in check_form(form, around)]


def field(rest: str, kind: str = "text", name: str = "x", title: str = "甲") -> str:
    return f'[field.{name}]\ntype = "{kind}"\ntitle = "{title}"\n{rest}\n'


CHOICE = 'choices.a = "甲"\nchoices.b = "乙"'
TABLE = "max = 3\n" + '[field.x.column.c]\ntype = "text"\ntitle = "丙"\n'
NUMBER = field("", "integer", "n")
FLAG = field("", "boolean", "flag")
STATES = '[state]\nopen = { title = "开" }\ndone = { title = "成" }\nclosed = { title = "关", means = "closed" }\n'
STEPS = (
    '[step.do]\ntitle = "做"\nfrom = "open"\nto = "done"\nby = "clerk"\n'
    '[step.close]\ntitle = "关"\nfrom = "done"\nto = "closed"\nby = "manager"\nsigns = "approved"\n'
)
THREE = STATES + STEPS
BASE = field("", name="base")


# fields: what is wrong, where it is said, the message, and the near miss
FIELDS = [
    (field('value = "1"\nlookup = { count = "number" }', "integer"), "field.x", "has both value and lookup; one is enough", field('value = "1"', "integer")),
    (field(f'{CHOICE}\nlike = "y"', "choice") + field(CHOICE, "choice", "y"), "field.x", "has both choices and like; one is enough", field('like = "y"', "choice") + field(CHOICE, "choice", "y")),
    (field("", "choice"), "field.x", "a choice needs choices, or like", field(CHOICE, "choice")),
    (field('like = "n"', "scale") + NUMBER, "field.x", "a choice needs choices, or like", field('like = "n"', "scale") + field(CHOICE, "choice", "n")),
    (field('like = "y"', "choice"), "field.x.like", 'unknown field "y"', field('like = "y"', "choice") + field(CHOICE, "choice", "y")),
    (field('choices.a = "甲"\nchoices.b = { zh = "甲", en = "B" }', "choice"), "field.x.choices", "two choices have the same words", field('choices.a = "甲"\nchoices.b = { zh = "乙", en = "B" }', "choice")),
    (field('choices.a = { zh = "甲", en = "A" }\nchoices.b = { zh = "乙", en = "A" }', "choice"), "field.x.choices", "two choices have the same words", field(CHOICE, "choice")),
    (field('pattern = "[0-9"'), "field.x.pattern", "is no pattern", field('pattern = "[0-9]"')),
    (field('pattern = "(?=a)"'), "field.x.pattern", "is no pattern", field('pattern = "(?:a)"')),
    (field('pattern = "a"', "integer"), "field.x.pattern", "means nothing for a field of the type integer", field('pattern = "a"')),
    (field("min = 1", "boolean"), "field.x.min", "means nothing for a field of the type boolean", field("min = 1", "integer")),
    (field("max = 1", "date"), "field.x.max", "means nothing for a field of the type date", field("max = 1", "attachment")),
    (field(CHOICE), "field.x.choices", "means nothing for a field of the type text", field(CHOICE, "choices")),
    (field('like = "y"') + field(CHOICE, "choice", "y"), "field.x.like", "means nothing for a field of the type text", field('like = "y"', "scale") + field(CHOICE, "choice", "y")),
    (field(TABLE), "field.x.column", "means nothing for a field of the type text", field(TABLE, "table")),
    (field('rows.a = "甲"'), "field.x.rows", "means nothing for a field of the type text", field('rows.a = "甲"\n' + TABLE.replace("max = 3\n", ""), "table")),
    (field('rules = [{ gives = "1" }]', "integer"), "field.x.rules", "means nothing for a field of the type integer", field('rules = [{ gives = "1" }]')),
    (field('value = "x"\n' + TABLE, "table"), "field.x.value", "means nothing for a field of the type table", field(TABLE, "table")),
    (field('lookup = { count = "number" }'), "field.x.lookup", "means nothing for a field of the type text", field('lookup = { count = "number" }', "integer")),
    (field('default = "x"', "attachment"), "field.x.default", "means nothing for a field of the type attachment", field('default = "x"')),
    (field("required = true", "section"), "field.x.required", "means nothing for a field of the type section", field("required = true")),
    (field('may_change = "close"', "note"), "field.x.may_change", "means nothing for a field of the type note", field('may_change = "close"')),
    (field('means = "customer"', "section"), "field.x.means", "means nothing for a field of the type section", field('means = "customer"')),
    (field("min = 5\nmax = 4", "integer"), "field.x.min", "is above max", field("min = 5\nmax = 5", "integer")),
    (field('means = "custmer"'), "field.x.means", 'unknown meaning "custmer", did you mean "customer"?', field('means = "customer"')),
    (field('means = "opened_at"'), "field.x.means", "only a field of the type date, datetime can be that", field('means = "opened_at"', "date")),
    (field('means = "action"'), "field.x.means", "only a field of the type table can be that", field('means = "action"\n' + TABLE, "table")),
    (field('when = "n"') + NUMBER, "field.x.when", "must be a condition, not a number", field('when = "n > 1"') + NUMBER),
    (field('when = "m > 1"') + NUMBER, "field.x.when", 'unknown field "m"', field('when = "n > 1"') + NUMBER),
    (field('required = "clos"'), "field.x.required", 'unknown step "clos", did you mean "close"?', field('required = "close"')),
    (field('may_change = ["clos"]'), "field.x.may_change", 'unknown step "clos"', field('may_change = ["close"]')),
    (field('value = "n"\nrequired = true', "integer") + NUMBER, "field.x.required", "is worked out by the program, so nobody can be asked for it", field('value = "n"', "integer") + NUMBER),
    (field("default = 5\nmin = 6", "integer"), "field.x.default", "cannot be taken: must not be less than 6", field("default = 6\nmin = 6", "integer")),
    (field(f'{CHOICE}\ndefault = "c"', "choice"), "field.x.default", 'cannot be taken: "c" is no choice; there are a (甲), b (乙)', field(f'{CHOICE}\ndefault = "b"', "choice")),
    (field("max = 3", "table"), "field.x", "a table needs at least one column", field(TABLE, "table")),
    (field(TABLE.replace('"text"', '"section"'), "table"), "field.x.column.c", "the type section cannot be a column", field(TABLE.replace('"text"', '"date"'), "table")),
    (field(TABLE.replace('"text"', '"attachment"'), "table"), "field.x.column.c", "the type attachment cannot be a column", field(TABLE, "table")),
    (field(TABLE + 'when = "n > 1"', "table") + NUMBER, "field.x.column.c.when", "means nothing in a column", field(TABLE + "required = true", "table") + NUMBER),
    (field(TABLE + 'value = "1"', "table"), "field.x.column.c.value", "means nothing in a column", field(TABLE, "table")),
    (field(TABLE + 'default = "a"', "table"), "field.x.column.c.default", "means nothing in a column", field(TABLE, "table")),
    (field(TABLE + 'may_change = "close"', "table"), "field.x.column.c.may_change", "means nothing in a column", field(TABLE + 'required = "close"', "table")),
    (field(TABLE + 'required = "clos"', "table"), "field.x.column.c.required", 'unknown step "clos"', field(TABLE + 'required = "close"', "table")),
    (field(TABLE + 'means = "due_on"', "table"), "field.x.column.c.means", "only a field of the type date, datetime", field(TABLE.replace('"text"', '"date"') + 'means = "due_on"', "table")),
    (field(TABLE.replace("max = 3\n", ""), "table"), "field.x", "a table without max has no end on paper; 200 rows are taken", field(TABLE.replace("max = 3", 'rows.a = "甲"'), "table")),
    (field('rows.a = { zh = "甲", weight = "p.limit" }\n' + TABLE.replace("max = 3\n", ""), "table"), "field.x.rows.a.weight", "must be a number, not a period", field('rows.a = { zh = "甲", weight = "p.many" }\n' + TABLE.replace("max = 3\n", ""), "table")),
    (field(f'{CHOICE}\nrules = [{{ gives = "c" }}]', "choice"), "field.x.rules.0", 'rule 1 gives "c", which is no choice', field(f'{CHOICE}\nrules = [{{ gives = "b" }}]', "choice")),
    (field(f'{CHOICE}\nrules = [{{ gives = "a" }}, {{ gives = "b" }}]', "choice"), "field.x.rules.0", "rule 1 always holds, the ones after it never do", field(f'{CHOICE}\nrules = [{{ gives = "a", when = "flag" }}, {{ gives = "b" }}]', "choice") + FLAG),
    (field(f'{CHOICE}\nrules = [{{ gives = "a", when = "flag" }}, {{ gives = "b", when = "n" }}]', "choice") + FLAG + NUMBER, "field.x.rules.1", "must be a condition, not a number", field(f'{CHOICE}\nrules = [{{ gives = "a", when = "flag" }}, {{ gives = "b", when = "n < 0" }}]', "choice") + FLAG + NUMBER),
    (field('value = "flag"', "integer") + FLAG, "field.x.value", "must be what the field holds, not a condition", field('value = "flag"', "boolean") + FLAG),
    (field('lookup = { count = "custmer" }', "integer"), "field.x.lookup", 'unknown field "custmer"', field('lookup = { count = "number" }', "integer")),
    (field('lookup = { count = "number", same = ["m"] }', "integer"), "field.x.lookup", 'unknown field "m"', field('lookup = { count = "number", same = ["n"] }', "integer") + NUMBER),
    (field('lookup = { count = "number", state = "shut" }', "integer"), "field.x.lookup", 'unknown state "shut"', field('lookup = { count = "number", state = "closed" }', "integer")),
    (field('lookup = { count = "number", within = "p.many" }', "integer"), "field.x.lookup", "must be a period, not a number", field('lookup = { count = "number", within = "p.window" }', "integer")),
    (field('lookup = { count = "number", within = "p.work" }', "integer"), "field.x.lookup", "looks back over days, weeks, months or years, not 2 working days", field('lookup = { count = "number", within = "p.limit" }', "integer")),
    (field('when = "y > 1"', "integer") + field('when = "x > 1"', "integer", "y"), "field.x", "depends on itself", field('when = "y > 1"', "integer") + field("", "integer", "y")),
    (field('value = "x + 1"', "integer"), "field.x", "depends on itself", field('value = "n + 1"', "integer") + NUMBER),
    (field("", "date") + '[clock.x]\ntitle = "时"\nstarts = "x"\nstops = "close"\n', "field.x", "a clock has the same name", field("", "date") + '[clock.y]\ntitle = "时"\nstarts = "x"\nstops = "close"\n'),
    (field("required = true") + THREE.replace('to = "done"', 'to = "done"\nsets = { x = "\'a\'" }'), "field.x.required", "is set by a step, so it cannot be there at issue", field('required = "close"') + THREE.replace('to = "done"', 'to = "done"\nsets = { x = "\'a\'" }')),
]  # fmt: skip

# steps, states, clocks, checks, raises, register: the whole of what stands behind the fields
LIVES = [
    ("", THREE.replace('from = "open"', 'from = "opne"'), "step.do", 'unknown state "opne", did you mean "open"?', THREE),
    ("", THREE.replace('to = "closed"', 'to = "cloesd"'), "step.close", 'unknown state "cloesd"', THREE),
    ("", THREE.replace('by = "manager"', 'by = "manger"'), "step.close.by", 'unknown role "manger", did you mean "manager"?', THREE),
    ("", THREE + 'not_by = "did"\n', "step.close.not_by", 'unknown step "did"', THREE + 'not_by = ["do", "issue"]\n'),
    ("", THREE.replace('"approved"', '"aproved"'), "step.close.signs", 'unknown meaning "aproved", did you mean "approved"?', THREE),
    (NUMBER, THREE + 'when = "n"\n', "step.close.when", "must be a condition, not a number", THREE + 'when = "n > 1"\n'),
    (NUMBER, THREE + 'sets = { m = "1" }\n', "step.close.sets.m", 'unknown field "m"', THREE + 'sets = { n = "1" }\n'),
    (NUMBER, THREE + "sets = { n = \"'a'\" }\n", "step.close.sets.n", "must be what the field holds, not a text", THREE + 'sets = { n = "n + 1" }\n'),
    (field(CHOICE, "choice"), THREE + "sets = { x = \"'c'\" }\n", "step.close.sets.x", 'unknown choice "c"', THREE + "sets = { x = \"'b'\" }\n"),
    (field(CHOICE, "choice") + field('choices.a = "甲"\nchoices.z = "癸"', "choice", "y"), THREE + 'sets = { x = "y" }\n', "step.close.sets.x", "must be what the field holds, not a choice", THREE + "sets = { x = \"'a'\" }\n"),
    (field(TABLE, "table"), THREE + 'sets = { x = "x" }\n', "step.close.sets.x", "must be what the field holds, not a table", THREE + 'clears = "x"\n'),
    (field('value = "1"', "integer"), THREE + 'sets = { x = "2" }\n', "step.close.sets.x", 'unknown field "x"', THREE),
    (field("", "date"), THREE + 'clears = ["x", "y"]\n', "step.close.clears", 'unknown field "y"', THREE + 'clears = ["x"]\n'),
    ("", THREE.replace("done = {", 'lost = { title = "失" }\ndone = {'), "state.lost", "cannot be reached", THREE.replace("done = {", 'lost = { title = "失" }\ndone = {') + '[step.lose]\ntitle = "失"\nfrom = ["open", "lost"]\nto = "lost"\n[step.find]\ntitle = "得"\nfrom = "lost"\nto = "open"\n'),
    ("", THREE.replace("done = {", 'lost = { title = "失" }\ndone = {') + '[step.lose]\ntitle = "失"\nfrom = "open"\nto = "lost"\n', "state.lost", "leads to no closed state", THREE),
    ("", THREE.replace(', means = "closed"', ""), "state", 'no state means "closed", so a record could never be closed', '[state]\nopen = { title = "开" }\n'),
    (field('required = "do"'), THREE + 'sets = { x = "\'a\'" }\n', "field.x.required", "nobody can give it before the step do", THREE + '[step.early]\ntitle = "早"\nfrom = "open"\nsets = { x = "\'a\'" }\n'),
    (field('required = "close"\nmay_change = "fix"'), THREE + '[step.fix]\ntitle = "补"\nfrom = "closed"\nby = "clerk"\n', "field.x.may_change", "may still change in the step fix after close was signed", THREE + '[step.fix]\ntitle = "补"\nfrom = "open"\nby = "clerk"\n'),
    (field('may_change = "fix"', "boolean"), THREE + 'when = "x"\n[step.fix]\ntitle = "补"\nfrom = "closed"\nto = "closed"\n', "field.x.may_change", "may still change in the step fix after close was signed", THREE + 'when = "x"\n[step.fix]\ntitle = "补"\nfrom = "closed"\nto = "open"\n'),
    (field('required = "close"\nmay_change = "fix"'), THREE + '[step.fix]\ntitle = "补"\nfrom = "closed"\n', "field.x.may_change", "may still change", THREE + '[step.fix]\ntitle = "补"\nfrom = "closed"\nsigns = "approved"\n'),
    ("", THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "clos"\n', "clock.c", 'unknown step or date "clos", did you mean "close"?', THREE + '[clock.c]\ntitle = "时"\nstarts = "issue"\nstops = "close"\n'),
    (field(""), THREE + '[clock.c]\ntitle = "时"\nstarts = "x"\nstops = "close"\n', "clock.c", 'unknown step or date "x"', THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\n'),
    ("", THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\npauses = "rest"\n', "clock.c.pauses", 'unknown state "rest"', THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\npauses = "done"\n'),
    ("", THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\nwithin = "p.many"\n', "clock.c.within", "must be a period, not a number", THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\nwithin = "p.limit"\n'),
    (NUMBER, THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\nwhen = "n"\n', "clock.c.when", "must be a condition, not a number", THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\nwhen = "n > 1"\n'),
    ("", THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\nescalate = [{ to = "boss" }]\n', "clock.c.escalate", 'unknown role "boss"', THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\nescalate = [{ to = "manager" }]\n'),
    ("", THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\nescalate = [{ to = "clerk", after = "p.many" }]\n', "clock.c.escalate", "must be a period, not a number", THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\nescalate = [{ to = "clerk", after = "p.limit" }]\n'),
    (NUMBER, THREE + '[check.c]\nmust = "n"\nsays = "须"\n', "check.c.must", "must be a condition, not a number", THREE + '[check.c]\nmust = "n > 1"\nsays = "须"\n'),
    (NUMBER, THREE + '[check.c]\nmust = "n > 1"\nwhen = "n"\nsays = "须"\n', "check.c.when", "must be a condition, not a number", THREE + '[check.c]\nmust = "n > 1"\nwhen = "n < 9"\nsays = "须"\n'),
    (NUMBER, THREE + '[check.c]\nmust = "n > 1"\nsays = "须"\nrequired = "don"\n', "check.c.required", 'unknown step "don", did you mean "do"?', THREE + '[check.c]\nmust = "n > 1"\nsays = "须"\nrequired = ["do", "issue"]\n'),
    (NUMBER, THREE + '[raise.r]\ntitle = "引"\nform = "F-2"\nwhen = "n"\n', "raise.r.when", "must be a condition, not a number", THREE + '[raise.r]\ntitle = "引"\nform = "F-2"\nwhen = "n > 1"\n'),
    ("", THREE + '[raise.r]\ntitle = "引"\nform = "F-2"\nclosed = "clos"\n', "raise.r", 'unknown step "clos", did you mean "close"?', THREE + '[raise.r]\ntitle = "引"\nform = "F-2"\nclosed = "close"\nrequired = "do"\n'),
    ("", THREE + '[raise.r]\ntitle = "引"\nform = "F-3"\n', "raise.r.form", "there is no form F-3", THREE + '[raise.r]\ntitle = "引"\nform = "F-2"\n'),
    (NUMBER, THREE + '[raise.r]\ntitle = "引"\nform = "F-2"\nfill = { subjet = "n" }\n', "raise.r.fill.subjet", 'unknown field "subjet", did you mean "subject"?', THREE + "[raise.r]\ntitle = \"引\"\nform = \"F-2\"\nfill = { subject = \"'x'\" }\n"),
    (NUMBER, THREE + '[raise.r]\ntitle = "引"\nform = "F-2"\nfill = { subject = "n" }\n', "raise.r.fill.subject", "must be what the field holds, not a number", THREE + '[raise.r]\ntitle = "引"\nform = "F-2"\nfill = { day = "today" }\n'),
    (field(CHOICE, "choice"), THREE + '[raise.r]\ntitle = "引"\nform = "F-2"\nfill = { source = "x" }\n', "raise.r.fill.source", "must be what the field holds, not a choice", THREE + "[raise.r]\ntitle = \"引\"\nform = \"F-2\"\nfill = { source = \"'phone'\" }\n"),
    ("", THREE + "[raise.r]\ntitle = \"引\"\nform = \"F-2\"\nfill = { source = \"'phon'\" }\n", "raise.r.fill.source", 'unknown choice "phon", did you mean "phone"?', THREE + "[raise.r]\ntitle = \"引\"\nform = \"F-2\"\nfill = { source = \"'visit'\" }\n"),
    ("", THREE + "[raise.r]\ntitle = \"引\"\nform = \"F-2\"\nfill = { worked_out = \"1\" }\n", "raise.r.fill.worked_out", 'unknown field "worked_out"', THREE),
    (NUMBER, THREE + '[register]\nname = "r"\ntitle = "台账"\ncolumns = ["numbr"]\n', "register.columns", 'unknown column "numbr", did you mean "number"?', THREE + '[register]\nname = "r"\ntitle = "台账"\ncolumns = ["number", "n", "closed_on", "days_open"]\n'),
    (NUMBER, THREE + '[register]\nname = "r"\ntitle = "台账"\ncolumns = ["n"]\norder = ["m"]\n', "register.order", 'unknown column "m"', THREE + '[register]\nname = "r"\ntitle = "台账"\ncolumns = ["n"]\norder = ["n", "opened_on"]\n'),
    (NUMBER, THREE + '[register]\nname = "r"\ntitle = "台账"\ncolumns = ["n.m"]\n', "register.columns", 'unknown column "n.m"', THREE + '[register]\nname = "r"\ntitle = "台账"\ncolumns = ["n"]\n'),
    ("", THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\n[register]\nname = "r"\ntitle = "台账"\ncolumns = ["clock.d"]\n', "register.columns", 'unknown clock "d"', THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\n[register]\nname = "r"\ntitle = "台账"\ncolumns = ["clock.c", "clock.c.due_at"]\n'),
    ("", THREE + '[clock.c]\ntitle = "时"\nstarts = "do"\nstops = "close"\n[register]\nname = "r"\ntitle = "台账"\ncolumns = ["clock.c.due_on"]\n', "register.columns", 'unknown column "due_on", did you mean "due_at"?', THREE),
    ("", THREE + '[register]\nname = "r"\ntitle = "台账"\ncolumns = ["raise.x"]\n', "register.columns", 'unknown raise "x"', THREE + '[raise.x]\ntitle = "引"\nform = "F-2"\n[register]\nname = "r"\ntitle = "台账"\ncolumns = ["raise.x"]\n'),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "place", "message", "near_miss"), FIELDS)
def test_a_mistake_in_a_field(wrong: str, place: str, message: str, near_miss: str) -> None:
    life = "" if "[state]" in wrong else LIFE
    assert any(line.startswith(f"{place}: ") and message in line for line in found(small(wrong, life))), found(
        small(wrong, life)
    )
    assert found(small(near_miss, "" if "[state]" in near_miss else LIFE)) == []


@pytest.mark.parametrize(("fields", "wrong", "place", "message", "near_miss"), LIVES)
def test_a_mistake_in_steps_and_what_follows(fields: str, wrong: str, place: str, message: str, near_miss: str) -> None:
    lines = found(small(BASE + fields, wrong))
    assert any(line.startswith(f"{place}: ") and message in line for line in lines), lines
    assert found(small(BASE + fields, near_miss)) == []


def test_what_a_form_is_checked_against() -> None:
    form = small(field(""))
    assert found(form) == []
    head = {
        "procedure: there is no procedure P-1": replace(AROUND, parameters=None),
        'retention: unknown retention class "trial", did you mean "trials"?': replace(
            AROUND, classes=frozenset({"trials"})
        ),
        'owner: unknown role "clerk", did you mean "clerks"?': replace(AROUND, roles=frozenset({"clerks", "manager"})),
    }
    for line, around in head.items():
        assert line in found(form, around)
    without_site = small(field(""), head=HEAD.replace("{site}-", ""))
    assert found(without_site) == []
    assert found(without_site, replace(AROUND, several_sites=True)) == [
        "series.number: with several sites the number needs {site}"
    ]
    twin = small(field(""), head=HEAD.replace("F-1", "F-9"))
    assert found(form, replace(AROUND, forms={"F-9": twin})) == ["series.id: the form F-9 has the series sy too"]
    assert found(form, replace(AROUND, forms={"F-1": form})) == []


def test_without_its_procedure_a_form_is_checked_as_far_as_it_can_be() -> None:
    form = small(field('value = "p.many + y"', "integer") + field('when = "y > 1"', name="z"))
    lines = found(form, replace(AROUND, parameters=None))
    assert 'field.z.when: unknown field "y"' in lines
    assert not any("p.many" in line for line in lines)


def test_a_form_has_an_end() -> None:
    many = "".join(field("", name=f"f{number}") for number in range(301))
    assert "field: more than 300 fields" in found(small(many))
    assert found(small("".join(field("", name=f"f{number}") for number in range(300)))) == []


def test_errors_and_warnings_have_their_codes() -> None:
    findings = list(
        check_form(small(field(TABLE.replace("max = 3\n", ""), "table") + NUMBER.replace("integer", "choice")), AROUND)
    )
    assert [(item.code, item.severity, item.subject) for item in findings] == [
        ("DEF201", Severity.WARNING, "F-1"),
        ("DEF101", Severity.ERROR, "F-1"),
    ]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_forms_of_the_starter_pack_are_sound(number: str) -> None:
    form = starter(number)
    around = Surroundings(
        procedure(form.procedure).parameters,
        frozenset(ROLES),
        frozenset({form.retention}),
        {other: starter(other) for other in NUMBERS},
    )
    assert found(form, around) == []


ROLES = {
    *("document_controller", "quality_manager", "quality_engineer", "general_manager", "vice_president"),
    *("service_director", "service_manager", "service_clerk", "project_manager", "department_head"),
}
SAMPLES = [sample for sample, *_ in FIELDS] + [BASE + fields + wrong for fields, wrong, *_ in LIVES]


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_message_is_said_in_chinese(sample: str) -> None:
    chinese = Catalogue.load(Language.ZH)
    items: list[Finding] = list(check_form(small(sample, "" if "[state]" in sample else LIFE), AROUND))
    assert items
    for item in items:
        assert chinese.say(item.message) != str(item.message), item
