"""The words a form and its procedure have for names and values, for expressions printed as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from qmsdocs.base.language import Catalogue, Language
from qmsdocs.model.document import ParameterDefinition
from qmsdocs.model.evaluation import holds
from qmsdocs.model.expression import parse
from qmsdocs.model.expression_words import words
from qmsdocs.model.facts import RecordFacts
from qmsdocs.model.form import CHOICE_TYPES, FieldType, Form
from qmsdocs.model.quantity import Quantity


@dataclass(frozen=True, slots=True)
class FormSpeech:
    """Titles and values of one form, in one language; with `facts` the values of a record stand beside the titles."""

    form: Form
    parameters: Mapping[str, ParameterDefinition]
    catalogue: Catalogue
    facts: RecordFacts | None = None

    @property
    def language(self) -> Language:
        """The language spoken."""
        return self.catalogue.language

    def title(self, path: tuple[str, ...]) -> str:
        """The title of a field, column, clock, `state` or `today`."""
        name = path[0]
        if name == "state":
            return self.catalogue.say("state")
        if name == "today":
            return self.catalogue.say("today")
        if name in self.form.clock:
            return self.form.clock[name].title.of(self.language)
        field = self.form.field[name]
        if len(path) == 1:
            return field.title.of(self.language)
        column = field.column[path[-1]].title
        if len(path) == 2:
            return self.catalogue.say("{column} in {table}", column=column, table=field.title)
        row = field.rows[path[1]].text
        return self.catalogue.say("{column} of {row} in {table}", column=column, row=row, table=field.title)

    def is_moment(self, path: tuple[str, ...]) -> bool:
        """Whether the field holds a date or a moment."""
        field = self.form.find(".".join((path[0], *path[1:][-1:])))
        return path == ("today",) or (field is not None and field.type in (FieldType.DATE, FieldType.DATETIME))

    def choice(self, path: tuple[str, ...], value: str) -> str:
        """The words of the option `value` of the field at `path`."""
        if path == ("state",):
            return self.form.state[value].title.of(self.language) if value in self.form.state else value
        field = self.form.field.get(path[0])
        if field is not None and len(path) > 1:
            field = field.column.get(path[-1])
        options = self.form.choices_of(field) if field is not None else {}
        return options[value].text.of(self.language) if value in options else value

    def parameter(self, name: str) -> str:
        """The value of the parameter, and its title."""
        definition = self.parameters.get(name)
        if definition is None:
            return f"p.{name}"
        return self.catalogue.say("{value} ({title})", value=definition.value.of(self.language), title=definition.title)

    def value(self, path: tuple[str, ...]) -> str | None:
        """The value of the field as it prints, or None where no record is spoken of or it is missing."""
        if self.facts is None or path[0] in self.form.clock:
            return None
        match self.facts.value(path):
            case Quantity() as found:
                return found.of(self.language)
            case bool() as truth:
                return self.catalogue.say("yes" if truth else "no")
            case Decimal() as number:
                return f"{number:f}"
            case datetime() as moment:
                return f"{moment:%Y-%m-%d %H:%M}"
            case date() as day:
                return day.isoformat()
            case str() as text:
                return self.choice(path, text)
            case _:
                return None


def reason(facts: RecordFacts, name: str, speech: FormSpeech) -> str | None:
    """Why a derived choice is what it is: the rule that holds, in words; None for an unconditional one."""
    position = facts.rule(name)
    if position is None:
        return None
    condition = facts.form.field[name].rules[position].when
    return words(parse(condition), speech, speech.catalogue, facts=facts) if condition else None


def reasons(facts: RecordFacts, speech: FormSpeech) -> Mapping[str, str]:
    """The reason of every derived choice that has one."""
    found: dict[str, str] = {}
    for name, field in facts.form.values.items():
        if field.rules and field.type in CHOICE_TYPES and facts.applies(name):
            said = reason(facts, name, speech)
            if said is not None:
                found[name] = said
    return found


def unmet(condition: str, facts: RecordFacts, speech: FormSpeech) -> str:
    """The words of a condition that does not hold, with the values it was judged by."""
    node = parse(condition)
    return words(node, speech, speech.catalogue, facts=facts if holds(node, facts) else None)
