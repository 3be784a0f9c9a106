"""Fit, compile, score in DuckDB: the SQL gives the estimator's own answer."""

import json

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml_ledger.coefficients import Coefficient, to_json
from ml_ledger.declaration import NumericFeature
from ml_ledger.errors import VersionError
from ml_ledger.families import FAMILIES
from ml_ledger.scoring.compile import CompiledScoring, compile_scoring
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-12


def table(columns, label=None, weight=None) -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect()
    n = len(next(iter(columns.values())))
    data = {"row_number": np.arange(n), "y": np.zeros(n) if label is None else label} | dict(columns)
    data["_ml_weight"] = np.ones(n) if weight is None else weight
    nulls = pa.table({name: pa.array(column, from_pandas=True) for name, column in data.items()})
    return connection.from_arrow(nulls)


def fit(columns, label, missing="reject", weight=None, **hyperparameters):
    family = FAMILIES["logistic"]
    return family.fit(
        training=TrainingRows(
            Relation(table(columns, label, weight), name="training_set"), where="true", label="y"
        ),
        features={name: NumericFeature(kind="numeric", missing=missing) for name in columns},
        hyperparameters=family.complete(hyperparameters),
        seed=0,
    )


def compiled(fitted) -> CompiledScoring:
    return compile_scoring(fitted.coefficients, link=fitted.link, dialect="duckdb")


def score_in_duckdb(scoring: CompiledScoring, columns) -> np.ndarray:
    (scores,), _ = Relation(table(columns), name="t").scores([scoring], [], where="true order by row_number")
    return scores[:, 0]


def estimated(fitted, columns) -> np.ndarray:
    """The estimator's own scores."""
    design = Relation(table(columns), name="t").doubles(fitted.design, where="true order by row_number")
    return fitted.predict(np.column_stack(design))


@pytest.fixture
def problem():
    random = np.random.default_rng(1)
    columns = {
        "small": random.normal(size=400) * 1e-6,
        "select": random.normal(5e5, 1e5, 400),
        "unicode é": random.random(400),
    }
    logit = columns["small"] * 1e6 - (columns["select"] - 5e5) / 1e5
    return columns, (random.random(400) < 1 / (1 + np.exp(-logit))).astype(float)


def test_sql_gives_what_a_scikit_learn_pipeline_gives(problem):
    columns, label = problem
    X = np.column_stack(list(columns.values()))
    oracle = make_pipeline(StandardScaler(), LogisticRegression(C=0.7, solver="newton-cholesky", tol=1e-9))
    expected = oracle.fit(X, label).predict_proba(X)[:, 1]
    fitted = fit(columns, label, C=0.7)
    scoring = compiled(fitted)
    assert np.max(np.abs(estimated(fitted, columns) - expected)) < TOLERANCE
    assert np.max(np.abs(score_in_duckdb(scoring, columns) - expected)) < TOLERANCE


@pytest.mark.parametrize("missing", ["impute", "own_level"])
def test_missing_values_follow_the_declared_policy(problem, missing):
    columns, label = problem
    columns["small"][::3] = np.nan
    fitted = fit(columns, label, missing=missing)
    scoring = compiled(fitted)
    got = score_in_duckdb(scoring, columns)
    assert np.isfinite(got).all()
    assert np.max(np.abs(got - estimated(fitted, columns))) < TOLERANCE
    if missing == "impute":  # a NULL scores like the training mean
        at_mean = dict(
            columns, small=np.where(np.isnan(columns["small"]), np.nanmean(columns["small"]), columns["small"])
        )
        assert np.max(np.abs(got - score_in_duckdb(scoring, at_mean))) < TOLERANCE


def test_a_null_without_a_policy_is_not_scored(problem):
    columns, label = problem
    scoring = compiled(fit(columns, label))
    columns["select"][7] = np.nan
    got = score_in_duckdb(scoring, columns)
    assert np.isnan(got[7])
    assert np.isfinite(np.delete(got, 7)).all()


@pytest.mark.parametrize("missing", ["reject", "impute", "own_level"])
def test_references_are_the_mean_contributions(problem, missing):
    columns, label = problem
    if missing != "reject":
        columns["small"][::3] = np.nan
    weight = np.random.default_rng(2).random(400)
    fitted = fit(columns, label, missing=missing, weight=weight)
    references = {row.term: row.reference for row in fitted.coefficients}
    mean_link = sum(references.values()) + fitted.coefficients[0].value
    links = np.log(estimated(fitted, columns) / (1 - estimated(fitted, columns)))
    assert mean_link == pytest.approx(np.average(links, weights=weight), abs=1e-9)


def test_weights_count_like_copies(problem):
    columns, label = problem
    weight = np.random.default_rng(3).integers(1, 4, 400)
    weighted = fit(columns, label, weight=weight.astype(float))
    copies = fit({name: np.repeat(column, weight) for name, column in columns.items()}, np.repeat(label, weight))
    assert np.max(np.abs(estimated(weighted, columns) - estimated(copies, columns))) < 1e-9


