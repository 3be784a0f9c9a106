"""Metrics of one probability per class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ml_ledger.evaluation.estimates import Measured, without_interval
from ml_ledger.evaluation.ranks import ranking
from ml_ledger.evaluation.rows import ScoredRows, is_earlier_version, is_scored, negative_log

SHARES = ("scored_share", "accuracy", "base_rate")


def measure_multiclass(rows: ScoredRows, classes: Sequence[str]) -> Iterator[Measured]:
    """Metrics of each scorer, and how far the first one beats the others on the same rows.

    rows: one output per class; the label is the number of the class, from 0. The predicted class is the one with the
    highest probability, the first of equals.
    """
    rows = with_predictions(rows, len(classes))
    values = {("label", "base_rate", slice_of_class(name)): _is_class(k) for k, name in enumerate(classes)}
    for i, scorer in enumerate(rows.scorers):
        for metric, sql in _per_row(i, len(classes)).items():
            values[scorer, metric, "all"] = sql
        if is_earlier_version(scorer):
            # what probability must move from class to class to make one of the other: half the sum of differences
            shifts = " + ".join(f"abs(_ml_s{i}_{k} - _ml_s0_{k})" for k in range(len(classes)))
            values[scorer, "score_shift", "all"] = f"({shifts}) / 2"
    for (scorer, metric, part), moments in rows.moments(values).items():
        estimate = moments.share() if metric in SHARES else moments.average()
        yield Measured(scorer, metric, estimate, part)
    for i in range(len(rows.scorers)):
        yield from _by_class(rows, i, classes)
        yield from _areas(rows, i, classes)


def slice_of_class(name: str) -> str:
    """The slice that metrics of one class have."""
    return f"class {name}"


def _is_class(k: int) -> str:
    return f"case when _ml_label = {k} then 1e0 else 0e0 end"


def with_predictions(rows: ScoredRows, classes: int) -> ScoredRows:
    """Columns of scorer number i: `_ml_top<i>`, `_ml_predicted<i>`, `_ml_of_label<i>` (the label's
    probability), `_ml_loss<i>`."""
    numbers, outputs = range(len(rows.scorers)), range(classes)
    rows = rows.with_columns(
        {f"_ml_top{i}": f"greatest({', '.join(f'_ml_s{i}_{k}' for k in outputs)})" for i in numbers}
        | {
            f"_ml_of_label{i}": f"case _ml_label {' '.join(f'when {k} then _ml_s{i}_{k}' for k in outputs)} end"
            for i in numbers
        }
    )
    return rows.with_columns(
        {
            f"_ml_predicted{i}": f"case _ml_top{i} {' '.join(f'when _ml_s{i}_{k} then {k}' for k in outputs)} end"
            for i in numbers
        }
        | {f"_ml_loss{i}": negative_log(f"_ml_of_label{i}") for i in numbers}
    )


def _per_row(i: int, classes: int) -> dict[str, str]:
    """SQL per row of what scorer number i's metrics are means of."""
    squares = " + ".join(f"_ml_s{i}_{k} * _ml_s{i}_{k}" for k in range(classes))
    values = {
        "scored_share": is_scored(f"_ml_s{i}_0"),
        "log_loss": f"_ml_loss{i}",
        # the sum over classes of (probability - 1 of the label's class, 0 of others) squared
        "brier": f"{squares} + 1 - 2 * _ml_of_label{i}",
        "accuracy": f"case when _ml_predicted{i} = _ml_label then 1e0 when _ml_predicted{i} <> _ml_label then 0e0 end",
    }
    if i > 0:
        values["log_loss_reduction"] = f"_ml_loss{i} - _ml_loss0"
    return values


def _by_class(rows: ScoredRows, i: int, classes: Sequence[str]) -> Iterator[Measured]:
    """Precision and recall of each class, and the mean of F1 over the classes that occur."""
    scorer, predicted = rows.scorers[i], f"_ml_predicted{i}"
    values: dict[tuple[str, int], str] = {}
    for k in range(len(classes)):
        right = f"case when _ml_label = {k} and {predicted} = {k} then 1e0 else 0e0 end"
        values["precision", k] = f"case when {predicted} = {k} then {right} end"
        values["recall", k] = f"case when _ml_label = {k} and {predicted} is not null then {right} end"
    found = rows.moments(values)
    f1, n = [], 0
    for k, name in enumerate(classes):
        precision, recall = found["precision", k], found["recall", k]
        n += recall.n
        yield Measured(scorer, "precision", precision.share(), slice_of_class(name))
        yield Measured(scorer, "recall", recall.share(), slice_of_class(name))
        if recall.n + precision.n:
            hits = (recall.mean or 0.0) * recall.weight
            f1.append(2 * hits / (recall.weight + precision.weight))
    if f1:
        yield Measured(scorer, "macro_f1", without_interval(sum(f1) / len(f1), n))


def _areas(rows: ScoredRows, i: int, classes: Sequence[str]) -> Iterator[Measured]:
    """Area under the ROC curve of each class against the rest, and the mean over the classes that have one."""
    areas = []
    for k, name in enumerate(classes):
        found = ranking(rows, score=f"_ml_s{i}_{k}", label=_is_class(k))
        if found is not None:
            areas.append(found.roc_auc)
            yield Measured(rows.scorers[i], "roc_auc", found.roc_auc, slice_of_class(name))
    if areas:
        mean = sum(area.value for area in areas) / len(areas)
        yield Measured(rows.scorers[i], "roc_auc", without_interval(mean, areas[0].n))
