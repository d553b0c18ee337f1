"""Word files from outside: what is refused, in one line; what is written by the command."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import word_makers as makers
from program import Program, refused
from word_makers import cell, p, row, run, table, word
from word_reports import LOST, notes, read, refusal

from qmsdocs.base.errors import QmsError
from qmsdocs.model.document import parse_procedure

# ── hostile and other files


def packed(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members.items():
            package.writestr(name, data)
    return stream.getvalue()


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
GOOD = word(p("1 目的") + p("说明。"))


def doubled() -> bytes:
    stream = io.BytesIO(GOOD)
    with pytest.warns(UserWarning), zipfile.ZipFile(stream, "a") as package:
        package.writestr("word/document.xml", b"<x/>")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a Word document"),
        (b"plain text", "not a Word document"),
        (OLE, "an old Word file (.doc)"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (b"%PDF-1.7 x", "it is a PDF"),
        (b"{\\rtf1 x}", "it is an RTF file"),
        (b"<html><body>x", "it is a web page"),
        (packed(mimetype=b"application/vnd.oasis.opendocument.text"), "not a Word document"),
        (word(p("x"), main_type="document.macroEnabled.main+xml"), "macros"),
        (word(p("x"), more={"word/vbaProject.bin": b"x"}), "macros"),
        (word(p("x"), main_type="template.main+xml"), "Word template"),
        (word(p("x")).replace(b"PK\x03\x04", b"PK\x03\x05"), "not a Word document"),
        (GOOD[:-40], "damaged"),
        (word("<!--<!DOCTYPE x>-->" + p("x")), "declares a document type"),
        (word("<w:p>"), "not well-formed"),
        (word(p("字" * 3_000_000)), "times its size"),
        (word(""), "the document has no text"),
        (word("<w:p>" + '<w:r><w:fldChar w:fldCharType="begin"/></w:r>' * 40 + run("x") + "</w:p>"), "nested too deeply"),
        (word("<w:sdt><w:sdtContent>" * 140 + p("x") + "</w:sdtContent></w:sdt>" * 140), "well-formed"),
        (b"PK\x03\x04" + bytes(70_000_000), "larger than 64 MB"),
    ],
)  # fmt: skip
def test_what_is_no_ordinary_word_file_is_refused_in_one_line(data: bytes, said: str) -> None:
    assert said in refusal(data)


def test_a_part_that_is_there_twice_is_refused() -> None:
    assert "there twice" in refusal(doubled())


def test_a_file_of_more_pieces_than_any_manual_has_is_refused() -> None:
    pieces = "".join(f'<w:r w:a="{at * 7919 % 100003}"/>' for at in range(500_001))
    assert "elements" in refusal(word(f"<w:p>{pieces}</w:p>"))


def test_merged_cells_cannot_blow_a_table_up() -> None:
    rows = (row(cell(str(at * 7919), look='<w:gridSpan w:val="9999"/>'), str(at)) for at in range(1_200))
    assert "cells of tables" in refusal(word(p("1 目的") + table(*rows)))


def test_a_picture_from_outside_is_named_and_never_fetched() -> None:
    blip = makers.picture("away").replace("r:embed", "r:link")
    imported = read(word(p("1 目的") + p("见图。", blip), links={"away": ("image", "http://127.0.0.1:9/x.png")}))
    assert not imported.pictures
    assert any("http://127.0.0.1:9/x.png" in one for one in notes(imported, LOST))


def test_entities_are_not_resolved_and_addresses_are_only_words() -> None:
    link = f'<w:hyperlink r:id="l">{run("点这里")}</w:hyperlink>'
    imported = read(word(p("1 目的") + p(link, "。"), links={"l": ("hyperlink", "file:///etc/passwd")}))
    assert "点这里。" in imported.markdown and "passwd" not in imported.markdown
    assert any("file:///etc/passwd" in one for one in notes(imported, LOST))


def test_a_damaged_file_never_leads_to_anything_but_a_refusal_or_a_draft() -> None:
    data = bytearray(makers.classic())
    for at in range(30, len(data), len(data) // 60):
        broken = bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        try:
            read(broken)
        except QmsError as error:
            assert "\n" not in str(error)


# ── the command


def test_the_command_writes_the_draft_and_its_pictures_and_keeps_what_is_there(
    repository: Program, tmp_path: Path
) -> None:
    source = tmp_path / "回访.docx"
    source.write_bytes(makers.classic())
    done = repository("document", "import", source)
    assert done.code == 0, done.err
    assert done.out.splitlines()[:2] == ["procedures/QH-QP-09.md", "procedures/QH-QP-09/picture-1.png"]
    assert "Not carried over: 2" in done.out
    draft = repository.root / "procedures" / "QH-QP-09.md"
    assert (repository.root / "procedures" / "QH-QP-09" / "picture-1.png").read_bytes() == makers.png(90)
    assert "revision B/2; submit it as: qmsdocs document submit QH-QP-09 --revision B/2" in done.err
    text = draft.read_text("utf-8")
    assert "# 由 Word 文件导入 / imported from 回访.docx\n" in text and 'kind       = "procedure"' in text
    draft.write_text(text.replace("quality_manager", "service_manager"), "utf-8")
    refused(repository("document", "import", source), "is there already")
    assert "service_manager" in draft.read_text("utf-8")
    again = repository("document", "import", source, "--replace", "--json").json
    assert again["document"]["number"] == "QH-QP-09" and again["found"]["revision"] == "B/2"
    assert {note["kind"] for note in again["notes"]} == {"not_carried", "altered"}
    assert "service_manager" in draft.read_text("utf-8")


def test_the_command_names_the_day_and_the_numbers_that_stay_words(repository: Program, tmp_path: Path) -> None:
    source = tmp_path / "巡检.docx"
    head = row("文件编号", "QP-77", "文件名称", "巡检程序") + row("版次", "B/2", "生效日期", "2024-05-06")
    body = table(head) + p("1 目的") + p("按QD-14-02办理，见 QD-14-025、QP-77 和 QR-14-04。") + p("再见 QD-14-02。")
    source.write_bytes(word(body))
    done = repository("document", "import", source)
    assert "known numbers that stay plain text: QD-14-02, QR-14-04; write [QD-14-02] to name" in done.out
    assert done.out.count("stay plain text") == 1
    assert "effective on 2024-05-06" in done.err


def test_the_command_tells_what_the_draft_had_and_the_word_file_has_not(repository: Program, tmp_path: Path) -> None:
    source = tmp_path / "投诉.docx"
    body = table(row("文件编号", "QD-14-02", "文件名称", "客户投诉处理规定")) + p("1 目的") + p("让投诉有着落。")
    source.write_bytes(word(body))
    refused(repository("document", "import", source), "is there already")
    notes_ = repository("document", "import", source, "--replace", "--json").json["notes"]
    said = next(note["message"] for note in notes_ if note["kind"] == "not_carried")
    for tag in (
        "{{ p.report_within }}",
        "{{ references }}",
        "{{ forms }}",
        "```rules QR-14-04 level",
        "```flow QR-14-04",
    ):
        assert tag in said
    procedure = parse_procedure((repository.root / "procedures" / "QD-14-02.md").read_text("utf-8"), source="x")
    assert "report_within" in procedure.parameters and procedure.body == "# 目的\n\n让投诉有着落。\n"


def test_the_command_gives_a_number_and_refuses_what_is_no_word_file(repository: Program, tmp_path: Path) -> None:
    source = tmp_path / "a.docx"
    source.write_bytes(GOOD)
    done = repository("document", "import", source, "--number", "QP-77", "--json").json
    assert done["document"]["files"] == ["procedures/QP-77.md"]
    said = " ".join(note["message"] for note in done["notes"])
    assert "no title was found" in said and "are guesses" in said
    source.write_bytes(b"%PDF-1.4")
    with repository.unchanged():
        refused(repository("document", "import", source), "it is a PDF")
        refused(repository("document", "import", tmp_path / "none.docx"), "cannot be read")
