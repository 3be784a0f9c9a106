"""Terms against oracles that share no code with them: pipelines of scikit-learn, and loops over rows.

Every case is fitted in DuckDB, compiled to SQL, and replayed from its coefficient rows by a naive interpreter.
"""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pytest
from agreement import STRANGERS, applies, assert_agreement, features, fitted, table_of_every_kind
from sklearn.linear_model import LogisticRegression

from ml_ledger.coefficients import Coefficient
from ml_ledger.scoring.compile import compile_scoring
from ml_ledger.scoring.term_sql import LADDER_WIDTH
from ml_ledger.terms import rejected_by_declaration


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return table_of_every_kind()


CASES = {
    "slope, imputed": {"x": {"kind": "numeric", "missing": "impute"}},
    "slope, own level": {"x": {"kind": "numeric", "missing": "own_level"}},
    "slope, rejected": {"x": {"kind": "numeric"}},
    "clipped": {"x": {"kind": "numeric", "missing": "impute", "bounds": [5, 15.5], "out_of_bounds": "clip"}},
    "clipped on one side": {
        "x": {"kind": "numeric", "missing": "own_level", "bounds": [None, 12], "out_of_bounds": "clip"}
    },
    "rejected out of bounds": {"x": {"kind": "numeric", "missing": "impute", "bounds": [5, 15.5]}},
    "log1p": {"amount": {"kind": "numeric", "transform": "log1p"}},
    "log1p, clipped": {
        "amount": {"kind": "numeric", "transform": "log1p", "bounds": [1, 200], "out_of_bounds": "clip"}
    },
    "knots": {"x": {"kind": "numeric", "missing": "own_level", "knots": 3}},
    "knots, declared and clipped": {
        "x": {"kind": "numeric", "missing": "impute", "knots": [8, 12], "bounds": [0, 20], "out_of_bounds": "clip"}
    },
    "knots on the log scale": {"amount": {"kind": "numeric", "transform": "log1p", "knots": [2, 4]}},
    "bins": {"x": {"kind": "numeric", "missing": "own_level", "bins": 5}},
    "bins, declared": {"x": {"kind": "numeric", "missing": "impute", "bins": [5, 10, 15]}},
    "bins, rejected out of bounds": {
        "x": {"kind": "numeric", "missing": "impute", "bins": [10], "bounds": [0, 20]}
    },
    "many bins": {"amount": {"kind": "numeric", "bins": 40}},
    "levels, own level": {"level": {"kind": "categorical", "missing": "own_level"}},
    "levels, imputed, unknown as reference": {
        "level": {"kind": "categorical", "missing": "impute", "unknown": "reference"}
    },
    "levels, rare": {
        "level": {"kind": "categorical", "missing": "own_level", "min_share": 0.06, "unknown": "rare"}
    },
    "levels, rare, unknown rejected": {"level": {"kind": "categorical", "missing": "impute", "min_share": 0.06}},
    "levels, declared": {
        "level": {
            "kind": "categorical",
            "missing": "own_level",
            "levels": ["o'clock", "plain", ""],
            "unknown": "reject",
        }
    },
    "levels, declared with a reference": {
        "level": {
            "kind": "categorical",
            "levels": ["o'clock", "plain"],
            "reference": "plain",
            "unknown": "reference",
        }
    },
    "whole numbers as levels": {"code": {"kind": "categorical"}},
    "boolean": {"flag": {"kind": "boolean"}},
    "all together": {
        "x": {"kind": "numeric", "missing": "own_level", "knots": [10]},
        "amount": {"kind": "numeric", "transform": "log1p", "bounds": [0, 1000], "out_of_bounds": "clip"},
        "level": {"kind": "categorical", "missing": "own_level", "min_share": 0.06, "unknown": "rare"},
        "flag": {"kind": "boolean"},
        "code": {"kind": "categorical", "unknown": "reference"},
    },
}


@pytest.mark.parametrize("case", CASES)
def test_sql_rows_and_estimator_agree(connection, case):
    assert_agreement(fitted(connection, features(**CASES[case])))


@pytest.mark.parametrize("case", CASES)
def test_sql_rows_and_estimator_agree_on_strangers(connection, case):
    connection.execute(f"create table strangers as {STRANGERS}")
    assert_agreement(fitted(connection, features(**CASES[case])), "strangers")


