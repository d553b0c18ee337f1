"""Every text for people stands in the code in English and in `src/qmsdocs/language/zh` in Chinese, one for one."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
import pytest
from program import Program

from qmsdocs.base.language import Catalogue, Language
from qmsdocs.cli import front
from qmsdocs.cli.command import COMMON
from qmsdocs.cli.root import command, root
from qmsdocs.cli.words import Wishes

PROJECT = Path(__file__).resolve().parent.parent
SOURCE = PROJECT / "src" / "qmsdocs"
CHINESE = SOURCE / "language" / "zh"

# Who takes a template, and as which argument; errors of every kind take it as their first one.
TAKERS = {"message": 0, "Message": 0, "say": 0, "tell": 0, "progress": 1, "error": 1, "doubt": 1}

# Arguments that are messages made elsewhere, or templates handed on to one of the takers; a new one is entered here.
HANDED_ON = {
    "acts/sheets.py": {"Message(_TRIGGERS[found.trigger].template, {'period': found.words(catalogue.language)})"}
    | {"_TRIGGERS[found.trigger].template"},
    "audit/clauses.py": {"finding.message"},
    "audit/kept.py": {"template"},
    "audit/report.py": {"finding.message", "limit", "_verdict(report)"},
    "audit/sarif.py": {"limit"},
    "audit/sheet.py": {"finding.message", "item.finding.message", "limit"},
    "base/errors.py": {"template"},
    "base/language.py": {"said", "value"},
    "cli/asking.py": {"question.hint", "question.error"},
    "cli/boundary.py": {"hint", "said"},
    "cli/demo.py": {"why"},
    "cli/control.py": {"error.message"},
    "cli/course.py": {"said", "words[meaning]"},
    "cli/custody.py": {"item.message", "error.message"},
    "cli/desk.py": {"item.message", "error.message"},
    "cli/form.py": {"title"},
    "cli/importing.py": {"note.message"},
    "cli/key.py": {"title"},
    "cli/keyring.py": {"error.message"},
    "cli/parameters.py": {"item.message", "severity[item.severity]"},
    "cli/person.py": {"title"},
    "cli/verify.py": {"error.hint", "error.message", "reason", "_CHECKED[answer.checked]"}
    | {"_verdict(answer.verdict, path, what or '-')"},
    "cli/issuing.py": {"refusal.message", "error.message", "error.hint", "why", "result.pending"},
    "cli/menu.py": {"title", "ASKED[part]"},
    "cli/register.py": {"title"},
    "query/overview.py": {"said", "line", "said_late(action, seen.names)"},
    "audit/self_test.py": {"item.expected", "item.found", "_SAID[item.verdict]"},
    "export/opening.py": {"said_late(action, people)"},
    "export/pull.py": {"unproven(site)"},
    "render/limited.py": {"said['template']"},
    "cli/report.py": {"refusal.message", "error.hint"},
    "cli/session.py": {"said", "label"},
    "cli/pulling.py": {"unproven(site)"},
    "cli/site.py": {"label"},
    "cli/sync.py": {"_line(session, moved, dry_run=dry_run)", "found.error.message", "moved.reason"},
    "cli/words.py": {"said"},
    "cli/command.py": {"self.said", "self.help", "_template(self.help)", "_template(below.help)"},
    "export/checked.py": {"finding.message", "limit"},
    "fill/ask.py": {"item.help.of(self.language) if item.help is not None else None"},  # a Question's, not click's
    "fill/refused.py": {"refusal.message", "said"},
    "model/expression_words.py": {"template.template", "joint"}
    | {"_SIGNS[operator].template", "_CALLS[function].template", "_ENDS[function].template"},
    "model/field_check.py": {"template"},
}

# What English says with nothing: 第 1 页 is "page 1".
NOTHING_BEHIND = (" 页",)

# Words of git, and words that mean something else to a Chinese quality manager; some are right elsewhere.
ALLOWED_IN = {"作废": ("render/document_words.py", "custody.toml", "control.toml", "verify.toml")}  # of documents
BANNED = ("提交", "分支", "仓库", "克隆", "推送", "检出", "站点", "签发", "作废", "抱怨", "返回率", "审核发现", "冻结")

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f]")
ENGLISH = re.compile(r"\b[A-Za-z][a-z']+(?: [A-Za-z][a-z']*){2,}")
NAMES = ("qmsdocs [a-z -]+", "record render", "ssh-keygen [a-z0-9 -]+", "Open XML", "Windows", "Excel", "Word")


@dataclass(frozen=True)
class Found:
    """A text and where it stands."""

    text: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"src/qmsdocs/{self.file}:{self.line}: {self.text!r}"


@dataclass(frozen=True)
class Reading:
    """What the syntax trees hold: templates, arguments that are no literals, and calls of Text."""

    templates: tuple[Found, ...]
    handed_on: tuple[Found, ...]
    texts: tuple[tuple[Found, ...], ...]


@cache
def reading() -> Reading:
    """All texts of the program."""
    trees = {
        path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text("utf-8")) for path in sorted(SOURCE.rglob("*.py"))
    }
    errors, own_words = _errors(trees)
    templates: list[Found] = []
    handed_on: list[Found] = []
    texts: list[tuple[Found, ...]] = []
    for file, tree in trees.items():
        constants = _assigned(tree)
        for scope in _scopes(tree):
            known = {**constants, **_assigned(scope)}
            for call in (node for node in _within(scope) if isinstance(node, ast.Call)):
                if _called(call) == "Text":
                    texts.append(tuple(Found(_constant(part), file, call.lineno) for part in call.args))
                for argument in _arguments(call, errors, own_words):
                    literals = tuple(_literals(argument, known, scope))
                    templates += [Found(text, file, argument.lineno) for text in literals]
                    if not literals and not _is_message(argument):
                        handed_on.append(Found(ast.unparse(argument), file, argument.lineno))
    return Reading(tuple(templates), tuple(handed_on), tuple(texts))


def _errors(trees: Mapping[str, ast.Module]) -> tuple[frozenset[str], frozenset[ast.AST]]:
    """The errors that take a template, by name; and everything inside those that find their own words."""
    classes = [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    found = {"QmsError"}
    while more := {c.name for c in classes if {ast.unparse(base) for base in c.bases} & found} - found:
        found |= more
    own = [
        c
        for c in classes
        if c.name in found - {"QmsError"}
        and any(isinstance(n, ast.FunctionDef) and n.name == "__init__" for n in c.body)
    ]
    return frozenset(found - {c.name for c in own}), frozenset(node for c in own for node in ast.walk(c))


Scope = ast.Module | ast.FunctionDef


def _scopes(tree: ast.Module) -> Iterator[Scope]:
    yield tree
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _within(scope: Scope) -> Iterator[ast.AST]:
    """Every node of a scope; functions inside it are scopes of their own, but what decorates them belongs here."""
    waiting: list[ast.AST] = list(scope.body)
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.decorator_list if isinstance(node, ast.FunctionDef) else ast.iter_child_nodes(node)


def _assigned(scope: Scope) -> dict[str, list[ast.expr]]:
    """What is assigned to each plain name of the scope."""
    found: dict[str, list[ast.expr]] = {}
    for node in _within(scope):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                found.setdefault(target.id, []).append(node.value)
    return found


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _arguments(call: ast.Call, errors: frozenset[str], own_words: frozenset[ast.AST]) -> Iterator[ast.expr]:
    """The arguments of a call that are templates."""
    name, written = _called(call), ast.unparse(call.func)
    position = 0 if name in errors or written == "self.translate" else TAKERS.get(name)
    if written == "super().__init__" and call in own_words:
        position = 0
    if position is not None and position < len(call.args):
        first = call.args[position]
        is_context = isinstance(first, ast.Name) and first.id in ("context", "ctx")
        yield call.args[position + 1] if is_context else first
    yield from (keyword.value for keyword in call.keywords if keyword.arg == "help")


def _literals(argument: ast.expr, known: Mapping[str, list[ast.expr]], scope: Scope) -> Iterator[str]:
    """The texts an argument may be: written there, chosen there, assigned to the name, or gone through in a loop."""
    match argument:
        case ast.Constant(value=str() as text):
            yield text
        case ast.IfExp(body=body, orelse=otherwise):
            yield from _literals(body, known, scope)
            yield from _literals(otherwise, known, scope)
        case ast.Name(id=name):
            for value in known.get(name, ()):
                yield from _literals(value, {}, scope)
            yield from _gone_through(name, known, scope)


def _gone_through(name: str, known: Mapping[str, list[ast.expr]], scope: Scope) -> Iterator[str]:
    """The texts at the place of `name` in `for key, name in TABLE`."""
    for node in _within(scope):
        match node:
            case ast.comprehension(target=ast.Tuple(elts=targets), iter=ast.Name(id=table)):
                places = [place for place, part in enumerate(targets) if isinstance(part, ast.Name) and part.id == name]
                rows = [row for value in known.get(table, ()) if isinstance(value, ast.Tuple) for row in value.elts]
                for row in rows:
                    yield from (_constant(row.elts[place]) for place in places if isinstance(row, ast.Tuple))


def _constant(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ast.unparse(node)


def _is_message(argument: ast.expr) -> bool:
    return (
        isinstance(argument, ast.Call)
        and _called(argument) in ("message", "Message")
        and _constant(argument.args[0]) != ast.unparse(argument.args[0])
    )


@cache
def entries() -> Mapping[str, tuple[str, str]]:
    """Chinese and file of every entry, by its English template."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(CHINESE.glob("*.toml")):
        for english, chinese in tomllib.loads(path.read_text("utf-8")).items():
            assert english not in found, f"{path.name}: {english!r} stands in {found[english][1]} too"
            found[english] = (chinese, path.name)
    return found


