"""What a fit with Firth's penalty leaves: coefficient rows, with standard errors, and numbers about the fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.families.family import Fit
from ml_ledger.families.linear.additive import accepted_by, coefficient_rows, design_of
from ml_ledger.families.linear.inference import jacobian_of_terms, with_tests
from ml_ledger.families.linear.joint_tests import wald_tests
from ml_ledger.solvers.covariance import Covariance, corrected
from ml_ledger.solvers.firth import minimise_firth
from ml_ledger.solvers.objectives import LOGISTIC
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms import learn_terms

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec


def fit_firth(training: TrainingRows, features: Mapping[str, InputSpec], *, max_iter: int) -> Fit:
    """Learn the terms, fit one weight per design column, and return the rows of a logistic version.

    Standard errors are by the inverse information at the maximum, as R's logistf has them; of sampling weights and
    clusters a sandwich. Tests are Wald's.
    """
    terms = learn_terms(features, training.relation, training.where)
    columns = design_of(terms)
    found = minimise_firth(training, columns, max_iter=max_iter)
    rows = coefficient_rows(
        terms, intercept=found.intercept, weights=found.weights.tolist(), means=found.means.tolist()
    )
    about: dict[str, float] = {
        "iterations": found.iterations,
        "gradient": found.gradient,
        "observations": found.counted.n,
        "deviance": -2 * found.likelihood,
        "penalised_log_likelihood": found.penalised,
    }
    if training.with_tests:
        covariance = Covariance(found.information)
        about["parameters"] = float(covariance.rank)
        if training.weights_are == "sampling" or found.clusters is not None:
            meat = corrected(found.meat, found.counted, covariance.rank)
            covariance = Covariance(found.information, meat=meat)
        jacobian = np.vstack([np.eye(1, 1 + len(columns)), *jacobian_of_terms(terms)])
        rows = with_tests(rows, jacobian, covariance)
        about |= wald_tests(terms, found.weights[None], covariance)

    def predict(design: Matrix) -> Vector:
        return LOGISTIC.mu(found.intercept + design @ found.weights)

    return Fit(
        coefficients=rows,
        link="logit",
        design=columns,
        accepts=accepted_by(terms),
        predict=predict,
        diagnostics=about,
    )
