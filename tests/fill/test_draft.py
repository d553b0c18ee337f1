"""Drafts in TOML and JSON: read as data, refused in one line, written so that they read back."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import HARD
from trial_forms import FOLDER, NUMBERS, PEOPLE, form_of, small, taken

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.fill.draft import Draft, parse, read
from qmsdocs.fill.skeleton import Skeleton
from qmsdocs.fill.toml_value import inline, written

TOML = """# comment
form = "QR-99-01"
revision = "A/0"
submission = "k3f9"

[values]
customer = "欧阳昇"
rate = 12.50
due_on = 2026-11-21
said = '''
两行
字'''

[[values.team]]
member = "王芳"

[[values.team]]
member = "张伟"
skill = "防水"

[values.marks.noise]
grade = "差"
"""


def skeleton(language: Language = Language.ZH, **values: object) -> str:
    """A skeleton of the small form."""
    return Skeleton(small(), "A/0", "k3f9", language, PEOPLE, values).text()


def plain(value: object) -> object:
    """`value` without empty parts."""
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items() if plain(part) not in ("", [], {}, None)}
    return [plain(part) for part in value if plain(part) != {}] if isinstance(value, list) else value


def test_toml_is_read_with_exact_numbers_and_dates() -> None:
    draft = parse(TOML.encode(), source="a.toml")
    assert (draft.form, draft.revision, draft.submission) == ("QR-99-01", "A/0", "k3f9")
    assert draft.values["rate"] == Decimal("12.50") and str(draft.values["rate"]) == "12.50"
    assert draft.values["due_on"] == date(2026, 11, 21)
    assert draft.values["said"] == "两行\n字"


def test_json_is_read_alike() -> None:
    data = json.dumps({"form": "QR-99-01", "values": {"customer": "欧阳昇", "rate": 12.5, "people": 3}})
    draft = parse(data.encode("utf-8-sig"), source="a.json")
    assert draft.values == {"customer": "欧阳昇", "rate": Decimal("12.5"), "people": 3}
    assert (draft.revision, draft.submission) == (None, None)


@pytest.mark.parametrize(
    ("field", "line"),
    [
        *(("customer", 7), ("rate", 8), ("team[1].member", 15), ("team[2].skill", 19), ("team[3].skill", 6)),
        *(("marks.noise.grade", 22), ("phone", 6)),
    ],
)
def test_a_field_is_found_by_its_line(field: str, line: int) -> None:
    assert parse(TOML.replace("\n", "\r\n").encode(), source="a.toml").line(field) == line


def test_a_field_of_json_is_found_by_its_line() -> None:
    draft = parse(b'{"form": "QR-99-01",\n "values": {\n  "customer": "a",\n  "phone": "b"}}', source="a.json")
    assert (draft.line("phone"), draft.place("customer"), draft.line("gone")) == (4, "a.json:3", 2)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it does not say of which form it is"),
        (b"values = {}", "it does not say of which form it is"),
        (b'form = ""', "it does not say of which form it is"),
        (b"form = 1", "form: must be text in quotes"),
        (b'form = "a"\nvalue = {}', 'value: unknown key, did you mean "values"?'),
        (b'form = "a"\nvalues = 1', "values: must be a table of keys"),
        (b'form = "a"\nform = "b"', ":2: not valid TOML"),
        (b'form = "a"\n[values]\nx = "', ":3: not valid TOML"),
        (b'form = "a"\n[values]\nx = ' + b"9" * 5_000, "a number is too long"),
        (b'form = "a"\nx' + b".x" * 200_000 + b" = 1", "a key has too many parts"),
        (b'form = "a"\n"x"' + b'."x"' * 200_000 + b" = 1", "a key has too many parts"),
        (b'form = "a"\nx = ' + b"[" * 50_000, "nested too deeply"),
        (b'form = "a"\nvalues.x = ' + b"[" * 40 + b"]" * 40, "nested too deeply"),
        (b'form = "a"\n[values]\n"\\u001b[2J" = 1', "a key holds the character U+001B"),
        (b'form = "a\\u202e"', "form: the character U+202E cannot stand here"),
        (b'form = "a"\nsubmission = "' + b"x" * 201 + b'"', "submission: longer than 200 characters"),
        (b'{"form": "a", "form": "b"}', 'the key "form" stands twice'),
        (b'{"form": "a", "values": {"x": {"y": 1, "y": 2}}}', 'the key "y" stands twice'),
        (b'{"form": "a", "values": {"x": NaN}}', "NaN is no number"),
        (b'{"form": "a", "values": {"x": -Infinity}}', "-Infinity is no number"),
        (b'{"form": "a", "values": {"x": ' + b"9" * 5_000 + b"}}", "a number is too long"),
        (b'{"form": "a"', "not valid JSON in line 1, column 13"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"form": "a", "values": ' + b"[" * 40 + b"]" * 40 + b"}", "nested too deeply"),
        (b'{"form": "\\ud800"}', "form: the character U+D800 cannot stand here"),
        (b'{"form": "a", "\\ud800": 1}', "a key holds the character U+D800"),
        (b"\xff\xfef\x00", "not UTF-8 at byte 0"),
        (b"x" * 4_000_001, "larger than 4 MB"),
        (b"\xd0\xcf\x11\xe0", "not UTF-8 at byte 0"),
    ],
)
def test_a_hostile_draft_is_refused_in_one_short_line(data: bytes, reason: str) -> None:
    begun = time.monotonic()
    with pytest.raises(QmsError) as refused:
        parse(data, source="a.toml")
    said = str(refused.value)
    assert said.startswith("a.toml") and reason in said and "\n" not in said and len(said) < 300 and said.isprintable()
    assert time.monotonic() - begun < 5


def test_gb18030_is_proposed_and_said_in_chinese() -> None:
    with pytest.raises(QmsError) as refused:
        parse('form = "QR-99-01"\n# 客户'.encode("gb18030"), source="a.toml")
    catalogue = Catalogue.load(Language.ZH)
    assert refused.value.hint is not None
    assert catalogue.say(refused.value.message) == "a.toml：第 20 字节起不是 UTF-8"
    assert catalogue.say(refused.value.hint).startswith("看来是 GB18030")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(QmsError, match=r"gone\.toml cannot be read"):
        read(tmp_path / "gone.toml")


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("number", NUMBERS)
def test_the_skeleton_of_every_starter_form_reads_back_empty(number: str, language: Language) -> None:
    form = form_of(number)
    text = Skeleton(form, "A/0", "k3f9", language, PEOPLE).text()
    draft = parse(text.encode(), source="new.toml")
    assert (draft.form, draft.revision, draft.submission) == (number, "A/0", "k3f9")
    assert set(draft.values) <= set(form.entered)
    assert plain(draft.values) == {
        name: item.default for name, item in form.entered.items() if item.default is not None
    }
    assert all(name in draft.values for name, item in form.entered.items() if item.required is True)
    assert all(f"{name} = " in text or f"values.{name}" in text for name in form.entered)
    assert all(item.title.of(language) in text for item in form.entered.values())


@pytest.mark.parametrize("number", NUMBERS)
def test_the_example_of_every_starter_form_is_taken_and_survives_the_skeleton(number: str) -> None:
    form = form_of(number)
    example = read(FOLDER / number / "example.toml")
    values, refusals = taken(form, example.values)
    assert refusals == () and values
    again = parse(Skeleton(form, "A/0", "k", Language.ZH, values=example.values).text().encode(), source="x")
    assert plain(again.values) == plain(example.values)
    canonical = parse(Skeleton(form, "A/0", "k", Language.ZH, values=values).text().encode(), source="x")
    assert taken(form, canonical.values) == (values, ())


def test_the_skeleton_tells_what_belongs_where() -> None:
    text = skeleton()
    assert "# ── 一、来电" in text
    assert '# 客户姓名 (Customer) · 必填\ncustomer = ""' in text
    assert '# 区号也要写。\n# 写法：[0-9+() -]{5,20}\n# phone = ""' in text
    assert '# 选一项：complaint = 投诉 · advice = 咨询\nkind = ""' in text
    assert '# 可选多项，写成 ["project", "property"]' in text
    assert "# 人数 (People) · 可不填 · 至少 1，至多 500" in text
    assert "# 严重程度 (Seriousness) · 可不填 · 视其他回答而定" in text
    assert '# 答复 (Answer) · 步骤“关闭”之前填\n# answer = ""' in text
    assert "# 人员：wang.fang = 王芳 · zhang.wei = 张伟" in text
    assert '# [[values.team]]\n# member = ""\n# skill  = ""' in text
    assert '[values.marks.flat]   # 户型\ngrade = ""' in text
    assert "count" not in text  # nobody types what the program works out


def test_a_draft_filled_as_people_do_is_taken() -> None:
    text = skeleton().replace('customer = ""', 'customer = "欧阳昇"').replace('kind = ""', "kind = '投诉'")
    text = text.replace("# said = ''''''", "said = '''\n他说：\"漏水\\了\"\n\n明天来\n'''")
    text = text.replace('[values.marks.noise]   # 隔声\ngrade = ""', '[values.marks.noise]   # 隔声\ngrade = "差"')
    text = text.replace('# [[values.team]]\n# member = ""', '[[values.team]]\nmember = "王芳"')
    values, refusals = taken(small(), parse(text.replace("\n", "\r\n").encode("utf-8-sig"), source="x").values)
    assert refusals == ()
    assert values == {
        "customer": "欧阳昇",
        "kind": "complaint",
        "said": '他说："漏水\\了"\n\n明天来',
        "team": [{"member": "wang.fang"}],
        "marks": {"noise": {"grade": "bad"}},
    }


def test_values_of_no_field_are_kept_for_the_issue_to_refuse() -> None:
    draft = parse(skeleton(custommer="欧阳昇", people=3).encode(), source="x")
    assert (draft.values["custommer"], draft.values["people"]) == ("欧阳昇", 3)


@pytest.mark.parametrize("text", HARD)
def test_hard_texts_survive_a_draft_in_every_place(text: str) -> None:
    values = {
        "customer": text,
        "said": text,
        "team": [{"skill": text}],
        "told": [text],
        "marks": {"flat": {"grade": text}},
    }
    read_back = parse(skeleton(**values).encode(), source="x").values
    assert {name: read_back[name] for name in ("customer", "said", "told")} == {
        n: values[n] for n in ("customer", "said", "told")
    }
    assert plain(read_back["team"]) == [{"skill": text}]
    assert plain(read_back["marks"]) == {"flat": {"grade": text}}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_written_so_that_it_reads_back(text: str) -> None:
    source = f'form = "x"\n[values]\na = {written(text)}\nb = {inline(text)}\nc = [{inline(text)}]'
    draft: Draft = parse(source.encode(), source="x")
    assert draft.values == {"a": text, "b": text, "c": [text]}
