"""Keys of a declaration that say how an ML model is watched; none of them trains anything."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ml_ledger.spec.base import Finite, Name, Strict

Period = Literal["day", "week", "month", "quarter"]
# The macro alert_rules knows the same; each has a page in docs/alerts.
Rule = Literal[
    "no_champion", "gate_refused", "awaiting_approval", "version_old", "decisions_stopped", "rows_rejected",
    "labels_without_decision", "performance_drop", "worse_than_baseline", "not_as_expected", "no_reference",
    "feature_drift", "score_drift", "label_drift", "predicted_drift", "joint_drift", "concept_drift", "schema_drift",
]  # fmt: skip


class ExpectedAlertSpec(Strict):
    """An alert that is no surprise: it is shown with the reason, and neither warns nor trains."""

    rule: Rule
    feature: Name | None = None
    slice: str | None = None
    slot: Literal["champion", "challenger", "shadow"] | None = None
    metric: Name | None = None
    because: Annotated[str, Field(min_length=1)]


class AlertsSpec(Strict):
    """What is alerted on. rejected_share: a share of the latest decisions. version_days: twice
    `training.retrain_after_days` unless it is given."""

    off: list[Rule] = Field(default_factory=list)
    expected: list[ExpectedAlertSpec] = Field(default_factory=list)
    rejected_share: Annotated[Finite, Field(ge=0, le=1)] = 0.05
    approval_days: Annotated[int, Field(ge=0)] = 7
    version_days: Annotated[int, Field(ge=1)] | None = None


class MonitoringSpec(Strict):
    """By which periods of its as-of dates an ML model is watched, and what is alerted on."""

    period: Period = "month"
    alerts: AlertsSpec | None = None


class RetrainingSpec(Strict):
    """When a new version is due, besides its age (`training.retrain_after_days`) and a changed declaration.

    on_alerts: rules; one that the last run left open, that nobody acknowledged or expects. new_rows: of the training
    set, since the newest version. schedule: the first build in each period. cool_down_days: how long nothing is
    trained after a version, whatever is found; age and a changed declaration do not wait.
    """

    on_alerts: list[Rule] = Field(default_factory=list)
    new_rows: Annotated[int, Field(ge=1)] | None = None
    schedule: Period | None = None
    cool_down_days: Annotated[int, Field(ge=0)] = 30
