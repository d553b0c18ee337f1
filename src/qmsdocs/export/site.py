"""The whole repository as a folder people read in a browser, without a server: the front page over everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qmsdocs.base.language import Catalogue, Text
from qmsdocs.export.drawings import Drawings
from qmsdocs.export.front import Front, Link, Shelf, front_files
from qmsdocs.export.hiding import NOTHING, Hiding
from qmsdocs.export.library import Library
from qmsdocs.export.record_lines import Records
from qmsdocs.export.standing import State
from qmsdocs.export.survey import Survey, survey
from qmsdocs.export.sweeping import WideSweep
from qmsdocs.model.release import ItemKind
from qmsdocs.query.purpose import numbers_in_force
from qmsdocs.store.head import head_line
from qmsdocs.system.view import System

_TITLE = Text("{organisation} 质量管理体系", "{organisation}: quality management system")
_MADE, _RECORDS = Text("截至", "As of"), Text("记录", "Records")
_DOCUMENTS, _FORMS = Text("现行文件", "Documents in force"), Text("现行表单", "Forms in force")
_PERSONAL, _HEAD = Text("个人信息", "Personal data"), Text("存证校验值", "Head kept")
_HIDDEN = Text("已隐去，以＊＊＊代替", "masked as ＊＊＊")
_SHOWN = Text("未隐去，注意保管", "shown; keep this folder safe")
_NOTE = Text(
    "本页是供查阅的副本，以体系文件夹中的记录为准。全部内容都在本文件夹内，打开时不连网络。",
    "This is a copy to read; what counts are the records it was made from. Nothing is fetched from a network.",
)


def site_files(
    system: System, catalogue: Catalogue, *, is_full: bool, drawings: Drawings | None
) -> Iterator[tuple[str, bytes]]:
    """(path, bytes) of every file of the site; without `drawings` no pages. The same system gives the same bytes."""
    library = Library(system, catalogue, drawings)
    documents = tuple(replace(shelf, lines=tuple(shelf.lines)) for shelf in library.shelves())
    yield from sorted(library.files.items())
    with system.objects.in_bulk():  # what is derived only; who checks evidence reads every byte
        found = survey(system)
        hiding = _hiding(system, found, is_full=is_full)
        state = State(system, catalogue, hiding, found)
        records = Records(system, catalogue, hiding, library.keys)
        charts = tuple(state.charts())
        yield from ((link.path, picture) for link, picture in charts)
        shelves = (state.due(), *documents, *records.shelves(), state.holds(), state.keys())
        links = tuple(link for link, _ in charts)
        yield from front_files(_front(system, catalogue, shelves, links, (found.count, is_full, tuple(library.notes))))
    for path in records.pages:
        yield path, (system.place.root / path).read_bytes()


def _hiding(system: System, found: Survey, *, is_full: bool) -> Hiding:
    staff = {text for key, person in system.people.person.items() for text in (key, person.name)}
    sweep = NOTHING if is_full else WideSweep(found.personal - staff)
    return Hiding(system, sweep, is_full, system.store.nonce)


def _front(
    system: System,
    catalogue: Catalogue,
    shelves: tuple[Shelf, ...],
    charts: tuple[Link, ...],
    said: tuple[int, bool, tuple[str, ...]],
) -> Front:
    count, is_full, notes = said
    language = catalogue.language
    head = head_line(system.store, system.site)
    in_force = {kind: len(tuple(numbers_in_force(system, kind))) for kind in (ItemKind.PROCEDURE, ItemKind.FORM)}
    facts = (
        (_MADE, f"{system.now:%Y-%m-%d %H:%M}"),
        (_DOCUMENTS, str(in_force[ItemKind.PROCEDURE])),
        (_FORMS, str(in_force[ItemKind.FORM])),
        (_RECORDS, f"{count:,}"),
        (_PERSONAL, (_SHOWN if is_full else _HIDDEN).of(language)),
        *(((_HEAD, f"{head.number} {head.sha256[:16]}"),) if head is not None else ()),
    )
    return Front(
        title=_TITLE.of(language).format(organisation=system.organisation.organisation.of(language)),
        facts=tuple((name.of(language), value) for name, value in facts),
        notes=(_NOTE.of(language), *notes),
        shelves=shelves,
        language=language,
        charts=charts,
    )
