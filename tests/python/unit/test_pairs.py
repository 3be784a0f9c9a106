"""Pairs of features: trees that split on both become tables, which score as the estimator does, on every input."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from agreement import STRANGERS, Fitted, assert_agreement, features, link_score, table_of_every_kind
from agreement import fitted as fitted_family
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from test_additive_boosting import declaration, table_of_numbers

from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError, TrainingSetError
from ml_ledger.families import FAMILIES
from ml_ledger.scoring.compile import compile_scoring
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms import rejected_by_declaration
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-12
NUMBER = {"kind": "numeric"}
# Numbers come before levels, which scikit-learn numbers first.
CASES = {
    "values of their own": (
        {
            "x": NUMBER | {"missing": "own_level"},
            "level": {"kind": "categorical", "missing": "own_level", "unknown": "reference"},
            "flag": {"kind": "boolean", "missing": "own_level"},
            "amount": NUMBER,
        },
        [["x", "level"], ["level", "flag"], ["flag", "x"]],
    ),
    "filled, clipped, rejected": (
        {
            "amount": NUMBER | {"bounds": [1, 150], "out_of_bounds": "clip"},
            "x": NUMBER | {"missing": "impute", "bounds": [0, 20], "out_of_bounds": "reject"},
            "code": {"kind": "categorical"},
            "flag": {"kind": "boolean"},
        },
        [["amount", "x"], ["code", "x"], ["x", "flag"]],
    ),
    "rare levels": (
        {
            "x": NUMBER | {"missing": "reject"},
            "level": {"kind": "categorical", "missing": "impute", "min_share": 0.05, "unknown": "rare"},
            "code": {"kind": "categorical", "missing": "impute", "unknown": "reference"},
        },
        [["level", "x"], ["code", "level"]],
    ),
}


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return table_of_every_kind()


def fitted(connection, declared, pairs, **options) -> Fitted:
    small = {"trees": 30, "leaves": 6, "min_samples_leaf": 5, "pairs": pairs}
    return fitted_family(connection, declared, family="additive_boosting", **small | options)


@pytest.mark.parametrize("case", CASES)
def test_sql_rows_and_estimator_agree(connection, case):
    declared, pairs = CASES[case]
    result = fitted(connection, features(**declared), pairs, bins=16)
    for number, pair in enumerate(pairs, len(declared) + 1):
        of_pair = {row.value for row in result.fit.coefficients if row.term == number}
        assert len(of_pair) > 2, f"the trees use {pair}"
    assert result.scoring.features == list(declared)
    connection.execute(f"create table strangers as select * from ({STRANGERS}) where id % 11 = 0")
    for table in ("t", "strangers"):
        assert_agreement(result, table)


@pytest.mark.parametrize("case", CASES)
def test_references_are_mean_contributions(connection, case):
    declared, pairs = CASES[case]
    connection.execute("update t set _ml_weight = 1 + id % 3")
    result = fitted(connection, features(**declared), pairs)
    terms = result.scoring.outputs[0].terms
    assert [term.feature for term in terms] == [*declared, *(" × ".join(pair) for pair in pairs)]
    means = connection.execute(
        f"select {', '.join(f'sum(_ml_weight * {sql}) / sum(_ml_weight)' for sql in result.scoring.layers[0].values())}"
        f" from t where not ({rejected_by_declaration(features(**declared))})"
    ).fetchall()[0]
    assert [term.reference for term in terms] == pytest.approx(list(means), abs=TOLERANCE)


def exclusive_or(n: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    X = random.integers(-50, 50, (n, 3)).astype(float)
    return X, ((X[:, 0] > 0) ^ (X[:, 1] > 0)).astype(int)


def test_only_a_pair_learns_an_exclusive_or():
    X, y = exclusive_or()
    made, declared = table_of_numbers(X, y)
    made.execute("create table held_out as select * from t where id % 3 = 0")
    made.execute("delete from t where id % 3 = 0")
    held_out = y[::3]
    alone = roc_auc_score(held_out, fitted(made, declared, []).by_sql("held_out"))
    other = roc_auc_score(held_out, fitted(made, declared, [["f0", "f2"]]).by_sql("held_out"))
    paired = roc_auc_score(held_out, fitted(made, declared, [["f1", "f0"]]).by_sql("held_out"))
    assert alone < 0.65
    assert other < 0.65
    assert paired > 0.99


def test_scores_are_those_of_scikit_learn_on_raw_values_where_every_value_has_a_bin():
    X, y = exclusive_or()
    X[np.random.default_rng(5).random(X.shape) < 0.05] = np.nan
    made, declared = table_of_numbers(X, y)
    scores = np.array(fitted(made, declared, [["f0", "f1"], ["f2", "f1"]]).by_sql())
    estimator = HistGradientBoostingClassifier(
        max_iter=30,
        max_leaf_nodes=6,
        min_samples_leaf=5,
        early_stopping=False,
        interaction_cst=[{0}, {1}, {2}, {0, 1}, {1, 2}],
    )
    assert np.max(np.abs(scores - estimator.fit(X, y).predict_proba(X)[:, 1])) < TOLERANCE


def test_real_data_with_overlapping_pairs_and_edges_themselves():
    X, y = load_breast_cancer(return_X_y=True)
    made, declared = table_of_numbers(X[:, 20:26], y)
    pairs = [["f0", "f1"], ["f1", "f4"], ["f4", "f0"]]
    result = fitted(made, declared, pairs, trees=60, leaves=8, bins=24)
    made.execute("create table quarter as select * from t where id % 4 = 0")
    assert_agreement(result, "quarter")
    edges = {
        bound for row in result.fit.coefficients for bound in (row.upper, row.other_upper) if bound is not None
    }
    chosen = np.array(sorted(edges))[::5]
    beside = np.concatenate([chosen, np.nextafter(chosen, -np.inf), np.nextafter(chosen, np.inf)])
    names = ", ".join(f"x as {name}" for name in declared)
    made.execute(
        f"create table beside as select row_number() over () as id, {names} from (select unnest(?) as x)",
        [beside.tolist()],
    )
    assert_agreement(result, "beside")


def test_classes_each_have_their_tables():
    X, y = load_wine(return_X_y=True)
    X = X[:, [0, 6, 9, 12]]
    made, declared = table_of_numbers(X, y)
    family = FAMILIES["additive_boosting"]
    classes = ["a", "b", "c"]
    pairs = [["f0", "f3"], ["f3", "f1"]]
    fit = family.fit(
        training=TrainingRows(
            Relation(made.sql("select * from t"), name="training_set"),
            where="true",
            label="y",
            task="multiclass",
            classes=classes,
        ),
        features=declared,
        hyperparameters=family.complete(
            {"trees": 20, "min_samples_leaf": 5, "leaves": 8, "bins": 16, "pairs": pairs}
        ),
        seed=0,
    )
    scoring = compile_scoring(fit.coefficients, link=fit.link, dialect="duckdb")
    outputs = [f"_ml_output{number}" for number in (1, 2, 3)]
    by_sql = np.array(made.execute(scoring.select("t", outputs) + " order by id").fetchall())
    design = np.array(made.execute(f"select {', '.join(fit.design)} from t order by id").fetchall(), float)
    expected = fit.predict(design)
    assert np.max(np.abs(by_sql - expected)) < TOLERANCE
    by_class = [[row for row in fit.coefficients if row.output == name] for name in classes]
    links = np.array(
        [[link_score(rows, dict(zip(declared, x, strict=True))) for rows in by_class] for x in X[::3]]
    )
    odds = np.exp(links)
    assert np.max(np.abs(odds / odds.sum(axis=1, keepdims=True) - expected[::3])) < TOLERANCE


def test_too_many_cells_are_refused():
    random = np.random.default_rng(1)
    X = random.random((2000, 2))
    y = (random.random(2000) < 0.5 + 0.4 * np.sin(40 * X[:, 0] * X[:, 1])).astype(int)
    made, declared = table_of_numbers(X, y)
    with pytest.raises(TrainingSetError) as caught:
        fitted(made, declared, [["f0", "f1"]], trees=100, leaves=31, learning_rate=0.3)
    text = str(caught.value)
    assert "hyperparameters.pairs: f0 × f1: has more cells than a version takes; got " in text
    assert "Allowed: up to 10,000. Fix: declare fewer bins or leaves" in text


def declared_with(pairs, **more) -> dict:
    wanted = declaration(kind="numeric")
    wanted["features"] |= {
        "plan": {"kind": "categorical"},
        "age": {"kind": "numeric"},
        "since": {"kind": "date", "parts": ["year"]},
    } | more
    wanted["algorithm"] = {"family": "additive_boosting", "hyperparameters": {"pairs": pairs}}
    return wanted


PLACE = "ml_models.m.algorithm.hyperparameters.pairs"


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ("x", f"{PLACE}: has a value out of range; got 'x'. Allowed: a list of pairs of features"),
        ([["x"]], f"{PLACE}: has a value out of range; got [['x']]."),
        ([["x", 1]], f"{PLACE}: has a value out of range; got [['x', 1]]."),
        (
            [["x", "age"], ["x", "pln"]],
            f"{PLACE}[1]: is not a feature that it may use; got 'pln'. Allowed: x, plan, age, since."
            " Fix: did you mean 'plan'.",
        ),
        ([["x", "x"]], f"{PLACE}[0]: pairs a feature with itself; got 'x'. Fix: name two features."),
        (
            [["x", "age"], ["age", "x"]],
            f"{PLACE}[1]: is declared twice; got ['age', 'x']. Fix: remove one of them.",
        ),
        ([["x", "since"]], f"{PLACE}[0]: is a date, each part of which is a term of its own; got 'since'."),
    ],
)
def test_pairs_that_are_none(pairs, message):
    with pytest.raises(SpecError) as caught:
        parse_spec("m", declared_with(pairs))
    assert message in str(caught.value)
    assert "1 problem." in str(caught.value)


def test_all_problems_are_said_at_once():
    with pytest.raises(SpecError) as caught:
        parse_spec("m", declared_with([["nobody", "noone"], ["x", "x"], ["x", "age"], ["x", "age"]]))
    assert "4 problems" in str(caught.value)


def test_a_feature_with_the_name_of_a_pair():
    with pytest.raises(SpecError, match=r"pairs\[0\]: would be called as a feature is; got 'x × age'"):
        parse_spec("m", declared_with([["x", "age"]], **{"x × age": {"kind": "numeric"}}))


def test_a_baseline_pairs_the_features_that_it_has():
    wanted = declared_with([["x", "age"]])
    wanted["baselines"]["few"] = {
        "family": "additive_boosting",
        "features": ["x", "plan"],
        "hyperparameters": {"pairs": [["x", "age"]]},
    }
    with pytest.raises(
        SpecError, match=r"baselines\.few\..*pairs\[0\]: is not a feature that it may use; got 'age'"
    ):
        parse_spec("m", wanted)


def test_that_there_are_pairs_makes_no_version_due_that_has_none():
    wanted = declaration(kind="numeric")
    before = parse_spec("m", wanted).fingerprint()
    wanted["algorithm"]["hyperparameters"] = {"pairs": []}
    assert parse_spec("m", wanted).fingerprint() == before
    assert (
        parse_spec("m", declared_with([["x", "age"]])).fingerprint()
        != parse_spec("m", declared_with([])).fingerprint()
    )
