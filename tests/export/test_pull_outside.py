"""A masked package says nothing of anybody, whether his record is in it or not, and takes exactly what was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from program import Make, Program, refused
from pulled import done, every_byte, pull, unpacked, verified

OTHER, MOBILE = "张小兰", "13655556666"
CALL, FIRST, SECOND, VOID = "XX-HZ-2026-0001", "LX-HZ-2026-0001", "LX-HZ-2026-0002", "LX-HZ-2026-0003"


@pytest.fixture(scope="module")
def house(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A complaint of somebody, and liaison sheets that tell of her; one is void, one is taken on."""
    program = make(tmp_path_factory.mktemp("outside") / "acme")
    program.issue("QR-14-04", customer=f"{OTHER}女士 {MOBILE}", phone="0571-88001234-802")
    program.issue("QR-14-03")
    program.issue("QR-04-01", subject=f"转{OTHER}的来电", content=f"电话+86{MOBILE}，或 88001234")
    program.issue("QR-04-01", subject="第二件")
    program.issue("QR-04-01", subject="第三件")
    done(program, "record", "advance", FIRST, "take", "--set", "taken_by=li.ming", "--as", "li.ming", "--no-pages")
    done(program, "record", "advance", CALL, "accept", "--as", "wang.fang", "--no-pages")
    done(program, "record", "void", VOID, "-m", "重复", "--no-pages")
    (program.root / "procedures" / f"{OTHER}.md").write_text("nothing\n", "utf-8")
    return program


def asked(house: Program, *words: object) -> tuple[set[str], str]:
    found = house("export", "pull", *words, "--for", "甲", "-o", "x.zip", "-n")
    assert found.code == 0, found.err
    return set(found.out.split()), found.err


def test_nobody_is_named_whose_record_is_not_in_the_package(house: Program, tmp_path: Path) -> None:
    audit = house("audit", "--json")
    assert OTHER in audit.out, "the file named after her is no finding"
    pull(house, tmp_path / "p.zip", FIRST)
    for name, data in every_byte("p.zip", (tmp_path / "p.zip").read_bytes()):
        for text in (OTHER, MOBILE, "88001234"):
            assert text.encode() not in data and text.encode() not in name.encode(), (text, name)
            assert json.dumps(text)[1:-1].encode() not in data or text.isascii(), (text, name)
    code, said = verified(unpacked(tmp_path / "p.zip", tmp_path / "un"))
    assert code == 0, said


def test_a_title_means_the_state_of_each_form_that_is_called_so(house: Program) -> None:
    assert asked(house, "--state", "Taken on")[0] == {CALL, FIRST}


@pytest.mark.parametrize("word", ["void", "注销", "已注销"])
def test_void_records_are_asked_for_by_their_state(house: Program, word: str) -> None:
    assert asked(house, "--state", word)[0] == {VOID}
    assert asked(house, "--state", "sent")[0] == {SECOND}


def test_a_number_that_does_not_fit_is_named(house: Program) -> None:
    found, said = asked(house, SECOND, VOID, "--state", "sent")
    assert found == {SECOND} and VOID in said and "left out" in said


def test_a_mistyped_number_on_top_of_a_table_is_no_head(house: Program) -> None:
    (house.root / "list.csv").write_text(f"1,LX-HZ-2026-0O02\n2,{FIRST}\n3,{SECOND}\n", "utf-8")
    refused(house("export", "pull", "--list", "list.csv", "--for", "甲", "-o", "x.zip"), "LX-HZ-2026-0O02")


@pytest.mark.parametrize(
    "words",
    [
        ("--period", ""),
        ("--list", ""),
        ("--opening", "--period", ""),
        ("--opening", "--customer", ""),
        ("--opening", "--seed", ""),
        ("--customer", ""),
        ("--for", "甲\u202e乙"),
        ("--sample", "1", "--seed", OTHER),
    ],
)
def test_what_is_empty_unseen_or_personal_is_refused(house: Program, words: tuple[str, ...]) -> None:
    with house.unchanged():
        refused(house("export", "pull", *words, "-o", "x.pdf" if words[0] == "--opening" else "x.zip"))


def test_no_package_and_no_salts_are_written_over(house: Program, tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    first = Path(str(pull(house, path, FIRST)["salts"]))
    before = first.read_bytes()
    with house.unchanged():
        refused(house("export", "pull", FIRST, "-o", path), "there already")
    path.rename(tmp_path / "away.zip")
    second = Path(str(pull(house, path, FIRST)["salts"]))
    assert second != first and first.read_bytes() == before


def test_where_no_package_comes_of_it_what_was_recorded_is_said(house: Program, tmp_path: Path) -> None:
    said = pull(house, tmp_path / "p.zip", FIRST)
    number = str(said["number"])
    following = f"{number[:-6]}{int(number[-6:]) + 1:06}"
    (tmp_path / f"q.{following}.salts.json").write_text("", "utf-8")
    refused(house("export", "pull", FIRST, "-o", tmp_path / "q.zip"), "there already", f"{following} stays recorded")
    assert not (tmp_path / "q.zip").exists()


@pytest.mark.parametrize("name", ["-", "con.zip", "a:b.zip", "x. "])
def test_a_package_gets_a_name_that_every_system_takes(house: Program, name: str) -> None:
    with house.unchanged():
        refused(house("export", "pull", FIRST, "-o", name), "such a file name")


def test_without_a_file_to_write_only_a_dry_run_makes_sense(house: Program) -> None:
    assert done(house, "export", "pull", FIRST, "-n").split() == [FIRST]
    with house.unchanged():
        refused(house("export", "pull", FIRST), "-o: is missing")
        refused(house("export", "pull", "--opening"), "-o: is missing")


def test_an_attachment_that_would_run_in_the_reader_is_no_link(house: Program, tmp_path: Path) -> None:
    for name in ("page.html", "drawing.SVG", "plain.txt"):
        (tmp_path / name).write_text(f"<script>alert('{name}')</script>", "utf-8")
        done(house, "record", "attach", SECOND, tmp_path / name, "--field", "enclosures", "-m", "补", "--no-pages")
    pull(house, tmp_path / "f.zip", SECOND, "--full", "-m", "法院调取", "--as", "li.ming")
    bag = unpacked(tmp_path / "f.zip", tmp_path / "un")
    assert len([path for path in bag.rglob("*") if path.name in ("page.html", "drawing.SVG", "plain.txt")]) == 3
    said = "".join(path.read_text("utf-8") for path in (bag / "data" / "front").glob("*.js"))
    assert "plain.txt" in said and "/page.html" not in said and "/drawing.SVG" not in said
