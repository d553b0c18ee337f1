"""A lost key as its people report it: at once by anybody, earlier only with a signature; what becomes of what it signed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from destruction import begun, done
from program import Make, Program, refused


@pytest.fixture
def desk(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The company an hour after the manager confirmed the keys of the others with his."""
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    return begun(make, tmp_path / "acme").later(timedelta(hours=1))


def errors(program: Program) -> list[str]:
    return [line.split()[1] for line in program("audit").out.splitlines() if "ERROR" in line]


def test_a_loss_is_reported_by_anybody_and_undoes_nothing(desk: Program) -> None:
    done(desk, "key", "lost", "zhao.lei", "-m", "包被偷", "--as", "zhang.wei")
    number = desk.issue()
    said = refused(desk("retention", "hold", number, "-m", "诉讼", "--as", "zhao.lei"))
    assert "zhao.lei has no key that counts" in said
    done(desk, "key", "new", "zhao.lei", "--as", "wang.fang")
    done(desk, "key", "confirm", "zhao.lei", "-m", "见过", "--as", "li.ming")
    done(desk, "retention", "hold", number, "-m", "诉讼", "--as", "zhao.lei")
    assert errors(desk) == []


def test_that_it_was_lost_earlier_is_signed_and_undoes_what_was_signed_since(desk: Program) -> None:
    done(desk, "retention", "hold", desk.issue(), "-m", "诉讼", "--as", "zhao.lei")
    desk = desk.later(timedelta(hours=1))
    words = ("key", "lost", "zhao.lei", "-m", "包被偷", "--since", f"{desk.at - timedelta(minutes=90):%Y-%m-%dT%H:%M}")
    for person in ("zhang.wei", "wang.fang", "zhao.lei"):  # without a key, without the right, with the key itself
        said = refused(desk(*words, "--as", person))
        assert said.endswith("or by who confirms keys, signed")
    assert errors(desk) == []
    done(desk, *words, "--as", "li.ming")
    assert errors(desk) == ["HIS443"]
