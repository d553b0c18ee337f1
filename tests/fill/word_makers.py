"""Ten Word procedures as ten makers leave them: odd styles, typed numbers, text boxes, merged cells, tracked changes."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from xml.sax.saxutils import escape

from docx import Document
from docx.shared import Pt

_SPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_PARTS = ("styles", "numbering", "footnotes", "comments", "settings")
STRICT_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
EMF = b"\x01\0\0\0\x6c\0\0\0" + bytes(80)


def png(colour: int) -> bytes:
    """A small PNG of one grey."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([colour]) * 8 for _ in range(8))
    head = struct.pack(">2I5B", 8, 8, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def run(text: str, look: str = "") -> str:
    """A run; `look` are its properties."""
    return f'<w:r>{f"<w:rPr>{look}</w:rPr>" if look else ""}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def p(*content: str, style: str = "", look: str = "") -> str:
    """A paragraph of texts, or of XML that begins with `<`."""
    inside = "".join(part if part.startswith("<") else run(part) for part in content)
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}{look}</w:pPr>{inside}</w:p>" if named or look else f"<w:p>{inside}</w:p>"


def numbered(text: str, list_id: int, level: int = 0) -> str:
    """A paragraph of a list."""
    return p(text, look=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>')


def bold(text: str, look: str = "") -> str:
    """A paragraph in bold, as people make headings without styles."""
    return p(run(text, "<w:b/>"), look=look)


def cell(*content: str, look: str = "") -> str:
    """A cell of texts or XML."""
    inside = "".join(part if part.startswith("<") else p(part) for part in content)
    inside += "" if inside.endswith("</w:p>") else "<w:p/>"  # a cell ends with a paragraph, else offices mend it
    return f"<w:tc><w:tcPr>{look}</w:tcPr>{inside}</w:tc>"


def row(*cells: str, look: str = "") -> str:
    """A row of cells, texts among them."""
    inside = "".join(one if one.startswith("<w:tc>") else cell(one) for one in cells)
    return f"<w:tr>{f'<w:trPr>{look}</w:trPr>' if look else ''}{inside}</w:tr>"


def table(*rows: str) -> str:
    """A table; its columns are as many as the first row spans, each 2,000 twentieths of a point wide."""
    spans = [int(span or 1) for span in re.findall(r'<w:tc>(?:<w:tcPr>(?:<w:gridSpan w:val="(\d)"/>)?)?', rows[0])]
    columns = '<w:gridCol w:w="2000"/>' * sum(spans)
    return f'<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/></w:tblPr><w:tblGrid>{columns}</w:tblGrid>{"".join(rows)}</w:tbl>'


def field(code: str, result: str = "1") -> str:
    """A Word field with its last result."""
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {escape(code)} </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run(result)}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def picture(relation: str, description: str = "") -> str:
    """A run with a picture in the line."""
    return (
        f'<w:r><w:drawing><wp:inline><wp:extent cx="800000" cy="800000"/><wp:docPr id="1" name="图片 1" descr="{description}"/>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
        f'<pic:cNvPr id="1" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="{relation}"/></pic:blipFill>'
        '<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="800000" cy="800000"/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr>'
        "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )


def text_box(*paragraphs: str) -> str:
    """A run with a text box, written twice as Word does: for itself and for old programs."""
    inside = f"<w:txbxContent>{''.join(paragraphs)}</w:txbxContent>"
    return (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:anchor><wp:docPr id="7" name="文本框 7"/><a:graphic>'
        f'<a:graphicData uri="x"><wps:wsp><wps:txbx>{inside}</wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:anchor>'
        f"</w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape><v:textbox>{inside}</v:textbox></v:shape></w:pict>"
        "</mc:Fallback></mc:AlternateContent></w:r>"
    )


def arrow() -> str:
    """A run with a shape that has no words."""
    return (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:anchor><wp:docPr id="8" name="直接箭头 8"/><a:graphic>'
        '<a:graphicData uri="x"><wps:wsp><wps:cNvCnPr/></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing></mc:Choice>'
        "</mc:AlternateContent></w:r>"
    )


def style(
    name: str, title: str, paragraph: str = "", look: str = "", *, kind: str = "paragraph", based_on: str = ""
) -> str:
    """A style by id and name."""
    base = f'<w:basedOn w:val="{based_on}"/>' if based_on else ""
    return (
        f'<w:style w:type="{kind}" w:styleId="{name}"><w:name w:val="{title}"/>{base}<w:pPr>{paragraph}</w:pPr>'
        f"<w:rPr>{look}</w:rPr></w:style>"
    )


def levels(*shapes: tuple[str, str]) -> str:
    """The levels of a list as (number format, text)."""
    return "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for at, (kind, text) in enumerate(shapes)
    )


