"""Checks across keys of what is asked of a training set, on what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ml_ledger.declaration.gate import LIMITED_METRICS
from ml_ledger.errors import Problem, did_you_mean, listed
from ml_ledger.families.base import is_number


def quality_problems(root: str, declaration: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the benchmark."""
    task, quality = declaration.get("task"), declaration.get("training_quality")
    declared = quality.get("benchmark") if isinstance(quality, Mapping) else None
    if not isinstance(declared, Mapping):
        return
    where = f"{root}.training_quality.benchmark"
    if task == "clustering":
        what = "has no meaning for task 'clustering', which has no right answer to compare with"
        yield Problem(where, what, fix="remove the key")
        return
    known = [name for name, limited in LIMITED_METRICS.items() if task in limited.tasks and name != "scored_share"]
    metric, value = declared.get("metric"), declared.get("value")
    if not known or not isinstance(metric, str):
        return  # reported already
    if metric not in known:
        what = f"is not a metric of task '{task}'"
        yield Problem(f"{where}.metric", what, repr(metric), listed(known), did_you_mean(metric, known))
    elif is_number(value):
        limited = LIMITED_METRICS[metric]
        below = limited.lowest is not None and value < limited.lowest
        if below or (limited.highest is not None and value > limited.highest):
            low = "no limit" if limited.lowest is None else f"{limited.lowest:g}"
            high = "no limit" if limited.highest is None else f"{limited.highest:g}"
            yield Problem(
                f"{where}.value", "is a value that the metric cannot take", repr(value), f"{low} to {high}"
            )
