"""Someone who runs operations on a project, in this process: a tenth of the time of a new one each."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from conftest import Project
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventMsg

# The log file of dbt stays open until the process ends.
QUIETLY = ("--quiet", "--log-level-file", "none")


class Operator:
    """Runs `dbt run-operation` in a project at a clock, as somebody."""

    def __init__(self, project: Project, clock: str, actor: str = "eva") -> None:
        self.project, self.clock, self.actor = project, clock, actor
        with project.inside():
            parsed = dbtRunner().invoke([*QUIETLY, "parse"])
        assert parsed.success, parsed.exception
        self._manifest = parsed.result

    def __call__(
        self, operation: str, *, clock: str | None = None, actor: str | None = None, **arguments: Any
    ) -> str:
        """What the operation said. Raises AssertionError with its message when it was refused."""
        variables = {"ml_clock": clock or self.clock, "ml_actor": actor or self.actor}
        command = [*QUIETLY, "run-operation", operation, "--args", json.dumps(arguments)]
        said, errors = StringIO(), []

        def note(event: EventMsg) -> None:
            if event.info.level == "error":
                errors.append(event.info.msg)

        with self.project.inside(), redirect_stdout(said):
            runner = dbtRunner(manifest=self._manifest, callbacks=[note])
            done = runner.invoke([*command, "--vars", json.dumps(variables)])
            DuckDBConnectionManager.close_all_connections()
        assert done.success, "\n".join(errors)
        return said.getvalue().strip()

    def refused(self, operation: str, **arguments: Any) -> str:
        """Why the operation was refused. Raises AssertionError when it was not."""
        try:
            said = self(operation, **arguments)
        except AssertionError as error:
            return str(error)
        raise AssertionError(f"{operation} was not refused: {said}")
