"""The commands of the program, and how a command line is run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from qmsdocs import __version__
from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.cli import front
from qmsdocs.cli.boundary import guarded
from qmsdocs.cli.command import Group, Option
from qmsdocs.cli.words import Wishes, language_of


class Front(Group):
    """The program itself: its help is the front page."""

    def get_help(self, ctx: click.Context) -> str:
        return front.page(language_of(ctx).value)


@click.command(
    cls=Front,
    lazy={name: module for name, (module, _, _) in front.COMMANDS.items()},
    invoke_without_command=True,
)
@click.option("-V", "--version", cls=Option, is_flag=True)
@click.pass_context
def root(context: click.Context, /, version: bool) -> int | None:
    """The exit code of the menu where no command is named."""
    if version:
        click.echo(f"qmsdocs {__version__}")
        context.exit(0)
    if context.invoked_subcommand is None:
        from qmsdocs.cli.menu import menu

        return menu(context)
    return None


def run(arguments: Sequence[str]) -> int:
    """The exit code of the command line `arguments`."""
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    language = front.language_of(arguments, os.environ)
    os.environ["QMSDOCS_LANG"] = language  # the guard of a shared store answers in it
    catalogue = Catalogue.load(Language(language))
    return guarded(lambda: command(arguments, Wishes(catalogue)), catalogue)


def _open_closed() -> None:
    """Nothing; where a stream was closed by the caller nothing is read or written, and no file gets its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 (open to the end)


def command(arguments: Sequence[str], wishes: Wishes) -> int:
    """The exit code of the command `arguments`, errors raised as they come."""
    for word in arguments:
        if not word.isascii() and any("\ud800" <= sign <= "\udfff" for sign in word):
            raise QmsError("{word}: this is not UTF-8; rename the file or type it again", word=word)
    try:
        found = root.main(list(arguments), prog_name="qmsdocs", standalone_mode=False, obj=wishes)
    except SystemExit:  # so click leaves when whoever reads our answer has gone
        return 0
    return found if isinstance(found, int) else 0
