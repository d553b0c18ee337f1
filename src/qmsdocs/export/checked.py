"""What the audit of the moment found, as a shelf: each finding with why it matters and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from qmsdocs.audit.findings import Report
from qmsdocs.base.language import Catalogue, Text
from qmsdocs.export.front import Column, Kind, Line, Shelf
from qmsdocs.export.hiding import Hiding
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.query.rule_texts import texts

TITLE = Text("体系自检", "Audit")
_HEADS = (
    (Text("检查项", "Rule"), Kind.TEXT),
    (Text("轻重", "Severity"), Kind.CHOICE),
    (Text("对象", "About"), Kind.TEXT),
    (Text("检查提示", "Finding"), Kind.TEXT),
    (Text("例外", "Waived"), Kind.CHOICE),
)
SEVERITIES = {
    Severity.ERROR: Text("错误", "error"),
    Severity.WARNING: Text("警告", "warning"),
    Severity.NOTE: Text("提示", "note"),
}
_MEANS, _WHY, _REMEDY = Text("含义", "Meaning"), Text("为什么", "Why"), Text("怎么办", "What to do")
_CLAUSES, _PLACE = Text("条款", "Clauses"), Text("位置", "Place")
_GREEN, _COUNTED = Text("通过", "passed"), Text("{said} {count}", "{count} {said}")
_WAIVED = Text("经批准，至 {day}", "accepted until {day}")


def verdict(report: Report, catalogue: Catalogue) -> str:
    """How many findings of each severity there are."""
    counted = [(severity, report.count(severity)) for severity in Severity]
    language = catalogue.language
    said = (_COUNTED.of(language).format(said=SEVERITIES[s].of(language), count=n) for s, n in counted if n)
    return catalogue.say(", ").join(said) or _GREEN.of(language)


def findings(report: Report, catalogue: Catalogue, hiding: Hiding) -> Shelf:
    """Every finding, the worst first, and those that are accepted for the time being."""
    said = [(finding, "") for finding in report.findings]
    said += [(item.finding, _WAIVED.of(catalogue.language).format(day=item.waiver.expires)) for item in report.waived]
    columns = tuple(Column(title.en, title.of(catalogue.language), kind) for title, kind in _HEADS)
    limits = "\n".join(catalogue.say(limit) for limit in report.limits)
    return Shelf("audit", TITLE.of(catalogue.language), columns, _lines(said, catalogue, hiding), limits)


def _lines(said: list[tuple[Finding, str]], catalogue: Catalogue, hiding: Hiding) -> Iterator[Line]:
    seen: Counter[str] = Counter()
    language = catalogue.language
    for finding, waived in said:
        subject = hiding.subject(finding.subject)
        name = f"{finding.code} {subject}"
        seen[name] += 1
        cells = (
            finding.code,
            SEVERITIES[finding.severity].of(language),
            subject,
            hiding.text(catalogue.say(finding.message)),
            waived,
        )
        yield Line(
            name if seen[name] == 1 else f"{name} ({seen[name]})",
            cells,
            detail=tuple(_detail(finding, catalogue, hiding)),
            related=(subject,),
        )


def _detail(finding: Finding, catalogue: Catalogue, hiding: Hiding) -> Iterator[tuple[str, str]]:
    language = catalogue.language
    if finding.place:
        yield _PLACE.of(language), hiding.text(finding.place)
    text = texts().get(finding.code)
    if text is not None:
        yield _MEANS.of(language), text.title.of(language)
        yield _WHY.of(language), text.why.of(language)
        yield _REMEDY.of(language), text.remedy.of(language)
        if text.clauses:
            yield _CLAUSES.of(language), "; ".join(text.clauses)
