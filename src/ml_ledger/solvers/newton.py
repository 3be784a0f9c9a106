"""Fit a linear score inside the warehouse: a handful of aggregate queries, and small solves in NumPy.

The penalised loss  sum(w * loss(b0 + x'b, y)) + l2 / 2 * |b|^2 + l1 * |b|_1  is minimised over the intercept b0, which
is not penalised, and the weights b of the design columns x. A sample of rows gives a start, by Newton steps in memory,
and the curvature. From there each pass over all rows is one query for the gradient, and a step to the minimum of the
quadratic model that gradient and curvature make; the curvature learns from each step. Where a step does not shrink the
gradient as it should, the exact curvature is asked for, and steps must lower the loss. Rows never leave the engine,
but for the sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.errors import VersionError
from ml_ledger.solvers.newton_steps import newton_step, taught
from ml_ledger.solvers.objectives import Objective
from ml_ledger.solvers.problem import Point, Problem
from ml_ledger.solvers.sums import asked_for
from ml_ledger.solvers.training_rows import TrainingRows

SAMPLE_ROWS = 100_000
# Stop when no component of the gradient of the mean loss is larger than this share of a residual.
TOLERANCE = 1e-12
# Rounding in sums over many rows keeps the gradient from getting smaller; this is then good enough.
ACCEPTABLE = 1e-9
# The optimum of a sample is only a start, and is sought to this tolerance.
START = 1e-6
# The last step is not checked by a pass where the steps before show that it ends this close to the optimum.
CLOSE = 1e-9
# No step is trusted to leave less than this share of the distance.
BEST_RATE = 0.01
# A step that leaves more than this share of the gradient calls for the exact curvature.
STALLED = 0.3
# Beyond so many columns the exact curvature, which has their square, is taken from a larger sample instead.
EXACT_COLUMNS = 60
# So many features are named that separate the classes together.
MOST_NAMES = 5


@dataclass(frozen=True)
class Solution:
    """A fitted linear score.

    intercept, weights: of the k design columns. means: of the columns.
    passes: queries over all rows. gradient: the largest component of the gradient of the mean penalised loss, by
    standardised weights, that is left (with an l1 penalty: of its smallest subgradient); where no pass checked the last
    step, what is left of it by the rate of the steps before.
    rows, weight: how many rows, and the sum of their weights.
    shifts: what is subtracted from columns far from zero, else 0. design: SQL of the columns less their shifts.
    origin: the score where all of them are 0. The score keeps more digits as origin + design'weights.
    curvature: second derivatives of the loss of all rows by origin and weights, (k + 1) × (k + 1), 0 for columns that
    do not vary. loss: of all rows, with the penalty. Both at the optimum; None unless asked for.
    """

    intercept: float
    weights: Vector
    means: Vector
    passes: int
    iterations: int
    gradient: float
    rows: int
    weight: float
    shifts: Vector
    design: Sequence[str]
    origin: float
    curvature: Matrix | None
    loss: float | None


def minimise(
    training: TrainingRows,
    columns: Sequence[str],
    objective: Objective,
    *,
    standardised: Sequence[bool] = (),
    strength: float = 0.0,
    per_row: bool = False,
    l1_ratio: float = 0.0,
    max_iter: int = 100,
    exact_curvature: bool = False,
    names: Sequence[str] = (),
) -> Solution:
    """Fit on all training rows.

    columns: SQL of the k design columns. standardised: of which columns the penalty is on the weight of a standard
    deviation, not of a unit (none). strength: of the penalty on the summed loss, or with per_row on the mean loss;
    l1_ratio: which part of it is L1, the rest is L2. exact_curvature: whether the solution must carry the curvature of
    all rows (for standard errors). names: of the columns, for messages.
    Raises VersionError when it does not converge within max_iter iterations, saying why where that can be told.
    """
    problem = Problem(
        training,
        columns,
        objective,
        standardised=standardised or [False] * len(columns),
        sample_rows=SAMPLE_ROWS,
        exact_columns=EXACT_COLUMNS,
    )
    problem.penalise(strength * (problem.weight if per_row else 1.0), l1_ratio)
    point, iterations = _in_sample(problem, max_iter)
    if not problem.sample_is_all:
        point = _over_all_rows(problem, point, max_iter, exact_curvature)
        iterations += problem.passes
    _require_converged(problem, point, iterations, names)
    return _solution(problem, point, iterations, exact_curvature)


def _in_sample(problem: Problem, max_iter: int) -> tuple[Point, int]:
    """The optimum of the sample, or how far Newton steps came, and their number."""
    point = problem.in_sample(problem.null)
    tolerance = TOLERANCE if problem.sample_is_all else START
    for iteration in range(max_iter):
        if point.left <= tolerance:
            return point, iteration
        step = _step(problem, point, asked_for(point.curvature))
        share = 1.0
        while True:
            candidate = problem.in_sample(point.beta + share * step)
            if candidate.is_no_higher(point, 1e-13) or share < 1e-6:
                break
            share /= 2
        diverges = not np.isfinite(asked_for(candidate.loss)) or problem.diverged(candidate)
        if diverges or (candidate.left >= point.left and point.left <= ACCEPTABLE):
            return point, iteration + 1
        point = candidate
    return point, max_iter


def _over_all_rows(problem: Problem, start: Point, max_iter: int, exact_curvature: bool) -> Point:
    """The optimum over all rows, from that of the sample."""
    if start.left > START or problem.separated(start, below=10 * START):
        start = problem.in_sample(problem.null)
    point = problem.first_pass(start)
    curvature = problem.scale.curvature(asked_for(start.sums.curvature))
    while True:
        point = _descend(problem, point, curvature, max_iter)
        if point.left > ACCEPTABLE or not exact_curvature:
            return point
        point = problem.over_all(point.beta, curvature=True)
        curvature = asked_for(point.curvature)
        if point.left <= ACCEPTABLE or problem.passes >= max_iter:
            return point


def _descend(problem: Problem, point: Point, curvature: Matrix, max_iter: int) -> Point:
    """Steps over all rows, until they are close enough to the optimum or make no progress."""
    exact = point.curvature is not None
    lengths: list[float] = []
    while point.left > TOLERANCE and problem.passes < max_iter:
        step = _step(problem, point, curvature)
        lengths.append(problem.length(step))
        rate = _rate(lengths)
        if rate * lengths[-1] <= CLOSE and rate * point.left <= ACCEPTABLE:
            return replace(point, beta=point.beta + step, left=rate * point.left)
        candidate = _downhill(problem, point, step, max_iter) if exact else problem.over_all(point.beta + step)
        if (candidate.left >= point.left and point.left <= ACCEPTABLE) or problem.diverged(candidate):
            break  # rounding is all that is left, or there is no optimum
        if candidate.left <= STALLED * point.left:
            curvature = taught(curvature, candidate.beta - point.beta, candidate.gradient - point.gradient)
            point, exact = candidate, False
        else:
            nearer = candidate if exact or candidate.left < point.left else point
            point, exact, lengths = problem.over_all(nearer.beta, curvature=True), True, []
            curvature = asked_for(point.curvature)
    return point


def _step(problem: Problem, point: Point, curvature: Matrix) -> Vector:
    gradient = point.gradient + problem.l2 * point.beta
    return newton_step(curvature + np.diag(problem.l2), gradient, point.beta, problem.l1)


def _rate(lengths: Sequence[float]) -> float:
    """Which share of the distance to the optimum a step leaves, by the worse of the last two that can be told."""
    ratios = [after / before for before, after in zip(lengths[-3:], lengths[-2:], strict=False)]
    return max(BEST_RATE, *ratios) if ratios else 1.0


def _downhill(problem: Problem, point: Point, step: Vector, max_iter: int) -> Point:
    """As far along a step as the loss gets smaller."""
    share = 1.0
    while True:
        candidate = problem.over_all(point.beta + share * step, loss=True)
        # Sums over many rows are exact to about 1e-13 of the loss.
        if candidate.is_no_higher(point, 1e-12) or share < 1e-4 or problem.passes >= max_iter:
            return candidate
        share /= 4


def _require_converged(problem: Problem, point: Point, iterations: int, names: Sequence[str]) -> None:
    """Raise VersionError unless the fit converged, saying why where that can be told."""
    # Far from where the gradient is gone, a long step says nothing.
    growing = problem.growing(point) if point.left <= START or problem.diverged(point) else []
    if point.left <= ACCEPTABLE and not growing:
        return
    why, limit = "the steps no longer make progress", f" Allowed: a gradient up to {ACCEPTABLE:g}."
    if growing:
        grown = list(dict.fromkeys(names[j] for j in growing if j < len(names)))
        by = f" by {' and '.join(grown[:MOST_NAMES])} together" if grown else ""
        why, limit = f"the features separate the classes{by}, so that the weights grow without end", ""
    raise VersionError(
        f"the fit did not converge: {why}; got a gradient of {point.left:.2g} after {iterations} iterations and a"
        f" largest weight of {float(np.max(np.abs(point.beta))):.3g}.{limit}"
        " Nothing was written. Fix: raise max_iter, add a penalty (a lower C or a higher alpha), or look for a"
        " feature that gives the label away."
    )


def _solution(problem: Problem, point: Point, iterations: int, exact_curvature: bool) -> Solution:
    of_columns = problem.scale.of_columns(point.beta)
    origin, weights = float(of_columns[0]), of_columns[1:]
    varies = np.array([True, *problem.scale.varies])
    return Solution(
        intercept=origin - float(weights @ problem.shifts),
        weights=weights,
        means=problem.scale.mean + problem.shifts,
        passes=problem.passes,
        iterations=iterations,
        gradient=point.left,
        rows=problem.n,
        weight=problem.weight,
        shifts=problem.shifts,
        design=problem.rows.columns,
        origin=origin,
        curvature=asked_for(point.sums.curvature) * np.outer(varies, varies) if exact_curvature else None,
        loss=point.loss if exact_curvature else None,
    )
