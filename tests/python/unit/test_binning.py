"""How fine bins are merged, against every other way to merge them, and against isotonic regression."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from ml_ledger.terms.binning import merged_bins
from ml_ledger.terms.weight_of_evidence import weight_of_evidence


def every_way_to_merge(fine, totals, share, sign) -> tuple[float, list[int]]:
    """The best information value of monotone bins that keep the minima, and where the bins start."""
    found = (-math.inf, [0])
    for size in range(len(fine)):
        for inner in combinations(range(1, len(fine)), size):
            starts = [0, *inner]
            bins = np.add.reduceat(fine, starts)
            if (bins == 0).any() or (bins.sum(axis=1) < share * sum(totals)).any():
                continue
            evidence = np.log((bins[:, 0] + 0.5) / (bins[:, 1] + 0.5))
            if (sign * np.diff(evidence) <= 0).any():
                continue
            value = float((bins[:, 0] / totals[0] - bins[:, 1] / totals[1]) @ evidence)
            if value > found[0] + 1e-12:
                found = value, starts
    return found


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3])
def test_no_other_way_to_merge_keeps_more_information(share):
    random = np.random.default_rng(3)
    merged = 0
    for _ in range(40):
        fine = random.poisson(random.choice([1, 5, 40]), size=(7, 2)).astype(float)
        totals = fine.sum(axis=0) + 3
        best = {sign: every_way_to_merge(fine, totals, share, sign) for sign in (1, -1)}
        for direction, sign in (("increasing", 1), ("decreasing", -1)):
            starts = merged_bins(fine, totals=totals, smallest_share=share, direction=direction)
            assert starts == best[sign][1]
        either = merged_bins(fine, totals=totals, smallest_share=share, direction=None)
        assert either == max(best.values(), key=lambda found: found[0])[1]
        merged += 1 < len(either) < 7
    assert merged > 10


def test_without_minima_bins_are_the_level_sets_of_isotonic_regression():
    random = np.random.default_rng(8)
    for _ in range(20):
        fine = random.integers(2000, 9000, size=(20, 2)).astype(float)
        starts = merged_bins(fine, totals=fine.sum(axis=0), smallest_share=0.0, direction="increasing")
        rates = IsotonicRegression().fit_transform(
            np.arange(20), fine[:, 0] / fine.sum(axis=1), sample_weight=fine.sum(axis=1)
        )
        assert starts == [0, *(j for j in range(1, 20) if rates[j] > rates[j - 1])]


def test_evidence_of_bins_without_rows_or_of_one_class():
    counts = np.array([[10.0, 30], [0, 0], [30, 0]])
    expected = [math.log((10.5 / 41) / (30.5 / 31)), 0, math.log((30.5 / 41) / (0.5 / 31))]
    assert weight_of_evidence(counts) == pytest.approx(expected, abs=1e-15)
    assert weight_of_evidence(np.array([[10.0, 30], [0, 0]])).tolist() == [0, 0]
