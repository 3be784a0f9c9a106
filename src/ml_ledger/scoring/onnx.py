"""Score rows of the warehouse with an estimator that is kept as ONNX bytes, batch by batch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ml_ledger.onnx_extra import imported
from ml_ledger.warehouse import Relation

# Rows in memory at once. Measured: larger batches are no faster.
BATCH_ROWS = 16_384

KEY = (("entity_id", pa.string()), ("as_of", pa.timestamp("us")))


class Scorer:
    """An estimator as ONNX in a session of onnxruntime: takes n × k doubles, returns n × m scores."""

    def __init__(self, onnx: bytes, *, outputs: int) -> None:
        """outputs: m. Raises DependencyError where onnxruntime is not installed."""
        runtime = imported("onnxruntime")
        options = runtime.SessionOptions()
        options.log_severity_level = 3  # errors, which are raised, too
        self._session = runtime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        (features,) = self._session.get_inputs()
        self._name = features.name
        self._dtype = np.float64 if features.type == "tensor(double)" else np.float32
        # A classifier has its labels first and its probabilities last; of two classes the second counts.
        self._output = self._session.get_outputs()[-1].name
        self._outputs = outputs

    def __call__(self, design: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores, in batches, so that what lies between rows and scores stays small."""
        scores = np.empty((len(design), self._outputs))
        for start in range(0, len(design), BATCH_ROWS):
            batch = design[start : start + BATCH_ROWS]
            (result,) = self._session.run([self._output], {self._name: batch.astype(self._dtype, order="C")})
            scores[start : start + BATCH_ROWS] = result.reshape(len(batch), -1)[:, -self._outputs :]
        return scores


@dataclass(frozen=True)
class OnnxScoring:
    """What scoring needs of a version that is an estimator.

    onnx: the estimator. design: SQL of its k inputs, over the raw features. accepts: SQL that is true for rows that
    can be scored. outputs: names of its m scores.
    """

    onnx: bytes = field(repr=False)
    design: Sequence[str]
    accepts: str
    outputs: Sequence[str]

    def stored(self) -> dict[str, Any]:
        """All but the bytes: what the key `estimator` of a version's `scoring` holds."""
        return {"design": list(self.design), "accepts": self.accepts, "outputs": list(self.outputs)}

    @classmethod
    def of_version(cls, scoring: str, onnx: bytes) -> OnnxScoring:
        """Read the columns `scoring` and `onnx` of a version."""
        return cls(onnx=onnx, **json.loads(scoring)["estimator"])


def scored_batches(
    scoring: OnnxScoring, features: Relation, *, entity: str, as_of: str, where: str = "true"
) -> Iterator[pa.RecordBatch]:
    """Score the rows of a relation that satisfy `where`, in batches of at most BATCH_ROWS.

    entity, as_of: SQL of the key.

    Yields entity_id (text), as_of (timestamp) and a column of doubles per output, NULL where the version does not
    accept the row or its score is not a finite number.
    Raises DependencyError where onnxruntime is not installed, before anything is read.
    """
    scorer = Scorer(scoring.onnx, outputs=len(scoring.outputs))
    schema = _schema(scoring)
    columns = {
        "entity_id": f"cast({entity} as varchar)",
        "as_of": f"cast({as_of} as timestamp)",
        "_ml_accepted": f"coalesce({scoring.accepts}, false)",
    }
    columns |= {f"_ml_x{number}": f"cast({sql} as double)" for number, sql in enumerate(scoring.design)}
    batches = features.batches(columns, where=where, rows=BATCH_ROWS)
    return (_scored(batch, scorer, schema) for batch in batches)


def scored_table(
    scoring: OnnxScoring, features: Relation, *, entity: str, as_of: str, where: str = "true"
) -> pa.Table:
    """All batches of `scored_batches`."""
    batches = scored_batches(scoring, features, entity=entity, as_of=as_of, where=where)
    return pa.Table.from_batches(batches, schema=_schema(scoring))


def _schema(scoring: OnnxScoring) -> pa.Schema:
    return pa.schema([*KEY, *((output, pa.float64()) for output in scoring.outputs)])


def _scored(batch: pa.RecordBatch, scorer: Scorer, schema: pa.Schema) -> pa.RecordBatch:
    """One batch of the key, whether a row is accepted, and the inputs, with scores for the inputs."""
    key = [batch.column(name).cast(kind) for name, kind in KEY]
    accepted = _array(batch, "_ml_accepted").astype(bool)
    inputs = range(len(batch.schema) - len(KEY) - 1)
    design = np.column_stack([_array(batch, f"_ml_x{number}") for number in inputs])
    scores = np.full((len(design), len(schema) - len(KEY)), np.nan)
    scores[accepted] = scorer(design[accepted])
    arrays = [pa.array(column, mask=~np.isfinite(column)) for column in scores.T]
    return pa.RecordBatch.from_arrays([*key, *arrays], schema=schema)


def _array(batch: pa.RecordBatch, name: str) -> NDArray[Any]:
    values: NDArray[Any] = batch.column(name).to_numpy(zero_copy_only=False)
    return values
