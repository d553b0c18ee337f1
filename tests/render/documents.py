"""Sheets of controlled documents for tests: the starter work rule, a manual with chapters, one of any length."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw

from qmsdocs.base.language import Language, Text
from qmsdocs.model.document import parse_procedure
from qmsdocs.model.organisation import HeaderCell
from qmsdocs.render import mark
from qmsdocs.render.document_sheet import (
    ChangeEntry,
    Chapter,
    CopyEntry,
    DocumentSheet,
    SignedLine,
    StampedCopy,
    Standing,
)
from qmsdocs.render.prose import Chart, Edge, Grid, Node, Span, Surroundings
from qmsdocs.render.prose_parser import blocks

ROOT = Path(__file__).parents[2]
SHA = "9f2c7a1b" + "5" * 56
BEIJING = timezone(timedelta(hours=8))
TITLES = {
    "QP-14": ("客户服务管理程序", "Customer service management"),
    "QD-14-02": ("客户投诉处理规定", "Complaint handling"),
    "QD-14-04": ("客户信息管理规定", "Customer information"),
    "QP-18": ("不合格及纠正和预防措施控制程序", "Nonconformity, corrective and preventive action"),
    "QR-14-04": ("客户投诉登记处理表", "Complaint record"),
    "QR-18-01": ("纠正和预防措施要求单", "Corrective action request"),
    "QR-18-02": ("8D报告", "8D report"),
    "QR-04-01": ("工作联系单", "Liaison sheet"),
}
LEVELS = (
    ("重大", "诉讼、媒体曝光，或集体人数达到10人"),
    ("热点", "集体人数达到3人，或同一问题3人以上投诉"),
    ("一般", "其余"),
)


def surroundings(language: Language, parameters: dict[str, str]) -> Surroundings:
    """What the starter work rule names."""
    spoken = 0 if language is Language.ZH else 1
    head = tuple((Span(word),) for word in (("级别", "条件"), ("Level", "When"))[spoken])
    rules = Grid(head, tuple(((Span(level),), (Span(when),)) for level, when in LEVELS), "投诉级别", weights=(1, 4))
    return Surroundings(
        parameters,
        {number: titles[spoken] for number, titles in TITLES.items()},
        ("QP-14", "QD-14-04", "QP-18"),
        ("QR-14-04", "QR-18-01", "QR-18-02", "QR-04-01"),
        {("QR-14-04", "level"): rules},
        {"QR-14-04": chart()},
    )


def chart() -> Chart:
    """A small flow chart with two lanes."""
    nodes = (
        Node("a", "接到投诉", "start", 0),
        Node("b", "登记", "step", 1),
        Node("c", "重大？", "decision", 1),
        Node("d", "上报", "step", 1),
        Node("e", "回访", "end", 0),
    )
    edges = (Edge("a", "b"), Edge("b", "c"), Edge("c", "d", "是"), Edge("d", "e"), Edge("c", "e", "否"))
    return Chart(nodes, edges, ("客户", "客服专管员"))


def signed(person: str, hour: int, department: str = "", verdict: str = "") -> SignedLine:
    """An electronic signature of 21 November 2026."""
    return SignedLine(person, datetime(2026, 11, 21, hour, 5, tzinfo=BEIJING), "9F2C7A1B", department, verdict)


def sheet(name: str = "QD-14-02", *, language: Language = Language.ZH, body: str | None = None) -> DocumentSheet:
    """The starter document `name`, in force as copy 03 of the engineering department; or the same about `body`."""
    path = ROOT / "procedures" / f"{name}.md"
    read = parse_procedure(path.read_text("utf-8"), source=path.name)
    parameters = {key: value.of(language) for key, value in read.parameters.items()}
    around = surroundings(language, parameters)
    is_chinese = language is Language.ZH
    return DocumentSheet(
        number=read.front.number,
        title=read.front.title.of(language),
        kind="管理规定" if is_chinese else "Work rule",
        revision="A/1",
        language=language,
        organisation="绿源置业有限公司" if is_chinese else "Greenspring Homes Ltd",
        confidentiality="内部" if is_chinese else "internal",
        standing=Standing.IN_FORCE,
        effective_on=date(2026, 12, 1),
        released_on=date(2026, 11, 21),
        prepared=(signed("王芳", 9),),
        reviewed=(signed("李明", 13),),
        countersigned=(signed("陈磊", 10, "工程部", "同意"), signed("何静", 11, "销售部", "同意")),
        approved=(signed("赵磊", 16),),
        history=(
            ChangeEntry(date(2025, 1, 6), "A/0", "全文", "首次发布", "王芳", "李明", "赵磊"),
            ChangeEntry(date(2026, 11, 21), "A/1", "5.10", "回访时限由24小时改为12小时", "王芳", "李明", "赵磊"),
        ),
        distribution=(
            CopyEntry("总经办", "01", 1, "周婷 2026-11-24", ""),
            CopyEntry("客户服务部", "02", 2, "王芳 2026-11-24", ""),
            CopyEntry("工程部", "03", 1, "", ""),
        ),
        header=(),
        blocks=blocks(
            read.body if body is None else body,
            around,
            source=path.name,
            body_line=read.body_line,
            language=language,
        ),
        check=mark.short_code(SHA),
        payload=mark.payload("1f0c93ab", read.front.number, "document", "A/1", SHA),
        copy=StampedCopy("03", "工程部" if is_chinese else "Engineering", date(2026, 11, 24)),
    )


S12 = tuple(
    HeaderCell(label=Text(*label), value=value)
    for label, value in (
        (("文件编号", "Number"), "number"),
        (("签发日期", "Issued"), "released_on"),
        (("版本", "Version"), "revision"),
        (("页码", "Page"), "page"),
    )
)
S14 = tuple(
    HeaderCell(label=Text(*label), value=value)
    for label, value in (
        (("编号", "Number"), "number"),
        (("版次", "Edition"), "edition"),
        (("修订次", "Amendment"), "revision_no"),
        (("页码", "Page"), "page"),
        (("密级", "Class"), "confidentiality"),
        (("生效日期", "Effective"), "effective_on"),
    )
)


def lists() -> DocumentSheet:
    """A document that lists others, all their titles short ones."""
    titles = {"QP-02": "记录控制程序", "QD-14-0204-03-2026": "收房程序", "QR-18-02": "8D报告"}
    around = Surroundings({}, titles, ("QP-02", "QD-14-0204-03-2026"), ("QR-18-02",))
    text = blocks("{{ references }}\n\n{{ forms }}\n", around, source="QP-01.md")
    return replace(sheet(body="文\n"), blocks=text)


_STEPS = "| 步骤{count} | 时限 |\n| --- | --- |\n" + "| 受理 | 接到后1小时内登记，并通知责任部门到场处理 |\n" * 5
LEADING = "# 程序\n\n" + "\n\n".join(  # tables at every height of a page, with words before them that end in a colon
    "各部门按规定办理并登记。\n\n" * count + f"写明理由{count}：\n\n" + _STEPS.format(count=count)
    for count in range(3, 16)
)

SENTENCES = (
    "首问责任人接到客户反映的情况后，应当场记下时间、地点和客户的原话，并在规定时限内转给客服专管员。",
    "责任部门到现场确认后，用照片和检验记录说明原因；原因不清的，由质量工程师组织有关专业共同分析。",
    "处理方案写明做什么、由谁做、何时完成、给客户什么交代，经批准后方可答复客户。",
    "每月5日前，各项目把上月的统计报送客户服务部，由客户服务部汇总分析并提出改进建议。",
)


@cache
def photograph(seed: int, side: int = 900) -> bytes:
    """A picture as a telephone makes it, small enough for a test."""
    made = Image.new("RGB", (side, side * 2 // 3), (190 + seed % 40, 200, 210))
    draw = ImageDraw.Draw(made)
    for step in range(0, side, 30):
        draw.line((step, 0, side - step, side), fill=(step % 255, seed * 37 % 255, 90), width=4)
    stream = io.BytesIO()
    made.save(stream, "JPEG", quality=85)
    return stream.getvalue()


ENGLISH = """# Purpose

