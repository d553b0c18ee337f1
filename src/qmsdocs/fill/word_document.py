"""A procedure written in Word read as a draft: its text, its facts, its pictures, and a report that hides nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import safe_name
from qmsdocs.fill.word_facts import Facts
from qmsdocs.fill.word_front import body_front, has_names, page_facts
from qmsdocs.fill.word_gathered import Reading
from qmsdocs.fill.word_layout import Captioned, captioned, in_line, unrolled
from qmsdocs.fill.word_markdown import Content, is_counted, markdown
from qmsdocs.fill.word_model import Note, NoteKind, Passage, Piece, Table, snippet
from qmsdocs.fill.word_numbering import Counter, read_numbering
from qmsdocs.fill.word_outline import Heading, Node, check_numbers, levelled, outlined
from qmsdocs.fill.word_own import filled_in, is_own, without_own
from qmsdocs.fill.word_package import WordPackage, open_word, value, w
from qmsdocs.fill.word_reconcile import reconcile
from qmsdocs.fill.word_review import missing_names, review
from qmsdocs.fill.word_shape import texts
from qmsdocs.fill.word_story import Story
from qmsdocs.fill.word_styles import read_styles
from qmsdocs.fill.word_table import pictures_of, report_table
from qmsdocs.render.opc import parse
from qmsdocs.render.package import unfit

MOST_CELLS = 50_000  # of all tables, merged ones counted as often as they are written
MOST_CHARACTERS = 4_000_000  # of the draft
PRINTED = ("", "a)", "1)")  # how the program itself begins its lists

__all__ = ["Imported", "Note", "NoteKind", "read_word"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What a Word file became. `front` are the facts found: number, title, revision, dates (ISO) and names.

    `stem` names the draft and the folder of its pictures; `pictures` are keyed by file name in that folder.
    """

    front: Mapping[str, str]
    stem: str
    markdown: str
    pictures: Mapping[str, bytes]
    notes: tuple[Note, ...]


def read_word(data: bytes, *, source: str, number: str | None = None, former: str | None = None) -> Imported:
    """The Word file `data` as a draft; `number` wins over what the file says.

    Some offices drop the names of what the program filled in: the `former` draft tells them, if it fills in as many.
    Raises QmsError in one line for what is no ordinary .docx, is protected, damaged or hostile, or has no text.
    """
    try:
        package = open_word(data, source=source)
        plain, untagged = _read(package, number, ())
        expected = filled_in(former, source=source) if former is not None else ()
        return _read(package, number, expected)[0] if untagged and untagged == len(expected) else plain
    except RecursionError:
        raise QmsError("{source}: nested too deeply", source=source) from None


def _read(package: WordPackage, number: str | None, expected: tuple[str, ...]) -> tuple[Imported, int]:
    """The draft, and how many values the program once filled in whose names are gone."""
    source, reading = package.source, _reading(package, expected)
    body = reading.package.main.root.find(w("body"))
    blocks = Story(reading, reading.package.main).blocks(body) if body is not None else ()
    if reading.is_own:
        blocks = tuple(without_own(blocks, reading.taken))
    nodes = outlined(list(in_line(list(unrolled(blocks, reading)))), reading)
    front = body_front(nodes, page_facts(reading), reading)
    content = _content(levelled(front.nodes, reading), reading)
    if not content:
        raise QmsError("{source}: the document has no text", source=source)
    if reading.is_own:
        _dropped_names(reading)
    else:
        missing_names(front.facts.missing, has_names(front.facts), reading)
    check_numbers([node for node in content if isinstance(node, Heading)], reading)
    review(content, reading)
    _comments(reading)
    said = _said(front.facts, number, _core_title(reading.package, source))
    stem = safe_name(said.get("number", "") or PurePath(source).stem)
    cells = sum(node.width * len(node.rows) for node in _tables(content))
    if cells > MOST_CELLS:
        raise unfit(source, message("more than {limit} cells of tables", limit=MOST_CELLS))
    written = unicodedata.normalize("NFC", markdown(content, folder=stem))
    if len(written) > MOST_CHARACTERS:
        raise QmsError("{source}: the text has more than {limit} characters", source=source, limit=MOST_CHARACTERS)
    used = {name: picture for name, picture in reading.pictures.items() if f"/{name})" in written}
    if len(used) < len(reading.pictures) and not reading.is_own:
        unused = len(reading.pictures) - len(used)
        reading.lost("", message("{count} pictures of page header, cover or header table", count=unused))
    reconcile([written, *front.facts.values.values()], reading)
    imported = Imported(said, stem, written, used, _sorted(reading.notes))
    return imported, reading.untagged if reading.is_own else 0


