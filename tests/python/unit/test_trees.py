"""Trees as node rows: SQL, a walk over the rows, and scikit-learn give the same scores, on every input."""

from __future__ import annotations

from collections import defaultdict

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from agreement import STRANGERS, applies, features, level_of
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from test_additive_boosting import BOOSTED
from test_terms import connection as connection  # the table with every kind of column

from ml_ledger.coefficients import Coefficient, Node
from ml_ledger.declaration import NumericFeature, by_part
from ml_ledger.families import FAMILIES
from ml_ledger.families.family import Fit
from ml_ledger.families.trees.ensembles import float32_threshold
from ml_ledger.scoring.compile import CompiledScoring, compile_scoring
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms import rejected_by_declaration
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-9
SMALL = {
    "tree": {"leaves": 12, "min_samples_leaf": 5},
    "forest": {"trees": 9, "leaves": 15, "min_samples_leaf": 5},
    "boosting": {"trees": 12, "leaves": 8, "min_samples_leaf": 5},
}


def fitted(relation, declared, family: str, **training) -> tuple[Fit, CompiledScoring]:
    chosen = FAMILIES[family]
    rows = TrainingRows(
        Relation(relation, name="training_set"),
        **{"where": f"not ({rejected_by_declaration(declared)})", "label": "y"} | training,
    )
    fit = chosen.fit(
        training=rows, features=by_part(declared), hyperparameters=chosen.complete(SMALL[family]), seed=0
    )
    return fit, compile_scoring(fit.coefficients, link=fit.link, dialect="duckdb", nodes=fit.nodes)


def walked(fit: Fit, entity: dict) -> dict[str, float] | None:
    """Link score by output, by the documented meaning of coefficient and node rows; None where a policy rejects."""
    links: dict[str, float] = defaultdict(float)
    terms = defaultdict(list)
    for row in fit.coefficients:
        terms[row.output, row.term].append(row)
    for (output, _), rows in terms.items():
        matches = [row for row in rows if applies(row, rows, entity)]
        if not matches:
            return None
        (row,) = matches
        links[output] += row.value
    trees = defaultdict(dict)
    for node in fit.nodes:
        trees[node.tree][node.node] = node
    for nodes in trees.values():
        node = next(node for node in nodes.values() if node.depth == 0)
        while node.feature is not None:
            node = nodes[node.left if goes_left(node, entity[node.feature]) else node.right]
        links[node.output] += node.value
    return dict(links)


def goes_left(node: Node, x) -> bool:
    if x is None:
        assert node.missing_goes is not None
        return node.missing_goes == "left"
    if node.threshold is not None:
        return float(x) <= node.threshold
    return (level_of(x, node.transform) in node.levels) == (node.levels_go == "left")


def entities(connection, table: str) -> list[dict]:
    cursor = connection.execute(f"select * from {table} order by id")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("family", SMALL)
@pytest.mark.parametrize("case", BOOSTED)
def test_sql_rows_and_estimator_agree(connection, family, case):
    declared = features(**BOOSTED[case])
    fit, scoring = fitted(connection.sql("select * from t"), declared, family)
    connection.execute(f"create table strangers as select * from ({STRANGERS}) where id % 11 = 0")
    assert_agreement(connection, fit, scoring)
    if "levels" not in case or "rare" not in case:
        assert fit.nodes


def assert_agreement(connection, fit: Fit, scoring: CompiledScoring) -> None:
    """SQL, rows and estimator score the tables `t` and `strangers` alike, and leave the same rows unscored."""
    for table in ("t", "strangers"):
        accepted = f"select {', '.join(fit.design)} from {table} where {fit.accepts} order by id"
        expected = iter(fit.predict(np.array(connection.execute(accepted).fetchall(), dtype=float)))
        flags = connection.execute(f"select coalesce({fit.accepts}, false) from {table} order by id").fetchall()
        by_sql = connection.execute(scoring.select(table, ["_ml_score", "_ml_link"]) + " order by id").fetchall()
        for (accept,), (score, link), entity in zip(flags, by_sql, entities(connection, table), strict=True):
            links = walked(fit, entity)
            if not accept:
                assert score is None
                assert links is None
                continue
            estimator = next(expected)
            assert abs(score - estimator) < TOLERANCE
            assert abs(link - links["score"]) < TOLERANCE


def table_of(X: np.ndarray, y: np.ndarray) -> duckdb.DuckDBPyRelation:
    data = {f"f{j}": X[:, j] for j in range(X.shape[1])}
    data |= {"y": y.astype(float), "_ml_weight": np.ones(len(y)), "id": np.arange(len(y))}
    return duckdb.connect().from_arrow(pa.table(data))


DATA = {"binary": load_breast_cancer, "multiclass": load_wine, "regression": load_diabetes}


