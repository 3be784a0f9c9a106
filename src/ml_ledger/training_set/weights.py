"""What each training row counts: its declared weight, times that of its class."""

from __future__ import annotations

from ml_ledger.declaration import MLModelSpec
from ml_ledger.errors import Problem, TrainingSetError, did_you_mean, listed, raise_if_any
from ml_ledger.sql_literals import double
from ml_ledger.training_set.labels import label_as_double
from ml_ledger.training_set.validation import usable_rows
from ml_ledger.warehouse import Relation, quoted

# Weights that make so many rows of one are rather what a row stands for.
MOST_TIMES = 10


def sample_weight(spec: MLModelSpec) -> str:
    """SQL of what a row counts, whatever its class."""
    if spec.training.sample_weight is None:
        return "_ml_weight"
    return f"_ml_weight * cast({quoted(spec.training.sample_weight)} as double)"


def trained_on(spec: MLModelSpec) -> str:
    """SQL of the training rows: those of the split that count at all."""
    return f"_ml_split = 'train' and {sample_weight(spec)} > 0"


def weight_of_rows(spec: MLModelSpec, rows: Relation, where: str) -> str:
    """SQL of the weight of a training row.

    where: SQL of the rows to train on, over which `balanced` makes all classes weigh the same: n / (classes × n of the
    class), as in scikit-learn.
    """
    weight = sample_weight(spec)
    declared = spec.training.class_weights
    if declared is None:
        return weight
    label = label_as_double(spec)
    if declared == "balanced":
        counts = {
            row["label"]: float(row["weight"])
            for row in rows.query(
                f"select {label} as _ml_label, sum({weight}) as _ml_weight from {rows.name} where {where}"
                f" group by 1 order by 1"
            )
        }
        by_label = {value: sum(counts.values()) / (len(counts) * count) for value, count in counts.items()}
    else:
        names = spec.classes or ("0", "1")
        by_label = {float(names.index(name)): factor for name, factor in declared.items()}
    factors = " ".join(f"when {double(value)} then {double(factor)}" for value, factor in by_label.items())
    return f"{weight} * case {label} {factors} else 1e0 end"


def weights_notice(spec: MLModelSpec, rows: Relation) -> str | None:
    """What to say where nobody declared what weights mean, and they hardly say how often a row occurred; else None."""
    column = spec.training.sample_weight
    if column is None or spec.training.weights_are is not None:
        return None
    x = f"cast({quoted(column)} as double)"
    (found,) = rows.query(
        f"select count(*) as _ml_n, sum({x}) as _ml_total, count_if({x} <> floor({x})) as _ml_broken"
        f" from {rows.name} where {trained_on(spec)} and {usable_rows(spec)}"
    )
    if not found["broken"] and found["total"] <= MOST_TIMES * found["n"]:
        return None
    return (
        f"weights of {column} are taken for frequencies: {found['n']:,} training rows count as {found['total']:,.0f},"
        " and standard errors are so small. Fix: declare training.weights_are: sampling, where a row stands for so"
        " many of a population, precision, where it is so exact, or frequency"
    )


def require_usable_weights(ml_model: str, spec: MLModelSpec, rows: Relation) -> None:
    """Raise TrainingSetError where the column of sample weights cannot be used, or return."""
    column = spec.training.sample_weight
    if column is None:
        return
    problems = []
    where = "training.sample_weight"
    if column not in rows.types:
        problems.append(
            Problem(
                where,
                f"column '{column}' is not in the training set",
                allowed=listed(rows.types),
                fix=did_you_mean(column, rows.types),
            )
        )
    elif not rows.is_numeric(column):
        problems.append(Problem(where, "must be a number", rows.types[column]))
    else:
        x, usable = f"cast({quoted(column)} as double)", usable_rows(spec)
        (found,) = rows.query(
            f"select count(*) as _ml_n, sum({x}) filter (where {usable}) as _ml_total,"
            f" count_if(not coalesce({x} >= 0 and isfinite({x}), false)) as _ml_wrong"
            f" from {rows.name} where _ml_split = 'train'"
        )
        if found["wrong"]:
            got = f"{found['wrong']} of {found['n']} training rows are NULL, negative or not finite"
            problems.append(Problem(where, "must be a number >= 0 on every training row", got))
        elif not found["total"]:
            problems.append(Problem(where, "must not be 0 on every usable training row"))
        elif spec.task in ("binary", "multiclass"):
            empty = rows.query(
                f"select min(cast({quoted(str(spec.label))} as varchar)) as _ml_name from {rows.name}"
                f" where _ml_split = 'train' group by {label_as_double(spec)}"
                f" having not coalesce(sum({x}) filter (where {usable}), 0) > 0 order by 1"
            )
            if empty:
                names = listed(row["name"] for row in empty)
                problems.append(Problem(where, "must not be 0 on every usable training row of a class", names))
    raise_if_any(problems, TrainingSetError, f"The training set of ML model '{ml_model}' is not usable")
