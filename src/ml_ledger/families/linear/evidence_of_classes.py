"""Multinomial fits, and what those without a penalty say about themselves, as contrasts to the first class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.families.linear.evidence import Evidence, criteria
from ml_ledger.families.linear.inference import jacobian_of_terms
from ml_ledger.solvers.covariance import Counted, Covariance, corrected
from ml_ledger.solvers.multinomial import minimise_classes
from ml_ledger.solvers.multinomial_problem import MultinomialSolution
from ml_ledger.solvers.separation import Candidate, Undetermined
from ml_ledger.solvers.separation_of_classes import minimise_classes_apart
from ml_ledger.solvers.sums import asked_for
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms import Term


@dataclass(frozen=True)
class FittedClasses:
    """A multinomial fit. evidence: of one without a penalty, contrasts to the first class; None of others.

    weights: of the fit without what is undetermined, standardised. loss: its loss.
    """

    solution: MultinomialSolution
    undetermined: Sequence[Undetermined] = ()
    evidence: Evidence | None = None
    weights: Matrix | None = None
    loss: float = 0.0


def fitted_classes(
    training: TrainingRows,
    columns: Sequence[str],
    candidates: Sequence[Candidate],
    *,
    strength: float,
    **options: Any,
) -> FittedClasses:
    """The fit, what it leaves undetermined, and what it says about itself where it has no penalty.

    Arguments as those of `minimise_classes`; candidates as of `minimise_classes_apart`.
    """
    if strength:
        return FittedClasses(minimise_classes(training, columns, strength=strength, **options))
    if not training.with_tests:
        solution, found, _ = minimise_classes_apart(training, columns, candidates, strength=0.0, **options)
        return FittedClasses(_contrasts(solution), found)
    counted = Counted.of(training)
    by_cluster = replace(training, cluster=training.cluster if counted.clusters else None)
    robust = training.weights_are == "sampling" or counted.clusters is not None
    solution, found, limit = minimise_classes_apart(
        by_cluster, columns, candidates, strength=0.0, exact_curvature=True, with_meat=robust, **options
    )
    width = len(columns) + 1
    covariance = Covariance(asked_for(limit.curvature)[width:, width:] * counted.factor)
    rank = covariance.rank
    if robust:
        meat = asked_for(limit.meat)[width:, width:] * counted.factor**2
        covariance = replace(covariance, meat=corrected(meat, counted, rank))
    loss = counted.factor * limit.loss
    diagnostics = {
        "observations": counted.n,
        "parameters": float(rank),
        "deviance": 2 * loss,
        "null_deviance": _null_deviance(training) * counted.factor,
    }
    if counted.clusters is not None:
        diagnostics["clusters"] = float(counted.clusters)
    if training.weights_are == "frequency":
        diagnostics |= criteria(-loss, rank + len(found), counted.n)
    evidence = Evidence(covariance, diagnostics, rank + len(found), counted.factor, robust)
    spread = np.divide(1.0, limit.per_unit, out=np.zeros_like(limit.per_unit), where=limit.per_unit > 0)
    weights = _contrasts(limit).weights[1:] * spread
    return FittedClasses(_contrasts(solution), found, evidence, weights, limit.loss)


def ratio_of_classes(
    training: TrainingRows,
    fit: FittedClasses,
    columns: Sequence[str],
    candidates: Sequence[Candidate],
    **options: Any,
) -> tuple[float, int]:
    """Twice the logarithm of the ratio of likelihoods to the fit on these columns, and how many parameters less."""
    evidence = asked_for(fit.evidence)
    if not columns:
        more = evidence.diagnostics["null_deviance"] - evidence.diagnostics["deviance"]
        return more, evidence.parameters - (len(training.classes) - 1)
    alone = replace(training, cluster=None)
    _, found, limit = minimise_classes_apart(
        alone, columns, candidates, strength=0.0, exact_curvature=True, **options
    )
    width = len(columns) + 1
    parameters = Covariance(asked_for(limit.curvature)[width:, width:]).rank + len(found)
    return 2 * evidence.factor * (limit.loss - fit.loss), evidence.parameters - parameters


def _contrasts(fit: MultinomialSolution) -> MultinomialSolution:
    return replace(fit, intercepts=fit.intercepts - fit.intercepts[0], weights=fit.weights - fit.weights[0])


def jacobian_of_classes(terms: Mapping[str, Term], solution: MultinomialSolution) -> Matrix:
    """Derivatives of the rows of all classes by intercepts and standardised weights of all but the first."""
    head = np.zeros((1, 1 + len(solution.means)))
    head[0, 0] = 1.0
    of_columns = np.vstack([head, *jacobian_of_terms(terms)])
    standardised = np.diag([1.0, *solution.per_unit])
    standardised[0, 1:] = -solution.means * solution.per_unit
    # A constant column's weight is fixed at 0.
    of_class = of_columns @ standardised
    count, width = of_class.shape
    classes = len(solution.intercepts)
    jacobian = np.zeros((classes * count, (classes - 1) * width))
    for c in range(1, classes):
        jacobian[c * count : (c + 1) * count, (c - 1) * width : c * width] = of_class
    return jacobian


def _null_deviance(training: TrainingRows) -> float:
    """Of the shares of the classes."""
    found = training.relation.query(
        f"select sum(_ml_weight) as _ml_weight from {training.relation.name} where {training.where} and _ml_weight > 0"
        f" group by {training.label}"
    )
    weights: Vector = np.array([float(row["weight"]) for row in found])
    return float(-2 * weights @ np.log(weights / weights.sum()))
