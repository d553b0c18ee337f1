"""The site as a folder: what it holds, what it hides, that it is the same again, and that it is read in Chromium."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import Browser, chromium
from control import Company
from program import CALL, COMPLAINT, Make, Program, program, refused

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.export import folder
from qmsdocs.export.drawings import Drawings
from qmsdocs.export.site import site_files
from qmsdocs.store import journal

SECRET = ("林玥", "13800001234", "1380000", "欧阳昇", "13900005678")
HOSTILE = "</script><img src=http://evil.example/x onerror=alert(1)>\u202e\"'`${1}"


@pytest.fixture(scope="module")
def company(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Complaints and calls, one amended, one about somebody else's customer, one that tries to break out."""
    program = make(tmp_path_factory.mktemp("site") / "acme")
    complaint = program.issue("QR-14-04", **COMPLAINT)
    program.issue("QR-14-03", **CALL)
    changed = program.draft("change.json", "QR-14-04", {"customer": "白桦"})
    done = program("record", "amend", complaint, "--set", "customer=白桦", "-m", "电话里听成了林玥")
    assert done.code == 0, done.err
    changed.unlink()
    program.issue("QR-04-01", subject="林  玥家次卧渗漏，电话 138-0000-1234", content=HOSTILE)
    return program


@pytest.fixture(scope="module")
def site(company: Program) -> Path:
    done = chinese(company)("export", "site", "-o", "site", "--no-pages")
    assert (done.code, done.out) == (0, "site/index.html\n"), done.err
    return company.root / "site"


def chinese(program: Program) -> Program:
    return replace(program, language=Language.ZH)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        found.size(1280, 800)
        yield found


def opened(browser: Browser, site: Path) -> Browser:
    browser.requests.clear()
    browser.complaints.clear()
    browser.open(site / "index.html")
    browser.wait("Front.head && !Front.isLoading")
    return browser


def files(site: Path) -> dict[str, bytes]:
    return {p.relative_to(site).as_posix(): p.read_bytes() for p in sorted(site.rglob("*")) if p.is_file()}


def lines(site: Path) -> dict[str, list[object]]:
    """Every line by its key, the first of each."""
    found: dict[str, list[object]] = {}
    for path, data in files(site).items():
        if re.search(r"data-0*[1-9]\d*\.js$", path):
            said = json.loads(json.loads(data.decode().removeprefix("qmsdocs(").removesuffix(");\n")))
            for line in said["lines"]:
                found.setdefault(line[0], line)
    return found


def words(site: Path, key: str) -> str:
    return json.dumps(lines(site)[key], ensure_ascii=False)


# ── what it holds


def test_records_stand_with_their_acts_and_links(company: Program, site: Path) -> None:
    said = words(site, "TS-HZ-2026-0001")
    stored = company.git("ls-tree", "-r", "--name-only", "records/complaint/2026/hz").split()
    events = [company.git("show", f"records/complaint/2026/hz:{path}") for path in stored]
    assert len(events) == 2
    for event in events:
        assert hashlib.sha256(event.encode()).hexdigest()[:8] in said
    for word in (
        "渗漏",
        "张伟",
        "王芳",
        "2026-11-18 09:20",
        "次卧外墙窗台下方漏水",
        "更正",
        "QR-14-04 A/0",
        "QD-14-02 A/0",
    ):
        assert word in said, word
    assert "QR-14-04 A/0" in lines(site)["TS-HZ-2026-0001"][6]  # type: ignore[operator]
    assert {"QR-14-04", "QD-14-02", "QD-14-02 A/0", "XX-HZ-2026-0001", "LX-HZ-2026-0001"} <= lines(site).keys()


def test_what_is_due_stands_first(site: Path) -> None:
    due = [line for key, line in lines(site).items() if key.startswith("TS-HZ-2026-0001 ")]
    assert len(due) >= 1
    assert any("▲" in json.dumps(line, ensure_ascii=False) for line in due)


def test_there_are_charts_over_what_customers_say(site: Path) -> None:
    drawn = {path for path in files(site) if path.startswith("charts/")}
    assert {"charts/ts-months.svg", "charts/ts-kinds.svg", "charts/ts-clocks.svg"} <= drawn, drawn
    assert not any(path.startswith(("charts/ff-", "charts/jy-")) for path in drawn)


