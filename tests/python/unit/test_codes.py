"""Codes of features against loops in NumPy."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from agreement import features

from ml_ledger.solvers.training_rows import NO_CODE, TrainingRows
from ml_ledger.terms import codes
from ml_ledger.terms.codes import learn_codes
from ml_ledger.warehouse import Relation


def training_rows(values: list) -> TrainingRows:
    connection = duckdb.connect()
    connection.execute(
        "create table t as select unnest(range(len($x))) as id, unnest($x::double[]) as x, 1e0 as _ml_weight, 0 as y",
        {"x": [None if x is None else float(x) for x in values]},
    )
    return TrainingRows(Relation(connection.sql("from t"), name="rows"), where="true", label="y", key=("id",))


def learned(values: list, *, bins: int, **feature) -> tuple[list[float], list[int]]:
    """Edges, and the code of each value."""
    training = training_rows(values)
    coded = learn_codes(features(x={"kind": "numeric"} | feature), training, bins=bins)["x"]
    (fetched,), _, _ = training.fetch_codes([coded.code("duckdb")], in_order=True)
    assert fetched.dtype == np.uint8
    return list(coded.edges), fetched.tolist()


def test_few_values_have_a_bin_each():
    edges, found = learned([3, 1, 1, None, 10], bins=3, missing="own_level")
    assert edges == [2.0, 6.5]
    assert found == [1, 0, 0, NO_CODE, 2]


def test_as_many_values_as_bins_have_one_each_however_few_rows_they_have():
    values = [1] * 10 + [3, 10]
    assert learned(values, bins=3)[0] == [2.0, 6.5]
    assert learned(values, bins=4)[0] == [2.0, 6.5]
    assert learned(values, bins=2)[0] == [2.0]


@pytest.mark.parametrize("bins", [2, 7, 255])
def test_many_values_have_bins_of_about_the_same_size(bins):
    values = np.random.default_rng(2).exponential(size=2000)
    edges, found = learned(values.tolist(), bins=bins)
    ordered = np.sort(values)
    # Value number i is the last of its bin where i + 1 values hold one more bin's share than i do.
    last = [i for i in range(len(ordered) - 1) if (i + 1) * bins // 2000 > i * bins // 2000]
    assert edges == pytest.approx([(ordered[i] + ordered[i + 1]) / 2 for i in last])
    assert len(edges) == bins - 1
    assert found == np.searchsorted(edges, values, side="right").tolist()


def test_a_value_that_fills_several_bins_has_one():
    edges, _ = learned([0] * 90 + list(range(1, 11)), bins=5)
    assert edges == [0.5]


def test_neighbouring_doubles_are_told_apart():
    below, above = 1.0, np.nextafter(1.0, 2)
    assert learned([below, above, -1e308, 1e308], bins=4)[1] == [1, 2, 0, 3]


def test_a_null_counts_as_the_mean_where_it_is_filled():
    assert learned([0, 0, 4, None, 100], bins=9, missing="impute")[1] == [0, 0, 1, 2, 3]


def test_edges_of_many_rows_are_learned_from_a_part(monkeypatch):
    monkeypatch.setattr(codes, "ROWS_FOR_EDGES", 4000)
    values = np.random.default_rng(3).normal(size=20_000)
    edges, _ = learned(values.tolist(), bins=10)
    assert len(edges) == 9
    assert edges == pytest.approx(np.quantile(values, np.arange(1, 10) / 10), abs=0.1)
    assert learned(values.tolist(), bins=10)[0] == edges
