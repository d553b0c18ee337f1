"""What goes in comes out equal, by every way in and every way out, or is refused before anything is written."""

from __future__ import annotations

import csv
import io
import re
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import xlsxwriter
from hard import REFUSED, TAKEN, normal
from lxml import etree
from program import COMPLAINT, Program, refused

FORM = "QR-14-04"
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")  # docs: what an apostrophe is put before

Texts = Mapping[str, str]
Way = Callable[[Program, Texts], list[object]]


def basic(text: str) -> str:
    """A TOML basic string, written without the program."""
    plain = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(plain.get(c, c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}") for c in text) + '"'


def literal(text: str) -> str:
    """A TOML text of several lines, as people write it in an editor."""
    return f"'''\n{text}\n'''"


def toml(desk: Program, texts: Texts, written: Callable[[str], str] = basic, mark: str = "") -> list[object]:
    paths = []
    for turn, text in enumerate(texts.values()):
        lines = "".join(f"{name} = {written(value)}\n" for name, value in filled(text).items())
        paths.append(desk.root / f"draft-{turn}.toml")
        paths[-1].write_bytes(f'{mark}form = "{FORM}"\n[values]\n{lines}'.encode("utf-8", "surrogatepass"))
    return ["record", "issue", *paths]


def edited_toml(desk: Program, texts: Texts) -> list[object]:
    """With the byte order mark that some editors put in front."""
    return toml(desk, texts, literal, "\ufeff")


def json_draft(desk: Program, texts: Texts) -> list[object]:
    paths = [desk.draft(f"draft-{turn}.json", FORM, filled(text)) for turn, text in enumerate(texts.values())]
    return ["record", "issue", *paths]


def guarded_csv(desk: Program, texts: Texts) -> list[object]:
    return csv_table(desk, {name: f"'{text}" if text.startswith(STARTS) else text for name, text in texts.items()})


def csv_table(desk: Program, texts: Texts) -> list[object]:
    written = io.StringIO(newline="")
    rows = [[*filled(text).values()] for text in texts.values()]
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([[*COMPLAINT], *rows])
    path = desk.root / "table.csv"
    path.write_bytes(written.getvalue().encode("utf-8-sig", "surrogatepass"))
    return ["record", "issue", "--form", FORM, "--table", path]


def xlsx_table(desk: Program, texts: Texts) -> list[object]:
    path = desk.root / "table.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, values in enumerate([dict.fromkeys(COMPLAINT), *map(filled, texts.values())]):
            for column, (name, value) in enumerate(values.items()):
                sheet.write_string(row, column, value if value is not None else name)
    return ["record", "issue", "--form", FORM, "--table", path]


WAYS: Mapping[str, Way] = {
    "toml": toml,
    "edited toml": edited_toml,
    "json": json_draft,
    "guarded csv": guarded_csv,
    "csv": csv_table,
    "xlsx": xlsx_table,
}


def fits(way: str, text: str) -> bool:
    """Whether the way can say the text at all."""
    match way:
        case "edited toml":  # the limit of what stands between ''' and '''
            return "'''" not in text and not text.endswith("'")
        case "csv":
            return not text.startswith("'")
        case "xlsx":
            return not re.search("[\ud800-\udfff\ufffe\uffff]", text)
        case _:
            return True


def filled(text: str) -> dict[str, str]:
    """A complaint with the text in a line and in a long text."""
    return {**{name: str(value) for name, value in COMPLAINT.items()}, "customer": text, "what_happened": text}


def stored(desk: Program, number: str) -> tuple[str, str]:
    record = desk.record(number)
    assert record["events"][-1]["set"]["customer"] == record["values"]["customer"]
    return record["values"]["customer"], record["values"]["what_happened"]


@pytest.mark.parametrize("way", WAYS)
def test_what_goes_in_is_stored(shared: Program, way: str) -> None:
    texts = {name: text for name, text in TAKEN.items() if fits(way, text)}
    found = shared(*WAYS[way](shared, texts), "--json", "--no-pages")
    assert found.code == 0, found.err
    held = {name: stored(shared, number) for name, number in zip(texts, found.numbers, strict=True)}
    assert held == {name: (normal(text), normal(text)) for name, text in texts.items()}


@pytest.fixture(scope="module")
def amended(shared: Program) -> str:
    return shared.issue(FORM)


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_set_is_stored(shared: Program, amended: str, name: str) -> None:
    text = TAKEN[name]
    given = ("--set", f"customer={text}", "--set", f"what_happened={text}")
    found = shared("record", "amend", amended, *given, "-m", text[:1000], "--no-pages")
    assert found.code == 0, found.err
    assert stored(shared, amended) == (normal(text), normal(text))
    assert shared.record(amended)["events"][-1]["reason"] == normal(text[:1000].strip())


def test_what_is_set_by_the_installed_program_is_stored(live: Program) -> None:
    number = live.issue(FORM)
    text = "= & <b> 玥𠮷 \u202e \u200b “” \t é\u0301"
    found = live.process("record", "amend", number, "--set", f"customer={text}", "-m", "x", "--no-pages")
    assert found.code == 0, found.err
    assert live.record(number)["values"]["customer"] == normal(text)


@pytest.mark.parametrize("way", WAYS)
def test_what_nobody_can_write_down_is_refused(shared: Program, way: str) -> None:
    for name, text in REFUSED.items():
        if not fits(way, text):
            continue
        words = WAYS[way](shared, {name: text})
        before = shared.heads()
        found = shared(*words, "--no-pages")
        said = [line for line in found.err.splitlines() if not line.startswith("the refused rows are in")]
        assert found.code == 2 and found.out == "", name
        assert said and all(line.startswith(("error: ", "hint: ")) for line in said), (name, said)
        assert shared.heads() == before, name
        assert text not in found.err, name


def test_it_is_refused_when_set_as_well(shared: Program, amended: str) -> None:
    with shared.unchanged():
        for text in REFUSED.values():
            for customer, reason in ((text, "x"), ("x", text)):
                found = shared("record", "amend", amended, "--set", f"customer={customer}", "-m", reason)
                assert text not in refused(found)


@pytest.fixture(scope="module")
def desk(make: Callable[[Path], Program], tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Another repository, for registers of nothing else."""
    return make(tmp_path_factory.mktemp("registers") / "acme")


@pytest.fixture(scope="module")
def held(desk: Program) -> Texts:
    """Every hard text in a record: its number by its text."""
    found = desk(*json_draft(desk, TAKEN), "--json", "--no-pages")
    assert found.code == 0, found.err
    return dict(zip(found.numbers, map(normal, TAKEN.values()), strict=True))


def test_registers_as_xlsx_keep_every_text(desk: Program, held: Texts) -> None:
    for words in (("register", "show", "complaints"), ("record", "list", "--form", FORM)):
        path = desk.root / "out.xlsx"
        assert desk(*words, "-o", path).code == 0
        rows = {row[0]: row for row in sheet(path)}
        for number, text in held.items():
            assert text in rows[number], number


def sheet(path: Path) -> list[list[str]]:
    """The texts of a workbook's first sheet as ECMA-376 reads them; a formula in it is a failure."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(path) as package:
        strings = etree.fromstring(package.read("xl/sharedStrings.xml"))
        page = etree.fromstring(package.read("xl/worksheets/sheet1.xml"))
    shared = ["".join(part.text or "" for part in item.iter(f"{space}t")) for item in strings]
    assert page.find(f".//{space}f") is None
    rows = []
    for row in page.iter(f"{space}row"):
        texts = [cell.findtext(f"{space}v") for cell in row if cell.get("t") == "s"]
        rows.append([unescaped(shared[int(text or 0)]) for text in texts])
    return [row for row in rows if row]


def unescaped(text: str) -> str:
    """_x000D_ stands for the character."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def test_registers_as_csv_keep_every_text(desk: Program, held: Texts) -> None:
    path = desk.root / "out.csv"
    assert desk("register", "show", "complaints", "-o", path).code == 0
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = {row[0]: row for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))}
    for number, text in held.items():
        assert (f"'{text}" if text.startswith(STARTS) else text) in rows[number], number
        assert not any(cell.startswith(STARTS[:-1]) for cell in rows[number])


def test_registers_as_json_keep_every_text(desk: Program, held: Texts) -> None:
    found = desk("register", "show", "complaints", "--json").json
    names = [column["name"] for column in found["columns"]]
    rows = {row[names.index("number")]: row[names.index("customer")] for row in found["rows"]}
    assert rows == dict(held)
    listed = {item["number"]: item for item in desk("record", "list", "--json").json["records"]}
    assert {number: item["customer"] for number, item in listed.items()} == dict(held)
    assert {number: item["values"]["what_happened"] for number, item in listed.items()} == dict(held)


def test_registers_on_the_terminal_obey_nothing(desk: Program, held: Texts) -> None:
    """A bidi override in a name may not turn the words after it around."""
    shown = [("record", word, number) for word in ("show", "history") for number in held]
    for words in (("register", "show", "complaints"), ("record", "list"), ("search", "漏水"), ("status",), *shown):
        found = desk(*words)
        assert found.code in (0, 1)
        assert not set(found.out) & set("\u202e\u2066\u200b\x1b\r"), words


def test_a_csv_of_ours_comes_back(desk: Program, held: Texts, shared: Program) -> None:
    """The guard is undone by the reader: what one register wrote another table may bring in."""
    path = desk.root / "out.csv"
    assert desk("register", "show", "complaints", "-o", path).code == 0
    rows = [*csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))]
    kept = {row["Customer"]: held[row["Number"]] for row in rows if held[row["Number"]].startswith(STARTS)}
    assert len(kept) > 8
    found = shared(*csv_table(shared, dict(zip(kept, kept, strict=True))), "--json", "--no-pages")
    assert found.code == 0, found.err
    assert [shared.record(number)["values"]["customer"] for number in found.numbers] == [*kept.values()]


def test_every_text_is_found_again(desk: Program, held: Texts) -> None:
    for number, text in held.items():
        words = text.split()[0][:12] if text.split() else text
        if any(sign.isalnum() for sign in words):
            found = desk("search", "--json", "--", words)
            assert number in [item["number"] for item in found.json["records"]], (number, words)


def test_what_the_dialogue_saves_reads_back(shared: Program) -> None:
    for name, text in TAKEN.items():
        path = shared.draft("begun.toml", FORM, filled(text))
        found = shared("record", "fill", "-o", path, stdin="quit\n")
        assert found.code == 0, found.err
        held = tomllib.loads(path.read_text("utf-8"))["values"]
        assert normal(held["customer"]).removesuffix("\n") == normal(text), name
        assert normal(held["what_happened"]).removesuffix("\n") == normal(text), name
