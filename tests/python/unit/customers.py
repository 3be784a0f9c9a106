"""A training set of several as-of dates with a known relation to the label, as the macro would build it."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ml_ledger import train_if_due
from ml_ledger.declaration import MLModelSpec, parse_spec
from ml_ledger.warehouse import Relation

DECLARATION: dict[str, Any] = {
    "task": "binary",
    "entity": "id",
    "as_of": "month",
    "label": "bought",
    "features": {"a": {"kind": "numeric"}, "b": {"kind": "numeric"}},
    "algorithm": {"family": "logistic"},
    "baselines": {"constant": {"family": "constant"}},
    "decision": {"threshold": 0.5, "positive": "yes", "negative": "no", "fallback": "no"},
}


def customers(months: int = 6, each: int = 250, seed: int = 3) -> pa.Table:
    """One row per customer and month; the label depends on a × b, which no straight line sees, and a little on a.

    Labels mature after two months; the last month is held out, those that would look into it are embargoed.
    """
    random = np.random.default_rng(seed)
    n = months * each
    month = np.repeat(np.arange(months), each)
    a, b = random.normal(size=(2, n))
    p = 1 / (1 + np.exp(-(1.8 * a * b + 0.4 * a - 0.5)))
    first = np.datetime64("2024-01-01")
    dates = np.array([first.astype("M8[M]") + int(m) for m in month]).astype("M8[D]").astype("M8[us]")
    matured = np.array([first.astype("M8[M]") + int(m) + 2 for m in month]).astype("M8[D]").astype("M8[us]")
    split = np.where(month == months - 1, "holdout", np.where(month >= months - 2, "embargo", "train"))
    return pa.table(
        {
            "id": np.tile(np.arange(each), months),
            "month": dates,
            "a": a,
            "b": b,
            "counts": random.integers(1, 4, n).astype(float),
            "bought": (random.random(n) < p).astype(int),
            "_ml_matured_at": matured,
            "_ml_split": split,
            "_ml_weight": np.ones(n),
            "_ml_known_at": np.full(n, np.datetime64("2024-12-01", "us")),
            "_ml_invocation_id": ["x"] * n,
            "_ml_run_by": ["ana"] * n,
        }
    )


def relation(table: pa.Table) -> Relation:
    return Relation(duckdb.connect().from_arrow(table), name="training_set")


def declared(**changes: Any) -> MLModelSpec:
    keys = DECLARATION | changes
    return parse_spec("m", {key: value for key, value in keys.items() if value is not None})


def trained(table: pa.Table | None = None, **changes: Any) -> dict[str, Any]:
    """The version row that a first training appends."""
    keys = DECLARATION | changes
    (row,) = train_if_due(
        ml_model="m",
        spec={key: value for key, value in keys.items() if value is not None},
        training_set=duckdb.connect().from_arrow(customers() if table is None else table),
        history=None,
    ).to_pylist()
    return row


def metrics_of(row: dict[str, Any], **wanted: str) -> list[dict[str, Any]]:
    return [m for m in json.loads(row["metrics"]) if all(m[key] == value for key, value in wanted.items())]
