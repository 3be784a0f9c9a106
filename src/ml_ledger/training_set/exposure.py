"""Counts and amounts of rows that were exposed for different lengths: an offset on the link, ln(exposure).

A family is fitted to the rate, label / exposure, by weights that make this the fit with the offset: those of a Poisson
loss are multiplied by the exposure, those of a gamma loss are not (McCullagh and Nelder, Generalized Linear Models,
1989, chapters 6 and 8). The version gets a term that adds ln(exposure), so that its score is the expected label itself.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.coefficients import Coefficient
from ml_ledger.declaration import AlgorithmSpec, MLModelSpec
from ml_ledger.declaration.algorithms import loss_of
from ml_ledger.declaration.ml_model import SMALLEST_EXPOSURE
from ml_ledger.families.family import Fit
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.sql_literals import double
from ml_ledger.terms.learn import weighted_means
from ml_ledger.warehouse import quoted


def exposure_of(spec: MLModelSpec) -> str | None:
    """SQL of a row's exposure, a double; None where none is declared."""
    return None if spec.exposure is None else f"cast({quoted(spec.exposure)} as double)"


def by_exposure(spec: MLModelSpec, algorithm: AlgorithmSpec, training: TrainingRows) -> TrainingRows:
    """The rows as a family is fitted to them: rates, and the weights that belong to them."""
    exposure = exposure_of(spec)
    if exposure is None:
        return training
    rates = replace(training, label=f"({training.label}) / {exposure}", exposure=exposure)
    if loss_of(algorithm) == "gamma":
        return rates
    return replace(rates, relation=training.relation.with_weight(f"_ml_weight * {exposure}"))


def with_offset(spec: MLModelSpec, fit: Fit, training: TrainingRows) -> Fit:
    """A fit of rates as one of what is expected of a row. training: the rows that it was fitted to."""
    if spec.exposure is None:
        return fit
    exposure = exposure_of(spec)
    assert exposure is not None
    term = 1 + max(row.term for row in fit.coefficients)
    offset = partial(Coefficient, "score", term, spec.exposure, "value", lower=SMALLEST_EXPOSURE)
    head, *others = fit.coefficients
    predict = fit.predict
    if fit.link == "log":
        column = f"ln({exposure})"
        (mean,) = weighted_means({0: column}, training.relation, training.where).values()
        row = offset(slope=1.0, transform="log", reference=mean)

        def scored(design: Matrix) -> Vector:
            return predict(design[:, :-1]) * np.exp(design[:, -1])

    else:  # a constant: its rate per unit of exposure
        column, rate = exposure, head.value or 0.0
        (mean,) = weighted_means({0: column}, training.relation, training.where).values()
        row = offset(slope=rate, reference=rate * mean)
        head = replace(head, value=0.0)

        def scored(design: Matrix) -> Vector:
            return rate * design[:, -1]

    return replace(
        fit,
        coefficients=[head, *others, row],
        design=[*fit.design, column],
        accepts=f"({fit.accepts}) and {exposure} >= {double(SMALLEST_EXPOSURE)} and isfinite({exposure})",
        predict=scored,
    )
