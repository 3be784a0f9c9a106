"""Class imbalance: too few rows of a class to learn it from. Counted over all rows, in the warehouse."""

from __future__ import annotations

from collections.abc import Iterator

from ml_ledger.declaration.quality import QualityLimits
from ml_ledger.number_words import number, percent
from ml_ledger.quality.finding import Finding
from ml_ledger.quality.sample import TrainingSet
from ml_ledger.training_set.labels import label_as_double

FEWEST_ROWS = 50


def class_imbalance(rows: TrainingSet, limits: QualityLimits) -> Iterator[Finding]:
    """A finding per class whose share is below the limit, or that has fewer than 50 rows (an error)."""
    if rows.spec.task not in ("binary", "multiclass"):
        return
    names = rows.spec.classes or ("0", "1")
    counted = rows.relation.query(
        f"select {label_as_double(rows.spec)} as _ml_label, count(*) as _ml_n from {rows.relation.name} where"
        f" {rows.train} group by 1"
    )
    counts = {int(row["label"]): row["n"] for row in counted}
    total = sum(counts.values())
    for position, name in enumerate(names):
        count = counts.get(position, 0)
        share = count / total
        allowed = limits.class_share
        if share >= allowed and count >= FEWEST_ROWS:
            continue
        few = count < FEWEST_ROWS
        yield Finding(
            "class_imbalance",
            "error" if few else "warn",
            f"{rows.spec.label} = {name}",
            share,
            allowed,
            count,
            total,
            f"{rows.spec.label} is {name} in {number(count)} of {number(total)} training rows, a share of"
            f" {percent(share)}."
            + (f" Fewer than {FEWEST_ROWS} rows are too few to learn a class from." if few else ""),
            "Collect more rows of this class, or join classes that lead to the same action."
            if few
            else "Judge by average precision and calibration, not by accuracy; try training.class_weights"
            " with a calibration"
            " and keep them only where the holdout gains.",
        )
