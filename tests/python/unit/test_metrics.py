import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from ml_ledger.evaluation.metrics import binary_metrics, roc_auc

TOLERANCE = 1e-12


def data(seed: int, n: int = 500) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    score = np.round(random.beta(2, 5, n), 2)  # rounded, so that there are ties
    return (random.random(n) < score).astype(float), score


def values(metrics, scored_by: str) -> dict[str, float]:
    return {metric.metric: metric.value for metric in metrics if metric.scored_by == scored_by}


@pytest.mark.parametrize("seed", range(5))
def test_metrics_agree_with_scikit_learn(seed):
    label, score = data(seed)
    got = values(binary_metrics(dataset="holdout", label=label, scores={"self": score}), "self")
    assert got["roc_auc"] == pytest.approx(roc_auc_score(label, score), abs=TOLERANCE)
    assert got["log_loss"] == pytest.approx(log_loss(label, score), abs=TOLERANCE)
    assert got["brier"] == pytest.approx(brier_score_loss(label, score), abs=TOLERANCE)


def test_certain_and_wrong_costs_what_scikit_learn_says():
    label, score = np.array([1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0])
    got = values(binary_metrics(dataset="holdout", label=label, scores={"self": score}), "self")
    assert got["log_loss"] == pytest.approx(log_loss(label, score), abs=1e-9)


def test_the_interval_of_the_auc_is_delongs():
    """Against the definition: the covariance of placement values, by a naive double loop."""
    label, score = data(7, n=120)
    positive, negative = score[label == 1], score[label == 0]
    wins = np.array([[(p > q) + 0.5 * (p == q) for q in negative] for p in positive], dtype=float)
    variance = np.var(wins.mean(axis=1), ddof=1) / len(positive) + np.var(wins.mean(axis=0), ddof=1) / len(
        negative
    )
    estimate = roc_auc(label, score)
    assert estimate.value == pytest.approx(wins.mean(), abs=TOLERANCE)
    assert estimate.ci_high - estimate.value == pytest.approx(1.959963984540054 * np.sqrt(variance), abs=1e-10)


def test_the_interval_of_the_auc_covers_the_truth_19_times_in_20():
    truth = roc_auc(*data(99, n=400_000)).value
    estimates = [roc_auc(*data(seed, n=400)) for seed in range(400)]
    covered = np.mean([e.ci_low <= truth <= e.ci_high for e in estimates])
    assert 0.92 <= covered <= 0.98


def test_a_reduction_is_paired_row_by_row():
    label, score = data(3)
    worse = np.clip(score * 0.5 + 0.25, 0, 1)
    metrics = binary_metrics(dataset="holdout", label=label, scores={"self": score, "baseline:b": worse})
    (row,) = [m for m in metrics if m.metric == "log_loss_reduction"]
    per_row = [
        -(np.log(w) if y else np.log(1 - w)) + (np.log(s) if y else np.log(1 - s))
        for y, s, w in zip(label, np.clip(score, 1e-15, 1 - 1e-15), worse, strict=True)
    ]
    assert row.value == pytest.approx(np.mean(per_row), abs=1e-9)
    assert row.ci_low == pytest.approx(
        np.mean(per_row) - 1.959963984540054 * np.std(per_row, ddof=1) / np.sqrt(len(per_row)), abs=1e-9
    )


def test_unscored_rows_are_counted_and_left_out():
    label, score = data(4)
    score[:50] = np.nan
    got = values(binary_metrics(dataset="holdout", label=label, scores={"self": score}), "self")
    assert got["scored_share"] == pytest.approx(0.9)
    assert got["roc_auc"] == pytest.approx(roc_auc_score(label[50:], score[50:]), abs=TOLERANCE)


def test_one_class_has_no_auc():
    metrics = binary_metrics(dataset="holdout", label=np.ones(9), scores={"self": np.full(9, 0.5)})
    assert "roc_auc" not in values(metrics, "self")
    assert values(metrics, "self")["log_loss"] == pytest.approx(np.log(2))
