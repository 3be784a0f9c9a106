"""Boosted trees without interactions, collapsed exactly into one step function per feature.

Each tree of the ensemble splits on one feature only, so the sum of all trees of a feature is a step function of it:
the cost of scoring does not grow with the number of trees, and every effect can be read. Fitted by scikit-learn's
HistGradientBoosting with `interaction_cst="no_interactions"` (Lou et al. 2012 call such models additive).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml_ledger.coefficients import Coefficient
from ml_ledger.families.base import Family, Fit, Matrix, TrainingRows, Vector
from ml_ledger.families.ensembles import Inputs, outputs_of
from ml_ledger.families.histogram_boosting import HYPERPARAMETERS, LINKS, estimator_of, goes_left, predicted
from ml_ledger.terms.levels import LevelTerm
from ml_ledger.terms.numeric import NumericInput
from ml_ledger.terms.steps import bin_rows, level_rows

if TYPE_CHECKING:
    from ml_ledger.spec import FeatureSpec


def _fit(
    *, training: TrainingRows, features: Mapping[str, FeatureSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    inputs = Inputs.learn(features, training)
    estimator = estimator_of(
        training.task, inputs, features, hyperparameters, seed, interaction_cst="no_interactions"
    )
    design, label, weight = training.fetch(inputs.columns(), in_order=True)
    estimator.fit(design, label, sample_weight=weight)
    rows: list[Coefficient] = []
    for number, name in enumerate(outputs_of(training)):
        rows += _collapsed(estimator, number, name, inputs, design, weight)

    def predict(design: Matrix) -> Vector:
        return predicted(estimator, training.task, design)

    return Fit(
        coefficients=rows,
        link=LINKS[training.task],
        design=inputs.columns(),
        accepts=inputs.accepts(),
        predict=predict,
        diagnostics={"trees": float(estimator.n_iter_), "rows": float(len(label))},
    )


def _collapsed(
    estimator: Any, number: int, output: str, inputs: Inputs, design: Matrix, weight: Vector
) -> list[Coefficient]:
    """The rows of one output of the ensemble: per feature the sum of its trees, as a step function."""
    intercept = float(np.ravel(estimator._baseline_prediction)[number])
    order = inputs.levels_first()
    of_feature: dict[int, list[Any]] = {position: [] for position in order}
    for iteration in estimator._predictors:
        tree = iteration[number]
        if tree.nodes[0]["is_leaf"]:
            intercept += float(tree.nodes[0]["value"])
        else:
            of_feature[order[int(tree.nodes[0]["feature_idx"])]].append(tree)
    rows = [Coefficient(output=output, term=0, feature=None, applies_to="intercept", value=intercept)]
    for position, item in enumerate(inputs.by_feature.values()):
        trees, x = of_feature[position], design[:, position]
        make = _level_rows if isinstance(item, LevelTerm) else _number_rows
        steps, contributions = make(item, trees, x, output, position + 1)
        reference = float(np.average(contributions, weights=weight))
        rows += [replace(row, reference=reference) for row in steps]
    return rows


def _number_rows(
    item: NumericInput, trees: list[Any], x: Vector, output: str, number: int
) -> tuple[list[Coefficient], Vector]:
    """Steps of a number, and the contributions of n training values.

    Trees send x <= threshold to the left; rows apply to lower <= x < upper.
    """
    thresholds = np.unique([node["num_threshold"] for tree in trees for node in tree.nodes if not node["is_leaf"]])
    beyond = np.nextafter(thresholds[-1], math.inf) if len(thresholds) else 0.0
    values = _summed(trees, np.array([*thresholds, beyond]))
    if_missing = float(_summed(trees, np.array([math.nan]))[0])
    edges = np.nextafter(thresholds, math.inf)
    contributions = np.where(
        np.isnan(x), if_missing, values[np.searchsorted(edges, x, side="right") % len(values)]
    )
    keep = [index for index in range(len(edges)) if values[index] != values[index + 1]]
    rows = bin_rows(item, edges[keep], values[[*keep, -1]], if_missing, output=output, number=number)
    return rows, contributions


def _level_rows(
    item: LevelTerm, trees: list[Any], x: Vector, output: str, number: int
) -> tuple[list[Coefficient], Vector]:
    """A value per level, by the levels' codes, and the contributions of n training codes."""
    of_code = _summed(trees, np.arange(max(item.codes().values()) + 1, dtype=float))
    if_missing = float(_summed(trees, np.array([math.nan]))[0])
    contributions = np.where(np.isnan(x), if_missing, of_code[np.nan_to_num(x).astype(int)])
    return level_rows(item, of_code, if_missing, output=output, number=number), contributions


def _summed(trees: list[Any], x: NDArray[np.float64]) -> Vector:
    """What the trees of one feature add, for n values of it (NaN is missing); summed in their order."""
    total = np.zeros(len(x))
    for tree in trees:
        total += _predicted(tree, x)
    return total


def _predicted(tree: Any, x: NDArray[np.float64]) -> Vector:
    """One tree's values, by following all n values down together."""
    nodes = tree.nodes
    at = np.zeros(len(x), dtype=np.intp)
    moving = ~nodes["is_leaf"][at].astype(bool)
    while moving.any():
        here = nodes[at]
        left = np.where(np.isnan(x), here["missing_go_to_left"].astype(bool), x <= here["num_threshold"])
        for index in np.flatnonzero(moving & here["is_categorical"].astype(bool) & ~np.isnan(x)):
            left[index] = goes_left(tree, here[index], int(x[index]))
        at = np.where(moving, np.where(left, here["left"], here["right"]), at)
        moving = ~nodes["is_leaf"][at].astype(bool)
    return nodes["value"][at]


FAMILY = Family(
    name="additive_boosting",
    tasks=frozenset({"binary", "multiclass", "regression"}),
    hyperparameters=HYPERPARAMETERS,
    fit=_fit,
    feature_keys=frozenset({"monotone"}),
)
