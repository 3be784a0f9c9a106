"""The constant family: every entity gets the training base rate or mean. The skeleton and the zero baseline."""

from __future__ import annotations

import numpy as np

from ml_ledger.coefficients import Coefficient
from ml_ledger.families.base import Family, Fit, Matrix, TrainingRows, Vector


def _fit(*, training: TrainingRows, features, hyperparameters, seed) -> Fit:
    _, label, weight = training.fetch([])
    mean = float(np.average(label, weights=weight))
    binary = training.task == "binary"
    intercept = float(np.log(mean / (1 - mean))) if binary else mean
    row = Coefficient(output="score", term=0, feature=None, applies_to="intercept", value=intercept)

    def predict(design: Matrix) -> Vector:
        return np.full(len(design), mean)

    link = "logit" if binary else "identity"
    return Fit(coefficients=[row], link=link, design=[], accepts="true", predict=predict)


FAMILY = Family(name="constant", tasks=frozenset({"binary", "regression"}), hyperparameters={}, fit=_fit)
