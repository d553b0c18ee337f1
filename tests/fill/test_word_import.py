"""Word procedures of ten makers become drafts: what stands in them, what the report says, and that nothing vanishes."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import word_makers as makers
from lxml import etree
from word_makers import p, word
from word_reports import ALTERED, DOUBT, LOST, NO_PLACE, notes, read

from qmsdocs.base.language import Catalogue, Language
from qmsdocs.fill.word_document import Imported, NoteKind
from qmsdocs.fill.word_draft import markdown_file
from qmsdocs.model.document import parse_procedure
from qmsdocs.render.prose import Heading, Surroundings
from qmsdocs.render.prose_parser import blocks


@dataclass(frozen=True)
class Expected:
    """Facts, pieces of the Markdown in order, and pieces of the report."""

    front: Mapping[str, str]
    markdown: tuple[str, ...]
    notes: tuple[tuple[NoteKind, str], ...] = ()


EXPECTED = {
    "classic": Expected(
        {"number": "QH-QP-09", "title": "客户回访管理程序", "revision": "B/2", "effective_on": "2024-03-01", "prepared_by": "孙倩", "approved_by": "曹磊",
         "approved_on": "2024-02-20", "organisation": "青禾家居有限公司"},
        ("# 目的\n", "# 职责\n\n## 客服部\n", "1. 制订回访计划；\n2. 电话回访；\n   1) 工作日九点至十七点；\n   2) 节假日不打扰；\n\n   回访时先报姓名。\n\n3. 登记结果。",
         "- 配合核实\n- 按期整改", "\\*", "\\[方括号\\]", "\\{\\{ 花括号 }}", "表：回访比例\n\n| 类别 | 比例\\|下限 |\n| --- | --- |\n| 交付 | 100 % |",
         "![回访流程](QH-QP-09/picture-1.png)"),
        ((LOST, "page footer: 未经批准 不得复印"), (LOST, "1 pictures of page header"), (ALTERED, "table of contents is left out"), (ALTERED, "in the Word file they begin: 1）")),
    ),
    "wps": Expected(
        {"number": "QH-WI-021", "title": "派工与验收作业指导书", "revision": "1.0", "reviewed_by": "葛明"},
        ("# 目的\n", "# 派工\n\n## 开单\n", "## 接单\n\n维修员在**十五分钟**内接单；**超时**：由值班员改派。", "# 验收\n"),
    ),
    "typed": Expected(
        {"number": "QH/QD·07-03", "title": "客户信息管理规定", "revision": "A/1", "released_on": "2023-05-06", "prepared_by": "孙倩"},
        ("# 职责\n\n3.1客服部负责收集", "# 工作程序\n\n## 收集\n", "1）姓名和电话；", "## 更新\n", "### 电话变更\n", "# 相关记录\n\n5.1 《客户档案》 QH-QR-07-01"),
    ),
    "chapters": Expected(
        {"number": "QHZD-11", "title": "客户意见管理制度"},
        ("# 总则\n\n第一条 为了", "# 受理与答复\n\n## 受理\n\n第三条 ", "## 答复\n\n第五条 ", "# 附则\n\n第十一条 本制度自公布之日起施行。"),
        ((DOUBT, "nobody is named"),),
    ),
    "traditional": Expected(
        {"number": "TW-CS-05", "title": "顧客抱怨處理程序", "revision": "3.0", "effective_on": "2022-07-01", "prepared_by": "林佳蓉", "approved_by": "張庭"},
        ("# 目的\n", "品質日臻（zhēn）完善", "# 程序內容\n\n## 受理\n", "## 調查\n", "# 相關記錄\n"),
        ((ALTERED, "a gloss above the line stands in brackets: zhēn"), (DOUBT, "no name for: reviewed by")),
    ),
    "boxed": Expected(
        {"number": "QH-LC-004", "revision": "2.1", "title": "客户信息处理流程", "approved_by": "范蕾"},
        ("# 流程图\n\n接到来电\n\n登记\n\n能否当场答复？\n\n转责任部门", "完成（当天指受理日二十四点前。），资料见公司网站 (https://qinghe.example/service?a=1&b=2)。", "转出后跟踪到底。"),
        ((LOST, "hidden text: 内部价：八折"), (LOST, "a comment by 何平: 跟踪多久？请写明。"), (LOST, "a drawing of 6 shapes"),
         (ALTERED, "a footnote stands in brackets"), (ALTERED, "a text box stands behind its paragraph: 文件编号：QH-LC-004版本：2.1")),
    ),
    "framed": Expected(
        {"number": "QH-WI-033", "title": "样板房接待指引", "revision": "C/0", "prepared_by": "钱悦", "approved_by": "曹磊"},
        ("# 目的\n", "# 接待\n\n## 迎客\n", "## 讲解\n\n| 区域 | 时间 |\n| --- | --- |\n| 沙盘 | 五分钟 |", "讲解后征求意见。"),
        ((ALTERED, "a table around running text"), (LOST, "header table: 青禾家居有限公司作业文件")),
    ),
    "tracked": Expected(
        {"number": "QH-QP-12", "title": "内部沟通程序"},
        ("使信息及时、准确地传到每一个岗位。", "例会、公告、联系单。周会由部门负责人主持。", "| 例会 | 每周 |", "由综合部督促。"),
        ((LOST, "deleted with tracked changes (葛明): 有关"), (ALTERED, "inserted with tracked changes (葛明): 及时、每一个"),
         (LOST, "an unfilled content control: 单击此处输入文字。")),
    ),
    "merged": Expected(
        {"number": "QH-QP-15", "revision": "A/3", "reviewed_by": "何平"},
        ("# 时限\n\n| 类别 | 时限／本省 | 时限／外省 |\n| --- | --- | --- |\n| 投诉 | 两天 | 五天 |\n| 投诉 | 节假日顺延 | 节假日顺延 |\n| 以上均为工作日 |  |  |",
         "| 重大 | 符合之一：<br>甲<br>十人以上<br>乙<br>媒体曝光 |", "![](QH-QP-15/picture-1.png)"),
        ((ALTERED, "5 merged cells"), (ALTERED, "pictures inside a table"), (ALTERED, "a table inside a cell")),
    ),
    "broken": Expected(
        {"number": "QH-7.2.2", "revision": "2/0", "title": "沟通与服务程序", "effective_on": "2012-06-01", "approved_by": "曹磊"},
        ("# 目的\n", "# 适用范围\n", "{ REF \\_Ref123456 }", "# 职责\n\n# 沟通\n", "并经客服部同意后"),
        ((DOUBT, "the page headers differ: revision is 2/0, 1/1"), (DOUBT, "numbered twice: Word counts 1, and 1 is typed"), (DOUBT, "the numbers jump: 2, then 4"),
         (DOUBT, "the number 4 stands twice"), (DOUBT, "nothing stands in this section"), (DOUBT, "a field code stands as text: PAGE \\* MERGEFORMAT"),
         (DOUBT, "a field code stands as text: { REF _Ref123456 }"), (DOUBT, "a reference that leads nowhere: 错误！未找到引用源"),
         (DOUBT, "the text ends inside a sentence"), (DOUBT, "no name for: prepared by"), (ALTERED, "another number: 4 → 3, 6 → 5"), (ALTERED, "a section in 2 columns is set as one")),
    ),
}  # fmt: skip
# What the other office does not write again, or writes another way.
NOT_IN_LIBREOFFICE = ("pictures inside", "a gloss", "deleted with tracked changes (范蕾): 广播")


def check(imported: Imported, expected: Expected, *, without: tuple[str, ...] = ()) -> None:
    for key, value in expected.front.items():
        assert imported.front.get(key) == value, key
    at = 0
    for piece in expected.markdown:
        found = imported.markdown.find(piece, at)
        assert found >= 0, f"{piece!r} is not in\n{imported.markdown[at:]}"
        at = found
    for kind, said in expected.notes:
        if not said.startswith(without or ("\0",)):
            assert any(said in one for one in notes(imported, kind)), f"{said!r} is not in {notes(imported, kind)}"
    assert not [one for one in notes(imported) if one.startswith(NO_PLACE)]


def written_words(data: bytes) -> set[str]:
    """Every word of two signs or more that a reader of the file sees, found by another way than the importer's."""
    found: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for name in package.namelist():
            if re.fullmatch(r"word/(?:document|header\w*|footer\w*|footnotes)\.xml", name):
                for text in etree.fromstring(package.read(name)).iter("{*}t"):
                    found |= set(re.findall(r"\w{2,}", text.text or ""))
    return found


