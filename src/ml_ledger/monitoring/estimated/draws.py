"""Expectations over labels that are drawn with the probabilities that a version gives.

Every label is an independent draw, for the rows as they are; where entities have several, `widened` says what that
costs. Variances are over these draws, so that the realised value lies in the interval in 95 of 100 periods, unless the
relation between features and label has changed. With calibrated scores this is confidence-based performance estimation
(known from NannyML). Ratios of sums have delta-method variances.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Vector
from ml_ledger.evaluation.estimates import Estimate, Measured, normal

SHARES = ("base_rate", "roc_auc", "precision", "recall", "f1", "accuracy")


def expected_mean(probability: NDArray[np.float64], of_label: NDArray[np.float64]) -> Estimate | None:
    """The mean of a value per row that depends on its label; None without rows.

    probability: n rows × classes, each row adds up to 1. of_label: the value under each label, of the same shape or
    one that becomes it.
    """
    n = len(probability)
    if not n:
        return None
    of_row = (probability * of_label).sum(axis=1)
    variance = (probability * (of_label - of_row[:, None]) ** 2).sum() / n**2
    return normal(float(of_row.sum()) / n, float(variance), n)


def expected_ratio(above: Vector, below: Vector, p: Vector, plus: float = 0.0) -> Estimate | None:
    """The ratio of sum(above × label) and sum(below × label) + plus; p: of a label 1."""
    numerator, denominator = float(above @ p), float(below @ p) + plus
    if denominator <= 0:
        return None
    value = numerator / denominator
    slopes = (above - value * below) / denominator
    return normal(value, float((slopes**2) @ (p * (1 - p))), len(p))


def expected_auc(p: Vector) -> Estimate | None:
    """Area under the ROC curve of p itself: pairs of a positive above a negative, ties half, against all pairs."""
    order = np.argsort(p, kind="stable")
    ranked = p[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] > ranked[:-1]])
    group = np.cumsum(np.r_[True, ranked[1:] > ranked[:-1]]) - 1
    negatives, positives = np.add.reduceat(1 - ranked, starts), np.add.reduceat(ranked, starts)
    # Of each row: the negatives that it beats, ties half, and the positives that beat it; without itself.
    beaten = (np.cumsum(negatives) - negatives / 2)[group] - (1 - ranked) / 2
    beating = (positives.sum() - np.cumsum(positives) + positives / 2)[group] - ranked / 2
    ones, zeros = ranked.sum(), (1 - ranked).sum()
    pairs = ones * zeros - float((ranked * (1 - ranked)).sum())  # a row is no pair with itself
    if pairs <= 0:
        return None
    auc = float((ranked * beaten).sum()) / pairs
    slopes = (beaten - beating - auc * (zeros - ones)) / pairs
    return normal(float(auc), float((slopes**2) @ (ranked * (1 - ranked))), len(p))


def widened(measured: Measured, effect: float) -> Measured:
    """An estimate with the interval of labels of which so many times fewer, drawn alone, would say as much."""
    found = measured.estimate
    if effect == 1 or found is None or found.ci_low is None or found.ci_high is None:
        return measured
    # Of a share, one end may have been cut off.
    half = max(found.value - found.ci_low, found.ci_high - found.value) * math.sqrt(effect)
    wide = Estimate(found.value, found.value - half, found.value + half, found.n)
    return replace(measured, estimate=as_share(wide) if measured.metric in SHARES else wide)


def as_share(estimate: Estimate | None) -> Estimate | None:
    """With an interval from 0 to 1 at most."""
    if estimate is None or estimate.ci_low is None or estimate.ci_high is None:
        return estimate
    return Estimate(estimate.value, max(0.0, estimate.ci_low), min(1.0, estimate.ci_high), estimate.n)
