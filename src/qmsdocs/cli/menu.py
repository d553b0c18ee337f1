"""The numbered menu of `qmsdocs` alone on a terminal; every choice shows the command it stands for."""

from __future__ import annotations

import shlex
import sys

import click

from qmsdocs.cli.words import Wishes, say

CHOICES = (
    ("What is in force, open, overdue", ("status",), ()),
    ("Fill a form question by question and issue it", ("record", "fill"), ("form", "-o", "file", "--issue")),
    ("Write a draft to fill in an editor", ("record", "new"), ("form", "-o", "file")),
    ("Issue a draft", ("record", "issue"), ("file",)),
    ("Move a record on", ("record", "advance"), ("number", "step")),
    ("Correct a record", ("record", "amend"), ("number", "--set", "value", "-m", "reason")),
    ("Show a record", ("record", "show"), ("number",)),
    ("List records", ("record", "list"), ()),
    ("Search", ("search",), ("words",)),
    ("Show a register", ("register", "show"), ("register",)),
    ("List the forms", ("form", "list"), ()),
)
ASKED = {
    "form": "Form",
    "file": "File",
    "number": "Record number",
    "step": "Step",
    "value": "Field=value",
    "reason": "Reason",
    "words": "Words",
    "register": "Register",
}


def menu(context: click.Context) -> int:
    """The exit code of what was chosen; help where nobody sits at a terminal."""
    if not sys.stdin.isatty():
        click.echo(context.get_help())
        return 0
    for number, (title, words, _) in enumerate(CHOICES, 1):
        grey = click.style("qmsdocs " + " ".join(words), dim=True)
        click.echo(f"{number:>3}  {say(context, title)}  {grey}")
    click.echo(f"  0  {say(context, 'Leave')}")
    chosen = click.prompt(say(context, "Number"), type=click.IntRange(0, len(CHOICES)), err=True)
    if chosen == 0:
        return 0
    _, words, wanted = CHOICES[chosen - 1]
    arguments = [*words]
    for part in wanted:
        asked = click.prompt(say(context, ASKED[part]), err=True) if part in ASKED else part
        arguments += shlex.split(asked) if part in ("words", "file") else [asked]
    click.echo(click.style("qmsdocs " + shlex.join(arguments), dim=True), err=True)
    from qmsdocs.cli.boundary import command

    wishes = context.find_root().obj
    assert isinstance(wishes, Wishes)
    return command(arguments, wishes)
