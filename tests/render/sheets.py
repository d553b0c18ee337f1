"""Sheets to print in tests: the starter forms blank, filled as people fill them, and with hard values."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from qmsdocs.base.canonical import Json, dumps
from qmsdocs.base.language import Language, Text
from qmsdocs.base.toml import read
from qmsdocs.model.form import Field, FieldType, Form
from qmsdocs.model.record import Correction, Event
from qmsdocs.render import mark
from qmsdocs.render.sheet import ISSUE, Act, Sheet

FORMS = Path(__file__).parents[2] / "forms"
STARTER = (
    "QR-01-02",
    "QR-01-03",
    "QR-01-04",
    "QR-01-05",
    "QR-01-06",
    "QR-02-01",
    "QR-04-01",
    "QR-14-01",
    "QR-14-03",
    "QR-14-04",
    "QR-18-01",
    "QR-18-02",
)
ZONE = ZoneInfo("Asia/Shanghai")
BEGUN = datetime(2026, 11, 21, 14, 5, tzinfo=ZONE)
PEOPLE = {"wang.fang": "王芳", "zhang.wei": "张伟", "li.ming": "李明", "chen.jing": "陈静"}
DIGEST = "9f2c7a1b" + "5e" * 28

_LONG = (
    "周末大雨后，次卧外墙窗台下方漏水，墙面湿了约两平方米，木地板起拱。同一单元楼上也有人说漏。要求查清原因、彻底修好，并赔偿地板。",
    "11月22日会同项目部现场查看：窗台披水坡度不足，外窗框与墙体之间密封胶开裂，雨水沿缝隙渗入；淋水试验20分钟后室内出现水迹。",
    "铲除旧胶，重做披水坡和密封；室内墙面干燥后重新批刮、涂刷；更换起拱地板约6㎡。12月5日前完成，费用由施工单位承担。",
    "已向业主说明原因和维修方案，业主同意；维修期间每天电话告知进度，完工后共同做淋水试验。",
)
_SHORT = ("绿汀苑3幢", "0802", "林玥", "工程部", "客户服务部", "外墙窗台渗漏", "已核实，情况属实", "同意所拟方案")
_NAMED = {
    "phone": "13800001234",
    "customer": "林玥",
    "respondent": "林玥",
    "room": "0802",
    "estate": "绿汀苑3幢",
    "contact": "13900005678",
}


def form_of(number: str) -> Form:
    """The starter form `number`."""
    return read(FORMS / number / "form.toml", Form)


def _value(form: Form, name: str, field: Field, count: int) -> Json:
    match field.type:
        case FieldType.TEXT | FieldType.PLACE | FieldType.CUSTOMER:
            return _NAMED.get(name, _SHORT[count % len(_SHORT)])
        case FieldType.LONG_TEXT:
            return _LONG[count % len(_LONG)]
        case FieldType.INTEGER:
            return min(12, int(field.max or 12))
        case FieldType.DECIMAL:
            return "2.35"
        case FieldType.DATE:
            return (BEGUN + timedelta(days=count % 20)).date().isoformat()
        case FieldType.DATETIME:
            return (BEGUN + timedelta(hours=count % 40)).isoformat()
        case FieldType.DURATION:
            return "24 hours"
        case FieldType.BOOLEAN:
            return count % 2 == 0
        case FieldType.CHOICE | FieldType.SCALE:
            options = tuple(form.choices_of(field))
            return options[count % len(options)]
        case FieldType.CHOICES:
            return [*tuple(form.choices_of(field))[:2]]
        case FieldType.PERSON:
            return tuple(PEOPLE)[count % len(PEOPLE)]
        case FieldType.DOCUMENT:
            return "QP-14"
        case FieldType.RECORD:
            return "TS-HZ-2026-0014"
        case FieldType.ATTACHMENT:
            return [
                {"name": "漏水照片.jpg", "size": 345_678, "sha256": DIGEST},
                {"name": "报修单.pdf", "size": 45_678, "sha256": DIGEST},
            ]
        case FieldType.TABLE:
            return _table(form, field)
        case _:
            return "王芳"


def _table(form: Form, field: Field) -> Json:
    def row(start: int) -> dict[str, Json]:
        return {name: _value(form, name, column, start + at) for at, (name, column) in enumerate(field.column.items())}

    if field.rows:
        return {key: row(at) for at, key in enumerate(field.rows)}
    return [row(at * 3) for at in range(min(int(field.max or 3), max(2, int(field.min or 0))))]


def values_of(form: Form) -> dict[str, Json]:
    """A plausible value for every field of `form`."""
    return {name: _value(form, name, field, at) for at, (name, field) in enumerate(form.values.items())}


def blank(number: str, language: Language = Language.ZH, form: Form | None = None) -> Sheet:
    """An empty page of a form."""
    used = form or form_of(number)
    return Sheet(
        form=used,
        revision="A/0",
        language=language,
        organisation="绿源置业有限公司" if language is Language.ZH else "Greenspring Estates Ltd.",
        zone=ZONE,
        number=None,
        state=None,
        status=None,
        values={},
        derived={},
        people=PEOPLE,
        corrections=(),
        acts=(),
        reasons={},
        applies=frozenset(used.field),
        retention="关闭后3年" if language is Language.ZH else "3 years after closing",
        department="客户服务部" if language is Language.ZH else "Customer service",
        receipt=None,
        check="9F2C-7A1B",
        payload=mark.payload("0f" * 16, "", used.number, "A/0", DIGEST),
        logo=None,
    )


def filled(
    number: str, language: Language = Language.ZH, *, form: Form | None = None, values: Mapping[str, Json] | None = None
) -> Sheet:
    """An issued page with every field given and every step taken."""
    used = form or form_of(number)
    given = dict(values_of(used) if values is None else values)
    derived = {name: given.pop(name) for name, field in used.field.items() if field.is_derived and name in given}
    printed = used.series.number.replace("{site}", "HZ").replace("{year}", "2026").replace("{serial:4}", "0014")
    acts = [Act(ISSUE, Text("登记", "Issue"), "王芳", BEGUN, None, None)]
    for at, (name, step) in enumerate(used.step.items(), 1):
        by = ("张伟", "李明", "王芳（代 李明）")[at % 3]
        if step.to is not None and name not in ("reopen", "settle", "drop", "wait", "resume", "approve_major"):
            acts.append(
                Act(
                    name,
                    step.title,
                    by,
                    BEGUN + timedelta(hours=20 * at),
                    step.signs,
                    "9f2c7a1b" if step.signs else None,
                )
            )
    reasons = {name: "同时投诉人数 12 ≥ 热点投诉的集体人数 10人" for name, field in used.field.items() if field.rules}
    return replace(
        blank(number, language, used),
        number=printed,
        state=list(used.state.values())[-1].title,
        values=given,
        derived=derived,
        acts=tuple(acts),
        reasons=reasons,
        receipt="7K3F-92",
        payload=mark.payload("0f" * 16, printed, used.number, "A/0", DIGEST),
    )


def amended(sheet: Sheet, field: str, old: Json, *, number: int = 1, reason: str = "号码听错") -> Sheet:
    """`sheet` after the value of `field` was corrected from `old`."""
    body: dict[str, Json] = {
        "act": "amend",
        "by": "wang.fang",
        "reason": reason,
        "recorded_at": "2026-11-23T10:00:00+08:00",
        "set": {field: sheet.values.get(field)},
    }
    correction = Correction(number, field, old, sheet.values.get(field), Event.read(dumps(body)))
    return replace(sheet, corrections=(*sheet.corrections, correction))


def example(number: str) -> dict[str, Json]:
    """The values of a starter form's own example."""
    values: dict[str, Json] = tomllib.loads((FORMS / number / "example.toml").read_text("utf-8"))["values"]
    return values
