"""No column of a user is taken for one of ours, whatever it is called.

Aliases are collected from the queries that training and monitoring send, by parsing them: each has the reserved prefix;
and features that are called like them without it give the same version, performance and drift as under other names.
functional/test_names.py does so with the aliases of macros.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import sqlglot
from customers import DECLARATION, customers
from four_hundred import Y, metric
from four_hundred import trained as trained_on_400
from sqlglot import exp

from ml_ledger import measure_drift, measure_performance, train_if_due
from ml_ledger.declaration import MLModelSpec
from ml_ledger.monitoring.performance import PERFORMANCE_SCHEMA
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.training_set import folds

# So many features at a time.
BATCH = 85
# Expressions that differ for every run, and what the recorder itself may see.
TABLE = re.compile(r"_ml_[0-9a-f]{32}")
# Columns of predictions, whose features are JSON and no columns.
OURS_IN_RECORDS = {"decision_id", "label", "label_class"}


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every query that is sent from now on."""
    texts: list[str] = []
    query = duckdb.DuckDBPyRelation.query

    def recording(self: Any, name: str, sql: str) -> Any:
        texts.append(sql)
        return query(self, name, sql)

    monkeypatch.setattr(duckdb.DuckDBPyRelation, "query", recording)
    return texts


def aliases_of(sql: str) -> Iterator[str]:
    """Names that a query gives to columns, subqueries, expressions and windows."""
    for node in sqlglot.parse_one(sql, read="duckdb").walk():
        if isinstance(node, exp.Alias):
            yield node.alias
        elif isinstance(node, exp.TableAlias) and node.name:
            yield node.name
            yield from (column.name for column in node.columns)


def with_features(names: list[str]) -> tuple[pa.Table, dict[str, Any]]:
    """Customers with so many features, of which the first two say something, and the declaration that reads them."""
    table = customers(months=5, each=150)
    random = np.random.default_rng(9)
    columns = {name: random.normal(size=len(table)) for name in names}
    columns[names[0]], columns[names[1]] = table["a"].to_numpy(), table["b"].to_numpy()
    table = table.drop_columns(["a", "b", "counts"])
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    spec = DECLARATION | {
        "features": {name: {"kind": "numeric"} for name in names},
        "calibration": "platt",
        "evaluation": {"cluster": "id"},
        "slices": {"high": {"where": f'"{names[0]}" > 0'}},
        "value": {"unit": "euros", "true_positive": 3, "false_positive": -1},
        "decision": {"threshold": "best_value", "positive": "yes", "negative": "no", "fallback": "no"},
        "monitoring": {"period": "month", "drift": {"minimum_rows": 50}},
        "candidates": {
            "one": {"family": "logistic"},
            "other": {"family": "logistic", "hyperparameters": {"C": 0.01}},
        },
    }
    del spec["algorithm"]
    return table, spec


def everything(names: list[str]) -> dict[str, Any]:
    """A version of features with these names, and what performance and drift say of its decisions; without names."""
    connection = duckdb.connect(config={"threads": 1})
    table, spec = with_features(names)
    version = train_if_due(ml_model="m", spec=spec, training_set=connection.from_arrow(table), history=None)
    (row,) = version.to_pylist()
    scoring = CompiledScoring.from_json(row["scoring"])
    connection.register("decided", table)
    source = scoring.select("(select *, 1 as _ml_row from decided) as _ml_rows", ["*"])
    features = ", ".join(f"'{name}', \"{name}\"" for name in names)
    predictions = connection.sql(
        f"select id || '-' || month as decision_id, cast(id as varchar) as entity_id, 'champion' as slot, 1 as version,"
        f" cast(month as timestamp) as as_of, _ml_score as score, cast(null as varchar) as predicted, bought,"
        f" cast(json_object({features}) as varchar) as features from ({source})"
    ).to_arrow_table()
    outcomes = predictions.select(["decision_id", "bought"]).rename_columns(["decision_id", "label"])
    outcomes = outcomes.set_column(1, "label", outcomes["label"].cast(pa.float64()))
    outcomes = outcomes.append_column("label_class", pa.nulls(len(outcomes), pa.string()))
    relations = {
        "predictions": connection.from_arrow(predictions.drop_columns(["bought"])),
        "outcomes": connection.from_arrow(outcomes),
        "versions": connection.from_arrow(version),
    }
    performance = measure_performance(ml_model="m", spec=spec, **relations).select(
        [name for name in PERFORMANCE_SCHEMA.names if name != "fingerprint"]
    )
    drift = measure_drift(ml_model="m", spec=spec, features=connection.from_arrow(table), **relations)
    found = {
        "threshold": row["threshold"],
        "coefficients": json.loads(row["coefficients"]),
        "metrics": json.loads(row["metrics"]),
        "diagnostics": json.loads(row["diagnostics"]),
        "reference": json.loads(row["reference"]),
        "scores": predictions["score"].to_pylist(),
        "performance": performance.to_pylist(),
        "drift": drift.drop_columns(["fingerprint", "cause"]).to_pylist(),
    }
    return neutral(found, {name: f"feature {number}" for number, name in enumerate(names)})


