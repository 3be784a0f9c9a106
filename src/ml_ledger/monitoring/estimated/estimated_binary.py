"""Metrics of task binary that are to be expected before labels mature."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ml_ledger.arrays import Vector
from ml_ledger.evaluation.estimates import Measured
from ml_ledger.evaluation.rows import SMALLEST_PROBABILITY
from ml_ledger.monitoring.estimated.draws import as_share, expected_auc, expected_mean, expected_ratio


def estimated_binary(score: Vector, threshold: float | None, scorer: str = "self") -> Iterator[Measured]:
    """Expected metrics of n scores, without NaN.

    score: n probabilities. threshold: a score at or above it is a positive decision; None leaves out what depends
    on it.
    """
    n = len(score)
    if not n:
        return
    p = np.clip(score, 0.0, 1.0)
    by_label = np.column_stack([1 - p, p])
    is_positive = np.array([0.0, 1.0])
    clipped = np.clip(p, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    losses = -np.log(np.column_stack([1 - clipped, clipped]))
    yield Measured("label", "base_rate", as_share(expected_mean(by_label, is_positive)))
    yield Measured(scorer, "log_loss", expected_mean(by_label, losses))
    yield Measured(scorer, "brier", expected_mean(by_label, np.column_stack([p**2, (1 - p) ** 2])))
    yield Measured(scorer, "roc_auc", as_share(expected_auc(p)))
    if threshold is None:
        return
    decided = score >= threshold
    acted = decided.astype(np.float64)
    if decided.any():
        yield Measured(scorer, "precision", as_share(expected_mean(by_label[decided], is_positive)))
    yield Measured(scorer, "recall", as_share(expected_ratio(acted, np.ones(n), p)))
    if decided.any():
        overlap = expected_ratio(2.0 * acted, np.ones(n), p, plus=float(decided.sum()))
        yield Measured(scorer, "f1", as_share(overlap))
