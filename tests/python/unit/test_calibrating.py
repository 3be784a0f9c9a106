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
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.training import calibrating
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


def test_platt_is_logistic_regression_on_the_link_score():
    rows, link, label, weight = pooled()
    (row,) = calibrating._platt(rows)
    oracle = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(link[:, None], label, weight)
    assert row.slope == pytest.approx(oracle.coef_[0, 0], abs=1e-8)
    assert row.value == pytest.approx(oracle.intercept_[0], abs=1e-8)


def test_isotonic_steps_are_those_of_scikit_learn(monkeypatch):
    monkeypatch.setattr(calibrating, "QUANTILES", 10**6)
    rows, link, label, weight = pooled()
    found = calibrating._isotonic(rows)
    values = np.array([row.value for row in found])
    assert (np.diff(values) > 0).all()
    expected = IsotonicRegression().fit(link, label, sample_weight=weight).predict(link)
    edges = np.array([row.lower for row in found[1:]])
    got = 1 / (1 + np.exp(-values[np.searchsorted(edges, link, side="right")]))
    # Steps at 0 and 1 are pooled with their neighbours; all others are the same.
    steps = np.unique(expected)
    low, high = (1 if steps[0] == 0 else 0), (-2 if steps[-1] == 1 else -1)
    inner = (expected > steps[low]) & (expected < steps[high])
    assert inner.mean() > 0.8
    assert np.max(np.abs(got - expected)[inner]) < 1e-12


def test_pure_ends_are_pooled_so_that_log_odds_stay_finite():
    table = pa.table(
        {"_ml_link": np.arange(10.0), "_ml_label": [0.0] * 4 + [1.0, 0.0] + [1.0] * 4, "_ml_weight": np.ones(10)}
    )
    found = calibrating._isotonic(Relation(duckdb.connect().from_arrow(table), name="_ml_out_of_fold"))
    assert [row.value for row in found] == sorted(row.value for row in found)
    assert np.isfinite([row.value for row in found]).all()


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
