"""What clustering families share: points in space become coefficient rows, whose contributions are squared distances.

A row of data lies at its design columns: standardised numbers, and a column of zeros and ones per level, of which
exactly one is 1. The squared distance of two different levels is then 2, as that of two random draws of a number on
average.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.coefficients import Coefficient
from ml_ledger.families.family import Fit
from ml_ledger.families.linear.additive import accepted_by
from ml_ledger.families.trees.ensembles import intercept_rows
from ml_ledger.scoring.words import LARGEST
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.sql_literals import double
from ml_ledger.terms import Term, learn_terms
from ml_ledger.terms.learn import weighted_means
from ml_ledger.terms.levels import LevelTerm
from ml_ledger.terms.step_functions import level_rows

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec

SQUARED: Mapping[str | None, Literal["squared", "squared_log1p"]] = {None: "squared", "log1p": "squared_log1p"}


@dataclass(frozen=True)
class Number:
    """The axis of a number on its scale: (x - mean) × slope, with slope 1 / deviation, or 0 where it never varies.

    Over training rows, means and squares are those of its one design column and of the column's square.
    """

    term: Term
    mean: float
    slope: float

    @property
    def columns(self) -> list[str]:
        """SQL of the design column."""
        (scaled,) = self.term.columns()
        return [f"({scaled} - {double(self.mean)}) * {double(self.slope)}" if self.slope else "0e0"]

    @property
    def means(self) -> list[float]:
        """See Number."""
        return [0.0]

    @property
    def squares(self) -> list[float]:
        """See Number."""
        return [1.0 if self.slope else 0.0]

    def rows(self, centre: Vector, number: int, output: str) -> list[Coefficient]:
        """The rows of the squared distance from a centre: those of slope × x, moved by the mean and the centre."""
        moved_by = -self.slope * self.mean - float(centre[0])
        rows = []
        for row in self.term.fitted(number, output, [self.slope]):
            distance = (row.value or 0.0) + moved_by
            if row.slope is None:
                rows.append(replace(row, value=distance * distance))
            else:
                rows.append(replace(row, value=distance, transform=SQUARED[row.transform]))
        return rows


@dataclass(frozen=True)
class Levels:
    """The axes of a category, one per level, one for all rare levels and one for NULL where that is a level.

    shares: of the training rows that lie on each axis but the first, the reference, which has the rest.
    """

    term: LevelTerm
    shares: Sequence[float]

    @property
    def columns(self) -> list[str]:
        """SQL of the design columns, of which exactly one is 1."""
        others = self.term.columns()
        return [" - ".join(["1e0", *others]), *others]

    @property
    def means(self) -> list[float]:
        """Of the design columns over training rows."""
        return [1.0 - sum(self.shares), *self.shares]

    @property
    def squares(self) -> list[float]:
        """Of the design columns' squares, which are themselves."""
        return self.means

    def rows(self, centre: Vector, number: int, output: str) -> list[Coefficient]:
        """The rows of the squared distance from a centre."""
        corners = np.eye(len(centre))
        values: Sequence[float] = squared_distances(corners, centre[None])[:, 0].tolist()
        return level_rows(self.term, values, values[-1], output=output, number=number)


@dataclass(frozen=True)
class Space:
    """Where distances are measured: the axes of each feature, in order."""

    axes: Sequence[Number | Levels]

    @classmethod
    def learn(cls, features: Mapping[str, InputSpec], training: TrainingRows) -> Space:
        """Learn means, deviations and levels. Errors as `learn_terms`."""
        rows, where = training.relation, training.where
        terms = learn_terms(features, rows, where)
        columns = {(name, j): sql for name, term in terms.items() for j, sql in enumerate(term.columns())}
        means = weighted_means(columns, rows, where)
        numbers = {name: sql for (name, _), sql in columns.items() if not isinstance(terms[name], LevelTerm)}
        variances = weighted_means(
            {name: f"power({sql} - {double(means[name, 0])}, 2)" for name, sql in numbers.items()}, rows, where
        )
        varying = _varying(numbers, training)
        axes: list[Number | Levels] = []
        for name, term in terms.items():
            if isinstance(term, LevelTerm):
                axes.append(Levels(term, [means[name, j] for j in range(len(term.columns()))]))
            else:
                slope = 1 / math.sqrt(variances[name]) if varying[name] and variances[name] > 0 else 0.0
                axes.append(Number(term, means[name, 0], slope))
        return cls(axes)

    def columns(self) -> list[str]:
        """SQL of the design columns."""
        return [column for axis in self.axes for column in axis.columns]

    def means(self) -> Vector:
        """Of the design columns over training rows: where all of them centre."""
        return np.array([mean for axis in self.axes for mean in axis.means])

    def accepts(self) -> str:
        """SQL that is true for rows that no policy rejects and whose squared distances are numbers."""
        numbers = [column for axis in self.axes if isinstance(axis, Number) for column in axis.columns]
        squares = " + ".join(f"({column}) * ({column})" for column in numbers)
        accepted = accepted_by({str(number): axis.term for number, axis in enumerate(self.axes)})
        return f"{accepted} and {squares} <= {double(LARGEST)}" if numbers else accepted

    def fit(self, centroids: Matrix, diagnostics: Mapping[str, float]) -> Fit:
        """The rows of an output per centroid, named '1', '2', ... in the order given (k × design columns)."""
        rows: list[Coefficient] = []
        for position, centroid in enumerate(centroids, 1):
            rows += self._rows(centroid, str(position))

        def predict(design: Matrix) -> Matrix:
            return np.sqrt(squared_distances(design, centroids))

        return Fit(
            coefficients=rows,
            link="distance",
            design=self.columns(),
            accepts=self.accepts(),
            predict=predict,
            diagnostics=diagnostics,
        )

    def _rows(self, centroid: Vector, output: str) -> list[Coefficient]:
        rows = list(intercept_rows({output: 0.0}).values())
        start = 0
        for number, axis in enumerate(self.axes, 1):
            centre = centroid[start : start + len(axis.columns)]
            reference = np.sum(np.array(axis.squares) - 2 * centre * np.array(axis.means) + centre**2)
            rows += [replace(row, reference=float(reference)) for row in axis.rows(centre, number, output)]
            start += len(centre)
        return rows


def squared_distances(design: Matrix, centroids: Matrix) -> Matrix:
    """n × k squared distances of n rows from k centroids."""
    squares = np.empty((len(design), len(centroids)))
    for position, centroid in enumerate(centroids):
        squares[:, position] = np.sum((design - centroid) ** 2, axis=1)
    return squares


def _varying(columns: Mapping[str, str], training: TrainingRows) -> dict[str, bool]:
    """Whether each column has two values among the training rows; what rounding leaves of a variance cannot say."""
    if not columns:
        return {}
    selected = ", ".join(
        f"max({sql}) > min({sql}) as _ml_c{number}" for number, sql in enumerate(columns.values())
    )
    (row,) = training.relation.query(f"select {selected} from {training.relation.name} where {training.where}")
    return {name: bool(row[f"c{number}"]) for number, name in enumerate(columns)}
