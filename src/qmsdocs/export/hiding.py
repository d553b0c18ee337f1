"""What leaves the house of selected records: as it is, or with personal data masked, in all places alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from qmsdocs.acts import document_pages
from qmsdocs.acts.printing import Print
from qmsdocs.base.canonical import Json, dumps
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.language import Text
from qmsdocs.model.form import Form
from qmsdocs.model.masking import MASK, MaskedEvent, Sweep, masked, masked_event, masked_form
from qmsdocs.model.record import Correction, Event
from qmsdocs.model.release import Release
from qmsdocs.query.personal import personal_in, records, sought
from qmsdocs.render.sheet import Sheet
from qmsdocs.store.rows import Row
from qmsdocs.system import builtin
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
    def of(cls, system: System, *, is_full: bool, personal: frozenset[str] | None = None) -> Hiding:
        """How records leave: what is personal in any record held here is looked for in all that leaves.

        `personal` is just that where it was gathered already.
        """
        if is_full:
            return cls(system, NOTHING, is_full, system.store.nonce)
        if personal is None:
            personal = frozenset[str]().union(*(personal_in(system, record) for record in records(system)))
        return cls(system, sought(system, personal), is_full, system.store.nonce)

    @cached_property
    def _forms(self) -> dict[str, Form]:
        return {}

    def marked(self, form: Form) -> Form:
        """The form, personal wherever one of its revisions held here is."""
        return self.system.definitions.marked(form)

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

    def refuse_named(self, *written: str) -> None:
        """Nothing; raises QmsError where words about what leaves, which stay in the house for ever, name somebody."""
        if any(self.text(text) != text for text in written):
            raise QmsError(
                "what you write about the package names somebody whose data are masked in it",
                hint=message("it is kept for ever; say it without the name"),
            )

    def customer(self, name: str) -> str:
        """The name of a customer as it leaves, whether a record bears it or not."""
        return name if self.is_full else MASK

    def subject(self, text: str) -> str:
        """What is spoken of, as it leaves: the number of a record is nobody's, the name of a file may be."""
        return text if self.sweep.is_number(text) else self.text(text)

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

    def document(self, release: Release, wanted: Print) -> bytes:
        """The pages of a revision as they leave: its own words, and what was said about it without names."""
        said = document_pages.sheet(self.system, release, wanted)
        history = (replace(entry, summary=self.text(entry.summary)) for entry in said.history)
        signed = (replace(s, remark=self.text(s.remark), answer=self.text(s.answer)) for s in said.countersigned)
        hidden = replace(said, history=tuple(history), countersigned=tuple(signed))
        acts = [(stored, self.event(builtin.form(builtin.RELEASE), stored.event))
                for stored in self.system.definitions.events(release)]  # fmt: skip
        data = [masked.data if masked is not None else stored.data for stored, masked in acts]
        return document_pages.draw_pdf(self.system, release, wanted, hidden, acts=data)

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
