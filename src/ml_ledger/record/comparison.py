"""Compare the rows of a version with those of the same version trained again."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What of a coefficient or node was computed; all other members say what the row is about.
NUMBERS = frozenset(
    {
        "lower", "upper", "slope", "value", "std_error", "statistic", "p_value", "ci_low", "ci_high",
        "reference", "points",
        "other_lower", "other_upper", "threshold",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """How far two lists of rows are apart.

    rows: how many the first list has. missing: names of its rows that the second does not have; extra: of those that
    only the second has. largest: the largest difference of two numbers, relative to numbers above 1, infinite where one
    of them is absent; where: the row and member that has it, None without a difference.
    """

    rows: int
    missing: Sequence[str]
    extra: Sequence[str]
    largest: float
    where: str | None

    def within(self, tolerance: float) -> bool:
        """Whether no row is missing or extra and no difference is larger."""
        return not self.missing and not self.extra and self.largest <= tolerance


def compare(kept: Iterable[Mapping[str, Any]], again: Iterable[Mapping[str, Any]]) -> Comparison:
    """Compare rows, as coefficients and nodes are stored, whatever their order over different terms.

    Rows are the same row where all that is no number is equal; of several such rows (intervals of one feature) the
    first is compared with the first.
    """
    ours, theirs = _by_name(kept), _by_name(again)
    largest, where = 0.0, None
    for name in [name for name in ours if name in theirs]:
        for number in sorted(NUMBERS & (set(ours[name]) | set(theirs[name]))):
            difference = _difference(ours[name].get(number), theirs[name].get(number))
            if difference > largest:
                largest, where = difference, f"{number} of {name}"
    return Comparison(
        rows=len(ours),
        missing=[name for name in ours if name not in theirs],
        extra=[name for name in theirs if name not in ours],
        largest=largest,
        where=where,
    )


def _by_name(rows: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    named: dict[str, Mapping[str, Any]] = {}
    seen: Counter[str] = Counter()
    for row in rows:
        name = ", ".join(f"{key} {row[key]}" for key in row if key not in NUMBERS and row[key] is not None)
        seen[name] += 1
        named[name if seen[name] == 1 else f"{name}, no. {seen[name]}"] = row
    return named


def _difference(one: float | None, other: float | None) -> float:
    if one is None or other is None:
        return 0.0 if one is other else math.inf
    if one == other:
        return 0.0
    difference = abs(one - other) / max(1.0, abs(one))
    return math.inf if math.isnan(difference) else difference
