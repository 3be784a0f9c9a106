"""Evidently: its preset for drift, on a part of the same rows."""

from __future__ import annotations

import duckdb
from data import Task
from drift_data import COLUMNS, EVIDENTLY_PART, REFERENCE, period_of
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset


def preset(connection: duckdb.DuckDBPyConnection, rows: int) -> Task:
    """The rows are fetched through Arrow and go through pandas, as its interface has it; the result is a mapping."""
    names = ", ".join(COLUMNS)
    definition = DataDefinition(numerical_columns=COLUMNS)

    def dataset(sql: str) -> Dataset:
        return Dataset.from_pandas(connection.sql(sql).to_arrow_table().to_pandas(), data_definition=definition)

    then = dataset(f"select {names} from {REFERENCE}")

    def run() -> None:
        now = dataset(f"select {names} from {period_of(rows)} limit {rows // EVIDENTLY_PART}")
        Report([DataDriftPreset()]).run(now, then).dict()

    return Task(run)
