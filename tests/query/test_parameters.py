"""Parameters with all their uses, and what a draft would change: limits, records that run, whom it concerns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from definitions import NUMBERS, procedure, starter
from program import COMPLAINT
from story import Desk, moment

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.cli import parameters as commands
from qmsdocs.cli.session import Session
from qmsdocs.model.quantity import parse
from qmsdocs.query.impact import Impact, impact
from qmsdocs.query.impact_report import lines
from qmsdocs.query.parameters import listed, place_words, written
from qmsdocs.query.working import load

ZH, EN = Catalogue.load(Language.ZH), Catalogue.load(Language.EN)
NOW = "2026-11-21 12:00"
GRADED = {"nature": "grievance", "same_province": True, "lawsuit": "none", "media": "none", "needs_others": False}
RULE, FORM = "procedures/QD-14-02.md", "forms/QR-14-04/form.toml"


def uses(number: str) -> dict[str, list[str]]:
    forms = [starter(name) for name in NUMBERS]
    return {item.name: [f"{use.form} {use.place}" for use in item.uses] for item in listed([procedure(number)], forms)}


def test_where_every_parameter_of_a_rule_is_used() -> None:
    found = uses("QD-14-02")
    assert found["visit_within"] == ["QR-14-04 clock.visiting.within"]
    assert found["answer_other_province"] == ["QR-14-04 clock.answering.within"]
    assert found["escalate_director"] == ["QR-14-04 clock.answering.escalate"]
    assert found["major_people"] == ["QR-14-04 field.level.rules.1"]
    assert found["repeat_window"] == ["QR-14-04 field.same_problem_people.lookup"]
    assert found["register_within"] == []  # the text alone says it
    weights = uses("QP-14")["weight_layout"]
    assert weights and all(place.startswith("QR-14-01 field.") for place in weights)


def test_the_lines_of_the_text_are_those_of_the_file() -> None:
    text = (Path(__file__).parents[2] / RULE).read_text("utf-8").splitlines()
    for item in listed([procedure("QD-14-02")], []):
        assert all(f"{{{{ p.{item.name} }}}}" in text[line - 1] for line in item.lines)
        assert bool(item.lines) == any(f"p.{item.name} }}}}" in line for line in text)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_place_of_an_expression_has_words(number: str) -> None:
    form = starter(number)
    for item in written(form):
        for catalogue in (ZH, EN):
            assert place_words(form, item.place, catalogue)


def test_places_in_words() -> None:
    form = starter("QR-14-04")
    assert [
        place_words(form, place, ZH)
        for place in ("clock.visiting.within", "clock.answering.escalate", "field.level.rules.1", "check.hot_team.must")
    ] == ["时限“回访”", "时限“答复客户”的提请", "“投诉级别”的规则", "校验“热点和重要投诉的处理小组须有责任部门”"]


# ── a repository with records


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Three complaints still open, the visit of one of them running; one closed. It is noon of 21 November 2026."""
    desk = Desk.begun(tmp_path_factory.mktemp("impact") / "acme", "2026-11-01 08:00")
    for day, name in (("02", "林玥"), ("03", "周喆"), ("04", "吴昇"), ("05", "袁玥")):
        values = {**COMPLAINT, "received_at": f"2026-11-{day} 09:00", "customer": name}
        number = desk.issue(f"2026-11-{day} 10:00", "QR-14-04", **values)
        desk.step(f"2026-11-{day} 11:00", number, "classify", by="zhang.wei", people_together=1, **GRADED)
        if name != "吴昇":
            desk.step(f"2026-11-{day} 12:00", number, "settle", by="zhang.wei", answer="已解释。")
        if name in ("周喆", "袁玥"):
            done = {"visited_by": "陈静", "satisfied": "very"}
            desk.step(f"2026-11-{day} 13:00", number, "visit", by="chen.jing", **done)
        if name == "周喆":
            desk.step(f"2026-11-{day} 17:00", number, "close", by="chen.jing", effect="好")
    desk.at(NOW)
    return desk


Draft = Callable[..., Impact]


@pytest.fixture
def draft(desk: Desk) -> Iterator[Draft]:
    """What an edit of a file would change; the folder is afterwards as it was."""
    kept: dict[Path, bytes] = {}

    def edited(file: str, *edits: tuple[str, str], number: str = "QD-14-02", **options: object) -> Impact:
        path = desk.system.place.root / file
        kept.setdefault(path, path.read_bytes())
        text = path.read_text("utf-8")
        for old, new in edits:
            assert old in text, old
            text = text.replace(old, new, 1)
        path.write_text(text, "utf-8")
        return impact(desk.system, load(desk.system.place.root), number, catalogue=ZH, **options)  # type: ignore[arg-type]

    yield edited
    for path, data in kept.items():
        path.write_bytes(data)


