"""Where in a warehouse the tables of the record are."""

from __future__ import annotations

import duckdb

from ml_ledger.warehouse import quoted


def located(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """A table by its name, as SQL with its schema: the one in use, else the first that has it. None where none has."""
    found = connection.execute(
        "select schema_name from duckdb_tables() where database_name = current_database() and table_name = ?"
        " order by schema_name = current_schema() desc, schema_name",
        [name],
    ).fetchall()
    return f"{quoted(found[0][0])}.{quoted(name)}" if found else None
