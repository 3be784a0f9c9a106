"""Candidates are compared on folds in the order of time, and all of their metrics are kept."""

from __future__ import annotations

import hashlib
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import customers, declared, metrics_of, relation, trained
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml_ledger.errors import SpecError, VersionError
from ml_ledger.evaluation.estimates import Metric
from ml_ledger.fitting import choosing as choosing_module
from ml_ledger.training_set.folds import Fold, corrected_interval, folds_of, once, tiny
from ml_ledger.warehouse import Relation

CANDIDATES = {
    "line": {"family": "logistic"},
    "trees": {"family": "boosting", "hyperparameters": {"trees": 30, "leaves": 8, "min_samples_leaf": 10}},
}


def choosing(**changes):
    return {"algorithm": None, "candidates": CANDIDATES} | changes


def test_the_better_candidate_becomes_the_version_and_all_are_measured():
    row = trained(**choosing())
    assert row["algorithm"] == "boosting"
    assert row["chosen_because"].startswith("trees has the lowest log loss over 2 folds: line 0.6")
    found = metrics_of(row, dataset="cross_validation", metric="log_loss")
    assert {(m["scored_by"], m["slice"]) for m in found} == {
        (f"candidate:{name}", f"as of {date}") for name in CANDIDATES for date in ("2024-03-01", "2024-04-01")
    }


def test_metrics_of_folds_are_those_of_scikit_learn_on_rows_that_had_matured():
    table = customers()
    row = trained(table, **choosing())
    data = {name: np.array(table[name]) for name in ("a", "b", "bought", "month", "_ml_matured_at")}
    X = np.column_stack([data["a"], data["b"]])
    for date in ("2024-03-01", "2024-04-01"):
        fit, predict = data["_ml_matured_at"] <= np.datetime64(date), data["month"] == np.datetime64(date)
        oracle = make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky", tol=1e-10))
        scores = oracle.fit(X[fit], data["bought"][fit]).predict_proba(X[predict])[:, 1]
        (got,) = metrics_of(row, slice=f"as of {date}", scored_by="candidate:line", metric="log_loss")
        assert got["value"] == pytest.approx(log_loss(data["bought"][predict], scores), abs=1e-9)
        assert got["n"] == 250


def test_folds_wait_for_labels_unless_the_embargo_is_relaxed():
    rows = relation(customers())
    strict = folds_of(declared(**choosing()), rows)
    assert [fold.name for fold in strict] == ["as of 2024-03-01", "as of 2024-04-01"]
    relaxed = folds_of(declared(**choosing(evaluation={"embargo": "relaxed"})), rows)
    assert [fold.name for fold in relaxed] == ["as of 2024-02-01", "as of 2024-03-01", "as of 2024-04-01"]
    counted = rows.query(
        f"select count_if({strict[1].train}) as fit, count_if({strict[1].predict}) as predicted,"
        f" max(case when {strict[1].train} then _ml_matured_at end) as matured from training_set"
    )[0]
    assert counted == {"fit": 500, "predicted": 250, "matured": datetime(2024, 4, 1)}


def test_with_one_as_of_date_entities_are_split():
    table = customers(months=3)
    folds = folds_of(declared(**choosing()), relation(table))
    assert [fold.name for fold in folds] == [f"entities {k} of 3" for k in (1, 2, 3)]
    assert "cast('0x' || substr(md5('1|' || " in folds[1].predict, "the same on every engine"
    rows = relation(table)
    parts = [rows.query(f"select id from training_set where {fold.predict} order by id") for fold in folds]
    assert sorted(row["id"] for part in parts for row in part) == list(range(250))
    assert trained(table, **choosing())["chosen_because"].endswith("could not be fitted: (none)") is False


def test_a_candidate_that_cannot_be_fitted_is_out_and_said_to_be():
    short = {"family": "logistic", "hyperparameters": {"max_iter": 1}}
    row = trained(**choosing(candidates={"short": short, "line": {"family": "logistic"}}))
    assert row["algorithm"] == "logistic"
    assert row["chosen_because"].endswith("could not be fitted: short")
    with pytest.raises(VersionError, match=r"none of them could be fitted.*short: .*also: "):
        trained(**choosing(candidates={"short": short, "also": short}))


