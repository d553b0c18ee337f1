"""Number patterns: what is accepted, how numbers print, how printed ones are read, and where the counter restarts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.base.errors import QmsError
from qmsdocs.model.number import MAXIMUM_SERIAL, NumberPattern, ReadNumber

CODES = st.text("ABCDEFGHXYZ杭沪绿", min_size=1, max_size=6)


def printed(pattern: str, serial: int, site: str = "HZ", year: int = 2026, month: int = 7, project: str = "LTY") -> str:
    return (
        NumberPattern.parse(pattern).template(site=site, year=year, month=month, project=project).format(serial=serial)
    )


@pytest.mark.parametrize(
    ("pattern", "serial", "number"),
    [
        ("TS-{site}-{year}-{serial:4}", 1, "TS-HZ-2026-0001"),
        ("TS-{site}-{year}-{serial:4}", 123_456, "TS-HZ-2026-123456"),
        ("{year}{month}{serial:3}", 14, "202607014"),
        ("{project}/{year}/{serial}", 7, "LTY/2026/7"),
        ("GT/QR·10-01-{year}-{serial:3}", 5, "GT/QR·10-01-2026-005"),
        ("XX通字〔{year}〕{serial}号", 261, "XX通字〔2026〕261号"),
    ],
)
def test_a_number_prints_and_is_read_back(pattern: str, serial: int, number: str) -> None:
    assert printed(pattern, serial) == number
    read = NumberPattern.parse(pattern).read(number, site="HZ")
    assert read is not None and (read.year, read.serial) == (2026, serial)


def test_all_parts_are_read() -> None:
    pattern = NumberPattern.parse("{project}-{site}-{year}{month}-{serial:4}")
    assert pattern.read("LTY-HZ-202607-0012", site="HZ") == ReadNumber(2026, 7, "LTY", 12)


@pytest.mark.parametrize(
    "number", ["TS-SH-2026-0001", "TS-HZ-26-0001", "TS-HZ-2026-", "TS-HZ-2026-0001x", "XTS-HZ-2026-0001", "TS-HZ-２０２６-0001"]
)  # fmt: skip
def test_what_is_no_number_of_the_pattern_is_not_read(number: str) -> None:
    assert NumberPattern.parse("TS-{site}-{year}-{serial:4}").read(number, site="HZ") is None


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("TS-{site}-{serial:4}", "needs {year}"),
        ("TS-{site}-{year}", "needs {serial}"),
        ("TS-{side}-{year}-{serial}", "may hold {site} {project} {year} {month} {serial:4} only"),
        ("TS-{year}-{serial:44}", "may hold"),
        ("TS-{year}-{serial}-}", "may hold"),
        ("TS-{year!r}-{serial}", "may hold"),
    ],
)
def test_patterns_that_would_repeat_or_mean_nothing_are_refused(pattern: str, word: str) -> None:
    with pytest.raises(QmsError) as refused:
        NumberPattern.parse(pattern)
    assert word in str(refused.value)


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        ("{year}-{serial}", "ts"),
        ("{site}-{year}-{serial}", "ts"),
        ("{year}{month}-{serial}", "ts-07"),
        ("{project}-{year}-{serial}", "ts-lty"),
        ("{project}-{year}{month}-{serial}", "ts-07-lty"),
    ],
)
def test_the_counter_restarts_with_month_and_project(pattern: str, folder: str) -> None:
    assert NumberPattern.parse(pattern).folder("ts", month=7, project="lty") == folder


def test_a_number_that_names_a_project_needs_one() -> None:
    with pytest.raises(QmsError, match="--project"):
        NumberPattern.parse("{project}-{year}-{serial}").folder("ts", month=7, project=None)


@given(CODES, CODES, st.integers(1900, 2200), st.integers(1, 12), st.integers(1, MAXIMUM_SERIAL))
def test_every_number_is_read_as_what_it_was_made_of(site: str, code: str, year: int, month: int, serial: int) -> None:
    pattern = NumberPattern.parse("{project}_{site}_{year}_{month}_{serial:4}")
    number = pattern.template(site=site, year=year, month=month, project=code).format(serial=serial)
    assert pattern.read(number, site=site) == ReadNumber(year, month, code, serial)


@given(st.text(st.characters(codec="utf-8"), max_size=5), st.integers(1, MAXIMUM_SERIAL))
def test_a_code_of_any_letters_is_no_template(site: str, serial: int) -> None:
    assert printed("{site}|{year}|{serial}", serial, site=site) == f"{site}|2026|{serial}"
