"""Families that fetch rows keep within the declared memory, or refuse."""

from __future__ import annotations

import json

import duckdb
import pytest
from customers import customers, trained

from ml_ledger.errors import TrainingSetError
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.warehouse import Relation

DOUBLES, CODES = 7812, 8928  # rows of 128 and of 112 bytes in 1 MB
TREE = {"family": "tree", "hyperparameters": {"min_samples_leaf": 5}}
TABLE = customers(
    months=40, each=1000
)  # 38,000 rows to train on: 2 features, label and weight take 4.9 MB in 4 copies


@pytest.mark.parametrize(("fetched", "fitting"), [("fetch", DOUBLES), ("fetch_codes", CODES)])
def test_as_many_rows_as_fit_are_fetched_and_one_more_is_refused(fetched, fitting):
    """Of two columns, a label and a weight."""
    table = duckdb.sql(f"select range as id, 0 as y, 1.0 as _ml_weight from range({fitting + 1})")
    for rows in (fitting - 1, fitting, fitting + 1):
        training = TrainingRows(Relation(table, name="t"), where=f"id < {rows}", label="y", memory_mb=1)
        fetch = getattr(training, fetched)
        if rows <= fitting:
            assert len(fetch(["1", "2"])[1]) == rows
        else:
            with pytest.raises(TrainingSetError, match=f"got {rows:,} rows"):
                fetch(["1", "2"])


def test_a_set_that_is_too_large_is_refused_with_the_rows_that_would_fit():
    with pytest.raises(TrainingSetError) as caught:
        trained(TABLE, algorithm=TREE, training={"memory_mb": 1})
    assert "got 38,000 rows of 4 columns for 1 MB" in str(caught.value)
    assert f"Allowed: up to {DOUBLES:,} rows" in str(caught.value)
    assert trained(TABLE, algorithm=TREE, training={"memory_mb": 5})["train_rows"] == 38_000


def test_bins_take_less_room_than_doubles():
    boosted = {"family": "additive_boosting", "hyperparameters": {"trees": 2}}
    with pytest.raises(TrainingSetError, match=f"Allowed: up to {CODES:,} rows"):
        trained(TABLE, algorithm=boosted, training={"memory_mb": 1})
    row = trained(TABLE, algorithm=boosted, training={"memory_mb": 1, "too_large": "sample"})
    assert 0.9 * CODES < json.loads(row["diagnostics"])["rows"] <= CODES


def test_or_sampled_and_the_version_says_so():
    row = trained(TABLE, algorithm=TREE, training={"memory_mb": 1, "too_large": "sample"})
    rows = json.loads(row["diagnostics"])["rows"]
    assert 7000 < rows <= DOUBLES
    again = trained(TABLE, algorithm=TREE, training={"memory_mb": 1, "too_large": "sample"})
    assert (row["nodes"], rows) == (again["nodes"], json.loads(again["diagnostics"])["rows"])


def test_families_inside_the_warehouse_do_not_mind():
    assert trained(TABLE, training={"memory_mb": 6})["train_rows"] == 38_000