def test_the_audit_of_the_moment_is_explained(site: Path) -> None:
    finding = words(site, "DOC402 QD-14-02")
    for word in ("提示", "试行至", "还没有人批准", "qmsdocs document approve", "ISO 9001:"):
        assert word in finding, word


def test_the_list_of_files_is_what_sha256sum_prints(site: Path) -> None:
    listed = dict(reversed(line.split("  ", 1)) for line in (site / "SHA256SUMS").read_text("utf-8").splitlines())
    held = files(site)
    held.pop("SHA256SUMS")
    assert listed == {path: hashlib.sha256(data).hexdigest() for path, data in held.items()}


def test_reading_changes_no_ledger(company: Program, tmp_path: Path) -> None:
    before = company.heads()
    assert company("export", "site", "-o", tmp_path / "other", "--no-pages").code == 0
    assert company.heads() == before


def test_the_same_moment_gives_the_same_bytes(company: Program, site: Path, tmp_path: Path) -> None:
    assert chinese(company)("export", "site", "-o", tmp_path / "again", "--no-pages").code == 0
    assert files(tmp_path / "again") == files(site)
    assert chinese(company).later(timedelta(days=1))("export", "site", "-o", tmp_path / "again", "--no-pages").code == 0
    assert files(tmp_path / "again") != files(site)


# ── what it hides


def test_nothing_personal_stands_in_any_byte(site: Path) -> None:
    everything = b"\n".join(files(site).values()).decode()
    for text in (*SECRET, "白桦", "林  玥", "138-0000-1234"):
        assert text not in everything, text
    said = words(site, "LX-HZ-2026-0001")
    assert "＊＊＊家次卧渗漏" in said
    assert "更正" in words(site, "TS-HZ-2026-0001")


def test_personal_data_leave_only_with_role_and_reason_and_are_recorded(company: Program, tmp_path: Path) -> None:
    out = tmp_path / "full"
    wanted = ("export", "site", "-o", out, "--no-pages", "--full", "--for", "认证机构")
    before = company.heads()
    refused(company(*wanted, "-m", "审核", "--as", "wang.fang"), "wang.fang")
    refused(company(*wanted, "--as", "zhao.lei"), "reason")
    assert company.heads() == before
    assert not out.exists()
    assert company(*wanted, "-m", "外部审核", "--as", "zhao.lei").code == 0
    assert b"13800001234" in b"\n".join(files(out).values())
    events = [stored.event for stored in journal.all_of(_objects(company), "hz", "pull")]
    assert [event.act for event in events] == ["issue", "pack"]
    assert events[0].changes["is_full"] is True
    assert events[0].changes["count"] == 3
    assert events[1].changes["manifest"] == hashlib.sha256((out / "SHA256SUMS").read_bytes()).hexdigest()


def test_pages_of_records_leave_only_with_personal_data(make: Make, tmp_path: Path) -> None:
    program = make(tmp_path / "acme")
    program.issue("QR-14-04", pages=True, **COMPLAINT)
    assert program("export", "site", "-o", "masked", "--no-pages").code == 0
    assert not [*(program.root / "masked").rglob("*.pdf")]
    wanted = ("--full", "-m", "审核", "--for", "认证机构", "--as", "zhao.lei")
    assert program("export", "site", "-o", "full", "--no-pages", *wanted).code == 0
    [page] = (program.root / "full").rglob("*.pdf")
    assert page.read_bytes() == next((program.root / "records/issued").rglob("*.pdf")).read_bytes()
    link = f"records/issued/{page.relative_to(program.root / 'full/records/issued').as_posix()}"
    assert link in words(program.root / "full", "TS-HZ-2026-0001")


def _objects(program: Program):  # type: ignore[no-untyped-def]
    from qmsdocs.system.view import open_system

    assert program.at is not None
    return open_system(program.root, now=program.at, machine="desk").objects


# ── documents