@pytest.mark.parametrize("value", [7.0, 0.1, 1 / 3, 1e-300, 1e100, 0.0])
def test_a_constant_column_has_no_slope_worth_the_name(problem, value):
    columns, label = problem
    columns["same"] = np.full(400, value)
    fitted = fit(columns, label)
    rows = {row.feature: row for row in fitted.coefficients}
    assert abs(rows["same"].slope * max(value, 1)) < 1e-12


def test_a_fit_that_does_not_converge_is_refused(problem):
    columns, label = problem
    with pytest.raises(VersionError, match="did not converge: the steps no longer make progress"):
        fit(columns, label, max_iter=1)


@pytest.mark.parametrize(
    "rows",
    [
        [Coefficient(output="score", term=1, feature="a", applies_to="missing", value=1.0)],
        [Coefficient(output="score", term=1, feature="a", applies_to="value", slope=1.0)] * 2,
        [
            Coefficient(output="score", term=1, feature="a", applies_to="value", value=1.0, upper=2.0),
            Coefficient(output="score", term=1, feature="a", applies_to="value", value=1.0, lower=1.0),
        ],
        [Coefficient(output="score", term=1, feature="a", applies_to="level", level="x", value=1.0)] * 2,
        [
            Coefficient(output="score", term=1, feature="a", applies_to="level", level="x", value=1.0),
            Coefficient(output="score", term=1, feature="a", applies_to="value", slope=1.0),
        ],
        [
            Coefficient(output="score", term=1, feature="a", applies_to="value", slope=1.0),
            Coefficient(output="score", term=1, feature="a", applies_to="unknown", value=1.0),
        ],
    ],
)
def test_rows_that_no_sql_is_known_for_are_refused(rows):
    intercept = Coefficient(output="score", term=0, feature=None, applies_to="intercept", value=0.0)
    with pytest.raises(
        VersionError,
        match=r"feature 'a': (no SQL is known|two coefficient rows apply at once|a level occurs twice)",
    ):
        compile_scoring([intercept, *rows], link="logit", dialect="duckdb")


def test_a_later_format_is_refused():
    text = compile_scoring(ROWS, link="logit", dialect="duckdb").to_json().replace('n": 2', 'n": 99', 1)
    with pytest.raises(VersionError, match="got format 99"):
        CompiledScoring.from_json(text)


def test_the_constant_family_gives_the_base_rate():
    label = np.array([1.0, 0.0, 0.0, 0.0])
    columns = {"x": np.arange(4.0)}
    family = FAMILIES["constant"]
    training = TrainingRows(Relation(table(columns, label), name="training_set"), where="true", label="y")
    fitted = family.fit(training=training, features={}, hyperparameters={}, seed=0)
    scoring = compiled(fitted)
    assert score_in_duckdb(scoring, columns) == pytest.approx(np.full(4, 0.25), abs=TOLERANCE)


ROWS = [
    Coefficient(output="score", term=0, feature=None, applies_to="intercept", value=-0.1),
    Coefficient(output="score", term=1, feature="a", applies_to="value", slope=-1e-300),
    Coefficient(output="score", term=2, feature='b"c', applies_to="value", slope=0.1),
    Coefficient(output="score", term=2, feature='b"c', applies_to="missing", value=-0.5),
]


def test_stored_scoring_reads_back():
    scoring = compile_scoring(ROWS, link="logit", dialect="duckdb")
    assert CompiledScoring.from_json(scoring.to_json()) == scoring


def test_a_version_stored_in_format_1_still_scores():
    stored = {
        "format_version": 1,
        "dialect": "duckdb",
        "link": "logit",
        "intercept": "(-0.1e0)",
        "base": "0.2e0",
        "terms": [
            {"feature": "a", "expression": 'coalesce("a" * 0.5e0, 0.0e0)', "reference": 0.25},
            {"feature": "b", "expression": '"b" * (-0.5e0)', "reference": 0.05},
        ],
    }
    scoring = CompiledScoring.from_json(json.dumps(stored))
    assert CompiledScoring.from_json(scoring.to_json()) == scoring
    got = score_in_duckdb(scoring, {"a": np.array([1.0, np.nan, 2.0]), "b": np.array([1.0, 1.0, np.nan])})
    links = np.array([-0.1, -0.6])
    assert got[:2] == pytest.approx(1 / (1 + np.exp(-links)), abs=TOLERANCE)
    assert np.isnan(got[2])
    assert scoring.outputs[0].base == "0.2e0"


def test_doubles_survive_json_and_sql_bit_for_bit():
    random = np.random.default_rng(5)
    numbers = [float(x) for x in random.normal(size=200) * 10.0 ** random.integers(-30, 30, 200)]
    rows = [Coefficient(output="score", term=0, feature=None, applies_to="intercept", value=x) for x in numbers]
    assert [row["value"] for row in json.loads(to_json(rows))] == numbers
    compiled_rows = [compile_scoring([row], link="identity", dialect="duckdb") for row in rows]
    literals = ", ".join(scoring.layers[0]["_ml_link1"] for scoring in compiled_rows)
    assert list(duckdb.connect().execute(f"select {literals}").fetchall()[0]) == numbers
    parsed = duckdb.connect().execute(
        'select r.value from (select unnest(from_json(?, \'[{"value": "DOUBLE"}]\')) as r)', [to_json(rows)]
    )
    assert [value for (value,) in parsed.fetchall()] == numbers
