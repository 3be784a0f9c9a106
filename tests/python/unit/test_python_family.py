"""Estimators that are kept as ONNX give scikit-learn's own answers; what cannot is refused, saying why.

The oracle is the same estimator, made and fitted here, on matrices that never saw the warehouse.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from agreement import STRANGERS, features, interpreted
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeRegressor
from test_terms import CASES
from test_terms import connection as connection  # the table with every kind of column
from test_validation import DECLARATION, GOOD

from ml_ledger import train_if_due
from ml_ledger.declaration import parse_spec
from ml_ledger.errors import DependencyError, SpecError, TrainingSetError, VersionError
from ml_ledger.families import FAMILIES
from ml_ledger.families.family import Fit
from ml_ledger.families.own.onnx_conversion import to_onnx
from ml_ledger.families.own.onnx_trees import below
from ml_ledger.scoring.compile import compile_scoring
from ml_ledger.scoring.onnx import BATCH_ROWS, OnnxScoring, Scorer, scored_batches
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms import rejected_by_declaration
from ml_ledger.warehouse import Relation

DOUBLE = 1e-12  # converters that compute in doubles
FLOAT = 1e-6  # converters that know only float32
SEED = 7
HERE = __name__

# Factories, as a user's package would have them.


def forest(random_state, trees=20):
    return RandomForestClassifier(trees, random_state=random_state)


def scaled_forest(random_state):
    return make_pipeline(StandardScaler(), RandomForestClassifier(20, random_state=random_state))


def logistic(**arguments):
    return LogisticRegression(**({"max_iter": 10_000} | arguments))


def scaled_logistic():
    return make_pipeline(StandardScaler(), LogisticRegression())


def network(random_state):
    return make_pipeline(StandardScaler(), MLPClassifier((8,), max_iter=2000, random_state=random_state))


def neighbours():
    return KNeighborsClassifier()


def boosted(random_state):
    return GradientBoostingClassifier(n_estimators=20, random_state=random_state)


def exponential(random_state):
    return GradientBoostingClassifier(n_estimators=20, loss="exponential", random_state=random_state)


def histogram_boosted(random_state):
    return HistGradientBoostingClassifier(max_iter=20, min_samples_leaf=5, random_state=random_state)


def one_hot():
    """Codes of the second feature as columns, the first as it is."""
    return make_pipeline(
        ColumnTransformer([("codes", OneHotEncoder(handle_unknown="ignore"), [1])], remainder="passthrough"),
        LogisticRegression(max_iter=10_000),
    )


def forest_of_amounts(random_state):
    return RandomForestRegressor(20, random_state=random_state)


def boosted_amounts(random_state):
    return GradientBoostingRegressor(n_estimators=20, loss="huber", random_state=random_state)


def counts(random_state):
    return HistGradientBoostingRegressor(max_iter=20, loss="poisson", random_state=random_state)


def least_squares():
    return LinearRegression()


def lone_leaf():
    return DecisionTreeRegressor(min_samples_leaf=10_000)


def support_vectors():
    return make_pipeline(StandardScaler(), SVR())


def support_vector_classes():
    return make_pipeline(StandardScaler(), SVC())


def calibrated():
    return make_pipeline(StandardScaler(), CalibratedClassifierCV(SVC(), ensemble=False))


def probable():
    return make_pipeline(StandardScaler(), SVC(probability=True, random_state=0))


def splines():
    return make_pipeline(SplineTransformer(), LogisticRegression())


def discriminant():
    return LinearDiscriminantAnalysis()


def fitted_already():
    return LogisticRegression().fit([[0.0], [1.0]], [0, 1])


def fails():
    raise RuntimeError("no such thing")


def nothing():
    return None


not_callable = 3


@dataclass(frozen=True)
class Scored:
    """A fit on a table `t` with an `id`, and its scores."""

    fit: Fit
    connection: duckdb.DuckDBPyConnection

    def scores(self, table: str = "t") -> np.ndarray:
        """n × m scores by id, NaN for NULL."""
        scoring = OnnxScoring(self.fit.onnx, self.fit.design, self.fit.accepts, self.fit.outputs)
        relation = Relation(self.connection.sql(f"select * from {table} order by id"), name="features")
        made = pa.Table.from_batches(
            scored_batches(scoring, relation, entity="id", as_of="timestamp '2024-01-01'")
        )
        ids = made["entity_id"].to_pylist()
        assert ids == [
            str(i) for (i,) in self.connection.execute(f"select id from {table} order by id").fetchall()
        ]
        return np.column_stack([np.array(made[name].to_pylist(), float) for name in made.column_names[2:]])


def fitted(connection, declared, factory, *, task="binary", label="y", seed=SEED, **arguments) -> Scored:
    training = TrainingRows(
        Relation(connection.sql("select * from t order by hash(id)"), name="training_set"),
        where=f"not ({rejected_by_declaration(declared)})",
        label=label,
        key=["id"],
        task=task,
        classes=("zero", "one", "two") if task == "multiclass" else (),
    )
    hyperparameters = {"factory": f"{HERE}:{factory}", "arguments": arguments}
    family = FAMILIES["python"]
    return Scored(
        family.fit(
            training=training, features=declared, hyperparameters=family.complete(hyperparameters), seed=seed
        ),
        connection,
    )


def loaded(X, y, weight=None) -> tuple[duckdb.DuckDBPyConnection, dict]:
    """A table `t`, and the declaration of its features f0, f1, …"""
    connection = duckdb.connect()
    columns = {"id": np.arange(len(X)), "y": y, "_ml_weight": np.ones(len(X)) if weight is None else weight}
    columns |= {f"f{j}": pa.array(X[:, j], from_pandas=True) for j in range(X.shape[1])}
    connection.register("arrow", pa.table(columns))
    connection.execute("create table t as select * from arrow")
    return connection, features(**{f"f{j}": {"kind": "numeric"} for j in range(X.shape[1])})


def oracle(factory, X, y, *, classifies=True):
    made = globals()[factory]
    estimator = made(SEED) if "random_state" in made.__code__.co_varnames else made()
    return estimator.fit(X, y).predict_proba if classifies else estimator.fit(X, y).predict


def nearby(X) -> np.ndarray:
    """Rows that training never saw, many of them with values on which trees may split, or beside those."""
    middles = np.column_stack([np.sort(column)[1:] / 2 + np.sort(column)[:-1] / 2 for column in X.T])
    rounded = X.astype(np.float32).astype(float)
    inside = np.random.default_rng(0).uniform(X.min(0), X.max(0), X.shape)
    return np.vstack([middles, np.nextafter(middles, np.inf), rounded, np.nextafter(rounded, np.inf), inside])


@pytest.mark.filterwarnings("ignore:The `probability` parameter:FutureWarning")
@pytest.mark.parametrize(
    ("factory", "tolerance"),
    {
        "forest": DOUBLE,
        "scaled_forest": DOUBLE,
        "boosted": DOUBLE,
        "exponential": DOUBLE,
        "histogram_boosted": DOUBLE,
        "logistic": DOUBLE,
        "scaled_logistic": DOUBLE,
        "network": DOUBLE,
        "neighbours": DOUBLE,
        "calibrated": FLOAT,
        "probable": FLOAT,
    }.items(),
)
def test_probabilities(factory, tolerance):
    X, y = load_breast_cancer(return_X_y=True)
    X = X[:, :8]
    connection, declared = loaded(X, y)
    result = fitted(connection, declared, factory)
    probability = oracle(factory, X, y)
    assert result.fit.outputs == ["score"]
    assert np.max(np.abs(result.scores()[:, 0] - probability(X)[:, 1])) < tolerance
    fresh = nearby(X)
    by_onnx = Scorer(result.fit.onnx, outputs=1)(fresh)[:, 0]
    assert np.max(np.abs(by_onnx - probability(fresh)[:, 1])) < tolerance
    assert np.max(np.abs(result.fit.predict(fresh) - probability(fresh)[:, 1])) == 0


@pytest.mark.parametrize("factory", ["forest", "boosted", "histogram_boosted", "scaled_logistic", "network"])
def test_a_probability_per_class(factory):
    X, y = load_wine(return_X_y=True)
    connection, declared = loaded(X, y)
    result = fitted(connection, declared, factory, task="multiclass")
    probability = oracle(factory, X, y)
    assert result.fit.outputs == ["zero", "one", "two"]
    assert np.max(np.abs(result.scores() - probability(X))) < DOUBLE
    fresh = nearby(X)
    assert np.max(np.abs(Scorer(result.fit.onnx, outputs=3)(fresh) - probability(fresh))) < DOUBLE


@pytest.mark.parametrize(
    ("factory", "tolerance"),
    {
        "forest_of_amounts": DOUBLE,
        "boosted_amounts": DOUBLE,
        "counts": DOUBLE,
        "least_squares": DOUBLE,
        "lone_leaf": DOUBLE,
        "support_vectors": FLOAT,
    }.items(),
)
def test_amounts(factory, tolerance):
    X, y = load_diabetes(return_X_y=True)
    connection, declared = loaded(X, y)
    result = fitted(connection, declared, factory, task="regression")
    expected = oracle(factory, X, y, classifies=False)
    fresh = nearby(X)
    assert np.max(np.abs(result.scores()[:, 0] / expected(X) - 1)) < tolerance
    assert np.max(np.abs(Scorer(result.fit.onnx, outputs=1)(fresh)[:, 0] / expected(fresh) - 1)) < tolerance
    assert result.fit.diagnostics["onnx_difference"] < tolerance


def test_thresholds_keep_what_float32_makes_of_a_value():
    random = np.random.default_rng(3)
    thresholds = np.concatenate(
        [
            random.normal(0, 1e3, 2000),
            random.normal(0, 1e3, 2000).astype(np.float32),  # on the grid of float32
            [0.0, -0.0, 1.0, 2**24 + 1, 1e-45, -1e-45, 3e38, -3e38],
        ]
    )
    exact = below(thresholds)
    middle = thresholds.astype(np.float32).astype(float)
    for x in (exact, np.nextafter(exact, np.inf), thresholds, middle, np.nextafter(thresholds, np.inf)):
        assert np.array_equal(x.astype(np.float32) <= thresholds, x <= exact)


def test_null_is_nan_for_the_estimator_where_it_has_a_level_of_its_own():
    X, y = load_breast_cancer(return_X_y=True)
    X = X[:, :5].copy()
    X[::3, 0], X[::7, 3] = np.nan, np.nan
    connection, _ = loaded(X, y)
    declared = features(
        **{f"f{j}": {"kind": "numeric", "missing": "own_level" if j in (0, 3) else "reject"} for j in range(5)}
    )
    connection.execute(
        "create table holes as select * replace (null as f0, case when id % 2 = 0 then f3 end as f3) from t"
    )
    holes = X.copy()
    holes[:, 0] = np.nan
    holes[1::2, 3] = np.nan
    for factory in ("histogram_boosted", "forest"):
        result = fitted(connection, declared, factory)
        probability = oracle(factory, X, y)
        assert np.max(np.abs(result.scores()[:, 0] - probability(X)[:, 1])) < DOUBLE
        assert np.max(np.abs(result.scores("holes")[:, 0] - probability(holes)[:, 1])) < DOUBLE


def test_null_is_filled_or_rejected_as_declared():
    X, y = load_breast_cancer(return_X_y=True)
    X = X[:, :3].copy()
    X[::3, 0], X[::7, 2] = np.nan, np.nan
    connection, _ = loaded(X, y)
    declared = features(f0={"kind": "numeric", "missing": "impute"}, f2={"kind": "numeric"})
    scores = fitted(connection, declared, "forest").scores()[:, 0]
    usable = ~np.isnan(X[:, 2])
    filled = X[:, [0, 2]].copy()
    filled[np.isnan(filled[:, 0]), 0] = np.nanmean(X[usable, 0])
    expected = oracle("forest", filled[usable], y[usable])(filled[usable])[:, 1]
    assert np.array_equal(np.isnan(scores), ~usable)
    assert np.max(np.abs(scores[usable] - expected)) < DOUBLE


def test_levels_reach_the_estimator_as_codes(connection):
    declared = features(
        amount={"kind": "numeric"},
        level={"kind": "categorical", "missing": "own_level", "unknown": "reference"},
        flag={"kind": "boolean"},
    )
    result = fitted(connection, declared, "histogram_boosted")
    rows = connection.execute("select amount, level, flag, y from t order by id").fetchall()
    counted = connection.execute(
        "select level from t where level is not null group by 1 order by count(*) desc, 1"
    ).fetchall()
    codes = {level: float(code) for code, (level,) in enumerate(counted)} | {None: np.nan}
    X = np.array([[amount, codes[level], float(flag)] for amount, level, flag, _ in rows])
    probability = oracle("histogram_boosted", X, np.array([row[-1] for row in rows]))
    assert np.max(np.abs(result.scores()[:, 0] - probability(X)[:, 1])) < DOUBLE
    connection.execute("create table strange as select * replace ('never seen' as level) from t")
    X[:, 1] = 0
    assert np.max(np.abs(result.scores("strange")[:, 0] - probability(X)[:, 1])) < DOUBLE
    one = features(amount={"kind": "numeric"}, level={"kind": "categorical", "missing": "impute"})
    assert fitted(connection, one, "one_hot").fit.diagnostics["onnx_difference"] < DOUBLE


DOMAINS = (
    "slope, own level",
    "clipped on one side",
    "rejected out of bounds",
    "levels, rare",
    "levels, declared",
    "boolean",
)


@pytest.mark.parametrize("case", DOMAINS)
def test_coefficient_rows_say_which_rows_have_a_score(connection, case):
    declared = features(**CASES[case])
    result = fitted(connection, declared, "histogram_boosted")
    connection.execute(f"create table strangers as select * from ({STRANGERS}) where id % 7 = 0")
    domain = compile_scoring(result.fit.coefficients, link=result.fit.link, dialect="duckdb")
    for table in ("t", "strangers"):
        by_sql = [
            link for (link,) in connection.execute(domain.select(table, ["_ml_link"]) + " order by id").fetchall()
        ]
        scored = np.isfinite(result.scores(table)[:, 0])
        assert scored.any()
        assert [link is not None for link in by_sql] == scored.tolist()
        assert {link for link in by_sql if link is not None} == {0.0}
        cursor = connection.execute(f"select * from {table} order by id")
        names = [column[0] for column in cursor.description]
        entities = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        assert [interpreted(result.fit.coefficients, row) is not None for row in entities] == scored.tolist()


def test_weights_reach_the_estimator_and_the_last_step_of_a_pipeline():
    X, y = load_breast_cancer(return_X_y=True)
    X = X[:, :4]
    weight = 1.0 + np.arange(len(X)) % 3
    connection, declared = loaded(X, y, weight)
    expected = forest(SEED).fit(X, y, sample_weight=weight).predict_proba(X)[:, 1]
    assert np.max(np.abs(fitted(connection, declared, "forest").scores()[:, 0] - expected)) < DOUBLE
    pipeline = scaled_logistic().fit(X, y, logisticregression__sample_weight=weight)
    scores = fitted(connection, declared, "scaled_logistic").scores()[:, 0]
    assert np.max(np.abs(scores - pipeline.predict_proba(X)[:, 1])) < DOUBLE
    with pytest.raises(
        TrainingSetError, match=r"which the fit of KNeighborsClassifier does not take; got weights from 1 to 3"
    ):
        fitted(connection, declared, "neighbours")


def test_the_seed_of_the_declaration_is_the_estimators_unless_given():
    X, y = load_wine(return_X_y=True)
    connection, declared = loaded(X, (y == 0).astype(int))
    one, same, other = (fitted(connection, declared, "forest", seed=seed).scores() for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    given = fitted(connection, declared, "forest", seed=2, random_state=1, trees=20).scores()
    assert np.array_equal(one, given)


def test_scores_of_many_batches_are_those_of_one():
    X, y = load_breast_cancer(return_X_y=True)
    connection, declared = loaded(X[:, :3], y)
    result = fitted(connection, declared, "forest")
    connection.execute(
        f"create table many as select t.* replace (row_number() over () as id) from t, range({BATCH_ROWS // 200})"
    )
    scores = result.scores("many")[:, 0]
    assert len(scores) > 2 * BATCH_ROWS
    design = np.column_stack(
        [connection.execute("select f0, f1, f2 from many order by id").fetchnumpy()[f"f{j}"] for j in range(3)]
    )
    assert np.max(np.abs(scores - result.fit.predict(design))) < DOUBLE


# Refusals: when the declaration is read


def declaration(**hyperparameters) -> dict:
    return DECLARATION | {"algorithm": {"family": "python", "hyperparameters": hyperparameters}}


@pytest.mark.parametrize(
    "reference",
    [
        "make_estimator",
        "package.module.make_estimator",
        "package/module.py:make",
        "models/churn.pkl",
        "churn.pkl",
        "churn.PICKLE",
        "churn.joblib",
        "churn.pkl:load",
        "joblib:load",
        "pickle:loads",
        "module:make()",
        "module:",
        "",
        3,
        None,
    ],
)
def test_what_is_no_reference_to_a_factory(reference):
    with pytest.raises(SpecError) as caught:
        parse_spec("m", declaration(factory=reference))
    message = str(caught.value)
    assert f"algorithm.hyperparameters.factory: has a value out of range; got {reference!r}. Allowed:" in message
    assert "a pickle is code that nobody can review and that breaks with every upgrade; give a factory" in message


def test_references_that_are_read():
    for reference in ("package.module:make_estimator", "module:Class", "sklearn.ensemble:RandomForestClassifier"):
        parse_spec("m", declaration(factory=reference, arguments={"n_estimators": 3, "names": ["a"]}))


@pytest.mark.parametrize("arguments", [[1], {"a b": 1}, {1: 2}, {"when": np.float64}, {"x": float("nan")}])
def test_arguments_that_cannot_be_kept(arguments):
    with pytest.raises(SpecError, match=r"arguments: has a value out of range"):
        parse_spec("m", declaration(factory="a:b", arguments=arguments))


def test_a_factory_is_required_and_shapes_are_not_followed():
    wanted = declaration() | {"features": {"age": {"kind": "numeric", "knots": 2}}}
    with pytest.raises(SpecError) as caught:
        parse_spec("m", wanted)
    assert "algorithm.hyperparameters.factory: a hyperparameter that family 'python' requires is missing" in str(
        caught.value
    )
    assert "features.age.knots: is not followed by family 'python'" in str(caught.value)


# Refusals: when training starts


@pytest.mark.parametrize(
    ("reference", "arguments", "messages"),
    [
        (
            "no_such_package.module:make",
            {},
            [
                "factory: module 'no_such_package.module' cannot be imported; got ModuleNotFoundError",
                "dbt does not put the working folder on sys.path",
            ],
        ),
        (f"{HERE}:forrest", {}, [f"module '{HERE}' has no 'forrest'", "Fix: did you mean 'forest'."]),
        (f"{HERE}:not_callable", {}, ["factory: must be callable", "a int"]),
        (f"{HERE}:forest", {"tres": 3}, ["arguments: ", "unexpected keyword argument 'tres'", "trees=20"]),
        (f"{HERE}:fails", {}, ["cannot be called with them; got RuntimeError: no such thing"]),
        (f"{HERE}:nothing", {}, ["task 'binary'; got NoneType without fit, predict, predict_proba"]),
        (f"{HERE}:least_squares", {}, ["got LinearRegression without predict_proba"]),
        (f"{HERE}:support_vector_classes", {}, ["got StandardScaler → SVC without predict_proba", "wrap it in"]),
        (
            f"{HERE}:fitted_already",
            {},
            ["must return an unfitted estimator; got a LogisticRegression that is fitted"],
        ),
    ],
)
def test_a_factory_is_tried_before_anything_is_fitted(monkeypatch, reference, arguments, messages):
    def never(*_, **__):
        raise AssertionError("something was fitted")

    monkeypatch.setattr("ml_ledger.training.fit_version.fit_all", never)
    baselines = {"own": {"family": "python", "hyperparameters": {"factory": reference, "arguments": arguments}}}
    with pytest.raises(SpecError) as caught:
        train_if_due(
            ml_model="m",
            spec=DECLARATION | {"baselines": baselines},
            training_set=duckdb.connect().sql(GOOD),
            history=None,
        )
    for message in ("ml_models.m.baselines.own.hyperparameters.", "Nothing was written", *messages):
        assert message in str(caught.value)


@pytest.mark.parametrize("module", ["onnxruntime", "skl2onnx"])
def test_without_the_extra(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DependencyError, match=rf"needs {module}, .*Fix: pip install 'ml_ledger\[onnx\]'\."):
        train_if_due(
            ml_model="m",
            spec=declaration(factory=f"{HERE}:logistic"),
            training_set=duckdb.connect().sql(GOOD),
            history=None,
        )


# Refusals: when it is fitted


def test_an_estimator_that_onnx_does_not_know():
    X, y = load_wine(return_X_y=True)
    connection, declared = loaded(X, (y == 0).astype(int))
    with pytest.raises(
        VersionError,
        match=r"SplineTransformer → LogisticRegression: cannot be .* skl2onnx said .MissingShapeCalculator",
    ):
        fitted(connection, declared, "splines")


def test_an_estimator_whose_onnx_gives_other_scores():
    X, y = load_breast_cancer(return_X_y=True)
    connection, declared = loaded(X, y)
    with pytest.raises(
        VersionError,
        match=r"LinearDiscriminantAnalysis: its ONNX form .* got a difference of 0\.\d+ on .* Allowed: 1e-05",
    ):
        fitted(connection, declared, "discriminant")


def test_the_figure_is_that_of_the_worst_row():
    X, y = load_wine(return_X_y=True)
    estimator = LogisticRegression(max_iter=10_000).fit(X, y)

    def off(rows):
        answer = estimator.predict_proba(rows)
        answer[5, 1] += 2e-5
        return answer

    with pytest.raises(VersionError, match="got a difference of 2e-05"):
        to_onnx(estimator, rows=X, predict=off, classifies=True)


def test_an_estimator_that_takes_no_nan():
    X, y = load_wine(return_X_y=True)
    y = (y == 0).astype(int)
    for hole in (np.nan, 1.0):  # NULL among the training rows, or only later
        X[3, 1] = hole
        connection, _ = loaded(X, y)
        declared = features(f0={"kind": "numeric"}, f1={"kind": "numeric", "missing": "own_level"})
        with pytest.raises(TrainingSetError) as caught:
            fitted(connection, declared, "logistic")
        for part in (
            "LogisticRegression: cannot be fitted",
            "NaN",
            "(features.f1.missing); declare impute or reject",
        ):
            assert part in str(caught.value)
