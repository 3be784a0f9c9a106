"""Numbers that are none: infinity and NaN in literals, thresholds, bounds, rows, JSON and scores."""

from __future__ import annotations

import json
import math
import sys

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from agreement import features, fitted, interpreted
from customers import customers, trained
from test_trees import assert_agreement as assert_trees_agree

from ml_ledger.coefficients import Coefficient, Node, require_finite, to_json
from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError, TrainingSetError, VersionError
from ml_ledger.families import FAMILIES
from ml_ledger.finite_json import finite_json
from ml_ledger.fitting.deciding import best_threshold
from ml_ledger.scoring.compile import CompiledScoring, compile_scoring
from ml_ledger.scoring.words import LARGEST_LOG, double_in, rendered
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.sql_literals import double
from ml_ledger.terms.term import above
from ml_ledger.warehouse import Relation

LARGEST = sys.float_info.max
NUMBERS = [0.0, -0.0, 5e-324, -5e-324, 0.1, 1.0, -1.5, 1e16, 123456789.123, LARGEST, -LARGEST, LARGEST_LOG]


@pytest.mark.parametrize("number", [*NUMBERS, np.float64(0.1), np.float32(0.5), np.int64(7), 3, True])
def test_a_literal_reads_back_bit_for_bit_and_is_written_the_same_everywhere(number):
    assert double(number) == rendered(double_in(number, "duckdb"), "duckdb")
    ((read, kind),) = duckdb.sql(f"select {double(number)}, typeof({double(number)})").fetchall()
    assert kind == "DOUBLE"
    assert (read, math.copysign(1, read)) == (float(number), math.copysign(1, float(number)))


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, np.float64("inf")])
@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
def test_what_is_no_number_has_no_literal(number, dialect):
    for write in (double, lambda x: double_in(x, dialect)):
        with pytest.raises(VersionError, match=r"a number in SQL: must be finite; got (-?inf|nan)\."):
            write(number)


def test_json_names_the_number_that_is_none():
    assert finite_json({"a": [1.5, None, "ü"]}, what="x") == '{"a": [1.5, null, "ü"]}'
    with pytest.raises(
        VersionError, match=r"metrics: every number must be finite; got \[1\]\.value = inf \(metric 'r'\)"
    ):
        finite_json([{"metric": "q", "value": 1.0}, {"metric": "r", "value": math.inf}], what="metrics")
    with pytest.raises(VersionError, match=r"got \[0\]\.threshold = nan"):
        to_json([Node("score", 1, -1, 0, 0.0, feature="x", threshold=math.nan)])


def test_an_interval_that_holds_its_bound_has_no_end_beyond_the_largest_double():
    assert above(None) is None
    assert above(1.0) == math.nextafter(1.0, 2)
    assert above(math.nextafter(LARGEST, 0)) == LARGEST
    assert above(LARGEST) is None


# --- Trees ---------------------------------------------------------------------------------------------------------


def halves() -> duckdb.DuckDBPyConnection:
    """80 rows whose label is that x is NULL; 60 of them to train on."""
    connection = duckdb.connect()
    connection.execute(
        "create table t as select e as id, cast(case when e % 2 = 0 then null else e end as double) as x,"
        " cast(e % 2 = 0 as int) as y, 1e0 as _ml_weight from range(1, 81) as r(e)"
    )
    connection.execute("create table strangers as select * from t")
    extremes = [None, 5.0, 0.0, 1e30, -1e30, LARGEST, -LARGEST, math.nan, math.inf, -math.inf]
    connection.executemany(
        "insert into strangers values (?, ?, 0, 1)", [[100 + n, x] for n, x in enumerate(extremes)]
    )
    return connection


