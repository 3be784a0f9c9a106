"""Progress messages. `print` in a Python dbt model is not in dbt's log, so this speaks through dbt's logger."""

from __future__ import annotations

import logging
from typing import Literal


def say(message: str, *, level: Literal["info", "warning", "error"] = "info") -> None:
    """Tell the person who runs the build what is happening; without dbt, through the standard logger."""
    try:
        from dbt.adapters.events.logging import AdapterLogger
    except ImportError:
        getattr(logging.getLogger("ml_ledger"), level)(message)
        return
    getattr(AdapterLogger("ml_ledger"), level)(message)
