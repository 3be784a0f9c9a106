"""What is learned of weighted rows: a weight of 2 is the same row given twice, and a row of weight 0 is none."""

from __future__ import annotations

import json
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from agreement import features
from customers import customers, trained

from ml_ledger.declaration import by_part
from ml_ledger.families import FAMILIES
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms import rejected_by_declaration
from ml_ledger.terms.codes import learn_codes
from ml_ledger.terms.quantiles import distinct_quantiles
from ml_ledger.warehouse import Relation

LINE = {"family": "logistic"}
SHAPES = {
    "bins": ({"kind": "numeric", "bins": 4}, LINE),
    "knots": ({"kind": "numeric", "knots": 3}, LINE),
    "filled": ({"kind": "numeric", "missing": "impute", "transform": "log1p"}, LINE),
    "scorecard": ({"kind": "numeric", "missing": "own_level"}, {"family": "scorecard"}),
    "scorecard of bins": ({"kind": "numeric", "bins": 7, "missing": "impute"}, {"family": "scorecard"}),
}


def odd_customers() -> pa.Table:
    """With a skewed number that has gaps, and levels; `counts` is 1, 2 or 3."""
    table = customers()
    n = table.num_rows
    random = np.random.default_rng(1)
    amount = np.round(random.exponential(30, n), 1)
    amount[random.random(n) < 0.1] = np.nan
    level = random.choice(["plain", "rare", "rarer"], n, p=[0.8, 0.12, 0.08])
    columns = {"amount": pa.array(amount, from_pandas=True), "level": pa.array(level)}
    for name, values in columns.items():
        table = table.append_column(name, values)
    return table


def learned(table: pa.Table, feature: dict, algorithm: dict, **training) -> list[dict]:
    """Coefficient rows without what the number of rows changes."""
    level = {"kind": "categorical", "min_share": 0.1, "missing": "impute", "unknown": "rare"}
    row = trained(
        table, features={"amount": feature, "level": level}, algorithm=algorithm, training=training or None
    )
    return json.loads(row["coefficients"])


def repeated(table: pa.Table) -> pa.Table:
    """Each row as often as its weight says, under entities of their own."""
    counts = np.array(table["counts"]).astype(int)
    taken = np.repeat(np.arange(table.num_rows), counts)
    copy = np.concatenate([np.arange(count) for count in counts])
    again = table.take(pa.array(taken))
    entity = np.array(again["id"]) + 1000 * copy
    return again.set_column(again.column_names.index("id"), "id", pa.array(entity))


def garbage(table: pa.Table) -> pa.Table:
    """The table with as many rows of weight 0 as it has: other numbers, levels and labels."""
    at = table.column_names.index
    wrong = table.set_column(at("id"), "id", pa.array(np.array(table["id"]) + 5000))
    wrong = wrong.set_column(at("amount"), "amount", pa.array(np.full(table.num_rows, 99_999.0)))
    wrong = wrong.set_column(at("level"), "level", pa.array(["garbage"] * table.num_rows))
    wrong = wrong.set_column(at("counts"), "counts", pa.array(np.zeros(table.num_rows)))
    wrong = wrong.set_column(at("bought"), "bought", pa.array(np.arange(table.num_rows) % 2))
    train = np.array(table["_ml_split"]) == "train"
    return pa.concat_tables([table, wrong.filter(pa.array(train))])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_weight_of_two_is_the_row_given_twice(shape):
    feature, algorithm = SHAPES[shape]
    table = odd_customers()
    weighted = learned(table, feature, algorithm, sample_weight="counts")
    assert alike(weighted, learned(repeated(table), feature, algorithm))
    assert not alike(weighted, learned(table, feature, algorithm))


@pytest.mark.parametrize("shape", [*SHAPES, "additive_boosting", "boosting", "forest"])
def test_rows_of_weight_0_are_no_training_rows(shape):
    feature, algorithm = SHAPES.get(shape, ({"kind": "numeric", "missing": "impute"}, {"family": shape}))
    if shape not in SHAPES:
        algorithm = algorithm | {"hyperparameters": {"trees": 10}}
    table = odd_customers()
    training = {"sample_weight": "counts"}
    level = {"kind": "categorical", "missing": "impute", "unknown": "reference"}
    declared = {"features": {"amount": feature, "level": level}, "algorithm": algorithm, "training": training}
    with_garbage, without = trained(garbage(table), **declared), trained(table, **declared)
    for part in ("coefficients", "nodes", "reference", "scoring"):
        assert with_garbage[part] == without[part], part


