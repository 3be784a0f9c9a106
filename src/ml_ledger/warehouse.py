"""The one module that touches relations: every query that training sends to a warehouse starts here.

A training set stays a relation; what leaves the engine are aggregates, and for families that need them, the
declared columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ml_ledger.errors import WarehouseError

if TYPE_CHECKING:
    import pyarrow as pa

NUMERIC_TYPE = re.compile(
    r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(\d+,\s*\d+\)", re.IGNORECASE
)


Vector = NDArray[np.float64]


class Scoring(Protocol):
    """What is needed of a compiled scoring to score a relation."""

    def link_sql(self) -> str:
        """The link score, over the columns of the relation."""

    def score_of(self, link_score: str) -> str:
        """The score, over a column that holds the link score."""


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

    def doubles(self, expressions: Sequence[str], where: str, *, order_by: Sequence[str] = ()) -> list[Vector]:
        """One array of n doubles per SQL expression, NaN for NULL, over the n rows that satisfy `where`.

        All arrays come from one query, so that their rows correspond.
        """
        order = f" order by {', '.join(order_by)}" if order_by else ""
        return self._arrays(self._selected(expressions, where) + order, len(expressions))

    def scores(self, scorings: Sequence[Scoring], others: Sequence[str], where: str) -> list[Vector]:
        """One array of n scores per scoring, NaN where a row is not scored, then one per other expression."""
        inner = self._selected([*(scoring.link_sql() for scoring in scorings), *others], where)
        columns = [scoring.score_of(f"c{number}") for number, scoring in enumerate(scorings)]
        columns += [f"c{number}" for number in range(len(scorings), len(scorings) + len(others))]
        outer = ", ".join(f"{column} as c{number}" for number, column in enumerate(columns))
        return self._arrays(f"select {outer} from ({inner}) as selected", len(columns))

    def batches(self, columns: Mapping[str, str], *, where: str, rows: int) -> Iterator[pa.RecordBatch]:
        """Arrow batches of at most `rows` rows, with one column per name and SQL expression.

        The warehouse goes on computing while batches are read, so they must be read to the end, and its connection
        is busy until then.
        """
        selected = ", ".join(f"{expression} as {quoted(name)}" for name, expression in columns.items())
        reader = self._relation.query(self.name, f"select {selected} from {self.name} where {where}")
        yield from reader.to_arrow_reader(rows)

    def _selected(self, expressions: Sequence[str], where: str) -> str:
        selected = ", ".join(
            f"cast({expression} as double) as c{number}" for number, expression in enumerate(expressions)
        )
        return f"select {selected} from {self.name} where {where}"

    def _arrays(self, sql: str, count: int) -> list[Vector]:
        arrays = self._relation.query(self.name, sql).fetchnumpy()
        return [_filled(arrays[f"c{number}"]) for number in range(count)]

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
