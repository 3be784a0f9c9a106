"""Score in SQL, and the limit: the cheapest query that reads the same columns and writes an id and a number."""

from __future__ import annotations

import duckdb
from data import CATEGORIES, NUMBERS, Task, off_reference, table_of
from versions import kept


def limit(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> Task:
    parts = [*NUMBERS, *(f"length({name})" for name in CATEGORIES if model == "categories")]
    select = f"select id, {' + '.join(parts)} as score from {table_of(rows)}"
    return Task(lambda: connection.execute(f"create or replace temp table scores as {select}"))


def scored(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> Task:
    """Ids and scores of a whole table, by the layers of SQL that are stored on the version."""
    select = kept(model).select(table_of(rows), ["id", "_ml_score as score"])
    return Task(
        lambda: connection.execute(f"create or replace temp table scores as {select}"),
        lambda: off_reference(connection, model, rows),
    )