@pytest.mark.parametrize("task", DATA)
@pytest.mark.parametrize("family", [*SMALL, "additive_boosting"])
def test_real_data(family, task):
    X, y = DATA[task](return_X_y=True)
    classes = [f"class {k}" for k in range(3)] if task == "multiclass" else []
    declared = {f"f{j}": NumericFeature(kind="numeric") for j in range(X.shape[1])}
    SMALL.setdefault("additive_boosting", {"trees": 20})
    relation = table_of(X, y)
    fit, scoring = fitted(relation, declared, family, task=task, classes=classes)
    (scores,), design = Relation(relation, name="t").scores([scoring], fit.design, where="true")
    expected = fit.predict(np.column_stack(design))
    assert np.max(np.abs(scores - np.reshape(expected, scores.shape))) < TOLERANCE
    if task == "multiclass":
        assert np.allclose(scores.sum(axis=1), 1)
        predicted = relation.query("t", scoring.select("t", ["_ml_predicted", "_ml_score"])).fetchall()
        assert [name for name, _ in predicted] == [classes[k] for k in expected.argmax(axis=1)]
        assert [score for _, score in predicted] == pytest.approx(list(scores.max(axis=1)))
    # Right at the thresholds and beside them, too.
    edges = [node.threshold for node in fit.nodes if node.threshold is not None][:40]
    beside = [x for edge in edges for x in (edge, np.nextafter(edge, -np.inf), np.nextafter(edge, np.inf))]
    if beside:
        design = np.repeat(np.array(beside)[:, None], X.shape[1], axis=1)
        probe = Relation(table_of(design, np.zeros(len(design))), name="t")
        (scores,), _ = probe.scores([scoring], [], where="true")
        assert np.max(np.abs(scores - np.reshape(fit.predict(design), scores.shape))) < TOLERANCE


@pytest.mark.parametrize("family", SMALL)
def test_values_are_means_over_the_training_rows_that_pass(connection, family):
    """So the intercept is the mean link score, and changes along a path are what features add."""
    declared = features(x={"kind": "numeric", "missing": "own_level"}, amount={"kind": "numeric"})
    fit, scoring = fitted(connection.sql("select * from t"), declared, family)
    (mean,) = connection.execute(
        "select avg(_ml_link) from (" + scoring.select("t", ["_ml_link"]) + ")"
    ).fetchone()
    intercept = next(row.value for row in fit.coefficients if row.applies_to == "intercept")
    if family != "forest":  # whose trees see resampled rows
        assert mean == pytest.approx(intercept, abs=1e-9)
    assert {node.value for node in fit.nodes if node.depth == 0} == {0.0}
    assert all(row.reference == 0 for row in fit.coefficients)


def test_thresholds_of_single_precision():
    random = np.random.default_rng(5)
    for threshold in [*random.normal(size=200), *(10.0 ** random.uniform(-30, 30, 200)), 0.0, -0.0, 1.5, -2.0]:
        folded = float32_threshold(float(threshold))
        beside = np.float32(threshold)
        near = [float(beside), float(np.nextafter(beside, np.float32(np.inf))), folded, threshold]
        near += [float(np.nextafter(beside, np.float32(-np.inf)))]
        for x in [x for y in near for x in (y, np.nextafter(y, np.inf), np.nextafter(y, -np.inf))]:
            assert (x <= folded) == (float(np.float32(x)) <= threshold), (threshold, x)


def test_the_text_is_linear_in_the_number_of_trees():
    X, y = load_breast_cancer(return_X_y=True)
    declared = {f"f{j}": NumericFeature(kind="numeric") for j in range(X.shape[1])}
    family = FAMILIES["boosting"]
    sizes = {}
    for trees in (20, 80):
        rows = TrainingRows(Relation(table_of(X, y), name="t"), where="true", label="y")
        options = family.complete({"trees": trees, "leaves": 8, "min_samples_leaf": 5, "learning_rate": 0.01})
        fit = family.fit(training=rows, features=declared, hyperparameters=options, seed=0)
        scoring = compile_scoring(fit.coefficients, link=fit.link, dialect="duckdb", nodes=fit.nodes)
        sizes[trees] = sum(len(sql) for layer in scoring.layers for sql in layer.values()) / len(fit.nodes)
    assert sizes[80] < 1.1 * sizes[20]


def test_a_single_leaf_is_a_tree():
    rows = [Coefficient("score", 0, None, "intercept", value=1.0)]
    scoring = compile_scoring(rows, link="identity", dialect="duckdb", nodes=[Node("score", 1, 1, 0, 0.0)])
    assert duckdb.sql(scoring.select("(select 1 as id)", ["_ml_score"])).fetchall() == [(1.0,)]
