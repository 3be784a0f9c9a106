"""Rules against functions of one row in Python, on a table with everything awkward in it."""

from __future__ import annotations

import json
import math
import random
from datetime import date

import duckdb
import numpy as np
import pytest
from agreement import STRANGERS, features, table_of_every_kind
from test_training import only_row, train
from test_validation import DECLARATION

from ml_ledger.errors import TrainingSetError, VersionError
from ml_ledger.families import FAMILIES
from ml_ledger.families.family import Fit
from ml_ledger.rules import Operation, Values, evaluate, sql_of
from ml_ledger.scoring.compile import CompiledScoring, compile_scoring
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms import rejected_by_declaration
from ml_ledger.warehouse import Relation

TOLERANCE = 1e-12
NUMBER = {"kind": "numeric", "missing": "own_level"}
LEVEL = {"kind": "categorical", "missing": "own_level", "unknown": "reference"}
FLAG = {"kind": "boolean", "missing": "own_level"}
ALL = {"x": NUMBER, "amount": {"kind": "numeric"}, "level": LEVEL, "flag": FLAG, "code": LEVEL}


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    """The tables `t` and `strangers`, with everything awkward in them. Read only."""
    made = table_of_every_kind()
    made.execute(f"create table strangers as {STRANGERS}")
    return made


def fitted(relation, declared: dict, expression: str, task: str = "binary") -> tuple[Fit, CompiledScoring]:
    family = FAMILIES["rule"]
    rows = TrainingRows(
        Relation(relation, name="training_set"),
        where=f"not ({rejected_by_declaration(declared)})",
        label="y",
        task=task,
    )
    hyperparameters = family.complete({"expression": expression})
    fit = family.fit(training=rows, features=declared, hyperparameters=hyperparameters, seed=0)
    return fit, compile_scoring(fit.coefficients, link=fit.link, dialect="duckdb")


def either(one: bool | None, other: bool | None) -> bool | None:
    """SQL's or."""
    if one or other:
        return True
    return None if one is None or other is None else False


def arithmetic(row: dict) -> float | None:
    x, amount = row["x"], row["amount"]
    if x is None or x == 10:
        return None
    return x * amount / (x - 10) + math.floor(amount * 10 + 0.5) / 10 - float(math.floor(x)) * float(math.ceil(-x))


def functions(row: dict) -> float | None:
    x = row["x"]
    if x is None or x < 0 or abs(x) > 1e100:
        return None if x is None or x < 0 else math.inf
    log = math.log(x) if x > 0 else 0.0
    return log + math.sqrt(x) + math.exp(-abs(x) / 1000) + x**3 + x**0.3 + (1.0 if x == 0 else x**-1)


def texts(row: dict) -> float | None:
    found = {"o'clock": 0.1, 'say "hi"': 0.2, "Größe 東京": 0.3, "": 0.4, "a,b": 0.5}
    return found.get(row["level"])


def patterns(row: dict) -> float:
    level = row["level"]
    if level is None:
        return 0.125
    if level.startswith("rare") or (len(level) >= 2 and level[-2] == "東"):
        return 1.0
    return 0.25 if "'" not in level else 0.0


def casts(row: dict) -> float | None:
    code, level, flag, x = row["code"], row["level"], row["flag"], row["x"]
    if code is None or flag is None or x is None:
        return None
    return code + (-1 if level == "-1" else 0) + 10 * flag + (100 if flag else 0) + (1000 if x != 0 else 0)


