"""Groups of people whom a version must not treat differently, and how different it may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ml_ledger.declaration.base import Column, Finite, Strict

Ratio = Annotated[Finite, Field(gt=0, le=1)]


class AttributeSpec(Strict):
    """A protected attribute, a column of the features. reference: the group, as text, that others are compared with."""

    reference: Annotated[str, Field(min_length=1)]


class FairnessLimits(Strict):
    """What the gate asks of each group with enough rows.

    Ratios: between this and 1 / this, of the group's rate and that of the reference group. calibration_gap: how far
    the mean score may be from the base rate of the group, up or down.
    """

    selection_rate_ratio: Ratio | None = None
    true_positive_rate_ratio: Ratio | None = None
    false_positive_rate_ratio: Ratio | None = None
    calibration_gap: Annotated[Finite, Field(ge=0, le=1)] | None = None


class FairnessSpec(Strict):
    """Protected attributes. No feature may be one of them but those in allowed_as_features.

    minimum_group: a rate over fewer rows is compared with none.
    """

    attributes: Annotated[dict[Column, AttributeSpec], Field(min_length=1)]
    minimum_group: Annotated[int, Field(ge=1)] = 100
    allowed_as_features: list[Column] = Field(default_factory=list)
    limits: FairnessLimits = FairnessLimits()
