"""Findings about the holdout, the learning curve and the benchmark, and the table of all findings."""

import json
from datetime import datetime

import duckdb
import numpy as np
import pytest
from customers import DECLARATION
from scipy.stats import chi2_contingency
from training_sets import assess, clean, declared, serious, training_set

from ml_ledger import assess_training_set
from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError, TrainingSetError
from ml_ledger.quality.checks.shift import by_chance, shift_of
from ml_ledger.quality.finding import SCHEMA
from ml_ledger.training.fit_version import fingerprint_of
from ml_ledger.warehouse import Relation


def of(findings, check):
    return [row for row in findings if row["check_name"] == check]


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression", "clustering"])
def test_a_clean_training_set_has_nothing_but_information(task):
    findings = assess(clean(1, rows=1600, task=task), task=task)
    assert serious(findings) == []
    assert [row["rank"] for row in findings] == list(range(1, len(findings) + 1))


def test_the_stability_index_is_that_of_a_naive_loop():
    rng = np.random.default_rng(0)
    train, holdout = rng.normal(0, 1, 800), rng.normal(0.3, 1, 300)
    train[:40] = np.nan
    edges = np.quantile(train[40:], np.arange(1, 10) / 10)
    expected = 0.0
    for low, high in zip([-np.inf, *edges], [*edges, np.inf], strict=True):
        p = ((train > low) & (train <= high)).sum() / 800
        q = ((holdout > low) & (holdout <= high)).sum() / 300
        expected += (p - q) * np.log(p / q)
    expected += (40 / 800 - 0.5 / 300) * np.log((40 / 800) / (0.5 / 300))
    index, groups = shift_of(train, holdout, is_level=False)
    assert (index, groups) == (pytest.approx(expected), 11)


def test_chance_alone_stays_below_what_is_allowed():
    rng = np.random.default_rng(0)
    above = 0
    for _ in range(400):
        train, holdout = rng.integers(0, 4, 500).astype(float), rng.integers(0, 4, 200).astype(float)
        index, groups = shift_of(train, holdout, is_level=True)
        above += index > by_chance(groups, 500, 200, 1)
        # The index is close to the statistic of the test of independence, which has the same distribution.
        table = [np.bincount(side.astype(int), minlength=4) for side in (train, holdout)]
        assert index / (1 / 500 + 1 / 200) == pytest.approx(chi2_contingency(table)[0], rel=0.3, abs=1)
    assert above <= 12, "1 % of 400, and some"


def test_a_shift_is_named_feature_by_feature_and_the_classifier_sees_it():
    columns = clean(0, rows=1600)
    held_out = np.arange(1600) % 4 == 3
    columns["age"][held_out] += 12
    columns["region"][held_out & (columns["region"] == "east")] = "north"
    findings = assess(columns)
    found = {row["subject"]: row for row in of(findings, "shift")}
    assert set(found) == {"age", "region"}
    assert "Median" in found["age"]["evidence"]
    assert "east in" in found["region"]["evidence"]
    (area,) = of(findings, "domain_classifier")
    assert area["value"] > 0.7


@pytest.mark.parametrize("seed", range(3))
def test_few_rows_differ_by_chance_and_many_may_differ_a_little(seed):
    few = clean(seed, rows=300, task="clustering")
    assert of(assess(few, task="clustering"), "shift") == []
    many = clean(seed, rows=8000, task="clustering")
    many["age"][np.arange(8000) % 4 == 3] += 2
    assert of(assess(many, task="clustering"), "shift") == []
    lower = {"limits": {"shift": 0.0}}
    (found,) = of(assess(many, task="clustering", training_quality=lower), "shift")
    assert (found["subject"], found["value"] < 0.2) == ("age", True)


def test_a_feature_that_is_gone_in_the_holdout_is_an_error():
    columns = clean(0, rows=1600, task="clustering")
    columns["age"][np.arange(1600) % 4 == 3] = np.nan
    (row,) = of(assess(columns, task="clustering"), "shift")
    assert (row["severity"], row["subject"], row["rank"]) == ("error", "age", 1)
    assert "NULL in 0 % of the training rows, in 100 % of the holdout" in row["evidence"]


def test_the_benchmark_and_the_learning_curve_say_what_would_help():
    rng = np.random.default_rng(0)
    columns = {f"x{place}": rng.normal(size=1200) for place in range(4)}
    columns["bought"] = (np.sin(3 * columns["x0"]) + columns["x1"] * columns["x2"] > 0).astype(int)
    far = {"benchmark": {"metric": "log_loss", "value": 0.0001, "who": "two experts"}}
    findings = assess(columns, training_quality=far)
    (row,) = of(findings, "benchmark")
    assert (row["severity"], row["subject"], row["allowed"]) == ("warn", "log_loss", 0.0001)
    assert "log_loss is 0.0001 for two experts" in row["evidence"]
    (curve,) = of(findings, "learning_curve")
    assert curve["severity"] == "info"
    assert "more rows help" in curve["evidence"]
    assert curve["next_step"].startswith("Collect more rows")
    noise = {"bought": rng.integers(0, 2, 1200), "x0": columns["x0"], "x1": columns["x1"]}
    near = {"benchmark": {"metric": "roc_auc", "value": 0.4, "who": "a coin"}}
    findings = assess(noise, training_quality=near)
    assert of(findings, "benchmark")[0]["severity"] == "info"
    assert "help" in of(findings, "learning_curve")[0]["evidence"]


