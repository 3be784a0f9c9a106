"""What metrics are to be expected of calibrated scores, against labels drawn from them and scikit-learn."""

import json

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, f1_score, log_loss, precision_score, recall_score, roc_auc_score

from ml_ledger.evaluation.estimates import Estimate, Measured
from ml_ledger.monitoring.estimated.draws import widened
from ml_ledger.monitoring.estimated.estimated_binary import estimated_binary
from ml_ledger.training_set.design_effects import Resemblance

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


def test_labels_that_resemble_each_other_widen_the_interval():
    """Of clusters whose labels are all alike: a common draw decides them."""
    random, dates = np.random.default_rng(11), 6
    score = np.repeat(random.beta(0.8, 2.5, size=300), dates)
    alone = {row.metric: row for row in estimated_binary(score, THRESHOLD)}
    effect = Resemblance(effect=4.0, size=4.0).at(dates)
    assert effect == dates
    draws = [realised(score, (np.repeat(random.random(300), dates) < score).astype(int)) for _ in range(DRAWS)]
    for metric in ("base_rate", "brier", "recall"):
        values = np.array([draw[metric] for draw in draws])
        found = widened(alone[metric], effect).estimate
        assert np.mean((values >= found.ci_low) & (values <= found.ci_high)) >= 0.92, metric
        too_narrow = alone[metric].estimate
        assert np.mean((values >= too_narrow.ci_low) & (values <= too_narrow.ci_high)) < 0.75, metric


def test_a_widened_share_stays_between_0_and_1():
    found = widened(Measured("self", "recall", Estimate(0.9, 0.75, 1.0, 10)), 4.0).estimate
    assert (found.ci_low, found.ci_high) == (pytest.approx(0.6), 1.0)
    loss = widened(Measured("self", "log_loss", Estimate(0.9, 0.75, 1.05, 10)), 4.0).estimate
    assert (loss.ci_low, loss.ci_high) == (pytest.approx(0.6), pytest.approx(1.2))


def test_resemblance_is_that_of_the_labels_of_training_rows():
    kept = [
        {"part": "label", "statistic": "cluster_size", "value": 3.0},
        {"part": "label", "statistic": "design_effect", "value": 2.0},
        {"part": "feature", "feature": "x", "statistic": "design_effect", "value": 3.0},
    ]
    found = Resemblance.of_labels(json.dumps(kept))
    assert [found.at(size) for size in (1.0, 3.0, 5.0)] == [1.0, 2.0, 3.0]
    # A version that says nothing of it: rows of an entity may be as alike as can be.
    assert Resemblance.of_labels(None).at(5.0) == 5.0
