"""Metrics of task multiclass that are to be expected before labels mature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ml_ledger.evaluation.estimates import Measured, without_interval
from ml_ledger.evaluation.multiclass import slice_of_class
from ml_ledger.evaluation.rows import SMALLEST_PROBABILITY
from ml_ledger.monitoring.estimated.draws import as_share, expected_auc, expected_mean, expected_ratio


def estimated_multiclass(
    probability: NDArray[np.float64], classes: Sequence[str], scorer: str = "self"
) -> Iterator[Measured]:
    """Expected metrics of n rows × classes of probabilities, without NaN, each row adding up to 1.

    Means over classes (`roc_auc` and `macro_f1` of the slice all) have no interval, as when they are realised.
    """
    n = len(probability)
    if not n:
        return
    p = np.clip(probability, 0.0, 1.0)
    is_class = np.eye(len(classes))
    decided = is_class[p.argmax(axis=1)]  # the first of equals
    losses = -np.log(np.clip(p, SMALLEST_PROBABILITY, None))
    yield Measured(scorer, "log_loss", expected_mean(p, losses))
    yield Measured(scorer, "brier", expected_mean(p, (p**2).sum(axis=1)[:, None] + 1 - 2 * p))
    yield Measured(scorer, "accuracy", as_share(expected_mean(p, decided)))
    areas, overlaps = [], []
    for k, name in enumerate(classes):
        part, of_class, chosen = slice_of_class(name), p[:, k], decided[:, k]
        yield Measured("label", "base_rate", as_share(expected_mean(p, is_class[k])), part)
        if chosen.any():
            right = expected_mean(p[chosen == 1], is_class[k])
            yield Measured(scorer, "precision", as_share(right), part)
        yield Measured(scorer, "recall", as_share(expected_ratio(chosen, np.ones(n), of_class)), part)
        area = expected_auc(of_class)
        yield Measured(scorer, "roc_auc", as_share(area), part)
        overlap = expected_ratio(2 * chosen, np.ones(n), of_class, plus=float(chosen.sum()))
        areas += [] if area is None else [area.value]
        overlaps += [] if overlap is None else [overlap.value]
    if areas:
        yield Measured(scorer, "roc_auc", without_interval(float(np.mean(areas)), n))
    if overlaps:
        yield Measured(scorer, "macro_f1", without_interval(float(np.mean(overlaps)), n))
