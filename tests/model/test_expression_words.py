"""Expressions in words: sentences a reader understands, in both languages, for every expression of the starter pack."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from definitions import NUMBERS, facts, moments, procedure, small, starter

from qmsdocs.base.canonical import Json
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.model.document import ParameterDefinition
from qmsdocs.model.expression import parse
from qmsdocs.model.expression_words import words
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import Form
from qmsdocs.model.quantity import parse as quantity
from qmsdocs.model.speech import FormSpeech, reason, reasons, unmet
from qmsdocs.query.parameters import written as expressions

ZH, EN = Catalogue.load(Language.ZH), Catalogue.load(Language.EN)
EVERY = [(number, item.expression) for number in NUMBERS for item in expressions(starter(number))]


def speech(form: Form, catalogue: Catalogue, known: RecordFacts | None = None) -> FormSpeech:
    parameters = procedure(form.procedure).front.parameter if form.number.startswith("Q") else PARAMETERS
    return FormSpeech(form, parameters, catalogue, known)


def said(form: Form, written: str, catalogue: Catalogue = ZH) -> str:
    return words(parse(written), speech(form, catalogue), catalogue)


@pytest.mark.parametrize(("number", "written"), EVERY)
def test_every_expression_of_the_starter_pack_has_words(number: str, written: str) -> None:
    form = starter(number)
    for catalogue in (ZH, EN):
        sentence = said(form, written, catalogue)
        assert sentence.strip() == sentence and sentence
        for sign in ("==", "!=", ">=", "<=", "p.", "_", "{", "}", "()", "（）", "None,"):
            assert sign not in sentence, sentence
        assert sentence.count("(") == sentence.count(")") and sentence.count("（") == sentence.count("）")
        assert sentence.count("“") == sentence.count("”")
    if written.strip("'").isidentifier():
        return
    assert not {" is ", " and ", " or ", "not "} & {
        word for word in (" is ", " and ", " or ", "not ") if word in said(form, written)
    }


@pytest.mark.parametrize(
    ("number", "written", "chinese", "english"),
    [
        (
            "QR-14-04",
            "people_together >= p.major_people",
            "同时投诉人数达到10人（重大投诉的集体人数）",
            "People complaining together ≥ 10 people (Group that makes a complaint major)",
        ),
        (
            "QR-14-04",
            "our_cause and passed(handling, p.major_unsolved)",
            "我方拖延，且处理历时已满1个月（因我方未解决而成为重大的时间）",
            "Delay is our fault, and Time to solve has reached 1 month (Unsolved by our cause: major after)",
        ),
        (
            "QR-14-04",
            "lawsuit == 'begun' or media == 'exposed'",
            "诉讼为“已提起”，或媒体为“已曝光”",
            "Lawsuit is “Begun”, or Media is “Exposed”",
        ),
        (
            "QR-14-04",
            "nature == 'quality' and level in ('major', 'hot')",
            "投诉性质为“质量类”，且投诉级别为“重大”或“热点”",
            "Nature is “Quality”, and Level is “Major” or “Hot”",
        ),
        (
            "QR-14-04",
            "'group_centre' in team and 'vice_president' in team",
            "处理小组中有“集团客服中心”和“主管副总裁”",
            "Team includes “Group service centre” and “Vice-president”",
        ),
        (
            "QR-14-04",
            "level == 'general' or approved_level == level",
            "投诉级别为“一般”，或批准时的级别与投诉级别相同",
            "Level is “General”, or Level when approved and Level are the same",
        ),
        (
            "QR-14-04",
            "p.answer_same_province if same_province else p.answer_other_province",
            "客户在本省时为2个工作日（答复本省客户的时限），否则为5天（答复外省客户的时限）",
            "2 working days (Answer within, same province) if Customer in this province, else 5 days (Answer within, other "
            "provinces)",
        ),
        ("QR-14-03", "not (level == 'major')", "投诉级别不是“重大”", "Level of complaint is not “Major”"),
        ("QR-14-03", "not given(customer)", "没有客户姓名", "Customer is not given"),
        ("QR-14-03", "handled_at >= accepted_at", "处理时间不早于受理时间", "Handled at is not before Accepted at"),
        ("QR-18-01", "given(effective) and not effective", "措施有效：否", "Actions are effective: no"),
        (
            "QR-18-01",
            "verified_on >= max(actions.done_on)",
            "验证日期不早于最晚的措施的完成日期",
            "Verified on is not before latest Done in Actions",
        ),
        (
            "QR-18-01",
            "verified_by not in actions.owner",
            "验证人不在措施的负责人之中",
            "Verified by is not among Owner in Actions",
        ),
        ("QR-18-01", "verified_by != owner", "验证人与责任人不同", "Verified by and Owner are not the same"),
        (
            "QR-18-02",
            "first(answer_d3_within, p.d3_within)",
            "客户要求的 D3 时限，没有填的按24小时（8D 临时措施的时限）",
            "D3 demanded by the customer within or, where that is not given, 24 hours (8D: containment within)",
        ),
        ("QR-18-02", "count(documents_to_change) == 1", "须更改的文件的项数为1", "number of Documents to change is 1"),
        ("QR-18-02", "sum(containment.checked)", "围堵的检查数的合计", "sum of Checked in Containment"),
        (
            "QR-14-01",
            "round(score(product.grade), 1)",
            "产品品质的评价得分（保留 1 位小数）",
            "score of Grade in Product quality, rounded (decimals: 1)",
        ),
    ],
)
def test_the_sentences_of_the_starter_pack(number: str, written: str, chinese: str, english: str) -> None:
    form = starter(number)
    assert (number, written) in EVERY or written.startswith("not given")
    assert (said(form, written), said(form, written, EN)) == (chinese, english)


FORM = small(
    """
