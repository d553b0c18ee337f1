"""Flow charts: the notation people type, boxes that never lie on lines, the same picture as SVG and PNG."""

from __future__ import annotations

import io
import itertools
import random
import re

import pytest
from lxml import etree
from PIL import Image

from qmsdocs.base.errors import QmsError
from qmsdocs.render import measure
from qmsdocs.render.chart import png, svg
from qmsdocs.render.chart_text import parse_chart
from qmsdocs.render.prose import Chart, Edge, Node

SVG = "{http://www.w3.org/2000/svg}"
COMPLAINT = """
# 一件投诉的办理
业主: (接到投诉); 确认满意?
客服专管员：登记；判定？；[QR-14-04 投诉登记表]；回访；（结案）
项目部: 现场处理，出具方案

接到投诉 -> 登记 -> [QR-14-04 投诉登记表] -> 判定
判定? -重大-> 出具方案 -> 现场处理
判定 -一般→ 现场处理
现场处理 -> 回访 → 确认满意
确认满意 -满意-> 结案
确认满意 -不满意-> 判定
"""


def parsed(text: str) -> Chart:
    """The chart of `text`, which begins in line 10 of a.md."""
    return parse_chart(text, source="a.md", line=10)


def test_the_notation_says_boxes_arrows_and_lanes() -> None:
    chart = parsed(COMPLAINT)
    assert chart.lanes == ("业主", "客服专管员", "项目部")
    shapes = {node.text: (node.shape, node.lane) for node in chart.nodes}
    assert shapes == {
        "接到投诉": ("start", 0),
        "登记": ("step", 1),
        "QR-14-04 投诉登记表": ("record", 1),
        "判定？": ("decision", 1),
        "出具方案": ("step", 2),
        "现场处理": ("step", 2),
        "回访": ("step", 1),
        "确认满意？": ("decision", 0),
        "结案": ("end", 1),
    }
    arrows = {(edge.first, edge.last): edge.text for edge in chart.edges}
    assert arrows[("判定", "出具方案")] == "重大"
    assert arrows[("判定", "现场处理")] == "一般"
    assert arrows[("登记", "QR-14-04 投诉登记表")] == ""
    assert len(arrows) == 10


@pytest.mark.parametrize(
    ("line", "edges"),
    [
        ("A -> B -> C", [("A", "", "B"), ("B", "", "C")]),
        ("A→B", [("A", "", "B")]),
        ("A－＞B", [("A", "", "B")]),
        ("QR-14-04 -> QR-18-02", [("QR-14-04", "", "QR-18-02")]),
        ("[QR-14-04] -返回 QR-1-> B", [("QR-14-04", "返回 QR-1", "B")]),
        ("判定?-≥10 人->上报", [("判定", "≥10 人", "上报")]),
        ("A --是--> B", [("A", "是", "B")]),
        ("D1：成立小组 -> D2：描述问题", [("D1：成立小组", "", "D2：描述问题")]),
    ],
)
def test_an_arrow_may_be_typed_in_many_ways(line: str, edges: list[tuple[str, str, str]]) -> None:
    assert [(edge.first, edge.text, edge.last) for edge in parsed(line).edges] == edges


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.md:10: the chart has no boxes"),
        ("A -> B\n\n只有字", "a.md:12: “只有字” is neither an arrow nor a lane"),
        ("A -> B ->", "a.md:10: an arrow begins or ends at no box"),
        ("-> B", "a.md:10: an arrow begins or ends at no box"),
        ("客服: A; B; C\nA -> B", "a.md:10: no arrow leads to or from “C”"),
        ("客服: A\nA -> B", "a.md:11: “B” stands in no lane"),
        ("客服: A\n项目: A\nA -> A", "a.md:11: “A” stands in two lanes"),
        ("A? -> B\n[A] -> B", "a.md:11: “A” is marked as two kinds of box"),
        (": A\nA -> B", "a.md:10: a lane needs a name of at most 80 characters"),
        ("A -> " + "长" * 81, "a.md:10: the text of a box is longer than 80 characters"),
        ("A -" + "长" * 31 + "-> B", "a.md:10: the words beside an arrow are longer than 30"),
        ("\n".join(f"角色{n}: A{n}" for n in range(9)), "a.md:18: a chart has at most 8 lanes"),
        (" -> ".join(map(str, range(201))), "a.md:10: a chart has at most 200 boxes"),
        ("\n".join(f"A{n % 99} -{n}-> B{n % 98}" for n in range(401)), "a.md:410: a chart has at most 400 arrows"),
    ],
)
def test_a_bad_line_is_named(text: str, message: str) -> None:
    with pytest.raises(QmsError) as caught:
        parsed(text)
    assert str(caught.value) == message