def _places(template: str) -> Counter[str]:
    """The places to fill in, by name; how often each stands does not matter."""
    return Counter({name for _, name, _, _ in string.Formatter().parse(template) if name is not None})


# ── the catalogue


def test_every_template_has_its_chinese() -> None:
    missing = [str(found) for found in reading().templates if found.text not in entries()]
    assert not missing, "\n".join(missing)


def test_the_places_to_fill_in_are_the_same_in_both_languages() -> None:
    wrong = [f"{file}: {en!r} = {zh!r}" for en, (zh, file) in entries().items() if _places(en) != _places(zh)]
    assert not wrong, "\n".join(wrong)


def test_no_entry_is_left_over() -> None:
    used = {found.text for found in reading().templates}
    left_over = [f"{file}: {english!r}" for english, (_, file) in entries().items() if english not in used]
    assert not left_over, "\n".join(left_over)


def test_templates_are_written_where_they_are_used() -> None:
    unknown = [str(found) for found in reading().handed_on if found.text not in HANDED_ON.get(found.file, ())]
    assert not unknown, "\n".join(unknown)


def test_nothing_is_handed_on_any_more_that_is_not_there() -> None:
    there = {(found.file, found.text) for found in reading().handed_on}
    assert {(file, text) for file, texts in HANDED_ON.items() for text in texts} <= there