def lists(*shapes: Sequence[tuple[str, str]]) -> str:
    """numbering.xml with one list each, numbered from 1."""
    kinds = "".join(
        f'<w:abstractNum w:abstractNumId="{at}">{levels(*shape)}</w:abstractNum>' for at, shape in enumerate(shapes, 1)
    )
    return kinds + "".join(
        f'<w:num w:numId="{at}"><w:abstractNumId w:val="{at}"/></w:num>' for at in range(1, len(shapes) + 1)
    )


def section(*references: tuple[str, str, str], look: str = "") -> str:
    """The properties of a section; references are (header or footer, type, relation)."""
    named = "".join(f'<w:{kind}Reference w:type="{which}" r:id="{relation}"/>' for kind, which, relation in references)
    return f"<w:sectPr>{named}{look}</w:sectPr>"


def word(
    body: str,
    *,
    parts: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    media: Mapping[str, bytes] | None = None,
    links: Mapping[str, tuple[str, str]] | None = None,
    more: Mapping[str, bytes] | None = None,
    main_type: str = "document.main+xml",
) -> bytes:
    """A Word file. `headers` by relation id (those that begin with `f` are footers), `media` by relation id."""
    files: dict[str, bytes] = {}
    overrides = {"word/document.xml": main_type}
    relations: list[str] = []

    def add(relation: str, kind: str, target: str, mode: str = "") -> None:
        relations.append(f'<Relationship Id="{relation}" Type="{_OFFICE}/{kind}" Target="{escape(target)}"{mode}/>')

    for name in _PARTS:
        if parts and name in parts:
            files[f"word/{name}.xml"] = f"{STRICT_HEAD}<w:{name} {_SPACES}>{parts[name]}</w:{name}>".encode()
            overrides[f"word/{name}.xml"] = f"{name}+xml"
            add(f"part{name}", name, f"{name}.xml")
    for relation, content in (headers or {}).items():
        kind, tag = ("footer", "ftr") if relation.startswith("f") else ("header", "hdr")
        files[f"word/{kind}{relation}.xml"] = f"{STRICT_HEAD}<w:{tag} {_SPACES}>{content}</w:{tag}>".encode()
        overrides[f"word/{kind}{relation}.xml"] = f"{kind}+xml"
        add(relation, kind, f"{kind}{relation}.xml")
    for relation, data in (media or {}).items():
        ending = "png" if data.startswith(b"\x89PNG") else "emf"
        files[f"word/media/{relation}.{ending}"] = data
        add(relation, "image", f"media/{relation}.{ending}")
    for relation, (kind, target) in (links or {}).items():
        add(relation, kind, target, ' TargetMode="External"')
    for relation in headers or {}:
        kind = "footer" if relation.startswith("f") else "header"
        files[f"word/_rels/{kind}{relation}.xml.rels"] = _relations(
            "".join(one for one in relations if "/image" in one)
        )
    files["word/document.xml"] = f"{STRICT_HEAD}<w:document {_SPACES}><w:body>{body}</w:body></w:document>".encode()
    files["word/_rels/document.xml.rels"] = _relations("".join(relations))
    return packed({**files, **(more or {})}, overrides)


def _relations(inside: str) -> bytes:
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'{STRICT_HEAD}<Relationships xmlns="{space}">{inside}</Relationships>'.encode()


