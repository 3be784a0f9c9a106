"""Features as of a moment: the latest value, and trailing windows, of ten events for each row of a spine."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
from data import Task
from node import compiled

MEMORY_LIMIT_MB = 2_000
EVENTS_PER_SPINE_ROW = 10
SECONDS = 3 * 365 * 86_400
CHECKED = 1_000


def make(connection: duckdb.DuckDBPyConnection, events: int, per_entity: int) -> None:
    """Three years of events with an amount, some at the same second, and a spine of random entities and moments."""
    entities = max(events // per_entity, 1)
    moment = "timestamp '2020-01-01' + to_seconds(cast(hash({}) % {} as bigint))"
    connection.execute(
        f"create table events_{per_entity} as select cast(hash(i) % {entities} as bigint) as entity,"
        f" {moment.format(f'i + {events}', SECONDS)} as happened_at,"
        f" cast((hash(i + {2 * events}) % 10000) / 100 as decimal(10, 2)) as amount from range({events}) as t(i)"
    )
    connection.execute(
        f"create table spine_{per_entity} as select i as id, cast(hash(i + {3 * events}) % {entities} as bigint)"
        f" as entity, {moment.format(f'i + {4 * events}', SECONDS)} as as_of"
        f" from range({events // EVENTS_PER_SPINE_ROW}) as t(i)"
    )


def grouped(connection: duckdb.DuckDBPyConnection, rows: int, per_entity: str) -> Task:
    """Count and sum of each entity's events, as of no moment."""
    select = f"select entity, count(*), sum(amount) from events_{per_entity} group by entity"
    return _created(connection, select, None)


def latest(connection: duckdb.DuckDBPyConnection, rows: int, per_entity: str) -> Task:
    return _created(connection, compiled(f"latest_{per_entity}"), _latest_wrong(per_entity))


def trailing(connection: duckdb.DuckDBPyConnection, rows: int, per_entity: str) -> Task:
    return _created(connection, compiled(f"trailing_{per_entity}"), _trailing_wrong(per_entity))


def merge_asof(connection: duckdb.DuckDBPyConnection, rows: int, per_entity: str) -> Task:
    """Fetched through Arrow, sorted, joined and written back."""
    import pandas as pd

    connection.execute(f"set memory_limit = '{MEMORY_LIMIT_MB}MB'")

    def run() -> None:
        spine = connection.sql(f"select * from spine_{per_entity}").to_arrow_table().to_pandas()
        events = connection.sql(
            f"select entity, happened_at, cast(amount as double) as amount from events_{per_entity}"
        )
        right = events.to_arrow_table().to_pandas().sort_values(["happened_at", "amount"])
        merged = pd.merge_asof(
            spine.sort_values("as_of"), right, left_on="as_of", right_on="happened_at", by="entity"
        )
        connection.register("merged", merged)
        connection.execute("create or replace temp table result as select id, amount from merged")

    return Task(run, lambda: _share(connection, _latest_wrong(per_entity)))


def _created(connection: duckdb.DuckDBPyConnection, select: str, wrong: str | None) -> Task:
    connection.execute(f"set memory_limit = '{MEMORY_LIMIT_MB}MB'")
    return Task(
        lambda: connection.execute(f"create or replace temp table result as {select}"),
        (lambda: _share(connection, wrong)) if wrong else None,
    )


def _share(connection: duckdb.DuckDBPyConnection, wrong: str) -> float:
    ((share,),) = connection.execute(wrong).fetchall()
    return float(share)


def _latest_wrong(per_entity: str) -> str:
    """Share of some spine rows that a direct join answers otherwise; every row must be there."""
    return f"""
        with direct as (
            select spine.id, max_by(events.amount, (events.happened_at, events.amount)) as amount
            from spine_{per_entity} as spine
            left join events_{per_entity} as events
                on spine.entity = events.entity and spine.as_of >= events.happened_at
            where spine.id < {CHECKED}
            group by spine.id
        )
        select avg(case when result.id is not null
            and cast(result.amount as decimal(10, 2)) is not distinct from direct.amount then 0 else 1 end)
        from direct left join result on direct.id = result.id
    """


def _trailing_wrong(per_entity: str) -> str:
    windows = ", ".join(
        f"coalesce(count_if(happened_at > as_of - interval {days} day), 0) as orders_{days}d,"
        f" coalesce(sum(case when happened_at > as_of - interval {days} day then amount end), 0) as amount_{days}d"
        for days in (30, 90)
    )
    same = " and ".join(
        f"result.{name}_{days}d = direct.{name}_{days}d" for name in ("orders", "amount") for days in (30, 90)
    )
    return f"""
        with direct as (
            select spine.id, {windows}
            from spine_{per_entity} as spine
            left join events_{per_entity} as events
                on spine.entity = events.entity and spine.as_of >= events.happened_at
            where spine.id < {CHECKED}
            group by spine.id
        )
        select avg(case when {same} then 0 else 1 end)
        from direct left join result on direct.id = result.id
    """


def models(sizes: Iterable[str]) -> dict[str, str]:
    """Files of dbt models. sizes: events per entity."""
    return {name: text for per_entity in sizes for name, text in _models(per_entity).items()}


def _models(per_entity: str) -> dict[str, str]:
    relation = f"api.Relation.create(database=target.database, schema='main', identifier='{{}}_{per_entity}')"
    spine, events = relation.format("spine"), relation.format("events")
    common = f"spine={spine}, entity='entity', as_of='as_of'"
    return {
        f"models/latest_{per_entity}.sql": f"{{{{ ml_ledger.point_in_time_join({common}, views=[{{'relation': {events},"
        " 'timestamp': 'happened_at', 'columns': ['amount']}]) }}\n",
        f"models/trailing_{per_entity}.sql": f"{{{{ ml_ledger.trailing({common}, events={events},"
        " timestamp='happened_at', aggregates={'orders': {'aggregate': 'count'},"
        " 'amount': {'aggregate': 'sum', 'column': 'amount'}}, windows=[30, 90]) }}\n",
    }
