"""The blocks `slices`, `smoke_cases` and `fairness`: parts of the holdout, and made-up rows, that the gate checks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from ml_ledger.declaration.gate import LIMITED_METRICS, WHOLE_DATASET
from ml_ledger.declaration.key_types import Column, Count, Finite, Name, Share, Strict, Text, moment_of
from ml_ledger.errors import Problem, did_you_mean, listed
from ml_ledger.families.family import is_number
from ml_ledger.rules import KIND_TYPES, read_rule
from ml_ledger.rules.operations import Type

SLICE_TYPES: dict[str, Type] = KIND_TYPES | {"date": "date"}
EXAMPLE = "orders_lifetime = 1"
Ratio = Annotated[Finite, Field(gt=0, le=1)]


class SliceSpec(Strict):
    """Rows of the holdout on which the version is measured separately, and may have limits."""

    where: str = Field(
        description="A condition over the declared features, in the SQL that a rule may use, dates included. Rows"
        " for which it is NULL are not in the slice."
    )
    limits: dict[Name, Finite] = Field(
        default_factory=dict,
        description="By metric, the value it must reach, or must not exceed: see the metrics with limits. Left"
        " out: the slice is only measured. A slice without rows fails its limits.",
    )


class SmokeCaseSpec(Strict):
    """A made-up row whose score is known roughly. Give either `score` or `rejected`."""

    inputs: dict[Column, Any] = Field(
        description="Values by feature, dates as text in quotes. A feature that is left out is NULL."
    )
    score: Annotated[list[Finite | None], Field(min_length=2, max_length=2)] | None = Field(
        None,
        description="`[low, high]`, where the score must lie; `null` for no limit. The score is a probability"
        " (multiclass: of the most likely class), an amount, or the distance to the nearest centroid.",
    )
    rejected: bool = Field(False, description="`true`: the row must get no score.")


class AttributeSpec(Strict):
    """A protected attribute: a column of the features relation that is no feature."""

    reference: Text = Field(description="The group, as text, with which all others are compared.")


class FairnessLimits(Strict):
    """What the gate asks of each group with enough rows. A key that is left out is not checked."""

    selection_rate_ratio: Ratio | None = Field(
        None,
        description="Smallest ratio of the group's share of positive decisions to that of the reference group;"
        " the largest is 1 / this.",
    )
    true_positive_rate_ratio: Ratio | None = Field(
        None, description="The same for positive decisions among rows with label 1."
    )
    false_positive_rate_ratio: Ratio | None = Field(
        None, description="The same for positive decisions among rows with label 0."
    )
    calibration_gap: Share | None = Field(
        None,
        description="Largest distance between the group's mean score and its base rate, up or down.",
    )


class FairnessSpec(Strict):
    """Protected attributes, by whose groups decisions are compared, for task binary."""

    attributes: Annotated[dict[Column, AttributeSpec], Field(min_length=1)] = Field(
        description="Protected attributes by column. None of them may be a feature."
    )
    minimum_group: Count = Field(100, description="Rates over fewer rows than this are not compared.")
    allowed_as_features: list[Column] = Field(
        default_factory=list, description="Protected attributes that may be features all the same."
    )
    limits: FairnessLimits = Field(FairnessLimits(), description="What the gate asks of every group.")


def slice_problems(root: str, declaration: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with slices and smoke cases, on what was written."""
    task, features = declaration.get("task"), declaration.get("features")
    if not isinstance(features, Mapping):
        return  # reported already
    slices, cases = declaration.get("slices"), declaration.get("smoke_cases")
    for name, part in slices.items() if isinstance(slices, Mapping) else ():
        if isinstance(part, Mapping):
            yield from _slice_problems(f"{root}.slices.{name}", str(name), part, features, task)
    for name, case in cases.items() if isinstance(cases, Mapping) else ():
        if isinstance(case, Mapping):
            yield from _case_problems(f"{root}.smoke_cases.{name}", case, features, task)


def slice_condition(where: str, features: Mapping[str, Any], path: str) -> tuple[Any, list[Problem]]:
    """The condition of a slice as an operation, and what is wrong with it. features: mappings or specs with a kind."""
    kinds = {
        name: feature.get("kind") if isinstance(feature, Mapping) else getattr(feature, "kind", None)
        for name, feature in features.items()
    }
    types: dict[str, Type] = {name: SLICE_TYPES.get(str(kind), "any") for name, kind in kinds.items()}
    condition, problems = read_rule(where, types, path)
    if not problems and condition.type != "boolean":
        got = "NULL for every row" if condition.type == "any" else f"a {condition.type}"
        problems = [Problem(path, "must be a condition", got, f"{EXAMPLE}, for example")]
    return condition, problems


