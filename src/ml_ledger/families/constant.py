"""The constant family: every entity gets the training base rate or mean. The skeleton and the zero baseline.

Of a clustering, one cluster around the mean of all training rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.coefficients import Coefficient, Link
from ml_ledger.families.clusters.centroids import Space
from ml_ledger.families.family import Family, Fit
from ml_ledger.families.trees.ensembles import intercept_rows
from ml_ledger.solvers.training_rows import TrainingRows

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec


def _fit(
    *, training: TrainingRows, features: Mapping[str, InputSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    if training.task == "clustering":
        space = Space.learn(features, training)
        return space.fit(space.means()[None], diagnostics={})
    label, source = training.label, f"from {training.relation.name} where {training.where}"
    if training.task == "multiclass":
        found = training.relation.query(
            f"select {label} as _ml_y, sum(_ml_weight) as _ml_weight {source} group by 1 order by 1"
        )
        shares = np.array([float(row["weight"]) for row in found])
        shares /= shares.sum()
        rows = list(intercept_rows(dict(zip(training.classes, np.log(shares).tolist(), strict=True))).values())
        return _constant(rows, "softmax", shares)
    (total,) = training.relation.query(f"select sum(_ml_weight * {label}) / sum(_ml_weight) as _ml_mean {source}")
    mean = float(total["mean"])
    binary = training.task == "binary"
    intercept = float(np.log(mean / (1 - mean))) if binary else mean
    return _constant(list(intercept_rows({"score": intercept}).values()), "logit" if binary else "identity", mean)


def _constant(rows: list[Coefficient], link: Link, score: float | Vector) -> Fit:
    def predict(design: Matrix) -> Vector:
        return np.broadcast_to(np.asarray(score), (len(design), *np.shape(score)))

    return Fit(coefficients=rows, link=link, design=[], accepts="true", predict=predict)


FAMILY = Family(
    name="constant",
    tasks=frozenset({"binary", "multiclass", "regression", "clustering"}),
    hyperparameters={},
    fit=_fit,
)
