from datetime import datetime

import pytest
import yaml
from conftest import ROOT

from ml_ledger.spec import parse_spec
from ml_ledger.training.due import ClockError, why_due

SPEC = parse_spec(
    "repurchase",
    yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]["ml_models"]["repurchase"],
)
LATEST = {"version": 3, "spec_hash": SPEC.fingerprint(), "trained_at": datetime(1998, 1, 1)}


@pytest.mark.parametrize(
    ("latest", "clock", "reason"),
    [
        (None, datetime(1998, 1, 1), "first version"),
        (LATEST, datetime(1998, 1, 1), None),
        (LATEST, datetime(1998, 3, 31, 23), None),
        (LATEST, datetime(1998, 4, 1), "version 3 is 90 days old (limit 90)"),
        (LATEST, datetime(1997, 12, 1), None),
        (LATEST | {"spec_hash": "other"}, datetime(1998, 1, 2), "the declaration changed since version 3"),
    ],
)
def test_why_due(latest, clock, reason):
    assert why_due(SPEC, latest, clock) == reason


def test_a_changed_declaration_is_not_trained_in_the_past():
    changed = LATEST | {"spec_hash": "other"}
    assert why_due(SPEC, changed, datetime(1998, 1, 1)) is not None
    with pytest.raises(ClockError, match="cannot be trained in the past; got 1997-12-31 00:00, when version 3"):
        why_due(SPEC, changed, datetime(1997, 12, 31))
