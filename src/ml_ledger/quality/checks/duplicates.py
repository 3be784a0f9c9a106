"""Rows with the same features: copies, and what their labels say. Counted over all rows, in the warehouse."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ml_ledger.arrays import Vector
from ml_ledger.declaration.quality import QualityLimits
from ml_ledger.number_words import number, percent
from ml_ledger.quality.finding import Finding, Severity
from ml_ledger.quality.sample import Rows, TrainingSet
from ml_ledger.training_set.labels import label_as_double
from ml_ledger.warehouse import quoted

INSPECTED = 10
# Where a row agrees with fewer others in some feature, copies of whole rows are no chance.
FEW_ROWS = 0.5


def duplicates(rows: TrainingSet, sample: Rows, limits: QualityLimits) -> Iterator[Finding]:
    """A finding where rows have the same features, and one where the labels of such rows contradict each other.

    A warning where a single feature tells rows apart, so that two do not agree in all of them by chance.
    """
    features = ", ".join(quoted(name) for name in rows.spec.features)
    label = label_as_double(rows.spec)
    (found,) = rows.relation.query(
        f"select sum(_ml_n) as _ml_total, sum(_ml_n - 1) as _ml_copies, sum(case when _ml_n > 1 then _ml_n"
        f" else 0 end) as _ml_alike,"
        f" sum(case when _ml_low <> _ml_high then _ml_n else 0 end) as _ml_conflicting, count_if(_ml_low"
        f" <> _ml_high) as _ml_conflicts,"
        f" sum(case when _ml_low <> _ml_high then _ml_n - _ml_most else 0 end) as _ml_outvoted"
        f" from (select sum(_ml_n)::bigint as _ml_n, max(_ml_n) as _ml_most, min(_ml_label) as _ml_low,"
        f" max(_ml_label) as _ml_high"
        f" from (select {features}, {label} as _ml_label, count(*) as _ml_n from {rows.relation.name}"
        f" where {rows.train}"
        f" group by all) group by {features})"
    )
    total, copies = int(found["total"]), int(found["copies"])
    telling = _telling(sample, total)
    if copies and copies / total > limits.copies_share:
        severity: Severity = "warn" if telling else "info"
        yield Finding(
            "duplicate_rows",
            severity,
            "all features",
            copies / total,
            limits.copies_share,
            copies,
            total,
            f"{number(copies)} of {number(total)} training rows ({percent(copies / total)}) repeat the"
            f" features of another row."
            + ("" if telling else " No single feature tells rows apart, so that chance alone makes copies."),
            "Find the file that was loaded twice, the join that multiplies rows, or the entity with two"
            " names, and keep one of"
            " each."
            if telling
            else "Nothing, if the features have few values; otherwise look for entities with two names.",
            _examples(rows, f"{features}, {label}", "count(*) > 1"),
        )
    conflicting = int(found["conflicting"])
    if conflicting and rows.spec.label is not None and conflicting / total > limits.copies_share:
        outvoted = int(found["outvoted"])
        yield Finding(
            "conflicting_labels",
            "warn" if telling else "info",
            str(rows.spec.label),
            conflicting / total,
            limits.copies_share,
            conflicting,
            total,
            f"{number(conflicting)} of {number(total)} training rows ({percent(conflicting / total)}) have"
            f" the same features as a"
            f" row with another {rows.spec.label}, in {number(found['conflicts'])} groups."
            + (
                f" Whatever the model, at least {percent(outvoted / total)} of all rows are predicted wrong."
                if rows.spec.task != "regression"
                else ""
            ),
            "Look at the rows: one of the labels is wrong, or a copy was labelled twice. If both are right, a"
            " feature is missing"
            " that would tell them apart."
            if telling
            else "If the outcome is partly chance, nothing; otherwise add a feature that tells these rows apart.",
            _examples(rows, features, f"min({label}) <> max({label})"),
        )


def _telling(sample: Rows, total: int) -> bool:
    """Whether a feature has so many values that a row agrees in it with less than half another of so many rows."""
    return len(sample) > 1 and any(_agreeing_share(column) * total < FEW_ROWS for column in sample.design.T)


def _agreeing_share(values: Vector) -> float:
    """The share of all pairs of rows that have the same value; NULL is one."""
    _, counts = np.unique(values, return_counts=True)
    return float((counts * (counts - 1.0)).sum() / (len(values) * (len(values) - 1.0)))


def _examples(rows: TrainingSet, grouped: str, having: str) -> list[dict[str, object]]:
    """The rows of the first groups."""
    groups = rows.relation.query(
        f"select list({rows.id} order by {rows.id})[:{INSPECTED}] as _ml_ids from {rows.relation.name} where"
        f" {rows.train}"
        f" group by {grouped} having {having} order by count(*) desc, min({rows.id}) limit {INSPECTED}"
    )
    ids = [row for group in groups for row in group["ids"][:2]][:INSPECTED]
    label = [] if rows.spec.label is None else [rows.spec.label]
    return rows.inspect(ids, [*label, *rows.spec.features])
