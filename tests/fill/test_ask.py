"""Filling question by question: what is asked, what an answer does, going back and coming back."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from trial_forms import NUMBERS, PEOPLE, ZONE, form_of, small, taken

from qmsdocs.base.canonical import Json
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.fill.ask import Dialogue, fields_for
from qmsdocs.fill.draft import parse
from qmsdocs.fill.skeleton import Skeleton
from qmsdocs.model.value import Intake

SAY = Catalogue.load(Language.ZH).say


def applies(name: str, values: Mapping[str, Json]) -> bool:
    """What the form says of `seriousness`; all else is always there."""
    return name != "seriousness" or values.get("kind") == "complaint"


def start(**values: object) -> Dialogue:
    """The dialogue of the small form."""
    intake = Intake(small(), ZONE, PEOPLE)
    return Dialogue.start(intake, language=Language.ZH, applies=applies, values=values)


def after(dialogue: Dialogue, *answers: str) -> Dialogue:
    """The dialogue after each answer was taken; one that was not ends the test."""
    for answer in answers:
        dialogue = dialogue.answer(answer)
        question = dialogue.question
        assert question is None or question.error is None, f"{answer}: {SAY(question.error)}"
    return dialogue


def place(dialogue: Dialogue) -> str:
    """What is asked now."""
    return dialogue.question.place if dialogue.question is not None else "end"


def to(field: str, **values: object) -> Dialogue:
    """The dialogue at `field`, all before it skipped."""
    dialogue = start(**values)
    while place(dialogue) != field:
        assert not dialogue.is_done
        dialogue = dialogue.answer("跳过")
    return dialogue


def test_a_whole_form_by_answers_alone() -> None:
    done = after(
        start(),
        *(
            "欧阳昇",
            "0571-88",
            "1",
            "1,3",
            "很急",
            "12",
            "12.5",
            "2026-11-21 14:05",
            "2026年12月1日",
            "24小时",
            "1",
            "2",
        ),
        *("第一行", "", "第二行", "。"),
        *("a b.jpg、c.jpg", "y", "王芳", "防水", "是", "张伟", "", "", "好", ""),
    )
    assert done.is_done and done.missing == ()
    assert done.given == {
        "customer": "欧阳昇",
        "phone": "0571-88",
        "kind": "complaint",
        "told": ["project", "sales"],
        "seriousness": "很急",
        "people": 12,
        "rate": "12.5",
        "called_at": "2026-11-21T14:05:00+08:00",
        "due_on": "2026-12-01",
        "within": "24 hours",
        "urgent": True,
        "taken_by": "zhang.wei",
        "said": "第一行\n\n第二行",
        "photos": ["a b.jpg", "c.jpg"],
        "team": [{"member": "wang.fang", "skill": "防水"}, {"member": "zhang.wei"}],
        "marks": {"flat": {"grade": "good"}},
    }
    assert taken(small(), {n: v for n, v in done.given.items() if n != "photos"})[1] == ()


def test_what_a_question_says() -> None:
    question = after(start(), "昇", "").question
    assert question is not None
    assert (question.title, question.within, question.is_required) == ("类别", ("一、来电",), True)
    assert [(option.number, option.key, option.words) for option in question.options] == [
        (1, "complaint", "投诉"),
        (2, "advice", "咨询"),
    ]
    assert (question.number, question.count) == (3, 15)
    question = to("phone").question
    assert question is not None and question.hint is not None
    assert (question.help, question.wants_help, SAY(question.hint)) == ("区号也要写。", False, "写法：[0-9+() -]{5,20}")
    asked = to("phone").answer("？").question
    assert asked is not None and asked.wants_help and asked.place == "phone"


def test_questions_come_in_the_language_asked_for() -> None:
    dialogue = Dialogue.start(Intake(small(), ZONE, PEOPLE), language=Language.EN, applies=applies)
    question = dialogue.answer("Smith").answer("").question
    assert question is not None
    assert (question.title, question.within, question.options[0].words) == ("Kind", ("1 Call",), "Complaint")


@pytest.mark.parametrize(
    ("field", "answer", "value"),
    [
        ("kind", "投诉", "complaint"),
        ("kind", "advice", "advice"),
        ("kind", "Enquiry", "advice"),
        ("told", "物业，销售", ["property", "sales"]),
        ("told", "3 1", ["project", "sales"]),
        ("urgent", "否", False),
        ("urgent", "2", False),
        ("taken_by", "王芳", "wang.fang"),
        ("taken_by", "外人", "外人"),
        ("customer", "\\返回", "返回"),
        ("customer", "\\\\n", "\\n"),
        ("customer", "  玥  ", "玥"),
        ("customer", "=1+1", "=1+1"),
    ],
)
def test_an_answer_is_taken_by_number_or_words(field: str, answer: str, value: object) -> None:
    assert to(field).answer(answer).given == {field: value}


@pytest.mark.parametrize(
    ("field", "answer", "said"),
    [
        ("kind", "3", "不是可选项"),
        ("told", "1,4", "不是可选项"),
        ("people", "0", "1"),
        ("people", "很多", "数字"),
        ("phone", "x", "[0-9+() -]{5,20}"),
        ("called_at", "2026-11-21", "14:05"),
        ("due_on", "2026-02-30", "2026-02-30"),
        ("customer", "\x00", "U+0000"),
        ("customer", "", "必填"),
    ],
)
def test_a_wrong_answer_is_said_at_once_and_asked_again(field: str, answer: str, said: str) -> None:
    refused = to(field).answer(answer)
    question = refused.question
    assert question is not None and question.error is not None and question.place == field
    assert refused.given == {}
    english = Catalogue.load(Language.EN).say(question.error)
    assert said in SAY(question.error) or said in english or field in ("kind", "told", "people")
    mended = refused.answer("跳过").question
    assert mended is None or mended.error is None


def test_back_goes_back_and_enter_keeps() -> None:
    dialogue = after(start(), "昇", "0571-88", "返回")
    assert place(dialogue) == "phone"
    question = dialogue.question
    assert question is not None and question.current == "0571-88"
    assert place(after(dialogue, "返回", "返回", "<")) == "customer"
    kept = after(dialogue, "back", "", "")
    assert (place(kept), kept.given) == ("kind", {"customer": "昇", "phone": "0571-88"})
    changed = after(dialogue, "0571-99")
    assert changed.given["phone"] == "0571-99"
    assert after(dialogue, "清空", "").given == {"customer": "昇"}


def test_an_answer_changes_nothing_in_the_dialogue_it_was_given_to() -> None:
    first = start()
    first.answer("昇")
    assert (first.given, place(first)) == ({}, "customer")


def test_a_field_that_does_not_apply_is_not_asked() -> None:
    assert place(after(start(), "昇", "", "咨询", "")) == "people"
    assert place(after(start(), "昇", "", "投诉", "")) == "seriousness"


def test_rows_are_added_one_by_one_and_an_empty_one_is_none() -> None:
    dialogue = after(to("team[1]"), "是")
    assert place(dialogue) == "team[1].member"
    question = dialogue.question
    assert question is not None and question.within == ("一、来电", "组员", "(1)")
    dialogue = after(dialogue, "王芳", "", "y", "跳过", "跳过")
    assert (place(dialogue), dialogue.given) == ("team[2]", {"team": [{"member": "wang.fang"}]})
    refused = dialogue.answer("也许").question
    assert refused is not None and refused.error is not None
    assert place(after(dialogue, "返回")) == "team[1].skill"
    assert place(after(dialogue, "否")) == "marks.flat.grade"


def test_no_more_rows_than_the_form_has() -> None:
    full = to("team[5]", team=[{"member": "王芳"}] * 4)
    assert place(after(full, "是", "张伟", "")) == "marks.flat.grade"


def test_required_cells_are_asked_for() -> None:
    refused = after(to("team[1]"), "是").answer("")
    question = refused.question
    assert question is not None and question.error is not None and question.place == "team[1].member"


def test_leaving_saves_and_the_same_file_goes_on_where_it_stopped() -> None:
    left = after(start(), "昇", "", "投诉", "1", "退出")
    assert left.question is None and not left.is_done and left.answer("x") is left
    text = Skeleton(small(), "A/0", "k3f9", Language.ZH, PEOPLE, left.given).text()
    again = start(**parse(text.encode(), source="x").values)
    assert place(again) == "seriousness"
    assert again.given == {"customer": "昇", "kind": "complaint", "told": ["project"]}


def test_a_required_field_left_open_is_asked_first_when_coming_back() -> None:
    left = after(start(), "跳过", "0571-88")
    assert left.missing == ("customer", "kind")
    assert place(start(**left.given)) == "customer"


def test_a_wrong_value_of_a_draft_is_shown_and_asked_again() -> None:
    dialogue = start(customer="昇", kind="投诉", people="很多")
    question = dialogue.question
    assert question is not None and (question.place, question.current) == ("people", "很多")
    refused = dialogue.answer("").question
    assert refused is not None and refused.error is not None
    assert after(dialogue, "12").given["people"] == 12


def test_a_text_begun_is_saved_before_it_is_ended() -> None:
    dialogue = after(to("said"), "第一行", "第二行")
    question = dialogue.question
    assert question is not None and question.lines == ("第一行", "第二行") and question.is_long
    assert dialogue.given == {"said": "第一行\n第二行"}
    assert after(dialogue, "返回", "", "").given == {"said": "第一行\n第二行\n返回"}


@pytest.mark.parametrize("number", NUMBERS)
def test_every_starter_form_can_be_gone_through_by_skipping(number: str) -> None:
    form = form_of(number)
    dialogue = Dialogue.start(Intake(form, ZONE, PEOPLE), language=Language.ZH, applies=lambda *_: True)
    asked = []
    while (question := dialogue.question) is not None:
        asked.append(question.place)
        dialogue = dialogue.answer("跳过")
        assert len(asked) < 200
    assert dialogue.is_done and len(set(asked)) == len(asked)
    assert {place.split(".")[0].split("[")[0] for place in asked} == set(fields_for(form))


def test_what_a_later_step_needs_is_not_asked() -> None:
    assert "answer" in small().entered and "answer" not in fields_for(small())


def test_a_default_is_kept_by_enter_and_is_no_answer_yet() -> None:
    form = small()
    kind = form.field["kind"].model_copy(update={"default": "advice"})
    intake = Intake(form.model_copy(update={"field": {**form.field, "kind": kind}}), ZONE, PEOPLE)
    dialogue = Dialogue.start(intake, language=Language.ZH, applies=applies)
    assert place(dialogue) == "customer"
    dialogue = after(dialogue, "昇", "")
    question = dialogue.question
    assert question is not None and question.current == "咨询"
    assert after(dialogue, "").given["kind"] == "advice"
