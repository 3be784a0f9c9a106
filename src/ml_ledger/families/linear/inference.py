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
from dataclasses import replace

import numpy as np

from ml_ledger.arrays import Matrix
from ml_ledger.coefficients import Coefficient
from ml_ledger.solvers.covariance import Covariance
from ml_ledger.solvers.newton import Solution
from ml_ledger.solvers.sums import asked_for
from ml_ledger.terms import Term

# Of the intervals.
CONFIDENCE = 0.95


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
