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
from ml_ledger.families.base import Family, Fit, Hyperparameter, Matrix, TrainingRows, Vector, is_number
from ml_ledger.terms.learn import learn_inputs
from ml_ledger.terms.levels import LevelTerm
from ml_ledger.terms.numeric import NumericInput

if TYPE_CHECKING:
    from ml_ledger.spec import FeatureSpec


def _whole(default: int, smallest: int, largest: int | None = None) -> Hyperparameter:
    return Hyperparameter(
        default=default,
        accepts=lambda value: (
            is_number(value)
            and isinstance(value, int)
            and value >= smallest
            and (largest is None or value <= largest)
        ),
        allowed=f"a whole number >= {smallest}" + ("" if largest is None else f" and <= {largest}"),
    )


HYPERPARAMETERS = {
    "trees": _whole(100, 1),
    "leaves": _whole(31, 2),
    "min_samples_leaf": _whole(20, 1),
    "bins": _whole(255, 2, 255),
    "learning_rate": Hyperparameter(
        default=0.1, accepts=lambda value: is_number(value) and 0 < value <= 1, allowed="a number > 0 and <= 1"
    ),
    "l2": Hyperparameter(
        default=0.0,
        accepts=lambda value: is_number(value) and 0 <= value < float("inf"),
        allowed="a number >= 0: the L2 penalty of leaf values",
    ),
}


def _fit(
    *, training: TrainingRows, features: Mapping[str, FeatureSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    inputs = learn_inputs(features, training.relation, training.where)
    columns = [input_column(item) for item in inputs.values()]
    binary = training.task == "binary"
    estimator = (HistGradientBoostingClassifier if binary else HistGradientBoostingRegressor)(
        max_iter=hyperparameters["trees"],
        max_leaf_nodes=hyperparameters["leaves"],
        min_samples_leaf=hyperparameters["min_samples_leaf"],
        max_bins=hyperparameters["bins"],
        learning_rate=hyperparameters["learning_rate"],
        l2_regularization=hyperparameters["l2"],
        interaction_cst="no_interactions",
        monotonic_cst=[_monotone(features[name]) for name in inputs],
        categorical_features=[isinstance(item, LevelTerm) for item in inputs.values()],
        early_stopping=False,
        random_state=seed,
    )
    design, label, weight = training.fetch(columns)
    estimator.fit(design, label, sample_weight=weight)

    def predict(design: Matrix) -> Vector:
        return estimator.predict_proba(design)[:, 1] if binary else estimator.predict(design)

    return Fit(
        coefficients=_collapsed(estimator, inputs, design, weight),
        link="logit" if binary else "identity",
        design=columns,
        accepts=" and ".join(item.accepts() for item in inputs.values()),
        predict=predict,
        diagnostics={"trees": float(estimator.n_iter_)},
    )


def input_column(item: NumericInput | LevelTerm) -> str:
    """SQL of what an estimator sees: a number, or the code of a level; NULL where a NULL has a value of its own."""
    if isinstance(item, LevelTerm):
        return item.code()
    return item.completed() if item.missing == "impute" else item.bounded()


def _monotone(feature: FeatureSpec) -> int:
    declared = feature.monotone if feature.kind == "numeric" else None
    return {"increasing": 1, "decreasing": -1, None: 0}[declared]


def _collapsed(
    estimator: Any, inputs: Mapping[str, NumericInput | LevelTerm], design: Matrix, weight: Vector
) -> list[Coefficient]:
    """The rows of the ensemble: per feature the sum of its trees, as a step function."""
    intercept = float(np.ravel(estimator._baseline_prediction)[0])
    # The estimator puts categories before numbers.
    order = sorted(range(len(inputs)), key=lambda j: not isinstance(list(inputs.values())[j], LevelTerm))
    of_feature: dict[int, list[Any]] = {position: [] for position in order}
    for (tree,) in estimator._predictors:
        if tree.nodes[0]["is_leaf"]:
            intercept += float(tree.nodes[0]["value"])
        else:
            of_feature[order[int(tree.nodes[0]["feature_idx"])]].append(tree)
    rows = [Coefficient(output="score", term=0, feature=None, applies_to="intercept", value=intercept)]
    for position, (name, item) in enumerate(inputs.items()):
        trees, x = of_feature[position], design[:, position]
        if isinstance(item, LevelTerm):
            steps, contributions = _level_rows(item, trees, x)
        else:
            steps, contributions = _number_rows(item, trees, x)
        shared = {
            "output": "score",
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
            bitset = tree.raw_left_cat_bitsets[here["bitset_idx"][index]]
            code = int(x[index])
            left[index] = bool((bitset[code // 32] >> (code % 32)) & 1)
        at = np.where(moving, np.where(left, here["left"], here["right"]), at)
        moving = ~nodes["is_leaf"][at].astype(bool)
    return nodes["value"][at]


FAMILY = Family(
    name="additive_boosting",
    tasks=frozenset({"binary", "regression"}),
    hyperparameters=HYPERPARAMETERS,
    fit=_fit,
    feature_keys=frozenset({"monotone"}),
)
