"""The starter forms, and how values are taken in, for the tests of filling."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from qmsdocs.base.canonical import Json
from qmsdocs.base.toml import parse, read
from qmsdocs.model.form import Form
from qmsdocs.model.value import Intake, Refusal

FOLDER = Path(__file__).parents[2] / "forms"
NUMBERS = tuple(sorted(path.parent.name for path in FOLDER.glob("*/form.toml")))
ZONE = ZoneInfo("Asia/Shanghai")
PEOPLE = {"wang.fang": "王芳", "zhang.wei": "张伟", "zheng.kai": "郑凯"}

# A small form with every kind of blank, so that a test can say what it means.
SMALL = """
number = "QR-99-01"
title = { zh = "试验单", en = "Trial sheet" }
owner = "clerk"
procedure = "QP-99"
retention = "trial"
series = { id = "sy", number = "SY-{site}-{year}-{serial:4}" }

[field.first]
type = "section"
title = { zh = "一、来电", en = "1 Call" }

[field.customer]
type = "text"
title = { zh = "客户姓名", en = "Customer" }
required = true

[field.phone]
type = "text"
title = { zh = "联系电话", en = "Telephone" }
help = { zh = "区号也要写。", en = "With the area code." }
pattern = "[0-9+() -]{5,20}"

[field.kind]
type = "choice"
title = { zh = "类别", en = "Kind" }
required = true
choices.complaint = { zh = "投诉", en = "Complaint" }
choices.advice = { zh = "咨询", en = "Enquiry" }

[field.told]
type = "choices"
title = { zh = "已告知", en = "Told" }
choices.project = { zh = "项目部", en = "Project" }
choices.property = { zh = "物业", en = "Property" }
choices.sales = { zh = "销售", en = "Sales" }

[field.seriousness]
type = "text"
title = { zh = "严重程度", en = "Seriousness" }
when = "kind == 'complaint'"

[field.people]
type = "integer"
title = { zh = "人数", en = "People" }
min = 1
max = 500

[field.rate]
type = "decimal"
title = { zh = "不良率(%)", en = "Defects (%)" }

[field.called_at]
type = "datetime"
title = { zh = "来电时间", en = "Called at" }

[field.due_on]
type = "date"
title = { zh = "期限", en = "Due on" }

[field.within]
type = "duration"
title = { zh = "答复时限", en = "Answer within" }

[field.urgent]
type = "boolean"
title = { zh = "加急", en = "Urgent" }

[field.taken_by]
type = "person"
title = { zh = "接听人", en = "Taken by" }

[field.said]
type = "long_text"
title = { zh = "客户陈述", en = "What was said" }

[field.photos]
type = "attachment"
title = { zh = "照片", en = "Photographs" }

[field.team]
type = "table"
title = { zh = "组员", en = "Members" }
max = 5

  [field.team.column.member]
  type = "person"
  title = { zh = "姓名", en = "Name" }
  required = true

  [field.team.column.skill]
  type = "text"
  title = { zh = "专长", en = "Skill" }

[field.marks]
type = "table"
title = { zh = "评价", en = "Marks" }
rows.flat = { zh = "户型", en = "Layout" }
rows.noise = { zh = "隔声", en = "Noise" }

  [field.marks.column.grade]
  type = "scale"
  title = { zh = "等级", en = "Grade" }
  choices.good = { zh = "好", en = "Good" }
  choices.bad = { zh = "差", en = "Bad" }

[field.answer]
type = "text"
title = { zh = "答复", en = "Answer" }
required = "close"

[field.count]
type = "integer"
title = { zh = "组员数", en = "Number of members" }
value = "count(team)"

[state]
open = { title = { zh = "处理中", en = "Open" } }
closed = { title = { zh = "已关闭", en = "Closed" }, means = "closed" }

[step.close]
title = { zh = "关闭", en = "Close" }
from = "open"
to = "closed"
"""


@cache
def form_of(number: str) -> Form:
    """The starter form `number`."""
    return read(FOLDER / number / "form.toml", Form)


@cache
def small() -> Form:
    """The form with every kind of blank."""
    return parse(SMALL, Form, source="form.toml")


def taken(form: Form, values: Mapping[str, object]) -> tuple[dict[str, Json], tuple[Refusal, ...]]:
    """The canonical values of raw ones, empty ones left out, and what was refused."""
    intake = Intake(form, ZONE, PEOPLE)
    found = {name: intake.accept(name, raw) for name, raw in values.items()}
    refusals = tuple(refusal for _, refused in found.values() for refusal in refused)
    return {name: value for name, (value, _) in found.items() if value is not None}, refusals
