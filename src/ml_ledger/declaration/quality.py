"""Keys of a declaration that say what is asked of a training set; none of them trains anything."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ml_ledger.declaration.base import Finite, Name, Positive, Strict

Share = Annotated[Finite, Field(ge=0, le=1)]


class BenchmarkSpec(Strict):
    """What somebody reaches at the same task: a metric of the task, its value, and who."""

    metric: Name
    value: Finite
    who: Annotated[str, Field(min_length=1)]


class QualityLimits(Strict):
    """What passes without a finding; docs/training_quality.md says how each is measured.

    outlier_distance: in units of a feature's own spread. vif: a variance inflation factor. shift: a population
    stability index. domain_auc: an area under the ROC curve. The others are shares of rows.
    """

    class_share: Share = 0.05
    same_value_share: Share = 0.99
    copies_share: Share = 0.0
    mislabelled_share: Share = 0.05
    vif: Annotated[Finite, Field(ge=1)] = 10.0
    outlier_distance: Positive = 4.0
    shift: Annotated[Finite, Field(ge=0)] = 0.2
    domain_auc: Annotated[Finite, Field(ge=0.5, le=1)] = 0.6


class TrainingQualitySpec(Strict):
    """That the training set is assessed, and how. sample_rows: how many rows are fitted on."""

    sample_rows: Annotated[int, Field(ge=200)] = 20_000
    benchmark: BenchmarkSpec | None = None
    limits: QualityLimits = QualityLimits()
