"""What may be declared as a rule, and how everything else is refused."""

import copy

import pytest
from test_validation import DECLARATION

from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError

FEATURES = {
    "recency_days": {"kind": "numeric"},
    "amount": {"kind": "numeric", "missing": "own_level", "bounds": [0, 100]},
    "filled": {"kind": "numeric", "missing": "impute"},
    "clipped": {"kind": "numeric", "bounds": [0, 1], "out_of_bounds": "clip"},
    "plan": {"kind": "categorical", "unknown": "reference"},
    "is_trial": {"kind": "boolean"},
    "order": {"kind": "numeric", "transform": "log1p"},
}


def declared(expression: object, task: str = "binary", **baseline: object) -> dict:
    """A declaration with the rule as a baseline."""
    rule = {"family": "rule", "hyperparameters": {"expression": expression}} | baseline
    algorithm = {"family": "logistic" if task == "binary" else "linear"}
    return DECLARATION | {"task": task, "features": FEATURES, "algorithm": algorithm, "baselines": {"rule": rule}}


def problems_of(declaration: dict) -> str:
    with pytest.raises(SpecError) as caught:
        parse_spec("m", declaration)
    return str(caught.value)


ACCEPTED = [
    ("binary", "case when recency_days <= 30 then 0.4 else 0.1 end"),
    ("binary", "is_trial"),
    ("binary", 'RECENCY_DAYS > 1 and "order" <> 2 or Order = 3'),
    ("binary", "plan = 'it''s' or plan in ('a', 'b') or plan not like 'x%_'"),
    ("binary", "if(is_trial, 1, coalesce(amount, 0) / 100)"),
    ("binary", "greatest(0, least(1, recency_days / 365))"),
    ("binary", "try_cast(plan as double) > 3 or plan::date >= date '2024-02-29'"),
    ("binary", "0"),
    ("regression", "-recency_days * 40 + month(cast(plan as date))"),
    ("regression", "case when is_trial then 0 end"),
]


@pytest.mark.parametrize(("task", "expression"), ACCEPTED)
def test_rules_that_may_be_declared(task, expression):
    spec = parse_spec("m", declared(expression, task))
    assert spec.baselines["rule"].hyperparameters == {"expression": expression}


