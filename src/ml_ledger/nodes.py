"""What the Python nodes of an ML model call: each takes its relations, and returns the rows that dbt writes.

`ml-ledger sync` writes these nodes. dbt reads what they refer to from their text, so that `dbt.ref(…)` and
`dbt.config.meta_get("ml")` stand in the file itself, and everything else stands here.

Examples
--------
The node `churn_versions.py`:

>>> from ml_ledger import nodes
>>> def model(dbt, session):
...     dbt.config(
...         materialized="incremental",
...         incremental_strategy="append",
...         full_refresh=False,
...         on_schema_change="append_new_columns",
...     )
...     spec = dbt.config.meta_get("ml")
...     training_set = dbt.ref("churn_training_set")
...     return nodes.versions("churn", dbt, session, spec, training_set=training_set)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ml_ledger.monitoring.drift.measure_drift import measure_drift
from ml_ledger.monitoring.performance import measure_performance
from ml_ledger.quality.assess import assess_training_set
from ml_ledger.scoring.estimators import score_with_estimator
from ml_ledger.training.node import train_if_due

__all__ = ["drift", "performance", "scores", "training_quality", "versions"]

Spec = Mapping[str, Any]


def versions(
    ml_model: str, dbt: Any, session: Any, spec: Spec, *, training_set: Any, alerts: Any = None
) -> pa.Table:
    """Train a version if one is due: the node `<ml_model>_versions`.

    Parameters
    ----------
    ml_model : str
        Name under `vars.ml_models`.
    dbt : dbtObj
        Object that dbt gives to the node.
    session : duckdb.DuckDBPyConnection
        Connection that dbt gives to the node.
    spec : mapping
        Declaration of the ML model: `dbt.config.meta_get("ml")`.
    training_set : duckdb.DuckDBPyRelation
        Node `<ml_model>_training_set`.
    alerts : duckdb.DuckDBPyRelation, optional
        Node `ml_last_alerts`; None if no alert triggers training.

    Returns
    -------
    pyarrow.Table
        One row to append; no row if no version is due, or none could be trained.

    See Also
    --------
    ml_ledger.train_if_due : Does the work, and is told where to record an error.
    """
    return train_if_due(
        ml_model=ml_model,
        spec=spec,
        training_set=training_set,
        history=_so_far(dbt, session),
        alerts=alerts,
        session=session,
        this=dbt.this,
    )


def performance(ml_model: str, dbt: Any, session: Any, spec: Spec, **relations: Any) -> pa.Table:
    """Measure decisions in use: the node `<ml_model>_performance`.

    Parameters
    ----------
    ml_model : str
        Name under `vars.ml_models`.
    dbt : dbtObj
        Object that dbt gives to the node.
    session : duckdb.DuckDBPyConnection
        Connection that dbt gives to the node.
    spec : mapping
        Declaration of the ML model: `dbt.config.meta_get("ml")`.
    **relations : duckdb.DuckDBPyRelation
        `predictions`, `outcomes`, `versions` and, where `fairness` is declared, `attributes`.

    Returns
    -------
    pyarrow.Table
        One row per version, slot, period, slice and metric that is measured anew.

    See Also
    --------
    ml_ledger.measure_performance : Does the work, with the same relations.
    """
    return measure_performance(ml_model=ml_model, spec=spec, history=_so_far(dbt, session), **relations)


def drift(ml_model: str, dbt: Any, session: Any, spec: Spec, **relations: Any) -> pa.Table:
    """Measure drift: the node `<ml_model>_drift`.

    Parameters
    ----------
    ml_model : str
        Name under `vars.ml_models`.
    dbt : dbtObj
        Object that dbt gives to the node.
    session : duckdb.DuckDBPyConnection
        Connection that dbt gives to the node.
    spec : mapping
        Declaration of the ML model: `dbt.config.meta_get("ml")`.
    **relations : duckdb.DuckDBPyRelation
        `predictions`, `versions` and, where there are such, `outcomes`, `training_rows` and `features`.

    Returns
    -------
    pyarrow.Table
        One row per version, slot, period, feature and metric that is measured anew.

    See Also
    --------
    ml_ledger.measure_drift : Does the work, with the same relations.
    """
    return measure_drift(ml_model=ml_model, spec=spec, history=_so_far(dbt, session), **relations)


def training_quality(ml_model: str, dbt: Any, session: Any, spec: Spec, *, training_set: Any) -> pa.Table:
    """Assess the training set: the node `<ml_model>_training_quality`.

    Parameters
    ----------
    ml_model : str
        Name under `vars.ml_models`.
    dbt : dbtObj
        Object that dbt gives to the node.
    session : duckdb.DuckDBPyConnection
        Connection that dbt gives to the node.
    spec : mapping
        Declaration of the ML model: `dbt.config.meta_get("ml")`.
    training_set : duckdb.DuckDBPyRelation
        Node `<ml_model>_training_set`.

    Returns
    -------
    pyarrow.Table
        One row per finding.

    See Also
    --------
    ml_ledger.assess_training_set : Does the work.
    """
    return assess_training_set(
        ml_model=ml_model, spec=spec, training_set=training_set, history=_so_far(dbt, session)
    )


def scores(ml_model: str, **relations: Any) -> pa.RecordBatchReader:
    """Score with versions that are estimators: the node `<ml_model>_scores`.

    Parameters
    ----------
    ml_model : str
        Name under `vars.ml_models`.
    **relations : duckdb.DuckDBPyRelation
        `features`, `versions`, `deployments` and `clock`.

    Returns
    -------
    pyarrow.RecordBatchReader
        One row per entity, slot and output.

    Raises
    ------
    VersionError
        Where a live version reads a column that the features do not have.
    DependencyError
        Where onnxruntime is not installed.

    See Also
    --------
    ml_ledger.score_with_estimator : Does the work, with the same relations.
    """
    return score_with_estimator(ml_model=ml_model, **relations)


def _so_far(dbt: Any, session: Any) -> Any:
    """The rows that the node wrote before, or None."""
    return session.sql(f"select * from {dbt.this}") if dbt.is_incremental else None
