"""Two revisions of a controlled item compared: parameters first, then other values, text and further files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qmsdocs.base.errors import QmsError
from qmsdocs.base.files import text_of
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.base.toml import load
from qmsdocs.model.document import Procedure, parse_procedure
from qmsdocs.model.record import Event
from qmsdocs.model.release import Course, ItemKind, Release, in_force
from qmsdocs.query.changed_values import changed_values, printed
from qmsdocs.render.difference import Change, Compared, Illustration, differences
from qmsdocs.render.prose import Block, Surroundings, Verbatim
from qmsdocs.render.prose_parser import blocks
from qmsdocs.render.redline import ChangedFile, ChangedValue, Difference, Side
from qmsdocs.store.control import TEXT_SUFFIXES
from qmsdocs.system.view import System

_STANDING = {
    Course.SUBMITTED: Text("待审核", "submitted"),
    Course.REVIEWED: Text("已审核", "reviewed"),
    Course.COUNTERSIGNED: Text("已会签", "countersigned"),
    Course.APPROVED: Text("已批准", "approved"),
    Course.TRIAL: Text("试行", "on trial"),
    Course.REJECTED: Text("退回", "rejected"),
    Course.WITHDRAWING: Text("待废止", "withdrawal asked"),
    Course.WITHDRAWN: Text("废止", "withdrawn"),
}
_IN_FORCE, _SUPERSEDED, _DRAFT = Text("有效", "in force"), Text("已被替代", "superseded"), Text("草稿", "draft")
_DEPUTY = Text("{name}(代 {other})", "{name} (for {other})")
_APPROVING, _REVIEWING = ("approve", "adopt"), ("review",)

Around = Callable[[Procedure], Surroundings]


@dataclass(frozen=True, slots=True)
class Held:
    """One side of a comparison: what is said of it, its files by path, what its text may name."""

    side: Side
    files: Mapping[str, bytes] = field(repr=False)
    around: Around = field(repr=False)


def release_named(system: System, number: str, revision: str | None) -> Release:
    """A revision of an item, the newest act on it where it was submitted twice; None: what is in force today.

    Raises QmsError, naming those there are.
    """
    held = system.definitions.named(number)
    if not held:
        known = tuple(sorted({release.number for release in system.releases}))
        raise QmsError("there is no revision of {number}; there are {known}", number=number, known=known)
    if revision is None:
        current = in_force(system.releases, held[0].kind, held[0].number, on=system.today)
        if current is not None:
            return current
    named = [release for release in held if release.revision == revision]
    if not named:
        labels = tuple(dict.fromkeys(release.revision for release in held))
        said = "{number} has no revision {revision}; there are {known}"
        if revision is None:
            said = "no revision of {number} is in force; there are {known}"
        raise QmsError(said, number=held[0].number, revision=revision, known=labels)
    return named[-1]


def held_release(system: System, release: Release, *, language: Language, around: Around) -> Held:
    """The side that a release is."""
    course = system.definitions.course(release)
    side = Side(
        release.revision,
        _standing(system, release).of(language),
        release.manifest,
        release.effective_on,
        _signed(system, course.events[:1], language),
        _signed(system, [event for event in course.events if event.act in _REVIEWING], language),
        _signed(system, [event for event in course.events if event.act in _APPROVING], language),
    )
    return Held(side, system.definitions.files(release), around)


def held_draft(files: Mapping[str, bytes], *, language: Language, around: Around) -> Held:
    """The side that lies in the folder."""
    return Held(Side("", _DRAFT.of(language)), files, around)


def _standing(system: System, release: Release) -> Text:
    current = in_force(system.releases, release.kind, release.number, on=system.today)
    if current == release:
        return _STANDING[Course.TRIAL] if release.is_trial else _IN_FORCE
    began = release.first_day
    if began is not None and began <= system.today and release.state is not Course.WITHDRAWN:
        return _SUPERSEDED
    return _STANDING[release.state]


def _signed(system: System, events: Sequence[Event], language: Language) -> str:
    """Who acted, and on which day."""
    names = system.people.names()
    said: list[str] = []
    for event in events:
        name, other = names.get(event.by, event.by), event.changes.get("deputy_for")
        if isinstance(other, str):
            name = _DEPUTY.of(language).format(name=name, other=names.get(other, other))
        said.append(f"{name} {event.at.astimezone(system.zone):%Y-%m-%d}")
    return ("、" if language is Language.ZH else ", ").join(dict.fromkeys(said))


def difference(
    kind: ItemKind, number: str, old: Held, new: Held, *, organisation: str, catalogue: Catalogue
) -> Difference:
    """What distinguishes two sides of an item. Raises QmsError, located, for a draft that cannot be read."""
    made = _document(old, new, catalogue) if kind is ItemKind.PROCEDURE else _definition(old, new, catalogue)
    lines: tuple[Compared, ...] = ()
    main = _main(old.files), _main(new.files)
    sources = tuple(text_of(held.files[path], path) for held, path in zip((old, new), main, strict=True))
    is_explained = made.parameters or made.values or any(block.change is not Change.KEPT for block in made.text)
    notes = made.notes
    if sources[0] != sources[1] and not is_explained:
        lines = _lines(*sources)
        notes = (*notes, catalogue.say("only remarks or the notation differ; nothing of it is printed or counted"))
    files = tuple(_files(old.files, new.files, {*main, *made.shown}))
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
        files=(*((ChangedFile(main[1], Change.CHANGED, lines),) if lines else ()), *files),
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


def _definition(old: Held, new: Held, catalogue: Catalogue) -> _Made:
    """A form or a configuration file, key by key."""
    path = _main(new.files)
    trees = [load(text_of(held.files[_main(held.files)], path), source=_source(held, path)) for held in (old, new)]
    is_form = path == "form.toml"
    values = changed_values(trees[0], trees[1], language=catalogue.language, is_ordered=is_form)
    title = printed(trees[1].get("title", path), catalogue.language)
    return _Made(title if is_form else path, values=tuple(values))


def _document(old: Held, new: Held, catalogue: Catalogue) -> _Made:
    language = catalogue.language
    paths = _main(old.files), _main(new.files)
    texts = [text_of(held.files[path], path) for held, path in zip((old, new), paths, strict=True)]
    sources = [_source(held, path) for held, path in zip((old, new), paths, strict=True)]
    procedures = [parse_procedure(text, source=source) for text, source in zip(texts, sources, strict=True)]
    fronts = [_front(text, source, *procedures) for text, source in zip(texts, sources, strict=True)]
    pictures = [_pictures(held.files) for held in (old, new)]
    common = pictures[0].keys() & pictures[1].keys()
    changed = {path for path in common if pictures[0][path] != pictures[1][path]}
    notes: list[str] = []
    try:
        drawn = [_blocks(*side, language) for side in zip(procedures, (old, new), sources, strict=True)]
    except QmsError as error:
        notes.append(catalogue.say("the text is compared as it was typed: {reason}", reason=error.message))
        drawn = [_typed(procedure) for procedure in procedures]
    text = differences(drawn[0], drawn[1], language=language, changed_pictures=changed)
    shown = {path for block in text if isinstance(block, Illustration) for path in (block.old, block.new) if path}
    return _Made(
        procedures[1].front.title.of(language),
        tuple(_parameters(procedures[0], procedures[1], language)),
        tuple(changed_values(fronts[0], fronts[1], language=language)),
        text,
        tuple(notes),
        frozenset(shown),
        pictures[0],
        pictures[1],
    )


def _source(held: Held, path: str) -> str:
    return f"{path} {held.side.label}".strip()


def _main(files: Mapping[str, bytes]) -> str:
    """The path of the file an item is read from."""
    own = [path for path in files if "/" not in path]
    wanted = ("form.toml", *(path for path in own if path.endswith((".md", ".toml"))))
    found = next((path for path in wanted if path in files), None)
    if found is None:
        raise QmsError("there is no text among the files {files}", files=tuple(files))
    return found


def _pictures(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return {path: data for path, data in files.items() if "/" in path}


def _front(text: str, source: str, old: Procedure, new: Procedure) -> Mapping[str, object]:
    """The front matter as TOML; of the parameters only the titles of those that both revisions have."""
    found = load(text.split("\n+++", 1)[0].partition("\n")[2], source=source, line_offset=1)
    held = found.get("parameter")
    common = old.front.parameter.keys() & new.front.parameter.keys()
    titles = {
        name: {"title": item["title"]}
        for name, item in (held.items() if isinstance(held, dict) else ())
        if name in common
    }
    return {**found, "parameter": titles}


def _parameters(old: Procedure, new: Procedure, language: Language) -> Iterator[ChangedValue]:
    for name in dict.fromkeys((*new.front.parameter, *old.front.parameter)):
        before, after = old.front.parameter.get(name), new.front.parameter.get(name)
        if before is None or after is None or before.value != after.value:
            shown = after or before
            assert shown is not None
            first, last = ("" if item is None else item.value.of(language) for item in (before, after))
            yield ChangedValue(name, shown.title.of(language), first, last)


def _blocks(procedure: Procedure, held: Held, source: str, language: Language) -> tuple[Block, ...]:
    around = held.around(procedure)
    return blocks(procedure.body, around, source=source, body_line=procedure.body_line, language=language)


def _typed(procedure: Procedure) -> tuple[Block, ...]:
    return tuple(Verbatim(line) for line in procedure.body.split("\n"))


def _lines(old: str, new: str) -> tuple[Compared, ...]:
    first, last = (tuple(Verbatim(line) for line in text.split("\n")) for text in (old, new))
    return differences(first, last)


def _files(old: Mapping[str, bytes], new: Mapping[str, bytes], but: set[str]) -> Iterator[ChangedFile]:
    """The further files that differ, text line by line."""
    for path in sorted({*old, *new} - but):
        before, after = old.get(path), new.get(path)
        if before == after:
            continue
        change = Change.ADDED if before is None else Change.REMOVED if after is None else Change.CHANGED
        is_text = path.lower().endswith(TEXT_SUFFIXES)
        lines = _lines(*(text_of(data or b"", path) for data in (before, after))) if is_text else ()
        yield ChangedFile(path, change, lines)
