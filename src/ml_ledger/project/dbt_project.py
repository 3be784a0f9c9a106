"""The dbt project that a command is about, and YAML as people write it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from ml_ledger.errors import MLLedgerError, SpecError

PROJECT_FILE = "dbt_project.yml"
# As dbt calls them, the newer name first.
PROJECT_VARIABLES = ("DBT_ENGINE_PROJECT_DIR", "DBT_PROJECT_DIR")


class _Loader(yaml.SafeLoader):
    """YAML as dbt reads it, but for a date that no calendar has, which is text: whoever checks it can say so."""


def _moment(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError:
        return node.value


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _moment)


def project_folder(named: Path | None = None) -> Path:
    """The folder of dbt_project.yml, as dbt finds it.

    That is the one that is named, else that of DBT_PROJECT_DIR, else the current folder or the nearest above it that
    has one, else the current folder.
    """
    given = named or next((Path(os.environ[name]) for name in PROJECT_VARIABLES if os.environ.get(name)), None)
    if given is not None:
        return given
    here = Path.cwd()
    above = next((folder for folder in here.parents if (folder / PROJECT_FILE).exists()), None)
    return Path() if (here / PROJECT_FILE).exists() or above is None else above


def parsed_yaml(text: str, what: str, error: type[MLLedgerError]) -> Any:
    """What a text of YAML holds. what: how messages call the text. Raises `error` where it is no YAML."""
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as problem:
        raise error(f"{what}: is not valid YAML: {problem}") from None


def read_yaml(path: Path, error: type[MLLedgerError], fix: str = "") -> Any:
    """What a file of YAML holds. fix: a sentence for where it cannot be read. Raises `error` then, and for no YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as problem:
        raise error(f"{path}: cannot be read ({problem.strerror}).{fix and f' Fix: {fix}.'}") from None
    except UnicodeDecodeError:
        raise error(f"{path}: is not text in UTF-8.") from None
    return parsed_yaml(text, str(path), error)


def settings_of(file: Path) -> dict[str, Any]:
    """What a dbt_project.yml says. Raises SpecError where it cannot be read; one that is no mapping says nothing."""
    found = read_yaml(file, SpecError, "name the folder with --project-dir")
    return found if isinstance(found, dict) else {}


def given_variables(text: str | None, error: type[MLLedgerError]) -> dict[str, Any]:
    """What --vars says, as dbt takes it. Raises `error` where it is no mapping."""
    found = {} if text is None else parsed_yaml(text, "--vars", error)
    if not isinstance(found, dict):
        raise error(f"--vars: must be a mapping; got {text!r}. Allowed: '{{ml_clock: 1998-06-30}}'.")
    return found
