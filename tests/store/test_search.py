"""What people type is found: two Chinese characters, one, parts of rooms and telephones, separators or not."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from checks import COMPLAINTS, git
from desk import Desk, complaint, meanings, step

from qmsdocs.store.event import OfDraft
from qmsdocs.store.search import tokens


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """A desk with a few complaints."""
    desk.post(
        complaint(what_happened="厨房顶漏水，墙面起皮。", phone="138 0000 1111", estate="翠园3-1-201"),
        complaint(what_happened="Ｌｅａｋ in the kitchen", phone="(0571)8888-6666", estate="A栋1201室"),
        complaint(what_happened="门锁坏了", phone="13911112222", estate="3#1单元502", photo=[{"name": "漏.jpg"}]),
        complaint(what_happened="水漏了一地", rows={"layout": {"remark": "太小"}}, customer="欧阳玥", estate="-"),
        complaint(what_happened="第一行\n第二行 Straße", customer="张\u200b三", estate=""),
    )
    return desk


def found(desk: Desk, wanted: str) -> list[int]:
    """Serials of the records found."""
    with closing(desk.store) as store:
        store.search.refresh()
        return [key.serial for key in store.search.find(wanted)]


@pytest.mark.parametrize(
    ("wanted", "serials"),
    [
        ("leakin", []),
        ("漏水", [1]),
        ("漏", [1, 3, 4]),
        ("了", [3, 4]),
        ("玥", [4]),
        ("厨房顶漏水", [1]),
        ("漏水 墙面", [1]),
        ("墙面 漏水", [1]),
        ("漏水 门锁", []),
        ("水顶", []),
        ("漏墙", []),
        ("3-1-201", [1]),
        ("31201", [1]),
        ("3 1 201", [1]),
        ("201", [1, 2]),
        ("1201", [1, 2]),
        ("A1201", []),
        ("a栋1201", [2]),
        ("Ａ栋１２０１", [2]),
        ("3#1单元", [3]),
        ("3-1单元", [3]),
        ("13800001111", [1]),
        ("0000-1111", [1]),
        ("00001111", [1]),
        ("0571-88886666", [2]),
        ("(0571) 8888", [2]),
        ("8886666", [2]),
        ("1111", [1, 3]),
        ("leak", [1, 2, 3, 4, 5]),  # the value of problem
        ("KITCHEN", [2]),
        ("kitch", [2]),
        ("itche", [2]),
        ("太小", [4]),
        ("漏.jpg", [3]),
        ("TS-HZ-2026-0004", [4]),
        ("20260004", [4]),
        ("hz-2026-0004", [4]),
        ("strasse", [5]),
        ("张三", [5]),
        ("行 第二", [5]),
        ("", []),
        ("   ", []),
        ("-", [1, 2, 3, 4, 5]),
        ('"', []),
        ('" OR "', []),
        ("漏*", []),
        ("NOT 漏水", []),
        ("pairs:漏水", []),
        ("(", [2]),
        ("\x00", []),
    ],
)
def test_what_is_typed_is_found(filled: Desk, wanted: str, serials: list[int]) -> None:
    assert found(filled, wanted) == serials


def test_what_was_amended_is_found_and_what_it_replaced_is_not(filled: Desk) -> None:
    assert found(filled, "门锁") == [3]
    store = filled.store
    row = store.index.by_number("TS-HZ-2026-0003")
    assert row is not None
    filled.post(step(row.key, "amend", "received", after=row.sha256, what_happened="门铃坏了"))
    assert (found(filled, "门锁"), found(filled, "门铃"), found(filled, "坏了")) == ([], [3], [3])
    row = filled.store.index.by_number("TS-HZ-2026-0003")
    assert row is not None
    filled.post(step(row.key, "amend", "received", after=row.sha256, what_happened="另一件事"))
    assert (found(filled, "门铃"), found(filled, "另一件事")) == ([], [3])
    filled.post(complaint(what_happened="门锁又坏了"), step(OfDraft(0), "amend", "received", phone="12345678"))
    assert (found(filled, "门锁"), found(filled, "2345678")) == ([6], [6])


def test_a_replaced_ledger_is_read_again(filled: Desk) -> None:
    assert found(filled, "漏水") == [1]
    filled.issue(what_happened="又漏水")
    assert found(filled, "漏水") == [1, 6]
    git(filled.root, "update-ref", f"refs/heads/{COMPLAINTS}", f"{COMPLAINTS}~1")
    assert found(filled, "漏水") == [1]
    git(filled.root, "update-ref", "-d", f"refs/heads/{COMPLAINTS}")
    assert found(filled, "漏水") == []


def test_a_damaged_file_is_made_anew(filled: Desk) -> None:
    assert found(filled, "漏水") == [1]
    path = Path(filled.root / ".qms" / "search.sqlite")
    path.write_bytes(path.read_bytes()[:8000] + b"\xa5" * 9000)
    assert found(filled, "漏水") == [1]


def test_texts_may_be_added_by_who_knows_the_form(filled: Desk) -> None:
    store = filled.store
    labelled = type(store).open(
        filled.root,
        machine=filled.machine,
        meanings=meanings,
        texts=lambda row: ["渗漏"] if row.values["problem"] == "leak" else [],
    )
    labelled.search.rebuild()
    assert len(labelled.search.find("渗漏")) == 5
    labelled.close()


def test_hashes_of_attachments_are_no_text(desk: Desk) -> None:
    desk.post(replace(complaint(photo=[{"name": "a.jpg", "sha256": "deadbeef" * 8, "size": 3}])))
    assert (found(desk, "deadbeef"), found(desk, "a.jpg")) == ([], [1])


def test_a_pair_is_one_token_for_any_tokenizer() -> None:
    for token in tokens("漏水 A-1\U00020bb7"):
        assert token.isascii() and token.isalnum() and len(token) in (4, 8)
