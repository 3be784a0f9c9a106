"""Keys of a declaration that say who answers for an ML model and how it is run; none of them trains anything."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ml_ledger.declaration.base import Finite, Positive, Strict


def _checked_day(text: str) -> str:
    try:
        is_day = date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_day = False
    if not is_day:
        raise PydanticCustomError("date_type", "must be a date")
    return text


# Text, since dbt cannot hand a date of YAML to a Python model.
Day = Annotated[str, AfterValidator(_checked_day)]
Share = Annotated[Finite, Field(gt=0, lt=1)]


class GovernanceSpec(Strict):
    """Who answers for an ML model, what it is for and not for, and when somebody else has looked at it."""

    validator: str | None = None
    purpose: str | None = None
    restrictions: list[str] = Field(default_factory=list)
    materiality: Literal["low", "medium", "high"] = "low"
    assumptions: list[str] = Field(default_factory=list)
    limits: list[str] = Field(default_factory=list)
    last_validation: Day | None = None
    next_validation: Day | None = None
    open_findings: list[str] = Field(default_factory=list)


class DeploymentSpec(Strict):
    """auto: a version that passes the gate is deployed. approval: once a second person has approved it."""

    policy: Literal["auto", "approval"] = "auto"


class ExperimentSpec(Strict):
    """How entities are divided among versions, and what an experiment must be able to tell.

    salt: of the hash that divides them; by default the name of the ML model. control_action: what an entity without an
    ML model gets; by default the fallback. minimum_effect: the difference that matters, in units of the outcome.
    """

    salt: Annotated[str, Field(min_length=1)] | None = None
    control_action: Annotated[str, Field(min_length=1)] | None = None
    minimum_effect: Positive | None = None
    power: Share = 0.8
    significance: Share = 0.05


class RetentionSpec(Strict):
    """How long predictions are kept; without a number for ever."""

    predictions_months: Annotated[int, Field(ge=6, le=1200)] | None = None