def _slice_problems(
    where: str, name: str, part: Mapping[str, Any], features: Mapping[str, Any], task: object
) -> Iterator[Problem]:
    if name == WHOLE_DATASET:
        yield Problem(where, "is the name of the whole dataset", repr(name), fix="choose another name")
    if isinstance(part.get("where"), str):
        yield from slice_condition(part["where"], features, f"{where}.where")[1]
    limits = part.get("limits")
    known = [metric for metric, limited in LIMITED_METRICS.items() if task in limited.tasks]
    if not isinstance(limits, Mapping) or not known:
        return  # reported already
    for metric, value in limits.items():
        path, limited = f"{where}.limits.{metric}", LIMITED_METRICS.get(str(metric))
        if metric not in known or limited is None:
            what = f"is not a metric with a limit for task '{task}'"
            yield Problem(path, what, repr(metric), listed(known), did_you_mean(metric, known))
        elif is_number(value) and not limited.can_be(value):
            yield Problem(path, "is a value that the metric cannot take", repr(value), limited.range)


def _case_problems(
    where: str, case: Mapping[str, Any], features: Mapping[str, Any], task: object
) -> Iterator[Problem]:
    inputs, score, rejected = case.get("inputs"), case.get("score"), case.get("rejected")
    for name, value in inputs.items() if isinstance(inputs, Mapping) else ():
        path, feature = f"{where}.inputs.{name}", features.get(name)
        if name not in features:
            fix = did_you_mean(name, features)
            yield Problem(path, "is not a declared feature", repr(name), listed(features), fix)
        elif isinstance(feature, Mapping) and value is not None:
            allowed = _allowed_input(feature, value)
            if allowed:
                what = f"does not fit a feature of kind {feature.get('kind')}"
                yield Problem(path, what, repr(value), f"{allowed}, or null")
    if (score is None) == (rejected is not True):
        got = "both" if score is not None else "neither"
        allowed = "score: [low, high], either of them null for no limit; or rejected: true"
        yield Problem(where, "must say which score is expected, or that there is none", got, allowed)
    if not isinstance(score, list) or len(score) != 2:
        return  # reported already
    ends = [end for end in score if is_number(end)]
    if score == [None, None]:
        yield Problem(f"{where}.score", "asks nothing", repr(score), fix="give it a low or a high end")
    if len(ends) == 2 and ends[0] > ends[1]:
        yield Problem(f"{where}.score", "the low end must not be above the high one", repr(score))
    if task in ("binary", "multiclass") and any(not 0 <= end <= 1 for end in ends):
        yield Problem(f"{where}.score", "is no probability", repr(score), "0 to 1")


def _allowed_input(feature: Mapping[str, Any], value: object) -> str | None:
    """What a feature takes, where this is not it."""
    match feature.get("kind"):
        case "numeric" if not is_number(value) or not math.isfinite(value):
            return "a finite number"
        case "boolean" if not isinstance(value, bool):
            return "true or false"
        case "categorical" if not isinstance(value, str) and (
            isinstance(value, bool) or not isinstance(value, int)
        ):
            return "text, or a whole number"
        case "date" if not isinstance(value, str) or moment_of(value) is None:
            return "a date or a timestamp in quotes, such as '2024-01-31' or '2024-01-31 18:00:00'"
    return None


def fairness_problems(root: str, declaration: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with protected attributes."""
    fairness, features = declaration.get("fairness"), declaration.get("features")
    if not isinstance(fairness, Mapping):
        return
    where, task = f"{root}.fairness", declaration.get("task")
    if task in ("multiclass", "regression", "clustering"):
        what = f"has no meaning for task '{task}': rates of decisions that were right or wrong are of task binary"
        yield Problem(where, what, fix="remove the key")
    attributes, allowed = fairness.get("attributes"), fairness.get("allowed_as_features")
    if not isinstance(attributes, Mapping):
        return  # reported already
    keys = [declaration.get(key) for key in ("entity", "as_of", "label")]
    excepted = allowed if isinstance(allowed, list) else []
    for name in attributes:
        if name in keys:
            what = "cannot be the entity, the as-of column or the label"
            yield Problem(
                f"{where}.attributes.{name}", what, repr(name), fix="name a column of the features relation"
            )
        elif isinstance(features, Mapping) and name in features and name not in excepted:
            yield Problem(
                f"{root}.features.{name}",
                "is a protected attribute, which no feature may be",
                repr(name),
                fix=f"remove it from features, or add it to fairness.allowed_as_features: [{name}] and say why",
            )
    for name in excepted:
        if name not in attributes:
            fix = did_you_mean(name, attributes) if isinstance(name, str) else None
            what = "is not a protected attribute"
            yield Problem(f"{where}.allowed_as_features", what, repr(name), listed(attributes), fix)
