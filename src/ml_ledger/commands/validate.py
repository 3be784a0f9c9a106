"""`ml-ledger validate`: every declaration, and the clock, checked at once, without a warehouse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from ml_ledger.errors import Problem, SpecError, listed
from ml_ledger.spec import parse_spec

# As the macro is_moment reads it.
CLOCK = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?", re.ASCII)


def validate(project: Path) -> str:
    """Check all of `vars.ml_models`, and `vars.ml_clock`, in a project's dbt_project.yml.

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
    problems = list(map(str, _clock_problems(variables if isinstance(variables, dict) else {})))
    if not declarations and not problems:
        return f"{path}: vars.ml_models declares no ML model"
    for ml_model, declaration in declarations.items():
        try:
            parse_spec(str(ml_model), declaration)
        except SpecError as error:
            problems.append(str(error))
    if problems:
        raise SpecError("\n".join(problems))
    return f"{path}: {len(declarations)} valid: {listed(declarations)}"


def _clock_problems(variables: dict[str, Any]) -> Iterator[Problem]:
    """What is wrong with the clock: a day that there is not, or no day."""
    given = variables.get("ml_clock")
    if given is None:
        return
    text = str(given).strip()
    try:
        is_moment = CLOCK.fullmatch(text) is not None and datetime.fromisoformat(text) is not None
    except ValueError:
        is_moment = False
    if not is_moment:
        allowed = "1998-06-30 or 1998-06-30 18:00:00, in UTC"
        yield Problem(
            "vars.ml_clock", "must be a date or a timestamp", repr(text), allowed, "name a day that there is"
        )
