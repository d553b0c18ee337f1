"""What the pages of a controlled document say of themselves, in both languages; shared by PDF and DOCX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from qmsdocs.base.language import Language, Text
from qmsdocs.model.organisation import HeaderCell
from qmsdocs.render import measure
from qmsdocs.render.document_sheet import Chapter, DocumentSheet, SignedLine, Standing
from qmsdocs.render.prose import Block, Grid, Paragraph, plain

NUMBER, REVISION = Text("文件编号", "Number"), Text("版次/修订次", "Revision")
CONFIDENTIALITY = Text("密级", "Confidentiality")
PREPARED, COUNTERSIGNED = Text("编制", "Prepared"), Text("会签", "Countersigned")
REVIEWED, APPROVED = Text("审核", "Reviewed"), Text("批准", "Approved")
NAME, SIGNATURE, DATE = Text("姓名", "Name"), Text("签字", "Signature"), Text("日期", "Date")
ELECTRONIC = Text("电子签名", "e-signed")
RELEASED_ON, EFFECTIVE_ON = Text("发布日期", "Released"), Text("实施日期", "Effective")
COPY_NUMBER, HOLDER = Text("分发号", "Copy no."), Text("持有部门", "Held by")
SEE_RECORD = Text("{count} 个部门会签，见会签记录", "{count} departments, see the record of countersignature")

CONTENTS = Text("目录", "Contents")
HISTORY = Text("修订记录", "Revision history")
HISTORY_HEADS = (
    Text("序号", "No."),
    Text("日期", "Date"),
    Text("版次/修订次", "Revision"),
    Text("修订条款", "Clauses"),
    Text("修订内容摘要", "What changed"),
    Text("修订人", "By"),
    Text("审核", "Reviewed"),
    Text("批准", "Approved"),
)
DISTRIBUTION = Text("发放范围", "Distribution")
DISTRIBUTION_HEADS = (
    Text("序号", "No."),
    Text("部门", "Department"),
    Text("分发号", "Copy no."),
    Text("份数", "Copies"),
    Text("签收/日期", "Received / date"),
    Text("回收/日期", "Returned / date"),
)
COUNTERSIGNATURES = Text("会签记录", "Record of countersignature")
COUNTERSIGNATURE_HEADS = (
    Text("序号", "No."),
    Text("部门", "Department"),
    Text("会签人", "By"),
    Text("意见", "Verdict"),
    Text("说明", "Remark"),
    Text("答复", "Answer"),
    Text("日期", "Date"),
)
CHAPTER = Text("第{count}章", "Chapter {count}")
TABLE, FIGURE = Text("表{number}", "Table {number}"), Text("图{number}", "Figure {number}")
PAGE = Text("第{page}页　共{pages}页", "Page {page} of {pages}")
CHECK = Text("核验码", "Check code")
COPYING = Text("未经批准 不得复印", "Not to be copied without approval")
COLON = Text("：", ": ")

CONTROLLED = Text("受控文件", "CONTROLLED COPY")
STAMP_COPY = Text("分发号：{number}　持有：{holder}", "Copy {number} · {holder}")
SUPERSEDED_BY = Text("已由 {revision} 代替", "superseded by {revision}")
STAMPS = {  # red, on each page
    Standing.SUPERSEDED: Text("作废", "VOID"),
    Standing.WITHDRAWN: Text("作废", "VOID"),
    Standing.KEPT: Text("作废保留", "VOID – KEPT"),
}
WATERMARKS: Mapping[Standing, tuple[Text, ...]] = {  # grey, behind the text
    Standing.DRAFT: (Text("草稿", "DRAFT"),),
    Standing.TRIAL: (Text("试行", "TRIAL"),),
    Standing.APPROVED: (Text("待实施", "NOT YET IN FORCE"),),
}
UNCONTROLLED = (Text("非受控", "UNCONTROLLED"), Text("仅供参考", "FOR REFERENCE ONLY"))
STATES = {
    Standing.DRAFT: Text("草稿", "draft"),
    Standing.TRIAL: Text("试行", "trial"),
    Standing.APPROVED: Text("已批准，待实施", "approved, not yet in force"),
    Standing.SUPERSEDED: Text("作废", "void"),
    Standing.WITHDRAWN: Text("作废", "void"),
    Standing.KEPT: Text("作废保留", "void, kept for reference"),
}
STATE_CONTROLLED, STATE_UNCONTROLLED = Text("受控", "controlled"), Text("非受控", "uncontrolled")

HEADER = (
    HeaderCell(label=Text("文件编号", "Number"), value="number"),
    HeaderCell(label=Text("版次/修订次", "Revision"), value="revision"),
    HeaderCell(label=Text("页码", "Page"), value="page"),
    HeaderCell(label=Text("生效日期", "Effective"), value="effective_on"),
)

ROW, _LEAST_ROWS = 6.0, 4  # of the header block, in millimetres
COLUMNS = (40.0, 66.0, 22.0, 32.0)
TITLE_SIZES, SMALL_SIZES = (14.0, 12.0, 10.5, 9.0, 7.5), (9.0, 8.0, 7.5, 6.5)
LEADING, _PADDING = 1.25, 1.0
_COVER_SIZES = (26.0, 24.0, 22.0, 18.0, 16.0)  # 一号 and below
_COVER_WIDTH, COVER_LINES = 150.0, 2
MOST_ON_COVER = 4  # countersignatures; more stand in a record of their own
CONTENTS_LEVEL = 2
_COMPANY = re.compile("(.+?)((?:集团|股份)*有限(?:责任)?公司)")
_FOOT_WIDTH, _FOOT_SIZES = 41.0, (9.0, 8.0, 7.5)  # millimetres and points of what the foot says on the right


def day(on: date | datetime | None, language: Language) -> str:
    """The day as a page prints it; nothing where there is none."""
    if on is None:
        return ""
    return f"{on.year}年{on.month:02}月{on.day:02}日" if language is Language.ZH else f"{on:%Y-%m-%d}"


def watermark(sheet: DocumentSheet) -> tuple[str, ...]:
    """The lines behind the text of every page; none on a controlled copy and on what is void."""
    lines = WATERMARKS.get(sheet.standing, ())
    if sheet.standing is Standing.IN_FORCE and sheet.copy is None:
        lines = UNCONTROLLED
    return tuple(line.of(sheet.language) for line in lines)


def void_stamp(sheet: DocumentSheet) -> tuple[str, str] | None:
    """The red words of every page of what is void, and what took its place, if anything did."""
    words = STAMPS.get(sheet.standing)
    if words is None:
        return None
    after = SUPERSEDED_BY.of(sheet.language).format(revision=sheet.superseded_by) if sheet.superseded_by else ""
    return words.of(sheet.language), after


def state(sheet: DocumentSheet) -> str:
    """How the revision stands, as the foot of each page says it."""
    if sheet.standing is Standing.IN_FORCE:
        return (STATE_CONTROLLED if sheet.copy else STATE_UNCONTROLLED).of(sheet.language)
    return STATES[sheet.standing].of(sheet.language)


@dataclass(frozen=True, slots=True)
class Head:
    """What the header block of some pages says. `cells` are label and value; the value of the page number is None."""

    organisation: str
    kind: str
    title: str
    cells: tuple[tuple[str, str | None], ...]

    @property
    def rows(self) -> tuple[tuple[str, str | None], ...]:
        """Its rows, each of 6 mm: the cells, and empty ones where there are few."""
        return self.cells + (("", ""),) * (_LEAST_ROWS - len(self.cells))


def head(sheet: DocumentSheet, chapter: Chapter | None = None) -> Head:
    """The header block of the pages of `sheet`, or of those of one of its chapters.

    Cells of organisation, kind and title are the two wide ones on the left, wherever `sheet.header` names them.
    """
    shown = chapter or sheet
    edition, _, number = shown.revision.rpartition("/") if "/" in shown.revision else shown.revision.rpartition(".")
    values: Mapping[str, str | None] = {
        "number": shown.number,
        "revision": shown.revision,
        "edition": edition or shown.revision,
        "revision_no": number if edition else "",
        "page": None,
        "effective_on": day(shown.effective_on, sheet.language),
        "released_on": day(sheet.released_on, sheet.language),
        "confidentiality": sheet.confidentiality,
    }
    cells = tuple(
        (cell.label.of(sheet.language), values[cell.value]) for cell in sheet.header or HEADER if cell.value in values
    )
    return Head(sheet.organisation, sheet.kind if chapter is None else sheet.title, shown.title, cells)


def signature(line: SignedLine, language: Language) -> str:
    """What stands in the signing cell beside the mark: the verdict of a countersignature, and when it was signed
    electronically; nothing where a pen signs."""
    if not line.mark or line.at is None:
        return line.verdict
    return f"{line.verdict} {ELECTRONIC.of(language)} {line.at:%Y-%m-%d %H:%M}".strip()


def approvals(sheet: DocumentSheet) -> Iterator[tuple[Text, Sequence[SignedLine]]]:
    """What the cover says of who made and approved it: a title, and the lines; none where a record holds them."""
    nobody = (SignedLine(""),)
    yield PREPARED, sheet.prepared or nobody
    if sheet.countersigned:
        yield COUNTERSIGNED, sheet.countersigned if len(sheet.countersigned) <= MOST_ON_COVER else ()
    yield REVIEWED, sheet.reviewed or nobody
    yield APPROVED, sheet.approved or nobody


def signer(line: SignedLine) -> str:
    """Who stands on a line of the cover: the department, where it counts, and the name."""
    return "　".join(filter(None, (line.department, line.person)))


def cover_title(title: str) -> tuple[float, tuple[str, ...]]:
    """The largest size at which the title stands on two lines of the cover, and these lines."""
    for size in _COVER_SIZES:
        found = cover_lines(title, size)
        if len(found) <= COVER_LINES:
            break
    return size, found


def cover_lines(text: str, size: float) -> tuple[str, ...]:
    """`text` on lines of `size` points as wide as the cover."""
    capacity = _COVER_WIDTH / (size * measure.MILLIMETRES_PER_POINT)
    return measure.balanced(text, capacity, most=capacity)


@dataclass(frozen=True, slots=True)
class Record:
    """A table between cover and text: its title, heads, widths of columns in millimetres, rows, empty ones too."""

    title: Text
    heads: tuple[Text, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]


def records(sheet: DocumentSheet) -> Iterator[Record]:
    """修订记录 and 发放范围, and 会签记录 where the cover does not hold it."""
    changes = (
        (
            *(day(entry.on, sheet.language), entry.revision, entry.clauses, entry.summary),
            *(entry.prepared_by, entry.reviewed_by, entry.approved_by),
        )
        for entry in sheet.history
    )
    yield _record(HISTORY, HISTORY_HEADS, (10, 24, 20, 22, 36, 16, 16, 16), changes, 8)
    lines = sheet.countersigned
    if len(lines) > MOST_ON_COVER or any(line.remark or line.answer for line in lines):
        signed = (
            (line.department, line.person, line.verdict, line.remark, line.answer, day(line.at, sheet.language))
            for line in lines
        )
        yield _record(COUNTERSIGNATURES, COUNTERSIGNATURE_HEADS, (10, 26, 20, 20, 30, 30, 24), signed)
    copies = (
        (entry.department, entry.copy_number, str(entry.count), entry.received, entry.returned)
        for entry in sheet.distribution
    )
    yield _record(DISTRIBUTION, DISTRIBUTION_HEADS, (10, 44, 20, 14, 36, 36), copies, 6)


def _record(
    title: Text, heads: tuple[Text, ...], widths: tuple[int, ...], rows: Iterable[tuple[str, ...]], least: int = 0
) -> Record:
    """The record with its rows numbered, and empty ones for the pen where there are fewer than `least`."""
    numbered = tuple((str(number), *row) for number, row in enumerate(rows, 1))
    return Record(title, heads, widths, numbered + (("",) * len(heads),) * (least - len(numbered)))


def chapter_name(count: int, language: Language) -> str:
    """How a chapter is called: 第3章."""
    return CHAPTER.of(language).format(count=count)


def markers(depth: int, is_ordered: bool, count: int) -> str:
    """The mark of the item `count` (from 1) of a list at `depth` (from 0): a) then 1), or a dash."""
    if not is_ordered:
        return "—" if depth % 2 == 0 else "·"
    return f"{_letters(count)})" if depth % 2 == 0 else f"{count})"


def _letters(count: int) -> str:
    found = ""
    while count:
        count, digit = divmod(count - 1, 26)
        found = chr(ord("a") + digit) + found
    return found


def weights(grid: Grid, count: int) -> tuple[float, ...]:
    """The relative widths of the `count` columns of a table, equal where it says none."""
    return grid.weights if len(grid.weights) == count else (1.0,) * count


def centred(grid: Grid, count: int) -> tuple[bool, ...]:
    """Whether the cells of each of `count` columns stand in its middle: short ones; in lists of numbers the number."""
    if grid.source.strip() in ("references", "forms"):
        return tuple(at == 0 for at in range(count))
    return tuple(_is_short([plain(row[at]) for row in grid.rows if at < len(row)]) for at in range(count))


def _is_short(texts: Sequence[str]) -> bool:
    return all(len(text) <= 8 and not re.search(r"[，。；]", text) for text in texts)


def leads_on(block: Block) -> bool:
    """Whether it is a paragraph that ends with a colon, and so belongs to what follows it."""
    return isinstance(block, Paragraph) and plain(block.line).rstrip().endswith(("：", ":"))


def _capacity(width: float, size: float) -> float:
    """How many ems of `size` points stand side by side in a cell `width` millimetres wide."""
    return (width - 2 * _PADDING) / (size * measure.MILLIMETRES_PER_POINT)


def lines(text: str, width: float, size: float) -> tuple[str, ...]:
    """`text` on lines of `size` points that stand in a cell `width` millimetres wide."""
    capacity = _capacity(width, size)
    return measure.balanced(text, capacity, most=capacity)


def size_of(text: str, width: float, height: float, sizes: Sequence[float]) -> float:
    """The largest of `sizes` at which `text` stands in a cell of this width and height in millimetres."""
    for size in sizes:
        line = size * measure.MILLIMETRES_PER_POINT * LEADING
        if len(lines(text, width, size)) * line <= max(height, line):
            return size
    return sizes[-1]


def company(name: str, width: float, size: float) -> tuple[str, ...]:
    """The name on lines as `lines` has them; two of them break before what kind of company it is."""
    found, broken = _COMPANY.fullmatch(name), lines(name, width, size)
    is_held = found is not None and max(map(measure.ems, found.groups())) <= _capacity(width, size)
    return found.groups() if found is not None and is_held and len(broken) == 2 else broken


def identity(sheet: DocumentSheet) -> tuple[tuple[str, ...], float]:
    """How the revision stands, number and revision, as the foot says them, with the size in points: on one line, or
    with number and revision on a line of their own."""
    own = f"{sheet.number} {sheet.revision}"
    for lines, sizes in (((f"{state(sheet)}　{own}",), _FOOT_SIZES), ((state(sheet), own), (*_FOOT_SIZES, 6.5, 5.0))):
        for size in sizes:
            if max(measure.millimetres(line, size) for line in lines) <= _FOOT_WIDTH:
                return lines, size
    return lines, size
