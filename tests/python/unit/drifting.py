"""Decisions of a version on rows like those that it was trained on, and what is done to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ml_ledger import measure_drift, train_if_due
from ml_ledger.scoring.compile import CompiledScoring

Columns = dict[str, Any]
NUMBERS = [f"x{j}" for j in range(8)] + [f"amount{j}" for j in range(4)] + [f"orders{j}" for j in range(2)]
LEVELS = [f"plan{j}" for j in range(4)]
FLAGS = [f"flag{j}" for j in range(2)]
MISSING = "own_level"
DECLARATION: dict[str, Any] = {
    "task": "binary",
    "entity": "id",
    "as_of": "day",
    "label": "bought",
    "features": {
        **{name: {"kind": "numeric", "missing": MISSING} for name in NUMBERS},
        **{
            name: {"kind": "categorical", "missing": MISSING, "min_share": 0.001, "unknown": "rare"}
            for name in LEVELS
        },
        **{name: {"kind": "boolean", "missing": MISSING} for name in FLAGS},
    },
    "algorithm": {"family": "logistic"},
    "baselines": {"constant": {"family": "constant"}},
    "decision": {"threshold": 0.5, "positive": "yes", "negative": "no", "fallback": "no"},
    "monitoring": {"period": "day", "drift": {}},
}


def rows(random: np.random.Generator, n: int) -> Columns:
    """20 features: normal, skewed as amounts are, counts with many zeros, categories with rare levels, booleans."""
    columns: Columns = {name: random.normal(10, 3, n) for name in NUMBERS[:8]}
    columns |= {name: np.exp(random.normal(3, 1, n)).round(2) for name in NUMBERS[8:12]}
    columns |= {name: random.poisson(0.6, n).astype(float) for name in NUMBERS[12:]}
    columns |= {
        name: random.choice(["a", "b", "c", "d", "e"], n, p=[0.5, 0.3, 0.15, 0.045, 0.005]).astype(object)
        for name in LEVELS
    }
    columns |= {name: random.random(n) < 0.3 for name in FLAGS}
    for name in ("x1", "amount1", "orders1"):
        columns[name][random.random(n) < 0.05] = np.nan
    return columns


def labels(random: np.random.Generator, columns: Columns, sign: float = 1.0) -> np.ndarray:
    """Positive in about half of the rows, whichever the sign is."""
    link = 0.4 * (columns["x0"] - 10) + 0.9 * ((columns["plan0"] == "a") - 0.5) + 0.2 * (columns["x2"] - 10)
    return (random.random(len(link)) < 1 / (1 + np.exp(-sign * link))).astype(float)


def train(connection: duckdb.DuckDBPyConnection, n: int, seed: int = 1, label: str = "BIGINT") -> pa.Table:
    """A version, of n training rows and half as many that are held out. label: the type of the label."""
    random = np.random.default_rng(seed)
    columns = rows(random, n + n // 2)
    split = np.where(np.arange(n + n // 2) < n, "train", "holdout")
    day = np.where(split == "train", np.datetime64("2024-01-01", "us"), np.datetime64("2024-02-01", "us"))
    table = pa.table(
        {
            "id": np.arange(len(split)),
            "day": day,
            **{name: pa.array(values, from_pandas=True) for name, values in columns.items()},
            "bought": labels(random, columns),
            "_ml_matured_at": day + np.timedelta64(10, "D"),
            "_ml_split": split,
            "_ml_weight": np.ones(len(split)),
            "_ml_known_at": np.full(len(split), np.datetime64("2024-03-01", "us")),
            "_ml_invocation_id": ["x"] * len(split),
            "_ml_run_by": ["ana"] * len(split),
        }
    )
    training_set = connection.from_arrow(table).select(f"* replace (cast(bought as {label}) as bought)")
    return train_if_due(ml_model="m", spec=DECLARATION, training_set=training_set, history=None)


def decide(
    connection: duckdb.DuckDBPyConnection,
    version: pa.Table,
    periods: Mapping[int, Columns],
    slot: str = "champion",
) -> pa.Table:
    """Predictions, by day: the features are stored as JSON, as the predictions node does."""
    scoring = CompiledScoring.from_json(version["scoring"].to_pylist()[0])
    parts = []
    for day, columns in periods.items():
        known = {name: pa.array(v, from_pandas=True) for name, v in columns.items() if name != "bought"}
        n = len(next(iter(known.values())))
        parts.append(pa.table({**known, "entity_id": [f"{day}-{i}" for i in range(n)], "day": np.full(n, day)}))
    table = pa.concat_tables(parts, promote_options="permissive")
    names = [*NUMBERS, *LEVELS, *FLAGS]
    packed = ", ".join(f"{name} := {name}" for name in names)
    source = f"(select *, to_json(struct_pack({packed})) as features from decided) as _ml_rows"
    selected = scoring.select(source, ["entity_id", "day", "features", "_ml_score as score"])
    connection.register("decided", table)
    found = connection.sql(
        f"select 'd' || entity_id as decision_id, entity_id, '{slot}' as slot, 1 as version,"
        " timestamp '2025-01-01' + to_days(cast(day as int)) as as_of, score, cast(null as varchar) as predicted,"
        f" cast(features as varchar) as features from ({selected})"
    ).to_arrow_table()
    connection.unregister("decided")
    return found


def outcomes_of(periods: Mapping[int, Columns]) -> pa.Table:
    """Labels of the days that have any, by decision."""
    found = [
        {"decision_id": f"d{day}-{i}", "label": float(label), "label_class": None}
        for day, columns in periods.items()
        for i, label in enumerate(columns.get("bought", ()))
    ]
    schema = pa.schema([("decision_id", pa.string()), ("label", pa.float64()), ("label_class", pa.string())])
    return pa.Table.from_pylist(found, schema=schema)


def drift(
    connection: duckdb.DuckDBPyConnection,
    version: pa.Table,
    predictions: pa.Table,
    outcomes: pa.Table,
    spec: Mapping[str, Any] = DECLARATION,
    **others: pa.Table | None,
) -> list[dict[str, Any]]:
    relations = {name: None if table is None else connection.from_arrow(table) for name, table in others.items()}
    return measure_drift(
        ml_model="m",
        spec=spec,
        predictions=connection.from_arrow(predictions),
        versions=connection.from_arrow(version),
        outcomes=connection.from_arrow(outcomes),
        **relations,
    ).to_pylist()


def drifted(found: list[dict[str, Any]], day: int) -> dict[str, dict[str, Any]]:
    """The rows of a day that have drifted, by the feature, or else the part."""
    start = np.datetime64("2025-01-01", "us") + np.timedelta64(day, "D")
    return {
        row["feature"] or f"{row['part']}{':' + row['metric'] if row['metric'] else ''}": row
        for row in found
        if row["status"] == "drifted" and np.datetime64(row["period_start"], "us") == start
    }


def without(version: pa.Table, **changes: Any) -> pa.Table:
    """The version with other columns."""
    (row,) = version.to_pylist()
    return pa.Table.from_pylist([{**row, **changes}], schema=version.schema)
