"""The blocks `governance`, `deployment`, `experiment` and `retention`: who answers for an ML model, how it is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from ml_ledger.declaration.key_types import Day, Positive, ShareBetween, Strict, Text
from ml_ledger.errors import Problem

# What an ML model of high materiality must say.
REQUIRED_WHEN_HIGH = (
    "validator",
    "purpose",
    "restrictions",
    "assumptions",
    "limits",
    "last_validation",
    "next_validation",
)


class GovernanceSpec(Strict):
    """Who answers for an ML model and what it may be used for: columns of `ml_inventory`.

    With `materiality: high`, `owner`, `description` and all keys of this block but `open_findings` are required.
    """

    validator: str | None = Field(
        None, description="Person or team that has reviewed the ML model; not the owner."
    )
    purpose: str | None = Field(None, description="What the ML model is for.")
    restrictions: list[str] = Field(default_factory=list, description="What it must not be used for.")
    materiality: Literal["low", "medium", "high"] = Field(
        "low",
        description="How much depends on it. With `high`, a build warns once `next_validation` has passed.",
    )
    assumptions: list[str] = Field(default_factory=list, description="What must hold for it to be right.")
    limits: list[str] = Field(default_factory=list, description="Where it is known to be weak.")
    last_validation: Day | None = Field(
        None, description='Day of the latest validation, in quotes: `"2024-01-31"`.'
    )
    next_validation: Day | None = Field(
        None, description="Day by which it must be validated again, in quotes; after `last_validation`."
    )
    open_findings: list[str] = Field(
        default_factory=list, description="Findings of the validator that are not resolved yet."
    )


class DeploymentSpec(Strict):
    """How a version that passes the gate goes live."""

    policy: Literal["auto", "approval"] = Field(
        "auto",
        description="`auto`: at once. `approval`: after approval by someone other than the person who trained it"
        " or ran the gate.",
    )


class ExperimentSpec(Strict):
    """How entities are divided among versions, and what an experiment must be able to detect."""

    salt: Text | None = Field(
        None,
        description="Text that goes into the hash which assigns entities to versions; another one assigns them"
        " anew. Left out: the name of the ML model.",
    )
    control_action: Text | None = Field(
        None,
        description="Action for entities of the control group, which no version decides about; needs `decision`."
        " Left out: the fallback.",
    )
    minimum_effect: Positive | None = Field(
        None,
        description="Smallest difference that matters, in units of the outcome. Left out: an experiment does not"
        " say how many outcomes it still needs.",
    )
    power: ShareBetween = Field(
        0.8,
        description="Probability with which an experiment must detect a difference of `minimum_effect`.",
    )
    significance: ShareBetween = Field(
        0.05,
        description="False-positive rate of an experiment: how often it may report a difference where there is"
        " none.",
    )


class RetentionSpec(Strict):
    """How long predictions are kept."""

    predictions_months: Annotated[int, Field(ge=6, le=1200)] | None = Field(
        None,
        description="Months after which predictions may be removed. Left out: they are kept for ever.",
    )


def governance_problems(root: str, declaration: Mapping[str, Any]) -> Iterator[Problem]:
    """What is missing, and what contradicts itself."""
    experiment, governance = declaration.get("experiment"), declaration.get("governance")
    if (
        isinstance(experiment, Mapping)
        and experiment.get("control_action") is not None
        and declaration.get("decision") is None
    ):
        what, fix = "has no meaning without a policy, which is what gives actions", "remove the key"
        yield Problem(f"{root}.experiment.control_action", what, repr(experiment["control_action"]), fix=fix)
    if not isinstance(governance, Mapping):
        return
    if governance.get("materiality") == "high":
        given = {key: declaration.get(key) for key in ("owner", "description")}
        given |= {f"governance.{key}": governance.get(key) for key in REQUIRED_WHEN_HIGH}
        for key, value in given.items():
            if value is None or value in ("", []):
                what = "a required key is missing for governance.materiality 'high'"
                yield Problem(f"{root}.{key}", what, fix=f"add '{key.removeprefix('governance.')}'")
    validator, owner = governance.get("validator"), declaration.get("owner")
    if isinstance(validator, str) and isinstance(owner, str) and _same(validator, owner):
        yield Problem(
            f"{root}.governance.validator",
            "must not be the owner",
            repr(validator),
            "somebody who did not build the ML model",
            "name another person or team",
        )
    last, following = (_day(governance.get(key)) for key in ("last_validation", "next_validation"))
    if last and following and following <= last:
        what = "must be after last_validation"
        yield Problem(f"{root}.governance.next_validation", what, str(following), f"a date after {last}")


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None  # reported already
