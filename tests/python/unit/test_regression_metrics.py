"""Metrics of amounts."""

import numpy as np
import pytest
from scipy.stats import rankdata
from sklearn.metrics import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_pinball_loss,
    median_absolute_error,
    r2_score,
    root_mean_squared_error,
)
from test_metrics import TOLERANCE, Z95, assert_mean, found, measured, values


def data(seed: int, n: int = 500) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    score = np.round(random.gamma(2, 20, n))  # rounded, so that there are ties
    return np.maximum(0, score + random.normal(0, 15, n)), score


@pytest.mark.parametrize("seed", range(5))
def test_metrics_agree_with_scikit_learn(seed):
    label, score = data(seed)
    rough = np.round(score, -1)
    metrics = measured("regression", label, {"self": score, "baseline:b": rough})
    for scored_by, p in {"self": score, "baseline:b": rough}.items():
        got, sold = found(metrics, scored_by), label != 0
        expected = {
            "scored_share": 1.0,
            "mae": mean_absolute_error(label, p),
            "rmse": root_mean_squared_error(label, p),
            "r2": r2_score(label, p),
            "mape": mean_absolute_percentage_error(label[sold], p[sold]),
            "median_absolute_error": median_absolute_error(label, p),
            "pinball_10": mean_pinball_loss(label, p, alpha=0.1),
            "pinball_50": mean_pinball_loss(label, p, alpha=0.5),
            "pinball_90": mean_pinball_loss(label, p, alpha=0.9),
            "bias": np.mean(p - label),
            "mean_score": np.mean(p),
        }
        assert {name: got[name].value for name in expected} == pytest.approx(expected, abs=TOLERANCE)
        assert 0 < got["mape"].n == sold.sum() < 500
    assert_mean(found(metrics, "label")["mean_label"], label)


def test_intervals_are_normal():
    label, score = data(1)
    got = found(measured("regression", label, {"self": score}))
    assert_mean(got["mae"], np.abs(score - label))
    assert_mean(got["bias"], score - label)
    assert_mean(got["pinball_90"], np.where(score > label, 0.1 * (score - label), 0.9 * (label - score)))
    squared = (score - label) ** 2
    half = Z95 * np.std(squared, ddof=1) / np.sqrt(500)
    assert got["rmse"].ci_low == pytest.approx(np.sqrt(squared.mean() - half), abs=TOLERANCE)
    assert got["rmse"].ci_high == pytest.approx(np.sqrt(squared.mean() + half), abs=TOLERANCE)


def test_a_reduction_is_paired_row_by_row():
    label, score = data(3)
    worse = np.round(score, -2)
    worse[:7] = np.nan
    metrics = measured("regression", label, {"self": score, "baseline:b": worse})
    per_row = (worse[7:] - label[7:]) ** 2 - (score[7:] - label[7:]) ** 2
    assert_mean(found(metrics, "baseline:b")["squared_error_reduction"], per_row)


def test_deciles_are_those_of_the_middle_ranks():
    label, score = data(5, n=333)
    metrics = measured("regression", label, {"self": score})
    decile = np.floor(10 * (rankdata(score) - 0.5) / len(score)).astype(int) + 1
    for number in range(1, 11):
        got = found(metrics, part=f"score decile {number}")
        assert_mean(got["mean_score"], score[decile == number])
        assert_mean(got["mean_label"], label[decile == number])


def test_r2_is_of_the_rows_that_are_scored():
    label, score = data(2)
    score[:100] = np.nan
    got = values(measured("regression", label, {"self": score}))
    assert got["r2"] == pytest.approx(r2_score(label[100:], score[100:]), abs=TOLERANCE)


def test_labels_far_from_zero_keep_their_spread():
    label, score = data(2)
    got = found(measured("regression", label + 1e9, {"self": score + 1e9}))
    assert got["r2"].value == pytest.approx(r2_score(label, score), abs=1e-6)
    half = Z95 * np.std(score, ddof=1) / np.sqrt(500)
    assert got["mean_score"].ci_high - got["mean_score"].value == pytest.approx(half, rel=1e-6)


def test_equal_labels_have_no_r2():
    """Also where there are too many for a sum of 0.1 to be exact."""
    label = np.full(300_000, 0.1)
    metrics = measured("regression", label, {"self": label + 0.5})
    assert "r2" not in values(metrics)
    assert found(metrics, "label")["mean_label"].ci_low == 0.1
