"""`qmsdocs export`: packages for auditors, a site to read, tables, backups."""

from __future__ import annotations

import click

from qmsdocs.cli.command import Group

COMMANDS = {"pull": "pull", "site": "site", "backup": "backup"}  # command → module


@click.group(cls=Group, lazy=COMMANDS, help="What leaves the house: packages for auditors, a site to read, backups.")
def export() -> None:
    """The group."""
