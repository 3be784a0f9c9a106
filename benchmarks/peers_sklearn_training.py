"""Train the same logistic regression with scikit-learn: columns through Arrow, standardised in place, fitted."""

from __future__ import annotations

import duckdb
import optimum
from data import NUMBERS, Task, matrix, table_of
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler


def default_solver(connection: duckdb.DuckDBPyConnection, rows: int) -> Task:
    return _fitted(connection, rows, LogisticRegression())


def newton_cholesky(connection: duckdb.DuckDBPyConnection, rows: int) -> Task:
    return _fitted(connection, rows, LogisticRegression(solver="newton-cholesky", tol=1e-10))


def _fitted(connection: duckdb.DuckDBPyConnection, rows: int, logistic: LogisticRegression) -> Task:
    table = table_of(rows)
    scaler = StandardScaler(copy=False)

    def run() -> None:
        data = connection.sql(f"select {', '.join([*NUMBERS, 'y'])} from {table}").to_arrow_table()
        design, label = matrix(data), data.column("y").to_numpy()
        del data
        logistic.fit(scaler.fit_transform(design), label)

    def off() -> float:
        slopes = logistic.coef_[0] / scaler.scale_
        return optimum.distance(table, float(logistic.intercept_[0] - slopes @ scaler.mean_), slopes)

    return Task(run, off)
