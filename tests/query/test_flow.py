"""Flow charts and tables of rules drawn from a form, and what a procedure's text may name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest
from definitions import HEAD, NUMBERS, PROJECT, procedure, small, starter

from qmsdocs.base.language import Language
from qmsdocs.base.toml import read
from qmsdocs.model.document import parse_procedure
from qmsdocs.model.people import People
from qmsdocs.query.flow import flow_chart, rules_grid, surroundings
from qmsdocs.query.working import Working, load
from qmsdocs.render.prose import Chart, Drawing, Grid, plain
from qmsdocs.render.prose_parser import blocks

PEOPLE = read(PROJECT / "people.toml", People)


@cache
def starter_pack() -> Working:
    return load(PROJECT)


def chart(number: str, language: Language = Language.ZH) -> Chart:
    form = starter(number)
    return flow_chart(form, PEOPLE.role, language, procedure(form.procedure).front.parameter)


def boxes(drawn: Chart) -> Mapping[str, tuple[str, str]]:
    """Lane and text of every box."""
    return {node.name: (drawn.lanes[node.lane or 0], node.text) for node in drawn.nodes}


def after(drawn: Chart, name: str) -> dict[str, str]:
    """Where arrows lead from a box, and what stands beside them."""
    return {edge.last: edge.text for edge in drawn.edges if edge.first == name}


def test_the_way_of_a_complaint() -> None:
    drawn = chart("QR-14-04")
    assert drawn.lanes == ("客服专管员", "客服总监", "主管副总裁", "客服经理")
    assert drawn.nodes[0].shape == "start" and drawn.nodes[0].text == "登记"
    found = boxes(drawn)
    assert found["approve_major"] == ("主管副总裁", "批准重大投诉方案")
    assert found["close"] == ("客服经理", "结案")
    assert after(drawn, "issue") == {"classify": ""}
    assert after(drawn, "state.classified") == {"settle": "抱怨类", "plan": ""}
    assert after(drawn, "state.planned") == {
        "approve": "重要或热点",
        "approve_major": "重大",
        "answer": "一般，或批准时的级别与投诉级别相同",
    }
    assert after(drawn, "close") == {"state.closed": "", "raise.action_request": "质量类，且重要或一般"}


def test_records_hang_at_the_step_that_needs_them() -> None:
    drawn = chart("QR-14-04")
    found = boxes(drawn)
    assert found["raise.report_8d"] == ("客服专管员", "8D 报告 QR-18-02（“结案”前关闭）")
    assert after(drawn, "plan")["raise.report_8d"] == "质量类，且重大或热点"
    assert after(drawn, "classify")["raise.liaison"] == "抱怨类"  # may be raised once its nature is known
    assert {node.name for node in drawn.nodes if node.shape == "record"} == {
        *("raise.report_8d", "raise.action_request", "raise.liaison")
    }


def test_ways_back_are_drawn_once_and_repeats_not_at_all() -> None:
    drawn = chart("QR-14-04")
    assert [edge.first for edge in drawn.edges if edge.last == "plan"] == ["state.classified", "state.answered"]
    assert after(drawn, "approve").keys() == after(drawn, "approve_major").keys() == {"answer"}
    names = list(boxes(drawn))
    assert names.index("wait") < names.index("resume"), "a box stands before the way to it"
    assert "update" not in boxes(drawn)  # it moves nothing on
    assert after(drawn, "wait") == {"resume": ""} and after(drawn, "resume") == {"state.answered": ""}


def test_the_gates_of_an_8d() -> None:
    drawn = chart("QR-18-02")
    assert drawn.lanes == ("质量工程师", "质量经理")
    assert after(drawn, "state.d0") == {"d0": "需要做 8D", "drop": "需要做 8D：否"}
    assert after(drawn, "state.d6") == {"d6": "措施有效", "not_effective": "措施有效：否"}
    assert after(drawn, "not_effective") == {"d4": ""} and after(drawn, "reopen") == {"d4": ""}
    assert after(drawn, "d7")["d8"] == "客户认可"
    assert after(drawn, "d7")["raise.change_request"] == "须更改的文件中没有“无”"
    assert {node.name: node.shape for node in drawn.nodes if node.shape == "end"} == {
        "state.closed": "end",
        "state.dropped": "end",
    }


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("language", Language)
def test_every_starter_form_has_a_whole_chart(number: str, language: Language) -> None:
    working = starter_pack()
    form = starter(number)
    own = working.procedures[form.procedure]
    drawn = flow_chart(form, PEOPLE.role, language, own.front.parameter)
    names = [node.name for node in drawn.nodes]
    assert len(set(names)) == len(names)
    assert {name for edge in drawn.edges for name in (edge.first, edge.last)} <= set(names)
    assert {edge.last for edge in drawn.edges} | {"issue"} == set(names), "a box nothing leads to"
    assert {node.lane for node in drawn.nodes} == set(range(len(drawn.lanes)))
    assert not any("p." in edge.text for edge in drawn.edges)


def test_an_ambiguous_choice_is_said_with_its_field() -> None:
    fields = """
