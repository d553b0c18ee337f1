"""Where the boxes of a chart stand: rows from Graphviz, columns by lane, the main way straight down."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pygraphviz

from qmsdocs.render.prose import Chart, Edge, Node

MOST_LANES = 10  # more than can stand side by side on a page
MOST_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """A place of the grid, row and column from 0."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Places:
    """The cell of every box, and how many columns each lane has (one lane for a chart without)."""

    cells: Mapping[str, Cell]
    columns: tuple[int, ...]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return 1 + max(cell.row for cell in self.cells.values())


def sound(chart: Chart) -> Chart:
    """`chart` without arrows that lead nowhere, and with one arrow from one box to another, which bears all the words.

    With more lanes than a page holds, the lane is named in each box.
    """
    names = {node.name for node in chart.nodes}
    texts: dict[tuple[str, str], list[str]] = {}
    for edge in chart.edges:
        if {edge.first, edge.last} <= names:
            texts.setdefault((edge.first, edge.last), []).append(edge.text)
    edges = tuple(Edge(*ends, "\n".join(dict.fromkeys(filter(None, said)))) for ends, said in texts.items())
    if len(chart.lanes) <= MOST_LANES:
        return replace(chart, edges=edges)
    nodes = tuple(
        node if node.lane is None else replace(node, text=f"{node.text}\n({chart.lanes[node.lane]})", lane=None)
        for node in chart.nodes
    )
    return Chart(nodes, edges)


def places(chart: Chart) -> Places:
    """The cell of every box of a sound chart: a box stands below those that lead to it, in a column of its lane."""
    ranks = _ranks(chart)
    lanes = [node.lane or 0 for node in chart.nodes]
    columns = _columns(chart, ranks)
    starts = [sum(columns[:lane]) for lane in range(len(columns))]
    heirs = _heirs(chart.nodes, chart.edges, ranks)
    cells: dict[str, Cell] = {}
    taken: set[Cell] = set()
    row = 0
    for rank in sorted(set(ranks.values())):
        waiting = [(node.name, lane) for node, lane in zip(chart.nodes, lanes, strict=True) if ranks[node.name] == rank]
        waiting.sort(key=lambda item: item[0] not in heirs)
        while waiting:
            late = []
            for name, lane in waiting:
                free = [
                    column
                    for column in range(starts[lane], starts[lane] + columns[lane])
                    if Cell(row, column) not in taken
                ]
                if not free:
                    late.append((name, lane))
                    continue
                wanted = _wanted(name, cells, chart.edges, heirs)
                column = min(free, key=lambda column: (abs(column - wanted), column)) if wanted is not None else free[0]
                cells[name] = Cell(row, column)
                taken.add(cells[name])
            waiting = late
            row += 1
    return Places(cells, columns)


def _ranks(chart: Chart) -> Mapping[str, float]:
    """How far down each box stands, by Graphviz.

    In a circle an arrow leads back that goes against the order of the boxes and not away from where the chart begins.

    Graphviz sees numbers only, never a text: no label of a chart can be taken for its language.
    """
    graph = pygraphviz.AGraph(directed=True, strict=True)
    graph.graph_attr.update(splines="false", nslimit="1", mclimit="0.1", ranksep="1")
    graph.node_attr.update(label="", shape="box", fixedsize="true", width="1", height="1")
    keys = {node.name: number for number, node in enumerate(chart.nodes)}
    graph.add_nodes_from(keys.values())
    followers: dict[str, dict[str, None]] = {}
    for edge in chart.edges:
        followers.setdefault(edge.first, {})[edge.last] = None
    steps = _steps(chart, followers)
    for edge in chart.edges:
        ends = keys[edge.first], keys[edge.last]
        is_against = ends[0] > ends[1] and steps[edge.first] >= steps[edge.last]
        is_back = is_against and edge.first in _distances([edge.last], followers)
        if edge.first != edge.last:
            graph.add_edge(*(reversed(ends) if is_back else ends))
    graph.layout("dot")
    return {name: -float(graph.get_node(key).attr["pos"].split(",")[1]) for name, key in keys.items()}


def _steps(chart: Chart, followers: Mapping[str, Iterable[str]]) -> Mapping[str, int]:
    """How many arrows each box is away from a box that nothing leads to, or else from the first one."""
    reached = {edge.last for edge in chart.edges if edge.first != edge.last}
    found = _distances([node.name for node in chart.nodes if node.name not in reached], followers)
    for node in chart.nodes:
        found = found if node.name in found else {**_distances([node.name], followers), **found}
    return found


def _distances(names: Iterable[str], followers: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """The boxes to which arrows lead from `names`, and how many of them."""
    found = dict.fromkeys(names, 0)
    waiting = deque(found)
    while waiting:
        name = waiting.popleft()
        for follower in followers.get(name, ()):
            if follower not in found:
                found[follower] = found[name] + 1
                waiting.append(follower)
    return found


def _columns(chart: Chart, ranks: Mapping[str, float]) -> tuple[int, ...]:
    """How many columns each lane gets: as many as it has boxes side by side, within what a page holds."""
    crowds: dict[tuple[int, float], int] = {}
    for node in chart.nodes:
        place = (node.lane or 0, ranks[node.name])
        crowds[place] = crowds.get(place, 0) + 1
    counts = [
        max((count for (lane, _), count in crowds.items() if lane == number), default=1)
        for number in range(len(chart.lanes) or 1)
    ]
    while sum(counts) > max(MOST_COLUMNS, len(counts)):
        counts[counts.index(max(counts))] -= 1
    return tuple(counts)


def _heirs(nodes: Sequence[Node], edges: Iterable[Edge], ranks: Mapping[str, float]) -> Mapping[str, str]:
    """The boxes that carry on the column of the one above, by name: of its followers in the lane the longest way on."""
    lanes = {node.name: node.lane for node in nodes}
    forward: dict[str, list[str]] = {node.name: [] for node in nodes}
    for edge in edges:
        if ranks[edge.first] < ranks[edge.last]:
            forward[edge.first].append(edge.last)
    depths: dict[str, int] = {}
    for name in sorted(forward, key=lambda name: -ranks[name]):
        depths[name] = max((1 + depths[child] for child in forward[name]), default=0)
    heirs: dict[str, str] = {}
    for name, children in forward.items():
        own = [child for child in children if lanes[child] == lanes[name]]
        if own:
            heirs.setdefault(max(own, key=depths.__getitem__), name)
    return heirs


def _wanted(name: str, cells: Mapping[str, Cell], edges: Iterable[Edge], heirs: Mapping[str, str]) -> int | None:
    """The column the box `name` would like: that of the box it carries on, else of the first that leads to it."""
    above = [heirs[name]] if name in heirs else []
    above += [edge.first for edge in edges if edge.last == name]
    return next((cells[found].column for found in above if found in cells), None)
