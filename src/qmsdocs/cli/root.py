"""The commands of the program and the options all of them have."""

from __future__ import annotations

import click

from qmsdocs import __version__
from qmsdocs.cli import front
from qmsdocs.cli.command import Group, Option
from qmsdocs.cli.words import language_of


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
