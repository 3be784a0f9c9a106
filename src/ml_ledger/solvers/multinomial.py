"""Fit a multinomial logistic regression inside the warehouse: one linear score per class.

The penalised loss  sum(w * (ln(sum over classes of exp(eta)) - eta of the row's class)) + l2 / 2 * |b|^2 + l1 * |b|_1
is minimised over an intercept and k weights per class; as in scikit-learn, every class has its own, and intercepts have
no penalty and mean 0. Newton steps on a sample give a start and the curvature; each pass over all rows is then one
query for the loss and the gradient, and the curvature learns from each step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ml_ledger.arrays import Vector
from ml_ledger.errors import VersionError
from ml_ledger.solvers.multinomial_problem import At, MultinomialProblem, MultinomialSolution
from ml_ledger.solvers.newton import ACCEPTABLE, SAMPLE_ROWS, TOLERANCE
from ml_ledger.solvers.newton_steps import newton_step, taught
from ml_ledger.solvers.sums import asked_for
from ml_ledger.solvers.training_rows import TrainingRows

# Steps are halved so many times at most.
HALVINGS = 20


def minimise_classes(
    training: TrainingRows,
    columns: Sequence[str],
    *,
    standardised: Sequence[bool],
    strength: float,
    l1_ratio: float,
    max_iter: int,
    exact_curvature: bool = False,
    with_meat: bool = False,
    excluded: Sequence[tuple[int, str]] = (),
    names: Sequence[str] = (),
) -> MultinomialSolution:
    """Fit on all training rows; the arguments are those of `newton.minimise`.

    with_meat: whether the solution must carry the outer products of gradients by cluster. excluded: of which class, by
    position, no row is where SQL is true.
    Raises VersionError when it does not converge within max_iter iterations.
    """
    problem = MultinomialProblem(
        training,
        columns,
        standardised,
        strength=strength,
        l1_ratio=l1_ratio,
        excluded=excluded,
        sample_rows=SAMPLE_ROWS,
    )
    at, iterations = _descend(problem, problem.in_sample, problem.in_sample(problem.null()), max_iter)
    if not problem.sample_is_all:
        start = replace(problem.over_all(at.beta), curvature=problem.in_sample(at.beta).curvature)
        at, more = _descend(problem, problem.over_all, start, max_iter)
        iterations += more
    left = problem.left(at)
    if left > ACCEPTABLE:
        raise VersionError(
            f"the fit did not converge: the steps no longer make progress; got a gradient of {left:.2g} after"
            f" {iterations} iterations and a largest weight of {float(np.max(np.abs(at.beta))):.3g}. Allowed: a"
            f" gradient up to {ACCEPTABLE:g}. Nothing was written. Fix: raise max_iter, add a penalty (a lower C), or"
            " look for a feature that gives the label away."
        )
    curvature = problem.curvature(at) if exact_curvature else None
    if curvature is not None:
        problem.require_no_separation(at, curvature, names)
    meat = problem.meat(at) if with_meat else None
    return replace(problem.solution(at, iterations, left), curvature=curvature, meat=meat)


def _descend(
    problem: MultinomialProblem, evaluate: Callable[[Vector], At], at: At, max_iter: int
) -> tuple[At, int]:
    """Steps that lower the loss, until the gradient is gone or only rounding is left."""
    for iteration in range(max_iter):
        left = problem.left(at)
        if left <= TOLERANCE:
            return at, iteration
        step = newton_step(asked_for(at.curvature) + np.diag(problem.l2), at.gradient, at.beta, problem.l1)
        share = 1.0
        for _ in range(HALVINGS):
            candidate = evaluate(at.beta + share * step)
            if candidate.loss <= at.loss + 1e-12 * abs(at.loss):
                break
            share /= 2
        if problem.left(candidate) >= left and left <= ACCEPTABLE:
            return at, iteration + 1
        if candidate.curvature is None:  # a pass over all rows
            change = candidate.gradient - at.gradient
            change = change - problem.l2 * (candidate.beta - at.beta)
            curvature = taught(asked_for(at.curvature), candidate.beta - at.beta, change)
            if problem.left(candidate) > 0.3 * left:
                curvature = asked_for(problem.in_sample(candidate.beta).curvature)
            candidate = replace(candidate, curvature=curvature)
        at = candidate
    return at, max_iter
