"""Metrics of rows that weigh or come in clusters, against plain loops, and as rows that are copied."""

from collections.abc import Mapping

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import t
from sklearn.metrics import average_precision_score, log_loss, r2_score, roc_auc_score

from ml_ledger.evaluation.measure import Metric, measure
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-9
CONNECTION = duckdb.connect()
N = 600


def drawn(seed: int) -> dict[str, np.ndarray]:
    """Rows of 120 clusters of 1 to 9 rows, with ties among scores, and weights of which some are 0."""
    random = np.random.default_rng(seed)
    cluster = np.sort(random.integers(0, 120, N))
    effect = random.normal(size=120)[cluster]
    score = np.round(1 / (1 + np.exp(-effect - random.normal(size=N) / 2)), 2)
    return {
        "cluster": np.array([f"c{c}" for c in cluster]),
        "weight": random.integers(0, 4, N).astype(float),
        "score": score,
        "other": np.round(score, 1),
        "label": (random.random(N) < 1 / (1 + np.exp(-effect))).astype(float),
        "amount": effect + random.normal(size=N),
    }


def measured(
    task: str,
    rows: Mapping[str, np.ndarray],
    *,
    label: str = "label",
    weight: bool = True,
    cluster: bool = True,
    **options,
) -> dict[tuple[str, str, str], Metric]:
    columns = {"_ml_label": rows[label], "_ml_s0_0": rows["score"], "_ml_s1_0": rows["other"]}
    columns |= {"_ml_row_weight": rows["weight"]} if weight else {}
    columns |= {"_ml_cluster": rows["cluster"]} if cluster else {}
    relation = Relation(CONNECTION.from_arrow(pa.table(columns)), name="scored")
    found = measure(relation, task=task, dataset="holdout", scorers=["self", "baseline:b"], **options)
    return {(row.scored_by, row.slice, row.metric): row for row in found}


def by_hand(x: np.ndarray, w: np.ndarray, cluster: np.ndarray) -> tuple[float, float, int]:
    """The weighted mean, its clustered variance, and the number of clusters, by a loop."""
    keep = w > 0
    x, w, cluster = x[keep], w[keep], cluster[keep]
    mean = (w * x).sum() / w.sum()
    sums = [(w[cluster == c] * (x[cluster == c] - mean)).sum() for c in np.unique(cluster)]
    g = len(sums)
    return mean, g / (g - 1) * sum(s**2 for s in sums) / w.sum() ** 2, g


def assert_interval(row: Metric, value: float, variance: float, clusters: int) -> None:
    half = t.ppf(0.975, clusters - 1) * np.sqrt(variance)
    assert (row.value, row.ci_low, row.ci_high) == pytest.approx(
        (value, value - half, value + half), abs=TOLERANCE
    )


@pytest.mark.parametrize("seed", range(3))
def test_means_and_paired_differences_are_clustered_and_weighted(seed):
    rows = drawn(seed)
    got = measured("binary", rows, threshold=0.5)
    y, p, q = rows["label"], np.clip(rows["score"], 1e-15, 1), np.clip(rows["other"], 1e-15, 1)
    losses = [-np.log(np.clip(np.where(y == 1, s, 1 - s), np.finfo(float).eps, 1)) for s in (p, q)]
    w, cluster = rows["weight"], rows["cluster"]
    assert_interval(got["self", "all", "log_loss"], *by_hand(losses[0], w, cluster))
    assert_interval(got["self", "all", "brier"], *by_hand((rows["score"] - y) ** 2, w, cluster))
    assert_interval(got["baseline:b", "all", "log_loss_reduction"], *by_hand(losses[1] - losses[0], w, cluster))
    assert got["self", "all", "log_loss"].value == pytest.approx(log_loss(y, rows["score"], sample_weight=w))
    assert got["self", "all", "log_loss"].n == (w > 0).sum(), "rows, not their weight"


def placements(score: np.ndarray, y: np.ndarray, w: np.ndarray, cluster: np.ndarray) -> tuple[float, float, int]:
    """Area and its variance by pairs: what each row adds, added up by cluster."""
    keep = w > 0
    score, y, w, cluster = score[keep], y[keep], w[keep], cluster[keep]
    wins = (score[:, None] > score) + (score[:, None] == score) / 2
    positive, negative = w * (y == 1), w * (y == 0)
    above = wins @ negative / negative.sum()
    area = (positive * above).sum() / positive.sum()
    below = wins.T @ positive / positive.sum()
    adds = positive * (above - area) / positive.sum() + negative * (below - area) / negative.sum()
    sums = np.array([adds[cluster == c].sum() for c in np.unique(cluster)])
    return area, len(sums) / (len(sums) - 1) * (sums**2).sum(), len(sums)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("weight", [True, False])
