"""Every edge that a version has of its own: of bins, bounds, knots, calibration, trees, levels and filled NULLs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import sqlglot
from agreement import features
from limits_project import around

from ml_ledger.coefficients import CALIBRATION, Coefficient, Node
from ml_ledger.errors import TrainingSetError
from ml_ledger.fitting.calibration_rows import applied
from ml_ledger.scoring.compile import compile_scoring
from ml_ledger.scoring.term_sql import LADDER_WIDTH
from ml_ledger.terms.learn import learn_terms
from ml_ledger.terms.levels import LevelTerm
from ml_ledger.terms.numeric import BinTerm, LinearTerm
from ml_ledger.terms.step_functions import bin_rows
from ml_ledger.warehouse import Relation

INTERCEPT = Coefficient("score", 0, None, "intercept", value=0.0)
LINE = Coefficient("score", 1, "a", "value", slope=1.0)


def scores(coefficients: Sequence[Coefficient], values: Sequence[float], nodes=(), link="identity") -> list:
    """The score of each value of `a`, by the SQL of a version that has these rows."""
    scoring = compile_scoring([INTERCEPT, *coefficients], link=link, dialect="duckdb", nodes=nodes)
    table = duckdb.connect().from_arrow(pa.table({"id": range(len(values)), "a": np.array(values, dtype=float)}))
    return [
        score
        for _, score in table.query("t", scoring.select("t", ["id", "_ml_score"]) + " order by id").fetchall()
    ]


def piece(lower: float | None, upper: float | None, value: float) -> Coefficient:
    return Coefficient("score", 1, "a", "value", lower=lower, upper=upper, value=value)


def looked_up(edges: Sequence[float | None], values: Sequence[float], x: float) -> float | None:
    """From the lower edge, which is in, to the upper one, which is not; an outer edge of None has no end."""
    for lower, upper, value in zip(edges, edges[1:], values, strict=False):
        if (lower is None or lower <= x) and (upper is None or x < upper):
            return value
    return None


@pytest.mark.parametrize("edges", [[None, -1.0, 0.1, None], [-1.0, 0.1, 7.0], [0.0, None], [None, 0.0]])
def test_a_bin_has_its_lower_edge_and_not_its_upper_one(edges):
    values = [1.0, 2.0, 3.0][: len(edges) - 1]
    rows = [piece(lower, upper, value) for lower, upper, value in zip(edges, edges[1:], values, strict=False)]
    tried = [x for edge in edges if edge is not None for x in around(edge)]
    assert scores(rows, tried) == [looked_up(edges, values, x) for x in tried]


def test_more_bins_than_one_case_holds_have_the_same_edges():
    """Beyond a dozen they are a ladder of ladders."""
    edges = [None, *(number / 10 for number in range(40)), None]
    values = [float(number) for number in range(41)]
    rows = [piece(lower, upper, value) for lower, upper, value in zip(edges, edges[1:], values, strict=False)]
    tried = [x for edge in edges[1:-1] for x in around(edge)]
    assert scores(rows, tried) == [looked_up(edges, values, x) for x in tried]
    scoring = compile_scoring([INTERCEPT, *rows], link="identity", dialect="duckdb")
    cases = list(sqlglot.parse_one(scoring.layers[0]["_ml_c1_1"], read="duckdb").find_all(sqlglot.exp.Case))
    assert max(len(case.args["ifs"]) for case in cases) <= LADDER_WIDTH


def test_a_link_score_exactly_at_an_edge_is_calibrated_as_from_there_on():
    edges, values = [None, -1.0, 0.5, None], [-2.0, 0.25, 3.0]
    calibrating = [
        Coefficient(CALIBRATION, number, None, "link", lower=lower, upper=upper, value=value)
        for number, (lower, upper, value) in enumerate(zip(edges, edges[1:], values, strict=False), 1)
    ]
    tried = [*around(-1.0), *around(0.5)]
    expected = [1 / (1 + math.exp(-looked_up(edges, values, x))) for x in tried]
    assert scores([LINE, *calibrating], tried, link="logit") == pytest.approx(expected, abs=1e-15)
    in_numpy = applied(calibrating, np.array(tried)[:, None], "logit")[:, 0]
    assert in_numpy == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(("missing_goes", "of_null"), [("left", 1.0), ("right", 2.0)])
def test_a_value_exactly_at_the_threshold_of_a_split_goes_left(missing_goes, of_null):
    rows = [piece(None, None, 0.0), Coefficient("score", 1, "a", "missing", value=0.0)]
    nodes = [
        Node("score", 1, -1, 0, 0.0, "a", threshold=2.5, missing_goes=missing_goes, left=1, right=2),
        Node("score", 1, 1, 1, 1.0),
        Node("score", 1, 2, 1, 2.0),
    ]
    tried = around(2.5)
    assert scores(rows, tried, nodes) == [1.0 if x <= 2.5 else 2.0 for x in tried]
    # The side that more leaves are under is written first, and the other one as its opposite.
    deeper = [
        Node("score", 1, -1, 0, 0.0, "a", threshold=2.5, missing_goes=missing_goes, left=-2, right=3),
        Node("score", 1, -2, 1, 0.0, "a", threshold=-9.0, missing_goes=missing_goes, left=1, right=2),
        Node("score", 1, 1, 2, 0.5),
        Node("score", 1, 2, 2, 1.0),
        Node("score", 1, 3, 1, 2.0),
    ]
    assert scores(rows, tried, deeper) == [1.0 if x <= 2.5 else 2.0 for x in tried]


def rows_of(values: Sequence[object], weights: Sequence[float] | None = None) -> Relation:
    weights = np.ones(len(values)) if weights is None else np.array(weights, dtype=float)
    return Relation(duckdb.connect().from_arrow(pa.table({"x": values, "_ml_weight": weights})), name="t")


def learned(declared: dict, values: Sequence[object]):
    return learn_terms(features(x=declared), rows_of(values), "true")["x"]


def columns_of(term, values: Sequence[object]) -> list[tuple]:
    """The design columns of a term, by SQL."""
    table = duckdb.connect().from_arrow(pa.table({"id": range(len(values)), "x": values}))
    return [
        row[1:]
        for row in table.query("t", f"select id, {', '.join(term.columns())} from t order by id").fetchall()
    ]


def test_a_level_with_exactly_the_least_share_is_not_rare():
    # Of 100 rows, 4, 5 and 6.
    values = ["most"] * 85 + ["few"] * 4 + ["five"] * 5 + ["six"] * 6
    term = learned({"kind": "categorical", "min_share": 0.05, "unknown": "rare"}, values)
    assert isinstance(term, LevelTerm)
    assert (set(term.levels), term.rare) == ({"five", "six"}, ("few",))


@pytest.mark.parametrize("count", [999, 1000, 1001])
def test_up_to_a_thousand_levels_are_learned(count):
    values = ["most", *(f"level {number}" for number in range(count))][:count]
    if count <= 1000:
        assert len(learned({"kind": "categorical", "min_share": 0.0}, values).levels) == count - 1
        return
    with pytest.raises(TrainingSetError, match=r"features.x: has too many levels; got 1001\. Allowed: up to 1000"):
        learned({"kind": "categorical", "min_share": 0.0}, values)


@pytest.mark.parametrize("out_of_bounds", ["clip", "reject"])
def test_bounds_are_closed_when_learning(out_of_bounds):
    tried = [*around(0.0), *around(1.0)]
    declared = {"kind": "numeric", "bounds": [0.0, 1.0], "out_of_bounds": out_of_bounds}
    term = learned(declared, [0.0, 0.5, 1.0])
    got = [column for (column,) in columns_of(term, tried)]
    if out_of_bounds == "clip":
        assert got == [min(1.0, max(0.0, x)) for x in tried]
    else:
        assert got == [x if 0 <= x <= 1 else None for x in tried]
    rows = term.fitted(1, "score", [2.0])
    expected = [2 * min(1.0, max(0.0, x)) for x in tried]
    if out_of_bounds == "reject":
        expected = [2 * x if 0 <= x <= 1 else None for x in tried]
    assert scores([row_of_a(row) for row in rows], tried) == expected


def row_of_a(row: Coefficient) -> Coefficient:
    """The same row, of the feature that `scores` gives."""
    return replace(row, feature="a")


def test_slopes_meet_at_their_knot():
    term = learned({"kind": "numeric", "knots": [0.5]}, [0.0, 1.0])
    assert isinstance(term, LinearTerm)
    tried = around(0.5)
    assert columns_of(term, tried) == [(x, max(0.0, x - 0.5)) for x in tried]
    rows = [row_of_a(row) for row in term.fitted(1, "score", [2.0, -8.0])]
    assert scores(rows, tried) == pytest.approx([2 * x - 8 * max(0.0, x - 0.5) for x in tried], abs=1e-15)


@pytest.mark.parametrize("values", [[0.0, 1.0], [0.0, math.nextafter(1.0, 0.0)], [0.0, math.nextafter(1.0, 2.0)]])
def test_a_null_is_filled_into_the_bin_that_the_mean_is_in(values):
    """Also where the mean is exactly an edge, which belongs to the bin above it."""
    edge, weights = 0.5, [1.0, 2.0]
    term = learned({"kind": "numeric", "bins": [edge], "missing": "impute"}, values)
    assert isinstance(term, BinTerm)
    mean = sum(values) / 2
    (filled,) = columns_of(term, pa.array([None], pa.float64()))
    assert filled == columns_of(term, [mean])[0]
    rows = bin_rows(term.input, term.edges, weights, 0.0, output="score", number=1)
    (missing,) = [row.value for row in rows if row.applies_to == "missing"]
    assert missing == weights[mean >= edge]
    of_design = term.fitted(1, "score", [3.0])
    (missing,) = [row.value for row in of_design if row.applies_to == "missing"]
    (same,) = scores([row_of_a(row) for row in of_design], [mean])
    assert missing == same
