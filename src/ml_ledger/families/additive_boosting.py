"""Boosted trees without interactions, collapsed exactly into one step function per feature.

Each tree of the ensemble splits on one feature only, so the sum of all trees of a feature is a step function of it:
the cost of scoring does not grow with the number of trees, and every effect can be read. Fitted by scikit-learn's
HistGradientBoosting with `interaction_cst="no_interactions"` (Lou et al. 2012 call such models additive).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml_ledger.coefficients import Coefficient
from ml_ledger.families.base import Family, Fit, Matrix, TrainingRows, Vector
from ml_ledger.families.ensembles import Inputs, outputs_of
from ml_ledger.families.histogram_boosting import HYPERPARAMETERS, LINKS, estimator_of, goes_left, predicted
from ml_ledger.terms.levels import LevelTerm
from ml_ledger.terms.numeric import NumericInput

if TYPE_CHECKING:
    from ml_ledger.spec import FeatureSpec


def _fit(
    *, training: TrainingRows, features: Mapping[str, FeatureSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    inputs = Inputs.learn(features, training)
    estimator = estimator_of(
        training.task, inputs, features, hyperparameters, seed, interaction_cst="no_interactions"
    )
    design, label, weight = training.fetch(inputs.columns())
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
    for position, (name, item) in enumerate(inputs.by_feature.items()):
        trees, x = of_feature[position], design[:, position]
        if isinstance(item, LevelTerm):
            steps, contributions = _level_rows(item, trees, x)
        else:
            steps, contributions = _number_rows(item, trees, x)
        shared = {
            "output": output,
            "term": position + 1,
            "feature": name,
            "reference": float(np.average(contributions, weights=weight)),
        }
        rows += [Coefficient(**shared, **step) for step in steps]
    return rows


def _number_rows(item: NumericInput, trees: list[Any], x: Vector) -> tuple[list[dict[str, Any]], Vector]:
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
    first = last = None
    if item.outside == "reject":
        first = item.lower
        last = None if item.upper is None else math.nextafter(item.upper, math.inf)
    bounds = [first, *(float(edges[index]) for index in keep), last]
    steps: list[dict[str, Any]] = [
        {"applies_to": "value", "lower": bounds[index], "upper": bounds[index + 1], "value": float(value)}
        for index, value in enumerate(values[[*keep, -1]])
    ]
    if item.missing == "own_level":
        steps.append({"applies_to": "missing", "value": if_missing})
    elif item.missing == "impute":
        steps.append({"applies_to": "missing", "value": float(_summed(trees, np.array([item.filled]))[0])})
    return steps, contributions


def _level_rows(item: LevelTerm, trees: list[Any], x: Vector) -> tuple[list[dict[str, Any]], Vector]:
    """A value per level, by the levels' codes, and the contributions of n training codes."""
    codes = item.codes()
    of_code = _summed(trees, np.arange(max(codes.values()) + 1, dtype=float))
    if_missing = float(_summed(trees, np.array([math.nan]))[0])
    contributions = np.where(np.isnan(x), if_missing, of_code[np.nan_to_num(x).astype(int)])
    values = {level: float(of_code[code]) for level, code in codes.items()}
    steps: list[dict[str, Any]] = [
        {"applies_to": "level", "level": level, "value": value} for level, value in values.items()
    ]
    if item.missing == "own_level":
        steps.append({"applies_to": "missing", "value": if_missing})
    elif item.missing == "impute":
        steps.append({"applies_to": "missing", "value": values[item.most_frequent]})
    if item.unknown == "reference":
        steps.append({"applies_to": "unknown", "value": values[item.reference]})
    elif item.unknown == "rare":
        steps.append({"applies_to": "unknown", "value": values[item.rare[0] if item.rare else item.reference]})
    return steps, contributions


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
