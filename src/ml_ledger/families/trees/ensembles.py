"""What tree families share: scikit-learn's trees become node rows over raw features.

Each row's value is what the trees add on average over the training rows that pass it, against the root; so the changes
of value along a path, split by split, sum to what its leaf adds, and are the contributions of the features that the
splits look at (Saabas, 2014, "Interpreting random forests").
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ml_ledger.coefficients import Coefficient, Node
from ml_ledger.families.family import Hyperparameter, is_number
from ml_ledger.scoring.words import LARGEST
from ml_ledger.sql_literals import double
from ml_ledger.terms.learn import learn_inputs
from ml_ledger.terms.levels import LevelTerm
from ml_ledger.terms.numeric import NumericInput
from ml_ledger.terms.step_functions import bin_rows, level_rows

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec
    from ml_ledger.solvers.training_rows import TrainingRows

Input = NumericInput | LevelTerm


def whole(default: int | None, smallest: int, largest: int | None = None) -> Hyperparameter:
    """A hyperparameter that is a whole number within limits, or null where that is the default."""
    limits = f"a whole number >= {smallest}" + ("" if largest is None else f" and <= {largest}")
    return Hyperparameter(
        default=default,
        accepts=lambda value: (
            (value is None and default is None)
            or (
                is_number(value)
                and isinstance(value, int)
                and value >= smallest
                and (largest is None or value <= largest)
            )
        ),
        allowed=limits + (", or null for no limit" if default is None else ""),
    )


@dataclass(frozen=True)
class Inputs:
    """How a tree family reads the features: one design column each, a number or a level's code; NaN is a NULL."""

    by_feature: Mapping[str, Input]
    single_precision: bool = False

    @classmethod
    def learn(
        cls, features: Mapping[str, InputSpec], training: TrainingRows, *, single_precision: bool = False
    ) -> Inputs:
        """Learn what fills NULL, and the levels. Errors as `learn_inputs`.

        single_precision: whether the estimator rounds to it, and refuses what is too large for it.
        """
        learned = learn_inputs(features, training.relation, training.where)
        # A transform changes no order, so that trees have no use for it, and no row to reject because of it.
        plain = {
            name: replace(item, transform=None) if isinstance(item, NumericInput) else item
            for name, item in learned.items()
        }
        return cls(plain, single_precision)

    def columns(self) -> list[str]:
        """SQL of the design columns."""
        columns = [_column(item) for item in self.by_feature.values()]
        if not self.single_precision:
            return columns
        # No threshold lies beyond, so it does not matter how far beyond a value is.
        most = double(float(np.finfo(np.float32).max))
        return [
            f"case when ({column}) > {most} then {most} when ({column}) < -{most} then -{most} else {column} end"
            for column in columns
        ]

    def accepts(self) -> str:
        """SQL that is true for rows that no policy rejects."""
        return " and ".join(item.accepts() for item in self.by_feature.values())

    def are_levels(self) -> list[bool]:
        """Per feature whether its design column holds codes."""
        return [isinstance(item, LevelTerm) for item in self.by_feature.values()]

    def levels_first(self) -> list[int]:
        """Positions of the design columns in the order in which HistGradientBoosting numbers its features."""
        levels = self.are_levels()
        return sorted(range(len(levels)), key=lambda position: not levels[position])

    def domain(self, output: str) -> list[Coefficient]:
        """Rows that add 0, one term per feature: where none matches, a policy rejects the row."""
        rows = []
        for number, item in enumerate(self.by_feature.values(), 1):
            rows += _domain(item, output, number)
        return rows

    def split(
        self, position: int, threshold: float, nan_goes_left: bool, codes_left: Callable[[int], bool] | None = None
    ) -> dict[str, Any]:
        """The fields of a node that splits on a feature by its position among the design columns.

        threshold: goes left where the column <= threshold; infinity where only NaN goes right. codes_left: for levels,
        whether a code goes left; None is by threshold. nan_goes_left: where the estimator sends NaN.
        """
        item = list(self.by_feature.values())[position]
        if isinstance(item, NumericInput):
            left = nan_goes_left if item.missing == "own_level" else item.filled <= threshold
            return {
                "feature": item.feature,
                # No number that is accepted lies beyond the largest double.
                "threshold": min(float(threshold), LARGEST),
                "missing_goes": None if item.missing == "reject" else _side(left),
            }
        codes = item.codes()
        goes_left = {level: codes_left(code) if codes_left else code <= threshold for level, code in codes.items()}
        unknown = goes_left[item.rare[0] if item.unknown == "rare" and item.rare else item.reference]
        left = nan_goes_left if item.missing == "own_level" else goes_left[item.most_frequent]
        # Levels that are not listed go as an unknown level does.
        return {
            "feature": item.feature,
            "transform": item.part,
            "levels": tuple(level for level, goes in goes_left.items() if goes is not unknown),
            "levels_go": _side(not unknown),
            "missing_goes": None if item.missing == "reject" else _side(left),
        }


