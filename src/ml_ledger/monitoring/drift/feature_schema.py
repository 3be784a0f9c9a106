"""Features that vanished from the relation that is scored, or changed their type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ml_ledger.declaration import MLModelSpec
from ml_ledger.monitoring.drift.measurement import Measurement, Stored
from ml_ledger.monitoring.drift.period_groups import Group, latest_of_each_slot
from ml_ledger.training_set.validation import column_problems
from ml_ledger.warehouse import Relation


def feature_schema_rows(
    measurement: Measurement, groups: Sequence[Group], stored: Stored, features: Relation
) -> Iterator[dict[str, Any]]:
    """A row per feature of a version in use that vanished or changed its type; one that says so where none did."""
    for group in latest_of_each_slot(groups, 1):
        spec = MLModelSpec.from_canonical_json(stored[group.version]["spec"])
        problems = [p for p in column_problems(spec, features) if p.where.startswith("features.")]
        key = group.key("schema")
        found = measurement.is_new(key, *map(str, problems))
        if found is None:
            continue
        for problem in problems:
            name = max((name for name in spec.features if problem.where.startswith(f"features.{name}")), key=len)
            gone = name not in features.types
            yield measurement.row(
                group,
                key,
                found,
                part="schema",
                n=group.decisions,
                feature=name,
                kind=spec.features[name].kind,
                status="drifted",
                severity="error",
                cause=f"column gone: {name}" if gone else f"type changed: {problem.what}, is {problem.got}",
            )
        if not problems:
            yield measurement.row(group, key, found, part="schema", n=group.decisions, status="ok")