CASES = {
    "case": (
        "binary",
        "case when x <= 10 then 0.4 when X <= 12.5 then .25 else 1e-1 end",
        lambda r: 0.1 if r["x"] is None or not r["x"] <= 12.5 else 0.4 if r["x"] <= 10 else 0.25,
    ),
    "condition": (
        "binary",
        "x > 10 or flag",
        lambda r: either(None if r["x"] is None else r["x"] > 10, r["flag"]),
    ),
    "not null": ("binary", "not (x is null) and level is not null", lambda r: None not in (r["x"], r["level"])),
    "texts": (
        "binary",
        """case level when 'o''clock' then 0.1 when 'say "hi"' then 0.2 when 'Größe 東京' then 0.3 when '' then 0.4
            when 'a,b' then 0.5 end""",
        texts,
    ),
    "in": (
        "binary",
        "if(level in ('plain', '-1') and not flag, 0.9, 0.2)",
        lambda r: 0.9 if r["level"] in ("plain", "-1") and r["flag"] is False else 0.2,
    ),
    "not in": (
        "binary",
        "x not in (0, 5, -10.0)",
        lambda r: None if r["x"] is None else r["x"] not in (0, 5, -10),
    ),
    "like": (
        "binary",
        """case when level is null then 0.125 when level like 'rare%' or level like '%東_' then 1
            when level not like '%''%' then 0.25 else 0 end""",
        patterns,
    ),
    "arithmetic": (
        "regression",
        "x * amount / (x - 10) + floor(amount * 10 + 0.5) / 10 - floor(x) * ceil(-x)",
        arithmetic,
    ),
    "order of operations": (
        "regression",
        "amount - (amount - 3) - (2 - -amount) * 3 / (4 / (2 * 3)) - -(1 - 2)",
        lambda r: r["amount"] - (r["amount"] - 3) - (2 + r["amount"]) * 3 / (4 / 6) - 1,
    ),
    "functions": (
        "regression",
        "coalesce(ln(x), 0) + sqrt(x) + exp(-abs(x) / 1000) + power(x, 3) + power(x, 0.3) + coalesce(power(x, -1), 1)",
        functions,
    ),
    "round": (
        "regression",
        "round(x) + round(amount, 2)",
        lambda r: (
            None
            if r["x"] is None
            else math.copysign(math.floor(abs(r["x"]) + 0.5), r["x"]) + math.floor(r["amount"] * 100 + 0.5) / 100
        ),
    ),
    "greatest and least": (
        "binary",
        "greatest(0, least(1, x / 20, nullif(amount, 200)))",
        lambda r: max(0, min(y for y in (1, r["x"] and r["x"] / 20, r["amount"]) if y is not None and y != 200)),
    ),
    "between": (
        "binary",
        "case when x between 5 and 15.5 then 0.5 when x not between -1e300 and 1e300 then 0 else 1 end",
        lambda r: 1.0 if r["x"] is None else 0.5 if 5 <= r["x"] <= 15.5 else 0.0 if abs(r["x"]) > 1e300 else 1.0,
    ),
    "zero": ("regression", "case when x = 0 then 1 / x else 2 / x end", lambda r: 2 / r["x"] if r["x"] else None),
    "overflow": (
        "regression",
        "x * 1e300",
        lambda r: None if r["x"] is None else r["x"] * 1e300,
    ),
    "out of range": (
        "binary",
        "x / 20",
        lambda r: None if r["x"] is None else r["x"] / 20,
    ),
    "casts": (
        "regression",
        """cast(code as integer) + coalesce(cast(level as double), 0) + 10 * cast(flag as integer)
            + case when cast(flag as varchar) = 'true' then 100 else 0 end
            + 1000 * cast(cast(x as boolean) as double)""",
        casts,
    ),
    "a constant": ("binary", "0.3", lambda r: 0.3),
}


def rows_of(connection, table: str) -> list[dict]:
    cursor = connection.execute(f"select * from {table} order by id")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def allowed(value: float | None, task: str) -> bool:
    return value is not None and math.isfinite(value) and (task == "regression" or 0 <= value <= 1)


def usable(row: dict, fit: Fit) -> bool:
    """Whether the policies of ALL accept what the rule reads."""
    read = {row.feature for row in fit.coefficients}
    numbers = [row[name] for name in ("x", "amount") if name in read and row[name] is not None]
    return all(map(math.isfinite, numbers)) and not ("amount" in read and row["amount"] is None)


@pytest.mark.parametrize("case", CASES)
def test_sql_and_estimator_give_what_python_gives(connection, case):
    task, expression, python = CASES[case]
    fit, scoring = fitted(connection.sql("select * from t"), features(**ALL), expression, task)
    scored = 0
    for table in ("t", "strangers"):
        rows = rows_of(connection, table)
        by_sql = connection.execute(scoring.select(table, ["_ml_score"]) + " order by id").fetchall()
        accepted = connection.execute(f"select coalesce({fit.accepts}, false) from {table} order by id").fetchall()
        if table == "t":  # texts that occurred later have no design column
            design = connection.execute(f"select {', '.join([*fit.design, 'null'])} from t order by id").fetchall()
            estimated = fit.predict(np.array(design, dtype=float)[:, :-1])
        for number, (row, (score,), (accept,)) in enumerate(zip(rows, by_sql, accepted, strict=True)):
            assert accept == usable(row, fit), row
            expected = python(row) if accept else None
            if not allowed(expected, task):
                assert score is None, row
                assert table != "t" or not accept or not math.isfinite(estimated[number]), row
                continue
            scored += 1
            assert abs(score - expected) <= TOLERANCE * max(1, abs(expected)), row
            if table == "t":
                assert abs(estimated[number] - expected) <= TOLERANCE * max(1, abs(expected)), row
    assert scored > 100


