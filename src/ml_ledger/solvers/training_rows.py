"""The rows that a family is fitted on: a relation with what its columns mean, and fetching of what fits into memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ml_ledger.arrays import Codes, Matrix, Vector
from ml_ledger.errors import TrainingSetError
from ml_ledger.warehouse import Relation

# Fetched columns, the matrix that they become, and what estimators copy of it: bytes per byte of data.
COPIES = 4
# The same for a value that is fetched as a code, by what HistGradientBoosting makes of it: 18 bytes were measured where
# all features are numbers, 25 where a fifth have levels.
BYTES_PER_CODE = 24
# The byte that stands for NULL among codes.
NO_CODE = 255


@dataclass(frozen=True)
class TrainingRows:
    """What a family is fitted on: rows of a relation, which stays in the warehouse.

    where: SQL of the rows to train on. label: SQL of the label, a double: of task multiclass the position of the class
    in `classes`, from 0; of task clustering NULL. Weights are the column `_ml_weight`; weights_are: what they mean, as
    declared. task: what the label is. key: SQL of the columns that tell rows apart. cluster: SQL of what rows belong
    together by, None where each is its own. exposure: SQL of what the label is divided by, None for nothing; family
    poisson has weights multiplied by it. with_tests: whether coefficients are to have standard errors where they can.
    memory_mb: what fetched rows may take, None for no limit; may_sample:
    whether only some are fetched where that is not enough.
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
        """Design matrix (n × k), labels (n) and weights (n) of the n rows, for k SQL expressions.

        in_order: by key, for estimators that give another result when rows change places.
        Raises TrainingSetError where they do not fit into memory and may not be sampled.
        """
        columns = [self.label, "_ml_weight", *columns]
        label, weight, *design = self.relation.doubles(
            columns,
            where=self._fitting_into_memory(columns, len(columns) * 8 * COPIES),
            order_by=self.key if in_order else (),
        )
        return np.column_stack(design) if design else np.empty((len(label), 0)), label, weight

    def fetch_codes(self, codes: Sequence[str], *, in_order: bool = False) -> tuple[list[Codes], Vector, Vector]:
        """One array of n bytes per SQL of a whole number below NO_CODE, which is NULL; else as `fetch`."""
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
        """SQL of about as many rows, the same ones whenever they are asked for; of all, where there are fewer."""
        found = self._count()
        return self.where if found <= rows else self._part(rows, found)

    def _count(self) -> int:
        (found,) = self.relation.query(f"select count(*) as _ml_n from {self.relation.name} where {self.where}")
        return int(found["n"])

    def _part(self, wanted: float, found: int) -> str:
        buckets = 1 << 30
        return f"{self.where} and {self.bucket(buckets)} < {int(buckets * wanted / found)}"

    def bucket(self, buckets: int) -> str:
        """SQL of a pseudo-random number from 0 to `buckets` - 1, the same for a row whenever it is asked for."""
        return f"hash({', '.join(self.key)}) % {buckets}"
