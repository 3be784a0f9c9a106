"""What both boosting families take from scikit-learn's HistGradientBoosting, and how its trees are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.coefficients import Link
from ml_ledger.errors import Problem
from ml_ledger.families.family import Hyperparameter, is_number
from ml_ledger.families.trees.ensembles import whole

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec

HYPERPARAMETERS = {
    "trees": whole(100, 1),
    "leaves": whole(31, 2),
    "min_samples_leaf": whole(20, 1),
    "bins": whole(255, 2, 255),
    "learning_rate": Hyperparameter(
        default=0.1, accepts=lambda value: is_number(value) and 0 < value <= 1, allowed="a number > 0 and <= 1"
    ),
    "l2": Hyperparameter(
        default=0.0,
        accepts=lambda value: is_number(value) and 0 <= value < float("inf"),
        allowed="a number >= 0: the L2 penalty of leaf values",
    ),
    "loss": Hyperparameter(
        default="squared_error",
        accepts=lambda value: value in ("squared_error", "poisson", "gamma"),
        allowed="squared_error, poisson (labels >= 0) or gamma (labels > 0), for task regression",
        later=True,
    ),
}


def link_of(task: str, hyperparameters: Mapping[str, Any]) -> Link:
    """How link scores become scores."""
    if task == "regression":
        return "identity" if hyperparameters["loss"] == "squared_error" else "log"
    return "logit" if task == "binary" else "softmax"


def loss_problems(
    where: str, *, hyperparameters: Mapping[str, Any], features: Mapping[str, Any], task: object
) -> list[Problem]:
    """A loss of amounts has no meaning for other tasks."""
    loss = hyperparameters.get("loss")
    if loss in (None, "squared_error") or task == "regression":
        return []
    what = f"has no meaning for task '{task}'"
    return [Problem(f"{where}.hyperparameters.loss", what, repr(loss), fix="remove the key")]


def estimator_of(
    task: str,
    are_levels: Sequence[bool],
    features: Mapping[str, InputSpec],
    hyperparameters: Mapping[str, Any],
    seed: int,
    **options: Any,
) -> Any:
    """The unfitted estimator. are_levels: per feature whether it is categorical. options: further arguments of it."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    monotone = [_monotone(features[name]) for name in features]
    kind = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    chosen = {"loss": hyperparameters["loss"]} if task == "regression" else {}
    return kind(
        **chosen,
        max_iter=hyperparameters["trees"],
        max_leaf_nodes=hyperparameters["leaves"],
        min_samples_leaf=hyperparameters["min_samples_leaf"],
        max_bins=hyperparameters["bins"],
        learning_rate=hyperparameters["learning_rate"],
        l2_regularization=hyperparameters["l2"],
        monotonic_cst=monotone if any(monotone) else None,
        categorical_features=list(are_levels),
        early_stopping=False,
        random_state=seed,
        **options,
    )


def fit(estimator: Any, design: NDArray[np.floating], label: Vector, weight: Vector) -> None:
    """Fit the estimator. A column without a value is one without information: it finds no bins for NaN alone."""
    empty = np.isnan(design).all(axis=0)
    if empty.any():
        design = np.where(empty, 0.0, design)
    estimator.fit(design, label, sample_weight=weight)


def predicted(estimator: Any, task: str, design: Matrix) -> Vector:
    """The estimator's own scores: n, or n × classes."""
    if task == "regression":
        amounts: Vector = estimator.predict(design)
        return amounts
    probabilities: Matrix = estimator.predict_proba(design)
    return probabilities[:, 1] if task == "binary" else probabilities


def encoded(estimator: Any, feature: int, codes: Sequence[int]) -> Vector:
    """What the estimator takes codes of levels for: it numbers those that occurred; the others are NaN, missing.

    feature: by the estimator's numbering, which has levels first.
    """
    occurred = estimator._preprocessor.named_transformers_["encoder"].categories_[feature].tolist()
    return np.array([float(occurred.index(code)) if code in occurred else np.nan for code in codes])


def goes_left(tree: Any, node: Any, code: float) -> bool:
    """Whether a categorical split sends a level's encoded code to the left."""
    if np.isnan(code):
        return bool(node["missing_go_to_left"])
    word, bit = divmod(int(code), 32)
    return bool((int(tree.raw_left_cat_bitsets[node["bitset_idx"]][word]) >> bit) & 1)


def _monotone(feature: InputSpec) -> int:
    declared = feature.monotone if feature.kind == "numeric" else None
    return {"increasing": 1, "decreasing": -1, None: 0}[declared]
