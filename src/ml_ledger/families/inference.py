"""Standard errors and tests of coefficient rows, for fits without a penalty.

A row's slope or value is linear in the intercept and the weights of the design columns, so its variance is j' V j: j is
its jacobian, V the inverse of the curvature of the loss at the optimum, times the residual variance for least squares
(McCullagh and Nelder, Generalized Linear Models, 1989, chapters 3.5 and 4.4). Weights count as frequencies: a weight of
2 is two equal rows. What terms learned (means that fill NULL, edges, levels) is taken as given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ml_ledger.coefficients import Coefficient
from ml_ledger.families.base import Matrix
from ml_ledger.families.objectives import SQUARED, Objective
from ml_ledger.terms import Term
from ml_ledger.training.newton import Solution

# Below this an eigenvalue of the curvature, scaled to ones on its diagonal, is what rounding leaves of 0.
SINGULAR = 1e-10
# Rows that depend on a direction without curvature by more than this share are not determined by the data.
UNDETERMINED = 1e-5


def with_tests(
    rows: Sequence[Coefficient], terms: Mapping[str, Term], solution: Solution, objective: Objective
) -> list[Coefficient]:
    """The rows with standard errors, test statistics and p-values of their slope, or of their value without a slope.

    rows: the intercept's, then those of the terms in order. solution: of a fit without a penalty, with the curvature
    of all rows. A row that is fixed (a reference level) or that the data do not determine (collinear columns, no rows
    to spare) stays as it is.
    """
    jacobian = _jacobian(terms, solution)
    scale = np.sqrt(np.diag(solution.curvature))
    scale[scale == 0] = 1.0
    eigenvalues, vectors = np.linalg.eigh(solution.curvature / np.outer(scale, scale))
    curved = eigenvalues > SINGULAR
    along = (jacobian / scale) @ vectors
    length = np.linalg.norm(along, axis=1)
    determined = (length > 0) & (np.linalg.norm(along[:, ~curved], axis=1) <= UNDETERMINED * length)
    variance = np.sum(along[:, curved] ** 2 / eigenvalues[curved], axis=1)
    degrees = None
    if objective is SQUARED:
        degrees = solution.weight - int(np.sum(curved))
        variance *= max(2 * solution.loss / degrees, 0.0) if degrees > 0 else 0.0
    tested = []
    for row, error, sure in zip(rows, np.sqrt(variance), determined, strict=True):
        if sure and 0 < error < math.inf:
            statistic = _estimate(row) / float(error)
            row = replace(row, std_error=float(error), statistic=statistic, p_value=_two_sided(statistic, degrees))
        tested.append(row)
    return tested


def _jacobian(terms: Mapping[str, Term], solution: Solution) -> Matrix:
    """Derivatives of each row's slope or value by the solution's origin and weights: rows × (1 + design columns)."""
    used = np.diag(solution.curvature)[1:] > 0
    blocks = [np.array([1.0, *np.where(used, -solution.shifts, 0.0)])]
    start = 1
    for term in terms.values():
        count = len(term.columns())
        block = np.zeros((len(term.fitted(1, "", [0.0] * count)), 1 + len(solution.weights)))
        for column, unit in enumerate(np.eye(count).tolist(), start):
            block[:, column] = [_estimate(row) for row in term.fitted(1, "", unit)]
        blocks.append(block)
        start += count
    return np.vstack(blocks)


def _estimate(row: Coefficient) -> float:
    return row.slope if row.slope is not None else row.value or 0.0


def _two_sided(statistic: float, degrees: float | None) -> float:
    """Probability of a statistic at least so far from 0: Student's t with `degrees` of freedom, normal without."""
    if degrees is None:
        return math.erfc(abs(statistic) / math.sqrt(2))
    from scipy.special import stdtr  # costs a moment to import

    return float(2 * stdtr(degrees, -abs(statistic)))
