"""Terms against oracles that share no code with them: pipelines of scikit-learn, and loops over rows.

Every case is fitted in DuckDB, compiled to SQL, and replayed from its coefficient rows by a naive interpreter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import duckdb
import numpy as np
import pytest
from pydantic import TypeAdapter
from sklearn.linear_model import LogisticRegression

from ml_ledger.coefficients import Coefficient
from ml_ledger.families import FAMILIES
from ml_ledger.families.base import Fit, TrainingRows
from ml_ledger.scoring.compile import CompiledScoring, compile_scoring
from ml_ledger.scoring.terms import LADDER_WIDTH
from ml_ledger.spec import FeatureSpec
from ml_ledger.terms import rejected_by_declaration
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-12
N = 600


def features(**declared: dict) -> dict:
    adapter = TypeAdapter(FeatureSpec)
    return {name: adapter.validate_python(feature) for name, feature in declared.items()}


@dataclass(frozen=True)
class Fitted:
    """A fit on a table `t` in DuckDB, and the ways to score with it."""

    connection: duckdb.DuckDBPyConnection
    fit: Fit
    scoring: CompiledScoring

    def by_sql(self, table: str = "t") -> list[float | None]:
        """Scores by the compiled expression."""
        rows = self.connection.execute(self.scoring.select(table, ["_ml_score"]) + " order by id").fetchall()
        return [score for (score,) in rows]

    def by_rows(self, table: str = "t") -> list[float | None]:
        """Scores by a loop over entities and coefficient rows."""
        cursor = self.connection.execute(f"select * from {table} order by id")
        names = [column[0] for column in cursor.description]
        entities = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return [interpreted(self.fit.coefficients, entity) for entity in entities]


def interpreted(rows: list[Coefficient], entity: dict) -> float | None:
    """The documented meaning of coefficient rows, term by term."""
    link = 0.0
    for term in {row.term for row in rows}:
        of_term = [row for row in rows if row.term == term]
        matches = [row for row in of_term if applies(row, of_term, entity)]
        assert len(matches) <= 1, matches
        if not matches:
            return None
        (row,) = matches
        x = entity.get(row.feature) if row.slope is not None else 0.0
        x = math.log1p(x) if row.transform == "log1p" else x
        link += (row.value or 0.0) + (row.slope or 0.0) * float(x)
    if not math.isfinite(link):
        return None
    return 1 / (1 + math.exp(-link)) if link > -700 else 0.0


def applies(row: Coefficient, of_term: list[Coefficient], entity: dict) -> bool:
    x = entity.get(row.feature)
    if row.applies_to == "intercept":
        return True
    if row.applies_to == "missing" or x is None:
        return row.applies_to == "missing" and x is None
    text = str(x).lower() if isinstance(x, bool) else str(x)
    if row.applies_to == "level":
        return text == row.level
    if row.applies_to == "unknown":
        return text not in {other.level for other in of_term}
    number = float(x)
    lower, upper = (-math.inf if row.lower is None else row.lower), (math.inf if row.upper is None else row.upper)
    return math.isfinite(number) and lower <= number < upper


def fitted(connection: duckdb.DuckDBPyConnection, declared: dict, table: str = "t") -> Fitted:
    training = TrainingRows(
        Relation(connection.sql(f"select * from {table}"), name="training_set"),
        where=f"not ({rejected_by_declaration(declared)})",
        label="y",
    )
    family = FAMILIES["logistic"]
    fit = family.fit(training=training, features=declared, hyperparameters=family.complete({}), seed=0)
    return Fitted(connection, fit, compile_scoring(fit.coefficients, link=fit.link, dialect="duckdb"))


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    """A table with every kind of column, NULLs, and levels that are awkward to write in SQL."""
    random = np.random.default_rng(11)
    rows = []
    levels = ["plain", "o'clock", 'say "hi"', "Größe 東京", "", "-1", "a,b", "rare one", "rare two"]
    shares = [0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.08, 0.01, 0.01]
    for number in range(N):
        x = None if random.random() < 0.1 else float(random.normal(10, 5))
        amount = float(np.exp(random.normal(3, 1.5)))
        level = None if random.random() < 0.05 else levels[random.choice(len(levels), p=shares)]
        flag = bool(random.random() < 0.4)
        code = int(random.integers(0, 4))
        logit = (
            0.1 * ((x or 10) - 10) + 0.3 * (np.log1p(amount) - 3) + (level == "o'clock") + 0.5 * flag - code / 3
        )
        rows.append((number, x, amount, level, flag, code, int(random.random() < 1 / (1 + np.exp(-logit)))))
    made = duckdb.connect()
    made.execute(
        "create table t (id int, x double, amount double, level varchar, flag boolean, code int, y int,"
        " weight double default 1)"
    )
    made.executemany("insert into t values (?, ?, ?, ?, ?, ?, ?, 1)", rows)
    return made


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

# What production may meet: edges, extremes, what was never seen.
STRANGERS = """
    select row_number() over () + 10000 as id, * from (
        from (select unnest([null, -0.0, 0.0, 5, 10, 15.5, 20, 4.999, 15.500001, -1e300, 1e300, 'nan', 'inf', '-inf',
            1.7976931348623157e308]::double[]) as x)
        cross join (select unnest([0.0, 1, 200, 1e6]::double[]) as amount)
        cross join (select unnest([null, 'plain', 'o''clock', 'rare one', 'never seen', 'PLAIN', ' plain']) as level)
        cross join (select unnest([true, false, null]) as flag)
        cross join (select unnest([0, 3, 17, null]) as code)
    )
"""


@pytest.mark.parametrize("case", CASES)
def test_sql_rows_and_estimator_agree(connection, case):
    declared = features(**CASES[case])
    result = fitted(connection, declared)
    accepted = [
        flag
        for (flag,) in connection.execute(
            f"select coalesce({result.fit.accepts}, false) from t order by id"
        ).fetchall()
    ]
    columns = ", ".join(result.fit.design)
    design = np.array(
        connection.execute(f"select {columns} from t where {result.fit.accepts} order by id").fetchall()
    )
    expected = iter(result.fit.predict(design.astype(float)))
    by_rows = result.by_rows()
    assert any(accepted)
    for accept, one, other in zip(accepted, result.by_sql(), by_rows, strict=True):
        if accept:
            estimator = next(expected)
            assert abs(one - estimator) < TOLERANCE
            assert abs(other - estimator) < TOLERANCE
        else:
            assert one is None
            assert other is None


@pytest.mark.parametrize("case", CASES)
def test_sql_and_rows_agree_on_strangers(connection, case):
    result = fitted(connection, features(**CASES[case]))
    connection.execute(f"create table strangers as {STRANGERS}")
    scored = 0
    for one, other in zip(result.by_sql("strangers"), result.by_rows("strangers"), strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            scored += 1
            assert abs(one - other) < TOLERANCE
    assert scored, "some strangers can be scored"


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
