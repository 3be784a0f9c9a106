"""Moments as people write them."""

from __future__ import annotations

import re
from datetime import datetime

SHAPE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?")


def moment_of(text: str) -> datetime | None:
    """A date or a timestamp without a time zone, as 2024-01-31 or 2024-01-31 18:00:00; None where it is none.

    The macro `moment_text` takes the same texts: Python's own parser knows more forms, which warehouses do not.
    """
    try:
        return datetime.fromisoformat(text) if SHAPE.fullmatch(text) else None
    except ValueError:  # a day or an hour that no calendar has
        return None
