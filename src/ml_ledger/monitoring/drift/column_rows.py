"""Drift of features, score, prediction, label and concept, in groups that are new or have new labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ml_ledger.declaration import MLModelSpec
from ml_ledger.declaration.monitoring import DriftSpec
from ml_ledger.monitoring.decided import cluster_of
from ml_ledger.monitoring.drift.column_drift import measured, tests
from ml_ledger.monitoring.drift.concept import concept_rows
from ml_ledger.monitoring.drift.contributions import (
    contributions_only,
    means_of_contributions,
    moved_contributions,
)
from ml_ledger.monitoring.drift.counting import Counts, count
from ml_ledger.monitoring.drift.measurement import Measurement, Rows, Stored
from ml_ledger.monitoring.drift.period_groups import Group, rows_of
from ml_ledger.monitoring.drift.significance import discovery_rates
from ml_ledger.monitoring.drift.sources import source_of, typed_rows
from ml_ledger.monitoring.drift.stored_reference import Column, compared_columns
from ml_ledger.number_words import percent
from ml_ledger.quality.finding import SEVERITIES
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.training_set.design_effects import at_size, cluster_size


def measured_columns(
    measurement: Measurement, groups: Sequence[Group], stored: Stored
) -> Iterator[dict[str, Any]]:
    """Features, score, prediction, label and concept of the groups that are new or have new labels."""
    changed = {
        group: found
        for group in groups
        if (found := measurement.is_new(group.key(), group.decisions_hash, group.labels_hash)) is not None
    }
    for version in dict.fromkeys(group.version for group in changed):
        of_version = [group for group in changed if group.version == version]
        for group, rows in _of_version(measurement, of_version, stored[version]):
            for row in rows:
                yield measurement.row(group, group.key(), changed[group], **row)


def _of_version(
    measurement: Measurement, groups: Sequence[Group], version: Mapping[str, Any]
) -> Iterator[tuple[Group, Rows]]:
    spec = MLModelSpec.from_canonical_json(version["spec"])
    columns = compared_columns(spec, version["reference"])
    countable = [column for column in columns if column.kind != "date"]
    stored = CompiledScoring.from_json(version["scoring"])
    means, expected = means_of_contributions(stored)
    scoring = contributions_only(stored)
    source = scoring.select(f"({typed_rows(measurement.labelled, groups, spec)}) as _ml_typed", ["*"])
    sources = [source_of(column, spec) for column in countable]
    found = count(measurement.labelled, f"({source})", "_ml_group", sources, list(means))
    for group in groups:
        counts, contributions = found[group.sql]
        size = cluster_size(measurement.labelled, cluster_of(spec), rows_of([group]))
        counts = [
            replace(
                of_column,
                design_effect=at_size(column.design_effect, column.cluster_size, size) if size > 1 else 1.0,
            )
            for column, of_column in zip(countable, counts, strict=True)
        ]
        moved = moved_contributions(means, contributions, expected)
        rows = [
            _of_column(measurement, spec, group, column, of_column)
            for column, of_column in zip(countable, counts, strict=True)
            if column.part != "label" or group.matured
        ]
        rows += [
            {
                "part": column.part,
                "feature": column.feature,
                "kind": column.kind,
                "n": group.decisions,
                "status": "not_measured",
                "cause": "versions keep no statistics of dates",
            }
            for column in columns
            if column.kind == "date"
        ]
        if measurement.has_labels(group) and group.matured >= measurement.limits.minimum_rows:
            rows += concept_rows(
                spec, measurement.labelled.filtered(rows_of([group])), version["metrics"], measurement.limits
            )
        yield group, _judged(rows, moved, measurement.limits)


def _of_column(
    measurement: Measurement, spec: MLModelSpec, group: Group, column: Column, counts: Counts
) -> dict[str, Any]:
    row = measured(column, counts)
    if column.rows is None:
        return {
            **row,
            "status": "no_reference",
            "cause": "the version keeps no statistics of its training rows",
        }
    if column.part == "label" and not measurement.has_labels(group):
        have, needed = percent(group.matured / group.decisions), percent(measurement.limits.matured_share)
        return {
            **row,
            "status": "not_measured",
            "cause": f"{have} of labels have matured, {needed} are needed",
        }
    if counts.rows < measurement.limits.minimum_rows:
        cause = f"{counts.rows} rows, at least {measurement.limits.minimum_rows} are needed"
        return {**row, "status": "too_few_rows", "cause": cause}
    found = sorted(tests(column, counts, row, measurement.limits), key=lambda test: test.p_value)
    return {**row, "p_value": min([1.0, *(test.p_value for test in found)]), "_tests": found}


def _judged(rows: Rows, contributions: Mapping[str, float], limits: DriftSpec) -> Rows:
    """Which rows of a group have drifted, by how much they were to be expected to by chance; and their ranks."""
    tested = [row for row in rows if row.get("p_value") is not None]
    for row, q in zip(tested, discovery_rates([row["p_value"] for row in tested]), strict=True):
        row["q_value"] = q
        found = row.pop("_tests")
        row["status"] = "drifted" if q <= limits.false_discovery_rate else "ok"
        if row["status"] == "ok":
            continue
        # What would have been called by itself, and at least what called the row.
        called = [test for test in found if test.p_value <= max(limits.false_discovery_rate / 10, row["p_value"])]
        row["severity"] = min((test.severity for test in called), key=SEVERITIES.index)
        row["cause"] = "; ".join(test.cause for test in called)
        if row["part"] == "label":
            row["cause"] = f"prior shift: {row['cause']}"
    of_features = [row for row in rows if row["part"] == "feature"]
    for row in of_features:
        row["contribution"] = contributions.get(row["feature"])
    of_features.sort(key=lambda row: (-(row["contribution"] or 0.0), -(row.get("psi") or 0.0), row["feature"]))
    for rank, row in enumerate(of_features, 1):
        row["rank"] = rank
    return rows