def _reading(package: WordPackage, expected: tuple[str, ...]) -> Reading:
    styles = read_styles(package.root("styles"))
    counter = Counter(read_numbering(package.root("numbering"), styles))
    footnotes = {
        (kind, value(note, "id")): note
        for kind in ("footnote", "endnote")
        for part in package.related(f"{kind}s")
        for note in part.root.iterfind(w(kind))
        if value(note, "type") in ("", "normal")
    }
    return Reading(package, styles, counter, footnotes, is_own=is_own(package, styles), expected=expected)


def _content(nodes: Sequence[Node], reading: Reading) -> tuple[Content, ...]:
    """The nodes with captions joined and pictures of tables behind them; what tables cannot show is reported."""
    nodes = tuple(_with_typed_labels(nodes))
    labels = tuple(dict.fromkeys(label for label in map(_first_label, nodes) if label not in PRINTED))
    if labels:
        said = message("lists are printed a), b) and 1), 2); in the Word file they begin: {labels}", labels=labels)
        reading.altered("", said)
    found: list[Content] = []
    for node in captioned(nodes, reading):
        found.append(node)
        for table in _tables([node]):
            report_table(table, reading)
            found += pictures_of(table)
    return tuple(found)


def _tables(content: Iterable[Content]) -> Iterator[Table]:
    for node in content:
        if isinstance(node, Table | Captioned):
            yield node.table if isinstance(node, Captioned) else node


def _with_typed_labels(nodes: Sequence[Node]) -> Iterator[Node]:
    """The nodes; labels such as 4.1 or 第三条 become words, and so do all others of their lists."""
    labels = [node.label for node in nodes if isinstance(node, Passage) and node.label is not None]
    spoken = {label.list_id for label in labels if not label.is_bullet and not is_counted(label)}
    for node in nodes:
        if isinstance(node, Passage) and node.label is not None and node.label.list_id in spoken:
            bullet = node.label.is_bullet
            yield node if bullet else replace(node, pieces=(Piece(f"{node.label.text} "), *node.pieces), label=None)
        else:
            yield node


def _first_label(node: Node) -> str:
    """The label of the first item of a numbered list."""
    if not isinstance(node, Passage) or node.label is None or not is_counted(node.label):
        return ""
    return node.label.text if node.label.values[-1] == 1 else ""


def _dropped_names(reading: Reading) -> None:
    if reading.untagged > len(reading.expected):
        said = message(
            "{count} values that the program fills in stand as plain words, since an office program dropped their "
            "names: write {{{{ p.name }}}} and [number] again, or edit in Word or WPS",
            count=reading.untagged,
        )
        reading.lost("", said)


def _comments(reading: Reading) -> None:
    for part in reading.package.related("comments"):
        for comment in part.root.iterfind(w("comment")):
            words, author = texts(comment, "t"), value(comment, "author") or "?"
            reading.lost(snippet(words), message("a comment by {author}: {words}", author=author, words=words))


def _said(facts: Facts, number: str | None, core_title: str) -> dict[str, str]:
    """The facts that are handed on; the title without the number and the brackets around it."""
    kept = {key: text for key, text in facts.values.items() if key not in ("edition", "amendment", "copy")}
    kept |= {"revision": facts.revision} if facts.revision else {}
    kept |= {"number": number} if number else {}
    title = kept.get("title", core_title).removeprefix(kept.get("number", "")).strip(" 　《》")
    return {**kept, "title": title} if title else kept


def _core_title(package: WordPackage, source: str) -> str:
    """The title that stands in the properties of the file."""
    data = package.data.get("docProps/core.xml")
    root = parse(data, name="docProps/core.xml", source=source) if data else None
    return " ".join(str(root.findtext("{*}title") or "").split()) if root is not None else ""


def _sorted(notes: Sequence[Note]) -> tuple[Note, ...]:
    return tuple(sorted(notes, key=lambda note: list(NoteKind).index(note.kind)))
