"""What metrics are to be expected of calibrated scores, against labels drawn from them and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, f1_score, log_loss, precision_score, recall_score, roc_auc_score

from ml_ledger.monitoring.estimated.binary import estimated_binary

THRESHOLD = 0.4
DRAWS = 400


@pytest.fixture(scope="module")
def score() -> np.ndarray:
    """Skewed, with ties, as scores are."""
    return np.round(np.random.default_rng(5).beta(0.8, 2.5, size=400), 2).clip(0.01, 0.99)


def realised(score: np.ndarray, label: np.ndarray) -> dict[str, float]:
    decided = score >= THRESHOLD
    return {
        "base_rate": label.mean(),
        "log_loss": log_loss(label, score),
        "brier": brier_score_loss(label, score),
        "roc_auc": roc_auc_score(label, score),
        "precision": precision_score(label, decided),
        "recall": recall_score(label, decided),
        "f1": f1_score(label, decided),
    }


@pytest.fixture(scope="module")
def drawn(score: np.ndarray) -> dict[str, np.ndarray]:
    random = np.random.default_rng(6)
    runs = [realised(score, (random.random(len(score)) < score).astype(int)) for _ in range(DRAWS)]
    return {metric: np.array([run[metric] for run in runs]) for metric in runs[0]}


def test_the_expected_value_is_the_mean_over_labels_drawn_from_the_scores(score, drawn):
    expected = {row.metric: row.estimate for row in estimated_binary(score, THRESHOLD)}
    assert set(expected) == set(drawn)
    for metric, values in drawn.items():
        # Ratios are biased by about 1 / n: half a percent of their value here.
        error = 4 * values.std() / np.sqrt(DRAWS) + 0.005 * values.mean()
        assert expected[metric].value == pytest.approx(values.mean(), abs=error), metric


def test_the_interval_holds_the_realised_value_in_95_of_100_draws(score, drawn):
    for row in estimated_binary(score, THRESHOLD):
        values = drawn[row.metric]
        inside = np.mean((values >= row.estimate.ci_low) & (values <= row.estimate.ci_high))
        assert 0.92 <= inside <= 0.98, (row.metric, inside)


def test_a_base_rate_that_fell_falls_out_of_the_interval(score):
    label = np.random.default_rng(7).random(len(score)) < score / 4
    expected = {row.metric: row.estimate for row in estimated_binary(score, THRESHOLD)}
    found = realised(score, label.astype(int))
    for metric in ("base_rate", "log_loss", "brier", "precision", "f1"):  # the others do not depend on it
        value = found[metric]
        assert not expected[metric].ci_low <= value <= expected[metric].ci_high, metric


def test_few_scores_and_none():
    assert list(estimated_binary(np.array([]), 0.5)) == []
    one = {row.metric: row.estimate for row in estimated_binary(np.array([0.25]), 0.5)}
    assert one["base_rate"].value == 0.25
    assert one["roc_auc"] is None
    assert "precision" not in one
    two = {row.metric: row.estimate for row in estimated_binary(np.array([0.2, 0.9]), None)}
    # Of the pairs of a positive and a negative, 0.9 × 0.8 are in order and 0.2 × 0.1 are not.
    assert two["roc_auc"].value == pytest.approx(0.72 / 0.74, abs=1e-15)
