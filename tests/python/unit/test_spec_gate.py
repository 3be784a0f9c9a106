"""What a declaration may ask of a version: limits, signs, slices and smoke cases."""

import copy

import pytest
from customers import DECLARATION

from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError

# As it was before there were these keys.
FINGERPRINT = "5f1c5f89e059725cc614b102996fd2444073afc3c8ce7764a32fa14c0f6bdb8c"
FEATURES = {
    "a": {"kind": "numeric"},
    "b": {"kind": "numeric"},
    "plan": {"kind": "categorical"},
    "trial": {"kind": "boolean"},
    "since": {"kind": "date", "parts": ["month"]},
}
REGRESSION = {"task": "regression", "algorithm": {"family": "linear"}, "decision": None}
MULTICLASS = {
    "task": "multiclass",
    "classes": ["x", "y", "z"],
    "decision": {"actions": {"x": "p", "y": "q", "z": "r"}, "fallback": "p"},
}
CLUSTERING = {
    "task": "clustering",
    "label": None,
    "decision": None,
    "algorithm": {"family": "kmeans", "hyperparameters": {"clusters": 2}},
}


def declared(**changes):
    keys = copy.deepcopy(DECLARATION | {"features": FEATURES} | changes)
    return {key: value for key, value in keys.items() if value is not None}


def message(**changes) -> str:
    with pytest.raises(SpecError) as caught:
        parse_spec("m", declared(**changes))
    return str(caught.value)


def test_all_keys_together():
    spec = parse_spec(
        "m",
        declared(
            gate={
                "maximum_calibration_error": 0.05,
                "maximum_score_shift": 0,
                "signs": {"a": "positive", "b": "negative"},
            },
            slices={
                "new_or_free": {
                    "where": "a < 1 or plan in ('free', 'o''ne')",
                    "limits": {"roc_auc": 0.6, "brier": 1},
                },
                "old": {"where": "since < cast('2024-01-01' as date) and not trial"},
            },
            smoke_cases={
                "usual": {
                    "inputs": {"a": 1, "b": None, "plan": 3, "trial": True, "since": "2024-01-31 18:00:00"},
                    "score": [None, 0.5],
                },
                "nothing": {"inputs": {}, "rejected": True},
            },
        ),
    )
    assert spec.slices["old"].limits == {}
    assert spec.smoke_cases["nothing"].rejected is True


def test_declarations_without_these_keys_keep_their_fingerprint():
    assert parse_spec("m", DECLARATION).fingerprint() == FINGERPRINT
    assert (
        parse_spec("m", DECLARATION | {"gate": {"maximum_bias": None, "signs": None}}).fingerprint() == FINGERPRINT
    )


@pytest.mark.parametrize(
    "change",
    [
        {"gate": {"maximum_calibration_error": 0.1}},
        {"gate": {"maximum_score_shift": 0.1}},
        {"gate": {"signs": {"a": "positive"}}},
        {"slices": {"low": {"where": "a < 0"}}},
        {"smoke_cases": {"low": {"inputs": {"a": 0}, "score": [0, 1]}}},
    ],
)
def test_what_the_gate_asks_is_part_of_the_fingerprint(change):
    assert parse_spec("m", DECLARATION | change).fingerprint() != FINGERPRINT


