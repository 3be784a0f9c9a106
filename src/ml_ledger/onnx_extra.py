"""The libraries of the optional dependency group `onnx`, imported when they are first needed."""

from __future__ import annotations

import importlib
from typing import Any

from ml_ledger.errors import DependencyError


def imported(module: str) -> Any:
    """A module of the group. Raises DependencyError where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise DependencyError(
            f"family 'python': needs {module}, which cannot be imported; got {error}."
            " Fix: pip install 'ml_ledger[onnx]'."
        ) from error
