"""Drafts nobody thought of: whatever is handed in, the program says yes or no, and never that it broke."""

from __future__ import annotations

import json
import os
import string
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from program import CALL, COMPLAINT, LIAISON, Program

from qmsdocs.base.errors import QmsError
from qmsdocs.base.toml import read
from qmsdocs.fill import draft as drafts
from qmsdocs.fill import rows
from qmsdocs.model.form import Form

EXAMPLES = int(os.environ.get("QMSDOCS_FUZZ", "150"))
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
NAMES = [
    *COMPLAINT,
    "evidence",
    "team",
    "checked_by",
    "people_together",
    "same_province",
    "level",
    "room",
    "nature",
    "satisfied",
    "",
]
WORDS = st.sampled_from(
    [
        "",
        " ",
        "1",
        "-1",
        "1e5",
        "是",
        "true",
        "null",
        "2026-11-21",
        "24 hours",
        "phone",
        "\x00",
        "\ud800",
        "\u202e",
        "=1",
        "{{ x }}",
        "../x",
        "x" * 300,
        "é",
        "e\u0301",
    ]
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), WORDS)
KEYS = st.one_of(
    st.sampled_from(["name", "size", "sha256", "held_at", "department", "opinion", "checked_on", "statement"]),
    st.text(max_size=5),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@pytest.mark.parametrize(("form", "base"), [("QR-14-04", COMPLAINT), ("QR-14-03", CALL), ("QR-04-01", LIAISON)])
def test_any_values_are_taken_or_refused(shared: Program, form: str, base: dict[str, object]) -> None:
    fields = st.sampled_from([*base, *NAMES])

    @BOUNDED
    @given(st.dictionaries(fields, ANYTHING, min_size=1, max_size=3))
    def any_values(values: dict[str, object]) -> None:
        path = shared.root / "fuzz.json"
        path.write_text(json.dumps({"form": form, "values": {**base, **values}}), "utf-8")
        before = shared.heads() if EXAMPLES > 1000 else None
        found = shared("record", "issue", path, "--json", "--no-pages")
        assert found.code in (0, 2)
        said = found.json
        assert bool(said["issued"]) == (found.code == 0) and bool(said["refused"]) == (found.code == 2)
        if found.code == 2 and before is not None:
            assert shared.heads() == before
        if found.code == 0:
            number = found.numbers[0]
            assert shared.record(number)["number"] == number

    any_values()


def test_any_head_is_taken_or_refused(shared: Program) -> None:
    @BOUNDED
    @given(
        st.dictionaries(
            st.sampled_from(["form", "revision", "submission", "raised_from", "values", "x"]), ANYTHING, max_size=5
        )
    )
    def any_head(head: dict[str, object]) -> None:
        path = shared.root / "fuzz.json"
        path.write_text(json.dumps(head), "utf-8")
        assert shared("record", "issue", path, "--json", "--no-pages").code == 2

    any_head()


def test_any_bytes_are_a_draft_or_refused() -> None:
    base = json.dumps({"form": "QR-04-01", "values": dict(LIAISON)}, ensure_ascii=False).encode()
    toml = (
        'form = "QR-04-01"\n[values]\n'
        + "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in LIAISON.items())
    ).encode()

    @BOUNDED
    @given(
        st.one_of(
            st.binary(max_size=200),
            st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
            st.tuples(st.sampled_from([base, toml]), st.integers(0, 300), st.binary(max_size=8)).map(
                lambda part: part[0][: part[1]] + part[2] + part[0][part[1] + len(part[2]) :]
            ),
            st.text(alphabet=string.printable, max_size=200).map(lambda text: b"form = 'x'\n" + text.encode()),
        )
    )
    @hypothesis.example(b"a.b.c.d = 1\na.b = 2")
    @hypothesis.example(b"'''")
    def any_bytes(data: bytes) -> None:
        try:
            drafts.parse(data, source="fuzz")
        except QmsError as error:
            assert "fuzz" in str(error)

    any_bytes()


def test_any_bytes_are_a_table_or_refused(shared: Program, tmp_path: Path) -> None:
    form = read(shared.root / "forms" / "QR-14-04" / "form.toml", Form)
    base = (",".join(COMPLAINT) + "\r\n" + ",".join(map(str, COMPLAINT.values()))).encode()
    from test_refused_input import workbook

    book = workbook()

    @BOUNDED
    @given(
        st.one_of(
            st.binary(max_size=100),
            st.tuples(st.sampled_from([base, book]), st.integers(0, len(book)), st.binary(max_size=6)).map(
                lambda part: part[0][: part[1]] + part[2] + part[0][part[1] + len(part[2]) :]
            ),
        )
    )
    def any_bytes(data: bytes) -> None:
        try:
            rows.parse(data, form, source="fuzz")
        except QmsError as error:
            assert "fuzz" in str(error)

    any_bytes()


def test_any_words_after_set(shared: Program) -> None:
    number = shared.issue("QR-14-04")

    @BOUNDED
    @given(st.sampled_from(NAMES), st.text(alphabet=st.characters(exclude_characters="\x00"), max_size=20))
    def any_words(name: str, text: str) -> None:
        found = shared("record", "amend", number, "--set", f"{name}={text}", "-m", text or "x", "-n")
        assert found.code in (0, 2)
        assert found.code == 0 or found.out == ""

    any_words()
