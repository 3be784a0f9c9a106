"""May this training set be trained on? Every problem is found before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ml_ledger.errors import Problem, SpecError, TrainingSetError, did_you_mean, listed, raise_if_any
from ml_ledger.families import FAMILIES
from ml_ledger.spec import TRAINING_SET_COLUMNS, MLModelSpec
from ml_ledger.terms import rejected_by_declaration
from ml_ledger.warehouse import Relation, quoted


def validate_columns(ml_model: str, spec: MLModelSpec, training_set: Relation) -> None:
    """Raise TrainingSetError naming every column that is missing or of the wrong type, or return."""
    problems = list(_column_problems(spec, training_set))
    raise_if_any(problems, TrainingSetError, f"The training set of ML model '{ml_model}' is not usable")


def validate_rows(ml_model: str, spec: MLModelSpec, training_set: Relation) -> None:
    """Raise TrainingSetError naming every problem of labels, keys and values, or return.

    The columns must have been validated.
    """
    problems = [
        *_label_problems(spec, training_set),
        *_key_problems(spec, training_set),
        *_value_problems(spec, training_set),
    ]
    raise_if_any(problems, TrainingSetError, f"The training set of ML model '{ml_model}' is not usable")


def validate_algorithms(ml_model: str, spec: MLModelSpec) -> None:
    """Import what the declaration names; raise SpecError naming every problem with it, or return."""
    algorithms = {"algorithm": spec.algorithm}
    algorithms |= {f"baselines.{name}": baseline for name, baseline in spec.baselines.items()}
    problems: list[Problem] = []
    for key, algorithm in algorithms.items():
        family = FAMILIES[algorithm.family]
        problems += family.check(
            f"ml_models.{ml_model}.{key}.hyperparameters",
            hyperparameters=family.complete(algorithm.hyperparameters),
            task=spec.task,
            seed=spec.training.seed,
        )
    raise_if_any(problems, SpecError, f"The declaration of ML model '{ml_model}' cannot be trained")


def usable_rows(spec: MLModelSpec) -> str:
    """SQL that is true for rows that no declared policy rejects. Other rows are neither trained on nor scored."""
    return f"not ({rejected_by_declaration(spec.features)})"


def _column_problems(spec: MLModelSpec, training_set: Relation) -> Iterator[Problem]:
    own = {spec.entity, spec.as_of, spec.label, *TRAINING_SET_COLUMNS}
    available = [column for column in training_set.types if column not in own]
    for key, column in (("entity", spec.entity), ("as_of", spec.as_of), ("label", spec.label)):
        if column not in training_set.types:
            yield Problem(
                key,
                f"column '{column}' is not in the training set",
                allowed=listed(training_set.types),
                fix=did_you_mean(column, training_set.types),
            )
    for column in TRAINING_SET_COLUMNS:
        if column not in training_set.types:
            yield Problem(
                column,
                "column is not in the training set",
                fix="build the training set with the macro ml_ledger.training_set",
            )
    for name in spec.features:
        if name not in training_set.types:
            yield Problem(
                f"features.{name}",
                "is not a column of the training set",
                repr(name),
                listed(available),
                did_you_mean(name, available),
            )
        elif spec.features[name].kind == "numeric" and not training_set.is_numeric(name):
            yield _not_numeric(name, training_set)
        elif spec.features[name].kind == "boolean" and training_set.types[name].upper() != "BOOLEAN":
            yield Problem(
                f"features.{name}",
                "a feature of kind boolean must be boolean",
                training_set.types[name],
                "BOOLEAN",
                "cast it in the feature model, or declare kind: categorical",
            )
        elif re.match(r"STRUCT|MAP|UNION|.*\]$", training_set.types[name].upper()):
            yield Problem(
                f"features.{name}", "a feature must be a single value", training_set.types[name], fix="unnest it"
            )


def _not_numeric(name: str, training_set: Relation) -> Problem:
    column = quoted(name)
    examples = training_set.query(
        f"select cast({column} as varchar) as example, count(*) as n from {training_set.name}"
        f" where {column} is not null and try_cast(cast({column} as varchar) as double) is null"
        " group by 1 order by 2 desc, 1 limit 1"
    )
    example = f" ({examples[0]['example']!r} in {examples[0]['n']} rows)" if examples else ""
    return Problem(
        f"features.{name}",
        "a feature of kind numeric must be numeric",
        f"{training_set.types[name]}{example}",
        "integer, decimal or double columns",
        "cast or clean it in staging",
    )


def _label_problems(spec: MLModelSpec, training_set: Relation) -> Iterator[Problem]:
    label = quoted(spec.label)
    where = f"label {spec.label}"
    if not (training_set.is_numeric(spec.label) or training_set.types[spec.label].upper() == "BOOLEAN"):
        yield Problem(
            where,
            "must be a number or a boolean",
            training_set.types[spec.label],
            "0 and 1, or false and true",
            "cast it in the label model",
        )
        return
    number = f"cast({label} as double)"
    allowed = _allowed_labels(spec)
    counts = training_set.query(
        f"select split, count(*) as n, count_if({usable_rows(spec)}) as usable,"
        f" count(distinct case when {usable_rows(spec)} then {number} end) as classes,"
        f" count({label}) as labelled, min(cast({label} as varchar)) as example,"
        f" count_if(not ({allowed.sql.format(number)})) as others,"
        f" min(case when not ({allowed.sql.format(number)}) then cast({label} as varchar) end) as other_example"
        f" from {training_set.name} group by split"
    )
    by_split = {row["split"]: row for row in counts}
    for split in ("train", "holdout"):
        row = by_split.get(split)
        if row is None or not row["usable"]:
            yield Problem(
                "training set",
                f"has no row in its {split} split" if row is None else f"has no usable row in its {split} split",
                f"{sum(row['n'] for row in counts)} rows in all"
                + "".join(f", {row['n']} in {name}" for name, row in by_split.items()),
                "at least one matured as-of date to train on and one to hold out",
                _how_to_fill(spec, by_split, split),
            )
        elif row["others"] or row["labelled"] < row["n"]:
            yield Problem(
                where,
                f"must be {allowed.must_be} on every row of the {split} split",
                f"{row['n'] - row['labelled']} NULL, {row['others']} other values"
                + (f" such as {row['other_example']!r}" if row["others"] else ""),
                allowed.words,
                "set rows without a label aside in the label model",
            )
        elif row["classes"] < 2:
            yield Problem(
                where,
                f"has one {allowed.kind} in the {split} split",
                f"{row['example']!r} on all {row['usable']} rows",
                f"both {allowed.kind}es" if allowed.kind == "class" else "at least two values",
                "check the label's definition and its window, or wait for more as-of dates",
            )


@dataclass(frozen=True)
class AllowedLabels:
    """Which labels the families of a declaration take: SQL of a number `{}`, and words for messages."""

    sql: str
    must_be: str
    words: str
    kind: str


def _allowed_labels(spec: MLModelSpec) -> AllowedLabels:
    if spec.task == "binary":
        return AllowedLabels("{0} in (0, 1)", "0 or 1", "0 and 1, or false and true", "class")
    families = [FAMILIES[algorithm.family] for algorithm in (spec.algorithm, *spec.baselines.values())]
    limited = [family for family in families if family.smallest_label is not None]
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
    if not by_split:
        return (
            "no label has matured at this clock: move ml_clock forward, or check that the labels and features"
            " share entities and as-of dates"
        )
    if "embargo" in by_split and spec.evaluation.embargo == "strict":
        return "wait until labels mature before the held-out as-of date, or declare evaluation.embargo: relaxed"
    return "wait for one more as-of date to mature"


def _key_problems(spec: MLModelSpec, training_set: Relation) -> Iterator[Problem]:
    entity, as_of = quoted(spec.entity), quoted(spec.as_of)
    duplicates = training_set.query(
        f"select cast({entity} as varchar) as entity, cast({as_of} as varchar) as as_of, count(*) as n,"
        f" count(*) over () as groups from {training_set.name}"
        f" group by {entity}, {as_of} having count(*) > 1 order by 3 desc, 1, 2 limit 1"
    )
    if duplicates:
        first = duplicates[0]
        yield Problem(
            f"{spec.entity} × {spec.as_of}",
            "an entity must occur once per as-of date",
            f"{first['groups']} duplicated, for example {spec.entity} {first['entity']} at {first['as_of']}"
            f" {first['n']} times",
            "one row per entity and as-of date",
            "make the feature and label models unique on these two columns",
        )
    nulls = training_set.query(
        f"select count_if({entity} is null) as entity, count_if({as_of} is null) as as_of from {training_set.name}"
    )[0]
    for key, column in (("entity", spec.entity), ("as_of", spec.as_of)):
        if nulls[key]:
            yield Problem(column, f"the {key} column must not be NULL", f"{nulls[key]} NULL")


def _value_problems(spec: MLModelSpec, training_set: Relation) -> Iterator[Problem]:
    aggregates = ", ".join(
        f"count_if(split = 'train' and {quoted(name)} is not null) as present_{number},"
        + (
            f" count_if(not isfinite(cast({quoted(name)} as double))) as infinite_{number}"
            if feature.kind == "numeric"
            else f" 0 as infinite_{number}"
        )
        for number, (name, feature) in enumerate(spec.features.items())
    )
    counts = training_set.query(
        f"select count_if(split = 'train') as n, {aggregates} from {training_set.name}"
        " where split in ('train', 'holdout')"
    )[0]
    for number, name in enumerate(spec.features):
        if counts["n"] and not counts[f"present_{number}"]:
            yield Problem(
                f"features.{name}", "is NULL on every training row", fix="remove it, or mend the feature model"
            )
        if counts[f"infinite_{number}"]:
            yield Problem(
                f"features.{name}",
                "must be finite",
                f"{counts[f'infinite_{number}']} NaN or infinite values",
                fix="turn them into NULL or numbers in the feature model",
            )
