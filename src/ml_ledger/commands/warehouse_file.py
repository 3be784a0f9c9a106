"""Open the embedded warehouse, to look only."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ml_ledger.errors import WarehouseError


def opened(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """A connection that only reads, with the schema of the ledger in use.

    Raises WarehouseError when the file does not exist, cannot be opened or holds no ledger.
    """
    if not warehouse.exists():
        raise WarehouseError(f"{warehouse}: does not exist. Fix: run `make build`, or name it with --warehouse.")
    try:
        connection = duckdb.connect(str(warehouse), read_only=True)
    except duckdb.Error as error:
        raise WarehouseError(f"{warehouse}: cannot be opened: {error}") from None
    schemas = connection.execute(
        "select table_schema from information_schema.tables where table_name = 'ml_deployments'"
    ).fetchall()
    if not schemas:
        connection.close()
        raise WarehouseError(f"{warehouse}: holds no ledger. Fix: run `dbt build` first.")
    connection.execute(f'use "{schemas[0][0]}"')
    return connection
