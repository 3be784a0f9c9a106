"""Every limit of an alert: what is found just below it, exactly at it, and just above it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest
from limits_project import CLOCK, around, compiled, warehouse

Rows = dict[str, list[dict[str, Any]]]
ALWAYS = (True, True, True)
BELOW, UP_TO, FROM, ABOVE = (True, False, False), (True, True, False), (False, True, True), (False, False, True)
MONTH = "2026-02-01"
MOMENT = ("2026-02-28 23:59:59.999999", "2026-03-01 00:00:00", "2026-03-01 00:00:00.000001")  # around the clock


def ago(days: int) -> str:
    ((moment,),) = duckdb.sql(f"select cast(timestamp '{CLOCK}' - interval {days} day as varchar)").fetchall()
    return moment


def version(**values: Any) -> dict[str, Any]:
    given = {"version": 1, "trained_at": ago(1), "recorded_at": ago(1), "metrics": "[]", "reference": "[1]"}
    return given | values


def event(**values: Any) -> dict[str, Any]:
    given = {"ml_model": "m", "event_number": 1, "event": "deployed", "operation": "gate", "version": 1}
    return given | {"slot": "champion", "share": 1.0, "valid_from": ago(1), "checks": "[]"} | values


def decisions(count: int, rejected: int = 0, **values: Any) -> list[dict[str, Any]]:
    given = {"ml_model": "m", "as_of": ago(1), "slot": "champion", "version": 1}
    states = ["rejected"] * rejected + ["scored"] * (count - rejected)
    return [
        given | {"entity_id": str(number), "status": state, "rejected_because": "a is missing"} | values
        for number, state in enumerate(states)
    ]


def measured(metric: str, **values: Any) -> dict[str, Any]:
    given = {"version": 1, "slot": "champion", "period": "month", "period_start": MONTH, "slice": "all"}
    numbers = {"value": 0.5, "ci_low": 0.4, "ci_high": 0.6, "decisions": 20, "matured": 20}
    return given | {"scored_by": "self", "kind": "realised", "metric": metric} | numbers | values


def compared(part: str, **values: Any) -> dict[str, Any]:
    given = {"version": 1, "slot": "champion", "period": "month", "period_start": MONTH, "part": part}
    return (
        given | {"status": "drifted", "severity": "warn", "value": 1.0, "cause": "moved", "feature": "a"} | values
    )


def metrics(**released: Any) -> str:
    row = {"dataset": "holdout", "slice": "all", "scored_by": "self", "metric": "roc_auc", "value": 0.8}
    return json.dumps([row | released])


@dataclass(frozen=True)
class Limit:
    """A rule, what is tried below, at and above its limit, and where it finds something."""

    rule: str
    tried: tuple[Any, Any, Any]
    finds: tuple[bool, bool, bool]
    rows: Callable[[Any], Rows]
    severity: str | None = None  # finds: of this severity


LIMITS = {
    "the age of a champion": Limit(
        "version_old", (99, 100, 101), ABOVE, lambda days: {"versions": [version(trained_at=ago(days))]}
    ),
    "rejected rows": Limit(
        "rows_rejected", (21, 20, 19), ABOVE, lambda count: {"predictions": decisions(count, rejected=1)}
    ),
    "rejected rows of the latest decisions": Limit(
        "rows_rejected",
        (ago(2), ago(1), ago(0)),
        FROM,
        lambda day: {"predictions": [*decisions(30), *decisions(1, rejected=1, as_of=day, version=2)]},
    ),
    "days without an approval": Limit(
        "awaiting_approval",
        (6, 7, 8),
        ABOVE,
        lambda days: {"deployments": [event(event="awaiting_approval", valid_from=ago(days))]},
    ),
    "days until a question is put": Limit(
        "awaiting_approval",
        (0, 1, 7),
        ALWAYS,
        lambda days: {
            "deployments": [
                event(
                    event="awaiting_approval",
                    valid_from=ago(days),
                    reason="waits for an answer: when is it written?",
                )
            ]
        },
    ),
    "days without a decision": Limit(
        "decisions_stopped", (61, 62, 63), ABOVE, lambda days: {"predictions": decisions(1, as_of=ago(days))}
    ),
    "an interval below that at release": Limit(
        "performance_drop",
        around(0.7),
        BELOW,
        lambda high: {
            "versions": [version(metrics=metrics(ci_low=0.7, ci_high=0.9))],
            "performance": [measured("roc_auc", ci_high=high)],
        },
    ),
    "what is saved against a baseline": Limit(
        "worse_than_baseline",
        around(0.0),
        BELOW,
        lambda high: {"performance": [measured("log_loss_reduction", scored_by="baseline:b", ci_high=high)]},
    ),
    "what decisions are worth": Limit(
        "worth_less",
        around(0.0),
        BELOW,
        lambda high: {"performance": [measured("value_gain", scored_by="policy:nobody", ci_high=high)]},
    ),
    "a ratio of groups below its limit": Limit(
        "unequal_groups",
        around(0.8),
        BELOW,
        lambda high: {
            "performance": [measured("selection_rate_ratio", slice="sex = f", ci_low=0.1, ci_high=high)]
        },
    ),
    "a ratio of groups above its limit": Limit(
        "unequal_groups",
        around(1.25),
        ABOVE,
        lambda low: {"performance": [measured("selection_rate_ratio", slice="sex = f", ci_low=low, ci_high=9.0)]},
    ),
    "below what scores let expect": Limit(
        "not_as_expected",
        around(0.4),
        BELOW,
        lambda value: {
            "performance": [measured("base_rate", value=value), measured("base_rate", kind="estimated")],
        },
    ),
    "above what scores let expect": Limit(
        "not_as_expected",
        around(0.6),
        ABOVE,
        lambda value: {
            "performance": [measured("base_rate", value=value), measured("base_rate", kind="estimated")],
        },
    ),
    "labels of a period that is measured": Limit(
        "worth_less",
        (18, 19, 20),
        FROM,
        lambda matured: {
            "performance": [measured("value_gain", scored_by="policy:nobody", ci_high=-1.0, matured=matured)]
        },
    ),
    "the latest period that is measured": Limit(
        "worth_less",
        ("2026-01-01", "2026-02-01", "2026-03-01"),
        FROM,
        lambda start: {
            "performance": [
                measured("value_gain", scored_by="policy:nobody", period_start=start, ci_high=-1.0),
                measured("value_gain", scored_by="policy:everybody", ci_high=1.0),
            ]
        },
    ),
    "drift that moved no score": Limit(
        "feature_drift",
        (0.0999, 0.1, 0.1001),
        FROM,
        lambda moved: {
            "drift": [
                compared("feature", contribution=moved),
                compared("feature", feature="b", status="ok", contribution=1.0 - moved),
            ]
        },
        severity="warn",
    ),
    "the latest period that was compared": Limit(
        "label_drift",
        ("2026-01-01", "2026-02-01", "2026-03-01"),
        FROM,
        lambda start: {"drift": [compared("label", period_start=start), compared("label", status="ok")]},
    ),
    "a label that matures": Limit(
        "labels_without_decision",
        MOMENT,
        UP_TO,
        lambda moment: {
            "predictions": decisions(1),
            "labels": [{"customer_id": 9, "as_of_date": ago(1), "label": 1, "matured_at": moment}],
        },
    ),
    "an attempt to train": Limit(
        "training_failed",
        MOMENT,
        UP_TO,
        lambda moment: {"versions_attempts": [attempt(attempted_at=moment)]},
    ),
    "a version that was recorded since": Limit(
        "training_failed",
        MOMENT,
        UP_TO,
        lambda moment: {
            "versions": [version(recorded_at=moment)],
            "versions_attempts": [attempt(recorded_at=MOMENT[1])],
        },
    ),
    "a version that becomes the champion": Limit(
        "no_champion", MOMENT, ABOVE, lambda moment: {"deployments": [event(valid_from=moment)]}
    ),
    "a champion that is retired": Limit(
        "no_champion",
        MOMENT,
        UP_TO,
        lambda moment: {
            "deployments": [
                event(),
                event(event_number=2, event="ended", operation="ml_retire", valid_from=moment),
            ]
        },
    ),
    "the newest version, which the gate refused": Limit(
        "gate_refused",
        MOMENT,
        ABOVE,
        lambda moment: {
            "versions": [version(), version(version=2), version(version=3, trained_at=moment)],
            "deployments": [
                event(),
                event(
                    event_number=2, event="refused", version=2, checks='[{"check_name": "bias", "passed": false}]'
                ),
            ],
        },
    ),
}


def attempt(**values: Any) -> dict[str, Any]:
    given = {"ml_model": "m", "attempted_at": ago(0), "kind": "training_set", "message": "no rows"}
    return given | {"stops_scoring": False, "recorded_at": ago(0)} | values


@pytest.mark.parametrize("name", LIMITS)
def test_an_alert_is_found_on_the_right_side_of_its_limit(tmp_path_factory, name):
    limit, found = LIMITS[name], []
    for value in limit.tried:
        rows = {"versions": [version()], "deployments": [event()]} | limit.rows(value)
        findings = (
            warehouse(**rows)
            .execute(
                f"select rule, severity from ({compiled(tmp_path_factory)['alerts']}) as a where event = 'found'"
            )
            .fetchall()
        )
        severities = [severity for rule, severity in findings if rule == limit.rule]
        assert len(severities) <= 1
        found.append(bool(severities) if limit.severity is None else severities == [limit.severity])
    assert tuple(found) == limit.finds


def test_nothing_is_found_of_a_champion_that_was_trained_yesterday(tmp_path_factory):
    """What the rows of this file begin with is no finding of its own."""
    rows = {"versions": [version()], "deployments": [event()], "predictions": decisions(1)}
    sql = f"select rule from ({compiled(tmp_path_factory)['alerts']}) as a where event = 'found'"
    assert warehouse(**rows).execute(sql).fetchall() == []
