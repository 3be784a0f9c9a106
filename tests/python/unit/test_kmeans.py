"""k-means as coefficient rows: SQL, a loop over the rows and scikit-learn give the same distances, on every input."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from agreement import STRANGERS, applies, features, table_of_every_kind
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ml_ledger.coefficients import Coefficient
from ml_ledger.errors import TrainingSetError
from ml_ledger.families import FAMILIES
from ml_ledger.families.clusters import kmeans
from ml_ledger.families.family import Fit
from ml_ledger.scoring.compile import CompiledScoring, compile_scoring
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms import rejected_by_declaration
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-12
# scikit-learn expands the square, which costs digits.
ORACLE_TOLERANCE = 1e-9


def fitted(relation, declared, family: str = "kmeans", **options) -> tuple[Fit, CompiledScoring]:
    chosen = FAMILIES[family]
    rows = TrainingRows(
        Relation(relation, name="training_set"),
        where=f"not ({rejected_by_declaration(declared)})",
        label="cast(null as double)",
        key=options.pop("key", ()),
        task="clustering",
    )
    fit = chosen.fit(training=rows, features=declared, hyperparameters=chosen.complete(options), seed=0)
    return fit, compile_scoring(fit.coefficients, link=fit.link, dialect="duckdb")


def entities(relation) -> list[dict]:
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def contributions(rows: list[Coefficient], entity: dict) -> dict[tuple[str, int], float]:
    """By output and term, by the documented meaning of coefficient rows; a term without a matching row is not there."""
    terms = defaultdict(list)
    for row in rows:
        terms[row.output, row.term].append(row)
    found = {}
    for name, of_term in terms.items():
        matches = [row for row in of_term if applies(row, of_term, entity)]
        assert len(matches) <= 1, matches
        for row in matches:
            if row.slope is None:
                found[name] = row.value
            else:
                x = float(entity[row.feature])
                x = math.log1p(x) if row.transform == "squared_log1p" else x
                assert row.transform in ("squared", "squared_log1p")
                line = row.value + row.slope * x
                found[name] = line * line
    return found


def walked(fit: Fit, entity: dict) -> list[float] | None:
    """The distance from each cluster; None where the row cannot be scored."""
    found = contributions(fit.coefficients, entity)
    if len(found) < len({(row.output, row.term) for row in fit.coefficients}):
        return None
    squares: dict[str, float] = defaultdict(float)
    for (output, _), contribution in found.items():
        squares[output] += contribution
    if not all(map(math.isfinite, squares.values())):
        return None
    return [math.sqrt(square) for square in squares.values()]


def scored(scoring: CompiledScoring, relation) -> list[tuple]:
    """Per row the score, what is predicted and the link score, then the distances."""
    outputs = [f"_ml_output{o}" for o in range(1, len(scoring.outputs) + 1)]
    return relation.query(
        "t", scoring.select("t", ["_ml_score", "_ml_predicted", "_ml_link", *outputs])
    ).fetchall()


def table(**columns) -> duckdb.DuckDBPyRelation:
    n = len(next(iter(columns.values())))
    data = {name: pa.array(values, from_pandas=True) for name, values in columns.items()}
    data = {"id": pa.array(np.arange(n)), "_ml_weight": pa.array(np.ones(n))} | data
    return duckdb.connect().from_arrow(pa.table(data))


@pytest.mark.parametrize("load", [load_wine, load_breast_cancer])
def test_real_data(load):
    X, _ = load(return_X_y=True)
    relation = table(**{f"f{j}": column for j, column in enumerate(X.T)})
    declared = features(**{f"f{j}": {"kind": "numeric"} for j in range(X.shape[1])})
    fit, scoring = fitted(relation, declared, clusters=5)
    Z = StandardScaler().fit_transform(X)
    oracle = KMeans(5, n_init=10, random_state=0).fit(Z)
    sizes = np.bincount(oracle.labels_)
    by_size = np.argsort(-sizes, kind="stable")
    got = scored(scoring, relation)
    distances = np.array([row[3:] for row in got])
    assert np.max(np.abs(distances - oracle.transform(Z)[:, by_size])) < ORACLE_TOLERANCE
    assert [row[1] for row in got] == [str(1 + list(by_size).index(label)) for label in oracle.labels_]
    assert [row[0] for row in got] == list(distances.min(axis=1))
    assert [row[2] for row in got] == pytest.approx(list(distances.min(axis=1) ** 2), abs=TOLERANCE)
    assert [fit.diagnostics[f"size.{k}"] for k in range(1, 6)] == sorted(sizes, reverse=True)
    assert fit.diagnostics["mean_squared_distance"] == pytest.approx(oracle.inertia_ / len(X))


CASES = {
    "number": {"x": {"kind": "numeric"}},
    "imputed": {"x": {"kind": "numeric", "missing": "impute"}},
    "clipped": {"x": {"kind": "numeric", "missing": "impute", "bounds": [5, 15.5], "out_of_bounds": "clip"}},
    "clipped on one side": {"x": {"kind": "numeric", "bounds": [None, 12], "out_of_bounds": "clip"}},
    "rejected out of bounds": {"x": {"kind": "numeric", "missing": "impute", "bounds": [5, 15.5]}},
    "log1p": {"amount": {"kind": "numeric", "transform": "log1p"}},
    "log1p, clipped": {
        "amount": {"kind": "numeric", "transform": "log1p", "bounds": [1, 200], "out_of_bounds": "clip"}
    },
    "levels, own level": {"level": {"kind": "categorical", "missing": "own_level"}},
    "levels, imputed, unknown as reference": {
        "level": {"kind": "categorical", "missing": "impute", "unknown": "reference"}
    },
    "levels, rare": {
        "level": {"kind": "categorical", "missing": "own_level", "min_share": 0.06, "unknown": "rare"}
    },
    "levels, rare, unknown rejected": {"level": {"kind": "categorical", "missing": "impute", "min_share": 0.06}},
    "levels, declared": {"level": {"kind": "categorical", "levels": ["o'clock", "plain"], "unknown": "reference"}},
    "whole numbers as levels": {"code": {"kind": "categorical"}},
    "boolean": {"flag": {"kind": "boolean"}},
    "all together": {
        "x": {"kind": "numeric", "missing": "impute", "bounds": [5, None], "out_of_bounds": "clip"},
        "amount": {"kind": "numeric", "transform": "log1p"},
        "level": {"kind": "categorical", "missing": "own_level", "min_share": 0.06, "unknown": "rare"},
        "flag": {"kind": "boolean"},
        "code": {"kind": "categorical", "unknown": "reference"},
    },
}


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = table_of_every_kind()
    made.execute(f"create table strangers as select * from ({STRANGERS}) where id % 11 = 0 order by id")
    return made


@pytest.mark.parametrize("case", CASES)
def test_sql_rows_and_estimator_agree(connection, case):
    declared = features(**CASES[case])
    fit, scoring = fitted(connection.sql("select * from t"), declared, clusters=2)
    for name in ("t", "strangers"):
        relation = connection.sql(f"select * from {name} order by id")
        accepted = [
            flag for (flag,) in relation.query("t", f"select coalesce({fit.accepts}, false) from t").fetchall()
        ]
        design = relation.query("t", f"select {', '.join(fit.design)} from t where {fit.accepts}").fetchall()
        expected = iter(fit.predict(np.array(design, dtype=float)))
        assert any(accepted)
        for accept, row, entity in zip(accepted, scored(scoring, relation), entities(relation), strict=True):
            if not accept:
                assert set(row) == {None}
                assert walked(fit, entity) is None
                continue
            distances = next(expected)
            assert row[3:] == pytest.approx(list(distances), rel=TOLERANCE, abs=TOLERANCE)
            assert walked(fit, entity) == pytest.approx(list(distances), rel=TOLERANCE, abs=TOLERANCE)
            assert row[0] == min(row[3:])
            assert row[1] == str(1 + row[3:].index(row[0]))


@pytest.mark.parametrize("case", CASES)
def test_references_are_mean_contributions_over_all_rows(connection, case):
    declared = features(**CASES[case])
    fit, _ = fitted(connection.sql("select * from t"), declared, clusters=2)
    relation = connection.sql(f"select * from t where not ({rejected_by_declaration(declared)})")
    each = [contributions(fit.coefficients, entity) for entity in entities(relation)]
    for row in fit.coefficients:
        if row.term:
            mean = np.mean([found[row.output, row.term] for found in each])
            assert row.reference == pytest.approx(mean, abs=TOLERANCE)


def test_columns_are_those_of_scikit_learn(connection):
    """Numbers by StandardScaler, categories and booleans by OneHotEncoder."""
    declared = features(
        x={"kind": "numeric", "missing": "impute"},
        level={"kind": "categorical", "missing": "own_level"},
        flag={"kind": "boolean"},
    )
    relation = connection.sql("select * from t order by id")
    _, scoring = fitted(relation, declared, clusters=4)
    rows = entities(relation)
    x = np.array([math.nan if row["x"] is None else row["x"] for row in rows])
    x[np.isnan(x)] = np.nanmean(x)
    levels = [[str(row["level"]), row["flag"]] for row in rows]
    Z = np.column_stack(
        [StandardScaler().fit_transform(x[:, None]), OneHotEncoder(sparse_output=False).fit_transform(levels)]
    )
    oracle = KMeans(4, n_init=10, random_state=0).fit(Z)
    by_size = np.argsort(-np.bincount(oracle.labels_), kind="stable")
    got = np.array([row[3:] for row in scored(scoring, relation)])
    assert np.max(np.abs(got - oracle.transform(Z)[:, by_size])) < ORACLE_TOLERANCE


def test_zeros_are_alike_and_what_is_no_number_is_rejected():
    declared = features(x={"kind": "numeric", "missing": "impute"})
    _, scoring = fitted(table(x=[-2.0, -1.0, 1.0, 3.0]), declared, clusters=2)
    relation = duckdb.sql("select unnest(['nan', 'inf', '-inf', '1e200', '0.0', '-0.0', null]::double[]) as x")
    *rejected, zero, minus_zero, missing = scored(scoring, relation)
    assert all(set(row) == {None} for row in rejected)
    assert zero == minus_zero
    assert None not in missing


def test_of_clusters_that_are_equally_near_the_first_is_predicted():
    declared = features(x={"kind": "numeric"})
    fit, scoring = fitted(table(x=[-1.0, 1.0, -1.0, 1.0]), declared, clusters=2)
    (score, predicted, _, *distances) = scored(scoring, duckdb.sql("select 0e0 as x"))[0]
    assert (distances, score, predicted) == ([1.0, 1.0], 1.0, "1")
    # Clusters of the same size are named by where they are.
    assert [row.value for row in fit.coefficients if row.term] == [1.0, -1.0]
    assert list(fit.predict(np.array([[-1.0]]))[0]) == [0.0, 2.0]


def test_one_cluster_is_the_constant(connection):
    declared = features(**CASES["all together"])
    relation = connection.sql("select * from t order by id")
    (one, scoring), (constant, _) = fitted(relation, declared, clusters=1), fitted(relation, declared, "constant")
    for row, other in zip(one.coefficients, constant.coefficients, strict=True):
        assert row.value == pytest.approx(other.value, abs=1e-10)
        assert row.reference == pytest.approx(other.reference, abs=1e-10)
        assert replace(row, value=None, reference=0) == replace(other, value=None, reference=0)
    assert {row[1] for row in scored(scoring, relation)} <= {"1", None}
    where = np.random.default_rng(1).normal(size=(5, len(one.design)))
    assert (one.design, one.accepts) == (constant.design, constant.accepts)
    assert one.predict(where) == pytest.approx(constant.predict(where), abs=1e-10)


def blobs(each: int = 300, seed: int = 4) -> tuple[dict, np.ndarray]:
    """Three clusters of different sizes, far apart, in no order."""
    random = np.random.default_rng(seed)
    sizes, centres = (3 * each, 2 * each, each), np.array([[0, 0], [8, 0], [0, 9]])
    X = np.vstack([random.normal(centre, 1, (size, 2)) for size, centre in zip(sizes, centres, strict=True)])
    X = X[random.permutation(len(X))]
    return {"a": X[:, 0], "b": X[:, 1]}, centres


NUMBERS = {"a": {"kind": "numeric"}, "b": {"kind": "numeric"}}


def centroids(fit: Fit) -> np.ndarray:
    """Where the squares are zero, in raw units: clusters × features."""
    found = [-row.value / row.slope for row in fit.coefficients if row.slope is not None]
    return np.reshape(found, (-1, 2))


@pytest.mark.parametrize("batch", [None, 100])
@pytest.mark.parametrize("restarts_on_all", [True, False])
def test_samples_and_batches_find_the_same_clusters(monkeypatch, batch, restarts_on_all):
    columns, centres = blobs()
    if not restarts_on_all:
        monkeypatch.setattr(kmeans, "ROWS_OF_RESTARTS", 200)
    fit, _ = fitted(table(**columns), features(**NUMBERS), clusters=3, batch=batch)
    assert np.max(np.abs(centroids(fit) - centres)) < 0.3
    if batch is None:  # the mean of the rows that are nearest
        X = np.column_stack([columns["a"], columns["b"]])
        nearest = np.argmin(fit.predict((X - X.mean(axis=0)) / X.std(axis=0)), axis=1)
        means = np.array([X[nearest == k].mean(axis=0) for k in range(3)])
        assert np.max(np.abs(centroids(fit) - means)) < 1e-2


def test_the_fit_does_not_depend_on_the_order_of_rows(connection):
    declared = features(**CASES["all together"])
    one, _ = fitted(connection.sql("select * from t order by id"), declared, clusters=6, restarts=1, key=("id",))
    other, _ = fitted(
        connection.sql("select * from t order by hash(id + 7)"), declared, clusters=6, restarts=1, key=("id",)
    )
    for row, same in zip(one.coefficients, other.coefficients, strict=True):
        assert row.value == pytest.approx(same.value, abs=1e-9)


def test_weights_count_like_copies():
    columns, _ = blobs(each=60)
    weight = np.random.default_rng(3).integers(1, 4, 360)
    weighted, _ = fitted(table(_ml_weight=weight.astype(float), **columns), features(**NUMBERS), clusters=3)
    copies = {name: np.repeat(values, weight) for name, values in columns.items()}
    copied, _ = fitted(table(**copies), features(**NUMBERS), clusters=3)
    assert centroids(weighted) == pytest.approx(centroids(copied), abs=1e-9)
    assert weighted.diagnostics["size.1"] == copied.diagnostics["size.1"]


@pytest.mark.parametrize("same", [0.1, 1e-300, 7e15])
def test_a_constant_column_moves_nothing(same):
    columns, _ = blobs(each=60)
    declared = features(**NUMBERS, same={"kind": "numeric"})
    relation = table(same=np.full(360, same), **columns)
    fit, scoring = fitted(relation, declared, clusters=3)
    _, without = fitted(relation, features(**NUMBERS), clusters=3)
    assert {(row.slope, row.value, row.reference) for row in fit.coefficients if row.feature == "same"} == {
        (0, 0, 0)
    }
    for row, other in zip(scored(scoring, relation), scored(without, relation), strict=True):
        assert row[3:] == pytest.approx(other[3:], abs=TOLERANCE)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([1.0, 2.0], "fewer rows to train on than clusters; got 2 for 3 clusters. Fix: declare fewer clusters"),
        ([1.0, 2.0, 1.0, 2.0], "fewer clusters that a row is nearest to than clusters; got 2 for 3 clusters"),
    ],
)
def test_more_clusters_than_rows(x, message):
    with pytest.raises(TrainingSetError, match="clusters: the training set has") as caught:
        fitted(table(x=x), features(x={"kind": "numeric"}), clusters=3)
    assert message in str(caught.value)
