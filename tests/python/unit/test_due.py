from datetime import datetime

import pytest
import yaml
from conftest import ROOT

from ml_ledger.declaration import parse_spec
from ml_ledger.training.due import ClockError, why_due
from ml_ledger.training_set.calendar_periods import period_start

DECLARED = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]["ml_models"][
    "repurchase"
]
DECLARED = DECLARED | {"training": {"retrain_after_days": 90}, "retraining": {}}
SPEC = parse_spec("repurchase", DECLARED)
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


ALERT = {
    "alert_id": "repurchase/label_drift",
    "rule": "label_drift",
    "severity": "warn",
    "slot": "champion",
    "message": "fewer buy again",
    "first_seen": datetime(1998, 1, 31),
    "acknowledged_by": None,
}
BECAUSE_OF_IT = "alert label_drift since 1998-01-31: fewer buy again"


@pytest.mark.parametrize(
    ("policy", "alert", "day", "reason"),
    [
        ({"on_alerts": ["label_drift"]}, {}, 28, BECAUSE_OF_IT),
        ({"on_alerts": ["label_drift"]}, {"severity": "error"}, 28, BECAUSE_OF_IT),
        ({"on_alerts": ["label_drift"]}, {"severity": "info"}, 28, None),
        ({"on_alerts": ["label_drift"]}, {"acknowledged_by": "eva"}, 28, None),
        ({"on_alerts": ["label_drift"]}, {"slot": "shadow"}, 28, None),
        ({"on_alerts": ["label_drift"]}, {"slot": "challenger"}, 28, None),
        ({"on_alerts": ["label_drift"]}, {"slot": None}, 28, BECAUSE_OF_IT),
        ({"on_alerts": ["score_drift"]}, {}, 28, None),
        ({"on_alerts": ["label_drift"], "cool_down_days": 60}, {}, 28, None),
        ({"on_alerts": ["label_drift"], "cool_down_days": 58}, {}, 28, BECAUSE_OF_IT),
        ({"new_rows": 100}, {}, 28, "150 new rows since version 3 (limit 100)"),
        ({"on_alerts": ["label_drift"], "cool_down_days": 59}, {}, 28, None),
        ({"new_rows": 150}, {}, 28, "150 new rows since version 3 (limit 150)"),
        ({"new_rows": 151}, {}, 28, None),
        ({"schedule": "month"}, {}, 28, "the first build of a month (schedule)"),
        ({"schedule": "quarter"}, {}, 28, None),
    ],
)
def test_what_else_makes_a_version_due(policy, alert, day, reason):
    spec = parse_spec("repurchase", DECLARED | {"retraining": policy})
    assert spec.fingerprint() == SPEC.fingerprint()  # a policy trains nothing by itself
    latest = LATEST | {"rows": 1000}
    assert why_due(spec, latest, datetime(1998, 2, day), rows=1150, alerts=[ALERT | alert]) == reason


@pytest.mark.parametrize(
    ("trained_at", "is_due"),
    [
        (datetime(1998, 1, 31, 23, 59, 59, 999999), True),
        (datetime(1998, 2, 1), False),
        (datetime(1998, 2, 1, 0, 0, 0, 1), False),
    ],
)
def test_a_version_of_the_very_begin_of_a_period_is_the_one_of_it(trained_at, is_due):
    spec = parse_spec("repurchase", DECLARED | {"retraining": {"schedule": "month", "cool_down_days": 1}})
    reason = why_due(spec, LATEST | {"trained_at": trained_at, "rows": 1}, datetime(1998, 2, 28), rows=1)
    assert reason == ("the first build of a month (schedule)" if is_due else None)


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("day", datetime(1998, 5, 14)),
        ("week", datetime(1998, 5, 11)),  # a Monday
        ("month", datetime(1998, 5, 1)),
        ("quarter", datetime(1998, 4, 1)),
    ],
)
def test_when_a_period_began(period, start):
    assert period_start(period, datetime(1998, 5, 14, 18)) == start
