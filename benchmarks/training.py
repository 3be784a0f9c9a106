"""Train a logistic regression on 20 numbers inside the warehouse."""

from __future__ import annotations

import duckdb
import numpy as np
import optimum
import versions
from data import NUMBERS, Task, table_of

from ml_ledger.families.family import Fit


def ml_ledger(connection: duckdb.DuckDBPyConnection, rows: int) -> Task:
    table = table_of(rows)
    fitted: list[Fit] = []

    def off() -> float:
        coefficients = fitted[0].coefficients
        slopes = {row.feature: row.slope for row in coefficients if row.applies_to == "value"}
        return optimum.distance(table, coefficients[0].value, np.array([slopes[name] for name in NUMBERS]))

    return Task(lambda: fitted.append(versions.fit(connection, table, "numbers")), off)
