"""The blocks `monitoring`, `retraining` and `review`: how an ML model in use is watched, by rules and by people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from ml_ledger.declaration.key_types import (
    Area,
    Column,
    Count,
    Finite,
    Name,
    Period,
    Positive,
    Share,
    ShareBetween,
    Strict,
    Text,
)
from ml_ledger.errors import Problem, did_you_mean, listed

# The macro alert_rules knows the same; each has a page in docs/alerts.
Rule = Literal[
    "no_champion", "training_failed", "gate_refused", "awaiting_approval", "version_old", "decisions_stopped",
    "rows_rejected", "labels_without_decision", "performance_drop", "worse_than_baseline", "not_as_expected",
    "worth_less", "unequal_groups", "over_budget", "no_reference",
    "feature_drift", "score_drift", "label_drift", "predicted_drift", "joint_drift", "concept_drift", "schema_drift",
]  # fmt: skip
RelationName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")]


class ExpectedAlertSpec(Strict):
    """An alert that is no surprise: it is shown with the reason, and neither warns nor trains.

    It covers all alerts that agree with the keys that are given.
    """

    rule: Rule = Field(description="The rule of the alert.")
    feature: Column | None = Field(None, description="The feature it is about. Left out: any.")
    slice: str | None = Field(None, description="The slice it is about. Left out: any.")
    slot: Literal["champion", "challenger", "shadow"] | None = Field(
        None, description="The slot of the version it is about. Left out: any."
    )
    metric: Name | None = Field(None, description="The metric it is about. Left out: any.")
    because: Text = Field(description="Why it is expected, as text.")


class AlertsSpec(Strict):
    """What is alerted on. If you declare this block, even as `{}`, all rules are checked; also add the node."""

    off: list[Rule] = Field(default_factory=list, description="Rules that are not checked.")
    expected: list[ExpectedAlertSpec] = Field(
        default_factory=list, description="Alerts that are no surprise, each with a reason."
    )
    rejected_share: Share = Field(
        0.05,
        description="Share of the latest decisions that may be without a score (rule `rows_rejected`).",
    )
    approval_days: Annotated[int, Field(ge=0)] = Field(
        7, description="Days that a version may wait for approval (rule `awaiting_approval`)."
    )
    version_days: Count | None = Field(
        None,
        description="Age in days that the live version may reach (rule `version_old`). Left out: twice"
        " `training.retrain_after_days`.",
    )


class DriftSpec(Strict):
    """What counts as drift. If you declare this block, even as `{}`, also add the node."""

    false_discovery_rate: ShareBetween = Field(
        0.02,
        description="Share of the columns reported as drifted in a period that may be false alarms, on average.",
    )
    minimum_rows: Annotated[int, Field(ge=30)] = Field(
        200, description="Periods with fewer rows never raise an alarm."
    )
    smallest_shift: Positive = Field(
        0.05, description="Smallest shift that matters, in standard deviations of the training rows."
    )
    smallest_share: Share = Field(
        0.005,
        description="Smallest share of rows that matters, of those that lost their value, left the range, or have"
        " a default or a new level.",
    )
    smallest_metric_change: Share = Field(
        0.02,
        description="Smallest change that matters of AUC, log loss and calibration error; of RMSE as a share of"
        " it, and of the mean label as a share of its standard deviation.",
    )
    matured_share: Annotated[Finite, Field(gt=0, le=1)] = Field(
        0.95, description="Share of a period's labels that must have matured before they are looked at."
    )
    joint_auc: Area = Field(
        0.55,
        description="AUC above which a classifier that tells a period's rows from training rows is drift.",
    )
    joint_rows: Annotated[int, Field(ge=200)] = Field(
        5_000, description="How many rows of each side that classifier is fitted on."
    )


class BudgetSpec(Strict):
    """What an ML model may take; give one key or both."""

    seconds_per_run: Positive | None = Field(
        None, description="Seconds that all its nodes may take in one run. Left out: no limit."
    )
    cost_per_month: Positive | None = Field(
        None,
        description="What its runs of a month may cost, in the currency of `ml_costs`. Left out: no limit.",
    )


class MonitoringSpec(Strict):
    """How decisions in use are measured. If you declare this block, even as `{}`, also add the node of performance."""

    period: Period = Field("month", description="Period of as-of dates by which decisions are measured.")
    drift: DriftSpec | None = Field(None, description="What counts as drift. Left out: drift is not measured.")
    alerts: AlertsSpec | None = Field(None, description="What is alerted on. Left out: nothing.")
    budget: BudgetSpec | None = Field(None, description="What its runs may take. Left out: no limit.")


class RetrainingSpec(Strict):
    """When a new version is due, besides its age (`training.retrain_after_days`) and a changed declaration."""

    on_alerts: list[Rule] = Field(
        default_factory=list,
        description="Rules whose open alerts make a version due, unless someone has acknowledged or expects them.",
    )
    new_rows: Count | None = Field(
        None,
        description="How many new training rows since the newest version make one due. Left out: new rows alone"
        " never do.",
    )
    schedule: Period | None = Field(
        None,
        description="The first build in each such period makes a version due. Left out: no schedule.",
    )
    cool_down_days: Annotated[int, Field(ge=0)] = Field(
        30,
        description="Days after a version during which alerts, new rows and the schedule train nothing. Age and a"
        " changed declaration do not wait.",
    )


class CloseSpec(Strict):
    """Decisions whose score is near the threshold."""

    within: Positive = Field(description="Largest distance from the threshold, in units of the score.")
    at_most: Count = Field(50, description="Most decisions per period.")


class HighValueSpec(Strict):
    """Decisions with the highest values of a feature."""

    column: Column = Field(description="A numeric feature.")
    at_most: Count = Field(20, description="Most decisions per period.")


class ReviewSpec(Strict):
    """Which decisions people look at in each `monitoring.period`. If you declare this block, also add the two nodes."""

    random_per_period: Count = Field(
        50,
        description="Decisions drawn at random from all of a period, so that each has a known chance of being"
        " reviewed.",
    )
    close_to_threshold: CloseSpec | None = Field(
        None, description="Decisions with a score near the threshold. Left out: none for this reason."
    )
    disagreements: Count | None = Field(
        None,
        description="Most decisions per period that a shadow version would make otherwise; needs a threshold, or"
        " task multiclass. Left out: none for this reason.",
    )
    high_value: HighValueSpec | None = Field(
        None,
        description="Decisions with the highest values of a feature. Left out: none for this reason.",
    )
    rejected: Count | None = Field(
        None, description="Most rows without a score per period. Left out: none for this reason."
    )
    conflict: Literal["latest", "majority", "unanimous", "first"] = Field(
        "latest",
        description="Which verdict counts if reviewers differ; with `majority` none on a tie, with `unanimous`"
        " none at all.",
    )
    feedback: Annotated[list[RelationName], Field(min_length=1)] | None = Field(
        None,
        description="Relations that hold feedback: names of seeds or dbt models, or `source.table`.",
    )


def monitoring_problems(root: str, declaration: Mapping[str, Any]) -> Iterator[Problem]:
    """A budget that limits nothing."""
    monitoring = declaration.get("monitoring")
    budget = monitoring.get("budget") if isinstance(monitoring, Mapping) else None
    if isinstance(budget, Mapping) and not any(value is not None for value in budget.values()):
        what, fix = "limits nothing", "add 'seconds_per_run' or 'cost_per_month', or remove the key"
        yield Problem(f"{root}.monitoring.budget", what, fix=fix)


def review_problems(root: str, declaration: Mapping[str, Any]) -> Iterator[Problem]:
    """What is asked for and not there: a threshold, a numeric feature, a second opinion."""
    review = declaration.get("review")
    if not isinstance(review, Mapping):
        return
    task, decision = declaration.get("task"), declaration.get("decision")
    threshold = decision.get("threshold") if isinstance(decision, Mapping) else None
    if review.get("close_to_threshold") is not None and threshold is None:
        what = "needs decision.threshold, and none is declared"
        yield Problem(
            f"{root}.review.close_to_threshold", what, fix="remove the key, or declare decision.threshold"
        )
    if review.get("disagreements") is not None and threshold is None and task != "multiclass":
        what = "needs decision.threshold, since versions disagree where one score is above it and the other below"
        yield Problem(f"{root}.review.disagreements", what, fix="remove the key, or declare decision.threshold")
    high_value, features = review.get("high_value"), declaration.get("features")
    if not isinstance(high_value, Mapping) or not isinstance(features, Mapping):
        return
    column = high_value.get("column")
    numeric = [
        name
        for name, feature in features.items()
        if isinstance(feature, Mapping) and feature.get("kind") == "numeric"
    ]
    if isinstance(column, str) and column not in numeric:
        yield Problem(
            f"{root}.review.high_value.column",
            "is not a declared numeric feature",
            repr(column),
            listed(numeric),
            did_you_mean(column, numeric),
        )