@pytest.fixture(scope="module")
def controlled(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A document with a revision that took the place of the first, signed by three."""
    made = Company.begun(tmp_path_factory.mktemp("controlled") / "acme")
    for person in ("wang.fang", "li.ming", "zhao.lei"):
        made.key(person)
    made.later(days=1).edit(48)
    made.submit()
    made.review()
    made.approve(on=made.system.today)
    made.delegate("li.ming", "qian.li", by="zhao.lei")
    return made.later(days=1)


def drawn(company: Company, local: Path) -> tuple[dict[str, bytes], Drawings]:
    drawings = Drawings(local)
    catalogue = Catalogue.load(Language.ZH)
    return dict(site_files(company.system, catalogue, is_full=False, drawings=drawings)), drawings


def test_each_revision_has_its_pages_and_what_changed(controlled: Company, tmp_path: Path) -> None:
    found, _ = drawn(controlled, tmp_path / "drawn")
    pdfs = [path for path in found if path.endswith(".pdf")]
    assert pdfs == ["documents/QP-14 A-0.pdf", "documents/QP-14 A-1.pdf", "redlines/QP-14 A-0 A-1.pdf"]
    assert all(found[path].startswith(b"%PDF") for path in pdfs)
    folder.put(tmp_path / "site", found.items())
    said = lines(tmp_path / "site")
    for word in ("现行", "王芳", "李明", "赵磊", "A/0", "A/1"):
        assert word in json.dumps(said["QP-14"], ensure_ascii=False)
    acts = said["QP-14 A/1"][4]
    assert [word for act in acts for word in ("送审", "审核", "批准") if word in act] == ["送审", "审核", "批准"]  # type: ignore[attr-defined]
    assert [link[1] for link in said["QP-14 A/1"][5]] == [pdfs[1], pdfs[2]]  # type: ignore[attr-defined]
    everyone = json.dumps([*said.values()], ensure_ascii=False)
    assert "SHA256:" in everyone  # a key
    assert "代 李明" in everyone  # a deputy


def test_what_was_drawn_is_not_drawn_again(controlled: Company, tmp_path: Path) -> None:
    first, drawings = drawn(controlled, tmp_path / "drawn")
    before = {path: path.stat().st_mtime_ns for path in drawings.folder.iterdir()}
    assert len(before) == 3
    (drawings.folder / "old.pdf").write_bytes(b"%PDF")
    later, drawings = drawn(controlled.later(days=3), tmp_path / "drawn")
    drawings.drop_unused()
    assert {path: path.stat().st_mtime_ns for path in drawings.folder.iterdir()} == before
    controlled.now -= timedelta(days=3)
    anew, _ = drawn(controlled, tmp_path / "elsewhere")
    for path in (path for path in first if path.endswith(".pdf")):
        assert first[path] == later[path] == anew[path], path


# ── the folder


def test_a_folder_of_somebody_else_is_left_alone(company: Program, tmp_path: Path) -> None:
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "notes.txt").write_text("mine", "utf-8")
    refused(company("export", "site", "-o", strange, "--no-pages"), "notes.txt")
    (tmp_path / "file").write_text("mine", "utf-8")
    refused(company("export", "site", "-o", tmp_path / "file", "--no-pages"), "no folder")
    (tmp_path / "link").symlink_to(strange)
    refused(company("export", "site", "-o", tmp_path / "link", "--no-pages"), "no folder")
    for inside in (".", ".git/x", "records/issued", "records", ".qms/site", ".."):
        found = company("export", "site", "-o", inside, "--no-pages")
        assert found.code == 2, inside
    assert (strange / "notes.txt").read_text("utf-8") == "mine"
    refused(company("export", "site", "-o", tmp_path / "x", "--on", "2026-11-01"), "--on")


def test_what_lies_beside_the_site_stops_the_next_one(tmp_path: Path) -> None:
    site = tmp_path / "site"
    folder.put(site, [("index.html", b"1"), ("front/a.js", b"2")])
    (site / "front" / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(QmsError, match=re.escape("front/mine.txt")):
        folder.put(site, [("index.html", b"3")])
    assert (site / "index.html").read_bytes() == b"1"
    (site / "front" / "mine.txt").unlink()
    folder.put(site, [("index.html", b"3")])
    assert files(site).keys() == {"index.html", "SHA256SUMS"}
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("error", (OSError(28, "No space left on device"), KeyboardInterrupt()))
def test_what_breaks_off_leaves_the_old_site(tmp_path: Path, error: BaseException) -> None:
    def breaking() -> Iterator[tuple[str, bytes]]:
        yield "index.html", b"2"
        raise error

    site = tmp_path / "site"
    folder.put(site, [("index.html", b"1")])
    with pytest.raises((QmsError, KeyboardInterrupt)):
        folder.put(site, breaking())
    assert (site / "index.html").read_bytes() == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_nothing_is_seen_of_what_was_not_recorded(tmp_path: Path) -> None:
    def unrecorded(sums: str) -> None:
        assert re.fullmatch("[0-9a-f]{64}", sums)
        assert not (tmp_path / "site").exists()
        raise QmsError("the seat is elsewhere")

    with pytest.raises(QmsError, match="elsewhere"):
        folder.put(tmp_path / "site", [("index.html", b"1")], sealed=unrecorded)
    assert list(tmp_path.iterdir()) == []


# ── in the browser


def test_every_shelf_opens_and_nothing_is_asked_of_a_network(browser: Browser, site: Path) -> None:
    page = opened(browser, site)
    titles = page.run("Front.shelves.map(shelf => shelf.title)")
    assert titles[:3] == ["待办与到期", "受控文件", "历次版本"]
    assert titles[-3:] == ["体系自检", "暂停销毁", "密钥与代理"]
    assert "客户投诉登记表" in titles
    for position in range(len(titles)):
        page.run(f"show({position})")
        assert page.run("document.querySelectorAll('#lines tr').length === Math.min(50, view.found.length)")
    page.run("show(Front.shelves.length)")
    page.wait(
        "[...document.querySelectorAll('figure img')].every(i => { i.loading = 'eager'; return i.naturalWidth; })"
    )
    assert page.run("document.querySelectorAll('figure img').length") >= 4
    page.run("open('LX-HZ-2026-0001')")
    page.wait("!document.getElementById('detail').hidden")
    assert "</script><img src=http://evil.example/x onerror=alert(1)>[U+202E]" in page.text
    assert (page.dialogs, page.complaints, page.leaked) == ([], [], [])
    outside = [url for url in page.requests if not url.startswith((site.as_uri(), "about:", "data:"))]
    assert outside == []


def test_every_link_leads_to_a_file(controlled: Company, browser: Browser, tmp_path: Path) -> None:
    found, _ = drawn(controlled, tmp_path / "drawn")
    folder.put(tmp_path / "site", found.items())
    page = opened(browser, tmp_path / "site")
    page.run("open('QP-14')")
    page.wait("!document.getElementById('detail').hidden")
    links = page.run("[...document.querySelectorAll('#detail .files a')].map(a => a.href)")
    assert len(links) == 3
    assert all(Path(unquote(urlsplit(link).path)).is_file() for link in links)


def test_it_speaks_the_language_of_the_command(company: Program, tmp_path: Path) -> None:
    assert chinese(company)("export", "site", "-o", tmp_path / "zh", "--no-pages").code == 0
    assert "质量管理体系" in (tmp_path / "zh/index.html").read_text("utf-8")
    assert company("export", "site", "-o", tmp_path / "en", "--no-pages").code == 0
    assert "quality management system" in (tmp_path / "en/index.html").read_text("utf-8")


def test_somebody_who_waits_sees_it_go_on(company: Program, tmp_path: Path) -> None:
    reading, writing = os.openpty()
    try:
        company.issue("QR-04-01", subject="第二件")
        words = ("--lang", "en", "export", "site", "-o", str(tmp_path / "site"), "--no-pages")
        subprocess.run([*program(), *words], cwd=company.root, stdout=subprocess.PIPE, stderr=writing, check=True)
        said = os.read(reading, 100_000).decode()
    finally:
        os.close(reading)
        os.close(writing)
    assert "Drawing pages" in said and "Writing records" in said and "100%" in said
