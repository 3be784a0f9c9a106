"""Numbers whose squares are no numbers: fits, variances and distances would overflow, or see no difference."""

from __future__ import annotations

from collections.abc import Iterator

from ml_ledger.declaration import MLModelSpec, NumericFeature
from ml_ledger.errors import Problem
from ml_ledger.sql_literals import double
from ml_ledger.warehouse import Relation, quoted

# The square of a value times a weight is summed over rows: 1e100 cubed is within a double, with rows to spare.
LARGEST = 1e100
# The square of a difference below this, times a weight, is 0 to a double, or loses digits.
SMALLEST = 1e-100


def magnitude_problems(spec: MLModelSpec, training_set: Relation) -> Iterator[Problem]:
    """Numbers, labels and weights that are too large to be squared, or differ by too little.

    The columns must have been validated. A value that declared bounds clip or reject is never squared.
    """
    columns = {
        f"features.{name}": (f"cast({quoted(name)} as double)", feature.bounds or [None, None])
        for name, feature in spec.features.items()
        if isinstance(feature, NumericFeature)
    }
    if spec.task == "regression" and training_set.is_numeric(str(spec.label)):
        columns[f"label {spec.label}"] = (f"cast({quoted(str(spec.label))} as double)", [None, None])
    weights = {
        key: column
        for key, column in (
            ("training.sample_weight", spec.training.sample_weight),
            ("evaluation.weight", spec.evaluation.weight),
        )
        if column is not None and column in training_set.types and training_set.is_numeric(column)
    }
    columns |= {key: (f"cast({quoted(column)} as double)", [None, None]) for key, column in weights.items()}
    if not columns:
        return
    aggregates = ", ".join(
        f"count_if(abs({x}) > {double(LARGEST)}) as _ml_large_{i}, max(abs({x})) as _ml_largest_{i},"
        f" min({x}) as _ml_least_{i}, max({x}) as _ml_most_{i}"
        for i, x in enumerate(_within(*column) for column in columns.values())
    )
    (found,) = training_set.query(
        f"select {aggregates} from {training_set.name} where _ml_split in ('train', 'holdout')"
    )
    for i, where in enumerate(columns):
        if found[f"large_{i}"]:
            yield Problem(
                where,
                "is too large to be squared",
                f"{found[f'large_{i}']} values, the largest of them {float(found[f'largest_{i}']):.4g}",
                f"up to {LARGEST:g}",
                "turn placeholders for missing values into NULL, or declare bounds"
                if i < len(spec.features)
                else None,
            )
        elif found[f"least_{i}"] is not None:
            least, most = float(found[f"least_{i}"]), float(found[f"most_{i}"])
            apart = max(abs(least), abs(most)) if where in weights else most - least
            if 0 < apart < SMALLEST:
                yield Problem(
                    where,
                    "differs by too little to be squared",
                    f"values from {least:.4g} to {most:.4g}",
                    f"a largest difference of at least {SMALLEST:g}",
                    "give it another unit in the feature model",
                )


def _within(x: str, bounds: list[float | None]) -> str:
    """SQL of a finite number within its bounds, NULL for others."""
    lower, upper = bounds
    conditions = [f"isfinite({x})"]
    conditions += [] if lower is None else [f"{x} >= {double(lower)}"]
    conditions += [] if upper is None else [f"{x} <= {double(upper)}"]
    return f"case when {' and '.join(conditions)} then {x} end"
