"""The notation of a hand-written flow chart, as a quality manager types it into a ```` ```chart ```` block.

    # lanes, from left to right; without such lines the chart has none
    业主: (接到投诉)
    客服专管员: 登记; 判定?
    项目部: 现场处理; [处理记录]

    接到投诉 -> 登记 -> 判定?
    判定? -重大-> 现场处理 -> [处理记录]
    判定? -一般-> 登记

A line with an arrow joins boxes, as many as one likes; words between `-` and `->` stand beside the arrow, with a space
in front of the first `-`. A line without arrow says who does what: the lane's name, a colon, its boxes with semicolons
or commas between them. A box is named by its text: `名称?` is a decision, `(名称)` a start or an end, `[名称]` a
record, anything else a step; the signs need to be given only once. Full-width signs (`：；，？（）【】→`) do as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.render.prose import Chart, Edge, Node

MOST_BOXES, MOST_ARROWS, MOST_LANES = 200, 400, 8
LONGEST_NAME, LONGEST_LABEL = 80, 30
_ARROW = re.compile(r"(?<=[\s?？)）\]】])-+\s*(?P<label>[^\s\-→>](?:.*?[^\s\-])??)\s*(?:-+>|-*→)|-*→|-+>")
_LANE = re.compile(r"[:：]")
_BETWEEN = re.compile(r"[;；,，]")
_WIDE = str.maketrans("－＞", "->")
_BRACKETS = (("(", ")", "end"), ("（", "）", "end"), ("[", "]", "record"), ("【", "】", "record"))


@dataclass(slots=True)
class _Reader:
    """What has been read so far: boxes in the order met, each with the line that named it first."""

    source: str
    nodes: dict[str, Node] = field(default_factory=dict)
    first_lines: dict[str, int] = field(default_factory=dict)
    edges: dict[Edge, int] = field(default_factory=dict)
    lanes: list[str] = field(default_factory=list)

    def refuse(self, line: int, reason: Message, hint: Message | None = None) -> QmsError:
        return QmsError("{source}:{line}: {reason}", source=self.source, line=line, reason=reason, hint=hint)


def parse_chart(text: str, *, source: str, line: int) -> Chart:
    """The chart that `text` describes in the notation above; `line` is the number of its first line in `source`.

    Raises QmsError naming the line for what is no arrow and no lane, a box that stands nowhere, and beyond the limits
    of 200 boxes, 400 arrows and 8 lanes.
    """
    reader = _Reader(source)
    for number, raw in enumerate(text.splitlines(), line):
        said = raw.strip().translate(_WIDE)
        if said and not said.startswith("#"):
            _read_line(reader, said, number)
    if not reader.nodes:
        raise reader.refuse(line, message("the chart has no boxes"), _hint())
    _check_whole(reader)
    return Chart(tuple(_with_starts(reader)), tuple(reader.edges), tuple(reader.lanes))


def _hint() -> Message:
    return message(
        "write lines such as: {example}", example="登记 -> 判定?   判定? -重大-> 上报   客服专管员: 登记; 判定?"
    )


def _read_line(reader: _Reader, said: str, line: int) -> None:
    arrows = list(_ARROW.finditer(said))
    if arrows:
        _read_arrows(reader, said, arrows, line)
    elif _LANE.search(said):
        _read_lane(reader, said, line)
    else:
        raise reader.refuse(line, message("“{text}” is neither an arrow nor a lane", text=said[:40]), _hint())


def _read_arrows(reader: _Reader, said: str, arrows: list[re.Match[str]], line: int) -> None:
    ends = [0, *(arrow.end() for arrow in arrows)]
    starts = [*(arrow.start() for arrow in arrows), len(said)]
    names = [_box(reader, said[begin:end], line) for begin, end in zip(ends, starts, strict=True)]
    for first, last, arrow in zip(names, names[1:], arrows, strict=False):
        label = (arrow["label"] or "").strip()
        if len(label) > LONGEST_LABEL:
            raise reader.refuse(line, message("the words beside an arrow are longer than {most}", most=LONGEST_LABEL))
        reader.edges.setdefault(Edge(first, last, label), line)
    if len(reader.edges) > MOST_ARROWS:
        raise reader.refuse(line, message("a chart has at most {most} arrows", most=MOST_ARROWS))


def _read_lane(reader: _Reader, said: str, line: int) -> None:
    title, listed = (part.strip() for part in _LANE.split(said, maxsplit=1))
    if not title or len(title) > LONGEST_NAME:
        raise reader.refuse(line, message("a lane needs a name of at most {most} characters", most=LONGEST_NAME))
    if title not in reader.lanes:
        reader.lanes.append(title)
    if len(reader.lanes) > MOST_LANES:
        raise reader.refuse(line, message("a chart has at most {most} lanes", most=MOST_LANES))
    lane = reader.lanes.index(title)
    for part in filter(str.strip, _BETWEEN.split(listed)):
        name = _box(reader, part, line)
        node = reader.nodes[name]
        if node.lane not in (None, lane):
            raise reader.refuse(line, message("“{box}” stands in two lanes", box=name))
        reader.nodes[name] = replace(node, lane=lane)


def _box(reader: _Reader, text: str, line: int) -> str:
    """The name of the box that `text` means; it is entered with its shape."""
    name, shape = _shaped(text.strip())
    if not name:
        raise reader.refuse(line, message("an arrow begins or ends at no box"), _hint())
    if len(name) > LONGEST_NAME:
        raise reader.refuse(line, message("the text of a box is longer than {most} characters", most=LONGEST_NAME))
    known = reader.nodes.setdefault(name, Node(name, name, shape))
    reader.first_lines.setdefault(name, line)
    if shape != "step" and known.shape not in ("step", shape):
        raise reader.refuse(line, message("“{box}” is marked as two kinds of box", box=name))
    if shape != "step":
        reader.nodes[name] = replace(known, text=_text(name, shape), shape=shape)
    if len(reader.nodes) > MOST_BOXES:
        raise reader.refuse(line, message("a chart has at most {most} boxes", most=MOST_BOXES))
    return name


def _shaped(text: str) -> tuple[str, str]:
    for left, right, shape in _BRACKETS:
        if text.startswith(left) and text.endswith(right):
            return text[1:-1].strip(), shape
    if text.endswith(("?", "？")):
        return text[:-1].strip(), "decision"
    return text, "step"


def _text(name: str, shape: str) -> str:
    return f"{name}？" if shape == "decision" and not name.isascii() else f"{name}?" if shape == "decision" else name


def _check_whole(reader: _Reader) -> None:
    """Nothing; raises QmsError for a box without arrow, and in a chart with lanes for one without lane."""
    joined = {end for edge in reader.edges for end in (edge.first, edge.last)}
    for name, node in reader.nodes.items():
        line = reader.first_lines[name]
        if len(reader.nodes) > 1 and name not in joined:
            raise reader.refuse(line, message("no arrow leads to or from “{box}”", box=name))
        if reader.lanes and node.lane is None:
            raise reader.refuse(
                line,
                message("“{box}” stands in no lane", box=name),
                message("write it as: {example}", example=f"{reader.lanes[0]}: {name}"),
            )


def _with_starts(reader: _Reader) -> Iterator[Node]:
    """The boxes in the order of the arrows; a rounded one that nothing leads to is a start."""
    reached: Mapping[str, bool] = {edge.last: True for edge in reader.edges}
    order = {end: None for edge in reader.edges for end in (edge.first, edge.last)} or reader.nodes
    for node in (reader.nodes[name] for name in order):
        yield replace(node, shape="start") if node.shape == "end" and node.name not in reached else node
