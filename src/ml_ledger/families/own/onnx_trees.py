"""Trees of scikit-learn as the ONNX operator TreeEnsemble, in doubles.

skl2onnx writes trees in float32, which sends a row the other way where a value lies within its rounding of a
threshold, and knows no missing values of forests. These converters give scikit-learn's own answers to the last bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# skl2onnx writes operators up to the first, TreeEnsemble exists since the second.
ML = "ai.onnx.ml"
WRITTEN_ML_OPSET = 3
TREE_ML_OPSET = 5

BRANCH_LEQ = 0
SUM = 1


@dataclass(frozen=True)
class Tree:
    """One tree: rows with x <= split, and those with a NaN where missing_left is true, go to the left.

    All arrays are by node; value is what a leaf adds to the output number `target`.
    """

    feature: NDArray[np.int64]
    split: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    is_leaf: NDArray[np.bool_]
    value: NDArray[np.float64]
    target: int


@dataclass(frozen=True)
class Ensemble:
    """Trees whose sum plus `base` (one number per output), through the link, is the prediction."""

    trees: Sequence[Tree]
    base: NDArray[np.float64]
    link: str


def tree_conversion() -> dict[str, dict[type, Callable[..., None]]]:
    """The arguments of skl2onnx's `convert_sklearn` that make it write trees as here."""
    from skl2onnx.common import data_types, shape_calculator
    from sklearn import ensemble, tree

    def in_doubles(operator: Any) -> None:
        shape_calculator.calculate_linear_classifier_output_shapes(operator)
        probabilities = operator.outputs[1]
        probabilities.set_type(data_types.DoubleTensorType(probabilities.type.shape))

    classifiers = {
        tree.DecisionTreeClassifier: _averaged,
        tree.ExtraTreeClassifier: _averaged,
        ensemble.RandomForestClassifier: _averaged,
        ensemble.ExtraTreesClassifier: _averaged,
        ensemble.GradientBoostingClassifier: _boosted,
        ensemble.HistGradientBoostingClassifier: _histogram_boosted,
    }
    regressors = {
        tree.DecisionTreeRegressor: _averaged,
        tree.ExtraTreeRegressor: _averaged,
        ensemble.RandomForestRegressor: _averaged,
        ensemble.ExtraTreesRegressor: _averaged,
        ensemble.GradientBoostingRegressor: _boosted,
        ensemble.HistGradientBoostingRegressor: _histogram_boosted,
    }
    return {
        "custom_conversion_functions": {
            kind: _converter(read) for kind, read in {**classifiers, **regressors}.items()
        },
        "custom_shape_calculators": {
            **dict.fromkeys(classifiers, in_doubles),
            **dict.fromkeys(regressors, shape_calculator.calculate_linear_regressor_output_shapes),
        },
    }


def declare_opset(model: Any) -> None:
    """Make a converted model say that it needs TreeEnsemble, where it has one."""
    if any(node.op_type == "TreeEnsemble" for node in model.graph.node):
        for opset in model.opset_import:
            if opset.domain == ML:
                opset.version = TREE_ML_OPSET


