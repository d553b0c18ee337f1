"""The front page in Chromium, opened from a folder: what is found, sorted, filtered and opened; hostile text lies still."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, chromium

from qmsdocs.base.errors import QmsError
from qmsdocs.base.language import Language
from qmsdocs.export.front import POLICY, Column, Front, Kind, Line, Link, Shelf, front_files

COLUMNS = (
    Column("number", "编号"),
    Column("on", "受理日期", Kind.DATE),
    Column("kind", "类别", Kind.CHOICE),
    Column("days", "历时", Kind.NUMBER),
    Column("about", "内容"),
)
LINES = (
    Line(
        "TS-0001",
        ("TS-0001", "2026-01-05", "渗漏", "10", "次卧窗台下方漏水"),
        links=(Link("登记表", "记录/TS-0001 #1.pdf"),),
        detail=(("经过", "淋水试验后确认窗框打胶开裂"), ("电话", "＊＊＊")),
        events=("2026-01-05 09:20  王芳  登记  9f2c7a1b",),
        related=("TS-0003", "QD-14 A/0"),
    ),
    Line("TS-0002", ("TS-0002", "2026-02-05", "电梯", "9", "两台电梯都停了 ＡＢＣ")),
    Line("TS-0003", ("TS-0003", "2026-03-05", "渗漏", "", "卫生间楼板渗水"), detail=(("经过", "已复验"),)),
    Line("TS-0004", ("TS-0004", "", "", "100", "")),
)
OTHER = Shelf("documents", "文件", (Column("number", "编号"), Column("title", "名称")),
              (Line("QD-14", ("QD-14", "投诉管理规定")),), note="现行文件。")  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        found.size(1280, 800)
        yield found


def front(*shelves: Shelf, language: Language = Language.ZH, **more: object) -> Front:
    return Front("绿源置业 资料", (("范围", "全部"),), ("本页为副本。",), shelves, language, **more)  # type: ignore[arg-type]


def made(folder: Path, said: Front) -> Path:
    for path, data in front_files(said):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder / "index.html"


def opened(browser: Browser, page: Path, fragment: str = "") -> Browser:
    browser.requests.clear()
    browser.complaints.clear()
    browser.open(page, fragment)
    browser.wait("Front.head && !Front.isLoading")
    return browser


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Browser:
    return opened(browser, made(tmp_path, front(Shelf("complaints", "投诉", COLUMNS, LINES), OTHER)))


def numbers(browser: Browser) -> list[str]:
    return list(browser.run("[...document.querySelectorAll('#lines td:first-child')].map(cell => cell.innerText)"))


def search(browser: Browser, text: str) -> list[str]:
    browser.run("document.getElementById('search').focus(); document.getElementById('search').select()")
    browser.write(text) if text else browser.press("Delete")
    browser.wait(f"view.written === {text!r}")
    return numbers(browser)


def click(browser: Browser, selector: str, position: int = 0) -> None:
    browser.run(f"document.querySelectorAll({selector!r})[{position}].click()")


# ── searching, sorting, filtering


def test_words_are_found_anywhere_in_a_line(page: Browser) -> None:
    assert numbers(page) == ["TS-0001", "TS-0002", "TS-0003", "TS-0004"]
    assert search(page, "漏水") == ["TS-0001"]
    assert search(page, "渗水") == ["TS-0003"]
    assert search(page, "打胶") == ["TS-0001"]  # only in the detail
    assert "打胶" in page.run("document.querySelector('.snippet').innerText")
    assert search(page, "9F2C") == ["TS-0001"]  # an act's hash
    assert search(page, "abc") == ["TS-0002"]  # full-width and capital
    assert search(page, "渗漏 王芳") == ["TS-0001"]
    assert search(page, "渗漏 电梯") == []
    assert "没有符合条件的内容" in page.text
    assert search(page, "投诉管理") == []
    assert page.run("document.querySelectorAll('#tabs button span')[1].innerText") == "1"  # it is on the other shelf
    click(page, "#filters .clear")
    assert len(numbers(page)) == 4


def test_every_column_sorts_both_ways_with_empty_cells_last(page: Browser) -> None:
    for column, up, down in (
        (0, [1, 2, 3, 4], [4, 3, 2, 1]),
        (1, [1, 2, 3, 4], [3, 2, 1, 4]),
        (3, [2, 1, 4, 3], [4, 1, 2, 3]),
        (4, [1, 2, 3, 4], [3, 2, 1, 4]),
    ):
        for order in (up, down):
            click(page, "#head button", column)
            assert numbers(page) == [f"TS-000{n}" for n in order], (column, order)
        assert page.run(f"document.querySelectorAll('#head th')[{column}].ariaSort") == "descending"
        click(page, "#head button", column)
        assert page.run(f"document.querySelectorAll('#head th')[{column}].ariaSort") == "none"


def test_choices_are_ticked_and_days_bounded(page: Browser) -> None:
    click(page, "#filters details:nth-of-type(2) summary")
    shown = page.run("[...document.querySelectorAll('#filters details:nth-of-type(2) label')].map(l => l.innerText)")
    assert [text.split() for text in shown] == [["渗漏", "2"], ["（空）", "1"], ["电梯", "1"]]
    click(page, "#filters details:nth-of-type(2) input", 0)
    assert numbers(page) == ["TS-0001", "TS-0003"]
    assert "2 / 4" in page.text
    click(page, "#filters details:nth-of-type(2) input", 2)
    assert numbers(page) == ["TS-0001", "TS-0002", "TS-0003"]
    bound(page, 1, "from", "2026-02-05")
    assert numbers(page) == ["TS-0002", "TS-0003"]
    bound(page, 1, "to", "2026-02-05")
    assert numbers(page) == ["TS-0002"]
    bound(page, 3, "from", "10")
    assert numbers(page) == []
    click(page, "#filters .clear")
    assert len(numbers(page)) == 4


def bound(browser: Browser, column: int, end: str, value: str) -> None:
    field = f"document.getElementById('filter-0-{column}-{end}')"
    browser.run(f"{field}.value = {value!r}; {field}.dispatchEvent(new Event('change'))")


def test_long_shelves_are_shown_page_by_page(browser: Browser, tmp_path: Path) -> None:
    lines = (Line(f"N-{n:04d}", (f"N-{n:04d}",)) for n in range(120))
    page = opened(browser, made(tmp_path, front(Shelf("many", "许多", COLUMNS[:1], lines))))
    assert numbers(page)[-1] == "N-0049"
    click(page, "#pager button", 1)
    assert numbers(page)[0] == "N-0050"
    assert "第 51–100 条，共 120 条" in page.text
    click(page, "#pager button", 1)
    assert numbers(page) == [f"N-{n:04d}" for n in range(100, 120)]
    page.run("const s = document.querySelector('#pager select'); s.value = '200'; s.dispatchEvent(new Event('change'))")
    assert len(numbers(page)) == 120


# ── one line


def test_a_line_opens_with_all_it_holds_and_leads_on(page: Browser) -> None:
    click(page, "#lines tr", 0)
    page.wait("!document.getElementById('detail').hidden")
    shown = page.run("document.getElementById('detail').innerText")
    for word in (
        "TS-0001",
        "次卧窗台下方漏水",
        "淋水试验",
        "＊＊＊",
        "王芳",
        "9f2c7a1b",
        "TS-0003",
        "渗水",
        "QD-14 A/0",
    ):
        assert word in shown, word
    link = page.run("document.querySelector('#detail .files a').getAttribute('href')")
    assert link == "./%E8%AE%B0%E5%BD%95/TS-0001%20%231.pdf"
    assert page.run("document.querySelectorAll('#detail section:last-child a').length") == 1  # QD-14 A/0 is not here
    click(page, "#detail section:last-child a")
    page.wait("document.querySelector('#detail h2').innerText === 'TS-0003'")
    page.run("history.back()")
    page.wait("document.querySelector('#detail h2').innerText === 'TS-0001'")
    click(page, "#detail .close")
    page.wait("document.getElementById('detail').hidden")


def test_hands_may_stay_on_the_keys(page: Browser) -> None:
    page.press("/")
    assert page.run("document.activeElement.id") == "search"
    page.write("渗")
    page.wait("view.written === '渗'")
    page.press("ArrowDown")
    page.press("ArrowDown")
    page.press("Enter")
    page.wait("document.querySelector('#detail h2')?.innerText === 'TS-0003'")
    page.press("Escape")
    page.wait("document.getElementById('detail').hidden")
    assert page.run("document.activeElement.innerText") == "TS-0003"
    page.run("document.getElementById('tab-0').focus()")
    page.press("ArrowRight")
    assert page.run("document.activeElement.id") == "tab-1"
    assert "现行文件。" in page.text


def test_an_address_opens_a_line(browser: Browser, tmp_path: Path) -> None:
    said = made(tmp_path, front(Shelf("complaints", "投诉", COLUMNS, LINES)))
    assert "已复验" in opened(browser, said, "#TS-0003").text
    assert "TS-0001" in opened(browser, said, "#%E0%A4%A").text  # nonsense opens nothing


def test_the_frame_speaks_both_languages(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, made(tmp_path, front(Shelf("complaints", "投诉", COLUMNS, LINES))))
    assert "4 条" in page.text
    assert page.run("document.documentElement.lang") == "zh-CN"
    click(page, "#language")
    assert "4 lines" in page.text
    assert page.run("document.documentElement.lang") == "en"
    words = page.run("Object.values(Front.head.words).map(w => Object.keys(w).sort().join())")
    assert words[0] == words[1]
    assert not re.search("[一-鿿]", page.run("Object.values(Front.head.words.en).join(' ')").replace("中文", ""))


@pytest.mark.parametrize("width", (1280, 390))
def test_nothing_is_wider_than_the_window(browser: Browser, tmp_path: Path, width: int) -> None:
    long = Line("L", ("L" * 200, "2026-01-01", "长" * 200, "1", "x" * 10_000), detail=(("词", "y" * 10_000),))
    browser.size(width, 800)
    try:
        page = opened(browser, made(tmp_path, front(Shelf("long", "长" * 90, COLUMNS, (long, *LINES)))), "#L")
        assert page.run("document.documentElement.scrollWidth") == width
        assert page.run("document.getElementById('detail').scrollWidth") <= width
        assert page.run("document.querySelector('#lines tr').offsetHeight") < 700
        assert page.run("document.getElementById('tab-0').offsetWidth") > 200
    finally:
        browser.size(1280, 800)


# ── nothing gets in or out


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "</script><script>alert(3)</script>",
    "<!--<script>",
    "javascript:alert(4)",
    "__proto__",
    "constructor",
    "\u202etxt.exe\u2066",
    "\u2028alert(5)//\u2029",
    "{{7*7}}${alert(6)}",
    "'+alert(7)+'",
    "\\u003cscript\\u003e",
    "\x00\x07\ufeff\ud800",
    "<iframe src=http://evil.example/a>",
    '<link rel=stylesheet href="http://evil.example/b">',
    "<svg onload=alert(8)>",
    "长" * 10_000,
)


def test_hostile_text_lies_still(browser: Browser, tmp_path: Path) -> None:
    columns = tuple(Column(text, text, Kind.CHOICE) for text in HOSTILE[:3])
    lines = tuple(
        Line(text, (text, text, text), (Link(text, "a/b.pdf"),), ((text, text),), (text,), tuple(HOSTILE))
        for text in HOSTILE
    )
    shelves = tuple(Shelf(text, text, columns, lines, text) for text in HOSTILE[:8])
    said = Front(HOSTILE[2], tuple((t, t) for t in HOSTILE), HOSTILE, shelves, Language.ZH)
    page = opened(browser, made(tmp_path, said))
    for position in range(len(HOSTILE)):
        page.run(f"location.hash = ''; open(Front.shelves[0].lines[{position}].key)")
        page.wait(f"document.querySelector('#detail h2')?.innerText.slice(0, 9) === "
                  f"Front.shelves[0].lines[{position}].key.slice(0, 9)")  # fmt: skip
    for text in ("alert", "proto", "evil"):
        search(page, text)
    for tab in range(8):
        click(page, "#tabs button", tab)
        click(page, "#filters summary", 0)
    assert page.dialogs == []
    assert page.complaints == []
    assert page.run("document.querySelectorAll('script:not([src]), iframe, svg, img, [onerror], [onload]').length") == 0
    assert page.run("document.querySelectorAll('link').length") == 2
    assert page.run("({}).polluted === undefined && Object.keys(Object.prototype).length === 0")
    assert "<script>alert(1)</script>" in page.text
    assert "[U+202E]txt.exe[U+2066]" in page.text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u2028\u2029]", page.run("document.documentElement.textContent"))
    asked = {url.rpartition("/")[2] for url in page.requests if url != "about:blank"}
    assert all(url.startswith(tmp_path.as_uri()) for url in page.requests if url != "about:blank"), page.requests
    assert asked == {"index.html", "front.css", "front.js", "view.js", "data-000.js"} | {
        f"data-{n:03d}.js" for n in range(1, 9)
    }
    assert page.leaked == []


def test_the_policy_stops_what_it_names(browser: Browser, tmp_path: Path) -> None:
    """The watch itself: an inline script does not run, what would be fetched is seen, ours is loaded all the same."""
    page = made(tmp_path, front(Shelf("complaints", "投诉", COLUMNS, LINES), charts=(Link("图", "chart.svg"),)))
    (tmp_path / "chart.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "utf-8")
    opened(browser, page)
    assert f'content="{POLICY}"' in page.read_text("utf-8")
    click(browser, "#tabs button", 1)
    browser.wait("document.querySelector('figure img').naturalWidth === 9")
    assert browser.complaints == []
    browser.run("const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.head.append(s)")
    browser.run("const i = document.createElement('img'); i.src = 'http://evil.example/a.png'; document.body.append(i)")
    browser.run("fetch('http://evil.example/b').catch(() => 0)")
    assert browser.run("window.ran") is None
    refused = [said for said in browser.complaints if "Content Security Policy" in said]
    assert any("inline script" in said for said in refused)
    assert all(any(url in said for said in refused) for url in ("evil.example/a.png", "evil.example/b"))
    assert browser.leaked == []
    open_door = tmp_path / "open.html"
    open_door.write_text("<img src=http://evil.example/c.png>", "utf-8")
    browser.open(open_door)
    assert any(b"evil.example/c.png" in asked for asked in browser.leaked)  # so a leak would be seen
    browser.asked.clear()


@pytest.mark.parametrize(
    "path",
    ("../x.pdf", "a/../../x", "/etc/passwd", "http://evil.example/x", "javascript:alert(1)", "a\\b", "", "a//b", "./a",
     "C:/x", "//evil.example/x", "data:text/html,x", "a\u202eb", "a\nb"),
)  # fmt: skip
def test_a_link_that_leads_outside_is_refused(path: str) -> None:
    line = Line("A", ("A",), links=(Link("x", path),))
    with pytest.raises(QmsError, match="inside the folder"):
        list(front_files(front(Shelf("s", "s", COLUMNS[:1], (line,)))))


def test_the_page_itself_checks_links_too(page: Browser) -> None:
    for path in ("javascript:alert(1)", "../x", "/x", "a\\b", "", "//e/x", "a/./b"):
        assert page.run(f"inner({path!r})") is None, path


def test_a_missing_data_file_is_said(browser: Browser, tmp_path: Path) -> None:
    said = made(tmp_path, front(Shelf("complaints", "投诉", COLUMNS, LINES), OTHER))
    (tmp_path / "front/data-002.js").unlink()
    page = opened(browser, said)
    assert "缺少文件 front/data-002.js，内容不完整" in page.text


def test_the_same_lines_give_the_same_bytes() -> None:
    shelf = Shelf("complaints", "投诉", COLUMNS, LINES)
    assert list(front_files(front(shelf, OTHER))) == list(front_files(front(shelf, OTHER)))


def test_a_line_with_other_columns_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="1 cells for 5 columns"):
        list(front_files(front(Shelf("s", "s", COLUMNS, (Line("A", ("A",)),)))))


# ── many lines


@pytest.mark.parametrize("count", (5_000, pytest.param(50_000, marks=pytest.mark.slow)))
def test_many_lines_stay_fast(browser: Browser, tmp_path: Path, count: int) -> None:
    shelf = Shelf("many", "许多", COLUMNS, many(count))
    page = opened(browser, made(tmp_path, front(shelf)))
    paint = page.run("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert paint < 2000
    assert page.run("Front.shelves[0].lines.length") == count
    for words, found in (("漏水 王芳", count), (f"TS-{count - 1:06d}", 1), ("没有的", 0)):
        times = []
        for _ in range(3):
            page.run("view.written = ''; draw()")
            times.append(page.worked(f"view.written = {words!r}; draw(); document.body.offsetHeight"))
        assert page.run("view.found.length") == found
        assert min(times) < 200, (words, times)


def many(count: int) -> Iterator[Line]:
    for n in range(count):
        yield Line(
            f"TS-{n:06d}",
            (f"TS-{n:06d}", f"2026-{n % 12 + 1:02d}-{n % 28 + 1:02d}", "渗漏", str(n % 90), "次卧外墙窗台下方漏水。"),
            detail=(("经过", "业主来电称木地板已起拱，要求三日内给出处理方案。" * (n % 4)),),
            events=(f"2026-11-21 09:20  王芳  登记  {n:08x}", f"2026-11-22 14:05  李明  派工  {n * 7:08x}"),
        )
