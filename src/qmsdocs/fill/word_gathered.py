"""What is gathered while a Word file is read through: notes, pictures, and words that are accounted for elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.fill.word_model import Note, NoteKind
from qmsdocs.fill.word_numbering import Counter
from qmsdocs.fill.word_package import Part, WordPackage
from qmsdocs.fill.word_styles import Styles
from qmsdocs.render.pictures import shape

LONGEST_LINK = 500


@dataclass(slots=True)
class Field:
    """A Word field that is open: its code so far, and whether its result has begun."""

    code: str = ""
    is_result: bool = False
    result: str = ""

    @property
    def kind(self) -> str:
        """The first word of the code."""
        return (self.code.replace("=", " = ").split() or [""])[0].upper()


@dataclass(slots=True)
class Reading:
    """One reading of one file. `taken` are words that the draft says in another way, or the program by itself."""

    package: WordPackage
    styles: Styles
    counter: Counter
    footnotes: Mapping[tuple[str, str], etree._Element]
    notes: list[Note] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    is_own: bool = False  # the program drew the file itself; somebody may have edited it since
    expected: tuple[str, ...] = ()  # what the draft fills in, where an office program dropped the names
    untagged: int = 0  # content controls inside paragraphs that bear no name
    said: set[tuple[str, str, str]] = field(default_factory=set)

    def lost(self, where: str, said: Message) -> None:
        """Nothing; the report says what is not carried over."""
        self._note(NoteKind.NOT_CARRIED, where, said)

    def altered(self, where: str, said: Message) -> None:
        """Nothing; the report says what is carried over in another shape."""
        self._note(NoteKind.ALTERED, where, said)

    def uncertain(self, where: str, said: Message) -> None:
        """Nothing; the report says what is doubtful in the Word file."""
        self._note(NoteKind.DESK_REVIEW, where, said)

    def _note(self, kind: NoteKind, where: str, said: Message) -> None:
        """Nothing; the report says it, once."""
        key = (kind.value, where, str(said))
        if key not in self.said:
            self.said.add(key)
            self.notes.append(Note(kind, where, said))

    def picture(self, part: Part, relation: str, where: str) -> str | None:
        """The file name of the picture that `part` points to; None where it is not carried, which is reported."""
        link = part.links.get(relation)
        if link is None:
            return None
        if link.is_outside or link.name not in self.package.data:
            self.lost(
                where, message("a picture that is not inside the file: {target}", target=link.name[:LONGEST_LINK])
            )
            return None
        if link.name not in self.names:
            data = self.package.data[link.name]
            try:
                kind = shape(data, name=link.name).extension
            except QmsError:
                ending = link.name.rpartition(".")[2].upper()
                self.lost(where, message("a picture in the format {kind}; save it as PNG and put it in", kind=ending))
                return None
            name = f"picture-{len(self.pictures) + 1}.{kind.replace('jpeg', 'jpg')}"
            self.pictures[name] = data
            self.names[link.name] = name
        return self.names[link.name]
