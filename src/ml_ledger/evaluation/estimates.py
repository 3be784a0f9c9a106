"""A metric's value with its interval, and the row of a version's metrics that it becomes.

Intervals are at 95 % and treat rows as independent. That holds for a holdout of one as-of date (one row per entity);
over several as-of dates the same entity appears again and the intervals are too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

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


def normal(value: float, variance: float | None, n: int) -> Estimate:
    """A value with a normal interval. variance: of the value; None gives no interval."""
    if variance is None:
        return Estimate(value, None, None, n)
    half = Z95 * math.sqrt(variance)
    return Estimate(value, value - half, value + half, n)


def wilson(share: float, n: int) -> Estimate:
    """A share of n rows, n > 0, with Wilson's score interval (Wilson 1927)."""
    shrink = 1 + Z95**2 / n
    centre = (share + Z95**2 / (2 * n)) / shrink
    half = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2)) / shrink
    return Estimate(share, max(0.0, centre - half), min(1.0, centre + half), n)


def without_interval(value: float, n: int) -> Estimate:
    """A value for which no simple interval is known."""
    return Estimate(value, None, None, n)


def _if_finite(bound: float | None) -> float | None:
    return bound if bound is not None and math.isfinite(bound) else None
