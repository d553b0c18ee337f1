"""One copy writes: clones, copied folders, restored backups; retries; tables issued again; a main branch of no weight."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from program import COMPLAINT, NOON, Program, refused

Make = Callable[..., Program]


def clone(desk: Program, folder: Path) -> Program:
    """What git makes of the repository, all its branches with it."""
    subprocess.run(["git", "clone", "-q", str(desk.root), str(folder)], check=True, capture_output=True)
    return desk.elsewhere(folder)


def copied(desk: Program, folder: Path) -> Program:
    """The folder as a file manager copies it."""
    shutil.copytree(desk.root, folder, symlinks=True)
    return desk.elsewhere(folder)


def restored(desk: Program, folder: Path) -> Program:
    """Yesterday's backup where the folder was: same place, same machine, same name."""
    shutil.copytree(desk.root, folder, symlinks=True)
    desk.issue("QR-14-04", customer="after the backup")
    shutil.rmtree(desk.root)
    shutil.copytree(folder, desk.root, symlinks=True)
    return desk


def moved_back(desk: Program, folder: Path) -> Program:
    """The same, the backup made by tar, which keeps every time and every right."""
    subprocess.run(["tar", "-C", str(desk.root.parent), "-cf", str(folder), desk.root.name], check=True)
    desk.issue("QR-14-04", customer="after the backup")
    shutil.rmtree(desk.root)
    subprocess.run(["tar", "-C", str(desk.root.parent), "-xpf", str(folder)], check=True)
    return desk


@pytest.mark.parametrize("way", [clone, copied, restored, moved_back])
def test_a_copy_reads_and_does_not_write(
    repository: Program, tmp_path: Path, way: Callable[[Program, Path], Program]
) -> None:
    number = repository.issue("QR-14-04")
    other = way(repository, tmp_path / "other")
    assert other.record(number)["values"]["customer"] == "林玥"
    assert other("status").code in (0, 1)
    assert other("register", "show", "complaints").code == 0
    draft = other.draft("draft.json", "QR-14-04", COMPLAINT)
    with other.unchanged():
        for words in (
            ("record", "issue", draft),
            ("record", "amend", number, "--set", "customer=x", "-m", "x"),
            ("record", "void", number, "-m", "x"),
            ("record", "advance", number, "update"),
        ):
            said = refused(other(*words))
            assert "only reads" in said and str(repository.root) in said


def test_the_seat_moves_to_a_copy_and_back(repository: Program, tmp_path: Path) -> None:
    """The copy that has it is reached on this machine: it hands over what it wrote, and stops."""
    first = repository.issue("QR-14-04", customer="one")
    other = copied(repository, tmp_path / "other")
    second = repository.issue("QR-14-04", customer="two")
    taken = other("sync", "--take-seat", "-m", "desk moved")
    assert taken.code == 0, taken.err
    third = other.issue("QR-14-04", customer="three")
    assert [first[-4:], second[-4:], third[-4:]] == ["0001", "0002", "0003"]
    draft = repository.draft("draft.json", "QR-14-04", COMPLAINT)
    assert str(other.root) in refused(repository("record", "issue", draft))
    back = repository("sync", "--take-seat", "-m", "and back")
    assert back.code == 0, back.err
    assert repository.issue("QR-14-04", customer="four")[-4:] == "0004"
    assert repository.record(third)["values"]["customer"] == "three"
    assert [number[-4:] for number in repository.all_numbers("QR-14-04")] == ["0001", "0002", "0003", "0004"]


def test_a_clone_takes_the_seat(repository: Program, tmp_path: Path) -> None:
    repository.issue("QR-14-04")
    other = clone(repository, tmp_path / "other")
    taken = other("sync", "--take-seat", "-m", "new machine")
    assert taken.code == 0, taken.err
    assert other.issue("QR-14-04")[-4:] == "0002"
    refused(repository("record", "void", "TS-HZ-2026-0001", "-m", "x"))


def lost(desk: Program, folder: Path) -> tuple[Program, list[str]]:
    """A backup of two records, when the desk went on to five and then burnt down; and the numbers of all five."""
    numbers = [desk.issue("QR-14-04", customer=f"c{turn}") for turn in range(2)]
    other = copied(desk, folder)
    numbers += [desk.issue("QR-14-04", customer=f"c{turn}") for turn in range(2, 5)]
    shutil.rmtree(desk.root)
    return other, numbers


