"""Every mistake in what people write is answered with file, line, key and what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.base.toml import Definition, line_of, parse, read
from qmsdocs.model.document import parse_procedure
from qmsdocs.model.form import Form
from qmsdocs.model.organisation import Organisation
from qmsdocs.model.people import People
from qmsdocs.model.register import Register
from qmsdocs.model.retention import Schedule

FORM = """\
number = "F-1"
title = "表"
owner = "clerk"
procedure = "P-1"
retention = "complaint"
series = { id = "ab", number = "AB-{site}-{year}-{serial:4}" }

[field.phone]
type = "text"
title = { zh = "电话", en = "Telephone" }

[field.kind]
type = "choice"
title = "类别"
choices.visit = { zh = "来访", en = "Visit" }
choices.phone = { zh = "电话", en = "Telephone" }
rules = [
  # a comment, with = and [brackets]
  { gives = "visit", when = "given(phone)" },
  { gives = "phone" },
]

[field.rows]
type = "table"
title = "行"
max = 3

  [field.rows.column.item]
  type = "text"
  title = "项"

[state]
open = { title = "开" }
closed = { title = "关", means = "closed" }

[step]
close = { title = "关闭", from = "open", to = "closed" }
"""
PEOPLE = """\
[role.clerk]
title = "员"

[person."wang.fang"]
name = "王芳"
roles = ["clerk"]
from = 2026-01-01

[person."li.ming"]
name = "李明"
"""
QMS = """\
organisation = "绿源"

[site.hz]
code = "HZ"
title = "杭州"

[calendar]
hours = [
    ["08:30", "12:00"],
    ["13:30", "17:30"],
]
holidays = [2026-10-01]

[page]
margins = { left = 25 }
"""
RETENTION = """\
format = 1

[class.complaint]
title = "投诉"
trigger = "closed"
period = "3 years"
disposition = "review"
basis = "惯例"
"""
REGISTER = """\
name = "actions"
title = "措施台账"
forms = ["F-1"]
columns = ["number"]
"""
PROCEDURE = """\
+++
number = "P-1"
title = "规定"
kind = "work_rule"
owner = "clerk"

[parameter]
first = { value = "24 hours", title = "一" }
second = { value = "60 %", title = "二" }
+++

