"""`ml-ledger metrics`: the state of the ledger as OpenMetrics text, for Prometheus.

The format: https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md, version 1.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ml_ledger.project.warehouse_file import opened, relations_of

ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


@dataclass(frozen=True)
class Family:
    """A metric family. query: the labels, and in the last column the value; tables: what it reads."""

    name: str
    kind: str
    help: str
    tables: tuple[str, ...]
    query: str

    @property
    def unit(self) -> str | None:
        """The unit, which the specification asks to be the end of the name."""
        return "seconds" if self.name.endswith("_seconds") else None

    @property
    def sample(self) -> str:
        """The name of its samples."""
        return f"{self.name}_total" if self.kind == "counter" else self.name


LATEST_RUNS = (
    "from ml_runs semi join (select ml_model, max(recorded_at) as recorded_at from ml_runs group by ml_model) as latest"
    " on ml_runs.ml_model is not distinct from latest.ml_model and ml_runs.recorded_at = latest.recorded_at"
    " group by ml_model, stage"
)
FAMILIES = (
    Family(
        "ml_ledger_alerts_open",
        "gauge",
        "Alerts that are open; acknowledged where somebody knows of them, or the declaration expects them.",
        ("ml_alerts",),
        "select ml_model, rule, severity, cast(acknowledged_by is not null as varchar) as acknowledged, count(*)"
        " from ml_alerts group by all",
    ),
    Family(
        "ml_ledger_live_version",
        "gauge",
        "Number of the version that is live in a slot; of several challengers or shadows, the newest.",
        ("ml_deployments",),
        "select ml_model, slot, max(version) from ml_deployments"
        " where valid_to is null and version is not null group by all",
    ),
    Family(
        "ml_ledger_version_age_seconds",
        "gauge",
        "Business time from the training of a live version to the clock of the last build.",
        ("ml_deployments", "ml_versions", "ml_clock"),
        "select ml_model, slot, version, epoch((select max(clock) from ml_clock)) - epoch(max(trained_at))"
        " from ml_deployments inner join ml_versions using (ml_model, version) where valid_to is null group by all",
    ),
    Family(
        "ml_ledger_decisions",
        "counter",
        "Predictions that were recorded, those of shadows too.",
        ("ml_batches",),
        "select ml_model, sum(predictions) from ml_batches group by all",
    ),
    Family(
        "ml_ledger_rejected",
        "counter",
        "Predictions without a score, which got the fallback decision.",
        ("ml_predictions",),
        "select ml_model, count_if(status = 'rejected') from ml_predictions group by all",
    ),
    Family(
        "ml_ledger_last_batch_timestamp_seconds",
        "gauge",
        "When predictions were recorded last.",
        ("ml_batches",),
        "select ml_model, epoch(max(recorded_at)) from ml_batches group by all",
    ),
    Family(
        "ml_ledger_performance",
        "gauge",
        "Realised metrics of the latest period of which all labels have matured.",
        ("ml_performance",),
        "with complete as (select * from ml_performance where kind = 'realised' and slice = 'all'"
        " and scored_by = 'self' and matured = decisions and isfinite(value))"
        " select ml_model, version, slot, metric, max(value) from complete"
        " where period_start = (select max(period_start) from complete as other"
        " where other.ml_model = complete.ml_model and other.slot = complete.slot) group by all",
    ),
    Family(
        "ml_ledger_drift_psi",
        "gauge",
        "Population stability index of what drifted in the latest period.",
        ("ml_drift",),
        "select ml_model, version, slot, part, feature, max(psi) from ml_drift where status = 'drifted'"
        " and psi is not null and period_start = (select max(period_start) from ml_drift as other"
        " where other.ml_model = ml_drift.ml_model and other.slot = ml_drift.slot) group by all",
    ),
    Family(
        "ml_ledger_run_seconds",
        "gauge",
        "Seconds that the nodes of an ML model took in its last run; without ml_model, those that several share.",
        ("ml_runs",),
        f"select ml_model, stage, sum(seconds) {LATEST_RUNS}",
    ),
    Family(
        "ml_ledger_run_cost",
        "gauge",
        "What they cost at the declared rate.",
        ("ml_runs",),
        f"select ml_model, stage, any_value(currency) as currency, sum(cost) {LATEST_RUNS}"
        " having sum(cost) is not null",
    ),
)


def metrics(warehouse: Path, *, schema: str | None = None) -> str:
    """The whole text, `# EOF` included; families whose tables were not built are left out.

    schema: of the ledger, where the file has several.
    """
    connection = opened(warehouse, schema)
    try:
        there = relations_of(connection)
        lines = [
            line for family in FAMILIES if there.issuperset(family.tables) for line in _lines(connection, family)
        ]
    finally:
        connection.close()
    return "\n".join([*lines, "# EOF"])


def _lines(connection: duckdb.DuckDBPyConnection, family: Family) -> Iterator[str]:
    result = connection.execute(f"{family.query} order by all")
    names = [column[0] for column in result.description][:-1]
    rows = result.fetchall()
    if not rows:
        return
    yield f"# TYPE {family.name} {family.kind}"
    if family.unit:
        yield f"# UNIT {family.name} {family.unit}"
    yield f"# HELP {family.name} {family.help}"
    for *labels, value in rows:
        # An empty value is no label to Prometheus.
        pairs = [
            f'{name}="{_text(label)}"' for name, label in zip(names, labels, strict=True) if label is not None
        ]
        yield f"{family.sample}{{{','.join(pairs)}}} {_number(value)}"


def _text(label: Any) -> str:
    return str(label).translate(ESCAPED)


def _number(value: Any) -> str:
    return str(value) if isinstance(value, int) else repr(float(value))
