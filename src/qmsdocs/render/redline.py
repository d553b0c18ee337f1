"""Everything the comparison of two revisions says, as plain facts, before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from qmsdocs.base.language import Language, Text
from qmsdocs.render.difference import Change, Compared, Illustration
from qmsdocs.render.line_difference import Mark, Marked, compared_text


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two revisions. `label` is empty for what lies in the folder; `author` made it, at `at`.

    `prepared`, `reviewed` and `approved` are people as printed, with the day.
    """

    label: str
    standing: str
    author: str
    at: datetime
    sha256: str = ""
    effective_on: date | None = None
    prepared: str = ""
    reviewed: str = ""
    approved: str = ""


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """A value that changed; `key` is what programs call it, `old` or `new` is empty where it was or is not there."""

    key: str
    title: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file beside the main one; `lines` only of text."""

    path: str
    change: Change
    lines: tuple[Compared, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What distinguishes two revisions of an item: parameters, other values, text, further files.

    `old_pictures` and `new_pictures` hold the pictures of either text by path; `notes` say what could not be compared
    as it should be.
    """

    number: str
    title: str
    organisation: str
    language: Language
    old: Side
    new: Side
    parameters: tuple[ChangedValue, ...] = ()
    values: tuple[ChangedValue, ...] = ()
    text: tuple[Compared, ...] = ()
    files: tuple[ChangedFile, ...] = ()
    notes: tuple[str, ...] = ()
    old_pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    new_pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)


TITLE = Text("修订对照", "Changes")
BEFORE, NOW = Text("原为", "Before"), Text("现为", "Now")
OLD, NEW = Text("原版", "Old revision"), Text("新版", "New revision")
PARAMETERS, VALUES = Text("参数变更", "Parameters"), Text("其他规定项变更", "Other values")
TEXT, FILES = Text("正文变更", "Text"), Text("其他文件变更", "Other files")
PARAMETER, WHAT, KEY = Text("参数", "Parameter"), Text("内容", "What"), Text("代码", "Key")
UNCHANGED = Text("没有变更。", "No change.")
LEFT_OUT = Text("（未变更 {count} 段，略）", "({count} unchanged, left out)")
ROWS_LEFT_OUT = Text("（未变更 {count} 行，略）", "({count} rows unchanged, left out)")
OLD_PICTURE, NEW_PICTURE = Text("原图", "before"), Text("新图", "now")
LEGEND = Text(
    "加删除线的为删去的文字，加下划线的为新增的文字；左侧有竖线处为有变更的段落。",
    "Struck text was taken away, underlined text was added; a bar on the left marks what changed.",
)
OUTCOMES = {
    Change.ADDED: Text("新增", "added"),
    Change.REMOVED: Text("删去", "removed"),
    Change.CHANGED: Text("变更", "changed"),
    Change.KEPT: Text("未变更", "unchanged"),
}
_ROWS = (
    Text("版次", "Revision"),
    Text("状态", "State"),
    Text("生效日期", "Effective on"),
    Text("编制", "Prepared"),
    Text("审核", "Reviewed"),
    Text("批准", "Approved"),
    Text("内容校验值", "sha256"),
)
_SHA_SHOWN = 16  # of 64 characters; enough to tell two revisions apart


def head(difference: Difference) -> tuple[tuple[str, str, str], ...]:
    """The rows of the title block: what it is, of the old revision, of the new one; / where there is nothing."""
    language = difference.language
    sides = (_side(difference.old, language), _side(difference.new, language))
    rows = zip(_ROWS, *sides, strict=True)
    return tuple((title.of(language), before or "/", after or "/") for title, before, after in rows)


def _side(side: Side, language: Language) -> tuple[str, ...]:
    on = side.effective_on
    written = "" if on is None else f"{on:%Y年%m月%d日}" if language is Language.ZH else on.isoformat()
    signed = (side.prepared, side.reviewed, side.approved)
    return side.label, side.standing, written, *signed, side.sha256[:_SHA_SHOWN]


def labels(difference: Difference) -> str:
    """The two revisions by their labels: `A/0 → A/1`, the draft by what it is."""
    return f"{difference.old.label or difference.old.standing} → {difference.new.label or difference.new.standing}"


def tables(difference: Difference) -> Iterator[tuple[Text, Text, tuple[ChangedValue, ...]]]:
    """The tables of values by title, head of the first column and rows: parameters where there is a text, others."""
    if difference.parameters or difference.text:
        yield PARAMETERS, PARAMETER, difference.parameters
    if difference.values or not difference.text:
        yield VALUES, WHAT, difference.values


def pictures(difference: Difference, shown: Illustration) -> tuple[tuple[str, Mapping[str, bytes], Change], ...]:
    """What is shown of a picture, the one that stayed or those exchanged: the path, the pictures it is one of, how."""
    old = (shown.old, difference.old_pictures, Change.REMOVED)
    new = (shown.new, difference.new_pictures, Change.KEPT if shown.change is Change.KEPT else Change.ADDED)
    sides = (new,) if shown.change is Change.KEPT else (old, new)
    return tuple((path, held, change) for path, held, change in sides if path is not None)


def marked_values(value: ChangedValue) -> tuple[Marked, Marked]:
    """What a value was and what it is, each with its own marks."""
    line = compared_text(value.old, value.new)
    was = tuple(piece for piece in line if piece.mark is not Mark.ADDED)
    return was, tuple(piece for piece in line if piece.mark is not Mark.REMOVED)