def test_nothing_changed(desk: Desk) -> None:
    found = impact(desk.system, load(desk.system.place.root), "QD-14-02", catalogue=EN)
    assert not found.changes_something and found.revision == "A/0"
    assert list(lines(found, EN))[1:] == ["nothing that is counted or printed would change"]


def test_a_shorter_limit_says_which_clock_and_how_many_records_run(draft: Draft) -> None:
    found = draft(RULE, ('"24 hours",        title', '"12 hours",        title'))
    [changed] = found.parameters
    assert (changed.name, changed.before, changed.after) == ("visit_within", parse("24 hours"), parse("12 hours"))
    [effect] = changed.effects
    assert (effect.form, effect.place, effect.running) == ("QR-14-04", "clock.visiting.within", 1)
    assert [(form.number, form.still_open) for form in found.forms if form.number == "QR-14-04"] == [("QR-14-04", 3)]
    said = list(lines(found, ZH))
    assert said[0] == "QD-14-02：文件夹中的草稿与现行 A/0（2026-11-01 生效）相比"
    assert said[1] == "处理后回访的时限（p.visit_within）：24小时 → 12小时"
    assert said[2] == "  QR-14-04 时限“回访”，现有 1 份未结记录正在计时"
    assert "新版次只用于实施日期起受理的记录；此前的记录仍按原版次。" in said
    assert found.values == () and found.sections == ()


def test_scores_levels_samples_and_titles(draft: Draft) -> None:
    found = draft(
        RULE, ('"10 people",       title', '"8 people",        title'), ("重大投诉的集体人数", "重大投诉人数")
    )
    [changed] = found.parameters
    assert [(effect.place, effect.running) for effect in changed.effects] == [("field.level.rules.1", None)]
    assert [(value.key, value.old, value.new) for value in found.values] == [
        ("parameter.major_people.title", "重大投诉的集体人数", "重大投诉人数")
    ]


def test_a_parameter_added_and_one_removed(draft: Draft) -> None:
    found = draft(
        RULE, ("repair_requests       =", "repair_calls = "), ("{{ p.repair_requests }}", "{{ p.repair_calls }}")
    )
    assert [(item.name, item.before is None, item.after is None) for item in found.parameters] == [
        ("repair_requests", False, True),
        ("repair_calls", True, False),
    ]
    assert found.sections == ("工作程序 > 接收",)
    assert any(line == "报修转为投诉的次数（p.repair_calls）：– → 3次" for line in lines(found, ZH))


def test_whom_it_concerns(draft: Draft, desk: Desk) -> None:
    found = draft(
        RULE,
        ('review_every = "1 year"', 'review_every = "1 year"\nreaders = ["service_clerk", "quality_manager"]'),
        number="QD-14-02",
        copies=lambda number: (f"{number} 03 工程部",),
    )
    assert {"QD-14-04", "QP-14", "QP-18", "QR-14-04"} <= set(found.referring)
    assert found.readers == ("王芳", "张伟", "李明")
    assert found.copies == ("QD-14-02 03 工程部",)
    assert {"readers"} <= {value.key for value in found.values}
    said = list(lines(found, ZH))
    assert "须阅读的人员：王芳、张伟、李明" in said and "在外的受控副本：QD-14-02 03 工程部" in said


def test_the_draft_of_a_form(draft: Draft, desk: Desk) -> None:
    (desk.system.place.root / "forms/QR-14-04/template.html").write_text("<p>新</p>", "utf-8")
    try:
        found = draft(
            FORM,
            (
                'choices.other      = { zh = "其他", en = "Other" }',
                'choices.noise      = { zh = "噪声", en = "Noise" }',
            ),
            ('within = "p.visit_within"', 'within = "p.report_within"'),
            ('[field.room]\ntype     = "text"', '[field.room]\ntype     = "long_text"'),
            number="QR-14-04",
        )
    finally:
        (desk.system.place.root / "forms/QR-14-04/template.html").unlink()
    assert {value.key: (value.old, value.new) for value in found.values} == {
        "field.room.type": ("text", "long_text"),
        "field.problem.choices.other": ("其他", ""),
        "field.problem.choices.noise": ("", "噪声"),
        "clock.visiting.within": ("p.visit_within", "p.report_within"),
    }
    assert found.files == ("template.html",)
    assert [(form.number, form.still_open) for form in found.forms] == [("QR-14-04", 3)]
    assert "QD-14-02" in found.referring and "records/registers/customer_contacts.toml" in found.referring


