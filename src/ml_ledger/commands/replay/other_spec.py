"""Another declaration of ML models, replayed beside production to compare."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_ledger.commands.replay.acts import ReplayError
from ml_ledger.declaration import parse_spec
from ml_ledger.errors import Problem, SpecError, did_you_mean, listed, raise_if_any
from ml_ledger.project.dbt_project import PROJECT_FILE, read_yaml
from ml_ledger.project.warehouse_file import REPLAY_PREFIX


def merged(project: Path, path: Path) -> dict[str, Any]:
    """The ML models of a project, with the keys that a file gives in place of their own; `null` removes one.

    path: a YAML mapping of ML models to keys of declarations. Raises ReplayError or SpecError naming everything that
    is wrong with it.
    """
    declared = (_mapping(project / PROJECT_FILE).get("vars") or {}).get("ml_models") or {}
    given = _mapping(path)
    problems = [
        Problem(f"{path}: {name}", "is not declared", allowed=listed(declared), fix=did_you_mean(name, declared))
        for name in given
        if name not in declared
    ]
    problems += [
        Problem(f"{path}: {name}", "must be a mapping of keys", type(keys).__name__)
        for name, keys in given.items()
        if not isinstance(keys, Mapping)
    ]
    raise_if_any(problems, ReplayError, "--spec")
    together = {
        name: {key: value for key, value in {**declaration, **given.get(name, {})}.items() if value is not None}
        for name, declaration in declared.items()
    }
    wrong = []
    for name in given:
        try:
            parse_spec(name, together[name])
        except SpecError as error:
            wrong.append(str(error))
    if wrong:
        raise SpecError("\n".join(wrong))
    return together


def schema_named(schema: str | None, spec: Path | None) -> str | None:
    """The schema to replay into; None for that of the profile, where neither a schema nor a specification is given.

    Raises ReplayError for a name that does not begin as those of replays do, so that production is never meant.
    """
    if schema is None and spec is not None:
        schema = REPLAY_PREFIX + re.sub(r"\W+", "_", spec.stem.lower())
    if schema is not None and not re.fullmatch(REPLAY_PREFIX + "[a-z0-9_]+", schema):
        allowed = f"small letters, digits and _, after {REPLAY_PREFIX}"
        raise ReplayError(f"--schema: is no name of a replay's schema; got '{schema}'. Allowed: {allowed}.")
    return schema


def _mapping(path: Path) -> dict[str, Any]:
    found = read_yaml(path, ReplayError)
    if not isinstance(found, dict):
        raise ReplayError(f"{path}: must be a mapping; got {type(found).__name__}.")
    return found
