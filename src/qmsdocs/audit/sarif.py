"""An audit report as SARIF 2.1.0, which code hosts and editors show."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC
from pathlib import PurePosixPath
from urllib.parse import quote

from qmsdocs import __version__
from qmsdocs.audit.findings import Report, Waived
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.model.rule import RuleText
from qmsdocs.query.rule_texts import texts

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_BASE = "SRCROOT"


def as_sarif(report: Report, catalogue: Catalogue) -> dict[str, object]:
    """The report as one SARIF run. What rules say stands in it in both languages, messages in that of the command."""
    codes = sorted({*report.rules, *_codes(report)})
    known = {code: position for position, code in enumerate(codes)}
    results = [_result(finding, known, catalogue) for finding in report.findings]
    results += [_suppressed(item, known, catalogue) for item in report.waived]
    driver = {
        "name": "qmsdocs",
        "version": __version__,
        "language": "zh-CN" if catalogue.language is Language.ZH else "en",
        "rules": [_rule(code, texts().get(code), catalogue.language) for code in codes],
    }
    invocation = {
        "executionSuccessful": True,
        "endTimeUtc": _utc(report),
        "toolExecutionNotifications": [
            {"level": "note", "message": {"text": catalogue.say(limit)}} for limit in report.limits
        ],
    }
    properties = {
        "organisation": report.organisation,
        "site": report.site,
        "full": report.is_full,
        "green": report.is_green,
        "checked": dict(report.checked),
        "heads": dict(report.heads),
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"description": {"text": catalogue.say("the folder of the repository")}}},
        "results": results,
        "properties": properties,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _codes(report: Report) -> set[str]:
    return {finding.code for finding in (*report.findings, *(item.finding for item in report.waived))}


def _utc(report: Report) -> str:
    return report.on.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rule(code: str, text: RuleText | None, language: Language) -> dict[str, object]:
    if text is None:
        return {"id": code}
    other = Language.EN if language is Language.ZH else Language.ZH
    both = (language, other)
    return {
        "id": code,
        "name": text.name,
        "shortDescription": {"text": text.title.of(language)},
        "fullDescription": {"text": text.why.of(language)},
        "help": {
            "text": "\n\n".join(f"{text.why.of(spoken)}\n{text.remedy.of(spoken)}" for spoken in both),
            "markdown": "\n\n".join(f"**{text.title.of(spoken)}**\n\n{text.why.of(spoken)}\n\n{text.remedy.of(spoken)}"
                                    for spoken in both),
        },
        "defaultConfiguration": {"level": _LEVELS[text.severity]},
        "properties": {"clauses": list(text.clauses), "tags": list(text.clauses)},
    }  # fmt: skip


def _result(finding: Finding, known: Mapping[str, int], catalogue: Catalogue) -> dict[str, object]:
    said = catalogue.say("{subject}: {what}", subject=finding.subject, what=finding.message)
    return {
        "ruleId": finding.code,
        "ruleIndex": known[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": said},
        "locations": [_location(finding)],
        "partialFingerprints": {"finding/v1": _fingerprint(finding)},
    }


def _suppressed(item: Waived, known: Mapping[str, int], catalogue: Catalogue) -> dict[str, object]:
    accepted = {"kind": "external", "status": "accepted", "justification": item.waiver.reason}
    accepted_by = {"approved_by": item.waiver.approved_by, "expires": item.waiver.expires.isoformat()}
    return {
        **_result(item.finding, known, catalogue),
        "suppressions": [{**accepted, "properties": accepted_by}],
    }


def _location(finding: Finding) -> dict[str, object]:
    """Where a finding stands: a file by its relative address, what lies in no file by its name."""
    logical = {"name": finding.subject, "fullyQualifiedName": "/".join(filter(None, (finding.subject, finding.place)))}
    location: dict[str, object] = {"logicalLocations": [logical]}
    if PurePosixPath(finding.subject).suffix and ("/" in finding.subject or finding.subject.endswith(".toml")):
        physical: dict[str, object] = {"artifactLocation": {"uri": quote(finding.subject), "uriBaseId": _BASE}}
        if finding.place.isdecimal() and int(finding.place) > 0:
            physical["region"] = {"startLine": int(finding.place)}
        location["physicalLocation"] = physical
    return location


def _fingerprint(finding: Finding) -> str:
    """The same for the same finding in another run, whatever language it was said in."""
    said = "\n".join((finding.code, finding.subject, finding.place, finding.message.template))
    return hashlib.sha256(said.encode()).hexdigest()
