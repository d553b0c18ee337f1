"""What stands inside a paragraph of a Word file: words, fields, notes, pictures, boxes, tracked changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from lxml import etree

from qmsdocs.base.errors import QmsError, message
from qmsdocs.fill.word_gathered import Field, Reading
from qmsdocs.fill.word_model import Block, Image, Piece, snippet
from qmsdocs.fill.word_package import Part, child, is_on, local, r, value, w
from qmsdocs.fill.word_shape import drawn, equation, first_choice, texts

COUNTED_FIELDS = frozenset(("PAGE", "NUMPAGES", "SECTIONPAGES", "SECTION", "TOC", "TC", "XE", "INDEX", "RD"))
_MOVING_FIELDS = frozenset(("DATE", "TIME", "PRINTDATE", "SAVEDATE", "CREATEDATE", "FILENAME", "USERNAME"))
_OUTSIDE_FIELDS = frozenset(
    ("INCLUDEPICTURE", "INCLUDETEXT", "LINK", "DDE", "DDEAUTO", "DATABASE", "IMPORT", "MERGEFIELD")
)
REPEATING = 'FILLIN ""'
DEEPEST_FIELDS = 30
_DRAWING = 3  # so many boxes in one paragraph are a drawing
_ADDRESS = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_TAG = re.compile(r"p\.[a-z][a-z0-9_]*")
CODE = "QmsCode"  # the style of words that are kept as typed
_PLAIN = Piece("")
# Signs of Wingdings, Wingdings 2 and Symbol that procedures use; Word keeps them in a private area.
_SYMBOLS: Mapping[str, Mapping[int, str]] = {
    "wingdings": dict(
        zip(
            bytes.fromhex("6C 6E 6F 71 75 76 77 A1 A8 B7 D8 E0 E8 F0 FB FC FD FE"),
            "●■□□◆❖◆○☐•➢→➔⇨✗✓☒☑",
            strict=True,
        )
    ),
    "wingdings 2": {0x50: "✓", 0x4F: "✗", 0x52: "☑", 0x53: "☒", 0xA3: "☐", 0x2A: "☐", 0x30: "☐"},
    "symbol": {0xB7: "•", 0xB3: "≥", 0xA3: "≤", 0xB1: "±", 0xB4: "×", 0xAE: "→", 0xB0: "°", 0x6D: "μ", 0x57: "Ω"},
}
BlockReader: TypeAlias = "Callable[[etree._Element, Part], tuple[Block, ...]]"


@dataclass(slots=True)
class Inline:
    """The content of one paragraph, gathered child by child."""

    reading: Reading
    part: Part
    fields: list[Field]
    blocks_of: BlockReader
    where: str
    is_hidden: bool = False
    is_bold: bool = False
    pieces: list[Piece] = field(default_factory=list)
    after: list[Block] = field(default_factory=list)
    hidden: str = ""
    inserted: dict[str, str] = field(default_factory=dict)
    deleted: dict[str, str] = field(default_factory=dict)
    author: str = ""
    repeated: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)
    bare_shapes: int = 0

    def read(self, element: etree._Element) -> None:
        """Nothing; every child is taken up."""
        for below in element:
            self._child(below)

    def finish(self) -> None:
        """Nothing; what was gathered over the whole paragraph is reported."""
        for words in self.repeated:
            if words in "".join(piece.text for piece in self.pieces):
                self.reading.taken.append(words)
            else:
                self.pieces.append(Piece(words))
        if self.hidden.strip():
            self.reading.lost(self.where, message("hidden text: {words}", words=self.hidden.strip()))
        for author, words in self.deleted.items():
            self.reading.lost(
                self.where, message("deleted with tracked changes ({author}): {words}", author=author, words=words)
            )
        for author, words in self.inserted.items():
            self.reading.altered(
                self.where, message("inserted with tracked changes ({author}): {words}", author=author, words=words)
            )
        if len(self.boxes) < _DRAWING and not self.bare_shapes:
            for words in self.boxes:
                self.reading.altered(
                    self.where, message("a text box stands behind its paragraph: {words}", words=words)
                )
        else:
            self.reading.lost(
                self.where,
                message(
                    "a drawing of {shapes} shapes; its words stand in the text, its lines and arrows do not: draw it "
                    "again as a chart block",
                    shapes=len(self.boxes) + self.bare_shapes,
                ),
            )

    def _child(self, element: etree._Element) -> None:
        match local(element):
            case "r":
                self._run(element)
            case "hyperlink":
                self._hyperlink(element)
            case "ins" | "moveTo":
                before, self.author = self.author, value(element, "author") or "?"
                self.read(element)
                self.author = before
            case "del" | "moveFrom":
                self._deleted(element)
            case "fldSimple":
                self.fields.append(Field(value(element, "instr"), is_result=True))
                self.read(element)
                self._end_field()
            case "sdt":
                self._control(element)
            case "smartTag" | "customXml" | "sdtContent" | "dir" | "bdo":
                self.read(element)
            case "oMath" | "oMathPara":
                said = equation(element)
                self._say(said)
                self.reading.altered(
                    self.where, message("an equation as a line of text, look at it: {words}", words=said)
                )
            case "AlternateContent":
                self._alternative(element)
            case "subDoc":
                self.reading.lost(self.where, message("a part of the document that lies in another file"))

    def _run(self, run: etree._Element) -> None:
        look = run.find(w("rPr"))
        style = value(child(look, "rStyle"))
        is_hidden = self._switch(look, "vanish", style, self.is_hidden)
        is_bold = self._switch(look, "b", style, self.is_bold)
        for element in run:
            name = local(element)
            if name in ("t", "delText", "sym", "tab", "ptab", "br", "cr", "noBreakHyphen"):
                said = Piece(self._sign(element, name), is_bold, is_code=self.reading.styles.name(style) == CODE)
                self._say(said.text, look=said, is_hidden=is_hidden)
            elif name != "rPr":
                self._other(element, name)

    def _switch(self, look: etree._Element | None, name: str, style: str, inherited: bool) -> bool:
        own = child(look, name)
        if own is not None:
            return is_on(own)
        return self.reading.styles.switch(style, name) if style else inherited

    def _sign(self, element: etree._Element, name: str) -> str:
        if name in ("t", "delText"):
            return (element.text or "").replace("\n", " ").replace("\t", " ").replace("\u00a0", " ")
        if name == "sym":
            return self._symbol(value(element, "font"), value(element, "char"))
        if name in ("br", "cr"):
            return "\n" if value(element, "type") in ("", "textWrapping") else ""
        return "-" if name == "noBreakHyphen" else " "

    def _symbol(self, font: str, code: str) -> str:
        point = int(code, 16) if re.fullmatch(r"[0-9A-Fa-f]{1,4}", code) else 0
        known = _SYMBOLS.get(font.lower(), {}).get(point & 0xFF if 0xF000 <= point <= 0xF0FF else point)
        if known is not None:
            return known
        if point >= 0x20 and not 0xD800 <= point <= 0xF8FF and "wingdings" not in font.lower():
            return chr(point)
        self.reading.lost(self.where, message("the sign {code} of the font {font}", code=code, font=font))
        return ""

    def _other(self, element: etree._Element, name: str) -> None:
        match name:
            case "fldChar":
                self._field_mark(value(element, "fldCharType"))
            case "instrText":
                if self.fields and not self.fields[-1].is_result:
                    self.fields[-1].code += element.text or ""
            case "footnoteReference" | "endnoteReference":
                self._footnote(name.removesuffix("Reference"), value(element, "id"))
            case "drawing" | "pict" | "object":
                self._drawing(element)
            case "AlternateContent":
                self._alternative(element)
            case "ruby":
                self._ruby(element)

    def _say(self, text: str, *, look: Piece = _PLAIN, is_hidden: bool = False) -> None:
        if not text:
            return
        if is_hidden:
            self.hidden += text
            return
        for open_field in self.fields:
            open_field.result += text
        if any(not one.is_result or one.kind in COUNTED_FIELDS for one in self.fields):
            self.reading.taken.append(text)
            return
        if self.author:
            self.inserted[self.author] = self.inserted.get(self.author, "") + text
        self.pieces.append(replace(look, text=text))

    # fields

    def _field_mark(self, kind: str) -> None:
        if kind == "begin" and len(self.fields) == DEEPEST_FIELDS:
            raise QmsError("{source}: nested too deeply", source=self.reading.package.source)
        if kind == "begin":
            self.fields.append(Field())
        elif kind == "separate" and self.fields:
            self.fields[-1].is_result = True
        elif kind == "end" and self.fields:
            self._end_field()

    def _end_field(self) -> None:
        done = self.fields.pop()
        code = " ".join(done.code.split())
        if code == REPEATING:
            self._drop_repeated(done.result)
        if done.kind in ("EQ", "SYMBOL", "ADVANCE") and not done.result.strip():
            self.reading.lost(self.where, message("a field without a result: {code}", code=code))
        elif done.kind == "TOC":
            self.reading.altered("", message("the table of contents is left out; the program makes it"))
        elif done.kind in _MOVING_FIELDS:
            self.reading.uncertain(
                self.where,
                message("a field that changes by itself ({code}) says: {words}", code=code, words=done.result),
            )
        elif done.kind in _OUTSIDE_FIELDS:
            self.reading.lost(self.where, message("a field that takes its words from elsewhere: {code}", code=code))
        elif done.kind == "HYPERLINK" and (found := re.search(r'"([^"]+)"', code)) and found[1] not in done.result:
            self.reading.lost(self.where, message("the address behind the words: {target}", target=found[1]))

    def _drop_repeated(self, words: str) -> None:
        """LibreOffice 7 writes the words of a content control again into such fields; they count once."""
        at = len(self.pieces)
        while at and words.endswith("".join(piece.text for piece in self.pieces[at - 1 :])):
            at -= 1
        if "".join(piece.text for piece in self.pieces[at:]) == words:
            self.repeated.append(words)
            del self.pieces[at:]

    # what points elsewhere

    def _hyperlink(self, link: etree._Element) -> None:
        begun = len(self.pieces)
        self.read(link)
        target = self.part.links.get(str(link.get(r("id"), "")))
        said = "".join(piece.text for piece in self.pieces[begun:]).strip()
        if target is None or not target.is_outside or not said:
            return
        if not _ADDRESS.match(target.name) or any(piece.is_markup for piece in self.pieces[begun:]):
            self.reading.lost(self.where, message("the address behind the words: {target}", target=target.name[:500]))
        elif target.name.strip("/") != said.strip("/"):
            self.pieces.append(Piece(f" ({target.name})"))

    def _footnote(self, kind: str, name: str) -> None:
        note = self.reading.footnotes.get((kind, name))
        if note is None:
            return
        owner = next(iter(self.reading.package.related(f"{kind}s")))
        inside = Inline(self.reading, owner, [], self.blocks_of, self.where)
        for paragraph in note.iter(w("p")):
            inside.pieces += [Piece(" ")] if inside.pieces else []
            inside.read(paragraph)
        inside.finish()
        words = "".join(piece.text for piece in inside.pieces).strip()
        self._say(f"（{words}）")
        self.after += inside.after
        self.reading.altered(self.where, message("a footnote stands in brackets in the text: {words}", words=words))

    def _deleted(self, element: etree._Element) -> None:
        words = texts(element, "delText", "t")
        if words.strip():
            author = value(element, "author") or "?"
            self.deleted[author] = self.deleted.get(author, "") + words

    def _control(self, control: etree._Element) -> None:
        properties, content = child(control, "sdtPr"), child(control, "sdtContent")
        tag = value(child(properties, "tag"))
        if content is None:
            return
        if _TAG.fullmatch(tag):
            self.pieces.append(Piece(f"{{{{ {tag} }}}}", is_markup=True))
            self.reading.taken.append(texts(content, "t"))
        elif tag.startswith("ref:"):
            self.pieces.append(Piece(f"[{tag.removeprefix('ref:')}]", is_markup=True))
            self.reading.taken.append(texts(content, "t"))
        elif is_on(child(properties, "showingPlcHdr")):
            words = texts(content, "t")
            self.reading.lost(self.where, message("an unfilled content control: {words}", words=words))
        elif not tag:
            self._unnamed(content)
        else:
            self.read(content)

    def _unnamed(self, content: etree._Element) -> None:
        """A control without a name: the next one that the draft expects, else its words."""
        self.reading.untagged += 1
        expected = self.reading.expected[self.reading.untagged - 1 : self.reading.untagged]
        if expected:
            self.pieces.append(Piece(expected[0], is_markup=True))
            self.reading.taken.append(texts(content, "t"))
        else:
            self.read(content)

    def _ruby(self, ruby: etree._Element) -> None:
        base, gloss = ruby.find(w("rubyBase")), ruby.find(w("rt"))
        if base is not None:
            self.read(base)
        if gloss is not None and (words := texts(gloss, "t")):
            self._say(f"（{words}）")
            self.reading.altered(self.where, message("a gloss above the line stands in brackets: {words}", words=words))

    # drawings

    def _alternative(self, alternatives: etree._Element) -> None:
        chosen = first_choice(alternatives)
        for element in chosen if chosen is not None else ():
            if local(element) in ("drawing", "pict", "object"):
                self._drawing(element)
            else:
                self._child(element)

    def _drawing(self, element: etree._Element) -> None:
        found = drawn(element, self.part, self.reading, self.where)
        self.after += [Image(name, found.description) for name in found.pictures]
        self.bare_shapes += found.bare_shapes
        for box in found.boxes:
            self.after += self.blocks_of(box, self.part)
            words = snippet(texts(box, "t"))
            self.boxes += [words] if words else []