def _side(left: bool) -> Literal["left", "right"]:
    return "left" if left else "right"


def _column(item: Input) -> str:
    if isinstance(item, LevelTerm):
        return item.code()
    return item.completed() if item.missing == "impute" else item.bounded()


def _domain(item: Input, output: str, number: int) -> list[Coefficient]:
    if isinstance(item, LevelTerm):
        return level_rows(item, [0.0] * (max(item.codes().values()) + 1), 0.0, output=output, number=number)
    return bin_rows(item, [], [0.0], 0.0, output=output, number=number)


@dataclass(frozen=True)
class Arrays:
    """A fitted binary tree, by position, the root first. value: what a leaf adds; weight: of its training rows."""

    left: NDArray[np.intp]
    right: NDArray[np.intp]
    is_leaf: NDArray[np.bool_]
    value: NDArray[np.float64]
    weight: NDArray[np.float64]


def node_rows(
    arrays: Arrays, *, output: str, tree: int, split: Callable[[int], dict[str, Any]]
) -> tuple[list[Node], float]:
    """The rows of one tree, and the mean that its root adds, which the intercept takes.

    split: the fields of the split at a position.
    """
    mean = _means(arrays)
    root = float(mean[0])
    numbers: dict[int, int] = {}
    order: list[tuple[int, int]] = []
    leaves = splits = 0
    pending = [(0, 0)]
    while pending:
        position, depth = pending.pop()
        order.append((position, depth))
        if arrays.is_leaf[position]:
            leaves += 1
            numbers[position] = leaves
        else:
            splits += 1
            numbers[position] = -splits
            pending += [(int(arrays.right[position]), depth + 1), (int(arrays.left[position]), depth + 1)]
    rows = []
    for position, depth in order:
        row = partial(Node, output, tree, numbers[position], depth, value=float(mean[position]) - root)
        if arrays.is_leaf[position]:
            rows.append(row())
        else:
            left, right = numbers[int(arrays.left[position])], numbers[int(arrays.right[position])]
            rows.append(row(**split(position), left=left, right=right))
    return rows, root


def _means(arrays: Arrays) -> NDArray[np.float64]:
    """Per node the mean of the leaves under it, by their weight."""
    mean, weight = arrays.value.astype(float).copy(), arrays.weight.astype(float).copy()
    order, pending = [], [0]
    while pending:
        position = pending.pop()
        order.append(position)
        if not arrays.is_leaf[position]:
            pending += [int(arrays.left[position]), int(arrays.right[position])]
    for position in reversed(order):
        if not arrays.is_leaf[position]:
            sides = [int(arrays.left[position]), int(arrays.right[position])]
            weight[position] = weight[sides].sum()
            share = weight[sides] / weight[position] if weight[position] > 0 else np.array([0.5, 0.5])
            mean[position] = float(share @ mean[sides])
    return mean


def float32_threshold(threshold: float) -> float:
    """The double t for which x <= t says for every double x what float32(x) <= threshold says.

    scikit-learn's trees and forests round inputs to single precision before they compare them.
    """
    below = np.float32(threshold)
    if float(below) > threshold:
        below = np.nextafter(below, np.float32(-np.inf))
    above = np.nextafter(below, np.float32(np.inf))
    if not np.isfinite(above):  # inputs are cut off at the largest number of single precision
        return LARGEST
    middle = (float(below) + float(above)) / 2  # exact: doubles have room for one more bit
    # A tie is rounded to the number whose last bit is 0.
    even = int(np.array(below).view(np.uint32)) % 2 == 0
    return middle if even else math.nextafter(middle, -math.inf)


def intercept_rows(intercepts: Mapping[str, float]) -> dict[str, Coefficient]:
    """The intercept row of each output."""
    return {
        output: Coefficient(output=output, term=0, feature=None, applies_to="intercept", value=value)
        for output, value in intercepts.items()
    }


def rows_with_domain(inputs: Inputs, intercepts: Mapping[str, float]) -> list[Coefficient]:
    """By output the intercept, and the rows that say which rows of data can be scored."""
    heads = intercept_rows(intercepts)
    return [row for output, head in heads.items() for row in (head, *inputs.domain(output))]


def outputs_of(training: TrainingRows) -> list[str]:
    """The names of a version's outputs: its classes, or 'score' where there is one."""
    return list(training.classes) if training.task == "multiclass" else ["score"]
