"""The declarations of a dbt project: `vars.ml_models` of its dbt_project.yml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_ledger.declaration import MLModelSpec, parse_spec
from ml_ledger.errors import SpecError


def variables_of(settings: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The variables of a project, with those of the command line before them."""
    declared = settings.get("vars")
    return {**(declared if isinstance(declared, dict) else {}), **(given or {})}


def declarations_in(variables: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """The declarations by name, as written. Raises SpecError, naming the file, where they are no mapping."""
    declared = variables.get("ml_models") or {}
    if not isinstance(declared, dict):
        raise SpecError(
            f"{file}: vars.ml_models must be a mapping of names to declarations; got {type(declared).__name__}."
            " Fix: see docs/declaring.md."
        )
    return {str(name): declaration for name, declaration in declared.items()}


def parsed(declared: Mapping[str, Any]) -> tuple[dict[str, MLModelSpec], list[str]]:
    """The declarations that are valid, and one text per declaration that is not, with all that is wrong with it."""
    specs, problems = {}, []
    for name, declaration in declared.items():
        try:
            specs[name] = parse_spec(name, declaration)
        except SpecError as error:
            problems.append(str(error))
    return specs, problems
