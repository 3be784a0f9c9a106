"""Feast: its historical features from a Parquet file of the same events, by the offline stores that run locally.

The registry is a file, and there is no online store. Spine and features go through pandas, as its interface has it.
"""

from __future__ import annotations

from datetime import timedelta

import duckdb
import ibis
from data import FOLDER, Task
from events import MEMORY_LIMIT_MB, latest_wrong, parquet
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64


def default_store(connection: duckdb.DuckDBPyConnection, rows: int, per_entity: str) -> Task:
    """Dask's data frames."""
    return _retrieved(connection, per_entity, "dask")


def duckdb_store(connection: duckdb.DuckDBPyConnection, rows: int, per_entity: str) -> Task:
    ibis.get_backend().con.execute(f"set memory_limit = '{MEMORY_LIMIT_MB}MB'")
    return _retrieved(connection, per_entity, "duckdb")


def _retrieved(connection: duckdb.DuckDBPyConnection, per_entity: str, offline_store: str) -> Task:
    connection.execute(f"set memory_limit = '{MEMORY_LIMIT_MB}MB'")
    store = _store(per_entity, offline_store)

    def run() -> None:
        asked = connection.sql(f"select id, entity, as_of as event_timestamp from spine_few_{per_entity}")
        job = store.get_historical_features(
            entity_df=asked.to_arrow_table().to_pandas(), features=["events:amount"]
        )
        connection.register("found", job.to_arrow())
        connection.execute("create or replace temp table result as select id, amount from found")

    return Task(run, lambda: latest_wrong(connection, "spine_few", per_entity))


def _store(per_entity: str, offline_store: str) -> FeatureStore:
    """A feature view over the events, whose values never grow too old."""
    config = RepoConfig(
        project="benchmark",
        provider="local",
        registry=str((FOLDER / f"feast_{per_entity}_{offline_store}.db").resolve()),
        offline_store={"type": offline_store},
        online_store=None,
        entity_key_serialization_version=3,
    )
    entity = Entity(name="entity", join_keys=["entity"], value_type=ValueType.INT64)
    view = FeatureView(
        name="events",
        entities=[entity],
        ttl=timedelta(0),
        schema=[Field(name="amount", dtype=Float64)],
        source=FileSource(path=str(parquet(per_entity).resolve()), timestamp_field="happened_at"),
        online=False,
    )
    store = FeatureStore(config=config)
    store.apply([entity, view])
    return store