def test_a_configuration_file(draft: Draft) -> None:
    found = draft("qms.toml", ("next_edition_after = 9", "next_edition_after = 5"), number="qms.toml")
    assert [(value.key, value.old, value.new) for value in found.values] == [("revision.next_edition_after", "9", "5")]


def test_a_new_document_is_wholly_new(desk: Desk) -> None:
    path = desk.system.place.root / "procedures/WI-99-01.md"
    path.write_text(
        '+++\nnumber = "WI-99-01"\ntitle = "试"\nkind = "work_instruction"\nowner = "service_manager"\n'
        '[parameter]\na = { value = "3 days", title = "期限" }\n+++\n\n# 目的\n\n{{ p.a }}内。\n',
        "utf-8",
    )
    try:
        found = impact(desk.system, load(desk.system.place.root), "WI-99-01", catalogue=EN)
    finally:
        path.unlink()
    assert found.revision is None and found.changes_something
    assert [(item.name, item.before) for item in found.parameters] == [("a", None)]
    assert next(lines(found, EN)) == "WI-99-01: nothing of it is in force, so all of it is new"


def test_what_is_not_there_or_cannot_be_read(desk: Desk) -> None:
    root = desk.system.place.root
    with pytest.raises(QmsError) as error:
        impact(desk.system, load(root), "QD-14-99", catalogue=EN)
    assert str(error.value).startswith("there is no QD-14-99 in the folder; there are QD-14-02")
    path = root / RULE
    kept = path.read_bytes()
    path.write_text("+++\na = [\n+++\n", "utf-8")
    try:
        with pytest.raises(QmsError) as error:
            impact(desk.system, load(root), "QD-14-02", catalogue=EN)
    finally:
        path.write_bytes(kept)
    assert "procedures/QD-14-02.md:" in str(error.value)


# ── the commands


@pytest.fixture
def session(desk: Desk) -> Session:
    return Session(ZH, root=desk.system.place.root, clock=lambda: moment(NOW), quiet=True)


def test_parameters_as_json(session: Session, capfd: pytest.CaptureFixture[str]) -> None:
    assert commands.parameters(session, "QD-14-02", as_json=True, output=None) == 0
    said = json.loads(capfd.readouterr().out)
    assert said["format"] == 1
    [visit] = [item for item in said["parameters"] if item["name"] == "visit_within"]
    assert {key: visit[key] for key in ("document", "value", "unit", "title")} == {
        "document": "QD-14-02",
        "value": "24",
        "unit": "hour",
        "title": "处理后回访的时限",
    }
    assert [use["form"] for use in visit["used"]] == [None, "QR-14-04"]
    assert visit["used"][1]["place"] == "clock.visiting.within"


def test_parameters_in_force_and_those_of_the_drafts(
    session: Session, desk: Desk, draft: Draft, tmp_path: Path
) -> None:
    draft(RULE, ('"24 hours",        title', '"12 hours",        title'))
    for is_draft, expected in ((False, "24小时"), (True, "12小时")):
        output = tmp_path / f"{is_draft}.csv"
        assert commands.parameters(session, None, as_json=False, output=str(output), draft=is_draft) == 0
        [row] = [
            line
            for line in output.read_text("utf-8-sig").splitlines()
            if ",visit_within," in line and "QD-14-02" in line
        ]
        assert f",{expected}," in row and "时限“回访”" in row
    with pytest.raises(QmsError, match="there is no document QD-1; there are"):
        commands.parameters(session, "QD-1", as_json=False, output=None)


def test_impact_as_json(session: Session, draft: Draft, capfd: pytest.CaptureFixture[str]) -> None:
    draft(RULE, ('"24 hours",        title', '"12 hours",        title'))
    assert commands.impact(session, "QD-14-02", as_json=True) == 0
    said = json.loads(capfd.readouterr().out)["impact"]
    assert said["parameters"] == [
        {
            "name": "visit_within",
            "title": "处理后回访的时限",
            "before": "24 hours",
            "after": "12 hours",
            "effects": [{"form": "QR-14-04", "place": "clock.visiting.within", "running": 1}],
        }
    ]
    assert (said["kind"], said["revision"], said["effective_on"]) == ("procedure", "A/0", "2026-11-01")


def test_the_check_knows_what_is_in_force(session: Session, draft: Draft, capfd: pytest.CaptureFixture[str]) -> None:
    draft(RULE, ('"24 hours",        title', '"24 working hours", title'))
    assert commands.check(session, ("QD-14-02",), as_json=True) == 0
    [item] = json.loads(capfd.readouterr().out)["findings"]
    assert (item["code"], item["severity"], item["place"]) == ("DOC206", "warning", "parameter.visit_within")
    with pytest.raises(QmsError, match="there is no document QD-1"):
        commands.check(session, ("QD-1",), as_json=True)
