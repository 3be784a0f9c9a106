"""Checks across keys of a declaration, on what was written, so that they run even where other keys are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_ledger.errors import Problem, did_you_mean, listed
from ml_ledger.families import FAMILIES
from ml_ledger.families.base import is_number
from ml_ledger.spec.declaration import TRAINING_SET_COLUMNS


def cross_checks(root: str, declaration: Mapping[str, Any]) -> list[Problem]:
    """Checks across keys, on the raw declaration so that they run even where other keys are wrong."""
    task = declaration.get("task")
    problems = _decision_problems(root, declaration) if task == "binary" else []
    features = declaration.get("features")
    algorithms = {"algorithm": declaration.get("algorithm")}
    baselines = declaration.get("baselines")
    if isinstance(baselines, Mapping):
        algorithms |= {f"baselines.{name}": baseline for name, baseline in baselines.items()}
    for key, algorithm in algorithms.items():
        if not isinstance(algorithm, Mapping):
            continue
        problems += _algorithm_problems(f"{root}.{key}", algorithm, task)
        if key == "algorithm" and isinstance(features, Mapping):
            problems += _shape_problems(root, features, algorithm)
        chosen = algorithm.get("features")
        if key != "algorithm" and isinstance(chosen, list) and isinstance(features, Mapping) and features:
            problems += [
                Problem(
                    f"{root}.{key}.features",
                    "is not a declared feature",
                    repr(name),
                    listed(features),
                    did_you_mean(name, features),
                )
                for name in chosen
                if not isinstance(name, str) or name not in features
            ]
    if isinstance(features, Mapping):
        for name, feature in features.items():
            if isinstance(feature, Mapping):
                problems += _feature_problems(f"{root}.features.{name}", feature)
        keys = [declaration.get(key) for key in ("entity", "as_of", "label")]
        problems += [
            Problem(
                f"{root}.features.{name}",
                "a feature cannot be the entity, the as-of column or the label",
                repr(name),
                fix="remove it from features",
            )
            for name in features
            if name in keys
        ]
        problems += [
            Problem(
                f"{root}.features.{name}",
                "is the name of a column that the training set adds",
                repr(name),
                f"any name but {listed(TRAINING_SET_COLUMNS)} and names that begin with _ml_",
                "rename the column in the feature model",
            )
            for name in features
            if name in TRAINING_SET_COLUMNS or str(name).startswith("_ml_")
        ]
    return problems


def _shape_problems(root: str, features: Mapping[str, Any], algorithm: Mapping[str, Any]) -> list[Problem]:
    """Keys of numeric features that say what shape an effect may have, and that the family cannot follow."""
    family = FAMILIES.get(str(algorithm.get("family")))
    if family is None:
        return []
    return [
        Problem(
            f"{root}.features.{name}.{key}",
            f"is not followed by family '{family.name}'",
            repr(feature[key]),
            f"{listed(sorted(family.feature_keys))} for this family",
            "remove the key, or choose another family",
        )
        for name, feature in features.items()
        if isinstance(feature, Mapping)
        for key in ("transform", "knots", "bins", "monotone")
        if feature.get(key) is not None and key not in family.feature_keys
    ]


def _decision_problems(root: str, declaration: Mapping[str, Any]) -> list[Problem]:
    """What task binary asks of the policy."""
    decision = declaration.get("decision")
    if decision is None:
        return [Problem(f"{root}.decision", "a required key is missing for task 'binary'", fix="add 'decision'")]
    threshold = decision.get("threshold") if isinstance(decision, Mapping) else None
    if is_number(threshold) and not 0 < threshold < 1:
        return [
            Problem(f"{root}.decision.threshold", "is out of range", repr(threshold), "a number > 0 and < 1"),
        ]
    return []


def _feature_problems(where: str, feature: Mapping[str, Any]) -> list[Problem]:
    problems = []
    bounds = feature.get("bounds")
    if isinstance(bounds, list) and len(bounds) == 2 and all(map(is_number, bounds)) and bounds[0] >= bounds[1]:
        problems.append(Problem(f"{where}.bounds", "the lower bound must be below the upper", repr(bounds)))
    if "out_of_bounds" in feature and bounds is None:
        problems.append(Problem(f"{where}.out_of_bounds", "needs bounds", fix="declare bounds: [lower, upper]"))
    if feature.get("bins") is not None and (feature.get("knots") or feature.get("transform")):
        problems.append(Problem(f"{where}.bins", "cannot be combined with knots or transform"))
    for key in ("bins", "knots"):
        edges = feature.get(key)
        ascending = isinstance(edges, list) and all(map(is_number, edges)) and edges == sorted(set(edges))
        if isinstance(edges, list) and not ascending:
            problems.append(Problem(f"{where}.{key}", "must ascend", repr(edges), "numbers, each above the last"))
    levels, reference = feature.get("levels"), feature.get("reference")
    if isinstance(levels, list):
        if len({str(level) for level in levels}) < len(levels):
            problems.append(Problem(f"{where}.levels", "names a level twice", repr(levels)))
        if reference is not None and reference not in levels:
            problems.append(
                Problem(f"{where}.reference", "is not one of the levels", repr(reference), listed(levels))
            )
    if feature.get("unknown") == "rare" and not feature.get("min_share"):
        problems.append(
            Problem(f"{where}.unknown", "'rare' needs rare levels", fix="declare min_share, 0.01 for example")
        )
    return problems


def _algorithm_problems(where: str, algorithm: Mapping[str, Any], task: object) -> list[Problem]:
    name = algorithm.get("family")
    if not isinstance(name, str):
        return []  # reported as missing or mistyped already
    family = FAMILIES.get(name)
    if family is None:
        return [
            Problem(
                f"{where}.family",
                "is not a known model family",
                repr(name),
                listed(FAMILIES),
                did_you_mean(name, FAMILIES),
            )
        ]
    problems = []
    if isinstance(task, str) and task not in family.tasks:
        problems.append(
            Problem(f"{where}.family", f"does not fit task '{task}'", repr(name), listed(sorted(family.tasks)))
        )
    given = algorithm.get("hyperparameters") or {}
    if isinstance(given, Mapping):
        problems += [
            Problem(
                f"{where}.hyperparameters.{key}",
                f"a hyperparameter that family '{name}' requires is missing",
                allowed=parameter.allowed,
                fix=f"add '{key}'",
            )
            for key, parameter in family.hyperparameters.items()
            if parameter.required and key not in given
        ]
        for key, value in given.items():
            parameter = family.hyperparameters.get(key)
            path = f"{where}.hyperparameters.{key}"
            if parameter is None:
                problems.append(
                    Problem(
                        path,
                        f"is not a hyperparameter of family '{name}'",
                        repr(value),
                        listed(family.hyperparameters),
                        did_you_mean(key, family.hyperparameters),
                    )
                )
            elif not parameter.accepts(value):
                problems.append(Problem(path, "has a value out of range", repr(value), parameter.allowed))
    return problems
