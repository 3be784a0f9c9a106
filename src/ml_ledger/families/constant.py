"""The constant family: every entity gets the training base rate. The walking skeleton and the zero baseline."""

from __future__ import annotations

import numpy as np

from ml_ledger.coefficients import Coefficient
from ml_ledger.families.base import Columns, Family, Fit


def _fit(*, columns: Columns, label, weight, features, hyperparameters, seed) -> Fit:
    rate = float(np.average(label, weights=weight))
    intercept = float(np.log(rate / (1 - rate)))
    row = Coefficient(output="score", term=0, feature=None, applies_to="intercept", value=intercept)

    def predict(columns: Columns) -> np.ndarray:
        return np.full(len(next(iter(columns.values()))), rate)

    return Fit(coefficients=[row], link="logit", predict=predict)


FAMILY = Family(name="constant", tasks=frozenset({"binary"}), hyperparameters={}, fit=_fit)
