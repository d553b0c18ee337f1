"""What a header table, a cover or a page header says of the document: number, title, revision, dates, names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qmsdocs.fill.word_label import DATES, NAMES, date_in, key_of, pairs, without_date
from qmsdocs.fill.word_model import Block, Passage, Table, words_of

LONGEST_VALUE = 120
_RECORD = re.compile(
    r"(?:修订|修改|更改|变更|修正)(?:的)?(?:内容|摘要|记录|履历|条款|原因|说明)|change|description", re.IGNORECASE
)
_ORGANISATION = re.compile(
    r".{2,40}(?:公司|集团|厂|中心|研究所|研究院|协会|学校|医院|Ltd\.?|Inc\.?|GmbH)", re.IGNORECASE
)
_KIND = re.compile(
    r"(?:受控文件|程序文件|管理制度|管理文件|管理规定|作业指导书|作业文件|质量手册|管理手册|工作流程|体系文件|企业标准"
    r"|规章制度|[一二三四]级文件|质量管理体系文件|内部资料|procedure|work instruction|quality manual)",
    re.IGNORECASE,
)
_PAGES = re.compile(r"[\s第页頁共,，/、of-]*|page[\s\d]*(?:of)?[\s\d]*", re.IGNORECASE)


@dataclass(slots=True)
class Facts:
    """Facts by name, the names of those that have a label and no value, and every text that was understood."""

    values: dict[str, str] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def add(self, key: str, value: str) -> None:
        """Nothing; the first value of a fact counts, dates and names are read."""
        value = " ".join(value.split())
        if key in ("column", "page") or not value:
            self.empty += [key] if not value and key != "column" else []
            return
        if key in NAMES:
            day = date_in(value)
            name = without_date(value)
            if day is not None:
                self.values.setdefault(key.replace("_by", "_on"), day.isoformat())
            if not name:
                self.empty.append(key)
                return
            value = name
        elif key in DATES and (day := date_in(value)) is not None:
            value = day.isoformat()
        self.values.setdefault(key, value[:LONGEST_VALUE])

    @property
    def missing(self) -> tuple[str, ...]:
        """The labels without a value anywhere."""
        return tuple(dict.fromkeys(key for key in self.empty if key not in self.values))

    @property
    def revision(self) -> str:
        """The revision, put together where edition and amendment stand apart."""
        if "revision" in self.values:
            return self.values["revision"]
        edition, amendment = self.values.get("edition", ""), self.values.get("amendment", "")
        return f"{edition}/{amendment}" if edition and amendment and "/" not in edition else edition or amendment


def facts_of(blocks: Iterable[Block], *, names_title: bool) -> Facts:
    """What header-like `blocks` say; with `names_title` cells without a label are tried as organisation and title."""
    facts = Facts()
    for block in blocks:
        if isinstance(block, Table):
            _read_table(block, facts)
        elif isinstance(block, Passage):
            _read_lines(words_of(block), facts)
    if names_title:
        _name_the_rest(facts)
    return facts


def is_header_table(table: Table) -> bool:
    """Whether a table of the body is a header or approval table: two labels or more, and no revision record."""
    words = words_of(table)
    if _RECORD.search(words) or len(words) > 2_000:
        return False
    found = Facts()
    _read_table(table, found)
    known = {*found.values, *found.empty} - {"column", "organisation", "released_on", "copy"}
    return len(known) > 1 and known != {"title"} and bool(found.values)


def is_signed(block: Block) -> bool:
    """Whether a block names, or has places for, those who prepared, reviewed and approved."""
    facts = facts_of([block], names_title=False)
    return any(key in facts.values or key in facts.empty for key in NAMES)


def is_facts_line(text: str) -> bool:
    """Whether a line says nothing but facts: 编制：王芳  审核：李明."""
    return all(any(True for _ in pairs(line)) for line in text.split("\n") if line.strip())


def _read_lines(text: str, facts: Facts) -> None:
    for line in text.split("\n"):
        found = list(pairs(line))
        for key, value in found:
            facts.add(key, value)
        if found:
            facts.taken.append(line)
        elif line.strip():
            facts.left.append(line.strip())


def _read_table(table: Table, facts: Facts) -> None:
    grid = _grid(table)
    used: set[tuple[int, int]] = set()
    for (row, column), text in grid.items():
        if (row, column) in used:
            continue
        key = key_of(text)
        if key is None and len(lone := list(pairs(text))) == 1 and not lone[0][1]:
            key = lone[0][0]
        if key is not None:
            place = _value_place(grid, row, column)
            facts.add(key, grid[place] if place is not None else "")
            _dates_beside(grid, row, column, key, facts)
            facts.taken.append(text)
            if place is not None:
                facts.taken.append(grid[place])
                used.add(place)
        else:
            _read_lines(text, facts)


def _grid(table: Table) -> Mapping[tuple[int, int], str]:
    """The words of the cells by row and first column, in reading order; cells merged from above are left out."""
    found: dict[tuple[int, int], str] = {}
    for at, row in enumerate(table.rows):
        column = row.before
        for cell in row.cells:
            if not cell.continues:
                found[at, column] = "\n".join(words_of(block) for block in cell.blocks).strip()
            column += cell.span
    return found


def _value_place(grid: Mapping[tuple[int, int], str], row: int, column: int) -> tuple[int, int] | None:
    """Where the value of a label stands: in the next cell of the row, else in the cell below."""
    right = min((place for place in grid if place[0] == row and place[1] > column), default=None)
    for place in (right, (row + 1, column)):
        if place is not None and grid.get(place, "") and key_of(grid[place]) is None and not any(pairs(grid[place])):
            return place
    return None


def _dates_beside(grid: Mapping[tuple[int, int], str], row: int, column: int, key: str, facts: Facts) -> None:
    if key not in NAMES:
        return
    for place, text in grid.items():
        if place[0] == row and place[1] > column:
            if key_of(text) in NAMES:
                return
            if (day := date_in(text)) is not None and not without_date(text):
                facts.values.setdefault(key.replace("_by", "_on"), day.isoformat())
                facts.taken.append(text)


def _name_the_rest(facts: Facts) -> None:
    """What has no label: pages, the organisation, the kind of document; the longest of the rest is the title."""
    rest: list[str] = []
    for text in facts.left:
        if _PAGES.fullmatch(text) or re.fullmatch(r"[\d\s/]*", text):
            facts.taken.append(text)
        elif _ORGANISATION.fullmatch(text) and "organisation" not in facts.values:
            facts.values["organisation"] = text
            facts.taken.append(text)
        elif _KIND.fullmatch(text) and facts.left != [text]:
            facts.values.setdefault("kind", text)
            facts.taken.append(text)
        else:
            rest.append(text)
    fitting = [text for text in rest if 2 <= len(text) <= 40 and re.search(r"[^\W\d_]{2}", text)]
    if fitting and "title" not in facts.values and facts.values:
        facts.values["title"] = max(fitting, key=len)
        facts.taken.append(facts.values["title"])


def merged(found: Sequence[Facts]) -> Facts:
    """One set of facts; those named earlier win."""
    whole = Facts()
    for facts in found:
        for key, value in facts.values.items():
            whole.values.setdefault(key, value)
        whole.empty += facts.empty
        whole.taken += facts.taken
    return whole


def differences(found: Sequence[Facts]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The facts that page headers say differently, with their values."""
    for key in ("number", "title", "revision", "effective_on", "released_on"):
        said = [facts.revision if key == "revision" else facts.values.get(key, "") for facts in found]
        values = tuple(dict.fromkeys(value for value in said if value))
        if len(values) > 1:
            yield key, values
