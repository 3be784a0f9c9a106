"""Keys of a declaration that say how an ML model is watched; none of them trains anything."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ml_ledger.declaration.base import Column, Finite, Name, Positive, Strict

Share = Annotated[Finite, Field(ge=0, le=1)]
Period = Literal["day", "week", "month", "quarter"]
# The macro alert_rules knows the same; each has a page in docs/alerts.
Rule = Literal[
    "no_champion", "training_failed", "gate_refused", "awaiting_approval", "version_old", "decisions_stopped",
    "rows_rejected", "labels_without_decision", "performance_drop", "worse_than_baseline", "not_as_expected",
    "worth_less", "unequal_groups", "over_budget", "no_reference",
    "feature_drift", "score_drift", "label_drift", "predicted_drift", "joint_drift", "concept_drift", "schema_drift",
]  # fmt: skip


class ExpectedAlertSpec(Strict):
    """An alert that is no surprise: it is shown with the reason, and neither warns nor trains."""

    rule: Rule
    feature: Column | None = None
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


class DriftSpec(Strict):
    """What counts as drift; docs/drift.md says why these are the defaults.

    false_discovery_rate: how many of the columns of a period that are said to have drifted may not have, on average.
    minimum_rows: periods with fewer never alarm. smallest_shift: in standard deviations of the training rows.
    smallest_share: of rows that lost their value, left the range, or have a default or a new level.
    smallest_metric_change: of AUC, log loss and calibration error, and as a share of RMSE and of the label's standard
    deviation. matured_share: of the period's labels, before they are looked at. joint_auc, joint_rows: of the
    classifier that tells the rows of a period from those of training.
    """

    false_discovery_rate: Annotated[Finite, Field(gt=0, lt=1)] = 0.02
    minimum_rows: Annotated[int, Field(ge=30)] = 200
    smallest_shift: Positive = 0.05
    smallest_share: Share = 0.005
    smallest_metric_change: Share = 0.02
    matured_share: Annotated[Finite, Field(gt=0, le=1)] = 0.95
    joint_auc: Annotated[Finite, Field(ge=0.5, le=1)] = 0.55
    joint_rows: Annotated[int, Field(ge=200)] = 5_000


class BudgetSpec(Strict):
    """What an ML model may take: seconds of all its nodes in one run, and what its runs of a month may cost."""

    seconds_per_run: Positive | None = None
    cost_per_month: Positive | None = None


class MonitoringSpec(Strict):
    """By which periods of its as-of dates an ML model is watched, what is alerted on, and what its runs may take."""

    period: Period = "month"
    drift: DriftSpec | None = None
    alerts: AlertsSpec | None = None
    budget: BudgetSpec | None = None