MISTAKES = {
    "a limit of another task": (
        {"gate": {"maximum_bias": 1}},
        "gate.maximum_bias: has no meaning for task 'binary'; got 1. Fix: remove the key; it is for regression",
    ),
    "calibration of amounts": (
        REGRESSION | {"gate": {"maximum_calibration_error": 0.1}},
        "gate.maximum_calibration_error: has no meaning for task 'regression'",
    ),
    "distances of two clusterings": (
        CLUSTERING | {"gate": {"maximum_score_shift": 1}},
        "gate.maximum_score_shift: has no meaning for task 'clustering'",
    ),
    "a direction per class": (
        MULTICLASS | {"gate": {"signs": {"a": "positive"}}},
        "gate.signs: has no meaning for task 'multiclass'",
    ),
    "a negative limit": (
        {"gate": {"maximum_calibration_error": -1}},
        "gate.maximum_calibration_error: is out of range; got -1",
    ),
    "an unknown sign": (
        {"gate": {"signs": {"a": "up"}}},
        "gate.signs.a: has a value that is not allowed; got 'up'. Allowed: 'positive' or 'negative'",
    ),
    "the sign of what is no feature": (
        {"gate": {"signs": {"plans": "positive"}}},
        "gate.signs.plans: is not a declared feature; got 'plans'. Allowed: a, b, plan, trial, since. Fix: did",
    ),
    "the sign of a category": (
        {"gate": {"signs": {"plan": "positive"}}},
        "gate.signs.plan: has no direction, which only numbers have; got kind: categorical",
    ),
    "the sign of a forest": (
        {"gate": {"signs": {"a": "positive"}}, "algorithm": {"family": "forest"}},
        "gate.signs: cannot be read from the coefficients of family 'forest' (algorithm). Allowed: families linear,"
        " logistic, poisson, gamma",
    ),
    "the sign of a candidate that has none": (
        {
            "gate": {"signs": {"a": "positive"}},
            "algorithm": None,
            "candidates": {"one": {"family": "logistic"}, "other": {"family": "boosting"}},
        },
        "cannot be read from the coefficients of family 'boosting' (candidates.other)",
    ),
    "the sign of one of a pair": (
        {
            "features": {"a": {"kind": "numeric"}, "b": {"kind": "numeric"}},
            "gate": {"signs": {"b": "positive"}},
            "algorithm": {"family": "additive_boosting", "hyperparameters": {"pairs": [["a", "b"]]}},
        },
        "gate.signs.b: has no single direction, since it is one of a pair of features",
    ),
    "a slice of another table": (
        {"slices": {"s": {"where": "a in (select 1)"}}},
        "slices.s.where: asks another table",
    ),
    "a slice over no feature": (
        {"slices": {"s": {"where": "aa > 1"}}},
        "slices.s.where: reads a column that is not a declared feature; got 'aa'",
    ),
    "a slice over the label": (
        {"slices": {"s": {"where": "bought = 1"}}},
        "slices.s.where: reads a column that is not a declared feature; got 'bought'",
    ),
    "a slice that is a number": (
        {"slices": {"s": {"where": "a + 1"}}},
        "slices.s.where: must be a condition; got a number",
    ),
    "a slice by chance": (
        {"slices": {"s": {"where": "random() < 0.5"}}},
        "slices.s.where: calls a function that is not allowed",
    ),
    "a slice called all": (
        {"slices": {"all": {"where": "a > 1"}}},
        "slices.all: is the name of the whole dataset; got 'all'. Fix: choose another name",
    ),
    "a slice called as a class": ({"slices": {"class x": {"where": "a > 1"}}}, "slices.class x: must be a name"),
    "a slice without a condition": ({"slices": {"s": {}}}, "slices.s.where: a required key is missing"),
    "a limit on an unknown metric": (
        {"slices": {"s": {"where": "a > 1", "limits": {"roc_au": 0.5}}}},
        "slices.s.limits.roc_au: is not a metric with a limit for task 'binary'; got 'roc_au'. Allowed: scored_share,",
    ),
    "a limit on a metric of another task": (
        REGRESSION | {"slices": {"s": {"where": "a > 1", "limits": {"roc_auc": 0.5}}}},
        "slices.s.limits.roc_auc: is not a metric with a limit for task 'regression'",
    ),
    "a percentage": (
        {"slices": {"s": {"where": "a > 1", "limits": {"roc_auc": 70}}}},
        "slices.s.limits.roc_auc: is a value that the metric cannot take; got 70. Allowed: 0 to 1",
    ),
    "a smoke case of no feature": (
        {"smoke_cases": {"c": {"inputs": {"aa": 1}, "score": [0, 1]}}},
        "smoke_cases.c.inputs.aa: is not a declared feature",
    ),
    "text for a number": (
        {"smoke_cases": {"c": {"inputs": {"a": "1"}, "score": [0, 1]}}},
        "smoke_cases.c.inputs.a: does not fit a feature of kind numeric; got '1'. Allowed: a finite number, or null",
    ),
    "infinity": (
        {"smoke_cases": {"c": {"inputs": {"a": float("inf")}, "score": [0, 1]}}},
        "smoke_cases.c.inputs.a: does not fit a feature of kind numeric; got inf",
    ),
    "a number for a flag": (
        {"smoke_cases": {"c": {"inputs": {"trial": 1}, "score": [0, 1]}}},
        "smoke_cases.c.inputs.trial: does not fit a feature of kind boolean; got 1",
    ),
    "a broken number for a level": (
        {"smoke_cases": {"c": {"inputs": {"plan": 1.5}, "score": [0, 1]}}},
        "smoke_cases.c.inputs.plan: does not fit a feature of kind categorical; got 1.5",
    ),
    "a day that does not exist": (
        {"smoke_cases": {"c": {"inputs": {"since": "2024-02-30"}, "score": [0, 1]}}},
        "smoke_cases.c.inputs.since: does not fit a feature of kind date; got '2024-02-30'",
    ),
    "neither a score nor none": (
        {"smoke_cases": {"c": {"inputs": {"a": 1}}}},
        "smoke_cases.c: must say which score is expected, or that there is none; got neither",
    ),
    "a score and none": (
        {"smoke_cases": {"c": {"inputs": {"a": 1}, "score": [0, 1], "rejected": True}}},
        "smoke_cases.c: must say which score is expected, or that there is none; got both",
    ),
    "a score without ends": (
        {"smoke_cases": {"c": {"inputs": {"a": 1}, "score": [None, None]}}},
        "smoke_cases.c.score: asks nothing",
    ),
    "a score of one end": (
        {"smoke_cases": {"c": {"inputs": {"a": 1}, "score": [0.5]}}},
        "smoke_cases.c.score: has too few entries; got [0.5]. Allowed: at least 2",
    ),
    "ends the wrong way round": (
        {"smoke_cases": {"c": {"inputs": {"a": 1}, "score": [0.5, 0.1]}}},
        "smoke_cases.c.score: the low end must not be above the high one; got [0.5, 0.1]",
    ),
    "a score that is no probability": (
        {"smoke_cases": {"c": {"inputs": {"a": 1}, "score": [20, None]}}},
        "smoke_cases.c.score: is no probability; got [20, None]. Allowed: 0 to 1",
    ),
    "text for a case": ({"smoke_cases": {"c": "high"}}, "smoke_cases.c: must be a mapping of keys; got 'high'"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake):
    changes, expected = MISTAKES[mistake]
    found = message(**changes)
    assert expected in found
    assert ": 1 problem." in found


def test_all_mistakes_are_reported_at_once():
    changes = [
        MISTAKES[name][0] for name in ("a limit of another task", "a slice called all", "a score of one end")
    ]
    found = message(**changes[0], **changes[1], **changes[2])
    assert ": 3 problems." in found


def test_a_smoke_case_of_a_regression_may_have_any_score():
    parse_spec("m", declared(**REGRESSION, smoke_cases={"c": {"inputs": {"a": 1}, "score": [-20, 300]}}))
