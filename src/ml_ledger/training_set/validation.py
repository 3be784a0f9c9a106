"""May this training set be trained on? Every problem is found before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ml_ledger.declaration import TRAINING_SET_COLUMNS, MLModelSpec
from ml_ledger.errors import Problem, SpecError, TrainingSetError, did_you_mean, listed, raise_if_any
from ml_ledger.families import FAMILIES
from ml_ledger.terms import rejected_by_declaration
from ml_ledger.training_set.feature_types import feature_problems, written_at_problems, zone_problems
from ml_ledger.training_set.label_validation import label_problems
from ml_ledger.training_set.magnitudes import magnitude_problems
from ml_ledger.warehouse import Relation, quoted

# What a column begins with whose name says why features and labels were not joined.
UNJOINED = "_ml_problem: "


def validate_columns(ml_model: str, spec: MLModelSpec, training_set: Relation) -> None:
    """Raise TrainingSetError naming every column that is missing or of the wrong type, or return.

    Where the macro `training_set` found out why nothing can be joined, there are only columns whose names say so.
    """
    unjoined = [name.removeprefix(UNJOINED) for name in training_set.types if name.startswith(UNJOINED)]
    problems: Sequence[Problem | str] = unjoined or list(column_problems(spec, training_set))
    raise_if_any(problems, TrainingSetError, f"The training set of ML model '{ml_model}' is not usable")


def unreadable_features(declaration: object, training_set: Any) -> bool:
    """Whether the macro `predictions` cannot read the features either: its keys are not declared, or not there.

    training_set: the relation that the macro `training_set` built, which says so in the names of columns.
    """
    declared = declaration if isinstance(declaration, Mapping) else {}
    if not all(isinstance(declared.get(key), str) for key in ("entity", "as_of")):
        return True
    return any(name.startswith(f"{UNJOINED}features: ") for name in getattr(training_set, "columns", ()))


def validate_rows(ml_model: str, spec: MLModelSpec, training_set: Relation) -> None:
    """Raise TrainingSetError naming every problem of labels, keys and values, or return.

    The columns must have been validated.
    """
    problems = [
        *label_problems(spec, training_set, usable_rows(spec)),
        *_key_problems(spec, training_set),
        *_value_problems(spec, training_set),
        *magnitude_problems(spec, training_set),
    ]
    raise_if_any(problems, TrainingSetError, f"The training set of ML model '{ml_model}' is not usable")


def validate_algorithms(ml_model: str, spec: MLModelSpec) -> None:
    """Import what the declaration names; raise SpecError naming every problem with it, or return."""
    algorithms = {f"candidates.{name}": candidate for name, candidate in (spec.candidates or {}).items()}
    if spec.algorithm is not None:
        algorithms["algorithm"] = spec.algorithm
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


def column_problems(spec: MLModelSpec, training_set: Relation) -> Iterator[Problem]:
    """What is wrong with the columns; `where` of a feature is `features.<name>`."""
    own = {str(name).lower() for name in (spec.entity, spec.as_of, spec.label, *TRAINING_SET_COLUMNS)}
    available = [column for column in training_set.types if column.lower() not in own]
    for key, column in (("entity", spec.entity), ("as_of", spec.as_of), ("label", spec.label)):
        if column is not None and column not in training_set.types:
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
    for key in ("cluster", "weight"):
        column = getattr(spec.evaluation, key)
        if column is not None and column not in training_set.types:
            fix = did_you_mean(column, available) or "add the column to the feature model"
            what = "is not a column of the training set"
            yield Problem(f"evaluation.{key}", what, repr(column), listed(available), fix)
        elif key == "weight" and column is not None and not training_set.is_numeric(column):
            yield Problem("evaluation.weight", "must be a number", training_set.types[column])
    for name in spec.fairness.attributes if spec.fairness else ():
        if name not in training_set.types:
            yield Problem(
                f"fairness.attributes.{name}",
                "is not a column of the training set",
                repr(name),
                listed(available),
                did_you_mean(name, available) or "add the column to the feature model",
            )
    for name, feature in spec.features.items():
        yield from feature_problems(name, feature, training_set, available)
        if feature.written_at is not None:
            yield from written_at_problems(f"features.{name}.written_at", feature.written_at, training_set)
    for where, column in _other_columns(spec):
        yield from zone_problems(where, column, training_set)


def _other_columns(spec: MLModelSpec) -> Iterator[tuple[str, str]]:
    """Each declared column that is no feature, by its key."""
    of_keys = {
        "entity": spec.entity,
        "as_of": spec.as_of,
        "label": spec.label,
        "training.sample_weight": spec.training.sample_weight,
        "evaluation.cluster": spec.evaluation.cluster,
        "evaluation.weight": spec.evaluation.weight,
        **{f"fairness.attributes.{name}": name for name in (spec.fairness.attributes if spec.fairness else ())},
    }
    for where, column in of_keys.items():
        if column is not None and not (where.startswith("fairness") and column in spec.features):
            yield where, column


def _key_problems(spec: MLModelSpec, training_set: Relation) -> Iterator[Problem]:
    entity, as_of = quoted(spec.entity), quoted(spec.as_of)
    duplicates = training_set.query(
        f"select cast({entity} as varchar) as _ml_entity, cast({as_of} as varchar) as _ml_as_of, count(*) as _ml_n,"
        f" count(*) over () as _ml_groups from {training_set.name}"
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
        f"select count_if({entity} is null) as _ml_entity, count_if({as_of} is null) as _ml_as_of from"
        f" {training_set.name}"
    )[0]
    for key, column in (("entity", spec.entity), ("as_of", spec.as_of)):
        if nulls[key]:
            yield Problem(column, f"the {key} column must not be NULL", f"{nulls[key]} NULL")


def _value_problems(spec: MLModelSpec, training_set: Relation) -> Iterator[Problem]:
    aggregates = ", ".join(
        f"count_if(_ml_split = 'train' and {quoted(name)} is not null) as _ml_present_{number},"
        + (
            f" count_if(not isfinite(cast({quoted(name)} as double))) as _ml_infinite_{number}"
            if feature.kind == "numeric"
            else f" count_if(not isfinite({quoted(name)})) as _ml_infinite_{number}"
            if feature.kind == "date"
            else f" 0 as _ml_infinite_{number}"
        )
        for number, (name, feature) in enumerate(spec.features.items())
    )
    counts = training_set.query(
        f"select count_if(_ml_split = 'train') as _ml_n, {aggregates} from {training_set.name}"
        " where _ml_split in ('train', 'holdout')"
    )[0]
    for number, name in enumerate(spec.features):
        if counts["n"] and not counts[f"present_{number}"]:
            yield Problem(
                f"features.{name}", "is NULL on every training row", fix="remove it, or fix the feature model"
            )
        if counts[f"infinite_{number}"]:
            yield Problem(
                f"features.{name}",
                "must be finite",
                f"{counts[f'infinite_{number}']} NaN or infinite values",
                fix="turn them into NULL or finite values in the feature model",
            )
