"""Parts of dates as levels: against pandas, scikit-learn on columns made by hand, and a loop over rows."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import test_trees
from agreement import assert_agreement, features, fitted
from sklearn.linear_model import LogisticRegression
from test_additive_boosting import declaration
from test_validation import DECLARATION as VALIDATED
from test_validation import GOOD, problems_of, validate

from ml_ledger.coefficients import Coefficient
from ml_ledger.declaration import by_part, parse_spec
from ml_ledger.errors import SpecError, VersionError
from ml_ledger.families import FAMILIES
from ml_ledger.scoring import words
from ml_ledger.scoring.compile import compile_scoring
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms import levels
from ml_ledger.warehouse import Relation

PARTS = ["weekday", "month", "quarter", "day", "hour", "year"]
N = 800
# Leap days, and the days around New Year, whose ISO weeks belong to the other year.
AWKWARD = [
    *(date(year, 2, day) for year, day in ((1900, 28), (2000, 29), (2020, 29), (2023, 28), (2024, 29))),
    *(date(year, 12, 31) + timedelta(days=days) for year in (2020, 2021, 2022, 2023) for days in (-1, 0, 1, 2, 3)),
]


def part_by_pandas(dates: pd.Series, part: str) -> pd.Series:
    """The level as text; None for NULL."""
    number = dates.dt.day_of_week + 1 if part == "weekday" else getattr(dates.dt, part)
    return number.astype("Int64").astype("string")


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    """A table with a date and a timestamp that the label depends on, and a table of values never seen."""
    random = np.random.default_rng(5)
    rows = []
    for number in range(N):
        signed = date(2020, 1, 1) + timedelta(days=int(random.integers(0, 1600)))
        signed = AWKWARD[number] if number < len(AWKWARD) else signed
        # No hour before 6, no fifth or later year, so that others are never seen.
        seen = datetime(2022, 1, 1, 6) + timedelta(days=int(random.integers(0, 730)))
        seen += timedelta(microseconds=int(random.integers(0, 18 * 3600 * 10**6)))
        logit = 0.8 * (signed.isoweekday() > 5) - 0.5 * (signed.month == 2) + 0.1 * (seen.hour - 14)
        label = int(random.random() < 1 / (1 + np.exp(-logit)))
        rows.append(
            (
                number,
                None if random.random() < 0.1 else signed,
                None if random.random() < 0.1 else seen,
                label,
            )
        )
    made = duckdb.connect()
    table = pa.table(dict(zip(("id", "signed", "seen", "y"), zip(*rows, strict=True), strict=True)))
    made.register("rows", table)
    made.execute("create table t as select *, 1.0::double as _ml_weight from rows")
    dates = [None, *AWKWARD, date(1600, 2, 29), date(1969, 12, 31), date(2030, 7, 1), date(9999, 12, 31)]
    moments = [None, datetime(2022, 12, 31, 23, 59, 59, 999999), datetime(2023, 1, 1), datetime(2031, 5, 4, 3)]
    strangers = [(signed, seen) for signed in dates for seen in moments]
    made.register("others", pa.table(dict(zip(("signed", "seen"), zip(*strangers, strict=True), strict=True))))
    made.execute("create table strangers as select row_number() over () as id, * from others")
    return made


def dated(parts: list[str], **policies) -> dict:
    return {"kind": "date", "parts": parts} | policies


CASES = {
    "rejected": {"signed": dated(["weekday", "month"])},
    "imputed": {"signed": dated(["quarter", "weekday"], missing="impute")},
    "own level": {"signed": dated(["weekday", "month"], missing="own_level")},
    "timestamp": {"seen": dated(PARTS, missing="own_level")},
    "unseen as the reference": {"seen": dated(["year", "hour"], missing="impute", unknown="reference")},
    "rare": {"signed": dated(["day", "year"], missing="own_level", min_share=0.04, unknown="rare")},
    "rare, unknown rejected": {"signed": dated(["day"], missing="impute", min_share=0.04)},
    "two dates": {
        "signed": dated(["weekday", "month"], missing="own_level", unknown="reference"),
        "seen": dated(["weekday", "hour"], missing="impute"),
    },
}


@pytest.mark.parametrize(
    ("case", "family"),
    [(case, family) for case in CASES for family in ("logistic", "additive_boosting")]
    + [("two dates", "scorecard")],
)
def test_sql_rows_and_estimator_agree(connection, case, family):
    small = {"trees": 20, "leaves": 6, "min_samples_leaf": 5} if family == "additive_boosting" else {}
    result = fitted(connection, features(**CASES[case]), family=family, **small)
    for table in ("t", "strangers"):
        assert_agreement(result, table)
    assert result.scoring.features == list(CASES[case]), "a raw column is listed once"
    scores = result.by_sql("strangers")
    if case in ("rejected", "timestamp", "two dates"):
        assert None in scores, "years and hours that were never seen"
    assert any(score is not None for score in scores)


@pytest.mark.parametrize(
    ("case", "family"),
    [(case, "boosting") for case in CASES if "rare" not in case] + [("two dates", "tree")],
)
def test_trees_agree(connection, case, family):
    fit, scoring = test_trees.fitted(connection.sql("select * from t"), features(**CASES[case]), family)
    test_trees.assert_agreement(connection, fit, scoring)
    splits = [node for node in fit.nodes if node.feature is not None]
    assert {node.feature for node in splits} <= set(CASES[case])
    assert all(node.transform in CASES[case][node.feature]["parts"] for node in splits)
    assert splits


def test_scores_of_boosting_agree_to_rounding(connection):
    fit, scoring = test_trees.fitted(connection.sql("select * from t"), features(**CASES["two dates"]), "boosting")
    accepted = f"from t where {fit.accepts} order by id"
    design = np.array(connection.execute(f"select {', '.join(fit.design)} {accepted}").fetchall(), dtype=float)
    scores = connection.execute(
        scoring.select("t", ["_ml_score"]) + f" where {fit.accepts} order by id"
    ).fetchall()
    assert np.max(np.abs(np.ravel(scores) - fit.predict(design))) < 1e-12


@pytest.mark.parametrize("column", ["date", "timestamp"])
def test_parts_are_those_of_pandas(column):
    """On every day of two centuries, at moments through the day."""
    moments = pd.Series(pd.date_range("1890-01-01", "2099-12-31", freq="25h", unit="s"))
    parts = [part for part in PARTS if (part, column) != ("hour", "date")]
    selected = [levels.text_of("d", part) for part in parts]
    selected += [words.rendered(words.text_of("d", part, "duckdb"), "duckdb") for part in parts]
    moment = f"cast(timestamp '1890-01-01' + interval 25 hour * id as {column})"
    numbers = f"select unnest(range(0, {len(moments)})) as id"
    got = duckdb.execute(
        f"select {', '.join(selected)} from (select id, {moment} as d from ({numbers})) order by id"
    ).fetchall()
    assert len(got) > 70_000
    expected = [list(part_by_pandas(moments, part)) for part in parts]
    assert list(map(list, zip(*got, strict=True))) == expected * 2


def one_hot(dates: pd.Series, part: str) -> list[np.ndarray]:
    """A column per level but the most frequent one, which is the reference."""
    text = part_by_pandas(dates, part)
    counts = text.value_counts()
    reference = min(counts[counts == counts.max()].index)
    return [
        (text == level).fillna(False).to_numpy(dtype=float) for level in sorted(set(counts.index) - {reference})
    ]


def test_the_fit_is_that_of_scikit_learn_on_columns_made_by_hand(connection):
    data = connection.execute("select * from t where seen is not null order by id").df()
    signed, seen = pd.to_datetime(data["signed"]), data["seen"]
    columns = [*one_hot(signed, "weekday"), *one_hot(signed, "month")]
    columns += [signed.isna().to_numpy(dtype=float)] * 2  # each part has a weight for NULL
    columns += one_hot(seen, "hour")
    X = np.column_stack(columns)
    expected = LogisticRegression(solver="newton-cholesky", tol=1e-9).fit(X, data["y"]).predict_proba(X)[:, 1]
    declared = features(signed=dated(["weekday", "month"], missing="own_level"), seen=dated(["hour"]))
    got = [score for score in fitted(connection, declared).by_sql() if score is not None]
    assert np.max(np.abs(np.array(got) - expected)) < 1e-9


def test_rows_say_which_part_they_are_of(connection):
    declared = features(signed=dated(["weekday", "month"], missing="own_level", unknown="reference"))
    rows = fitted(connection, declared).fit.coefficients[1:]
    assert {row.feature for row in rows} == {"signed"}
    for term, part in ((1, "weekday"), (2, "month")):
        of_term = [row for row in rows if row.term == term]
        assert {row.transform for row in of_term} == {part}
        assert {row.applies_to for row in of_term} == {"level", "missing", "unknown"}
    assert {row.level for row in rows if row.term == 1} - {None} == {str(day) for day in range(1, 8)}


@pytest.mark.parametrize("unknown", ["reference", "rare", "reject"])
@pytest.mark.parametrize("family", ["logistic", "additive_boosting"])
def test_infinite_dates_have_no_score(connection, family, unknown):
    declared = features(signed=dated(["month", "year"], missing="own_level", unknown=unknown, min_share=0.02))
    result = fitted(connection, declared, family=family)
    connection.execute(
        "create or replace table infinite as select unnest(['infinity', '-infinity']::date[]) as signed, 1 as id"
    )
    assert result.by_sql("infinite") == [None, None]
    accepted = connection.execute(f"select count(*) from infinite where {result.fit.accepts}").fetchall()
    assert accepted == [(0,)]


def test_clusters(connection):
    declared = by_part(
        features(signed=dated(["weekday", "month"], missing="own_level"), seen=dated(["hour", "year"]))
    )
    rows = TrainingRows(
        Relation(connection.sql("select * from t"), name="training_set"),
        where="seen is not null",
        label="0",
        key=("id",),
        task="clustering",
    )
    family = FAMILIES["kmeans"]
    fit = family.fit(
        training=rows, features=declared, hyperparameters=family.complete({"clusters": 3, "restarts": 1}), seed=0
    )
    scoring = compile_scoring(fit.coefficients, link=fit.link, dialect="duckdb")
    for table in ("t", "strangers"):
        accepted = f"select {', '.join(fit.design)} from {table} where {fit.accepts} order by id"
        distances = fit.predict(np.array(connection.execute(accepted).fetchall(), dtype=float))
        outputs = ["_ml_output1", "_ml_output2", "_ml_output3"]
        got = connection.execute(
            scoring.select(table, [f"coalesce({fit.accepts}, false)", *outputs]) + " order by id"
        )
        scores = [(row[0], row[1:]) for row in got.fetchall()]
        assert all((None not in of_row) == accepts for accepts, of_row in scores)
        of_accepted = np.array([of_row for accepts, of_row in scores if accepts], dtype=float)
        assert np.max(np.abs(of_accepted - distances)) < 1e-7  # a root of a difference near 0
    assert not all(accepts for accepts, _ in scores), "an hour and a year that were never seen"


def test_rows_of_two_parts_in_one_term_are_refused():
    rows = [
        Coefficient("score", 0, None, "intercept", value=0.0),
        Coefficient("score", 1, "signed", "level", level="1", value=0.0, transform="weekday"),
        Coefficient("score", 1, "signed", "level", level="2", value=0.0, transform="month"),
    ]
    with pytest.raises(VersionError, match="feature 'signed': no SQL is known"):
        compile_scoring(rows, link="logit", dialect="duckdb")


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        ({"kind": "date"}, "features.x.parts: a required key is missing. Fix: add 'parts'"),
        (dated([]), "features.x.parts: must not be empty; got []"),
        (
            dated(["week"]),
            "features.x.parts.0: has a value that is not allowed; got 'week'. Allowed: 'weekday'",
        ),
        (dated(["day", "day"]), "features.x.parts: names a part twice; got ['day', 'day']"),
        (dated(["day"], unknown="rare"), "features.x.unknown: 'rare' needs rare levels. Fix: declare min_share"),
        (
            dated(["day"], bins=3),
            "features.x.bins: unknown key; got 3. Allowed: missing, description, written_at, known_in_time, kind,"
            " parts",
        ),
        ({"kind": "part_of_date"}, "features.x.kind: has a value that is not allowed; got 'part_of_date'"),
    ],
)
def test_what_a_declaration_cannot_say(feature, message):
    with pytest.raises(SpecError) as caught:
        parse_spec("m", declaration(**feature))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("sql", "parts", "message"),
    [
        (
            "day::varchar",
            ["month"],
            "features.at: a feature of kind date must be a date, or a timestamp without a",
        ),
        (
            "extract(epoch from day)",
            ["month"],
            "got DOUBLE. Allowed: DATE or TIMESTAMP. Fix: cast it to a date or a",
        ),
        (
            "day::timestamptz",
            ["month"],
            "got TIMESTAMP WITH TIME ZONE. Allowed: DATE or TIMESTAMP. Fix: take its time in the zone that counts",
        ),
        ("day::date", ["month", "hour"], "features.at.parts: a date has no hour; got DATE. Allowed: TIMESTAMP."),
        (
            "case when id = 3 then 'infinity' else day::date end",
            ["month"],
            "features.at: must be finite; got 3 NaN or infinite values.",
        ),
        ("null::date", ["month"], "features.at: is NULL on every training row."),
    ],
)
def test_columns_that_are_no_dates_are_refused(sql, parts, message):
    changed = VALIDATED["features"] | {"at": dated(parts)}
    assert message in problems_of(f"select *, {sql} as at from ({GOOD})", features=changed)


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"])
def test_dates_and_timestamps_are_taken(kind):
    wanted = VALIDATED | {"features": {"at": dated(["weekday", "year"])}}
    validate(wanted, f"select *, day::{kind} as at from ({GOOD})")


def test_a_rule_stands_beside_dates_and_reads_none(connection):
    declared = features(signed=dated(["month"]), y={"kind": "numeric"})
    result = fitted(connection, declared, family="rule", expression="y * 0.5")
    assert result.by_sql() == [y * 0.5 for (y,) in connection.execute("select y from t order by id").fetchall()]
    reading = {"family": "rule", "hyperparameters": {"expression": "case when x is null then 0.1 else 0.2 end"}}
    with pytest.raises(SpecError, match=r"expression: reads 'x', a date, which a rule cannot\. Allowed: features"):
        parse_spec("m", declaration(**dated(["month"])) | {"algorithm": reading})
