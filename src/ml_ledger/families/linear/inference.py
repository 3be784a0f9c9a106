"""Standard errors, tests and intervals of coefficient rows, for fits without a penalty.

A row's slope or value is linear in the intercept and the weights of the design columns, so its variance is j' V j: j
is its jacobian, V the inverse of the information times the dispersion (McCullagh and Nelder, Generalized Linear Models,
1989, chapters 2.5, 3.5 and 4.4). Where rows are not independent draws that each count once, V is a sandwich: H^-1 M
H^-1 with the curvature H of the loss and M the outer products of gradients, summed over clusters (White, 1980; Liang
and Zeger, 1986). What terms learned (means that fill NULL, edges, levels) is taken as given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ml_ledger.coefficients import Coefficient
from ml_ledger.families.family import Matrix, TrainingRows, Vector
from ml_ledger.solvers.newton import Solution
from ml_ledger.solvers.sums import asked_for
from ml_ledger.terms import Term

# Below this an eigenvalue of the information, scaled to ones on its diagonal, is what rounding leaves of 0.
SINGULAR = 1e-10
# Rows that depend on a direction without information by more than this share are not determined by the data.
UNDETERMINED = 1e-5
# Of the intervals.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Counted:
    """How many training rows there are.

    n: what they count. factor: what weights are multiplied by so that they sum to n. clusters: how many groups of rows,
    None where each is one row. mean: of the label.
    """

    rows: int
    n: float
    factor: float
    clusters: int | None
    mean: float

    @classmethod
    def of(cls, training: TrainingRows, *, exposed: bool = False) -> Counted:
        """By one query. Frequencies count as rows, other weights as one row each.

        exposed: whether weights are multiplied by the exposure, which makes no row count more.
        """
        groups = f"count(distinct {training.cluster})" if training.cluster else "0"
        label = f"cast({training.label} as double)"
        own = f"_ml_weight / ({training.exposure})" if exposed and training.exposure else "_ml_weight"
        (found,) = training.relation.query(
            f"select count(*) as _ml_n, sum({own}) as _ml_weight, {groups} as _ml_groups,"
            f" sum(_ml_weight * {label}) / sum(_ml_weight) as _ml_mean"
            f" from {training.relation.name} where {training.where} and _ml_weight > 0"
        )
        rows, weight, count = int(found["n"]), float(found["weight"]), int(found["groups"])
        n = weight if training.weights_are == "frequency" else float(rows)
        clusters = count if 1 < count < rows else None
        return cls(rows, n, n / weight, clusters, float(found["mean"] or 0.0))


@dataclass(frozen=True)
class Covariance:
    """What the data tell about p parameters.

    information: p × p. scale: the dispersion. degrees: of freedom of Student's t, None for the normal distribution.
    meat: of a sandwich around the inverse information, with its small-sample correction, or None.
    """

    information: Matrix
    scale: float = 1.0
    degrees: float | None = None
    meat: Matrix | None = None

    @cached_property
    def _axes(self) -> tuple[Vector, Vector, Matrix]:
        """Scale of the parameters, eigenvalues and eigenvectors of the scaled information."""
        unit = np.sqrt(np.diag(self.information))
        unit = np.where(unit == 0, 1.0, unit)
        eigenvalues, vectors = np.linalg.eigh(self.information / np.outer(unit, unit))
        return unit, eigenvalues, vectors

    @property
    def rank(self) -> int:
        """How many parameters the data determine."""
        return int(np.sum(self._axes[1] > SINGULAR))

    def of(self, jacobian: Matrix) -> tuple[Matrix, NDArray[np.bool_]]:
        """Covariance of m combinations of the parameters, m × m, and which of them the data determine."""
        unit, eigenvalues, vectors = self._axes
        curved = eigenvalues > SINGULAR
        along = (jacobian / unit) @ vectors
        length = np.linalg.norm(along, axis=1)
        determined = (length > 0) & (np.linalg.norm(along[:, ~curved], axis=1) <= UNDETERMINED * length)
        halves = along[:, curved] / np.sqrt(eigenvalues[curved])
        if self.meat is None:
            return self.scale * halves @ halves.T, determined
        bread = (along[:, curved] / eigenvalues[curved]) @ (vectors[:, curved].T / unit)
        return bread @ self.meat @ bread.T, determined


def corrected(meat: Matrix, counted: Counted, rank: int) -> Matrix:
    """The meat with the correction that statsmodels and Stata make for few clusters, none without clusters (HC0)."""
    if counted.clusters is None:
        return meat
    few = counted.clusters / (counted.clusters - 1)
    return meat * few * (counted.rows - 1) / max(counted.rows - rank, 1)


def with_tests(rows: Sequence[Coefficient], jacobian: Matrix, covariance: Covariance) -> list[Coefficient]:
    """The rows with standard errors, tests and 95 % intervals of their slope, or of their value without a slope.

    jacobian: derivatives of each row's slope or value by the parameters. A row that is fixed (a reference level) or
    that the data do not determine (collinear columns, no rows to spare) stays as it is.
    """
    variance, determined = covariance.of(jacobian)
    reach = _quantile(covariance.degrees)
    tested = []
    for row, error, sure in zip(
        rows, np.sqrt(np.maximum(np.diag(variance), 0.0)).tolist(), determined, strict=True
    ):
        if sure and 0 < error < math.inf:
            estimate = estimate_of(row)
            statistic = estimate / error
            row = replace(
                row,
                std_error=error,
                statistic=statistic,
                p_value=_two_sided(statistic, covariance.degrees),
                ci_low=estimate - reach * error,
                ci_high=estimate + reach * error,
            )
        tested.append(row)
    return tested


def jacobian_of(terms: Mapping[str, Term], solution: Solution) -> Matrix:
    """Derivatives of each row's slope or value by the solution's origin and weights: rows × (1 + design columns)."""
    used = np.diag(asked_for(solution.curvature))[1:] > 0
    head = np.array([1.0, *np.where(used, -solution.shifts, 0.0)])
    return np.vstack([head, *jacobian_of_terms(terms)])


def jacobian_of_terms(terms: Mapping[str, Term]) -> list[Matrix]:
    """The same by term, without the intercept's row."""
    width = sum(len(term.columns()) for term in terms.values())
    blocks = []
    start = 1
    for term in terms.values():
        count = len(term.columns())
        block = np.zeros((len(term.fitted(1, "", [0.0] * count)), 1 + width))
        for column, unit in enumerate(np.eye(count).tolist(), start):
            block[:, column] = [estimate_of(row) for row in term.fitted(1, "", unit)]
        blocks.append(block)
        start += count
    return blocks


def estimate_of(row: Coefficient) -> float:
    """The slope, or the value without one."""
    return row.slope if row.slope is not None else row.value or 0.0


def _two_sided(statistic: float, degrees: float | None) -> float:
    """Probability of a statistic at least so far from 0: Student's t with `degrees` of freedom, normal without."""
    if degrees is None:
        return math.erfc(abs(statistic) / math.sqrt(2))
    from scipy.special import stdtr  # costs a moment to import

    return float(2 * stdtr(degrees, -abs(statistic)))


def _quantile(degrees: float | None) -> float:
    """How many standard errors an interval reaches."""
    from scipy.special import ndtri, stdtrit

    upper = (1 + CONFIDENCE) / 2
    return float(ndtri(upper) if degrees is None else stdtrit(degrees, upper))
