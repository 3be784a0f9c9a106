"""Training sets in memory, clean or with a planted fault, and what is found in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import signature
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ml_ledger import assess_training_set
from ml_ledger.declaration import parse_spec
from ml_ledger.declaration.quality import QualityLimits
from ml_ledger.quality.finding import Finding
from ml_ledger.quality.sample import read
from ml_ledger.warehouse import Relation

DECLARATION: dict[str, Any] = {
    "task": "binary",
    "entity": "id",
    "as_of": "month",
    "label": "bought",
    "algorithm": {"family": "logistic"},
    "baselines": {"constant": {"family": "constant"}},
    "decision": {"threshold": 0.5, "positive": "a", "negative": "b", "fallback": "b"},
    "training_quality": {},
}
OF_TASK = {
    "binary": {},
    "multiclass": {"classes": ["a", "b", "c"], "decision": None},
    "regression": {"algorithm": {"family": "linear"}, "decision": None},
    "clustering": {
        "algorithm": {"family": "kmeans", "hyperparameters": {"clusters": 3}},
        "decision": None,
        "label": None,
    },
}


def clean(seed: int, *, rows: int = 3000, task: str = "binary") -> dict[str, np.ndarray]:
    """Columns of a training set without a fault: a quarter of the rows are held out, each row is of its own"
    " entity."""
    rng = np.random.default_rng(seed)
    columns = {
        "age": rng.normal(40, 10, rows),
        "income": rng.lognormal(3, 0.7, rows),
        "visits": rng.poisson(3, rows),
        "region": rng.choice(["north", "south", "east"], rows, p=[0.5, 0.3, 0.2]),
        "gap": np.where(rng.random(rows) < 0.2, np.nan, rng.exponential(20, rows)),
    }
    signal = (columns["age"] - 40) / 10 + np.log(columns["income"]) - 3 + (columns["visits"] - 3) / 2
    signal = signal + 1.2 * (columns["region"] == "south")
    if task == "binary":
        columns["bought"] = (rng.random(rows) < 1 / (1 + np.exp(-1.5 * signal))).astype(int)
    elif task == "multiclass":
        scores = np.column_stack([1.5 * signal, -1.5 * signal, 0 * signal]) + rng.gumbel(size=(rows, 3))
        columns["bought"] = np.array(["a", "b", "c"])[scores.argmax(axis=1)]
    elif task == "regression":
        columns["bought"] = 10 + 3 * signal + rng.normal(0, 1, rows)
    return columns


def features_of(columns: dict[str, np.ndarray]) -> dict[str, dict[str, str]]:
    """Each column but the label as a feature of its kind."""
    kinds = {"U": "categorical", "O": "categorical", "b": "boolean"}
    return {
        name: {"kind": (kind := kinds.get(values.dtype.kind, "numeric"))}
        | ({"missing": "impute"} if kind == "numeric" else {"missing": "own_level"})
        for name, values in columns.items()
        if name not in ("bought", "id", "month", "_ml_split")
    }


def training_set(connection: duckdb.DuckDBPyConnection, columns: dict[str, np.ndarray]) -> Any:
    """A relation as the macro `training_set` builds it. NaN is NULL."""
    n = len(next(iter(columns.values())))
    table = pa.table(
        {
            "id": columns.get("id", np.arange(n)),
            "_ml_split": columns.get("_ml_split", np.where(np.arange(n) % 4 == 3, "holdout", "train")),
            **{
                name: pa.array(values, from_pandas=True)
                for name, values in columns.items()
                if name not in ("id", "_ml_split")
            },
        }
    )
    added = (
        "timestamp '2024-06-01' as _ml_matured_at, 1.0 as _ml_weight, timestamp '2024-06-30' as _ml_known_at,"
        " 'x' as _ml_invocation_id, 'ana' as _ml_run_by"
    )
    if "month" not in columns:
        added += ", case when _ml_split = 'train' then date '2024-01-01' else date '2024-05-01' end as month"
    connection.register("columns_of_test", table)
    connection.execute(f"create or replace table training_set as select *, {added} from columns_of_test")
    return connection.table("training_set")


def declared(columns: dict[str, np.ndarray], task: str, **changes: Any) -> dict[str, Any]:
    """A declaration that fits the columns."""
    declaration = DECLARATION | {"task": task} | OF_TASK[task] | {"features": features_of(columns)} | changes
    return {key: value for key, value in declaration.items() if value is not None}


def assess(columns: dict[str, np.ndarray], *, task: str = "binary", **changes: Any) -> list[dict[str, Any]]:
    """The findings of all checks, in order of rank."""
    with duckdb.connect() as connection:
        return assess_training_set.__wrapped__(
            ml_model="m", spec=declared(columns, task, **changes), training_set=training_set(connection, columns)
        ).to_pylist()


def findings_of(
    check: Callable[..., Iterable[Finding]],
    columns: dict[str, np.ndarray],
    *,
    task: str = "clustering",
    rows: int = 20_000,
) -> list[Finding]:
    """What one check finds, which takes the rows, maybe a sample of so many, and the limits."""
    spec = parse_spec("m", declared(columns, task))
    with duckdb.connect() as connection:
        found = read(spec, Relation(training_set(connection, columns), name="_ml_training_set"))
        sample = found.rows(found.part(found.train, rows))
        given = {"rows": found, "sample": sample, "limits": QualityLimits()}
        return list(check(**{name: given[name] for name in signature(check).parameters}))


def serious(findings: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Check and subject of what is more than information."""
    return [(row["check_name"], row["subject"]) for row in findings if row["severity"] != "info"]
