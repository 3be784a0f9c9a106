"""Collinearity: a number that the other numbers of a row give away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.declaration.quality import QualityLimits
from ml_ledger.number_words import number, percent
from ml_ledger.quality.finding import Finding
from ml_ledger.quality.sample import Rows, TrainingSet

# Of the variance of a feature, what may stay unexplained where it counts as a sum of others.
NOTHING_LEFT = 1e-10


def variance_inflation(design: Matrix) -> tuple[Vector, Matrix]:
    """The variance inflation factor of each of k columns that vary, 1 / (1 - R²) of its regression on the others.

    design: n × k without NaN. Returns the k factors, infinite where R² is 1, and k × k the standardised
    coefficients of each regression, 0 on the diagonal. From the correlation matrix, which gives the same as the
    regressions themselves (Belsley, Kuh and Welsch 1980).
    """
    k = design.shape[1]
    correlation = np.corrcoef(design, rowvar=False).reshape(k, k)
    factors, coefficients = np.ones(k), np.zeros((k, k))
    for position in range(k):
        others = np.delete(np.arange(k), position)
        if not len(others):
            continue
        right = correlation[others, position]
        weights = np.linalg.lstsq(correlation[np.ix_(others, others)], right, rcond=1e-12)[0]
        left = 1 - float(right @ weights)
        factors[position] = 1 / left if left > NOTHING_LEFT else np.inf
        coefficients[position, others] = weights
    return factors, coefficients


def collinearity(rows: TrainingSet, sample: Rows, limits: QualityLimits) -> Iterator[Finding]:
    """A finding per numeric feature whose variance inflation factor is above the limit; NULL counts as the
    mean."""
    values = {position: sample.design[:, position] for position in rows.numbers()}
    known = {position: column for position, column in values.items() if np.isfinite(column).any()}
    filled = {
        position: np.where(np.isnan(column), np.nanmean(column), column) for position, column in known.items()
    }
    # In units of their range, so that no square of a deviation is 0 or infinite.
    varying = {
        position: column / np.ptp(column)
        for position, column in filled.items()
        if len(sample) > 2 and 0 < np.ptp(column) < np.inf
    }
    if len(varying) < 2:
        return
    factors, coefficients = variance_inflation(np.column_stack(list(varying.values())))
    names = [rows.columns[position].name for position in varying]
    for place in np.argsort(-factors, kind="stable"):
        if factors[place] <= limits.vif:
            break
        strongest = [
            names[other]
            for other in np.argsort(-np.abs(coefficients[place]), kind="stable")[:3]
            if abs(coefficients[place, other]) > 0.1
        ]
        exact = not np.isfinite(factors[place])
        explained = "all" if exact else percent(1 - 1 / factors[place])
        yield Finding(
            "collinearity",
            "warn",
            names[place],
            float(factors[place]),
            limits.vif,
            len(sample),
            len(sample),
            f"The other numeric features explain {explained} of the variance of {names[place]}"
            + (", of which it is a sum" if exact else f" (VIF {number(factors[place])})")
            + (f", above all {', '.join(strongest)}." if strongest else "."),
            "Read no meaning into its coefficient, nor into those of the features named: remove one of them,"
            " or combine them"
            " (a ratio or a difference). Scores are hardly harmed.",
        )
