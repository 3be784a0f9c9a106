"""`monitoring.budget` of a declaration: validated in full, and training nothing."""

import pytest
from customers import DECLARATION

from ml_ledger.declaration import parse_spec
from ml_ledger.errors import SpecError


def declared(budget: object):
    return parse_spec("m", DECLARATION | {"monitoring": {"budget": budget}})


def test_a_budget_trains_nothing():
    spec = declared({"seconds_per_run": 60, "cost_per_month": 2.5})
    assert (spec.monitoring.budget.seconds_per_run, spec.monitoring.budget.cost_per_month) == (60, 2.5)
    assert spec.fingerprint() == parse_spec("m", DECLARATION).fingerprint()


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ({}, "ml_models.m.monitoring.budget: limits nothing. Fix: add 'seconds_per_run' or 'cost_per_month'"),
        ({"seconds_per_run": 0}, "ml_models.m.monitoring.budget.seconds_per_run: "),
        ({"seconds": 60}, "ml_models.m.monitoring.budget.seconds: unknown key"),
    ],
)
def test_what_is_no_budget_is_named(budget, message):
    with pytest.raises(SpecError) as caught:
        declared(budget)
    assert message in str(caught.value)
