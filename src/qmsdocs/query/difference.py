"""Two revisions of a controlled item compared: parameters first, then other values, text and further files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from qmsdocs.base.errors import QmsError
from qmsdocs.base.files import text_of
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.base.toml import load
from qmsdocs.model.document import Procedure, head_of
from qmsdocs.model.release import ItemKind
from qmsdocs.query.changed_values import changed_values, printed
from qmsdocs.query.difference_side import Held
from qmsdocs.render.difference import Change, Compared, Illustration, differences
from qmsdocs.render.prose import Block, Heading, Span, Verbatim
from qmsdocs.render.prose_parser import blocks
from qmsdocs.render.redline import ChangedFile, ChangedValue, Difference
from qmsdocs.store.control import TEXT_SUFFIXES


@dataclass(frozen=True, slots=True)
class Tongue:
    """The words the comparison itself uses, and the language of the document's own pages."""

    catalogue: Catalogue
    pages: Language


def difference(kind: ItemKind, number: str, old: Held, new: Held, *, organisation: str, tongue: Tongue) -> Difference:
    """What distinguishes two sides of an item. Raises QmsError, located, for a draft that cannot be read."""
    catalogue = tongue.catalogue
    made = _document(old, new, tongue) if kind is ItemKind.PROCEDURE else _definition(old, new, catalogue.language)
    files = tuple(_files(old, new, made.shown))
    notes = made.notes
    is_explained = made.parameters or made.values or any(block.change is not Change.KEPT for block in made.text)
    if old.text != new.text and not is_explained:
        files = (ChangedFile(new.main, Change.CHANGED, _lines(old.text, new.text)), *files)
        notes = (*notes, catalogue.say("only remarks or the notation differ; nothing of it is printed or counted"))
    return Difference(
        number=number,
        title=made.title,
        organisation=organisation,
        language=catalogue.language,
        old=old.side,
        new=new.side,
        parameters=made.parameters,
        values=made.values,
        text=made.text,
        files=files,
        notes=notes,
        old_pictures=made.old_pictures,
        new_pictures=made.new_pictures,
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """What the main files say; `shown` are the paths of pictures that stand in the text."""

    title: str
    parameters: tuple[ChangedValue, ...] = ()
    values: tuple[ChangedValue, ...] = ()
    text: tuple[Compared, ...] = ()
    notes: tuple[str, ...] = ()
    shown: frozenset[str] = frozenset()
    old_pictures: Mapping[str, bytes] = field(default_factory=dict)
    new_pictures: Mapping[str, bytes] = field(default_factory=dict)


def _definition(old: Held, new: Held, language: Language) -> _Made:
    """A form or a configuration file, key by key."""
    is_form = new.main == "form.toml"
    before, after = load(old.text, source=old.source), load(new.text, source=new.source)
    title = printed(after.get("title", new.main), language) if is_form else new.main
    return _Made(title, values=tuple(changed_values(before, after, language=language, is_ordered=is_form)))


def _document(old: Held, new: Held, tongue: Tongue) -> _Made:
    """A document with its chapters: those that both sides have are compared, one that came or went is all text."""
    language = tongue.catalogue.language
    numbers = tuple(dict.fromkeys((*new.chapters, *old.chapters)))
    both = [number for number in numbers if number in old.chapters and number in new.chapters]
    couples = {"": (old, new), **{number: (old.chapters[number], new.chapters[number]) for number in both}}
    fronts = {number: _fronts(first, last) for number, (first, last) in couples.items()}
    parameters = [item for n, pair in couples.items() for item in _parameters(*pair, n, language)]
    values = [item for n, pair in fronts.items() for item in _prefixed(n, *pair, language)]
    drawn, notes = _drawn(old, new, tongue)
    pictures = _pictures(old), _pictures(new)
    common = pictures[0].keys() & pictures[1].keys()
    changed = {path for path in common if pictures[0][path] != pictures[1][path]}
    text = differences(*drawn, language=tongue.pages, changed_pictures=changed)
    shown = {path for block in text if isinstance(block, Illustration) for path in (block.old, block.new) if path}
    return _Made(
        new.procedure.front.title.of(language),
        tuple(parameters),
        (*values, *_chapters(old, new, language)),
        text,
        notes,
        frozenset(shown),
        *pictures,
    )


def _pictures(held: Held) -> Mapping[str, bytes]:
    """The files in folders beside the text, its chapters' too."""
    sides = (held, *held.chapters.values())
    return {path: data for side in sides for path, data in side.files.items() if "/" in path}


def _fronts(old: Held, new: Held) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """The front matter of both as TOML; of the parameters only the titles of those that both have."""
    read = [load(head_of(held.text), source=held.source, line_offset=1) for held in (old, new)]
    first, last = (found.get("parameter") for found in read)
    common = first.keys() & last.keys() if isinstance(first, dict) and isinstance(last, dict) else set()

    def titled(found: dict[str, object]) -> Mapping[str, object]:
        held = found.get("parameter")
        known = held.items() if isinstance(held, dict) else ()
        return {**found, "parameter": {name: {"title": item["title"]} for name, item in known if name in common}}

    return titled(read[0]), titled(read[1])


def _prefixed(
    number: str, old: Mapping[str, object], new: Mapping[str, object], language: Language
) -> Iterator[ChangedValue]:
    for value in changed_values(old, new, language=language):
        yield ChangedValue(*_of_chapter(number, value.key, value.title), value.old, value.new) if number else value


def _of_chapter(number: str, key: str, title: str) -> tuple[str, str]:
    return (f"{number}.{key}", f"{number} {title}") if number else (key, title)


def _parameters(old: Held, new: Held, number: str, language: Language) -> Iterator[ChangedValue]:
    first, last = old.procedure.front.parameter, new.procedure.front.parameter
    for name in dict.fromkeys((*last, *first)):
        before, after = first.get(name), last.get(name)
        if before is None or after is None or before.value != after.value:
            shown = after or before
            assert shown is not None
            was, now = ("" if item is None else item.value.of(language) for item in (before, after))
            yield ChangedValue(*_of_chapter(number, name, shown.title.of(language)), was, now)


def _chapters(old: Held, new: Held, language: Language) -> Iterator[ChangedValue]:
    """The chapters whose revision is another one, came or went."""
    for number in dict.fromkeys((*new.chapters, *old.chapters)):
        held = [side.chapters.get(number) for side in (old, new)]
        shown = held[1] or held[0]
        assert shown is not None
        was, now = ("" if own is None else own.side.label or own.side.standing for own in held)
        if was != now and (held[0] is None or held[1] is None or held[0].files != held[1].files):
            yield ChangedValue(number, shown.procedure.front.title.of(language), was, now)


def _drawn(old: Held, new: Held, tongue: Tongue) -> tuple[tuple[tuple[Block, ...], tuple[Block, ...]], tuple[str, ...]]:
    """The blocks of both sides; both as they were typed, with a note, where one of them cannot be drawn."""
    try:
        return (_blocks(old, tongue.pages), _blocks(new, tongue.pages)), ()
    except QmsError as error:
        note = tongue.catalogue.say("the text is compared as it was typed: {reason}", reason=error.message)
        return (_typed(old), _typed(new)), (note,)


def _blocks(held: Held, language: Language) -> tuple[Block, ...]:
    found: list[Block] = []
    for number, side in (("", held), *held.chapters.items()):
        own = side.procedure
        found += _begun(number, own, language)
        around = side.around(own)
        found += blocks(own.body, around, source=side.source, body_line=own.body_line, language=language)
    return tuple(found)


def _typed(held: Held) -> tuple[Block, ...]:
    lines = (line for side in (held, *held.chapters.values()) for line in side.procedure.body.split("\n"))
    return tuple(Verbatim(line) for line in lines)


def _begun(number: str, own: Procedure, language: Language) -> tuple[Block, ...]:
    """The heading a chapter begins with."""
    return (Heading(1, number, (Span(own.front.title.of(language)),)),) if number else ()


def _files(old: Held, new: Held, shown: frozenset[str]) -> Iterator[ChangedFile]:
    """The further files that differ, text line by line; pictures that stand in the text are shown there."""
    for path in sorted({*old.files, *new.files} - {old.main, new.main} - shown):
        before, after = old.files.get(path), new.files.get(path)
        if before == after:
            continue
        change = Change.ADDED if before is None else Change.REMOVED if after is None else Change.CHANGED
        is_text = path.lower().endswith(TEXT_SUFFIXES)
        lines = _lines(*(text_of(data or b"", path) for data in (before, after))) if is_text else ()
        yield ChangedFile(path, change, lines)


def _lines(old: str, new: str) -> tuple[Compared, ...]:
    first, last = (tuple(Verbatim(line) for line in text.split("\n")) for text in (old, new))
    return differences(first, last)
