"""onnxruntime: the same estimators converted by skl2onnx, over Arrow batches, written back."""

from __future__ import annotations

from functools import partial

import duckdb
import estimators
import numpy as np
import onnxruntime
import pyarrow as pa
import skl2onnx
from data import CATEGORIES, FOLDER, NUMBERS, Task, batches, columns_of, matrix, off_reference, score_batches
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from sklearn.pipeline import Pipeline


def scored(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> Task:
    file = FOLDER / f"{model}.onnx"
    if not file.exists():
        file.write_bytes(_converted(connection, rows, model))
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])

    def predict(batch: pa.RecordBatch) -> np.ndarray:
        return session.run(["probabilities"], _feed(model, batch))[0][:, 1].astype(np.float64)

    read = partial(batches, connection, rows, columns_of(model))
    return Task(
        lambda: score_batches(connection, read(), predict),
        lambda: off_reference(connection, model, rows),
    )


def _feed(model: str, batch: pa.RecordBatch) -> dict[str, np.ndarray]:
    if model == "categories":
        names = columns_of(model)
        return {name: batch.column(name).to_numpy(zero_copy_only=False).reshape(-1, 1) for name in names}
    # The operator for trees that skl2onnx writes takes single precision only.
    return {"x": matrix(batch) if model == "numbers" else matrix(batch).astype(np.float32)}


def _converted(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> bytes:
    estimator = estimators.of(connection, rows, model)
    kind = DoubleTensorType if model in ("numbers", "categories") else FloatTensorType
    inputs = [("x", kind([None, len(NUMBERS)]))]
    if model == "categories":
        inputs = [(name, kind([None, 1])) for name in NUMBERS]
        inputs += [(name, StringTensorType([None, 1])) for name in CATEGORIES]
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    options = {id(last): {"zipmap": False}}
    return skl2onnx.to_onnx(estimator, initial_types=inputs, options=options).SerializeToString()
