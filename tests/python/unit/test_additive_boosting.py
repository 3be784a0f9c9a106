"""Ensembles collapsed into step functions give scikit-learn's own predictions, on every input."""

from __future__ import annotations

from itertools import pairwise

import duckdb
import numpy as np
import pytest
from agreement import STRANGERS, Fitted, N, assert_agreement, features, table_of_every_kind
from agreement import fitted as fitted_family
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss
from test_terms import CASES

from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError, TrainingSetError
from ml_ledger.scoring.compile import compile_scoring
from ml_ledger.terms import rejected_by_declaration

TOLERANCE = 1e-12
SHAPED = ("transform", "knots", "bins")
BOOSTED = {
    name: {feature: {k: v for k, v in keys.items() if k not in SHAPED} for feature, keys in declared.items()}
    for name, declared in CASES.items()
    if name not in ("many bins", "knots", "bins", "log1p", "knots on the log scale", "bins, declared")
}


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return table_of_every_kind()


def fitted(connection, declared, **options) -> Fitted:
    small = {"trees": 30, "leaves": 6, "min_samples_leaf": 5}
    return fitted_family(connection, declared, family="additive_boosting", **small | options)


@pytest.mark.parametrize("case", BOOSTED)
@pytest.mark.parametrize("table", ["t", "strangers"])
def test_sql_rows_and_estimator_agree(connection, case, table):
    result = fitted(connection, features(**BOOSTED[case]))
    connection.execute(f"create table strangers as select * from ({STRANGERS}) where id % 11 = 0")
    assert_agreement(result, table)


@pytest.mark.parametrize("case", BOOSTED)
def test_references_are_mean_contributions(connection, case):
    declared = features(**BOOSTED[case])
    result = fitted(connection, declared)
    usable = f"not ({rejected_by_declaration(declared)})"
    terms = result.scoring.outputs[0].terms
    average = ", ".join(f"avg({contribution})" for contribution in result.scoring.layers[0].values())
    means = connection.execute(f"select {average} from t where {usable}").fetchall()[0]
    assert [term.reference for term in terms] == pytest.approx(list(means), abs=1e-12)


def test_amounts(connection):
    result = fitted(
        connection, features(x={"kind": "numeric", "missing": "own_level"}), task="regression", label="amount"
    )
    design = np.array(
        connection.execute(f"select {', '.join(result.fit.design)} from t order by id").fetchall(), float
    )
    links = connection.execute(result.scoring.select("t", ["_ml_link"]) + " order by id").fetchall()
    assert np.max(np.abs(np.ravel(links) - result.fit.predict(design))) < 1e-9


def table_of_numbers(X, y) -> tuple[duckdb.DuckDBPyConnection, dict]:
    """A table t of numbers f0, f1, ..., NaN as NULL, and their declaration."""
    made = duckdb.connect()
    names = [f"f{j}" for j in range(X.shape[1])]
    made.execute(
        f"create table t (id int, y double, _ml_weight double, {', '.join(f'{name} double' for name in names)})"
    )
    made.executemany(
        f"insert into t values ({', '.join('?' * (3 + len(names)))})",
        [[i, float(y[i]), 1.0, *(None if np.isnan(x) else float(x) for x in X[i])] for i in range(len(X))],
    )
    missing = np.isnan(X).any(axis=0)
    kinds = [{"kind": "numeric"} | ({"missing": "own_level"} if some else {}) for some in missing]
    return made, features(**dict(zip(names, kinds, strict=True)))


def test_real_data_and_edges_themselves():
    """Inputs that lie exactly on an edge, and right beside it."""
    made, declared = table_of_numbers(*load_breast_cancer(return_X_y=True))
    result = fitted(made, declared, trees=100, leaves=31)
    design = np.array(made.execute(f"select {', '.join(result.fit.design)} from t order by id").fetchall())
    assert np.max(np.abs(np.array(result.by_sql()) - result.fit.predict(design))) < TOLERANCE
    edges = np.array([row.upper for row in result.fit.coefficients if row.upper is not None][:20])
    beside = np.concatenate([edges, np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf)])
    made.execute(
        f"create table beside as select unnest(range({len(beside)})) as id, unnest(?) as x", [beside.tolist()]
    )
    made.execute(
        f"create table strangers as select id, {', '.join(f'x as {name}' for name in declared)} from beside"
    )
    assert_agreement(result, "strangers")


def test_scores_are_those_of_scikit_learn_on_raw_values_where_every_value_has_a_bin():
    random = np.random.default_rng(5)
    X = np.column_stack(
        [random.integers(0, 200, 2000) / 7, random.normal(size=2000).round(1), random.poisson(3, 2000)]
    )
    y = random.random(2000) < 1 / (1 + np.exp(-(np.sin(X[:, 0]) + X[:, 1] - X[:, 2] / 3)))
    X[random.random(X.shape) < 0.05] = np.nan
    made, declared = table_of_numbers(X, y)
    scores = np.array(fitted(made, declared).by_sql())
    estimator = HistGradientBoostingClassifier(
        max_iter=30, max_leaf_nodes=6, min_samples_leaf=5, early_stopping=False, interaction_cst="no_interactions"
    )
    assert np.max(np.abs(scores - estimator.fit(X, y).predict_proba(X)[:, 1])) < TOLERANCE


