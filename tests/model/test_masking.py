"""Personal data masked: in fields and columns, in other texts however they are written there, and as digests."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.base.canonical import Json, dumps, loads, sha256
from qmsdocs.base.toml import parse
from qmsdocs.model.form import Field, FieldType, Form
from qmsdocs.model.masking import (
    MASK,
    Sweep,
    digest_of,
    marked,
    masked,
    masked_event,
    masked_form,
    personal_texts,
    suffix,
)

FORM = parse(
    """
number = "F"
title = "F"
owner = "x"
procedure = ""
retention = "r"
series = { id = "f", number = "F-{year}-{serial:4}" }
[field.customer]
type = "text"
title = "客户"
personal = true
[field.born]
type = "date"
title = "生日"
personal = true
[field.sex]
type = "choice"
title = "性别"
personal = true
choices.m = "男"
choices.f = "女"
[field.handler]
type = "person"
title = "经办"
personal = true
[field.story]
type = "long_text"
title = "经过"
[field.kind]
type = "choice"
title = "类别"
choices.anna = "甲"
choices.b = "乙"
[field.other]
type = "record"
title = "记录"
[field.files]
type = "attachment"
title = "附件"
[field.team]
type = "table"
title = "小组"
[field.team.column.role]
type = "text"
title = "职责"
[field.team.column.contact]
type = "text"
title = "联系方式"
personal = true
[field.fixed]
type = "table"
title = "固定"
rows.one = "一"
rows.two = "二"
[field.fixed.column.who]
type = "text"
title = "谁"
personal = true
[state]
open = { title = "开" }
""",
    Form,
    source="form.toml",
)
BORN = {"1980-05-06", "1980-5-6", "1980年5月6日", "1980年05月06日"}
FILE: Json = {"name": "Anna 身份证.JPG", "size": 7, "sha256": "0" * 64}
VALUES: Mapping[str, Json] = {
    "customer": "林玥明", "born": "1980-05-06", "sex": "f", "handler": "wang.fang",
    "story": "林 玥明生于1980-05-06，电话138 0013 8000，与 Anna Li 同来", "kind": "anna", "other": "F-2026-0802",
    "files": [FILE], "team": [{"role": "组长 anna li", "contact": "13800138000"}, {"role": "员", "contact": None}],
    "fixed": {"one": {"who": "Anna Li"}, "two": {}},
}  # fmt: skip


def sweep() -> Sweep:
    return Sweep(personal_texts(FORM, VALUES))


def salts() -> Iterator[str]:
    return (f"{number:032x}" for number in range(1, 1000))


def body(**more: Json) -> dict[str, Json]:
    return {"act": "issue", "nonce": "ab" * 16, "submission": "k", "reason": None, "set": dict(VALUES), "derived": {},
            "previous": None, "signer": None, **more}  # fmt: skip


def test_what_must_occur_nowhere_is_every_personal_text_but_the_staffs() -> None:
    assert personal_texts(FORM, VALUES) == {"林玥明", *BORN, "13800138000", "Anna Li"}


def test_lists_of_names_are_sought_name_by_name_and_short_numbers_are_not() -> None:
    assert personal_texts(FORM, {"customer": "赵一、Tom Ray; 12"}) == {"赵一、Tom Ray; 12", "赵一", "Tom Ray"}


def test_long_numbers_are_sought_whatever_the_type_of_their_field() -> None:
    fields = {name: FORM.field["customer"].model_copy(update={"type": FieldType.INTEGER}) for name in ("phone", "age")}
    form = FORM.model_copy(update={"field": fields})
    assert personal_texts(form, {"phone": 13655556666, "age": 43}) == {"13655556666"}


@pytest.mark.parametrize(
    ("value", "told", "left"),
    [
        ("张小兰 13655556666", "小张说张小兰来过，13655556666", "小张说＊＊＊来过，＊＊＊"),
        ("张小兰（13655556666）", "张小兰 或136-5555-6666", "＊＊＊ 或＊＊＊"),
        ("业主：张小兰", "业主说张小兰来过", "业主说＊＊＊来过"),
        ("林玥女士", "林玥来电", "＊＊＊来电"),
        ("Ms. Anna Li", "anna li called", "＊＊＊ called"),
        ("Mr Tom Ray", "Tom Ray", "＊＊＊"),
        ("0571-88001234-802", "打88001234或0571-88001234", "打＊＊＊或＊＊＊"),
        ("+86 138 0013 8000", "13800138000", "＊＊＊"),
        ("3幢0802室", "住3幢0802", "住＊＊＊"),
        ("林女士", "女士，林", "女士，林"),
        ("张三丰和李四光", "李四光来电，张三丰也来，和", "＊＊＊来电，＊＊＊也来，和"),
        ("张三丰 与 李 四光", "李四光、张三丰", "＊＊＊、＊＊＊"),
        ("张三丰及李四光", "李四光", "＊＊＊"),
        ("张三丰&李四光＆王五五+赵六六", "李四光张三丰，王五五，赵六六", "＊＊＊，＊＊＊，＊＊＊"),
        ("Anna Li and Tom Ray", "Tom Ray, Sandra", "＊＊＊, Sandra"),
        ("张三丰夫妇", "张三丰", "＊＊＊"),
        ("张三丰一家、李四光夫妻", "李四光与张三丰", "＊＊＊与＊＊＊"),
        ("李和平", "李先生说和平，李和平", "李先生说和平，＊＊＊"),
        ("一三八〇〇一三八零零零", "打１３８-0013-8000", "打＊＊＊"),
        ("13800138000", "打一三八 〇〇一三 八零零零，三次", "打＊＊＊，三次"),
        ("李三三", "李三三三次来电", "＊＊＊三次来电"),
        ("乙栋一二〇七", "住乙栋1207", "住＊＊＊"),
        ("José García", "Garcia, Jose; jose garcia", "Garcia, Jose; ＊＊＊"),
        ("김 철수", "김 선생, 철수", "김 선생, ＊＊＊"),
        ("Li Na", "Li Na called", "＊＊＊ called"),
    ],
)
def test_parts_of_a_personal_text_are_found_where_they_are_told(value: str, told: str, left: str) -> None:
    assert Sweep(personal_texts(FORM, {"customer": value})).over(told) == left


@pytest.mark.parametrize(
    "told",
    ["1980-05-06", "1980年5月6日", "1980年05月06日", "1980/5/6", "1980.5.6", "19800506", "１９８０年５月６日", "一九八〇年五月六日"],
)  # fmt: skip
def test_a_date_is_found_however_it_is_written(told: str) -> None:
    assert sweep().over(f"生于{told}，迁入1980年5月16日") == "生于＊＊＊，迁入1980年5月16日"


NAMES = ("ﾔﾏﾀﾞ太郎", "José García", "김철수", "Nguyễn Văn An", "नरेन्द्र मोदी", "ǆ王", "Ⅳ栋", "x①王五", "Zoé X", "½号")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_in_every_spelling_that_is_one_to_unicode(name: str) -> None:
    forms = {unicodedata.normalize(form, name) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    for sought in forms:
        assert {Sweep(frozenset({sought})).over(f"见 {told} 来") for told in forms} == {"见 ＊＊＊ 来"}, sought


SPOKEN: Mapping[FieldType, Json] = {
    **dict.fromkeys(
        (FieldType.TEXT, FieldType.LONG_TEXT, FieldType.PLACE, FieldType.CUSTOMER, FieldType.DOCUMENT, FieldType.RECORD,
         FieldType.PERSON, FieldType.SIGNATURE, FieldType.SECTION, FieldType.NOTE, FieldType.CHOICE, FieldType.SCALE),
        "林玥 明的",
    ),
    FieldType.CHOICES: ["林玥明"],  # those of a hold are no list of the form's
    FieldType.TABLE: [{"one": "林玥明"}, "林玥明"],
    FieldType.ATTACHMENT: [{"name": "林玥明.林玥明", "size": 1, "sha256": "0" * 64}, {"size": 1, "note": "林玥明"}],
}  # fmt: skip
WORDLESS: Mapping[FieldType, Json] = {
    FieldType.INTEGER: 12, FieldType.DECIMAL: "1.5", FieldType.DATE: "2026-11-20", FieldType.DURATION: "3 days",
    FieldType.DATETIME: "2026-11-20T09:00:00+08:00", FieldType.BOOLEAN: True,
}  # fmt: skip


@pytest.mark.parametrize("kind", [*FieldType])
def test_whatever_the_type_of_a_field_nobody_is_named_in_it(kind: FieldType) -> None:
    form = FORM.model_copy(update={"field": {"x": Field(type=kind, title="x")}})
    value = WORDLESS[kind] if kind in WORDLESS else SPOKEN[kind]
    found = masked_event(form, body(set={"x": value}), sweep(), lambda: "0" * 32)
    if kind in WORDLESS:
        assert found is None and masked(form, {"x": value}, sweep()) == {"x": value}
    else:
        assert found is not None and "玥".encode() not in found.data
        assert "玥" not in str(masked(form, {"x": value}, sweep())) and "玥" in str(value)


@pytest.mark.parametrize("kind", [FieldType.INTEGER, FieldType.DECIMAL])
def test_a_long_number_of_somebody_is_found_among_numbers_too(kind: FieldType) -> None:
    form = FORM.model_copy(update={"field": {"x": Field(type=kind, title="x")}})
    known = Sweep(frozenset({"13800138000", "1207"}))
    for told, left in ((13800138000, MASK), ("13800138000", MASK), (1207, 1207), (13800138001, 13800138001)):
        assert masked(form, {"x": told}, known) == {"x": left}
        found = masked_event(form, body(set={"x": told}), known, lambda: "0" * 32)
        assert (found is not None and b"13800138000" not in found.data) is (left == MASK)


def test_the_number_of_a_record_is_nobodys_where_one_is_expected() -> None:
    number = "F-2026-0802"
    form = FORM.model_copy(update={"field": {n: FORM.field[n] for n in ("other", "story")}})
    values: Mapping[str, Json] = {"other": number, "story": f"见 {number}"}
    known = Sweep(frozenset({"20260802"}), number.__eq__)
    assert masked(form, values, known) == {"other": number, "story": "见 F-＊＊＊"}
    found = masked_event(form, body(set=dict(values)), known, lambda: "0" * 32)
    assert found is not None and set(found.salts) == {"/set/story", "/nonce", "/submission"}
    hidden = form.model_copy(update={"field": {"other": form.field["other"].model_copy(update={"personal": True})}})
    assert personal_texts(hidden, values, number.__eq__) == set()
    assert personal_texts(hidden, {"other": "林玥明的投诉"}, number.__eq__) == {"林玥明的投诉"}


def test_the_ending_of_a_file_stays_only_where_it_says_what_kind_of_file_it_is() -> None:
    endings = {name: suffix(name) for name in ("a.JPG", "a.docx", "照片.1207", "x.zhang", "a.tar.gz", "pdf", "a.pdf ")}
    assert endings == {"a.JPG": ".jpg", "a.docx": ".docx", "照片.1207": "", "x.zhang": "", "a.tar.gz": ".gz", "pdf": "",
                       "a.pdf ": ""}  # fmt: skip


def test_the_key_somebody_gave_an_act_names_nobody_either() -> None:
    found = masked_event(FORM, body(set={}, submission="林玥明-1"), sweep(), lambda: "0" * 32)
    assert found is not None and "林".encode() not in found.data


def test_where_a_file_is_held_is_masked_with_its_name() -> None:
    chance = salts()
    file: Json = {**FILE, "held_at": "D:/投诉/林玥明"} if isinstance(FILE, dict) else FILE
    assert masked(FORM, {"files": [file]}) == {
        "files": [{"name": f"{MASK}.jpg", "size": 7, "sha256": "0" * 64, "held_at": MASK}]
    }
    found = masked_event(FORM, body(set={"files": [file]}), Sweep(frozenset()), lambda: next(chance))
    assert found is not None and "林".encode() not in found.data
    assert digest_of(found.salts["/set/files/0/held_at"], "D:/投诉/林玥明").encode() in found.data


def test_values_are_masked_where_they_stand_and_where_they_are_told() -> None:
    found = masked(FORM, VALUES, sweep())
    assert found == {
        "customer": MASK, "born": MASK, "sex": MASK, "handler": MASK,
        "story": f"{MASK}生于{MASK}，电话{MASK}，与 {MASK} 同来", "kind": "anna", "other": "F-2026-0802",
        "files": [{"name": f"{MASK}.jpg", "size": 7, "sha256": "0" * 64}],
        "team": [{"role": f"组长 {MASK}", "contact": MASK}, {"role": "员", "contact": None}],
        "fixed": {"one": {"who": MASK}, "two": {}},
    }  # fmt: skip


def test_a_mask_fits_every_field_of_the_masked_form() -> None:
    form = masked_form(FORM)
    assert {form.field[name].type for name in ("customer", "born", "sex", "handler")} == {FieldType.TEXT}
    assert form.field["team"].column["contact"].type is FieldType.TEXT
    assert form.field["kind"] == FORM.field["kind"] and form.field["files"] == FORM.field["files"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("林玥来", "＊＊＊来"),
        ("林 玥", "＊＊＊"),
        ("森林玥", "森＊＊＊"),
        ("林在玥", "林在玥"),
        ("ann", "ann"),
        ("Ann Lee.", "＊＊＊."),
        ("ANN-LEE", "＊＊＊"),
        ("Joann Lee", "Joann Lee"),
        ("ann leeward", "ann leeward"),
        ("tel 138-0013-8000!", "tel ＊＊＊!"),
        ("１３８００１３８０００", "＊＊＊"),
        ("913800138000", "9＊＊＊"),
        ("+8613800138000", "+86＊＊＊"),
        ("tel13800138000x12", "tel＊＊＊x12"),
        ("138 - 0013 - 8000", "＊＊＊"),
        ("138——0013 —— 8000", "＊＊＊"),
        ("林　　　玥", "＊＊＊"),
        ("1 2 0 7", "1 2 0 7"),
        ("乙1207室", "乙＊＊＊室"),
        ("20261207", "20261207"),
        ("", ""),
    ],
)
def test_texts_are_found_as_whole_words_however_they_are_written(text: str, left: str) -> None:
    assert Sweep(frozenset({"林玥", "Ann Lee", "13800138000", "1207"})).over(text) == left


@given(
    st.text(max_size=8),
    st.sampled_from(["林玥明", "欧阳昇"]),
    st.sampled_from(["", " ", "·", "  "]),
    st.text(max_size=8),
)
def test_no_name_stays_whatever_stands_around_it(before: str, name: str, between: str, after: str) -> None:
    found = Sweep(frozenset({name})).over(before + between.join(name) + after)
    squeezed = "".join(filter(str.isalnum, found))
    assert name not in squeezed or name in "".join(filter(str.isalnum, before)) + "".join(filter(str.isalnum, after))


def test_an_event_keeps_every_key_and_holds_digests_for_what_is_masked() -> None:
    chance = salts()
    found = masked_event(FORM, body(previous="c" * 64), sweep(), lambda: next(chance))
    assert found is not None
    made = loads(found.data)
    assert isinstance(made, dict) and set(made) == set(body()) and made["previous"] == "c" * 64
    said = made["set"]
    assert isinstance(said, dict)
    assert (said["kind"], said["other"]) == ("anna", "F-2026-0802")
    for place, value in (
        ("/set/customer", "林玥明"),
        ("/set/team/0/contact", "13800138000"),
        ("/set/born", "1980-05-06"),
    ):
        digest = hashlib.sha256(bytes.fromhex(found.salts[place]) + json.dumps(value, ensure_ascii=False).encode())
        assert digest_of(found.salts[place], value) == digest.hexdigest()
        assert digest.hexdigest().encode() in found.data, place
    assert said["story"] == {
        "masked": digest_of(found.salts["/set/story"], VALUES["story"]),
        "shown": f"{MASK}生于{MASK}，电话{MASK}，与 {MASK} 同来",
    }
    for text in ("林", "13800138000", "Anna", "1980", "wang.fang"):
        assert text.encode() not in found.data, text


def test_the_random_number_of_a_masked_event_stays_in_the_house() -> None:
    """With it, and all else known, the hash of the event would tell a guessed telephone number from a wrong one."""
    chance = salts()
    found = masked_event(FORM, body(), sweep(), lambda: next(chance))
    assert found is not None and b"ab" * 16 not in found.data
    made = loads(found.data)
    assert isinstance(made, dict) and made["nonce"] == {"masked": digest_of(found.salts["/nonce"], "ab" * 16)}
    assert len(set(found.salts.values())) == len(found.salts)


def test_with_the_salts_and_the_values_the_stored_event_is_made_again() -> None:
    chance = salts()
    whole = body()
    found = masked_event(FORM, whole, sweep(), lambda: next(chance))
    assert found is not None
    again = loads(found.data)
    for place in found.salts:
        *above, last = place.split("/")[1:]
        shown, held = again, whole
        for part in above:
            shown, held = (item[int(part)] if isinstance(item, list) else item[part] for item in (shown, held))  # type: ignore[index,call-overload]
        shown[last] = held[last]  # type: ignore[index,call-overload]
    assert sha256(dumps(again)) == sha256(dumps(whole))


def test_an_event_with_nothing_to_mask_leaves_as_it_is_stored() -> None:
    plain = {"story": "无", "kind": "anna"}
    assert masked_event(FORM, body(set=plain), sweep(), lambda: "0" * 32) is None
    assert masked_event(FORM, body(set=plain, reason="林玥明要求"), sweep(), lambda: "0" * 32) is not None


def test_of_an_unknown_form_every_text_is_swept() -> None:
    found = masked_event(None, body(), Sweep(frozenset({"林玥明"})), lambda: "1" * 32)
    assert found is not None and "林".encode() not in found.data and b"13800138000" in found.data


def test_what_one_revision_holds_for_personal_is_so_in_all() -> None:
    def without(form: Form, name: str) -> Form:
        return form.model_copy(update={"field": {**form.field, name: form.field[name].model_copy(update=PLAIN)}})

    item = FORM.field["team"]
    column = {name: cell.model_copy(update=PLAIN) for name, cell in item.column.items()}
    newer = without(FORM, "customer")
    newer = newer.model_copy(update={"field": {**newer.field, "team": item.model_copy(update={"column": column})}})
    assert personal_texts(newer, VALUES) == {*BORN, "Anna Li"}
    assert personal_texts(marked(newer, [FORM]), VALUES) == personal_texts(FORM, VALUES)
    assert masked(marked(newer, [FORM]), VALUES)["customer"] == MASK


PLAIN = {"personal": False}
