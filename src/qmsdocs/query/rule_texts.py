"""What is said of every coded rule: read from `builtin/rules`, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from qmsdocs.base.errors import Message, message
from qmsdocs.base.files import text_of
from qmsdocs.base.toml import parse
from qmsdocs.model.finding import Severity
from qmsdocs.model.rule import RuleText, RuleTexts

INTEGRITY = frozenset({"HIS", "REC"})  # families whose errors nobody can accept away
OF_WAIVERS = frozenset({"SYS903", "SYS904", "SYS905", "SYS906"})  # what is said of waivers themselves
NO_SUCH_RULE = message("there is no such rule")
FAMILIES = ("HIS", "REC", "DOC", "RET", "ACT", "SYS", "DEF")


@cache
def texts() -> Mapping[str, RuleText]:
    """The text of every rule by its code, in order of family and code. A code in two files is a mistake of ours."""
    found: dict[str, RuleText] = {}
    folder = resources.files("qmsdocs") / "builtin/rules"
    for path in sorted(folder.iterdir(), key=lambda item: item.name):
        if not path.name.endswith(".toml"):
            continue
        read = parse(text_of(path.read_bytes(), path.name), RuleTexts, source=path.name).rule
        if doubled := found.keys() & read.keys():
            raise ValueError(f"{path.name}: {', '.join(sorted(doubled))} stands in another file too")
        found |= read
    return MappingProxyType({code: found[code] for code in sorted(found, key=_order)})


def clauses_of(code: str) -> tuple[str, ...]:
    """The clauses a rule serves; none for a code nobody knows."""
    text = texts().get(code)
    return text.clauses if text is not None else ()


def name_of(code: str) -> str:
    """What a rule calls the fault, such as `altered-after-issue`; empty for a code nobody knows."""
    text = texts().get(code)
    return text.name if text is not None else ""


def family_of(code: str) -> str:
    """The family of a code: its letters."""
    return code[:3]


def is_waivable(code: str) -> bool:
    """Whether findings of a rule may be accepted: not the errors of integrity, nor what is said of waivers."""
    text = texts().get(code)
    is_error = text is not None and text.severity is Severity.ERROR
    return code not in OF_WAIVERS and not (is_error and family_of(code) in INTEGRITY)


def refuse_code(code: str) -> Iterator[Message]:
    """Why no waiver can be of a rule."""
    if code not in texts():
        yield NO_SUCH_RULE
    elif not is_waivable(code):
        yield message("findings of {code} cannot be accepted", code=code)


def _order(code: str) -> tuple[int, str]:
    return FAMILIES.index(family_of(code)), code
