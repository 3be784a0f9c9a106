"""How strongly a score goes with a label, over rows in memory, with what each row adds to the estimate.

A strength is 0 by chance and 1 at best: 2·AUC - 1 where labels are 0 and 1 (Somers' D), the correlation where they are
numbers. Influences (Hampel 1974) make intervals of what is computed from several strengths on the same rows: the
variance of a weighted sum of strengths is that of the same sum of influences, over n.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Vector
from ml_ledger.evaluation.estimates import Z95


@dataclass(frozen=True)
class Strength:
    """A strength over n rows, or clusters of rows that belong together. influence: of each, of mean 0."""

    value: float
    influence: Vector

    def __add__(self, other: Strength) -> Strength:
        return Strength(self.value + other.value, self.influence + other.influence)

    def times(self, factor: float) -> Strength:
        """A multiple of it."""
        return Strength(factor * self.value, factor * self.influence)

    def plus(self, number: float) -> Strength:
        """It and a number that is no estimate."""
        return Strength(self.value + number, self.influence)

    def by_cluster(self, clusters: NDArray[np.int64]) -> Strength:
        """It, with one influence per cluster of rows. clusters: of each row the number, from 0, without gaps."""
        sums = np.asarray(np.bincount(clusters, self.influence), dtype=np.float64)
        return Strength(self.value, sums * (len(sums) / len(clusters)))

    @property
    def half_width(self) -> float:
        """Of its 95 % interval."""
        return float(Z95 * np.std(self.influence) / np.sqrt(len(self.influence)))


def rank_strength(label: Vector, score: Vector) -> Strength:
    """2·AUC - 1 of n scores for n labels of 0 and 1, both of which occur. Its interval is DeLong's."""
    positive = label > 0.5
    shares = np.empty(len(score))
    shares[positive] = _share_below(score[~positive], score[positive])
    shares[~positive] = 1 - _share_below(score[positive], score[~positive])
    area = float(np.mean(shares[positive]))
    parts = np.where(positive, len(label) / np.sum(positive), len(label) / np.sum(~positive))
    return Strength(2 * area - 1, 2 * parts * (shares - area))


def correlation(label: Vector, score: Vector) -> Strength:
    """Pearson's r of n numbers with n others; 0 where either is constant."""
    (x, y) = (label - np.mean(label), score - np.mean(score))
    spread = float(np.std(x) * np.std(y))
    if not spread > 0:
        return Strength(0.0, np.zeros(len(label)))
    (x, y) = (x / np.std(x), y / np.std(y))
    r = float(np.mean(x * y))
    return Strength(r, x * y - r / 2 * (x * x + y * y))


def mean_strength(strengths: Sequence[Strength], weights: Vector) -> Strength:
    """The weighted mean."""
    parts = [item.times(float(weight)) for item, weight in zip(strengths, weights / np.sum(weights), strict=True)]
    return sum(parts[1:], start=parts[0])


def _share_below(others: Vector, scores: Vector) -> Vector:
    """Per score, which share of the others is lower; one that is equal counts half."""
    ordered = np.sort(others)
    places = np.searchsorted(ordered, scores, side="left") + np.searchsorted(ordered, scores, side="right")
    return places / (2 * len(others))
