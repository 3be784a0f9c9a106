"""Distances and tests from counts of bins, against SciPy on the same bins, and Evidently's definition of the index."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from ml_ledger.evaluation import distances
from ml_ledger.monitoring.drift import significance

AT = np.array([-3.0, -1.2, -0.1, 0.4, 2.0, 9.0])
PAIRS = [
    (np.array([10.0, 40, 120, 60, 12, 3]), np.array([210.0, 900, 1700, 1100, 260, 41])),
    (np.array([0.0, 40, 0, 60, 12, 1]), np.array([210.0, 900, 1700, 0, 260, 0])),
    (np.array([5.0, 5, 5, 5, 5, 5]), np.array([50.0, 50, 50, 50, 50, 50])),
]
EXACT = {"rel": 1e-9, "abs": 1e-12}


def values(counts: np.ndarray) -> np.ndarray:
    return np.repeat(AT, counts.astype(int))


@pytest.mark.parametrize(("now", "then"), PAIRS)
def test_distances_are_those_of_scipy_on_the_same_bins(now, then):
    smirnov = stats.ks_2samp(values(now), values(then), method="asymp")
    assert distances.kolmogorov_smirnov(now, then) == pytest.approx(smirnov.statistic, **EXACT)
    # SciPy's own is for as few rows as these; the limit is a little larger.
    assert smirnov.pvalue <= significance.smirnov_test(now, then) <= 1.3 * smirnov.pvalue + 0.1
    assert distances.jensen_shannon(now, then) == pytest.approx(jensenshannon(now, then), **EXACT)
    moved = stats.wasserstein_distance(AT, AT, now, then)
    assert distances.wasserstein(now, then, AT) == pytest.approx(moved, **EXACT)
    used = now + then > 0
    table = stats.chi2_contingency(np.vstack([now[used], then[used]]), correction=False)
    assert distances.chi_square(now, then) == (pytest.approx(table.statistic, **EXACT), table.dof)


def test_the_index_is_that_of_evidently_where_no_bin_is_empty():
    now, then = PAIRS[0]
    reference, current = then / then.sum(), now / now.sum()
    evidently = np.sum((reference - current) * np.log(reference / current))
    assert distances.stability_index(now, then) == pytest.approx(evidently, **EXACT)


def test_an_empty_bin_counts_as_half_a_row_and_one_that_is_empty_on_both_sides_not_at_all():
    now, then = np.array([0.0, 50, 50, 0]), np.array([40.0, 60, 0, 0])
    p, q = np.array([0.5, 50, 50]) / 100, np.array([40, 60, 0.5]) / 100
    assert distances.stability_index(now, then) == pytest.approx(sum((p - q) * np.log(p / q)), **EXACT)


def test_values_are_in_the_middle_of_their_bins_and_the_outer_ones_end_at_the_extremes():
    assert distances.representatives([1.0, 3.0], -1.0, 9.0).tolist() == [0.0, 2.0, 6.0]
    assert distances.representatives([], 2.0, 4.0).tolist() == [3.0]
    assert distances.representatives([5.0], 5.0, 5.0).tolist() == [5.0, 5.0]  # a constant


@pytest.mark.parametrize(("now", "then"), PAIRS)
def test_the_rank_test_is_that_of_mann_and_whitney(now, then):
    expected = stats.mannwhitneyu(values(now), values(then), method="asymptotic", use_continuity=False)
    assert significance.rank_test(now, then) == pytest.approx(expected.pvalue, rel=1e-9)


def test_a_constant_has_no_ranks():
    assert significance.rank_test(np.array([0.0, 9.0]), np.array([0.0, 99.0])) == 1.0


def test_bins_of_which_too_few_rows_are_expected_are_put_together_before_the_chi_square_is_judged():
    now, then = PAIRS[0]
    enough = now[:5], then[:5]
    expected = stats.chi2_contingency(np.vstack(enough), correction=False)
    assert significance.chi_square_test(*enough) == pytest.approx(expected.pvalue, rel=1e-9)
    # Of the last bin, 2.4 rows are expected: it joins the smallest other one, the first.
    pooled = [np.array([side[0] + side[5], *side[1:5]]) for side in PAIRS[0]]
    expected = stats.chi2_contingency(np.vstack(pooled), correction=False)
    assert significance.chi_square_test(now, then) == pytest.approx(expected.pvalue, rel=1e-9)


def test_shares_are_compared_exactly_where_they_are_rare_and_by_the_normal_law_elsewhere():
    rare = stats.fisher_exact([[3, 297], [1, 7999]]).pvalue
    assert significance.share_test(3, 300, 1, 8000) == pytest.approx(rare, rel=1e-12)
    pooled = (60 + 1200) / 8300
    z = (60 / 300 - 1200 / 8000) / np.sqrt(pooled * (1 - pooled) * (1 / 300 + 1 / 8000))
    assert significance.share_test(60, 300, 1200, 8000) == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-12)
    assert significance.share_test(0, 300, 0, 8000) == significance.share_test(300, 300, 9, 9) == 1.0


def test_values_beyond_the_extremes_of_training_are_judged_by_how_often_chance_puts_them_there():
    random = np.random.default_rng(5)
    beyond = 2
    hits = 0
    for _ in range(4000):
        now, then = random.normal(size=40), random.normal(size=120)
        hits += np.sum((now < then.min()) | (now > then.max())) >= beyond
    assert hits / 4000 <= significance.range_test(beyond, 40, 120) * 1.1
    assert hits / 4000 >= significance.range_test(beyond, 40, 120) / 3


def test_q_values_are_those_of_scipy():
    p = [0.02, 0.5, 0.0004, 0.03, 0.03, 1.0, 0.0004]
    assert significance.discovery_rates(p) == pytest.approx(stats.false_discovery_control(p).tolist(), rel=1e-12)
    assert significance.discovery_rates([]) == []