[field.people]
type = "integer"
title = { zh = "人数", en = "People" }
[field.rate]
type = "decimal"
title = { zh = "比率", en = "Rate" }
[field.done_on]
type = "date"
title = { zh = "完成", en = "Done" }
[field.urgent]
type = "boolean"
title = { zh = "紧急", en = "Urgent" }
[field.kind]
type = "choice"
title = { zh = "类别", en = "Kind" }
choices.a = { zh = "甲", en = "A" }
choices.b = { zh = "乙", en = "B" }
[field.parts]
type = "choices"
title = { zh = "部位", en = "Parts" }
choices.x = { zh = "窗", en = "Window" }
choices.y = { zh = "门", en = "Door" }
[field.marks]
type = "table"
title = { zh = "评分", en = "Marks" }
rows.look = { zh = "外观", en = "Look" }
[field.marks.column.mark]
type = "integer"
title = { zh = "分", en = "Mark" }
[field.level]
type = "choice"
title = { zh = "级别", en = "Level" }
choices.high = { zh = "高", en = "High" }
choices.low = { zh = "低", en = "Low" }
rules = [
  { gives = "high", when = "people >= p.many or urgent" },
  { gives = "high", when = "(urgent or kind == 'a') and rate > 0.5" },
  { gives = "low" },
]
"""
)
PARAMETERS: Mapping[str, ParameterDefinition] = {
    "many": ParameterDefinition(value=quantity("10 people"), title={"zh": "多", "en": "many"})  # type: ignore[arg-type]
}


@pytest.mark.parametrize(
    ("written", "chinese", "english"),
    [
        ("(urgent or kind == 'a') and rate > 0.5", "（紧急，或类别为“甲”），且比率大于0.5", "(Urgent, or Kind is “A”), and Rate > 0.5"),
        ("urgent or kind == 'a' and rate < 2", "紧急，或类别为“甲”，且比率小于2", "Urgent, or Kind is “A”, and Rate < 2"),
        ("not (urgent or rate < 2)", "并非（紧急，或比率小于2）", "not (Urgent, or Rate < 2)"),
        ("urgent == False", "紧急：否", "Urgent: no"),
        ("urgent != False", "紧急：是", "Urgent: yes"),
        ("kind not in ('a', 'b')", "类别不是“甲”或“乙”", "Kind is not “A” or “B”"),
        ("'x' not in parts and 'y' not in parts", "部位中没有“窗”或“门”", "Parts does not include “Window” or “Door”"),
        ("'x' in parts or 'y' in parts", "部位中有“窗”或“门”", "Parts includes “Window” or “Door”"),
        ("people + 2 * rate", "人数 + 2 × 比率", "People + 2 × Rate"),
        ("(people + 2) * rate", "（人数 + 2） × 比率", "(People + 2) × Rate"),
        ("people - (2 - rate)", "人数 − （2 − 比率）", "People − (2 − Rate)"),
        ("done_on > today", "完成晚于当日", "Done is after today"),
        ("done_on < today", "完成早于当日", "Done is before today"),
        ("done_on <= today", "完成不晚于当日", "Done is not after today"),
        ("marks.look.mark == 3", "评分中外观的分为3", "Mark of Look in Marks is 3"),
        ("state == 'open'", "状态为“在办”", "state is “Open”"),
        ("round(people / 3)", "人数 ÷ 3（取整）", "People ÷ 3, rounded"),
        ("days_between(done_on, today) > 3", "完成至当日的天数大于3", "days from Done to today > 3"),
        ("sum(people, rate)", "人数和比率的合计", "sum of People and Rate"),
        ("10 <= people <= 20", "10不超过人数，且人数不超过20", "10 ≤ People, and People ≤ 20"),
    ],
)  # fmt: skip
def test_how_each_notation_reads(written: str, chinese: str, english: str) -> None:
    assert (said(FORM, written), said(FORM, written, EN)) == (chinese, english)


def known(values: Mapping[str, Json]) -> RecordFacts:
    return facts(FORM, values, parameters={"many": "10 people"})


@pytest.mark.parametrize(
    ("values", "level", "chinese"),
    [
        ({"people": 12}, "high", "人数（12）达到10人（多）"),
        ({"urgent": True}, "high", "紧急"),
        ({"people": 12, "urgent": True}, "high", "人数（12）达到10人（多），或紧急"),
        ({"kind": "a", "rate": "0.75"}, "high", "类别为“甲”，且比率（0.75）大于0.5"),
        ({"people": 9}, "low", None),
    ],
)
def test_the_reason_says_what_is_true_with_the_values_of_the_record(
    values: Mapping[str, Json], level: str, chinese: str | None
) -> None:
    found = known(values)
    assert found.value(("level",)) == level
    assert reason(found, "level", speech(FORM, ZH, found)) == chinese
    assert reasons(found, speech(FORM, ZH, found)) == ({"level": chinese} if chinese else {})


def test_a_complaint_says_why_it_is_what_it_is() -> None:
    form = starter("QR-14-04")
    values: dict[str, Json] = {"received_at": "2026-10-01T09:00:00+08:00", "our_cause": True, "nature": "quality"}
    for day, level, why in (
        ("2026-10-15", "general", None),
        ("2026-10-17", "hot", "我方拖延，且处理历时已满15天（因我方未解决而成为热点的时间）"),
        ("2026-11-02", "major", "我方拖延，且处理历时已满1个月（因我方未解决而成为重大的时间）"),
    ):
        parameters = procedure("QD-14-02").parameters
        found = facts(
            form,
            values,
            now=f"{day} 12:00",
            history=moments("2026-10-01 10:00 issue → received"),
            parameters=parameters,
        )
        assert found.value(("level",)) == level
        assert reason(found, "level", speech(form, ZH, found)) == why


def test_of_a_condition_that_fails_all_is_said_with_the_values() -> None:
    found = known({"people": 3})
    assert unmet("people >= p.many or urgent", found, speech(FORM, ZH, found)) == "人数（3）达到10人（多），或紧急"
    assert (
        unmet("people >= p.many or urgent", found, speech(FORM, EN, found))
        == "People (3) ≥ 10 people (many), or Urgent"
    )
