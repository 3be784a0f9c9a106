"""Single trees and forests of scikit-learn as node rows; a score is the mean over the trees."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.coefficients import Node
from ml_ledger.families.family import Fit, Hyperparameter, is_number
from ml_ledger.families.trees.ensembles import (
    Arrays,
    Inputs,
    float32_threshold,
    node_rows,
    outputs_of,
    rows_with_domain,
    whole,
)
from ml_ledger.solvers.training_rows import TrainingRows

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec

TASKS = frozenset({"binary", "multiclass", "regression"})
HYPERPARAMETERS = {
    "max_depth": whole(None, 1),
    "leaves": whole(31, 2),
    "min_samples_leaf": whole(20, 1),
    "pruning": Hyperparameter(
        default=0.0,
        accepts=lambda value: is_number(value) and 0 <= value < float("inf"),
        allowed="a number >= 0: the complexity that a leaf must save, `ccp_alpha` in scikit-learn",
    ),
}


def tree_options(hyperparameters: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The arguments of scikit-learn's estimators that trees and forests share."""
    return {
        "max_depth": hyperparameters["max_depth"],
        "max_leaf_nodes": hyperparameters["leaves"],
        "min_samples_leaf": hyperparameters["min_samples_leaf"],
        "ccp_alpha": hyperparameters["pruning"],
        "random_state": seed,
    }


def fit_trees(estimator: Any, training: TrainingRows, features: Mapping[str, InputSpec]) -> Fit:
    """Fit an estimator that is one tree, or has `estimators_`, and return its rows."""
    inputs = Inputs.learn(features, training, single_precision=True)
    design, label, weight = training.fetch(inputs.columns(), in_order=True)
    estimator.fit(design, label, sample_weight=weight)
    trees = [member.tree_ for member in getattr(estimator, "estimators_", [estimator])]
    names = outputs_of(training)
    # Of a binary classifier's two probabilities, the second is the score.
    parts = {name: 1 if training.task == "binary" else position for position, name in enumerate(names)}
    intercepts = dict.fromkeys(names, 0.0)
    nodes: list[Node] = []
    for name, part in parts.items():
        for tree in trees:
            rows, root = node_rows(
                _arrays(tree, part, len(trees)),
                output=name,
                tree=1 + (nodes[-1].tree if nodes else 0),
                split=partial(_split, tree, inputs=inputs),
            )
            nodes += rows
            intercepts[name] += root

    def predict(design: Matrix) -> Vector:
        if training.task == "regression":
            amounts: Vector = estimator.predict(design)
            return amounts
        probabilities: Matrix = estimator.predict_proba(design)
        return probabilities[:, 1] if training.task == "binary" else probabilities

    return Fit(
        coefficients=rows_with_domain(inputs, intercepts),
        nodes=nodes,
        link="shares" if training.task == "multiclass" else "identity",
        design=inputs.columns(),
        accepts=inputs.accepts(),
        predict=predict,
        diagnostics={"trees": float(len(trees)), "rows": float(len(label))},
    )


def _arrays(tree: Any, part: int, trees: int) -> Arrays:
    is_leaf = tree.children_left == -1
    return Arrays(
        left=tree.children_left,
        right=tree.children_right,
        is_leaf=is_leaf,
        value=tree.value[:, 0, part] / trees,
        weight=np.asarray(tree.weighted_n_node_samples),
    )


def _split(tree: Any, position: int, inputs: Inputs) -> dict[str, Any]:
    return inputs.split(
        int(tree.feature[position]),
        float32_threshold(float(tree.threshold[position])),
        bool(tree.missing_go_to_left[position]),
    )
