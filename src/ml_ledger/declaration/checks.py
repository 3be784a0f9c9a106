"""Checks across keys of a declaration, on what was written, so that they run even where other keys are wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ml_ledger.coefficients import CALIBRATION
from ml_ledger.declaration.base import class_columns
from ml_ledger.declaration.exposure_checks import exposure_problems
from ml_ledger.declaration.fairness_checks import fairness_problems
from ml_ledger.declaration.gate_checks import gate_problems
from ml_ledger.declaration.governance_checks import governance_problems
from ml_ledger.declaration.holdout import cross_validation_problems, holdout_problems
from ml_ledger.declaration.monitoring_checks import monitoring_problems
from ml_ledger.declaration.quality_checks import quality_problems
from ml_ledger.declaration.review_checks import review_problems
from ml_ledger.declaration.shape_checks import knot_problems, shape_problems
from ml_ledger.declaration.value_checks import value_problems
from ml_ledger.errors import Problem, did_you_mean, listed
from ml_ledger.families import FAMILIES
from ml_ledger.families.base import is_number

# How each task's probabilities can be calibrated.
CALIBRATIONS = {"binary": ("platt", "isotonic"), "multiclass": ("temperature",)}


def cross_checks(root: str, declaration: Mapping[str, Any]) -> list[Problem]:
    """Checks across keys, on the raw declaration so that they run even where other keys are wrong."""
    task = declaration.get("task")
    problems = _task_problems(root, declaration)
    features = declaration.get("features")
    algorithms = {"algorithm": declaration.get("algorithm")}
    candidates, baselines = declaration.get("candidates"), declaration.get("baselines")
    if declaration.get("algorithm") is None and candidates is None:
        fix = "add 'algorithm', or 'candidates' to choose from"
        problems.append(Problem(f"{root}.algorithm", "a required key is missing", fix=fix))
    if declaration.get("algorithm") is not None and candidates is not None:
        fix = "remove one of them"
        problems.append(Problem(f"{root}.candidates", "cannot be combined with algorithm", fix=fix))
    if isinstance(candidates, Mapping):
        algorithms |= {f"candidates.{name}": candidate for name, candidate in candidates.items()}
    problems += gate_problems(root, declaration, algorithms)
    problems += governance_problems(root, declaration)
    problems += holdout_problems(root, declaration)
    problems += cross_validation_problems(root, declaration)
    problems += monitoring_problems(root, declaration)
    problems += quality_problems(root, declaration)
    problems += value_problems(root, declaration)
    problems += fairness_problems(root, declaration)
    problems += review_problems(root, declaration)
    if isinstance(features, Mapping):
        problems += shape_problems(root, features, algorithms, task)
    if isinstance(baselines, Mapping):
        algorithms |= {f"baselines.{name}": baseline for name, baseline in baselines.items()}
    problems += exposure_problems(root, declaration, algorithms)
    for key, algorithm in algorithms.items():
        if not isinstance(algorithm, Mapping):
            continue
        problems += _algorithm_problems(f"{root}.{key}", algorithm, task)
        problems += _family_problems(f"{root}.{key}", algorithm, features, task)
        chosen = algorithm.get("features")
        if (
            key.startswith("baselines.")
            and isinstance(chosen, list)
            and isinstance(features, Mapping)
            and features
        ):
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
    if task == "clustering":
        problems += _clustering_problems(root, features, baselines)
    if isinstance(features, Mapping):
        problems += _monotone_problems(root, features, task)
        for name, feature in features.items():
            if isinstance(feature, Mapping):
                problems += _feature_problems(f"{root}.features.{name}", feature)
        keys = [str(declaration.get(key)).lower() for key in ("entity", "as_of", "label", "never")]
        seen: dict[str, str] = {}
        for name in map(str, features):
            if (other := seen.setdefault(name.lower(), name)) != name:
                what = (
                    "is called as another feature but for upper and lower case, which warehouses do not tell apart"
                )
                problems.append(Problem(f"{root}.features.{name}", what, repr(other), fix="remove one of them"))
        problems += [
            Problem(
                f"{root}.features.{name}",
                "a feature cannot be the entity, the as-of column, the label, or the column `never`",
                repr(name),
                fix="remove it from features",
            )
            for name in features
            if str(name).lower() in keys
        ]
    return problems


def _clustering_problems(root: str, features: object, baselines: object) -> list[Problem]:
    """What stands in the way of a space in which distances can be measured, and compared."""
    problems = [
        Problem(
            f"{root}.features.{name}.missing",
            "has no meaning for task 'clustering': a number that is not there has no place in space",
            repr(feature["missing"]),
            "'impute' (a NULL is at the training mean) or 'reject'",
            "choose one of them, and add a boolean feature where it matters that the number is missing",
        )
        for name, feature in (features.items() if isinstance(features, Mapping) else ())
        if isinstance(feature, Mapping)
        and feature.get("kind") == "numeric"
        and feature.get("missing") == "own_level"
    ]
    return problems + [
        Problem(
            f"{root}.baselines.{name}.features",
            "has no meaning for task 'clustering': distances over other features cannot be compared",
            repr(baseline["features"]),
            fix="remove the key",
        )
        for name, baseline in (baselines.items() if isinstance(baselines, Mapping) else ())
        if isinstance(baseline, Mapping) and baseline.get("features") is not None
    ]


def _monotone_problems(root: str, features: Mapping[str, Any], task: object) -> list[Problem]:
    return [
        Problem(
            f"{root}.features.{name}.monotone",
            "has no meaning for task 'multiclass', where each class has an effect of its own",
            repr(feature["monotone"]),
            fix="remove the key",
        )
        for name, feature in features.items()
        if task == "multiclass" and isinstance(feature, Mapping) and feature.get("monotone") is not None
    ]


def _task_problems(root: str, declaration: Mapping[str, Any]) -> list[Problem]:
    """What a task asks of the label, its classes and the policy."""
    task, decision = declaration.get("task"), declaration.get("decision")
    if task not in ("binary", "multiclass", "regression", "clustering"):
        return []  # reported already
    needed = {"label"} if task != "clustering" else set()
    needed |= {"classes"} if task == "multiclass" else set()
    needed |= {"decision"} if task == "binary" else set()
    refused = {"label", "never", "decision"} if task == "clustering" else set()
    refused |= {"classes"} if task != "multiclass" else set()
    refused |= {"calibration"} if task not in CALIBRATIONS else set()
    problems = [
        Problem(f"{root}.{key}", f"a required key is missing for task '{task}'", fix=f"add '{key}'")
        for key in sorted(needed)
        if declaration.get(key) is None
    ]
    problems += [
        Problem(f"{root}.{key}", f"has no meaning for task '{task}'", repr(declaration[key]), fix="remove the key")
        for key in sorted(refused)
        if declaration.get(key) is not None
    ]
    never = declaration.get("never")
    taken = [str(declaration.get(key)).lower() for key in ("entity", "as_of", "label")]
    if never is not None and str(never).lower() in taken:
        what = "cannot be the entity, the as-of column or the label"
        fix = "name a boolean column of the label model"
        problems.append(Problem(f"{root}.never", what, repr(never), fix=fix))
    calibration = declaration.get("calibration")
    elsewhere = {name for other, names in CALIBRATIONS.items() if other != task for name in names}
    if task in CALIBRATIONS and calibration in elsewhere:
        what = f"has no meaning for task '{task}'"
        problems.append(Problem(f"{root}.calibration", what, repr(calibration), listed(CALIBRATIONS[task])))
    classes = declaration.get("classes")
    problems += _class_problems(f"{root}.classes", classes if isinstance(classes, list) else [])
    training = declaration.get("training")
    if isinstance(training, Mapping):
        problems += _sample_weight_problems(root, declaration, training.get("sample_weight"))
        if training.get("weights_are") is not None and training.get("sample_weight") is None:
            fix = "declare training.sample_weight"
            problems.append(Problem(f"{root}.training.weights_are", "needs a column of weights", fix=fix))
        problems += _class_weight_problems(
            f"{root}.training.class_weights", training.get("class_weights"), task, classes
        )
    if isinstance(decision, Mapping) and task != "clustering":
        problems += _decision_problems(f"{root}.decision", decision, task, classes)
    return problems


def _class_problems(where: str, classes: list[Any]) -> list[Problem]:
    problems = [
        Problem(
            where,
            "has a name that cannot be used",
            repr(name),
            f"texts without \" \\ and *, but not '{CALIBRATION}', which is the name of other rows",
            "rename the class in the label model",
        )
        for name in classes
        if isinstance(name, str) and (name in ("", CALIBRATION) or re.search(r'["\\*]', name))
    ]
    if 0 < len(classes) < 3:
        problems.append(
            Problem(where, "must be three or more", repr(classes), fix="declare task: binary for two classes")
        )
    columns = class_columns([str(name) for name in classes]).values()
    if len(set(columns)) < len(classes):
        what = "two would share a column probability_<class>"
        problems.append(Problem(where, what, repr(classes), fix="rename one of them in the label model"))
    return problems


def _sample_weight_problems(root: str, declaration: Mapping[str, Any], column: object) -> list[Problem]:
    taken = [declaration.get(key) for key in ("entity", "as_of", "label")]
    if column is None or column not in taken:
        return []
    what = "cannot be the entity, the as-of column or the label"
    return [Problem(f"{root}.training.sample_weight", what, repr(column), fix="name a column of the features")]


def _class_weight_problems(where: str, weights: object, task: str, classes: object) -> list[Problem]:
    if weights is None:
        return []
    if task not in ("binary", "multiclass"):
        return [Problem(where, f"has no meaning for task '{task}'", repr(weights), fix="remove the key")]
    allowed = classes if isinstance(classes, list) else ["0", "1"]
    if isinstance(weights, Mapping):
        return [
            Problem(
                f"{where}.{name}", "is not a class", repr(name), listed(allowed), "write it in quotes, as text"
            )
            for name in weights
            if name not in allowed
        ]
    return []


def _decision_problems(where: str, decision: Mapping[str, Any], task: str, classes: object) -> list[Problem]:
    """What a task asks of the policy."""
    by_threshold, by_class = ("threshold", "positive", "negative"), ("actions",)
    needed, refused = (by_class, by_threshold) if task == "multiclass" else (by_threshold, by_class)
    problems = [
        Problem(f"{where}.{key}", f"a required key is missing for task '{task}'", fix=f"add '{key}'")
        for key in needed
        if decision.get(key) is None
    ]
    problems += [
        Problem(f"{where}.{key}", f"has no meaning for task '{task}'", repr(decision[key]), fix="remove the key")
        for key in refused
        if decision.get(key) is not None
    ]
    threshold, actions = decision.get("threshold"), decision.get("actions")
    if task == "binary" and is_number(threshold) and not 0 < threshold < 1:
        problems.append(Problem(f"{where}.threshold", "is out of range", repr(threshold), "a number > 0 and < 1"))
    if isinstance(actions, Mapping) and isinstance(classes, list) and set(actions) != set(classes):
        problems.append(
            Problem(f"{where}.actions", "must name an action for each class", listed(actions), listed(classes))
        )
    return problems


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
    problems += knot_problems(f"{where}.knots", feature)
    parts = feature.get("parts")
    if isinstance(parts, list) and len(set(map(str, parts))) < len(parts):
        problems.append(Problem(f"{where}.parts", "names a part twice", repr(parts), fix="keep one of them"))
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


def _family_problems(
    where: str, algorithm: Mapping[str, Any], features: object, task: object
) -> Sequence[Problem]:
    """What the family itself finds, with the features that it may use."""
    family, given = FAMILIES.get(str(algorithm.get("family"))), algorithm.get("hyperparameters") or {}
    if family is None or not isinstance(given, Mapping) or not isinstance(features, Mapping):
        return []  # reported already
    chosen = algorithm.get("features")
    usable = {name: features[name] for name in features if not isinstance(chosen, list) or name in chosen}
    return family.problems(where, hyperparameters=given, features=usable, task=task)


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
