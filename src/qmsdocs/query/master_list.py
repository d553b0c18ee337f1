"""The master list of controlled documents (受控文件清单), what changed since a day, and the tables of custody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from qmsdocs.base.language import Catalogue, Text
from qmsdocs.model.document import DocumentKind
from qmsdocs.model.release import ItemKind, Release, decided, in_force
from qmsdocs.query.cell import Heads, columns, iso
from qmsdocs.query.custody import Copy, CopyStanding, External, Recall, Review, Unread, copies, has_left, reviews
from qmsdocs.render.table import Cell, Grid, Kind
from qmsdocs.system.view import System

KINDS: Mapping[str, Text] = {
    DocumentKind.MANUAL: Text("管理手册", "Manual"),
    DocumentKind.CHAPTER: Text("手册章节", "Chapter"),
    DocumentKind.PROCEDURE: Text("程序文件", "Procedure"),
    DocumentKind.WORK_RULE: Text("管理规定", "Work rule"),
    DocumentKind.WORK_INSTRUCTION: Text("作业指导书", "Work instruction"),
    ItemKind.FORM: Text("记录表单", "Form"),
    ItemKind.CONFIGURATION: Text("体系设置", "Configuration"),
}
_ORDER = tuple(KINDS)
_SETTINGS = {
    "qms.toml": Text("组织与编号", "Organisation and numbering"),
    "people.toml": Text("人员与角色", "People and roles"),
    "records/retention.toml": Text("记录保存期限", "Retention schedule"),
}


class Standing(StrEnum):
    """How an item stands on a day."""

    IN_FORCE = "in_force"
    TRIAL = "trial"
    APPROVED = "approved"  # for a later day
    WITHDRAWN = "withdrawn"


_STANDINGS = {
    Standing.IN_FORCE: Text("现行", "in force"),
    Standing.TRIAL: Text("试行", "on trial"),
    Standing.APPROVED: Text("已批准，待实施", "approved"),
    Standing.WITHDRAWN: Text("废止", "withdrawn"),
}
_COPY_STANDINGS = {
    CopyStanding.OUT: Text("在外", "out"),
    CopyStanding.RETURNED: Text("已回收", "returned"),
    CopyStanding.DESTROYED: Text("已销毁", "destroyed"),
    CopyStanding.LOST: Text("遗失", "lost"),
    CopyStanding.VOID: Text("注销", "void"),
}
_HEADS: Heads = {
    "number": (Text("文件编号", "Number"), Kind.TEXT, 26),
    "title": (Text("文件名称", "Title"), Kind.TEXT, 44),
    "kind": (Text("类别", "Kind"), Kind.TEXT, 22),
    "revision": (Text("版次", "Revision"), Kind.TEXT, 14),
    "effective_on": (Text("实施日期", "Effective on"), Kind.DATE, 22),
    "standing": (Text("状态", "Status"), Kind.TEXT, 20),
    "owner": (Text("归口岗位", "Owner (role)"), Kind.TEXT, 20),
    "next_review": (Text("下次评审", "Next review"), Kind.DATE, 22),
    "copies": (Text("分发号", "Copies"), Kind.TEXT, 44),
    "on": (Text("日期", "Date"), Kind.DATE, 22),
    "what": (Text("变动", "Change"), Kind.TEXT, 24),
    "replaces": (Text("代替", "Replaces"), Kind.TEXT, 24),
    "copy": (Text("分发号", "Copy"), Kind.TEXT, 14),
    "department": (Text("部门", "Department"), Kind.TEXT, 24),
    "holder": (Text("持有人", "Holder"), Kind.TEXT, 24),
    "given_on": (Text("发放日期", "Given on"), Kind.DATE, 22),
    "since": (Text("失效日期", "Not in force since"), Kind.DATE, 22),
    "in_force": (Text("现行版次", "In force"), Kind.TEXT, 24),
    "ended_on": (Text("了结日期", "Ended on"), Kind.DATE, 22),
    "record": (Text("登记号", "Record"), Kind.TEXT, 24),
    "note": (Text("备注", "Note"), Kind.TEXT, 24),
    "name": (Text("姓名", "Name"), Kind.TEXT, 20),
    "sheet": (Text("已列入签到表", "Listed on sheet"), Kind.TEXT, 24),
    "edition": (Text("版本", "Edition"), Kind.TEXT, 24),
    "checked_on": (Text("最近核对", "Last checked"), Kind.DATE, 22),
    "due_on": (Text("下次核对", "Check due"), Kind.DATE, 22),
}
_LEFT = Text("已离职", "has left")


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the master list. `kind` is the document's own, `form` or `configuration`."""

    number: str
    title: Text
    kind: str
    release: Release
    standing: Standing
    owner: Text | None
    coming: Release | None
    review: Review | None
    copies: tuple[Copy, ...]  # those that are out