def test_a_candidate_that_scores_the_easy_rows_only_is_out():
    rule = "case when a > 1.5 and b > 1 then 0.95 when a > 1.5 and b < -1 then 0.05 end"
    partial = {"family": "rule", "hyperparameters": {"expression": rule}}
    row = trained(**choosing(candidates={"partial": partial, "line": {"family": "logistic"}}))
    assert row["algorithm"] == "logistic"
    assert "score too few rows: partial (0.0" in row["chosen_because"]


def test_a_fold_without_a_class_is_not_counted():
    table = customers()
    first = np.array(table["month"]) == np.datetime64("2024-01-01")
    bought = np.where(first, 0, np.array(table["bought"]))
    one_class = table.set_column(table.schema.get_field_index("bought"), "bought", pa.array(bought))
    assert "over 1 folds" in trained(one_class, **choosing())["chosen_because"]


def test_regressions_are_chosen_by_their_error():
    candidates = {"mean": {"family": "constant"}, "trees": CANDIDATES["trees"]}
    row = trained(task="regression", label="counts", decision=None, **choosing(candidates=candidates))
    assert row["chosen_because"].split(" ")[0] in candidates
    assert "lowest rmse" in row["chosen_because"]


def test_the_mean_over_folds_is_that_of_all_their_rows():
    """Folds of one, ten and a hundred rows: of a root mean square the squares are averaged, of a log loss itself."""
    random = np.random.default_rng(4)
    errors = [random.normal(scale=scale, size=size) for scale, size in ((9.0, 1), (3.0, 10), (1.0, 100))]
    every = np.concatenate(errors)
    metrics = [
        Metric("cross_validation", f"fold {fold}", scored_by, metric, float(value), None, None, len(of_fold))
        for fold, of_fold in enumerate(errors)
        for scored_by, factor in (("candidate:a", 1.0), ("candidate:b", 2.0))
        for metric, value in (
            ("rmse", factor * np.sqrt(np.mean(of_fold**2))),
            ("log_loss", factor * np.mean(np.abs(of_fold))),
        )
    ]
    for name, factor in (("a", 1.0), ("b", 2.0)):
        rmse = choosing_module._mean(metrics, f"candidate:{name}", "rmse")
        assert rmse == pytest.approx(factor * np.sqrt(np.mean(every**2)), rel=1e-12)
        loss = choosing_module._mean(metrics, f"candidate:{name}", "log_loss")
        assert loss == pytest.approx(factor * np.mean(np.abs(every)), rel=1e-12)
    assert choosing_module._mean(metrics, "candidate:c", "rmse") is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"algorithm": None}, "algorithm: a required key is missing. Fix: add 'algorithm', or 'candidates'"),
        ({"candidates": CANDIDATES}, "candidates: cannot be combined with algorithm"),
        (
            {"algorithm": None, "candidates": {"a": {"family": "loggistic"}, "b": {"family": "tree"}}},
            "candidates.a.family: is not a known model family",
        ),
        (
            {
                "algorithm": None,
                "candidates": {"trees": CANDIDATES["trees"], "rates": {"family": "forest"}},
                "features": {"a": {"kind": "numeric", "knots": 2}},
            },
            "features.a.knots: is not followed by family 'boosting'",
        ),
        (
            {
                "algorithm": None,
                "candidates": CANDIDATES,
                "features": {"a": {"kind": "numeric", "monotone": "increasing"}},
            },
            "features.a.monotone: is not followed by family 'logistic'",
        ),
        ({"cross_validation": {"folds": 0}}, "cross_validation.folds: is out of range; got 0"),
    ],
)
def test_declarations_that_cannot_be_chosen_from(changes, message):
    with pytest.raises(SpecError) as caught:
        declared(**changes)
    assert message in str(caught.value)


def daily(dates: int, last: int = 10) -> Relation:
    """Ten rows a day, and so many on the last one; labels mature the same day."""
    return Relation(
        duckdb.sql(
            f"select n as id, cast(date '2024-01-01' + to_days(cast(d as integer)) as timestamp) as month,"
            f" 'train' as _ml_split, month as _ml_matured_at from range({dates}) as ds(d),"
            f" range(case when d = {dates - 1} then {last} else 10 end) as ns(n)"
        ),
        name="training_set",
    )


