"""Task clustering: what a declaration may say, and what the versions node does without a label."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import customers, metrics_of, relation
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from ml_ledger import train_if_due
from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError, TrainingSetError
from ml_ledger.fitting.choosing import folds_of
from ml_ledger.scoring.compile import CompiledScoring

DECLARATION: dict[str, Any] = {
    "task": "clustering",
    "entity": "id",
    "as_of": "month",
    "features": {"a": {"kind": "numeric"}, "b": {"kind": "numeric"}},
    "algorithm": {"family": "kmeans", "hyperparameters": {"clusters": 3}},
    "baselines": {"centre": {"family": "constant"}},
}
# As the macro training_set makes it: no label, and rows that matured as they began.
ROWS = """
    select * exclude (bought)
        replace (month as _ml_matured_at, case _ml_split when 'embargo' then 'train' else _ml_split end as _ml_split)
    from given
"""


def training_set(sql: str = ROWS, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyRelation:
    given = customers(months=4, each=120)
    return (connection or duckdb.connect()).from_arrow(given).query("given", sql)


def train(sql: str = ROWS, history: pa.Table | None = None, **changes: Any) -> pa.Table:
    connection = duckdb.connect()
    return train_if_due(
        ml_model="m",
        spec=DECLARATION | changes,
        training_set=training_set(sql, connection),
        history=None if history is None else connection.from_arrow(history),
    )


def trained(sql: str = ROWS, history: pa.Table | None = None, **changes: Any) -> dict[str, Any]:
    (row,) = train(sql, history, **changes).to_pylist()
    return row


def split(name: str) -> np.ndarray:
    return np.array(training_set().query("t", f"select a, b from t where _ml_split = '{name}'").fetchall())


def test_a_version_without_a_label():
    row = trained()
    assert (row["task"], row["link"], row["threshold"]) == ("clustering", "distance", None)
    assert (row["train_rows"], row["holdout_rows"], row["labels_overlap_holdout"]) == (360, 120, False)
    scaler = StandardScaler().fit(split("train"))
    Z, held_out = scaler.transform(split("train")), scaler.transform(split("holdout"))
    best = KMeans(3, n_init=50, random_state=1).fit(Z)
    (own,) = metrics_of(row, dataset="train", scored_by="self", metric="mean_squared_distance")
    assert own["value"] == pytest.approx(best.inertia_ / len(Z), rel=0.01)
    (centre,) = metrics_of(row, dataset="train", scored_by="baseline:centre", metric="mean_squared_distance")
    assert centre["value"] == pytest.approx(2.0), "the variance of two standardised numbers"
    (saved,) = metrics_of(row, dataset="holdout", scored_by="baseline:centre", metric="squared_distance_reduction")
    nearest = best.transform(held_out).min(axis=1) ** 2
    assert saved["value"] == pytest.approx(np.mean((held_out**2).sum(axis=1) - nearest), rel=0.05)
    assert saved["ci_low"] > 0
    assert sum(json.loads(row["diagnostics"])[f"size.{k}"] for k in (1, 2, 3)) == 360


def test_an_earlier_version_is_measured_on_the_same_rows():
    more = {"family": "kmeans", "hyperparameters": {"clusters": 9}}
    first = train()
    row = trained(history=first, algorithm=more)
    assert row["version"] == 2
    (saved,) = metrics_of(row, dataset="holdout", scored_by="version:1", metric="squared_distance_reduction")
    (before,) = metrics_of(row, dataset="holdout", scored_by="version:1", metric="mean_squared_distance")
    (after,) = metrics_of(row, dataset="holdout", scored_by="self", metric="mean_squared_distance")
    assert saved["ci_low"] > 0
    assert saved["value"] == pytest.approx(before["value"] - after["value"])
    (own,) = metrics_of(*first.to_pylist(), dataset="holdout", scored_by="self", metric="mean_squared_distance")
    assert before["value"] == pytest.approx(own["value"])


def test_the_number_of_clusters_may_be_chosen():
    candidates = {f"k{k}": {"family": "kmeans", "hyperparameters": {"clusters": k}} for k in (2, 6)}
    declaration = {key: value for key, value in DECLARATION.items() if key != "algorithm"}
    (row,) = train_if_due(
        ml_model="m", spec=declaration | {"candidates": candidates}, training_set=training_set(), history=None
    ).to_pylist()
    assert "k6 has the lowest mean squared distance" in row["chosen_because"]
    assert len(CompiledScoring.from_json(row["scoring"]).outputs) == 6


def test_a_fold_is_not_predicted_from_itself():
    spec = parse_spec("m", DECLARATION)
    rows = relation(training_set().to_arrow_table())
    folds = folds_of(spec, rows)
    assert [fold.name for fold in folds] == ["as of 2024-02-01", "as of 2024-03-01"]
    for fold in folds:
        (both,) = rows.query(f"select count(*) as n from {rows.name} where ({fold.train}) and ({fold.predict})")
        assert both["n"] == 0


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            f"select * from ({ROWS}) where _ml_split = 'holdout'",
            "has no row in its train split; got 120 rows in all, 120 in holdout",
        ),
        (
            f"select * from ({ROWS}) where _ml_split = 'holdout'",
            "Fix: wait for one more as-of date to mature, or hold",
        ),
        (
            f"select * replace (null::varchar as _ml_split) from ({ROWS})",
            "Fix: move ml_clock forward, or check that the features have as-of dates before it",
        ),
        (
            f"select * replace (a::varchar as a) from ({ROWS})",
            "features.a: a feature of kind numeric must be numeric",
        ),
        (
            f"select * from ({ROWS}) union all select * from ({ROWS}) where id = 3",
            "an entity must occur once per as-of date",
        ),
    ],
)
def test_training_sets_that_cannot_be_used(sql, message):
    with pytest.raises(TrainingSetError) as caught:
        trained(sql)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": "bought"}, "m.label: has no meaning for task 'clustering'; got 'bought'. Fix: remove the key."),
        ({"decision": {"threshold": 1, "fallback": "a"}}, "m.decision: has no meaning for task 'clustering'"),
        (
            {"features": {"a": {"kind": "numeric", "missing": "own_level"}}},
            "features.a.missing: has no meaning for task 'clustering': a number that is not there has no place in"
            " space; got 'own_level'. Allowed: 'impute'",
        ),
        (
            {"features": {"a": {"kind": "numeric", "knots": 3}}},
            "features.a.knots: is not followed by family 'kmeans'; got 3. Allowed: transform for this family.",
        ),
        (
            {"features": {"a": {"kind": "numeric", "bins": 3}}, "algorithm": {"family": "constant"}},
            "features.a.bins: is not followed by family 'constant'; got 3. Allowed: transform for this family.",
        ),
        (
            {"baselines": {"half": {"family": "constant", "features": ["a"]}}},
            "baselines.half.features: has no meaning for task 'clustering': distances over other features cannot be"
            " compared; got ['a']. Fix: remove the key.",
        ),
        ({"task": "regression", "label": "y"}, "algorithm.family: does not fit task 'regression'; got 'kmeans'"),
        ({"algorithm": {"family": "linear"}}, "algorithm.family: does not fit task 'clustering'; got 'linear'"),
        (
            {"algorithm": {"family": "kmeans", "hyperparameters": {"clusters": 0}}},
            "clusters: has a value out of range; got 0. Allowed: a whole number >= 1 and <= 100.",
        ),
        (
            {"algorithm": {"family": "kmeans", "hyperparameters": {"batch": 0.5}}},
            "batch: has a value out of range; got 0.5. Allowed: a whole number >= 1, or null for no limit.",
        ),
    ],
)
def test_declarations_that_do_not_fit(changes, message):
    with pytest.raises(SpecError) as caught:
        parse_spec("m", DECLARATION | changes)
    assert message in str(caught.value)


def test_a_training_set_without_rows_trains_nothing_yet():
    assert train(f"select * from ({ROWS}) where false").num_rows == 0