# 目的
"""


def refusal(text: str, model: type[Definition], old: str, new: str) -> str:
    assert text.count(old) >= 1, old
    with pytest.raises(QmsError) as refused:
        parse(text.replace(old, new, 1), model, source="file")
    return str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # fields
        ('title = { zh = "电话"', 'titel = { zh = "电话"', 'file:10: field.phone.titel: unknown key, did you mean "title"?'),
        ('title = { zh = "电话", en = "Telephone" }\n', "", "file:8: field.phone.title: is missing"),
        ('en = "Telephone" }\n\n', 'english = "Telephone" }\n\n', "file:10: field.phone.title.english: text is { zh, en } or a plain string"),
        ('type = "text"', 'type = "txt"', "file:9: field.phone.type: must be one of 'section', 'text'"),
        ('type = "text"', "type = 5", "file:9: field.phone.type: must be one of"),
        ("[field.phone]", "[field.Phone]", 'file:8: field.Phone: "Phone" cannot be a name here'),
        ("[field.phone]", "[field.today]", 'file:8: field.today: "today" cannot be a name here'),
        ("[field.phone]", "[field.class]", 'file:8: field.class: "class" cannot be a name here'),
        ("[field.phone]", "[feld.phone]", 'file:8: feld: unknown key, did you mean "field"?'),
        # dotted keys, inline tables
        ('choices.phone = { zh = "电话", en', 'choices.phone = { zh = "电话", ne', "file:16: field.kind.choices.phone.text.ne: text is"),
        ("choices.phone", "choices.Phone", 'file:16: field.kind.choices.Phone: "Phone" cannot be a name'),
        ("choices.phone", "choises.phone", 'file:16: field.kind.choises: unknown key, did you mean "choices"?'),
        # an item of a list over several lines
        ('{ gives = "phone" }', '{ gifs = "phone" }', 'file:20: field.kind.rules.1.gifs: unknown key, did you mean "gives"?'),
        ("given(phone)", "given(phone) and", 'file:19: field.kind.rules.0.when: "given(phone) and" is not an expression'),
        ("given(phone)", "phone[0] == 'a'", "file:19: field.kind.rules.0.when: phone[0] is not part of the expression language"),
        ("given(phone)", "tel(phone)", "file:19: field.kind.rules.0.when: tel(phone) is no function; there are given, first"),
        # columns
        ('  title = "项"\n', "", "file:28: field.rows.column.item.title: is missing"),
        ('  title = "项"', '  title = "项"\n  tpye = "text"', "file:31: field.rows.column.item.tpye: unknown key, did you mean \"type\"?"),
        ("column.item", "column.state", 'file:28: field.rows.column.state: "state" cannot be a name here'),
        ("max = 3", 'max = "many"', "file:26: field.rows.max: must be a number"),
        # states and steps
        ('open = { title', 'open = { titel', 'file:33: state.open.titel: unknown key, did you mean "title"?'),
        ('close = { title = "关闭", from', 'close = { title = "关闭", form', 'file:37: step.close.form: unknown key, did you mean "from"?'),
        ('close = {', 'issue = {', "file:37: step.issue: every form has the step issue already"),
        ('from = "open", ', "", "file:37: step.close.from: is missing"),
        # head
        ('owner = "clerk"\n', "", "file:1: owner: is missing"),
        ('owner = "clerk"', "owner = true", "file:3: owner: must be text in quotes"),
        ('id = "ab"', 'id = "AB"', "file:6: series.id: an id is small letters, digits and -"),
        ("-{serial:4}", "", 'file:6: series.number: the number pattern "AB-{site}-{year}" needs {serial}'),
        ("{site}", "{side}", 'file:6: series.number: the number pattern "AB-{side}-{year}-{serial:4}" may hold'),
        # what the notation itself refuses
        ('title = { zh = "电话"', 'type = { zh = "电话"', "file:10: not valid TOML: a name stands here twice"),
        ("max = 3", "required = 5", "file:26: field.rows.required: must be true or false"),
        ("max = 3", "default = 1.5", "file:26: field.rows.default: must be text in quotes"),
        ("[field.kind]", "[field.phone]", "file:12: not valid TOML: a name stands here twice"),
        ('"类别"', "类别", "file:14: not valid TOML: this is no value; text needs quotes"),
        ('"类别"', '"类别', "file:14: not valid TOML: a text lacks its closing quote"),
        ('title = "类别"', 'title "类别"', "file:14: not valid TOML: there must be an = behind the key"),
        ('title = "类别"', '标题 = "类别"', "file:14: not valid TOML: this is no key; text in a key needs quotes"),
        ('"类别"', '"a\\d"', "file:14: not valid TOML: write \\\\ for a backslash in a text"),
        ('{ gives = "phone" },\n]', '{ gives = "phone" },\n', "file:23: not valid TOML"),
        ('closed" }', 'closed" } x', "file:34: not valid TOML: each key stands on a line of its own"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_form_is_located(old: str, new: str, expected: str) -> None:
    assert refusal(FORM, Form, old, new).startswith(expected)


def test_the_form_itself_is_right() -> None:
    assert parse(FORM, Form, source="file").title.zh == "表"


@pytest.mark.parametrize(
    ("text", "model", "old", "new", "expected"),
    [
        (PEOPLE, People, 'name = "李明"', 'nmae = "李明"', 'file:10: person.li.ming.nmae: unknown key, did you mean "name"?'),
        (PEOPLE, People, 'name = "李明"', "", "file:9: person.li.ming.name: is missing"),
        (PEOPLE, People, "from = 2026-01-01", 'from = "yesterday"', "file:7: person.wang.fang.from: must be a date such as"),
        (PEOPLE, People, "from = 2026-01-01", "form = 2026-01-01", 'file:7: person.wang.fang.form: unknown key, did you mean "from"?'),
        (PEOPLE, People, "[role.clerk]", "[rolle.clerk]", 'file:1: rolle: unknown key, did you mean "role"?'),
        (QMS, Organisation, 'code = "HZ"', "", "file:3: site.hz.code: is missing"),
        (QMS, Organisation, "[site.hz]", "[site.HZ]", "file:3: site.HZ: an id is small letters"),
        (QMS, Organisation, "[site.hz]", "[site.con]", "file:3: site.con: an id is small letters"),
        (QMS, Organisation, '["13:30", "17:30"]', '["13:30", "25:00"]', "file:10: calendar.hours.1: must be a time such as 08:30"),
        (QMS, Organisation, '["13:30", "17:30"]', '["13:30", "17:30", "18:00"]', "file:10: calendar.hours.1: has too many or too few parts"),
        (QMS, Organisation, "left = 25", 'left = "wide"', "file:15: page.margins.left: must be a whole number"),
        (QMS, Organisation, '["13:30", "17:30"]', '["11:30", "17:30"]', "file:8: calendar.hours: shifts are written in order"),
        (QMS, Organisation, "holidays = [2026-10-01]", 'holidays = ["x"]', "file:12: calendar.holidays.0: must be a date"),
        (QMS, Organisation, "holidays", "holydays", 'file:12: calendar.holydays: unknown key, did you mean "holidays"?'),
        (QMS, Organisation, "holidays = [2026-10-01]", 'working_days = ["mon", "day"]', "file:12: calendar.working_days: must be one of mon, tue"),
        (QMS, Organisation, "holidays = [2026-10-01]", "working_days = []", "file:12: calendar.working_days: at least one working day"),
        (QMS, Organisation, "holidays = [2026-10-01]", 'deadline_on_holiday = "move"', "file:12: calendar.deadline_on_holiday: must be one of 'stays', 'moves'"),
        (QMS, Organisation, 'organisation = "绿源"', 'organisation = "绿源"\nlanguages = ["fr"]', "file:2: languages.0: must be one of"),
        (QMS, Organisation, 'organisation = "绿源"', 'organisation = "绿源"\nlanguages = []', "file:2: languages: at least one language"),
        (QMS, Organisation, 'organisation = "绿源"', 'organisation = "绿源"\ntime_zone = "Asia/Hangzhou"', "file:2: time_zone: no such time zone"),
        (QMS, Organisation, "[page]", '[grace]\nform = "2 working days"\n[page]', "file:15: grace.form: must be days, weeks, months or years"),
        (QMS, Organisation, "[page]", '[grace]\nform = "soon"\n[page]', 'file:15: grace.form: "soon" is not a number and a unit'),
        (QMS, Organisation, "[page]", '[attachment]\nlimit = "20 KB"\n[page]', "file:15: attachment.limit: must be such as 20 MB"),
        (QMS, Organisation, "[page]", '[attachment]\nlimit = "200 MB"\n[page]', "file:15: attachment.limit: must be such as 20 MB"),
        (QMS, Organisation, "[page]", '[site.sh]\ncode = "HZ"\ntitle = "沪"\n[page]', "file:3: site: two sites have one code"),
        (RETENTION, Schedule, 'trigger = "closed"', 'trigger = "close"', "file:5: class.complaint.trigger: must be one of 'issued'"),
        (RETENTION, Schedule, 'basis = "惯例"', 'bases = "惯例"', 'file:8: class.complaint.bases: unknown key, did you mean "basis"?'),
        (RETENTION, Schedule, '"3 years"', '"3 yards"', 'file:6: class.complaint.period: "yards" is no unit'),
        (RETENTION, Schedule, '"3 years"', '"60 %"', "file:6: class.complaint.period: must be"),
        (RETENTION, Schedule, "class.complaint", "class.Complaint_x", "file:3: class.Complaint_x: an id is small letters"),
        (REGISTER, Register, "columns", "colums", 'file:4: colums: unknown key, did you mean "columns"?'),
        (REGISTER, Register, 'columns = ["number"]', 'columns = "number"', "file:4: columns: must be a list in [ ]"),
    ],
)  # fmt: skip
def test_a_mistake_elsewhere_is_located(text: str, model: type[Definition], old: str, new: str, expected: str) -> None:
    parse(text, model, source="file")
    assert refusal(text, model, old, new).startswith(expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("+++\nnumber", "number", "file:1: a procedure begins with front matter"),
        ("\n+++\n\n#", "\n\n#", "file:1: the front matter has no closing +++"),
        ('kind = "work_rule"', 'kind = "rule"', "file:4: kind: must be one of 'manual'"),
        ('second = { value = "60 %"', 'second = { valeu = "60 %"', 'file:9: parameter.second.valeu: unknown key, did you mean "value"?'),
        ('"60 %"', '"60 miles"', 'file:9: parameter.second.value: "miles" is no unit; use one of minute, hour'),
        ('"24 hours"', '"1.5 days"', 'file:8: parameter.first.value: "1.5 days": days and longer are counted whole'),
        ('"24 hours"', '"200 years"', 'file:8: parameter.first.value: "200 years" is longer than a century'),
        ('owner = "clerk"', "owner = clerk", "file:5: not valid TOML: this is no value"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_procedure_is_located_by_the_line_of_the_file(old: str, new: str, expected: str) -> None:
    assert parse_procedure(PROCEDURE, source="file").body_line == 12
    with pytest.raises(QmsError) as refused:
        parse_procedure(PROCEDURE.replace(old, new, 1), source="file")
    assert str(refused.value).startswith(expected)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("field phone", 8),
        ("field phone title", 10),
        ("field phone title zh", 10),
        ("field kind rules 1 gives", 20),
        ("field kind rules 7", 17),
        ("field rows column item type", 29),
        ("field rows column nothing", 23),
        ("step close when", 37),
        ("nothing at all", 1),
    ],
)
def test_the_line_of_a_key_or_of_what_is_nearest_above_it(keys: str, line: int) -> None:
    assert line_of(FORM, keys.split()) == line


def test_lines_in_texts_and_lists_are_no_keys() -> None:
    text = 'a = """\n[b]\nc = 1\n"""\nlist = [\n  ["x = 1"], # [b]\n  [\'y\'],\n]\n[b]\n"c.d" = 2\n'
    assert line_of(text, ["b", "c.d"]) == 10
    assert line_of(text, ["b"]) == 9
    assert line_of(text, ["list", "1"]) == 7


def test_a_file_is_named_as_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "people.toml"
    path.write_text("x = 1\n", "utf-8")
    with pytest.raises(QmsError, match=r"^people\.toml:1: x: unknown key$"):
        read(path, People, name="people.toml")
    with pytest.raises(QmsError, match=r"people\.toml:1"):
        read(path, People)


def test_a_huge_or_deep_file_is_refused() -> None:
    with pytest.raises(QmsError, match="larger than"):
        parse("#" * 2_000_001, People, source="file")
    with pytest.raises(QmsError, match="nested too deeply"):
        parse("a = " + "[" * 5000 + "]" * 5000, People, source="file")


def test_the_first_mistake_is_said_in_chinese_too() -> None:
    with pytest.raises(QmsError) as refused:
        parse(FORM.replace("titel", "").replace('title = "类别"', 'titel = "类别"'), Form, source="f")
    said = Catalogue.load(Language.ZH).say(refused.value.message)
    assert said.startswith("f:14：field.kind.titel：") and "unknown" not in said and "title" in said
