"""What a draft would change, as lines for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from qmsdocs.base.language import Catalogue
from qmsdocs.query.impact import AffectedForm, ChangedParameter, Impact

SHOWN = 60  # characters of a value on one line


def lines(found: Impact, catalogue: Catalogue) -> Iterator[str]:
    """What the draft would change, line by line; the parameters first."""
    say = catalogue.say
    if found.revision is None:
        yield say("{number}: nothing of it is in force, so all of it is new", number=found.number)
    else:
        yield say(
            "{number}: the draft in the folder against {revision}, in force since {day}",
            number=found.number,
            revision=found.revision,
            day=found.effective_on,
        )
    if not found.changes_something:
        yield say("nothing that is counted or printed would change")
        return
    for parameter in found.parameters:
        yield from _parameter(parameter, catalogue)
    if found.values and found.revision is not None:
        yield say("Changed values:")
        for value in found.values:
            old, new = (_short(text) if text else "–" for text in (value.old, value.new))
            yield say("  {key} {title}: {old} → {new}", key=value.key, title=value.title, old=old, new=new)
    if found.sections:
        yield say("Sections whose text differs: {names}", names=found.sections)
    if found.files:
        yield say("Pictures and templates that differ: {names}", names=found.files)
    for item in found.shifted:
        yield say("{title}: {earlier} records fall due earlier, {now} of them at once; {later} later",
                  title=item.title, earlier=item.earlier, now=item.at_once, later=item.later)  # fmt: skip
    yield from _forms(found.forms, catalogue)
    yield from _around(found, catalogue)


def _around(found: Impact, catalogue: Catalogue) -> Iterator[str]:
    if found.referring:
        yield catalogue.say("Named by: {names}", names=found.referring)
    if found.copies:
        yield catalogue.say("Copies out: {names}", names=found.copies)
    if found.readers:
        yield catalogue.say("To be read by: {names}", names=found.readers)


def _parameter(parameter: ChangedParameter, catalogue: Catalogue) -> Iterator[str]:
    old, new = (
        quantity.of(catalogue.language) if quantity else "–" for quantity in (parameter.before, parameter.after)
    )
    yield catalogue.say(
        "{title} ({name}): {old} → {new}", title=parameter.title, name=f"p.{parameter.name}", old=old, new=new
    )
    for effect in parameter.effects:
        place = f"  {effect.form} {effect.words}"
        if effect.running is None:
            yield place
        else:
            yield catalogue.say("{place}, running in {count} open records", place=place, count=effect.running)


def _forms(forms: Sequence[AffectedForm], catalogue: Catalogue) -> Iterator[str]:
    if not forms:
        return
    yield catalogue.say("Forms:")
    for form in forms:
        yield catalogue.say(
            "  {form} {title}: {count} open records", form=form.number, title=form.title, count=form.still_open
        )
    yield catalogue.say(
        "Only records opened from the effective date on are judged by the new revision; the others keep theirs."
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


def as_json(found: Impact, catalogue: Catalogue) -> Mapping[str, object]:
    """The same as one object, see docs/json.md; texts in the language of the catalogue."""
    return {
        "kind": found.kind.value,
        "number": found.number,
        "revision": found.revision,
        "effective_on": found.effective_on.isoformat() if found.effective_on else None,
        "parameters": [_parameter_json(parameter, catalogue) for parameter in found.parameters],
        "values": [
            {"key": value.key, "title": value.title, "before": value.old or None, "after": value.new or None}
            for value in found.values
        ],
        "sections": list(found.sections),
        "files": list(found.files),
        "forms": [
            {"number": form.number, "title": form.title.of(catalogue.language), "open": form.still_open}
            for form in found.forms
        ],
        "retention": [
            {"class": item.retention, "earlier": item.earlier, "at_once": item.at_once, "later": item.later}
            for item in found.shifted
        ],
        "referring": list(found.referring),
        "copies": list(found.copies),
        "readers": list(found.readers),
    }


def _parameter_json(parameter: ChangedParameter, catalogue: Catalogue) -> Mapping[str, object]:
    return {
        "name": parameter.name,
        "title": parameter.title.of(catalogue.language),
        "before": str(parameter.before) if parameter.before else None,
        "after": str(parameter.after) if parameter.after else None,
        "effects": [
            {"form": effect.form, "place": effect.place, "running": effect.running} for effect in parameter.effects
        ],
    }