def packed(files: Mapping[str, bytes], overrides: Mapping[str, str]) -> bytes:
    """The zip of a Word file."""
    kinds = "".join(f'<Override PartName="/{name}" ContentType="{_TYPE}{kind}"/>' for name, kind in overrides.items())
    types = (
        f'{STRICT_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
        f'<Default Extension="emf" ContentType="image/x-emf"/><Default Extension="bin" ContentType="application/x-ole"/>{kinds}</Types>'
    )
    main = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", types)
        package.writestr("_rels/.rels", _relations(main))
        for name, data in files.items():
            package.writestr(name, data)
    return stream.getvalue()


HEADINGS = "".join(
    style(
        f"Heading{level}",
        f"heading {level}",
        f'<w:numPr><w:ilvl w:val="{level - 1}"/><w:numId w:val="1"/></w:numPr><w:outlineLvl w:val="{level - 1}"/>',
    )
    for level in (1, 2, 3)
)
OUTLINE = (("decimal", "%1"), ("decimal", "%1.%2"), ("decimal", "%1.%2.%3"))


def classic() -> bytes:
    """Word as it is meant: heading styles that count, a header table, lists, a table, pictures with captions."""
    header = table(
        row(cell(p("青禾家居有限公司", picture("logo"))), cell("程序文件"), "文件编号", "QH-QP-09"),
        row(cell(""), cell("客户回访管理程序"), "版次/修订次", "B/2"),
        row("", "", "页码", cell(p("第", field("PAGE"), "页 共", field("NUMPAGES", "3"), "页"))),
        row("", "", "生效日期", "2024年3月1日"),
    )
    body = (
        table(
            row("", "姓名", "签字", "日期"),
            row("编制", "孙倩", "", "2024-02-10"),
            row("审核", "何平", "", "2024-02-12"),
            row("批准", "曹磊", "", "2024-02-20"),
        )
        + p("目录", style="TOCHeading")
        + p(field('TOC \\o "1-3"', "1 目的 2"))
        + p("目的", style="Heading1")
        + p("使每一次回访有人做、有结果。")
        + p("职责", style="Heading1")
        + p("客服部", style="Heading2")
        + numbered("制订回访计划；", 2)
        + numbered("电话回访；", 2)
        + numbered("工作日九点至十七点；", 2, 1)
        + numbered("节假日不打扰；", 2, 1)
        + p("回访时先报姓名。")
        + numbered("登记结果。", 2)
        + p("项目部", style="Heading2")
        + numbered("配合核实", 3)
        + numbered("按期整改", 3)
        + p("工作程序", style="Heading1")
        + p("回访的比例见表 1，特殊字符 * 与 [方括号] 与 {{ 花括号 }} 原样保留。")
        + p("表", field("SEQ 表", "1"), " 回访比例", style="Caption")
        + table(row("类别", "比例|下限"), row("交付", "100 %"), row("报修", "30 %"))
        + p(picture("img1", "回访流程"))
        + p("图", field("SEQ 图", "1"), " 回访流程", style="Caption")
        + section(("header", "default", "h1"), ("footer", "default", "f1"))
    )
    return word(
        body,
        parts={
            "styles": HEADINGS + style("Caption", "caption") + style("TOCHeading", "TOC Heading"),
            "numbering": lists(OUTLINE, (("decimal", "%1）"), ("lowerLetter", "%2)")), (("bullet", "\uf0b7"),)),
        },
        headers={"h1": header, "f1": p("未经批准 不得复印  第", field("PAGE"), "页")},
        media={"img1": png(90), "logo": png(200)},
    )


def wps() -> bytes:
    """WPS: styles called 标题 1 and 正文缩进 under ids such as 2 and a3, numbers typed into styled headings."""
    styles = (
        style("a", "Normal")
        + style("2", "标题 1", based_on="a")
        + style("3", "标题 2", based_on="a")
        + style("a3", "正文缩进", '<w:ind w:firstLine="420"/>', based_on="a")
        + style("a5", "标题", '<w:jc w:val="center"/>', '<w:sz w:val="44"/>', based_on="a")
    )
    body = (
        p("派工与验收作业指导书", style="a5")
        + p("文件编号：QH-WI-021　版本：1.0", style="a3")
        + p("编制：钱悦　审核：葛明　批准：范蕾", style="a3")
        + p("1 目的", style="2")
        + p("规定派工单从开出到验收的做法。", style="a3")
        + p("2 派工", style="2")
        + p("2.1 开单", style="3")
        + p("值班员按来电内容开单，写明房号、电话、约定时间。", style="a3")
        + p("2.2 接单", style="3")
        + p("维修员在", run("十五分钟", "<w:b/>"), "内接单；", run("超时：", "<w:b/>"), "由值班员改派。", style="a3")
        + p("3 验收", style="2")
        + p("住户签字后，值班员回访并关闭派工单。", style="a3")
    )
    return word(body, parts={"styles": styles})


