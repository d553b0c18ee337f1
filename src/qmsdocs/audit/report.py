"""What an audit found, as lines for the terminal and as a JSON object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from qmsdocs.audit.findings import Report, Waived
from qmsdocs.audit.rules_page import FAMILY_TITLES, SEVERITY_TITLES
from qmsdocs.base.errors import Message, message
from qmsdocs.base.language import Catalogue, Text
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.model.rule import RuleText
from qmsdocs.query.rule_texts import FAMILIES, clauses_of, family_of, name_of

SHOWN = 5  # findings of one rule, before the rest is only counted
COUNTED: Mapping[str, Text] = {  # what was looked at
    "ledgers": Text("记录库", "ledgers"),
    "records": Text("记录", "records"),
    "events": Text("登记事项", "events"),
    "attachments": Text("附件", "attachments"),
    "signatures": Text("签名", "signatures"),
    "objects": Text("存储单元", "objects"),
    "documents": Text("文件", "documents"),
    "items_in_force": Text("现行文件、表单和体系设置", "documents, forms and settings in force"),
    "rules": Text("检查项", "rules"),
    "pages": Text("页面", "pages"),
    "read_again": Text("本次重读", "read again"),
}


def lines(report: Report, catalogue: Catalogue, texts: Mapping[str, RuleText], verbose: bool = False) -> Iterator[str]:
    """The report for a screen: findings by family, the worst first; then waivers, limits, and a sum."""
    by_family: dict[str, list[Finding]] = {family: [] for family in FAMILIES}
    for finding in report.findings:
        by_family[family_of(finding.code)].append(finding)
    for family, own in by_family.items():
        if own:
            yield FAMILY_TITLES[family].of(catalogue.language)
            yield from _listed(own, catalogue, verbose)
            yield ""
    if report.waived:
        yield from _waived(report.waived, catalogue, verbose)
        yield ""
    yield from _limits(report, catalogue)
    yield _looked_at(report, catalogue)
    yield verdict(report, catalogue)
    if worst := next((finding.code for finding in report.findings if finding.code in texts), None):
        yield catalogue.say("what it means and what to do: qmsdocs rule {code}", code=worst)


def _listed(own: list[Finding], catalogue: Catalogue, verbose: bool) -> Iterator[str]:
    """A line for each finding; of a rule that found many only the first, unless all are wanted."""
    count = Counter(finding.code for finding in own)
    seen: Counter[str] = Counter()
    for finding in own:
        code = finding.code
        seen[code] += 1
        if verbose or seen[code] <= SHOWN or count[code] == SHOWN + 1:
            yield f"  {_line(finding, catalogue, verbose)}"
        elif seen[code] == count[code]:
            yield "  " + catalogue.say("… {count} more of {code}; -v shows all", count=count[code] - SHOWN, code=code)


def _line(finding: Finding, catalogue: Catalogue, verbose: bool) -> str:
    severity = SEVERITY_TITLES[finding.severity].of(catalogue.language)
    said = catalogue.say(finding.message)
    if not said.startswith(where(finding)):  # a file that cannot be read is named by the message
        said = f"{where(finding)}{catalogue.say(': ')}{said}"
    beside = f" [{finding.place}]" if verbose and finding.place and not finding.place.isdecimal() else ""
    return f"{severity} {finding.code} {said}{beside}"


def where(finding: Finding) -> str:
    """What a finding is about, with the line where it is one of a text."""
    return f"{finding.subject}:{finding.place}" if finding.place.isdecimal() else finding.subject


def _waived(waived: tuple[Waived, ...], catalogue: Catalogue, verbose: bool) -> Iterator[str]:
    yield catalogue.say("Accepted for a time: {count}", count=len(waived))
    counted = Counter(
        catalogue.say(
            "{code} {subject}: {reason} ({person}, until {day})",
            code=item.finding.code,
            subject=where(item.finding),
            reason=item.waiver.reason,
            person=item.waiver.approved_by,
            day=item.waiver.expires,
        )
        for item in waived
    )
    for said, count in list(counted.items())[: None if verbose else SHOWN]:
        yield f"  {said} ×{count}" if count > 1 else f"  {said}"
    if not verbose and len(counted) > SHOWN:
        yield "  " + catalogue.say("… {count} more; -v shows all", count=len(counted) - SHOWN)


def _limits(report: Report, catalogue: Catalogue) -> Iterator[str]:
    if report.limits:
        yield catalogue.say("What this audit cannot show:")
        yield from (f"  {catalogue.say(limit)}" for limit in report.limits)
        yield ""


def _looked_at(report: Report, catalogue: Catalogue) -> str:
    how = message("full audit") if report.is_full else message("audit of what is new")
    return catalogue.say("Looked at ({how}): {counts}", how=how, counts=checked(report, catalogue))


def checked(report: Report, catalogue: Catalogue) -> str:
    """What was looked at, in words: `3 ledgers, 120 records`."""
    return catalogue.say(
        "{counts}",
        counts=tuple(
            message("{count} {what}", count=count, what=COUNTED.get(name, name))
            for name, count in report.checked.items()
        ),
    )


def verdict(report: Report, catalogue: Catalogue) -> str:
    """The answer in one sentence."""
    return catalogue.say(_verdict(report))


def _verdict(report: Report) -> Message:
    counts = {f"{severity.value}s": report.count(severity) for severity in Severity}
    if not report.is_whole:
        return message("NOT GREEN, for not everything could be looked at: {errors} errors, {warnings} warnings, "
                       "{notes} notes", **counts)  # fmt: skip
    if not report.is_green:
        return message("NOT GREEN: {errors} errors, {warnings} warnings, {notes} notes", **counts)
    return message("GREEN: nothing is wrong, {notes} notes", notes=counts["notes"])


def as_json(report: Report, catalogue: Catalogue) -> dict[str, object]:
    """The report as the object that `audit --json` prints, messages in the language of the command."""
    return {
        "format": 1,
        "organisation": report.organisation,
        "site": report.site,
        "on": report.on.isoformat(timespec="seconds"),
        "full": report.is_full,
        "green": report.is_green,
        "whole": report.is_whole,
        "findings": [_finding_json(finding, catalogue) for finding in report.findings],
        "waived": [
            {
                **_finding_json(item.finding, catalogue),
                "reason": item.waiver.reason,
                "approved_by": item.waiver.approved_by,
                "expires": item.waiver.expires.isoformat(),
            }
            for item in report.waived
        ],
        "checked": dict(report.checked),
        "heads": dict(report.heads),
        "limits": [catalogue.say(limit) for limit in report.limits],
        "rules": list(report.rules),
    }


def _finding_json(finding: Finding, catalogue: Catalogue) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "message": catalogue.say(finding.message),
        "clauses": list(clauses_of(finding.code)),
        "place": finding.place,
        "name": name_of(finding.code),
    }
