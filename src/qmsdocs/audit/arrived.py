"""What a push brings, judged as an audit would judge it, by what its site could know then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from qmsdocs.audit import records, stream
from qmsdocs.audit.case import VOID, Case, Fault
from qmsdocs.audit.judge import Judge
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.form import Form
from qmsdocs.model.record import Event
from qmsdocs.store import journal, names, seat
from qmsdocs.store.arrival import Arrival
from qmsdocs.store.index import Index
from qmsdocs.store.names import LedgerName
from qmsdocs.store.objects import Objects
from qmsdocs.store.opened import Store
from qmsdocs.store.place import Place
from qmsdocs.store.search import Search
from qmsdocs.store.tree import FOLDER, Entry
from qmsdocs.system.definitions import Definitions
from qmsdocs.system.trust import Trust
from qmsdocs.system.view import System

_RULES = (  # what is said of a whole record, whoever knew what
    records.newer_program,
    records.altered_after_issue,
    records.not_canonical,
    records.broken_chain,
    records.misplaced,
    records.attachment_missing,
    records.judged_wrongly,
    records.parameters_gone,
    records.unsigned,
)
_FAULTS = frozenset({Fault.DERIVED, Fault.COURSE, Fault.UNFIT, Fault.ROLE})


class _Judge(Judge):
    """A judge without an index: a shared store has none."""

    def hashes(self, number: str) -> frozenset[str] | None:  # noqa: ARG002 (whatever the number)
        """None: other records are not looked for."""
        return None


@dataclass(frozen=True)
class Bench:
    """What arrived records are judged by: the releases as they would stand in the store."""

    objects: Objects = field(repr=False)
    definitions: Definitions

    @cached_property
    def judge(self) -> Judge:
        """The judge who knows all that the store holds."""
        return self._judge(self.definitions)

    @property
    def trust(self) -> Trust:
        """Whether acts can be believed."""
        return self.judge.system.trust

    @cached_property
    def _then(self) -> dict[str, Judge]:
        return {self.definitions.commit: self.judge}

    def _judge_at(self, event: Event) -> Judge:
        """The judge who knows what could be known when an act was taken: a site offline acts by what it has."""
        commit = event.text("control")
        if commit not in self._then:
            self._then[commit] = self._judge(Definitions.at(self.objects, commit))
        return self._then[commit]

    def _judge(self, definitions: Definitions) -> Judge:
        folder = self.objects.folder
        index = Index(self.objects, folder, definitions.meanings)  # never opened
        store = Store(Place(folder, folder, folder, ""), self.objects, index, Search(index, self.objects, folder))
        return _Judge(System(store, definitions, self.objects.committed_at(definitions.commit), ""))

    # records

    def refuse_records(self, name: LedgerName, brought: Arrival) -> None:
        """Nothing. Raises QmsError for the first record touched that an audit would find fault with."""
        for folder in dict.fromkeys("/".join(entry.path.split("/")[:4]) for entry in brought.entries):
            if (why := next(self._of_record(name, brought.new, folder), None)) is not None:
                raise QmsError("{ledger}: {path}: {what}", ledger=name.branch, path=folder, what=why)

    def _of_record(self, name: LedgerName, commit: str, folder: str) -> Iterator[Message]:
        for case in stream.cases(self.judge, name.branch, _entries(self.objects, commit, folder)):
            if not case.stored:
                yield message("there is no event of this record")
                return
            first = case.record.first
            yield from self._number(name, case)
            if first.act == VOID and first.body.get("form") is None:
                continue  # a number that was lost with a copy
            yield from (hit.message for check in _RULES for hit in check(case))
            is_marked = any(event.text("clock") for event in case.record.events)
            yield from (hit.message for hit in (() if is_marked else records.times_out_of_order(case)))
            yield from self._by_what_was_known(case)

    def _by_what_was_known(self, case: Case) -> Iterator[Message]:
        known = {event.text("control"): event for event in case.record.events}
        for commit, event in known.items():
            seen = Case(self._judge_at(event), case.ledger, case.series, case.serial, case.stored, case.canonical)
            if commit == case.record.first.text("control"):
                yield from (hit.message for hit in records.form_not_in_force(seen))
            for found in seen.replayed:
                if found.fault in _FAULTS and found.event.text("control") == commit:
                    yield message("{act}: {what}", act=found.event.act, what=found.message)

    def _number(self, name: LedgerName, case: Case) -> Iterator[Message]:
        """What speaks against the first act of a record, and the number printed on it."""
        first = case.record.first
        if first.act == VOID:
            if not self._is_told(name, case):
                yield message("no seat of its site says that the number {number} was lost", number=case.number)
            return
        if first.act != "issue":
            yield message("a record begins with its issue")
            return
        if first.recorded_at.year != int(name.year):
            yield message("it was recorded in another year than that of its ledger")
        form = self._judge_at(first).form(case.record.form)
        if form is not None and not self._fits(name, form.form, case):
            yield message("the number {number} does not fit form, site, year and serial", number=case.number)

    def _fits(self, name: LedgerName, form: Form, case: Case) -> bool:
        first = case.record.first
        organisation = self._judge_at(first).organisation(first.recorded_at.date())
        site = organisation.site.get(name.site)
        if site is None:
            return False
        for key, project in ((None, None), *organisation.project.items()):
            if (project is None) == ("project" in form.pattern.parts):
                continue
            month, code = first.recorded_at.month, project.code if project else ""
            template = form.pattern.template(site=site.code, year=int(name.year), month=month, project=code)
            folder = form.pattern.folder(form.series.id, month=month, project=key)
            if (folder, template.format(serial=case.serial)) == (case.series, case.number):
                return True
        return False

    def _is_told(self, name: LedgerName, case: Case) -> bool:
        """Whether the number was named as lost when a seat was taken."""
        for stored in journal.all_of(self.objects, name.site, journal.SEAT):
            said = seat.read_seat(stored, name.site).last_numbers.get(f"{name.branch}/{case.series}")
            last, template = (said.get("last"), said.get("number")) if isinstance(said, dict) else (None, None)
            if isinstance(last, int) and isinstance(template, str) and case.serial <= last:
                return names.printed(template, case.serial) == case.number
        return False

    def refuse_unknown_place(self, name: LedgerName, commit: str) -> None:
        """Nothing. Raises QmsError where a ledger begins for a site or class that nobody put into force."""
        day = self.objects.committed_at(commit).date()
        what = None
        if name.site not in self.judge.organisation(day).site:
            what = message("there is no site {site} in force", site=name.site)
        elif name.retention and name.retention not in self.definitions.schedule(on=day).class_:
            what = message("the schedule in force has no class {name}", name=name.retention)
        if what is not None:
            raise QmsError("{ledger}: {what}", ledger=name.branch, what=what)


def _entries(objects: Objects, commit: str, folder: str) -> Iterator[Entry]:
    """The files of one record, with their paths in the ledger."""
    for below in (folder, f"{folder}/files"):
        for entry in objects.listing(commit, below):
            if entry.mode != FOLDER:
                yield Entry(f"{below}/{entry.path}", entry.oid, entry.mode)