def test_texts_in_both_languages_are_whole() -> None:
    for parts in reading().texts:
        assert len(parts) == 2 and all(part.text.strip() or parts[0].text in NOTHING_BEHIND for part in parts), parts


def test_no_chinese_text_uses_a_word_it_may_not() -> None:
    said = [(file, zh) for zh, file in entries().values()]
    said += [(part.file, part.text) for parts in reading().texts for part in parts]
    wrong = [f"{file}: {text}" for file, text in said for word in BANNED if word in text and not _allowed(word, file)]
    assert not wrong, "\n".join(wrong)


def _allowed(word: str, file: str) -> bool:
    return any(file.endswith(name) for name in ALLOWED_IN.get(word, ()))


def _without_names(said: str) -> str:
    """`said` without commands and names of programs."""
    return re.sub("|".join(NAMES), "·", said)


def test_no_chinese_text_is_english() -> None:
    """Three English words in a row, commands and file names apart, are no Chinese."""
    for chinese, file in entries().values():
        assert not ENGLISH.search(_without_names(chinese)), f"{file}: {chinese}"
    assert not [english for english in entries() if HAN.search(english)]


# ── the help


def commands(
    within: click.Command = root, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command of the program with the words that name it."""
    yield path, within
    if isinstance(within, click.Group):
        context = click.Context(within)
        for name in within.list_commands(context):
            below = within.get_command(context, name)
            assert below is not None
            yield from commands(below, (*path, name))


PATHS = [path for path, _ in commands()]


def shown_help(path: tuple[str, ...], language: Language, capsys: pytest.CaptureFixture[str]) -> str:
    """The help of a command."""
    assert command([*path, "--help"], Wishes(Catalogue.load(language))) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_help_is_in_chinese(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    said = shown_help(path, Language.ZH, capsys)
    assert said.startswith("用法：")
    for line in said.splitlines():
        assert not ENGLISH.search(_without_names(line)), line
    for line in said.partition("选项：")[2].splitlines():
        assert not line.strip() or HAN.search(line), f"nothing is said of {line}"


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_help_is_in_english(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    said = shown_help(path, Language.EN, capsys)
    assert said.startswith("Usage: ")
    assert not HAN.search(said), said


def test_the_first_page_says_of_commands_and_options_what_they_say_themselves() -> None:
    for name, (_, chinese, english) in front.COMMANDS.items():
        own = dict(commands())[(name,)].help
        assert own is not None
        assert entries()[own][0].startswith(chinese) and own.startswith(english.rstrip(".")), name
    listed = {option.split(" ")[-1] if option.startswith("--") else option for option, _, _ in front.OPTIONS}
    for option in COMMON:
        assert any(option.opts[-1] in written for written, _, _ in front.OPTIONS), (option.opts, listed)


def test_errors_come_in_the_language_asked_for(shared: Program) -> None:
    for words, chinese in (
        (("record", "show", "XX-1"), "没有记录 XX-1"),
        (("record", "nonsense"), "没有命令"),
        (("record", "list", "--nonsense"), "没有选项 --nonsense"),
        (("record", "list", "one", "two"), "多出了 one two"),
        (("record", "list", "--from"), "--from 后面须有值"),
        (("record", "issue", "--encoding", "x"), "须是其中之一：utf-8、gb18030"),
        (("record", "issue", "nothing.toml"), "没有这个文件或文件夹"),
    ):
        found = shared.process("--lang", "zh", *words)
        assert found.code == 2
        assert chinese in found.err
        assert found.err.startswith("错误：")
        assert not ENGLISH.search(_without_names(found.err)), found.err
