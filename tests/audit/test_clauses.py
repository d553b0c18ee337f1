"""A standard clause by clause: what cites it, how many records there are, what checks it, what is missing."""

from __future__ import annotations

from datetime import datetime

import pytest
from program import NOON, Program

from qmsdocs.audit import clauses
from qmsdocs.audit.clause_sets import clause_set, clause_sets, is_within, order_of
from qmsdocs.audit.clauses import View
from qmsdocs.audit.findings import Report
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.language import Catalogue, Language
from qmsdocs.model.finding import Finding, Severity
from qmsdocs.query.rule_texts import texts
from qmsdocs.system.view import open_system

ENGLISH, CHINESE = Catalogue.load(Language.EN), Catalogue.load(Language.ZH)


def report(*findings: Finding, on: datetime = NOON) -> Report:
    return Report("绿源置业", "hz", "杭州公司", on, True, findings, (), {}, {}, (), ())


@pytest.fixture(scope="module")
def scope(shared: Program) -> Scope:
    """A new repository with two records, and one edited procedure that is not in force."""
    for _ in range(2):
        shared.issue("QR-14-04")
    path = shared.root / "procedures/QP-18.md"
    path.write_text(path.read_text("utf-8").replace('"ISO 9001:8.7"', '"ISO 9001:4.1"'), "utf-8")
    return Scope(open_system(shared.root, now=NOON, machine="desk"))


@pytest.fixture(scope="module")
def seen(scope: Scope) -> View:
    found = Finding("SYS905", Severity.ERROR, "waivers.toml", message("is missing"))
    other = Finding("SYS908", Severity.WARNING, "records/x.pdf", message("is missing"))
    return clauses.view(scope, report(found, other), "iso9001")


def at(seen: View, clause: str) -> clauses.Evidence:
    [found] = [item for item in seen.clauses if item.clause == clause]
    return found


@pytest.mark.parametrize(
    ("written", "standard"),
    [
        ("ISO9001", "ISO 9001"),
        ("iso 9001:2015", "ISO 9001"),
        ("9001", "ISO 9001"),
        ("10002", "ISO 10002"),
        ("ISO10004", "ISO 10004"),
        ("iso_15489-1", "ISO 15489-1"),
        ("15489", "ISO 15489-1"),
        ("part 11", "21 CFR Part 11"),
        ("Annex11", "EU Annex 11"),
        ("ＧＢ／Ｔ 19001", "ISO 9001"),
    ],
)
def test_a_standard_is_known_however_it_is_written(written: str, standard: str) -> None:
    assert clause_set(written).standard == standard


def test_an_unknown_standard_is_refused_with_those_there_are() -> None:
    with pytest.raises(QmsError, match=r"there are no clauses of ISO 14001; there are .*ISO 9001"):
        clause_set("ISO 14001")


def test_the_catalogues_hold_each_clause_in_order_with_both_languages() -> None:
    assert len(clause_sets()) == 6
    for item in clause_sets().values():
        for number, title in item.clause.items():
            assert title.zh.strip() and title.en.isascii() and title.zh != title.en, (item.standard, number)
        assert list(item.clause) == sorted(item.clause, key=order_of), item.standard


def test_every_clause_a_rule_cites_is_in_a_catalogue() -> None:
    for code, text in texts().items():
        for cited in text.clauses:
            standard, _, clause = cited.partition(":")
            assert standard in clause_sets(), (code, cited)
            assert any(is_within(clause, known) for known in clause_sets()[standard].clause), (code, cited)


def test_clauses_are_sorted_by_number() -> None:
    written = ["10.2", "9.2", "11.10(c)", "11.10", "9.10", "9.2.1", "11.10(b)"]
    assert sorted(written, key=order_of) == ["9.2", "9.2.1", "9.10", "10.2", "11.10", "11.10(b)", "11.10(c)"]
    assert is_within("7.5.3.2", "7.5.3") and is_within("7.5", "7.5")
    assert not is_within("7.50", "7.5") and not is_within("7.5", "7.5.3")


