"""The first page of the help, and the language a command speaks: from plain tables, before any library is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

LANGUAGES = ("zh", "en")

# name → module that holds the command, what it does in both languages
COMMANDS = {
    "init": ("desk", "新建一套已生效、可直接使用的体系文件夹", "Make a repository that is in force and ready to use."),
    "demo": ("demo", "新建示例体系，内有一个月的记录", "Make a repository with a believable month of records."),
    "status": ("desk", "概况：现行文件、未结记录、超期事项", "Show what is in force, open, overdue and waiting."),
    "record": ("record", "记录：填写、登记、推进、更正、查看", "Fill, issue, move on, correct and show records."),
    "document": (
        "document",
        "文件：起草、审核、会签、批准、发放、评审",
        "Draft, review, approve, distribute and compare controlled documents.",
    ),
    "register": ("register", "台账：在屏幕上看，或写成文件", "Show registers, in the terminal or as a file."),
    "form": ("form", "表单：清单、预览、检查、新建", "List, show, check and begin forms."),
    "person": ("person", "人员：角色、签名密钥、代理", "People: roles, keys, deputies."),
    "key": ("key", "签名密钥：新建、确认、挂失、导出", "Keys to sign with: make, confirm, report lost, export."),
    "search": (
        "search",
        "按字词查找记录：姓名、房号、电话号码的一段",
        "Find records by any words in them: names, rooms, telephone fragments.",
    ),
    "verify": (
        "verify",
        "核验：一页文件或记录是否现行、有无改动",
        "Say whether found pages are in force: PDF, Word, photographs, or the short code printed on them.",
    ),
    "audit": (
        "audit",
        "体系自检：检查记录、文件、保存期限和历史，逐条说明",
        "Check records, documents, retention and history, and explain each finding.",
    ),
    "rule": (
        "rule",
        "说明检查项 CODE：查什么、为什么、怎么改正",
        "Explain the rule CODE: what it finds, why it matters, how to put it right.",
    ),
    "retention": (
        "retention",
        "保存期限：清单、到期、暂停销毁、处置",
        "How long records are kept: list, due, holds, disposal.",
    ),
    "export": (
        "export",
        "导出：审核资料包、浏览网页、备份",
        "What leaves the house: packages for auditors, a site to read, backups.",
    ),
    "head": (
        "desk",
        "输出一行校验值，抄存留底，可证明所存记录未被改动",
        "Print the line to keep that proves what is stored today.",
    ),
    "index": ("desk", "重建索引", "Rebuild the index."),
    "sync": (
        "sync",
        "与其他副本互相补齐；把登记台移到本副本",
        "Bring copies level, over a remote or a folder; move the seat that writes.",
    ),
    "guard": ("guard", "守护共用的存放处，拒绝改写和删除", "Protect a shared store against rewriting and deletion."),
    "completion": ("desk", "输出命令行自动补全脚本", "Print the completion script of a shell."),
}
OPTIONS = (
    ("-C, --root PATH", "体系文件夹（不写：自当前文件夹向上找）", "The repository (else: searched upwards from here)."),
    ("-q, --quiet", "只输出结果", "Say only the answer."),
    ("-v, --verbose", "输出更多说明", "Say more."),
    ("--lang [zh|en]", "提示所用的语言", "The language of messages."),
    ("--color [auto|always|never]", "颜色", "Colours."),
    ("--on DATE", "以这一天为准（只用于查看）", "As of this day (reading only)."),
    ("--as PERSON", "由谁办理（人员代号）", "Who does it."),
    ("--site SITE", "分公司（不写：登记台在本副本的那个）", "The site (else: the one whose seat this copy holds)."),
    ("-V, --version", "显示程序版本", "Print the version."),
    ("-h, --help", "显示本页", "Show this text."),
)
_TITLES = {
    "zh": ("用法：", "以文件形式由单位自己保管的质量管理体系", "选项：", "命令："),
    "en": ("Usage: ", "A quality-management system that a company owns as files.", "Options:", "Commands:"),
}


def page(language: str) -> str:
    """The help of the whole program in `language` (zh or en)."""
    usage, purpose, options, commands = _TITLES[language]
    chosen = 1 + LANGUAGES.index(language)
    lines = [f"{usage}qmsdocs [OPTIONS] COMMAND [ARGS]...", "", f"  {purpose}", "", options]
    lines += _columns([(option[0], option[chosen]) for option in OPTIONS])
    lines += ["", commands, *_columns([(name, said[chosen]) for name, said in COMMANDS.items()])]
    return "\n".join(lines)


def _columns(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max(len(left) for left, _ in rows)
    return (f"  {left:<{width}}  {right}" for left, right in rows)


def language_of(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """The language messages are in: --lang, $QMSDOCS_LANG, the repository's first one, the machine's; else Chinese."""
    for position, word in enumerate(arguments):
        if word.startswith("--lang="):
            return _known(word[7:]) or "zh"
        if word == "--lang" and position + 1 < len(arguments):
            return _known(arguments[position + 1]) or "zh"
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    return (
        _known(environment.get("QMSDOCS_LANG", "")) or _of_repository(_start(arguments)) or _known(locale[:2]) or "zh"
    )


def _known(written: str) -> str | None:
    return written.lower() if written.lower() in LANGUAGES else None


def _start(arguments: Sequence[str]) -> str:
    for position, word in enumerate(arguments[:-1]):
        if word in ("-C", "--root"):
            return arguments[position + 1]
    return "."


def _of_repository(start: str) -> str | None:
    """The first of `languages` in the qms.toml at or above `start`, however faulty the rest of the file is."""
    from pathlib import Path

    first = Path(start).absolute()
    for place in (first, *first.parents):
        try:
            text = (place / "qms.toml").read_text("utf-8")
        except (OSError, ValueError):
            continue
        found = re.search(r"^languages\s*=\s*\[\s*[\"'](\w+)", text, re.MULTILINE)
        return _known(found[1]) if found else "zh"
    return None
