"""`ml-ledger validate`: every declaration checked at once, without a warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ml_ledger.commands.clock import clock_problem
from ml_ledger.errors import Problem, SpecError, listed, raise_if_any
from ml_ledger.project.dbt_project import PROJECT_FILE, settings_of
from ml_ledger.project.declarations import declarations_in, parsed, variables_of
from ml_ledger.scaffold.package import version_problem


def validate(project: Path, given: Mapping[str, Any] | None = None) -> str:
    """Check all of `vars.ml_models` in a project's dbt_project.yml, the clock where it is set, and that the package is
    of the version of the library.

    given: variables of the command line, which go before those of the project. Returns a line to print. Raises
    SpecError naming every problem of every ML model.
    """
    path = project / PROJECT_FILE
    variables = variables_of(settings_of(path), given)
    declarations = declarations_in(variables, path)
    problems = []
    if of_versions := version_problem(project):
        problems.append(str(of_versions))
    try:
        raise_if_any(list(_of_clocks(variables)), SpecError, f"{path}: the clock is not valid")
    except SpecError as error:
        problems.append(str(error))
    problems += parsed(declarations)[1]
    if problems:
        raise SpecError("\n".join(problems))
    if not declarations:
        return f"{path}: vars.ml_models declares no ML model"
    return f"{path}: {len(declarations)} valid: {listed(declarations)}"


def _of_clocks(variables: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the clock of the project, and with those that `vars` has for single packages."""
    scopes = {"ml_clock": variables} | {
        f"{name}.ml_clock": scope
        for name, scope in variables.items()
        if isinstance(scope, Mapping) and name != "ml_models"
    }
    for where, scope in scopes.items():
        if scope.get("ml_clock") is not None and (problem := clock_problem(where, scope["ml_clock"])):
            yield problem
