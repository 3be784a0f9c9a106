"""The loss that a declared algorithm minimises, where it is that of a count or of an amount above 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ml_ledger.declaration.ml_model import AlgorithmSpec, MLModelSpec

Loss = Literal["poisson", "gamma"]
OF_FAMILIES: dict[str, Loss] = {"poisson": "poisson", "gamma": "gamma"}
# Families that take a loss as a hyperparameter.
CHOOSING = ("boosting", "additive_boosting")


def declared_loss(family: object, hyperparameters: object) -> Loss | None:
    """The loss by names as they were written; None where it is another one, squares of errors for example."""
    if family in CHOOSING and isinstance(hyperparameters, Mapping):
        chosen: Any = hyperparameters.get("loss")
        return chosen if chosen in ("poisson", "gamma") else None
    return OF_FAMILIES.get(str(family))


def loss_of(algorithm: AlgorithmSpec) -> Loss | None:
    """The loss of an algorithm."""
    return declared_loss(algorithm.family, algorithm.hyperparameters)


def judged_by(spec: MLModelSpec) -> Loss | None:
    """The deviance by which a version is compared with others: that of the declared algorithm, or of the first of the
    candidates that has one; None for squares of errors."""
    if spec.task != "regression":
        return None
    return next((loss for algorithm in spec.algorithms().values() if (loss := loss_of(algorithm))), None)
