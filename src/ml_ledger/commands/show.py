"""`ml-ledger show`: the live version of an ML model, read from the warehouse."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from ml_ledger.commands.text_tables import rows_of, table
from ml_ledger.commands.versions import version_as_rows
from ml_ledger.errors import WarehouseError, listed
from ml_ledger.project.warehouse_file import opened

DECISIONS_SHOWN = 5
METRICS = {
    "roc_auc": "AUC",
    "log_loss": "log loss",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "mean_squared_distance": "mean squared distance",
    "silhouette": "silhouette",
}


def show(ml_model: str, warehouse: Path, *, schema: str | None = None) -> str:
    """The live version, its coefficients, its holdout metrics against the baselines, and some decisions, as text.

    schema: of the ledger, where the file has several. Raises WarehouseError when the file cannot be opened or the ML
    model has no live version.
    """
    connection = opened(warehouse, schema)
    try:
        return "\n".join(_sections(connection, ml_model))
    finally:
        connection.close()


def _sections(connection: duckdb.DuckDBPyConnection, ml_model: str) -> Iterable[str]:
    live = rows_of(
        connection,
        "select v.*, d.valid_from, d.actor, d.reason"
        " from ml_deployments as d inner join ml_versions as v using (ml_model, version)"
        " where d.ml_model = ? and d.slot = 'champion' and d.valid_to is null",
        ml_model,
    )
    if not live:
        known = [row[0] for row in connection.execute("select distinct ml_model from ml_versions").fetchall()]
        raise WarehouseError(
            f"no version of ML model '{ml_model}' is live. ML models with versions: {listed(sorted(known))}."
            " Fix: correct the name, or see ml_gate_checks for why none was deployed."
        )
    version = live[0]
    yield f"\n{ml_model}: version {version['version']} ({version['algorithm']}) is live"
    yield f"  since     {version['valid_from']:%Y-%m-%d}, by {version['actor']}: {version['reason']}"
    yield f"  trained   {version['trained_at']:%Y-%m-%d}: {version['trained_because']}"
    yield (
        f"  on        {version['train_rows']:,} rows, as of {version['train_from']:%Y-%m-%d}"
        f" to {version['train_to']:%Y-%m-%d}"
    )
    yield (
        f"  held out  {version['holdout_rows']:,} rows, as of {version['holdout_from']:%Y-%m-%d}"
        f" to {version['holdout_to']:%Y-%m-%d}"
    )
    if version.get("refit_rows") is not None:  # a column that earlier ledgers do not have
        yield (
            f"  refit     on {version['refit_rows']:,} rows, up to {version['refit_to']:%Y-%m-%d}; metrics are of a"
            " twin that saw no holdout"
        )
    yield from version_as_rows(connection, ml_model, version)
    yield from _metrics(connection, ml_model, version["version"])
    yield from _decisions(connection, ml_model)


def _metrics(connection: duckdb.DuckDBPyConnection, ml_model: str, version: int) -> Iterable[str]:
    yield "\nHoldout, the same rows for all (ml_metrics; 95 % interval)"
    rows = rows_of(
        connection,
        "select scored_by, metric, value, ci_low, ci_high from ml_metrics where ml_model = ? and version = ?"
        " and dataset = 'holdout' and slice = 'all'",
        ml_model,
        version,
    )
    rows = [row for row in rows if row["metric"] in METRICS]
    cells = {
        (row["scored_by"], row["metric"]): f"{row['value']:.4f}"
        + ("" if row["ci_low"] is None else f" ({row['ci_low']:.4f} to {row['ci_high']:.4f})")
        for row in rows
    }
    scorers = sorted({row["scored_by"] for row in rows}, key=lambda name: (name != "self", name))
    shown = [metric for metric in METRICS if metric in {row["metric"] for row in rows}]
    yield from table(
        ["scored by", *(METRICS[metric] for metric in shown)],
        [
            [
                f"version {version}" if name == "self" else name.replace(":", " "),
                *(cells.get((name, metric), "") for metric in shown),
            ]
            for name in scorers
        ],
    )


def _decisions(connection: duckdb.DuckDBPyConnection, ml_model: str) -> Iterable[str]:
    yield "\nDecisions (ml_predictions_current)"
    rows = rows_of(
        connection,
        "select p.entity_id, p.as_of, p.version, p.score, p.predicted, p.decision, p.reasons, v.features"
        " from ml_predictions_current as p inner join ml_versions as v using (ml_model, version)"
        " where p.ml_model = ? order by md5(p.entity_id) limit ?",
        ml_model,
        DECISIONS_SHOWN,
    )
    named = ["predicted"] if any(row["predicted"] is not None for row in rows) else []
    yield from table(
        ["entity", "as of", "version", *named, "score", "decision", "reasons"],
        [
            [
                row["entity_id"],
                f"{row['as_of']:%Y-%m-%d}",
                str(row["version"]),
                *(row[name] or "" for name in named),
                "" if row["score"] is None else f"{row['score']:.4f}",
                row["decision"] or "",
                ", ".join(
                    _reason(reason, json.loads(row["features"])) for reason in json.loads(row["reasons"] or "[]")
                ),
            ]
            for row in rows
        ],
    )


def _reason(reason: dict[str, Any], inputs: list[str]) -> str:
    value = reason["value"]
    if reason["feature"] not in inputs:  # a rule, or a pair of features
        return f"{reason['feature']} ({reason['contribution']:+.2f})"
    value = "missing" if value is None else f"{value:g}" if isinstance(value, float) else value
    return f"{reason['feature']} {value} ({reason['contribution']:+.2f})"
