"""Word templates compiled once to strings and packed parts, so that a record costs only text work.

A template is what docxtpl reads, and docxtpl prepares it: it repairs the tags that Word splits, sets the table grids
and numbers the drawings. What is left for a record is Jinja on strings, deflate and a zip directory. What the compiler
does not cover (cells that come and go, tags that end in another paragraph) is detected and goes through docxtpl itself;
`Template.slow` says why.

The same template and values give the same bytes: fixed order and time stamps, zlib at level 6. isal would save a fifth
of the time, but its bytes differ, so that a machine without it would make another document; it is not used. (Another
make of zlib may pack differently as well: who compares documents of two machines compares their unpacked parts.)
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from docxtpl import DocxTemplate
from jinja2 import Environment, TemplateError
from jinja2 import Template as JinjaTemplate
from lxml import etree
from markupsafe import Markup, escape

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.render import opc, pictures
from qmsdocs.render.prepared import Prepared, Source, prepare
from qmsdocs.render.sandbox import environment, missing_name
from qmsdocs.render.tags import TAG, torn
from qmsdocs.render.template_check import check_template

_ILLEGAL = bytes((*range(9), 11, 12, *range(13, 32)))  # and a bare carriage return, which XML readers change
_ILLEGAL_CHARACTER = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_RUN_PROPERTIES = re.compile(r"<w:rPr>.*?</w:rPr>", re.DOTALL)
_PARAGRAPH = re.compile(r"(<w:p[ >])")
_MARKUP = re.compile(r"<[^>]+>")
_MOST_PIECES = 2_000_000  # of text between tags: more is a template that loops over itself
_BREAK = '</w:t><w:br/><w:t xml:space="preserve">'


@dataclass(frozen=True, slots=True)
class _Part:
    """One part that differs from record to record."""

    name: str
    prologue: bytes
    template: JinjaTemplate


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template, ready to be filled in; `slow` says why it goes through docxtpl, None when it does not."""

    source: str
    static: tuple[opc.Member, ...]
    parts: tuple[_Part, ...]
    prepared: Prepared
    slow: Message | None

    def render(
        self, context: Mapping[str, object], *, given: Mapping[str, bytes], dates: Mapping[str, str] | None = None
    ) -> bytes:
        """The document of `context`, with the pictures `given` by name (`qr`, `logo`) and, where there are, the `dates`
        `created` and `modified`. Raises QmsError on a name the context does not have, and on text XML cannot hold."""
        slots = self.prepared.slots
        shapes = pictures.facts(slots, given)
        values = {**context, "picture": shapes, "written": {**self.prepared.dates, **(dates or {})}}
        links: dict[str, bytes] = {}
        if any(shapes[slot.name]["extension"] != slot.extension for slot in slots):
            links = {name: pictures.relinked(data, slots, shapes) for name, data in self.prepared.links.items()}
        media = {f"{slot.part}.{shapes[slot.name]['extension']}": given.get(slot.name, slot.data) for slot in slots}
        try:
            written = {part.name: self._written(part, values) for part in self.parts}
            if self.slow is not None:
                return self._by_docxtpl(values, written | links | media)
        except TemplateError as error:
            raise self._failure(error) from None
        except (TypeError, ValueError, ArithmeticError) as error:
            raise QmsError("{source}: cannot be filled in: {reason}", source=self.source, reason=error) from error
        static = self.static
        if links:
            names = {name.encode() for name in links}
            static = tuple(packed for packed in static if packed.name not in names)
        changed = [opc.member(name, data) for name, data in (written | links | media).items()]
        return opc.archive((*static, *changed))

    def _written(self, part: _Part, values: Mapping[str, object]) -> bytes:
        made = part.template
        pieces = list(islice(made.root_render_func(made.new_context(dict(values))), _MOST_PIECES + 1))
        if len(pieces) > _MOST_PIECES:
            raise QmsError("{source}: the loops go on for too long", source=self.source)
        text = "".join(pieces)
        if "\n" in text or "\t" in text:
            text = with_breaks(text)
        return part.prologue + legal(text)

    def _failure(self, error: TemplateError) -> QmsError:
        name, near = missing_name(error, tuple(tag for part in self.prepared.sources for tag in TAG.findall(part.text)))
        if name is None:
            return QmsError("{source}: cannot be filled in: {reason}", source=self.source, reason=error)
        hint = message('did you mean "{nearest}"?', nearest=near) if near else None
        return QmsError('{source}: there is no "{name}" to print', source=self.source, name=name, hint=hint)

    def _by_docxtpl(self, values: Mapping[str, object], replaced: Mapping[str, bytes]) -> bytes:
        for text in _texts(values):
            legal(text)
        reference = _Reference(io.BytesIO(self.prepared.package))
        buffer = io.BytesIO()
        try:
            reference.render(dict(values), _faithful())
            reference.save(buffer)
        except etree.XMLSyntaxError as error:
            raise torn(self.source, error) from None
        with zipfile.ZipFile(buffer) as package:
            parts = {name: package.read(name) for name in package.namelist() if not _is_slot(name)}
        return opc.archive([opc.member(name, data) for name, data in (parts | dict(replaced)).items()])


