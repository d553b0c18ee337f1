"""What the sheet an audit opens with says of satisfaction."""

from __future__ import annotations

from pathlib import Path

import pytest
from program import Make, looked
from pulled import done

SURVEY = {"survey_round": "2026 年下半年", "answered_on": "2026-11-20", "estate": "东苑", "respondent_kind": "owner",
          "method": "paper"}  # fmt: skip


def graded(grade: str) -> dict[str, object]:
    return {
        "product": {
            row: {"grade": grade} for row in ("environment", "layout", "construction", "functions", "facilities")
        },
        "service": {row: {"grade": grade} for row in ("sales", "complaints", "property")},
        "value_for_money": grade,
        "brand": grade,
    }


@pytest.mark.slow
def test_the_sheet_says_how_content_customers_are_and_of_how_many(make: Make, tmp_path: Path) -> None:
    """The mean of the index over the sheets that count; neither one without an index does nor one hardly answered."""
    program = make(tmp_path / "acme")
    hardly = graded("very_dissatisfied") | {"product": {"layout": {"grade": "very_dissatisfied"}}}
    for turn, given in enumerate((graded("very"), graded("satisfied"), {"brand": "very"}, hardly)):
        draft = program.draft(f"s{turn}.json", "QR-14-01", {**SURVEY, **given})
        done(program, "record", "issue", draft, "--no-pages")
    done(program, "export", "pull", "--opening", "--for", "甲", "-o", tmp_path / "o.pdf")
    text = looked("pdftotext", "-layout", tmp_path / "o.pdf", "-")
    assert "90.0 (n=2)" in text, text