def test_what_a_column_is_stored_as_does_not_matter():
    """Numbers are doubles: decimals are not added exactly, whole numbers do not overflow, nor divide to whole ones."""
    connection = duckdb.connect()
    relation = connection.sql(
        "select 0.1::decimal(4, 1) as a, 0.2::decimal(4, 1) as b, 2147483647::int as i, 7::tinyint as j,"
        " 1 as y, 1 as _ml_weight"
    )
    declared = features(**{name: {"kind": "numeric"} for name in "abij"})
    for expression, expected in {
        "a + b": 0.1 + 0.2,
        "if(a + b <= 0.3, 1, 0)": 0,
        "i * i": 2147483647.0**2,
        "j / 2": 3.5,
        "1 / 3 * j": 1 / 3 * 7,
        "12345678901234567890 - j": 12345678901234567890.0 - 7,
    }.items():
        _, scoring = fitted(relation, declared, expression, "regression")
        assert connection.sql(scoring.select("relation", ["_ml_score"])).fetchall() == [(expected,)], expression


DATES = [
    "2024-02-29",
    "2023-02-29",
    "2024-2-1",
    "",
    None,
    "0999-12-31",
    "2024-12-31 00:00:00",
    "9999-12-31",
    "1999-01-01",
]
NUMBERS = [
    "1",
    "-1.5",
    "+2",
    " 3",
    "1e3",
    "nan",
    "inf",
    "0x10",
    "1_000",
    "٣",
    "",
    ".5",
    "5.",
    "1\n",
    None,
    "9" * 250,
]


def test_texts_become_dates_and_numbers_or_null():
    connection = duckdb.connect()
    connection.execute("create table dates as select unnest($1) as d, 1 as y, 1 as _ml_weight", [DATES])
    connection.execute("create table numbers as select unnest($1) as d, 1 as y, 1 as _ml_weight", [NUMBERS])

    def by_sql(table: str, expression: str) -> list[float | None]:
        fit, scoring = fitted(connection.table(table), features(d=LEVEL), expression, "regression")
        design = np.array(connection.sql(f"select {fit.design[0]} from {table}").fetchall(), dtype=float)
        scores = [score for (score,) in connection.sql(scoring.select(table, ["_ml_score"])).fetchall()]
        estimated = [None if math.isnan(score) else score for score in fit.predict(design)]
        assert scores == estimated
        return scores

    def part(text: str | None) -> float | None:
        if text is None or len(text) != 10 or text < "1000":
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        return (
            day.year * 1e6 + (1 + (day.month - 1) // 3) * 1e5 + day.month * 100 + day.day + 0.5 * (day.year > 2024)
        )

    day = "cast(d as date)"
    parts = f"year({day}) * 1e6 + quarter({day}) * 1e5 + extract(month from {day}) * 100 + day({day})"
    assert by_sql("dates", f"{parts} + if({day} > date '2024-12-31', 0.5, 0)") == [part(text) for text in DATES]
    same = "case when cast(cast(d as date) as varchar) = d then 1 else 0 end"
    assert by_sql("dates", same) == [0.0 if part(text) is None else 1.0 for text in DATES]
    plain = {"1": 1.0, "-1.5": -1.5, "+2": 2.0, "9" * 250: float("9" * 250)}
    assert by_sql("numbers", "cast(d as double)") == [plain.get(text) for text in NUMBERS]
    assert by_sql("numbers", "cast(d as integer)") == [
        plain.get(text) if text != "-1.5" else None for text in NUMBERS
    ]


BY_TYPE = {
    "number": {
        "case": ("boolean", "number", "boolean", "number", "number"),
        "match": ("text", "text", "number", "text", "number", "number"),
        **dict.fromkeys(("add", "subtract", "multiply", "divide", "power", "nullif"), ("number", "number")),
        **dict.fromkeys(("minus", "abs", "round", "floor", "ceil", "ln", "exp", "sqrt"), ("number",)),
        **dict.fromkeys(("least", "greatest", "coalesce"), ("number", "number", "number")),
        **dict.fromkeys(("number of text", "integer of text"), ("text",)),
        "number of boolean": ("boolean",),
    },
    "boolean": {
        "case": ("boolean", "boolean", "boolean"),
        **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), ("number", "number")),
        **dict.fromkeys(("between", "in"), ("number", "number", "number")),
        **dict.fromkeys(("and", "or"), ("boolean", "boolean", "boolean")),
        "not": ("boolean",),
        "is null": ("number",),
        "boolean of text": ("text",),
        "boolean of number": ("number",),
    },
    "text": {
        "case": ("boolean", "text", "text"),
        "coalesce": ("text", "text"),
        "nullif": ("text", "text"),
        "text of boolean": ("boolean",),
    },
}
LEAVES = {
    "number": [0.0, -0.0, 1.0, 2.5, -3.0, 1e300, 1e-300, None, "x", "amount"],
    "text": ["plain", "o'clock", "-1", "true", None, "level"],
    "boolean": [True, False, None, "flag"],
}


