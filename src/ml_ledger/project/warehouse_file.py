"""Open the embedded warehouse, to look only."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ml_ledger.errors import WarehouseError, listed
from ml_ledger.warehouse import quoted

# How schemas begin that a replay made beside the ledger.
REPLAY_PREFIX = "replay_"


def opened(warehouse: Path, schema: str | None = None) -> duckdb.DuckDBPyConnection:
    """A connection that only reads, with the schema of the ledger in use.

    schema: which one; without it, the only one that no replay made, or the only one. Raises WarehouseError when the
    file does not exist, cannot be opened, holds no ledger there, or several without saying which.
    """
    if not warehouse.exists():
        raise WarehouseError(f"{warehouse}: does not exist. Fix: run `dbt build`, or name it with --warehouse.")
    connection = connected(warehouse)
    try:
        use(connection, _ledger(connection, warehouse, schema))
    except WarehouseError:
        connection.close()
        raise
    return connection


def connected(warehouse: Path, *, read_only: bool = True) -> duckdb.DuckDBPyConnection:
    """A connection to a file. Raises WarehouseError when it cannot be opened."""
    try:
        return duckdb.connect(str(warehouse), read_only=read_only)
    except duckdb.Error as error:
        raise WarehouseError(f"{warehouse}: cannot be opened: {error}") from None


def use(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Let names without a schema be of this one, whatever the file is called."""
    ((database,),) = connection.execute("select current_database()").fetchall()
    connection.execute(f"use {quoted(database)}.{quoted(schema)}")


def _ledger(connection: duckdb.DuckDBPyConnection, warehouse: Path, schema: str | None) -> str:
    there = ledgers_of(connection)
    if not there:
        raise WarehouseError(f"{warehouse}: holds no ledger. Fix: run `dbt build` first.")
    if schema is None:
        chosen = [name for name in there if not name.startswith(REPLAY_PREFIX)] or there
    else:
        chosen = [name for name in there if name.lower() == schema.lower()]
    if not chosen:
        what = f"holds no ledger in schema '{schema}'. Allowed: {listed(there)}"
        raise WarehouseError(f"{warehouse}: {what}. Fix: run `dbt build` first, or name one with --schema.")
    if len(chosen) > 1:
        raise WarehouseError(f"{warehouse}: holds several ledgers: {listed(chosen)}. Fix: name one with --schema.")
    return chosen[0]


def schema_of_ledger(warehouse: Path, schema: str | None = None) -> str:
    """The schema that `opened` has in use. Raises WarehouseError as `opened` does."""
    with opened(warehouse, schema) as connection:
        ((name,),) = connection.execute("select current_schema()").fetchall()
    return str(name)


def ledgers_of(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The schemas that hold a ledger, those that a replay made last."""
    rows = connection.execute(
        "select table_schema from information_schema.tables where table_catalog = current_database()"
        " and table_name = 'ml_deployments' order by starts_with(table_schema, ?), table_schema",
        [REPLAY_PREFIX],
    ).fetchall()
    return [name for (name,) in rows]


def relations_of(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of the tables and views in the schema that is in use."""
    rows = connection.execute(
        "select table_name from information_schema.tables"
        " where table_catalog = current_database() and table_schema = current_schema()"
    ).fetchall()
    return {name for (name,) in rows}
