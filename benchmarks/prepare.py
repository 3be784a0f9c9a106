"""Make what is measured: tables, versions, the scores that scikit-learn gives, and the optima of training.

Its argument is JSON: "scored", the numbers of rows that each model scores; "trained", those that are trained on; and
"nodes", of which models the predictions node is compiled, for how many rows.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable

import duckdb
import estimators
import numpy as np
import optimum
import pyarrow as pa
import versions
from data import (
    FOLDER,
    SAMPLE,
    SAMPLE_ROWS,
    batches,
    columns_of,
    connect,
    make,
    matrix,
    reference_of,
    score_batches,
    table_of,
)
from node import compile_predictions

from ml_ledger.families.base import Fit


def main() -> None:
    wanted = json.loads(sys.argv[1])
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    connection = connect()
    make(connection, SAMPLE, SAMPLE_ROWS, seed=0.1)
    for rows in sorted({*wanted["trained"], *(rows for sizes in wanted["scored"].values() for rows in sizes)}):
        make(connection, table_of(rows), rows, seed=0.5)
    for rows in wanted["trained"]:
        optimum.keep(connection, table_of(rows))
    for model, sizes in wanted["scored"].items():
        fitted = versions.fit(connection, SAMPLE, model)
        versions.keep(model, fitted)
        predict = _predict(connection, model, fitted)
        for rows in sizes:
            read = batches(connection, rows, columns_of(model))
            score_batches(connection, read, predict, into=f"table {reference_of(model, rows)}")
    connection.close()
    if wanted["nodes"]["models"]:
        compile_predictions(**wanted["nodes"])


def _predict(
    connection: duckdb.DuckDBPyConnection, model: str, fitted: Fit
) -> Callable[[pa.RecordBatch], np.ndarray]:
    """What scikit-learn scores: with a pipeline that has the version's coefficients, or the version's own trees."""
    if model not in ("numbers", "categories"):
        return lambda batch: fitted.predict(matrix(batch))
    pipeline = estimators.of(connection, 0, model)
    return lambda batch: pipeline.predict_proba(estimators.input_of(model, batch))[:, 1]


if __name__ == "__main__":
    main()
