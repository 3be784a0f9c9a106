"""Someone who runs operations on a project."""

from __future__ import annotations

import json
from typing import Any

from conftest import Project


class Operator:
    """Runs `dbt run-operation` in a project at a clock, as somebody."""

    def __init__(self, project: Project, clock: str, actor: str = "eva") -> None:
        self.project, self.clock, self.actor = project, clock, actor

    def __call__(
        self, operation: str, *, clock: str | None = None, actor: str | None = None, **arguments: Any
    ) -> str:
        """What the operation said. Raises AssertionError with its message when it was refused."""
        variables = json.dumps({"ml_clock": clock or self.clock, "ml_actor": actor or self.actor})
        command = ["--quiet", "run-operation", operation, "--args", json.dumps(arguments), "--vars", variables]
        return self.project.dbt(*command).strip()

    def refused(self, operation: str, **arguments: Any) -> str:
        """Why the operation was refused. Raises AssertionError when it was not."""
        try:
            said = self(operation, **arguments)
        except AssertionError as error:
            return str(error)
        raise AssertionError(f"{operation} was not refused: {said}")