@dataclass(frozen=True, slots=True)
class Changed:
    """A revision put into force or withdrawn on a day."""

    on: date
    kind: str
    title: Text
    release: Release
    standing: Standing
    replaces: str


def master_list(system: System, *, with_configuration: bool = False) -> tuple[Listed, ...]:
    """Every document and form that is, was or will be in force, by kind and number; then configuration, if asked."""
    out: dict[str, list[Copy]] = {}
    for copy in copies(system):
        if copy.is_out:
            out.setdefault(copy.document, []).append(copy)
    due = {review.number: review for review in reviews(system)}
    found = [
        _listed(system, own, out, due)
        for own in _items(system)
        if with_configuration or own[0].kind is not ItemKind.CONFIGURATION
    ]
    return tuple(sorted(found, key=lambda item: (_ORDER.index(item.kind), item.number)))


def _items(system: System) -> Iterator[tuple[Release, ...]]:
    for kind, number in sorted({(release.kind, release.number) for release in system.releases}):
        own = decided(system.releases, kind, number)
        if own:
            yield own


def _listed(
    system: System, own: Sequence[Release], out: Mapping[str, Sequence[Copy]], due: Mapping[str, Review]
) -> Listed:
    kind, number = own[0].kind, own[0].number
    current = in_force(own, kind, number, on=system.today)
    later = [r for r in own if r.first_day is not None and r.first_day > system.today and r is not current]
    begun = [r for r in own if r not in later]
    shown = current or (begun[-1] if begun else later[0])
    family, title, owner = _described(system, shown)
    return Listed(
        number,
        title,
        family,
        shown,
        _standing(shown, is_current=current is not None, is_later=not begun),
        owner,
        next((release for release in later if release is not shown), None),
        due.get(number) if kind is ItemKind.PROCEDURE else None,
        tuple(out.get(number, ())),
    )


def _standing(release: Release, *, is_current: bool, is_later: bool) -> Standing:
    if is_current:
        return Standing.TRIAL if release.is_trial else Standing.IN_FORCE
    return Standing.APPROVED if is_later else Standing.WITHDRAWN


def _described(system: System, release: Release) -> tuple[str, Text, Text | None]:
    """Kind, title and owner of a revision."""
    if release.kind is ItemKind.CONFIGURATION:
        return release.kind, _SETTINGS.get(release.number, Text(release.number, release.number)), None
    if release.kind is ItemKind.FORM:
        form = system.form_of(release.form).form
        return release.kind, form.title, _role(system, form.owner)
    front = system.definitions.procedure(release).front
    return front.kind, front.title, _role(system, front.owner)


def _role(system: System, name: str) -> Text:
    role = system.people.role.get(name)
    return role.title if role is not None else Text(name, name)


def changed_since(system: System, since: date) -> tuple[Changed, ...]:
    """The revisions put into force or withdrawn from the day `since` until today, the newest first."""
    found: list[Changed] = []
    for own in _items(system):
        for before, release in zip((None, *own), own, strict=False):
            family, title, _ = _described(system, release)
            standing = Standing.TRIAL if release.is_trial else Standing.IN_FORCE
            replaces = before.revision if before is not None else ""
            days = ((release.first_day, standing, replaces), (release.withdrawn_on, Standing.WITHDRAWN, ""))
            for day, what, old in days:
                if day is not None and since <= day <= system.today:
                    found.append(Changed(day, family, title, release, what, old))
    found.sort(key=lambda item: (_ORDER.index(item.kind), item.release.number))
    return tuple(sorted(found, key=lambda item: item.on, reverse=True))


# ── tables


def master_grid(items: Sequence[Listed], *, on: date, catalogue: Catalogue) -> Grid:
    """The master list as a table; a review that is overdue is marked."""
    language = catalogue.language
    names = ("number", "title", "kind", "revision", "effective_on", "standing", "owner", "next_review", "copies")
    rows = [
        (
            item.number,
            item.title.of(language),
            KINDS[item.kind].of(language),
            item.release.revision,
            iso(item.release.first_day),
            _stands(item, catalogue),
            item.owner.of(language) if item.owner is not None else None,
            iso(item.review.due_on) if item.review is not None else None,
            by_department(item.copies, item.release.revision, catalogue) or None,
        )
        for item in items
    ]
    late = {(row, "next_review") for row, item in enumerate(items) if item.review and item.review.is_overdue}
    title = catalogue.say("Master list of controlled documents")
    return _grid(title, names, rows, catalogue, subtitle=on.isoformat(), late=late)


