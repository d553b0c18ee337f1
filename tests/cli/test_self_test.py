"""The protocol of whether the program is whole and works on this machine."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from program import NOON, Program, looked

from qmsdocs.audit import self_test
from qmsdocs.render.fonts import faces
from qmsdocs.store import signature


def protocol(folder: Path, *words: object) -> tuple[int, dict[str, tuple[str, str]]]:
    """Exit code, and for each check its part and verdict."""
    done = Program(folder, NOON)("audit", "self-test", "--json", *words)
    assert done.err == "", done.err
    rows = json.loads(done.out)["rows"]
    return done.code, {row[1]: (row[0], row[4]) for row in rows}


def test_everything_passes_outside_any_repository(tmp_path: Path) -> None:
    """But for what was not looked at: run from its sources, the program has no hashes of an installation."""
    code, found = protocol(tmp_path)
    assert code == 0
    assert [part for part, _ in found.values()] == ["IQ"] * 6 + ["OQ"] * 8
    assert found.pop("Files of the program") == ("IQ", "NOT CHECKED")
    assert {verdict for _, verdict in found.values()} == {"passed"}
    assert [*tmp_path.iterdir()] == []


def test_the_head_counts_what_was_not_checked_in_the_time_of_the_house(repository: Program) -> None:
    there = replace(repository, at=NOON.astimezone(UTC))
    said = there("audit", "self-test", "--format", "txt").out
    assert "2026-11-21 12:00 +0800: 14 checks, 0 failed, 1 not checked" in " ".join(said.split())
    rules = there("audit", "--json").json["checked"]["rules"]
    assert rules == len(there("rule", "--all", "--json").json["rules"])
    assert f"{rules} rules, nothing wrong" in " ".join(said.split())


def test_the_protocol_is_printed(tmp_path: Path) -> None:
    done = Program(tmp_path, NOON)("audit", "self-test", "-o", "protocol.pdf")
    assert done.code == 0, done.err
    said = looked("pdftotext", "-layout", tmp_path / "protocol.pdf", "-")
    assert "IQ/OQ" in said and "passed" in said and "FAILED" not in said


def test_without_git_it_says_so(tmp_path: Path) -> None:
    done = Program(tmp_path, None).process("audit", "self-test", "--json", environment={"PATH": str(tmp_path)})
    assert done.code in (1, 2), done
    assert "git" in (done.out + done.err)
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("broken", "replaced", "check"),
    [
        ("signature", lambda patch: patch.setattr(signature, "verify", lambda *_, **__: None), "Signing"),
        ("fonts", lambda patch: patch.setattr(self_test, "faces", lambda: (_gone(),)), "Fonts"),
        ("audit", lambda patch: patch.setattr(self_test, "run", _blind), "Tampering"),
    ],
)
def test_what_does_not_work_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, replaced: object, check: str
) -> None:
    replaced(monkeypatch)  # type: ignore[operator]
    code, found = protocol(tmp_path)
    assert code == 1, broken
    assert found[check][1] == "FAILED"


def _gone() -> object:
    face = faces()[0]
    return type(face)(face.family, face.weight, face.path.with_name("gone.ttf"))


def _blind(*given: object, **settings: object) -> object:
    """An audit that finds nothing."""
    from types import SimpleNamespace

    return SimpleNamespace(findings=(), rules=())
