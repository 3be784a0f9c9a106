"""What binary metrics are to be expected before labels mature, if the scores are the probabilities that they claim.

Every label is then an independent draw with its score as probability. Expected values and variances are over these
draws, for the rows as they are; so the realised value lies in the interval in 95 of 100 periods, unless the relation
between features and label has changed. With calibrated scores this is confidence-based performance estimation (known
from NannyML). Metrics that are ratios of sums have delta-method variances.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ml_ledger.evaluation.estimates import Estimate, Measured, normal
from ml_ledger.evaluation.rows import SMALLEST_PROBABILITY
from ml_ledger.warehouse import Vector


def estimated_binary(score: Vector, threshold: float | None, scorer: str = "self") -> Iterator[Measured]:
    """Expected metrics of n scores, without NaN.

    score: n probabilities. threshold: a score at or above it is a positive decision; None leaves out what depends
    on it.
    """
    n = len(score)
    if not n:
        return
    p = np.clip(score, 0.0, 1.0)
    spread = p * (1 - p)  # the variance of each label

    def mean_of(if_positive: Vector, if_negative: Vector, of: Vector | None = None) -> Estimate:
        """The mean of a value per row that depends on its label, over the rows `of`."""
        chosen = slice(None) if of is None else of
        count = n if of is None else int(of.sum())
        value = (p * if_positive + (1 - p) * if_negative)[chosen].sum() / count
        variance = (spread * (if_positive - if_negative) ** 2)[chosen].sum() / count**2
        return normal(float(value), float(variance), count)

    clipped = np.clip(p, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    yield Measured("label", "base_rate", _within(mean_of(np.ones(n), np.zeros(n)), 0, 1))
    yield Measured(scorer, "log_loss", mean_of(-np.log(clipped), -np.log(1 - clipped)))
    yield Measured(scorer, "brier", mean_of((p - 1) ** 2, p**2))
    yield Measured(scorer, "roc_auc", _within(_expected_auc(p), 0, 1))
    if threshold is None:
        return
    positive = score >= threshold
    if positive.any():
        yield Measured(scorer, "precision", _within(mean_of(np.ones(n), np.zeros(n), positive), 0, 1))
    yield Measured(scorer, "recall", _within(_ratio(positive * 1.0, np.ones(n), p), 0, 1))
    if positive.any():
        overlap = _ratio(2.0 * positive, np.ones(n), p, plus=float(positive.sum()))
        yield Measured(scorer, "f1", _within(overlap, 0, 1))


def _ratio(above: Vector, below: Vector, p: Vector, plus: float = 0.0) -> Estimate | None:
    """The ratio of sum(above × label) and sum(below × label) + plus."""
    numerator, denominator = float(above @ p), float(below @ p) + plus
    if denominator <= 0:
        return None
    value = numerator / denominator
    slopes = (above - value * below) / denominator
    return normal(value, float((slopes**2) @ (p * (1 - p))), len(p))


def _expected_auc(p: Vector) -> Estimate | None:
    """Pairs of a positive below a negative, ties half, against all pairs, as labels are drawn."""
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


def _within(estimate: Estimate | None, low: float, high: float) -> Estimate | None:
    if estimate is None or estimate.ci_low is None or estimate.ci_high is None:
        return estimate
    return Estimate(estimate.value, max(low, estimate.ci_low), min(high, estimate.ci_high), estimate.n)