def test_quantiles_cost_no_quality():
    """569 rows and more than 500 values per feature, in 32 bins, against scikit-learn's own bins."""
    X, y = load_breast_cancer(return_X_y=True)
    held_out = np.arange(len(y)) % 3 == 0
    made, declared = table_of_numbers(X, y)
    made.execute("create table held_out as select * from t where id % 3 = 0")
    made.execute("delete from t where id % 3 = 0")
    scores = np.array(fitted(made, declared, bins=32, leaves=31).by_sql("held_out"))
    estimator = HistGradientBoostingClassifier(
        max_iter=30, min_samples_leaf=5, max_bins=32, early_stopping=False, interaction_cst="no_interactions"
    )
    expected = estimator.fit(X[~held_out], y[~held_out]).predict_proba(X[held_out])[:, 1]
    assert log_loss(y[held_out], scores) < log_loss(y[held_out], expected) + 0.01


def test_a_level_that_never_occurs_is_scored_as_the_estimator_scores_it(connection):
    levels = [
        level for (level,) in connection.execute("select distinct level from t where level is not null").fetchall()
    ]
    for family in ("additive_boosting", "boosting"):
        declared = features(
            level={"kind": "categorical", "levels": ["absent", *sorted(levels)], "missing": "own_level"}
        )
        result = fitted_family(connection, declared, family=family, trees=30, leaves=6, min_samples_leaf=5)
        connection.execute(
            "create or replace table strangers as from t union all by name (select 9999 as id, 'absent' as level)"
        )
        design = np.array(
            connection.execute(f"select {', '.join(result.fit.design)} from strangers order by id").fetchall(),
            float,
        )
        compiled = compile_scoring(result.fit.coefficients, link="logit", dialect="duckdb", nodes=result.fit.nodes)
        scores = np.ravel(
            connection.execute(compiled.select("strangers", ["_ml_score"]) + " order by id").fetchall()
        )
        assert np.max(np.abs(scores - result.fit.predict(design))) < TOLERANCE


def test_more_levels_than_bins_are_refused(connection):
    with pytest.raises(TrainingSetError, match=r"features\.level: has more levels .*; got 9\. Allowed: up to 4"):
        fitted(connection, features(level={"kind": "categorical", "missing": "own_level"}), bins=4)


def test_the_text_does_not_grow_with_the_number_of_trees(connection):
    declared = features(
        x={"kind": "numeric", "missing": "own_level"}, level={"kind": "categorical", "missing": "own_level"}
    )
    sizes = {n: len(fitted(connection, declared, trees=n, bins=16).scoring.to_json()) for n in (100, 400)}
    assert sizes[400] < 1.1 * sizes[100]


def test_monotone_effects(connection):
    for direction, sign in (("increasing", 1), ("decreasing", -1)):
        declared = features(x={"kind": "numeric", "missing": "own_level", "monotone": direction})
        rows = [row for row in fitted(connection, declared).fit.coefficients if row.applies_to == "value"]
        values = [row.value for row in sorted(rows, key=lambda row: -np.inf if row.lower is None else row.lower)]
        assert len(values) > (1 if direction == "increasing" else 0)
        assert all(sign * (b - a) >= 0 for a, b in pairwise(values))


def test_the_seed_and_the_rows_give_the_coefficients(connection):
    declared = features(x={"kind": "numeric", "missing": "own_level"}, amount={"kind": "numeric"})
    assert fitted(connection, declared).fit.coefficients == fitted(connection, declared).fit.coefficients
    assert connection.execute("select count(*) from t").fetchall() == [(N,)]


def declaration(**feature) -> dict:
    return {
        "task": "binary",
        "entity": "id",
        "as_of": "day",
        "label": "y",
        "features": {"x": feature},
        "algorithm": {"family": "additive_boosting"},
        "baselines": {"constant": {"family": "constant"}},
        "decision": {"threshold": 0.5, "positive": "a", "negative": "b", "fallback": "c"},
    }


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        (
            {"kind": "numeric", "knots": 3},
            "features.x.knots: is not followed by family 'additive_boosting'; got 3.",
        ),
        ({"kind": "numeric", "bins": 3}, "Allowed: monotone, transform for this family."),
        ({"kind": "categorical", "monotone": "increasing"}, "features.x.monotone: unknown key; got 'increasing'."),
        ({"kind": "numeric", "monotone": "up"}, "Allowed: 'increasing' or 'decreasing'"),
    ],
)
def test_shapes_that_it_does_not_take(feature, message):
    with pytest.raises(SpecError) as caught:
        parse_spec("m", declaration(**feature))
    assert message in str(caught.value)


def test_a_monotone_effect_asks_for_a_family_that_follows_it():
    wanted = declaration(kind="numeric", monotone="increasing") | {"algorithm": {"family": "logistic"}}
    with pytest.raises(SpecError, match=r"x\.monotone: is not followed by family 'logistic'"):
        parse_spec("m", wanted)
