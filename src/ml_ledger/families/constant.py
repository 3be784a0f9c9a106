"""The constant family: every entity gets the training base rate or mean. The skeleton and the zero baseline.

Of a clustering, one cluster around the mean of all training rows.
"""

from __future__ import annotations

import numpy as np

from ml_ledger.coefficients import Coefficient
from ml_ledger.families.base import Family, Fit, Link, Matrix, TrainingRows, Vector
from ml_ledger.families.centroids import Space
from ml_ledger.families.ensembles import intercept_rows


def _fit(*, training: TrainingRows, features, hyperparameters, seed) -> Fit:
    if training.task == "clustering":
        space = Space.learn(features, training)
        return space.fit(space.means()[None], diagnostics={})
    _, label, weight = training.fetch([])
    if training.task == "multiclass":
        shares = np.bincount(label.astype(int), weights=weight, minlength=len(training.classes))
        shares /= shares.sum()
        rows = list(intercept_rows(dict(zip(training.classes, np.log(shares).tolist(), strict=True))).values())
        return _constant(rows, "softmax", shares)
    mean = float(np.average(label, weights=weight))
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
