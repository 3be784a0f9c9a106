"""The clustering of integration_tests, recomputed from raw features with scikit-learn's columns."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import Project
from sklearn.cluster import KMeans
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from test_commands import ml_ledger

CLUSTERS = "1234"
NUMBERS, CATEGORIES = ("logins", "seats", "spent"), ("plan", "is_trial")
# Seats are clipped at 40, and NULL counts as their mean.
RAW = """
    select logins::double, case when seats > 40 then 40 else seats end::double, ln(1 + spent), plan, is_trial::varchar
    from analytics.{table}
    where {where}
    order by account_id, month
"""


def check_segments(project: Project) -> None:
    train = project.query(RAW.format(table="account_segment_training_set", where="_ml_split = 'train'"))
    latest = project.query(RAW.format(table="account_features", where="month = '2024-09-01'"))
    mean_seats = np.mean([row[1] for row in train if row[1] is not None])
    scaler = StandardScaler().fit(numbers(train, mean_seats))
    encoder = OneHotEncoder(sparse_output=False).fit(categories(train))
    train, latest = (
        np.column_stack([scaler.transform(numbers(rows, mean_seats)), encoder.transform(categories(rows))])
        for rows in (train, latest)
    )
    centroids = np.array([centroid(project, name, scaler, encoder) for name in CLUSTERS])
    predictions = project.query(
        "select predicted, score, output_scores, json_array_length(reasons), imputed_features, clipped_features"
        " from analytics.ml_predictions where ml_model = 'account_segment' order by cast(entity_id as int)"
    )
    distances = np.sqrt(((latest[:, None, :] - centroids) ** 2).sum(axis=2))
    scores = np.array([[json.loads(row[2])[name] for name in CLUSTERS] for row in predictions])
    assert np.max(np.abs(scores - distances)) < 1e-9
    assert [row[0] for row in predictions] == [CLUSTERS[nearest] for nearest in distances.argmin(axis=1)]
    assert [row[1] for row in predictions] == list(scores.min(axis=1))
    assert {row[3] for row in predictions} == {3}, "reasons"
    assert sum(row[4] == "seats" for row in predictions) == 40
    assert sum(row[5] == "seats" for row in predictions) == 72

    # Lloyd's algorithm has next to nothing left to do.
    again = KMeans(len(centroids), init=centroids, n_init=1).fit(train)
    assert np.max(np.abs(again.cluster_centers_ - centroids)) < 0.02
    sizes = list(np.bincount(again.labels_))
    assert sizes == sorted(sizes, reverse=True)

    shown = ml_ledger(project, "show", "account_segment", "--warehouse", "warehouse.duckdb")
    assert f"(rows)    {sizes[0]:,}" in shown
    assert "mean squared distance" in shown


def numbers(rows: list[tuple], filled: float) -> np.ndarray:
    return np.array([[row[0], filled if row[1] is None else row[1], row[2]] for row in rows])


def categories(rows: list[tuple]) -> list[list[str]]:
    return [["missing" if row[3] is None else row[3], row[4]] for row in rows]


def centroid(project: Project, name: str, scaler: StandardScaler, encoder: OneHotEncoder) -> np.ndarray:
    """A cluster's coordinates in scikit-learn's columns, from its coefficient rows."""
    rows = project.query(
        "select feature, coalesce(level, applies_to), slope, value from analytics.ml_coefficients"
        f" where ml_model = 'account_segment' and output = '{name}' and term > 0"
    )
    lines = {feature: (slope, value) for feature, _, slope, value in rows if slope is not None}
    slopes, values = np.array([lines[feature] for feature in NUMBERS]).T
    assert slopes == pytest.approx(1 / scaler.scale_, rel=1e-9)
    coordinates = list(-values - slopes * scaler.mean_)
    by_level = {(feature, level): value for feature, level, _, value in rows}
    for feature, known in zip(CATEGORIES, encoder.categories_, strict=True):
        of_level = np.array([by_level[feature, level] for level in known])
        # Each is 1 - 2 × its coordinate + the sum of the squares of all, and coordinates sum to 1.
        squares = (of_level.sum() - len(known) + 2) / len(known)
        coordinates += list((1 + squares - of_level) / 2)
    return np.array(coordinates)
