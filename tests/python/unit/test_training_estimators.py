"""Versions that are estimators are trained, chosen, calibrated and measured as all others, by their ONNX form.

The oracle is the same estimator, fitted here on the same rows.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from customers import DECLARATION, customers, metrics_of, trained
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import log_loss, root_mean_squared_error

import ml_ledger.fitting.fitting
from ml_ledger import train_if_due
from ml_ledger.errors import VersionError
from ml_ledger.scoring.onnx import OnnxScoring, Scorer

EXACT = 1e-9
SETTINGS = {"n_estimators": 10, "min_samples_leaf": 20}


def forest(kind="Classifier"):
    hyperparameters = {"factory": f"sklearn.ensemble:RandomForest{kind}", "arguments": SETTINGS}
    return {"family": "python", "hyperparameters": hyperparameters}


def columns(table: pa.Table, split: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Features and all columns of a split, by customer and month, as rows are fitted."""
    rows = table.sort_by([("id", "ascending"), ("month", "ascending")]).to_pandas()
    rows = rows[rows["_ml_split"] == split]
    return rows[["a", "b"]].to_numpy(), {name: rows[name].to_numpy() for name in rows}


def holdout_loss(row, scored_by="self", metric="log_loss") -> float:
    (found,) = metrics_of(row, dataset="holdout", slice="all", scored_by=scored_by, metric=metric)
    return found["value"]


def oracle_loss(table: pa.Table, seed: int = 0) -> float:
    X, train = columns(table, "train")
    fresh, holdout = columns(table, "holdout")
    oracle = RandomForestClassifier(**SETTINGS, random_state=seed).fit(X, train["bought"])
    return log_loss(holdout["bought"], oracle.predict_proba(fresh)[:, 1])


def test_a_version_keeps_its_onnx_and_is_measured_by_it():
    table = customers()
    row = trained(table, algorithm=forest())
    assert (row["algorithm"], row["link"]) == ("python", "identity")
    assert row["estimator_sha256"] == hashlib.sha256(row["onnx"]).hexdigest()
    assert holdout_loss(row) == pytest.approx(oracle_loss(table), abs=EXACT)
    X, train = columns(table, "train")
    oracle = RandomForestClassifier(**SETTINGS, random_state=0).fit(X, train["bought"])
    stored = OnnxScoring.of_version(row["scoring"], row["onnx"])
    scores = Scorer(stored.onnx, outputs=len(stored.outputs))(X)[:, 0]
    assert np.max(np.abs(scores - oracle.predict_proba(X)[:, 1])) < EXACT


def test_other_versions_have_no_estimator():
    row = trained()
    assert (row["onnx"], row["estimator_sha256"]) == (None, None)
    assert json.loads(row["scoring"])["estimator"] is None


def test_rows_that_are_rejected_are_not_measured_and_do_not_shift_others():
    table = customers()
    holes = [None if number % 7 == 0 else value for number, value in enumerate(table["b"].to_pylist())]
    table = table.set_column(table.column_names.index("b"), "b", pa.array(holes, pa.float64()))
    present = table.filter(pc.is_valid(table["b"]))
    row = trained(table, algorithm=forest())
    assert holdout_loss(row) == pytest.approx(oracle_loss(present), abs=EXACT)
    share = holdout_loss(row, metric="scored_share")
    assert share == columns(present, "holdout")[0].shape[0] / 250


def test_amounts():
    table = customers()
    row = trained(table, task="regression", label="counts", decision=None, algorithm=forest("Regressor"))
    X, train = columns(table, "train")
    fresh, holdout = columns(table, "holdout")
    oracle = RandomForestRegressor(**SETTINGS, random_state=0).fit(X, train["counts"])
    expected = root_mean_squared_error(holdout["counts"], oracle.predict(fresh))
    assert holdout_loss(row, metric="rmse") == pytest.approx(expected, abs=EXACT)


