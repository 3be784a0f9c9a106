"""Checks across the keys that say who answers for an ML model, on what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

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
