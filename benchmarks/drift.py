"""Drift of 50 numbers: our one pass over the rows, a plain scan of the same columns, and SciPy on each column."""

from __future__ import annotations

import duckdb
import numpy as np
from data import Task
from drift_data import COLUMNS, REFERENCE, column, period_of
from scipy.stats import ks_2samp

from ml_ledger.declaration.monitoring import DriftSpec
from ml_ledger.monitoring.drift.column_drift import measured, tests
from ml_ledger.monitoring.drift.counting import Source, count
from ml_ledger.monitoring.drift.stored_reference import Column
from ml_ledger.training.reference import BINS
from ml_ledger.warehouse import Relation


def scan(connection: duckdb.DuckDBPyConnection, rows: int) -> Task:
    """What a summary of the columns reads and computes."""
    wanted = ", ".join(
        f"count({name}), count(*) - count({name}), min({name}), max({name}), avg({name}), stddev({name})"
        for name in COLUMNS
    )
    return Task(lambda: connection.execute(f"select {wanted} from {period_of(rows)}").fetchall())


def ours(connection: duckdb.DuckDBPyConnection, rows: int) -> Task:
    """Everything that a row of ml_drift says of a number."""
    reference = [_reference(connection, name) for name in COLUMNS]
    relation = Relation(connection.table(period_of(rows)), name="period")
    found: dict[str, dict[str, float]] = {}

    def run() -> None:
        sources = [
            Source(of, f"case when isfinite({name}) then {name} end")
            for name, of in zip(COLUMNS, reference, strict=True)
        ]
        ((counted, _),) = count(relation, "period", "1", sources).values()
        for of, counts in zip(reference, counted, strict=True):
            row = measured(of, counts)
            list(tests(of, counts, row, DriftSpec()))
            found[str(of.feature)] = row

    return Task(run, lambda: _off(connection, rows, reference, found))


def scipy(connection: duckdb.DuckDBPyConnection, rows: int) -> Task:
    """The test of Kolmogorov and Smirnov on all values, and the stability index from NumPy's histogram."""
    reference = [_reference(connection, name) for name in COLUMNS]
    then = {name: column(connection, REFERENCE, name) for name in COLUMNS}

    def run() -> None:
        for name, of in zip(COLUMNS, reference, strict=True):
            values = column(connection, period_of(rows), name)
            ks_2samp(values, then[name])
            _index(values, of)

    return Task(run)


def _reference(connection: duckdb.DuckDBPyConnection, name: str) -> Column:
    values = column(connection, REFERENCE, name)
    edges = np.unique(np.quantile(values, np.arange(1, BINS) / BINS)).tolist()
    return Column(
        part="feature",
        feature=name,
        kind="numeric",
        rows=len(values),
        edges=edges,
        bins=np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1).tolist(),
        lowest=values.min(),
        highest=values.max(),
        mean=values.mean(),
        standard_deviation=values.std(),
    )


def _index(values: np.ndarray, of: Column) -> float:
    ends = [-np.inf, *of.edges, np.inf]
    p = np.histogram(values, ends)[0] / len(values)
    q = np.array(of.bins) / of.rows
    return float(((p - q) * np.log(p / q)).sum())


def _off(
    connection: duckdb.DuckDBPyConnection,
    rows: int,
    reference: list[Column],
    found: dict[str, dict[str, float]],
) -> float:
    """The largest difference of an index from NumPy's, over every tenth column."""
    some = [of for of in reference if str(of.feature).endswith("5")]
    return max(
        abs(_index(column(connection, period_of(rows), str(of.feature)), of) - found[str(of.feature)]["psi"])
        for of in some
    )
