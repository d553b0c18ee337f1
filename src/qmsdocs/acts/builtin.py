"""The forms of the program itself: releases, keys, delegations, holds, decisions; disposals, pulls, restore tests."""

from __future__ import annotations

from functools import cache
from importlib import resources

from qmsdocs.base.files import text_of
from qmsdocs.base.toml import parse
from qmsdocs.model.form import Form
from qmsdocs.model.record import FormReference
from qmsdocs.store import control
from qmsdocs.store.event import NewNumber

RELEASE, KEY, DELEGATION, HOLD, DECISION = "release", "key", "delegation", "hold", "decision"  # in control
DISPOSAL, PULL, RESTORE = "disposal", "pull", "restore"  # in the journal of a site
REVISION = "1"


@cache
def form(name: str) -> Form:
    """The definition of one of the program's own forms."""
    return parse(text_of(_data(name), name), Form, source=name)


@cache
def reference(name: str) -> FormReference:
    """The form as events name it: by the manifest of its file."""
    return FormReference(name, REVISION, control.item("form", name, REVISION, {"form.toml": _data(name)}).sha256)


def new_number(name: str) -> NewNumber:
    """The next number of the form; control knows no years."""
    return NewNumber(name, name, f"{_prefix(name)}-{{serial:06d}}")


def number_at(name: str, code: str) -> NewNumber:
    """The next number of the form in the journal of the site whose printed code is `code`."""
    return NewNumber(name, name, f"{_prefix(name)}-{code.replace('{', '{{').replace('}', '}}')}-{{serial:06d}}")


def _prefix(name: str) -> str:
    return form(name).series.number.partition("-")[0]


def acts(name: str) -> frozenset[str]:
    """The steps of the form."""
    return frozenset(form(name).step)


def _data(name: str) -> bytes:
    return (resources.files("qmsdocs") / f"builtin/{name}/form.toml").read_bytes()