def _stands(item: Listed, catalogue: Catalogue) -> str:
    """How an item stands, with the revision that is approved to follow."""
    said = _STANDINGS[item.standing].of(catalogue.language)
    if item.coming is None:
        return said
    coming, day = item.coming.revision, iso(item.coming.first_day)
    return catalogue.say("; ").join((said, catalogue.say("{revision} from {day}", revision=coming, day=day)))


def by_department(held: Iterable[Copy], revision: str, catalogue: Catalogue) -> str:
    """The copies as `工程部 3、5；营销部 4 (A/0)`: the revision stands behind those of another one than `revision`."""
    found: dict[str, list[str]] = {}
    for copy in held:
        said = copy.number if copy.revision == revision else f"{copy.number} ({copy.revision})"
        found.setdefault(copy.department, []).append(said)
    parts = (f"{department} {catalogue.say(', ').join(numbers)}" for department, numbers in found.items())
    return catalogue.say("; ").join(parts)


def changes_grid(items: Sequence[Changed], *, since: date, on: date, catalogue: Catalogue) -> Grid:
    """What was put into force or withdrawn, as a table."""
    language = catalogue.language
    names = ("on", "number", "title", "kind", "revision", "what", "replaces")
    rows = [
        (
            item.on.isoformat(),
            item.release.number,
            item.title.of(language),
            KINDS[item.kind].of(language),
            item.release.revision,
            _STANDINGS[item.standing].of(language),
            item.replaces or None,
        )
        for item in items
    ]
    period = catalogue.say("{first} to {last}", first=since, last=on)
    return _grid(catalogue.say("Changes of controlled documents"), names, rows, catalogue, subtitle=period)


def copies_grid(system: System, held: Sequence[Copy], *, document: str, catalogue: Catalogue) -> Grid:
    """Who has or had which copy of a document, as a table."""
    names = ("copy", "revision", "department", "holder", "given_on", "standing", "ended_on", "record", "note")
    rows = [
        (
            copy.number,
            copy.revision,
            copy.department,
            _name(system, copy.holder),
            iso(copy.given_on),
            _COPY_STANDINGS[copy.standing].of(catalogue.language),
            iso(copy.ended_on),
            copy.record,
            _note(system, copy, catalogue),
        )
        for copy in held
    ]
    return _grid(catalogue.say("Copies"), names, rows, catalogue, subtitle=document)


def recall_grid(system: System, called: Sequence[Recall], *, catalogue: Catalogue) -> Grid:
    """The copies that must come back, as a table."""
    names = ("number", "revision", "copy", "department", "holder", "given_on", "since", "in_force", "record", "note")
    rows = [
        (
            item.copy.document,
            item.copy.revision,
            item.copy.number,
            item.copy.department,
            _name(system, item.copy.holder),
            iso(item.copy.given_on),
            iso(item.since),
            item.in_force or None,
            item.copy.record,
            _note(system, item.copy, catalogue),
        )
        for item in called
    ]
    return _grid(catalogue.say("Copies to be called back"), names, rows, catalogue, subtitle=system.today.isoformat())


def unread_grid(release: Release, people: Sequence[Unread], *, catalogue: Catalogue) -> Grid:
    """Who has not read a revision, as a table."""
    rows = [(item.department or None, item.name, item.sheet or None) for item in people]
    names = ("department", "name", "sheet")
    return _grid(catalogue.say("Not read yet"), names, rows, catalogue, subtitle=f"{release.number} {release.revision}")


def externals_grid(items: Sequence[External], *, on: date, catalogue: Catalogue) -> Grid:
    """The documents of external origin, as a table; a check that is overdue is marked."""
    names = ("number", "title", "edition", "department", "checked_on", "due_on", "record")
    rows = [
        (
            item.number,
            item.title,
            item.edition or None,
            item.department or None,
            iso(item.checked_on),
            iso(item.due_on),
            item.record,
        )
        for item in items
    ]
    late = {(row, "due_on") for row, item in enumerate(items) if item.is_overdue}
    return _grid(
        catalogue.say("Documents of external origin"), names, rows, catalogue, subtitle=on.isoformat(), late=late
    )


def _grid(
    title: str,
    names: Sequence[str],
    rows: Iterable[tuple[Cell, ...]],
    catalogue: Catalogue,
    *,
    subtitle: str,
    late: Iterable[tuple[int, str]] = (),
) -> Grid:
    heads = {name: _HEADS[name] for name in names}
    return Grid(title, subtitle, columns(heads, catalogue), tuple(rows), frozenset(late))


def _name(system: System, person: str) -> str | None:
    return system.people.names().get(person, person) or None


def _note(system: System, copy: Copy, catalogue: Catalogue) -> str | None:
    return _LEFT.of(catalogue.language) if copy.is_out and has_left(system, copy.holder) else None
