"""A new repository: the starter pack in the folder, and in force on trial (试行)."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from glob import escape
from importlib import resources
from pathlib import Path

from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import text_of, write_atomically
from qmsdocs.base.toml import parse
from qmsdocs.model.calendar import add_period
from qmsdocs.model.document import parse_procedure
from qmsdocs.model.form import IDENTIFIER, Form
from qmsdocs.model.organisation import Organisation
from qmsdocs.model.quantity import Quantity
from qmsdocs.model.quantity import parse as parse_quantity
from qmsdocs.model.release import ItemKind, in_force
from qmsdocs.store import control, names, repository
from qmsdocs.store.event import Change, Draft, FormReference
from qmsdocs.store.handover import claim_seat
from qmsdocs.store.opened import Store, new_nonce
from qmsdocs.store.post import post
from qmsdocs.store.rows import Meanings
from qmsdocs.system.view import System

FIRST_REVISION = "A/0"
TRIAL: Quantity = parse_quantity("6 months")
UNFINISHED = ".qms/unfinished"  # below the folder git ignores
RELEASE_FORM = "builtin/release/form.toml"
MAXIMUM_FILE = 20_000_000


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
    texts = dict(_starter_files(starter))
    texts["qms.toml"] = settings(texts["qms.toml"].decode("utf-8"), wanted).encode("utf-8")
    organisation = parse(texts["qms.toml"].decode("utf-8"), Organisation, source="qms.toml")
    items = tuple((content.revision(FIRST_REVISION), content.title) for content in _contents(texts))
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
    form = release_form()
    drafts = tuple(_release(store, item, title, form, now.date(), until, person) for item, title in items)
    post(store, Change(site=wanted.site, drafts=drafts, stem=names.CONTROL), now=now)
    made = store.repository
    store.close()
    (folder / UNFINISHED).unlink()
    return Begun(folder, made, tuple((i.kind, i.number) for i, _ in items), until)


def starter_folder() -> Path:
    """Where the starter pack lies: in the wheel, or at the top of the project."""
    shipped = Path(str(resources.files("qmsdocs") / "starter"))
    return shipped if shipped.is_dir() else Path(str(resources.files("qmsdocs"))).parents[1]


def release_form() -> FormReference:
    """The release form of this program, by the manifest of its file."""
    data = (resources.files("qmsdocs") / RELEASE_FORM).read_bytes()
    return FormReference("release", "1", control.item("form", "release", "1", {"form.toml": data}).sha256)


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


def _starter_files(starter: Path) -> Iterator[tuple[str, bytes]]:
    """The definitions of a pack by path: what belongs to one, and nothing that lies beside it or behind a link."""
    forms = sorted(found.parent.name for found in starter.glob("forms/*/form.toml"))
    patterns = ("qms.toml", "people.toml", "procedures/*.md", "records/README.md", "records/*.toml")
    wanted = (*patterns, "records/registers/*.toml", *(f"forms/{escape(form)}/*" for form in forms))
    for pattern in wanted:
        for path in sorted(starter.glob(pattern)):
            if path.name.startswith(".") or path.is_dir():
                continue
            if path.is_symlink() or any(part.is_symlink() for part in path.parents if starter in part.parents):
                raise QmsError("{path} is a link; a pack holds its files itself", path=path)
            if not path.name.isprintable():  # also what is no UTF-8
                raise QmsError("{path}: the name holds characters that cannot be written", path=repr(path.name))
            if path.stat().st_size > MAXIMUM_FILE:
                raise QmsError("{path}: larger than {limit} MB", path=path, limit=MAXIMUM_FILE // 1_000_000)
            yield path.relative_to(starter).as_posix(), path.read_bytes()


@dataclass(frozen=True, slots=True)
class _Content:
    """A controlled item as it lies in a folder."""

    kind: ItemKind
    number: str
    files: Mapping[str, bytes]
    title: str

    def revision(self, label: str) -> control.Item:
        """The revision `label` made of it."""
        return control.item(self.kind, self.number, label, self.files)


def _contents(texts: Mapping[str, bytes]) -> Iterator[_Content]:
    """Every controlled item of the pack, configuration first."""
    for path, data in texts.items():
        if path.endswith(".toml") and not path.startswith("forms/"):
            yield _Content(ItemKind.CONFIGURATION, path, {Path(path).name: data}, path)
    for path, data in texts.items():
        if path.startswith("procedures/"):
            front = parse_procedure(text_of(data, path), source=path).front
            yield _Content(ItemKind.PROCEDURE, front.number, {Path(path).name: data}, front.title.zh)
    for folder in sorted({path.split("/")[1] for path in texts if path.startswith("forms/")}):
        files = {p.split("/", 2)[2]: data for p, data in texts.items() if p.startswith(f"forms/{folder}/")}
        source = f"forms/{folder}/form.toml"
        form = parse(text_of(files["form.toml"], source), Form, source=source)
        yield _Content(ItemKind.FORM, form.number, files, form.title.zh)


def not_in_force(system: System) -> tuple[str, ...]:
    """The items of the folder that differ from what is in force, by number. Raises QmsError for an unreadable one."""
    found: list[str] = []
    for item in _contents(dict(_starter_files(system.place.root))):
        release = in_force(system.releases, item.kind, item.number, on=system.today)
        if release is None or item.revision(release.revision).sha256 != release.manifest:
            found.append(item.number)
    return tuple(found)


def _release(
    store: Store,
    item: control.Item,
    title: str,
    form: FormReference,
    effective_on: date,
    until: date,
    person: str,
) -> Draft:
    said: dict[str, Json] = {
        "kind": item.kind,
        "number": item.number,
        "title": title,
        "revision": item.revision,
        "manifest": item.sha256,
        "effective_on": effective_on.isoformat(),
        "trial_until": until.isoformat(),
    }
    return Draft(
        record=control.new_number(),
        act="issue",
        state="trial",
        set=said,
        by=person,
        entered_by=person,
        reason="init",
        form=form,
        attachments=control.store(store.objects, item),
    )


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
