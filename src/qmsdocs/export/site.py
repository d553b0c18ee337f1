"""The whole repository as a folder people read in a browser, without a server: the front page over everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qmsdocs.audit import engine
from qmsdocs.audit.findings import Report
from qmsdocs.audit.scope import Scope
from qmsdocs.base.language import Catalogue, Text
from qmsdocs.export import checked
from qmsdocs.export.drawings import Drawings
from qmsdocs.export.front import Front, Progress, front_files, unshown
from qmsdocs.export.hiding import Hiding
from qmsdocs.export.library import Library
from qmsdocs.export.record_lines import Records
from qmsdocs.export.standing import State
from qmsdocs.export.survey import survey
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
    system: System, catalogue: Catalogue, *, is_full: bool, drawings: Drawings | None, progress: Progress = unshown
) -> Iterator[tuple[str, bytes]]:
    """(path, bytes) of every file of the site; without `drawings` no pages. The same system gives the same bytes."""
    report = engine.run(Scope(system))
    with system.objects.in_bulk():  # what follows is only derived; the audit has read what it must
        found = survey(system)
        hiding = Hiding.of(system, is_full=is_full, personal=found.personal)
        library = Library(system, catalogue, hiding, drawings, progress)
        documents = tuple(replace(shelf, lines=tuple(shelf.lines)) for shelf in library.shelves())
        yield from sorted(library.files.items())
        state = State(system, catalogue, hiding, found)
        records = Records(system, catalogue, hiding, library.keys, progress)
        charts = tuple(state.charts())
        yield from ((link.path, picture) for link, picture in charts)
        audited = checked.findings(report, catalogue, hiding)
        shelves = (state.due(), *documents, *records.shelves(), audited, state.holds(), state.keys())
        front = Front(
            title=_TITLE.of(catalogue.language).format(
                organisation=system.organisation.organisation.of(catalogue.language)
            ),
            facts=tuple(_facts(system, catalogue, found.count, report, is_full=is_full)),
            notes=(_NOTE.of(catalogue.language), *library.notes),
            shelves=shelves,
            language=catalogue.language,
            charts=tuple(link for link, _ in charts),
        )
        yield from front_files(front)
    for path in records.pages:
        yield path, (system.place.root / path).read_bytes()


def _facts(
    system: System, catalogue: Catalogue, count: int, report: Report, *, is_full: bool
) -> Iterator[tuple[str, str]]:
    language = catalogue.language
    yield _MADE.of(language), f"{system.now:%Y-%m-%d %H:%M}"
    for title, kind in ((_DOCUMENTS, ItemKind.PROCEDURE), (_FORMS, ItemKind.FORM)):
        yield title.of(language), str(len(tuple(numbers_in_force(system, kind))))
    yield _RECORDS.of(language), f"{count:,}"
    yield checked.TITLE.of(language), checked.verdict(report, catalogue)
    yield _PERSONAL.of(language), (_SHOWN if is_full else _HIDDEN).of(language)
    head = head_line(system.store, system.site)
    if head is not None:
        yield _HEAD.of(language), f"{head.number} {head.sha256[:16]}"
