"""What additive families share: weights of design columns become coefficient rows over raw features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ml_ledger.coefficients import Coefficient
from ml_ledger.families.base import TrainingRows, Vector
from ml_ledger.terms import Term


def design_of(terms: Mapping[str, Term]) -> list[str]:
    """SQL of the design columns of all terms, in order."""
    return [column for term in terms.values() for column in term.columns()]


def accepted_by(terms: Mapping[str, Term]) -> str:
    """SQL that is true for rows that every term accepts."""
    return " and ".join(term.accepts() for term in terms.values()) or "true"


def coefficient_rows(
    terms: Mapping[str, Term],
    *,
    intercept: float,
    weights: Sequence[float],
    training: TrainingRows,
    output: str = "score",
) -> list[Coefficient]:
    """The rows of one output of an additive version, intercept first.

    weights: one per design column, in the order of `design_of`. training: for the mean contribution of each term
    over the training rows (`reference`), which is linear in the means of the design columns.
    """
    means = _weighted_means(design_of(terms), training)
    rows: list[Coefficient] = []
    start = 0
    for number, term in enumerate(terms.values(), 1):
        stop = start + len(term.columns())
        fitted = term.fitted(number, output, weights[start:stop])
        mean = float(np.dot(means[start:stop], weights[start:stop]))
        rows += [replace(row, reference=mean - fitted.offset) for row in fitted.rows]
        intercept += fitted.offset
        start = stop
    head = Coefficient(output=output, term=0, feature=None, applies_to="intercept", value=float(intercept))
    return [head, *rows]


def _weighted_means(columns: Sequence[str], training: TrainingRows) -> Vector:
    if not columns:
        return np.empty(0)
    sums = ", ".join(f"sum(weight * ({column})) / sum(weight) as m{j}" for j, column in enumerate(columns))
    (row,) = training.relation.query(f"select {sums} from {training.relation.name} where {training.where}")
    return np.array([float(row[f"m{j}"]) for j in range(len(columns))])
