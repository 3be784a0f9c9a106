"""The block `training_quality`: what is asked of a training set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from ml_ledger.declaration.gate import LIMITED_METRICS
from ml_ledger.declaration.key_types import Area, Finite, Name, NotNegative, Positive, Share, Strict, Text
from ml_ledger.errors import Problem, did_you_mean, listed
from ml_ledger.families.family import is_number


class BenchmarkSpec(Strict):
    """What people, or an older system, reach at the same task. Not for task clustering."""

    metric: Name = Field(description="A metric of the task: see the metrics with limits.")
    value: Finite = Field(description="The value of the metric that they reach.")
    who: Text = Field(description="Who reaches it, as text.")


class QualityLimits(Strict):
    """What passes without a finding."""

    class_share: Share = Field(0.05, description="Smallest share of the training rows that a class may have.")
    same_value_share: Share = Field(
        0.99, description="Largest share of the rows that may have the same value of a feature."
    )
    copies_share: Share = Field(
        0.0,
        description="Largest share of the rows that may repeat another row's features, or contradict its label.",
    )
    mislabelled_share: Share = Field(
        0.05,
        description="Share of the rows above which likely mislabels are an error rather than a warning.",
    )
    vif: Annotated[Finite, Field(ge=1)] = Field(
        10.0, description="Largest variance inflation factor of a numeric feature."
    )
    outlier_distance: Positive = Field(
        4.0, description="How far out values may lie, in units of the feature's own spread."
    )
    shift: NotNegative = Field(
        0.2,
        description="Largest population stability index of a feature between training rows and holdout.",
    )
    domain_auc: Area = Field(0.6, description="Largest AUC of a model that tells holdout rows from training rows.")


class TrainingQualitySpec(Strict):
    """How the training set is assessed. If you declare this block, even as `{}`, also add the node."""

    sample_rows: Annotated[int, Field(ge=200)] = Field(
        20_000,
        description="How many training rows are used by checks that fit models; labels are judged on fifteen"
        " times as many.",
    )
    benchmark: BenchmarkSpec | None = Field(
        None,
        description="What people, or an older system, reach at the same task. Left out: no comparison.",
    )
    limits: QualityLimits = Field(QualityLimits(), description="What passes without a finding.")


def quality_problems(root: str, declaration: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the benchmark."""
    task, quality = declaration.get("task"), declaration.get("training_quality")
    declared = quality.get("benchmark") if isinstance(quality, Mapping) else None
    if not isinstance(declared, Mapping):
        return
    where = f"{root}.training_quality.benchmark"
    if task == "clustering":
        what = "has no meaning for task 'clustering', which has no right answer to compare with"
        yield Problem(where, what, fix="remove the key")
        return
    known = [name for name, limited in LIMITED_METRICS.items() if task in limited.tasks and name != "scored_share"]
    metric, value = declared.get("metric"), declared.get("value")
    if not known or not isinstance(metric, str):
        return  # reported already
    if metric not in known:
        what = f"is not a metric of task '{task}'"
        yield Problem(f"{where}.metric", what, repr(metric), listed(known), did_you_mean(metric, known))
    elif is_number(value) and not LIMITED_METRICS[metric].can_be(value):
        what = "is a value that the metric cannot take"
        yield Problem(f"{where}.value", what, repr(value), LIMITED_METRICS[metric].range)
