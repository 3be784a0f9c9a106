"""How far two distributions lie apart, from counts in the same bins or levels.

now, then: counts, of which neither sums to 0. Shares are counts by their sum.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml_ledger.arrays import Vector


def stability_index(now: Vector, then: Vector) -> float:
    """The population stability index: the sum over bins of (p - q) ln(p / q).

    A bin that is empty on one side counts as half a row there (Siddiqi 2006); one that is empty on both, not at all.
    """
    used = now + then > 0
    p = np.maximum(now[used], 0.5) / now.sum()
    q = np.maximum(then[used], 0.5) / then.sum()
    return float(((p - q) * np.log(p / q)).sum())


def kolmogorov_smirnov(now: Vector, then: Vector) -> float:
    """The largest difference of the cumulative shares, at the edges of bins: at most that of the values themselves."""
    return float(np.abs(np.cumsum(now / now.sum() - then / then.sum())).max())


def jensen_shannon(now: Vector, then: Vector) -> float:
    """The Jensen-Shannon distance, the root of the divergence in nats: 0 to 0.83, as SciPy and Evidently have it."""
    p, q = now / now.sum(), then / then.sum()
    middle = (p + q) / 2
    return float(np.sqrt(max(_divergence(p, middle) + _divergence(q, middle), 0.0) / 2))


def _divergence(p: Vector, q: Vector) -> float:
    used = p > 0
    return float((p[used] * np.log(p[used] / q[used])).sum())


def wasserstein(now: Vector, then: Vector, at: Vector) -> float:
    """How far values must be moved on average, in their own unit, each taken to be where its bin is. at: increasing."""
    difference = np.cumsum(now / now.sum() - then / then.sum())[:-1]
    return float((np.abs(difference) * np.diff(at)).sum())


def chi_square(now: Vector, then: Vector) -> tuple[float, int]:
    """Pearson's chi-square of the table of two rows, and its degrees of freedom."""
    used = now + then > 0
    now, then = now[used], then[used]
    total = now + then
    statistic = 0.0
    for side in (now, then):
        expected = total * side.sum() / total.sum()
        statistic += float(((side - expected) ** 2 / expected).sum())
    return statistic, len(total) - 1


def representatives(edges: Sequence[float], lowest: float, highest: float) -> Vector:
    """Where the values of each bin are taken to be: in its middle; the outer bins end at the extremes of training."""
    ends: Vector = np.array([min(lowest, *edges), *edges, max(highest, *edges)] if edges else [lowest, highest])
    return (ends[1:] + ends[:-1]) / 2