def test_classes():
    table = customers()
    names = np.array(["few", "some", "many"])
    kinds = names[table["counts"].to_numpy().astype(int) - 1]
    table = table.append_column("kind", pa.array(kinds))
    row = trained(table, task="multiclass", label="kind", classes=list(names), decision=None, algorithm=forest())
    X, train = columns(table, "train")
    fresh, holdout = columns(table, "holdout")
    oracle = RandomForestClassifier(**SETTINGS, random_state=0).fit(X, train["counts"])
    expected = log_loss(holdout["counts"], oracle.predict_proba(fresh))
    assert row["link"] == "shares"
    assert holdout_loss(row) == pytest.approx(expected, abs=EXACT)


def test_several_estimators_and_others_are_measured_on_the_same_rows():
    table = customers()
    declaration = DECLARATION | {"baselines": {"line": {"family": "logistic"}, "other": forest()}}

    def version(algorithm, seed, history, clock):
        column = pa.array([np.datetime64(clock, "us")] * len(table))
        connection = duckdb.connect()
        return train_if_due(
            ml_model="m",
            spec=declaration | {"algorithm": algorithm, "training": {"seed": seed}},
            training_set=connection.from_arrow(
                table.set_column(table.column_names.index("_ml_known_at"), "_ml_known_at", column)
            ),
            history=None if history is None else connection.from_arrow(history),
        )

    first = version(forest(), 1, None, "2024-12-01")
    second = version({"family": "logistic"}, 2, first, "2024-12-02")
    third = version(forest(), 3, pa.concat_tables([first, second]), "2024-12-03")
    (row,) = third.to_pylist()
    assert row["version"] == 3
    for scored_by, seed in (("self", 3), ("baseline:other", 3), ("version:1", 1)):
        assert holdout_loss(row, scored_by) == pytest.approx(oracle_loss(table, seed), abs=EXACT)
    assert holdout_loss(row, "version:2") == pytest.approx(holdout_loss(row, "baseline:line"), abs=EXACT)


def test_a_candidate_may_be_an_estimator():
    table = customers()
    row = trained(table, algorithm=None, candidates={"line": {"family": "logistic"}, "forest": forest()})
    assert row["algorithm"] == "python"
    rows = table.sort_by([("id", "ascending"), ("month", "ascending")]).to_pandas()
    date = np.datetime64("2024-04-01")
    fit, predict = rows[rows["_ml_matured_at"] <= date], rows[rows["month"] == date]
    oracle = RandomForestClassifier(**SETTINGS, random_state=0).fit(fit[["a", "b"]].to_numpy(), fit["bought"])
    scores = oracle.predict_proba(predict[["a", "b"]].to_numpy())[:, 1]
    (got,) = metrics_of(row, slice="as of 2024-04-01", scored_by="candidate:forest", metric="log_loss")
    assert got["value"] == pytest.approx(log_loss(predict["bought"], scores), abs=EXACT)


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_an_estimator_is_calibrated(method):
    table = customers()
    row = trained(table, algorithm=forest(), calibration=method)
    rows = [r for r in json.loads(row["coefficients"]) if r["output"] == "calibration"]
    fresh, holdout = columns(table, "holdout")
    X, train = columns(table, "train")
    link = RandomForestClassifier(**SETTINGS, random_state=0).fit(X, train["bought"]).predict_proba(fresh)[:, 1]
    odds = np.full(len(link), np.nan)
    for r in rows:
        lower, upper = (
            (-np.inf if r["lower"] is None else r["lower"]),
            (np.inf if r["upper"] is None else r["upper"]),
        )
        inside = (lower <= link) & (link < upper)
        odds[inside] = ((r["slope"] or 0.0) * link + (r["value"] or 0.0))[inside]
    expected = log_loss(holdout["bought"], 1 / (1 + np.exp(-odds)))
    assert holdout_loss(row) == pytest.approx(expected, abs=EXACT)


def test_an_onnx_form_that_is_not_the_estimator_is_refused(monkeypatch):
    original = ml_ledger.fitting.fitting.compile_scoring
    other = trained(algorithm=forest(), training={"seed": 5})["onnx"]

    def wrong(coefficients, *, estimator, **options):
        changed = None if estimator is None else replace(estimator, onnx=other)
        return original(coefficients, estimator=changed, **options)

    monkeypatch.setattr(ml_ledger.fitting.fitting, "compile_scoring", wrong)
    with pytest.raises(VersionError, match=r"self: .*does not reproduce its estimator.* Allowed: 1e-05"):
        trained(algorithm=forest())