@pytest.mark.parametrize("family", ["tree", "forest", "boosting", "additive_boosting"])
def test_a_split_that_only_sends_null_elsewhere_is_a_node(family):
    connection = halves()
    declared = features(x={"kind": "numeric", "missing": "own_level"})
    chosen = FAMILIES[family]
    rows = TrainingRows(Relation(connection.sql("from t"), name="rows"), where="id <= 60", label="y", key=("id",))
    fit = chosen.fit(
        training=rows, features=declared, hyperparameters=chosen.complete({"min_samples_leaf": 5}), seed=0
    )
    scoring = compile_scoring(fit.coefficients, link=fit.link, dialect="duckdb", nodes=fit.nodes)
    assert "inf" not in to_json(fit.coefficients) + to_json(fit.nodes)
    if family != "additive_boosting":
        assert_trees_agree(connection, fit, scoring)
        assert any(node.threshold == LARGEST and node.missing_goes == "right" for node in fit.nodes)
    scores = dict(connection.execute(scoring.select("strangers", ["id", "_ml_score"]) + " order by id").fetchall())
    null, five = scores[100], scores[101]
    assert (null, five) == (1, 0) if family == "tree" else null > 0.9 > 0.1 > five
    assert scores[105] == scores[106] == five  # the largest double is a number like any other
    assert scores[107] is scores[108] is scores[109] is None


def test_a_tree_of_onnx_takes_a_split_on_null_alone():
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier

    from ml_ledger.families.own.onnx_conversion import to_onnx

    x = np.where(np.arange(1, 61) % 2 == 0, np.nan, np.arange(1, 61))[:, None]
    y = np.isnan(x[:, 0]).astype(int)
    for estimator in (
        DecisionTreeClassifier(random_state=0),
        RandomForestClassifier(10, random_state=0),
        HistGradientBoostingClassifier(min_samples_leaf=2),
    ):
        estimator.fit(x, y)
        probes = np.vstack([x, [[1e30], [-1e30], [np.nan]]])
        _, difference = to_onnx(
            estimator, rows=probes, predict=lambda z, e=estimator: e.predict_proba(z)[:, 1:], classifies=True
        )
        assert difference < 1e-12


# --- Scores --------------------------------------------------------------------------------------------------------


def amounts() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        "create table t as select e as id, hash('a', e) % 100000 / 100000.0 as h1,"
        " hash('b', e) % 100000 / 100000.0 as h2, 3 * h1 + hash('l', e) % 100000 / 100000.0 as y, 1e0 as _ml_weight"
        " from range(1, 401) as r(e)"
    )
    return connection


def test_a_count_that_no_double_holds_is_no_score():
    connection = amounts()
    declared = features(h1={"kind": "numeric"}, h2={"kind": "numeric"})
    result = fitted(connection, declared, family="poisson", task="regression")
    connection.execute("create table far as select 1 as id, 1000.0 as h1, 0.5 as h2")
    link = (
        "(select sum(_ml_c1_1) + sum(_ml_c1_2) + "
        f"{result.fit.coefficients[0].value!r} from ({result.scoring.select('far', ['_ml_c1_1', '_ml_c1_2'])}))"
    )
    assert connection.execute(f"select {link} > 710").fetchall() == [(True,)]
    assert connection.execute(result.scoring.select("far", ["_ml_score", "_ml_link"])).fetchall() == [(None, None)]


LOG_LINK = [
    Coefficient("score", 0, None, "intercept", value=0.0),
    Coefficient("score", 1, "x", "value", slope=1.0),
]


@pytest.mark.parametrize(
    ("x", "scored"),
    [
        (math.nextafter(LARGEST_LOG, 0), True),
        (LARGEST_LOG, True),
        (math.nextafter(LARGEST_LOG, math.inf), False),
        (-800.0, True),  # underflow to 0 is a score
        (-LARGEST, True),
        (math.inf, False),
        (-math.inf, False),
        (math.nan, False),
    ],
)
def test_scores_of_a_log_link_end_where_doubles_do(x, scored):
    scoring = compile_scoring(LOG_LINK, link="log", dialect="duckdb")
    old = json.loads(scoring.to_json())
    old["layers"] = [
        {name: "exp(_ml_link1)" if name == "_ml_output1" else sql for name, sql in layer.items()}
        for layer in old["layers"]
    ]
    for each in (scoring, CompiledScoring.from_json(json.dumps(old))):
        sql = each.select("(select $1::double as x)", ["_ml_score"])
        ((score,),) = duckdb.execute(sql, [x]).fetchall()
        assert (score is not None) == scored
        assert score is None or score == pytest.approx(math.exp(x), rel=1e-12)


