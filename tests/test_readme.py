"""The READMEs: their commands are the program's, their tour can be walked, their links lead somewhere."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest
from program import NOON, Program

from qmsdocs.base.language import Catalogue, Language
from qmsdocs.cli.root import root

PROJECT = Path(__file__).resolve().parent.parent
PAGES = {Language.EN: PROJECT / "README.md", Language.ZH: PROJECT / "README.zh-CN.md"}
LANGUAGES = pytest.mark.parametrize("language", [*Language])
CHANGING = re.compile(r"\[[0-9a-f]{8}\]")  # events hold a random part, so their hashes differ


def commands(within: click.Group = root, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:  # type: ignore[assignment]
    """Every command that does something, and its help in English."""
    context = click.Context(within)
    for name in within.list_commands(context):
        found = within.get_command(context, name)
        assert found is not None
        if not isinstance(found, click.Group) or found.invoke_without_command:
            yield " ".join((*path, name)), found.help or ""
        if isinstance(found, click.Group):
            yield from commands(found, (*path, name))


def rows(page: str) -> dict[str, str]:
    """The table of commands: what each does."""
    found = re.findall(r"^\| `qmsdocs ([a-z -]+)` \| (.+) \|$", page, re.MULTILINE)
    assert len(dict(found)) == len(found)
    return dict(found)


def steps(page: str) -> Iterator[tuple[list[str], list[str]]]:
    """The words of each command of the tour, and the lines shown below it."""
    for block in re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            typed, _, shown = step.partition("\n")
            yield shlex.split(typed), [line for line in shown.splitlines() if line.strip()]


@LANGUAGES
def test_the_table_of_commands_is_that_of_the_program(language: Language) -> None:
    say = Catalogue.load(language).say
    said = {name: say(help_text).rstrip(".") for name, help_text in commands()}
    assert rows(PAGES[language].read_text("utf-8")) == said


@LANGUAGES
def test_the_tour_can_be_walked(language: Language, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    here, walked = tmp_path, 0
    for words, shown in steps(PAGES[language].read_text("utf-8")):
        match words:
            case ["cd", folder]:
                here /= folder
            case ["cp", source, target]:
                shutil.copy(here / source, here / target)
            case ["qmsdocs", *rest]:
                found = replace(Program(here, NOON), language=language)(*rest)
                assert found.code == int(rest[0] == "audit"), (words, found.err)  # the answer to its complaint is late
                printed = [CHANGING.sub("", line).rstrip() for line in (found.out + found.err).splitlines()]
                for line in shown:
                    assert CHANGING.sub("", line).rstrip() in (*printed, "…"), (words, line, printed)
                walked += 1
            case _:
                raise AssertionError(f"the tour types {words}")
    assert walked >= 8


@LANGUAGES
def test_links_lead_somewhere(language: Language) -> None:
    text = PAGES[language].read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("http")]
    assert links
    for link in links:
        assert (PROJECT / link).exists(), link