def test_after_a_loss_the_paper_is_asked_for(repository: Program, tmp_path: Path) -> None:
    other, numbers = lost(repository, tmp_path / "other")
    said = other("sync", "--take-seat", "-m", "the desk burnt down")
    refused(said)
    assert "--last-number" in said.err
    taken = other("sync", "--take-seat", "-m", "the desk burnt down", "--last-number", numbers[-1])
    assert taken.code == 0, taken.err
    assert numbers[-1] in taken.out
    assert other.issue("QR-14-04")[-4:] == "0006"
    for number in numbers[2:]:
        record = other.record(number)
        assert record["is_void"]
        refused(other("record", "amend", number, "--set", "customer=x", "-m", "x"), "void")
    assert other("register", "show", "complaints").code == 0
    assert other("status").code in (0, 1)


def test_nobody_takes_the_seat_unasked(repository: Program, tmp_path: Path) -> None:
    other, numbers = lost(repository, tmp_path / "other")
    with other.unchanged():
        for words in (
            ("sync",),
            ("sync", "--take-seat"),
            ("sync", "--take-seat", "-m", " "),
            ("sync", "--take-seat", "-m", "a\x1bb", "--nothing-later"),
            ("sync", "--take-seat", "-m", "x", "--nothing-later", "--as", "nobody"),
            ("sync", "--take-seat", "-m", "x", "--last-number", "QQ-1"),
            ("sync", "--take-seat", "-m", "x", "--last-number", "TS-HZ-2026-00x9"),
            ("--on", "2026-01-01", "sync", "--take-seat", "-m", "x", "--nothing-later"),
            ("--site", "sz", "sync", "--take-seat", "-m", "x", "--nothing-later"),
        ):
            refused(other(*words))


def test_a_number_handed_out_is_never_handed_out_again(repository: Program, tmp_path: Path) -> None:
    """Clone, copy, restore, copy, each going on where the others stopped."""
    given: list[str] = []
    desk = repository
    for turn in range(4):
        given.append(desk.issue("QR-14-04", customer=f"{turn}"))
        other = (clone if turn % 2 else copied)(desk, tmp_path / f"copy{turn}")
        given.append(desk.issue("QR-14-04", customer=f"{turn} later"))
        taken = other("sync", "--take-seat", "-m", "next")
        assert taken.code == 0, taken.err
        desk = other
    given.append(desk.issue("QR-14-04", customer="last"))
    assert len(set(given)) == len(given)
    assert desk.all_numbers("QR-14-04") == given


def test_the_seat_is_lost_with_its_file_and_taken_again(repository: Program) -> None:
    number = repository.issue("QR-14-04")
    shutil.rmtree(repository.root / ".qms")
    refused(repository("record", "void", number, "-m", "x"), "only reads")
    assert repository.record(number)["number"] == number
    taken = repository("sync", "--take-seat", "-m", "local folder removed", "--nothing-later")
    assert taken.code == 0, taken.err
    assert repository.issue("QR-14-04")[-4:] == "0002"


def test_a_ledger_put_back_by_git_alone_is_noticed(repository: Program) -> None:
    """The local folder was not touched, the branch went back a day: nothing is issued over what is gone."""
    repository.issue("QR-14-04")
    ledger = "refs/heads/records/complaint/2026/hz"
    before = repository.git("rev-parse", ledger).strip()
    repository.issue("QR-14-04", customer="two")
    last = repository.issue("QR-14-04", customer="three")
    repository.git("update-ref", ledger, before)
    draft = repository.draft("draft.json", "QR-14-04", COMPLAINT)
    for _ in range(2):
        refused(repository("record", "issue", draft), "--take-seat")
    refused(repository("sync", "--take-seat", "-m", "put back"), "last")
    taken = repository("sync", "--take-seat", "-m", "put back", "--last-number", last)
    assert taken.code == 0, taken.err
    assert repository.issue("QR-14-04", customer="four")[-4:] == "0004"
    assert [repository.record(number)["is_void"] for number in repository.all_numbers("QR-14-04")] == [
        False,
        True,
        True,
        False,
    ]


# ── again


def test_a_draft_issued_twice_has_one_number(repository: Program) -> None:
    path = repository.draft("draft.json", "QR-14-04", COMPLAINT, submission="one")
    first = repository("record", "issue", path, "--json", "--no-pages").json["issued"][0]
    with repository.unchanged():
        again = repository("record", "issue", path, "--json", "--no-pages").json["issued"][0]
    assert not first["again"] and again["again"]
    assert (first["number"], first["sha256"]) == (again["number"], again["sha256"])
    assert "issued already" in repository("record", "issue", path, "--no-pages").out
    other = repository.draft("other.json", "QR-14-04", {**COMPLAINT, "customer": "another"}, submission="one")
    third = repository.draft("third.json", "QR-04-01", {}, submission="one")
    with repository.unchanged():
        assert first["number"] in refused(repository("record", "issue", other))
        assert repository("record", "issue", third).code == 2
    assert len(repository.all_numbers()) == 1


