"""What the `flow` and `rules` blocks of a procedure show, drawn from the steps and rules of a form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from qmsdocs.base.language import Catalogue, Language
from qmsdocs.model.document import ParameterDefinition, Procedure
from qmsdocs.model.expression import All, AnyOf, Call, Comparison, Literal, Name, Node, Operator, Options, names, parse
from qmsdocs.model.expression_words import words
from qmsdocs.model.form import Form, Raise, Step
from qmsdocs.model.people import People, Role
from qmsdocs.model.speech import FormSpeech
from qmsdocs.query.text_lines import read_lines
from qmsdocs.render import prose
from qmsdocs.render.prose import Chart, Edge, Grid, Line, Span, SpanKind, Surroundings

ISSUE = "issue"


def flow_chart(
    form: Form,
    roles: Mapping[str, Role],
    language: Language,
    parameters: Mapping[str, ParameterDefinition] | None = None,
) -> Chart:
    """The way of a record of `form`: a box a step in the lane of its first role, decisions where ways part.

    Where several steps leave a state, a decision named by the state stands between them, with the conditions beside
    the arrows. A step repeated in the state it led to is not drawn again; one that may be repeated from several later
    states is led back to once, from the last of them. A record called for hangs at the step that needs it, else at
    the one after which it is known whether it may be raised. `parameters` are those conditions may name.
    """
    return _Drawing(form, roles, FormSpeech(form, parameters or {}, Catalogue.load(language))).chart()


@dataclass(frozen=True)
class _Drawing:
    form: Form
    roles: Mapping[str, Role]
    speech: FormSpeech

    def chart(self) -> Chart:
        nodes = [self._start(), *self._boxes(), *self._ends()]
        there = {node.name for node in nodes}
        edges = dict.fromkeys(edge for edge in self._edges() if {edge.first, edge.last} <= there)
        return Chart(tuple(nodes), tuple(edges), self._lanes)

    # ── lanes

    @cached_property
    def _lane_roles(self) -> tuple[str, ...]:
        """The first roles of the steps, in the order of the steps; nobody's own steps are the owner's."""
        return tuple(dict.fromkeys(self._role(step) for step in self._steps.values())) or (self.form.owner,)

    @property
    def _lanes(self) -> tuple[str, ...]:
        language = self.speech.language
        return tuple(self.roles[r].title.of(language) if r in self.roles else r for r in self._lane_roles)

    def _role(self, step: Step) -> str:
        return step.by[0] if step.by else self.form.owner

    def _lane(self, step: str) -> int:
        """The lane of a step; the issue stands in that of the first step."""
        if step == ISSUE:
            first = self._exits[self.form.first_state]
            return self._lane(first[0]) if first else 0
        return self._lane_roles.index(self._role(self._steps[step]))

    def _lane_of(self, state: str) -> int:
        return self._lane(self._entries(state)[0])

    # ── boxes

    @cached_property
    def _steps(self) -> Mapping[str, Step]:
        """The steps drawn: those that move the record on, and those that wait for a record."""
        awaited = {name for wanted in self.form.raise_.values() for name in (*wanted.required, *wanted.closed)}
        return {name: step for name, step in self.form.step.items() if step.to is not None or name in awaited}

    @cached_property
    def _exits(self) -> Mapping[str, tuple[str, ...]]:
        """The steps that lead from a state to another, by state."""
        place = {state: number for number, state in enumerate(self.form.state)}
        exits: dict[str, list[str]] = {state: [] for state in self.form.state}
        for name, step in self._steps.items():
            leaving = [state for state in self.form.state if state in step.from_ and step.to != state]
            ahead = [state for state in leaving if step.to is None or place[state] < place.get(step.to, 0)]
            back = [state for state in leaving if state not in ahead]
            for state in (*ahead, *back[-1:]) if ahead else leaving:
                exits[state].append(name)
        return {state: tuple(found) for state, found in exits.items()}

    def _entries(self, state: str) -> tuple[str, ...]:
        """What leads to a state: steps, and for the first one the issue."""
        steps = tuple(name for name, step in self._steps.items() if step.to == state)
        return (ISSUE, *steps) if state == self.form.first_state else steps

    def _parts(self, state: str) -> bool:
        """Whether ways part at a state."""
        return len(self._exits[state]) > 1 and state not in self.form.closed_states

    def _start(self) -> prose.Node:
        return prose.Node(ISSUE, self.speech.catalogue.say("Registered"), "start", self._lane(ISSUE))

    def _boxes(self) -> Iterator[prose.Node]:
        """Decisions and steps in the order of the states, each step where it can first be taken."""
        language = self.speech.language
        yield from self._records(ISSUE)
        drawn: set[str] = set()
        for state in self._order:
            if self._parts(state):
                yield prose.Node(
                    f"state.{state}", self.form.state[state].title.of(language), "decision", self._lane_of(state)
                )
            for name in self._exits[state]:
                if name not in drawn:
                    drawn.add(name)
                    yield prose.Node(name, self._steps[name].title.of(language), "step", self._lane(name))
                    yield from self._records(name)

    def _records(self, origin: str) -> Iterator[prose.Node]:
        for name, wanted in self.form.raise_.items():
            if self._origin(wanted) == origin:
                title = f"{wanted.title.of(self.speech.language)} {wanted.form}"
                later = [self.form.step[step].title for step in wanted.closed if step in self.form.step]
                if later:
                    title = self.speech.catalogue.say("{record}, closed before “{step}”", record=title, step=later[0])
                yield prose.Node(f"raise.{name}", title, "record", self._lane(origin))

    @cached_property
    def _order(self) -> tuple[str, ...]:
        """The states a record can come to, in the order of the form, but none before a way leads to it."""
        order: list[str] = []
        reached = {self.form.first_state}
        while waiting := [state for state in self.form.state if state in reached and state not in order]:
            order.append(waiting[0])
            reached |= {self._steps[name].to or waiting[0] for name in self._exits[waiting[0]]}
        return tuple(order)

    def _ends(self) -> Iterator[prose.Node]:
        for state in self._order:
            if state in self.form.closed_states:
                title = self.form.state[state].title.of(self.speech.language)
                yield prose.Node(f"state.{state}", title, "end", self._lane_of(state))

    # ── arrows

    def _edges(self) -> Iterator[Edge]:
        for state, exits in self._exits.items():
            stands = f"state.{state}"
            if self._parts(state) or state in self.form.closed_states:
                yield from (Edge(entry, stands) for entry in self._entries(state))
                yield from (Edge(stands, name, self._condition(self._steps[name].when)) for name in exits)
            else:
                for entry in self._entries(state):
                    yield from (Edge(entry, name, self._condition(self._steps[name].when)) for name in exits)
        for name, wanted in self.form.raise_.items():
            yield Edge(self._origin(wanted), f"raise.{name}", self._condition(wanted.when))

    def _origin(self, wanted: Raise) -> str:
        """The step a record called for hangs at: the first that needs it, else the last that gives what it asks for."""
        if wanted.required:
            return wanted.required[0]
        asked = names(parse(wanted.when)) if wanted.when is not None else frozenset()
        giving = {
            step for name in asked if name in self.form.field for step in self.form.field[name].required_steps[:1]
        }
        return next((step for step in reversed(tuple(self._steps)) if step in giving), ISSUE)

    def _condition(self, written: str | None) -> str:
        return self._said(parse(written)) if written is not None else ""

    def _said(self, node: Node) -> str:
        """A condition as it stands beside an arrow: of a choice only the words, where no other field has them."""
        match node:
            case All(parts=parts) | AnyOf(parts=parts):
                telling = [part for part in parts if not _is_implied(part, parts)]
                short = [said for part in telling if (said := self._short(part))]
                rest = tuple(part for part in telling if not self._short(part))
                if rest:
                    short.append(self._words(type(node)(rest) if len(rest) > 1 else rest[0]))
                return self.speech.catalogue.say(", and " if isinstance(node, All) else ", or ").join(short)
        return self._short(node) or self._words(node)

    def _words(self, node: Node) -> str:
        return words(node, self.speech, self.speech.catalogue)

    def _short(self, node: Node) -> str:
        """The choices a comparison asks for; nothing where it asks for something else, or their words are ambiguous."""
        items: tuple[str, ...] = ()
        path: tuple[str, ...] = ()
        match node:
            case Comparison(operator=Operator.EQUAL, left=Name(path=path), right=Literal(value=str() as value)):
                items = (value,)
            case Comparison(operator=Operator.IN, left=Name(path=path), right=Options(items=options)):
                items = tuple(str(item.value) for item in options)
        said = [self.speech.choice(path, item) for item in items]
        return self.speech.catalogue.say(" or ").join(said) if all(self._telling[text] == 1 for text in said) else ""

    @cached_property
    def _telling(self) -> Counter[str]:
        """How many fields have a choice of these words."""
        return Counter(
            choice.text.of(self.speech.language)
            for field in self.form.field.values()
            for choice in field.choices.values()
        )


def _is_implied(part: Node, parts: tuple[Node, ...]) -> bool:
    """Whether a part only asks that something is given of which another part says more."""
    asks = isinstance(part, Call) and part.function == "given"
    return asks and any(names(part) <= names(other) for other in parts if other is not part)


def rules_grid(form: Form, field: str, procedure: Procedure | None, language: Language) -> Grid:
    """The rules of a derived field as a table: what it is, and the conditions in words, the first that holds counts.

    Neighbouring rules that give the same are one row, their conditions on lines of their own.
    """
    catalogue = Catalogue.load(language)
    definition = form.field[field]
    speech = FormSpeech(form, procedure.front.parameter if procedure else {}, catalogue)
    rows: list[tuple[Line, ...]] = []
    for gives, rules in groupby(definition.rules, key=lambda rule: rule.gives):
        conditions = [
            words(parse(rule.when), speech, catalogue) if rule.when is not None else catalogue.say("in all other cases")
            for rule in rules
        ]
        rows.append(((Span(speech.choice((field,), gives)),), _on_lines(conditions, catalogue)))
    head = (definition.title.of(language), catalogue.say("Condition (from the top, the first that holds counts)"))
    return Grid(tuple((Span(title),) for title in head), tuple(rows), weights=(1, 5))


def _on_lines(conditions: list[str], catalogue: Catalogue) -> Line:
    if len(conditions) == 1:
        return (Span(conditions[0]),)
    spans: list[Span] = []
    for number, condition in enumerate(conditions, 1):
        spans += [Span("", SpanKind.BREAK)] if spans else []
        spans.append(Span(catalogue.say("({number}) {condition}", number=number, condition=condition)))
    return tuple(spans)


def surroundings(
    procedure: Procedure,
    forms: Mapping[str, Form],
    procedures: Mapping[str, Procedure],
    people: People,
    language: Language,
) -> Surroundings:
    """All that the text of one procedure may name; only those rules and flows are worked out that it asks for.

    What a block names and is not there is left out: the reader of the text says so by its line.
    """
    rules: dict[tuple[str, str], Grid] = {}
    flows: dict[str, Chart] = {}
    for line in read_lines(procedure.body, procedure.body_line):
        number, field = (*(line.opens or ()), "", "")[:2]
        form = forms.get(number)
        if form is None:
            continue
        own = procedures.get(form.procedure, procedure)
        if line.block == "flow":
            flows[number] = flow_chart(form, people.role, language, own.front.parameter)
        elif line.block == "rules" and field in form.field and form.field[field].rules:
            rules[(number, field)] = rules_grid(form, field, own, language)
    titles = {number: other.front.title.of(language) for number, other in procedures.items()}
    titles |= {number: form.title.of(language) for number, form in forms.items()}
    return Surroundings(
        parameters={name: value.of(language) for name, value in procedure.parameters.items()},
        titles=titles,
        references=procedure.front.references,
        forms=procedure.front.forms,
        rules=rules,
        flows=flows,
    )
