"""Logistic regression with Firth's penalty: finite weights where labels are rare or features separate them.

The log-likelihood plus half the logarithm of the determinant of its information I = X'WX is maximised (Firth, 1993;
Heinze and Schemper, 2002): each row counts half an event and half a non-event more, times its leverage. Rows are
fetched, since leverage takes every one of them at each step: this is for small data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.errors import TrainingSetError, VersionError
from ml_ledger.solvers.covariance import SINGULAR, Counted
from ml_ledger.solvers.objectives import LOGISTIC
from ml_ledger.solvers.training_rows import TrainingRows

# Doubles that are fetched at most: 800 MB.
MOST_VALUES = 100_000_000
# Stop when no component of the gradient of the mean penalised loss is larger than this.
TOLERANCE = 1e-11
# Rounding in sums over many rows keeps the gradient from getting smaller; this is then good enough.
ACCEPTABLE = 1e-9
# No step changes the weight of a standard deviation by more.
LONGEST = 5.0


@dataclass(frozen=True)
class FirthFit:
    """A fitted score intercept + x'weights over k design columns.

    means: of the columns. information: (1 + k) × (1 + k), by intercept and weights, 0 for columns that do not vary.
    scores: n × (1 + k), of the penalised likelihood at its maximum. clusters: n codes, None where rows are their own.
    """

    intercept: float
    weights: Vector
    means: Vector
    information: Matrix
    scores: Matrix
    clusters: Vector | None
    counted: Counted
    likelihood: float
    penalised: float
    gradient: float
    iterations: int

    @property
    def meat(self) -> Matrix:
        """Outer products of scores, summed over clusters."""
        if self.clusters is None:
            return self.scores.T @ self.scores
        _, place = np.unique(self.clusters, return_inverse=True)
        sums = np.zeros((int(place.max()) + 1, self.scores.shape[1]))
        np.add.at(sums, place, self.scores)
        return sums.T @ sums


def minimise_firth(training: TrainingRows, columns: Sequence[str], *, max_iter: int) -> FirthFit:
    """Fit on all training rows.

    columns: SQL of the k design columns. Frequencies count as rows; other weights are scaled to their number.
    Raises TrainingSetError where there are too many rows, VersionError when it does not converge in max_iter steps.
    """
    counted = Counted.of(training)
    if counted.rows * (len(columns) + 2) > MOST_VALUES:
        raise TrainingSetError(
            f"algorithm.hyperparameters.penalty: firth reads all rows into memory; got {counted.rows:,} rows of"
            f" {len(columns)} design columns. Allowed: up to {MOST_VALUES // (len(columns) + 2):,} rows. Nothing was"
            " written. Fix: leave penalty out; of so many rows the largest C that is stable does as well."
        )
    design, label, weight = training.fetch(
        [*columns, f"hash({training.cluster}) % 9007199254740991"] if training.cluster else columns
    )
    clusters = design[:, -1] if training.cluster and counted.clusters else None
    design = design[:, : len(columns)]
    used = weight > 0
    design, label, weight = design[used], label[used], weight[used] * counted.factor
    clusters = None if clusters is None else clusters[used]
    total = float(weight.sum())
    means = weight @ design / total
    deviations = np.sqrt(weight @ (design - means) ** 2 / total)
    varies = deviations > 1e-12 * np.abs(means)
    unit = np.where(varies, deviations, 1.0)
    x = np.column_stack([np.ones(len(label)), np.where(varies, (design - means) / unit, 0.0)])
    # Collinear columns share a weight: directions in which no row differs are left out, whatever the weights.
    sizes, directions = np.linalg.eigh((x * weight[:, None]).T @ x / total)
    basis = directions[:, sizes > SINGULAR]
    z = x @ basis

    at = _Point.of(z, label, weight, np.zeros(z.shape[1]))
    iterations = 0
    while at.left > TOLERANCE * total and iterations < max_iter:
        iterations += 1
        step = np.linalg.solve(at.curvature, at.score)
        step *= min(1.0, LONGEST / float(np.max(np.abs(step))))
        share = 1.0
        while True:
            then = _Point.of(z, label, weight, at.beta + share * step)
            if then.penalised >= at.penalised - 1e-12 * abs(at.penalised) or share < 1e-6:
                break
            share /= 2
        if then.left >= at.left and at.left <= ACCEPTABLE * total:
            break  # rounding is all that is left
        at = then
    if at.left > ACCEPTABLE * total:
        raise VersionError(
            f"the fit did not converge: got a gradient of {at.left / total:.2g} after {iterations} iterations. Allowed:"
            f" up to {ACCEPTABLE:g}. Nothing was written. Fix: raise max_iter."
        )
    # From standardised weights to those of the columns, and the other way for what they are derivatives of.
    to_columns = np.diag([1.0, *(1 / unit)])
    to_columns[0, 1:] = -means / unit
    beta = to_columns @ basis @ at.beta
    back = np.linalg.inv(to_columns)
    kept = np.array([True, *varies])
    information = back.T @ basis @ at.information @ basis.T @ back
    return FirthFit(
        intercept=float(beta[0]),
        weights=beta[1:] * varies,
        means=means,
        information=information * np.outer(kept, kept),
        scores=at.residuals[:, None] * (x @ back) * kept,
        clusters=clusters,
        counted=counted,
        likelihood=at.likelihood,
        penalised=at.penalised,
        gradient=at.left / total,
        iterations=iterations,
    )


@dataclass(frozen=True)
class _Point:
    """An intercept and weights, with what is known there.

    residuals: n, what a row adds to the derivative by its link score; score: the derivatives by beta. curvature: as if
    leverage stayed as it is, and the rows that the penalty adds were data; where a row has a parameter of its own, a
    step by the information is twice too long, and two such steps lead back to where they began.
    """

    beta: Vector
    information: Matrix
    curvature: Matrix
    residuals: Vector
    score: Vector
    likelihood: float
    penalised: float

    @property
    def left(self) -> float:
        """The largest component of the gradient."""
        return float(np.max(np.abs(self.score)))

    @classmethod
    def of(cls, x: Matrix, label: Vector, weight: Vector, beta: Vector) -> _Point:
        """At a beta: x is n × p, of full rank."""
        eta = x @ beta
        mu, variance = LOGISTIC.mu(eta), LOGISTIC.curvature(eta, label)
        information = (x * (weight * variance)[:, None]).T @ x
        root = np.linalg.cholesky(information)
        leverage = variance * np.sum(np.linalg.solve(root, x.T) ** 2, axis=0)
        residuals = weight * (label - mu + leverage * (0.5 - mu))
        curvature = (x * (weight * variance * (1 + leverage))[:, None]).T @ x
        likelihood = -float(weight @ LOGISTIC.loss(eta, label))
        penalised = likelihood + float(np.sum(np.log(np.diag(root))))
        return cls(beta, information, curvature, residuals, x.T @ residuals, likelihood, penalised)
