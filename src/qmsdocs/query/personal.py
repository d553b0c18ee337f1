"""What is personal in records, and is looked for in words that are to be shown or kept without it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from itertools import groupby
from pathlib import Path

from qmsdocs.base.errors import QmsError
from qmsdocs.model.masking import Sweep, masked_event, personal_texts
from qmsdocs.model.record import Record
from qmsdocs.render.package import unpack
from qmsdocs.store import certificate, journal, ledger, names, purge
from qmsdocs.store.rows import Row
from qmsdocs.system.view import System

_ENDS = re.compile(r"</(?:\w+:)?(?:p|si|c)>")  # of a paragraph or cell
_TAG = re.compile(r"<[^>]*>")


def records(system: System) -> Iterator[Record]:
    """Every record of every class, year and site held here, whose form is known, one at a time."""
    heads = system.objects.heads(lambda branch: branch.startswith("records/"))
    for branch, head in sorted(heads.items()):
        stored = ledger.stream(system.objects, branch, head.commit)
        for _, events in groupby(stored, key=lambda item: item.path.rpartition("/")[0]):
            record = Record(tuple(item.event for item in events))
            if record.form.number in system.form_numbers:
                yield record


def personal_in(system: System, record: Record) -> frozenset[str]:
    """What is personal in a record by any revision of its form; what was corrected is still printed."""
    form = system.definitions.marked(system.form_of(record.form).form)
    values = ({**event.mapping("derived"), **event.changes} for event in record.events)
    said = (personal_texts(form, told, partial(_is_number, system)) for told in values)
    return frozenset[str]().union(*said)


def sought(system: System, personal: Iterable[str]) -> Sweep:
    """The search for what is personal; people of the house stand where they act."""
    staff = {text for key, person in system.people.person.items() for text in (key, person.name)}
    return Sweep(frozenset(personal) - staff, partial(_is_number, system))


def _is_number(system: System, text: str) -> bool:
    return system.index.by_number(text) is not None


def lacks_records(system: System) -> bool:
    """Whether records were destroyed, or ledgers that a journal speaks of are not held here: who is in them?."""
    objects = system.objects
    held = objects.heads(lambda _branch: True)
    journals = (names.parse_branch(name) for name in held if name.startswith(names.JOURNAL))
    noted = (journal.newest_heads(objects, name.site) for name in journals if name is not None)
    return any(certificate.carried_out(objects)) or any(said and said.ledgers.keys() - held.keys() for said in noted)


def naming(system: System, going: Collection[Row], *, is_asked: bool) -> tuple[str, ...]:
    """The numbers of the records that stay and whose texts name somebody of the records that go.

    Where the person has not asked for it, only who is named as their own by no record that stays: nothing that leaves
    the house can mask them any more.
    """
    named = _personal_of(system, going)
    sweep, numbers = sought(system, named), {row.number for row in going}
    known: set[str] = set()
    found: list[Record] = []
    for record in records(system) if sweep.texts else ():
        if record.number not in numbers:
            known |= personal_in(system, record) & named
            found += [record] if _names(record, sweep) else []
    if not is_asked:
        sweep = sought(system, named - known)
    return tuple(record.number for record in found if _names(record, sweep))


def _names(record: Record, sweep: Sweep) -> bool:
    return any(masked_event(None, event.body, sweep, str) is not None for event in record.events)


def _personal_of(system: System, rows: Iterable[Row]) -> frozenset[str]:
    """What is personal in records, as their ledgers hold them."""
    known = (system.record_at(row.key) for row in rows if row.form in system.form_numbers)
    return frozenset[str]().union(*(personal_in(system, record) for record in known))


def holding(system: System, rows: Iterable[Row]) -> tuple[Path, ...]:
    """The files in the folder, but for the pages of records, in which something personal of the records stands."""
    sweep, root = sought(system, _personal_of(system, rows)), system.place.root
    files = (path for path in purge.files(root) if not path.is_relative_to(root / purge.PAGES)) if sweep.texts else ()
    return tuple(path for path in files if any(sweep.finds(line) for line in _text(path).splitlines()))


def _text(path: Path) -> str:
    """What can be read in a file: of text in the encodings of tables, of a workbook or document its cells."""
    try:
        data = path.read_bytes() if path.stat().st_size <= purge.LARGEST else b""
        if data.startswith(b"PK"):
            parts = (part.decode() for name, part in unpack(data, source=path.name).items() if name.endswith(".xml"))
            return _TAG.sub("", _ENDS.sub("\n", "\n".join(parts)))
    except (OSError, QmsError):
        return ""
    is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if is_wide else ("utf-8-sig", "gb18030") if b"\0" not in data else ():
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return ""
