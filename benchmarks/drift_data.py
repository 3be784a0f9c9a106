"""Rows of a period, and the rows that they are compared with: 50 numbers, each shifted a little further."""

from __future__ import annotations

import duckdb
import numpy as np

COLUMNS = [f"x{j}" for j in range(50)]
REFERENCE = "drift_reference"
REFERENCE_ROWS = 100_000
# Evidently is given one row in so many, since it takes its time.
EVIDENTLY_PART = 25


def period_of(rows: int) -> str:
    return f"drift_{rows}"


def make(connection: duckdb.DuckDBPyConnection, rows: int) -> None:
    """Both tables; the same whenever they are made."""
    connection.execute("set threads = 1")  # two would share the random numbers out differently in each run
    for table, n, shift, seed in ((REFERENCE, REFERENCE_ROWS, 0.0, 0.3), (period_of(rows), rows, 0.002, 0.7)):
        numbers = ", ".join(
            f"(random() + random() + random() - 1.5) * 2 + {shift * j} as {name}" for j, name in enumerate(COLUMNS)
        )
        connection.execute(f"select setseed({seed})")
        connection.execute(f"create or replace table {table} as select {numbers} from range({n})")
    connection.execute("reset threads")


def column(connection: duckdb.DuckDBPyConnection, table: str, name: str) -> np.ndarray:
    return connection.sql(f"select {name} from {table}").fetchnumpy()[name]
