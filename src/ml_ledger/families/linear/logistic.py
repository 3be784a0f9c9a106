"""Logistic regression: an additive score on the log-odds scale, of several classes one each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ml_ledger.errors import Problem
from ml_ledger.families.family import Family, Fit, Hyperparameter, is_number
from ml_ledger.families.linear.additive import L1_RATIO, MAX_ITER, fit_additive, fit_classes
from ml_ledger.families.linear.penalised_by_firth import fit_firth
from ml_ledger.solvers.objectives import LOGISTIC
from ml_ledger.solvers.training_rows import TrainingRows

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec

HYPERPARAMETERS = {
    "C": Hyperparameter(
        default=1.0,
        accepts=lambda value: value == "none" or (is_number(value) and 0 < value < float("inf")),
        allowed="a number > 0: the inverse strength of the penalty, as in scikit-learn; or none: no penalty",
    ),
    "l1_ratio": L1_RATIO,
    "max_iter": MAX_ITER,
    "penalty": Hyperparameter(
        default="elastic_net",
        accepts=lambda value: value in ("elastic_net", "firth"),
        allowed="elastic_net, of strength C and l1_ratio; or firth, for few rows and rare levels, which has neither",
        later=True,
    ),
}


def strength_of(inverse: float | str) -> float:
    """The strength of the penalty on the summed loss, for a value of `C`."""
    return 0.0 if isinstance(inverse, str) else 1 / inverse


def _fit(
    *, training: TrainingRows, features: Mapping[str, InputSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    if hyperparameters["penalty"] == "firth":
        return fit_firth(training, features, max_iter=hyperparameters["max_iter"])
    if training.task == "multiclass":
        return fit_classes(
            training,
            features,
            strength=strength_of(hyperparameters["C"]),
            l1_ratio=hyperparameters["l1_ratio"],
            max_iter=hyperparameters["max_iter"],
        )
    return fit_additive(
        training,
        features,
        LOGISTIC,
        "logit",
        strength=strength_of(hyperparameters["C"]),
        per_row=False,
        l1_ratio=hyperparameters["l1_ratio"],
        max_iter=hyperparameters["max_iter"],
    )


def _problems(
    where: str, *, hyperparameters: Mapping[str, Any], features: Mapping[str, Any], task: object
) -> list[Problem]:
    """What Firth's penalty does not go with."""
    if hyperparameters.get("penalty") != "firth":
        return []
    where = f"{where}.hyperparameters"
    found = [
        Problem(
            f"{where}.{key}",
            "has no meaning beside penalty: firth, which has no strength",
            repr(hyperparameters[key]),
            fix=f"remove {key}, or the penalty",
        )
        for key in ("C", "l1_ratio")
        if key in hyperparameters
    ]
    if task == "multiclass":
        found.append(
            Problem(f"{where}.penalty", "firth is for two classes", "task multiclass", "elastic_net", "remove it")
        )
    return found


FAMILY = Family(
    name="logistic",
    tasks=frozenset({"binary", "multiclass"}),
    hyperparameters=HYPERPARAMETERS,
    fit=_fit,
    directed=True,
    problems=_problems,
)
