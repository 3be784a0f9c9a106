"""Learn terms from training rows: means, edges, levels. Only aggregates leave the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from ml_ledger.errors import Problem, TrainingSetError, raise_if_any
from ml_ledger.sql_literals import double, literal
from ml_ledger.terms.levels import LevelTerm, text_of
from ml_ledger.terms.numeric import LOG1P_FROM, BinTerm, LinearTerm, NumericInput
from ml_ledger.terms.quantiles import distinct_quantiles
from ml_ledger.terms.term import Term
from ml_ledger.warehouse import quoted

if TYPE_CHECKING:
    from ml_ledger.declaration import (
        BooleanFeature,
        CategoricalFeature,
        FeatureSpec,
        InputSpec,
        NumericFeature,
        PartOfDate,
    )
    from ml_ledger.warehouse import Relation

MAXIMUM_LEVELS = 1000

Key = TypeVar("Key")


def rejected_by_declaration(features: Mapping[str, FeatureSpec]) -> str:
    """SQL that is true for rows that the declared policies reject, whatever is learned."""
    conditions = []
    for name, feature in features.items():
        column = quoted(name)
        if feature.missing == "reject":
            conditions.append(f"{column} is null")
        if feature.kind == "numeric":
            lower, upper = feature.bounds or (None, None)
            outside = []
            if feature.transform == "log1p":
                outside.append(f"{column} < {double(LOG1P_FROM)}")
            if feature.out_of_bounds == "reject":
                outside += [f"{column} < {double(lower)}"] if lower is not None else []
                outside += [f"{column} > {double(upper)}"] if upper is not None else []
            conditions += [f"coalesce({condition}, false)" for condition in outside]
        if feature.kind == "categorical" and feature.levels is not None and feature.unknown == "reject":
            levels = ", ".join(map(literal, feature.levels))
            conditions.append(f"coalesce(cast({column} as varchar) not in ({levels}), false)")
    return " or ".join(conditions) or "false"


def learn_terms(features: Mapping[str, InputSpec], rows: Relation, where: str) -> dict[str, Term]:
    """One term per feature, in order.

    rows: the training set, with `_ml_weight`. where: SQL for the rows to learn from; none of them is rejected.
    Raises TrainingSetError naming every feature that nothing can be learned from.
    """
    numeric = {name: feature for name, feature in features.items() if feature.kind == "numeric"}
    learned = learn_inputs(features, rows, where)
    inputs = {name: item for name, item in learned.items() if isinstance(item, NumericInput)}
    terms: dict[str, Term] = {name: item for name, item in learned.items() if isinstance(item, LevelTerm)}
    edges = {name: _declared(feature) for name, feature in numeric.items()}
    wanted: dict[str, tuple[str, list[float]]] = {}
    for name, feature in numeric.items():
        if feature.bins is None and isinstance(feature.knots, int):
            wanted[name] = inputs[name].scaled(), even_shares(feature.knots + 1)
        elif isinstance(feature.bins, int):
            wanted[name] = inputs[name].completed(), even_shares(feature.bins)
    edges |= distinct_quantiles(wanted, rows, where)
    for name, feature in numeric.items():
        if feature.bins is None:
            terms[name] = LinearTerm(inputs[name], edges[name])
        else:
            reference = _largest_bin(inputs[name], edges[name], rows, where)
            terms[name] = BinTerm(inputs[name], edges[name], reference)
    return {name: terms[name] for name in features}


def learn_inputs(
    features: Mapping[str, InputSpec], rows: Relation, where: str
) -> dict[str, NumericInput | LevelTerm]:
    """How each feature is read: numbers with what fills NULL, and levels. Arguments and errors as `learn_terms`."""
    numeric = {name: feature for name, feature in features.items() if feature.kind == "numeric"}
    learned: dict[str, NumericInput | LevelTerm] = dict(_inputs(numeric, rows, where))
    problems: list[Problem] = []
    for name, feature in features.items():
        if feature.kind != "numeric":
            levels = _levels(name, feature, rows, where)
            if isinstance(levels, Problem):
                problems.append(levels)
            else:
                learned[name] = levels
    raise_if_any(problems, TrainingSetError, "Features cannot be learned from this training set")
    return {name: learned[name] for name in features}


def _inputs(features: Mapping[str, NumericFeature], rows: Relation, where: str) -> dict[str, NumericInput]:
    """Numeric inputs, with the weighted mean that fills NULL where it is not rejected."""
    empty = {}
    for name, feature in features.items():
        lower, upper = feature.bounds or (None, None)
        empty[name] = NumericInput(
            feature=name,
            lower=lower,
            upper=upper,
            outside=feature.out_of_bounds,
            missing=feature.missing,
            filled=0.0,
            transform=feature.transform,
        )
    filled = {name: item.bounded() for name, item in empty.items() if item.missing != "reject"}
    means = weighted_means(filled, rows, where)
    return {name: replace(item, filled=means.get(name, 0.0)) for name, item in empty.items()}


def weighted_means(expressions: Mapping[Key, str], rows: Relation, where: str) -> dict[Key, float]:
    """The weighted mean of each expression over the rows where it is not NULL; 0 where it always is."""
    if not expressions:
        return {}
    selected = ", ".join(
        f"sum(_ml_weight * ({sql})) / sum(case when ({sql}) is not null then _ml_weight end) as _ml_m{number}"
        for number, sql in enumerate(expressions.values())
    )
    (row,) = rows.query(f"select {selected} from {rows.name} where {where}")
    return {name: float(row[f"m{number}"] or 0.0) for number, name in enumerate(expressions)}


def even_shares(parts: int) -> list[float]:
    """Where so many parts of the same weight meet."""
    return [step / parts for step in range(1, parts)]


def _declared(feature: NumericFeature) -> tuple[float, ...]:
    """Knots, or edges of bins, that are declared one by one."""
    declared = feature.knots if feature.bins is None else feature.bins
    return tuple(map(float, declared)) if isinstance(declared, list) else ()


def _largest_bin(item: NumericInput, edges: tuple[float, ...], rows: Relation, where: str) -> int:
    """The bin with most weight."""
    x = item.completed()
    position = " + ".join(f"case when {x} >= {double(edge)} then 1 else 0 end" for edge in edges) or "0"
    counts = rows.query(
        f"select {position} as _ml_bin, sum(_ml_weight) as _ml_weight from {rows.name} where {where} group"
        f" by 1 order by 2 desc, 1"
    )
    return int(counts[0]["bin"])


def _levels(
    name: str, feature: CategoricalFeature | BooleanFeature | PartOfDate, rows: Relation, where: str
) -> LevelTerm | Problem:
    """The levels that occur, most frequent first or as declared; the rare ones apart."""
    column, part = (feature.column, feature.part) if feature.kind == "part_of_date" else (name, None)
    text = text_of(column, part)
    counts: dict[str, Any] = {
        row["level"]: float(row["weight"])
        for row in rows.query(
            f"select {text} as _ml_level, sum(_ml_weight) as _ml_weight from {rows.name}"
            f" where {where} and {text} is not null group by 1 order by 2 desc, 1"
        )
    }
    if not counts:
        return Problem(f"features.{name}", "has no level among the training rows")
    if len(counts) > MAXIMUM_LEVELS:
        return Problem(
            f"features.{name}",
            "has too many levels",
            str(len(counts)),
            f"up to {MAXIMUM_LEVELS}",
            "group the levels in the feature model, or declare it numeric",
        )
    most_frequent = next(iter(counts))
    if feature.kind == "boolean":
        others = tuple(level for level in counts if level != "false")
        return LevelTerm(name, "false", others, (), most_frequent, feature.missing, "reject")
    seen = list(counts)
    if feature.levels is not None:
        seen = [level for level in feature.levels if level in counts]
    if not seen:
        return Problem(f"features.{name}.levels", "none of them occurs among the training rows")
    total = sum(counts.values())
    reference = feature.reference or (feature.levels[0] if feature.levels else most_frequent)
    rare = tuple(level for level in seen if counts[level] < feature.min_share * total and level != reference)
    levels = tuple(level for level in seen if level not in rare and level != reference)
    if most_frequent not in seen:
        most_frequent = reference
    return LevelTerm(column, reference, levels, rare, most_frequent, feature.missing, feature.unknown, part)
