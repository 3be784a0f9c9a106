"""The charts of one ML model, on a time axis that they share."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from ml_ledger.commands.report.chart import TimeAxis
from ml_ledger.commands.report.curves import base_rate, performance, value
from ml_ledger.commands.report.lanes import alerts, drift, versions
from ml_ledger.commands.report.panel import Panel
from ml_ledger.commands.text_tables import rows_of

# In the order of the page, with the tables that each reads.
CHARTS = (
    (versions, {"ml_deployments", "ml_versions", "ml_gate_checks"}),
    (performance, {"ml_performance"}),
    (base_rate, {"ml_performance"}),
    (value, {"ml_value"}),
    (drift, {"ml_drift"}),
    (alerts, {"ml_alert_log"}),
)


def panels(connection: duckdb.DuckDBPyConnection, tables: set[str], ml_model: str, task: str) -> Iterator[Panel]:
    """The charts for which the ledger has rows. tables: those that were built."""
    axis = _axis(connection, tables, ml_model)
    for chart, needed in CHARTS:
        panel = chart(connection, axis, ml_model, task) if needed <= tables else None
        if panel is not None:
            yield panel


def _axis(connection: duckdb.DuckDBPyConnection, tables: set[str], ml_model: str) -> TimeAxis:
    """From the first thing that is known of the ML model to the clock of the last build."""
    moments = (
        "select trained_at as moment from ml_versions where ml_model = $1 union all select clock from ml_clock"
    )
    for table in sorted({"ml_performance", "ml_drift"} & tables):
        moments += f" union all select period_start from {table} where ml_model = $1"
    (row,) = rows_of(connection, f"select min(moment) as first, max(moment) as last from ({moments})", ml_model)
    return TimeAxis(row["first"], row["last"])
