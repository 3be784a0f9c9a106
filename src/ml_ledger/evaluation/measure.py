"""Metrics of scores, each with a 95 % confidence interval, computed inside the warehouse.

Rows never leave the engine: the plain means of all scorers are one aggregate query, what needs the rows in order is
one or two per scorer. What each metric is, and its interval: docs/metrics.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ml_ledger.declaration.decision import ValueSpec
from ml_ledger.evaluation.binary import measure_binary
from ml_ledger.evaluation.clustering import measure_clustering
from ml_ledger.evaluation.estimates import Estimate, Measured, Metric
from ml_ledger.evaluation.multiclass import measure_multiclass, with_predictions
from ml_ledger.evaluation.regression import measure_regression
from ml_ledger.evaluation.rows import ScoredRows
from ml_ledger.evaluation.value import measure_value
from ml_ledger.warehouse import Relation

__all__ = ["Estimate", "Metric", "measure"]


def measure(
    scored: Relation,
    *,
    task: str,
    dataset: str,
    scorers: Sequence[str],
    classes: Sequence[str] = (),
    threshold: float | None = None,
    value: ValueSpec | None = None,
    judged_by: str | None = None,
) -> list[Metric]:
    """All metrics of each scorer on one dataset, and how far the first scorer beats the others on the same rows.

    scored: one row per row of the dataset, all columns doubles; best a table, as it is read by several queries.
    `_ml_label` is never NULL: 0 or 1 (binary), a number (regression), the number of the class in `classes`, from 0
    (multiclass); clustering has none. `_ml_s<i>_<o>` is output o, from 0, of scorer number i, NULL where it does not
    score the row: a probability (binary), an amount (regression), a probability per class (multiclass), or the
    distances to the nearest and the second nearest centroid (clustering; the second is NULL of one cluster).
    scorers: their names; the first is compared with each of the others, row by row, and the difference is positive
    where the first is better. threshold: of a positive decision (binary, regression).
    value: what a decision is worth; None leaves that out. judged_by: the deviance, poisson or gamma, by which the first
    scorer is compared with the others (regression); None for squares of errors alone.

    Each metric is over the rows that its scorer scores, NaN and infinity being no score; `scored_share` says how many
    these are. What cannot be measured has no row: everything but the share where nothing is scored, the area under the
    ROC curve of a single class, all of a dataset without rows.
    """
    found = list(_measured(scored, task, scorers, classes, threshold, judged_by))
    if value is not None:
        rows = ScoredRows.of(scored, scorers, outputs=max(len(classes), 1))
        rows = with_predictions(rows, len(classes)) if task == "multiclass" else rows
        found += measure_value(rows, value, task, threshold)
    return [row for measured in found for row in measured.rows(dataset)]


def _measured(
    scored: Relation,
    task: str,
    scorers: Sequence[str],
    classes: Sequence[str],
    threshold: float | None,
    judged_by: str | None,
) -> Iterator[Measured]:
    match task:
        case "binary":
            return measure_binary(ScoredRows.of(scored, scorers), threshold)
        case "regression":
            return measure_regression(ScoredRows.of(scored, scorers), judged_by)
        case "multiclass":
            return measure_multiclass(ScoredRows.of(scored, scorers, outputs=len(classes)), classes)
        case "clustering":
            return measure_clustering(ScoredRows.of(scored, scorers, outputs=2, required=1, labelled=False))
    raise ValueError(f"no metrics are known for the task '{task}'")
