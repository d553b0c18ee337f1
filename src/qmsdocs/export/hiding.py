"""What leaves the house of selected records: as it is, or with personal data masked, in all places alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from qmsdocs.base.canonical import Json, dumps
from qmsdocs.base.language import Text
from qmsdocs.export.survey import records
from qmsdocs.model.form import Form
from qmsdocs.model.masking import MaskedEvent, Sweep, marked, masked, masked_event, masked_form, personal_texts
from qmsdocs.model.record import Correction, Event, FormReference
from qmsdocs.model.release import ItemKind
from qmsdocs.render.sheet import Sheet
from qmsdocs.store.rows import Row
from qmsdocs.system.definitions import FormInForce
from qmsdocs.system.view import System

NOTHING = Sweep(frozenset())


@dataclass(frozen=True)
class Hiding:
    """How records of a system leave it; `is_full` hides nothing. `new_salt` gives 16 random bytes in hexadecimal."""

    system: System = field(repr=False)
    sweep: Sweep = field(repr=False)
    is_full: bool
    new_salt: Callable[[], str] = field(repr=False)

    @classmethod
    def of(cls, system: System, *, is_full: bool) -> Hiding:
        """How records leave: what is personal in any record held here is looked for in all that leaves."""
        nothing = cls(system, NOTHING, is_full, system.store.nonce)
        if is_full:
            return nothing
        found: set[str] = set()
        for record in records(system):
            form = nothing.marked(system.form_of(record.form).form)
            for event in record.events:  # what was corrected is still printed
                found |= personal_texts(form, {**event.mapping("derived"), **event.changes})
        staff = {text for key, person in system.people.person.items() for text in (key, person.name)}
        return replace(nothing, sweep=Sweep(frozenset(found - staff)))

    @cached_property
    def _forms(self) -> dict[str, Form]:
        return {}

    @cached_property
    def _marked(self) -> dict[int, tuple[Form, Form]]:
        return {}

    def marked(self, form: Form) -> Form:
        """The form, personal wherever one of its revisions held here is."""
        if id(form) not in self._marked:  # the form is kept beside, so that no other can have its id
            releases = (r for r in self.system.releases if (r.kind, r.number) == (ItemKind.FORM, form.number))
            references = (FormReference(r.number, r.revision, r.manifest) for r in releases)
            self._marked[id(form)] = form, marked(form, (self.system.form_of(found).form for found in references))
        return self._marked[id(form)][1]

    def form(self, form: FormInForce) -> FormInForce:
        """The form by which the records' values are written now."""
        if self.is_full:
            return form
        if form.sha256 not in self._forms:
            self._forms[form.sha256] = masked_form(self.marked(form.form))
        return replace(form, form=self._forms[form.sha256])

    def values(self, form: Form, values: Mapping[str, Json]) -> Mapping[str, Json]:
        """The values as they leave."""
        return values if self.is_full else masked(self.marked(form), values, self.sweep)

    def text(self, text: str) -> str:
        """A text as it leaves."""
        return text if self.is_full else self.sweep.over(text)

    def subject(self, text: str) -> str:
        """What is spoken of, as it leaves: the number of a record is nobody's, the name of a file may be."""
        return text if self.system.index.by_number(text) is not None else self.text(text)

    def row(self, row: Row) -> Row:
        """The row of the index as it leaves."""
        if self.is_full:
            return row
        form = self.system.form_of_row(row).form
        given, derived = (self.values(form, values) for values in (row.values, row.derived))
        customer, subject, owner = (
            _text({**given, **derived}, form.meaning(means)) for means in ("customer", "subject", "owner")
        )
        return replace(
            row,
            given_json=dumps(dict(given)),
            derived_json=dumps(dict(derived)),
            customer=customer,
            subject=subject,
            owner=owner,
        )

    def sheet(self, said: Sheet) -> Sheet:
        """The page of a record as it leaves."""
        if self.is_full:
            return said
        form = said.form
        return replace(
            said,
            form=masked_form(self.marked(form)),
            values=self.values(form, said.values),
            derived=self.values(form, said.derived),
            corrections=tuple(self._correction(form, correction) for correction in said.corrections),
            acts=tuple(replace(act, title=self._text(act.title)) for act in said.acts),
            reasons={name: self.text(reason) for name, reason in said.reasons.items()},
        )

    def _correction(self, form: Form, correction: Correction) -> Correction:
        name = correction.field
        old, new = (self.values(form, {name: value})[name] for value in (correction.old, correction.new))
        event = correction.event
        body = {**event.body, "reason": self.text(event.text("reason")) or None}
        return replace(correction, old=old, new=new, event=replace(event, body=body))

    def _text(self, text: Text) -> Text:
        return Text(self.text(text.zh), self.text(text.en))

    @cached_property
    def events(self) -> dict[str, MaskedEvent | None]:
        """The events that have left, by the sha256 of what is stored; each is masked once, with one set of salts."""
        return {}

    def event(self, form: Form, event: Event) -> MaskedEvent | None:
        """The event as it leaves where something of it is masked, None where it leaves as it is stored."""
        if self.is_full:
            return None
        if event.sha256 not in self.events:
            self.events[event.sha256] = masked_event(self.marked(form), event.body, self.sweep, self.new_salt)
        return self.events[event.sha256]

    @property
    def salts(self) -> Mapping[str, Mapping[str, str]]:
        """The salts of every digest, by the sha256 of the stored event and the place in it."""
        return {digest: found.salts for digest, found in self.events.items() if found is not None}


def _text(values: Mapping[str, Json], name: str | None) -> str:
    value = values.get(name) if name else None
    return value if isinstance(value, str) else ""
