"""Random forest: the mean of many trees on resampled rows. Fitted by scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ml_ledger.families.family import Family, Fit, Hyperparameter, is_number
from ml_ledger.families.trees.ensembles import whole
from ml_ledger.families.trees.scikit_trees import HYPERPARAMETERS, TASKS, fit_trees, tree_options
from ml_ledger.solvers.training_rows import TrainingRows

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec


def _fit(
    *, training: TrainingRows, features: Mapping[str, InputSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    estimator = RandomForestRegressor if training.task == "regression" else RandomForestClassifier
    forest = estimator(
        n_estimators=hyperparameters["trees"],
        max_features=hyperparameters["max_features"],
        n_jobs=-1,
        **tree_options(hyperparameters, seed),
    )
    return fit_trees(forest, training, features)


FAMILY = Family(
    name="forest",
    tasks=TASKS,
    hyperparameters=HYPERPARAMETERS
    | {
        "trees": whole(100, 1),
        "leaves": whole(63, 2),
        "max_features": Hyperparameter(
            default="sqrt",
            accepts=lambda value: value in ("sqrt", "log2") or (is_number(value) and 0 < value <= 1),
            allowed="sqrt, log2, or the share of the features that a split may choose from, > 0 and <= 1",
        ),
    },
    fit=_fit,
    feature_keys=frozenset(),
)