def test_a_version_whose_bounds_overflow_is_refused_by_the_name_of_the_feature():
    table = customers()
    wide = {"kind": "numeric", "bounds": [None, 1.7e308], "out_of_bounds": "clip"}
    row = trained(table, features={"a": wide, "b": {"kind": "numeric"}})  # a slope below 1 does not overflow
    assert all(math.isfinite(r["value"] or 0) for r in json.loads(row["coefficients"]))
    steep = table.set_column(table.column_names.index("a"), "a", pa.array(np.array(table["a"]) / 1000))
    with pytest.raises(
        TrainingSetError, match=r"features\.a: has a coefficient that is no finite number; got value = "
    ):
        trained(steep, features={"a": wide, "b": {"kind": "numeric"}}, algorithm=LINE)


LINE = {"family": "logistic", "hyperparameters": {"C": "none"}}


def test_coefficients_must_be_finite():
    fine = [Coefficient("score", 1, "x", "value", lower=-LARGEST, upper=LARGEST, slope=5e-324, value=LARGEST)]
    require_finite(fine)
    for bad in ({"slope": math.inf}, {"value": math.nan}, {"upper": math.inf}, {"reference": -math.inf}):
        with pytest.raises(
            TrainingSetError,
            match=f"features.x: has a coefficient that is no finite number; got {next(iter(bad))}",
        ):
            require_finite([Coefficient("score", 1, "x", "value", **bad)])


@pytest.mark.parametrize("bound", [1000.0, math.nextafter(LARGEST, 0), LARGEST])
@pytest.mark.parametrize("family", ["logistic", "scorecard", "tree", "additive_boosting"])
def test_bounds_hold_their_ends_up_to_the_largest_double(bound, family):
    connection = duckdb.connect()
    connection.execute(
        "create table t as select e as id, cast(hash(e) % 1000 as double) as x,"
        " cast(hash(e) % 1000 > 400 + hash('n', e) % 300 as int) as y, 1e0 as _ml_weight from range(400) as r(e)"
    )
    declared = features(x={"kind": "numeric", "bounds": [-bound, bound]})
    chosen = FAMILIES[family]
    rows = TrainingRows(Relation(connection.sql("from t"), name="rows"), where="true", label="y", key=("id",))
    fit = chosen.fit(training=rows, features=declared, hyperparameters=chosen.complete({}), seed=0)
    require_finite(fit.coefficients)
    scoring = compile_scoring(fit.coefficients, link=fit.link, dialect="duckdb", nodes=fit.nodes)
    beyond = math.nextafter(bound, math.inf)
    for x, accepted in ((-bound, True), (bound, True), (beyond, False), (-beyond, False), (math.nan, False)):
        sql = scoring.select("(select 1 as id, $1::double as x)", ["_ml_score"])
        ((score,),) = connection.execute(sql, [x]).fetchall()
        assert (score is not None) == accepted, x
        if not fit.nodes and family != "additive_boosting":
            assert interpreted(fit.coefficients, {"x": x}) == (
                pytest.approx(score, abs=1e-9) if accepted else None
            )


# --- Declarations and thresholds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("knots", "allowed"),
    [([LARGEST_LOG], True), ([math.nextafter(LARGEST_LOG, 1000)], False), ([-36.0, 0.0], True), ([-38.0], False)],
)
def test_knots_of_a_transform_lie_where_a_value_can(knots, allowed):
    declaration = {
        "task": "regression",
        "entity": "id",
        "as_of": "month",
        "label": "y",
        "features": {"x": {"kind": "numeric", "transform": "log1p", "knots": knots}},
        "algorithm": {"family": "linear"},
        "baselines": {"mean": {"family": "constant"}},
    }
    if allowed:
        parse_spec("m", declaration)
        return
    with pytest.raises(SpecError, match=r"features\.x\.knots: has a number that log\(1 \+ x\) does not take"):
        parse_spec("m", declaration)


def test_a_threshold_is_finite_whatever_the_scores():
    from ml_ledger.declaration.decision import ValueSpec

    value = ValueSpec(unit="eur", positive_fixed=-1.0, positive_per_unit=1.0)
    for scores, label in (
        ([LARGEST, 1.0], [0.0, 0.0]),  # nobody is worth acting on
        ([LARGEST, LARGEST / 2 * 1.5], [5.0, 0.0]),
        ([LARGEST, math.nextafter(LARGEST, 0)], [5.0, 0.0]),
    ):
        found = best_threshold(np.array(scores), np.array(label), value, "regression")
        assert math.isfinite(found.value)
        assert (np.array(scores) >= found.value).tolist() == [True, False]  # above the largest double is none
