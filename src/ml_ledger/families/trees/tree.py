"""One decision tree: a score that can be drawn on a page. Fitted by scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ml_ledger.families.family import Family, Fit
from ml_ledger.families.trees.scikit_trees import HYPERPARAMETERS, TASKS, fit_trees, tree_options
from ml_ledger.solvers.training_rows import TrainingRows

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec


def _fit(
    *, training: TrainingRows, features: Mapping[str, InputSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    estimator = DecisionTreeRegressor if training.task == "regression" else DecisionTreeClassifier
    return fit_trees(estimator(**tree_options(hyperparameters, seed)), training, features)


FAMILY = Family(name="tree", tasks=TASKS, hyperparameters=HYPERPARAMETERS, fit=_fit, feature_keys=frozenset())
