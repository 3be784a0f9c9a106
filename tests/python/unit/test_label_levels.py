"""A label of two classes is one level, in whatever type it is stored; and dates are compared by their parts."""

from __future__ import annotations

import datetime
import json

import drifting
import duckdb
import numpy as np
import pyarrow as pa
import pytest
from customers import declared
from drifting import decide, drift, outcomes_of, rows

from ml_ledger.monitoring.drift.joint import sample, told_apart
from ml_ledger.monitoring.drift.stored_reference import compared_columns
from ml_ledger.training_set.labels import label_as_level
from ml_ledger.warehouse import Relation

TYPES = ["INTEGER", "BOOLEAN", "DOUBLE", "FLOAT", "DECIMAL(4,2)", "DECIMAL(3,1)", "HUGEINT", "UTINYINT"]


@pytest.mark.parametrize("kind", TYPES)
def test_a_label_is_one_level_in_whatever_type(kind):
    found = duckdb.sql(
        f"select {label_as_level(declared())} from (select cast(x as {kind}) as bought from (values (0), (1), (null))"
        " as v(x)) order by 1"
    ).fetchall()
    assert found == [("0",), ("1",), (None,)]


@pytest.mark.parametrize(
    ("stored", "level"),
    [
        ("1", "1"), ("1.0", "1"), ("1.00", "1"), ("true", "1"), ("1e0", "1"),
        ("0", "0"), ("0.0", "0"), ("0.00", "0"), ("-0.0", "0"), ("false", "0"),
        ("2", "2"), ("0.5", "0.5"), ("yes", "yes"),
    ],
)  # fmt: skip
def test_labels_that_earlier_releases_stored_are_the_same_levels(stored, level):
    statistics = [
        {"part": "label", "statistic": "rows", "value": 5},
        {"part": "label", "statistic": "missing", "value": 0},
        {"part": "label", "statistic": "level", "value": 5, "level": stored},
    ]
    label = next(
        column for column in compared_columns(declared(), json.dumps(statistics)) if column.part == "label"
    )
    assert label.levels == {level: 5}


def test_classes_keep_their_names():
    classes = {"task": "multiclass", "classes": ["1.0", "true", "1"], "decision": None}
    statistics = [
        {"part": "label", "statistic": "rows", "value": 3},
        {"part": "label", "statistic": "missing", "value": 0},
    ]
    statistics += [
        {"part": "label", "statistic": "level", "value": 1, "level": name} for name in classes["classes"]
    ]
    label = next(
        column
        for column in compared_columns(declared(**classes), json.dumps(statistics))
        if column.part == "label"
    )
    assert label.levels == {"1.0": 1, "true": 1, "1": 1}


@pytest.mark.parametrize("kind", ["DECIMAL(4,2)", "BOOLEAN"])
def test_a_label_of_the_same_distribution_has_not_drifted(kind):
    with duckdb.connect() as connection:
        version = drifting.train(connection, 3000, label=kind)
        random = np.random.default_rng(5)
        now = rows(random, 2000)
        now["bought"] = drifting.labels(random, now)
        found = drift(connection, version, decide(connection, version, {0: now}), outcomes_of({0: now}))
    (label,) = (row for row in found if row["part"] == "label")
    assert label["status"] == "ok"
    assert label["psi"] < 0.1


# --- Joint drift ---------------------------------------------------------------------------------------------------


DATED = declared(features={"day": {"kind": "date", "parts": ["weekday"]}, "a": {"kind": "numeric"}})


def days(year: int, weekdays: list[int], n: int = 1500) -> Relation:
    """Rows of a year, on the weekdays from 0, Monday."""
    random = np.random.default_rng(year)
    every = [datetime.date(year, 1, 1) + datetime.timedelta(days=day) for day in range(360)]
    chosen = [day for day in every if day.weekday() in weekdays]
    table = pa.table(
        {
            "id": np.arange(n) + year * n,
            "day": [chosen[k] for k in random.integers(0, len(chosen), n)],
            "a": random.normal(size=n),
        }
    )
    return Relation(duckdb.connect().from_arrow(table), name="rows")


@pytest.mark.parametrize("family", ["logistic", "boosting"])
def test_dates_of_another_year_are_told_apart_by_their_weekdays_alone(family):
    then = sample(DATED, days(2023, list(range(7))), "id", "true", 5000)
    same = told_apart(DATED, family, sample(DATED, days(2024, list(range(7))), "id", "true", 5000), then)
    assert same.ci_low < 0.5 < same.ci_high
    assert not same.strongest
    other = told_apart(DATED, family, sample(DATED, days(2025, [5, 6]), "id", "true", 5000), then)
    assert other.auc > 0.8
    assert [name for name, _ in other.strongest] == ["day.weekday"]


def test_timestamps_and_dates_have_the_same_parts():
    rows_ = days(2024, [0, 3])
    as_timestamps = rows_.selected({"id": "id", "day": "cast(day as timestamp)", "a": "a"})
    one, other = (sample(DATED, each, "id", "true", 100) for each in (rows_, as_timestamps))
    assert np.array_equal(one.values, other.values)
