"""A metric's value with its interval, and the row of a version's metrics that it becomes.

Intervals are at 95 %. Rows of one cluster, by default of one entity, are not independent: where clusters have several
rows, errors are those of clusters, and quantiles those of Student's t with one degree of freedom less than clusters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

Z95 = 1.959963984540054  # 97.5 % point of the standard normal distribution


@dataclass(frozen=True)
class Estimate:
    """A value over n rows with its interval; bounds are None where none can be given."""

    value: float
    ci_low: float | None
    ci_high: float | None
    n: int


@dataclass(frozen=True)
class Metric:
    """One row of a version's metrics.

    slice: 'all', or a part of the dataset. scored_by: 'self', 'baseline:<name>' or 'version:<number>': whose scores
    were measured on these rows; 'label' for facts about the labels. n: how many rows the value is over.
    """

    dataset: str
    slice: str
    scored_by: str
    metric: str
    value: float
    ci_low: float | None
    ci_high: float | None
    n: int


@dataclass(frozen=True)
class Measured:
    """An estimate by name; None, or a value that is not finite, is what could not be measured."""

    scored_by: str
    metric: str
    estimate: Estimate | None
    slice: str = "all"

    def rows(self, dataset: str) -> Iterator[Metric]:
        """The row of the metrics, or none where nothing could be measured."""
        found = self.estimate
        if found is not None and math.isfinite(found.value):
            yield Metric(
                dataset,
                self.slice,
                self.scored_by,
                self.metric,
                found.value,
                _if_finite(found.ci_low),
                _if_finite(found.ci_high),
                found.n,
            )


@cache
def critical(clusters: int | None) -> float:
    """How many standard errors an interval reaches to each side: of rows that stand alone (None), or over clusters."""
    if clusters is None:
        return Z95
    if clusters < 2:
        return math.inf
    from scipy.special import stdtrit  # costs a moment to import

    return float(stdtrit(clusters - 1, 0.975))


def normal(value: float, variance: float | None, n: int, *, clusters: int | None = None) -> Estimate:
    """A value with a normal interval. variance: of the value; None gives no interval. clusters: see `critical`."""
    if variance is None:
        return Estimate(value, None, None, n)
    half = critical(clusters) * math.sqrt(variance)
    return Estimate(value, value - half, value + half, n)


def wilson(share: float, n: int, *, worth: float | None = None, clusters: int | None = None) -> Estimate:
    """A share of n rows, n > 0, with Wilson's score interval (Wilson 1927).

    worth: how many rows that stand alone would say as much (n). clusters: see `critical`.
    """
    rows, z = n if worth is None else worth, critical(clusters)
    if not math.isfinite(z) or rows <= 0:
        return Estimate(share, None, None, n)
    shrink = 1 + z**2 / rows
    centre = (share + z**2 / (2 * rows)) / shrink
    half = z * math.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2)) / shrink
    return Estimate(share, max(0.0, centre - half), min(1.0, centre + half), n)


def without_interval(value: float, n: int) -> Estimate:
    """A value for which no simple interval is known."""
    return Estimate(value, None, None, n)


def _if_finite(bound: float | None) -> float | None:
    return bound if bound is not None and math.isfinite(bound) else None
