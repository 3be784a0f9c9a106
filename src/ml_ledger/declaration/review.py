"""Keys of a declaration that say what people look at; none of them trains anything."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ml_ledger.declaration.base import Column, Positive, Strict

AtMost = Annotated[int, Field(ge=1)]
RelationName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")]


class CloseSpec(Strict):
    """Decisions whose score is near the threshold. within: distance, in units of the score."""

    within: Positive
    at_most: AtMost = 50


class HighValueSpec(Strict):
    """Decisions with the highest values of a feature."""

    column: Column
    at_most: AtMost = 20


class ReviewSpec(Strict):
    """How many decisions people look at in a period of `monitoring.period`, why, and whose word counts.

    random_per_period: of all decisions; it makes every decision's chance positive. The others are of the decisions
    with that property. conflict: what counts where reviewers differ. feedback: relations that hold feedback, by the
    name of a seed or dbt model, or `source.table`.
    """

    random_per_period: AtMost = 50
    close_to_threshold: CloseSpec | None = None
    disagreements: AtMost | None = None
    high_value: HighValueSpec | None = None
    rejected: AtMost | None = None
    conflict: Literal["latest", "majority", "unanimous", "first"] = "latest"
    feedback: Annotated[list[RelationName], Field(min_length=1)] | None = None
