"""The forms of the program itself: releases, keys, delegations, holds, decisions; disposals, pulls, restore tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from qmsdocs.base.canonical import Json
from qmsdocs.base.files import text_of
from qmsdocs.base.toml import parse
from qmsdocs.model.form import Form
from qmsdocs.model.record import FormReference, Record
from qmsdocs.store import control
from qmsdocs.store.event import Draft, NewNumber, Stored

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


def begun(
    name: str,
    state: str,
    said: Mapping[str, Json],
    *,
    meaning: str | None = None,
    attachments: Mapping[str, str] | None = None,
) -> Draft:
    """The draft that begins a record of one of the program's own forms in control; what is None is left out."""
    return Draft(
        record=new_number(name),
        act="issue",
        state=state,
        set={key: value for key, value in said.items() if value is not None},
        form=reference(name),
        meaning=meaning,
        attachments=attachments or {},
        acts=acts(name),
    )


def continued(
    events: Sequence[Stored], act: str, state: str, given: Mapping[str, Json], *, meaning: str | None = None
) -> Draft:
    """The draft of the next act on a record in control; None clears what an earlier act said."""
    record = Record(tuple(stored.event for stored in events))
    return Draft(
        record=control.key_of(events[0]),
        act=act,
        state=state,
        set={key: value for key, value in given.items() if value is not None or key in record.values},
        form=record.form,
        after=record.last.sha256,
        meaning=meaning,
        acts=acts(record.form.number),
    )


def _prefix(name: str) -> str:
    return form(name).series.number.partition("-")[0]


def acts(name: str) -> frozenset[str]:
    """The steps of the form."""
    return frozenset(form(name).step)


def _data(name: str) -> bytes:
    return (resources.files("qmsdocs") / f"builtin/{name}/form.toml").read_bytes()
