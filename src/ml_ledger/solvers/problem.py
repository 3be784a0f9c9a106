"""One fit's rows, columns and penalties: what is known of the loss at a beta, from a sample or from all rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.solvers.covariance import SINGULAR
from ml_ledger.solvers.objectives import LOGISTIC, POISSON, SQUARED, Objective
from ml_ledger.solvers.scale import Scale
from ml_ledger.solvers.sums import AllRows, SampledRows, Sums, asked_for
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.sql_literals import double

# Columns whose mean is more than so many deviations from zero are shifted, so that sums keep their digits.
FAR = 10.0
# The larger sample has so many times the rows, but not more values than this.
LARGER = 10
LARGER_VALUES = 50_000_000
# A step from an optimum moves no link score by more than this, per deviation of a column.
GROWS = 1e-3
# Columns that are collinear but for rounding vary less than this in their common direction.
VARIES = 1e-5
# No weight of a standardised column is this large at an optimum.
DIVERGED = 1e8


@dataclass(frozen=True)
class Point:
    """An intercept and standardised weights, and what is known of the loss there.

    gradient, curvature: of the loss of all rows, without penalties. left: the largest component of the gradient of the
    mean penalised loss, in units of a residual without weights. loss: of all rows, with penalties.
    """

    beta: Vector
    sums: Sums
    gradient: Vector
    left: float
    curvature: Matrix | None
    loss: float | None

    def is_no_higher(self, other: Point, rounding: float) -> bool:
        """Whether its loss is not above another's, but for this share of it. Both have one."""
        highest = asked_for(other.loss)
        return asked_for(self.loss) <= highest + rounding * abs(highest)


