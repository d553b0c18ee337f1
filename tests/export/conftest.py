"""One company and two packages of it, for all tests here that only look at them."""

from __future__ import annotations

from pathlib import Path

import pytest
from program import Make, Program
from pulled import CHAIN, GivenAway, company, pull, unpacked


@pytest.fixture(scope="session")
def given_away(make: Make, tmp_path_factory: pytest.TempPathFactory) -> GivenAway:
    """A masked package and a full one, signed by keys that lie outside of the repository."""
    home = tmp_path_factory.mktemp("given away")
    (home / "phrase").write_text("correct horse battery\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMSDOCS_KEYS", str(home / "keys"))
        patch.setenv("QMSDOCS_PASSPHRASE_FILE", str(home / "phrase"))
        house = company(make(home / "acme"))
        own = (CHAIN[0], "LX-HZ-2026-0002", "--as", "li.ming")
        said = pull(house, home / "包 1.zip", *own, "-m", "监督审核")
        pull(house, home / "full.zip", CHAIN[0], "--as", "li.ming", "--full", "-m", "法院调取")
    return GivenAway(house, home / "包 1.zip", said, home / "full.zip")


@pytest.fixture(scope="session")
def house(given_away: GivenAway) -> Program:
    """The company."""
    return given_away.house


@pytest.fixture(scope="session")
def bag(given_away: GivenAway, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The masked package, unpacked; a test that changes it changes it back."""
    return unpacked(given_away.masked, tmp_path_factory.mktemp("un packed") / "un")
