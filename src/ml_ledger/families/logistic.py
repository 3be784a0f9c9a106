"""Logistic regression: an additive score on the log-odds scale, fitted inside the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ml_ledger.families.additive import accepted_by, coefficient_rows, design_of
from ml_ledger.families.base import Family, Fit, Hyperparameter, Matrix, TrainingRows, Vector, is_number
from ml_ledger.families.objectives import LOGISTIC
from ml_ledger.terms import learn_terms
from ml_ledger.training.newton import minimise

if TYPE_CHECKING:
    from ml_ledger.spec import FeatureSpec

HYPERPARAMETERS = {
    "C": Hyperparameter(
        default=1.0,
        accepts=lambda value: is_number(value) and 0 < value < float("inf"),
        allowed="a number > 0: the inverse strength of the penalty, as in scikit-learn",
    ),
    "l1_ratio": Hyperparameter(
        default=0.0,
        accepts=lambda value: is_number(value) and 0 <= value <= 1,
        allowed="a number from 0 (an L2 penalty) to 1 (L1); between, elastic net, as in scikit-learn",
    ),
    "max_iter": Hyperparameter(
        default=100,
        accepts=lambda value: is_number(value) and isinstance(value, int) and value > 0,
        allowed="a whole number > 0",
    ),
}


def _fit(
    *,
    training: TrainingRows,
    features: Mapping[str, FeatureSpec],
    hyperparameters: Mapping[str, Any],
    seed: int,
) -> Fit:
    terms = learn_terms(features, training.relation, training.where)
    columns = design_of(terms)
    strength, ratio = 1 / hyperparameters["C"], hyperparameters["l1_ratio"]
    solution = minimise(
        training,
        columns,
        LOGISTIC,
        l2=strength * (1 - ratio),
        l1=strength * ratio,
        max_iter=hyperparameters["max_iter"],
    )

    def predict(design: Matrix) -> Vector:
        return LOGISTIC.mu(solution.intercept + design @ solution.weights)

    return Fit(
        coefficients=coefficient_rows(
            terms,
            intercept=solution.intercept,
            weights=[float(weight) for weight in solution.weights],
            training=training,
        ),
        link="logit",
        design=columns,
        accepts=accepted_by(terms),
        predict=predict,
        diagnostics={
            "iterations": solution.iterations,
            "passes": solution.passes,
            "gradient": solution.gradient,
        },
    )


FAMILY = Family(name="logistic", tasks=frozenset({"binary"}), hyperparameters=HYPERPARAMETERS, fit=_fit)
