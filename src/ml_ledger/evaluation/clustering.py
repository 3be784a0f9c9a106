"""Metrics of an assignment to the nearest of some centroids."""

from __future__ import annotations

from collections.abc import Iterator

from ml_ledger.evaluation.estimates import Measured
from ml_ledger.evaluation.rows import ScoredRows, is_scored


def measure_clustering(rows: ScoredRows) -> Iterator[Measured]:
    """Metrics of each scorer, and how much nearer the first one's centroids are on the same rows.

    rows: two outputs per scorer, the distances to the nearest and to the second nearest centroid, the second NULL
    where there is one cluster.
    """
    values: dict[tuple[str, str], str] = {}
    for i, scorer in enumerate(rows.scorers):
        near, next_near = f"_ml_s{i}_0", f"_ml_s{i}_1"
        values |= {
            (scorer, "scored_share"): is_scored(near),
            (scorer, "mean_squared_distance"): f"{near} * {near}",
            # of centroids that coincide with the row, none is better: 0, as in scikit-learn
            (scorer, "silhouette"): f"case when {next_near} > 0"
            f" then ({next_near} - {near}) / greatest({near}, {next_near}) when {next_near} = 0 then 0e0 end",
        }
        if i > 0:
            values[scorer, "squared_distance_reduction"] = f"{near} * {near} - _ml_s0_0 * _ml_s0_0"
    for (scorer, metric), moments in rows.moments(values).items():
        yield Measured(scorer, metric, moments.share() if metric == "scored_share" else moments.average())