AT = "ml_models.m.baselines.rule.hyperparameters.expression: "
REFUSED = {
    "not a text": (0.3, "has a value out of range; got 0.3. Allowed: SQL over the declared features, in quotes"),
    "nothing": ("", "is not one SQL expression; got ''"),
    "half an expression": (
        "recency_days >",
        "is not one SQL expression; got its end after 'recency_days >'. Allowed",
    ),
    "no end": ("case when is_trial then 1", "is not one SQL expression"),
    "an open quote": ("plan = 'x", "holds text without its closing quote"),
    "two expressions": ("0.1, 0.2", "is not one SQL expression"),
    "two in brackets": ("0.1) + (0.2", "is not one SQL expression"),
    "two statements": ("0.1; drop table t", "holds a semicolon; got 0.1; drop table t. Allowed: one expression"),
    "a semicolon": ("0.1;", "holds a semicolon"),
    "a statement": ("drop table t", "is not one SQL expression; got 'drop' at its beginning"),
    "a comment": ("0.1 -- often", "holds a comment; got 0.1 -- often"),
    "a comment within": ("0.1 /* often */ + 0", "holds a comment"),
    "a name": ("0.1 as score", "is followed by a name; got 0.1 AS score. Fix: leave out score"),
    "a query": ("select 0.1", "asks another table; got 'select 0.1'. Allowed: one expression over the features"),
    "a subquery": ("(select max(x) from t) + 1", "asks another table; got (SELECT max(x) FROM t)"),
    "a subquery in a list": ("recency_days in (select 1)", "asks another table"),
    "exists": ("exists(select 1 from t)", "asks another table"),
    "a table": ("t.recency_days", "names a table; got t.recency_days. Fix: write recency_days"),
    "a parameter": ("recency_days > :days", "takes no parameters; got :days"),
    "another parameter": ("recency_days > ?", "takes no parameters"),
    "an unknown column": (
        "recency_day > 3",
        "reads a column that is not a declared feature; got 'recency_day'. Allowed: recency_days, amount, filled,"
        " clipped, plan, is_trial, order. Fix: did you mean 'recency_days'",
    ),
    "a column in capitals": ('"Recency_days" > 3', "is not a declared feature; got 'Recency_days'"),
    "an aggregate": ("avg(recency_days)", "looks at other rows; got avg(recency_days)"),
    "count": ("count(*)", "looks at other rows"),
    "a window": ("lag(recency_days) over (order by amount)", "looks at other rows"),
    "chance": ("random()", "calls a function that is not allowed; got rand(). Allowed: abs, ceil, coalesce"),
    "now": ("case when now() > 0 then 1 end", "calls a function that is not allowed; got now()"),
    "today": ("current_date > date '2024-01-01'", "calls a function that is not allowed; got CURRENT_DATE"),
    "a file": ("read_csv('x')", "calls a function that is not allowed"),
    "the shell": ("getenv('HOME') = ''", "calls a function that is not allowed"),
    "a misspelt function": ("rond(recency_days)", "got rond(recency_days). Allowed: abs,"),
    "log of some base": ("log(recency_days)", "calls a function that is not allowed"),
    "more arguments": ("floor(recency_days, 2)", "holds syntax that is not allowed; got floor(recency_days, 2)"),
    "modulo": ("recency_days % 2", "holds syntax that is not allowed; got recency_days % 2"),
    "concatenation": ("plan || 'x' = 'yx'", "holds syntax that is not allowed; got plan || 'x'"),
    "an array": ("[1, 2][1]", "not allowed"),
    "an escape": ("plan like 'x!%' escape '!'", "holds syntax that is not allowed"),
    "a backslash": (r"plan like 'x\%'", "needs a constant pattern"),
    "a pattern that is no constant": ("plan like plan", "needs a constant pattern; got plan"),
    "any order": ("amount between symmetric 1 and 2", "holds syntax that is not allowed"),
    "is true": ("is_trial is true", "compares by 'is'; got is_trial IS TRUE. Allowed: is null, is not null"),
    "jinja": ("{{ var('x') }}", "not allowed"),
    "a list of columns": ("recency_days in (1, amount)", "lists what is not a constant; got amount"),
    "a NULL in a list": ("recency_days in (1, null)", "lists what is not a constant; got NULL"),
    "an empty list": ("plan in ()", "compares with an empty list; got plan IN ()"),
    "a date without zeros": ("if(cast(plan as date) > date '20240131', 1, 0)", "holds a date that does not exist"),
    "text and number": ("plan = 3", "compares values of different types; got plan = 3: text and number"),
    "boolean and number": (
        "is_trial = 1",
        "compares values of different types; got is_trial = 1: boolean and number",
    ),
    "results of two types": ("case when is_trial then 1 else 'x' end", "gives values of different types"),
    "text in arithmetic": ("plan + 1", "an argument of arithmetic must be a number; got the text plan"),
    "a number as condition": ("amount or is_trial", "a condition must be a boolean; got the number amount"),
    "the order of texts": ("plan < 'b'", "compares the order of texts, which differs between warehouses"),
    "cast to decimal": ("cast(amount as decimal(10, 2))", "casts to a type that a rule cannot use"),
    "number to integer": (
        "cast(amount as integer) / 100",
        "casts a number to integer, which warehouses do differently; got CAST(amount AS INT). Fix: use round, floor",
    ),
    "number to text": ("cast(amount as varchar) = '1'", "casts a number to text"),
    "a day of the week": (
        "extract(dow from cast(plan as date)) / 7",
        "takes a part of a date that is not allowed; got dow. Allowed: year, quarter, month, day",
    ),
    "a part of text": ("year(plan) / 3000", "what a part is taken of must be a date; got the text plan"),
    "no such day": ("if(cast(plan as date) > date '2023-02-29', 1, 0)", "holds a date that does not exist"),
    "digits that vary": ("round(amount, recency_days)", "rounds to a number of digits that is no constant"),
    "too large a number": ("1e999", "holds a number that is too large for a double; got 1e999"),
    "too deep": ("(" * 2000 + "0.1" + ")" * 2000, "is nested too deeply. Allowed: 100 levels"),
    "too long a sum": (" + ".join(["amount"] * 200), "is nested too deeply"),
    "text for a probability": (
        "plan",
        "gives a value of the wrong type; got text. Allowed: a number from 0 to 1, or",
    ),
    "a percentage": (
        "case when recency_days < 30 then 40 else 10 end",
        "gives a number that is no probability; got 40. Allowed: 0 to 1. Fix: divide a percentage by 100",
    ),
    "a negative probability": ("coalesce(amount / 100, -0.1)", "gives a number that is no probability; got -0.1"),
    "NULL": ("null", "gives NULL for every row"),
    "what is filled": (
        "filled / 100",
        "reads 'filled', whose policy a rule cannot follow; got missing: impute. Allowed: reject; own_level",
    ),
    "what is clipped": (
        "clipped",
        "reads 'clipped', whose policy a rule cannot follow; got out_of_bounds: clip. Allowed",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_named_with_what_is_allowed(case):
    expression, expected = REFUSED[case]
    message = problems_of(declared(expression))
    assert AT in message
    assert expected in message


def test_a_condition_is_no_amount():
    message = problems_of(declared("recency_days > 3", "regression"))
    assert AT + "gives a value of the wrong type; got boolean. Allowed: a number for task 'regression'." in message
    assert "Fix: write case when ... then 1 else 0 end" in message


def test_all_problems_are_reported_at_once():
    message = problems_of(declared("case when recenc_days > '3' then 40 else sum(amount) + plan end", other=1))
    assert "baselines.rule.other: unknown key" in message
    for part in (
        "reads a column that is not",
        "looks at other rows",
        "an argument of arithmetic must be a number",
    ):
        assert part in message
    message = problems_of(declared("case when is_trial then filled + clipped else 2 end"))
    assert message.count("whose policy a rule cannot follow") == 2
    assert "3 problems" in message


def test_a_baseline_reads_only_its_features():
    assert "got 'amount'. Allowed: plan, is_trial" in problems_of(
        declared("amount / 100", features=["plan", "is_trial"])
    )
    parse_spec("m", declared("is_trial", features=["plan", "is_trial"]))


def test_a_rule_needs_an_expression_and_nothing_else():
    declaration = declared("0.1")
    declaration["baselines"]["rule"]["hyperparameters"] = {"expresion": "0.1"}
    message = problems_of(declaration)
    assert AT + "a hyperparameter that family 'rule' requires is missing" in message
    assert "hyperparameters.expresion: is not a hyperparameter of family 'rule'" in message
    assert "did you mean 'expression'" in message


def test_a_rule_may_be_the_algorithm_and_takes_no_shapes():
    declaration = declared("0.1")
    declaration["algorithm"] = {"family": "rule", "hyperparameters": {"expression": "is_trial"}}
    parse_spec("m", declaration)  # a transform shapes what other families make of a number
    declaration["features"] = FEATURES | {"order": FEATURES["order"] | {"knots": 2}}
    assert "features.order.knots: is not followed by family 'rule'" in problems_of(declaration)


@pytest.mark.parametrize("task", ["multiclass", "clustering"])
def test_a_rule_gives_one_number(task):
    declaration = declared("0.1") | {"task": task}
    assert (
        f"baselines.rule.family: does not fit task '{task}'; got 'rule'. Allowed: binary, regression"
        in problems_of(declaration)
    )


@pytest.mark.parametrize("features", [{"plan": None}, {"plan": {"kind": "text"}}, {"plan": []}, []])
def test_faulty_features_do_not_hide_behind_the_rule(features):
    assert "ml_models.m.features" in problems_of(declared("plan = 'a'") | {"features": features})


def test_the_fingerprint_changes_with_the_expression():
    one, other = declared("0.1"), copy.deepcopy(declared("0.2"))
    assert parse_spec("m", one).fingerprint() != parse_spec("m", other).fingerprint()
