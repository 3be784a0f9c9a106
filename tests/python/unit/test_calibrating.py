"""Calibration: learned out of fold, kept as rows, scored by SQL."""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import customers, declared, metrics_of, trained
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from ml_ledger.errors import SpecError, VersionError
from ml_ledger.fitting import calibrating
from ml_ledger.fitting.calibration_rows import applied
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.warehouse import Relation

# Class weights make every probability too high.
MISLED = {
    "algorithm": {"family": "boosting", "hyperparameters": {"trees": 20, "leaves": 8}},
    "training": {"class_weights": {"1": 8.0}},
}


def pooled(n: int = 3000, seed: int = 0) -> tuple[Relation, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    link = np.round(random.normal(size=n) * 2, 2)
    label = (random.random(n) < 1 / (1 + np.exp(-0.6 * link + 0.4))).astype(float)
    weight = random.integers(1, 3, n).astype(float)
    table = pa.table({"_ml_link": link, "_ml_label": label, "_ml_weight": weight})
    return Relation(duckdb.connect().from_arrow(table), name="_ml_out_of_fold"), link, label, weight


def of(link, label, weight=None) -> Relation:
    weight = np.ones(len(link)) if weight is None else weight
    columns = {"_ml_link": link, "_ml_label": label, "_ml_weight": weight}
    table = pa.table({name: np.asarray(values, dtype=float) for name, values in columns.items()})
    return Relation(duckdb.connect().from_arrow(table), name="_ml_out_of_fold")


def probabilities(rows, link) -> np.ndarray:
    return applied(rows, np.asarray(link, dtype=float)[:, None], "logit")[:, 0]


def test_platt_is_logistic_regression_on_targets_a_little_off_0_and_1():
    rows, link, label, weight = pooled()
    (row,) = calibrating._platt(rows)
    positive, negative = weight[label == 1].sum(), weight[label == 0].sum()
    target = np.where(label == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))
    # A row of target t is a row of class 1 that weighs t, and one of class 0 that weighs 1 - t.
    twice, classes = np.r_[link, link][:, None], np.r_[np.ones(len(link)), np.zeros(len(link))]
    shares = np.r_[weight * target, weight * (1 - target)]
    oracle = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(twice, classes, shares)
    assert row.slope == pytest.approx(oracle.coef_[0, 0], abs=1e-8)
    assert row.value == pytest.approx(oracle.intercept_[0], abs=1e-8)


def test_isotonic_steps_are_those_of_scikit_learn(monkeypatch):
    monkeypatch.setattr(calibrating, "QUANTILES", 10**6)
    rows, link, label, weight = pooled()
    blocks = calibrating._steps(rows)
    expected = IsotonicRegression().fit(link, label, sample_weight=weight).predict(link)
    got = np.array([block.share for block in blocks])[
        np.searchsorted([block.lowest for block in blocks], link, side="right") - 1
    ]
    inner = (expected > 0) & (expected < 1)
    assert inner.mean() > 0.9
    assert np.max(np.abs(got - expected)[inner]) < 1e-12
    # What is kept leans a little, so that no two link scores get the same probability.
    leaning = probabilities(calibrating._isotonic(rows), np.unique(link))
    assert (np.diff(leaning) > 0).all()
    found = dict(zip(np.unique(link), leaning, strict=True))
    assert max(abs(found[x] - y) for x, y in zip(link[inner], expected[inner], strict=True)) < calibrating.LEAN / 4


def test_pure_ends_count_half_a_row_of_the_other_class_more():
    rows = calibrating._isotonic(of(np.arange(10.0), [0.0] * 4 + [1.0, 0.0] + [1.0] * 4))
    assert probabilities(rows, [1.5, 4.5, 7.5]) == pytest.approx([0.5 / 5, 0.5, 4.5 / 5], abs=calibrating.LEAN / 4)
    assert (np.diff(probabilities(rows, np.arange(-5.0, 15.0))) > 0).all()


