"""Where in a warehouse the tables of the record are."""

from __future__ import annotations

import duckdb

from ml_ledger.warehouse import quoted


def located(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """A table by its name, as SQL: that of the schema in use, else the first one. None where there is none."""
    found = connection.execute(
        "select database_name, schema_name from duckdb_tables()"
        " where database_name = current_database() and table_name = ?"
        " order by schema_name = current_schema() desc, schema_name",
        [name],
    ).fetchall()
    # With the database: a schema may be called as the file is.
    return ".".join(map(quoted, (*found[0], name))) if found else None
