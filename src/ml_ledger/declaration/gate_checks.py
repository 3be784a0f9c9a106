"""Checks across keys of what the gate asks: limits, signs, slices and smoke cases, on what was written."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ml_ledger.declaration.gate import LIMITED_METRICS, WHOLE_DATASET
from ml_ledger.declaration.moments import moment_of
from ml_ledger.errors import Problem, did_you_mean, listed
from ml_ledger.families import FAMILIES
from ml_ledger.families.base import is_number
from ml_ledger.rules import KIND_TYPES, read_rule
from ml_ledger.rules.operations import Type

# Keys of the gate that have no meaning for other tasks.
TASKS_OF_GATE_KEYS = {
    "maximum_calibration_error": ("binary",),
    "maximum_bias": ("regression",),
    "maximum_score_shift": ("binary", "multiclass", "regression"),
    "expected_auc": ("binary", "multiclass"),
    "expected_r2": ("regression",),
    "signs": ("binary", "regression"),
}
SLICE_TYPES: dict[str, Type] = KIND_TYPES | {"date": "date"}
EXAMPLE = "orders_lifetime = 1"


def gate_problems(root: str, declaration: Mapping[str, Any], algorithms: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the gate, the slices and the smoke cases. algorithms: what may become the version, by key."""
    task, features = declaration.get("task"), declaration.get("features")
    gate = declaration.get("gate")
    if isinstance(gate, Mapping):
        for key, tasks in TASKS_OF_GATE_KEYS.items():
            if gate.get(key) is not None and isinstance(task, str) and task not in tasks:
                what = f"has no meaning for task '{task}'"
                fix = f"remove the key; it is for {listed(tasks)}"
                yield Problem(f"{root}.gate.{key}", what, repr(gate[key]), fix=fix)
        if isinstance(gate.get("signs"), Mapping) and isinstance(features, Mapping):
            yield from _sign_problems(root, gate["signs"], features, algorithms)
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


def _sign_problems(
    root: str, signs: Mapping[str, Any], features: Mapping[str, Any], algorithms: Mapping[str, Any]
) -> Iterator[Problem]:
    for name in signs:
        where, feature = f"{root}.gate.signs.{name}", features.get(name)
        if name not in features:
            fix = did_you_mean(name, features)
            yield Problem(where, "is not a declared feature", repr(name), listed(features), fix)
        elif isinstance(feature, Mapping) and feature.get("kind") in ("categorical", "boolean", "date"):
            yield Problem(
                where,
                "has no direction, which only numbers have",
                f"kind: {feature.get('kind')}",
                "numeric features",
                "remove it from signs",
            )
    directed = [name for name, family in FAMILIES.items() if family.directed]
    for key, algorithm in algorithms.items():
        family = FAMILIES.get(str(algorithm.get("family"))) if isinstance(algorithm, Mapping) else None
        if family is None:
            continue
        if not family.directed:
            what = f"cannot be read from the coefficients of family '{family.name}' ({key})"
            fix = "remove signs, or choose another family"
            yield Problem(f"{root}.gate.signs", what, allowed=f"families {listed(directed)}", fix=fix)
            continue
        hyperparameters = algorithm.get("hyperparameters")
        pairs = hyperparameters.get("pairs") if isinstance(hyperparameters, Mapping) else None
        paired = {str(name) for pair in pairs if isinstance(pair, list) for name in pair} if pairs else set()
        for name in signs:
            if name in paired:
                what = "has no single direction, since it is one of a pair of features"
                fix = f"remove it from signs, or from the pairs of {key}"
                yield Problem(f"{root}.gate.signs.{name}", what, fix=fix)


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
        elif is_number(value):
            below = limited.lowest is not None and value < limited.lowest
            if below or (limited.highest is not None and value > limited.highest):
                yield Problem(path, "is a value that the metric cannot take", repr(value), _range(limited))


def _range(limited: Any) -> str:
    if limited.lowest is None:
        return f"up to {limited.highest:g}"
    return f"{limited.lowest:g} to {limited.highest:g}" if limited.highest is not None else "0 or more"


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
