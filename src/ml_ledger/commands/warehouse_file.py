"""Open the embedded warehouse, to look only."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from ml_ledger.errors import WarehouseError, listed

# The environment variable that says, in the profile and here, which schema holds the ledger.
SCHEMA_VARIABLE = "ML_LEDGER_SCHEMA"
# How schemas begin that a replay made beside the ledger.
REPLAY_PREFIX = "replay_"


def opened(warehouse: Path, schema: str | None = None) -> duckdb.DuckDBPyConnection:
    """A connection that only reads, with the schema of the ledger in use.

    schema: which one; without it, that of the environment variable, else the one that no replay made. Raises
    WarehouseError when the file does not exist, cannot be opened or holds no ledger there.
    """
    if not warehouse.exists():
        raise WarehouseError(f"{warehouse}: does not exist. Fix: run `make build`, or name it with --warehouse.")
    try:
        connection = duckdb.connect(str(warehouse), read_only=True)
    except duckdb.Error as error:
        raise WarehouseError(f"{warehouse}: cannot be opened: {error}") from None
    schemas = ledgers_of(connection)
    wanted = schema or os.environ.get(SCHEMA_VARIABLE)
    found = [name for name in schemas if name == wanted] if wanted else schemas[:1]
    if not found:
        connection.close()
        if schemas:
            what = f"holds no ledger in schema '{wanted}'. Allowed: {listed(schemas)}"
            raise WarehouseError(f"{warehouse}: {what}. Fix: set {SCHEMA_VARIABLE}.")
        raise WarehouseError(f"{warehouse}: holds no ledger. Fix: run `dbt build` first.")
    connection.execute(f'use "{found[0]}"')
    return connection


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
