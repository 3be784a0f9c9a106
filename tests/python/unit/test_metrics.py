"""Metrics of binary scores, and what is the same for every task."""

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binomtest, rankdata
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

from ml_ledger.evaluation.binary import f1_from_overlap
from ml_ledger.evaluation.estimates import wilson
from ml_ledger.evaluation.measure import Metric, measure
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-9
Z95 = 1.959963984540054
CONNECTION = duckdb.connect()


def measured(task: str, label: np.ndarray | None, scores: Mapping[str, np.ndarray], **options) -> list[Metric]:
    """Metrics of arrays: per scorer n scores, or n × outputs; NaN arrives as NULL."""
    columns = {} if label is None else {"_ml_label": pa.array(label, pa.float64())}
    for number, score in enumerate(scores.values()):
        for output, column in enumerate(np.atleast_2d(score.T)):
            columns[f"_ml_s{number}_{output}"] = pa.array(column, pa.float64(), from_pandas=True)
    relation = Relation(CONNECTION.from_arrow(pa.table(columns)), name="scored")
    return measure(relation, task=task, dataset="holdout", scorers=list(scores), **options)


def found(metrics: Sequence[Metric], scored_by: str = "self", part: str = "all") -> dict[str, Metric]:
    """The metrics of one scorer and slice by name."""
    rows = [row for row in metrics if row.scored_by == scored_by and row.slice == part]
    assert len({row.metric for row in rows}) == len(rows)
    return {row.metric: row for row in rows}


def values(metrics: Sequence[Metric], scored_by: str = "self", part: str = "all") -> dict[str, float]:
    return {name: row.value for name, row in found(metrics, scored_by, part).items()}


def assert_mean(row: Metric, per_row: np.ndarray) -> None:
    """The value is the mean of these, the interval is normal."""
    half = Z95 * np.std(per_row, ddof=1) / np.sqrt(len(per_row))
    assert (row.value, row.n) == (pytest.approx(np.mean(per_row), abs=TOLERANCE), len(per_row))
    assert row.ci_low == pytest.approx(np.mean(per_row) - half, abs=TOLERANCE)
    assert row.ci_high == pytest.approx(np.mean(per_row) + half, abs=TOLERANCE)


def assert_share(row: Metric, hits: int, n: int) -> None:
    """The value is that share of n, the interval is Wilson's."""
    interval = binomtest(int(hits), int(n)).proportion_ci(method="wilson")
    assert (row.value, row.n) == (pytest.approx(hits / n, abs=TOLERANCE), n)
    assert row.ci_low == pytest.approx(interval.low, abs=TOLERANCE)
    assert row.ci_high == pytest.approx(interval.high, abs=TOLERANCE)


def data(seed: int, n: int = 500) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    score = np.round(random.beta(2, 5, n), 2)  # rounded, so that there are ties
    return (random.random(n) < score).astype(float), score


@pytest.mark.parametrize("seed", range(5))
def test_metrics_agree_with_scikit_learn(seed):
    label, score = data(seed)
    worse = np.round(score, 1)
    metrics = measured("binary", label, {"self": score, "baseline:b": worse}, threshold=0.3)
    for scored_by, p in {"self": score, "baseline:b": worse}.items():
        got, decided = values(metrics, scored_by), p >= 0.3
        expected = {
            "scored_share": 1.0,
            "roc_auc": roc_auc_score(label, p),
            "average_precision": average_precision_score(label, p),
            "log_loss": log_loss(label, p),
            "brier": brier_score_loss(label, p),
            "mean_score": np.mean(p),
            "positive_share": np.mean(decided),
            "precision": precision_score(label, decided),
            "recall": recall_score(label, decided),
            "f1": f1_score(label, decided),
        }
        assert {name: got[name] for name in expected} == pytest.approx(expected, abs=TOLERANCE)
    assert_share(found(metrics, "label")["base_rate"], label.sum(), 500)


def test_intervals_of_means_are_normal_and_of_shares_wilsons():
    label, score = data(1)
    got = found(measured("binary", label, {"self": score}, threshold=0.4))
    decided = score >= 0.4
    assert_mean(got["brier"], (score - label) ** 2)
    assert_mean(got["mean_score"], score)
    assert_mean(got["log_loss"], -np.log(np.clip(np.where(label == 1, score, 1 - score), 1e-16, 1)))
    assert_share(got["positive_share"], decided.sum(), 500)
    assert_share(got["precision"], label[decided].sum(), decided.sum())
    assert_share(got["recall"], label[decided].sum(), label.sum())
    assert got["average_precision"].ci_low is got["calibration_error"].ci_high is None


def test_without_a_threshold_nothing_depends_on_one():
    label, score = data(1)
    assert not {"positive_share", "precision", "recall", "f1"} & set(
        values(measured("binary", label, {"self": score}))
    )


