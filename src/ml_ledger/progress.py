"""Progress messages. `print` in a Python dbt model is not in dbt's log, so this speaks through dbt's logger."""

from __future__ import annotations

import logging


def say(message: str) -> None:
    """Tell the person who runs the build what is happening; without dbt, through the standard logger."""
    try:
        from dbt.adapters.events.logging import AdapterLogger
    except ImportError:
        logging.getLogger("ml_ledger").info(message)
        return
    AdapterLogger("ml_ledger").info(message)
