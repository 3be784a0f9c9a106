"""orbital: the same scikit-learn pipelines written as SQL, run by DuckDB over the same table."""

from __future__ import annotations

import duckdb
import estimators
import orbital
from data import CATEGORIES, FOLDER, NUMBERS, Task, columns_of, off_reference, table_of
from orbital import types
from sklearn.pipeline import Pipeline

FEATURES = {name: types.DoubleColumnType() for name in NUMBERS}
FEATURES |= {name: types.StringColumnType() for name in CATEGORIES}


def scored(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> Task:
    file = FOLDER / f"{model}-orbital.sql"
    if not file.exists():
        file.write_text(_written(connection, rows, model), encoding="utf-8")
    select = f'select id, "output_probability.1" as score from ({file.read_text(encoding="utf-8")})'
    return Task(
        lambda: connection.execute(f"create or replace temp table scores as {select}"),
        lambda: off_reference(connection, model, rows),
    )


def _written(connection: duckdb.DuckDBPyConnection, rows: int, model: str) -> str:
    estimator = estimators.of(connection, rows, model)
    pipeline = estimator if isinstance(estimator, Pipeline) else Pipeline([("trees", estimator)])
    features = {name: FEATURES[name] for name in columns_of(model)}
    parsed = orbital.parse_pipeline(pipeline, features=features | {"id": types.Int64ColumnType(passthrough=True)})
    return orbital.export_sql(
        table_of(rows), parsed, dialect="duckdb", projection=orbital.ResultsProjection(["id"])
    )
