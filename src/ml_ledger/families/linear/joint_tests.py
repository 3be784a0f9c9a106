"""Whether a feature with several columns tells anything at all: one test for all its weights together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ml_ledger.solvers.covariance import Covariance
from ml_ledger.terms import Term

# Each likelihood-ratio test takes a fit of its own.
MOST_TESTS = 30


def several_columns(terms: Mapping[str, Term]) -> list[str]:
    """The features that are tested."""
    return [name for name, term in terms.items() if len(term.columns()) > 1][:MOST_TESTS]


def likelihood_ratios(
    terms: Mapping[str, Term], without: Callable[[Mapping[str, Term]], tuple[float, int]]
) -> dict[str, float]:
    """Diagnostics of the test against the fit without each feature, by the chi-squared distribution (Wilks, 1938).

    without: takes the other terms, gives twice the logarithm of the ratio of likelihoods and how many parameters less.
    """
    found: dict[str, float] = {}
    for name in several_columns(terms):
        statistic, degrees = without({other: term for other, term in terms.items() if other != name})
        found |= _test(f"lr_test.{name}", statistic, degrees)
    return found


def wald_tests(terms: Mapping[str, Term], weights: np.ndarray, covariance: Covariance) -> dict[str, float]:
    """Diagnostics of the test by the covariance, for fits whose likelihood is none: sampling weights, clusters.

    weights: outputs × columns of all terms; the covariance is of an intercept and weights by output.
    """
    found: dict[str, float] = {}
    outputs, width = weights.shape
    start = 0
    for name, term in terms.items():
        stop = start + len(term.columns())
        if name in several_columns(terms):
            places = [
                output * (width + 1) + 1 + column for output in range(outputs) for column in range(start, stop)
            ]
            variance, determined = covariance.of(np.eye(outputs * (width + 1))[places])
            b, v = weights[:, start:stop].ravel()[determined], variance[np.ix_(determined, determined)]
            rank = int(np.linalg.matrix_rank(v, hermitian=True)) if len(b) else 0
            found |= _test(f"wald_test.{name}", float(b @ np.linalg.pinv(v, hermitian=True) @ b), rank)
        start = stop
    return found


def _test(key: str, statistic: float, degrees: int) -> dict[str, float]:
    if degrees < 1:
        return {}
    from scipy.special import chdtrc  # costs a moment to import

    statistic = max(statistic, 0.0)
    return {
        f"{key}.statistic": statistic,
        f"{key}.df": float(degrees),
        f"{key}.p_value": float(chdtrc(degrees, statistic)),
    }
