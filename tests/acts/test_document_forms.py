"""The forms of document control, walked from their examples to their ends with the starter pack as it ships."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from story import Desk, Line, refused, tell

from qmsdocs.acts.begin import starter_folder

CLERK, WRITER, ENGINEER, QUALITY = "wang.fang", "chen.jing", "qian.li", "li.ming"
SHA = "5f" * 32


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the starter pack in force."""
    folder = tmp_path_factory.mktemp("forms") / "acme"
    Desk.begun(folder).system.close()
    return folder


@pytest.fixture
def desk(begun: Path, tmp_path: Path) -> Iterator[Desk]:
    """A record desk on a repository of its own."""
    desk = Desk.begun(tmp_path / "acme")
    yield desk
    desk.system.close()


def example(number: str) -> Mapping[str, object]:
    """The values of a form's own example."""
    written = tomllib.loads((starter_folder() / "forms" / number / "example.toml").read_text("utf-8"))
    return dict(written["values"])
