"""Whether a difference is more than chance, for the number of rows on both sides and for many columns at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2, fisher_exact, kstwobign, norm

from ml_ledger.arrays import Vector
from ml_ledger.evaluation.distances import chi_square, kolmogorov_smirnov
from ml_ledger.evaluation.estimates import Z95

# Below so many expected rows in a cell the chi-square distribution is no approximation.
SMALLEST_EXPECTED = 5.0


def rank_test(now: Vector, then: Vector) -> float:
    """Two-sided p-value of Mann and Whitney's test that one side is larger, ties within a bin sharing their rank.

    It stands for a test of the means: Welch's calls far too often where values are as skewed as amounts of money.
    """
    n, m = now.sum(), then.sum()
    ties = now + then
    total = n + m
    ranks = np.cumsum(ties) - ties / 2 + 0.5
    spread = n * m / 12 * ((total + 1) - ((ties**3 - ties).sum() / (total * (total - 1))))
    if spread <= 0:
        return 1.0
    return float(2 * norm.sf(abs((now * ranks).sum() - n * (total + 1) / 2) / math.sqrt(spread)))


def smirnov_test(now: Vector, then: Vector) -> float:
    """P-value of the largest difference of cumulative shares, by Kolmogorov's limiting distribution.

    Too large where values share bins, or rows are few; never too small.
    """
    n, m = now.sum(), then.sum()
    return float(kstwobign.sf(kolmogorov_smirnov(now, then) * math.sqrt(n * m / (n + m))))


def chi_square_test(now: Vector, then: Vector) -> float:
    """P-value of the chi-square, after the bins of which too few rows are expected are put together."""
    share = min(now.sum(), then.sum()) / (now.sum() + then.sum())
    small = (now + then) * share < SMALLEST_EXPECTED
    if small.sum() > 0:
        now = np.append(now[~small], now[small].sum())
        then = np.append(then[~small], then[small].sum())
        if (now[-1] + then[-1]) * share < SMALLEST_EXPECTED and len(now) > 1:
            smallest = int(np.argmin((now + then)[:-1]))
            now[smallest] += now[-1]
            then[smallest] += then[-1]
            now, then = now[:-1], then[:-1]
    statistic, freedom = chi_square(now, then)
    return float(chi2.sf(statistic, freedom)) if freedom > 0 else 1.0


def share_test(now: float, rows: float, then: float, reference_rows: float) -> float:
    """Two-sided p-value that two shares differ: exact (Fisher) where few rows are expected, else by the normal law.

    Counts need not be whole: rows that resemble each other are worth fewer.
    """
    total = rows + reference_rows
    together = (now + then) / total
    if together in (0.0, 1.0):
        return 1.0
    if min(together, 1 - together) * min(rows, reference_rows) < SMALLEST_EXPECTED:
        table = np.round([[now, rows - now], [then, reference_rows - then]])
        return float(fisher_exact(table.astype(int)).pvalue)
    deviation = math.sqrt(together * (1 - together) * (1 / rows + 1 / reference_rows))
    return float(2 * norm.sf(abs(now / rows - then / reference_rows) / deviation))


def range_test(outside: float, rows: float, reference_rows: float) -> float:
    """P-value of so many values beyond the extremes of training, by which none of its own rows lies.

    That the k outermost of all values, at either end, are all in one of the samples.
    """
    all_in_one: float = (rows / (rows + reference_rows)) ** outside
    return min(1.0, (outside + 1) * all_in_one)


def rows_worth(share: float, low: float, high: float) -> float | None:
    """How many rows that stand alone have this interval of Wilson's of their share; None where that cannot be told.

    With k = z² / n the half width h has (h² - 1/4) k² + (2 h² - p (1 - p)) k + h² = 0.
    """
    half = (high - low) / 2
    a, b, c = half**2 - 0.25, 2 * half**2 - share * (1 - share), half**2
    inside = b**2 - 4 * a * c
    if not 0 < half < 0.5 or inside < 0:
        return None
    roots = [(-b + sign * math.sqrt(inside)) / (2 * a) for sign in (1, -1)]
    positive = [root for root in roots if root > 0]
    return Z95**2 / min(positive) if positive else None


def difference_test(value: float, error: float, other: float, other_error: float) -> float:
    """Two-sided p-value that two estimates with these standard errors are of the same."""
    spread = math.hypot(error, other_error)
    return float(2 * norm.sf(abs(value - other) / spread)) if spread > 0 else float(value == other)


def discovery_rates(p_values: Sequence[float]) -> list[float]:
    """Q-values of Benjamini and Hochberg (1995): the false discovery rate at which each would be called."""
    if not p_values:
        return []
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)[::-1]
    ranks = np.arange(len(p), 0, -1)
    found = np.empty_like(p)
    found[order] = np.minimum(1.0, np.minimum.accumulate(p[order] * len(p) / ranks))
    q_values: list[float] = found.tolist()
    return q_values