def drawn(kind: str, depth: int, choose: random.Random) -> Operation:
    """A random operation of a type."""
    if depth == 0 or choose.random() < 0.15:
        value = choose.choice(LEAVES[kind])
        is_column = value in ("x", "amount", "level", "flag")
        return Operation("column" if is_column else "literal", kind, value=value)
    name = choose.choice(list(BY_TYPE[kind]))
    wanted = BY_TYPE[kind][name]
    if name == "in":
        levels = [Operation("literal", "number", value=value) for value in (0.0, 2.5)]
        return Operation(name, kind, (drawn("number", depth - 1, choose), *levels))
    return Operation(name, kind, tuple(drawn(part, depth - 1, choose) for part in wanted))


def test_sql_and_numpy_give_the_same_for_random_rules(connection):
    rows = connection.sql("select x, amount, level, flag from strangers where id % 13 = 0 order by id").fetchall()
    columns = {}
    kinds = {"x": float, "amount": float, "level": object, "flag": bool}
    for (name, kind), values in zip(kinds.items(), zip(*rows, strict=True), strict=True):
        null = np.array([value is None for value in values])
        columns[name] = Values(np.array([0 if value is None else value for value in values], dtype=kind), null)
    choose = random.Random(5)
    values = 0
    for _ in range(200):
        rule = drawn("number", 4, choose)
        sql = connection.sql(f"select cast({sql_of(rule)} as double) from strangers where id % 13 = 0 order by id")
        got = np.array([math.nan if value is None else value for (value,) in sql.fetchall()])
        expected = evaluate(rule, columns, len(rows))
        assert np.allclose(got, expected, rtol=TOLERANCE, atol=0, equal_nan=True), sql_of(rule)
        values += np.isfinite(got).sum()
    assert values > 10_000


POLICIES = {
    "reject": ({"kind": "numeric"}, "coalesce(x, 0) / 100", lambda r: None if r["x"] is None else r["x"] / 100),
    "own level": (NUMBER, "coalesce(x, 50) / 100", lambda r: 0.5 if r["x"] is None else r["x"] / 100),
    "a transform for others": (
        {"kind": "numeric", "transform": "log1p", "missing": "own_level"},
        "coalesce(x + 20, 5) / 100",
        lambda r: 0.05 if r["x"] is None else (r["x"] + 20) / 100,
    ),
    "bounds": (
        {"kind": "numeric", "bounds": [5, 15.5], "missing": "own_level"},
        "coalesce(x, 5) / 100",
        lambda r: 0.05 if r["x"] is None else r["x"] / 100 if 5 <= r["x"] <= 15.5 else None,
    ),
    "unknown levels rejected": (
        {"kind": "categorical", "levels": ["o'clock", "plain"]},
        "case x when 'plain' then 0.1 else 0.2 end",
        lambda r: {"plain": 0.1, "o'clock": 0.2}.get(r["x"]),
    ),
    "unknown levels seen": (
        {"kind": "categorical", "levels": ["o'clock", "plain"], "unknown": "reference"},
        "case when x = 'a,b' then 0.1 else 0.2 end",
        lambda r: None if r["x"] is None else 0.1 if r["x"] == "a,b" else 0.2,
    ),
    "rare levels seen": (
        {"kind": "categorical", "min_share": 0.06, "unknown": "rare", "missing": "own_level"},
        "if(x like 'rare%', 0.1, 0.2)",
        lambda r: 0.1 if r["x"] is not None and r["x"].startswith("rare") else 0.2,
    ),
}