def test_a_clause_names_documents_forms_with_their_records_rules_and_findings(seen: View) -> None:
    complaints = at(seen, "10.2")
    assert {document.number for document in complaints.documents} >= {"QD-14-02", "QP-18"}
    assert {(form.number, form.records) for form in complaints.forms} >= {("QR-14-04", 2), ("QR-18-01", 0)}
    assert "SYS905" in at(seen, "5.3").rules
    assert [f.code for f in at(seen, "5.3").findings] == ["SYS905"]
    assert [f.code for f in at(seen, "7.5.3.1").findings] == ["SYS908"]
    assert at(seen, "10.2").findings == () and at(seen, "5.3").forms == ()


def test_what_stands_only_in_the_folder_is_no_evidence(seen: View) -> None:
    assert "QP-18" in {document.number for document in at(seen, "8.7").documents}
    assert at(seen, "4.1").is_missing


def test_a_part_is_covered_by_the_clause_above_it_and_the_missing_ones_are_named(scope: Scope, seen: View) -> None:
    assert at(seen, "7.5.3.1").above == "7.5.3" and not at(seen, "7.5.3.1").is_missing
    missing = [item.clause for item in seen.missing]
    assert "9.2.1" in missing and "9.2" not in missing and "7.5.3" not in missing and "10.2" not in missing
    assert missing == sorted(missing, key=order_of)
    complaints = clauses.view(scope, report(), "10002")
    assert [item.clause for item in complaints.missing] == ["4"]


def test_a_clause_beneath_one_that_is_listed_belongs_to_it(shared: Program) -> None:
    path = shared.root / "procedures/QP-99.md"
    text = (shared.root / "procedures/QP-02.md").read_text("utf-8").replace('"QP-02"', '"QP-99"')
    cited = '"ISO 9001:7.5.3.2.4", "ISO 9001:11.3", "ISO 9001", "ISO 90011:4.1"'
    path.write_text(text.replace('"ISO 9001:7.5.3"', cited), "utf-8")
    for act, who in (("submit", "wang.fang"), ("review", "li.ming"), ("approve", "zhao.lei")):
        done = shared("document", act, "QP-99", "--as", who, "-m", "新", "--json")
        assert done.code == 0, done.err
    seen = clauses.view(Scope(open_system(shared.root, now=NOON, machine="desk")), report(), "ISO 9001")
    assert "QP-99" in {document.number for document in at(seen, "7.5.3.2").documents}
    assert "QP-99" not in {document.number for document in at(seen, "7.5.3").documents}
    assert at(seen, "4.1").is_missing
    assert seen.clauses[-1].clause == "11.3" and seen.clauses[-1].title is None


def test_the_view_is_said_in_both_languages_as_lines_table_and_json(seen: View) -> None:
    english, chinese = ("\n".join(clauses.lines(seen, catalogue)) for catalogue in (ENGLISH, CHINESE))
    assert "QR-14-04 Complaint record: 2 records" in english and "No document in force speaks to:\n    4.1" in english
    assert "QR-14-04 客户投诉处理记录：记录 2 件" in chinese and "没有现行文件对应的条款：\n    4.1" in chinese
    assert "SYS905 waivers.toml: is missing" in english
    grid = clauses.grid(seen, ENGLISH)
    row = next(row for row in grid.rows if row[0] == "5.3")
    assert "SYS905 × 1" in str(row[-1]) and len(grid.rows) == len(seen.clauses)
    said = clauses.as_json(seen, ENGLISH)
    assert said["claimed"] is True and said["missing"] == [item.clause for item in seen.missing]


def test_a_standard_the_system_does_not_claim_is_said_so(scope: Scope) -> None:
    seen = clauses.view(scope, report(), "annex 11")
    assert not seen.is_claimed
    assert "EU Annex 11 is not in clause_set of qms.toml" in list(clauses.lines(seen, ENGLISH))
