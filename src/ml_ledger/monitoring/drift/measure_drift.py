"""What the drift node does: compare each period of a version's decisions with the rows that it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError
from ml_ledger.monitoring.decided import labelled_predictions, measured_so_far
from ml_ledger.monitoring.drift.column_rows import measured_columns
from ml_ledger.monitoring.drift.feature_schema import feature_schema_rows
from ml_ledger.monitoring.drift.joint import joint_rows
from ml_ledger.monitoring.drift.measurement import Measurement
from ml_ledger.monitoring.drift.period_groups import groups_of
from ml_ledger.monitoring.drift.schema import DRIFT_SCHEMA
from ml_ledger.progress import say
from ml_ledger.warehouse import Relation
from ml_ledger.without_stopping import without_stopping


@without_stopping(DRIFT_SCHEMA)
def measure_drift(
    *,
    ml_model: str,
    spec: Mapping[str, Any],
    predictions: Any,
    versions: Any,
    outcomes: Any = None,
    history: Any = None,
    training_rows: Any = None,
    features: Any = None,
) -> pa.Table:
    """Compare the rows that a version decides on with its training rows, by slot and period of as-of dates.

    Parameters
    ----------
    ml_model : str
        Name under `vars.ml_models`.
    spec : mapping
        Declaration of the ML model, as written there. It needs the block `monitoring`.
    predictions, versions : duckdb.DuckDBPyRelation
        Nodes `<ml_model>_predictions` and `<ml_model>_versions`.
    outcomes : duckdb.DuckDBPyRelation, optional
        Node `<ml_model>_outcomes`; needed unless the task is `clustering`.
    history : duckdb.DuckDBPyRelation, optional
        What was measured so far. Groups (a version, slot and period) whose rows and labels are the same as then are not
        measured again.
    training_rows : duckdb.DuckDBPyRelation, optional
        Node `<ml_model>_training_rows`, where the declaration keeps them in full. Without it the classifier that tells
        periods apart compares with the first period of the version.
    features : duckdb.DuckDBPyRelation, optional
        Relation that is scored, to find columns that are missing or have another type.

    Returns
    -------
    pyarrow.Table
        One row per group, part, feature and metric; docs/drift.md explains each column. Rows of a `group_key` replace
        those that were measured before.

    Notes
    -----
    An `MLLedgerError` is logged as an error and gives a table without rows rather than being raised, so that dbt does
    not skip the nodes over all ML models. It is a `SpecError` where the declaration is not valid or has
    no `monitoring`, or where outcomes are needed and were not passed.
    """
    declared = parse_spec(ml_model, spec)
    if declared.monitoring is None:
        raise SpecError(
            f"ml_models.{ml_model}.monitoring: drift is measured by its period; got no monitoring. Fix: declare"
            f" `monitoring: {{drift: {{}}}}`, or remove the node {ml_model}_drift."
        )
    if declared.label is not None and outcomes is None:
        raise SpecError(
            f"measure_drift of {ml_model}: needs outcomes, since the ML model has a label; got None. Fix: pass"
            f" outcomes=dbt.ref('{ml_model}_outcomes')."
        )
    settings = declared.monitoring
    measurement = Measurement(
        ml_model, settings, labelled_predictions(predictions, outcomes), measured_so_far(history)
    )
    stored = {
        row["version"]: row
        for row in Relation(versions, name="_ml_versions").query(
            "select version, spec, algorithm, reference, scoring, metrics from _ml_versions order by version"
        )
    }
    groups = [group for group in groups_of(measurement.labelled, settings.period) if group.version in stored]
    rows = [*measurement.without_rows(groups)]
    rows += measured_columns(measurement, groups, stored)
    kept = None if training_rows is None else Relation(training_rows, name="_ml_training_rows")
    rows += joint_rows(measurement, groups, stored, kept)
    if features is not None:
        rows += feature_schema_rows(measurement, groups, stored, Relation(features, name="_ml_features"))
    drifted = [row for row in rows if row["status"] == "drifted"]
    say(
        f"{ml_model}: measured drift of {len({row['group_key'] for row in rows})} groups of predictions that are new or"
        f" have new labels: {len(drifted)} of {len(rows)} rows have drifted"
    )
    empty = dict.fromkeys(DRIFT_SCHEMA.names)
    return pa.Table.from_pylist([{**empty, **row} for row in rows], schema=DRIFT_SCHEMA)
