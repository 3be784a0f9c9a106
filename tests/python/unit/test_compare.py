"""Rows of a version against rows of the same version trained again."""

import math

from ml_ledger.record.comparison import compare


def row(feature: str, **numbers: float | None) -> dict:
    return {"output": "score", "term": 1, "feature": feature, "applies_to": "value", **numbers}


def test_equal_rows_in_another_order_have_no_difference():
    rows = [row("a", slope=0.5, lower=None), row("b", slope=2.0)]
    found = compare(rows, rows[::-1])
    assert (found.rows, found.largest, found.where, found.missing, found.extra) == (2, 0.0, None, [], [])
    assert found.within(0)


def test_the_largest_difference_is_relative_above_one_and_named():
    found = compare(
        [row("a", slope=0.5), row("b", slope=200.0)], [row("a", slope=0.5 + 1e-7), row("b", slope=200.002)]
    )
    assert math.isclose(found.largest, 1e-5, rel_tol=1e-6)
    assert found.where == "slope of output score, term 1, feature b, applies_to value"
    assert found.within(2e-5)
    assert not found.within(1e-6)


def test_a_number_that_is_gone_is_an_infinite_difference():
    assert compare([row("a", slope=0.5)], [row("a", slope=None)]).largest == math.inf
    assert compare([row("a", slope=0.0)], [row("a")]).largest == math.inf
    assert compare([row("a", slope=0.5)], [row("a", slope=math.nan)]).largest == math.inf
    assert compare([row("a", slope=None)], [row("a")]).largest == 0


def test_missing_and_extra_rows_are_named():
    found = compare([row("a"), row("b")], [row("a"), row("c")])
    assert found.missing == ["output score, term 1, feature b, applies_to value"]
    assert found.extra == ["output score, term 1, feature c, applies_to value"]
    assert not found.within(math.inf)


def test_intervals_of_one_feature_are_compared_in_their_order():
    steps = [row("a", lower=None, upper=1.0, value=3.0), row("a", lower=1.0, upper=None, value=5.0)]
    assert compare(steps, steps).within(0)
    assert compare(steps, steps[::-1]).largest == math.inf
    assert compare(steps, [*steps, row("a", lower=9.0)]).extra == [
        "output score, term 1, feature a, applies_to value, no. 3"
    ]
