"""What the drift node does: compare each period of a version's decisions with the rows that it was trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from ml_ledger.declaration import MLModelSpec, parse_spec
from ml_ledger.declaration.monitoring import DriftSpec, MonitoringSpec
from ml_ledger.errors import SpecError
from ml_ledger.evaluation.moments import CLUSTER, ROW_WEIGHT
from ml_ledger.monitoring.decided import (
    cluster_of,
    feature_texts,
    label_and_scores,
    labelled_predictions,
    measured_so_far,
    sql_type,
    weight_of,
)
from ml_ledger.monitoring.drift.column_drift import Test, measured, tests
from ml_ledger.monitoring.drift.concept import Concept, concepts
from ml_ledger.monitoring.drift.contributions import (
    contributions_only,
    means_of_contributions,
    moved_contributions,
)
from ml_ledger.monitoring.drift.counting import Counts, count
from ml_ledger.monitoring.drift.joint import Sample, sample, told_apart
from ml_ledger.monitoring.drift.number_words import percent
from ml_ledger.monitoring.drift.period_groups import (
    Group,
    fingerprint,
    groups_of,
    latest_of_each_slot,
    periods_without_rows,
    rows_of,
)
from ml_ledger.monitoring.drift.schema import DRIFT_SCHEMA
from ml_ledger.monitoring.drift.significance import discovery_rates
from ml_ledger.monitoring.drift.sources import source_of, typed_rows
from ml_ledger.monitoring.drift.stored_reference import Column, compared_columns
from ml_ledger.progress import say
from ml_ledger.quality.finding import SEVERITIES
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.training_set.design_effects import at_size, cluster_size
from ml_ledger.training_set.validation import column_problems
from ml_ledger.warehouse import Relation, quoted
from ml_ledger.without_stopping import without_stopping

# The classifier takes a second: of many new periods it looks at the last ones of each slot.
JOINT_PERIODS = 3
# A change of the area under the ROC curve that is worth more than a line in a table.
NOTABLE_AREA = 0.6

Rows = list[dict[str, Any]]


@without_stopping(DRIFT_SCHEMA)
def measure_drift(
    *,
    ml_model: str,
    spec: Mapping[str, Any],
    predictions: Any,
    versions: Any,
    outcomes: Any = None,
    history: Any = None,
    training_rows: Any = None,
    features: Any = None,
) -> pa.Table:
    """How the rows that a version decides on differ from those it was trained on, by slot and period of as-of dates.

    ml_model: its name under `vars.ml_models`. spec: its declaration, as written there. predictions, versions,
    outcomes: the relations of its nodes; a clustering has no outcomes. history: what was measured so far, or None:
    groups (a version, slot and period) whose rows and labels are the same are not measured again. training_rows: of
    its node, where the declaration keeps them in full; without them the classifier compares with the first period of
    the version. features: the relation that it is scored on, to see columns that vanished or changed their type.

    Returns an Arrow table of DRIFT_SCHEMA, one row per group, part, feature and metric; docs/drift.md explains each
    column. Rows of a `group_key` replace those that were measured before.
    Raises SpecError where the declaration is not valid, or has no `monitoring`.
    """
    declared = parse_spec(ml_model, spec)
    if declared.monitoring is None:
        raise SpecError(
            f"ml_models.{ml_model}.monitoring: drift is measured by its period; got no monitoring. Fix: declare"
            f" `monitoring: {{drift: {{}}}}`, or remove the node {ml_model}_drift."
        )
    if declared.label is not None and outcomes is None:
        raise SpecError(
            f"measure_drift of {ml_model}: needs outcomes, since the ML model has a label; got None. Fix: pass"
            f" outcomes=dbt.ref('{ml_model}_outcomes')."
        )
    settings = declared.monitoring
    node = _Node(ml_model, settings, labelled_predictions(predictions, outcomes), measured_so_far(history))
    stored = {
        row["version"]: row
        for row in Relation(versions, name="_ml_versions").query(
            "select version, spec, algorithm, reference, scoring, metrics from _ml_versions order by version"
        )
    }
    groups = [group for group in groups_of(node.labelled, settings.period) if group.version in stored]
    rows = [*node.without_rows(groups)]
    rows += node.of_columns(groups, stored)
    kept = None if training_rows is None else Relation(training_rows, name="_ml_training_rows")
    rows += node.of_all_features(groups, stored, kept)
    if features is not None:
        rows += node.of_schema(groups, stored, Relation(features, name="_ml_features"))
    drifted = [row for row in rows if row["status"] == "drifted"]
    say(
        f"{ml_model}: measured drift of {len({row['group_key'] for row in rows})} groups of predictions that are new or"
        f" have new labels: {len(drifted)} of {len(rows)} rows have drifted"
    )
    empty = dict.fromkeys(DRIFT_SCHEMA.names)
    return pa.Table.from_pylist([{**empty, **row} for row in rows], schema=DRIFT_SCHEMA)


class _Node:
    """What all parts of the measurement share."""

    def __init__(
        self, ml_model: str, settings: MonitoringSpec, labelled: Relation, known: set[tuple[str, str]]
    ) -> None:
        self.ml_model = ml_model
        self.period = settings.period
        self.limits = settings.drift or DriftSpec()
        self.settings = settings
        self.labelled = labelled
        self.known = known

    def is_new(self, key: str, *parts: str) -> str | None:
        """The fingerprint of what is to be measured under a key; None where it was, and nothing has changed since."""
        found = fingerprint(self.settings, *parts)
        return None if (key, found) in self.known else found

    def row(self, group: Group, key: str, found: str, **values: Any) -> dict[str, Any]:
        return {
            "ml_model": self.ml_model,
            "version": group.version,
            "slot": group.slot,
            "period": group.period,
            "period_start": group.period_start,
            "group_key": key,
            "fingerprint": found,
            **values,
        }

    def without_rows(self, groups: Sequence[Group]) -> Iterator[dict[str, Any]]:
        """A row per period in which nothing was decided, though there was before and has been since."""
        for group in periods_without_rows(self.labelled, groups, self.period):
            found = self.is_new(group.key(), "no rows")
            if found is not None:
                yield self.row(
                    group,
                    group.key(),
                    found,
                    part="rows",
                    n=0,
                    status="no_rows",
                    cause="no decisions in this period",
                )

    def of_columns(
        self, groups: Sequence[Group], stored: Mapping[int, Mapping[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        """Features, score, prediction, label and concept of the groups that are new or have new labels."""
        changed = {
            group: found
            for group in groups
            if (found := self.is_new(group.key(), group.decisions_hash, group.labels_hash)) is not None
        }
        for version in dict.fromkeys(group.version for group in changed):
            of_version = [group for group in changed if group.version == version]
            for group, rows in self._of_version(of_version, stored[version]):
                for row in rows:
                    yield self.row(group, group.key(), changed[group], **row)

    def _of_version(self, groups: Sequence[Group], version: Mapping[str, Any]) -> Iterator[tuple[Group, Rows]]:
        spec = MLModelSpec.from_canonical_json(version["spec"])
        columns = compared_columns(spec, version["reference"])
        countable = [column for column in columns if column.kind != "date"]
        stored = CompiledScoring.from_json(version["scoring"])
        means, expected = means_of_contributions(stored)
        scoring = contributions_only(stored)
        source = scoring.select(f"({typed_rows(self.labelled, groups, spec)}) as _ml_typed", ["*"])
        sources = [source_of(column, spec) for column in countable]
        found = count(self.labelled, f"({source})", "_ml_group", sources, list(means))
        for group in groups:
            counts, contributions = found[group.sql]
            size = cluster_size(self.labelled, cluster_of(spec), rows_of([group]))
            counts = [
                replace(
                    of_column,
                    design_effect=at_size(column.design_effect, column.cluster_size, size) if size > 1 else 1.0,
                )
                for column, of_column in zip(countable, counts, strict=True)
            ]
            moved = moved_contributions(means, contributions, expected)
            rows = [
                self._of_column(spec, group, column, of_column)
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
            if self._has_labels(group) and group.matured >= self.limits.minimum_rows:
                rows += self._of_concept(spec, group, version["metrics"])
            yield group, _judged(rows, moved, self.limits)

    def _has_labels(self, group: Group) -> bool:
        return group.matured >= self.limits.matured_share * group.decisions

    def _of_column(self, spec: MLModelSpec, group: Group, column: Column, counts: Counts) -> dict[str, Any]:
        row = measured(column, counts)
        if column.rows is None:
            return {
                **row,
                "status": "no_reference",
                "cause": "the version keeps no statistics of its training rows",
            }
        if column.part == "label" and not self._has_labels(group):
            have, needed = percent(group.matured / group.decisions), percent(self.limits.matured_share)
            return {
                **row,
                "status": "not_measured",
                "cause": f"{have} of labels have matured, {needed} are needed",
            }
        if counts.rows < self.limits.minimum_rows:
            cause = f"{counts.rows} rows, at least {self.limits.minimum_rows} are needed"
            return {**row, "status": "too_few_rows", "cause": cause}
        found = sorted(tests(column, counts, row, self.limits), key=lambda test: test.p_value)
        return {**row, "p_value": min([1.0, *(test.p_value for test in found)]), "_tests": found}

    def _of_concept(self, spec: MLModelSpec, group: Group, released: str) -> Rows:
        labelled = self.labelled.filtered(rows_of([group]))
        columns = {name: f"cast({sql} as double)" for name, sql in label_and_scores(spec).items()}
        columns[CLUSTER] = cluster_of(spec)
        if (weight := weight_of(spec)) is not None:
            columns[ROW_WEIGHT] = weight
        selected = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
        with labelled.materialised(f"select {selected} from {labelled.name}") as scored:
            with_label = scored.filtered("_ml_label is not null")
            return [_concept_row(concept) for concept in concepts(spec, with_label, released, self.limits)]

    def of_all_features(
        self, groups: Sequence[Group], stored: Mapping[int, Mapping[str, Any]], training_rows: Relation | None
    ) -> Iterator[dict[str, Any]]:
        """Whether a classifier can tell the rows of the latest periods from those of training."""
        has_rows = training_rows is not None and all(
            name in training_rows.types for name in ("_ml_version", *self._feature_names(stored))
        )
        then: dict[int, Sample] = {}
        for group in latest_of_each_slot(groups, JOINT_PERIODS):
            found = self.is_new(group.key("joint"), group.decisions_hash)
            if found is None:
                continue
            spec = MLModelSpec.from_canonical_json(stored[group.version]["spec"])
            first = next(other for other in groups if other.version == group.version)
            reference = None if first.period_start == group.period_start else first
            if group.version not in then and (has_rows or reference is not None):
                then[group.version] = self._reference_sample(spec, group.version, training_rows, has_rows, first)
            rows = then.get(group.version)
            yield self.row(
                group,
                group.key("joint"),
                found,
                **self._joint(spec, group, stored[group.version]["algorithm"], rows),
            )

    @staticmethod
    def _feature_names(stored: Mapping[int, Mapping[str, Any]]) -> set[str]:
        latest = MLModelSpec.from_canonical_json(stored[max(stored)]["spec"]) if stored else None
        return set() if latest is None else set(latest.features)

    def _reference_sample(
        self, spec: MLModelSpec, version: int, training_rows: Relation | None, has_rows: bool, first: Group
    ) -> Sample:
        if has_rows and training_rows is not None:
            where = f"_ml_version = {version} and _ml_split = 'train'"
            rows = sample(spec, training_rows, "_ml_entity_id", where, self.limits.joint_rows)
            if len(rows.values):
                return rows
        return self._sample(spec, first)

    def _sample(self, spec: MLModelSpec, group: Group) -> Sample:
        chosen = self.labelled.filtered(rows_of([group]))
        names = ", ".join(
            f"try_cast({sql} as {sql_type(spec.features[name].kind)}) as {quoted(name)}"
            for name, sql in feature_texts(spec).items()
        )
        with chosen.materialised(f"select entity_id as _ml_entity_id, {names} from {chosen.name}") as texts:
            return sample(spec, texts, "_ml_entity_id", "1 = 1", self.limits.joint_rows)

    def _joint(self, spec: MLModelSpec, group: Group, family: str, then: Sample | None) -> dict[str, Any]:
        row: dict[str, Any] = {"part": "joint", "metric": "roc_auc", "n": group.decisions}
        if then is None or not len(then.values):
            return {
                **row,
                "status": "no_reference",
                "cause": "no training rows are kept, and this is the first period",
            }
        row["reference_n"] = len(then.values)
        if min(group.decisions, len(then.values)) < self.limits.minimum_rows:
            cause = f"{group.decisions} rows, at least {self.limits.minimum_rows} are needed"
            return {**row, "status": "too_few_rows", "cause": cause}
        now = self._sample(spec, group)
        found = told_apart(spec, family, now, then)
        if found is None:
            return {**row, "status": "not_measured", "cause": "no classifier could be fitted"}
        row |= {
            "n": len(now.values),
            "value": found.auc,
            "ci_low": found.ci_low,
            "ci_high": found.ci_high,
            "reference_value": 0.5,
            "p_value": found.p_value,
            "q_value": found.p_value,
            "status": "ok",
        }
        # Not the p-value: of rows of the same entities, the area varies more than it allows for.
        if found.ci_low > self.limits.joint_auc:
            alone = ", ".join(f"{name} ({area:.2f})" for name, area in found.strongest)
            by = f"by {alone}" if alone else "by several features together, and by none alone"
            row["status"] = "drifted"
            row["severity"] = "warn" if found.auc >= NOTABLE_AREA else "info"
            row["cause"] = (
                f"a model tells these rows from training rows with AUC {found.auc:.2f} ({found.ci_low:.2f} to"
                f" {found.ci_high:.2f}; 0.5 is chance), most of all {by}"
            )
        return row

    def of_schema(
        self, groups: Sequence[Group], stored: Mapping[int, Mapping[str, Any]], features: Relation
    ) -> Iterator[dict[str, Any]]:
        """A row per feature of a version in use that vanished or changed its type; one that says so where none did."""
        for group in latest_of_each_slot(groups, 1):
            spec = MLModelSpec.from_canonical_json(stored[group.version]["spec"])
            problems = [p for p in column_problems(spec, features) if p.where.startswith("features.")]
            key = group.key("schema")
            found = self.is_new(key, *map(str, problems))
            if found is None:
                continue
            for problem in problems:
                name = max(
                    (name for name in spec.features if problem.where.startswith(f"features.{name}")), key=len
                )
                gone = name not in features.types
                yield self.row(
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
                yield self.row(group, key, found, part="schema", n=group.decisions, status="ok")


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


def _concept_row(found: Concept) -> dict[str, Any]:
    row = {
        "part": "concept",
        "metric": found.metric,
        "n": found.n,
        "reference_n": found.reference_n,
        "value": found.value,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "reference_value": found.reference_value,
    }
    if found.p_value is None:
        return {**row, "status": "not_measured", "cause": f"{found.cause}; without an interval at release"}
    p_value = found.p_value if found.effect else 1.0
    test = Test(p_value, f"concept drift: {found.cause}", "warn" if found.is_worse else "info")
    return {**row, "p_value": p_value, "_tests": [test]}