def neutral(found: Any, numbers: dict[str, str]) -> Any:
    """The same with the names of features replaced, where they stand by themselves."""
    if isinstance(found, dict):
        of_features = {"feature": numbers, "slice": {f"feature {name}": text for name, text in numbers.items()}}
        return {
            key: of_features[key].get(value, value) if key in of_features else neutral(value, numbers)
            for key, value in found.items()
        }
    if isinstance(found, list):
        return [neutral(item, numbers) for item in found]
    return found


@pytest.fixture(scope="module")
def aliases() -> set[str]:
    """Every alias of a run with neutral names, without what differs from run to run."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        texts = recorded(monkeypatch)
        everything([f"x{number}" for number in range(4)])
    return {TABLE.sub("_ml_table", alias) for sql in texts for alias in aliases_of(sql)}


def test_every_alias_is_ours(aliases):
    features = {f"x{number}" for number in range(4)}
    others = {alias for alias in aliases if not alias.startswith("_ml_")} - features - OURS_IN_RECORDS
    assert not others - {"id", "month"}, "aliases without the reserved prefix"
    assert len(aliases) > 100


def test_features_may_be_called_like_every_alias_without_its_prefix(aliases):
    plain = {re.sub(r"\d+", "1", alias.removeprefix("_ml_")) for alias in aliases}
    names = sorted(name for name in plain if not name.startswith("_ml_") and name not in ("id", "month", "bought"))
    assert {"label", "score", "weight", "link"} < set(names)
    expected = everything([f"x{number}" for number in range(BATCH)])
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        batch += [f"more_{number}" for number in range(BATCH - len(batch))]
        found = everything(batch)
        for part, value in expected.items():
            assert found[part] == value, (part, batch)


# --- Names that once hid a column of ours: figures are those of the same columns under plain names --------------------


def slope(row: dict[str, Any]) -> float:
    (line,) = (c for c in json.loads(row["coefficients"]) if c["output"] == "calibration")
    return line["slope"]


def same_parts(spec: MLModelSpec, parts: int, _: int) -> list[folds.Fold]:
    """Parts of the entities by the hash of DuckDB, for figures that are older than those by MD5."""
    part = f"hash(cast({spec.entity} as varchar)) % {parts}"
    train = "_ml_split = 'train' and"
    return [folds.Fold(f"{k}", f"{train} {part} <> {k}", f"{train} {part} = {k}", 1 / parts) for k in range(parts)]


def test_a_feature_called_label_is_not_the_label_of_a_regression():
    line = {"task": "regression", "algorithm": {"family": "linear"}, "decision": None}
    row = trained_on_400({"label": "h1", "h2": "h2", "y": "100 + 3 * h1 + lab"}, **line)
    assert metric(row, "rmse") == pytest.approx(0.2743, abs=5e-5)
    assert metric(row, "mean_score") == pytest.approx(102, abs=0.2)


def test_a_feature_called_label_is_not_the_label_of_two_classes():
    row = trained_on_400({"label": "cast(h1 > 0.5 as integer)", "h2": "h2", "y": Y})
    assert metric(row, "roc_auc") == pytest.approx(0.6986, abs=5e-5)


def test_a_feature_called_link_is_not_what_is_calibrated(monkeypatch):
    monkeypatch.setattr(folds, "_entity_folds", same_parts)
    named, plain = (
        trained_on_400({name: "h1", "h2": "h2", "y": Y}, calibration="platt") for name in ("link", "plain")
    )
    assert slope(named) == slope(plain)
    # 1.0173 for targets of 0 and 1; Platt's lie a little inside.
    assert slope(named) == pytest.approx(0.9970, abs=5e-5)


def test_a_feature_called_score_is_not_what_the_threshold_is_chosen_from(monkeypatch):
    monkeypatch.setattr(folds, "_entity_folds", same_parts)
    choosing = {
        "value": {"unit": "euros", "true_positive": 4, "false_positive": -1},
        "decision": {"threshold": "best_value", "positive": "act", "negative": "wait", "fallback": "wait"},
    }
    row = trained_on_400({"score": "h1", "h2": "h2", "y": Y}, **choosing)
    assert row["threshold"] == pytest.approx(0.1825, abs=5e-5)
