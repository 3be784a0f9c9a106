"""What people did during a replay: operations with their time, from a YAML file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ml_ledger.errors import MLLedgerError, Problem, did_you_mean, listed, raise_if_any
from ml_ledger.project.dbt_project import read_yaml

OPERATIONS = (
    "ml_approve",
    "ml_erase",
    "ml_pause",
    "ml_promote",
    "ml_record_feedback",
    "ml_reject",
    "ml_resume",
    "ml_retire",
    "ml_rollback",
    "ml_set_share",
)
KEYS = ("at", "operation", "arguments", "actor")
# Arguments of operations that are text: YAML reads 022 as the number 18.
IDENTIFIERS = ("alert", "decision_id", "entity_id", "override_decision", "reviewer")


class ReplayError(MLLedgerError):
    """A step of a replay failed, or what it was asked makes no sense."""


@dataclass(frozen=True)
class Act:
    """One operation that a person ran."""

    at: date
    operation: str
    arguments: Mapping[str, Any]
    actor: str | None

    def command(self, clock: date, others: Mapping[str, Any]) -> list[str]:
        """Arguments of dbt. others: variables that the replay sets."""
        variables = {**others, "ml_clock": str(clock)} | ({"ml_actor": self.actor} if self.actor else {})
        arguments = json.dumps(self.arguments, default=str)
        return ["--quiet", "run-operation", self.operation, "--args", arguments, "--vars", json.dumps(variables)]


def read_acts(path: Path, first: date, last: date) -> list[Act]:
    """The acts of a file, in the order of time.

    Raises ReplayError naming every act that is not valid, or not between `first` and `last`.
    """
    found = read_yaml(path, ReplayError)
    if not isinstance(found, list):
        raise ReplayError(f"--operations: {path} must be a list; got {type(found).__name__}.")
    problems = [problem for number, act in enumerate(found, 1) for problem in _problems(number, act, first, last)]
    raise_if_any(problems, ReplayError, f"The operations of {path} are not valid")
    acts = [Act(act["at"], act["operation"], act["arguments"], act.get("actor")) for act in found]
    return sorted(acts, key=lambda act: act.at)


def _problems(number: int, act: object, first: date, last: date) -> list[Problem]:
    where = f"act {number}"
    if not isinstance(act, Mapping):
        return [Problem(where, "must be a mapping of keys", type(act).__name__, listed(KEYS))]
    problems = [
        Problem(f"{where}.{key}", "unknown key", allowed=listed(KEYS), fix=did_you_mean(str(key), KEYS))
        for key in act
        if key not in KEYS
    ]
    at, operation = act.get("at"), act.get("operation")
    if not isinstance(at, date) or isinstance(at, datetime) or not first <= at <= last:
        problems.append(Problem(f"{where}.at", "must be a date of the replay", repr(at), f"{first} to {last}"))
    if operation not in OPERATIONS:
        problems.append(Problem(f"{where}.operation", "is no operation", repr(operation), listed(OPERATIONS)))
    arguments = act.get("arguments")
    if not isinstance(arguments, Mapping):
        return [*problems, Problem(f"{where}.arguments", "must be a mapping of keys", repr(arguments))]
    feedback = arguments.get("feedback")
    items = {f"{where}.arguments": arguments} | {
        f"{where}.arguments.feedback {place}": item
        for place, item in enumerate(feedback if isinstance(feedback, list) else [], 1)
        if isinstance(item, Mapping)
    }
    # The operation refuses them as well: here, before an hour of replay.
    return problems + [
        Problem(
            f"{path}.{key}", "must be a text in quotes", repr(item[key]), fix=f'{key}: "…", as the record has it'
        )
        for path, item in items.items()
        for key in IDENTIFIERS
        if item.get(key) is not None and not isinstance(item[key], str)
    ]
