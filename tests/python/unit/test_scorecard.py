"""Scorecards against loops over raw data, and scikit-learn on columns made by hand."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from agreement import STRANGERS, Fitted, applies, assert_agreement, features, table_of_every_kind
from agreement import fitted as fitted_family
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from test_terms import CASES

from ml_ledger.coefficients import Coefficient, to_json
from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError
from ml_ledger.families.linear.scorecard import FAMILY, with_points
from ml_ledger.terms.binning import merged_bins

ORDERS = Path(__file__).parents[2] / "fixtures" / "cdnow_orders_sample.csv"
FIT_TOLERANCE = 1e-8

UNSHAPED = {
    name: {
        feature: {key: value for key, value in keys.items() if key not in ("transform", "knots")}
        for feature, keys in declared.items()
    }
    for name, declared in CASES.items()
    if not name.startswith(("knots", "log1p"))
}


def fitted(connection: duckdb.DuckDBPyConnection, declared: dict, **options) -> Fitted:
    return fitted_family(connection, declared, family="scorecard", **options)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = table_of_every_kind()
    made.execute(f"create table strangers as select * from ({STRANGERS}) where id % 7 = 0")
    return made


@pytest.fixture(scope="module")
def breast_cancer() -> tuple[duckdb.DuckDBPyConnection, dict]:
    X, y = load_breast_cancer(return_X_y=True)
    names = [f"f{j}" for j in range(10)]
    columns = {name: X[:, j] for j, name in enumerate(names)}
    columns |= {"id": np.arange(len(y)), "y": y, "_ml_weight": np.ones(len(y))}
    return table_of(columns), features(**{name: {"kind": "numeric"} for name in names})


@pytest.fixture(scope="module")
def repurchase() -> tuple[duckdb.DuckDBPyConnection, dict]:
    """Customers of CDNOW on the first of July 1997: will they buy within 90 days?"""
    made = duckdb.connect()
    made.execute(
        f"""
        create table t as
        select
            customer_id as id,
            date '1997-07-01' - max(order_date) filter (order_date < date '1997-07-01') as recency_days,
            count(*) filter (order_date < date '1997-07-01') as orders,
            sum(amount) filter (order_date < date '1997-07-01') as amount,
            case when count(distinct order_date) filter (order_date < date '1997-07-01') > 1 then
                (max(order_date) filter (order_date < date '1997-07-01') - min(order_date))
                / (count(distinct order_date) filter (order_date < date '1997-07-01') - 1)
            end as mean_gap_days,
            monthname(min(order_date)) as first_month,
            bool_or(quantity > 3 and order_date < date '1997-07-01') as large_order,
            max((order_date between date '1997-07-01' and date '1997-09-28')::int) as y,
            1.0::double as _ml_weight
        from read_csv('{ORDERS}')
        group by customer_id
        having min(order_date) < date '1997-07-01'
        """
    )
    declared = features(
        recency_days={"kind": "numeric", "monotone": "decreasing"},
        orders={"kind": "numeric"},
        amount={"kind": "numeric", "bins": [10, 20, 40, 80, 160]},
        mean_gap_days={"kind": "numeric", "missing": "own_level", "bins": 8},
        first_month={"kind": "categorical", "unknown": "reference"},
        large_order={"kind": "boolean"},
    )
    return made, declared


def table_of(columns: dict) -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    made.register("columns", pa.table(columns))
    made.execute("create table t as select * from columns")
    return made


def entities_of(connection: duckdb.DuckDBPyConnection, table: str = "t") -> list[dict]:
    cursor = connection.execute(f"select * from {table} order by id")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def matching(rows: list[Coefficient], entity: dict) -> list[Coefficient]:
    """The one row of each term that applies to an entity."""
    terms = [[row for row in rows if row.term == term] for term in range(rows[-1].term + 1)]
    return [row for of_term in terms for row in of_term if applies(row, of_term, entity)]


def counted_by_hand(rows: list[Coefficient], entities: list[dict]) -> dict[int, dict[Coefficient, list[float]]]:
    """Per term and row that any entity matches: the weights of its entities with label 1 and with label 0."""
    counts: dict[int, dict[Coefficient, list[float]]] = {}
    for entity in entities:
        for row in matching(rows, entity)[1:]:
            both = counts.setdefault(row.term, {}).setdefault(row, [0.0, 0.0])
            both[0 if entity["y"] else 1] += entity["_ml_weight"]
    return counts


def evidence_by_hand(counts: dict[Coefficient, list[float]]) -> tuple[dict[Coefficient, float], float]:
    """Weight of evidence of each row of a term, and the information value of the term."""
    positives = sum(both[0] for both in counts.values())
    negatives = sum(both[1] for both in counts.values())
    bins = len(counts)
    evidence, value = {}, 0.0
    for row, (positive, negative) in counts.items():
        share_of_positives = (positive + 0.5) / (positives + 0.5 * bins)
        share_of_negatives = (negative + 0.5) / (negatives + 0.5 * bins)
        evidence[row] = math.log(share_of_positives / share_of_negatives)
        value += (positive / positives - negative / negatives) * evidence[row]
    return evidence, value


@pytest.mark.parametrize("case", UNSHAPED)
@pytest.mark.parametrize("table", ["t", "strangers"])
def test_sql_rows_and_estimator_agree(connection, case, table):
    assert_agreement(fitted(connection, features(**UNSHAPED[case])), table)


@pytest.mark.parametrize("data", ["breast_cancer", "repurchase"])
@pytest.mark.parametrize("settings", [{}, {"C": 0.02, "min_bin_share": 0.12, "points_for": "positive"}])
def test_real_data_gives_what_a_loop_and_scikit_learn_give(data, settings, request):
    connection, declared = request.getfixturevalue(data)
    result = fitted(connection, declared, **settings)
    assert_agreement(result)
    rows, entities = result.fit.coefficients, entities_of(connection)
    evidence: dict[Coefficient, float] = {}
    for term, counts in counted_by_hand(rows, entities).items():
        of_term, value = evidence_by_hand(counts)
        evidence |= of_term
        (feature,) = {row.feature for row in rows if row.term == term}
        assert result.fit.diagnostics[f"information_value.{feature}"] == pytest.approx(value, abs=1e-12)
    design = np.array([[evidence[row] for row in matching(rows, entity)[1:]] for entity in entities])
    y = [entity["y"] for entity in entities]
    oracle = LogisticRegression(C=settings.get("C", 1.0), solver="newton-cholesky", tol=1e-10).fit(design, y)
    assert rows[0].value == pytest.approx(oracle.intercept_[0], abs=FIT_TOLERANCE)
    for name, weight in zip(declared, oracle.coef_[0], strict=True):
        assert result.fit.diagnostics[f"weight.{name}"] == pytest.approx(weight, abs=FIT_TOLERANCE)
    for row, value in evidence.items():
        assert row.value == pytest.approx(oracle.coef_[0][row.term - 1] * value, abs=FIT_TOLERANCE)
    expected = oracle.predict_proba(design)[:, 1]
    assert np.max(np.abs(np.array(result.by_sql()) - expected)) < FIT_TOLERANCE
    for entity, probability in zip(entities, expected, strict=True):
        odds = (1 - probability) / probability
        if settings.get("points_for") == "positive":
            odds = 1 / odds
        points = sum(row.points for row in matching(rows, entity))
        assert points == pytest.approx(600 + 20 * math.log2(odds / 50), abs=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2])
def test_bins_of_real_numbers_are_monotone_and_large_enough(breast_cancer, repurchase, share):
    several = 0
    for connection, declared in (breast_cancer, repurchase):
        rows = fitted(connection, declared, min_bin_share=share).fit.coefficients
        entities = entities_of(connection)
        for counts in counted_by_hand(rows, entities).values():
            bins = sorted(
                (row for row in counts if row.applies_to == "value"),
                key=lambda row: -math.inf if row.lower is None else row.lower,
            )
            evidence, _ = evidence_by_hand(counts)
            steps = [evidence[after] - evidence[before] for before, after in pairwise(bins)]
            assert all(step > 0 for step in steps) or all(step < 0 for step in steps)
            several += len(bins) > 2
            for row in bins:
                assert min(counts[row]) > 0, "rows of both classes"
                assert sum(counts[row]) >= share * len(entities)
    assert several > (0 if share == 0.2 else 10)


@pytest.mark.parametrize(("bins", "fine"), [(None, 20), (7, 7), ([1.5, 20.0, 400.0], None)])
def test_fine_bins_are_quantiles_or_as_declared(connection, bins, fine):
    amounts, y = np.array(connection.execute("select amount, y from t").fetchall()).T
    edges = np.array(bins)
    if fine:
        edges = np.unique(np.quantile(amounts, np.arange(1, fine) / fine, method="inverted_cdf"))
    at = np.searchsorted(edges, amounts, side="right")
    counts = np.array([[np.sum((at == j) & (y == label)) for label in (1, 0)] for j in range(len(edges) + 1)])
    starts = merged_bins(counts, totals=counts.sum(axis=0), smallest_share=0.05, direction=None)
    rows = fitted(connection, features(amount={"kind": "numeric", "bins": bins})).fit.coefficients
    assert [row.lower for row in rows[1:]] == [None, *edges[np.array(starts[1:]) - 1]]


def test_a_declared_direction_is_followed(connection):
    for direction, sign in (("increasing", 1), ("decreasing", -1)):
        declared = features(x={"kind": "numeric", "missing": "own_level", "monotone": direction})
        rows = [row for row in fitted(connection, declared).fit.coefficients if row.applies_to == "value"]
        values = [row.value for row in sorted(rows, key=lambda row: -math.inf if row.lower is None else row.lower)]
        assert all(sign * (after - before) > 0 for before, after in pairwise(values))
        assert (len(values) > 2) == (direction == "increasing")


def test_a_weight_that_would_turn_a_declared_direction_around_is_zero():
    random = np.random.default_rng(5)
    a = random.normal(size=4000)
    b = a + 0.3 * random.normal(size=4000)
    y = (random.random(4000) < 1 / (1 + np.exp(-3 * a + 2 * b))).astype(int)
    made = table_of({"a": a, "b": b, "y": y, "id": np.arange(4000), "_ml_weight": np.ones(4000)})
    free = fitted(made, features(a={"kind": "numeric"}, b={"kind": "numeric"})).fit.diagnostics
    assert free["weight.b"] < -0.5
    declared = features(a={"kind": "numeric"}, b={"kind": "numeric", "monotone": "increasing"})
    kept = fitted(made, declared)
    assert_agreement(kept)
    assert {row.value for row in kept.fit.coefficients if row.feature == "b"} == {0.0}
    alone = fitted(made, features(a={"kind": "numeric"}))
    assert kept.fit.diagnostics["weight.a"] == pytest.approx(alone.fit.diagnostics["weight.a"], abs=1e-12)
    assert kept.by_sql() == pytest.approx(alone.by_sql(), abs=1e-12)


def values_of(result: Fitted, feature: str) -> dict[str, float]:
    """What NULL, unknown levels and each level or bin add."""
    rows = [row for row in result.fit.coefficients if row.feature == feature]
    return {
        (f"{row.lower} {row.upper}" if row.applies_to == "value" else row.level or row.applies_to): row.value
        for row in rows
    }


def test_a_missing_number_has_evidence_of_its_own_or_that_of_the_mean(connection):
    ((positives, negatives, mean),) = connection.execute(
        "select sum(y) filter (x is null), sum(1 - y) filter (x is null), avg(x) from t"
    ).fetchall()
    apart = fitted(connection, features(x={"kind": "numeric", "missing": "own_level", "bins": [10]}))
    values, weight = values_of(apart, "x"), apart.fit.diagnostics["weight.x"]
    ((p, n),) = connection.execute("select sum(y), sum(1 - y) from t").fetchall()
    evidence = math.log((positives + 0.5) / (p + 1.5)) - math.log((negatives + 0.5) / (n + 1.5))
    assert values["missing"] == pytest.approx(weight * evidence, abs=1e-12)
    filled = fitted(connection, features(x={"kind": "numeric", "missing": "impute", "bins": [10]}))
    values, weight = values_of(filled, "x"), filled.fit.diagnostics["weight.x"]
    ((positives, negatives),) = connection.execute(
        f"select sum(y), sum(1 - y) from t where coalesce(x, {mean}) >= 10"
    ).fetchall()
    of_mean = "10.0 None" if mean >= 10 else "None 10.0"
    assert values["missing"] == values[of_mean]
    evidence = math.log((positives + 0.5) / (p + 1)) - math.log((negatives + 0.5) / (n + 1))
    assert values["10.0 None"] == pytest.approx(weight * evidence, abs=1e-12)


def test_rare_and_unknown_levels(connection):
    declared = {"kind": "categorical", "missing": "own_level", "min_share": 0.06}
    values = values_of(fitted(connection, features(level=declared | {"unknown": "rare"})), "level")
    rare = [
        level
        for (level,) in connection.execute(
            "select level from t where level is not null group by 1 having count(*) < 0.06 *"
            " (select count(level) from t)"
        ).fetchall()
    ]
    assert len(rare) > 1
    assert {values[level] for level in rare} == {values["unknown"]}
    assert len(set(values.values())) == len(values) - len(rare)
    values = values_of(fitted(connection, features(level=declared | {"unknown": "reference"})), "level")
    assert values["unknown"] == values["plain"] != 0
    assert "unknown" not in values_of(
        fitted(connection, features(level=declared | {"unknown": "reject"})), "level"
    )


def test_a_policy_for_null_that_training_never_needed_adds_nothing(connection):
    declared = features(
        amount={"kind": "numeric", "missing": "own_level"}, flag={"kind": "boolean", "missing": "own_level"}
    )
    result = fitted(connection, declared)
    assert values_of(result, "amount")["missing"] == values_of(result, "flag")["missing"] == 0
    assert_agreement(result, "strangers")


@pytest.mark.parametrize("settings", [{}, {"l1_ratio": 1.0}, {"l1_ratio": 0.5}])
def test_a_feature_that_keeps_one_bin_adds_nothing(connection, settings):
    declared = features(id={"kind": "numeric", "bins": [-5, 1e9]}, x={"kind": "numeric", "missing": "impute"})
    result = fitted(connection, declared, **settings)
    (row,) = [row for row in result.fit.coefficients if row.feature == "id"]
    assert (row.lower, row.upper, row.value, row.points) == (None, None, 0.0, 0.0)
    assert result.fit.diagnostics["information_value.id"] == 0
    assert_agreement(result)
    alone = fitted(connection, features(id={"kind": "numeric", "bins": [1e9]}))
    ((rate,),) = connection.execute("select avg(y) from t").fetchall()
    assert alone.by_sql() == pytest.approx([rate] * 600, abs=1e-12)


def test_more_fine_bins_and_repeated_values(connection):
    declared = features(
        amount={"kind": "numeric", "bins": 255}, code={"kind": "numeric"}, y={"kind": "numeric", "bins": 3}
    )
    assert_agreement(fitted(connection, declared))


def test_a_baseline_ignores_the_shapes_of_other_families(connection):
    """The version may have a slope in log(1 + x) where the scorecard, its baseline, follows the order alone."""
    shaped = fitted(connection, features(amount={"kind": "numeric", "transform": "log1p", "knots": 3}))
    plain = fitted(connection, features(amount={"kind": "numeric"}))
    assert shaped.fit.coefficients == plain.fit.coefficients
    connection.execute("create or replace table negative as select 1 as id, -5e0 as amount")
    assert_agreement(shaped, "negative")


def test_weights_count_like_copies(connection):
    connection.execute(
        "create or replace table weighted as select * exclude (_ml_weight), 1.0 + id % 3 as _ml_weight from t"
    )
    connection.execute("create or replace table copied as select * from t, range(1 + id % 3)")
    declared = features(
        x={"kind": "numeric", "missing": "own_level", "bins": [4, 8, 12]}, flag={"kind": "boolean"}
    )
    weighted = fitted(connection, declared, table="weighted").fit.coefficients
    copied = fitted(connection, declared, table="copied").fit.coefficients
    for one, other in zip(weighted, copied, strict=True):
        assert (one.lower, one.upper, one.level) == (other.lower, other.upper, other.level)
        assert one.value == pytest.approx(other.value, abs=FIT_TOLERANCE)


def test_points_are_scaled_as_in_the_book():
    """Siddiqi 2006, chapter 6: 600 points at odds of 50 to 1, 20 points double the odds."""
    rows = [
        Coefficient("score", 0, None, "intercept", value=0.0),
        Coefficient("score", 1, "x", "value", value=1.0),
    ]
    head, one = with_points(rows, FAMILY.complete({"points_for": "positive"}))
    assert head.points == pytest.approx(487.123, abs=5e-4)
    assert one.points == pytest.approx(28.8539, abs=5e-5)
    head, one = with_points(rows, FAMILY.complete({}))
    assert (head.points, one.points) == pytest.approx((487.123, -28.8539), abs=5e-4)
    scaled = {"base_points": 0, "base_odds": 1, "points_to_double": 1, "points_for": "positive"}
    head, one = with_points(rows, FAMILY.complete(scaled))
    assert (head.points, one.points) == (0.0, pytest.approx(1 / math.log(2)))
    assert [row["points"] for row in json.loads(to_json(rows))] == [None, None]


def declaration(feature: dict, **hyperparameters) -> dict:
    return {
        "task": "binary",
        "entity": "id",
        "as_of": "day",
        "label": "y",
        "features": {"x": feature},
        "algorithm": {"family": "scorecard", "hyperparameters": hyperparameters},
        "baselines": {"constant": {"family": "constant"}},
        "decision": {"threshold": 0.5, "positive": "a", "negative": "b", "fallback": "c"},
    }


@pytest.mark.parametrize(
    ("feature", "hyperparameters", "message"),
    [
        (
            {"knots": 3},
            {},
            "features.x.knots: is not followed by family 'scorecard'; got 3. Allowed: bins, monotone",
        ),
        ({}, {"min_bin_share": 0.6}, "min_bin_share: has a value out of range; got 0.6. Allowed: a number from 0"),
        ({}, {"base_odds": 0}, "base_odds: has a value out of range; got 0. Allowed: a number > 0"),
        ({}, {"base_points": math.inf}, "base_points: has a value out of range; got inf."),
        ({}, {"points_for": "good"}, "points_for: has a value out of range; got 'good'. Allowed: negative (more"),
        ({}, {"points": 600}, "points: is not a hyperparameter of family 'scorecard'"),
    ],
)
def test_declarations_that_it_does_not_take(feature, hyperparameters, message):
    with pytest.raises(SpecError) as caught:
        parse_spec("m", declaration({"kind": "numeric"} | feature, **hyperparameters))
    assert message in str(caught.value)


def test_its_task_is_binary():
    with pytest.raises(SpecError, match="does not fit task 'regression'"):
        parse_spec("m", declaration({"kind": "numeric"}) | {"task": "regression"})
