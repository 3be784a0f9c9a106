"""May these labels be trained on?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ml_ledger.declaration import NEVER, MLModelSpec
from ml_ledger.declaration.algorithms import loss_of
from ml_ledger.errors import Problem, listed
from ml_ledger.families import FAMILIES
from ml_ledger.sql_literals import literal
from ml_ledger.training_set.feature_types import INEXACT
from ml_ledger.training_set.labels import label_as_double
from ml_ledger.warehouse import Relation, quoted

# How a row may be used.
SPLITS = ("train", "holdout", "embargo")


def label_problems(spec: MLModelSpec, training_set: Relation, usable: str) -> Iterator[Problem]:
    """What is wrong with the labels, and with how many rows there are to train on and to hold out.

    usable: SQL that is true for rows that no policy rejects.
    """
    label = "null" if spec.label is None else quoted(spec.label)
    where = f"label {spec.label}"
    if (
        spec.label is not None
        and spec.classes is None
        and not (training_set.is_numeric(spec.label) or training_set.types[spec.label].upper() == "BOOLEAN")
    ):
        yield Problem(
            where,
            "must be a number or a boolean",
            training_set.types[spec.label],
            "0 and 1, or false and true",
            _how_to_label(spec, training_set) or "cast it in the label model",
        )
        return
    if (
        spec.label is not None
        and spec.classes is not None
        and INEXACT.match(training_set.types[spec.label].upper())
    ):
        yield Problem(
            where,
            "must have one text per class",
            training_set.types[spec.label],
            "texts, whole numbers or booleans",
            "cast it to an integer or a text in the label model",
        )
        return
    number = label_as_double(spec)
    allowed = _allowed_labels(spec)
    refused = f"{label} is not null and not coalesce({allowed.sql.format(number)}, false)"
    counts = training_set.query(
        f"select _ml_split, count(*) as _ml_n, count_if({usable}) as _ml_usable,"
        f" count(distinct case when {usable} then {number} end) as _ml_classes,"
        f" count({label}) as _ml_labelled, min(cast({label} as varchar)) as _ml_example,"
        f" count_if({refused}) as _ml_others,"
        f" min(case when {refused} then cast({label} as varchar) end) as _ml_other_example"
        f" from {training_set.name} group by _ml_split"
    )
    if spec.never is not None:
        counts = [row for row in counts if row["split"] != NEVER]
    by_split = {row["split"]: row for row in counts}
    others = [split for split in by_split if split not in SPLITS]
    if others:
        column = None if spec.evaluation.holdout is None else spec.evaluation.holdout.column
        yield Problem(
            "evaluation.holdout.column" if column else "_ml_split",
            f"column '{column or '_ml_split'}' must say of every row how it is used",
            f"{listed(sorted(map(str, others)))} on {sum(by_split[split]['n'] for split in others)} rows",
            listed(SPLITS),
            "write one of these; 'embargo' is neither trained on nor held out",
        )
        by_split = {split: row for split, row in by_split.items() if split in SPLITS}
    for split in ("train", "holdout"):
        row = by_split.get(split)
        if row is None or not row["usable"]:
            yield Problem(
                "training set",
                f"has no row in its {split} split" if row is None else f"has no usable row in its {split} split",
                f"{sum(row['n'] for row in counts)} rows in all"
                + "".join(f", {row['n']} in {name}" for name, row in by_split.items()),
                "at least one matured as-of date to train on and one to hold out"
                if spec.evaluation.is_by_time
                else "rows to train on and rows to hold out",
                _how_to_fill(spec, by_split, split),
            )
        elif spec.task == "clustering":
            continue
        elif row["others"] or row["labelled"] < row["n"]:
            yield Problem(
                where,
                f"must be {allowed.must_be} on every row of the {split} split",
                f"{row['n'] - row['labelled']} NULL, {row['others']} other values"
                + (f" such as {row['other_example']!r}" if row["others"] else ""),
                allowed.words,
                (_how_to_label(spec, training_set) if row["others"] else None) or _without_label(spec),
            )
        elif spec.classes is not None and split == "train" and row["classes"] < len(spec.classes):
            yield Problem(
                where,
                "lacks a class in the train split",
                f"{row['classes']} of {len(spec.classes)} classes",
                f"rows of each class: {listed(spec.classes)}",
                "remove the class from classes, or wait for more as-of dates",
            )
        elif row["classes"] < 2 and spec.task != "multiclass":
            yield Problem(
                where,
                f"has one {allowed.kind} in the {split} split",
                f"{row['example']!r} on all {row['usable']} rows",
                f"both {allowed.kind}es" if allowed.kind == "class" else "at least two values",
                "check the label's definition and its window, or wait for more as-of dates",
            )


def _how_to_label(spec: MLModelSpec, training_set: Relation) -> str | None:
    """How to make labels of the values that there are; None where that is not known."""
    label = quoted(str(spec.label))
    found = training_set.query(
        f"select cast({label} as varchar) as _ml_value from {training_set.name}"
        f" where {label} is not null and _ml_split in ('train', 'holdout') group by {label} order by {label} limit 21"
    )
    values = [row["value"] for row in found]
    text = not training_set.is_numeric(str(spec.label))
    if spec.classes is not None:
        others = [value for value in values if value not in spec.classes]
        return f"add {listed(others)} to classes, or bring the label to one of these in the label model"
    if spec.task != "binary":
        return None
    if len(values) == 2:
        positive = literal(values[1]) if text else values[1]
        return (
            f"say in the label model which of {listed(values)} is the positive one, such as"
            f" cast({spec.label} = {positive} as integer)"
        )
    if 2 < len(values) <= 20:
        return f"declare task: multiclass with classes: {values}, or say in the label model which are positive"
    return None if len(values) < 2 else "declare task: regression, or say in the label model what is positive"


def _without_label(spec: MLModelSpec) -> str:
    if spec.never is not None:
        return f"fix {spec.never} in the label model, or set rows without a label aside there"
    return (
        "set rows without a label aside in the label model; where they never get one, name the column that says so:"
        " `never`"
    )


@dataclass(frozen=True)
class AllowedLabels:
    """Which labels the families of a declaration take: SQL of a number `{}`, and words for messages."""

    sql: str
    must_be: str
    words: str
    kind: str


def _allowed_labels(spec: MLModelSpec) -> AllowedLabels:
    if spec.classes is not None:
        classes = listed(spec.classes)
        return AllowedLabels("{0} is not null", f"one of {classes}", classes, "class")
    if spec.task == "binary":
        return AllowedLabels("{0} in (0, 1)", "0 or 1", "0 and 1, or false and true", "class")
    families = [
        FAMILIES[algorithm.family] for algorithm in (*spec.algorithms().values(), *spec.baselines.values())
    ]
    limited = [family for family in families if family.smallest_label is not None]
    chosen = [loss_of(algorithm) for algorithm in (*spec.algorithms().values(), *spec.baselines.values())]
    limited += [FAMILIES[loss] for loss in chosen if loss is not None]
    if not limited:
        return AllowedLabels("isfinite({0})", "finite", "finite numbers", "value")
    sign = ">" if any(family.above for family in limited) else ">="
    smallest = max(family.smallest_label or 0.0 for family in limited)
    names = listed(sorted({family.name for family in limited}))
    return AllowedLabels(
        f"isfinite({{0}}) and {{0}} {sign} {smallest}",
        f"{sign} {smallest:g}",
        f"finite numbers {sign} {smallest:g} (families: {names})",
        "value",
    )


def _how_to_fill(spec: MLModelSpec, by_split: dict[str, Any], split: str) -> str:
    if split in by_split:
        return "features that are NULL and declared missing: reject leave nothing; declare impute or own_level"
    if not by_split and spec.task == "clustering":
        return "move ml_clock forward, or check that the features have as-of dates before it"
    if not by_split:
        return (
            "no label has matured at this clock: move ml_clock forward, or check that the labels and features"
            " share entities and as-of dates"
        )
    holdout = spec.evaluation.holdout
    if holdout is not None and holdout.column is not None:
        return f"write '{split}' in column '{holdout.column}' of the features, for some of the rows"
    if holdout is not None and holdout.share is not None:
        return "there are too few values to hold a share of them out: declare another share, or of: entity"
    if split == "holdout":  # by from, and later than all as-of dates
        return "declare an earlier day in evaluation.holdout.from, or wait until an as-of date from that day on matures"
    if "embargo" in by_split and spec.evaluation.embargo == "strict":
        return "wait until labels mature before the held-out as-of date, or declare evaluation.embargo: relaxed"
    return "wait for one more as-of date to mature, or hold entities out: evaluation.holdout: {share: 0.25}"
