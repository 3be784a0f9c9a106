"""Where a version comes from: library versions and the commit of the project that trained it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = (
    "ml-ledger", "dbt-core", "dbt-duckdb", "duckdb", "numpy", "pyarrow", "scikit-learn", "scipy", "sqlglot",
    "onnx", "onnxruntime", "skl2onnx",
)  # fmt: skip

COMMIT_VARIABLES = ("ML_LEDGER_GIT_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA")


def library_versions() -> str:
    """Versions of Python and of every library that can change a coefficient, as JSON."""
    versions = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            continue
    return json.dumps(versions, sort_keys=True)


def git_commit() -> str | None:
    """The commit of the project in the working folder, with '-dirty' when files differ from it.

    A build without a git checkout can name its commit in ML_LEDGER_GIT_COMMIT. None when unknown.
    """
    for variable in COMMIT_VARIABLES:
        if os.environ.get(variable):
            return os.environ[variable]
    try:
        commit = _git("rev-parse", "HEAD")
        return f"{commit}-dirty" if _git("status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