def typed() -> bytes:
    """No styles at all, made with python-docx: numbers typed, headings in bold, cover lines with colons."""
    document = Document()
    for line in ("青禾家居有限公司", "客户信息管理规定"):
        shown = document.add_paragraph()
        shown.alignment = 1
        shown.add_run(line).font.size = Pt(26 if "规定" in line else 14)
    document.add_paragraph("文件编号：QH/QD·07-03   版次：A   修订次：1")
    document.add_paragraph("编制：孙倩    审核：何平    批准：曹磊")
    document.add_paragraph("2023年5月6日发布").alignment = 1
    lines = (
        ("1、目的", True), ("让客户资料完整、准确、不外泄。", False), ("2、适用范围", True), ("适用于各项目的客户资料。", False),
        ("3、职责", True), ("3.1客服部负责收集、整理和更新，并保证每一份资料有来源、有日期、有经手人。", False),
        ("3.2信息部负责备份。", False), ("4、工作程序", True), ("4.1 收集", False), ("签约当日收集下列资料：", False),
        ("1）姓名和电话；", False), ("2）房号；", False), ("3）联系地址。", False), ("4.2 更新", False),
        ("每半年核对一次，核对结果写入台账。", False), ("4.2.1 电话变更", False), ("接到变更当天改正。", False),
        ("5、相关记录", True), ("5.1 《客户档案》 QH-QR-07-01", False), ("5.2 《资料更新台账》 QH-QR-07-02", False),
    )  # fmt: skip
    for text, is_bold in lines:
        document.add_paragraph().add_run(text).bold = is_bold or None
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def chapters() -> bytes:
    """A system of rules in chapters: 第一章, 第一节, 第一条, Chinese figures counted by Word."""
    article = lists((("chineseCountingThousand", "第%1条"),))
    clauses = (
        "为了把客户意见落到实处，制订本制度。", "本制度适用于全公司。", "意见来自电话、来访、信函和网络。",
        "收到意见的人当日登记。", "能当场答复的当场答复。", "不能当场答复的，说明理由并约定日期。",
        "答复由客服部归档。", "每月统计一次。", "统计结果公示三天。", "连续两月重复的意见列为专项。", "本制度自公布之日起施行。",
    )  # fmt: skip
    body = (
        p(run("客户意见管理制度", '<w:sz w:val="36"/>'), look='<w:jc w:val="center"/>')
        + p("（制度编号：QHZD-11）", look='<w:jc w:val="center"/>')
        + p("第一章 总则", look='<w:jc w:val="center"/>')
        + numbered(clauses[0], 1)
        + numbered(clauses[1], 1)
        + p("第二章 受理与答复", look='<w:jc w:val="center"/>')
        + p("第一节 受理")
        + "".join(numbered(clause, 1) for clause in clauses[2:4])
        + p("第二节 答复")
        + "".join(numbered(clause, 1) for clause in clauses[4:7])
        + p("第三章 统计", look='<w:jc w:val="center"/>')
        + "".join(numbered(clause, 1) for clause in clauses[7:10])
        + p("第四章 附则", look='<w:jc w:val="center"/>')
        + numbered(clauses[10], 1)
    )
    return word(body, parts={"numbering": article})