def test_a_score_at_the_threshold_is_positive():
    label, score = np.array([1.0, 0.0, 1.0]), np.array([0.3, 0.3, np.nextafter(0.3, 0)])
    got = found(measured("binary", label, {"self": score}, threshold=0.3))
    assert (got["precision"].value, got["precision"].n) == (0.5, 2)
    assert (got["recall"].value, got["positive_share"].value) == (0.5, pytest.approx(2 / 3))


def test_undefined_shares_have_no_row():
    label, score = np.array([0.0, 0.0]), np.array([0.1, 0.2])
    got = values(measured("binary", label, {"self": score}, threshold=0.5))
    assert not {"precision", "recall", "f1", "roc_auc", "average_precision"} & set(got)
    missed = values(measured("binary", np.array([1.0, 0.0]), {"self": score}, threshold=0.5))
    assert (missed["recall"], missed["f1"], "precision" in missed) == (0.0, 0.0, False)


def test_certain_and_wrong_costs_what_scikit_learn_says():
    label, score = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.0, 1.0, 1.0, 0.0])
    got = values(measured("binary", label, {"self": score}))
    assert got["log_loss"] == pytest.approx(log_loss(label, score), abs=TOLERANCE)


def test_the_interval_of_the_auc_is_delongs():
    """Against the definition: the covariance of placement values, by a naive double loop."""
    label, score = data(7, n=120)
    positive, negative = score[label == 1], score[label == 0]
    wins = np.array([[(p > q) + 0.5 * (p == q) for q in negative] for p in positive], dtype=float)
    variance = np.var(wins.mean(axis=1), ddof=1) / len(positive) + np.var(wins.mean(axis=0), ddof=1) / len(
        negative
    )
    auc = found(measured("binary", label, {"self": score}))["roc_auc"]
    assert auc.value == pytest.approx(wins.mean(), abs=TOLERANCE)
    assert auc.ci_high - auc.value == pytest.approx(Z95 * np.sqrt(variance), abs=TOLERANCE)
    assert auc.value - auc.ci_low == pytest.approx(Z95 * np.sqrt(variance), abs=TOLERANCE)


def test_a_perfect_ranking_has_an_auc_of_1_without_doubt():
    label = np.repeat([0.0, 1.0], 50)
    auc = found(measured("binary", label, {"self": np.linspace(0.1, 0.9, 100)}))["roc_auc"]
    assert (auc.value, auc.ci_low, auc.ci_high) == (1.0, 1.0, 1.0)


def test_the_interval_of_f1_covers_the_truth_19_times_in_20():
    shares = {"true positive": 0.12, "false positive": 0.1, "false negative": 0.06, "true negative": 0.72}
    truth = 2 * 0.12 / (2 * 0.12 + 0.1 + 0.06)
    samples = np.random.default_rng(0).multinomial(300, list(shares.values()), size=4000)
    overlaps = [
        wilson(hits / (hits + wrong + missed), hits + wrong + missed) for hits, wrong, missed, _ in samples
    ]
    covered = [f1.ci_low <= truth <= f1.ci_high for f1 in map(f1_from_overlap, overlaps)]
    assert 0.94 <= np.mean(covered) <= 0.96


def test_the_interval_of_f1_is_that_of_its_overlap():
    label, score = data(2)
    decided, positive = score >= 0.4, label == 1
    overlap = f1_from_overlap(
        wilson((decided & positive).sum() / (decided | positive).sum(), (decided | positive).sum())
    )
    got = found(measured("binary", label, {"self": score}, threshold=0.4))["f1"]
    assert (got.value, got.ci_low, got.ci_high, got.n) == pytest.approx(
        (overlap.value, overlap.ci_low, overlap.ci_high, overlap.n), abs=TOLERANCE
    )


@pytest.mark.parametrize("seed", range(3))
def test_deciles_are_those_of_the_middle_ranks(seed):
    label, score = data(seed, n=487)
    metrics = measured("binary", label, {"self": score})
    decile = np.floor(10 * (rankdata(score) - 0.5) / len(score)).astype(int) + 1
    error = 0.0
    for number in range(1, 11):
        inside = decile == number
        got = found(metrics, part=f"score decile {number}")
        assert_mean(got["mean_score"], score[inside])
        assert_share(got["base_rate"], label[inside].sum(), inside.sum())
        assert got["lift"].value == pytest.approx(label[inside].mean() / label.mean(), abs=TOLERANCE)
        assert got["lift"].n == inside.sum()
        error += inside.mean() * abs(score[inside].mean() - label[inside].mean())
    assert values(metrics)["calibration_error"] == pytest.approx(error, abs=TOLERANCE)


def test_without_ties_the_deciles_are_scikit_learns_calibration_curve():
    random = np.random.default_rng(0)
    score = random.random(400)
    label = (random.random(400) < score).astype(float)
    metrics = measured("binary", label, {"self": score})
    observed, predicted = calibration_curve(label, score, n_bins=10, strategy="quantile")
    parts = [values(metrics, part=f"score decile {number}") for number in range(1, 11)]
    assert [part["base_rate"] for part in parts] == pytest.approx(observed, abs=TOLERANCE)
    assert [part["mean_score"] for part in parts] == pytest.approx(predicted, abs=TOLERANCE)


