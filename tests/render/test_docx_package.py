"""A template from outside is hostile until it was looked at: refused in one line, before anything parses or runs it."""

from __future__ import annotations

import io
import random
import re
import zipfile

import pytest
import word_files
from docx import Document
from docx.oxml import parse_xml

from qmsdocs.base.errors import QmsError
from qmsdocs.render.compiled import compile_template
from qmsdocs.render.mark import qr_png
from qmsdocs.render.word import SPACE

TEMPLATE = word_files.company_template()
_MARKUP = re.compile(rb'\s[\w:]+="[^"]*"|<[\w:]+[^>]*/>')  # an attribute, or an empty element
VALUES: dict[str, object] = {
    "organisation": "o",
    "number": "n",
    "status": "",
    "f": {"problem": "p", "short": "s", "note": ""},
    "rows": {"actions": []},
}


def refusal(data: bytes) -> str:
    """The one line in which the template is refused."""
    with pytest.raises(QmsError) as refused:
        compile_template(data, "own.docx")
    line = str(refused.value)
    assert "\n" not in line
    assert line.startswith("own.docx")
    return line


def test_the_template_itself_is_fine() -> None:
    assert compile_template(TEMPLATE).render(VALUES, given={}).startswith(b"PK")


@pytest.mark.parametrize(
    "data", (b"", b"PK", b"{\\rtf1}", b"\xd0\xcf\x11\xe0" * 200, TEMPLATE[:-300], TEMPLATE[300:], b"x" * 9)
)
def test_what_is_no_word_document_is_refused(data: bytes) -> None:
    refusal(data)


def test_other_packages_are_no_word_documents() -> None:
    assert "not a Word document" in refusal(word_files.package({"hello.txt": b"hello"}))
    assert "not a Word document" in refusal(word_files.changed(TEMPLATE, {"_rels/.rels": None}))
    spreadsheet = word_files.changed(
        TEMPLATE,
        {
            "[Content_Types].xml": lambda data: data.replace(
                b"wordprocessingml.document.main", b"spreadsheetml.sheet.main"
            )
        },
    )
    assert "of a kind that a form does not need" in refusal(spreadsheet)


def test_damaged_files_are_refused_and_never_crash() -> None:
    chance = random.Random(14)
    for _ in range(100):
        data = bytearray(TEMPLATE)
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            compile_template.__wrapped__(bytes(data), "own.docx").render(VALUES, given={})
        except QmsError as error:
            assert "\n" not in str(error)


def test_parts_that_are_not_what_they_say_are_refused_and_never_crash() -> None:
    chance = random.Random(14)
    parts = word_files.parts_of(word_files.company_template(qr_png("x")))
    names = [name for name in parts if name.endswith((".xml", ".rels")) and "tyles" not in name]
    refused = 0
    for _ in range(100):
        name = chance.choice(names)
        found = list(_MARKUP.finditer(parts[name]))
        taken = chance.choice(found)
        harmed = parts[name][: taken.start()] + parts[name][taken.end() :]
        try:
            compile_template.__wrapped__(word_files.package({**parts, name: harmed}), "own.docx").render(
                VALUES, given={}
            )
        except QmsError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 20