def sizes(rows: Relation, folds) -> list[tuple[int, int]]:
    """How many rows each fold is fitted on and predicts."""
    counted = (f"select count_if({f.train}) as fit, count_if({f.predict}) as n from training_set" for f in folds)
    return [(found["fit"], found["n"]) for found in (rows.query(sql)[0] for sql in counted)]


def test_small_as_of_dates_make_folds_of_comparable_size():
    rows = daily(243)
    folds = folds_of(declared(**choosing(cross_validation={"folds": 2})), rows)
    assert [fold.name for fold in folds] == ["as of 2024-03-22 to 2024-06-10", "as of 2024-06-11 to 2024-08-30"]
    assert sizes(rows, folds) == [(810, 810), (1620, 810)]
    assert [fold.share for fold in folds] == pytest.approx([1 / 3, 1 / 3])
    assert tiny(folds) is None


@pytest.mark.parametrize(
    ("dates", "last", "name"),
    [
        (49, 10, "as of 2024-02-18"),  # two dates of 2.04 % each
        (50, 10, "as of 2024-02-19"),  # of 2 %
        (50, 9, "as of 2024-02-03 to 2024-02-19"),
        (51, 10, "as of 2024-02-04 to 2024-02-20"),
    ],
)
def test_as_of_dates_of_two_percent_are_folds_of_their_own(dates, last, name):
    found = folds_of(declared(**choosing(cross_validation={"folds": 2})), daily(dates, last))
    assert found[-1].name == name


@pytest.mark.parametrize(
    ("of", "names", "fitted"),
    [
        ("as_of", ["as of 2024-08-29", "as of 2024-08-30"], [2410, 2420]),
        ("day", ["as of 2024-08-29", "as of 2024-08-30"], [2410, 2420]),
        ("week", ["as of 2024-08-19 to 2024-08-25", "as of 2024-08-26 to 2024-08-30"], [2310, 2380]),
        ("month", ["as of 2024-07-01 to 2024-07-31", "as of 2024-08-01 to 2024-08-30"], [1820, 2130]),
        ("quarter", ["as of 2024-04-01 to 2024-06-30", "as of 2024-07-01 to 2024-08-30"], [910, 1820]),
    ],
)
def test_folds_by_period(of, names, fitted):
    rows = daily(243)
    folds = folds_of(declared(**choosing(cross_validation={"folds": 2, "of": of})), rows)
    assert [fold.name for fold in folds] == names
    assert [fit for fit, _ in sizes(rows, folds)] == fitted


def test_folds_by_period_wait_for_labels():
    spec = declared(**choosing(cross_validation={"folds": 2, "of": "quarter"}))
    rows = relation(customers(months=8))  # trained on are January to June; labels take two months
    (fold,) = folds_of(spec, rows)
    assert fold.name == "as of 2024-04-01 to 2024-06-01"
    found = rows.query(f"select distinct month(month) as m from training_set where {fold.train} order by 1")
    assert found == [{"m": 1}, {"m": 2}]


@pytest.mark.parametrize(("dates", "is_tiny"), [(99, False), (100, False), (101, True)])
def test_a_fold_of_less_than_a_hundredth_is_said_to_be_tiny(dates, is_tiny):
    folds = folds_of(declared(**choosing(cross_validation={"folds": 1, "of": "as_of"})), daily(dates))
    said = tiny(folds)
    assert (said is not None) is is_tiny
    assert not is_tiny or said.startswith("tiny folds: as of 2024-04-10 (1.0%) of the training rows")


@pytest.mark.parametrize(
    ("count", "said"),
    [(2, "b (0.5%) of"), (3, "c (0.5%) of"), (4, "c (0.5%) and 1 more of"), (5, "and 2 more of")],
)
def test_of_tiny_folds_three_are_named(count, said):
    found = tiny([Fold(name, "true", "true", share=0.005) for name in "abcde"[:count]])
    assert found.startswith("tiny folds: a (0.5%), b (0.5%)")
    assert f"{said} the training rows" in found
    assert "d (" not in found