@pytest.mark.parametrize("case", CASES)
def test_references_are_mean_contributions(connection, case):
    declared = features(**CASES[case])
    rows = fitted(connection, declared).fit.coefficients
    usable = f"not ({rejected_by_declaration(declared)})"
    cursor = connection.execute(f"select * from t where {usable}")
    names = [column[0] for column in cursor.description]
    entities = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for term in {row.term for row in rows} - {0}:
        of_term = [row for row in rows if row.term == term]
        total = 0.0
        for entity in entities:
            (row,) = [row for row in of_term if applies(row, of_term, entity)]
            x = float(entity[row.feature]) if row.slope is not None else 0.0
            total += (row.value or 0.0) + (row.slope or 0.0) * (math.log1p(x) if row.transform else x)
        assert {row.reference for row in of_term} == {of_term[0].reference}
        assert of_term[0].reference == pytest.approx(total / len(entities), abs=1e-10)


def rows_where(connection, sql: str, condition: str = "true") -> tuple[np.ndarray, np.ndarray]:
    data = np.array(
        connection.execute(f"select {sql}, y from t where {condition} order by id").fetchall(), dtype=float
    )
    return data[:, :-1], data[:, -1]


def oracle_scores(X: np.ndarray, y: np.ndarray, standardise: list[bool]) -> np.ndarray:
    X = X.copy()
    for column, scale in enumerate(standardise):
        if scale:
            X[:, column] = (X[:, column] - X[:, column].mean()) / X[:, column].std()
    return LogisticRegression(solver="newton-cholesky", tol=1e-9).fit(X, y).predict_proba(X)[:, 1]


@pytest.mark.parametrize(
    ("case", "columns", "standardise", "condition"),
    [
        ("log1p", "ln(1 + amount)", [True], "true"),
        (
            "clipped on one side",
            "least(coalesce(x, (select avg(least(x, 12)) from t where x is not null)), 12), (x is null)::int",
            [True, False],
            "true",
        ),
        (
            "rejected out of bounds",
            "coalesce(x, (select avg(x) from t where x between 5 and 15.5))",
            [True],
            "x is null or x between 5 and 15.5",
        ),
        (
            "bins, declared",
            "(coalesce(x, (select avg(x) from t)) < 5)::int, (x >= 5 and x < 10)::int, (x >= 15)::int",
            [False] * 3,
            "true",
        ),
        ("boolean", "flag::int", [False], "true"),
        (
            "whole numbers as levels",
            "(code = 0)::int, (code = 1)::int, (code = 2)::int, (code = 3)::int",
            [False] * 4,
            "true",
        ),
        (
            "levels, declared",
            "(level = 'plain')::int, (level = '')::int, (level is null)::int",
            [False] * 3,
            "level is null or level in ('o''clock', 'plain', '')",
        ),
    ],
)
def test_fits_are_those_of_scikit_learn_on_columns_made_by_hand(connection, case, columns, standardise, condition):
    if case == "whole numbers as levels":
        ((reference,),) = connection.execute(
            "select code from t group by 1 order by count(*) desc, code limit 1"
        ).fetchall()
        columns = ", ".join(f"(code = {code})::int" for code in range(4) if code != reference)
        standardise = [False] * 3
    if case == "bins, declared":  # the largest bin is the reference, and it holds the mean that fills NULL
        filled = "coalesce(x, (select avg(x) from t))"
        sizes = [
            len(rows_where(connection, "1", c)[0])
            for c in (f"{filled} >= 5 and {filled} < 10", f"{filled} >= 10 and {filled} < 15")
        ]
        middle = "10 and 15" if sizes[0] > sizes[1] else "5 and 10"
        low, high = middle.split(" and ")
        columns = f"({filled} < 5)::int, ({filled} >= {low} and {filled} < {high})::int, ({filled} >= 15)::int"
    X, y = rows_where(connection, columns, condition)
    X = np.nan_to_num(X)  # a comparison with NULL is no match
    expected = oracle_scores(X, y, standardise)
    got = [score for score in fitted(connection, features(**CASES[case])).by_sql() if score is not None]
    assert np.max(np.abs(np.array(got) - expected)) < 1e-9


def test_many_bins_nest_and_stay_linear(connection):
    sizes = {}
    for bins in (10, 100, 200):
        declared = features(amount={"kind": "numeric", "bins": bins})
        (expression,) = fitted(connection, declared).scoring.layers[0].values()
        sizes[bins] = len(expression)
        widths = [case.split(" END")[0].count("WHEN") for case in expression.split("CASE")]
        assert max(widths) <= LADDER_WIDTH
    assert sizes[200] < 2.3 * sizes[100]


def test_a_constant_term_leaves_infinities_unscored(connection):
    row = Coefficient("score", 1, "x", "value", value=0.5)
    head = Coefficient("score", 0, None, "intercept", value=0.0)
    (expression,) = compile_scoring([head, row], link="logit", dialect="duckdb").layers[0].values()
    strangers = "(select unnest(['-inf', 'inf', 'nan', null, '-1e308', '1']::double[]) as x)"
    values = connection.execute(f"select {expression} from {strangers}").fetchall()
    assert [value for (value,) in values] == [None] * 4 + [0.5] * 2
