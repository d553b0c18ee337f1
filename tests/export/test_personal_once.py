"""What was personal in one revision of a form leaves the house of no record, whatever its own revision says."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from program import Make, Program, refused, tool
from pulled import done, every_byte, pull

from qmsdocs.base.language import Language

NAME, PHONE, ROOM, OWNER = "司徒澜", "13766667777", "丙栋2204", "慕容雪"
PLACE = "雪晴苑九幢"  # of a field that is personal in the older revision only
CALLERS = "诸葛明夫妇"  # with the owner in one field
HELD = "上官婷"  # no record names her
SPOKEN = (NAME, PHONE, "137-6666-7777", ROOM, OWNER, PLACE, HELD, CALLERS[:3], ".stlan")
CALL, SHEET = "XX-HZ-2026-0001", "LX-HZ-2026-0001"
FLOOR = '[field.floor]\ntype = "integer"\ntitle = "楼层"\npersonal = true\n\n'  # a number the register is ordered by
FORM, PROCEDURE = "forms/QR-14-03/form.toml", "procedures/QD-14-04.md"


@pytest.fixture(scope="module")
def house(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A call on the form as it is, its place personal; then a revision that hides the phone and shows the place.

    What is said of the caller stands in other records, a release, a hold and a name of a file as well.
    """
    program = make(tmp_path_factory.mktemp("once") / "acme")
    text = (program.root / FORM).read_text("utf-8").replace('order   = ["number"]', 'order   = ["floor", "number"]')
    text = text.replace("[field.estate]", FLOOR + "[field.estate]").replace('= ["number", ', '= ["number", "floor", ')
    program = _released(program, _marked(text, "estate", "kind", but=("customer", "phone", "room")), "更改标记")
    told = {"topic": "电梯停运", "statements": [{"statement": f"{NAME}，137-6666-7777，住{ROOM}"}]}
    program.issue("QR-14-03", customer=NAME, phone=PHONE, room=ROOM, estate=PLACE, **told)
    program = _released(program, _marked(text, "accepted_by"), f"{NAME}打来电话以后更改")
    procedure = (program.root / PROCEDURE).read_text("utf-8")
    program = _released(program, f"{procedure}\n另行规定。\n", f"按{NAME}所说更改", PROCEDURE)
    own = {
        "customer": f"{OWNER}和{CALLERS}",
        "phone": "0571-88990011",
        "floor": 7,
        "estate": "平常的地方",
        "accepted_at": "2026-11-24 09:00",
    }
    program.issue("QR-14-03", topic="电梯停运", **own)
    program.issue("QR-04-01", subject=f"{NAME}　１３７６６６６７７７７", content=f"住{PLACE}，与{OWNER}同楼")
    lent = {
        "kind": "original",
        "lent_on": "2026-11-20",
        "due_on": "2026-11-25",
        "holder": "li.ming",
        "lent_by": "wang.fang",
    }
    named = {"lent_record": f"{NAME}来电记录（纸质）", "record_title": f"{CALLERS[:3]}的记录", "purpose": "复核"}
    draft = program.draft("lent.json", "QR-02-01", {"outside": False, **lent, **named})
    done(program, "record", "issue", draft, "--no-pages")
    photo = program.root / f"{NAME}.stlan"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n " + NAME.encode())
    done(program, "record", "attach", SHEET, photo, "--field", "enclosures", "-m", "补", "--no-pages")
    photo.unlink()
    done(program, "retention", "hold", SHEET, "--title", f"{NAME}一事", "-m", "诉讼", "--as", "li.ming")
    done(program, "retention", "hold", "--customer", HELD, "-m", "来函", "--as", "li.ming")
    (program.root / "procedures" / f"{NAME}.md").write_text("nothing\n", "utf-8")
    return program


def _marked(text: str, *names: str, but: tuple[str, ...] = ()) -> str:
    """The form with these fields marked personal and those not."""
    for name in but:
        text = re.sub(rf"(\[field\.{name}\](?:\n(?!\[).*)*?)\npersonal += true", r"\1", text)
    for name in names:
        text = text.replace(f"[field.{name}]\n", f"[field.{name}]\npersonal = true\n")
    return text


def _released(program: Program, text: str, why: str, path: str = FORM) -> Program:
    (program.root / path).write_text(text, "utf-8")
    number = "QR-14-03" if path == FORM else Path(path).stem
    done(program, "document", "submit", number, "-m", why)
    done(program, "document", "review", number, "--as", "li.ming")
    later = program.later(timedelta(days=1))
    assert later.at is not None
    done(program, "document", "approve", number, "--as", "zhao.lei", "--effective", later.at.date())
    return later


def found(name: str, data: bytes) -> Iterator[tuple[str, str]]:
    for inner, part in every_byte(name, data):
        for text in SPOKEN:
            if text.encode() in part or json.dumps(text)[1:-1].encode() in part or text.encode() in inner.encode():
                yield text, inner


@pytest.mark.parametrize("words", [(SHEET,), ("--form", "QR-14-03"), ("--form", "QR-02-01")])
def test_no_package_holds_it_in_any_byte(house: Program, tmp_path: Path, words: tuple[str, ...]) -> None:
    pull(house, tmp_path / "p.zip", *words)
    assert not [*found("p.zip", (tmp_path / "p.zip").read_bytes())]


@pytest.mark.parametrize("language", [*Language])
def test_no_site_holds_it_in_any_byte(house: Program, tmp_path: Path, language: Language) -> None:
    done(replace(house, language=language), "export", "site", "-o", tmp_path / "site")
    files = [path for path in (tmp_path / "site").rglob("*") if path.is_file()]
    assert any(path.suffix == ".svg" for path in files) and any(path.suffix == ".pdf" for path in files)
    assert not [hit for path in files for hit in found(path.name, path.read_bytes())]
    drawn = "".join(path.read_text("utf-8") for path in files if path.suffix == ".svg")
    assert "求助" not in drawn and "Help" not in drawn, "a personal choice is counted"


def test_the_opening_sheet_says_nothing_of_anybody(house: Program, tmp_path: Path) -> None:
    done(house, "export", "pull", "--opening", "--for", "甲", "-o", tmp_path / "o.pdf")
    assert not [*found("o.pdf", (tmp_path / "o.pdf").read_bytes())]
    said = subprocess.run(
        [tool("pdftotext"), str(tmp_path / "o.pdf"), "-"], capture_output=True, encoding="utf-8"
    ).stdout
    assert CALL in said and "The system began (2026-11-21) with first releases of" in " ".join(said.split())
    assert [said.count(f"{number}") > 1 for number in ("QR-14-03", "QR-18-02")] == [True, True]
    with house.unchanged():
        for words in (("--for", NAME), ("--for", "甲", "-m", f"{NAME}起诉")):
            refused(house("export", "pull", "--opening", *words, "-o", "o.pdf"), "names somebody")
