"""`export pull`: which records leave together, that the package is a good bag, and that nothing masked is in it."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import zipfile
from pathlib import Path
from urllib.parse import unquote

import bagit
import openpyxl
import pytest
from json_page import compare
from program import Program, refused
from pulled import CHAIN, NAME, PHONE, PHOTO, ROOM, SPOKEN, GivenAway, every_byte, unpacked

WINDOWS = re.compile(r'(?!(?i:con|prn|aux|nul|com\d|lpt\d)(\.|$))[^<>:"\\|?*\x00-\x1f]+(?<![ .])')
LIAISONS = tuple(f"LX-HZ-2026-000{place}" for place in range(1, 5))


@pytest.fixture(scope="module")
def masked(given_away: GivenAway) -> tuple[Path, dict[str, object]]:
    return given_away.masked, given_away.said


@pytest.fixture(scope="module")
def full(given_away: GivenAway, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(given_away.full, tmp_path_factory.mktemp("full"))


def asked(house: Program, *words: object) -> list[str]:
    """The numbers that would be taken, in order."""
    found = house("export", "pull", *words, "--for", "甲", "-o", "x.zip", "-n")
    assert found.code == 0, found.err
    return found.out.split()


# ── which records


def test_what_belongs_to_a_record_comes_with_it_in_reading_order(house: Program) -> None:
    assert asked(house, CHAIN[0]) == asked(house, CHAIN[1]) == [*CHAIN]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (("--form", "QR-04-01"), [*CHAIN, *LIAISONS[1:]]),
        (("--form", "QR-14-04"), [*CHAIN]),
        (("--period", "2026"), [*CHAIN, *LIAISONS[1:]]),
        (("--period", "2026-Q4"), [*CHAIN, *LIAISONS[1:]]),
        (("--period", "２０２６年 11月"), [*CHAIN, *LIAISONS[1:]]),
        (("--period", "2026年第4季度"), [*CHAIN, *LIAISONS[1:]]),
        (("--period", "2026.11.19至11.30"), [*CHAIN]),
        (("--period", "2026-11-18"), [*CHAIN, *LIAISONS[1:]]),
        (("--period", "2026-11-19..2026-11-30"), [*CHAIN]),
        (("--customer", NAME[:2]), [*CHAIN]),
        (("--clause", "ISO 10002:8.1", "--form", "QR-14-04"), [*CHAIN]),
        (("--state", "closed"), [*CHAIN]),
        (("--state", "已结案"), [*CHAIN]),
        (("--form", "QR-04-01", LIAISONS[2]), [LIAISONS[2]]),
    ],
)
def test_records_are_found_by_what_is_said_of_them(house: Program, words: tuple[str, ...], numbers: list[str]) -> None:
    assert sorted(asked(house, *words)) == sorted(numbers)


@pytest.mark.parametrize(
    "words", [("--period", "2025"), ("--state", "closed", "--form", "QR-04-01"), ("--customer", "无")]
)
def test_where_none_fits_one_line_says_so(house: Program, words: tuple[str, ...]) -> None:
    with house.unchanged():
        found = house("export", "pull", *words, "--for", "甲", "-o", "none.zip")
    assert (found.code, found.out, found.err) == (1, "", "no record fits; nothing was written\n")


def test_a_list_picked_by_hand_is_read_from_text_and_tables(house: Program) -> None:
    wanted = [LIAISONS[1], LIAISONS[3]]
    (house.root / "list.txt").write_text("\n".join(wanted) + "\n\n", "utf-8")
    (house.root / "list.csv").write_text("序号,编号\n" + "".join(f"{n},{w}\n" for n, w in enumerate(wanted)), "utf-8")
    book = openpyxl.Workbook()
    for row in (("编号", "备注"), *((number, "看") for number in wanted)):
        book.active.append(row)  # type: ignore[union-attr]
    book.save(house.root / "list.xlsx")
    written = (house.root / "list.csv").read_text("utf-8").encode("gb18030")  # as Chinese Excel writes it
    (house.root / "gb-list.csv").write_bytes(written)
    for name in ("list.txt", "list.csv", "list.xlsx", "gb-list.csv"):
        assert asked(house, "--list", house.root / name) == wanted, name
    (house.root / "list.txt").write_text("nothing here\n", "utf-8")
    refused(house("export", "pull", "--list", "list.txt", "--for", "甲", "-o", "x.zip"), "no record number")


def test_a_sample_is_drawn_again_by_anybody(house: Program) -> None:
    found = asked(house, "--form", "QR-04-01", "--sample", "2", "--seed", "7")
    ranked = sorted(LIAISONS, key=lambda number: hashlib.sha256(f"7 {number}".encode()).hexdigest())
    assert set(found) - {CHAIN[0]} == set(ranked[:2])
    assert found == asked(house, "--form", "QR-04-01", "--sample", "2", "--seed", "7")
    others = {tuple(asked(house, "--form", "QR-04-01", "--sample", "1", "--seed", str(seed))) for seed in range(9)}
    assert len(others) > 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("TS-HZ-2026-0099",), "there is no record"),
        (("--form", "QR-99"), "there is no form QR-99"),
        (("--state", "asleep"), "there is no state asleep"),
        (("--period", "2026-13"), "--period 2026-13"),
        (("--period", "2026-Q5"), "--period 2026-Q5"),
        (("--period", "10月"), "such as 2026, 2026-Q4, 2026-10,"),
        (("--period", "2026.."), "--period 2026.."),
        (("--period", "2026-02-02..2026-01-01"), "ends before it begins"),
        (("--seed", "7"), "--seed belongs to --sample"),
        (("--full", "--as", "li.ming"), "needs a reason"),
        (("--full", "-m", "x"), "taking out personal data is for"),
        (("-m", f"{NAME}起诉"), "names somebody"),
        (("-m", "打 139 1111 2222"), "names somebody"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(house: Program, words: tuple[str, ...], said: str) -> None:
    with house.unchanged():
        refused(house("export", "pull", *words, "--for", "甲", "-o", "x.zip"), said)
    assert not (house.root / "x.zip").exists()


def test_who_may_take_out_personal_data_is_said_and_how_much_went_is_counted(house: Program, tmp_path: Path) -> None:
    """What fits, what was drawn of it, and what belongs to that are three numbers."""
    assert "hint: --as li.ming" in house("export", "pull", "--full", "-m", "x", "--for", "甲", "-o", "x.zip").err
    said = house("export", "pull", "--form", "QR-14-04", "--for", "甲", "-o", tmp_path / "p.zip").err
    assert "1 records fit; with what belongs to them 2" in said
    drawn = ("--form", "QR-04-01", "--sample", "2", "--seed", "7")
    said = house("export", "pull", *drawn, "--for", "甲", "-o", tmp_path / "s.zip").err
    assert re.search(r"4 records fit, 2 were drawn; with what belongs to them [23]\n", said), said


def test_a_copy_without_the_seat_gives_nothing_away(house: Program, tmp_path: Path) -> None:
    house.git("clone", "-q", str(house.root), str(tmp_path / "copy"))
    copy = house.elsewhere(tmp_path / "copy")
    refused(copy("export", "pull", CHAIN[0], "--for", "甲", "-o", tmp_path / "x.zip"))
    assert not [path for path in tmp_path.iterdir() if path.name != "copy"]


# ── the bag


def test_the_package_is_a_valid_bag(bag: Path, masked: tuple[Path, dict[str, object]]) -> None:
    found = bagit.Bag(str(bag))
    found.validate()
    assert found.version_info == (1, 0) and found.info["External-Identifier"] == bag.name == "PUL-HZ-000001"
    assert hashlib.sha256((bag / "manifest-sha256.txt").read_bytes()).hexdigest() == masked[1]["manifest"]


def test_names_are_legal_everywhere_and_in_utf_8(masked: tuple[Path, dict[str, object]]) -> None:
    with zipfile.ZipFile(masked[0]) as package:
        assert package.testzip() is None
        members = package.infolist()
    names = [member.filename for member in members]
    assert len({name.casefold() for name in names}) == len(names)
    for member in members:
        parts = member.filename.split("/")
        assert all(WINDOWS.fullmatch(part) and part not in (".", "..") for part in parts), member.filename
        assert parts[0] == "PUL-HZ-000001" and len(member.filename) < 180
        assert member.flag_bits & 0x800 or member.filename.isascii()
        assert stat.S_ISREG(member.external_attr >> 16)


def test_a_chinese_auditor_finds_his_way(bag: Path) -> None:
    data = bag / "data"
    top = sorted(path.name for path in data.iterdir())
    assert top == ["00 索引.xlsx", "01 记录", "02 文件", "03 台账", "04 体系自检", "front", "index.html", "proof"]
    family = data / "01 记录" / "QR-14-04 客户投诉处理记录" / CHAIN[0]
    assert sorted(path.name for path in family.iterdir()) == [
        f"1 Complaint record {CHAIN[0]}.pdf",
        f"2 Work liaison sheet {CHAIN[1]}.pdf",
    ]
    documents = {path.name.split(" ")[0] for path in (data / "02 文件").iterdir()}
    assert documents == {"QR-14-04", "QR-04-01", "QD-14-02", "QP-14"}
    book = openpyxl.load_workbook(data / "00 索引.xlsx")
    assert book.sheetnames == [
        "About this package", "Records", "Documents then in force", "Registers and checks", "Masked and missing",
    ]  # fmt: skip
    for sheet in book:
        for row in sheet.iter_rows(values_only=True):
            path = str(row[-1])
            if path[:2] in ("01", "02", "03", "04"):
                assert (data / path).is_file(), path


def test_what_is_read_first_lies_on_top_and_leads_to_all(bag: Path) -> None:
    assert sorted(path.name for path in bag.iterdir() if path.suffix == ".html") == ["请先阅读 README.html"]
    said = (bag / "请先阅读 README.html").read_text("utf-8")
    links = re.findall(r'href="([^"]*)"', said)
    assert len(links) == 2 and all((bag / unquote(link)).is_file() for link in links)
    for name in re.findall(r"<th>data/([^<,]*)", said):
        assert (bag / "data" / name).is_dir(), name
    for word in ("PUL-HZ-000001", "sh data/proof/verify.sh", "认证机构", "masked in this package", "一个字节"):
        assert word in said, word
    assert "<script" not in said and "http" not in said.replace('http-equiv="', "")


def test_the_same_register_lies_there_three_times(bag: Path) -> None:
    folder = bag / "data" / "03 台账"
    stems = {path.stem for path in folder.iterdir()}
    assert all({path.suffix for path in folder.glob(f"{stem}.*")} == {".xlsx", ".csv", ".json"} for stem in stems)
    [complaints] = [json.loads(path.read_text("utf-8")) for path in folder.glob("Complaint*.json")]
    assert [row[0] for row in complaints["rows"]] == [CHAIN[0]]


def test_the_documents_are_the_stored_revisions_then_in_force(bag: Path, house: Program) -> None:
    record = house.record(CHAIN[0])
    manifest = record["events"][0]["parameters"]["QD-14-02"] if "parameters" in record["events"][0] else None
    stored = (house.root / "procedures" / "QD-14-02.md").read_bytes()
    [kept] = (bag / "data" / "02 文件").glob("QD-14-02 A0 */原稿/QD-14-02.md")
    assert kept.read_bytes() == stored
    if manifest is not None:
        assert manifest in (bag / "data" / "proof" / "files.tsv").read_text("utf-8")


def test_any_changed_byte_is_found_by_bagit(bag: Path, tmp_path: Path) -> None:
    files = sorted(path for path in bag.rglob("*") if path.is_file() and path.name != "tagmanifest-sha256.txt")
    for path in files[:: max(1, len(files) // 12)]:
        data = path.read_bytes()
        place = len(data) // 2
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        try:
            with pytest.raises(bagit.BagError):
                bagit.Bag(str(bag)).validate()
        finally:
            path.write_bytes(data)


# ── masking


def test_what_is_masked_is_in_no_byte(masked: tuple[Path, dict[str, object]]) -> None:
    looked = 0
    for name, data in every_byte(masked[0].name, masked[0].read_bytes()):
        looked += 1
        for text in (*SPOKEN, ROOM + "A"):
            assert text.encode() not in data, (text, name)
        assert PHOTO not in data
        if b"<?xml" in data[:100] or name.endswith((".js", ".json")):
            assert json.dumps(NAME)[1:-1].encode() not in data, name
    assert looked > 300


def test_the_pages_say_what_is_left(bag: Path) -> None:
    texts = {
        path.name: data.decode()
        for path in (bag / "data" / "01 记录").rglob("*.pdf")
        for name, data in every_byte(path.name, path.read_bytes())
        if name.endswith(" as text")
    }
    [complaint] = [text for name, text in texts.items() if CHAIN[0] in name]
    assert (
        complaint.count("＊＊＊") >= 6 and "来电。" in complaint and "<script>" in complaint and "{{7*7}}" in complaint
    )


def test_masked_events_hold_digests_and_the_house_can_disclose_each(
    bag: Path, house: Program, masked: tuple[Path, dict[str, object]]
) -> None:
    path, said = masked
    kept = Path(str(said["salts"]))
    assert kept == path.with_name(f"包 1.{said['number']}.salts.json") and stat.S_IMODE(kept.stat().st_mode) == 0o600
    salts = json.loads(kept.read_bytes())
    assert (salts["package"], salts["manifest"]) == (said["number"], said["manifest"])
    [issue] = bag.glob("data/proof/events/records/*/*/*/ts/*/*/*/0001-issue.json")
    shown = json.loads(issue.read_bytes())
    listed = {line.split("\t")[2]: line.split("\t") for line in (bag / "data/proof/files.tsv").read_text().splitlines()}
    own = listed["ts/00/00/000001/0001-issue.json"]
    assert own[0] == "masked"
    for name, value in (("customer", NAME), ("phone", PHONE), ("room", ROOM)):
        salt = bytes.fromhex(salts["events"][own[4]][f"/set/{name}"])
        assert shown["set"][name] == {
            "masked": hashlib.sha256(salt + json.dumps(value, ensure_ascii=False).encode()).hexdigest()
        }
    branch, tree = own[1], own[2]
    stored = json.loads(house.git("cat-file", "blob", f"{branch}:{tree}"))
    assert hashlib.sha256(house.git("cat-file", "blob", f"{branch}:{tree}").encode()).hexdigest() == own[4]
    assert {k: v for k, v in stored.items() if k not in ("set", "nonce", "submission")} == {
        k: v for k, v in shown.items() if k not in ("set", "nonce", "submission")
    }


def test_hostile_texts_stay_texts(bag: Path) -> None:
    page = (bag / "data" / "index.html").read_text("utf-8")
    scripts = "".join(path.read_text("utf-8") for path in (bag / "data" / "front").glob("data-*.js"))
    assert "<script>alert" not in page + scripts and "\\u003cscript" in scripts
    for path in (bag / "data").rglob("*.xlsx"):
        for sheet in openpyxl.load_workbook(path):
            assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_in_full_everything_is_there_and_only_for_the_named_role(full: Path) -> None:
    bagit.Bag(str(full)).validate()
    [photo] = full.rglob("*.png")
    assert photo.name == f"{NAME}的-照-片-0D.png"
    assert photo.read_bytes() == PHOTO
    [issue] = full.glob("data/proof/events/records/*/*/*/ts/*/*/*/0001-issue.json")
    assert NAME in issue.read_text("utf-8")
    assert "masked" not in (full / "data/proof/files.tsv").read_text("utf-8")


# ── the record of the pull


def test_each_pull_is_a_signed_record_that_names_this_very_package(
    house: Program, bag: Path, masked: tuple[Path, dict[str, object]]
) -> None:
    branch = "qms/journal/hz:pull/00/00/000001"
    begun, packed = (
        json.loads(house.git("cat-file", "blob", f"{branch}/{name}")) for name in ("0001-issue.json", "0002-pack.json")
    )
    assert begun["record"]["number"] == masked[1]["number"] and begun["reason"] == "监督审核"
    assert begun["set"]["numbers"].split() == ["LX-HZ-2026-0002", *CHAIN] and begun["set"]["recipient"] == "认证机构"
    assert begun["set"]["is_full"] is False and begun["by"] == "li.ming"
    assert packed["set"]["manifest"] == masked[1]["manifest"] and packed["signer"]["person"] == "li.ming"
    inside = bag / "pull/events/qms/journal/hz/pull/00/00/000001/0002-pack.json"
    assert json.loads(inside.read_bytes()) == packed


def test_a_customers_name_is_not_written_into_the_journal(house: Program, tmp_path: Path) -> None:
    words = ("--customer", NAME, "--sample", "1", "--seed", "1", "-o", tmp_path / "x.zip", "--json")
    found = house("export", "pull", *words)
    assert found.code == 0, found.err
    written = [
        house.git("cat-file", "blob", f"qms/journal/hz:{path}")
        for path in house.git("ls-tree", "-r", "--name-only", "qms/journal/hz").split()
        if path.startswith("pull/")
    ]
    compare("export pull", found)
    assert written and NAME not in "".join(written) and "customer: ＊＊＊" in "".join(written)
    with zipfile.ZipFile(tmp_path / "x.zip") as package:
        assert f"/data/01 记录/2026-11/{CHAIN[0]}/1 " in "".join(package.namelist())
        [population] = [name for name in package.namelist() if name.endswith("proof/population.txt")]
        assert package.read(population).decode() == f"{CHAIN[0]}\n"