# ── ten makers


@pytest.mark.parametrize("maker", makers.MAKERS, ids=lambda maker: maker.__name__)
def test_a_procedure_of_each_maker_becomes_a_draft_with_a_truthful_report(maker: makers.Maker) -> None:
    imported = read(maker())
    check(imported, EXPECTED[maker.__name__])
    assert imported.markdown.count("# ") == len(re.findall(r"^#+ ", imported.markdown, re.MULTILINE))


@pytest.mark.parametrize("maker", makers.MAKERS, ids=lambda maker: maker.__name__)
def test_every_word_of_each_maker_is_in_the_draft_or_in_the_report(maker: makers.Maker) -> None:
    data = maker()
    imported = read(data)
    said = re.sub(r"\\(.)", r"\1", imported.markdown) + " ".join(notes(imported)) + " ".join(imported.front.values())
    # labels of the header, and numbers and dates, which the draft says in its own way
    own_way = re.compile(
        r"\d+|[一二三四五六七八九〇]+|第.[章节]|\d{4}年.*|目录|发布|.*日发布|二.*日"
        r"|文件(?:编号|名称|名稱)|版[次本]|修订[次状]态?|页码|生效日期|實施日期|姓名|签字|日期|编制|审核|批准|制度编号|编号"
    )
    for word_ in written_words(data):
        assert own_way.fullmatch(word_) or word_ in said or word_.lstrip("0123456789") in said, word_


