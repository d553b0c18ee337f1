"""What an audit says: lines, JSON, SARIF and pages of the same report."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import docx
import pytest
from program import NOON, looked

from qmsdocs.audit import sheet
from qmsdocs.audit.findings import Report, Waived, in_order
from qmsdocs.audit.report import SHOWN, as_json, lines
from qmsdocs.audit.sarif import as_sarif
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.model.waiver import Waiver
from qmsdocs.query.rule_texts import clauses_of, texts

ENGLISH, CHINESE = Catalogue.load(Language.EN), Catalogue.load(Language.ZH)
HOSTILE = "records/=cmd|' /C calc'!A1 <script>alert(1)</script> 𠮷.docx"
FINDINGS = (
    *(
        Finding("SYS905", Severity.ERROR, f"waiver-{number:02d}", message("there is no rule {code}", code="X"))
        for number in range(SHOWN + 3)
    ),
    Finding("REC204", Severity.ERROR, "TS-HZ-2026-0001", message("the signature is missing"), "ts/00/00/000001"),
    Finding("SYS908", Severity.WARNING, HOSTILE, message("is missing")),
    Finding("SYS901", Severity.ERROR, "procedures/QP-14.md", message("{source}:{line}: not valid TOML: {what}",
            source="procedures/QP-14.md", line=3, what="x"), "3"),
    Finding("DOC201", Severity.NOTE, "QP-14", message("is missing"), "23"),
)  # fmt: skip
WAIVER = Waiver(
    code="DOC406", subject="QP-18", reason="随新版一并评审", approved_by="zhao.lei", expires=date(2026, 12, 31)
)
REPORT = Report(
    "绿源置业有限公司",
    "hz",
    "杭州公司",
    NOON,
    True,
    tuple(in_order(FINDINGS)),
    (Waived(Finding("DOC406", Severity.WARNING, "QP-18", message("is missing")), WAIVER),),
    {"ledgers": 3, "records": 1234},
    {"qms/control": "a" * 40, "records/complaint/2026/hz": "b" * 40},
    (message("this copy only reads; the seat is at {place}", place="x"),),
    ("DOC201", "DOC406", "HIS401", "REC204", "SYS901", "SYS905", "SYS908"),
)
CLEAN = replace(REPORT, findings=(), waived=(), limits=())


def said(report: Report, catalogue: Catalogue = ENGLISH, *, verbose: bool = False) -> list[str]:
    return list(lines(report, catalogue, texts(), verbose))


# ── green


def test_green_is_only_what_was_wholly_looked_at_and_has_no_error_or_warning() -> None:
    assert CLEAN.is_green and not REPORT.is_green
    assert replace(CLEAN, waived=REPORT.waived).is_green
    for finding in FINDINGS:
        assert replace(CLEAN, findings=(finding,)).is_green is (finding.severity is Severity.NOTE)
    assert not replace(CLEAN, is_whole=False).is_green


def test_findings_come_the_worst_first() -> None:
    shown = [(finding.severity, finding.code) for finding in REPORT.findings]
    assert shown[0] == (Severity.ERROR, "REC204") and shown[-1] == (Severity.NOTE, "DOC201")
    assert [finding.subject for finding in REPORT.findings if finding.code == "SYS905"] == sorted(
        finding.subject for finding in FINDINGS if finding.code == "SYS905"
    )


# ── lines


def test_a_finding_is_one_line_and_many_of_one_rule_are_counted() -> None:
    found = said(REPORT)
    assert found[0] == "Records" and found[1] == "  ERROR REC204 TS-HZ-2026-0001: the signature is missing"
    assert "  NOTE DOC201 QP-14:23: is missing" in found
    assert "  ERROR SYS901 procedures/QP-14.md:3: not valid TOML: x" in found
    assert sum(" SYS905 " in line for line in found) == SHOWN
    assert "  … 3 more of SYS905; -v shows all" in found
    whole = said(REPORT, verbose=True)
    assert sum(" SYS905 " in line for line in whole) == SHOWN + 3 and not any("…" in line for line in whole)
    assert "  ERROR REC204 TS-HZ-2026-0001: the signature is missing [ts/00/00/000001]" in whole


def test_one_more_than_are_shown_is_shown_and_not_counted() -> None:
    own = tuple(finding for finding in FINDINGS if finding.code == "SYS905")[: SHOWN + 1]
    assert sum(" SYS905 " in line for line in said(replace(CLEAN, findings=own))) == SHOWN + 1


def test_waivers_limits_and_the_sum_close_the_report() -> None:
    english, chinese = said(REPORT), said(REPORT, CHINESE)
    assert "  DOC406 QP-18: 随新版一并评审 (zhao.lei, until 2026-12-31)" in english
    twice = replace(REPORT.waived[0], finding=replace(REPORT.waived[0].finding, message=message("is wrong")))
    own = [line for line in said(replace(REPORT, waived=(*REPORT.waived, twice))) if "DOC406 QP-18" in line]
    assert own == ["  DOC406 QP-18: 随新版一并评审 (zhao.lei, until 2026-12-31) ×2"]
    assert english[-3:] == [
        "Looked at (full audit): 3 ledgers, 1234 records",
        f"NOT GREEN: {SHOWN + 5} errors, 1 warnings, 1 notes",
        "what it means and what to do: qmsdocs rule REC204",
    ]
    assert "What this audit cannot show:" in english
    assert chinese[-3:] == [
        "已查（全面自检）：记录库 3、记录 1234",
        f"未通过：错误 {SHOWN + 5}，警告 1，提示 1",
        "含义和处理办法：qmsdocs rule REC204",
    ]
    assert said(CLEAN)[-1] == "GREEN: nothing is wrong, 0 notes"
    assert said(replace(CLEAN, is_whole=False))[-1].startswith("NOT GREEN, for not everything could be looked at")


# ── JSON


def test_the_json_has_what_others_rely_on() -> None:
    found: Any = json.loads(json.dumps(as_json(REPORT, ENGLISH)))
    assert found["format"] == 1 and found["green"] is False and found["checked"] == {"ledgers": 3, "records": 1234}
    first = found["findings"][0]
    assert first == {
        "code": "REC204",
        "severity": "error",
        "subject": "TS-HZ-2026-0001",
        "message": "the signature is missing",
        "clauses": list(clauses_of("REC204")),
        "place": "ts/00/00/000001",
        "name": texts()["REC204"].name,
    }
    assert first["clauses"] and len(found["findings"]) == len(FINDINGS)
    [waived] = found["waived"]
    assert (waived["code"], waived["reason"], waived["expires"]) == ("DOC406", "随新版一并评审", "2026-12-31")
    assert found["heads"]["qms/control"] == "a" * 40


# ── SARIF


def run() -> Any:
    return json.loads(json.dumps(as_sarif(REPORT, ENGLISH)))["runs"][0]


def test_the_sarif_is_built_as_the_standard_says() -> None:
    log: Any = json.loads(json.dumps(as_sarif(REPORT, ENGLISH)))
    assert log["version"] == "2.1.0" and set(log) == {"$schema", "version", "runs"}
    [only] = log["runs"]
    driver = only["tool"]["driver"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert driver["name"] == "qmsdocs" and len(ids) == len(set(ids)) and set(ids) >= set(REPORT.rules)
    for rule in driver["rules"]:
        if rule["id"] in texts():
            assert rule["shortDescription"]["text"] and rule["help"]["text"] and rule["help"]["markdown"]
            assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    for result in only["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error") and result["message"]["text"]
        for location in result["locations"]:
            assert set(location) <= {"logicalLocations", "physicalLocation"}
            uri = location.get("physicalLocation", {}).get("artifactLocation", {}).get("uri")
            assert uri is None or re.fullmatch(r"[A-Za-z0-9_.~%/-]+", uri), uri
        assert all(re.fullmatch(r"[0-9a-f]{64}", mark) for mark in result["partialFingerprints"].values())
    [invocation] = only["invocations"]
    assert invocation["executionSuccessful"] is True and invocation["endTimeUtc"] == "2026-11-21T04:00:00Z"
    assert invocation["toolExecutionNotifications"][0]["message"]["text"].startswith("this copy only reads")
    assert set(only["originalUriBaseIds"]) == {"SRCROOT"}


def test_rules_speak_both_languages_in_the_sarif() -> None:
    [rule] = [rule for rule in run()["tool"]["driver"]["rules"] if rule["id"] == "SYS903"] or [None]
    assert rule is None  # it neither ran nor found anything
    [rule] = [rule for rule in run()["tool"]["driver"]["rules"] if rule["id"] == "SYS905"]
    text = texts()["SYS905"]
    for part in (text.why.zh, text.why.en, text.remedy.zh, text.remedy.en):
        assert part in rule["help"]["text"]


def test_a_file_has_an_address_a_record_a_name_and_what_is_accepted_a_suppression() -> None:
    by_code = {result["ruleId"]: result for result in run()["results"]}
    [record] = by_code["REC204"]["locations"]
    assert record["logicalLocations"][0]["name"] == "TS-HZ-2026-0001" and "physicalLocation" not in record
    [file] = by_code["SYS901"]["locations"]
    assert file["physicalLocation"] == {
        "artifactLocation": {"uri": "procedures/QP-14.md", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 3},
    }
    [suppressed] = by_code["DOC406"]["suppressions"]
    assert suppressed["kind"] == "external" and suppressed["status"] == "accepted"
    assert suppressed["justification"] == "随新版一并评审" and "suppressions" not in by_code["REC204"]


def test_a_finding_keeps_its_mark_in_either_language() -> None:
    marks = [
        [
            result["partialFingerprints"]
            for result in json.loads(json.dumps(as_sarif(REPORT, catalogue)))["runs"][0]["results"]
        ]
        for catalogue in (ENGLISH, CHINESE)
    ]
    assert marks[0] == marks[1]


# ── pages

EXPECTED = {
    Language.ZH: (
        "体系自检报告",
        "绿源置业有限公司",
        "全面自检",
        "未通过",
        "怎样改正",
        "例外（经批准）",
        "编制",
        "审核",
        "2026-11-21 12:00",
    ),
    Language.EN: ("Audit report", "Full audit", "NOT GREEN", "How to put it right", "Accepted for a time", "Reviewed"),
}


@pytest.mark.parametrize("language", Language)
def test_the_report_is_printed_as_pdf(language: Language, tmp_path: Path) -> None:
    path = tmp_path / "audit.pdf"
    path.write_bytes(sheet.pages(REPORT, language, "pdf"))
    text = re.sub(r"\s", "", looked("pdftotext", path, "-"))
    for part in (*EXPECTED[language], "TS-HZ-2026-0001", "DOC406", "zhao.lei", "a" * 40, "[U+20BB7]"):
        assert re.sub(r"\s", "", part) in text, part
    assert "<script>alert(1)</script>" in text  # as words
    assert path.read_bytes() == sheet.pages(REPORT, language, "pdf")


@pytest.mark.parametrize("language", Language)
def test_the_report_is_printed_as_a_word_file(language: Language) -> None:
    data = sheet.pages(REPORT, language, "docx")
    document = docx.Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    whole = "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
    head = "\n".join(
        cell.text for table in document.sections[0].header.tables for row in table.rows for cell in row.cells
    )
    for part in EXPECTED[language]:
        assert part in whole + head, part
    assert "杭州公司" in head
    assert "TS-HZ-2026-0001" in whole and "b" * 40 in whole
    assert data == sheet.pages(REPORT, language, "docx")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None


def test_a_long_report_runs_over_pages_with_its_head_on_each(tmp_path: Path) -> None:
    many = tuple(
        Finding("SYS908", Severity.WARNING, f"records/{number:04d}.docx", message("is missing"))
        for number in range(sheet.MOST + 50)
    )
    path = tmp_path / "audit.pdf"
    path.write_bytes(sheet.pages(replace(REPORT, findings=many), Language.EN, "pdf"))
    count = int(re.findall(r"Pages:\s+(\d+)", looked("pdfinfo", path))[0])
    assert count > 3
    for number in range(1, count + 1):
        text = looked("pdftotext", "-f", number, "-l", number, path, "-")
        assert f"Page {number} of {count}" in " ".join(text.split()), number
    whole = looked("pdftotext", path, "-")
    assert f"{sheet.MOST - 1:04d}.docx" in whole and f"{sheet.MOST:04d}.docx" not in whole
    assert "50 more; all of them: qmsdocs audit --json" in " ".join(whole.split())


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(QmsError, match="odt: must be one of pdf, docx"):
        sheet.pages(REPORT, Language.EN, "odt")