def traditional() -> bytes:
    """Traditional characters, 一、 and （一）, a gloss above the line, labels with spaces between their signs."""
    gloss = "<w:r><w:ruby><w:rubyPr/><w:rt><w:r><w:t>zhēn</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>臻</w:t></w:r></w:rubyBase></w:ruby></w:r>"
    body = (
        table(
            row("文 件 編 號", "TW-CS-05", "版 本", "3.0"),
            row("文件名稱", "顧客抱怨處理程序", "實施日期", "二〇二二年七月一日"),
            row("製 訂", "林佳蓉", "審 核", "") + row("核 准", "張庭", "頁 次", "1/4"),
        )
        + bold("一、目的")
        + p("使顧客的抱怨得到處理，品質日", gloss, "完善。")
        + bold("二、範圍")
        + p("凡本公司出貨的產品皆適用。")
        + bold("三、程序內容")
        + p("（一）受理")
        + p("業務人員接到抱怨後立即記錄。")
        + p("（二）調查")
        + p("品管人員於兩個工作天內完成調查。")
        + bold("四、相關記錄")
        + p("顧客抱怨單。")
    )
    return word(body)


def boxed() -> bytes:
    """A flow chart of text boxes and arrows, a box with the facts, a footnote, a link, a comment, hidden words."""
    hidden = run("内部价：八折", "<w:vanish/>")
    link = f'<w:hyperlink r:id="site">{run("公司网站")}</w:hyperlink>'
    note = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    body = (
        p(text_box(p("文件编号：QH-LC-004"), p("版本：2.1")))
        + p("客户信息处理流程", style="Title")
        + p("流程图", style="Heading1")
        + p(
            text_box(p("接到来电")),
            arrow(),
            text_box(p("登记")),
            arrow(),
            text_box(p("能否当场答复？")),
            text_box(p("转责任部门")),
        )
        + p("说明", style="Heading1")
        + p("登记须在当天完成", note, "，资料见", link, "。", hidden)
        + p(
            '<w:commentRangeStart w:id="1"/>',
            "转出后跟踪到底。",
            '<w:commentRangeEnd w:id="1"/><w:r><w:commentReference w:id="1"/></w:r>',
        )
        + p("批准：范蕾")
    )
    styles = HEADINGS.replace('<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>', "") + style(
        "Title", "Title"
    )
    return word(
        body,
        parts={
            "styles": styles,
            "footnotes": '<w:footnote w:type="separator" w:id="0"><w:p/></w:footnote><w:footnote w:id="2">'
            + p("当天指受理日二十四点前。")
            + "</w:footnote>",
            "comments": f'<w:comment w:id="1" w:author="何平">{p("跟踪多久？请写明。")}</w:comment>',
        },
        links={"site": ("hyperlink", "https://qinghe.example/service?a=1&b=2")},
    )


def framed() -> bytes:
    """Everything in one big table: head rows, then one cell with the whole text."""
    wide = '<w:gridSpan w:val="4"/>'
    text = (
        bold("1 目的"), p("统一样板房接待的做法。"), bold("2 职责"), p("接待员负责引导，案场经理负责检查。"),
        bold("3 接待"), p("3.1 迎客"), p("客人进门时起身问候。"), p("3.2 讲解"),
        table(row("区域", "时间"), row("沙盘", "五分钟"), row("样板房", "十分钟")), p("讲解后征求意见。"),
    )  # fmt: skip
    body = table(
        row(cell("青禾家居有限公司作业文件", look=wide)),
        row("文件名称", "样板房接待指引", "文件编号", "QH-WI-033"),
        row("版本", "C", "修订状态", "0"),
        row(cell(*text, look=wide)),
        row("编制", "钱悦", "批准", "曹磊"),
    )
    return word(body + p(""))


def tracked() -> bytes:
    """A draft that went round with tracked changes: inserted, deleted and moved words, a deleted row, content controls."""
    body = (
        p("QH-QP-12 内部沟通程序", style="Title")
        + p("文件编号：QH-QP-12")
        + p("目的", style="Heading1")
        + p(
            "使信息",
            f'<w:ins w:id="1" w:author="葛明">{run("及时、")}</w:ins>',
            "准确地传到",
            '<w:del w:id="2" w:author="葛明"><w:r><w:delText>有关</w:delText></w:r></w:del>',
            f'<w:ins w:id="3" w:author="葛明">{run("每一个")}</w:ins>',
            "岗位。",
        )
        + p("方式", style="Heading1")
        + p(
            f'<w:moveFrom w:id="4" w:author="范蕾">{run("周会由部门负责人主持。")}</w:moveFrom>',
            "例会、公告、联系单。",
            f'<w:moveTo w:id="5" w:author="范蕾">{run("周会由部门负责人主持。")}</w:moveTo>',
        )
        + table(row("方式", "频次"), row("例会", "每周"), row("广播", "每天", look='<w:del w:id="6" w:author="范蕾"/>'))
        + f'<w:sdt><w:sdtPr><w:tag w:val="责任"/></w:sdtPr><w:sdtContent>{p("由综合部督促。")}</w:sdtContent></w:sdt>'
        + "<w:p><w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>"
        + run("单击此处输入文字。")
        + "</w:sdtContent></w:sdt></w:p>"
    )
    styles = HEADINGS.replace('<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>', "") + style(
        "Title", "Title"
    )
    return word(body, parts={"styles": styles})