def test_more_as_of_dates_than_can_be_named_are_used_up_to_the_first_that_had_not_matured():
    rows = Relation(
        duckdb.sql(
            "select d as id, timestamp '2024-01-01' + to_hours(d) as month, 'train' as _ml_split,"
            " month + to_hours(case when d = 1100 then 9000 else 5 end) as _ml_matured_at from range(4000) as ds(d)"
        ),
        name="training_set",
    )
    (fold,) = folds_of(declared(**choosing(cross_validation={"folds": 1})), rows)
    assert fold.name == "as of 2024-03-24 08:00:00 to 2024-06-15 15:00:00"
    assert sizes(rows, [fold]) == [(1100, 2000)]


def test_entities_are_split_several_times():
    rows = relation(customers())
    folds = folds_of(declared(**choosing(cross_validation={"folds": 5, "repeats": 3, "of": "entity"})), rows)
    assert [fold.name for fold in folds[4:6]] == ["entities 5 of 5, time 1", "entities 1 of 5, time 2"]
    assert once(folds) == folds[:5]
    of = {f.name: {r["id"] for r in rows.query(f"select id from training_set where {f.predict}")} for f in folds}
    for start in (0, 5, 10):
        parts = [of[fold.name] for fold in folds[start : start + 5]]
        assert sorted(e for part in parts for e in part) == list(range(250))
        assert min(map(len, parts)) > 30
    assert len({frozenset(part) for part in of.values()}) == 15
    first = {e for e in range(250) if int(hashlib.md5(f"1|{e}".encode()).hexdigest()[:8], 16) % 5 == 0}
    assert of[folds[0].name] == first


def test_the_interval_of_repeated_folds_is_that_of_nadeau_and_bengio():
    values = np.random.default_rng(0).normal(size=50)
    mean, low, high = corrected_interval(list(values), 5)
    assert mean == pytest.approx(values.mean(), abs=1e-15)
    # A quarter as many rows are predicted as fitted; t of 49 degrees of freedom is 2.009575237.
    half = 2.009575237 * np.sqrt((1 / 50 + 1 / 4) * values.var(ddof=1))
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=1e-8)
    assert np.isnan(corrected_interval([1.0], 2)[1:]).all()


@pytest.mark.parametrize("repeats", [None, 2])
def test_small_data_are_chosen_by_repeated_folds_with_an_interval(repeats):
    split = {"folds": 2, "of": "entity", "repeats": repeats}
    row = trained(customers(each=100), **choosing(cross_validation=split))
    assert f"over {2 * (repeats or 1)} folds" in row["chosen_because"]
    assert "; ahead of line by 0." in row["chosen_because"]
    found = metrics_of(row, dataset="cross_validation", metric="log_loss", scored_by="candidate:trees")
    (whole,) = [m for m in found if m["slice"] == "all"]
    assert len(found) == (1 if repeats else 3)
    assert whole["ci_low"] < whole["value"] < whole["ci_high"]
    assert whole["n"] == 400


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"of": "year"}, "cross_validation.of: has a value that is not allowed; got 'year'"),
        ({"repeats": 5}, "cross_validation.repeats: has no meaning where folds are in the order of time; got 5"),
        ({"of": "entity", "folds": 1}, "cross_validation.folds: leaves no entity to train on"),
    ],
)
def test_folds_that_cannot_be_declared(split, message):
    with pytest.raises(SpecError) as caught:
        declared(cross_validation=split)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "shape", [{"transform": "log1p"}, {"knots": 2}, {"transform": "log1p", "knots": [0.0]}, {"bins": 4}]
)
def test_a_shape_is_followed_by_the_candidates_that_can_and_means_nothing_to_the_others(shape):
    table = customers()
    table = table.set_column(table.column_names.index("a"), "a", pa.array(np.abs(table["a"])))
    plain = {"a": {"kind": "numeric"}, "b": {"kind": "numeric"}}
    shaped = plain | {"a": {"kind": "numeric"} | shape}
    versions = [trained(table, **choosing(features=features)) for features in (shaped, plain)]
    losses = [metrics_of(row, dataset="cross_validation", metric="log_loss") for row in versions]
    of_line, of_trees = (
        [[m["value"] for m in of_version if m["scored_by"] == f"candidate:{name}"] for of_version in losses]
        for name in CANDIDATES
    )
    assert of_trees[0] == of_trees[1]
    assert of_line[0] != of_line[1]
