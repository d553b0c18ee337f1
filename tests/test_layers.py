"""Who may import whom, and what stays out of the lower layers. A new module is entered here first."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
SOURCE = PROJECT / "src"

# A module imports only from a strictly lower row.
LAYERS = {
    "base": 0,
    "builtin": 0,
    "model": 1,
    "store": 2,
    "render": 2,
    "system": 3,
    "fill": 3,
    "query": 4,
    "acts.record": 5,
    "acts": 6,
    "audit": 7,
    "export": 8,
    "cli": 9,
}

# Within a package a module imports only what stands before it.
ORDER: dict[str, str] = {
    "base": "errors canonical files language toml",
    "model": (
        "expression finding number quantity record revision calendar evaluation form hold release waiver clock "
        "document expression_check expression_words key masking organisation people register retention rule value "
        "approval facts field_check form_check gate speech"
    ),
    "render": (
        "align blocks face fetch limited mark measure package photo pictures prose sandbox sheet table tags word "
        "chart_grid chart_text columns display document_docx_parts document_sheet fonts line_difference opc "
        "prose_inline table_pages table_text template_check chart_route chart_shape document_ink document_words "
        "docx_file justify layout prepared prose_parser table_sheet chart_columns comparable compiled context "
        "document_docx_styles statement table_docx chart_rows difference fit chart_figure docx_blocks html "
        "redline chart document_frame docx_page pdf redline_docx redline_text table_html document_body "
        "document_docx_body document_pictures docx redline_html document_docx_frame document_front "
        "document_docx_front document_html statement_docx document_docx_pages statement_html document_docx"
    ),
    "store": (
        "event lock names place signature timestamp tree derived objects openssh ledger overlay replacement "
        "repository rows arrival backup condition control damage history index journal purge remote bundle "
        "certificate guard search opened sync seat disposal exchange sharing post handover head"
    ),
    "fill": (
        "codes draft question retry sheet toml_value word_model word_package ask delimited document_skeleton "
        "form_skeleton pdf_reading skeleton word_reading word_styles numbers page_mark rows word_numbering "
        "word_own refused word_gathered word_label word_facts word_shape word_table word_typed word_inline "
        "word_outline word_reconcile word_layout word_story word_markdown word_review word_front word_document "
        "word_draft"
    ),
    "system": "builtin definitions moment rights trust believed entries view",
    "query": (
        "cell changed_values course personal purpose rule_texts selecting text_lines typed_number verifying view "
        "action custody flow lending parameters register retention text_check disposal_list document_check "
        "keeping master_list retention_list overview working difference_side impact difference impact_report"
    ),
    "acts": (
        "apply believing control items lockout printing seat sheets shortcut begin countersigning custody "
        "document_pages folder objections officers pages pull release restoring retention demo disposal "
        "disposal_page lending preview reading redraw syncing carrying comparing verify"
    ),
    "audit": (
        "clause_sets findings held judge recorded rules_page arrived_links case report sarif standing doubt sheet "
        "stream scope clauses in_force rule waiving actions custody disposal documents journal_entries kept "
        "kept_head ledger_history offices pages records surroundings upkeep arrived damage effects memory "
        "retention guard history catalogue engine self_test"
    ),
    "export": (
        "bag bars drawings folder front hiding proof survey audited checked contents library opening record_lines "
        "standing index site pull"
    ),
    "cli": (
        "front keyring words boundary command session asking backup course difference export given guard keys "
        "menu output rule site sync verify audit demo destroying importing key opening parameters person pulling "
        "report retention root self_test control desk disposing form issuing main pull register search custody "
        "record acknowledging document_list lending library document"
    ),
}

# The program itself: its version below everything, `python -m` above.
BELOW, ABOVE = "qmsdocs", "qmsdocs.__main__"

# A library that shapes its user has one importing package, so that it can be replaced there.
GIANTS = {
    "click": ("cli",),
    "cryptography": ("store",),
    "docx": ("render",),
    "docxtpl": ("render",),
    "fontTools": ("render",),
    "git": ("store",),
    "isal": ("render",),
    "jinja2": ("render",),
    "lxml": ("render", "fill"),
    "markdown_it": ("render",),
    "openpyxl": ("render", "fill"),
    "pikepdf": ("fill",),
    "PIL": ("render",),
    "pypdfium2": ("fill",),
    "pygraphviz": ("render",),
    "orjson": ("base", "store.index", "store.rows"),
    "pygit2": ("store",),
    "rfc8785": ("base",),
    "rich": ("render", "cli"),
    "segno": ("render",),
    "weasyprint": ("render",),
    "xlsxwriter": ("render",),
    "zxingcpp": ("fill",),
}

# Neither clock nor surroundings below cli/: what a function needs it is given.
SURROUNDINGS = re.compile(
    r"(datetime\.)?(datetime|date)\.(now|utcnow|today)|time\.(time|time_ns|localtime|gmtime|ctime|strftime)"
    r"|os\.(environ|getenv|putenv|getcwd|chdir|_exit|getlogin)|(pathlib\.)?Path\.(cwd|home)|getpass\.\w+"
    r"|sys\.(exit|argv|stdin|stdout|stderr)|print|input|exit|quit|breakpoint"
)
# (module, what): why it may.
ALLOWED = {
    ("render.fonts", "os.environ"): "fontconfig is told where its configuration is by the environment only",
    ("render.limited", "sys.stdin"): "the worker process is spoken to by its standard input",
    ("render.limited", "sys.stdout"): "and answers on its standard output",
    ("store.guard", "os._exit"): "the process that holds the lock of a shared store ends without its parent's endings",
}


def modules() -> dict[str, Path]:
    """Every module of the package by its name without `qmsdocs.`; a package stands for its `__init__`."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        found[name] = path
    return found


