"""What `test_trust` forges in control, sent to a guarded store: every forgery is refused, what is honest is taken."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from control import Company
from test_trust import CONTROL, FORGERIES, company, forged, git, whole

from qmsdocs.audit.guard import Push, refusals

__all__ = ["company", "whole"]  # the fixtures


def refused(company: Company, forge: Callable[[Company], object]) -> list[str]:
    """Why the guard does not take what was added to control."""
    before = git(company.root, "rev-parse", CONTROL).strip()
    forge(company)
    moved = Push(f"refs/heads/{CONTROL}", before, git(company.root, "rev-parse", CONTROL).strip())
    return [
        str(why)
        for why in refusals(
            company.root / ".git", [moved], now=company.now, kept=company.root, beside=None, with_main=False
        )
    ]


@pytest.mark.parametrize("forge", [row[1] for row in FORGERIES], ids=[row[0] for row in FORGERIES])
def test_every_forgery_is_refused(company: Company, forge: Callable[[Company], object]) -> None:
    [why] = refused(company, forge)
    assert "at another moment" not in why  # that alone would refuse whatever is committed by hand


def test_an_honest_approval_is_taken_quickly(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[float] = []

    def approve(company: Company) -> None:
        later = company.later(minutes=1)
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"@{int(later.now.timestamp())} +0800")
        forged(later, company.keys["zhao.lei"])
        begun.append(time.perf_counter())

    assert refused(company, approve) == []
    assert time.perf_counter() - begun[0] < 1
