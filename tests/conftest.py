"""A machine of nobody in particular for every test, and repositories made by the program itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent / "support"))

from program import NOON, Make, Program

PASSING = ("QMSDOCS_", "GIT_", "NO_COLOR", "FORCE_COLOR", "LC_", "XDG_", "SOURCE_DATE_EPOCH", "COLUMNS", "LINES")


@pytest.fixture(scope="session", autouse=True)
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty home, no settings of git, English words: what this machine's owner has set plays no part."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:
            if name.startswith(PASSING):
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("LANG", "C.UTF-8")
        patch.setenv("QMSDOCS_LANG", "en")
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield home


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """One worker takes the whole of a file: what a module makes for all its tests is made once."""
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log)


@pytest.fixture(scope="session")
def make() -> Make:
    """A way to make a repository in a folder, by the real `init`; `live` ones go by the machine's clock."""

    def made(folder: Path, *, live: bool = False) -> Program:
        found = Program(folder, None if live else NOON)
        begun = found("init", folder, "--org", "绿源置业", "--site", "hz", folder=folder.parent)
        assert begun.code == 0, begun.err
        return found

    return made


@pytest.fixture
def repository(make: Make, tmp_path: Path) -> Program:
    """A new repository, its seat here; it is noon of 21 November 2026."""
    return make(tmp_path / "acme")


@pytest.fixture
def live(make: Make, tmp_path: Path) -> Program:
    """A new repository by the machine's clock, for the installed program in processes of its own."""
    return make(tmp_path / "acme", live=True)


@pytest.fixture(scope="module")
def shared(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """One repository for all tests of a module that only read, or that must not be able to write."""
    return make(tmp_path_factory.mktemp("shared") / "acme")
