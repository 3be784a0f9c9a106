"""Families for amounts and counts on real data, against scikit-learn; and what their declarations must refuse."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from agreement import features
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet, GammaRegressor, LinearRegression, PoissonRegressor

from ml_ledger import train_if_due
from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError, TrainingSetError
from ml_ledger.families import FAMILIES
from ml_ledger.scoring.compile import compile_scoring
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-9
X, Y = load_diabetes(return_X_y=True)
NAMES = [f"f{j}" for j in range(X.shape[1])]
DECLARED = features(**{name: {"kind": "numeric"} for name in NAMES})


def fitted_scores(family_name: str, y: np.ndarray, **hyperparameters) -> np.ndarray:
    """Fit in DuckDB, compile, score in DuckDB."""
    table = pa.table({name: X[:, j] for j, name in enumerate(NAMES)} | {"y": y, "_ml_weight": np.ones(len(y))})
    relation = Relation(duckdb.connect().from_arrow(table), name="t")
    family = FAMILIES[family_name]
    fit = family.fit(
        training=TrainingRows(relation, where="true", label="y", task="regression"),
        features=DECLARED,
        hyperparameters=family.complete(hyperparameters),
        seed=0,
    )
    scoring = compile_scoring(fit.coefficients, link=fit.link, dialect="duckdb")
    (scores,), design = relation.scores([scoring], fit.design, where="true")
    scores = scores[:, 0]
    if design:
        own = fit.predict(np.column_stack(design))
        assert np.max(np.abs(own - scores) / np.maximum(1, np.abs(own))) < TOLERANCE
    return scores


Z = (X - X.mean(axis=0)) / X.std(axis=0)
COUNTS = np.floor(Y / 25)


@pytest.mark.parametrize(
    ("family", "hyperparameters", "oracle", "label"),
    [
        ("linear", {}, LinearRegression(), Y),
        ("linear", {"alpha": 0.3}, ElasticNet(alpha=0.3, l1_ratio=0.0, tol=1e-14, max_iter=10**6), Y),
        (
            "linear",
            {"alpha": 0.9, "l1_ratio": 1.0},
            ElasticNet(alpha=0.9, l1_ratio=1.0, tol=1e-14, max_iter=10**6),
            Y,
        ),
        (
            "linear",
            {"alpha": 0.9, "l1_ratio": 0.4},
            ElasticNet(alpha=0.9, l1_ratio=0.4, tol=1e-14, max_iter=10**6),
            Y,
        ),
        ("poisson", {}, PoissonRegressor(alpha=0, solver="newton-cholesky", tol=1e-13, max_iter=10**4), COUNTS),
        ("poisson", {"alpha": 0.2}, PoissonRegressor(alpha=0.2, solver="newton-cholesky", tol=1e-13), COUNTS),
        ("gamma", {"alpha": 0.01}, GammaRegressor(alpha=0.01, solver="newton-cholesky", tol=1e-13), Y),
    ],
    ids=lambda value: str(value) if isinstance(value, (str, dict)) else "",
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning", "ignore::UserWarning")
def test_predictions_are_those_of_scikit_learn(family, hyperparameters, oracle, label):
    expected = oracle.fit(Z, label).predict(Z)
    got = fitted_scores(family, label, **hyperparameters)
    assert np.max(np.abs(got - expected) / np.abs(expected)) < 1e-7


def test_the_unit_of_the_label_does_not_matter():
    for factor in (1e-6, 1e6):
        assert np.max(np.abs(fitted_scores("linear", Y * factor) / factor - fitted_scores("linear", Y))) < 1e-6


def test_the_constant_family_predicts_the_mean():
    assert fitted_scores("constant", Y) == pytest.approx(np.full(len(Y), Y.mean()), abs=TOLERANCE)


SPEC = {
    "task": "regression",
    "entity": "id",
    "as_of": "day",
    "label": "amount",
    "features": {"age": {"kind": "numeric"}},
    "algorithm": {"family": "linear"},
    "baselines": {"mean": {"family": "constant"}},
}
ROWS = """
    select range as id, date '2024-01-01' as day, range % 7 + 0.5 as amount, range % 11 as age,
        timestamp '2024-03-01' as _ml_matured_at, case when range < 60 then 'train' else 'holdout' end as _ml_split,
        1.0 as _ml_weight, timestamp '2024-06-01' as _ml_known_at, 'x' as _ml_invocation_id, 'ana' as _ml_run_by
    from range(90)
"""


def train(sql: str = ROWS, **changes) -> dict:
    table = train_if_due(ml_model="m", spec=SPEC | changes, training_set=duckdb.connect().sql(sql), history=None)
    (row,) = table.to_pylist()
    return row


def test_a_version_without_a_policy():
    row = train()
    assert (row["task"], row["link"], row["threshold"]) == ("regression", "identity", None)
    decision = {"threshold": 5, "positive": "a", "negative": "b", "fallback": "c"}
    assert train(decision=decision)["threshold"] == 5.0


@pytest.mark.parametrize(
    ("family", "label", "message"),
    [
        (
            "gamma",
            "amount - 0.5",
            "must be > 0 on every row of the train split; got 0 NULL, 9 other values such as '0.0'",
        ),
        ("poisson", "amount - 1", "must be >= 0 on every row of the train split; got 0 NULL, 9 other values"),
        (
            "linear",
            "case when id = 3 then 'inf'::double else amount end",
            "must be finite on every row of the train",
        ),
        (
            "linear",
            "7.0",
            "has one value in the train split; got '7.0' on all 60 rows. Allowed: at least two values",
        ),
        ("linear", "nullif(amount, 0.5)", "must be finite on every row of the train split; got 9 NULL"),
    ],
)
def test_labels_that_a_family_does_not_take(family, label, message):
    with pytest.raises(TrainingSetError) as caught:
        train(f"select * replace ({label} as amount) from ({ROWS})", algorithm={"family": family})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"algorithm": {"family": "logistic"}},
            "algorithm.family: does not fit task 'regression'; got 'logistic'.",
        ),
        ({"task": "binary"}, "algorithm.family: does not fit task 'binary'; got 'linear'. Allowed: regression."),
        (
            {"task": "binary", "algorithm": {"family": "logistic"}},
            "decision: a required key is missing for task 'binary'",
        ),
        (
            {"algorithm": {"family": "gamma", "hyperparameters": {"alpha": -1}}},
            "alpha: has a value out of range; got -1",
        ),
        (
            {"task": "ranking"},
            "task: has a value that is not allowed; got 'ranking'. Allowed: 'binary', 'multiclass', 'regression' or"
            " 'clustering'.",
        ),
    ],
)
def test_declarations_that_do_not_fit(changes, message):
    with pytest.raises(SpecError) as caught:
        parse_spec("m", SPEC | changes)
    assert message in str(caught.value)
