"""The compiled engine fills in what docxtpl fills in, loses nothing, and gives the same bytes everywhere."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import word_files
from docx import Document
from docxtpl import DocxTemplate
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from qmsdocs.base.errors import QmsError
from qmsdocs.render.compiled import compile_template
from qmsdocs.render.mark import qr_png
from qmsdocs.render.sandbox import environment

HARD = (
    *("Tom & Jerry", "a<b>c</b>", "{{ 7*7 }}", "{% for x in y %}", "{# gone? #}", "=1+1", "'quoted' \"double\" “both”"),
    *(
        "x</w:t></w:r><w:r><w:t>APPROVED",
        "&amp; &#10; &lt;",
        "]]>",
        "😀👨\u200d👩\u200d👧",
        "玥喆昇𠮷㐂",
        "\u202eevil\u202c \u200fعربي\u200e",
    ),
    *("\u200bzero\u200dwidth\ufeff", " two  spaces ", "\tleading tab", "a\tb\tc", "line\nend\n\nmore", "\n", "\t", ""),
    *("<w:p>", "\n<w:p >", "\u0085next\u2028line", "00123", "\\n", "水" * 20_000, "字\t段\n" * 2_000),
)
legal = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff", include_characters="\n\t")
)


def context(value: str, *, rows: int = 3, note: str = "noted") -> dict[str, object]:
    """What the company template asks for, `value` in every place."""
    return {
        "organisation": value,
        "number": "TS-HZ-2026-0001",
        "status": "",
        "f": {"problem": value, "short": value[:200], "note": note},  # docxtpl takes 255 characters in a property
        "rows": {"actions": [{"no": str(at), "what": value, "who": f"p{at}"} for at in range(1, rows + 1)]},
    }


def by_docxtpl(template: bytes, values: Mapping[str, object]) -> bytes:
    """The document as docxtpl itself makes it, escaping switched on."""
    reference = DocxTemplate(io.BytesIO(template))
    reference.render(dict(values), environment(), autoescape=True)
    buffer = io.BytesIO()
    reference.save(buffer)
    return buffer.getvalue()


def assert_same_parts(ours: bytes, theirs: bytes) -> None:
    """The same parts, equal after canonicalisation; properties aside, which docxtpl escapes twice."""
    own, other = word_files.parts_of(ours), word_files.parts_of(theirs)
    assert own.keys() == other.keys()
    for name in own.keys() - {"docProps/core.xml"}:
        if name.endswith((".xml", ".rels")):
            forms = (etree.tostring(etree.fromstring(data), method="c14n") for data in (own[name], other[name]))
            assert next(forms) == next(forms), name
        else:
            assert own[name] == other[name], name


TEMPLATE = word_files.company_template()


@pytest.mark.parametrize("value", HARD, ids=lambda value: ascii(value[:20]))
@pytest.mark.parametrize("rows", (0, 3))
def test_a_page_is_what_docxtpl_makes(value: str, rows: int) -> None:
    template = compile_template(TEMPLATE)
    assert template.slow is None
    values = context(value, rows=rows, note=value)
    assert_same_parts(template.render(values, given={}), by_docxtpl(TEMPLATE, values))


@pytest.mark.parametrize("value", HARD, ids=lambda value: ascii(value[:20]))
def test_values_come_out_as_they_went_in(value: str) -> None:
    made = compile_template(TEMPLATE).render(context(value, note="n"), given={})
    assert f"Problem: {value}" in word_files.paragraphs(made)
    assert "Note: n, and {{ these }} stay" in word_files.paragraphs(made)
    assert [row[1] for row in word_files.cells(made)] == ["What", value, value, value]
    assert word_files.paragraphs(made, "word/header1.xml") == [f"{value}\tTS-HZ-2026-0001"]
    core = etree.fromstring(word_files.parts_of(made)["docProps/core.xml"])
    assert core.findtext("{*}title") == f"TS-HZ-2026-0001 {value[:200]}"


@settings(deadline=None, max_examples=150)
@given(legal)
def test_any_text_comes_out_as_it_went_in(value: str) -> None:
    made = compile_template(TEMPLATE).render(context(value), given={})
    assert f"Problem: {value}" in word_files.paragraphs(made)


def test_what_docxtpl_takes_for_an_escape_is_kept_in_values() -> None:
    made = compile_template(TEMPLATE).render(context("{_{ and %_}"), given={})
    assert "Problem: {_{ and %_}" in word_files.paragraphs(made)
    assert "Problem: {{ and %}" in word_files.paragraphs(by_docxtpl(TEMPLATE, context("{_{ and %_}")))


@pytest.mark.parametrize("value", ("\0", "\x0b", "\x1b", "\r", "\x1f", "\ufffe", "\uffff", "a\ud800b"))
@pytest.mark.parametrize("is_slow", (False, True))
def test_text_that_xml_cannot_hold_is_refused(value: str, is_slow: bool) -> None:
    template = compile_template(slow_template("{%tc if f.note %}", "{%tc endif %}") if is_slow else TEMPLATE)
    with pytest.raises(QmsError, match=r"the character U\+[0-9A-F]{4} cannot stand in a document"):
        template.render(context(value), given={})


def slow_template(opening: str, closing: str) -> bytes:
    """A template with cells that come and go."""
    document = Document()
    table = document.add_table(rows=1, cols=4)
    for cell, text in zip(table.rows[0].cells, (opening, "{{ f.problem }}", closing, "end"), strict=True):
        cell.text = text
    return word_files.saved(document)


def colspan_template() -> bytes:
    document = Document()
    document.add_table(rows=1, cols=2).rows[0].cells[0].text = "{% colspan f.note|length %}{{ f.problem }}"
    return word_files.saved(document)


def merged_template() -> bytes:
    document = Document()
    table = document.add_table(rows=2, cols=3)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = (
        "{%tc for row in rows.actions %}",
        "{% hm %}{{ f.problem }}",
    )
    table.rows[0].cells[2].text = "{%tc endfor %}"
    return word_files.saved(document)


def torn_template() -> bytes:
    """A condition that begins in a paragraph and ends in a cell."""
    document = Document()
    document.add_paragraph("{% if f.note %}a {{ f.problem }}")
    document.add_table(rows=1, cols=1).rows[0].cells[0].text = "b{% endif %}"
    return word_files.saved(document)


SLOW = {
    "cells": (slow_template("{%tc if f.note %}", "{%tc endif %}"), "cells of a table come and go"),
    "loop over cells": (
        slow_template("{%tc for row in rows.actions %}", "{%tc endfor %}"),
        "cells of a table come and go",
    ),
    "colspan": (colspan_template(), "the width of a cell changes"),
    "hm": (merged_template(), "the width of a cell changes"),
    "ends elsewhere": (torn_template(), "different parts"),
}


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.parametrize("value", ("plain", "Tom & <Jerry>\n\tnext", ""))
def test_what_cannot_be_compiled_goes_through_docxtpl_and_says_so(name: str, value: str) -> None:
    data, reason = SLOW[name]
    template = compile_template(data)
    assert template.slow is not None
    assert reason in str(template.slow)
    values = context(value, note="nn")
    assert_same_parts(template.render(values, given={}), by_docxtpl(data, values))
    assert template.render(values, given={}) == template.render(values, given={})


def test_what_docxtpl_would_tear_is_an_error() -> None:
    with pytest.raises(QmsError, match="the tags are not nested properly"):
        compile_template(torn_template()).render(context("x", note=""), given={})


def test_the_slow_way_keeps_values_too() -> None:
    template = compile_template(slow_template("{%tc if f.note %}", "{%tc endif %}"))
    for value in (*HARD, "{_{ %_}"):
        assert word_files.cells(template.render(context(value), given={})) == [[value, "end"]]


def test_long_properties_survive_the_slow_way() -> None:
    document = Document(io.BytesIO(slow_template("{%tc if f.note %}", "{%tc endif %}")))
    document.core_properties.title = "{{ f.problem }}"
    made = compile_template(word_files.saved(document)).render(context("a & b " * 100), given={})
    core = etree.fromstring(word_files.parts_of(made)["docProps/core.xml"])
    assert core.findtext("{*}title") == "a & b " * 100


def test_a_row_that_decides_the_width_is_slow_only_when_it_may_be_missing() -> None:
    document = Document()
    table = document.add_table(rows=3, cols=3)
    table.rows[0].cells[0].text, table.rows[2].cells[0].text = "{%tr if f.note %}", "{%tr endif %}"
    assert "widest row" in str(compile_template(word_files.saved(document)).slow)
    table.add_row()
    assert compile_template(word_files.saved(document)).slow is None


def test_a_tag_over_several_runs_of_one_paragraph_is_compiled() -> None:
    document = Document()
    paragraph = document.add_paragraph("{% for row in rows.actions %}")
    paragraph.add_run("{{ row.what }}").font.strike = True
    paragraph.add_run(" {{ row.who }} {% endfor %}end")
    data = word_files.saved(document)
    assert compile_template(data).slow is None
    for rows in (0, 2):
        values = context("a & b", rows=rows)
        assert_same_parts(compile_template(data).render(values, given={}), by_docxtpl(data, values))


def test_a_missing_name_is_an_error_that_names_it() -> None:
    cases = (
        ("{{ f.problm }}", '"f.problm"', "problem"),
        ("{{ nobody }}", '"nobody"', None),
        ("{{ f.problem.more }}", "more", None),
    )
    for tag, name, near in cases:
        with pytest.raises(QmsError, match=name) as refused:
            compile_template(word_files.simple(tag), "own.docx").render(context("x"), given={})
        assert str(refused.value).startswith("own.docx: there is no ")
        assert (near in str(refused.value.hint)) if near else refused.value.hint is None


def test_a_missing_name_is_an_error_in_docxtpl_too() -> None:
    template = compile_template(slow_template("{%tc if f.nothing %}", "{%tc endif %}"))
    with pytest.raises(QmsError, match=r'"f\.nothing"'):
        template.render(context("x"), given={})


def test_fields_may_bear_the_names_of_methods() -> None:
    data = word_files.simple("{{ f.items }} {{ f.keys }} {{ f.count }}")
    made = compile_template(data).render({"f": {"items": "1", "keys": "2", "count": "3"}}, given={})
    assert "1 2 3" in word_files.paragraphs(made)


def test_a_wrong_tag_is_refused_with_the_words_nearby() -> None:
    with pytest.raises(QmsError, match=r'own\.docx.*near "The answer \{\{ f\.problem'):
        compile_template(word_files.simple("Fine", "The answer {{ f.problem"), "own.docx")
    with pytest.raises(QmsError, match=r'own\.docx.*"\{% for x in f %\}"|own\.docx.*end'):
        compile_template(word_files.simple("{% for x in f %}"), "own.docx")


def test_a_comparison_that_makes_no_sense_is_an_error_and_no_crash() -> None:
    with pytest.raises(QmsError, match="cannot be filled in"):
        compile_template(word_files.simple("{% if f.problem > 5 %}x{% endif %}")).render(context("x"), given={})


def test_loops_over_themselves_end() -> None:
    tag = "{% for a in f.problem %}{% for b in f.problem %}{{ a }}{% endfor %}{% endfor %}"
    with pytest.raises(QmsError, match="too long"):
        compile_template(word_files.simple(tag)).render(context("x" * 20_000), given={})


def size_of(data: bytes) -> tuple[int, int]:
    """The drawn size of the first picture, in EMU."""
    extent = next(etree.fromstring(word_files.parts_of(data)["word/document.xml"]).iter("{*}extent"))
    return int(extent.get("cx")), int(extent.get("cy"))


def jpeg(width: int, height: int) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(buffer, "JPEG")
    return buffer.getvalue()


def test_named_pictures_are_replaced_and_keep_their_shape() -> None:
    data = word_files.company_template(qr_png("placeholder"))
    template = compile_template(data)
    code, wide = qr_png("TS-HZ-2026-0001 and more"), jpeg(400, 100)
    values = context("x")
    untouched, replaced, other = (template.render(values, given=given) for given in ({}, {"qr": code}, {"qr": wide}))
    assert qr_png("placeholder") in word_files.parts_of(untouched).values()
    assert code in word_files.parts_of(replaced).values()
    assert qr_png("placeholder") not in word_files.parts_of(replaced).values()
    assert size_of(untouched) == size_of(replaced) == (540_000, 540_000)
    assert size_of(other) == (540_000, 135_000)
    assert size_of(template.render(values, given={"qr": jpeg(100, 400)})) == (135_000, 540_000)
    parts = word_files.parts_of(other)
    assert parts["word/media/qmsdocs-qr.jpeg"] == wide
    assert "word/media/qmsdocs-qr.png" not in parts
    for made in (untouched, replaced, other):
        assert [picture.image.ext for picture in Document(io.BytesIO(made)).part.package.image_parts]
        links = word_files.parts_of(made)["word/_rels/document.xml.rels"].decode()
        assert all(
            f"word/{target}" in word_files.parts_of(made) for target in ("media/qmsdocs-qr.jpeg",) if target in links
        )


def test_pictures_are_replaced_in_docxtpl_too() -> None:
    document = Document(io.BytesIO(word_files.company_template(qr_png("placeholder"))))
    table = document.add_table(rows=1, cols=3)
    for cell, text in zip(table.rows[0].cells, ("{%tc if f.note %}", "x", "{%tc endif %}"), strict=True):
        cell.text = text
    template = compile_template(word_files.saved(document))
    assert template.slow is not None
    parts = word_files.parts_of(template.render(context("x"), given={"qr": jpeg(40, 40)}))
    assert parts["word/media/qmsdocs-qr.jpeg"] == jpeg(40, 40)
    assert b"qmsdocs-qr.jpeg" in parts["word/_rels/document.xml.rels"]
    assert qr_png("placeholder") not in parts.values()


def test_a_picture_of_another_kind_is_refused() -> None:
    template = compile_template(word_files.company_template(qr_png("placeholder")))
    for data in (b"", b"GIF89a", b"<svg/>", qr_png("x")[:20]):
        with pytest.raises(QmsError, match="neither PNG nor JPEG"):
            template.render(context("x"), given={"qr": data})


def test_dates_are_those_given_or_the_templates_and_never_the_clock() -> None:
    without = word_files.changed(
        TEMPLATE,
        {
            "docProps/core.xml": None,
            "_rels/.rels": lambda data: data.replace(b"core-properties", b"nothing").replace(
                b"docProps/core.xml", b"word/document.xml"
            ),
            "[Content_Types].xml": lambda data: data.replace(b"core-properties+xml", b"core-properties+xml"),
        },
    )
    for data in (TEMPLATE, without):
        one, two = (compile_template.__wrapped__(data).render(context("x"), given={}) for _ in range(2))
        assert one == two
    dated = compile_template(TEMPLATE).render(context("x"), given={}, dates={"created": "2026-11-21T06:05:00Z"})
    core = word_files.parts_of(dated)["docProps/core.xml"].decode()
    assert ">2026-11-21T06:05:00Z</dcterms:created>" in core
    assert ">2013-12-23T23:15:00Z</dcterms:modified>" in core


PROGRAM = """
import hashlib, sys
import test_docx_compiled as t
made = t.compile_template(t.TEMPLATE).render(t.context("a & b\\n\\tc"), given={})
slow = t.compile_template(t.slow_template("{%tc if f.note %}", "{%tc endif %}")).render(t.context("x"), given={})
print(hashlib.sha256(made + slow).hexdigest())
"""


def test_other_processes_make_the_same_bytes() -> None:
    folder = Path(__file__).parent
    paths = os.pathsep.join((str(folder), *sys.path))
    seen = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths, "TZ": zone},
            check=True, capture_output=True, text=True, cwd=folder,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Shanghai"))
    }  # fmt: skip
    assert len(seen) == 1
    assert len(seen.pop().strip()) == 64
