"""`ml-ledger validate`: every declaration checked at once, without a warehouse."""

from __future__ import annotations

from pathlib import Path

import yaml

from ml_ledger.errors import SpecError, listed
from ml_ledger.spec import parse_spec


def validate(project: Path) -> str:
    """Check all of `vars.ml_models` in a project's dbt_project.yml.

    Returns a line to print. Raises SpecError naming every problem of every ML model.
    """
    path = project / "dbt_project.yml"
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise SpecError(
            f"{path}: cannot be read ({error.strerror}). Fix: name the folder with --project."
        ) from None
    except yaml.YAMLError as error:
        raise SpecError(f"{path}: is not valid YAML: {error}") from None
    variables = settings.get("vars") if isinstance(settings, dict) else None
    declarations = (variables.get("ml_models") if isinstance(variables, dict) else None) or {}
    if not isinstance(declarations, dict):
        raise SpecError(
            f"{path}: vars.ml_models must be a mapping of names to declarations; got"
            f" {type(declarations).__name__}. Fix: see docs/declaring.md."
        )
    if not declarations:
        return f"{path}: vars.ml_models declares no ML model"
    problems = []
    for ml_model, declaration in declarations.items():
        try:
            parse_spec(str(ml_model), declaration)
        except SpecError as error:
            problems.append(str(error))
    if problems:
        raise SpecError("\n".join(problems))
    return f"{path}: {len(declarations)} valid: {listed(declarations)}"
