"""docs/json.md, the sections on retention and loans: every key is printed, and every printed key is on the page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from json_page import compare
from program import Program


@pytest.fixture
def desk(repository: Program) -> Program:
    """A liaison sheet voided, so that its period runs, with a loan of it."""
    number = repository.issue()
    assert repository("record", "void", number, "-m", "重复登记", "--no-pages").code == 0
    return repository


def test_what_is_kept(desk: Program) -> None:
    [number] = desk.all_numbers()
    assert desk("retention", "hold", number, "--form", "QR-04-01", "--class", "liaison", "--customer", "林",
                "--period", "2026-11", "-m", "诉讼", "--as", "li.ming").code == 0  # fmt: skip
    compare("retention list", desk("retention", "list", "--json"))
    compare("retention hold --list", desk("retention", "hold", "--list", "--json"))
    compare("retention due", desk("retention", "due", "--on", "2029-12-01", "--json"))


def test_loans(desk: Program) -> None:
    [number] = desk.all_numbers()
    compare("record lend", desk("record", "lend", number, "--to", "zheng.kai", "-m", "核对", "--json"))
    compare("record lent", desk.later(timedelta(days=60))("record", "lent", "--json"))
    compare("record return", desk("record", "return", number, "--json"))
