"""Linear regression: an additive score in units of the label; least squares, ridge, lasso or elastic net."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ml_ledger.families.additive import ALPHA, L1_RATIO, MAX_ITER, fit_additive
from ml_ledger.families.base import Family, Fit, TrainingRows
from ml_ledger.families.objectives import SQUARED

if TYPE_CHECKING:
    from ml_ledger.spec import FeatureSpec


def _fit(
    *, training: TrainingRows, features: Mapping[str, FeatureSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    return fit_additive(
        training,
        features,
        SQUARED,
        "identity",
        strength=hyperparameters["alpha"],
        per_row=True,
        l1_ratio=hyperparameters["l1_ratio"],
        max_iter=hyperparameters["max_iter"],
    )


FAMILY = Family(
    name="linear",
    tasks=frozenset({"regression"}),
    hyperparameters={"alpha": ALPHA, "l1_ratio": L1_RATIO, "max_iter": MAX_ITER},
    fit=_fit,
)
