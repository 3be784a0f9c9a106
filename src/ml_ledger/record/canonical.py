"""A row as one text, and its hash. docs/record.md says the same in words, the macro `canonical_text` in SQL."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

# The number of the way in which hashes are computed, kept in each row.
HASH_FORMAT = 1


def canonical_text(row: Mapping[str, object]) -> str:
    """Per column that is not None a line `<column>=<characters of the value>:<value>`, ordered by column name."""
    texts = ((column, value_text(value)) for column, value in sorted(row.items()) if value is not None)
    return "\n".join(f"{column}={len(text)}:{text}" for column, text in texts)


def value_text(value: object) -> str:
    """A value as text, as `canonical_value` writes it in SQL.

    A double is the shortest decimal that reads back to the same bits; a timestamp has six decimals and no zone.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return str(value)


def sha256(text: str) -> str:
    """SHA-256 of a text in UTF-8, as 64 lower case hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
