"""400 entities with three numbers from hashes: three quarters to train on, as of January, the others held out."""

from __future__ import annotations

import json
from typing import Any

import duckdb

from ml_ledger import train_if_due

# A label that two of the numbers explain.
Y = "cast(lab < 1 / (1 + exp(3 - 4 * h1 - 2 * h2)) as integer)"
NUMBER = {"kind": "numeric"}
ROWS = """
    select
        e as id,
        case when e % 4 = 3 then date '2024-05-01' else date '2024-01-01' end as month,
        case when e % 4 = 3 then 'holdout' else 'train' end as _ml_split,
        hash('a', e) % 100000 / 100000.0 as h1,
        hash('b', e) % 100000 / 100000.0 as h2,
        hash('c', e) % 100000 / 100000.0 as h3,
        hash('l', e) % 100000 / 100000.0 as lab
    from range(1, 401) as entities (e)
"""
DECLARATION: dict[str, Any] = {
    "task": "binary",
    "entity": "id",
    "as_of": "month",
    "label": "y",
    "algorithm": {"family": "logistic"},
    "baselines": {"constant": {"family": "constant"}},
    "decision": {"threshold": 0.5, "positive": "act", "negative": "wait", "fallback": "wait"},
}


def trained(columns: dict[str, str], **changes: Any) -> dict[str, Any]:
    """The first version of these columns, by name and SQL. Every column that is not the label is a numeric feature."""
    selected = ", ".join(f'{sql} as "{name}"' for name, sql in columns.items())
    training_set = duckdb.connect(config={"threads": 1}).sql(
        f"select id, month, {selected}, _ml_split, 1e0 as _ml_weight, month + interval 30 day as _ml_matured_at,"
        " timestamp '2024-12-01' as _ml_known_at, 'x' as _ml_invocation_id, 'ana' as _ml_run_by"
        f" from ({ROWS}) order by id"
    )
    features = {name: NUMBER for name in columns if name != "y"}
    spec = {
        key: value for key, value in (DECLARATION | {"features": features} | changes).items() if value is not None
    }
    (row,) = train_if_due(ml_model="m", spec=spec, training_set=training_set, history=None).to_pylist()
    return row


def metric(row: dict[str, Any], name: str, scored_by: str = "self") -> float:
    """A metric of the holdout."""
    wanted = {"dataset": "holdout", "slice": "all", "scored_by": scored_by, "metric": name}
    (value,) = (m["value"] for m in json.loads(row["metrics"]) if wanted.items() <= m.items())
    return value
