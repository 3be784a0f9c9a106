"""The one module that touches relations: every query that training sends to a warehouse starts here.

A training set stays a relation; what leaves the engine are aggregates, and for families that need them, the
declared columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ml_ledger.errors import WarehouseError

NUMERIC_TYPE = re.compile(
    r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(\d+,\s*\d+\)", re.IGNORECASE
)


Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


class Scoring(Protocol):
    """What is needed of a compiled scoring to score a relation."""

    @property
    def features(self) -> Sequence[str]:
        """The columns that are read."""

    @property
    def outputs(self) -> Sequence[Any]:
        """One element per output."""

    def select(self, source: str, columns: Sequence[str]) -> str:
        """A select of columns of the source and of the scoring."""


class Relation:
    """A table or query result of the warehouse, as a Python dbt model receives it from `dbt.ref`.

    Only DuckDB relations so far; any other object is refused by name.
    """

    dialect = "duckdb"

    def __init__(self, relation: Any, *, name: str) -> None:
        """Wrap a DuckDB relation; inside `query` it is called `name`."""
        if not hasattr(relation, "query") or not hasattr(relation, "types"):
            raise WarehouseError(
                f"{name}: training needs a DuckDB relation; got {type(relation).__module__}."
                f"{type(relation).__qualname__}. Fix: run this ML model on a DuckDB target."
            )
        self._relation = relation
        self.name = name
        self.types = {
            column.lower(): str(kind) for column, kind in zip(relation.columns, relation.types, strict=True)
        }

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows of a query over this relation (and nothing else), as dicts. For small results."""
        result = self._relation.query(self.name, sql)
        columns = result.columns
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]

    def doubles(self, expressions: Sequence[str], where: str) -> list[Vector]:
        """One array of n doubles per SQL expression, NaN for NULL, over the n rows that satisfy `where`.

        All arrays come from one query, so that their rows correspond.
        """
        selected = ", ".join(f"cast({sql} as double) as c{number}" for number, sql in enumerate(expressions))
        arrays = self._relation.query(self.name, f"select {selected} from {self.name} where {where}").fetchnumpy()
        return [_filled(arrays[f"c{number}"]) for number in range(len(expressions))]

    def scores(
        self, scorings: Sequence[Scoring], others: Sequence[str], where: str
    ) -> tuple[list[Matrix], list[Vector]]:
        """Scores of the n rows that satisfy `where`, and other expressions over the same rows.

        Returns one matrix of n × outputs per scoring, NaN where a row is not scored; and one array per expression.
        """
        features = list(dict.fromkeys(quoted(feature) for scoring in scorings for feature in scoring.features))
        kept = [f"_ml_x{number}" for number in range(len(others))]
        added = [f"cast({sql} as double) as {name}" for sql, name in zip(others, kept, strict=True)]
        source = (
            f"(select {', '.join([*features, *added, '1 as _ml_row'])} from {self.name} where {where}) as _ml_rows"
        )
        names: list[list[str]] = []
        for number, scoring in enumerate(scorings):
            outputs = range(1, len(scoring.outputs) + 1)
            names.append([f"_ml_s{number}_{output}" for output in outputs])
            scored = [f"_ml_output{output} as _ml_s{number}_{output}" for output in outputs]
            source = f"({scoring.select(source, [*features, '_ml_row', *kept, *scored])}) as _ml_scored{number}"
            kept = [*kept, *names[-1]]
        arrays = (
            self._relation.query(self.name, f"select {', '.join(kept)} from {source}").fetchnumpy() if kept else {}
        )
        filled = {name: _filled(array) for name, array in arrays.items()}
        matrices = [np.column_stack([filled[name] for name in outputs]) for outputs in names]
        return matrices, [filled[f"_ml_x{number}"] for number in range(len(others))]

    def is_numeric(self, column: str) -> bool:
        """Whether a column's type is a number (booleans and text are not)."""
        return NUMERIC_TYPE.fullmatch(self.types[column]) is not None

    def fingerprint(self, columns: Iterable[str], where: str) -> str:
        """A text that changes when any of these rows changes, whatever their order.

        Per row the MD5 of its values, each as `<length>:<text>`, NULL as `-`; of that the first 60 bits as a
        number; `md5sum60:<rows>:<sum of the numbers>`.
        """
        texts = [f"cast({quoted(column)} as varchar)" for column in columns]
        row = " || ".join(f"coalesce(length({text}) || ':' || {text}, '-')" for text in texts)
        row_number = f"cast('0x' || substr(md5({row}), 1, 15) as bigint)"
        (row,) = self.query(f"select count(*) as n, sum({row_number}) as total from {self.name} where {where}")
        return f"md5sum60:{row['n']}:{row['total'] or 0}"


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _filled(values: Any) -> Vector:
    return np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan)