MODULES = modules()


def package(name: str) -> str:
    """The row's key: the longest entry of LAYERS that the module belongs to."""
    inner = name.removeprefix("qmsdocs.")
    fitting = [key for key in LAYERS if inner == key or inner.startswith(f"{key}.")]
    return max(fitting, key=len, default="")


def tree(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def imported(name: str) -> Iterator[str]:
    """Full names of the modules that the module imports, wherever in it the import stands."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else str(node.module)


def place(name: str) -> tuple[int, int]:
    """Row and place within the row; an `__init__` stands before its modules."""
    if name in (BELOW, ABOVE):
        return (-1, 0) if name == BELOW else (99, 0)
    row = package(name)
    assert row, f"{name} is in no layer; enter it in LAYERS"
    inner = name.removeprefix("qmsdocs.")
    if inner in LAYERS:
        return LAYERS[row], -1
    home, _, own = inner.rpartition(".")
    order = ORDER.get(home, "").split()
    assert own in order, f"{name} is in no order; enter it in ORDER"
    return LAYERS[row], order.index(own)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_what_stands_below_it(name: str) -> None:
    row, order = place(name)
    for other in imported(name):
        if other.split(".")[0] != "qmsdocs":
            continue
        assert other in MODULES, f"{name} imports {other}, which does not exist"
        other_row, other_order = place(other)
        beside = package(name) == package(other) and other_row == row and other_order < order
        assert other_row < row or beside, f"{name} imports {other}"


@pytest.mark.parametrize("name", MODULES)
def test_a_giant_is_imported_in_its_package_only(name: str) -> None:
    inner = name.removeprefix("qmsdocs.")
    for other in imported(name):
        for home in [GIANTS.get(other.split(".")[0])]:
            allowed = home is None or any(inner == key or inner.startswith(f"{key}.") for key in home)
            assert allowed, f"{name} imports {other}, which belongs to {home}"


def dotted(node: ast.AST) -> str:
    """`a.b.c` for an attribute of an attribute of a name, else nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (inner := dotted(node.value)):
        return f"{inner}.{node.attr}"
    return ""


def from_surroundings(name: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree(name)):
        bare = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        told = dotted(node.func) if bare else dotted(node) if isinstance(node, ast.Attribute) else ""
        if SURROUNDINGS.fullmatch(told):
            yield node.lineno, told
        if isinstance(node, ast.ImportFrom) and node.module in {"time", "os", "sys"}:
            for alias in node.names:
                if SURROUNDINGS.fullmatch(f"{node.module}.{alias.name}"):
                    yield node.lineno, f"{node.module}.{alias.name}"


@pytest.mark.parametrize("name", [name for name in MODULES if package(name) not in ("cli", "")])
def test_below_the_commands_nothing_asks_the_clock_or_the_surroundings(name: str) -> None:
    inner = name.removeprefix("qmsdocs.")
    found = [(line, what) for line, what in from_surroundings(name) if (inner, what) not in ALLOWED]
    assert found == [], name


def test_every_exception_is_still_needed() -> None:
    used = {(name.removeprefix("qmsdocs."), what) for name in MODULES for _, what in from_surroundings(name)}
    assert ALLOWED.keys() <= used
    known = {name.removeprefix("qmsdocs.") for name in MODULES}
    listed = {f"{home}.{own}".removeprefix(".") for home, names in ORDER.items() for own in names.split()}
    assert listed <= known, "entered in ORDER but not there"


def prefixes() -> frozenset[str]:
    """What printed numbers of the starter pack's records begin with, and the numbers of its documents."""
    found = {path.name for path in (PROJECT / "forms").iterdir() if path.is_dir()}
    found |= {path.stem for path in (PROJECT / "procedures").glob("*.md")}
    for path in (PROJECT / "forms").glob("*/form.toml"):
        pattern = tomllib.loads(path.read_text(encoding="utf-8"))["series"]["number"]
        found.add(pattern.split("{", 1)[0])
    return frozenset(found - {""})


@pytest.mark.parametrize("name", MODULES)
def test_no_module_knows_a_form_or_a_kind_of_number(name: str) -> None:
    text = MODULES[name].read_text(encoding="utf-8")
    literal = "|".join(re.escape(prefix) for prefix in sorted(prefixes()))
    pattern = re.compile(rf"(?<![\w-])(?:Q[RDPM]-\d\d(?:-\d\d)?(?!\w)|(?:{literal})(?=[\d{{A-Z]|\W|$))")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
    assert lines == [], f"{MODULES[name].name}: {[text.splitlines()[n - 1].strip() for n in lines]}"
