"""Metrics of binary scores and of regressions, each with a 95 % confidence interval.

Intervals treat rows as independent. That holds for a holdout of one as-of date (one row per entity); over
several as-of dates the same entity appears again and the intervals are too narrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

Z95 = 1.959963984540054  # 97.5 % point of the standard normal distribution
SMALLEST_PROBABILITY = float(np.finfo(np.float64).eps)  # where scikit-learn clips for log loss, too


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; bounds are None where none can be given."""

    value: float
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True)
class Metric:
    """One row of a version's metrics.

    scored_by: 'self', 'baseline:<name>' or 'version:<number>': whose scores were measured on these rows.
    """

    dataset: str
    slice: str
    scored_by: str
    metric: str
    value: float
    ci_low: float | None
    ci_high: float | None
    n: int


def log_loss_per_row(label: Vector, score: Vector) -> Vector:
    """-log of the probability given to what happened, in nats, per row."""
    clipped = np.clip(score, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return -np.where(label == 1, np.log(clipped), np.log1p(-clipped))


def mean_estimate(values: Vector) -> Estimate:
    """Mean of n values with a normal interval."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return Estimate(mean, None, None)
    half = Z95 * float(np.std(values, ddof=1)) / np.sqrt(len(values))
    return Estimate(mean, mean - half, mean + half)


def mid_ranks(values: Vector) -> Vector:
    """Ranks of n values, from 1; tied values share the mean of their ranks."""
    _, position, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[position]


def roc_auc(label: Vector, score: Vector) -> Estimate:
    """Area under the ROC curve with DeLong's interval (DeLong et al. 1988, by mid-ranks as in Sun and Xu 2014).

    Needs both classes among the labels; returns NaN without an interval otherwise.
    """
    positive, negative = score[label == 1], score[label == 0]
    m, n = len(positive), len(negative)
    if m == 0 or n == 0:
        return Estimate(float("nan"), None, None)
    ranks = mid_ranks(np.concatenate([positive, negative]))
    share_below = (ranks[:m] - mid_ranks(positive)) / n  # of negatives, for each positive
    share_above = 1 - (ranks[m:] - mid_ranks(negative)) / m  # of positives, for each negative
    auc = float(np.mean(share_below))
    if m < 2 or n < 2:
        return Estimate(auc, None, None)
    variance = np.var(share_below, ddof=1) / m + np.var(share_above, ddof=1) / n
    half = Z95 * float(np.sqrt(variance))
    return Estimate(auc, max(0.0, auc - half), min(1.0, auc + half))


def binary_metrics(*, dataset: str, label: Vector, scores: Mapping[str, Vector]) -> list[Metric]:
    """All metrics of each scorer on one dataset, and how far 'self' beats the others on the same rows.

    label: n values of 0 or 1. scores: per scorer n probabilities, NaN for rows that it does not score; must hold
    'self'. Each metric is over the rows that its scorer scores; `scored_share` says how many these are.
    `log_loss_reduction` of another scorer is its log loss minus that of 'self', paired row by row: positive
    where 'self' is better.
    """
    rows: list[Metric] = []

    def add(scored_by: str, metric: str, estimate: Estimate, n: int) -> None:
        rows.append(
            Metric(dataset, "all", scored_by, metric, estimate.value, estimate.ci_low, estimate.ci_high, n)
        )

    own_loss = log_loss_per_row(label, scores["self"])
    for scored_by, score in scores.items():
        usable = np.isfinite(score)
        y, p, n = label[usable], score[usable], int(usable.sum())
        add(scored_by, "scored_share", mean_estimate(usable.astype(float)), len(label))
        if n == 0:
            continue
        add(scored_by, "log_loss", mean_estimate(log_loss_per_row(y, p)), n)
        add(scored_by, "brier", mean_estimate((p - y) ** 2), n)
        add(scored_by, "mean_score", mean_estimate(p), n)
        auc = roc_auc(y, p)
        if np.isfinite(auc.value):
            add(scored_by, "roc_auc", auc, n)
        if scored_by != "self":
            both = usable & np.isfinite(scores["self"])
            reduction = log_loss_per_row(label[both], score[both]) - own_loss[both]
            if len(reduction):
                add(scored_by, "log_loss_reduction", mean_estimate(reduction), len(reduction))
    add("label", "base_rate", mean_estimate(label), len(label))
    return rows


def regression_metrics(*, dataset: str, label: Vector, scores: Mapping[str, Vector]) -> list[Metric]:
    """All metrics of each scorer on one dataset, and how far 'self' beats the others on the same rows.

    label: n values. scores: per scorer n predictions in units of the label, NaN for rows that it does not score; must
    hold 'self'. `squared_error_reduction` of another scorer is its mean squared error minus that of 'self', paired row
    by row: positive where 'self' is better. R² is against the mean label of the rows that are scored.
    """
    rows: list[Metric] = []

    def add(scored_by: str, metric: str, estimate: Estimate, n: int) -> None:
        rows.append(
            Metric(dataset, "all", scored_by, metric, estimate.value, estimate.ci_low, estimate.ci_high, n)
        )

    for scored_by, score in scores.items():
        usable = np.isfinite(score)
        y, p, n = label[usable], score[usable], int(usable.sum())
        add(scored_by, "scored_share", mean_estimate(usable.astype(float)), len(label))
        if n == 0:
            continue
        squared = mean_estimate((p - y) ** 2)
        add(scored_by, "mae", mean_estimate(np.abs(p - y)), n)
        add(scored_by, "rmse", _root(squared), n)
        add(scored_by, "mean_score", mean_estimate(p), n)
        spread = float(np.mean((y - np.mean(y)) ** 2))
        if spread > 0:
            add(scored_by, "r2", Estimate(1 - squared.value / spread, None, None), n)
        if scored_by != "self":
            both = usable & np.isfinite(scores["self"])
            reduction = (score[both] - label[both]) ** 2 - (scores["self"][both] - label[both]) ** 2
            if len(reduction):
                add(scored_by, "squared_error_reduction", mean_estimate(reduction), len(reduction))
    add("label", "mean_label", mean_estimate(label), len(label))
    return rows


def _root(squared: Estimate) -> Estimate:
    if squared.ci_low is None or squared.ci_high is None:
        return Estimate(float(np.sqrt(squared.value)), None, None)
    low, high = float(np.sqrt(max(squared.ci_low, 0.0))), float(np.sqrt(squared.ci_high))
    return Estimate(float(np.sqrt(squared.value)), low, high)
