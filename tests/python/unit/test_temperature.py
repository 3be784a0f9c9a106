"""Probabilities of several classes, calibrated by one temperature: against scipy, whatever the family."""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import customers, declared, metrics_of, trained
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from ml_ledger.errors import SpecError
from ml_ledger.fitting import calibrating
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.warehouse import Relation

CLASSES = ["low", "middle", "high"]
MULTICLASS = {"task": "multiclass", "label": "kind", "decision": None, "classes": CLASSES}
FAMILIES = {
    "logistic": {"family": "logistic", "hyperparameters": {"C": "none"}},
    "boosting": {"family": "boosting", "hyperparameters": {"trees": 40, "leaves": 12, "learning_rate": 0.5}},
    "forest": {"family": "forest", "hyperparameters": {"trees": 15, "min_samples_leaf": 2}},
}


def with_kinds(seed: int = 5) -> pa.Table:
    table = customers(months=6, each=200)
    a, b = (np.array(table[name]) for name in ("a", "b"))
    random = np.random.default_rng(seed)
    kind = np.digitize(a + 0.5 * b + random.normal(size=len(a)), [-0.7, 0.7])
    return table.append_column("kind", pa.array(np.array(CLASSES)[kind]))


def out_of_fold(links: np.ndarray, label: np.ndarray, weight: np.ndarray | None = None) -> Relation:
    columns = {f"_ml_class{k}": links[:, k] for k in range(links.shape[1])}
    weight = np.ones(len(label)) if weight is None else weight
    table = pa.table(columns | {"_ml_label": label.astype(float), "_ml_weight": weight.astype(float)})
    return Relation(duckdb.connect().from_arrow(table), name="_ml_out_of_fold")


def drawn(factor: float, n: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Link scores that are `factor` times too large for their labels."""
    random = np.random.default_rng(1)
    links = random.normal(size=(n, 4))
    share = np.exp(log_softmax(links, axis=1)).cumsum(axis=1)
    return factor * links, (random.random((n, 1)) > share).sum(axis=1)


@pytest.mark.parametrize("factor", [0.2, 1.0, 8.0])
def test_the_temperature_is_that_of_maximum_likelihood(factor):
    links, label = drawn(factor)
    weight = np.random.default_rng(2).integers(0, 3, len(label))
    (row,) = calibrating._temperature(out_of_fold(links, label, weight))
    n = np.bincount(label, weights=weight, minlength=4)
    target = np.full((len(label), 4), 1.0) / (n[label] + 4)[:, None]
    target[np.arange(len(label)), label] = (n[label] + 1) / (n[label] + 4)
    oracle = minimize_scalar(
        lambda x: -np.sum(weight[:, None] * target * log_softmax(np.exp(x) * links, axis=1)),
        bounds=(-5, 5),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert row.slope == pytest.approx(np.exp(oracle.x), rel=1e-6)
    assert 1 / row.slope == pytest.approx(factor, rel=0.1)
    assert (row.value, row.lower, row.upper) == (None, None, None)


def test_classes_that_are_apart_get_no_probability_of_1():
    label = np.arange(12) % 3
    links = np.eye(3)[label]
    (row,) = calibrating._temperature(out_of_fold(links, label))
    probability = np.exp(log_softmax(row.slope * links, axis=1)).max(axis=1)
    assert probability == pytest.approx(5 / 7, abs=1e-9)  # of four rows a class; Laplace's (4 + 1) / (4 + 3)


def test_link_scores_that_tell_nothing_or_the_reverse_are_left_alone():
    label = np.arange(12) % 3
    assert calibrating._temperature(out_of_fold(-np.eye(3)[label], label)) == []
    assert calibrating._temperature(out_of_fold(np.ones((12, 3)), label)) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_temperature_makes_class_probabilities_better_and_changes_no_prediction(family):
    table = with_kinds()
    plain = trained(table, **MULTICLASS, algorithm=FAMILIES[family])
    row = trained(table, **MULTICLASS, algorithm=FAMILIES[family], calibration="temperature")
    loss = [
        metrics_of(version, dataset="holdout", slice="all", scored_by="self", metric="log_loss")[0]["value"]
        for version in (plain, row)
    ]
    assert loss[1] < loss[0] - {"logistic": -0.01, "boosting": 0.05, "forest": 0.01}[family]
    (kept,) = [r for r in json.loads(row["coefficients"]) if r["output"] == "calibration"]
    connection = duckdb.connect()
    connection.register("t", table)

    def scored(version):
        scoring = CompiledScoring.from_json(version["scoring"])
        at = [f"_ml_output{[output.name for output in scoring.outputs].index(name) + 1}" for name in CLASSES]
        return connection.execute(scoring.select("t", [*at, "_ml_predicted", "_ml_link"])).fetchnumpy()

    before, after = scored(plain), scored(row)
    assert list(before["_ml_predicted"]) == list(after["_ml_predicted"])
    assert (before["_ml_link"] == after["_ml_link"]).all()
    old, new = (np.column_stack([found[name] for name in list(found)[:3]]) for found in (before, after))
    logs = np.log(old + 1e-4) if family == "forest" else np.log(old)
    expected = np.exp(log_softmax(kept["slope"] * logs, axis=1))
    assert np.abs(new - expected).max() < 1e-9


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (MULTICLASS | {"calibration": "platt"}, "calibration: has no meaning for task 'multiclass'; got 'platt'"),
        ({"calibration": "temperature"}, "calibration: has no meaning for task 'binary'; got 'temperature'"),
        (
            {"task": "regression", "decision": None, "calibration": "temperature"},
            "calibration: has no meaning for task 'regression'",
        ),
    ],
)
def test_each_task_has_its_own_calibrations(changes, message):
    with pytest.raises(SpecError) as caught:
        declared(**changes)
    assert message in str(caught.value)
