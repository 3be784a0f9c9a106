"""A project whose dbt models call the macros for people in the loop."""

from pathlib import Path
from typing import Any

import duckdb
import package_project

CLOCK = "2026-03-01"
TABLES = {
    "predictions": "decision_id varchar, ml_model varchar, entity_id varchar, as_of timestamp, slot varchar,"
    " version bigint, status varchar, score double, predicted varchar, threshold double, decision varchar,"
    " decision_source varchar, features varchar, decided_at timestamp, invocation_id varchar",
    "feedback": "feedback_id varchar, ml_model varchar, feedback_number bigint, decision_id varchar, reviewer varchar,"
    " kind varchar, verdict varchar, override_decision varchar, reason_hash varchar, given_at timestamp,"
    " source varchar, given_in varchar, actor varchar, recorded_at timestamp, invocation_id varchar,"
    " hash_format bigint, previous_hash varchar, reason varchar, reason_salt varchar, content_hash varchar",
    # As a seed would be typed; it has no kind, and the decision is named in either way.
    "given": "decision_id varchar, entity_id integer, as_of date, reviewer varchar, verdict varchar,"
    " override_decision varchar, reason varchar, given_at varchar",
    "labels": "customer_id integer, as_of_date date, label integer, matured_at timestamp",
    "queue": "ml_model varchar, decision_id varchar, period_start timestamp, because varchar,"
    " inclusion_probability double, queued_at timestamp, predicted_by varchar",
}
NOT_BUILT = "not_built"  # a source that is not there yet
DECLARATION = {
    "task": "binary",
    "entity": "customer_id",
    "as_of": "as_of_date",
    "label": "label",
    "decision": {"threshold": 0.5, "positive": "offer", "negative": "none", "fallback": "none"},
}


def compiled(folder: Path, ml_models: dict[str, Any], models: dict[str, str]) -> dict[str, str]:
    """The SQL of each dbt model, on an empty warehouse that has the tables."""
    return package_project.compiled(
        folder,
        models,
        create_tables=create_tables,
        tables=[*TABLES, NOT_BUILT],
        project={"vars": {"ml_models": ml_models, "ml_clock": CLOCK, "ml_actor": "ana"}},
    )


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for name, columns in TABLES.items():
        connection.execute(f"create table {name} ({columns})")


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        connection.execute(
            f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
        )
