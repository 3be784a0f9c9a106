"""What a version keeps of its training rows, against NumPy and a loop."""

import json
from collections import Counter

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import DECLARATION, customers

from ml_ledger import train_if_due
from ml_ledger.declaration import parse_spec
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.training import reference
from ml_ledger.training.reference import reference_statistics
from ml_ledger.warehouse import Relation


def with_faults() -> pa.Table:
    """Customers with NULL, NaN, infinity and zeros among `a`, and a country."""
    table = customers()
    a = table["a"].to_pylist()
    a[:6] = [None, float("nan"), float("inf"), 0.0, -0.0, -999.0]
    country = [None if i % 50 == 0 else ("GB" if i % 3 else "o'FR") for i in range(len(a))]
    return table.set_column(table.column_names.index("a"), "a", pa.array(a)).append_column("country", [country])


def statistics(table: pa.Table, **features) -> list[dict]:
    """Of a table, scored by the version that was trained on it without its faults."""
    connection = duckdb.connect()
    clean, faulty = customers(), table
    spec = DECLARATION | {"features": DECLARATION["features"] | features}
    version = train_if_due(
        ml_model="m", spec=DECLARATION, training_set=connection.from_arrow(clean), history=None
    ).to_pylist()[0]
    scoring = CompiledScoring.from_json(version["scoring"], None)
    rows = Relation(connection.from_arrow(faulty), name="rows")
    return reference_statistics(parse_spec("m", spec), rows, scoring)


def numbers(found: list[dict], part: str, feature: str | None = None) -> dict[str, float]:
    return {
        row["statistic"]: row["value"]
        for row in found
        if row["part"] == part and row.get("feature") == feature and "lower" not in row and "level" not in row
        and row["statistic"] != "bin"
    }  # fmt: skip


def test_numbers_of_a_feature_are_those_of_numpy():
    table = with_faults()
    found = statistics(table, country={"kind": "categorical"})
    train = np.array([split == "train" for split in table["_ml_split"].to_pylist()])
    a = np.array([np.nan if v is None else v for v in table["a"].to_pylist()])[train]
    finite = a[np.isfinite(a)]
    of_a = numbers(found, "feature", "a")
    assert of_a.pop("mean") == pytest.approx(finite.mean(), rel=1e-12)
    assert of_a.pop("standard_deviation") == pytest.approx(finite.std(), rel=1e-12)
    assert of_a.pop("cluster_size") == 4.0, "each customer has four months"
    assert of_a.pop("design_effect") >= 1.0
    assert of_a == {
        "rows": len(a),
        "missing": 2,
        "infinite": 1,
        "minimum": finite.min(),
        "maximum": finite.max(),
    }
    defaults = {row["lower"]: row["value"] for row in found if row["statistic"] == "default_value"}
    assert defaults == {0.0: 2, -999.0: 1}
    bins = [row for row in found if row.get("feature") == "a" and row["statistic"] == "bin"]
    assert len(bins) == reference.BINS
    for row in bins:
        low, high = row.get("lower", -np.inf), row.get("upper", np.inf)
        assert row["value"] == sum(low <= value < high for value in finite)
    assert max(row["value"] for row in bins) < 1.1 * min(row["value"] for row in bins)


def test_levels_are_counted_and_the_rare_ones_together(monkeypatch):
    monkeypatch.setattr(reference, "LEVELS", 1)
    table = with_faults()
    found = [row for row in statistics(table, country={"kind": "categorical"}) if row.get("feature") == "country"]
    counts = Counter(
        country
        for country, split in zip(table["country"].to_pylist(), table["_ml_split"].to_pylist(), strict=True)
        if split == "train"
    )
    clustered = ("cluster_size", "design_effect")
    assert {
        (row["statistic"], row.get("level")): row["value"] for row in found if row["statistic"] not in clustered
    } == {
        ("rows", None): counts.total(),
        ("missing", None): counts[None],
        ("level", "GB"): counts["GB"],
        ("other_levels", None): counts["o'FR"],
    }


def test_a_version_keeps_the_statistics_of_its_label_and_scores():
    version = train_if_due(
        ml_model="m", spec=DECLARATION, training_set=duckdb.from_arrow(customers()), history=None
    ).to_pylist()[0]
    found = json.loads(version["reference"])
    levels = {
        row["level"]: row["value"] for row in found if row["part"] == "label" and row["statistic"] == "level"
    }
    assert sum(levels.values()) == version["train_rows"]
    scores = numbers(found, "score")
    metrics = {
        metric["metric"]: metric["value"]
        for metric in json.loads(version["metrics"])
        if (metric["dataset"], metric["slice"], metric["scored_by"]) == ("train", "all", "self")
    }
    assert scores["mean"] == pytest.approx(metrics["mean_score"], rel=1e-12)
    assert scores["missing"] == 0


def test_a_column_without_a_value_and_one_with_a_single_value():
    table = customers()
    empty = pa.array([None] * len(table), pa.float64())
    table = table.set_column(table.column_names.index("a"), "a", empty)
    table = table.set_column(table.column_names.index("b"), "b", pa.array([1.5] * len(table)))
    found = statistics(table)
    of_a = numbers(found, "feature", "a")
    assert of_a["rows"] == of_a["missing"]
    assert "mean" not in of_a
    bins = [row for row in found if row.get("feature") == "b" and row["statistic"] == "bin"]
    assert [(row.get("lower"), row.get("upper"), row["value"]) for row in bins] == [
        (None, 1.5, 0),
        (1.5, None, of_a["rows"]),
    ]
