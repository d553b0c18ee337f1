"""Canonical JSON: the vectors of RFC 8785 that a format without floats holds, round trips, and what is refused."""

from __future__ import annotations

import json
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.base.canonical import MAXIMUM_DEPTH, MAXIMUM_INTEGER, Json, dumps, loads, sha256
from qmsdocs.base.errors import QmsError

LETTERS = st.text(st.characters(codec="utf-8"), max_size=20).map(lambda text: normalize("NFC", text))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAXIMUM_INTEGER, MAXIMUM_INTEGER) | LETTERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LETTERS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        # RFC 8785, 3.2.3: keys are sorted by their UTF-16 code units (U+FB33 there is not NFC, so U+FB20 stands here)
        (
            {"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb20": "Hebrew", "1": "One"}
            | {"\U0001f600": "Emoji", "\u0080": "Control", "\u00f6": "Latin Small"},
            '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small","€":"Euro Sign",'
            '"\U0001f600":"Emoji","\ufb20":"Hebrew"}',
        ),
        # RFC 8785, 3.2.2.2: what is escaped, and how
        ({"string": '\u20ac$\u000f\nA\'B"\\\\"/'}, '{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'),
        ("\b\t\n\f\r\u007f\u2028", '"\\b\\t\\n\\f\\r\u007f\u2028"'),
        # RFC 8785, 3.2.2: literals, nesting, no white space
        ([None, True, False, {"b": [], "a": {}}], '[null,true,false,{"a":{},"b":[]}]'),
        ([0, -1, MAXIMUM_INTEGER, -MAXIMUM_INTEGER], "[0,-1,9007199254740991,-9007199254740991]"),
        ({"": 1, "a": 2, "A": 3, "aa": 4}, '{"":1,"A":3,"a":2,"aa":4}'),
        ("𠮷㐂喆", '"𠮷㐂喆"'),
    ],
)
def test_the_bytes_are_those_of_the_standard(value: Json, written: str) -> None:
    assert dumps(value) == written.encode()
    assert loads(written.encode()) == value


@given(VALUES)
def test_what_is_written_is_read_back_and_written_the_same(value: Json) -> None:
    data = dumps(value)
    assert loads(data) == value
    assert dumps(loads(data)) == data
    assert json.loads(data) == value


@given(st.dictionaries(LETTERS, st.integers(0, 9), min_size=2, max_size=8))
def test_the_order_in_which_keys_were_given_changes_nothing(value: dict[str, Json]) -> None:
    assert dumps(value) == dumps(dict(reversed(value.items())))


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (MAXIMUM_INTEGER + 1, "too large"),
        ([-MAXIMUM_INTEGER - 1], "too large"),
        ("e\u0301", "NFC"),
        ({"e\u0301": 1}, "NFC"),
        ("\ufb33", "NFC"),
        ("a\ud83d", "U+D83D"),
        ({"\udc00": 1}, "U+DC00"),
    ],
)
def test_what_cannot_be_evidence_is_refused(value: Json, word: str) -> None:
    with pytest.raises(QmsError, match=word.replace("+", r"\+")):
        dumps(value)


def test_a_float_is_our_mistake_and_not_the_users() -> None:
    with pytest.raises(TypeError):
        dumps(1.5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b'{"a":1,"a":2}', '"a" stands twice'),
        (b'{"b":{"x":1,"x":1}}', '"x" stands twice'),
        (b"[1.5]", "1.5 is not an integer"),
        (b"[1e3]", "1e3"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b'"\xff"', "not UTF-8 at byte 1"),
        (b'\xef\xbb\xbf{"a":1}', "byte order mark"),
        (b'{"a":', "line 1, column 6"),
        (b'{\n"a":1,}', "line 2"),
        (b"", "line 1"),
        (b"[" * 100_000, "deeper than 64"),
        (b"[" * (MAXIMUM_DEPTH + 2) + b"]" * (MAXIMUM_DEPTH + 2), "deeper than 64"),
        (b"1" * 5000, "too long"),
    ],
    ids=lambda part: part[:12] if isinstance(part, bytes) else None,
)
def test_bytes_that_are_no_strict_json_are_refused(data: bytes, word: str) -> None:
    with pytest.raises(QmsError) as refused:
        loads(data)
    assert word in str(refused.value)


def test_the_depth_that_is_still_held() -> None:
    deepest: Json = 1
    for _ in range(MAXIMUM_DEPTH):
        deepest = [deepest]
    assert loads(dumps(deepest)) == deepest
    with pytest.raises(QmsError, match="deeper"):
        dumps([deepest])


def test_the_hash_is_sha256() -> None:
    assert sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1
