"""A desk for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk, begun


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A new repository, its seat here."""
    return begun(tmp_path / "acme")
