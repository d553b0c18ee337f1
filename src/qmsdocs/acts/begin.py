"""A new repository: the starter pack in the folder, and in force on trial (试行)."""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib import resources
from pathlib import Path

from qmsdocs.acts import items
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import write_atomically
from qmsdocs.base.toml import parse
from qmsdocs.model.calendar import add_period
from qmsdocs.model.form import IDENTIFIER
from qmsdocs.model.organisation import Organisation
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.quantity import parse as parse_quantity
from qmsdocs.model.release import Course
from qmsdocs.store import control, names, repository
from qmsdocs.store.event import Change, Draft
from qmsdocs.store.handover import claim_seat
from qmsdocs.store.opened import Store, new_nonce
from qmsdocs.store.post import post
from qmsdocs.store.rows import Meanings
from qmsdocs.system import builtin

TRIAL: Quantity = parse_quantity("6 months")
UNFINISHED = ".qms/unfinished"  # below the folder git ignores


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a new repository is made for."""

    folder: Path
    organisation: str
    site: str
    code: str
    site_title: str
    now: datetime
    machine: str
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """What was made: the folder and what is in force in it."""

    folder: Path
    repository: str
    items: tuple[tuple[str, str], ...]
    trial_until: date


def begin(wanted: Beginning, *, starter: Path) -> Begun:
    """The new repository, in force and ready to use. Raises QmsError where the folder is in use or a name is unfit.

    An interrupted attempt leaves a mark behind, and the next one begins anew.
    """
    texts = dict(items.files(starter))
    texts["qms.toml"] = settings(texts["qms.toml"].decode("utf-8"), wanted).encode("utf-8")
    organisation = parse(texts["qms.toml"].decode("utf-8"), Organisation, source="qms.toml")
    begun = tuple((content.revision(organisation.revision.first), content) for content in items.contents(texts))
    folder = wanted.folder.resolve()
    _clear(folder)
    for path, data in texts.items():
        write_atomically(folder / path, data)
    repository.init(folder, at=wanted.now)
    now = wanted.now.astimezone(organisation.zone)
    store = Store.open(folder, machine=wanted.machine, meanings=lambda _: Meanings())
    person = wanted.person or organisation.site[wanted.site].clerk or "init"
    claim_seat(store, wanted.site, person=person, reason="init", at=now, repository=new_nonce())
    until = add_period(now.date(), TRIAL)
    drafts = tuple(_release(store, item, content, now.date(), until, person) for item, content in begun)
    post(store, Change(site=wanted.site, drafts=drafts, stem=names.CONTROL), now=now)
    made = store.repository
    store.close()
    (folder / UNFINISHED).unlink()
    return Begun(folder, made, tuple((i.kind, i.number) for i, _ in begun), until)


def starter_folder() -> Path:
    """Where the starter pack lies: in the wheel, or at the top of the project."""
    shipped = Path(str(resources.files("qmsdocs") / "starter"))
    return shipped if shipped.is_dir() else Path(str(resources.files("qmsdocs"))).parents[1]


def settings(text: str, wanted: Beginning) -> str:
    """`qms.toml` of the starter pack with organisation and site of the new repository. Raises QmsError."""
    if not IDENTIFIER.fullmatch(wanted.site):
        raise QmsError(
            "--site {site}: an id is small letters, digits and -, at most 31, beginning with a letter", site=wanted.site
        )
    known = tomllib.loads(text)
    site, facts = next(iter(known["site"].items()))
    for key, old, new in (
        ("organisation", known["organisation"], wanted.organisation),
        ("code", facts["code"], wanted.code),
        ("title", facts["title"], wanted.site_title),
    ):
        pattern = re.compile(rf"^({key}\s*=\s*){re.escape(_quoted(old))}", re.MULTILINE)
        text, count = pattern.subn(lambda found, new=new: found[1] + _quoted(new), text, count=1)  # type: ignore[misc]
        if count != 1:
            raise QmsError("the starter pack is damaged: {key} is not in its qms.toml", key=key)
    return text.replace(f"[site.{site}]", f"[site.{wanted.site}]", 1)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04X}", escaped) + '"'


def _release(
    store: Store,
    item: control.Item,
    content: items.Content,
    effective_on: date,
    until: date,
    person: str,
) -> Draft:
    said: dict[str, Json] = {
        **content.said(item),
        "effective_on": effective_on.isoformat(),
        "trial_until": until.isoformat(),
    }
    draft = builtin.begun(builtin.RELEASE, Course.TRIAL, said, attachments=control.store(store.objects, item))
    return replace(draft, by=person, entered_by=person, reason="init")


def _clear(folder: Path) -> None:
    """The folder, empty and marked as unfinished. Raises QmsError when it holds anything of somebody's."""
    if folder.exists() and not folder.is_dir():
        raise QmsError("{folder} is a file", folder=folder)
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / UNFINISHED).exists():
            raise QmsError("{folder} is not empty", folder=folder, hint=message("name a new folder"))
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    write_atomically(folder / UNFINISHED, b"")
