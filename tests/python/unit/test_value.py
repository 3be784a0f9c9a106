"""What decisions are worth: against loops over rows, thresholds tried one by one, and labels drawn from the scores."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import DECLARATION, customers, declared, metrics_of, trained

from ml_ledger.declaration import parse_spec
from ml_ledger.declaration.decision import ValueSpec
from ml_ledger.errors import SpecError
from ml_ledger.evaluation.measure import measure
from ml_ledger.fitting.deciding import best_threshold
from ml_ledger.monitoring.estimated.estimated_value import estimated_value
from ml_ledger.warehouse import Relation

BINARY = {
    "unit": "dollars",
    "true_positive": 4.0,
    "false_positive": -1.5,
    "false_negative": -0.5,
    "true_negative": 0.25,
}
CATALOGUE = {"unit": "euros", "positive_fixed": -6.0, "positive_per_unit": 0.2}
Z = 1.959963984540054


def measured(task: str, value: dict[str, Any], columns: dict[str, Any], scorers: list[str], **options: Any):
    rows = Relation(duckdb.connect().from_arrow(pa.table(columns)), name="scored")
    found = measure(rows, task=task, dataset="d", scorers=scorers, value=ValueSpec(**value), **options)
    return {(metric.scored_by, metric.metric): metric for metric in found if metric.slice == "all"}


def worth(value: dict[str, float], acts: bool, label: float) -> float:
    if label == 1:
        return value["true_positive"] if acts else value["false_negative"]
    return value["false_positive"] if acts else value["true_negative"]


def assert_mean(metric: Any, values: list[float]) -> None:
    half = Z * np.std(values, ddof=1) / np.sqrt(len(values))
    assert metric.n == len(values)
    assert [metric.value, metric.ci_low, metric.ci_high] == pytest.approx(
        [np.mean(values), np.mean(values) - half, np.mean(values) + half], abs=1e-12
    )


def test_the_value_of_decisions_is_that_of_a_loop_over_rows():
    random = np.random.default_rng(1)
    label = (random.random(500) < 0.3).astype(float)
    scores = [np.round(random.random(500), 1), random.random(500)]  # some are at the threshold
    scores[1][::7] = np.nan
    found = measured(
        "binary",
        BINARY,
        {"_ml_label": label, "_ml_s0_0": scores[0], "_ml_s1_0": scores[1]},
        ["self", "baseline:b"],
        threshold=0.4,
    )
    own = [worth(BINARY, score >= 0.4, y) for score, y in zip(scores[0], label, strict=True)]
    assert_mean(found["self", "value_per_row"], own)
    assert found["self", "value"].value == pytest.approx(sum(own), abs=1e-9)
    assert found["self", "value"].ci_low == pytest.approx(found["self", "value_per_row"].ci_low * 500, abs=1e-9)
    both = [i for i in range(500) if not np.isnan(scores[1][i])]
    other = {i: worth(BINARY, scores[1][i] >= 0.4, label[i]) for i in both}
    assert_mean(found["baseline:b", "value_per_row"], list(other.values()))
    assert_mean(found["baseline:b", "value_gain"], [own[i] - other[i] for i in both])
    for name, acts in (("policy:nobody", False), ("policy:everybody", True)):
        values = [worth(BINARY, acts, y) for y in label]
        assert_mean(found[name, "value_per_row"], values)
        assert_mean(found[name, "value_gain"], [mine - theirs for mine, theirs in zip(own, values, strict=True)])
    assert ("self", "value_gain") not in found


def test_amounts_are_worth_what_the_decision_earns_or_what_the_error_costs():
    random = np.random.default_rng(2)
    label = random.gamma(1, 40, 300)
    score = label + random.normal(0, 30, 300)
    columns = {"_ml_label": label, "_ml_s0_0": score}
    found = measured("regression", CATALOGUE, columns, ["self"], threshold=30.0)
    assert_mean(
        found["self", "value_per_row"],
        [-6 + 0.2 * y if s >= 30 else 0.0 for s, y in zip(score, label, strict=True)],
    )
    assert_mean(found["policy:everybody", "value_per_row"], [-6 + 0.2 * y for y in label])
    assert found["policy:nobody", "value"].value == 0
    errors = measured("regression", {"unit": "euros", "per_unit_of_error": -0.1}, columns, ["self"])
    assert_mean(errors["self", "value_per_row"], list(-0.1 * np.abs(score - label)))
    assert {scorer for scorer, _ in errors} == {"self", "label"}, "no error without a prediction"


def test_classes_are_worth_something_where_they_are_right():
    random = np.random.default_rng(3)
    label = random.integers(0, 3, 200)
    shares = random.dirichlet([1, 1, 1], 200)
    columns = {"_ml_label": label.astype(float)} | {f"_ml_s0_{k}": shares[:, k] for k in range(3)}
    value = {"unit": "points", "correct": 2.0, "wrong": -1.0}
    found = measured("multiclass", value, columns, ["self"], classes=["a", "b", "c"])
    assert_mean(
        found["self", "value_per_row"],
        [2.0 if p.argmax() == y else -1.0 for p, y in zip(shares, label, strict=True)],
    )


@pytest.mark.parametrize("seed", range(20))
def test_no_other_threshold_is_worth_more(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 60))
    score = np.round(random.random(n), int(random.integers(1, 4)))  # with ties
    label = (random.random(n) < score).astype(float)
    spec = ValueSpec(**BINARY | {"true_positive": float(random.choice([0.0, 4.0, 40.0]))})
    value = spec.model_dump()

    def per_row(threshold: float) -> float:
        return sum(worth(value, s >= threshold, y) for s, y in zip(score, label, strict=True)) / n

    found = best_threshold(score, label, spec, "binary")
    tried = np.r_[np.linspace(0, 1, 2001), np.nextafter(1, 2)]
    best = max(per_row(threshold) for threshold in tried)
    assert per_row(found.value) == pytest.approx(best, abs=1e-12)
    assert found.diagnostics["threshold.value_per_row"] == pytest.approx(best, abs=1e-12)
    assert found.diagnostics["threshold.positive_share"] == np.mean(score >= found.value)
    fewest = min((score >= threshold).sum() for threshold in tried if per_row(threshold) >= best - 1e-12)
    assert (score >= found.value).sum() == fewest
    assert found.diagnostics["threshold.value_per_row_nobody"] == pytest.approx(per_row(2), abs=1e-12)


def test_of_thresholds_that_are_worth_the_same_the_one_that_acts_least_is_chosen():
    value = ValueSpec(unit="d", true_positive=1, false_positive=-1)
    score, label = np.array([0.7, 0.9, 0.8]), np.array([1.0, 1.0, 0.0])  # acting on one is worth as much as on all
    found = best_threshold(score, label, value, "binary")
    assert found.value == pytest.approx(0.85, abs=1e-15)
    assert best_threshold(score, np.zeros(3), value, "binary").value == pytest.approx(0.95, abs=1e-15)
    assert best_threshold(score, np.ones(3), value, "binary").value == pytest.approx(0.35, abs=1e-15)


def test_the_best_threshold_of_true_probabilities_is_the_break_even_one():
    random = np.random.default_rng(4)
    p = random.random(200_000)
    found = best_threshold(
        p,
        (random.random(len(p)) < p).astype(float),
        ValueSpec(unit="d", true_positive=4, false_positive=-1),
        "binary",
    )
    assert found.value == pytest.approx(0.2, abs=0.03)
    amounts = random.gamma(1, 40, 50_000)
    of_amounts = best_threshold(amounts, amounts, ValueSpec(**CATALOGUE), "regression")
    assert of_amounts.value == pytest.approx(30, abs=0.01)


def test_a_version_takes_the_best_threshold_of_training_rows_and_says_why():
    decision = DECLARATION["decision"] | {"threshold": "best_value"}
    value = {"unit": "dollars", "true_positive": 3, "false_positive": -1}
    row = trained(decision=decision, value=value)
    assert 0.1 < row["threshold"] < 0.45, "break-even is at 0.25, and a straight line is a poor fit"
    assert (
        f"threshold {row['threshold']:.6g} is worth most of 500 training rows predicted" in row["chosen_because"]
    )
    assert json.loads(row["diagnostics"])["threshold.rows"] == 500
    # Of the holdout only features are seen: other labels there change no threshold.
    table = customers()
    at = table.column_names.index("bought")
    is_held_out = np.array(table["_ml_split"].to_pylist()) == "holdout"
    label = np.where(is_held_out, 1 - np.array(table["bought"]), np.array(table["bought"]))
    assert (
        trained(table.set_column(at, "bought", pa.array(label)), decision=decision, value=value)["threshold"]
        == row["threshold"]
    )
    # Metrics are those of that threshold.
    (positive,) = metrics_of(row, dataset="holdout", slice="all", scored_by="self", metric="positive_share")
    fixed = trained(decision=DECLARATION["decision"] | {"threshold": row["threshold"]}, value=value)
    assert metrics_of(fixed, dataset="holdout", metric="value_gain") == metrics_of(
        row, dataset="holdout", metric="value_gain"
    )
    assert metrics_of(fixed, dataset="holdout", slice="all", metric="positive_share")[0] == positive


def test_a_calibrated_version_is_decided_on_its_calibrated_scores():
    changes = {
        "algorithm": {"family": "boosting", "hyperparameters": {"trees": 12, "leaves": 8}},
        "training": {"class_weights": {"1": 8.0}},
        "value": {"unit": "dollars", "true_positive": 1, "false_positive": -1},
        "decision": DECLARATION["decision"] | {"threshold": "best_value"},
    }
    assert trained(**changes)["threshold"] > 0.75, "weights make every probability too high"
    assert 0.35 < trained(**changes, calibration="platt")["threshold"] < 0.65


def test_the_estimate_is_the_mean_over_labels_drawn_from_the_scores_and_its_interval_holds_95_of_100():
    random = np.random.default_rng(5)
    p = np.round(random.beta(0.8, 2.5, size=300), 2)
    other = random.random(300)
    other[:40] = np.nan
    spec = ValueSpec(**BINARY)
    expected = {
        (row.scored_by, row.metric): row.estimate
        for row in estimated_value(p, {"self": p, "baseline:b": other}, spec, 0.4)
    }
    scores = {"self": p, "baseline:b": other, "policy:nobody": np.zeros(300), "policy:everybody": np.ones(300)}
    drawn: dict[tuple[str, str], list[float]] = {key: [] for key in expected}
    table = np.array(
        [[BINARY["true_negative"], BINARY["false_negative"]], [BINARY["false_positive"], BINARY["true_positive"]]]
    )
    for _ in range(1000):
        label = (random.random(300) < p).astype(int)
        per_row = {
            name: np.where(np.isnan(score), np.nan, table[(score >= 0.4).astype(int), label])
            for name, score in scores.items()
        }
        for name, values in per_row.items():
            drawn[name, "value_per_row"].append(np.nanmean(values))
            drawn[name, "value"].append(np.nansum(values))
            if name != "self":
                drawn[name, "value_gain"].append(np.nanmean(per_row["self"] - values))
    assert all(len(values) == 1000 for values in drawn.values())
    for key, values in drawn.items():
        estimate = expected[key]
        error = 4 * np.std(values) / np.sqrt(1000)
        assert estimate.value == pytest.approx(np.mean(values), abs=error), key
        inside = np.mean((np.array(values) >= estimate.ci_low) & (np.array(values) <= estimate.ci_high))
        assert 0.93 <= inside <= 0.97, (key, inside)


def message(**changes: Any) -> str:
    keys = DECLARATION | changes
    with pytest.raises(SpecError) as caught:
        parse_spec("m", {key: value for key, value in keys.items() if value is not None})
    return str(caught.value)


REGRESSION = {"task": "regression", "algorithm": {"family": "linear"}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"value": {"unit": "d", "true_positive": 0}}, "is 0 whatever is decided"),
        ({"value": {"unit": "d"}}, "is 0 whatever is decided"),
        ({"value": {"true_positive": 1, "false_positive": -1}}, "value.unit: a required key is missing"),
        ({"value": {"unit": "d", "true_positive": -1, "false_positive": -2}}, "acting is never worth it"),
        ({"value": {"unit": "d", "true_positive": 2, "false_positive": 1}}, "acting is always worth it"),
        ({"value": {"unit": "d", "correct": 2}}, "value.correct: has no meaning for task 'binary'"),
        ({"gate": {"value_hurdle": 0}}, "gate.value_hurdle: needs to know what decisions are worth"),
        (
            {"decision": DECLARATION["decision"] | {"threshold": "best_value"}},
            "decision.threshold: needs to know what each decision is worth",
        ),
        (
            REGRESSION | {"value": {"unit": "d", "per_unit_of_error": -1, "positive_fixed": -1}},
            "cannot be combined with positive_fixed",
        ),
        (REGRESSION | {"value": {"unit": "d", "per_unit_of_error": 1}}, "errors must cost something"),
        (
            REGRESSION | {"value": {"unit": "d", "positive_per_unit": 1}},
            "must be worth it of some rows and not of others",
        ),
        (REGRESSION | {"decision": None, "value": CATALOGUE}, "value.positive_fixed: needs a policy"),
        (
            {
                "task": "clustering",
                "label": None,
                "decision": None,
                "algorithm": {"family": "kmeans", "hyperparameters": {"clusters": 2}},
                "value": {"unit": "d", "correct": 1},
            },
            "ml_models.m.value: has no meaning for task 'clustering'",
        ),
        (
            {
                "task": "multiclass",
                "classes": ["x", "y", "z"],
                "decision": None,
                "value": {"unit": "d", "correct": -1, "wrong": 1},
            },
            "must be worth more than a wrong class; got correct -1 and wrong 1",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_a_value_is_refused(changes, said):
    assert said in message(**changes)


def test_all_problems_are_named_at_once():
    text = message(value={"true_positive": -1, "correct": 1}, gate={"value_hurdle": -1})
    for said in ("value.unit", "value.correct", "acting is never worth it", "gate.value_hurdle: is out of range"):
        assert said in text


def test_a_value_trains_nothing_unless_it_chooses_or_is_asked_for():
    value = {"unit": "dollars", "true_positive": 3, "false_positive": -1}
    plain = declared().fingerprint()
    assert declared(value=value).fingerprint() == plain
    for changes in (
        {"gate": {"value_hurdle": 0}},
        {"decision": DECLARATION["decision"] | {"threshold": "best_value"}},
    ):
        one, other = (
            declared(value=value | change, **changes).fingerprint() for change in ({}, {"true_positive": 4})
        )
        assert len({plain, one, other}) == 3
        assert declared(value=value | {"unit": "cents"}, **changes).fingerprint() == one
