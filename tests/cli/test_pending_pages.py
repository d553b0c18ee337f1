"""Without a PDF engine a record is issued all the same; its page is drawn later."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from program import COMPLAINT, Program, looked

# What a machine without the libraries does when they are asked for.
STUB = """
import cffi

_before = cffi.FFI.dlopen

def dlopen(self, name, *more):
    if name and any(part in str(name) for part in ("pango", "gobject", "harfbuzz", "fontconfig")):
        raise OSError(f"cannot load library {name!r}: no such file")
    return _before(self, name, *more)

cffi.FFI.dlopen = dlopen
"""
MISSING = "import sys\nsys.modules['weasyprint'] = None\n"


@pytest.fixture(params=[STUB, MISSING], ids=["no libraries", "no engine"])
def without(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The surroundings of a machine on which nothing can be drawn."""
    folder = tmp_path / "stub"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(request.param, "utf-8")
    import os

    return {"PYTHONPATH": os.pathsep.join(part for part in (str(folder), os.environ.get("PYTHONPATH", "")) if part)}


def test_issued_now_drawn_later(live: Program, without: dict[str, str]) -> None:
    path = live.draft("draft.json", "QR-14-04", COMPLAINT, submission="one")
    found = live.process("record", "issue", path, "--json", environment=without)
    assert found.code == 0, found.err
    [issued] = found.json["issued"]
    assert issued["pending"] and "engine" in issued["pending"]
    assert [Path(item["path"]).suffix for item in issued["files"]] == [".docx"]
    assert "pending" in found.err and "Traceback" not in found.err
    plain = live.process("record", "issue", path, environment=without)
    assert plain.code == 0 and issued["number"] in plain.out
    amended = live.process("record", "amend", issued["number"], "--set", "room=0802", "-m", "x", environment=without)
    assert amended.code == 0, amended.err
    still = live.process("record", "render", "--pending", "--json", environment=without)
    assert still.code == 1
    assert still.json["rendered"][0]["pending"]
    for words in (
        ("status",),
        ("record", "list"),
        ("register", "show", "complaints", "-o", "out.docx"),
        ("form", "list"),
    ):
        assert live.process(*words, environment=without).code in (0, 1), words
    for words in (("register", "show", "complaints", "-o", "out.pdf"), ("form", "show", "QR-14-04", "-o", "out.pdf")):
        refused = live.process(*words, environment=without)
        assert (refused.code, refused.out) == (2, "") and refused.err.startswith("error: the PDF engine"), refused
    assert not (live.root / "out.pdf").exists()

    drawn = live.process("record", "render", "--pending", "--json")
    assert drawn.code == 0, drawn.err
    [item] = drawn.json["rendered"]
    assert item["pending"] is None and len(item["files"]) == 2
    pdf = next(live.root / file["path"] for file in item["files"] if file["path"].endswith(".pdf"))
    assert "0802" in looked("pdftotext", pdf, "-")
    assert live.process("record", "render", "--pending", "--json").json["rendered"] == []


def test_pages_can_be_left_for_later(repository: Program) -> None:
    numbers = [repository.issue("QR-14-04", customer=f"c{turn}") for turn in range(3)]
    assert not (repository.root / "records" / "issued").exists()
    assert repository("record", "render", numbers[1]).code == 0
    found = repository("record", "render", "--pending", "--json")
    assert found.code == 0
    assert [item["number"] for item in found.json["rendered"]] == [numbers[0], numbers[2]]
    repository("record", "void", numbers[0], "-m", "x", "--no-pages")
    assert [item["number"] for item in repository("record", "render", "--pending", "--json").json["rendered"]] == [
        numbers[0]
    ]
    shutil.rmtree(repository.root / "records" / "issued")
    assert len(repository("record", "render", "--pending", "--json").json["rendered"]) == 3
    for path in (repository.root / "records" / "issued").rglob("*.pdf"):
        path.write_bytes(b"")
    for path in (repository.root / "records" / "issued").rglob("*.docx"):
        path.unlink()
    assert len(repository("record", "render", "--pending", "--json").json["rendered"]) == 3


def test_pages_that_cannot_be_written_are_pending(repository: Program) -> None:
    """Something stands where the pages go: the record is issued, and it is said what is in the way."""
    (repository.root / "records" / "issued").write_text("a file", "utf-8")
    path = repository.draft("draft.json", "QR-14-04", COMPLAINT)
    found = repository("record", "issue", path, "--json")
    assert found.code == 0, found.err
    assert "records/issued" in found.json["issued"][0]["pending"]
    (repository.root / "records" / "issued").unlink()
    assert repository("record", "render", "--pending").code == 0


def test_a_template_that_is_faulty_leaves_the_page_pending(repository: Program, tmp_path: Path) -> None:
    """What stands in the folder is not in force: its template draws nothing, faulty or not."""
    for name in ("template.docx", "template.html"):
        (repository.root / "forms" / "QR-14-04" / name).write_bytes(b"{{ nothing }} <img src='http://example.org'>")
    path = repository.draft("draft.json", "QR-14-04", COMPLAINT)
    found = repository("record", "issue", path, "--json")
    assert found.code == 0 and found.json["issued"][0]["pending"] is None