def test_the_same_draft_many_times_in_one_command(repository: Program) -> None:
    path = repository.draft("draft.json", "QR-14-04", COMPLAINT, submission="one")
    found = repository("record", "issue", path, path, path, "--json", "--no-pages")
    assert found.numbers == ["TS-HZ-2026-0001"] * 3
    assert repository.all_numbers() == ["TS-HZ-2026-0001"]


def test_a_retry_after_new_year_has_the_old_number(repository: Program) -> None:
    eve = repository.later(NOON.replace(month=12, day=31, hour=23, minute=59))
    path = eve.draft("draft.json", "QR-14-04", COMPLAINT, submission="eve")
    [number] = eve("record", "issue", path, "--json", "--no-pages").numbers
    assert number == "TS-HZ-2026-0001"
    morning = eve.later(timedelta(minutes=2))
    assert morning("record", "issue", path, "--json", "--no-pages").numbers == [number]
    assert morning.issue("QR-14-04", customer="new year") == "TS-HZ-2027-0001"
    assert morning("record", "issue", path, "--json", "--no-pages").numbers == [number]
    later = morning.later(timedelta(days=200))
    assert later("record", "issue", path, "--json", "--no-pages").numbers == [number]
    amended = later("record", "amend", number, "--set", "customer=x", "-m", "x", "--json", "--no-pages")
    assert amended.code == 0, amended.err
    assert later.record(number)["ledger"] == "records/complaint/2026/hz"
    assert later.issue("QR-14-04", customer="summer") == "TS-HZ-2027-0002"


def test_a_clock_gone_wrong_is_confirmed_first(repository: Program) -> None:
    repository.issue("QR-14-04")
    path = repository.draft("draft.json", "QR-14-04", COMPLAINT)
    early = repository.later(NOON.replace(year=2025))
    with early.unchanged():
        refused(early("record", "issue", path))
    for year in (2028, 2036):
        wrong = repository.later(NOON.replace(year=year))
        with wrong.unchanged():
            assert str(year) in refused(wrong("record", "issue", path))
            refused(wrong("record", "issue", path, "--clock-is-right"), "reason")
            leave = ("--until", f"{year}-12-31", "-m", "leave", "--as", "zhao.lei")
            found = wrong("person", "delegate", "zhao.lei", "--to", "zhang.wei", *leave)  # has no such option
            assert "records, documents and retention take --clock-is-right" in found.err, found
    late = repository.later(NOON.replace(year=2028))
    found = late("record", "issue", path, "--clock-is-right", "-m", "nothing issued in 2027", "--json", "--no-pages")
    assert found.numbers == ["TS-HZ-2028-0001"]


def table(path: Path, customers: list[str], **odd: dict[str, str]) -> Path:
    """A table of complaints, one a customer; `odd` values by customer."""
    book = openpyxl.Workbook()
    book.active.append(["#", *COMPLAINT])
    for turn, customer in enumerate(customers):
        book.active.append([turn, *{**COMPLAINT, "customer": customer, **odd.get(customer, {})}.values()])
    book.save(path)
    return path


def test_a_table_issued_again_issues_only_what_is_new(repository: Program) -> None:
    path = table(repository.root / "calls.xlsx", ["甲", "乙", "甲", "丙"])
    words = ("record", "issue", "--form", "QR-14-04", "--table", path, "--json", "--no-pages")
    first = repository(*words)
    assert first.code == 0, first.err
    assert len(set(first.numbers)) == 4
    with repository.unchanged():
        assert repository(*words).numbers == first.numbers
    table(path, ["丁", "甲", "乙", "甲", "丙", "甲"])
    again = repository(*words)
    assert len(set(again.numbers)) == 6
    assert set(first.numbers) < set(again.numbers)
    assert len(repository.all_numbers("QR-14-04")) == 6
    new_year = repository.later(NOON + timedelta(days=60))
    assert new_year(*words).numbers == again.numbers


