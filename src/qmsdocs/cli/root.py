"""The commands of the program and the options all of them have."""

from __future__ import annotations

import click

from qmsdocs import __version__
from qmsdocs.cli.words import Group, Option

LAZY = {
    "init": ("desk", "Make a repository that is in force and ready to use."),
    "demo": ("demo", "Make a repository with a believable month of records."),
    "status": ("desk", "Show what is in force, open, overdue and waiting."),
    "record": ("record", "Fill, issue, move on, correct and show records."),
    "register": ("register", "Show registers, in the terminal or as a file."),
    "form": ("form", "List, show, check and begin forms."),
    "search": ("search", "Find records by any words in them."),
    "head": ("desk", "Print the line to keep that proves what is stored today."),
    "index": ("desk", "Rebuild the index."),
    "sync": ("sync", "Move the seat that writes to this copy."),
    "completion": ("desk", "Print the completion script of a shell."),
}


@click.command(
    cls=Group,
    lazy=LAZY,
    invoke_without_command=True,
    help="A quality-management system that a company owns as files.",
)
@click.option("-V", "--version", cls=Option, is_flag=True, help="Print the version.")
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
