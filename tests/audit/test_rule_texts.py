"""What is said of rules: every rule has its text, every text its rule and its tests, and `qmsdocs rule` says it."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

import click
import pytest
from program import Program, refused

from qmsdocs.audit import rules_page
from qmsdocs.base.language import Language
from qmsdocs.cli.root import root
from qmsdocs.query import rule_texts
from qmsdocs.query.rule_texts import texts

PROJECT = Path(__file__).resolve().parents[2]
SOURCE = PROJECT / "src/qmsdocs"
TESTS = Path(__file__).parent
CODE = re.compile(r"(?:DOC|REC|RET|HIS|ACT|SYS|DEF)[1-9][0-9]{2}")
COMMAND = re.compile(r"qmsdocs ([a-z]+)(?: ([a-z][a-z-]+)(?![a-z]|\.[a-z]))?")
# Of what is written in a folder, and tested with the checks of forms and documents.
IN_THE_FOLDER = re.compile(r"DEF\d{3}|DOC[123]\d{2}")


def rules() -> dict[str, list[object]]:
    """Every rule of a literal tuple RULES of the audit, by code."""
    found: dict[str, list[object]] = {}
    for path in sorted((SOURCE / "audit").glob("*.py")):
        for rule in getattr(import_module(f"qmsdocs.audit.{path.stem}"), "RULES", ()):
            kept = found.setdefault(rule.code, [])
            if rule.check not in kept:
                kept.append(rule.check)
    return found


@cache
def written() -> frozenset[str]:
    """Every code that stands as a constant in the source."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                found.add(node.value)
    return frozenset(found)


@cache
def samples() -> tuple[str, ...]:
    """The name of every test of the audit."""
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted(TESTS.glob("test_*.py"))]
    return tuple(node.name.lower() for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_rule_has_its_text() -> None:
    assert len(rules()) > 20
    assert rules().keys() - texts().keys() == set()
    assert written() - texts().keys() == set()


def test_every_text_has_its_rule() -> None:
    retired = {code for code, text in texts().items() if text.retired is not None}
    assert texts().keys() - retired - written() == set()


def test_a_rule_stands_once_and_says_what_it_finds() -> None:
    for code, checks in rules().items():
        assert len(checks) == 1, code
        assert (getattr(checks[0], "__doc__", "") or "").strip(), code


# the rules of history are tried from a table in test_history_rules.py, which checks itself that it is whole
@pytest.mark.parametrize(
    "code", sorted(code for code in texts() if not IN_THE_FOLDER.fullmatch(code) and not code.startswith("HIS"))
)
def test_a_rule_has_a_sample_that_fires_it_and_a_near_miss(code: str) -> None:
    for wanted in ("fires", "spares"):
        assert any(name.startswith(f"test_{code.lower()}_{wanted}") for name in samples()), f"test_{code}_{wanted}"


@pytest.mark.parametrize("code", texts())
def test_a_text_is_whole_in_both_languages(code: str) -> None:
    text = texts()[code]
    for words in filter(None, (text.title, text.why, text.remedy, text.spares)):
        assert re.search(r"[\u4e00-\u9fff]", words.zh), (code, words.zh)
        assert words.en.strip() and not re.search(r"[\u4e00-\u9fff]", words.en), (code, words.en)
    assert text.title.zh[-1] not in "。；" and text.title.en[-1] not in ".;", code


@pytest.mark.parametrize("code", texts())
def test_the_commands_a_remedy_names_are_there(code: str) -> None:
    text = texts()[code]
    named = COMMAND.findall(text.remedy.zh)
    assert set(named) <= set(COMMAND.findall(text.remedy.en)), code
    for first, second in named:
        within = root.get_command(click.Context(root), first)
        assert within is not None, f"{code}: qmsdocs {first}"
        if isinstance(within, click.Group):
            context = click.Context(within)
            assert not second or second in within.list_commands(context), f"{code}: qmsdocs {first} {second}"


@pytest.mark.parametrize("code", texts())
def test_no_text_uses_a_word_of_git_or_one_that_means_something_else(code: str) -> None:
    banned = ("提交", "分支", "仓库", "克隆", "推送", "检出", "站点", "签发", "抱怨", "返回率", "审核发现", "冻结")
    text = texts()[code]
    for words in filter(None, (text.title, text.why, text.remedy, text.spares)):
        assert not [word for word in banned if word in words.zh], (code, words.zh)


def test_names_are_said_once() -> None:
    names = [text.name for text in texts().values()]
    assert len(names) == len(set(names))


def test_a_code_in_two_files_is_our_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = (SOURCE / "builtin/rules/sys.toml").read_text("utf-8")
    for name in ("a.toml", "b.toml"):
        (tmp_path / "builtin/rules").mkdir(parents=True, exist_ok=True)
        (tmp_path / "builtin/rules" / name).write_text(own, "utf-8")
    monkeypatch.setattr(rule_texts.resources, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=r"b\.toml: SYS901, .* stands in another file too"):
        texts.__wrapped__()


# ── qmsdocs rule, docs/rules.md


def test_the_page_is_the_one_that_is_made() -> None:
    assert (PROJECT / "docs/rules.md").read_text("utf-8") == rules_page.page(), (
        "docs/rules.md is made: qmsdocs rule --all --markdown -o docs/rules.md"
    )


def test_a_rule_is_explained_in_the_language_of_the_command(shared: Program) -> None:
    english, chinese = shared("rule", "SYS903"), replace(shared, language=Language.ZH)("rule", "sys903")
    text = texts()["SYS903"]
    for found, language in ((english, Language.EN), (chinese, Language.ZH)):
        plain = "".join(found.out.split())
        assert found.code == 0 and found.out.startswith("SYS903 unused-waiver · ")
        for words in (text.title, text.why, text.remedy, text.spares):
            assert words is not None and "".join(words.of(language).split()) in plain
        assert "ISO 9001:10.2.1" in found.out
        assert max(map(len, found.out.splitlines())) <= 96


def test_rules_are_explained_outside_a_repository_too(shared: Program, tmp_path: Path) -> None:
    assert shared("rule", "SYS903", folder=tmp_path).code == 0
    assert shared("rule", "--all", folder=tmp_path).code == 0


def test_an_unknown_rule_is_refused_with_the_nearest(shared: Program) -> None:
    assert refused(shared("rule", "SYS9O3"), "SYS903").startswith("there is no rule SYS9O3; nearest are ")
    assert refused(shared("rule", "quality")) == "there is no rule quality"
    refused(shared("rule"), "name one rule, or --all")
    refused(shared("rule", "SYS903", "--all"), "name one rule, or --all")
    refused(shared("rule", "SYS903", "--markdown"), "name one rule, or --all")


def test_all_rules_are_listed(shared: Program, tmp_path: Path) -> None:
    found = shared("rule", "--all")
    assert [line.split()[0] for line in found.out.splitlines()] == list(texts())
    both = shared("rule", "--all", "--json").json["rules"]
    assert [rule["code"] for rule in both] == list(texts())
    one = shared("rule", "SYS903", "--json").json["rule"]
    assert one == next(rule for rule in both if rule["code"] == "SYS903")
    assert one["why"]["zh"] == texts()["SYS903"].why.zh and one["severity"] == "warning"
    assert shared("rule", "--all", "--markdown", "-o", tmp_path / "rules.md").code == 0
    assert (tmp_path / "rules.md").read_text("utf-8") == rules_page.page()
