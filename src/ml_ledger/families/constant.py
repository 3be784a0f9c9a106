"""The constant family: every entity gets the training base rate. The walking skeleton and the zero baseline."""

from __future__ import annotations

import numpy as np

from ml_ledger.coefficients import Coefficient
from ml_ledger.families.base import Family, Fit, Matrix, TrainingRows, Vector


def _fit(*, training: TrainingRows, features, hyperparameters, seed) -> Fit:
    _, label, weight = training.fetch([])
    rate = float(np.average(label, weights=weight))
    intercept = float(np.log(rate / (1 - rate)))
    row = Coefficient(output="score", term=0, feature=None, applies_to="intercept", value=intercept)

    def predict(design: Matrix) -> Vector:
        return np.full(len(design), rate)

    return Fit(coefficients=[row], link="logit", design=[], accepts="true", predict=predict)


FAMILY = Family(name="constant", tasks=frozenset({"binary"}), hyperparameters={}, fit=_fit)
