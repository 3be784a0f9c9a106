"""What the scores node does: score with the live versions that are estimators, and hand over Arrow batches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from ml_ledger.errors import VersionError, WarehouseError, listed
from ml_ledger.progress import say
from ml_ledger.scoring.onnx import KEY, OnnxScoring, scored_batches
from ml_ledger.warehouse import Relation, quoted

SCORE_SCHEMA = pa.schema(
    [*KEY, ("slot", pa.string()), ("version", pa.int64()), ("output", pa.string()), ("score", pa.float64())]
)


@dataclass(frozen=True)
class LiveEstimator:
    """A version that is live in a slot, with the names of its key columns."""

    slot: str
    version: int
    entity: str
    as_of: str
    scoring: OnnxScoring


def score_with_estimator(
    *, ml_model: str, features: Any, versions: Any, deployments: Any, clock: Any
) -> pa.RecordBatchReader:
    """Score the latest as-of date with every live version that is an estimator (family `python`).

    Parameters
    ----------
    ml_model : str
        Name under `vars.ml_models`.
    features : duckdb.DuckDBPyRelation
        Features: one row per entity and as-of date.
    versions, deployments : duckdb.DuckDBPyRelation
        Nodes `<ml_model>_versions` and `<ml_model>_deployments`.
    clock : duckdb.DuckDBPyRelation
        Node `ml_clock`: one row, whose column `clock` is the business time of the run.

    Returns
    -------
    pyarrow.RecordBatchReader
        One row per entity, slot and output, with the columns `entity_id`, `as_of`, `slot`, `version`, `output` and
        `score`. The score is in units of the label (task `regression`) or a probability; NULL where the version does
        not accept the row. Versions that SQL scores have no row.

    Raises
    ------
    VersionError
        Where a live version reads a column that the features do not have.
    DependencyError
        Where onnxruntime is not installed.
    WarehouseError
        Where an argument is not a DuckDB relation, or the clock is not one moment.

    Notes
    -----
    Batches are scored while they are read. Read them with a cursor other than that of the relations.
    """
    at = _clock(Relation(clock, name="clock"))
    rows = Relation(features, name="features")
    live = _live(Relation(versions, name="versions"), Relation(deployments, name="deployments"), rows, at)
    named = listed(f"version {item.version} as {item.slot}" for item in live)
    say(f"{ml_model}: scoring with estimators: {named}")
    scored = [(item, scored_batches(item.scoring, rows, **_latest(item, rows, at))) for item in live]
    return pa.RecordBatchReader.from_batches(SCORE_SCHEMA, _by_output(scored))


def _clock(relation: Relation) -> datetime:
    (row,) = relation.query(
        f"select max(cast(clock as timestamp)) as _ml_at, count(distinct clock) as _ml_n from {relation.name}"
    )
    if row["n"] != 1:
        raise WarehouseError(f"clock: must be one moment; got {row['n']}. Fix: pass dbt.ref('ml_clock').")
    at: datetime = row["at"]
    return at


def _live(versions: Relation, deployments: Relation, rows: Relation, at: datetime) -> list[LiveEstimator]:
    """What is deployed at the clock, as the macro live_versions has it."""
    started = deployments.query(
        "select slot, version from ("
        " select *, row_number() over (partition by slot, case when slot in ('challenger', 'shadow') then version end"
        " order by valid_from desc, event_number desc) as _ml_age"
        f" from {deployments.name} where event in ('deployed', 'ended') and valid_from <= timestamp '{at}'"
        ") as _ml_ranked where _ml_age = 1 and event = 'deployed' and slot <> 'control' order by slot, version"
    )
    live = []
    for slot, version in ((row["slot"], row["version"]) for row in started):
        for stored in versions.query(
            f"select scoring, spec, features, onnx from {versions.name}"
            f" where version = {version} and onnx is not null"
        ):
            read = json.loads(stored["features"])
            gone = [name for name in read if name not in rows.types]
            if gone:
                raise VersionError(
                    f"version {version} is live as {slot} and reads {listed(gone)}, which the features do not have."
                    f" Allowed: {listed(rows.types)}. Nothing was written. Fix: bring the columns back; or declare the"
                    " features that there are, so that a version is trained on them."
                )
            spec = json.loads(stored["spec"])
            scoring = OnnxScoring.of_version(stored["scoring"], stored["onnx"])
            live.append(LiveEstimator(slot, version, quoted(spec["entity"]), quoted(spec["as_of"]), scoring))
    return live


def _latest(item: LiveEstimator, rows: Relation, at: datetime) -> dict[str, str]:
    """SQL of the key, and of the rows of the latest as-of date at the clock."""
    day = f"cast({item.as_of} as timestamp)"
    latest = f"select max({day}) from {rows.name} where {day} <= timestamp '{at}'"
    return {"entity": item.entity, "as_of": item.as_of, "where": f"{day} = ({latest})"}


def _by_output(scored: Sequence[tuple[LiveEstimator, Iterator[pa.RecordBatch]]]) -> Iterator[pa.RecordBatch]:
    """Batches of SCORE_SCHEMA: a column per output becomes a row per output."""
    for item, batches in scored:
        for batch in batches:
            for position, output in enumerate(item.scoring.outputs, len(KEY)):
                constants = [
                    pa.repeat(pa.scalar(value, SCORE_SCHEMA.field(name).type), len(batch))
                    for name, value in (("slot", item.slot), ("version", item.version), ("output", output))
                ]
                key = [batch.column(number) for number in range(len(KEY))]
                yield pa.RecordBatch.from_arrays([*key, *constants, batch.column(position)], schema=SCORE_SCHEMA)
