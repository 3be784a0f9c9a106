"""Strengths and their intervals, against scikit-learn, numpy and loops."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ml_ledger.evaluation.estimates import Z95
from ml_ledger.evaluation.strengths import correlation, mean_strength, rank_strength

TOLERANCE = 1e-12


def labelled(n: int = 400, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Labels of 0 and 1, and scores with ties."""
    random = np.random.default_rng(seed)
    label = (random.random(n) < 0.3).astype(float)
    return label, np.round(random.normal(size=n) + label, 1)


def test_the_rank_strength_is_twice_the_area_beyond_chance():
    label, score = labelled()
    assert rank_strength(label, score).value == pytest.approx(2 * roc_auc_score(label, score) - 1, abs=TOLERANCE)
    assert rank_strength(label, label).value == 1
    assert rank_strength(label, -label).value == -1
    assert rank_strength(label, np.zeros(len(label))).value == 0


def test_the_interval_of_a_rank_strength_is_delongs():
    label, score = labelled()
    positive, negative = score[label == 1], score[label == 0]
    wins = (positive[:, None] > negative[None, :]) + (positive[:, None] == negative[None, :]) / 2
    variance = np.var(wins.mean(axis=1)) / len(positive) + np.var(wins.mean(axis=0)) / len(negative)
    assert rank_strength(label, score).half_width == pytest.approx(2 * Z95 * np.sqrt(variance), rel=1e-10)


def test_the_correlation_is_numpys_and_its_interval_that_of_fisher():
    random = np.random.default_rng(11)
    x = random.normal(size=20_000)
    y = 0.6 * x + 0.8 * random.normal(size=20_000)
    found = correlation(y, x)
    assert found.value == pytest.approx(np.corrcoef(x, y)[0, 1], abs=TOLERANCE)
    # of two normal columns: (1 - r²) / √n
    assert found.half_width == pytest.approx(Z95 * (1 - found.value**2) / np.sqrt(20_000), rel=0.03)
    assert correlation(y, np.ones(20_000)).value == 0


def test_a_difference_of_strengths_on_the_same_rows_has_a_paired_interval():
    label, score = labelled(4_000)
    other = score + np.random.default_rng(1).normal(scale=0.2, size=4_000)
    one, two = rank_strength(label, score), rank_strength(label, other)
    difference = one + two.times(-1)
    assert difference.value == pytest.approx(one.value - two.value)
    random = np.random.default_rng(2)
    drawn = []
    for _ in range(400):
        rows = random.integers(0, 4_000, 4_000)
        drawn.append(rank_strength(label[rows], score[rows]).value - rank_strength(label[rows], other[rows]).value)
    assert difference.half_width == pytest.approx(Z95 * np.std(drawn), rel=0.15)
    assert difference.half_width < one.half_width / 2


def test_a_mean_of_strengths_weighs_them_and_their_influences():
    label, score = labelled()
    one, two = rank_strength(label, score), rank_strength(1 - label, score)
    mean = mean_strength([one, two], np.array([3.0, 1.0]))
    assert mean.value == pytest.approx(one.value / 2, abs=TOLERANCE)
    assert mean.half_width == pytest.approx(one.half_width / 2)


def test_rows_that_belong_together_are_worth_fewer():
    """Each row twice is worth no more than once."""
    label, score = labelled()
    once, twice = rank_strength(label, score), rank_strength(np.tile(label, 2), np.tile(score, 2))
    number = np.arange(len(label))
    assert once.by_cluster(number).half_width == pytest.approx(once.half_width, abs=TOLERANCE)
    assert twice.half_width == pytest.approx(once.half_width / np.sqrt(2))
    assert twice.by_cluster(np.tile(number, 2)).half_width == pytest.approx(once.half_width)
    assert twice.by_cluster(np.tile(number, 2)).value == pytest.approx(once.value, abs=TOLERANCE)
