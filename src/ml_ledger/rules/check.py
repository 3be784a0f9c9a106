"""Is a declared rule one that can be trained: problems are found before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_ledger.errors import Problem, listed
from ml_ledger.rules.operations import KIND_TYPES, Operation
from ml_ledger.rules.read import read_rule

EXAMPLE = "case when recency_days <= 30 then 0.4 else 0.1 end"


def rule_problems(
    where: str, *, hyperparameters: Mapping[str, Any], features: Mapping[str, Any], task: object
) -> list[Problem]:
    """What is wrong with a declared rule. Arguments as `ProblemsFunction`."""
    path = f"{where}.hyperparameters.expression"
    expression = hyperparameters.get("expression")
    if not isinstance(expression, str):
        return []  # reported already
    kinds = {name: feature.get("kind") for name, feature in features.items() if isinstance(feature, Mapping)}
    types = {name: KIND_TYPES.get(str(kind), "any") for name, kind in kinds.items()}
    rule, found = read_rule(expression, types, path)
    if not found:
        found = [*_result_problems(path, rule, task)]
        for name in rule.columns():
            found += _policy_problems(path, name, features[name])
            if kinds.get(name) == "date":
                what, fix = (
                    f"reads '{name}', a date, which a rule cannot",
                    "add what it needs to the feature model",
                )
                found.append(Problem(path, what, allowed="features of kind " + listed(KIND_TYPES), fix=fix))
    return found


def _result_problems(where: str, rule: Operation, task: object) -> list[Problem]:
    allowed = (
        "a number" if task == "regression" else "a number from 0 to 1, or a condition, which counts as 1 and 0"
    )
    if rule.type == "any" and not rule.columns():
        return [Problem(where, "gives NULL for every row", allowed=allowed)]
    if rule.type not in ("number", "any") and not (rule.type == "boolean" and task != "regression"):
        fix = "write case when ... then 1 else 0 end" if rule.type == "boolean" else None
        return [Problem(where, "gives a value of the wrong type", rule.type, f"{allowed} for task '{task}'", fix)]
    if task != "binary":
        return []
    what, fix = "gives a number that is no probability", "divide a percentage by 100"
    return [
        Problem(where, what, f"{part.value:g}", "0 to 1", fix)
        for part in rule.results()
        if isinstance(part.value, float) and not 0 <= part.value <= 1
    ]


def _policy_problems(where: str, name: str, feature: object) -> list[Problem]:
    """Policies that change what a family sees cannot be followed inside an expression."""
    refused = {
        "missing": ("impute", "reject; own_level, with which the rule sees NULL", f"coalesce({name}, ...)"),
        "out_of_bounds": ("clip", "reject", f"greatest and least of {name}"),
    }
    return [
        Problem(
            where,
            f"reads '{name}', whose policy a rule cannot follow",
            f"{key}: {value}",
            allowed,
            f"write {instead} in the expression and change the policy, or do not read the feature",
        )
        for key, (value, allowed, instead) in refused.items()
        if isinstance(feature, Mapping) and feature.get(key) == value
    ]
