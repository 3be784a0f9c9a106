"""Fit a multinomial logistic regression inside the warehouse: one linear score per class.

The penalised loss  sum(w * (ln(sum over classes of exp(eta)) - eta of the row's class)) + l2 / 2 * |b|^2 + l1 * |b|_1
is minimised over an intercept and k weights per class; as in scikit-learn, every class has its own, and intercepts have
no penalty and mean 0. Newton steps on a sample give a start and the curvature; each pass over all rows is then one
query for the loss and the gradient, and the curvature learns from each step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml_ledger.errors import VersionError
from ml_ledger.families.base import Matrix, TrainingRows, Vector
from ml_ledger.terms.base import double
from ml_ledger.training.newton import ACCEPTABLE, SAMPLE_ROWS, TOLERANCE
from ml_ledger.training.steps import newton_step, taught

# Rows of a sample whose curvature is summed at once.
BLOCK = 8_192
# Steps are halved so many times at most.
HALVINGS = 20


@dataclass(frozen=True)
class MultinomialSolution:
    """Intercepts (K) and weights (K × k) of the design columns; means (k) of the columns; the rest as `Solution`."""

    intercepts: Vector
    weights: Matrix
    means: Vector
    passes: int
    iterations: int
    gradient: float


@dataclass(frozen=True)
class _At:
    """The penalised loss of all rows at a beta, and its derivatives without the l1 penalty, K × (k + 1) flat."""

    beta: Vector
    loss: float
    gradient: Vector
    curvature: Matrix | None


def minimise_classes(
    training: TrainingRows,
    columns: Sequence[str],
    *,
    standardised: Sequence[bool],
    strength: float,
    l1_ratio: float,
    max_iter: int,
) -> MultinomialSolution:
    """Fit on all training rows; the arguments are those of `newton.minimise`.

    Raises VersionError when it does not converge within max_iter iterations.
    """
    problem = _Problem(training, columns, standardised, strength=strength, l1_ratio=l1_ratio)
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
    return problem.solution(at, iterations, left)


def _descend(problem: _Problem, evaluate, at: _At, max_iter: int) -> tuple[_At, int]:
    """Steps that lower the loss, until the gradient is gone or only rounding is left."""
    for iteration in range(max_iter):
        left = problem.left(at)
        if left <= TOLERANCE:
            return at, iteration
        step = newton_step(at.curvature + np.diag(problem.l2), at.gradient, at.beta, problem.l1)
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
            curvature = taught(at.curvature, candidate.beta - at.beta, change)
            if problem.left(candidate) > 0.3 * left:
                curvature = problem.in_sample(candidate.beta).curvature
            candidate = replace(candidate, curvature=curvature)
        at = candidate
    return at, max_iter


class _Problem:
    """Rows, columns and penalties of one fit. `beta` is K × (k + 1), flat: by class the intercept, then the weights.

    The columns are standardised by the mean and deviation of all rows; constant ones have weight 0.
    """

    def __init__(
        self,
        training: TrainingRows,
        columns: Sequence[str],
        standardised: Sequence[bool],
        *,
        strength: float,
        l1_ratio: float,
    ) -> None:
        self.training, self.columns, self.classes = training, list(columns), len(training.classes)
        self.passes = 0
        self.n, self.weight, self.mean, self.deviation = self._moments()
        varies = self.deviation > 8 * np.finfo(np.float64).eps * np.maximum(np.abs(self.mean), 1e-300)
        self.per_unit = np.divide(1.0, self.deviation, out=np.zeros_like(self.deviation), where=varies)
        per_weight = np.where(np.array(standardised, dtype=bool), 1.0, self.per_unit)
        by_class = np.array([0.0, *per_weight])
        self.l2 = np.tile(strength * (1 - l1_ratio) * by_class**2, self.classes)
        self.l1 = np.tile(strength * l1_ratio * by_class, self.classes)
        self.sample_is_all = self.n <= SAMPLE_ROWS
        if not self.sample_is_all:
            share = math.ceil((1 << 20) * SAMPLE_ROWS / self.n)
            training = replace(training, where=f"{training.where} and {training.bucket(1 << 20)} < {share}")
        # A sample is small, whatever the families that fetch all rows may take.
        design, self.label, weight = replace(training, memory_mb=None).fetch(columns)
        standard = (design - self.mean) * self.per_unit
        self.design = np.column_stack([np.ones(len(standard)), standard])
        self.row_weight = weight * (self.weight / float(weight.sum()))

    def _moments(self) -> tuple[int, float, Vector, Vector]:
        """Rows, their weight, and mean and deviation of each column, by sums around its plain mean."""
        source = f"from {self.training.relation.name} where {self.training.where}"
        first = ", ".join(f"avg(cast({sql} as double)) as _ml_a{j}" for j, sql in enumerate(self.columns))
        (near,) = self.training.relation.query(
            f"select count(*) as _ml_n, sum(_ml_weight) as _ml_weight{', ' if first else ''}{first} {source}"
        )
        around = [float(near[f"a{j}"]) for j in range(len(self.columns))]
        away = [f"({sql} - {double(a)})" for sql, a in zip(self.columns, around, strict=True)]
        sums = ", ".join(
            f"sum(_ml_weight * {sql}) as _ml_m{j}, sum(_ml_weight * {sql} * {sql}) as _ml_s{j}"
            for j, sql in enumerate(away)
        )
        weight = float(near["weight"])
        if not sums:
            return int(near["n"]), weight, np.zeros(0), np.zeros(0)
        (found,) = self.training.relation.query(f"select {sums} {source}")
        off = np.array([float(found[f"m{j}"]) for j in range(len(around))]) / weight
        square = np.array([float(found[f"s{j}"]) for j in range(len(around))]) / weight
        return int(near["n"]), weight, np.array(around) + off, np.sqrt(np.maximum(square - off**2, 0.0))

    def null(self) -> Vector:
        """No weights, and the intercepts that fit the shares of the classes."""
        beta = np.zeros((self.classes, len(self.columns) + 1))
        shares = np.bincount(self.label.astype(int), weights=self.row_weight, minlength=self.classes)
        logs = np.log(shares / shares.sum())
        beta[:, 0] = logs - logs.mean()
        return beta.ravel()

    def in_sample(self, beta: Vector) -> _At:
        """Everything at a beta, as the sample has it."""
        by_class = beta.reshape(self.classes, -1)
        eta = self.design @ by_class.T
        highest = eta.max(axis=1, keepdims=True)
        odds = np.exp(eta - highest)
        total = odds.sum(axis=1, keepdims=True)
        share = odds / total
        own = np.arange(len(eta)), self.label.astype(int)
        loss = float(self.row_weight @ (np.log(total[:, 0]) + highest[:, 0] - eta[own]))
        residual = share.copy()
        residual[own] -= 1
        gradient = ((residual * self.row_weight[:, None]).T @ self.design).ravel()
        return self._at(beta, loss, gradient, self._curvature(share))

    def _curvature(self, share: Matrix) -> Matrix:
        width = self.design.shape[1]
        curvature = np.zeros((self.classes, width, self.classes, width))
        for start in range(0, len(share), BLOCK):
            design, p = self.design[start : start + BLOCK], share[start : start + BLOCK]
            weight = self.row_weight[start : start + BLOCK]
            for one in range(self.classes):
                for other in range(one, self.classes):
                    bend = weight * p[:, one] * ((one == other) - p[:, other])
                    curvature[one, :, other] += design.T @ (design * bend[:, None])
        for one in range(self.classes):
            for other in range(one):
                curvature[one, :, other] = curvature[other, :, one].T
        return curvature.reshape(self.classes * width, -1)

    def over_all(self, beta: Vector) -> _At:
        """Loss and gradient by one query over all rows; each step of the computation is a subquery of its own."""
        self.passes += 1
        names = range(self.classes)
        z = [f"_ml_z{j}" for j in range(len(self.columns))]
        columns = "".join(
            f", ({sql} - {double(mean)}) * {double(per_unit)} as {name}"
            for sql, mean, per_unit, name in zip(self.columns, self.mean, self.per_unit, z, strict=True)
        )
        rows = self.training
        source = f"select {rows.label} as _ml_y, _ml_weight{columns} from {rows.relation.name} where {rows.where}"
        etas = ", ".join(
            " + ".join([double(row[0]), *(f"{double(b)} * {name}" for b, name in zip(row[1:], z, strict=True))])
            + f" as _ml_e{c}"
            for c, row in zip(names, beta.reshape(self.classes, -1), strict=True)
        )
        odds = ", ".join(f"exp(_ml_e{c} - _ml_highest) as _ml_o{c}" for c in names)
        residuals = ", ".join(
            f"_ml_weight * (_ml_o{c} / _ml_total - case when _ml_y = {c} then 1e0 else 0e0 end) as _ml_r{c}"
            for c in names
        )
        own = " ".join(f"when {c} then _ml_e{c}" for c in names)
        for layer in (
            etas,
            f"greatest({', '.join(f'_ml_e{c}' for c in names)}) as _ml_highest",
            odds,
            f"{' + '.join(f'_ml_o{c}' for c in names)} as _ml_total",
            f"{residuals}, _ml_weight * (ln(_ml_total) + _ml_highest - case cast(_ml_y as integer) {own}"
            f" end) as _ml_loss",
        ):
            source = f"select *, {layer} from ({source}) as _ml_rows_so_far"
        sums = ", ".join(
            f"sum(_ml_r{c}{'' if not name else f' * {name}'}) as _ml_g{c}_{j}"
            for c in names
            for j, name in enumerate(["", *z])
        )
        (found,) = rows.relation.query(f"select sum(_ml_loss) as _ml_loss, {sums} from ({source}) as _ml_summed")
        gradient = [float(found[f"g{c}_{j}"]) for c in names for j in range(len(z) + 1)]
        return self._at(beta, float(found["loss"]), np.array(gradient), None)

    def _at(self, beta: Vector, loss: float, gradient: Vector, curvature: Matrix | None) -> _At:
        penalty = float(0.5 * np.sum(self.l2 * beta**2) + np.sum(self.l1 * np.abs(beta)))
        return _At(beta, loss + penalty, gradient + self.l2 * beta, curvature)

    def left(self, at: _At) -> float:
        """The largest component of the (smallest sub-) gradient of the mean loss, 0 at the optimum."""
        smallest = np.where(
            at.beta == 0,
            np.sign(at.gradient) * np.maximum(np.abs(at.gradient) - self.l1, 0),
            at.gradient + self.l1 * np.sign(at.beta),
        )
        worst = float(np.max(np.abs(smallest))) / self.weight
        return worst if math.isfinite(worst) else math.inf

    def solution(self, at: _At, iterations: int, left: float) -> MultinomialSolution:
        by_class = at.beta.reshape(self.classes, -1)
        weights = by_class[:, 1:] * self.per_unit
        intercepts = by_class[:, 0] - by_class[:, 0].mean() - weights @ self.mean
        return MultinomialSolution(intercepts, weights, self.mean, self.passes, iterations, left)