@pytest.mark.parametrize("case", POLICIES)
def test_policies_hold_as_in_other_families(connection, case):
    feature, expression, python = POLICIES[case]
    column = "level" if feature["kind"] == "categorical" else "x"
    relation = connection.sql(f"select id, {column} as x, y, _ml_weight from t")
    fit, scoring = fitted(relation, features(x=feature), expression)
    rows = connection.sql(
        f"select x, _ml_score from ({scoring.select('relation', ['x', '_ml_score'])})"
    ).fetchall()
    assert any(score is not None for _, score in rows)
    for x, score in rows:
        expected = python({"x": x})
        assert score == (expected if allowed(expected, "binary") else None), x
    accepted = relation.aggregate(f"sum(({fit.accepts})::int) as n").fetchall()[0][0]
    assert accepted >= sum(score is not None for _, score in rows)


def test_the_reference_is_the_weighted_mean_of_what_is_scored(connection):
    relation = connection.sql("select * replace (1 + id % 3 as _ml_weight) from t")
    fit, _ = fitted(relation, features(x=NUMBER), "x / 15")
    rows = relation.project("x / 15, _ml_weight").fetchall()
    scored = [(value, weight) for value, weight in rows if value is not None and 0 <= value <= 1]
    assert 100 < len(scored) < len(rows)
    (row,) = [row for row in fit.coefficients if row.applies_to == "expression"]
    mean = sum(value * weight for value, weight in scored) / sum(weight for _, weight in scored)
    assert row.reference == pytest.approx(mean, abs=1e-12)
    assert fit.diagnostics == {"rows_scored": len(scored)}


@pytest.mark.parametrize(
    ("expression", "got"),
    [
        ("x + 100", r"got NULL on \d+ rows, others such as [\d.]+ on \d+"),
        ("case when x > 1e9 then 1 end", "got NULL on 600 rows"),
    ],
)
def test_a_rule_that_scores_no_training_row_is_refused(connection, expression, got):
    with pytest.raises(TrainingSetError, match=f"gives no score to any training row; {got}"):
        fitted(connection.sql("select * from t"), features(x=NUMBER), expression)


RULE = {"family": "rule", "hyperparameters": {"expression": "case when age <= 23 then 0.6 else 0.2 end"}}


def test_a_version_that_is_a_rule_is_trained_and_measured():
    row = only_row(train(algorithm=RULE))
    assert row["algorithm"] == "rule"
    assert json.loads(row["hyperparameters"]) == RULE["hyperparameters"]
    assert json.loads(row["features"]) == ["age"], "what it reads"
    (rule,) = [row for row in json.loads(row["coefficients"]) if row["applies_to"] == "expression"]
    assert rule["expression"] == 'CASE WHEN CAST("age" AS DOUBLE) <= 23.0e0 THEN 0.6e0 ELSE 0.2e0 END'
    assert (rule["lower"], rule["upper"]) == (0.0, math.nextafter(1.0, 2.0))
    measured = {m["scored_by"] for m in json.loads(row["metrics"]) if m["metric"] == "log_loss"}
    assert measured >= {"self", "baseline:constant"}


def test_a_rule_may_be_a_baseline_a_candidate_and_calibrated():
    row = only_row(train(baselines={"rule": RULE}))
    assert {m["scored_by"] for m in json.loads(row["metrics"])} >= {"self", "baseline:rule"}
    chosen = only_row(train(algorithm=None, candidates={"rule": RULE, "ml": DECLARATION["algorithm"]}))
    assert {m["scored_by"] for m in json.loads(chosen["metrics"])} >= {"candidate:rule", "candidate:ml"}
    sometimes = {"family": "rule", "hyperparameters": {"expression": "case when age > 20 then age / 100 end"}}
    only_row(train(algorithm=sometimes, calibration="isotonic"))


def test_a_rule_whose_sql_is_not_what_was_written_is_refused(monkeypatch):
    monkeypatch.setattr("ml_ledger.families.own.rule.sql_of", lambda rule: sql_of(rule).replace("<=", "<"))
    with pytest.raises(VersionError, match="the SQL of the version does not reproduce its estimator"):
        train(algorithm=RULE)
