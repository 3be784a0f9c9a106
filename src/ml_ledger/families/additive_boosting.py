"""Boosted trees without interactions, collapsed exactly into one step function per feature.

Each tree of the ensemble splits on one feature only, so the sum of all trees of a feature is a step function of it:
the cost of scoring does not grow with the number of trees, and every effect can be read. Fitted by scikit-learn's
HistGradientBoosting with `interaction_cst="no_interactions"` (Lou et al. 2012 call such models additive), on bins that
the warehouse makes: Python holds one byte per value until the estimator needs numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml_ledger.coefficients import Coefficient
from ml_ledger.families.base import NO_CODE, Codes, Family, Fit, Matrix, TrainingRows, Vector
from ml_ledger.families.ensembles import outputs_of
from ml_ledger.families.histogram_boosting import (
    HYPERPARAMETERS,
    LINKS,
    encoded,
    estimator_of,
    goes_left,
    predicted,
)
from ml_ledger.terms.codes import CodedFeature, learn_codes

if TYPE_CHECKING:
    from ml_ledger.spec import FeatureSpec


def _fit(
    *, training: TrainingRows, features: Mapping[str, FeatureSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    coded = learn_codes(features, training, bins=hyperparameters["bins"])
    items = list(coded.values())
    estimator = estimator_of(
        training.task,
        [item.has_levels for item in items],
        features,
        hyperparameters,
        seed,
        interaction_cst="no_interactions",
    )
    design = [item.code(training.relation.dialect) for item in items]
    codes, label, weight = training.fetch_codes(design, in_order=True)
    weights = [np.bincount(of_feature, weight, minlength=NO_CODE + 1) for of_feature in codes]
    # Single precision holds codes exactly. With levels, the estimator makes doubles of its own either way.
    kind = np.float32 if any(item.has_levels for item in items) else np.float64
    estimator.fit(_numbers(codes, kind), label, sample_weight=weight)
    rows: list[Coefficient] = []
    for number, name in enumerate(outputs_of(training)):
        rows += _collapsed(estimator, number, name, items, weights)

    def predict(design: Matrix) -> Vector:
        return predicted(estimator, training.task, design)

    return Fit(
        coefficients=rows,
        link=LINKS[training.task],
        design=design,
        accepts=" and ".join(item.input.accepts() for item in items),
        predict=predict,
        diagnostics={"trees": float(estimator.n_iter_), "rows": float(len(label))},
    )


def _numbers(codes: list[Codes], kind: type[np.floating]) -> NDArray[np.floating]:
    """Codes as the estimator takes them, with NaN for NULL: n × k. Empties the list."""
    design = np.empty((len(codes[0]), len(codes)), kind)
    for column in range(len(codes)):
        of_feature = codes.pop(0)
        design[:, column] = of_feature
        design[of_feature == NO_CODE, column] = np.nan
    return design


def _collapsed(
    estimator: Any, number: int, output: str, items: Sequence[CodedFeature], weights: Sequence[Vector]
) -> list[Coefficient]:
    """The rows of one output of the ensemble: per feature the sum of its trees, as a value per code.

    weights: per feature the weight of training rows by code.
    """
    intercept = float(np.ravel(estimator._baseline_prediction)[number])
    # HistGradientBoosting numbers features with levels first.
    order = sorted(range(len(items)), key=lambda position: not items[position].has_levels)
    of_feature: dict[int, list[Any]] = {position: [] for position in order}
    for iteration in estimator._predictors:
        tree = iteration[number]
        if tree.nodes[0]["is_leaf"]:
            intercept += float(tree.nodes[0]["value"])
        else:
            of_feature[order[int(tree.nodes[0]["feature_idx"])]].append(tree)
    rows = [Coefficient(output=output, term=0, feature=None, applies_to="intercept", value=intercept)]
    for position, item in enumerate(items):
        x = np.arange(item.count, dtype=float)
        if item.has_levels:
            x = encoded(estimator, order.index(position), range(item.count))
        *values, if_missing = _summed(of_feature[position], np.append(x, np.nan)).tolist()
        occurring = weights[position]
        contributions = np.array([*values, *[0.0] * (NO_CODE - item.count), if_missing])
        reference = float(occurring @ contributions / occurring.sum())
        steps = item.rows(values, if_missing, output=output, number=position + 1)
        rows += [replace(row, reference=reference) for row in steps]
    return rows


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
            left[index] = goes_left(tree, here[index], x[index])
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
