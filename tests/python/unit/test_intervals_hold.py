"""Intervals of a version hold where entities occur on twelve dates and each differs from the others.

How far figures scatter is seen on data sets that are drawn anew, without a line of the code that makes intervals.
"""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import DECLARATION
from scipy.stats import rankdata

from ml_ledger import train_if_due

DATES, HELD_OUT, DRAWS = 12, 1200, 1000
ONE, OTHER = "1 / (1 + exp(0.43 - 0.7 * one))", "1 / (1 + exp(0.43 - 0.7 * other))"


def drawn(random: np.random.Generator, entities: int) -> dict[str, np.ndarray]:
    """Two numbers of equal merit, each half of the entity and half of the date, and labels that know of neither's rest.

    Beside them an entity adds to the log-odds of all its labels, with a standard deviation of 1.
    """
    entity = np.repeat(np.arange(entities), DATES)
    one, other = (0.7 * random.normal(size=entities)[entity] + 0.7 * random.normal(size=len(entity)) for _ in "ab")
    log_odds = -0.5 + one + other + random.normal(size=entities)[entity]
    bought = (random.random(len(entity)) < 1 / (1 + np.exp(-log_odds))).astype(int)
    return {"id": entity, "one": one, "other": other, "bought": bought}


def figures(rows: dict[str, np.ndarray]) -> dict[tuple[str, str], float]:
    y = rows["bought"]
    p, q = (1 / (1 + np.exp(0.43 - 0.7 * rows[name])) for name in ("one", "other"))
    loss, of_other = (-np.where(y == 1, np.log(s), np.log1p(-s)) for s in (p, q))
    positives, acted = y.sum(), p >= 0.5
    above = rankdata(p)[y == 1].sum() - positives * (positives + 1) / 2
    return {
        ("self", "roc_auc"): above / (positives * (len(y) - positives)),
        ("self", "log_loss"): loss.mean(),
        ("self", "brier"): ((p - y) ** 2).mean(),
        ("self", "mean_score"): p.mean(),
        ("self", "precision"): y[acted].mean(),
        ("self", "recall"): acted[y == 1].mean(),
        ("baseline:other", "log_loss_reduction"): (of_other - loss).mean(),
    }


@pytest.fixture(scope="module")
def draws() -> dict[tuple[str, str], np.ndarray]:
    """Each figure of all draws, less their mean, which is the truth."""
    random = np.random.default_rng(1)
    found = [figures(drawn(random, HELD_OUT)) for _ in range(DRAWS)]
    return {key: (values := np.array([one[key] for one in found])) - values.mean() for key in found[0]}


@pytest.fixture(scope="module")
def half_widths() -> dict[tuple[str, str], float]:
    """Of the intervals of a version, which scores by the first number and has the second one as a baseline."""
    rows = drawn(np.random.default_rng(2), HELD_OUT + 50)
    n = len(rows["id"])
    month = (np.datetime64("2023-01", "M") + np.arange(n) % DATES).astype("M8[us]")
    table = rows | {
        "month": month,
        "_ml_split": np.where(rows["id"] < HELD_OUT, "holdout", "train"),
        "_ml_weight": np.ones(n),
        "_ml_matured_at": month,
        "_ml_known_at": np.full(n, np.datetime64("2024-09-01", "us")),
        "_ml_invocation_id": ["x"] * n,
        "_ml_run_by": ["ana"] * n,
    }
    spec = DECLARATION | {
        "features": {"one": {"kind": "numeric"}, "other": {"kind": "numeric"}},
        "algorithm": {"family": "rule", "hyperparameters": {"expression": ONE}},
        "baselines": {"other": {"family": "rule", "hyperparameters": {"expression": OTHER}}},
        "evaluation": {"holdout": {"share": 0.96}},
    }
    training_set = duckdb.connect(config={"threads": 1}).from_arrow(pa.table(table))
    (row,) = train_if_due(ml_model="m", spec=spec, training_set=training_set, history=None).to_pylist()
    return {
        (m["scored_by"], m["metric"]): (m["ci_high"] - m["ci_low"]) / 2
        for m in json.loads(row["metrics"])
        if (m["dataset"], m["slice"]) == ("holdout", "all") and m["ci_low"] is not None
    }


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "brier", "mean_score", "precision", "recall"])
def test_intervals_hold_the_truth_in_95_of_100_draws(draws, half_widths, metric):
    held = np.abs(draws["self", metric]) <= half_widths["self", metric]
    assert 0.93 <= held.mean() <= 0.97


def test_the_gate_sees_a_difference_that_is_none_in_2_5_of_100_draws(draws, half_widths):
    """It sees one where the lower end of the interval is above 0."""
    key = ("baseline:other", "log_loss_reduction")
    assert 0.01 <= (draws[key] > half_widths[key]).mean() <= 0.04
