"""Keys that say who answers for an ML model: validated in full, and training nothing."""

import json

import pytest
import yaml
from customers import DECLARATION

from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError

COMPLETE = """
owner: crm
description: Will it be bought?
governance:
  validator: risk
  purpose: offers
  restrictions: [not for credit]
  materiality: high
  assumptions: [orders are known at once]
  limits: [one shop]
  last_validation: "2024-01-31"
  next_validation: "2025-01-31"
  open_findings: []
deployment: {policy: approval}
experiment: {salt: spring, control_action: nothing, minimum_effect: 0.01, power: 0.9, significance: 0.01}
retention: {predictions_months: 25}
keep_training_set: full
"""
HIGH = ("validator", "purpose", "restrictions", "assumptions", "limits", "last_validation", "next_validation")


def declared(**changes):
    return DECLARATION | yaml.safe_load(COMPLETE) | changes


def message(**changes) -> str:
    with pytest.raises(SpecError) as caught:
        parse_spec("m", declared(**changes))
    return str(caught.value)


def governance(**changes):
    return {"governance": declared()["governance"] | changes}


def test_none_of_these_keys_trains_anything():
    plain, complete = parse_spec("m", DECLARATION), parse_spec("m", declared())
    assert complete.fingerprint() == plain.fingerprint()
    stored = json.loads(complete.canonical_json())
    assert stored["governance"]["next_validation"] == "2025-01-31"
    assert stored["deployment"] == {"policy": "approval"}


def test_the_defaults():
    spec = parse_spec("m", DECLARATION)
    assert (spec.governance.materiality, spec.deployment.policy, spec.keep_training_set) == ("low", "auto", "none")
    assert (spec.experiment.power, spec.experiment.significance) == (0.8, 0.05)
    assert (spec.experiment.salt, spec.experiment.minimum_effect, spec.retention.predictions_months) == (None,) * 3


def test_high_materiality_names_every_key_that_is_missing():
    found = message(owner=None, description="", governance={"materiality": "high", "restrictions": []})
    assert ": 9 problems." in found
    for key in ("owner", "description", *(f"governance.{key}" for key in HIGH)):
        assert f"ml_models.m.{key}: a required key is missing for governance.materiality 'high'" in found
    parse_spec("m", declared(governance={"materiality": "medium"}))


MISTAKES = {
    "the owner as validator": (
        governance(validator=" CRM"),
        "governance.validator: must not be the owner; got ' CRM'",
    ),
    "a date without quotes": (
        governance(last_validation=yaml.safe_load("2024-01-31")),
        "governance.last_validation: must be text; got datetime.date(2024, 1, 31). Fix: write it in quotes",
    ),
    "a day that does not exist": (
        governance(last_validation="2024-02-30"),
        "governance.last_validation: must be a date; got '2024-02-30'. Allowed: a date such as '2024-01-31'",
    ),
    "another form of a date": (
        governance(next_validation="20250131"),
        "governance.next_validation: must be a date",
    ),
    "validations the wrong way round": (
        governance(next_validation="2024-01-31"),
        "governance.next_validation: must be after last_validation; got 2024-01-31",
    ),
    "an unknown tier": (
        governance(materiality="huge"),
        "governance.materiality: has a value that is not allowed; got 'huge'. Allowed: 'low', 'medium' or 'high'",
    ),
    "text for a list": (governance(limits="none"), "governance.limits: must be a list; got 'none'"),
    "an unknown key": (governance(validatr="x"), "governance.validatr: unknown key; got 'x'. Allowed: validator,"),
    "an unknown policy": (
        {"deployment": {"policy": "manual"}},
        "deployment.policy: has a value that is not allowed",
    ),
    "an action without a policy": (
        {"task": "regression", "algorithm": {"family": "linear"}, "decision": None},
        "experiment.control_action: has no meaning without a policy",
    ),
    "no effect": ({"experiment": {"minimum_effect": 0}}, "experiment.minimum_effect: is out of range; got 0"),
    "full power": ({"experiment": {"power": 1}}, "experiment.power: is out of range; got 1"),
    "an empty salt": ({"experiment": {"salt": ""}}, "experiment.salt: must not be empty"),
    "kept too short": (
        {"retention": {"predictions_months": 5}},
        "retention.predictions_months: is out of range; got 5. Allowed: a number >= 6",
    ),
    "half a month": (
        {"retention": {"predictions_months": 6.5}},
        "retention.predictions_months: must be a whole number",
    ),
    "kept in part": (
        {"keep_training_set": "some"},
        "keep_training_set: has a value that is not allowed; got 'some'. Allowed: 'none', 'members' or 'full'",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake):
    changes, expected = MISTAKES[mistake]
    found = message(**changes)
    assert f"ml_models.m.{expected}" in found
    assert ": 1 problem." in found
