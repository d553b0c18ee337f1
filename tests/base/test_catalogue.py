"""Messages keep their values apart and are put into words only where they are said."""

from __future__ import annotations

import errno

import pytest

from qmsdocs.base.errors import QmsError, cause, message
from qmsdocs.base.language import Catalogue, Language, Text


def test_an_error_reads_in_english_by_itself() -> None:
    error = QmsError("{number} has no approver", number="QP-07", hint=message("say {what}", what="so"))
    assert str(error) == "QP-07 has no approver"
    assert error.hint is not None and str(error.hint) == "say so"


def test_values_are_put_into_the_language_of_the_reader() -> None:
    chinese = Catalogue(Language.ZH, {"{what} is {how}": "{what}为{how}", "late": "晚"})
    said = message("{what} is {how}", what=Text("状态", "state"), how=(message("late"), "x"))
    assert chinese.say(said) == "状态为晚、x"
    assert Catalogue.load(Language.EN).say(said) == "state is late, x"


def test_a_template_without_an_entry_stays_english_and_is_filled_in() -> None:
    assert Catalogue(Language.ZH, {}).say("{a} and {{b}}", a=1) == "1 and {b}"


def test_values_are_never_taken_for_templates() -> None:
    assert str(message("{a}", a="{b} {{7*7}}")) == "{b} {{7*7}}"


def test_a_plain_text_is_the_same_in_both_languages() -> None:
    assert Text("一", "one").of(Language.ZH) == "一"
    assert Text("一", "one").of(Language.EN) == "one"


def test_why_the_system_refused_is_said_in_our_words() -> None:
    assert str(cause(OSError(errno.ENOSPC, "No space left on device"))) == "the disk is full"
    assert cause(OSError(errno.ELOOP, "Too many levels")) == "Too many levels"


def test_a_missing_value_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        str(message("{number} is missing"))