def test_the_area_under_the_roc_curve_is_clustered_and_weighted(seed, weight):
    rows = drawn(seed)
    w = rows["weight"] if weight else np.ones(N)
    row = measured("binary", rows, weight=weight)["self", "all", "roc_auc"]
    assert_interval(row, *placements(rows["score"], rows["label"], w, rows["cluster"]))
    assert row.value == pytest.approx(roc_auc_score(rows["label"], rows["score"], sample_weight=w))


def test_clusters_of_one_row_are_rows_that_stand_alone():
    rows = drawn(1)
    alone = rows | {"cluster": np.arange(N).astype(str)}
    assert measured("binary", alone, weight=False) == measured("binary", alone, weight=False, cluster=False)


def test_equal_weights_say_nothing():
    rows = drawn(1) | {"weight": np.full(N, 7.0)}
    one, other = measured("binary", rows, threshold=0.5), measured("binary", rows, weight=False, threshold=0.5)
    assert {key: row.ci_low for key, row in one.items()} == pytest.approx(
        {key: row.ci_low for key, row in other.items()}, abs=1e-12
    )


@pytest.mark.parametrize(("task", "label"), [("binary", "label"), ("regression", "amount")])
def test_a_row_of_weight_three_is_three_rows_of_its_cluster(task, label):
    """Clusters are what is independent, so that copies within one change nothing else than the number of rows."""
    rows = drawn(2)
    copies = np.repeat(np.arange(N), rows["weight"].astype(int))
    copied = {name: values[copies] for name, values in rows.items()}
    one = measured(task, rows, label=label, threshold=0.5)
    other = measured(task, copied, label=label, weight=False, threshold=0.5)
    assert set(one) == set(other)
    for key, row in one.items():
        if key[2] in ("positive_share", "precision", "recall", "f1", "scored_share", "base_rate"):
            continue  # Wilson's interval knows how many rows there are at most
        given = (row.value, row.ci_low, row.ci_high)
        assert given == pytest.approx((other[key].value, other[key].ci_low, other[key].ci_high), abs=1e-9), key


def test_shares_are_worth_as_many_rows_as_their_variance_says():
    rows = drawn(0)
    row = measured("binary", rows, threshold=0.5)["self", "all", "positive_share"]
    mean, variance, clusters = by_hand((rows["score"] >= 0.5).astype(float), rows["weight"], rows["cluster"])
    z, worth = t.ppf(0.975, clusters - 1), mean * (1 - mean) / variance
    centre = (mean + z**2 / (2 * worth)) / (1 + z**2 / worth)
    half = z * np.sqrt(mean * (1 - mean) / worth + z**2 / (4 * worth**2)) / (1 + z**2 / worth)
    assert (row.value, row.ci_low, row.ci_high) == pytest.approx(
        (mean, centre - half, centre + half), abs=TOLERANCE
    )


def test_a_share_that_is_1_is_as_sure_as_there_are_clusters():
    rows = drawn(0)
    row = measured("binary", rows, weight=False)["self", "all", "scored_share"]
    z, clusters = t.ppf(0.975, 119 - (120 - len(np.unique(rows["cluster"])))), None
    counts = np.unique(rows["cluster"], return_counts=True)[1]
    clusters = N**2 / (counts**2).sum()
    assert row.ci_low == pytest.approx(1 / (1 + z**2 / clusters), abs=1e-9)


def test_one_cluster_has_no_interval():
    rows = drawn(0) | {"cluster": np.full(N, "all")}
    got = measured("binary", rows, weight=False, threshold=0.5)
    assert {row.ci_low for row in got.values()} == {None}


def test_weighted_figures_are_those_of_scikit_learn():
    rows = drawn(0)
    w = rows["weight"]
    got = measured("binary", rows, cluster=False)
    expected = average_precision_score(rows["label"], rows["score"], sample_weight=w)
    assert got["self", "all", "average_precision"].value == pytest.approx(expected)
    got = measured("regression", rows, label="amount", cluster=False)
    assert got["self", "all", "r2"].value == pytest.approx(
        r2_score(rows["amount"], rows["score"], sample_weight=w)
    )
    error = np.abs(rows["score"] - rows["amount"])
    order = np.argsort(error)
    half = np.searchsorted(np.cumsum(w[order]), w.sum() / 2)
    assert got["self", "all", "median_absolute_error"].value == pytest.approx(error[order][half])


def test_deciles_hold_equal_weight():
    rows = drawn(0) | {"score": np.random.default_rng(0).permutation(N) / N}
    got = measured("binary", rows)
    w, s, y = (rows[name][np.argsort(rows["score"])] for name in ("weight", "score", "label"))
    middle = (np.cumsum(w) - w / 2) / w.sum()
    for decile in range(10):
        part = (np.floor(10 * middle) == decile) & (w > 0)
        row = got["self", f"score decile {decile + 1}", "mean_score"]
        assert row.value == pytest.approx(np.average(s[part], weights=w[part]))
        row = got["self", f"score decile {decile + 1}", "base_rate"]
        assert row.value == pytest.approx(np.average(y[part], weights=w[part]))
