"""The rows that a family is fitted on: a relation with what its columns mean, and fetching of what fits into memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ml_ledger.arrays import Codes, Matrix, Vector
from ml_ledger.errors import TrainingSetError
from ml_ledger.warehouse import Relation

__all__ = ["TrainingRows"]

# Fetched columns, the matrix that they become, and what estimators copy of it: bytes per byte of data.
COPIES = 4
# The same for a value that is fetched as a code, by what HistGradientBoosting makes of it: 18 bytes were measured where
# all features are numbers, 25 where a fifth have levels.
BYTES_PER_CODE = 24
# The byte that stands for NULL among codes.
NO_CODE = 255


@dataclass(frozen=True)
class TrainingRows:
    """Rows that a family is fitted on; they stay in the warehouse until they are fetched.

    Parameters
    ----------
    relation : Relation
        Relation of the training set. Its column `_ml_weight` holds the weight of each row.
    where : str
        SQL of the rows to train on.
    label : str
        SQL of the label, a double: the position in `classes`, from 0, of task `multiclass`; NULL of task
        `clustering`.
    key : sequence of str, optional
        SQL of the columns that tell rows apart.
    task : {'binary', 'multiclass', 'regression', 'clustering'}, default 'binary'
        What the label is.
    classes : sequence of str, optional
        Declared classes of task `multiclass`.
    memory_mb : int, optional
        Megabytes that fetched rows may take; None for no limit.
    may_sample : bool, default False
        Whether a sample is fetched where not all rows fit into `memory_mb`.
    weights_are : {'frequency', 'sampling', 'precision'}, default 'frequency'
        What weights mean, as declared.
    cluster : str, optional
        SQL of what rows belong together by; None where rows are independent.
    exposure : str, optional
        SQL of what the label is divided by; None for nothing. Family `poisson` multiplies weights by it.
    with_tests : bool, default True
        Whether coefficients get standard errors and p-values, where the family has them.
    """

    relation: Relation
    where: str
    label: str
    key: Sequence[str] = ()
    task: str = "binary"
    classes: Sequence[str] = ()
    memory_mb: int | None = None
    may_sample: bool = False
    weights_are: Literal["frequency", "sampling", "precision"] = "frequency"
    cluster: str | None = None
    exposure: str | None = None
    with_tests: bool = True

    def fetch(self, columns: Sequence[str], *, in_order: bool = False) -> tuple[Matrix, Vector, Vector]:
        """Fetch design matrix, labels and weights.

        Parameters
        ----------
        columns : sequence of str, length k
            SQL expressions of the columns of the design matrix.
        in_order : bool, default False
            Whether rows are ordered by key, for estimators whose result depends on the order of rows.

        Returns
        -------
        design : ndarray of float64, shape (n, k)
            One row per training row; NaN for NULL.
        label : ndarray of float64, shape (n,)
            In units of the label.
        weight : ndarray of float64, shape (n,)
            As `weights_are` says.

        Raises
        ------
        TrainingSetError
            Where the rows do not fit into `memory_mb` and may not be sampled.
        """
        columns = [self.label, "_ml_weight", *columns]
        label, weight, *design = self.relation.doubles(
            columns,
            where=self._fitting_into_memory(columns, len(columns) * 8 * COPIES),
            order_by=self.key if in_order else (),
        )
        return np.column_stack(design) if design else np.empty((len(label), 0)), label, weight

    def fetch_codes(self, codes: Sequence[str], *, in_order: bool = False) -> tuple[list[Codes], Vector, Vector]:
        """Fetch categories as bytes, with labels and weights.

        Parameters
        ----------
        codes : sequence of str, length k
            SQL expressions of whole numbers from 0 to 254.
        in_order : bool, default False
            Whether rows are ordered by key.

        Returns
        -------
        design : list of k ndarrays of uint8, shape (n,)
            One array per expression; 255 for NULL.
        label : ndarray of float64, shape (n,)
            In units of the label.
        weight : ndarray of float64, shape (n,)
            As `weights_are` says.

        Raises
        ------
        TrainingSetError
            Where the rows do not fit into `memory_mb` and may not be sampled.
        """
        numbers = [self.label, "_ml_weight"]
        bytes_per_row = len(numbers) * 8 * COPIES + len(codes) * BYTES_PER_CODE
        label, weight, *design = self.relation.arrays(
            [*((sql, "double", np.nan) for sql in numbers), *((sql, "utinyint", NO_CODE) for sql in codes)],
            where=self._fitting_into_memory([*numbers, *codes], bytes_per_row),
            order_by=self.key if in_order else (),
        )
        return design, label, weight

    def _fitting_into_memory(self, columns: Sequence[str], bytes_per_row: int) -> str:
        """SQL of the rows that are fetched: all of them, or as many as fit."""
        if self.memory_mb is None:
            return self.where
        fitting = self.memory_mb * 1_000_000 // bytes_per_row
        found = self._count()
        if found <= fitting:
            return self.where
        if not self.may_sample:
            raise TrainingSetError(
                f"training.memory_mb: the training set does not fit; got {found:,} rows of {len(columns)} columns for"
                f" {self.memory_mb:,} MB. Allowed: up to {fitting:,} rows. Nothing was written. Fix: raise memory_mb,"
                " declare too_large: sample, or choose a family that is fitted inside the warehouse."
            )
        return self._part(fitting * 0.99, found)

    def part(self, rows: int) -> str:
        """Write a condition that about so many rows fulfil, the same ones on every call.

        Parameters
        ----------
        rows : int
            How many rows are wanted.

        Returns
        -------
        str
            SQL; `where` itself if there are no more rows than that.
        """
        found = self._count()
        return self.where if found <= rows else self._part(rows, found)

    def _count(self) -> int:
        (found,) = self.relation.query(f"select count(*) as _ml_n from {self.relation.name} where {self.where}")
        return int(found["n"])

    def _part(self, wanted: float, found: int) -> str:
        buckets = 1 << 30
        return f"{self.where} and {self.bucket(buckets)} < {int(buckets * wanted / found)}"

    def bucket(self, buckets: int) -> str:
        """Write a pseudo-random number per row, by its key: the same on every call.

        Parameters
        ----------
        buckets : int
            How many numbers there are.

        Returns
        -------
        str
            SQL of a whole number from 0 to `buckets` - 1.
        """
        return f"hash({', '.join(self.key)}) % {buckets}"
