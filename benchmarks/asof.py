"""Which version was live: for one decision, and for ten million at once, among 100,000 deployments."""

from __future__ import annotations

import duckdb
from data import Task
from node import compiled

DEPLOYMENTS = 100_000
STEP_SECONDS = 7_919


def make(connection: duckdb.DuckDBPyConnection, decisions: int) -> None:
    """Events of one ML model, and decisions at random moments."""
    connection.execute(
        "create table asof_events as select 'm' as ml_model, i + 1 as event_number, 'm-' || i as deployment_id,"
        " 'deployed' as event, 'gate' as operation, 'champion' as slot, i % 900 + 1 as version, 1.0 as share,"
        f" timestamp '2000-01-01' + to_seconds(cast(i * {STEP_SECONDS} as bigint)) as valid_from, 'ana' as actor,"
        " 'passed every check of the gate' as reason, timestamp '2026-01-01' as recorded_at"
        f" from range({DEPLOYMENTS}) as t(i)"
    )
    connection.execute(
        "create table asof_decisions as select i as decision_id, 'm' as ml_model, timestamp '2000-01-01'"
        f" + to_seconds(cast(hash(i) % {DEPLOYMENTS * STEP_SECONDS} as bigint)) as decided_at"
        f" from range({decisions}) as t(i)"
    )


def copied(connection: duckdb.DuckDBPyConnection, rows: int) -> Task:
    """The same columns: two of the decision's, and as many of a deployment."""
    select = "select *, decision_id as live_version, ml_model as live_deployment_id from asof_decisions"
    return Task(lambda: connection.execute(f"create or replace temp table live as {select}"))


def joined(connection: duckdb.DuckDBPyConnection, rows: int) -> Task:
    select = compiled("asof_joined")
    return Task(
        lambda: connection.execute(f"create or replace temp table live as {select}"),
        lambda: _wrong(connection),
    )


def one(connection: duckdb.DuckDBPyConnection, rows: int) -> Task:
    select = compiled("asof_one")
    connection.execute(select).fetchall()
    return Task(lambda: connection.execute(select).fetchall())


def _wrong(connection: duckdb.DuckDBPyConnection) -> float:
    """Share of the decisions whose version is not the one that arithmetic gives."""
    ((wrong,),) = connection.execute(
        "select avg(case when live_version = (epoch(decided_at) - epoch(timestamp '2000-01-01'))::bigint"
        f" // {STEP_SECONDS} % 900 + 1 then 0 else 1 end) from live"
    ).fetchall()
    return float(wrong)