@pytest.mark.parametrize(
    ("zeros", "steps"),
    [(1, 2), (2, 2), (3, 3)],  # of one row 1 in 4 may be positive, of two 1 in 6, of three 1 in 8; next are 1 in 6
)
def test_a_pure_end_that_its_few_rows_cannot_tell_from_its_neighbour_is_pooled_with_it(zeros, steps):
    label = [0.0] * zeros + [1.0] + [0.0] * 5 + [1.0] * 8
    assert len(calibrating._steps(of(np.arange(len(label)), label))) == steps


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_ten_rows_that_are_apart_are_ranked_and_none_is_certain(method):
    rows = calibrating.METHODS[method](of(np.arange(10.0), [0.0] * 5 + [1.0] * 5))
    found = probabilities(rows, np.arange(10.0))
    assert (np.diff(found) > 0).all()
    assert found[0] < 0.15
    assert found[9] > 0.85
    assert ((found > 0.01) & (found < 0.99)).all()


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_tied_link_scores_share_a_probability(method):
    rows = calibrating.METHODS[method](of([0.0] * 4 + [1.0] * 4, [0, 0, 0, 1, 0, 1, 1, 1]))
    # Of four rows a quarter; Platt's targets are 5/6 and 1/6.
    expected, tolerance = ((1 / 3, 2 / 3), 1e-9) if method == "platt" else ((0.25, 0.75), calibrating.LEAN / 4)
    assert probabilities(rows, [0.0, 1.0]) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_a_weight_of_2_is_the_same_row_twice(method):
    _, link, label, weight = pooled(n=300)
    weighted = calibrating.METHODS[method](of(link, label, weight))
    twice = np.repeat(np.arange(len(link)), weight.astype(int))
    repeated = calibrating.METHODS[method](of(link[twice], label[twice]))
    unused = np.r_[np.zeros(300), np.ones(300)]
    garbage = calibrating.METHODS[method](
        of(np.r_[-link, link], np.r_[label, label], unused * np.r_[weight, weight])
    )
    at = np.linspace(-7, 7, 141)
    assert probabilities(weighted, at) == pytest.approx(probabilities(repeated, at), abs=1e-9)
    assert probabilities(garbage, at) == pytest.approx(probabilities(weighted, at), abs=1e-12)


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_scores_that_rank_the_wrong_way_round_stay_as_they_are(method, monkeypatch):
    assert calibrating.METHODS[method](of(np.arange(8.0), [1, 1, 1, 1, 0, 0, 0, 0])) == []
    assert calibrating.METHODS[method](of(np.zeros(8), [1, 1, 1, 1, 0, 0, 0, 0])) == []
    monkeypatch.setitem(calibrating.METHODS, method, lambda rows: [])
    row = trained(calibration=method)
    assert row["chosen_because"].startswith(f"not calibrated ({method}): a higher score did not go with")
    assert "calibration" not in {r["output"] for r in json.loads(row["coefficients"])}


@pytest.mark.parametrize("method", ["platt", "isotonic"])
@pytest.mark.parametrize("family", ["logistic", "boosting"])
def test_a_feature_that_tells_the_classes_apart_still_ranks_when_calibrated(method, family):
    e = np.arange(1, 401)
    x = ((e * 7) % 60).astype(float)
    later = e % 4 == 3
    month = np.where(later, np.datetime64("2024-05-01", "us"), np.datetime64("2024-01-01", "us"))
    table = pa.table(
        {
            "id": e, "month": month, "x": x, "y": (x >= 30).astype(int),
            "_ml_matured_at": month, "_ml_split": np.where(later, "holdout", "train"), "_ml_weight": np.ones(400),
            "_ml_known_at": np.full(400, np.datetime64("2024-12-01", "us")),
            "_ml_invocation_id": ["i"] * 400, "_ml_run_by": ["ana"] * 400,
        }
    )  # fmt: skip
    row = trained(
        table, label="y", features={"x": {"kind": "numeric"}}, algorithm={"family": family}, calibration=method
    )
    (auc,) = metrics_of(row, dataset="holdout", slice="all", scored_by="self", metric="roc_auc")
    assert auc["value"] == 1.0
    scoring = CompiledScoring.from_json(row["scoring"])
    connection = duckdb.connect()
    connection.register("t", pa.table({"x": [5.0, 55.0]}))
    (low, high) = (score for (score,) in connection.execute(scoring.select("t", ["_ml_score"])).fetchall())
    assert low < 0.1
    assert high > 0.9


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_calibrated_scores_are_better_calibrated_and_come_from_rows(method):
    table = customers(months=9, each=500)
    plain = trained(table, **MISLED)
    row = trained(table, **MISLED, calibration=method)
    loss = {
        name: metrics_of(version, dataset="holdout", slice="all", scored_by="self", metric="log_loss")[0]["value"]
        for name, version in (("plain", plain), ("calibrated", row))
    }
    assert loss["calibrated"] < loss["plain"] - 0.1
    rows = [r for r in json.loads(row["coefficients"]) if r["output"] == "calibration"]
    assert {r["applies_to"] for r in rows} == {"link"}
    scoring = CompiledScoring.from_json(row["scoring"])
    connection = duckdb.connect()
    connection.register("t", table)
    for link, score in connection.execute(scoring.select("t", ["_ml_link", "_ml_score"])).fetchall():
        (match,) = [
            r
            for r in rows
            if (r["lower"] is None or link >= r["lower"]) and (r["upper"] is None or link < r["upper"])
        ]
        calibrated = (match["slope"] or 0.0) * link + (match["value"] or 0.0)
        assert score == pytest.approx(1 / (1 + np.exp(-calibrated)), abs=1e-12)


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_out_of_fold_rows_of_one_class_calibrate_nothing(method):
    table = customers()
    later = np.array(table["month"]) > np.datetime64("2024-02-01")
    bought = np.where(later & (np.array(table["_ml_split"]) == "train"), 0, np.array(table["bought"]))
    table = table.set_column(table.schema.get_field_index("bought"), "bought", pa.array(bought))
    with pytest.raises(VersionError, match="predicted out of fold have one class"):
        trained(table, calibration=method)


def test_only_probabilities_are_calibrated():
    with pytest.raises(SpecError, match="calibration: has no meaning for task 'regression'"):
        declared(task="regression", decision=None, algorithm={"family": "linear"}, calibration="platt")
    with pytest.raises(SpecError, match="calibration: has a value that is not allowed; got 'beta'"):
        declared(calibration="beta")
