"""Survey scores against an oracle worked out by hand: weights of items and groups, renormalised where answers are missing."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from definitions import facts, procedure, starter
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.base.canonical import Json

FORM = starter("QR-14-01")
PARAMETERS = procedure("QP-14").parameters
SCORES = {"very": 100, "satisfied": 80, "basically": 60, "dissatisfied": 30, "very_dissatisfied": 0}
PRODUCT = {"environment": 20, "layout": 20, "construction": 30, "functions": 15, "facilities": 15}
SERVICE = {"sales": 25, "complaints": 35, "property": 40}
GROUPS = {"product": 40, "service": 30, "value_for_money": 20, "brand": 10}


def survey(product: dict[str, str], service: dict[str, str], value: str | None, brand: str | None) -> dict[str, Json]:
    given: dict[str, Json] = {"answered_on": "2026-11-20"}
    if product:
        given["product"] = {row: {"grade": grade} for row, grade in product.items()}
    if service:
        given["service"] = {row: {"grade": grade} for row, grade in service.items()}
    return given | {n: g for n, g in (("value_for_money", value), ("brand", brand)) if g is not None}


def derived(given: dict[str, Json]) -> dict[str, Json]:
    return dict(facts(FORM, given, parameters=PARAMETERS).derived())


def test_the_weights_are_those_of_the_procedure() -> None:
    for group, weights in (("product", PRODUCT), ("service", SERVICE)):
        rows = FORM.field[group].rows
        assert {row: rows[row].weight for row in rows} == {row: f"p.weight_{row}" for row in weights}
        assert {row: int(PARAMETERS[f"weight_{row}"].amount) for row in weights} == weights
        assert sum(weights.values()) == 100
    assert [int(PARAMETERS[f"weight_{n}"].amount) for n in ("product", "service", "value", "brand")] == [40, 30, 20, 10]


@pytest.mark.parametrize(
    ("product", "service", "value", "brand", "expected"),
    [
        # all very satisfied
        (dict.fromkeys(PRODUCT, "very"), dict.fromkeys(SERVICE, "very"), "very", "very", ("100", "100", "100", "complete", "nothing")),
        # 100·20 + 80·20 + 60·30 + 80·15 + 60·15 = 7500; 80·25 + 60·35 + 80·40 = 7300
        # 75·0.4 + 73·0.3 + 80·0.2 + 60·0.1 = 30 + 21.9 + 16 + 6 = 73.9
        (
            {"environment": "very", "layout": "satisfied", "construction": "basically", "functions": "satisfied", "facilities": "basically"},
            {"sales": "satisfied", "complaints": "basically", "property": "satisfied"},
            "satisfied",
            "basically",
            ("75", "73", "73.9", "complete", "visit"),
        ),
        # no complaint, so that item is left out: (80·25 + 60·40) ÷ 65 = 67.69… → 67.7
        # 80·0.4 + 67.6923…·0.3 + 80·0.2 + 80·0.1 = 32 + 20.3077 + 16 + 8 = 76.3077 → 76.3
        (
            dict.fromkeys(PRODUCT, "satisfied"),
            {"sales": "satisfied", "property": "basically"},
            "satisfied",
            "satisfied",
            ("80", "67.7", "76.3", "complete", "visit"),
        ),
        # less than half of the product answered (30 of 100 by weight): it does not count
        ({"construction": "very"}, dict.fromkeys(SERVICE, "very"), "very", "very", ("100", "100", "100", "partial", "nothing")),
        # exactly half (20 + 30) is enough
        ({"layout": "very", "construction": "very"}, dict.fromkeys(SERVICE, "very"), "very", "very", ("100", "100", "100", "complete", "nothing")),
        # a whole group left out: no index
        (dict.fromkeys(PRODUCT, "very"), {}, "very", "very", ("100", None, None, "partial", "nothing")),
        (dict.fromkeys(PRODUCT, "very"), dict.fromkeys(SERVICE, "very"), None, "very", ("100", "100", None, "partial", "nothing")),
        # one dissatisfied answer is taken as a complaint
        ({**dict.fromkeys(PRODUCT, "very"), "layout": "dissatisfied"}, dict.fromkeys(SERVICE, "very"), "very", "very", ("86", "100", "94.4", "complete", "complaint")),
        (dict.fromkeys(PRODUCT, "very"), dict.fromkeys(SERVICE, "very"), "very", "very_dissatisfied", ("100", "100", "90", "complete", "complaint")),
    ],
)  # fmt: skip
def test_worked_out_by_hand(
    product: dict[str, str],
    service: dict[str, str],
    value: str | None,
    brand: str | None,
    expected: tuple[str | None, ...],
) -> None:
    found = derived(survey(product, service, value, brand))
    names = ("product_score", "service_score", "satisfaction_index", "validity", "follow_up")
    assert tuple(found.get(name) for name in names) == tuple(part for part in expected)


GRADES = st.sampled_from(sorted(SCORES))


def mean(answers: dict[str, str], weights: dict[str, int]) -> Fraction | None:
    total = sum(weights[row] for row in answers)
    return Fraction(sum(SCORES[grade] * weights[row] for row, grade in answers.items()), total) if total else None


def shown(value: Fraction | None) -> Decimal | None:
    """One decimal, half up."""
    if value is None:
        return None
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal("0.1"), ROUND_HALF_UP)


@given(
    st.dictionaries(st.sampled_from(sorted(PRODUCT)), GRADES),
    st.dictionaries(st.sampled_from(sorted(SERVICE)), GRADES),
    st.none() | GRADES,
    st.none() | GRADES,
)
def test_every_sheet_scores_as_fractions_do(
    product: dict[str, str], service: dict[str, str], value: str | None, brand: str | None
) -> None:
    found = derived(survey(product, service, value, brand))
    scores = {
        "product": mean(product, PRODUCT),
        "service": mean(service, SERVICE),
        "value_for_money": Fraction(SCORES[value]) if value else None,
        "brand": Fraction(SCORES[brand]) if brand else None,
    }
    known = [score for score in scores.values() if score is not None]
    index = sum((scores[g] or 0) * Fraction(w, 100) for g, w in GROUPS.items()) if len(known) == 4 else None
    for name, expected in (
        ("product_score", scores["product"]),
        ("service_score", scores["service"]),
        ("satisfaction_index", index),
    ):
        stored = found.get(name)
        assert (Decimal(str(stored)) if stored is not None else None) == (
            shown(expected) if expected is not None else None
        )
    answered = all(
        2 * sum(weights[row] for row in answers) >= 100 for answers, weights in ((product, PRODUCT), (service, SERVICE))
    )
    assert found["validity"] == ("complete" if index is not None and answered else "partial")