def test_a_mended_table_issues_nothing_twice(repository: Program) -> None:
    path = table(
        repository.root / "calls.xlsx", ["甲", "乙", "丙"], 乙={"phone": "abc"}, 丙={"received_at": "2026-02-30 10:00"}
    )
    words = ("record", "issue", "--form", "QR-14-04", "--json", "--no-pages", "--table")
    first = repository(*words, path)
    assert first.code == 2
    assert len(first.numbers) == 1
    assert {(item["row"], item["field"]) for item in first.json["refused"]} == {(3, "phone"), (4, "received_at")}
    refused_path = repository.root / "calls.refused.xlsx"
    book = openpyxl.load_workbook(refused_path)
    rows = [*book.active.iter_rows(values_only=True)]
    assert len(rows) == 3
    place = rows[0].index("phone")
    assert rows[1][place] == "abc"
    assert any("abc" not in str(cell) and "13800001234" not in str(cell) and cell for cell in rows[1][-1:])
    book.active.cell(2, place + 1).value = COMPLAINT["phone"]
    book.save(refused_path)
    second = repository(*words, refused_path)
    assert second.code == 2
    assert len(second.numbers) == 1
    assert (repository.root / "calls.refused-2.xlsx").is_file()
    third = repository(*words, refused_path)
    assert third.numbers == second.numbers
    table(path, ["甲", "乙", "丙"])
    whole = repository(*words, path)
    assert whole.code == 0, whole.err
    assert len(set(whole.numbers)) == 3
    assert {*first.numbers, *second.numbers} < set(whole.numbers)
    assert len(repository.all_numbers("QR-14-04")) == 3


# ── main carries no evidence


def test_main_squashed_collected_and_faulty_changes_nothing(repository: Program) -> None:
    number = repository.issue("QR-14-04")
    me = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    repository.git(*me, "commit", "-q", "--allow-empty", "-m", "more")
    before = (repository.heads(), repository.record(number), repository("form", "list", "--json").json)
    for name in ("qms.toml", "people.toml", "records/retention.toml", "forms/QR-14-04/form.toml"):
        (repository.root / name).write_text("= not toml [", "utf-8")
    (repository.root / "procedures" / "QD-14-02.md").unlink()
    squashed = repository.git(*me, "commit-tree", "-m", "squashed", "HEAD^{tree}").strip()
    repository.git("reset", "-q", "--soft", squashed)
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("-c", "gc.auto=1", "gc", "-q", "--prune=now", "--aggressive")
    assert (repository.heads(), repository.record(number), repository("form", "list", "--json").json) == before
    assert repository.issue("QR-14-04", customer="x", pages=True)[-4:] == "0002"
    shutil.rmtree(repository.root / "forms")
    assert repository.issue("QR-14-04", customer="y", pages=True)[-4:] == "0003"
    assert repository("index", "rebuild").code == 0
    assert repository("record", "render", number).code == 0


def test_a_checkout_with_other_line_ends_changes_nothing(repository: Program, tmp_path: Path) -> None:
    number = repository.issue("QR-14-04")
    for setting in (["core.autocrlf", "true"], ["core.eol", "crlf"], ["core.safecrlf", "true"]):
        repository.git("config", *setting)
    for path in repository.git("ls-files").splitlines():
        (repository.root / path).unlink()
    repository.git("checkout", "-q", "--", ".")
    for path in (repository.root / "forms").rglob("*.toml"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert repository("form", "check").code == 0
    assert repository.issue("QR-14-04", pages=True)[-4:] == "0002"
    assert (
        repository("record", "issue", repository.root / "forms" / "QR-14-04" / "example.toml", "--no-pages").code == 0
    )
    subprocess.run(
        ["git", "-c", "core.autocrlf=true", "clone", "-q", str(repository.root), str(tmp_path / "windows")], check=True
    )
    windows = repository.elsewhere(tmp_path / "windows")
    assert windows.record(number) == repository.record(number)
    assert windows("form", "list", "--json").json == repository("form", "list", "--json").json
    assert windows("sync", "--take-seat", "-m", "x").code == 0
    assert windows.issue("QR-14-04")[-4:] == "0004"


def test_another_branch_checked_out_changes_nothing(repository: Program) -> None:
    repository.issue("QR-14-04")
    repository.git("checkout", "-q", "-b", "drafting")
    repository.git("branch", "-q", "-D", "main")
    assert repository.issue("QR-14-04")[-4:] == "0002"
    repository.git("checkout", "-q", "--detach")
    assert repository.issue("QR-14-04")[-4:] == "0003"


def test_a_linked_work_tree_shares_the_seat(repository: Program, tmp_path: Path) -> None:
    repository.issue("QR-14-04")
    repository.git("worktree", "add", "-q", str(tmp_path / "tree"), "-b", "tree")
    linked = repository.elsewhere(tmp_path / "tree")
    assert linked.issue("QR-14-04")[-4:] == "0002"
    assert repository.all_numbers() == linked.all_numbers()