[field.first]
type = "choice"
title = "甲"
choices.yes = "好"
[field.second]
type = "choice"
title = "乙"
choices.yes = "好"
choices.no = "坏"
"""
    life = """
[state]
open = { title = "在办" }
done = { title = "已结", means = "closed" }
[step.one]
title = "一"
from = "open"
to = "done"
when = "first == 'yes'"
[step.two]
title = "二"
from = "open"
to = "done"
when = "second == 'no'"
"""
    drawn = flow_chart(small(fields, life), {}, Language.ZH)
    assert after(drawn, "state.open") == {"one": "甲为“好”", "two": "坏"}
    assert drawn.lanes == ("clerk",)  # nobody in particular: the owner's lane


def test_a_form_without_steps_has_only_its_beginning() -> None:
    drawn = flow_chart(small("", '[state]\nopen = { title = "在办" }\n', HEAD + "[field]\n"), {}, Language.EN)
    assert [node.text for node in drawn.nodes] == ["Registered"] and drawn.edges == ()


def test_a_step_that_stays_is_drawn_where_it_waits_for_a_record() -> None:
    life = """
[state]
open = { title = "在办" }
done = { title = "已结", means = "closed" }
[step.note]
title = "记一笔"
from = "open"
[step.ask]
title = "问一声"
from = "open"
[step.close]
title = "结案"
from = "open"
to = "done"
[raise.sheet]
title = "附表"
form = "F-2"
required = "ask"
"""
    drawn = flow_chart(small('[field.a]\ntype = "text"\ntitle = "甲"\n', life), {}, Language.ZH)
    assert "note" not in boxes(drawn)
    assert after(drawn, "ask") == {"raise.sheet": ""}


def test_the_rules_of_the_level_as_a_table() -> None:
    grid = rules_grid(starter("QR-14-04"), "level", procedure("QD-14-02"), Language.ZH)
    assert [plain(cell) for cell in grid.head] == ["投诉级别", "条件（自上而下，以最先符合的为准）"]
    rows = [tuple(plain(cell) for cell in row) for row in grid.rows]
    assert [row[0] for row in rows] == ["重大", "热点", "重要", "一般"]
    assert rows[0][1].splitlines() == [
        "（1）诉讼为“已提起”，或媒体为“已曝光”",
        "（2）同时投诉人数达到10人（重大投诉的集体人数）",
        "（3）我方拖延，且处理历时已满1个月（因我方未解决而成为重大的时间）",
    ]
    assert rows[3][1] == "其余情形"


def test_the_text_of_a_procedure_with_all_it_names() -> None:
    working = starter_pack()
    own = working.procedures["QD-14-02"]
    around = surroundings(own, working.forms, working.procedures, working.people, Language.ZH)
    assert set(around.flows) == {"QR-14-04"} and set(around.rules) == {("QR-14-04", "level")}
    assert around.parameters["visit_within"] == "24小时"
    assert around.titles["QP-18"] == working.procedures["QP-18"].front.title.zh
    found = blocks(own.body, around, source="QD-14-02", body_line=own.body_line)
    assert sum(isinstance(block, Drawing) for block in found) == 1
    assert any(isinstance(block, Grid) and plain(block.head[0]) == "投诉级别" for block in found)


def test_blocks_that_name_nothing_are_left_to_the_reader_of_the_text() -> None:
    text = '+++\nnumber = "P-1"\ntitle = "试"\nkind = "procedure"\nowner = "clerk"\n+++\n\n'
    body = "```flow F-9\n```\n\n```rules F-1 a\n```\n\n```rules F-1\n```\n\n```flow\n```\n"
    written = parse_procedure(text + body, source="P-1")
    form = small('[field.a]\ntype = "text"\ntitle = "甲"\n')
    around = surroundings(written, {"F-1": form}, {}, People(), Language.EN)
    assert around.flows == {} and around.rules == {}
