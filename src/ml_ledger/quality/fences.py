"""Where the values of a sample end and outliers begin, by quantiles, which outliers hardly move."""

from __future__ import annotations

import numpy as np

from ml_ledger.arrays import Vector

FEWEST = 20
# Of a normal distribution the ratio of these two quantiles is 2.44, of an exponential one 3.32.
HEAVY_TAIL = 2.8
FEW_VALUES = 100


def fences(values: Vector, distance: float) -> tuple[float, float]:
    """The lowest and the highest value that is no outlier; infinite where a side has too few values to tell.

    Each side of the median for itself, of its distances u from it: the 90 % quantile of u, plus `distance`
    times how far this is from the median of u. So of all rows up to a tenth of a side may be outliers and the
    fence still stands. Where the tail is heavier than a normal one, or there are few distinct values, as of
    counts, log(1 + u / median of u) takes the place of u. Of a normal feature a distance of 4 is 5.5 standard
    deviations.
    """
    values = values[np.isfinite(values)]
    if not len(values):
        return -np.inf, np.inf
    middle = float(np.median(values))
    few = len(np.unique(values)) < FEW_VALUES
    below = _reach(middle - values[values < middle], distance, few)
    above = _reach(values[values > middle] - middle, distance, few)
    return middle - below, middle + above


def _reach(u: Vector, distance: float, few: bool) -> float:
    if len(u) < FEWEST:
        return np.inf
    half, most = np.quantile(u, [0.5, 0.9], method="lower")
    plain = most + distance * max(most - half, half)
    if not few and most / half <= HEAVY_TAIL:
        return float(most + distance * (most - half))
    log_half, log_most = np.log(2.0), np.log1p(most / half)
    logarithmic = half * np.expm1(log_most + distance * max(log_most - log_half, log_half if few else 0.0))
    return float(max(plain, logarithmic))