def drawn(chart: Chart, width: float = 160) -> etree._Element:
    """The SVG of `chart`, read back."""
    return etree.fromstring(svg(chart, width_mm=width).encode())


def polylines(root: etree._Element) -> list[tuple[str, list[tuple[float, float]]]]:
    """Fill and points of every line."""
    return [
        (str(line.get("fill")), [tuple(map(float, point.split(","))) for point in str(line.get("points")).split()])
        for line in root.iter(f"{SVG}polyline")
    ]


def boxes(root: etree._Element) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every box: what is filled white and has a border."""
    found = []
    for line in root.iter(f"{SVG}polyline"):
        if line.get("fill") == "#fff" and line.get("stroke") != "none":
            points = [tuple(map(float, point.split(","))) for point in str(line.get("points")).split()]
            xs, ys = [x for x, _ in points], [y for _, y in points]
            found.append((min(xs), min(ys), max(xs), max(ys)))
    return found


def words(root: etree._Element) -> list[str]:
    """All lines of text."""
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


def random_chart(seed: int) -> Chart:
    """Any boxes with any arrows, circles and all."""
    dice = random.Random(seed)
    count, lanes = dice.randint(1, 24), dice.choice([0, 0, 1, 3, 5, 12])
    shapes = ["start", "step", "step", "decision", "record", "end"]
    nodes = tuple(
        Node(f"n{n}", "字" * dice.randint(1, 24), dice.choice(shapes), dice.randrange(lanes) if lanes else None)
        for n in range(count)
    )
    ends = [(f"n{dice.randrange(count)}", f"n{dice.randrange(count)}") for _ in range(dice.randint(0, 2 * count))]
    edges = tuple(Edge(first, last, dice.choice(["", "", "是", "不同意的说明"])) for first, last in ends)
    return Chart(nodes, edges, tuple(f"角色{n}" for n in range(lanes)))


def crosses(box: tuple[float, float, float, float], a: tuple[float, float], b: tuple[float, float]) -> bool:
    """Whether the upright or level line from `a` to `b` runs through the inside of `box`."""
    left, top, right, bottom = box
    slack = 0.35
    (x0, x1), (y0, y1) = sorted((a[0], b[0])), sorted((a[1], b[1]))
    return x0 < right - slack and x1 > left + slack and y0 < bottom - slack and y1 > top + slack


@pytest.mark.parametrize("seed", range(40))
def test_no_box_lies_on_another_nor_on_the_way_of_an_arrow(seed: int) -> None:
    chart = random_chart(seed)
    root = drawn(chart)
    found = boxes(root)
    assert len(found) == len(chart.nodes)
    for one, other in itertools.combinations(found, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    arrows = [points for fill, points in polylines(root) if fill == "none"]
    arrows = arrows[len(chart.lanes) + 4 if 0 < len(chart.lanes) <= 10 else 0 :]
    assert len(arrows) == len({(edge.first, edge.last) for edge in chart.edges})
    for points in arrows:
        for a, b in itertools.pairwise(points):
            assert abs(a[0] - b[0]) < 0.02 or abs(a[1] - b[1]) < 0.02, "arrows run upright and level"
            # an arrow may touch the two boxes it joins at a slanted or waved side
            assert sum(crosses(box, a, b) for box in found) <= 2
            inside = [box for box in found if crosses(box, a, b)]
            assert all(touches(box, points[0]) or touches(box, points[-1]) for box in inside)


def touches(box: tuple[float, float, float, float], point: tuple[float, float]) -> bool:
    """Whether an end of an arrow lies on `box`."""
    return box[0] - 0.1 <= point[0] <= box[2] + 0.1 and box[1] - 0.1 <= point[1] <= box[3] + 0.1


def test_each_box_stands_in_its_lane_and_below_what_leads_to_it() -> None:
    chart = parsed(COMPLAINT)
    root = drawn(chart)
    walls = sorted(points[0][0] for fill, points in polylines(root)[:4])
    middles = [((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in boxes(root)]
    for node, (x, _) in zip(chart.nodes, middles, strict=True):
        assert walls[node.lane or 0] < x < walls[(node.lane or 0) + 1]
    heights = {node.name: y for node, (_, y) in zip(chart.nodes, middles, strict=True)}
    down = [edge for edge in chart.edges if edge.text != "不满意"]
    assert all(heights[edge.first] < heights[edge.last] for edge in down)


def test_every_word_is_printed_and_fits_its_box() -> None:
    long = "经办人把现场照片、检验记录和客户的原话一并交给客服专管员存档"
    chart = Chart(
        (Node("a", long), Node("b", long, "decision"), Node("c", long, "record")), (Edge("a", "b"), Edge("b", "c"))
    )
    root = drawn(chart)
    assert "".join(words(root)) == long * 3
    widest = max(boxes(root), key=lambda box: box[2] - box[0])
    for element in root.iter(f"{SVG}text"):
        said, size = "".join(element.itertext()), float(str(element.get("font-size")))
        assert measure.ems(said) * size <= widest[2] - widest[0]


@pytest.mark.parametrize(
    "text", ['<b>"x"&amp;</b>', '"];a->b;[label="', "x" * 300, "一行\n另一行", "\x00\x1b[31m", "]]>", "\\N\\G"]
)
def test_a_hostile_label_is_only_text(text: str) -> None:
    chart = Chart((Node(text, text), Node("b", "b", "decision")), (Edge(text, "b", text), Edge("b", text)), ())
    root = drawn(chart)
    assert {element.tag for element in root.iter()} == {f"{SVG}{name}" for name in ("svg", "polyline", "text")}
    visible = re.sub(r"\s|[\x00-\x1f]", "", text)
    assert visible[:5] in re.sub(r"\s|\[U\+00[01][0-9A-F]\]", "", "".join(words(root)))
    assert Image.open(io.BytesIO(png(chart))).format == "PNG"


def test_svg_and_png_are_the_same_size_and_the_same_every_time() -> None:
    chart = parsed(COMPLAINT)
    first = svg(chart)
    picture = Image.open(io.BytesIO(png(chart)))
    assert (first, png(chart)) == (svg(chart), png(chart))
    width, height = (float(part) for part in re.findall(r'(?:width|height)="([\d.]+)mm"', first))
    assert picture.size == (round(width / 25.4 * 300), round(height / 25.4 * 300))
    assert [round(dots) for dots in picture.info["dpi"]] == [300, 300]


def test_a_wide_chart_keeps_to_the_page_and_its_text_can_be_read() -> None:
    lanes = tuple(f"某某业务管理部{n}" for n in range(8))
    nodes = tuple(Node(f"n{n}", "核对资料并登记台账", "step", n) for n in range(8))
    chart = Chart(nodes, tuple(Edge(f"n{n}", f"n{n + 1}") for n in range(7)), lanes)
    root = drawn(chart)
    assert float(str(root.get("width")).removesuffix("mm")) <= 160
    sizes = {
        float(str(element.get("font-size"))) / measure.MILLIMETRES_PER_POINT for element in root.iter(f"{SVG}text")
    }
    assert min(sizes) >= 9 * 0.8


def test_a_tall_chart_keeps_to_the_page() -> None:
    nodes = tuple(Node(str(n), f"步骤{n}") for n in range(40))
    root = drawn(Chart(nodes, tuple(Edge(str(n), str(n + 1)) for n in range(39))))
    assert float(str(root.get("height")).removesuffix("mm")) <= 240
    assert len(boxes(root)) == 40


def test_the_largest_chart_is_drawn_in_reasonable_time() -> None:
    dice = random.Random(7)
    lines = (f"框{dice.randrange(200)} -> 框{dice.randrange(200)}" for _ in range(400))
    assert len(boxes(drawn(parsed("\n".join(lines))))) > 150


def test_the_graph_engine_says_nothing_on_the_screen(capfd: pytest.CaptureFixture[str]) -> None:
    svg(parsed(COMPLAINT))
    assert capfd.readouterr() == ("", "")


def test_ink_lies_where_the_lines_are() -> None:
    """A page that were blank, or drawn beside the paper, would pass every test of its size."""
    picture = Image.open(io.BytesIO(png(parsed(COMPLAINT)))).convert("L")
    inked = sum(picture.histogram()[:128]) / (picture.width * picture.height)
    assert 0.01 < inked < 0.2
    assert picture.getbbox() == (0, 0, *picture.size)
