"""Metrics of distances to centroids."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from test_metrics import TOLERANCE, assert_mean, found, measured, values


def distances(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """To the nearest and the second nearest, NaN where there is one."""
    ordered = np.sort(np.linalg.norm(points[:, None] - centroids[None], axis=2), axis=1)
    return np.column_stack([ordered, np.full(len(points), np.nan)])[:, :2]


def data() -> tuple[np.ndarray, KMeans, np.ndarray]:
    points = np.random.default_rng(0).normal(size=(300, 2)) + np.repeat([[0, 0], [4, 0], [0, 4]], 100, axis=0)
    fitted = KMeans(3, random_state=0, n_init=1).fit(points)
    return points, fitted, distances(points, fitted.cluster_centers_)


def test_the_mean_squared_distance_is_scikit_learns_inertia_per_row():
    _, fitted, own = data()
    got = found(measured("clustering", None, {"self": own}))["mean_squared_distance"]
    assert got.value == pytest.approx(fitted.inertia_ / 300, abs=TOLERANCE)
    assert_mean(got, own[:, 0] ** 2)


def test_the_silhouette_is_that_of_a_loop():
    _, _, own = data()
    per_row = np.array([(b - a) / max(a, b) for a, b in own])
    assert_mean(found(measured("clustering", None, {"self": own}))["silhouette"], per_row)


def test_a_single_cluster_has_no_silhouette_and_loses_against_three():
    points, _, own = data()
    one = distances(points, points.mean(axis=0, keepdims=True))
    metrics = measured("clustering", None, {"self": own, "baseline:one": one})
    reduction = found(metrics, "baseline:one")["squared_distance_reduction"]
    assert_mean(reduction, one[:, 0] ** 2 - own[:, 0] ** 2)
    assert reduction.ci_low > 0
    assert set(values(metrics, "baseline:one")) == {
        "scored_share",
        "mean_squared_distance",
        "squared_distance_reduction",
    }


def test_rows_without_a_distance_are_counted_and_left_out():
    _, _, own = data()
    own[:30, 0] = np.nan
    own[30:60, 1] = np.inf
    got = found(measured("clustering", None, {"self": own}))
    assert got["scored_share"].value == pytest.approx(0.9)
    assert (got["mean_squared_distance"].n, got["silhouette"].n) == (270, 240)


def test_a_row_on_two_centroids_has_a_silhouette_of_zero_and_on_one_of_one():
    own = np.array([[0.0, 0.0], [0.0, 2.0]])
    assert values(measured("clustering", None, {"self": own}))["silhouette"] == 0.5
    assert "silhouette" not in values(measured("clustering", None, {"self": np.array([[0.0, np.nan]])}))
