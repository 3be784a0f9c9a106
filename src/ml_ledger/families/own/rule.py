"""A rule that a person wrote, as one SQL expression over the features: a baseline, and a first version of anything."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.coefficients import Coefficient
from ml_ledger.errors import Problem, TrainingSetError, VersionError, raise_if_any
from ml_ledger.families.family import Family, Fit, Hyperparameter
from ml_ledger.families.trees.ensembles import Inputs, intercept_rows
from ml_ledger.rules import EXAMPLE, KIND_TYPES, Operation, Values, evaluate, read_rule, rule_problems, sql_of
from ml_ledger.scoring.words import LARGEST
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.sql_literals import double, literal
from ml_ledger.warehouse import quoted

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec


def _fit(
    *, training: TrainingRows, features: Mapping[str, InputSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    # A rule reads no date: see rule_problems.
    types = {name: KIND_TYPES[feature.kind] for name, feature in features.items() if feature.kind in KIND_TYPES}
    rule, problems = read_rule(hyperparameters["expression"], types, "expression")
    raise_if_any(problems, VersionError, "The rule cannot be read")
    if rule.type == "boolean":
        rule = Operation("number of boolean", "number", (rule,))
    binary, sql = training.task == "binary", sql_of(rule)
    read = {name: _as_seen(features[name]) for name in rule.columns()}
    inputs = Inputs.learn(read, training)
    columns = [_Column.of(name, types[name], training) for name in read]

    def predict(design: Matrix) -> Vector:
        values = {column.name: column.values(design[:, place]) for place, column in enumerate(columns)}
        scores = evaluate(rule, values, len(design))
        return np.where((scores >= 0) & (scores <= 1), scores, np.nan) if binary else scores

    mean, scored = _mean(sql, training, binary)
    expression = Coefficient(
        output="score",
        term=1,
        feature=None,
        applies_to="expression",
        lower=0.0 if binary else None,
        upper=math.nextafter(1.0, 2.0) if binary else None,
        slope=1.0,
        reference=mean,
        expression=sql,
    )
    domain = [replace(row, term=row.term + 1) for row in inputs.domain("score")]
    return Fit(
        coefficients=[*intercept_rows({"score": 0.0}).values(), expression, *domain],
        link="identity",
        design=[column.sql for column in columns],
        accepts=inputs.accepts() or "true",
        predict=predict,
        diagnostics={"rows_scored": scored},
    )


def _as_seen(feature: InputSpec) -> InputSpec:
    """A transform shapes the effect of a number in other families; a rule sees the number itself."""
    return feature.model_copy(update={"transform": None}) if feature.kind == "numeric" else feature


@dataclass(frozen=True)
class _Column:
    """A column that a rule reads, as a design column of doubles: a text is its position among all that occur."""

    name: str
    sql: str
    texts: Sequence[str] | None = None
    boolean: bool = False

    @classmethod
    def of(cls, name: str, kind: str, training: TrainingRows) -> _Column:
        if kind != "text":
            return cls(name, f"cast({quoted(name)} as double)", boolean=kind == "boolean")
        text, relation = f"cast({quoted(name)} as varchar)", training.relation
        rows = relation.query(
            f"select distinct {text} as _ml_item from {relation.name} where {quoted(name)} is not null order by 1"
        )
        texts = [str(row["item"]) for row in rows]
        return cls(name, f"list_position([{', '.join(map(literal, texts))}], {text})", texts)

    def values(self, design: Vector) -> Values:
        """What the rule sees, from n doubles; NaN is NULL."""
        null = np.isnan(design)
        if self.texts is None:
            return Values(design == 1 if self.boolean else design, null)
        positions = np.where(null, 0, design).astype(int)
        return Values(np.array(["", *self.texts], dtype=object)[positions], null)


def _mean(sql: str, training: TrainingRows, binary: bool) -> tuple[float, int]:
    """The rule's mean over the training rows to which it gives a score, and how many these are."""
    usable = "_ml_x between 0 and 1" if binary else f"abs(_ml_x) <= {double(LARGEST)}"
    (row,) = training.relation.query(
        f"select count(*) as _ml_n, count(_ml_x) as _ml_given, min(case when {usable} then null else _ml_x"
        f" end) as _ml_other,"
        f" sum(case when {usable} then 1 else 0 end) as _ml_scored,"
        f" sum(case when {usable} then _ml_weight * _ml_x end) / sum(case when {usable} then _ml_weight"
        f" end) as _ml_mean"
        f" from (select _ml_weight, {sql} as _ml_x from {training.relation.name} where {training.where}) as _ml_rule"
    )
    if not row["scored"]:
        others = f", others such as {row['other']:g} on {row['given']}" if row["given"] else ""
        problem = Problem(
            "expression",
            "gives no score to any training row",
            f"NULL on {row['n'] - row['given']} rows{others}",
            "numbers from 0 to 1" if binary else "finite numbers",
            "fix the expression, and look at the values of the features that it reads",
        )
        raise_if_any([problem], TrainingSetError, "The rule does not fit this training set")
    return float(row["mean"]), int(row["scored"])


FAMILY = Family(
    name="rule",
    tasks=frozenset({"binary", "regression"}),
    hyperparameters={
        "expression": Hyperparameter(
            default="",
            required=True,
            accepts=lambda value: isinstance(value, str),
            allowed=f'SQL over the declared features, in quotes, such as "{EXAMPLE}"',
        )
    },
    fit=_fit,
    feature_keys=frozenset(),
    problems=rule_problems,
)
