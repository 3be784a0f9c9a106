"""Features as of a moment: the latest value, and trailing windows, of ten events for each row of a spine.

The spine `spine_few` has one row for a hundred events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import duckdb
from data import Task
from events import MEMORY_LIMIT_MB, latest_wrong, trailing_wrong
from node import compiled


def grouped(connection: duckdb.DuckDBPyConnection, rows: int, per_entity: str) -> Task:
    """Count and sum of each entity's events, as of no moment."""
    select = f"select entity, count(*), sum(amount) from events_{per_entity} group by entity"
    return _created(connection, select, None)


def latest(connection: duckdb.DuckDBPyConnection, rows: int, per_entity: str) -> Task:
    return _latest(connection, "spine", per_entity)


def latest_few(connection: duckdb.DuckDBPyConnection, rows: int, per_entity: str) -> Task:
    return _latest(connection, "spine_few", per_entity)


def trailing(connection: duckdb.DuckDBPyConnection, rows: int, per_entity: str) -> Task:
    return _created(
        connection, compiled(f"trailing_{per_entity}"), lambda: trailing_wrong(connection, "spine", per_entity)
    )


def merge_asof(connection: duckdb.DuckDBPyConnection, rows: int, per_entity: str) -> Task:
    return _merge_asof(connection, "spine", per_entity, sorted_by_duckdb=False)


def merge_asof_few(connection: duckdb.DuckDBPyConnection, rows: int, per_entity: str) -> Task:
    return _merge_asof(connection, "spine_few", per_entity, sorted_by_duckdb=False)


def merge_asof_tuned(connection: duckdb.DuckDBPyConnection, rows: int, per_entity: str) -> Task:
    return _merge_asof(connection, "spine", per_entity, sorted_by_duckdb=True)


def _merge_asof(
    connection: duckdb.DuckDBPyConnection, spine: str, per_entity: str, *, sorted_by_duckdb: bool
) -> Task:
    """Fetched through Arrow, sorted, joined and written back."""
    import pandas as pd

    connection.execute(f"set memory_limit = '{MEMORY_LIMIT_MB}MB'")
    asked = f"select * from {spine}_{per_entity}"
    happened = f"select entity, happened_at, cast(amount as double) as amount from events_{per_entity}"

    def run() -> None:
        if sorted_by_duckdb:
            left = connection.sql(f"{asked} order by as_of").to_arrow_table().to_pandas()
            right = connection.sql(f"{happened} order by happened_at, amount").to_arrow_table().to_pandas()
        else:
            left = connection.sql(asked).to_arrow_table().to_pandas().sort_values("as_of")
            right = connection.sql(happened).to_arrow_table().to_pandas()
            # Sorting twice takes half the time of sorting by both columns at once.
            right = right.sort_values("amount").sort_values("happened_at", kind="stable")
        merged = pd.merge_asof(left, right, left_on="as_of", right_on="happened_at", by="entity")
        connection.register("merged", merged)
        connection.execute("create or replace temp table result as select id, amount from merged")

    return Task(run, lambda: latest_wrong(connection, spine, per_entity))


def _latest(connection: duckdb.DuckDBPyConnection, spine: str, per_entity: str) -> Task:
    select = compiled(f"{spine.replace('spine', 'latest')}_{per_entity}")
    return _created(connection, select, lambda: latest_wrong(connection, spine, per_entity))


def _created(connection: duckdb.DuckDBPyConnection, select: str, wrong: Callable[[], float] | None) -> Task:
    connection.execute(f"set memory_limit = '{MEMORY_LIMIT_MB}MB'")
    return Task(lambda: connection.execute(f"create or replace temp table result as {select}"), wrong)


def models(sizes: Iterable[str]) -> dict[str, str]:
    """Files of dbt models. sizes: events per entity."""
    return {name: text for per_entity in sizes for name, text in _models(per_entity).items()}


def _models(per_entity: str) -> dict[str, str]:
    relation = f"api.Relation.create(database=target.database, schema='main', identifier='{{}}_{per_entity}')"
    events = relation.format("events")
    join = (
        "{{{{ ml_ledger.point_in_time_join(spine={spine}, entity='entity', as_of='as_of',"
        " views=[{{'relation': {events}, 'timestamp': 'happened_at', 'columns': ['amount']}}]) }}}}\n"
    )
    return {
        f"models/latest_{per_entity}.sql": join.format(spine=relation.format("spine"), events=events),
        f"models/latest_few_{per_entity}.sql": join.format(spine=relation.format("spine_few"), events=events),
        f"models/trailing_{per_entity}.sql": f"{{{{ ml_ledger.trailing(spine={relation.format('spine')},"
        f" entity='entity', as_of='as_of', events={events}, timestamp='happened_at',"
        " aggregates={'orders': {'aggregate': 'count'}, 'amount': {'aggregate': 'sum', 'column': 'amount'}},"
        " windows=[30, 90]) }}\n",
    }
