"""JSON that every engine reads: infinity and NaN are no numbers to it, and are refused by their place."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from ml_ledger.errors import VersionError


def finite_json(value: Any, *, what: str, **options: Any) -> str:
    """Write a value as JSON. what: it is, for messages. options: further arguments of `json.dumps`.

    Raises VersionError naming the first number that is not finite.
    """
    try:
        return json.dumps(value, allow_nan=False, **{"ensure_ascii": False} | options)
    except ValueError as error:
        found = next(_not_finite(value, ""), None)
        if found is None:
            raise
        place, number, beside = found
        named = ", ".join(f"{key} {text!r}" for key, text in beside.items() if isinstance(text, str))
        raise VersionError(
            f"{what}: every number must be finite; got {place} = {number}{f' ({named})' if named else ''}. Nothing was"
            " written. Fix: bring features, labels, weights and values into a usual range: declare bounds, or another"
            " unit in the feature model."
        ) from error


def _not_finite(
    value: Any, place: str, beside: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, float, Any]]:
    """Where numbers are that are not finite, with the members of the object that they stand in."""
    if isinstance(value, float) and not math.isfinite(value):
        yield place, value, beside or {}
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _not_finite(member, f"{place}.{key}" if place else str(key), value)
    elif isinstance(value, list | tuple):
        for number, member in enumerate(value):
            yield from _not_finite(member, f"{place}[{number}]", beside)
