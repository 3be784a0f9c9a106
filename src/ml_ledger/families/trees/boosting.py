"""Boosted trees with interactions, as node rows. Fitted by scikit-learn's HistGradientBoosting."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.coefficients import Node
from ml_ledger.families.family import Family, Fit
from ml_ledger.families.trees.ensembles import Arrays, Inputs, node_rows, outputs_of, rows_with_domain
from ml_ledger.families.trees.histogram_boosting import (
    HYPERPARAMETERS,
    encoded,
    estimator_of,
    fit,
    goes_left,
    link_of,
    loss_problems,
    predicted,
)
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms.codes import require_few_levels
from ml_ledger.terms.levels import LevelTerm

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec


def _fit(
    *, training: TrainingRows, features: Mapping[str, InputSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    inputs = Inputs.learn(features, training)
    codes = {
        name: 1 + max(item.codes().values())
        for name, item in inputs.by_feature.items()
        if isinstance(item, LevelTerm)
    }
    require_few_levels(codes, hyperparameters["bins"])
    estimator = estimator_of(training.task, inputs.are_levels(), features, hyperparameters, seed)
    design, label, weight = training.fetch(inputs.columns(), in_order=True)
    fit(estimator, design, label, weight)
    order = inputs.levels_first()
    names = outputs_of(training)
    intercepts = dict(zip(names, np.ravel(estimator._baseline_prediction).tolist(), strict=True))
    nodes: list[Node] = []
    for output, name in enumerate(names):
        for iteration in estimator._predictors:
            rows, root = node_rows(
                _arrays(iteration[output].nodes),
                output=name,
                tree=1 + (nodes[-1].tree if nodes else 0),
                split=partial(_split, estimator, iteration[output], inputs=inputs, order=order),
            )
            nodes += rows
            intercepts[name] += root

    def predict(design: Matrix) -> Vector:
        return predicted(estimator, training.task, design)

    return Fit(
        coefficients=rows_with_domain(inputs, intercepts),
        nodes=nodes,
        link=link_of(training.task, hyperparameters),
        design=inputs.columns(),
        accepts=inputs.accepts(),
        predict=predict,
        diagnostics={"trees": float(estimator.n_iter_), "rows": float(len(label))},
    )


def _arrays(nodes: Any) -> Arrays:
    return Arrays(
        left=nodes["left"].astype(np.intp),
        right=nodes["right"].astype(np.intp),
        is_leaf=nodes["is_leaf"].astype(bool),
        value=nodes["value"],
        weight=nodes["count"],
    )


def _split(estimator: Any, tree: Any, position: int, inputs: Inputs, order: list[int]) -> dict[str, Any]:
    node = tree.nodes[position]
    feature = int(node["feature_idx"])
    return inputs.split(
        order[feature],
        float(node["num_threshold"]),
        bool(node["missing_go_to_left"]),
        (lambda code: goes_left(tree, node, encoded(estimator, feature, [code])[0]))
        if node["is_categorical"]
        else None,
    )


FAMILY = Family(
    name="boosting",
    tasks=frozenset({"binary", "multiclass", "regression"}),
    hyperparameters=HYPERPARAMETERS,
    fit=_fit,
    feature_keys=frozenset({"monotone"}),
    problems=loss_problems,
)
