"""Logistic regression: an additive score on the log-odds scale, of several classes one each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ml_ledger.families.additive import L1_RATIO, MAX_ITER, fit_additive, fit_classes
from ml_ledger.families.base import Family, Fit, Hyperparameter, TrainingRows, is_number
from ml_ledger.families.objectives import LOGISTIC

if TYPE_CHECKING:
    from ml_ledger.spec import FeatureSpec

HYPERPARAMETERS = {
    "C": Hyperparameter(
        default=1.0,
        accepts=lambda value: value == "none" or (is_number(value) and 0 < value < float("inf")),
        allowed="a number > 0: the inverse strength of the penalty, as in scikit-learn; or none: no penalty",
    ),
    "l1_ratio": L1_RATIO,
    "max_iter": MAX_ITER,
}


def strength_of(inverse: float | str) -> float:
    """The strength of the penalty on the summed loss, for a value of `C`."""
    return 0.0 if isinstance(inverse, str) else 1 / inverse


def _fit(
    *, training: TrainingRows, features: Mapping[str, FeatureSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
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


FAMILY = Family(
    name="logistic",
    tasks=frozenset({"binary", "multiclass"}),
    hyperparameters=HYPERPARAMETERS,
    fit=_fit,
    directed=True,
)
