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
    declarations = (settings.get("vars") or {}).get("ml_models") or {}
    problems = []
    for ml_model, declaration in declarations.items():
        try:
            parse_spec(str(ml_model), declaration)
        except SpecError as error:
            problems.append(str(error))
    if problems:
        raise SpecError("\n".join(problems))
    return f"{path}: {len(declarations)} valid: {listed(declarations)}"
