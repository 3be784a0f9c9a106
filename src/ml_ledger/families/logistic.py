"""Logistic regression: one slope per numeric feature, fitted by scikit-learn on standardised columns.

Standardisation and the treatment of NULL are folded into the coefficients afterwards, so that what is scored
is the raw feature: slope = b / s and intercept = b0 - sum(b * m / s), for mean m and deviation s of a column.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml_ledger.coefficients import Coefficient
from ml_ledger.errors import VersionError
from ml_ledger.families.base import Columns, Family, Fit, Hyperparameter, is_number

if TYPE_CHECKING:
    from ml_ledger.spec import FeatureSpec

HYPERPARAMETERS = {
    "C": Hyperparameter(
        default=1.0,
        accepts=lambda value: is_number(value) and 0 < value < float("inf"),
        allowed="a number > 0: the inverse strength of the L2 penalty, as in scikit-learn",
    ),
    "max_iter": Hyperparameter(
        default=100,
        accepts=lambda value: is_number(value) and isinstance(value, int) and value > 0,
        allowed="a whole number > 0",
    ),
}


@dataclass(frozen=True)
class Standardised:
    """How one raw column became design columns: (x - mean) / deviation, NULL as the mean, and an indicator."""

    name: str
    mean: float
    deviation: float
    has_indicator: bool

    def design(self, column: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """One or two design columns of the length of `column`."""
        missing = np.isnan(column)
        scaled = (np.where(missing, self.mean, column) - self.mean) / self.deviation
        return [scaled, missing.astype(float)] if self.has_indicator else [scaled]


def _standardise(
    name: str, column: NDArray[np.float64], weight: NDArray[np.float64], missing_policy: str
) -> Standardised:
    present = ~np.isnan(column)
    values, weights = column[present], weight[present]
    mean = float(np.average(values, weights=weights))
    deviation = float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
    # What rounding leaves of a constant column is no deviation; divided by infinity it is 0, and so is its slope.
    rounding = np.finfo(np.float64).eps * len(values) * float(np.max(np.abs(values)))
    return Standardised(
        name=name,
        mean=mean,
        deviation=deviation if deviation > rounding else float("inf"),
        has_indicator=missing_policy == "own_level",
    )


def _fit(
    *,
    columns: Columns,
    label: NDArray[np.float64],
    weight: NDArray[np.float64],
    features: Mapping[str, FeatureSpec],
    hyperparameters: Mapping[str, Any],
    seed: int,
) -> Fit:
    from sklearn.exceptions import ConvergenceWarning  # imported only when a fit needs it
    from sklearn.linear_model import LogisticRegression

    treatments = [_standardise(name, columns[name], weight, spec.missing) for name, spec in features.items()]

    def design(raw: Columns) -> NDArray[np.float64]:
        return np.column_stack([part for item in treatments for part in item.design(raw[item.name])])

    estimator = LogisticRegression(
        C=hyperparameters["C"],
        max_iter=hyperparameters["max_iter"],
        solver="newton-cholesky",
        tol=1e-9,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # said below, with a way out
        estimator.fit(design(columns), label, sample_weight=weight)
    iterations = int(np.max(estimator.n_iter_))
    if iterations >= hyperparameters["max_iter"]:
        raise VersionError(
            f"logistic: the fit did not converge; got {iterations} iterations. Allowed: fewer than max_iter"
            f" ({hyperparameters['max_iter']}). Nothing was written. Fix: raise max_iter, or lower C."
        )
    fitted = iter(estimator.coef_[0])
    intercept = float(estimator.intercept_[0])
    rows = []
    for term, item in enumerate(treatments, 1):
        slope = float(next(fitted)) / item.deviation
        at_mean = slope * item.mean
        intercept -= at_mean
        if_missing = at_mean + float(next(fitted)) if item.has_indicator else at_mean
        rows += _term(term, item.name, slope, if_missing, features[item.name].missing, columns, weight)
    rows.insert(0, Coefficient(output="score", term=0, feature=None, applies_to="intercept", value=intercept))

    def predict(raw: Columns) -> NDArray[np.float64]:
        return estimator.predict_proba(design(raw))[:, 1]

    return Fit(
        coefficients=rows,
        link="logit",
        predict=predict,
        diagnostics={"iterations": float(iterations)},
    )


def _term(
    term: int,
    name: str,
    slope: float,
    if_missing: float,
    missing_policy: str,
    columns: Columns,
    weight: NDArray[np.float64],
) -> list[Coefficient]:
    contribution = columns[name] * slope
    reference = float(np.average(np.where(np.isnan(contribution), if_missing, contribution), weights=weight))
    shared = {"output": "score", "term": term, "feature": name, "reference": reference}
    rows = [Coefficient(**shared, applies_to="value", slope=slope)]
    if missing_policy != "reject":
        rows.append(Coefficient(**shared, applies_to="missing", value=if_missing))
    return rows


FAMILY = Family(name="logistic", tasks=frozenset({"binary"}), hyperparameters=HYPERPARAMETERS, fit=_fit)
