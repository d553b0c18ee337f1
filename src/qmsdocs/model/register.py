"""Registers over several forms, as written in `records/registers/*.toml`."""

from __future__ import annotations

from qmsdocs.base.toml import Definition
from qmsdocs.model.form import Names, Words


class Register(Definition):
    """A register: the forms it reads, and columns named by what fields mean (or by name)."""

    name: str
    title: Words
    forms: Names
    columns: tuple[str, ...]
    order: tuple[str, ...] = ("number",)
    period: str | None = None
