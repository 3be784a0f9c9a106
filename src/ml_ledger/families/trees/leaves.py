"""Trees of HistGradientBoosting leaf by leaf: what a leaf adds, and which values of which features lead to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Vector
from ml_ledger.families.trees.histogram_boosting import goes_left


@dataclass(frozen=True)
class Leaf:
    """One leaf. box: by the number of each feature on its path, which of the feature's values lead to it."""

    value: float
    box: Mapping[int, NDArray[np.bool_]]


def leaves_of(tree: Any, values: Sequence[Vector]) -> Iterator[Leaf]:
    """The leaves of one tree: a row is in the box of exactly one.

    values: by the estimator's number of a feature, its values as the estimator takes them; NaN is missing.
    """
    pending: list[tuple[int, dict[int, NDArray[np.bool_]]]] = [(0, {})]
    while pending:
        position, box = pending.pop()
        node = tree.nodes[position]
        if node["is_leaf"]:
            yield Leaf(float(node["value"]), box)
            continue
        feature = int(node["feature_idx"])
        left = _left(tree, node, values[feature])
        within = box.get(feature, np.ones(len(left), dtype=bool))
        pending += [
            (int(node["right"]), box | {feature: within & ~left}),
            (int(node["left"]), box | {feature: within & left}),
        ]


def _left(tree: Any, node: Any, x: Vector) -> NDArray[np.bool_]:
    """Which values a split sends to the left."""
    if node["is_categorical"]:
        return np.array([goes_left(tree, node, value) for value in x], dtype=bool)
    return np.where(np.isnan(x), bool(node["missing_go_to_left"]), x <= node["num_threshold"])
