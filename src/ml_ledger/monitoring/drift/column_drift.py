"""One column of one period against training: distances, tests, and in words what has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml_ledger.arrays import Vector
from ml_ledger.declaration.monitoring import DriftSpec
from ml_ledger.evaluation.distances import (
    chi_square,
    jensen_shannon,
    kolmogorov_smirnov,
    representatives,
    stability_index,
    wasserstein,
)
from ml_ledger.monitoring.drift.counting import Counts
from ml_ledger.monitoring.drift.significance import (
    chi_square_test,
    range_test,
    rank_test,
    share_test,
    smirnov_test,
)
from ml_ledger.monitoring.drift.stored_reference import Column
from ml_ledger.number_words import number, percent
from ml_ledger.quality.finding import Severity

# From here on a stability index is commonly called a change, and a share one that is worth a look.
NOTABLE_INDEX = 0.1
NOTABLE_SHARE = 0.05
# So many levels are named in a row.
NAMED = 20
# Levels of which fewer rows were to be expected may be absent by chance.
FEWEST_OF_VANISHED = 10.0
# How the chance of a false alarm of a row is divided among its tests: most of it to what is most often the matter.
WEIGHTS = {
    "numeric": {
        "location": 0.5, "shape": 0.15, "cumulative": 0.1,
        "missing": 0.1, "range": 0.05, "default": 0.05, "unreadable": 0.05,
    },
    "levels": {"shape": 0.6, "missing": 0.15, "new": 0.2, "unreadable": 0.05},
}  # fmt: skip


@dataclass(frozen=True)
class Test:
    """A test whose effect is worth telling. p_value: for the row, its part of the weights taken into account."""

    p_value: float
    cause: str
    severity: Severity


def measured(column: Column, counts: Counts) -> dict[str, Any]:
    """The figures of a row, as far as they can be had; tests and causes are apart."""
    row: dict[str, Any] = {
        "part": column.part,
        "feature": column.feature,
        "kind": column.kind,
        "n": counts.rows,
        "reference_n": column.rows,
        "missing_share": _share(counts.rows - counts.known, counts.rows),
        "reference_missing_share": None if column.rows is None else _share(column.missing, column.rows),
    }
    if column.is_number:
        row |= {"mean": counts.mean, "reference_mean": column.mean}
        if counts.mean is not None and column.mean is not None and column.standard_deviation:
            row["shift"] = (counts.mean - column.mean) / column.standard_deviation
    if column.rows is None:
        return row
    if column.is_number:
        row["out_of_range_share"] = _share(counts.below + counts.above, counts.rows)
        value = largest_spike(column, counts)
        if value is not None:
            row |= {
                "default_value": value,
                "default_share": _share(counts.defaults[value], counts.rows),
                "reference_default_share": _share(column.defaults.get(value, 0), column.rows),
            }
    else:
        new = new_levels(column, counts)
        row["new_level_share"] = _share(sum(new.values()), counts.rows)
        row["new_levels"] = json.dumps(list(new)[:NAMED], ensure_ascii=False)
        row["vanished_levels"] = json.dumps(vanished_levels(column, counts)[:NAMED], ensure_ascii=False)
    now, then = binned(column, counts)
    if now.sum() and then.sum():
        row |= {
            "psi": stability_index(now, then),
            "js": jensen_shannon(now, then),
            "chi_square": chi_square(now, then)[0],
        }
        if column.is_number:
            assert column.lowest is not None and column.highest is not None
            row["ks"] = kolmogorov_smirnov(now, then)
            row["wasserstein"] = wasserstein(
                now, then, representatives(column.edges, column.lowest, column.highest)
            )
    return row


def binned(column: Column, counts: Counts) -> tuple[Vector, Vector]:
    """Counts of bins or levels now and in training; new levels are one together, and so are those not kept by name."""
    if column.is_number:
        then = column.bins or [0]  # no value at all in training
        return np.array(counts.bins, dtype=float), np.array(then, dtype=float)
    levels = counts.levels
    rest = sum(n for level, n in levels.items() if level not in column.levels)
    now = [levels.get(level, 0) for level in column.levels]
    return np.array([*now, rest], dtype=float), np.array([*column.levels.values(), column.others], dtype=float)


def new_levels(column: Column, counts: Counts) -> dict[str, int]:
    """Levels that training never saw, the most frequent first; none where training had some that are not kept."""
    if column.others:
        return {}
    found = {level: n for level, n in counts.levels.items() if level not in column.levels}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def vanished_levels(column: Column, counts: Counts) -> list[str]:
    """Levels that are gone, of which so many rows were to be expected that chance does not explain it."""
    known = sum(column.levels.values()) + column.others
    return [
        level
        for level, n in column.levels.items()
        if level not in counts.levels and n / max(known, 1) * counts.known >= FEWEST_OF_VANISHED
    ]


def largest_spike(column: Column, counts: Counts) -> float | None:
    """The number often standing for "unknown" whose share has grown most; None where none occurs."""
    rises = {
        value: n / counts.rows - column.defaults.get(value, 0) / (column.rows or 1)
        for value, n in counts.defaults.items()
        if n
    }
    return max(rises, key=lambda value: rises[value]) if rises else None


def tests(column: Column, counts: Counts, row: dict[str, Any], limits: DriftSpec) -> Iterator[Test]:
    """Every test of a row whose effect is worth telling; what follows from another one is not told again.

    row: the figures. The version keeps statistics of the column.
    """
    weights = WEIGHTS["numeric" if column.is_number else "levels"]
    rows = counts.rows
    yield from _missing(column, counts, row, weights, limits)
    if counts.unreadable >= max(1, limits.smallest_share * rows):
        p = _share_test(counts.unreadable, counts, 0, column) / weights["unreadable"]
        found = percent(counts.unreadable / rows)
        yield Test(p, f"type changed: {found} of the values are no {_kind_in_words(column)}", "warn")
    if column.is_number:
        yield from _range_and_defaults(column, counts, row, weights, limits)
    elif row["new_level_share"] >= limits.smallest_share and row["new_level_share"] > 0:
        levels = new_levels(column, counts)
        p = _share_test(sum(levels.values()), counts, 0, column) / weights["new"]
        name, n = next(iter(levels.items()))
        others = f", and {len(levels) - 1} other new ones" if len(levels) > 1 else ""
        yield Test(p, f"new level '{name}' in {percent(n / rows)} of rows{others}", "warn")
    if row.get("psi", 0.0) < limits.smallest_shift**2:
        return
    now, then = binned(column, counts)
    severity: Severity = "warn" if row["psi"] >= NOTABLE_INDEX else "info"
    # As many rows as would say as much if each stood alone.
    sides = now / counts.design_effect, then / column.design_effect
    p_values = {"shape": chi_square_test(*sides)}
    if column.is_number:
        p_values |= {"location": rank_test(*sides), "cumulative": smirnov_test(*sides)}
    p = min(p / weights[name] for name, p in p_values.items())
    if column.is_number:
        yield Test(p, _moved(column, counts, row, now, then, limits), severity)
    else:
        cause, moved = _level_moved(column, counts, now, then)
        yield Test(p, cause, "warn" if moved >= NOTABLE_SHARE else severity)


def _share_test(now: int, counts: Counts, then: int, column: Column) -> float:
    """`share_test` of so many of the rows on both sides, each side for what its rows are worth."""
    effect, effect_then = counts.design_effect, column.design_effect
    return share_test(now / effect, counts.rows / effect, then / effect_then, (column.rows or 0) / effect_then)


def _missing(
    column: Column, counts: Counts, row: dict[str, Any], weights: dict[str, float], limits: DriftSpec
) -> Iterator[Test]:
    missing, before = row["missing_share"], row["reference_missing_share"]
    if abs(missing - before) < limits.smallest_share:
        return
    p = _share_test(counts.rows - counts.known, counts, column.missing, column) / weights["missing"]
    word = "without a score" if column.part == "score" else "missing"
    if missing == 1:
        yield Test(p, f"{word} in all rows, was {percent(before)}", "error")
        return
    severity: Severity = "warn" if abs(missing - before) >= NOTABLE_SHARE else "info"
    yield Test(p, f"{word} in {percent(missing)} of rows, was {percent(before)}", severity)


def _range_and_defaults(
    column: Column, counts: Counts, row: dict[str, Any], weights: dict[str, float], limits: DriftSpec
) -> Iterator[Test]:
    rows, effect = counts.rows, counts.design_effect
    outside = counts.below + counts.above
    if outside and outside / rows >= limits.smallest_share and column.lowest is not None:
        p = (
            range_test(outside / effect, rows / effect, (column.rows or 0) / column.design_effect)
            / weights["range"]
        )
        severity: Severity = "warn" if outside / rows >= NOTABLE_SHARE else "info"
        ends = f"[{number(column.lowest)}, {number(column.highest or 0.0)}]"
        yield Test(p, f"values outside {ends} in {percent(outside / rows)} of rows", severity)
    value = row.get("default_value")
    if value is None:
        return
    rise = row["default_share"] - row["reference_default_share"]
    if rise >= limits.smallest_share:
        tried = sum(n > 0 for n in counts.defaults.values())
        p = _share_test(counts.defaults[value], counts, column.defaults.get(value, 0), column)
        severity = "warn" if rise >= NOTABLE_SHARE else "info"
        before = percent(row["reference_default_share"])
        cause = f"{number(value)} in {percent(row['default_share'])} of rows, was {before}"
        yield Test(min(1.0, p * tried) / weights["default"], cause, severity)


def _moved(
    column: Column, counts: Counts, row: dict[str, Any], now: Vector, then: Vector, limits: DriftSpec
) -> str:
    shift = row.get("shift")
    if shift is not None and abs(shift) >= limits.smallest_shift:
        direction = "higher" if shift > 0 else "lower"
        return (
            f"mean {abs(shift):.2g} standard deviations {direction}"
            f" ({number(row['mean'])}, was {number(row['reference_mean'])})"
        )
    p, q = now / now.sum(), then / then.sum()
    largest = int(np.argmax(np.abs(p - q)))
    ends = [None, *column.edges, None]
    low, high = ends[largest], ends[largest + 1]
    if low is None:
        where = "all values" if high is None else f"values below {number(high)}"
    else:
        where = f"values from {number(low)}" + ("" if high is None else f" to below {number(high)}")
    return f"{where} in {percent(p[largest])} of rows, was {percent(q[largest])}"


def _level_moved(column: Column, counts: Counts, now: Vector, then: Vector) -> tuple[str, float]:
    """What happened to the level that is gone or else moved most, and how far it moved."""
    p, q = now / now.sum(), then / then.sum()
    names = list(column.levels)
    changes = np.abs(p - q)[: len(names)]
    if not names:
        return "levels changed", 1.0
    gone = vanished_levels(column, counts)
    if gone:
        largest = max((names.index(name) for name in gone), key=lambda position: changes[position])
        return f"level '{names[largest]}' gone, was {percent(q[largest])}", float(changes[largest])
    largest = int(np.argmax(changes))
    if column.part == "label" and set(names) == {"0", "1"}:
        largest = names.index("1")
    word = "label" if column.part == "label" else "level"
    change = f"{word} '{names[largest]}' in {percent(p[largest])} of rows, was {percent(q[largest])}"
    return change, float(changes[largest])


def _kind_in_words(column: Column) -> str:
    return {"numeric": "numbers", "boolean": "booleans"}.get(column.kind, "values")


def _share(n: int, rows: int) -> float | None:
    return n / rows if rows else None
