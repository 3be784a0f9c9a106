"""Joint drift: can a model tell the rows of a period from those of training?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.declaration import MLModelSpec, by_part
from ml_ledger.monitoring.decided import feature_texts, sql_type
from ml_ledger.monitoring.drift.measurement import Measurement, Stored
from ml_ledger.monitoring.drift.period_groups import Group, latest_of_each_slot, rows_of
from ml_ledger.quality.metrics_in_memory import metrics_of
from ml_ledger.quality.sample_out_of_fold import entity_folds, predicted_out_of_fold
from ml_ledger.terms.levels import text_of
from ml_ledger.warehouse import Relation, quoted

# Families that see each feature by itself are told apart by a model that does so, too.
ADDITIVE = frozenset({"logistic", "linear", "poisson", "gamma", "scorecard", "rule", "constant"})
# Further levels of a category share a code.
LEVELS = 30
# The classifier takes a second: of many new periods it looks at the last ones of each slot.
JOINT_PERIODS = 3
# A change of the area under the ROC curve that is worth more than a line in a table.
NOTABLE_AREA = 0.6
# So many features are named.
NAMED = 3
# Further from 0.5 than this a single feature is told to tell the sides apart.
TELLING = 0.53


@dataclass(frozen=True)
class Sample:
    """n rows: numbers per entity, and n × features (dates by part), NaN for no value.

    Levels are numbers that stand for their text.
    """

    entities: NDArray[np.uint64]
    values: Matrix


@dataclass(frozen=True)
class Joint:
    """How well the sides can be told apart, out of fold. strongest: features by how well each does so alone."""

    auc: float
    ci_low: float
    ci_high: float
    p_value: float
    strongest: Sequence[tuple[str, float]]


def joint_rows(
    measurement: Measurement, groups: Sequence[Group], stored: Stored, training_rows: Relation | None
) -> Iterator[dict[str, Any]]:
    """Whether a classifier can tell the rows of the latest periods from those of training."""
    has_rows = training_rows is not None and all(
        name in training_rows.types for name in ("_ml_version", *_feature_names(stored))
    )
    then: dict[int, Sample] = {}
    for group in latest_of_each_slot(groups, JOINT_PERIODS):
        found = measurement.is_new(group.key("joint"), group.decisions_hash)
        if found is None:
            continue
        spec = MLModelSpec.from_canonical_json(stored[group.version]["spec"])
        first = next(other for other in groups if other.version == group.version)
        reference = None if first.period_start == group.period_start else first
        if group.version not in then and (has_rows or reference is not None):
            then[group.version] = _reference_sample(
                measurement, spec, group.version, training_rows, has_rows, first
            )
        rows = then.get(group.version)
        yield measurement.row(
            group,
            group.key("joint"),
            found,
            **_joint(measurement, spec, group, stored[group.version]["algorithm"], rows),
        )


def sample(spec: MLModelSpec, rows: Relation, entity: str, where: str, most: int) -> Sample:
    """At most so many of the rows that satisfy `where`, drawn by a hash of the entity, so the same ones every time.

    Of a date its parts, which are what a version sees: dates themselves are never those of training.
    """
    expressions: list[tuple[str, str, float]] = [(f"hash({entity})", "ubigint", 0)]
    for name, feature in by_part(spec.features).items():
        if feature.kind == "numeric":
            column = f"try_cast({quoted(name)} as double)"
            sql = f"case when isfinite({column}) then {column} end"
        else:
            text = text_of(feature.column, feature.part) if feature.kind == "part_of_date" else text_of(name)
            sql = f"case when {text} is not null then cast(hash({text}) % 9007199254740991 as double) end"
        expressions.append((sql, "double", np.nan))
    entities, *columns = rows.arrays(
        expressions, where, order_by=[f"hash({entity}, {spec.training.seed})"], limit=most
    )
    return Sample(entities, np.column_stack(columns))


def told_apart(spec: MLModelSpec, family: str, now: Sample, then: Sample) -> Joint | None:
    """The out-of-fold area under the ROC curve; rows of an entity, on whichever side, are in the same fold."""
    values = np.vstack([then.values, now.values])
    entities = np.concatenate([then.entities, now.entities])
    is_now = np.concatenate([np.zeros(len(then.values)), np.ones(len(now.values))])
    seen = by_part(spec.features)
    names, is_level = list(seen), np.array([feature.kind != "numeric" for feature in seen.values()])
    coded = np.column_stack(
        [_codes(column) if level else column for column, level in zip(values.T, is_level, strict=True)]
    )
    if family in ADDITIVE:
        predicted = _by_regression(coded, is_level, is_now, entities, spec.training.seed)
    else:
        predicted = predicted_out_of_fold(
            "binary", coded, is_now, entities, is_level=is_level, classes=2, seed=spec.training.seed
        )[:, 1]
    area = metrics_of("binary", is_now, predicted[:, None]).get("roc_auc")
    if area is None or area.ci_low is None or area.ci_high is None:
        return None
    n, m = len(now.values), len(then.values)
    error = np.sqrt((n + m + 1) / (12 * n * m))
    alone = [
        (name, _separation(column, bool(level), is_now))
        for name, column, level in zip(names, coded.T, is_level, strict=True)
    ]
    telling = sorted((item for item in alone if item[1] >= TELLING), key=lambda item: (-item[1], item[0]))
    p_value = float(norm.sf((area.value - 0.5) / error))
    return Joint(area.value, area.ci_low, area.ci_high, p_value, telling[:NAMED])


def _joint(
    measurement: Measurement, spec: MLModelSpec, group: Group, family: str, then: Sample | None
) -> dict[str, Any]:
    row: dict[str, Any] = {"part": "joint", "metric": "roc_auc", "n": group.decisions}
    if then is None or not len(then.values):
        return {
            **row,
            "status": "no_reference",
            "cause": "no training rows are kept, and this is the first period",
        }
    row["reference_n"] = len(then.values)
    if min(group.decisions, len(then.values)) < measurement.limits.minimum_rows:
        cause = f"{group.decisions} rows, at least {measurement.limits.minimum_rows} are needed"
        return {**row, "status": "too_few_rows", "cause": cause}
    now = _sample(measurement, spec, group)
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
    if found.ci_low > measurement.limits.joint_auc:
        alone = ", ".join(f"{name} ({area:.2f})" for name, area in found.strongest)
        by = f"by {alone}" if alone else "by several features together, and by none alone"
        row["status"] = "drifted"
        row["severity"] = "warn" if found.auc >= NOTABLE_AREA else "info"
        row["cause"] = (
            f"a model tells these rows from training rows with AUC {found.auc:.2f} ({found.ci_low:.2f} to"
            f" {found.ci_high:.2f}; 0.5 is chance), most of all {by}"
        )
    return row


def _feature_names(stored: Stored) -> set[str]:
    latest = MLModelSpec.from_canonical_json(stored[max(stored)]["spec"]) if stored else None
    return set() if latest is None else set(latest.features)


def _reference_sample(
    measurement: Measurement,
    spec: MLModelSpec,
    version: int,
    training_rows: Relation | None,
    has_rows: bool,
    first: Group,
) -> Sample:
    if has_rows and training_rows is not None:
        where = f"_ml_version = {version} and _ml_split = 'train'"
        rows = sample(spec, training_rows, "_ml_entity_id", where, measurement.limits.joint_rows)
        if len(rows.values):
            return rows
    return _sample(measurement, spec, first)


def _sample(measurement: Measurement, spec: MLModelSpec, group: Group) -> Sample:
    chosen = measurement.labelled.filtered(rows_of([group]))
    names = ", ".join(
        f"try_cast({sql} as {sql_type(spec.features[name].kind)}) as {quoted(name)}"
        for name, sql in feature_texts(spec).items()
    )
    with chosen.materialised(f"select entity_id as _ml_entity_id, {names} from {chosen.name}") as texts:
        return sample(spec, texts, "_ml_entity_id", "1 = 1", measurement.limits.joint_rows)


def _codes(values: Vector) -> Vector:
    """Numbers from 0 for the most frequent levels, one for all others, NaN for no value."""
    known = np.isfinite(values)
    levels, counts = np.unique(values[known], return_counts=True)
    kept = np.sort(levels[np.argsort(-counts, kind="stable")[: LEVELS - 1]])
    position = np.searchsorted(kept, values[known])
    position = np.minimum(position, max(len(kept) - 1, 0))
    found = np.full(len(values), np.nan)
    if len(kept):
        found[known] = np.where(kept[position] == values[known], position, len(kept))
    return found


def _by_regression(
    values: Matrix, is_level: NDArray[np.bool_], is_now: Vector, entities: NDArray[np.uint64], seed: int
) -> Vector:
    """Out-of-fold probabilities of a logistic regression on levels and on numbers, cut off at five deviations."""
    from sklearn.linear_model import LogisticRegression

    design = np.column_stack([column for part in _design(values, is_level) for column in part])
    fold = entity_folds(entities, seed, rows=len(values))
    predicted = np.full(len(values), is_now.mean())
    for number in np.unique(fold):
        train = fold != number
        if len(np.unique(is_now[train])) == 2:
            fitted = LogisticRegression(solver="newton-cholesky").fit(design[train], is_now[train])
            predicted[~train] = fitted.predict_proba(design[~train])[:, 1]
    return predicted


def _design(values: Matrix, is_level: NDArray[np.bool_]) -> list[list[Vector]]:
    columns: list[list[Vector]] = [[np.zeros(len(values))]]
    for column, level in zip(values.T, is_level, strict=True):
        missing = np.isnan(column)
        part = [missing.astype(float)] if missing.any() else []
        if level:
            part += [(column == code).astype(float) for code in np.unique(column[~missing])]
        elif not missing.all():
            spread = column[~missing].std() or 1.0
            part.append(np.where(missing, 0.0, np.clip((column - column[~missing].mean()) / spread, -5, 5)))
        columns.append(part)
    return columns


def _separation(column: Vector, is_level: bool, is_now: Vector) -> float:
    """How well one feature tells the sides apart: an area under the ROC curve, 0.5 or more; NULL is a value."""
    if is_level:
        _, codes = np.unique(np.nan_to_num(column, nan=-1.0), return_inverse=True)
        rates = np.bincount(codes, is_now) / np.bincount(codes)
        column = rates[codes]
    else:
        known = column[~np.isnan(column)]
        column = np.where(np.isnan(column), (known.min() - 1) if len(known) else 0.0, column)
    _, position, counts = np.unique(column, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2 + 0.5)[position]
    n, m = is_now.sum(), (1 - is_now).sum()
    area = ((ranks * is_now).sum() - n * (n + 1) / 2) / (n * m)
    return float(max(area, 1 - area))
