"""What rows of clusters are worth, against plain loops; and that drift of such rows is not seen too often."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from ml_ledger.evaluation.estimates import wilson
from ml_ledger.monitoring.drift.significance import rows_worth
from ml_ledger.training_set.design_effects import at_size, cluster_size, of_levels, of_numbers
from ml_ledger.warehouse import Relation

N = 400


def relation(**columns: np.ndarray) -> Relation:
    return Relation(duckdb.connect().from_arrow(pa.table(columns)), name="t")


def clusters(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 60, N)


def by_loop(x: np.ndarray, cluster: np.ndarray) -> float:
    away = x - x.mean()
    return sum(away[cluster == c].sum() ** 2 for c in np.unique(cluster)) / (away**2).sum()


def test_the_size_of_clusters_is_that_of_an_average_row():
    cluster = clusters(0)
    sizes = np.unique(cluster, return_counts=True)[1]
    assert cluster_size(relation(c=cluster), "c", "true") == pytest.approx((sizes**2).sum() / N)
    assert cluster_size(relation(c=np.arange(N)), "c", "true") == 1.0


@pytest.mark.parametrize("seed", range(3))
def test_numbers_are_taken_by_their_bins(seed):
    random, cluster = np.random.default_rng(seed), clusters(seed)
    x = random.normal(size=60)[cluster] + random.normal(size=N) / 2
    edges = sorted(np.quantile(x, [0.25, 0.5, 0.75]))
    (effect,) = of_numbers(relation(c=cluster, x=x), [("x", edges)], "c", "true")
    assert effect == pytest.approx(by_loop(np.searchsorted(edges, x, side="right").astype(float), cluster))
    assert effect > 3


def test_what_is_missing_by_cluster_counts_too():
    cluster = clusters(4)
    missing = np.random.default_rng(4).random(60)[cluster] < 0.3
    x = np.where(missing, np.nan, np.random.default_rng(5).normal(size=N))
    table = pa.table({"c": cluster, "x": pa.array(x, from_pandas=True)})
    (effect,) = of_numbers(Relation(duckdb.from_arrow(table), name="t"), [("x", [0.0])], "c", "true")
    assert effect == pytest.approx(by_loop(missing.astype(float), cluster))


def test_levels_are_taken_by_the_mean_that_corrects_a_chi_square():
    random, cluster = np.random.default_rng(6), clusters(6)
    level = np.where(random.random(N) < 0.7, random.integers(0, 3, 60)[cluster], random.integers(0, 3, N))
    expected = 0.0
    for k in range(3):
        share = (level == k).mean()
        expected += (1 - share) * by_loop((level == k).astype(float), cluster) / 2
    found = of_levels(relation(c=cluster, x=level), "cast(x as varchar)", "c", "true")
    assert found == pytest.approx(expected)


def test_chance_makes_no_row_worth_more_than_one():
    cluster = clusters(7)
    apart = np.argsort(np.argsort(cluster, kind="stable")) % 2  # half of each cluster here, half there
    (effect,) = of_numbers(relation(c=cluster, x=apart.astype(float)), [("x", [0.5])], "c", "true")
    assert effect == 1.0
    assert of_numbers(relation(c=cluster, x=np.ones(N)), [("x", [])], "c", "true") == [1.0]
    assert of_levels(relation(c=cluster, x=np.ones(N)), "x", "c", "true") == 1.0


@pytest.mark.parametrize(
    ("effect", "size", "other", "expected"),
    [
        (1.0, 4.0, 9.0, 1.0),
        (4.0, 4.0, 9.0, 9.0),
        (2.5, 4.0, 3.0, 2.0),
        (1.0, 1.0, 5.0, 5.0),
        (2.0, 3.0, 1.0, 1.0),
        # Less alike than strangers, or more than copies, they are not.
        (0.5, 4.0, 9.0, 1.0),
        (9.0, 4.0, 9.0, 9.0),
    ],
)
def test_clusters_of_another_size_are_as_alike(effect, size, other, expected):
    assert at_size(effect, size, other) == pytest.approx(expected)


@pytest.mark.parametrize(("share", "n"), [(0.0, 40), (0.5, 7), (0.2, 133.5), (1.0, 5), (0.97, 1000)])
def test_an_interval_says_how_many_rows_it_is_worth(share, n):
    interval = wilson(share, 10_000, worth=n)
    assert interval.ci_low is not None and interval.ci_high is not None
    assert rows_worth(share, interval.ci_low, interval.ci_high) == pytest.approx(n, rel=1e-6)
