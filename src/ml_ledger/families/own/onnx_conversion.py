"""A fitted scikit-learn estimator as ONNX bytes, which are kept only if they answer as the estimator does."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ml_ledger.arrays import Matrix
from ml_ledger.errors import VersionError
from ml_ledger.families.own.onnx_trees import ML, WRITTEN_ML_OPSET, declare_opset, tree_conversion
from ml_ledger.onnx_extra import imported
from ml_ledger.scoring.onnx import Scorer

# How far ONNX may be from the estimator on the training rows, relative to scores above 1. Converters that compute in
# doubles are within 1e-12; those that know only float32 are within 1e-6 unless a value lies on a threshold.
ONNX_TOLERANCE = 1e-5

# Of the operators, the version that is written: what a version needs to be scored by a later onnxruntime.
OPSET = {"": 21, ML: WRITTEN_ML_OPSET}


def to_onnx(
    estimator: Any, *, rows: Matrix, predict: Callable[[Matrix], Matrix], classifies: bool
) -> tuple[bytes, float]:
    """Convert, in doubles where the converter can and in float32 where not.

    rows: n × k, to compare on. predict: the estimator's own m scores for n rows.

    Returns the bytes and the largest difference. Raises VersionError with the estimator's name, and what skl2onnx
    said or how large the difference is.
    """
    expected = predict(rows)
    said, differences = [], []
    for double in (True, False):
        try:
            converted = _converted(estimator, columns=rows.shape[1], double=double, classifies=classifies)
            scores = Scorer(converted, outputs=expected.shape[1])(rows)
        except Exception as error:
            said.append(f"{type(error).__name__}: {' '.join(str(error).split())}")
            continue
        difference = _difference(scores, expected)
        if difference <= ONNX_TOLERANCE:
            return converted, difference
        differences.append(difference)
    name = described(estimator)
    if differences:
        raise VersionError(
            f"{name}: its ONNX form does not reproduce it; got a difference of {min(differences):.3g} on the training"
            f" rows. Allowed: {ONNX_TOLERANCE:.0e}. Nothing was written. Fix: choose another estimator, or other"
            " settings of it."
        )
    raise VersionError(
        f"{name}: cannot be converted to ONNX; skl2onnx said {said[-1][:300]!r}. Nothing was written. Fix: choose an"
        " estimator that skl2onnx supports."
    )


def described(estimator: Any) -> str:
    """The class of an estimator; of a pipeline, its steps."""
    steps = getattr(estimator, "steps", None)
    return " → ".join(type(step).__name__ for _, step in steps) if steps else type(estimator).__name__


def _difference(scores: Matrix, expected: Matrix) -> float:
    if scores.shape != expected.shape or not np.isfinite(scores).all():
        return float("inf")
    return float(np.max(np.abs(scores - expected) / np.maximum(1.0, np.abs(expected)), initial=0.0))


def _converted(estimator: Any, *, columns: int, double: bool, classifies: bool) -> bytes:
    skl2onnx = imported("skl2onnx")
    types = imported("skl2onnx.common.data_types")
    number = types.DoubleTensorType if double else types.FloatTensorType
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about versions of operators, which are fixed above
        model = skl2onnx.convert_sklearn(
            estimator,
            initial_types=[("features", number([None, columns]))],
            options={id(estimator): {"zipmap": False}} if classifies else None,
            target_opset=OPSET,
            **(tree_conversion() if double else {}),
        )
    declare_opset(model)
    serialised: bytes = model.SerializeToString()
    return serialised
