"""`ml-ledger show`: the live version of an ML model, read from the warehouse."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from ml_ledger.errors import WarehouseError, listed

DECISIONS_SHOWN = 5
UNITS = {"logit": "log-odds", "log": "logarithm of the label's units", "identity": "units of the label"}
METRICS = {
    "roc_auc": "AUC",
    "log_loss": "log loss",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "mean_squared_distance": "mean squared distance",
    "silhouette": "silhouette",
}


def show(ml_model: str, warehouse: Path) -> str:
    """The live version, its coefficients, its holdout metrics against the baselines, and some decisions, as text.

    Raises WarehouseError when the file cannot be opened or the ML model has no live version.
    """
    connection = _open(warehouse)
    try:
        return "\n".join(_sections(connection, ml_model))
    finally:
        connection.close()


def _open(warehouse: Path) -> duckdb.DuckDBPyConnection:
    if not warehouse.exists():
        raise WarehouseError(f"{warehouse}: does not exist. Fix: run `make build`, or name it with --warehouse.")
    try:
        connection = duckdb.connect(str(warehouse), read_only=True)
    except duckdb.Error as error:
        raise WarehouseError(f"{warehouse}: cannot be opened: {error}") from None
    schemas = connection.execute(
        "select table_schema from information_schema.tables where table_name = 'ml_deployments'"
    ).fetchall()
    if not schemas:
        connection.close()
        raise WarehouseError(f"{warehouse}: holds no ledger. Fix: run `dbt build` first.")
    connection.execute(f'use "{schemas[0][0]}"')
    return connection


def _sections(connection: duckdb.DuckDBPyConnection, ml_model: str) -> Iterable[str]:
    live = _rows(
        connection,
        "select d.version, v.algorithm, v.link, v.diagnostics, v.trained_because, v.trained_at, v.train_from,"
        " v.train_to, v.train_rows, v.holdout_from, v.holdout_to, v.holdout_rows, d.valid_from, d.actor, d.reason"
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
    if version["link"] == "distance":
        yield from _clusters(connection, ml_model, version)
    else:
        yield from _coefficients(connection, ml_model, version["version"], version["link"])
    yield from _metrics(connection, ml_model, version["version"])
    yield from _decisions(connection, ml_model)


def _coefficients(connection: duckdb.DuckDBPyConnection, ml_model: str, version: int, link: str) -> Iterable[str]:
    yield f"\nCoefficients (ml_coefficients; {UNITS[link]})"
    rows = _rows(
        connection,
        "select coalesce(feature || case when applies_to <> 'value' and transform is not null then '.' || transform"
        " else '' end, '(intercept)') as feature, applies_to, level, lower_bound, upper_bound, slope, value,"
        " points"
        " from ml_coefficients where ml_model = ? and version = ?"
        " order by term, applies_to desc, lower_bound nulls first",
        ml_model,
        version,
    )
    digits = {"slope": 6, "value": 6, "points": 1}
    if all(row["points"] is None for row in rows):
        del digits["points"]
    yield from _table(
        ["feature", "applies to", *digits],
        [[row["feature"], _case(row), *(_number(row[name], n) for name, n in digits.items())] for row in rows],
    )


def _clusters(connection: duckdb.DuckDBPyConnection, ml_model: str, version: dict[str, Any]) -> Iterable[str]:
    """Sizes and centres, a column per cluster: of numbers in raw units, of categories the most frequent level."""
    yield "\nClusters (ml_coefficients; the centre of each, or its most frequent level)"
    rows = _rows(
        connection,
        "select cast(output as integer) as cluster, term, feature, applies_to, level, slope, value, transform"
        " from ml_coefficients where ml_model = ? and version = ? and applies_to <> 'unknown' order by all",
        ml_model,
        version["version"],
    )
    clusters = sorted({row["cluster"] for row in rows})
    sizes = json.loads(version["diagnostics"])
    lines = [["(rows)", *(f"{sizes[f'size.{k}']:,.0f}" if f"size.{k}" in sizes else "" for k in clusters)]]
    for feature in dict.fromkeys(row["feature"] for row in rows if row["feature"] is not None):
        of_feature = [row for row in rows if row["feature"] == feature]
        lines.append([feature, *(_centre([row for row in of_feature if row["cluster"] == k]) for k in clusters)])
    yield from _table(["feature", *map(str, clusters)], lines)


def _centre(rows: Sequence[dict[str, Any]]) -> str:
    """Where a cluster's contribution of a feature is smallest."""
    lines = [row for row in rows if row["slope"] is not None]
    if not lines:  # a share s of the rows is worth a constant minus 2s
        nearest = min(rows, key=lambda row: row["value"])
        return str(nearest["level"] if nearest["applies_to"] == "level" else "missing")
    (line,) = lines
    if line["slope"] == 0:
        return "constant"
    x = -line["value"] / line["slope"]
    return f"{math.expm1(x) if line['transform'] == 'squared_log1p' else x:.4g}"


def _case(row: dict[str, Any]) -> str:
    """When a coefficient row applies, in words."""
    if row["applies_to"] == "level":
        return f"= {row['level']}"
    if row["applies_to"] != "value" or (row["lower_bound"], row["upper_bound"]) == (None, None):
        return row["applies_to"]
    lower = "" if row["lower_bound"] is None else f"{row['lower_bound']:g} <= "
    upper = "" if row["upper_bound"] is None else f" < {row['upper_bound']:g}"
    return f"{lower}value{upper}"


def _metrics(connection: duckdb.DuckDBPyConnection, ml_model: str, version: int) -> Iterable[str]:
    yield "\nHoldout, the same rows for all (ml_metrics; 95 % interval)"
    rows = _rows(
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
    yield from _table(
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
    rows = _rows(
        connection,
        "select entity_id, as_of, version, score, predicted, decision, reasons from ml_predictions_current"
        " where ml_model = ? order by md5(entity_id) limit ?",
        ml_model,
        DECISIONS_SHOWN,
    )
    named = ["predicted"] if any(row["predicted"] is not None for row in rows) else []
    yield from _table(
        ["entity", "as of", "version", *named, "score", "decision", "reasons"],
        [
            [
                row["entity_id"],
                f"{row['as_of']:%Y-%m-%d}",
                str(row["version"]),
                *(row[name] or "" for name in named),
                "" if row["score"] is None else f"{row['score']:.4f}",
                row["decision"] or "",
                ", ".join(_reason(reason) for reason in json.loads(row["reasons"] or "[]")),
            ]
            for row in rows
        ],
    )


def _reason(reason: dict[str, Any]) -> str:
    value = reason["value"]
    value = "missing" if value is None else f"{value:g}" if isinstance(value, float) else value
    return f"{reason['feature']} {value} ({reason['contribution']:+.2f})"


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, *parameters: object) -> list[dict[str, Any]]:
    result = connection.execute(sql, list(parameters))
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:+.{digits}f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
