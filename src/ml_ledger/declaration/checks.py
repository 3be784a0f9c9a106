"""Checks across keys of a declaration, on what was written, so that they run even where other keys are wrong."""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from ml_ledger.coefficients import CALIBRATION
from ml_ledger.declaration.algorithms import algorithm_problems
from ml_ledger.declaration.decision import decision_problems, value_problems
from ml_ledger.declaration.features import feature_problems
from ml_ledger.declaration.gate import gate_problems
from ml_ledger.declaration.governance import governance_problems
from ml_ledger.declaration.key_types import Task
from ml_ledger.declaration.ml_model import BinaryCalibration, ClassesCalibration
from ml_ledger.declaration.monitoring import monitoring_problems, review_problems
from ml_ledger.declaration.quality import quality_problems
from ml_ledger.declaration.slices_and_groups import fairness_problems, slice_problems
from ml_ledger.declaration.training_and_evaluation import (
    cross_validation_problems,
    holdout_problems,
    training_problems,
)
from ml_ledger.errors import Problem, listed

# How each task's probabilities can be calibrated.
CALIBRATIONS = {"binary": typing.get_args(BinaryCalibration), "multiclass": typing.get_args(ClassesCalibration)}


def cross_checks(root: str, declaration: Mapping[str, Any]) -> list[Problem]:
    """Checks across keys, on the raw declaration so that they run even where other keys are wrong."""
    problems = _task_problems(root, declaration)
    for of_block in (
        training_problems,
        decision_problems,
        slice_problems,
        governance_problems,
        holdout_problems,
        cross_validation_problems,
        monitoring_problems,
        quality_problems,
        value_problems,
        fairness_problems,
        review_problems,
    ):
        problems += of_block(root, declaration)
    candidates = _candidates(declaration)
    for of_algorithms in (gate_problems, algorithm_problems, feature_problems):
        problems += of_algorithms(root, declaration, candidates)
    return problems


def _candidates(declaration: Mapping[str, Any]) -> dict[str, Any]:
    """What may become the version, by key."""
    candidates = declaration.get("candidates")
    found = {"algorithm": declaration.get("algorithm")}
    if isinstance(candidates, Mapping):
        found |= {f"candidates.{name}": candidate for name, candidate in candidates.items()}
    return found


def _task_problems(root: str, declaration: Mapping[str, Any]) -> list[Problem]:
    """What a task asks of the keys of the first level."""
    task = declaration.get("task")
    if task not in typing.get_args(Task):
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
    relations = declaration.get("relations")
    if "label" in needed and isinstance(relations, Mapping) and relations.get("labels") is None:
        what = f"a required key is missing for task '{task}'"
        problems.append(Problem(f"{root}.relations.labels", what, fix="add 'labels'"))
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
    return problems + _class_problems(f"{root}.classes", classes if isinstance(classes, list) else [])


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


def class_columns(classes: Sequence[str]) -> dict[str, str]:
    """By class the column of predictions that holds its probability, as the macro class_columns calls them.

    `probability_<class>` in lower case, with `_` for everything but a-z and digits, where that tells the classes apart;
    else with letters of other scripts; else with other characters as hexadecimal code, `A+` as `a_2b`; else with the
    class's place at the end.
    """
    names = {name: name.lower() for name in classes}
    forms = [
        {name: re.sub("[^a-z0-9_]+", "_", lower) for name, lower in names.items()},
        {name: re.sub(r"\W+", "_", lower) for name, lower in names.items()},
        {
            name: "".join(c if re.match(r"\w", c) else f"_{c.encode().hex()}" for c in lower)
            for name, lower in names.items()
        },
    ]
    columns = {}
    for place, name in enumerate(classes, 1):
        alone = [form[name] for form in forms if list(form.values()).count(form[name]) == 1]
        columns[name] = f"probability_{alone[0] if alone else f'{forms[2][name]}_{place}'}"
    return columns
