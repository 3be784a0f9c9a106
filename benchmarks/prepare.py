"""Make what is measured: tables, versions, the scores that scikit-learn gives, and the optima of training.

Its argument is JSON: "scored", the numbers of rows that each model scores; "trained", those that are trained on; and
"nodes", for how many rows the predictions node of a model is compiled; "live", how many decisions are looked up;
"events", by events per entity, how many there are; "drift", how many rows a period has.
"""

from __future__ import annotations

import json
import shutil
import sys

import asof
import drift_data
import duckdb
import estimators
import events
import numpy as np
import optimum
import point_in_time
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
    reference_of,
    score_batches,
    table_of,
)
from node import compile_nodes

from ml_ledger.families.family import Fit


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
        for rows in sizes:
            _keep_reference(connection, model, fitted, rows)
    for rows in wanted["live"]:
        asof.make(connection, rows)
    for per_entity, rows in wanted["events"].items():
        events.make(connection, rows, int(per_entity))
    for rows in wanted["drift"]:
        drift_data.make(connection, rows)
    connection.close()
    if wanted["nodes"] or wanted["live"] or wanted["events"]:
        compile_nodes(wanted["nodes"], point_in_time.models(wanted["events"]))


def _keep_reference(connection: duckdb.DuckDBPyConnection, model: str, fitted: Fit, rows: int) -> None:
    """Scores of scikit-learn: of a pipeline that has the version's coefficients, or of the trees inside the version."""
    if model in ("numbers", "categories"):
        pipeline = estimators.of(connection, rows, model)
        read = batches(connection, rows, columns_of(model))

        def predict(batch: pa.RecordBatch) -> np.ndarray:
            return pipeline.predict_proba(estimators.input_of(model, batch))[:, 1]

    else:
        names = [f"d{number}" for number in range(len(fitted.design))]
        columns = [f"cast({sql} as double) as {name}" for name, sql in zip(names, fitted.design, strict=True)]
        read = iter(
            connection.sql(f"select id, {', '.join(columns)} from {table_of(rows)}").to_arrow_reader(100_000)
        )

        def predict(batch: pa.RecordBatch) -> np.ndarray:
            return fitted.predict(np.column_stack([batch.column(name).to_numpy() for name in names]))

    score_batches(connection, read, predict, into=f"table {reference_of(model, rows)}")


if __name__ == "__main__":
    main()
