"""The numbered menu of `qmsdocs` alone on a terminal; every choice shows the command it stands for."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from functools import partial

import click

from qmsdocs.base.errors import message
from qmsdocs.cli.boundary import guarded
from qmsdocs.cli.words import Wishes, say

CHOICES = (
    (message("What is in force, open, overdue"), ("status",), ()),
    (message("Fill a form question by question and issue it"), ("record", "fill"), ("form", "-o", "file", "--issue")),
    (message("Write a draft to fill in an editor"), ("record", "new"), ("form", "-o", "file")),
    (message("Issue a draft"), ("record", "issue"), ("file",)),
    (message("Move a record on"), ("record", "advance"), ("number", "step")),
    (message("Correct a record"), ("record", "amend"), ("number", "--set", "value", "-m", "reason")),
    (message("Show a record"), ("record", "show"), ("number",)),
    (message("List records"), ("record", "list"), ()),
    (message("Search"), ("search",), ("words",)),
    (message("Show a register"), ("register", "show"), ("register",)),
    (message("List the forms"), ("form", "list"), ()),
    (message("List the controlled documents"), ("document", "list"), ()),
    (message("Put a document up for review"), ("document", "submit"), ("document", "-m", "change")),
    (message("Review what waits for me"), ("document", "review", "--waiting"), ()),
    (message("Approve what waits for me"), ("document", "approve", "--waiting"), ()),
    (message("Verify a page"), ("verify",), ("page",)),
    (message("Audit the system"), ("audit",), ()),
    (message("See which records are due for disposal"), ("retention", "due"), ()),
    (message("Pack records for an auditor, personal data masked"), ("export", "pull"), ("numbers", "-o", "file")),
    (message("Make the internal site"), ("export", "site"), ("-o", "folder")),
    (message("Exchange with the other copies"), ("sync",), ()),
    (message("Make a backup"), ("export", "backup"), ("-o", "file")),
)
ASKED = {
    "form": message("Form"),
    "file": message("File"),
    "number": message("Record number"),
    "step": message("Step"),
    "value": message("Field=value"),
    "reason": message("Reason"),
    "words": message("Words"),
    "register": message("Register"),
    "document": message("Document number"),
    "change": message("What changed, and why"),
    "page": message("File, or the check code printed on the page"),
    "numbers": message("Record numbers"),
    "folder": message("Folder"),
}


def menu(context: click.Context) -> int:
    """The exit code of what was chosen last; help where nobody sits at a terminal."""
    if not sys.stdin.isatty():
        click.echo(context.get_help())
        return 0
    wishes, code = context.find_root().obj, 0
    assert isinstance(wishes, Wishes)
    while (chosen := _choose(context)) != 0:
        code = guarded(partial(_chosen, context, chosen), wishes.catalogue)
        click.echo()
    return code


def _choose(context: click.Context) -> int:
    """The number of a choice, 0 where nothing more is wanted."""
    for number, (title, words, _) in enumerate(CHOICES, 1):
        grey = click.style("qmsdocs " + " ".join(words), dim=True)
        click.echo(f"{number:>3}  {say(context, title)}  {grey}")
    click.echo(f"0/q  {say(context, 'Leave')}")
    while True:
        try:
            written = str(click.prompt(say(context, "Number"), default="", show_default=False, err=True)).strip()
        except click.Abort as end:
            if isinstance(end.__context__, EOFError):
                return 0
            raise
        if written.lower() in ("", "q"):
            return 0
        if written.isdecimal() and int(written) <= len(CHOICES):
            return int(written)
        click.echo(say(context, message("a number from {min} to {max}", min=0, max=len(CHOICES))), err=True)


def _chosen(context: click.Context, chosen: int) -> int:
    """The exit code of a choice, what it needs asked for."""
    _, words, wanted = CHOICES[chosen - 1]
    arguments = [*words]
    for part in wanted:
        if part == "step":  # where the record stands and which steps lead on
            _run(context, ["record", "show", arguments[-1]])
        asked = click.prompt(say(context, ASKED[part]), err=True) if part in ASKED else part
        arguments += shlex.split(asked) if part in ("words", "file", "page", "numbers", "folder") else [asked]
    click.echo(click.style("qmsdocs " + shlex.join(arguments), dim=True), err=True)
    return _run(context, arguments)


def _run(context: click.Context, arguments: list[str]) -> int:
    root = context.find_root()
    wishes = root.obj
    assert isinstance(wishes, Wishes)
    anew = replace(wishes, session=None)  # what the command before wrote is there
    found = root.command.main(arguments, prog_name=root.info_name, standalone_mode=False, obj=anew)
    return found if isinstance(found, int) else 0
