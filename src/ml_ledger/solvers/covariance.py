"""What the data tell about fitted parameters: how many rows there are, and the covariance that follows.

The covariance is the inverse V of the information times the dispersion. Where rows are not independent draws that each
count once, it is a sandwich: H^-1 M H^-1 with the curvature H of the loss and M the outer products of gradients, summed
over clusters (White, 1980; Liang and Zeger, 1986).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.solvers.training_rows import TrainingRows

# Below this an eigenvalue of the information, scaled to ones on its diagonal, is what rounding leaves of 0.
SINGULAR = 1e-10
# Rows that depend on a direction without information by more than this share are not determined by the data.
UNDETERMINED = 1e-5


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
