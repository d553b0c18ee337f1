"""What is wrong or doubtful in the text of a document: typed numbers, missing sections, cut sentences, pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from qmsdocs.base.errors import Message, message
from qmsdocs.model.document import DocumentKind, Procedure
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.query.text_lines import PICTURE, Section, TextLine, read_lines, sections
from qmsdocs.query.typed_number import shadowed, typed_numbers
from qmsdocs.render.fonts import missing

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg")
_UNSAID = ("rules", "flow")  # blocks drawn from the form


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A section a document has: its title, and what its heading may read (small letters)."""

    title: Message
    headings: frozenset[str]


def _wanted(title: Message, *headings: str) -> _Wanted:
    return _Wanted(title, frozenset(headings))


_PURPOSE = _wanted(message("Purpose"), "目的", "编制目的", "purpose", "aim", "objective", "objectives")
_SCOPE = _wanted(message("Scope"), "适用范围", "范围", "scope", "field of application")
_DUTIES = _wanted(
    message("Responsibilities"),
    *("职责", "职责与权限", "责任", "职责分工", "responsibilities", "responsibility"),
)
_WORK = _wanted(
    message("Work procedure"),
    *("工作程序", "程序", "工作内容", "管理内容", "控制程序", "工作流程", "程序内容", "管理规定", "作业内容"),
    *("操作步骤", "作业步骤", "作业程序", "工作步骤", "procedure", "work procedure", "process", "method", "steps"),
)
_RELATED = _wanted(
    message("Related documents"),
    *("相关文件", "引用文件", "支持性文件", "参考文件", "related documents", "references", "reference documents"),
)
_RECORDS = _wanted(
    message("Kept records"),
    *("记录", "相关记录", "质量记录", "记录表单", "相关表单", "records", "related records", "forms"),
)
_WHOLE = (_PURPOSE, _SCOPE, _DUTIES, _WORK, _RELATED, _RECORDS)
_SECTIONS: Mapping[DocumentKind, tuple[_Wanted, ...]] = {
    DocumentKind.PROCEDURE: _WHOLE,
    DocumentKind.WORK_RULE: _WHOLE,
    DocumentKind.WORK_INSTRUCTION: (_PURPOSE, _SCOPE, _WORK),
    DocumentKind.MANUAL: (_SCOPE,),
}
_JOINED = re.compile(r"[与和及、/&]|\band\b|,")
_TYPED_HEADING = re.compile(
    r"\d+(?:\.\d+)+(?!\d)|\d{1,2}[.、．)）]|\d{1,2}\s+(?![年月日天人次个%小工分元])"
    r"|第[一二三四五六七八九十\d]+[章节条]|[一二三四五六七八九十]+[、．.]|[(（][一二三四五六七八九十\d]+[)）]"
)
_NO_HEADING = re.compile(r"#{1,6}[^#\s]")
_STILL_OPEN = re.compile(r"[，、,（(“‘《]$")
_JOINT = re.compile(r"(?:[和与及或]|\b(?:and|or|the|of|to|by|with))$")
_PUNCTUATION = re.compile(r"[，。；,;]|\.\s")
_ENDING = re.compile(r"[A-Za-z\u3400-\u9fff]$")
_LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s")


def check_text(number: str, procedure: Procedure, folder: Path, released: Procedure | None) -> Iterator[Finding]:
    """Everything wrong or doubtful in a text, line by line; its pictures lie in `folder`, `released` is in force."""
    lines = tuple(read_lines(procedure.body, procedure.body_line))
    for line in lines:
        for code, severity, said in _in_line(line, procedure, folder, released):
            yield Finding(code, severity, number, said, str(line.number))
    for section in sections(lines):
        for code, said in _in_section(section):
            yield Finding(code, Severity.WARNING, number, said, str(_place(section, code)))
    for said in _missing_sections(procedure, lines):
        yield Finding("DOC202", Severity.WARNING, number, said, "kind")