def test_a_second_run_gives_the_same_rows_and_another_seed_another_sample():
    columns = clean(3, rows=1600)
    small = {"training_quality": {"sample_rows": 300}}
    first = assess(columns, **small)
    assert first == assess(columns, **small)
    shuffled = {name: values[::-1].copy() for name, values in columns.items()}
    shuffled["id"] = np.arange(1600)[::-1].copy()
    shuffled["_ml_split"] = np.where(np.arange(1600) % 4 == 3, "holdout", "train")[::-1].copy()
    assert assess(shuffled, **small) == first, "whatever the order of the rows"
    assert assess(columns, training={"seed": 5}, **small) != first


def test_the_sample_is_stated_and_the_version_with_the_same_rows_is_known():
    columns = clean(0, rows=2000)
    spec = declared(columns, "binary", training_quality={"sample_rows": 300})
    with duckdb.connect() as connection:
        relation = training_set(connection, columns)
        table = assess_training_set(ml_model="m", spec=spec, training_set=relation)
        fingerprint = fingerprint_of(parse_spec("m", spec), Relation(relation, name="_ml_training_set"))
    assert table.schema.equals(SCHEMA)
    rows = table.to_pylist()
    assert {(row["ml_model"], row["known_at"], row["training_set_fingerprint"]) for row in rows} == {
        ("m", datetime(2024, 6, 30), fingerprint)
    }
    assert {row["rows_of_training_set"] for row in rows} == {1500}
    (curve,) = of(rows, "learning_curve")
    assert 200 < curve["rows_looked_at"] <= 300
    assert "the training set has 1,500" in curve["evidence"]
    assert all(isinstance(json.loads(row["rows_to_inspect"]), list) for row in rows)


def test_the_same_training_set_is_not_assessed_again():
    columns = clean(0, rows=400)
    spec = declared(columns, "binary", training_quality={"sample_rows": 300})
    with duckdb.connect() as connection:
        relation = training_set(connection, columns)
        first = assess_training_set(ml_model="m", spec=spec, training_set=relation)

        def again(spec: dict, relation: duckdb.DuckDBPyRelation) -> int:
            history = connection.from_arrow(first)
            return len(assess_training_set(ml_model="m", spec=spec, training_set=relation, history=history))

        assert again(spec, relation) == 0
        assert again(spec | {"training_quality": {"sample_rows": 299}}, relation) > 0
        assert again(spec, training_set(connection, {name: of[:-4] for name, of in columns.items()})) > 0


def test_nothing_is_looked_at_unless_it_is_asked_for():
    assert assess(clean(0, rows=400), training_quality=None) == []


def test_nothing_has_matured_yet():
    columns = clean(0, rows=400)
    columns["_ml_split"] = np.full(400, "embargo")
    assert assess(columns) == []


def test_what_cannot_be_trained_on_is_refused_as_training_does():
    columns = clean(0, rows=400)
    columns["bought"] = columns["bought"] * 2
    with pytest.raises(TrainingSetError, match="label bought"):
        assess(columns)


def test_declaring_it_trains_nothing_and_all_mistakes_are_named():
    plain = parse_spec("m", DECLARATION)
    assert plain.training_quality is None
    asked = parse_spec("m", DECLARATION | {"training_quality": {}})
    assert asked.fingerprint() == plain.fingerprint()
    assert (asked.training_quality.sample_rows, asked.training_quality.limits.vif) == (20_000, 10.0)
    wrong = {
        "sample_rows": 10,
        "benchmark": {"metric": "rmse", "value": 2},
        "limits": {"vif": 0.5, "shfit": 1},
    }
    with pytest.raises(SpecError) as caught:
        parse_spec("m", DECLARATION | {"training_quality": wrong})
    for part in (
        "training_quality.sample_rows: is out of range; got 10. Allowed: a number >= 200",
        "training_quality.benchmark.who: a required key is missing",
        "training_quality.benchmark.metric: is not a metric of task 'binary'; got 'rmse'. Allowed: roc_auc,",
        "training_quality.limits.vif: is out of range; got 0.5. Allowed: a number >= 1",
        "training_quality.limits.shfit: unknown key; got 1. Allowed: class_share,",
    ):
        assert part in str(caught.value)
    benchmark = {"benchmark": {"metric": "roc_auc", "value": 85, "who": "a person"}}
    with pytest.raises(
        SpecError, match=r"value: is a value that the metric cannot take; got 85\. Allowed: 0 to 1"
    ):
        parse_spec("m", DECLARATION | {"training_quality": benchmark})
    columns = clean(0, rows=400, task="clustering")
    with pytest.raises(SpecError, match="benchmark: has no meaning for task 'clustering'"):
        assess(columns, task="clustering", training_quality=benchmark)
