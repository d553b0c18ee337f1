"""docs/json.md: every key the program prints is on the page, and every key on the page is printed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
import pytest
from json_page import FORMAT, SECTIONS, compare, missing, printed
from program import COMPLAINT, Program

from qmsdocs.cli.root import root

TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def desk(shared: Program) -> Program:
    """A repository with a complaint that called for an 8D report, a correction, a voided number."""
    classify = {"nature": "quality", "quality_kind": "engineering", "same_province": "true", "needs_others": "false"}
    classify |= {"lawsuit": "none", "media": "none", "people_together": "12"}
    given = [word for name, value in classify.items() for word in ("--set", f"{name}={value}")]
    number = shared.issue("QR-14-04")
    for words in (
        ("record", "advance", number, "classify", *given, "--as", "zhang.wei", "--no-pages"),
        ("record", "amend", number, "--set", "phone=13800000000", "-m", "号码听错", "--no-pages"),
    ):
        assert shared(*words).code == 0
    return shared


def test_issue_and_raise(desk: Program) -> None:
    good = desk.draft("good.json", "QR-14-04", COMPLAINT)
    again = desk.draft("again.json", "QR-14-04", COMPLAINT, submission="ab" * 16)
    bad = desk.draft("bad.json", "QR-14-04", {**COMPLAINT, "channel": "pigeon"})
    found = desk("record", "issue", good, again, bad, desk.root / "none.toml", "--json")
    assert found.code == 2
    assert [item["field"] for item in found.json["refused"]] == ["channel", None]
    compare("record issue", found)
    assert [item["again"] for item in desk("record", "issue", again, "--json", "--no-pages").json["issued"]] == [True]
    raised = desk("record", "raise", "TS-HZ-2026-0001", "report_8d", "--json", "--no-pages")
    documented = SECTIONS["record issue"]
    assert {key for key, _ in printed(raised.json, "", documented)} <= set(documented)
    assert not missing(raised.json, documented)


@pytest.mark.parametrize("act", ["record advance", "record amend", "record void", "record attach"])
def test_acts(desk: Program, act: str) -> None:
    number = desk.issue("QR-14-04")
    photo = desk.root / "photo.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n")
    words = {
        "record advance": ("update", "--as", "zhang.wei"),
        "record amend": ("--set", "phone=13800000000", "-m", "号码听错"),
        "record void": ("-m", "重复登记", "--replaced-by", "TS-HZ-2026-0001"),
        "record attach": (photo,),
    }
    reason = ("-m", "补充照片") if act == "record attach" else ()
    compare(act, desk(*act.split(), number, *words[act], *reason, "--json"))


def test_reading_records(desk: Program) -> None:
    [first, *_] = desk.all_numbers("QR-14-04")[::-1]
    raised = desk("record", "list", "--form", "QR-18-02", "--json").json["records"]
    if not raised:
        assert desk("record", "raise", "TS-HZ-2026-0001", "report_8d", "--no-pages").code == 0
        raised = desk("record", "list", "--form", "QR-18-02", "--json").json["records"]
    compare(
        "record show",
        desk("record", "show", "TS-HZ-2026-0001", "--json"),
        desk("record", "show", raised[0]["number"], "--json"),
    )
    compare("record list", desk("record", "list", "--json"))
    compare("search", desk("search", "漏水", "--json"))
    compare("record history", desk("record", "history", "TS-HZ-2026-0001", "--json"))
    compare("record render", desk("record", "render", first, "--json"))


def test_the_keys_of_an_event_are_those_of_the_format(desk: Program) -> None:
    said = FORMAT.read_text("utf-8")
    for event in desk.record("TS-HZ-2026-0001")["events"]:
        for key in event:
            assert f"`{key}`" in said, key


def test_registers_and_forms(desk: Program) -> None:
    compare("register show", desk("register", "show", "complaints", "--json"))
    compare("register list", desk("register", "list", "--json"))
    compare("form list", desk("form", "list", "--json"))
    path = desk.root / "forms" / "QR-14-04" / "form.toml"
    whole = path.read_text("utf-8")
    path.write_text(re.sub(r'^(owner\s*= ")', r"\1no_", whole, count=1, flags=re.MULTILINE), "utf-8")
    try:
        found = desk("form", "check", "--json")
    finally:
        path.write_text(whole, "utf-8")
    assert found.code == 1
    compare("form check", found)


def test_beginning(desk: Program, tmp_path: Path) -> None:
    compare("head", desk("head", "--json"))
    compare("init", desk("init", tmp_path / "new", "--org", "绿源置业", "--json"))


def test_sync(desk: Program, tmp_path: Path) -> None:
    written = desk("sync", "--to", tmp_path, "--json")
    compare("sync --to", written)
    subprocess.run(["git", "clone", "-q", desk.root, tmp_path / "copy"], check=True)
    desk.issue("QR-14-04")
    newer = desk("sync", "--to", tmp_path, "--json").json["path"]
    compare("sync", desk.elsewhere(tmp_path / "copy")("sync", "--from", newer, "--json"))


@pytest.mark.slow
def test_demo(desk: Program, tmp_path: Path) -> None:
    made = desk("demo", tmp_path / "demo", "--json", "--no-pages")
    documented = SECTIONS["demo"]
    assert {key for key, _ in printed(made.json, "", documented)} == set(documented) - {"pending.*"}


def test_every_command_with_json_is_on_the_page() -> None:
    context = click.Context(root)
    named: set[str] = set()
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        is_group = isinstance(command, click.Group)
        below = [(n, command.get_command(context, n)) for n in command.list_commands(context)] if is_group else []
        for path, found in ((name, command), *((f"{name} {inner}", item) for inner, item in below)):
            assert found is not None
            if any("--json" in option.opts for option in found.params):
                named.add(path)
    assert named - {"record raise"} == {name.partition(" --")[0] for name in SECTIONS}


def test_every_section_of_the_page_is_compared() -> None:
    found = (path.read_text("utf-8") for path in sorted(TESTS.rglob("test_*.py")))
    tests = "".join(text for text in found if "from json_page import" in text)
    assert [name for name in SECTIONS if f'"{name}"' not in tests] == []


def test_a_key_that_is_missing_somewhere_is_seen() -> None:
    said = {"format": "integer", "a": "list", "a[].b": "text", "a[].c": "text?", "d": "object/null", "d.e": "text"}
    assert missing({"format": 1, "a": [{"b": "", "c": ""}, {"b": ""}], "d": None}, said) == set()
    assert missing({"a": [{"b": ""}, {"c": ""}], "d": {}}, said) == {"format", "a[].b", "d.e"}
