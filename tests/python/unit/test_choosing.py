"""Candidates are compared on folds in the order of time, and all of their metrics are kept."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from customers import customers, declared, metrics_of, relation, trained
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml_ledger.errors import SpecError, VersionError
from ml_ledger.training.choosing import folds_of

CANDIDATES = {
    "line": {"family": "logistic"},
    "trees": {"family": "boosting", "hyperparameters": {"trees": 30, "leaves": 8, "min_samples_leaf": 10}},
}


def choosing(**changes):
    return {"algorithm": None, "candidates": CANDIDATES} | changes


def test_the_better_candidate_becomes_the_version_and_all_are_measured():
    row = trained(**choosing())
    assert row["algorithm"] == "boosting"
    assert row["chosen_because"].startswith("trees has the lowest log loss over 2 folds: line 0.6")
    found = metrics_of(row, dataset="cross_validation", metric="log_loss")
    assert {(m["scored_by"], m["slice"]) for m in found} == {
        (f"candidate:{name}", f"as of {date}") for name in CANDIDATES for date in ("2024-03-01", "2024-04-01")
    }


def test_metrics_of_folds_are_those_of_scikit_learn_on_rows_that_had_matured():
    table = customers()
    row = trained(table, **choosing())
    data = {name: np.array(table[name]) for name in ("a", "b", "bought", "month", "_ml_matured_at")}
    X = np.column_stack([data["a"], data["b"]])
    for date in ("2024-03-01", "2024-04-01"):
        fit, predict = data["_ml_matured_at"] <= np.datetime64(date), data["month"] == np.datetime64(date)
        oracle = make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky", tol=1e-10))
        scores = oracle.fit(X[fit], data["bought"][fit]).predict_proba(X[predict])[:, 1]
        (got,) = metrics_of(row, slice=f"as of {date}", scored_by="candidate:line", metric="log_loss")
        assert got["value"] == pytest.approx(log_loss(data["bought"][predict], scores), abs=1e-9)
        assert got["n"] == 250


def test_folds_wait_for_labels_unless_the_embargo_is_relaxed():
    rows = relation(customers())
    strict = folds_of(declared(**choosing()), rows)
    assert [fold.name for fold in strict] == ["as of 2024-03-01", "as of 2024-04-01"]
    relaxed = folds_of(declared(**choosing(evaluation={"embargo": "relaxed"})), rows)
    assert [fold.name for fold in relaxed] == ["as of 2024-02-01", "as of 2024-03-01", "as of 2024-04-01"]
    counted = rows.query(
        f"select count_if({strict[1].train}) as fit, count_if({strict[1].predict}) as predicted,"
        f" max(case when {strict[1].train} then _ml_matured_at end) as matured from training_set"
    )[0]
    assert counted == {"fit": 500, "predicted": 250, "matured": datetime(2024, 4, 1)}


def test_with_one_as_of_date_entities_are_split():
    table = customers(months=3)
    folds = folds_of(declared(**choosing()), relation(table))
    assert [fold.name for fold in folds] == [f"entities {k} of 3" for k in (1, 2, 3)]
    rows = relation(table)
    parts = [rows.query(f"select id from training_set where {fold.predict} order by id") for fold in folds]
    assert sorted(row["id"] for part in parts for row in part) == list(range(250))
    assert trained(table, **choosing())["chosen_because"].endswith("could not be fitted: (none)") is False


def test_a_candidate_that_cannot_be_fitted_is_out_and_said_to_be():
    short = {"family": "logistic", "hyperparameters": {"max_iter": 1}}
    row = trained(**choosing(candidates={"short": short, "line": {"family": "logistic"}}))
    assert row["algorithm"] == "logistic"
    assert row["chosen_because"].endswith("could not be fitted: short")
    with pytest.raises(VersionError, match=r"none of them could be fitted.*short: .*also: "):
        trained(**choosing(candidates={"short": short, "also": short}))


def test_a_candidate_that_scores_the_easy_rows_only_is_out():
    rule = "case when a > 1.5 and b > 1 then 0.95 when a > 1.5 and b < -1 then 0.05 end"
    partial = {"family": "rule", "hyperparameters": {"expression": rule}}
    row = trained(**choosing(candidates={"partial": partial, "line": {"family": "logistic"}}))
    assert row["algorithm"] == "logistic"
    assert "score too few rows: partial (0.0" in row["chosen_because"]


def test_a_fold_without_a_class_is_not_counted():
    table = customers()
    first = np.array(table["month"]) == np.datetime64("2024-01-01")
    bought = np.where(first, 0, np.array(table["bought"]))
    one_class = table.set_column(table.schema.get_field_index("bought"), "bought", pa.array(bought))
    assert "over 1 folds" in trained(one_class, **choosing())["chosen_because"]


def test_regressions_are_chosen_by_their_error():
    candidates = {"mean": {"family": "constant"}, "trees": CANDIDATES["trees"]}
    row = trained(task="regression", label="counts", decision=None, **choosing(candidates=candidates))
    assert row["chosen_because"].split(" ")[0] in candidates
    assert "lowest rmse" in row["chosen_because"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"algorithm": None}, "algorithm: a required key is missing. Fix: add 'algorithm', or 'candidates'"),
        ({"candidates": CANDIDATES}, "candidates: cannot be combined with algorithm"),
        (
            {"algorithm": None, "candidates": {"a": {"family": "loggistic"}, "b": {"family": "tree"}}},
            "candidates.a.family: is not a known model family",
        ),
        (
            {"algorithm": None, "candidates": CANDIDATES, "features": {"a": {"kind": "numeric", "knots": 2}}},
            "features.a.knots: is not followed by family 'boosting'",
        ),
        ({"cross_validation": {"folds": 0}}, "cross_validation.folds: is out of range; got 0"),
    ],
)
def test_declarations_that_cannot_be_chosen_from(changes, message):
    with pytest.raises(SpecError) as caught:
        declared(**changes)
    assert message in str(caught.value)