def merged() -> bytes:
    """Tables with merged cells, a table in a cell, a picture in a cell, signs, an equation, an embedded object, EMF."""
    down, below = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    fraction = "<m:oMath><m:f><m:num><m:r><m:t>满意户数</m:t></m:r></m:num><m:den><m:r><m:t>调查户数</m:t></m:r></m:den></m:f></m:oMath>"
    symbol = '<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>'
    ole = '<w:r><w:object><v:shape><v:imagedata r:id="emf1"/></v:shape><o:OLEObject Type="Embed" ProgID="Visio.Drawing.15" r:id="x"/></w:object></w:r>'
    body = (
        table(row("编号", "QH-QP-15", "版次", "A/3"), row("批准", "曹磊", "审核", "何平"))
        + p("1 计算")
        + p("满意率 = ", fraction, "，结果保留一位小数。")
        + p(symbol, "已核对")
        + p("2 时限")
        + table(
            row(cell("类别", look=down), cell("时限", look='<w:gridSpan w:val="2"/>'), look="<w:tblHeader/>"),
            row(cell("", look=below), "本省", "外省", look="<w:tblHeader/>"),
            row(cell("投诉", look=down), "两天", "五天"),
            row(cell("", look=below), cell("节假日顺延", look='<w:gridSpan w:val="2"/>')),
            row(cell("以上均为工作日", look='<w:gridSpan w:val="3"/>')),
        )
        + p("3 判定")
        + table(
            row("级别", "条件"),
            row("重大", cell("符合之一：", table(row("甲", "十人以上"), row("乙", "媒体曝光")))),
            row("图示", cell(p(picture("img1")))),
        )
        + p("4 流程")
        + p(ole)
        + p(picture("emf2"), "见附件。")
    )
    return word(body, media={"img1": png(10), "emf1": EMF, "emf2": EMF})


def broken() -> bytes:
    """Pages replaced one by one over the years: headers that differ, codes left as text, numbers that jump, no end."""

    def header(revision: str) -> str:
        return table(
            row("文件编号", "QH-7.2.2", "版次/修订次", revision), row("文件名称", "沟通与服务程序", "生效日期", "2012.6.1"),
            row("编制", "", "批准", "曹磊"),
        )  # fmt: skip

    numbers = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    body = (
        p("1 目的", style="Heading1", look=numbers)
        + p("规定售前、售中、售后的沟通。")
        + p("适用范围", style="Heading1", look=numbers)
        + p("第 PAGE \\* MERGEFORMAT 页适用于各部门，见 { REF _Ref123456 }。")
        + p("4 职责", style="Heading1", look='<w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>')
        + p("4 沟通", style="Heading1", look='<w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>')
        + p("见", field("REF _Ref9", "错误！未找到引用源。"))
        + p("6 处理", style="Heading1", look='<w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>')
        + p("投诉属实的，由责任部门在两天内提出方案，并经客服部同意后")
        + section(("header", "first", "h1"), ("header", "default", "h2"), look='<w:cols w:num="2"/><w:titlePg/>')
    )
    return word(
        body,
        parts={"styles": HEADINGS, "numbering": lists(OUTLINE)},
        headers={"h1": header("2/0"), "h2": header("1/1")},
    )


Maker = Callable[[], bytes]
MAKERS: tuple[Maker, ...] = (classic, wps, typed, chapters, traditional, boxed, framed, tracked, merged, broken)
