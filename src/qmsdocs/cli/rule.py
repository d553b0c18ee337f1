"""`qmsdocs rule`: what a coded rule looks at, why, and how to put a finding right."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterable, Iterator, Mapping

import click

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.language import Language, Text
from qmsdocs.cli.command import Command, argument, option, pass_session
from qmsdocs.cli.session import Session
from qmsdocs.model.rule import RuleText

_WIDEST = 96


@click.command(cls=Command, help="Explain the rule CODE: what it finds, why it matters, how to put it right.")
@argument("code", required=False, help="A rule, such as SYS903.")
@option("--all", "everything", is_flag=True, help="List all rules.")
@option("--markdown", is_flag=True, help="With --all: the page docs/rules.md.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("-o", "--output", metavar="FILE", help="Write the answer into FILE (- for the terminal).")
@pass_session
def rule(
    session: Session, code: str | None, everything: bool, markdown: bool, as_json: bool, output: str | None
) -> None:
    """What is said of a rule, or of all."""
    from qmsdocs.audit.rules_page import page
    from qmsdocs.query.rule_texts import texts

    if everything == (code is not None) or (markdown and (as_json or not everything)):
        raise QmsError("name one rule, or --all", hint=message("qmsdocs rule --all"))
    known = texts()
    if code is None:
        if markdown:
            session.write(page().encode(), output)
        elif as_json:
            session.answer_json({"format": 1, "rules": [_said(key, text) for key, text in known.items()]}, output)
        else:
            session.write(_lines(_listed(known, session.language)), output)
        return
    found = code.upper()
    if found not in known:
        raise _unknown(code, tuple(known))
    if as_json:
        session.answer_json({"format": 1, "rule": _said(found, known[found])}, output)
    else:
        session.write(_lines(_explained(found, known[found], session.language)), output)


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _unknown(code: str, known: tuple[str, ...]) -> QmsError:
    near = tuple(difflib.get_close_matches(code.upper(), known, n=3, cutoff=0.5))
    if not near:
        return QmsError("there is no rule {code}", code=code, hint=message("qmsdocs rule --all"))
    said = "there is no rule {code}; nearest are {near}"
    return QmsError(said, code=code, near=near, hint=message("qmsdocs rule {code}", code=near[0]))


def _listed(known: Mapping[str, RuleText], language: Language) -> Iterator[str]:
    from qmsdocs.audit.rules_page import SEVERITY_TITLES

    for code, text in known.items():
        yield f"{code}  {SEVERITY_TITLES[text.severity].of(language):<7}  {text.title.of(language)}"


def _explained(code: str, text: RuleText, language: Language) -> Iterator[str]:
    from qmsdocs.audit.rules_page import CLAUSES, SEVERITY_TITLES, paragraphs

    yield f"{code} {text.name} · {SEVERITY_TITLES[text.severity].of(language)}"
    yield from _wrapped(text.title.of(language))
    for heading, said in paragraphs(text):
        yield ""
        yield heading.of(language)
        yield from _wrapped(said.of(language))
    if text.clauses:
        yield ""
        yield CLAUSES.of(language)
        yield from _wrapped(", ".join(text.clauses))


def _wrapped(text: str) -> Iterator[str]:
    """The text in lines that fit the screen, each drawn in; Chinese counts two places a sign."""
    from rich.console import Console
    from rich.text import Text as Wrapping

    width = min(shutil.get_terminal_size((80, 40)).columns, _WIDEST) - 3
    for line in Wrapping(text).wrap(Console(width=width), width):
        yield f"  {line.plain.rstrip()}"


def _said(code: str, text: RuleText) -> dict[str, object]:
    def both(words: Text | None) -> dict[str, str] | None:
        return {language.value: words.of(language) for language in Language} if words is not None else None

    return {
        "code": code,
        "name": text.name,
        "severity": text.severity.value,
        "clauses": list(text.clauses),
        "title": both(text.title),
        "why": both(text.why),
        "remedy": both(text.remedy),
        "spares": both(text.spares),
        "retired": both(text.retired),
    }
