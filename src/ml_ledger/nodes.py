"""What the Python nodes of an ML model call: each takes its relations, and returns the rows that dbt writes.

`ml-ledger sync` writes these nodes. dbt reads what they refer to from their text, so that `dbt.ref(…)` and
`dbt.config.meta_get("ml")` stand in the file itself, and everything else stands here.
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

Spec = Mapping[str, Any]


def versions(
    ml_model: str, dbt: Any, session: Any, spec: Spec, *, training_set: Any, alerts: Any = None
) -> pa.Table:
    """Train a version if one is due. See `train_if_due`.

    Parameters
    ----------
    ml_model
        Name under `vars.ml_models`.
    dbt, session
        As dbt gives them to the node.
    spec
        The declaration, as written.
    training_set, alerts
        Relations of the node `<name>_training_set` and of `ml_last_alerts`; None if no alert triggers training.

    Returns
    -------
    pyarrow.Table
        One row to append, or none.
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
    """Measure decisions in use. See `measure_performance`, which takes the same relations.

    Returns
    -------
    pyarrow.Table
        One row per version, slot, period, slice and metric that is measured anew.
    """
    return measure_performance(ml_model=ml_model, spec=spec, history=_so_far(dbt, session), **relations)


def drift(ml_model: str, dbt: Any, session: Any, spec: Spec, **relations: Any) -> pa.Table:
    """Measure drift. See `measure_drift`, which takes the same relations.

    Returns
    -------
    pyarrow.Table
        One row per version, slot, period and column that is measured anew.
    """
    return measure_drift(ml_model=ml_model, spec=spec, history=_so_far(dbt, session), **relations)


def training_quality(ml_model: str, dbt: Any, session: Any, spec: Spec, *, training_set: Any) -> pa.Table:
    """Assess the training set. See `assess_training_set`.

    Returns
    -------
    pyarrow.Table
        One row per finding.
    """
    return assess_training_set(
        ml_model=ml_model, spec=spec, training_set=training_set, history=_so_far(dbt, session)
    )


def scores(ml_model: str, **relations: Any) -> pa.RecordBatchReader:
    """Score with versions that are estimators. See `score_with_estimator`, which takes the same relations."""
    return score_with_estimator(ml_model=ml_model, **relations)


def _so_far(dbt: Any, session: Any) -> Any:
    """The rows that the node wrote before, or None."""
    return session.sql(f"select * from {dbt.this}") if dbt.is_incremental else None
