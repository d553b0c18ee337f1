"""The audit report as pages to sign: 体系自检报告, as PDF and as a Word file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from qmsdocs import __version__
from qmsdocs.audit.findings import Report
from qmsdocs.audit.report import COUNTED, verdict, where
from qmsdocs.audit.rules_page import SEVERITY_TITLES
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.query.rule_texts import texts
from qmsdocs.render.document_words import PREPARED, REVIEWED, Head
from qmsdocs.render.prose import Block
from qmsdocs.render.statement import Signer, Statement, grid, heading, listing, paragraph

FORMATS = ("pdf", "docx")
MOST = 200  # findings of one rule on paper; the rest is counted, `--json` has all
TITLE = Text("体系自检报告", "Audit report")
_FULL, _NEW = Text("全面自检", "Full audit"), Text("增量自检", "Audit of what is new")
_DAY, _SITE = Text("自检日期", "Audited on"), Text("自检地点", "Site")
_PROGRAM, _PAGE = Text("程序版本", "Program"), Text("页　码", "Page")
_FOOT = Text("由 qmsdocs {version} 自检得出，{at}", "Found by qmsdocs {version}, {at}")
_RESULT, _LOOKED_AT = Text("结论", "Result"), Text("查了什么", "What was looked at")
_FINDINGS, _CURES = Text("检查提示", "Findings"), Text("怎样改正", "How to put it right")
_WAIVERS = Text("例外（经批准）", "Accepted for a time")
_LIMITS = Text("本次自检不能证明的", "What this audit cannot show")
_HEADS = Text("校验值", "Hashes")
_NONE = Text("无。", "None.")


def pages(report: Report, language: Language, format: str) -> bytes:
    """The report as `pdf` or `docx`, the same bytes for the same report. Raises QmsError, PdfUnavailable."""
    statement = _statement(report, Catalogue.load(language))
    match format:
        case "pdf":
            from qmsdocs.render.statement_html import statement_pdf

            return statement_pdf(statement)
        case "docx":
            from qmsdocs.render.statement_docx import statement_docx

            return statement_docx(statement)
        case _:
            raise QmsError("{format}: must be one of {allowed}", format=format, allowed=FORMATS)


def _statement(report: Report, catalogue: Catalogue) -> Statement:
    language = catalogue.language
    cells = (
        (_DAY.of(language), f"{report.on:%Y-%m-%d %H:%M}"),
        (_SITE.of(language), report.site_title),
        (_PROGRAM.of(language), __version__),
        (_PAGE.of(language), None),
    )
    kind = (_FULL if report.is_full else _NEW).of(language)
    foot = _FOOT.of(language).format(version=__version__, at=f"{report.on:%Y-%m-%d %H:%M %z}")
    return Statement(
        Head(report.organisation, kind, TITLE.of(language), cells),
        language,
        report.on,
        tuple(_blocks(report, catalogue)),
        (Signer(PREPARED), Signer(REVIEWED)),
        foot,
    )


def _blocks(report: Report, catalogue: Catalogue) -> Iterator[Block]:
    language = catalogue.language
    yield heading("1", _RESULT.of(language))
    yield paragraph(verdict(report, catalogue))
    yield heading("2", _LOOKED_AT.of(language))
    yield _looked_at(report, language)
    yield heading("3", _FINDINGS.of(language))
    yield from _findings(report, catalogue)
    yield heading("4", _CURES.of(language))
    yield from _cures(report, language)
    yield heading("5", _WAIVERS.of(language))
    yield _waivers(report, catalogue) if report.waived else paragraph(_NONE.of(language))
    yield heading("6", _LIMITS.of(language))
    limits = [catalogue.say(limit) for limit in report.limits]
    yield listing(limits) if limits else paragraph(_NONE.of(language))
    yield heading("7", _HEADS.of(language))
    yield _heads(report, language) if report.heads else paragraph(_NONE.of(language))


def _looked_at(report: Report, language: Language) -> Block:
    head = (Text("对象", "What").of(language), Text("数量", "How many").of(language))
    named = [(COUNTED[name].of(language) if name in COUNTED else name, n) for name, n in report.checked.items()]
    return grid(head, [(name, str(count)) for name, count in named], (3, 1))


def _findings(report: Report, catalogue: Catalogue) -> Iterator[Block]:
    language = catalogue.language
    if not report.findings:
        yield paragraph(_NONE.of(language))
    found = [severity for severity in Severity if report.count(severity)]
    for number, severity in enumerate(found, 1):
        own = [finding for finding in report.findings if finding.severity is severity]
        title = Text("{severity}（{count}）", "{severity} ({count})").of(language)
        named = SEVERITY_TITLES[severity].of(language).capitalize()
        yield heading(f"3.{number}", title.format(severity=named, count=len(own)))
        head = (Text("检查项", "Rule"), Text("对象", "About"), Text("提示", "What is wrong"))
        yield grid([title.of(language) for title in head], _rows(own, catalogue), (18, 36, 106))


def _rows(own: list[Finding], catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    count = Counter(finding.code for finding in own)
    seen: Counter[str] = Counter()
    for finding in own:
        seen[finding.code] += 1
        if seen[finding.code] <= MOST:
            yield finding.code, where(finding), catalogue.say(finding.message)
        elif seen[finding.code] == count[finding.code]:
            left = catalogue.say(message("{count} more; all of them: qmsdocs audit --json",
                                         count=count[finding.code] - MOST))  # fmt: skip
            yield finding.code, "…", left


def _cures(report: Report, language: Language) -> Iterator[Block]:
    known = texts()
    codes = sorted({finding.code for finding in report.findings if finding.code in known})
    if not codes:
        yield paragraph(_NONE.of(language))
        return
    head = (Text("检查项", "Rule"), Text("内容和办法", "What, and what to do"), Text("条款", "Clauses"))
    rows = [
        (
            code,
            f"{known[code].title.of(language)}{'：' if language is Language.ZH else ': '}"
            f"{known[code].remedy.of(language).replace('`', '')}",
            "\n".join(known[code].clauses),
        )
        for code in codes
    ]
    yield grid([title.of(language) for title in head], rows, (18, 100, 42))


def _waivers(report: Report, catalogue: Catalogue) -> Block:
    language = catalogue.language
    head = (
        Text("检查项", "Rule"),
        Text("对象和提示", "About, and what is wrong"),
        Text("理由", "Reason"),
        Text("批准人", "Approved by"),
        Text("期限", "Until"),
    )
    rows = [
        (
            item.finding.code,
            f"{where(item.finding)}{catalogue.say(': ')}{catalogue.say(item.finding.message)}",
            item.waiver.reason,
            item.waiver.approved_by,
            item.waiver.expires.isoformat(),
        )
        for item in report.waived
    ]
    return grid([title.of(language) for title in head], rows, (18, 56, 42, 22, 22))


def _heads(report: Report, language: Language) -> Block:
    head = (Text("记录库", "Ledger"), Text("校验值", "Hash"))
    return grid([title.of(language) for title in head], sorted(report.heads.items()), (60, 100))