@pytest.mark.parametrize("maker", makers.MAKERS, ids=lambda maker: maker.__name__)
def test_the_draft_is_a_document_of_the_program(maker: makers.Maker) -> None:
    imported = read(maker())
    procedure = parse_procedure(markdown_file(imported, source="程序.docx"), source="draft.md")
    assert procedure.front.number == imported.front["number"]
    found = blocks(procedure.body, Surroundings(), source="draft.md")
    headings = [block for block in found if isinstance(block, Heading)]
    assert len(headings) == len(re.findall(r"^#+ ", imported.markdown, re.MULTILINE)) > 1


@pytest.fixture(scope="module")
def saved_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All ten, opened and saved by LibreOffice in one go."""
    command = shutil.which("soffice")
    if command is None:
        pytest.skip("LibreOffice is not installed")
    folder = tmp_path_factory.mktemp("saved")
    for maker in makers.MAKERS:
        (folder / f"{maker.__name__}.docx").write_bytes(maker())
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    files = [str(path) for path in sorted(folder.glob("*.docx"))]
    words = [command, profile, "--headless", "--convert-to", "docx", "--outdir", str(folder / "out"), *files]
    subprocess.run(words, check=True, capture_output=True, timeout=180)
    return folder / "out"


@pytest.mark.parametrize("name", EXPECTED)
def test_saved_again_by_another_office_it_reads_the_same(saved_again: Path, name: str) -> None:
    imported = read((saved_again / f"{name}.docx").read_bytes())
    check(imported, EXPECTED[name], without=NOT_IN_LIBREOFFICE)


# ── nothing lost


def test_words_in_a_place_nobody_knows_are_reported() -> None:
    imported = read(word(p("1 目的") + p("看得见的话。") + f"<w:unheardOf>{p('藏在别处的话。')}</w:unheardOf>"))
    assert notes(imported, LOST) == [f"{NO_PLACE}: 藏在别处的话"]


def test_a_word_that_stands_elsewhere_too_is_still_missed() -> None:
    seen = p("投诉由客服部办理，投诉当天登记。")
    assert not [one for one in notes(read(word(p("1 目的") + seen))) if NO_PLACE in one]
    imported = read(word(p("1 目的") + seen + f"<w:unheardOf>{p('投诉由客服部办理，投诉当天登记。')}</w:unheardOf>"))
    assert [one for one in notes(imported, LOST) if NO_PLACE in one]


# ── every note has its Chinese


def test_the_report_can_be_said_in_chinese() -> None:
    catalogue = Catalogue.load(Language.ZH)
    for maker in makers.MAKERS:
        for note in read(maker()).notes:
            assert note.message.template in catalogue.entries, note.message.template
            assert "{" not in re.sub(r"\{ REF.*?\}|\{\{ .*? \}\}", "", catalogue.say(note.message))
