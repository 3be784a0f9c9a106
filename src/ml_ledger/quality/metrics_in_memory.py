"""The library's own metrics of predictions that are in memory."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.evaluation.measure import Metric, measure
from ml_ledger.warehouse import Relation


def metrics_of(
    task: str, label: Vector, predicted: Matrix, *, classes: Sequence[str] = (), threshold: float | None = None
) -> dict[str, Metric]:
    """Each metric of n predictions by its name. predicted: n × 1, or n × classes for task multiclass."""
    scores = {f"_ml_s0_{output}": predicted[:, output] for output in range(predicted.shape[1])}
    table = pa.table({"_ml_label": label, **scores})
    with duckdb.connect() as connection:
        found = measure(
            Relation(connection.from_arrow(table), name="_ml_out_of_fold"),
            task=task,
            dataset="out_of_fold",
            scorers=["self"],
            classes=classes,
            threshold=threshold,
        )
    return {metric.metric: metric for metric in found if metric.slice == "all" and metric.scored_by == "self"}