def _in_line(
    line: TextLine, procedure: Procedure, folder: Path, released: Procedure | None
) -> Iterator[tuple[str, Severity, Message]]:
    for target in PICTURE.findall(line.text) if line.block is None else ():
        said = _picture(unquote(target.strip("<>")), folder)
        if said is not None:
            yield "DOC101", Severity.ERROR, said
    unshown = missing(line.text)
    if unshown:
        yield "DOC104", Severity.ERROR, unprintable(unshown)
    if line.level and _TYPED_HEADING.match(line.text):
        said = message("the program numbers the headings: leave the number of “{heading}” out", heading=line.text)
        yield "DOC205", Severity.WARNING, said
    if line.block is None and _NO_HEADING.match(line.text):
        yield "DOC208", Severity.WARNING, message("a blank is needed between # and the words of a heading")
    if line.block not in _UNSAID:
        yield from typed_findings(line.text, procedure, released)


def unprintable(characters: tuple[str, ...]) -> Message:
    """What is said of characters the shipped faces lack or that change a line without being seen."""
    points = tuple(f"{c if c.isprintable() else ''} U+{ord(c):04X}".strip() for c in characters)
    return message("no page can show {characters}", characters=points)


def typed_findings(
    text: str, procedure: Procedure, released: Procedure | None
) -> Iterator[tuple[str, Severity, Message]]:
    """The numbers typed in `text`: those that repeat a parameter, as it is or was, and as a note all others."""
    kept = {
        name: value for name, value in (released.parameters if released else {}).items() if name in procedure.parameters
    }
    for typed in typed_numbers(text):
        names = shadowed(typed.quantity, procedure.parameters) or shadowed(typed.quantity, kept)
        if names:
            said = message(
                "“{written}” is typed, but it is the parameter {parameter}: write {{{{ p.{name} }}}}",
                written=typed.written,
                parameter=procedure.front.parameter[names[0]].title,
                name=names[0],
            )
            yield "DOC201", Severity.WARNING, said
        else:
            said = message("“{written}” is typed; a number that rules something is a parameter", written=typed.written)
            yield "DOC301", Severity.NOTE, said


def _picture(target: str, folder: Path) -> Message | None:
    """What is wrong with a picture named in the text; its files lie in the folder beside the text, named alike."""
    if not target.startswith(f"{folder.name}/") or target.count("/") != 1 or "\\" in target:
        return message("the picture {path} must lie in {folder}/", path=target, folder=folder.name)
    if not target.lower().endswith(PICTURE_ENDINGS):
        return message("the picture {path}: one of {endings} is needed", path=target, endings=PICTURE_ENDINGS)
    path = folder.parent / target
    if path.is_symlink() or folder.is_symlink():
        return message("the picture {path} must lie in {folder}/", path=target, folder=folder.name)
    return None if path.is_file() else message("there is no picture {path}", path=target)


def _in_section(section: Section) -> Iterator[tuple[str, Message]]:
    heading = section.heading.text
    if section.is_empty:
        yield "DOC203", message("nothing stands below the heading “{heading}”", heading=heading)
    last = _last(section)
    if last is not None and _is_cut(last.text):
        yield "DOC204", message("the text ends inside a sentence: …{end}", end=last.text.strip()[-12:])


def _place(section: Section, code: str) -> int:
    last = _last(section)
    return last.number if code == "DOC204" and last is not None else section.heading.number


def _last(section: Section) -> TextLine | None:
    """The last line of a section where that is running text."""
    written = [line for line in section.lines if line.text.strip()]
    return written[-1] if written and written[-1].is_prose else None


def _is_cut(text: str) -> bool:
    """Whether a line ends inside a sentence: behind a comma, bracket or `and`, or with commas but no full stop."""
    said = text.strip().rstrip("*")
    if _STILL_OPEN.search(said):
        return True
    if _LIST_ITEM.match(text) or not _ENDING.search(said):
        return False
    return bool(_JOINT.search(said)) or bool(_PUNCTUATION.search(said))


def _missing_sections(procedure: Procedure, lines: tuple[TextLine, ...]) -> Iterator[Message]:
    headings = [line for line in lines if line.level]
    top = min((line.level for line in headings), default=1)
    known = {name for line in headings if line.level == top for name in _names(line.text)}
    for wanted in _SECTIONS.get(procedure.front.kind, ()):
        if not known & wanted.headings:
            yield message("there is no section “{section}”", section=wanted.title)


def _names(heading: str) -> Iterator[str]:
    """What a heading may be meant as: itself, and its parts joined by `and`."""
    plain = _TYPED_HEADING.sub("", heading, count=1) if _TYPED_HEADING.match(heading) else heading
    plain = plain.strip().lower()
    yield plain
    yield from (part.strip() for part in _JOINED.split(plain))