class Problem:
    """What a fit minimises. `beta` is the intercept followed by the weights of the standardised columns that vary.

    n, weight: rows, and the sum of their weights. sample_is_all: whether the sample holds all rows. passes: queries
    over all rows so far. shifts: what is subtracted from the columns. null: the beta without weights.
    """

    def __init__(
        self,
        training: TrainingRows,
        columns: Sequence[str],
        objective: Objective,
        *,
        standardised: Sequence[bool],
        sample_rows: int,
        exact_columns: int,
    ) -> None:
        """Count the rows and fetch a sample. standardised: see `minimise`."""
        self.training, self.columns, self.objective = training, list(columns), objective
        self.standardised = np.array(standardised, dtype=bool)
        self.sample_rows, self.exact_columns = sample_rows, exact_columns
        label = f"cast({training.label} as double)"
        (counts,) = training.relation.query(
            f"select count(*) as _ml_n, sum(_ml_weight) as _ml_weight, sum(_ml_weight * {label}) as _ml_label,"
            f" stddev_pop({label}) as _ml_deviation from {training.relation.name} where {training.where}"
        )
        self.n, self.weight = int(counts["n"]), float(counts["weight"])
        self.mean_label = float(counts["label"]) / self.weight
        self.sample_is_all = self.n <= sample_rows
        self.passes = 0
        self.sample = self._sample(sample_rows)
        mean, deviation = self.sample.moments()
        self.shifts = np.where(np.abs(mean) > FAR * deviation, mean, 0.0)
        self.sample.shift(self.shifts)
        shifted = [
            f"{column} - {double(shift)}" if shift else column
            for column, shift in zip(columns, self.shifts, strict=True)
        ]
        self.rows = AllRows(training, shifted, objective)
        self.strength = self.l1_ratio = 0.0
        self._rescale(mean - self.shifts, deviation)
        # Residuals are linear in the label.
        per_label = objective.residual(np.full(2, self.null[0]), self.mean_label + np.array([0.0, 1.0]))
        self.unit = float(counts["deviation"] * abs(per_label[1] - per_label[0])) or 1.0

    def penalise(self, strength: float, l1_ratio: float) -> None:
        """Set the penalties of the weights, in units of the summed loss; the intercept has none."""
        self.strength, self.l1_ratio = strength, l1_ratio
        self._rescale(self.scale.mean, self.scale.deviation)

    def _rescale(self, mean: Vector, deviation: Vector) -> None:
        # What rounding leaves of a constant column is no deviation.
        varies = deviation > 8 * np.finfo(np.float64).eps * np.abs(mean + self.shifts)
        self.scale = Scale(mean, deviation, varies)
        per_weight = 1 / np.where(self.standardised, 1.0, deviation)[varies]
        self.l2 = np.array([0.0, *(self.strength * (1 - self.l1_ratio) * per_weight**2)])
        self.l1 = np.array([0.0, *(self.strength * self.l1_ratio * per_weight)])

    def _sample(self, rows: int) -> SampledRows:
        training = self.training
        if self.n > rows:
            buckets = 1 << 20
            share = math.ceil(buckets * rows / self.n)
            training = replace(training, where=f"{training.where} and {training.bucket(buckets)} < {share}")
        return SampledRows(training, self.columns, self.objective, total=self.weight)

    @property
    def null(self) -> Vector:
        """No weights, and the intercept that fits the mean label."""
        beta = np.zeros(len(self.l2))
        beta[0] = _link_of_mean(self.objective, self.mean_label)
        return beta

    def in_sample(self, beta: Vector) -> Point:
        """Everything at a beta, as the sample has it."""
        return self._point(beta, self.sample.sums(self.scale.of_columns(beta)))

    def first_pass(self, start: Point) -> Point:
        """The gradient at the optimum of the sample, and with it the means and deviations of all rows."""
        of_columns = self.scale.of_columns(start.beta)
        self.passes += 1
        sums = self.rows.sums(of_columns, moments=True)
        mean = asked_for(sums.columns) / self.weight
        self._rescale(mean, np.sqrt(np.maximum(asked_for(sums.squares) / self.weight - mean**2, 0.0)))
        point = self._point(self.scale.standardised(of_columns), sums)
        # Without weights no component is larger than about 1.
        return point if point.left <= 1 else self.over_all(self.null)

    def over_all(self, beta: Vector, *, loss: bool = False, curvature: bool = False) -> Point:
        """The gradient at a beta by a pass over all rows; with its loss, or loss and curvature, where asked for."""
        of_columns = self.scale.of_columns(beta)
        self.passes += 1
        if curvature and len(self.columns) > self.exact_columns:
            sums = self.rows.sums(of_columns, loss=True)
            return self._point(beta, replace(sums, curvature=self._larger_sample().sums(of_columns).curvature))
        return self._point(beta, self.rows.sums(of_columns, loss=loss or curvature, curvature=curvature))

    def _larger_sample(self) -> SampledRows:
        rows = max(self.sample_rows, min(LARGER * self.sample_rows, LARGER_VALUES // len(self.columns)))
        if len(self.sample.label) < min(rows, self.n) / 2:
            self.sample = self._sample(rows)
            self.sample.shift(self.shifts)
        return self.sample

    def _point(self, beta: Vector, sums: Sums) -> Point:
        with np.errstate(over="ignore", invalid="ignore"):  # of a step that went astray
            gradient = self.scale.gradient(sums.gradient)
            penalty = float(0.5 * np.sum(self.l2 * beta**2) + np.sum(self.l1 * np.abs(beta)))
        return Point(
            beta,
            sums,
            gradient,
            left=self._left(beta, gradient + self.l2 * beta),
            curvature=None if sums.curvature is None else self.scale.curvature(sums.curvature),
            loss=None if sums.loss is None else sums.loss + penalty,
        )

    def _left(self, beta: Vector, gradient: Vector) -> float:
        """The largest component of the (smallest sub-) gradient of the mean loss, 0 at the optimum.

        In units of the residuals without weights, so that it does not depend on the units of the label.
        """
        smallest = np.where(
            beta == 0,
            np.sign(gradient) * np.maximum(np.abs(gradient) - self.l1, 0),
            gradient + self.l1 * np.sign(beta),
        )
        worst = float(np.max(np.abs(smallest))) / (self.weight * self.unit)
        return worst if math.isfinite(worst) else math.inf

    def length(self, step: Vector) -> float:
        """The largest change of a standardised weight; for least squares, in units of a residual."""
        return float(np.max(np.abs(step))) / (self.unit if self.objective is SQUARED else 1.0)

    def diverged(self, point: Point) -> bool:
        """Whether weights on a log or log-odds scale have grown beyond any that an optimum can have."""
        return self.objective is not SQUARED and float(np.max(np.abs(point.beta))) > DIVERGED

    def separated(self, point: Point, below: float) -> bool:
        """Whether a column tells the label apart in the sample, whose optimum then is no start.

        below: the mean p (1 - p), over the rows that a column tells apart, that means so.
        """
        if self.objective is not LOGISTIC or self.strength:
            return False
        # A constant column tells nothing, and rounding leaves it squares without a curvature.
        varies = self.scale.varies
        bends = np.diag(asked_for(point.sums.curvature))[1:][varies]
        return bool(np.any(bends < below * self.sample.squares()[varies]))

    def growing(self, point: Point) -> list[int]:
        """Columns whose weights grow without end, most of all first; none where there is an optimum.

        Without an optimum, a step from where the gradient is nearly gone still moves link scores by about 1, as
        far as the curvature tells; or rows differ in a direction that has no curvature left.
        """
        if self.objective not in (LOGISTIC, POISSON) or self.strength:
            return []
        gradient, curvature = point.sums.gradient, point.sums.curvature
        if curvature is None:
            curvature = asked_for(self.in_sample(point.beta).sums.curvature)
        if not (np.all(np.isfinite(curvature)) and np.all(np.isfinite(gradient))):
            return []
        used = np.concatenate([[True], self.scale.varies]) & (np.diag(curvature) > 0)
        unit = 1 / np.sqrt(np.diag(curvature)[used])
        eigenvalues, vectors = np.linalg.eigh(curvature[np.ix_(used, used)] * np.outer(unit, unit))
        curved = eigenvalues > SINGULAR
        moves = vectors[:, curved] @ ((vectors[:, curved].T @ (unit * gradient[used])) / eigenvalues[curved])
        step = np.zeros(len(used))
        step[used] = unit * moves
        reach = np.concatenate([[1.0], self.scale.deviation])
        far = np.abs(step) * reach
        if not np.any(far > GROWS):
            flat = np.zeros((len(used), int(np.sum(~curved))))
            flat[used] = unit[:, None] * vectors[:, ~curved]
            flat /= np.linalg.norm(flat * reach[:, None], axis=0)
            spread = np.sqrt(self.sample.spread(flat))
            far = np.max(np.abs(flat[:, spread > VARIES]) * reach[:, None], axis=1, initial=0.0)
        if not np.any(far[1:] > GROWS):
            return []
        return [int(j) for j in np.argsort(-far[1:]) if far[1 + j] > max(GROWS, 0.1 * np.max(far[1:]))]


def _link_of_mean(objective: Objective, mean: float) -> float:
    """The link score whose mean is `mean`: where the fit starts."""
    if objective.mu(np.array([0.0]))[0] == 0.5:
        return math.log(mean / (1 - mean))
    if objective.mu(np.array([0.0]))[0] == 1.0:
        return math.log(mean)
    return mean