def bomb(name: str, size: int, kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO(TEMPLATE)
    with zipfile.ZipFile(buffer, "a", kind) as package:
        package.writestr(name, b"\0" * size)
    return buffer.getvalue()


def test_bombs_are_refused_unopened() -> None:
    assert "times its size" in refusal(bomb("word/media/image1.png", 20_000_000))
    assert "larger than" in refusal(bomb("word/media/image1.png", 21_000_000, zipfile.ZIP_STORED))
    parts = {f"word/media/image{at}.png": b"" for at in range(1_100)}
    assert "more than 1000 parts" in refusal(word_files.changed(TEMPLATE, dict(parts)))
    deep = b"<w:p>" * 5_000
    nested = word_files.changed(
        TEMPLATE, {"word/document.xml": lambda data: data.replace(b"<w:body>", b"<w:body>" + deep)}
    )
    assert "not well-formed" in refusal(nested)


def test_a_size_that_lies_is_noticed() -> None:
    data = bytearray(bomb("word/media/image1.png", 50_000))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (500).to_bytes(4, "little")
    assert "damaged" in refusal(bytes(data))


@pytest.mark.parametrize(
    "name", ("../evil.xml", "/etc/x.xml", "word\\x.xml", "word/../../x.xml", "C:/x.xml", "word//x.xml")
)
def test_part_names_that_lead_elsewhere_are_refused(name: str) -> None:
    assert "not allowed" in refusal(word_files.changed(TEMPLATE, {name: b"<x/>"}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ("word/document.xml", "WORD/Document.xml"))
def test_parts_that_are_there_twice_are_refused(name: str) -> None:
    buffer = io.BytesIO(TEMPLATE)
    with zipfile.ZipFile(buffer, "a") as package:
        package.writestr(name, b"<x/>")
    assert "there twice" in refusal(buffer.getvalue())


def test_passwords_are_refused() -> None:
    data = bytearray(TEMPLATE)
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert "password" in refusal(bytes(data))


@pytest.mark.parametrize(
    "start",
    (
        b'<!DOCTYPE w:document [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>',
        b"<!DOCTYPE x>",
    ),
)
@pytest.mark.parametrize(
    "part", ("word/document.xml", "word/styles.xml", "[Content_Types].xml", "_rels/.rels", "docProps/core.xml")
)
def test_document_types_are_refused(part: str, start: bytes) -> None:
    typed = word_files.changed(TEMPLATE, {part: lambda data: data.replace(b"?>", b"?>" + start, 1)})
    assert "declares a document type" in refusal(typed)


@pytest.mark.parametrize("encoding", ("utf-16", "utf-16-le", "utf-7", "latin-1"))
def test_other_encodings_that_could_hide_one_are_refused(encoding: str) -> None:
    def recoded(data: bytes) -> bytes:
        text = data.decode().replace("UTF-8", encoding).replace("Problem", "Prüfung")
        return text.encode(encoding)

    assert "not UTF-8" in refusal(word_files.changed(TEMPLATE, {"word/document.xml": recoded}))


OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"


def with_part(name: str, kind: str, *, relationship: str, target: str, external: bool = False) -> bytes:
    """The template with one more part, its content type, and a relationship of the document to it."""
    mode = ' TargetMode="External"' if external else ""
    link = (
        f'<Relationship Id="rIdX" Type="{OFFICE}/relationships/{relationship}" '
        f'Target="{target}"{mode}/></Relationships>'
    )
    override = f'<Override PartName="/{name}" ContentType="{kind}"/></Types>'
    changes: dict[str, object] = {
        "word/_rels/document.xml.rels": lambda data: data.replace(b"</Relationships>", link.encode()),
    }
    if name:
        changes |= {
            name: b"<x/>",
            "[Content_Types].xml": lambda data: data.replace(b"</Types>", override.encode()),
        }
    return word_files.changed(TEMPLATE, changes)  # type: ignore[arg-type]


def test_macros_are_refused() -> None:
    binary = with_part(
        "word/vbaProject.bin",
        "application/vnd.ms-office.vbaProject",
        relationship="vbaProject",
        target="vbaProject.bin",
    )
    assert "macros" in refusal(binary)
    for kind in (
        b"application/vnd.ms-word.document.macroEnabled.main+xml",
        b"application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
    ):
        enabled = word_files.changed(
            TEMPLATE,
            {
                "[Content_Types].xml": lambda data, kind=kind: data.replace(
                    b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml", kind
                )
            },
        )
        assert "macros" in refusal(enabled)


def test_a_word_template_is_told_apart() -> None:
    dotx = word_files.changed(
        TEMPLATE, {"[Content_Types].xml": lambda data: data.replace(b"document.main+xml", b"template.main+xml")}
    )
    assert ".dotx" in refusal(dotx)


EMBEDDED = (
    ("word/embeddings/x.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "package"),
    ("word/embeddings/o.bin", "application/vnd.openxmlformats-officedocument.oleObject", "oleObject"),
    ("word/activeX/a.xml", "application/vnd.ms-office.activeX+xml", "control"),
    ("word/chunk.html", "text/html", "aFChunk"),
    ("word/chunk.xml", "application/xml", "aFChunk"),
    ("word/sub.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml", "subDocument"),
    ("customUI/customUI.xml", "application/xml", "ui/extensibility"),
    ("word/charts/chart1.xml", "application/vnd.openxmlformats-officedocument.drawingml.chart+xml", "chart"),
)


@pytest.mark.parametrize(("name", "kind", "relationship"), EMBEDDED)
def test_embedded_objects_are_refused(name: str, kind: str, relationship: str) -> None:
    line = refusal(with_part(name, kind, relationship=relationship, target=f"/{name}"))
    assert "embedded object" in line or "of a kind that a form does not need" in line


OUTSIDE = (
    ("attachedTemplate", "file:///C:/Users/x/Normal.dotm"),
    ("attachedTemplate", "http://evil.invalid/t.dotm"),
    ("image", "\\\\evil.invalid\\share\\i.png"),
    ("image", "http://evil.invalid/i.png"),
    ("hyperlink", "file://evil.invalid/share"),
    ("hyperlink", "\\\\evil.invalid\\share"),
    ("hyperlink", "javascript:alert(1)"),
    ("hyperlink", "ms-msdt:/id"),
    ("frame", "http://evil.invalid/"),
)


@pytest.mark.parametrize(("relationship", "target"), OUTSIDE)
def test_what_points_outside_is_refused(relationship: str, target: str) -> None:
    line = refusal(with_part("", "", relationship=relationship, target=target, external=True))
    assert "points outside itself" in line


def test_links_to_the_web_may_stay() -> None:
    for target in ("https://www.example.invalid/qms", "mailto:qm@example.invalid"):
        data = with_part("", "", relationship="hyperlink", target=target, external=True)
        assert compile_template(data).render(VALUES, given={})


def test_what_points_nowhere_is_refused() -> None:
    assert "which is not there" in refusal(with_part("", "", relationship="image", target="media/gone.png"))


def with_field(*pieces: str, simple: bool = False) -> bytes:
    document = Document(io.BytesIO(TEMPLATE))
    if simple:
        field = f'<w:p {SPACE}><w:fldSimple w:instr="{pieces[0]}"><w:r><w:t>1</w:t></w:r></w:fldSimple></w:p>'
    else:
        text = "".join(f'<w:r><w:instrText xml:space="preserve">{piece}</w:instrText></w:r>' for piece in pieces)
        marks = [f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")]
        field = f"<w:p {SPACE}>{marks[0]}{text}{marks[1]}<w:r><w:t>1</w:t></w:r>{marks[2]}</w:p>"
    document.element.body.insert(0, parse_xml(field))
    return word_files.saved(document)


@pytest.mark.parametrize(
    "pieces",
    (
        ("DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe",),
        (" DDE", "AUTO x"),
        ("INCLUDETEXT http://evil.invalid/x",),
        ("IN", "CLUDE", "PICTURE \\\\\\\\evil.invalid\\\\x.png"),
        ("LINK Excel.Sheet.8 x",),
        ("MACROBUTTON x y",),
        ("HYPERLINK file://evil.invalid/x",),
        ("HYPERLINK \\\\\\\\evil.invalid\\\\x",),
        ("QUOTE {{ f.problem }}",),
        ("{{ f.", "problem }}"),
        ("{% if f.note %}PAGE{% endif %}",),
    ),
)
@pytest.mark.parametrize("simple", (False, True))
def test_fields_that_fetch_run_or_are_filled_in_are_refused(pieces: tuple[str, ...], simple: bool) -> None:
    line = refusal(with_field("".join(pieces) if simple else pieces[0], *(() if simple else pieces[1:]), simple=simple))
    assert "Word field" in line


def test_harmless_fields_may_stay() -> None:
    for text in ("PAGE", " NUMPAGES \\* MERGEFORMAT ", "HYPERLINK https://example.invalid", "= 1 + 1"):
        assert compile_template(with_field(text)).render(VALUES, given={})
        assert compile_template(with_field(text, simple=True)).render(VALUES, given={})


GADGETS = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ f.__class__ }}",
    "{{ f['__class__'] }}",
    "{{ f|attr('__class__') }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ f.problem.format(f) }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "{% include 'x' %}",
    "{% import 'os' as os %}",
    "{% extends 'x' %}",
    "{% macro x() %}{% endmacro %}",
    "{% set x = 1 %}",
    "{% call f() %}{% endcall %}",
    "{{ range(99999999) }}",
    "{{ f.problem|safe }}",
    "{{ f.problem|xmlattr }}",
    "{{ 9**9**9 }}",
    "{{ 'x' * 999999999 }}",
    "{% autoescape false %}{{ f.problem }}{% endautoescape %}",
)


@pytest.mark.parametrize("gadget", GADGETS)
def test_gadgets_are_refused_in_the_text(gadget: str) -> None:
    refusal(word_files.simple(gadget))


@pytest.mark.parametrize("gadget", ("{{ f.__class__ }}", "{{ f.problem|safe }}", "{{ range(9) }}"))
def test_gadgets_are_refused_everywhere_else(gadget: str) -> None:
    for place in ("header", "footer", "first_page_header", "even_page_footer"):
        document = Document(io.BytesIO(TEMPLATE))
        section = document.sections[0]
        section.different_first_page_header_footer = True
        getattr(section, place).paragraphs[0].text = gadget
        refusal(word_files.saved(document))
    for name in ("title", "author", "subject", "comments", "keywords", "category"):
        document = Document(io.BytesIO(TEMPLATE))
        setattr(document.core_properties, name, gadget)
        refusal(word_files.saved(document))


NOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.{}+xml"


def with_notes(kind: str, text: str) -> bytes:
    data = with_part(f"word/{kind}.xml", NOTES.format(kind), relationship=kind, target=f"{kind}.xml")
    body = f"<w:{kind} {SPACE}><w:{kind[:-1]}><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:{kind[:-1]}></w:{kind}>"
    return word_files.changed(data, {f"word/{kind}.xml": body.encode()})


def test_footnotes_are_filled_in_and_checked() -> None:
    made = compile_template(with_notes("footnotes", "see {{ f.problem }}")).render(VALUES, given={})
    assert word_files.paragraphs(made, "word/footnotes.xml") == ["see p"]
    refusal(with_notes("footnotes", "{{ f.__class__ }}"))


def test_tags_where_nobody_fills_them_in_are_refused() -> None:
    for kind in ("endnotes", "comments"):
        assert "not filled in" in refusal(with_notes(kind, "see {{ f.problem }}"))
        assert compile_template(with_notes(kind, "see above")).render(VALUES, given={})


@pytest.mark.parametrize("tag", ("{{r f.problem }}", "{{p f.problem }}", "{{tr f.problem }}"))
def test_tags_that_want_ready_xml_are_refused(tag: str) -> None:
    document = Document()
    document.add_table(rows=1, cols=1).rows[0].cells[0].text = tag
    assert "does not stand in a line of text" in refusal(word_files.saved(document))


def test_a_table_without_widths_is_refused() -> None:
    document = Document(io.BytesIO(TEMPLATE))
    table = document.tables[0]._tbl
    table.remove(table.tblGrid)
    assert "no column widths" in refusal(word_files.saved(document))