class _Reference(DocxTemplate):  # type: ignore[misc]
    """docxtpl, but a document it would tear is an error, and properties, which it escapes twice, are left to us."""

    def render_properties(self, context: dict[str, object], jinja_env: Environment | None = None) -> None:
        """Nothing; they are filled in as every other part of ours."""

    def fix_tables(self, xml: str) -> etree._Element:
        """The body with its grids set. Raises XMLSyntaxError where docxtpl would drop text in silence."""
        etree.fromstring(xml)
        fixed: etree._Element = super().fix_tables(xml)
        return fixed


def _faithful() -> Environment:
    """The environment for docxtpl, which after rendering takes `{_{` for an escaped `{{`, in values as well."""

    def guarded(value: object) -> object:
        text = escape(value)
        return Markup(str(text).replace("_", "&#95;")) if "_" in text else text

    return environment().overlay(finalize=guarded)


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _is_slot(name: str) -> bool:
    return name.startswith(tuple(f"word/media/qmsdocs-{picture}." for picture in pictures.NAMES))


def legal(text: str) -> bytes:
    """`text` as UTF-8. Raises QmsError on a character that XML cannot hold, which readers drop or choke on."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = b"\0"
    if len(data.translate(None, _ILLEGAL)) != len(data) or "\uffff" in text or "\ufffe" in text:
        found = _ILLEGAL_CHARACTER.search(text)
        code = f"U+{ord(found[0]):04X}" if found else "?"
        raise QmsError("the character {code} cannot stand in a document", code=code)
    return data


def with_breaks(xml: str) -> str:
    """`xml` with line feeds and tabs in texts as Word writes them (docxtpl's Listing does the same)."""
    pieces: list[str] = []
    done = 0
    found = _next_break(xml, 0)
    while found >= 0:
        start = xml.rfind("<", done, found)
        if xml.startswith(("<w:t>", "<w:t "), start):
            end = xml.find("</w:t>", found)
            text = xml[found:end]
            pieces += (xml[done:found], _broken(text, xml, start) if "\t" in text else text.replace("\n", _BREAK))
            done = found = end
        found = _next_break(xml, found + 1)
    return "".join((*pieces, xml[done:]))


def _next_break(xml: str, position: int) -> int:
    line, tab = xml.find("\n", position), xml.find("\t", position)
    return line if tab < 0 else tab if line < 0 else min(line, tab)


def _broken(text: str, xml: str, start: int) -> str:
    """`text` of the run that `start` lies in; a tab gets a run of its own in the same face."""
    run = start
    while (run := xml.rfind("<w:r", 0, run)) >= 0 and xml[run + 4] not in " >":
        pass
    found = _RUN_PROPERTIES.search(xml, max(run, 0), start)
    face = found[0] if found else ""
    tab = f'</w:t></w:r><w:r>{face}<w:tab/></w:r><w:r>{face}<w:t xml:space="preserve">'
    return text.replace("\t", tab).replace("\n", _BREAK)


@lru_cache(maxsize=64)
def compile_template(data: bytes, source: str = "template.docx") -> Template:
    """The template `data`, checked and compiled; made once for the same bytes. Raises QmsError naming `source`."""
    prepared = prepare(data, source=source)
    templates = {found.name: _compiled(found, source) for found in prepared.sources}
    is_slow = prepared.slow is not None
    parts = [_Part(s.name, s.prologue, templates[s.name]) for s in prepared.sources if not (is_slow and s.by_docxtpl)]
    changing = {found.name for found in prepared.sources}
    names = [name for name in prepared.parts if name not in changing and not _is_slot(name)]
    static = tuple(opc.member(name, prepared.parts[name]) for name in names)
    return Template(source, static, tuple(parts), prepared, prepared.slow)


def _compiled(part: Source, source: str) -> JinjaTemplate:
    """The Jinja template of a part. Raises QmsError, with the words nearby, on tags that are wrong or not allowed."""
    lines = _PARAGRAPH.sub(r"\n\1", part.text)
    try:
        check_template(lines, source=source)
    except QmsError as error:
        number = error.message.values.get("line")
        line = lines.split("\n")[number - 1] if isinstance(number, int) else ""
        near = _MARKUP.sub("", line).strip()[:60]
        if not near:
            raise
        raise QmsError('{problem}, near "{near}"', problem=error.message, near=near, hint=error.hint) from None
    return environment().from_string(part.text)
