"""scikit-learn's own predictions of the same models, through pandas and through Arrow, written back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import estimators
import numpy as np
import pandas as pd
import pyarrow as pa
from data import NUMBERS, Task, batches, columns_of, off_reference, score_batches, table_of, write


def pandas(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> Task:
    """One data frame of all rows."""
    estimator, names = estimators.of(connection, rows, model), columns_of(model)

    def run() -> None:
        frame = connection.sql(f"select id, {', '.join(names)} from {table_of(rows)}").df()
        features = frame[names] if model == "categories" else frame[names].to_numpy()
        scores = estimator.predict_proba(features)[:, 1]
        write(connection, pd.DataFrame({"id": frame["id"], "score": scores}))

    return Task(run, lambda: off_reference(connection, model, rows))


def arrow(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> Task:
    """Batches of DuckDB's default size."""
    estimator = estimators.of(connection, rows, model)
    return _batched(
        connection, rows, model, lambda batch: estimator.predict_proba(estimators.input_of(model, batch))
    )


def tuned(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> Task:
    """As fast as it could be made: no scaler, columns left side by side, batches that stay in the cache."""
    logistic = estimators.bare(estimators.numbers(connection))

    def predict(batch: pa.RecordBatch) -> np.ndarray:
        return logistic.predict_proba(np.stack([batch.column(name).to_numpy() for name in NUMBERS]).T)

    return _batched(connection, rows, model, predict, size=20_000)


def _batched(
    connection: duckdb.DuckDBPyConnection,
    rows: int,
    model: str,
    predict: Callable[[pa.RecordBatch], Any],
    size: int = 1_000_000,
) -> Task:
    def run() -> None:
        read = batches(connection, rows, columns_of(model), size)
        score_batches(connection, read, lambda batch: predict(batch)[:, 1])

    return Task(run, lambda: off_reference(connection, model, rows))