def alike(ones: list[dict], others: list[dict]) -> bool:
    """Whether two versions have the same edges and levels to the last bit, and the same effects but for rounding."""
    if len(ones) != len(others):
        return False
    exact = ("output", "term", "feature", "applies_to", "level", "lower", "upper", "transform")
    near = ("value", "slope", "reference")
    return all(
        all(one[key] == other[key] for key in exact)
        and all(one[key] == pytest.approx(other[key], abs=1e-8) for key in near)
        for one, other in zip(ones, others, strict=True)
    )


def relation(x: np.ndarray, weight: np.ndarray) -> Relation:
    table = pa.table(
        {"x": pa.array(x, from_pandas=True), "_ml_weight": weight, "id": np.arange(len(x)), "y": x * 0}
    )
    return Relation(duckdb.connect().from_arrow(table), name="rows")


@pytest.mark.parametrize("seed", range(6))
def test_weighted_quantiles_are_those_of_repeated_rows(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 60))
    x = np.round(random.normal(size=n), 1)
    x[random.random(n) < 0.2] = np.nan
    weight = random.integers(0, 4, n).astype(float)
    shares = [step / k for k in (2, 3, 7, 10, 20) for step in range(1, k)]
    wanted = {"x": ("x", shares)}
    by_weight = distinct_quantiles(wanted, relation(x, weight), "_ml_weight > 0")
    again = np.repeat(x, weight.astype(int))
    assert by_weight == distinct_quantiles(wanted, relation(again, np.ones(len(again))), "true")
    # Weights that are no whole numbers, by their sums in numpy.
    weight = random.choice([0.1, 0.2, 0.7], n)
    known = ~np.isnan(x)
    if known.any():
        values = np.unique(x[known])
        upto = np.array([weight[known & (x <= value)].sum() for value in values])
        expected = {float(values[np.argmax(upto >= share * upto[-1] * (1 - 1e-9))]) for share in shares}
        found = distinct_quantiles(wanted, relation(x, weight), "true")["x"]
        assert len(expected) == 1 or set(found) == expected


@pytest.mark.parametrize("bins", [3, 12, 255])
def test_edges_of_additive_boosting_are_those_of_repeated_rows(bins):
    random = np.random.default_rng(bins)
    x = np.round(random.exponential(30, 900), 1)
    weight = random.integers(1, 4, 900)
    edges = []
    for relation_ in (relation(x, weight * 1.0), relation(np.repeat(x, weight), np.ones(weight.sum()))):
        rows = TrainingRows(relation_, where="true", label="y", key=("id",))
        edges.append(learn_codes(features(x={"kind": "numeric"}), rows, bins=bins)["x"].edges)
    assert edges[0] == edges[1]
    assert len(edges[0]) > 1


def test_clusters_are_those_of_repeated_rows():
    random = np.random.default_rng(5)
    x = np.concatenate([random.normal(centre, 0.3, 60) for centre in (0, 5, 20)])
    weight = random.integers(1, 4, 180)
    declared = features(x={"kind": "numeric", "missing": "impute"})
    family = FAMILIES["kmeans"]
    found = []
    for relation_ in (relation(x, weight * 1.0), relation(np.repeat(x, weight), np.ones(weight.sum()))):
        rows = TrainingRows(
            relation_,
            where=f"not ({rejected_by_declaration(declared)})",
            label="cast(null as double)",
            key=("id",),
            task="clustering",
        )
        fit = family.fit(
            training=rows, features=by_part(declared), hyperparameters=family.complete({"clusters": 3}), seed=0
        )
        found.append([replace(row, reference=round(row.reference, 8)) for row in fit.coefficients])
    for one, other in zip(*found, strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-8)
        assert one.slope == (None if other.slope is None else pytest.approx(other.slope, abs=1e-8))
