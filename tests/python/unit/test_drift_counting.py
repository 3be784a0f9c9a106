"""Counts of bins and levels by group, in one pass, against a loop."""

import math
from itertools import pairwise

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import DECLARATION

from ml_ledger.declaration import parse_spec
from ml_ledger.monitoring.drift.counting import Source, count
from ml_ledger.monitoring.drift.stored_reference import Column, compared_columns
from ml_ledger.warehouse import Relation

EDGES = [-1.0, 0.0, 2.5]


def test_counts_are_those_of_a_loop():
    random = np.random.default_rng(2)
    a = random.normal(size=500).round(1).tolist()
    a[:8] = [None, float("nan"), math.inf, -math.inf, -1.0, 0.0, 2.5, 9999.0]
    group = random.choice(["x", "y"], 500).tolist()
    level = [None if i % 9 == 0 else random.choice(["p", "q'", "é"]) for i in range(500)]
    text = [None if v is None else "abc" if i % 50 == 11 else str(v) for i, v in enumerate(a)]
    table = pa.table({"a": a, "g": group, "level": level, "text": text})
    number = Column("feature", "a", "numeric", rows=1, edges=EDGES, bins=[1] * 4, lowest=-1.5, highest=3.0)
    read = "try_cast(text as double)"
    sources = [
        Source(
            number, f"case when isfinite({read}) then {read} end", None, f"text is not null and {read} is null"
        ),
        Source(Column("feature", "level", "categorical"), "level", "g = 'x'"),
    ]
    relation = Relation(duckdb.connect().from_arrow(table), name="drifting")
    found = count(relation, "drifting", "g", sources, ["a * 0 + 2"])
    assert set(found) == {"x", "y"}
    for name, ((numbers, levels), means) in found.items():
        rows = [i for i in range(500) if group[i] == name]
        finite = [a[i] for i in rows if text[i] not in (None, "abc") and math.isfinite(a[i])]
        assert (numbers.rows, numbers.known) == (len(rows), len(finite))
        assert numbers.unreadable == sum(text[i] == "abc" for i in rows)
        ends = [-math.inf, *EDGES, math.inf]
        for n, (low, high) in enumerate(pairwise(ends)):
            assert numbers.bins[n] == sum(low <= value < high for value in finite)
        assert numbers.below == sum(value < -1.5 for value in finite)
        assert numbers.above == sum(value > 3.0 for value in finite)
        assert (numbers.lowest, numbers.highest) == (min(finite), max(finite))
        assert numbers.mean == pytest.approx(np.mean(finite), rel=1e-12)
        assert numbers.standard_deviation == pytest.approx(np.std(finite), rel=1e-12)
        assert numbers.defaults[0.0] == finite.count(0.0)
        assert numbers.defaults[9999.0] == finite.count(9999.0)
        counted = [level[i] for i in rows if level[i] is not None]
        assert levels.rows == (len(rows) if name == "x" else 0)
        assert levels.levels == {text: counted.count(text) for text in set(counted)}
        assert len(means) == 1


def test_a_column_without_any_value_has_counts_of_0():
    table = pa.table({"a": pa.array([None, None], pa.float64()), "level": pa.array([None, None], pa.string())})
    number = Column("feature", "a", "numeric", rows=1, edges=EDGES, bins=[1] * 4, lowest=-1.5, highest=3.0)
    sources = [Source(number, "a"), Source(Column("feature", "level", "categorical"), "level")]
    relation = Relation(duckdb.connect().from_arrow(table), name="drifting")
    ((numbers, levels), _) = count(relation, "drifting", "1", sources)[1]
    assert (numbers.rows, numbers.known, numbers.bins, numbers.mean) == (2, 0, [0] * 4, None)
    assert (levels.rows, levels.known, levels.levels) == (2, 0, {})


def test_a_version_without_statistics_has_columns_without_rows():
    for stored in (None, "", "[]"):
        columns = compared_columns(parse_spec("m", DECLARATION), stored)
        assert [(c.part, c.feature, c.rows) for c in columns] == [
            ("feature", "a", None),
            ("feature", "b", None),
            ("score", None, None),
            ("label", None, None),
        ]
