"""Fit a linear score inside the warehouse: a handful of aggregate queries, and small solves in NumPy.

The penalised loss  sum(w * loss(b0 + z'b, y)) + l2 / 2 * |b|^2 + l1 * |b|_1  is minimised over the intercept b0, which
is not penalised, and the weights b of the design columns z. A sample of rows gives a start, by Newton steps in
memory, and the curvature. From there each pass over all rows is one query that returns the loss and its gradient;
the step solves the quadratic model that gradient and curvature make, by coordinate descent where there is an l1
penalty. Where the curvature of the sample turns out too far from that of all rows, the exact one is asked for. Rows
never leave the engine, but for the sample.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml_ledger.errors import VersionError
from ml_ledger.families.base import Matrix, TrainingRows, Vector
from ml_ledger.families.objectives import LOGISTIC, SQUARED, Objective
from ml_ledger.terms.base import double

SAMPLE_ROWS = 100_000
# Stop when no component of the gradient of the mean loss is larger than this share of a residual, columns being of
# the order of 1.
TOLERANCE = 1e-12
# Rounding in sums over many rows keeps the gradient from getting smaller; this is then good enough.
ACCEPTABLE = 1e-9
# A step that leaves more than this share of the gradient calls for the exact curvature.
STALLED = 0.3
# A mean p (1 - p) below this, over the rows that a column tells apart, means that it separates the classes.
SEPARATED = 1e-7
# No weight of a column of the order of 1 is this large at an optimum.
DIVERGED = 1e8
# Beyond so many columns the exact curvature, which has their square, is taken from a larger sample instead.
EXACT_COLUMNS = 60


@dataclass(frozen=True)
class Solution:
    """A fitted linear score.

    passes: queries over all rows. gradient: the largest component of the gradient of the mean penalised loss that is
    left (with an l1 penalty: of its smallest subgradient). curvature: of the whole loss, intercept first, at or near
    the optimum, (k + 1) × (k + 1). loss: summed over all rows, with the penalty. rows, weight: how many, and the sum
    of their weights.
    """

    intercept: float
    weights: Vector
    passes: int
    iterations: int
    gradient: float
    curvature: Matrix
    loss: float
    rows: int
    weight: float


def minimise(
    training: TrainingRows,
    columns: Sequence[str],
    objective: Objective,
    *,
    strength: float = 0.0,
    per_row: bool = False,
    l1_ratio: float = 0.0,
    max_iter: int = 100,
    exact_curvature: bool = False,
) -> Solution:
    """Fit on all training rows.

    columns: SQL of the k design columns. strength: of the penalty on the summed loss, or with per_row on the mean
    loss; l1_ratio: which part of it is L1, the rest is L2. exact_curvature: whether the solution must carry that of all
    rows (for standard errors).
    Raises VersionError when it does not converge within max_iter iterations, saying why where that can be told.
    """
    problem = _Problem(training, columns, objective)
    total = strength * (problem.weight if per_row else 1.0)
    problem.penalise(l2=total * (1 - l1_ratio), l1=total * l1_ratio)
    beta, iterations = problem.start(max_iter)
    if problem.sample_is_all:
        loss, gradient = problem.in_sample(beta)
        left = problem.optimality(beta, gradient)
        problem.require(left <= ACCEPTABLE, iterations, left, beta)
        return problem.solution(beta, 0, iterations, left, problem.sample_curvature(beta), loss)
    return _over_all_rows(problem, beta, iterations, max_iter, exact_curvature)


def _over_all_rows(
    problem: _Problem, beta: Vector, iterations: int, max_iter: int, exact_curvature: bool
) -> Solution:
    curvature = problem.sample_curvature(beta)
    exact = False
    loss, gradient = problem.over_all(beta)
    left, passes = problem.optimality(beta, gradient), 1
    while left > TOLERANCE and passes < max_iter:
        step = problem.step(beta, gradient, curvature)
        share = 1.0
        while True:
            candidate = beta + share * step
            new_loss, new_gradient = problem.over_all(candidate)
            passes += 1
            # Sums over many rows are exact to about 1e-13 of the loss.
            if new_loss <= loss + 1e-12 * abs(loss) or share < 1e-4 or passes >= max_iter:
                break
            share /= 4
        new_left = problem.optimality(candidate, new_gradient)
        if new_left >= left and left <= ACCEPTABLE:
            break  # rounding is all that is left
        if problem.diverged(candidate):
            break
        stalled = new_left > STALLED * left
        beta, loss, gradient, left = candidate, new_loss, new_gradient, new_left
        if stalled and not exact and left > TOLERANCE:
            curvature, exact = problem.exact_curvature(beta), True
        elif stalled and exact:
            curvature = problem.exact_curvature(beta)
    problem.require(left <= ACCEPTABLE, passes, left, beta)
    if exact_curvature:
        curvature = problem.exact_curvature(beta)
    return problem.solution(beta, passes, iterations + passes, left, curvature, loss)


class _Problem:
    """The rows, the columns and the penalties of one fit. `beta` is the intercept followed by the weights."""

    def __init__(self, training: TrainingRows, columns: Sequence[str], objective: Objective) -> None:
        self.training, self.columns, self.objective = training, list(columns), objective
        self.scale = 1.0
        self.penalise(l2=0.0, l1=0.0)
        (counts,) = training.relation.query(
            f"select count(*) as n, sum(weight) as weight from {training.relation.name} where {training.where}"
        )
        self.n, self.weight = int(counts["n"]), float(counts["weight"])
        self.sample_is_all = self.n <= SAMPLE_ROWS
        self.design, self.label, weight = self._sample(SAMPLE_ROWS)
        self.row_weight = weight * (self.weight / float(np.sum(weight)))

    def penalise(self, *, l2: float, l1: float) -> None:
        """Set the penalties of the weights, in units of the summed loss; the intercept has none."""
        size = len(self.columns) + 1
        self.l2, self.l1 = np.full(size, float(l2)), np.full(size, float(l1))
        self.l2[0] = self.l1[0] = 0.0

    def _sample(self, rows: int) -> tuple[Matrix, Vector, Vector]:
        training = self.training
        if self.n > rows:
            buckets = 1 << 20
            share = math.ceil(buckets * rows / self.n)
            training = TrainingRows(
                training.relation,
                where=f"{training.where} and {training.bucket(buckets)} < {share}",
                label=training.label,
                key=training.key,
            )
        design, label, weight = training.fetch(self.columns)
        return np.column_stack([np.ones(len(label)), design]), label, weight

    def start(self, max_iter: int) -> tuple[Vector, int]:
        """Newton steps on the sample, from zero weights and the intercept that fits the mean."""
        beta = np.zeros(self.design.shape[1])
        mean = float(np.average(self.label, weights=self.row_weight))
        beta[0] = _link_of_mean(self.objective, mean)
        residual = self.objective.residual(np.full(len(self.label), beta[0]), self.label)
        self.scale = math.sqrt(float(np.average(residual**2, weights=self.row_weight))) or 1.0
        loss, gradient = self.in_sample(beta)
        left = self.optimality(beta, gradient)
        for iteration in range(1, max_iter + 1):
            if left <= TOLERANCE:
                return beta, iteration
            step = self.step(beta, gradient, self.sample_curvature(beta))
            share = 1.0
            while True:
                candidate = beta + share * step
                new_loss, new_gradient = self.in_sample(candidate)
                if new_loss <= loss + 1e-13 * abs(loss) or share < 1e-6:
                    break
                share /= 2
            new_left = self.optimality(candidate, new_gradient)
            diverges = not np.isfinite(new_loss) or self.diverged(candidate)
            if diverges or (new_left >= left and left <= ACCEPTABLE):
                return beta, iteration
            beta, loss, gradient, left = candidate, new_loss, new_gradient, new_left
        return beta, max_iter

    def penalty(self, beta: Vector) -> float:
        with np.errstate(over="ignore", invalid="ignore"):  # of a step that went astray
            return float(0.5 * np.sum(self.l2 * beta**2) + np.sum(self.l1 * np.abs(beta)))

    def in_sample(self, beta: Vector) -> tuple[float, Vector]:
        """The penalised loss and the gradient of its smooth part, on the sample, scaled to all rows."""
        with np.errstate(over="ignore", invalid="ignore"):
            eta = self.design @ beta
            loss = float(self.row_weight @ self.objective.loss(eta, self.label))
            residual = self.row_weight * self.objective.residual(eta, self.label)
        return loss + self.penalty(beta), self.design.T @ residual + self.l2 * beta

    def over_all(self, beta: Vector) -> tuple[float, Vector]:
        """The same over all rows, by one query."""
        sums = ", ".join(f"sum(r * z{j}) as g{j}" for j in range(1, len(beta)))
        residual = f"weight * ({self.objective.residual_sql})"
        (row,) = self.training.relation.query(
            f"select sum(weight * ({self.objective.loss_sql})) as loss, sum(r) as g0{', ' if sums else ''}{sums}"
            f" from (select *, {residual} as r from ({self._scored(beta)}) as scored) as residuals"
        )
        gradient = np.array([float(row[f"g{j}"]) for j in range(len(beta))])
        return float(row["loss"]) + self.penalty(beta), gradient + self.l2 * beta

    def _scored(self, beta: Vector) -> str:
        """SQL of all training rows with their design columns z1 … zk, y, weight, eta and mu."""
        columns = "".join(f", cast({column} as double) as z{j}" for j, column in enumerate(self.columns, 1))
        eta = " + ".join([double(beta[0]), *(f"{double(b)} * z{j}" for j, b in enumerate(beta[1:], 1) if b)])
        training = self.training
        return (
            f"select *, {self.objective.mu_sql} as mu from (select *, {eta} as eta from ("
            f"select cast({training.label} as double) as y, weight{columns} from {training.relation.name}"
            f" where {training.where}) as design) as linked"
        )

    def sample_curvature(self, beta: Vector) -> Matrix:
        """Second derivatives of the loss without penalties, from the sample, scaled to all rows."""
        with np.errstate(over="ignore", invalid="ignore"):
            eta = self.design @ beta
            curvature = self.row_weight * self.objective.curvature(eta, self.label)
        return self.design.T @ (self.design * curvature[:, None])

    def exact_curvature(self, beta: Vector) -> Matrix:
        """The same over all rows, by one query; from a larger sample where there are very many columns."""
        size = len(beta)
        if size > EXACT_COLUMNS:
            self.design, self.label, weight = self._sample(10 * SAMPLE_ROWS)
            self.row_weight = weight * (self.weight / float(np.sum(weight)))
            return self.sample_curvature(beta)
        names = ["1e0", *(f"z{j}" for j in range(1, size))]
        pairs = [(i, j) for i in range(size) for j in range(i, size)]
        sums = ", ".join(f"sum(h * {names[i]} * {names[j]}) as h{i}_{j}" for i, j in pairs)
        curvature = f"weight * ({self.objective.curvature_sql})"
        (row,) = self.training.relation.query(
            f"select {sums} from (select *, {curvature} as h from ({self._scored(beta)}) as scored) as curved"
        )
        result = np.empty((size, size))
        for i, j in pairs:
            result[i, j] = result[j, i] = float(row[f"h{i}_{j}"])
        return result

    def step(self, beta: Vector, gradient: Vector, curvature: Matrix) -> Vector:
        """The minimiser of the quadratic model, minus beta."""
        model = curvature + np.diag(self.l2)
        if not self.l1.any():
            try:
                return -np.linalg.solve(model, gradient)
            except np.linalg.LinAlgError:  # collinear columns without a penalty: the shortest of all minimisers
                return -np.linalg.lstsq(model, gradient, rcond=None)[0]
        return _coordinate_descent(model, gradient, beta, self.l1)

    def optimality(self, beta: Vector, gradient: Vector) -> float:
        """The largest component of the (smallest sub-) gradient of the mean loss, 0 at the optimum.

        In units of the residuals before any feature, so that it does not depend on the units of the label.
        """
        smallest = np.where(
            beta == 0,
            np.sign(gradient) * np.maximum(np.abs(gradient) - self.l1, 0),
            gradient + self.l1 * np.sign(beta),
        )
        worst = float(np.max(np.abs(smallest))) / (self.weight * self.scale)
        return worst if np.isfinite(worst) else math.inf

    def diverged(self, beta: Vector) -> bool:
        """Whether weights on a log or log-odds scale have grown beyond any that an optimum can have."""
        return self.objective is not SQUARED and float(np.max(np.abs(beta))) > DIVERGED

    def separated(self, beta: Vector) -> bool:
        """Whether a column tells the label apart: without a penalty, its weight then grows without end."""
        if self.objective is not LOGISTIC or self.l2.any() or self.l1.any():
            return False
        squares = self.row_weight @ self.design**2
        curvature = np.diag(self.sample_curvature(beta))
        used = squares > 0
        return bool(np.min(curvature[used] / squares[used]) < SEPARATED)

    def require(self, converged: bool, iterations: int, gradient: float, beta: Vector) -> None:
        """Raise VersionError unless the fit converged, saying why where that can be told."""
        separated = self.separated(beta)
        if converged and not separated:
            return
        why = "the steps no longer make progress"
        if separated:
            why = "the features separate the classes, so that the weights grow without end"
        raise VersionError(
            f"the fit did not converge: {why}; got a gradient of {gradient:.2g} after {iterations} iterations and a"
            f" largest weight of {float(np.max(np.abs(beta))):.3g}. Allowed: a gradient up to {ACCEPTABLE:g}. Nothing"
            " was written. Fix: raise max_iter, add a penalty (a lower C or a higher alpha), or look for a feature"
            " that gives the label away."
        )

    def solution(
        self, beta: Vector, passes: int, iterations: int, left: float, curvature: Matrix, loss: float
    ) -> Solution:
        return Solution(
            intercept=float(beta[0]),
            weights=beta[1:],
            passes=passes,
            iterations=iterations,
            gradient=left,
            curvature=curvature,
            loss=loss,
            rows=self.n,
            weight=self.weight,
        )


def _coordinate_descent(model: Matrix, gradient: Vector, beta: Vector, l1: Vector) -> Vector:
    """Minimise gradient'd + d'model d / 2 + l1'|beta + d| over d, one coordinate at a time."""
    step = np.zeros_like(beta)
    product = np.zeros_like(beta)  # model @ step
    for _ in range(10_000):
        largest = 0.0
        for j in range(len(beta)):
            if model[j, j] <= 0:
                continue
            slope = gradient[j] + product[j] - model[j, j] * (beta[j] + step[j])
            target = -math.copysign(max(abs(slope) - l1[j], 0.0), slope) / model[j, j]
            change = target - beta[j] - step[j]
            if change:
                step[j] += change
                product += change * model[:, j]
                largest = max(largest, abs(change) * math.sqrt(model[j, j]))
        if largest <= 1e-14 * math.sqrt(float(np.max(np.diag(model)))):
            break
    return step


def _link_of_mean(objective: Objective, mean: float) -> float:
    """The link score whose mean is `mean`: where the fit starts."""
    if objective.mu(np.array([0.0]))[0] == 0.5:
        return math.log(mean / (1 - mean))
    if objective.mu(np.array([0.0]))[0] == 1.0:
        return math.log(mean)
    return mean
