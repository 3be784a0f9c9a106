"""Scorecards: logistic regression on the weight of evidence of bins and levels, with points.

Siddiqi, Credit Risk Scorecards, 2006, chapter 6: points = offset + factor × ln(odds), with factor = points to double
the odds / ln 2 and offset = base points - factor × ln(base odds). Points are not rounded, so that they add up to those
of the score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.coefficients import Coefficient
from ml_ledger.families.family import Family, Fit, Hyperparameter, is_number
from ml_ledger.families.linear import logistic
from ml_ledger.families.linear.additive import accepted_by, coefficient_rows, design_of
from ml_ledger.families.linear.candidates import left_undetermined
from ml_ledger.solvers.objectives import LOGISTIC
from ml_ledger.solvers.separation import Apart, Candidate, minimise_apart
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms.binning import learn_evidence

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec


def _above_zero(default: float, meaning: str) -> Hyperparameter:
    return Hyperparameter(
        default=default,
        accepts=lambda value: is_number(value) and 0 < value < float("inf"),
        allowed=f"a number > 0: {meaning}",
    )


HYPERPARAMETERS = {
    **logistic.HYPERPARAMETERS,
    "min_bin_share": Hyperparameter(
        default=0.05,
        accepts=lambda value: is_number(value) and 0 <= value <= 0.5,
        allowed="a number from 0 to 0.5: the share of the rows that a bin of a number must hold",
    ),
    "base_points": Hyperparameter(
        default=600,
        accepts=lambda value: is_number(value) and math.isfinite(value),
        allowed="a number: the points at the base odds",
    ),
    "base_odds": _above_zero(50, "the odds that are worth the base points"),
    "points_to_double": _above_zero(20, "the points that double the odds"),
    "points_for": Hyperparameter(
        default="negative",
        accepts=lambda value: value in ("negative", "positive"),
        allowed="negative (more points where label 1 is less likely) or positive (where it is more likely)",
    ),
}


def _fit(
    *, training: TrainingRows, features: Mapping[str, InputSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    terms = learn_evidence(features, training, smallest_share=hyperparameters["min_bin_share"])
    columns = design_of(terms)
    declared = [feature.kind == "numeric" and feature.monotone is not None for feature in features.values()]
    apart, weights, means = _weighted(training, list(terms), columns, declared, hyperparameters)
    solution = apart.solution

    def predict(design: Matrix) -> Vector:
        return LOGISTIC.mu(solution.intercept + design @ weights)

    rows = coefficient_rows(terms, intercept=solution.intercept, weights=weights.tolist(), means=means.tolist())
    return Fit(
        coefficients=with_points(rows, hyperparameters),
        link="logit",
        design=columns,
        accepts=accepted_by(terms),
        predict=predict,
        diagnostics={
            "iterations": solution.iterations,
            "passes": solution.passes,
            "gradient": solution.gradient,
            **left_undetermined(apart.undetermined),
            **{f"information_value.{name}": term.information_value for name, term in terms.items()},
            **{f"weight.{name}": float(weight) for name, weight in zip(terms, weights, strict=True)},
        },
    )


def _weighted(
    training: TrainingRows,
    names: Sequence[str],
    columns: Sequence[str],
    declared: Sequence[bool],
    hyperparameters: Mapping[str, Any],
) -> tuple[Apart, Vector, Vector]:
    """The fit, one weight per column, and the mean of each (0 where the weight is 0).

    A negative weight turns an effect around. Where the direction is declared, such a column is left out, weight 0, the
    worst first, until none is left.
    """
    kept = list(range(len(columns)))
    while True:
        alone = [Candidate(unit, names[j]) for unit, j in zip(np.eye(len(kept)), kept, strict=True)]
        apart = minimise_apart(
            training,
            [columns[j] for j in kept],
            LOGISTIC,
            alone,
            strength=logistic.strength_of(hyperparameters["C"]),
            l1_ratio=hyperparameters["l1_ratio"],
            max_iter=hyperparameters["max_iter"],
        )
        solution = apart.solution
        turned = [
            (weight, j) for weight, j in zip(solution.weights, kept, strict=True) if weight < 0 and declared[j]
        ]
        if not turned:
            weights, means = np.zeros(len(columns)), np.zeros(len(columns))
            weights[kept], means[kept] = solution.weights, solution.means
            return apart, weights, means
        kept.remove(min(turned)[1])


def with_points(rows: Sequence[Coefficient], hyperparameters: Mapping[str, Any]) -> list[Coefficient]:
    """The rows with their points: those that match an entity add up to offset + factor × ln(odds)."""
    factor = hyperparameters["points_to_double"] / math.log(2)
    offset = hyperparameters["base_points"] - factor * math.log(hyperparameters["base_odds"])
    sign = 1 if hyperparameters["points_for"] == "positive" else -1
    return [
        replace(row, points=(0.0 if row.term else offset) + sign * factor * (row.value or 0.0)) for row in rows
    ]


FAMILY = Family(
    name="scorecard",
    tasks=frozenset({"binary"}),
    hyperparameters=HYPERPARAMETERS,
    fit=_fit,
    feature_keys=frozenset({"bins", "monotone"}),
    directed=True,
)
