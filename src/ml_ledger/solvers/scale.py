"""Weights of standardised columns, in which a fit takes its steps, and weights of the columns themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Matrix, Vector


@dataclass(frozen=True)
class Scale:
    """Means and standard deviations of k columns, and which of them vary.

    `beta` is an intercept followed by weights: of all k columns, or standardised, of those p that vary.
    """

    mean: Vector
    deviation: Vector
    varies: NDArray[np.bool_]

    @property
    def matrix(self) -> Matrix:
        """Turns a standardised beta into one of the columns, (k + 1) × (p + 1)."""
        per_unit = np.divide(1.0, self.deviation, out=np.zeros_like(self.deviation), where=self.varies)
        matrix = np.zeros((len(self.mean) + 1, len(self.mean) + 1))
        matrix[0, 0] = 1.0
        matrix[0, 1:] = -self.mean * per_unit
        matrix[1:, 1:] = np.diag(per_unit)
        return matrix[:, np.concatenate([[True], self.varies])]

    def of_columns(self, beta: Vector) -> Vector:
        """Intercept and weights of the columns."""
        return self.matrix @ beta

    def standardised(self, beta: Vector) -> Vector:
        """The other way."""
        weights = (beta[1:] * self.deviation)[self.varies]
        return np.concatenate([[beta[0] + float(beta[1:] @ np.where(self.varies, self.mean, 0.0))], weights])

    def gradient(self, of_columns: Vector) -> Vector:
        """Derivatives by a standardised beta, from those by a beta of the columns."""
        return self.matrix.T @ of_columns

    def curvature(self, of_columns: Matrix) -> Matrix:
        """Second derivatives by a standardised beta, from those by a beta of the columns."""
        return self.matrix.T @ of_columns @ self.matrix
