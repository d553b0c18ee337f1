"""docs/json.md: every key the program prints is on the page, and every key on the page is printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from program import COMPLAINT, Program, Result

from qmsdocs.cli.root import root

PAGE = Path(__file__).resolve().parent.parent / "docs" / "json.md"
FORMAT = PAGE.with_name("format.md")
TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def sections() -> dict[str, dict[str, str]]:
    """Key → type of each section, by the commands of its heading."""
    found: dict[str, dict[str, str]] = {}
    for part in PAGE.read_text("utf-8").split("\n## ")[1:]:
        heading, _, body = part.partition("\n")
        rows = re.findall(r"^\| `([^`]+)` \| ([a-z/]+) \|", body, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", heading):
            assert len(dict(rows)) == len(rows) > 0, name
            found[name] = dict(rows)
    return found


SECTIONS = sections()


def printed(value: Any, path: str, documented: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Every key of an object with its value; what the page calls `.*` is not gone into."""
    match value:
        case dict():
            for key, below in value.items():
                inner = f"{path}.{key}" if path else key
                if f"{path}.*" in documented:
                    yield f"{path}.*", below
                else:
                    yield inner, below
                    yield from printed(below, inner, documented)
        case list():
            for below in value:
                if f"{path}[]" in documented:
                    yield f"{path}[]", below
                yield from printed(below, f"{path}[]", documented)


def fits(value: Any, kind: str) -> bool:
    """Whether a value is of a type of the page."""
    return kind == "any" or any(type(value) in TYPES[part] for part in kind.split("/"))


def compare(name: str, *results: Result) -> None:
    """Fails unless the results together print the keys of a section, all of them and no others."""
    documented = SECTIONS[name]
    seen: set[str] = set()
    for found in results:
        keys = found.json
        assert next(iter(keys)) == "format" and keys["format"] == 1
        for key, value in printed(keys, "", documented):
            assert key in documented, f"{name}: {key} is not on the page"
            assert fits(value, documented[key]), f"{name}: {key} is {value!r}, the page says {documented[key]}"
            seen.add(key)
        top = {key for key in documented if not re.search(r"[.\[]", key)}
        assert top <= set(keys), f"{name}: {top - set(keys)} is on the page and not printed"
    assert set(documented) == seen, f"{name}: {set(documented) - seen} is on the page and not printed"


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


@pytest.mark.parametrize("act", ["advance", "amend", "void", "attach"])
def test_acts(desk: Program, act: str) -> None:
    number = desk.issue("QR-14-04")
    photo = desk.root / "photo.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n")
    words = {
        "advance": ("update", "--as", "zhang.wei"),
        "amend": ("--set", "phone=13800000000", "-m", "号码听错"),
        "void": ("-m", "重复登记", "--replaced-by", "TS-HZ-2026-0001"),
        "attach": (photo,),
    }
    reason = ("-m", "补充照片") if act == "attach" else ()
    compare(f"record {act}", desk("record", act, number, *words[act], *reason, "--json"))


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


def test_the_desk(desk: Program, tmp_path: Path) -> None:
    assert desk.issue("QR-14-04")
    people = desk.root / "people.toml"
    people.write_text(people.read_text("utf-8") + "\n# changed\n", "utf-8")
    compare("status", desk("status", "--json"))
    compare("head", desk("head", "--json"))
    compare("init", desk("init", tmp_path / "new", "--org", "绿源置业", "--json"))


@pytest.mark.slow
def test_demo(desk: Program, tmp_path: Path) -> None:
    made = desk("demo", tmp_path / "demo", "--json", "--no-pages")
    documented = SECTIONS["demo"]
    assert {key for key, _ in printed(made.json, "", documented)} == set(documented) - {"pending.*"}


def test_every_command_with_json_is_on_the_page() -> None:
    context = click.Context(root)
    named: set[str] = set()
    for name in root.list_commands(context):  # type: ignore[attr-defined]
        command = root.get_command(context, name)  # type: ignore[attr-defined]
        below = command.commands.items() if isinstance(command, click.Group) else ()
        for path, found in ((name, command), *((f"{name} {inner}", item) for inner, item in below)):
            if any("--json" in option.opts for option in found.params):
                named.add(path)
    assert named - {"record raise"} == set(SECTIONS)
