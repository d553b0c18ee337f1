"""The pages of issued records, looked at with other people's tools: qpdf, poppler, LibreOffice, plain XML."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hard import LONG, TAKEN, normal
from lxml import etree
from program import COMPLAINT, FORMS, Program, looked, tool

POINTS = 72 / 25.4  # of a millimetre
BINDING = 12  # mm at the left that stay white
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@dataclass(frozen=True)
class Drawn:
    """A record and its pages."""

    number: str
    pdf: Path
    docx: Path


def issued(desk: Program, *paths: Path) -> list[Drawn]:
    found = desk("record", "issue", *paths, "--json")
    assert found.code == 0, found.err
    drawn = []
    for item in found.json["issued"]:
        assert item["pending"] is None
        files = {Path(file["path"]).suffix: desk.root / file["path"] for file in item["files"]}
        for file in item["files"]:
            assert hashlib.sha256((desk.root / file["path"]).read_bytes()).hexdigest() == file["sha256"]
        drawn.append(Drawn(item["number"], files[".pdf"], files[".docx"]))
    return drawn


@pytest.fixture(scope="module")
def examples(shared: Program) -> Mapping[str, Drawn]:
    """The example of every form, issued."""
    paths = [shared.root / "forms" / form / "example.toml" for form in FORMS]
    return dict(zip(FORMS, issued(shared, *paths), strict=True))


@pytest.fixture(scope="module")
def hard(shared: Program) -> Mapping[str, Drawn]:
    """Every hard text in a line and in a long text of a complaint; three of them share one."""
    groups = [[*TAKEN][turn : turn + 3] for turn in range(0, len(TAKEN), 3)]
    paths = []
    for turn, names in enumerate(groups):
        values = dict(COMPLAINT)
        for name, line, text in zip(
            names, ("customer", "room", "estate"), ("what_happened", "plan", "answer"), strict=False
        ):
            values |= {line: TAKEN[name], text: TAKEN[name]}
        paths.append(shared.draft(f"hard-{turn}.json", "QR-14-04", values))
    drawn = issued(shared, *paths)
    return {name: drawn[turn] for turn, names in enumerate(groups) for name in names}


# ── PDF


@pytest.mark.parametrize("form", FORMS)
def test_the_pdf_is_sound(examples: Mapping[str, Drawn], form: str) -> None:
    path = examples[form].pdf
    assert "No syntax or stream encoding errors found" in looked("qpdf", "--check", path)
    fonts = looked("pdffonts", path).splitlines()[2:]
    assert fonts
    for line in fonts:
        embedded, subset = re.split(r"\s+", line.strip())[-5:-3]
        assert (embedded, subset) == ("yes", "yes"), line


@pytest.mark.parametrize("form", FORMS)
def test_the_pdf_holds_the_events(shared: Program, examples: Mapping[str, Drawn], form: str, tmp_path: Path) -> None:
    check_attached(shared, examples[form], tmp_path)


def check_attached(desk: Program, drawn: Drawn, folder: Path) -> None:
    """Nothing; `record.json` in the PDF is exactly what `record show --json` says, and its hashes fit."""
    subprocess.run([tool("pdfdetach"), "-save", "1", "-o", folder / "record.json", drawn.pdf], check=True)
    listed = looked("pdfdetach", "-list", drawn.pdf)
    assert "1 embedded files" in listed and "record.json" in listed
    attached = json.loads((folder / "record.json").read_bytes())
    record = desk.record(drawn.number)
    assert attached == {"format": 1, "events": record["events"]}
    for event, digest in zip(attached["events"], record["event_sha256"], strict=True):
        data = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        assert hashlib.sha256(data).hexdigest() == digest


def pages(path: Path) -> int:
    return int(re.findall(r"^Pages:\s+(\d+)", looked("pdfinfo", path), re.MULTILINE)[0])


@pytest.mark.parametrize("form", FORMS)
def test_a_record_stands_on_one_page(examples: Mapping[str, Drawn], form: str) -> None:
    assert pages(examples[form].pdf) == 1 or form == "QR-18-02"


@pytest.mark.parametrize("form", FORMS)
def test_the_binding_edge_stays_white(examples: Mapping[str, Drawn], form: str, tmp_path: Path) -> None:
    path = examples[form].pdf
    words = etree.fromstring(looked("pdftotext", "-bbox", path, "-").encode(), etree.HTMLParser())
    lefts = [float(word.get("xmin")) for word in words.iter("word")]
    assert min(lefts) >= BINDING * POINTS
    looked("pdftoppm", "-gray", "-r", "60", path, tmp_path / "page")
    pictures = [*tmp_path.glob("page*.pgm")]
    assert len(pictures) == pages(path)
    for picture in pictures:
        width, dark = columns(picture.read_bytes())
        assert width * 25.4 / 60 == pytest.approx(210, abs=1)
        assert min(dark) * 25.4 / 60 >= BINDING


def columns(data: bytes) -> tuple[int, list[int]]:
    """The width of a grey picture, and the columns in which anything is drawn."""
    found = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", data)
    assert found is not None
    width, points = int(found[1]), data[found.end() :]
    return width, [column for column in range(width) if min(points[column::width]) < 200]


@pytest.mark.parametrize("form", FORMS)
def test_every_option_is_printed(shared: Program, examples: Mapping[str, Drawn], form: str) -> None:
    definition = tomllib.loads((shared.root / "forms" / form / "form.toml").read_text("utf-8"))
    text = squeezed(looked("pdftotext", "-raw", examples[form].pdf, "-"))
    record = shared.record(examples[form].number)["values"]
    for name, field in definition["field"].items():
        for choice in field.get("choices", {}).values():
            if "when" not in field or name in record:
                assert squeezed(choice["zh"]) in text, (name, choice)


def test_text_comes_out_in_reading_order(examples: Mapping[str, Drawn]) -> None:
    for flags in ((), ("-raw",), ("-layout",)):
        text = squeezed(looked("pdftotext", *flags, examples["QR-14-04"].pdf, "-"))
        wanted = (
            "绿源置业",
            "QR-14-04",
            "客户投诉处理记录",
            "一、受理与判定",
            "接到投诉时间",
            "客户姓名",
            "林玥",
            "联系电话",
            "二、处理与结案",
        )
        places = [text.find(word) for word in wanted]
        assert -1 not in places, (flags, dict(zip(wanted, places, strict=True)))
        assert places == sorted(places), (flags, dict(zip(wanted, places, strict=True)))


def squeezed(text: str) -> str:
    """`text` without spaces of any width, ends of lines and pages."""
    return re.sub("[ \\t\\n\\r\\f\\u00a0\\u3000]", "", text)


def printed(text: str) -> str:
    """The pattern of `text` on a page: each character, or where no face has it its code point in brackets."""
    return "".join(f"(?:{re.escape(sign)}|\\[U\\+{ord(sign):04X}\\])" for sign in squeezed(text))


@pytest.mark.parametrize("name", [name for name in TAKEN if TAKEN[name] != LONG])
def test_the_pdf_says_every_text(hard: Mapping[str, Drawn], name: str) -> None:
    text = looked("pdftotext", "-raw", hard[name].pdf, "-")
    assert len(re.findall(printed(normal(TAKEN[name])), squeezed(text))) >= 2


def test_the_pdf_says_a_long_text_in_an_annex(hard: Mapping[str, Drawn]) -> None:
    text = squeezed(looked("pdftotext", "-raw", hard["20,000 characters"].pdf, "-"))
    for turn in range(0, 20_000 // 10 - 1):
        assert f"第{turn:04d}处漏水；" in text
    assert pages(hard["20,000 characters"].pdf) > 1


@pytest.mark.parametrize("name", ["marks", "override", "isolates", "zero width"])
def test_a_page_prints_what_cannot_be_seen(hard: Mapping[str, Drawn], name: str) -> None:
    text = squeezed(looked("pdftotext", "-raw", hard[name].pdf, "-"))
    hidden = [sign for sign in TAKEN[name] if not sign.isprintable()]
    assert hidden
    for sign in hidden:
        assert f"[U+{ord(sign):04X}]" in text and sign not in text


@pytest.mark.parametrize("name", ["rare characters", "emoji", "expression", "20,000 characters", "escape of a sheet"])
def test_the_pdf_of_a_hard_text_is_sound(shared: Program, hard: Mapping[str, Drawn], name: str, tmp_path: Path) -> None:
    assert "No syntax or stream encoding errors found" in looked("qpdf", "--check", hard[name].pdf)
    assert all(
        re.split(r"\s+", line.strip())[-5] == "yes" for line in looked("pdffonts", hard[name].pdf).splitlines()[2:]
    )
    check_attached(shared, hard[name], tmp_path)


def test_rare_names_are_drawn(hard: Mapping[str, Drawn]) -> None:
    """玥 喆 昇 are in no old character set, but in our faces."""
    assert "玥喆昇" in squeezed(looked("pdftotext", "-raw", hard["rare characters"].pdf, "-"))


# ── DOCX


def word_text(path: Path) -> str:
    """The text of a Word document, read as plain XML."""
    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None
        root = etree.fromstring(package.read("word/document.xml"))
    return "\n".join("".join(pieces(paragraph)) for paragraph in root.iter(f"{WORD}p"))


def pieces(paragraph: etree._Element) -> list[str]:
    found = []
    for part in paragraph.iter():
        match part.tag:
            case tag if tag == f"{WORD}t":
                found.append(part.text or "")
            case tag if tag == f"{WORD}tab" and part.getparent().tag == f"{WORD}r":
                found.append("\t")
            case tag if tag == f"{WORD}br":
                found.append("\n")
    return found


@pytest.mark.parametrize("name", TAKEN)
def test_the_docx_says_every_text(hard: Mapping[str, Drawn], name: str) -> None:
    assert word_text(hard[name].docx).count(normal(TAKEN[name])) >= 2


@pytest.fixture(scope="module")
def opened(
    examples: Mapping[str, Drawn], hard: Mapping[str, Drawn], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Drawn, str], Path]:
    """What LibreOffice makes of the documents: one start for all."""
    folder = tmp_path_factory.mktemp("office")
    drawn = dict.fromkeys([*examples.values(), *(hard[name] for name in OFFICE)])
    for kind in ("pdf", "txt:Text (encoded):UTF8"):
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        words = [tool("soffice"), profile, "--headless", "--convert-to", kind, "--outdir", folder]
        subprocess.run([*words, *(item.docx for item in drawn)], check=True, capture_output=True, timeout=300)
    return lambda item, kind: folder / f"{item.docx.stem}.{kind}"


OFFICE = (
    "ampersand",
    "angle brackets",
    "expression",
    "formula",
    "quotes",
    "emoji",
    "rare characters",
    "lines",
    "20,000 characters",
)


@pytest.mark.parametrize("form", FORMS)
def test_libreoffice_shows_the_values(
    shared: Program, examples: Mapping[str, Drawn], opened: Callable[[Drawn, str], Path], form: str
) -> None:
    text = squeezed(opened(examples[form], "txt").read_text("utf-8-sig"))
    draft = tomllib.loads((shared.root / "forms" / form / "example.toml").read_text("utf-8"))["values"]
    definition = tomllib.loads((shared.root / "forms" / form / "form.toml").read_text("utf-8"))["field"]
    shown = [value for name, value in draft.items() if definition[name]["type"] in ("text", "long_text")]
    assert len(shown) >= 2
    for value in (examples[form].number, *shown):
        assert squeezed(value) in text
    assert pages(opened(examples[form], "pdf")) == 1 or form == "QR-18-02"


@pytest.mark.parametrize("name", OFFICE)
def test_libreoffice_shows_hard_texts(
    hard: Mapping[str, Drawn], opened: Callable[[Drawn, str], Path], name: str
) -> None:
    text = squeezed(opened(hard[name], "txt").read_text("utf-8-sig"))
    assert text.count(squeezed(normal(TAKEN[name]))) >= 2


# ── again and again


def test_two_processes_draw_the_same_bytes(live: Program) -> None:
    numbers = [live.issue("QR-14-04", customer="王𠮷 & “李”", what_happened="第一行\n第二行😀"), live.issue("QR-14-03")]
    live("record", "amend", numbers[0], "--set", "phone=13900000000", "-m", "号码听错", "--no-pages")
    seen = []
    for seed, zone in (("0", "UTC"), ("4242", "Asia/Tokyo")):
        for path in (live.root / "records" / "issued").rglob("*.*"):
            path.unlink()
        found = live.process("record", "render", *numbers, "--json", environment={"PYTHONHASHSEED": seed, "TZ": zone})
        assert found.code == 0, found.err
        seen.append({path: data for path, data in live.files().items() if path.startswith("records/issued/")})
    assert len(seen[0]) == 4
    assert seen[0] == seen[1]
