"""What a warehouse knows of the columns of a relation, for a proposal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from ml_ledger.errors import WarehouseError
from ml_ledger.project.target import Place
from ml_ledger.project.warehouse_file import connected
from ml_ledger.training_set.feature_types import MOMENT
from ml_ledger.warehouse import NUMERIC_TYPE, quoted

# A category with more levels than these is for the feature model to group.
MANY_LEVELS = 50


@dataclass(frozen=True)
class Column:
    """A column: its kind (numeric, categorical, boolean, date; None for what no feature can be) and what it holds.

    rows: of the relation. missing: rows that are NULL. levels: how many values there are; examples: the most frequent
    of them as text, all where there are no more than `MANY_LEVELS`. least: the smallest number.
    """

    name: str
    kind: str | None
    type: str
    rows: int
    missing: int
    levels: int
    examples: Sequence[str]
    least: float | None


def columns_of(place: Place, relation: str) -> dict[str, Column]:
    """The columns of a relation, by name.

    Raises WarehouseError where the file cannot be read, or no schema of it holds the relation.
    """
    if not place.path.exists():
        raise WarehouseError(f"{place.path}: does not exist. Fix: dbt build --select {relation}")
    with connected(place.path) as connection:
        schemas = connection.execute(
            "select table_schema from information_schema.tables where lower(table_name) = lower(?)"
            " and table_catalog = current_database() order by lower(table_schema) <> lower(?), table_schema",
            [relation, place.schema],
        ).fetchall()
        if not schemas:
            raise WarehouseError(f"{place}: holds no relation '{relation}'. Fix: dbt build --select {relation}")
        table = f"{quoted(schemas[0][0])}.{quoted(relation)}"
        described = connection.execute(f"describe {table}").fetchall()
        return {name: _column(connection, table, name, str(kind)) for name, kind, *_ in described}


def _column(connection: duckdb.DuckDBPyConnection, table: str, name: str, type_: str) -> Column:
    kind, column = _kind(type_), quoted(name)
    least = f"cast(min({column}) as double)" if kind == "numeric" else "null"
    found: Any = connection.execute(
        f"select count(*), count(*) - count({column}), count(distinct {column}), {least} from {table}"
    ).fetchall()[0]
    examples = connection.execute(
        f"select cast({column} as varchar) from {table} where {column} is not null group by {column}"
        f" order by count(*) desc, cast({column} as varchar) limit {MANY_LEVELS}"
    ).fetchall()
    rows, missing, levels, smallest = found
    return Column(name, kind, type_, rows, missing, levels, [text for (text,) in examples], smallest)


def _kind(type_: str) -> str | None:
    if NUMERIC_TYPE.fullmatch(type_):
        return "numeric"
    if MOMENT.fullmatch(type_):
        return "date"
    if type_ in ("VARCHAR", "UUID") or type_.startswith("ENUM("):
        return "categorical"
    return "boolean" if type_ == "BOOLEAN" else None