def below(threshold: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest doubles x whose float32 is at most the threshold.

    Trees and forests round a value to float32 before they compare it, ties to even.
    """
    nearest = threshold.astype(np.float32)
    low = np.where(nearest.astype(np.float64) <= threshold, nearest, np.nextafter(nearest, np.float32(-np.inf)))
    high = np.nextafter(low, np.float32(np.inf))
    middle = (low.astype(np.float64) + high.astype(np.float64)) / 2
    return np.where(middle.astype(np.float32) == low, middle, np.nextafter(middle, -np.inf))


def _averaged(estimator: Any) -> Ensemble:
    """A tree, or a forest, which is the mean of its trees."""
    members = getattr(estimator, "estimators_", [estimator])
    if estimator.n_outputs_ > 1:
        raise NotImplementedError("trees with several labels")
    trees = []
    for member in members:
        values = member.tree_.value[:, 0, :]
        if hasattr(member, "classes_"):
            values = values / values.sum(axis=1, keepdims=True)
        trees += [
            _tree(member.tree_, value=values[:, target] / len(members), target=target)
            for target in range(values.shape[1])
        ]
    return Ensemble(trees, np.zeros(trees[-1].target + 1), "IdentityLink")


def _boosted(estimator: Any) -> Ensemble:
    if estimator.init is not None and estimator.init != "zero":
        raise NotImplementedError("GradientBoosting with an estimator as init")
    trees = [
        _tree(member.tree_, value=member.tree_.value[:, 0, 0] * estimator.learning_rate, target=target)
        for stage in estimator.estimators_
        for target, member in enumerate(stage)
    ]
    base = np.ravel(estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_))))
    return Ensemble(trees, base, type(estimator._loss.link).__name__)


def _histogram_boosted(estimator: Any) -> Ensemble:
    if estimator.is_categorical_ is not None:
        raise NotImplementedError("HistGradientBoosting with categorical_features")
    trees = []
    for stage in estimator._predictors:
        for target, predictor in enumerate(stage):
            nodes = predictor.nodes
            trees.append(
                Tree(
                    feature=nodes["feature_idx"].astype(np.int64),
                    split=nodes["num_threshold"],
                    left=nodes["left"].astype(np.int64),
                    right=nodes["right"].astype(np.int64),
                    missing_left=nodes["missing_go_to_left"].astype(bool),
                    is_leaf=nodes["is_leaf"].astype(bool),
                    value=nodes["value"],
                    target=target,
                )
            )
    return Ensemble(trees, np.ravel(estimator._baseline_prediction), type(estimator._loss.link).__name__)


def _tree(tree: Any, *, value: NDArray[np.float64], target: int) -> Tree:
    is_leaf = tree.children_left == -1
    return Tree(
        feature=tree.feature.astype(np.int64),
        split=below(np.where(is_leaf, 0.0, tree.threshold)),
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        missing_left=np.asarray(tree.missing_go_to_left, dtype=bool),
        is_leaf=is_leaf,
        value=value,
        target=target,
    )


def _attributes(ensemble: Ensemble) -> dict[str, Any]:
    """Attributes of TreeEnsemble, which numbers the inner nodes of all trees together, and all leaves together."""
    from onnx.numpy_helper import from_array

    parts: dict[str, list[NDArray[Any]]] = {}
    roots = []
    nodes = leaves = 0
    for tree in ensemble.trees:
        inner = ~tree.is_leaf
        # A tree without a branch becomes one whose branches end in the same leaf.
        lone = not inner.any()
        at = np.array([0]) if lone else np.flatnonzero(inner)
        left, right = (at, at) if lone else (tree.left[at], tree.right[at])
        number = np.where(tree.is_leaf, leaves + np.cumsum(tree.is_leaf), nodes + np.cumsum(inner)) - 1
        added = {
            "nodes_modes": np.full(len(at), BRANCH_LEQ),
            "nodes_featureids": np.maximum(tree.feature[at], 0),
            "nodes_splits": np.where(tree.is_leaf[at], 0.0, tree.split[at]),
            "nodes_missing_value_tracks_true": tree.missing_left[at],
            "nodes_truenodeids": number[left],
            "nodes_trueleafs": tree.is_leaf[left],
            "nodes_falsenodeids": number[right],
            "nodes_falseleafs": tree.is_leaf[right],
            "leaf_weights": tree.value[tree.is_leaf],
            "leaf_targetids": np.full(tree.is_leaf.sum(), tree.target),
        }
        for name, values in added.items():
            parts.setdefault(name, []).append(values)
        roots.append(nodes)
        nodes, leaves = nodes + len(at), leaves + int(tree.is_leaf.sum())
    types = {"nodes_modes": np.uint8, "nodes_splits": np.float64, "leaf_weights": np.float64}
    attributes: dict[str, Any] = {
        "tree_roots": roots,
        "n_targets": len(ensemble.base),
        "aggregate_function": SUM,
        "post_transform": 0,
    }
    for name, values in parts.items():
        joined = np.concatenate(values)
        tensor = types.get(name)
        attributes[name] = (
            joined.astype(np.int64).tolist() if tensor is None else from_array(joined.astype(tensor), name)
        )
    return attributes


def _converter(read: Callable[[Any], Ensemble]) -> Callable[..., None]:
    def convert(scope: Any, operator: Any, container: Any) -> None:
        from onnx import TensorProto

        estimator = operator.raw_operator
        is_classifier = hasattr(estimator, "classes_")
        options = container.get_options(estimator, {"raw_scores": False}, fail=False) or {}
        if options.get("raw_scores"):
            raise NotImplementedError("decision functions of trees in doubles")
        ensemble = read(estimator)

        def node(kind: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
            result = output or scope.get_unique_variable_name(kind.lower())
            name = scope.get_unique_operator_name(kind)
            container.add_node(kind, inputs, result, name=name, **attributes)
            return result

        def constant(values: Any) -> str:
            name: str = scope.get_unique_variable_name("constant")
            values = np.asarray(values)
            kind = TensorProto.INT64 if values.dtype.kind == "i" else TensorProto.DOUBLE
            container.add_initializer(name, kind, values.shape, values.ravel().tolist())
            return name

        x = node("Cast", [operator.inputs[0].full_name], to=TensorProto.DOUBLE)
        summed = node("TreeEnsemble", [x], op_domain=ML, op_version=WRITTEN_ML_OPSET, **_attributes(ensemble))
        raw = node("Add", [summed, constant(ensemble.base)])
        if not is_classifier:
            node(
                {"IdentityLink": "Identity", "LogLink": "Exp"}[ensemble.link], [raw], operator.outputs[0].full_name
            )
            return
        if ensemble.link == "HalfLogitLink":
            raw = node("Mul", [raw, constant([2.0])])
        if ensemble.link in ("LogitLink", "HalfLogitLink"):
            second = node("Sigmoid", [raw])
            probabilities = node("Concat", [node("Sub", [constant([1.0]), second]), second], axis=1)
        elif ensemble.link == "MultinomialLogit":
            probabilities = node("Softmax", [raw], axis=1)
        else:
            probabilities = raw
        node("Identity", [probabilities], operator.outputs[1].full_name)
        position = node("ArgMax", [probabilities], axis=1, keepdims=0)
        classes = constant(np.asarray(estimator.classes_).astype(np.int64))
        node("Gather", [classes, position], operator.outputs[0].full_name, axis=0)

    return convert
