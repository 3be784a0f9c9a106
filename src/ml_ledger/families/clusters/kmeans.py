"""k-means: the nearest of k centroids, which are the means of the rows that are nearest to them.

Fitted by scikit-learn (Lloyd's algorithm from k-means++ starts; Sculley, 2010, "Web-scale k-means clustering", for
mini-batches).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.errors import Problem, TrainingSetError, raise_if_any
from ml_ledger.families.clusters.centroids import Space, squared_distances
from ml_ledger.families.family import Family, Fit
from ml_ledger.families.trees.ensembles import whole
from ml_ledger.solvers.training_rows import TrainingRows

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec

# With more rows than this, the restarts look for a start among as many of them; the best goes on over all rows.
ROWS_OF_RESTARTS = 100_000

HYPERPARAMETERS = {
    "clusters": whole(8, 1, 100),
    "restarts": whole(10, 1),
    "max_iter": whole(300, 1),
    "batch": whole(None, 1),
}


def _fit(
    *, training: TrainingRows, features: Mapping[str, InputSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    space = Space.learn(features, training)
    design, _, weight = training.fetch(space.columns(), in_order=True)
    clusters = hyperparameters["clusters"]
    _require_rows(clusters, len(design), "rows to train on")
    estimator = _estimator(design, weight, hyperparameters, seed)
    squares = squared_distances(design, estimator.cluster_centers_)
    sizes = np.bincount(np.argmin(squares, axis=1), weights=weight, minlength=clusters)
    _require_rows(clusters, int(np.sum(sizes > 0)), "clusters that a row is nearest to")
    by_size = sorted(range(clusters), key=lambda k: (-sizes[k], *estimator.cluster_centers_[k]))
    return space.fit(
        estimator.cluster_centers_[by_size],
        diagnostics={
            "iterations": float(estimator.n_iter_),
            "mean_squared_distance": float(np.average(squares.min(axis=1), weights=weight)),
            **{f"size.{name}": float(sizes[k]) for name, k in enumerate(by_size, 1)},
        },
    )


def _estimator(design: Matrix, weight: Vector, hyperparameters: Mapping[str, Any], seed: int) -> Any:
    """A fitted scikit-learn estimator."""
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    shared = {
        "n_clusters": hyperparameters["clusters"],
        "max_iter": hyperparameters["max_iter"],
        "random_state": seed,
    }
    batch, starts = hyperparameters["batch"], {"n_init": hyperparameters["restarts"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of clusters without rows, which are refused
        if len(design) > ROWS_OF_RESTARTS:
            some = np.random.default_rng(seed).choice(len(design), ROWS_OF_RESTARTS, replace=False)
            sample = KMeans(**shared, **starts).fit(design[some], sample_weight=weight[some])
            starts = {"n_init": 1, "init": sample.cluster_centers_}
        chosen = (
            KMeans(**shared, **starts) if batch is None else MiniBatchKMeans(**shared, **starts, batch_size=batch)
        )
        return chosen.fit(design, sample_weight=weight)


def _require_rows(clusters: int, found: int, of_what: str) -> None:
    if found < clusters:
        problem = Problem(
            "algorithm.hyperparameters.clusters",
            f"the training set has fewer {of_what} than clusters",
            f"{found} for {clusters} clusters",
            fix="declare fewer clusters",
        )
        raise_if_any([problem], TrainingSetError, "The training set cannot be clustered as declared")


FAMILY = Family(
    name="kmeans",
    tasks=frozenset({"clustering"}),
    hyperparameters=HYPERPARAMETERS,
    fit=_fit,
    feature_keys=frozenset(),
)