Every complaint finds somebody who answers for it, so that the same problem does not come back.

# Procedure

## Receiving

Whoever hears of a complaint first owns it, and tells the service clerk within {{ p.report_within }}. The clerk
confirms within {{ p.acknowledge_within }} that it was accepted, under which number, and when the customer hears again.

| Role | What they do |
| --- | --- |
| Service clerk | Classifies the complaint, collects evidence, answers the customer and visits afterwards. |
| Service manager | Watches the time limits and closes the record. |

## Course

```flow QR-14-04
```

# Records

{{ forms }}
"""


def section(number: int) -> str:
    """About two pages of manual: headings, text, a list, a table, a picture."""
    said = [f"# 第{number}类业务的办理\n"]
    for part in ("受理", "办理", "归档"):
        said.append(f"## {part}\n")
        said += [SENTENCES[(number + at) % 4] + SENTENCES[(number + at + 1) % 4] + "\n" for at in range(3)]
    said += ["- 核对资料\n- 登记台账\n  1. 编号\n  2. 日期\n", f"表: 第{number}类业务的时限\n"]
    said += ["| 步骤 | 责任人 | 时限 | 记录 |", "| --- | --- | --- | --- |"]
    said += [f"| 步骤{row} | 客服专管员 | {row}个工作日 | {SENTENCES[row % 4]} |" for row in range(1, 7)]
    said += ["", f"![第{number}类业务的现场](manual/{number}.jpg)\n"]
    return "\n".join(said)


def manual(pages: int, *, chapters: int = 2, standing: Standing = Standing.IN_FORCE) -> DocumentSheet:
    """A manual of about `pages` pages in `chapters` chapters."""
    base = sheet(body="# 编制说明\n\n本手册由各章组成，各章分别修订。\n")
    each = max(1, pages * 10 // (21 * chapters))
    made = []
    for count in range(chapters):
        numbers = range(count * each, (count + 1) * each)
        text = "\n".join(map(section, numbers))
        made.append(
            Chapter(
                f"QM-01-{count + 1:02}",
                ("客户信息管理", "投诉处理", "交付", "维修", "档案")[count % 5],
                f"A/{count}",
                date(2026, 12, 1),
                blocks(text, Surroundings(), source="QM-01.md"),
                {f"manual/{number}.jpg": photograph(number % 40) for number in numbers},
            )
        )
    return replace(
        base, number="QM-01", title="客户服务手册", kind="手册", chapters=tuple(made), standing=standing, header=S14
    )
