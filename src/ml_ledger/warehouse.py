"""The one module that touches relations: every query that training sends to a warehouse starts here.

A training set stays a relation; what leaves the engine are aggregates, and for families that need them, the
declared columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.errors import WarehouseError

if TYPE_CHECKING:
    import pyarrow as pa

NUMERIC_TYPE = re.compile(
    r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(\d+,\s*\d+\)", re.IGNORECASE
)

# Names that are ours in SQL begin with this, and no column of a user may.
PREFIX = "_ml_"


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


class Types(dict[str, str]):
    """The type of each column, found by its name in whatever case, as warehouses do."""

    def __init__(self, columns: Iterable[tuple[str, str]]) -> None:
        """Take names and types in the order of the columns."""
        super().__init__(columns)
        self._names = {name.lower(): name for name in self}

    def __contains__(self, name: object) -> bool:
        return str(name).lower() in self._names

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(self._names[name.lower()])


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
        self.types = Types(zip(relation.columns, map(str, relation.types), strict=True))

    @classmethod
    def union(cls, relations: Sequence[Relation], *, name: str) -> Relation:
        """The rows of all of them, which have the same columns."""
        together = relations[0]._relation
        for relation in relations[1:]:
            together = together.union(relation._relation)
        return cls(together, name=name)

    def left_join(self, other: Relation, *, on: Sequence[str], columns: Sequence[str]) -> Relation:
        """These rows with columns of another relation, NULL where it has none with the same values of columns `on`.

        No column is called as one of theirs, and the other relation has no two rows with the same values.
        """
        chosen = other.selected({name: quoted(name) for name in (*on, *columns)})
        return Relation(self._relation.join(chosen._relation, ", ".join(on), how="left"), name=_new_name())

    def selected(self, columns: Mapping[str, str]) -> Relation:
        """All rows, with these columns: SQL by name."""
        chosen = ", ".join(f"{sql} as {quoted(name)}" for name, sql in columns.items())
        return Relation(self._relation.query(self.name, f"select {chosen} from {self.name}"), name=_new_name())

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows of a query over this relation (and nothing else), as dicts. For small results.

        Aliases in queries begin with `_ml_`, so that none can be a user's column; keys of the dicts are without it.
        """
        result = self._relation.query(self.name, sql)
        columns = [column.removeprefix(PREFIX) for column in result.columns]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]

    @contextmanager
    def materialised(self, sql: str) -> Iterator[Relation]:
        """The rows of a query over this relation as a temporary table, which is dropped at the end of the block.

        For what several queries read and would compute again. The name is its own, so that any number fit into one
        connection, none clashes with a table of the warehouse, and the warehouse's file keeps nothing.
        """
        table = _new_name()
        # A query that writes would read a table of the catalog that is called as this relation; one that reads does
        # not, and the second name is nobody's.
        rows = self._relation.query(self.name, sql)
        rows.query(f"{table}_rows", f"create temporary table {table} as select * from {table}_rows")
        yield Relation(self._relation.query(self.name, f"select * from {table}"), name=f"{table}_read")
        # Not after an error: the transaction is then aborted, this would hide the error, and rolling back drops it.
        self._relation.query(self.name, f"drop table {table}")

    @contextmanager
    def joined(self, table: pa.Table, key: Mapping[str, str]) -> Iterator[Relation]:
        """These rows with the other columns of an Arrow table, NULL where it has no row of the same key.

        key: by column of the table SQL over these rows. No column is called as one of theirs. The table is a temporary
        one until the end of the block.
        """
        _ml_arrow = table  # DuckDB finds it by the name of the variable
        stored = f"_ml_{uuid4().hex}"
        self._relation.query(self.name, f"create temporary table {stored} as select * from _ml_arrow")
        added = ", ".join(f"{stored}.{quoted(name)}" for name in table.column_names if name not in key)
        same = " and ".join(f"{sql} = {stored}.{quoted(name)}" for name, sql in key.items())
        rows = self._relation.query(
            self.name, f"select {self.name}.*, {added} from {self.name} left join {stored} on {same}"
        )
        yield Relation(rows, name=_new_name())
        self._relation.query(self.name, f"drop table {stored}")  # not after an error, see `materialised`

    def doubles(self, expressions: Sequence[str], where: str, *, order_by: Sequence[str] = ()) -> list[Vector]:
        """One array of n doubles per SQL expression, NaN for NULL, over the n rows that satisfy `where`.

        All arrays come from one query, so that their rows correspond.
        """
        return self.arrays([(sql, "double", np.nan) for sql in expressions], where, order_by=order_by)

    def arrays(
        self,
        expressions: Sequence[tuple[str, str, float]],
        where: str,
        *,
        order_by: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[NDArray[Any]]:
        """As `doubles`, for expressions that each are SQL, a type of the warehouse, and what stands for NULL.

        limit: only so many of the first rows.
        """
        selected = ", ".join(
            f"cast({sql} as {kind}) as _ml_c{number}" for number, (sql, kind, _) in enumerate(expressions)
        )
        order = f" order by {', '.join(order_by)}" if order_by else ""
        order += "" if limit is None else f" limit {limit}"
        sql = f"select {selected} from {self.name} where {where}{order}"
        arrays = self._relation.query(self.name, sql).fetchnumpy()
        return [np.ma.filled(arrays.pop(f"_ml_c{number}"), null) for number, (*_, null) in enumerate(expressions)]

    def batches(self, columns: Mapping[str, str], *, where: str, rows: int) -> Iterator[pa.RecordBatch]:
        """Arrow batches of at most `rows` rows, with one column per name and SQL expression.

        The warehouse goes on computing while batches are read, so they must be read to the end, and its connection
        is busy until then.
        """
        selected = ", ".join(f"{expression} as {quoted(name)}" for name, expression in columns.items())
        reader = self._relation.query(self.name, f"select {selected} from {self.name} where {where}")
        yield from reader.to_arrow_reader(rows)

    def scores(
        self, scorings: Sequence[Scoring], others: Sequence[str], where: str
    ) -> tuple[list[Matrix], list[Vector]]:
        """Scores of the n rows that satisfy `where`, and other expressions over the same rows.

        Returns one matrix of n × outputs per scoring, NaN where a row is not scored; and one array per expression.
        """
        wanted = {
            f"_ml_s{number}_{output}": (number, f"_ml_output{output}")
            for number, scoring in enumerate(scorings)
            for output in range(1, len(scoring.outputs) + 1)
        }
        added = {f"_ml_x{number}": sql for number, sql in enumerate(others)}
        if not wanted and not added:
            return [], []
        arrays = self._relation.query(self.name, self.scored_sql(scorings, wanted, added, where)).fetchnumpy()
        matrices = [
            np.column_stack([_filled(arrays[name]) for name, (number, _) in wanted.items() if number == position])
            for position in range(len(scorings))
        ]
        return matrices, [_filled(arrays[name]) for name in added]

    def scored_sql(
        self,
        scorings: Sequence[Scoring],
        wanted: Mapping[str, tuple[int, str]],
        others: Mapping[str, str],
        where: str,
        as_they_are: Mapping[str, str] | None = None,
    ) -> str:
        """A query for columns of scorings and expressions, as doubles, over the rows that satisfy `where`.

        wanted: by new name the position of a scoring and SQL over its columns. others: by new name SQL over the
        relation; as_they_are: the same for columns of any type.
        """
        others = {name: f"cast({sql} as double)" for name, sql in others.items()} | dict(as_they_are or {})
        features = list(dict.fromkeys(quoted(feature) for scoring in scorings for feature in scoring.features))
        kept = list(others)
        added = [f"{sql} as {name}" for name, sql in others.items()]
        source = (
            f"(select {', '.join([*features, *added, '1 as _ml_row'])} from {self.name} where {where}) as _ml_rows"
        )
        for number, scoring in enumerate(scorings):
            scored = {name: sql for name, (position, sql) in wanted.items() if position == number}
            columns = [f"cast({sql} as double) as {name}" for name, sql in scored.items()]
            source = f"({scoring.select(source, [*features, '_ml_row', *kept, *columns])}) as _ml_scored{number}"
            kept += scored
        return f"select {', '.join(kept)} from {source}"

    def filtered(self, where: str) -> Relation:
        """The rows that satisfy a condition."""
        rows = self._relation.query(self.name, f"select * from {self.name} where {where}")
        return Relation(rows, name=_new_name())

    def with_weight(self, weight: str) -> Relation:
        """The same rows with another `_ml_weight`, SQL over the columns."""
        rows = self._relation.query(
            self.name, f"select * replace (cast({weight} as double) as _ml_weight) from {self.name}"
        )
        return Relation(rows, name=_new_name())

    def with_split(self, split: str) -> Relation:
        """The same rows with another `_ml_split`, SQL over the columns."""
        rows = self._relation.query(self.name, f"select * replace ({split} as _ml_split) from {self.name}")
        return Relation(rows, name=_new_name())

    def is_numeric(self, column: str) -> bool:
        """Whether a column's type is a number (booleans and text are not)."""
        return NUMERIC_TYPE.fullmatch(self.types[column]) is not None

    def fingerprint(self, columns: Iterable[str], where: str) -> str:
        """A text that changes when any of these rows changes, whatever their order.

        Per row the MD5 of its values, each as `<length>:<text>`, NULL as `-`; of that the first 60 bits as a
        number; `md5sum60:<rows>:<sum of the numbers>`.
        """
        texts = [f"cast({quoted(column)} as varchar)" for column in columns]
        values = " || ".join(f"coalesce(length({text}) || ':' || {text}, '-')" for text in texts)
        row_number = f"cast('0x' || substr(md5({values}), 1, 15) as bigint)"
        (row,) = self.query(
            f"select count(*) as _ml_n, sum({row_number}) as _ml_total from {self.name} where {where}"
        )
        return f"md5sum60:{row['n']}:{row['total'] or 0}"


def _new_name() -> str:
    """A name that no table has: DuckDB 1.5 takes a relation over another one of the same name for itself."""
    return f"_ml_{uuid4().hex}"


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _filled(values: Any) -> Vector:
    return np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan)