def test_equal_scores_are_in_one_decile():
    label = np.array([0.0, 1.0] * 20)
    metrics = measured("binary", label, {"self": np.full(40, 0.1)})
    assert {row.slice for row in metrics} == {"all", "score decile 6"}
    assert found(metrics, part="score decile 6")["mean_score"] == Metric(
        "holdout", "score decile 6", "self", "mean_score", 0.1, 0.1, 0.1, 40
    )


def test_a_reduction_is_paired_row_by_row():
    label, score = data(3)
    worse = np.clip(score * 0.5 + 0.25, 0, 1)
    worse[:7] = np.nan
    metrics = measured("binary", label, {"self": score, "baseline:b": worse})
    per_row = [
        -(np.log(w) if y else np.log(1 - w)) + (np.log(s) if y else np.log(1 - s))
        for y, s, w in zip(label, np.clip(score, 1e-15, 1 - 1e-15), worse, strict=True)
    ]
    assert_mean(found(metrics, "baseline:b")["log_loss_reduction"], np.array(per_row[7:]))
    assert "log_loss_reduction" not in found(metrics)


@pytest.mark.parametrize("unscored", [np.nan, np.inf, -np.inf])
def test_unscored_rows_are_counted_and_left_out(unscored):
    label, score = data(4)
    other = score.copy()
    other[:50] = unscored
    metrics = measured("binary", label, {"self": other, "baseline:b": score}, threshold=0.3)
    assert_share(found(metrics)["scored_share"], 450, 500)
    got, without = values(metrics), measured("binary", label[50:], {"self": score[50:]}, threshold=0.3)
    assert got == pytest.approx(values(without) | {"scored_share": 0.9}, abs=TOLERANCE)
    assert found(metrics, "baseline:b")["log_loss_reduction"].n == 450
    assert found(metrics, "baseline:b")["log_loss"].n == 500


def test_nan_in_the_engine_is_no_score_either():
    label, score = data(4)
    table = CONNECTION.from_arrow(pa.table({"_ml_label": label, "_ml_s0_0": np.where(score > 0.5, np.nan, score)}))
    assert table.query("t", "select count(_ml_s0_0) from t").fetchall() == [(500,)], "NaN, not NULL"
    metrics = measure(Relation(table, name="scored"), task="binary", dataset="holdout", scorers=["self"])
    assert found(metrics)["log_loss"].n == (score <= 0.5).sum()


TASKS = {"binary": 1, "regression": 1, "multiclass": 3, "clustering": 2}


@pytest.mark.parametrize("task", TASKS)
def test_where_nothing_is_scored_only_the_share_is_measured(task):
    label = None if task == "clustering" else np.array([0.0, 1.0, 1.0])
    scores = {"self": np.full((3, TASKS[task]), np.nan), "baseline:b": np.full((3, TASKS[task]), 0.4)}
    metrics = measured(task, label, scores, classes=["a", "b", "c"], threshold=0.5)
    assert values(metrics) == {"scored_share": 0.0}
    assert not any(name.endswith("_reduction") for name in values(metrics, "baseline:b"))


@pytest.mark.parametrize("task", TASKS)
def test_of_a_dataset_without_rows_nothing_is_measured(task):
    label = None if task == "clustering" else np.empty(0)
    assert (
        measured(task, label, {"self": np.empty((0, TASKS[task]))}, classes=["a", "b", "c"], threshold=0.5) == []
    )


@pytest.mark.parametrize("task", TASKS)
def test_a_single_row_has_values_and_no_intervals_of_means(task):
    label = None if task == "clustering" else np.array([1.0])
    scores = {"self": np.full((1, TASKS[task]), 0.25), "baseline:b": np.full((1, TASKS[task]), 0.5)}
    metrics = measured(task, label, scores, classes=["a", "b", "c"], threshold=0.5)
    (reduction,) = [row for row in metrics if row.metric.endswith("_reduction")]
    assert (reduction.ci_low, reduction.ci_high, reduction.n) == (None, None, 1)
    assert all(np.isfinite(row.value) for row in metrics)
    assert not {"roc_auc", "r2"} & {row.metric for row in metrics}


def test_what_is_not_finite_is_not_measured():
    huge = measured("regression", np.array([0.0, 1.0, 2.0]), {"self": np.array([1e200, 0.0, 1.0])})
    assert "rmse" not in values(huge)
    assert values(huge)["median_absolute_error"] == 1.0


def test_one_class_has_no_auc():
    metrics = measured("binary", np.ones(9), {"self": np.full(9, 0.5)})
    assert not {"roc_auc", "average_precision"} & set(values(metrics))
    assert values(metrics)["log_loss"] == pytest.approx(np.log(2))
