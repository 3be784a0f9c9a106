"""What clustering families share: points in space become coefficient rows, whose contributions are squared distances.

A row of data lies at its design columns: standardised numbers, and a column of zeros and ones per level, of which
exactly one is 1. The squared distance of two different levels is then 2, as that of two random draws of a number on
average.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from ml_ledger.coefficients import Coefficient
from ml_ledger.families.additive import accepted_by
from ml_ledger.families.base import Fit, Matrix, TrainingRows, Vector
from ml_ledger.families.ensembles import intercept_rows
from ml_ledger.scoring.words import LARGEST
from ml_ledger.terms import Term, learn_terms
from ml_ledger.terms.base import double
from ml_ledger.terms.learn import weighted_means
from ml_ledger.terms.levels import LevelTerm
from ml_ledger.terms.steps import level_rows

if TYPE_CHECKING:
    from ml_ledger.spec import FeatureSpec

SQUARED: Mapping[str | None, Literal["squared", "squared_log1p"]] = {None: "squared", "log1p": "squared_log1p"}


@dataclass(frozen=True)
class Space:
    """Where distances are measured. means, squares: of each design column and of its square, over training rows."""

    terms: Mapping[str, Term]
    means: Vector
    squares: Vector

    @classmethod
    def learn(cls, features: Mapping[str, FeatureSpec], training: TrainingRows) -> Space:
        """Learn means, deviations and levels. Errors as `learn_terms`."""
        terms = learn_terms(features, training.relation, training.where)
        columns = [column for term in terms.values() for column in _columns(term)]
        wanted = [*columns, *(f"({column}) * ({column})" for column in columns)]
        found = weighted_means(dict(enumerate(wanted)), training.relation, training.where)
        means, squares = np.split(np.array(list(found.values())), 2)
        return cls(terms, means, squares)

    def columns(self) -> list[str]:
        """SQL of the design columns."""
        return [column for term in self.terms.values() for column in _columns(term)]

    def accepts(self) -> str:
        """SQL that is true for rows that no policy rejects and whose squared distances are numbers."""
        numbers = [term for term in self.terms.values() if not isinstance(term, LevelTerm)]
        squares = [f"({column}) * ({column})" for term in numbers for column in _columns(term)]
        near = f" and {' + '.join(squares)} <= {double(LARGEST)}" if squares else ""
        return accepted_by(self.terms) + near

    def fit(self, centroids: Matrix, diagnostics: Mapping[str, float]) -> Fit:
        """The rows of an output per centroid, named '1', '2', ... in the order given (k × design columns)."""
        rows = []
        for name, centroid in enumerate(centroids, 1):
            rows += self._rows(centroid, str(name))

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
        references = self.squares - 2 * centroid * self.means + centroid**2
        rows = list(intercept_rows({output: 0.0}).values())
        start = 0
        for number, term in enumerate(self.terms.values(), 1):
            part = slice(start, start + len(_columns(term)))
            reference = float(references[part].sum())
            of_term = (
                _level_rows(term, centroid[part], number, output)
                if isinstance(term, LevelTerm)
                else _numeric_rows(term, float(centroid[part][0]), number, output)
            )
            rows += [replace(row, reference=reference) for row in of_term]
            start = part.stop
        return rows


def squared_distances(design: Matrix, centroids: Matrix) -> Matrix:
    """n × k squared distances of n rows from k centroids."""
    squares = np.empty((len(design), len(centroids)))
    for position, centroid in enumerate(centroids):
        squares[:, position] = np.sum((design - centroid) ** 2, axis=1)
    return squares


def _columns(term: Term) -> list[str]:
    """SQL of a term's design columns; of levels with one for the reference, too, which is 1 where no other is."""
    columns = term.columns()
    return [" - ".join(["1e0", *columns]), *columns] if isinstance(term, LevelTerm) else columns


def _numeric_rows(term: Term, coordinate: float, number: int, output: str) -> list[Coefficient]:
    """The rows of the standardised number, which is its contribution under weight 1 plus the offset; squared."""
    standardised = term.fitted(number, output, [1.0])
    rows = []
    for row in standardised.rows:
        difference = (row.value or 0.0) + standardised.offset - coordinate
        if row.slope is None:
            rows.append(replace(row, value=difference**2))
        else:
            rows.append(replace(row, value=difference, transform=SQUARED[row.transform]))
    return rows


def _level_rows(term: LevelTerm, coordinates: Vector, number: int, output: str) -> list[Coefficient]:
    """The rows of levels: the squared distance from where one column is 1 and the others are 0."""
    corners = np.eye(len(coordinates))
    values: Sequence[float] = squared_distances(corners, coordinates[None])[:, 0].tolist()
    return level_rows(term, values, values[-1], output=output, number=number)
