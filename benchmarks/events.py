"""Events and spines for features as of a moment, and the shares of features that are wrong."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
from data import FOLDER

MEMORY_LIMIT_MB = 2_000
EVENTS_PER_SPINE_ROW = 10
EVENTS_PER_FEW = 100
SECONDS = 3 * 365 * 86_400
CHECKED = 1_000


def make(connection: duckdb.DuckDBPyConnection, events: int, per_entity: int) -> None:
    """Three years of events with an amount, some at the same second, and a spine of random entities and moments.

    The events are in a file of Parquet, too, which is what Feast reads, and a part of the spine in `spine_few`.
    """
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
    connection.execute(
        f"create table spine_few_{per_entity} as select * from spine_{per_entity}"
        f" where id < {events // EVENTS_PER_FEW}"
    )
    connection.execute(
        f"copy (select entity, happened_at, cast(amount as double) as amount from events_{per_entity})"
        f" to '{parquet(per_entity)}'"
    )


def parquet(per_entity: int | str) -> Path:
    return FOLDER / f"events_{per_entity}.parquet"


def latest_wrong(connection: duckdb.DuckDBPyConnection, spine: str, per_entity: str) -> float:
    """Share of some spine rows that a direct join answers otherwise; every row must be there."""
    right = (
        "result.id is not null and cast(result.amount as decimal(10, 2)) is not distinct from direct.latest_amount"
    )
    latest = ["max_by(events.amount, (events.happened_at, events.amount)) as latest_amount"]
    return _share_wrong(connection, spine, per_entity, latest, right)


def trailing_wrong(connection: duckdb.DuckDBPyConnection, spine: str, per_entity: str) -> float:
    """The same, of counts and sums of 30 and 90 days."""
    windows = [
        f"coalesce({aggregate}, 0) as {name}_{days}d"
        for days in (30, 90)
        for name, aggregate in {
            "orders": f"count_if(happened_at > as_of - interval {days} day)",
            "amount": f"sum(case when happened_at > as_of - interval {days} day then amount end)",
        }.items()
    ]
    right = " and ".join(
        f"result.{name}_{days}d = direct.{name}_{days}d" for name in ("orders", "amount") for days in (30, 90)
    )
    return _share_wrong(connection, spine, per_entity, windows, right)


def _share_wrong(
    connection: duckdb.DuckDBPyConnection, spine: str, per_entity: str, features: Iterable[str], right: str
) -> float:
    ((share,),) = connection.execute(f"""
        with direct as (
            select spine.id, {", ".join(features)}
            from {spine}_{per_entity} as spine
            left join events_{per_entity} as events
                on spine.entity = events.entity and spine.as_of >= events.happened_at
            where spine.id < {CHECKED}
            group by spine.id
        )
        select avg(case when {right} then 0 else 1 end)
        from direct left join result on direct.id = result.id
    """).fetchall()
    return float(share)
