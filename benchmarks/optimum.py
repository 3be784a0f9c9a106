"""The optimum that training is measured against: Newton steps in NumPy over all rows, in chunks, until they vanish."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
from data import FOLDER, NUMBERS, SAMPLE, matrix

# A last step this small leaves the optimum known a thousand times better than the 1e-8 that is asked for.
LAST_STEP = 1e-11


def moments(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard deviations of the numbers, 20 each."""
    select = ", ".join([*(f"avg({name})" for name in NUMBERS), *(f"stddev_pop({name})" for name in NUMBERS)])
    (row,) = connection.execute(f"select {select} from {table}").fetchall()
    return np.array(row[: len(NUMBERS)]), np.array(row[len(NUMBERS) :])


def find(connection: duckdb.DuckDBPyConnection, table: str, start: np.ndarray | None = None) -> np.ndarray:
    """Intercept and 20 weights of standardised numbers that minimise the log loss with an L2 penalty of C = 1."""
    beta = np.zeros(1 + len(NUMBERS)) if start is None else start
    means, deviations = moments(connection, table)
    penalty = np.ones(len(beta))
    penalty[0] = 0.0
    for _ in range(50):
        gradient, curvature = penalty * beta, np.diag(penalty)
        for batch in connection.sql(f"select {', '.join(NUMBERS)}, y from {table}").to_arrow_reader(200_000):
            design = np.column_stack([np.ones(len(batch)), (matrix(batch) - means) / deviations])
            probability = 1 / (1 + np.exp(-(design @ beta)))
            gradient += design.T @ (probability - batch.column("y").to_numpy())
            curvature += design.T @ (design * (probability * (1 - probability))[:, None])
        step = np.linalg.solve(curvature, gradient)
        beta = beta - step
        if np.max(np.abs(step)) < LAST_STEP:
            return beta
    raise ValueError(f"{table}: the optimum was not found; got a last step of {np.max(np.abs(step)):.2g}")


def keep(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Find the optimum for a table and write it down, with what the numbers were standardised by."""
    beta = find(connection, table, find(connection, SAMPLE))
    means, deviations = moments(connection, table)
    kept = {"beta": beta.tolist(), "means": means.tolist(), "deviations": deviations.tolist()}
    _file(table).write_text(json.dumps(kept), encoding="utf-8")


def distance(table: str, intercept: float, slopes: np.ndarray) -> float:
    """The largest difference of a coefficient of standardised numbers from the optimum; slopes are of raw numbers."""
    kept = json.loads(_file(table).read_text(encoding="utf-8"))
    beta = np.array([intercept + slopes @ np.array(kept["means"]), *(slopes * np.array(kept["deviations"]))])
    return float(np.max(np.abs(beta - np.array(kept["beta"]))))


def _file(table: str) -> Path:
    return FOLDER / f"{table}-optimum.json"
