"""Checks across the keys about protected attributes, on what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ml_ledger.errors import Problem, did_you_mean, listed


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
