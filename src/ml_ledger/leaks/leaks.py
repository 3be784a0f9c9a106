"""Metrics of a version by which the gate sees that a feature knows too much; docs/leaks.md says how they are judged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.declaration import MLModelSpec
from ml_ledger.evaluation.measure import Metric
from ml_ledger.evaluation.strengths import Strength, correlation, mean_strength, rank_strength
from ml_ledger.leaks.leak_columns import TAIL, Input, Mask, ScanRows
from ml_ledger.leaks.leak_scan import scan
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.terms.levels import text_of
from ml_ledger.training_set.exposure import exposure_of
from ml_ledger.training_set.labels import label_as_double
from ml_ledger.training_set.validation import usable_rows
from ml_ledger.warehouse import Relation, quoted

# Each of the three parts has so many rows at most, fewer where there are many columns.
MOST_ROWS = 10_000
MOST_CELLS = 2_000_000
# With fewer of a class in a part, or of all rows for task regression, chance would do it: nothing is measured.
FEWEST_ROWS = 30
# Of several classes the most frequent are looked at.
MOST_CLASSES = 10
ESTIMATES = ("alone", "next", "lead", "together", "without", "excess")


def measured_leaks(spec: MLModelSpec, rows: Relation, features: Collection[str]) -> Iterator[Metric]:
    """Per feature that the version reads how well it ranks the holdout alone, and what it adds to all others.

    The metrics are `roc_auc_alone`, `roc_auc_next` and the other `ESTIMATES` of the slice 'feature <name>', for task
    regression `correlation_alone` and so on; none for a clustering. And `late_values` of both splits, for features that
    declare `written_at`.
    """
    names = [name for name in spec.features if name in features and name != spec.exposure]
    yield from _late_values(spec, rows, names)
    if spec.task == "clustering" or not names:
        return
    sampled = _sampled(spec, rows, names)
    if sampled is None:
        return
    prefix, scale = ("correlation", 1.0) if spec.task == "regression" else ("roc_auc", 0.5)
    n = int(np.sum(sampled.measure))
    known = {name for name in names if spec.features[name].known_in_time is not None}
    for found in scan(sampled, _strength_of(spec, sampled), known):
        for name in ESTIMATES:
            strength: Strength | None = getattr(found, name)
            if strength is not None:
                chance = 0.0 if name in ("lead", "excess") else 1 - scale
                value, half = scale * strength.value + chance, scale * strength.half_width
                slice_name = f"feature {found.feature}"
                yield Metric(
                    "holdout", slice_name, "self", f"{prefix}_{name}", value, value - half, value + half, n
                )
    for name in names:
        if name in known:
            yield Metric("holdout", f"feature {name}", "self", "known_in_time", 1.0, None, None, n)


def _strength_of(spec: MLModelSpec, rows: ScanRows) -> Callable[[Matrix], Strength]:
    """The strength of scores for the labels to measure by: of several classes the mean, as of `roc_auc`."""
    label, clusters = rows.label[rows.measure], np.unique(rows.cluster[rows.measure], return_inverse=True)[1]

    def strength(scores: Matrix) -> Strength:
        if spec.task == "regression":
            return correlation(label[:, 0], scores[:, 0])
        parts = [rank_strength(of_class, score) for of_class, score in zip(label.T, scores.T, strict=True)]
        return mean_strength(parts, np.ones(len(parts)))

    return lambda scores: strength(scores).by_cluster(clusters)


def _sampled(spec: MLModelSpec, rows: Relation, names: list[str]) -> ScanRows | None:
    """A part of the rows that is the same whenever it is asked for, in the order of their keys; None for too few."""
    inputs = list(_inputs(spec, names))
    outputs = min(len(spec.classes or ()) or 1, MOST_CLASSES)
    wanted = max(10 * FEWEST_ROWS, min(MOST_ROWS, MOST_CELLS // (len(inputs) * (outputs + 1))))
    exposure = exposure_of(spec)
    sql_of_label = label_as_double(spec) if exposure is None else f"{label_as_double(spec)} / {exposure}"
    key = (quoted(spec.entity), quoted(spec.as_of))
    parts = {
        split: TrainingRows(rows, f"_ml_split = '{split}' and {usable_rows(spec)}", sql_of_label, key)
        for split in ("train", "holdout")
    }
    where = f"({parts['train'].part(2 * wanted)}) or ({parts['holdout'].part(wanted)})"
    # Odd and even buckets of the training rows are one half each, since the first of them are the part.
    part = f"case when _ml_split = 'holdout' then 2 else {parts['train'].bucket(1 << 30)} % 2 end"
    arrays = rows.arrays(
        [
            (part, "double", np.nan),
            (sql_of_label, "double", np.nan),
            (f"dense_rank() over (order by {quoted(spec.evaluation.cluster or spec.entity)})", "double", np.nan),
            *((sql, "double", np.nan) for _, sql, _ in inputs),
        ],
        where,
        order_by=key,
    )
    number, labels, cluster, *values = arrays
    masks = [number == k for k in range(3)]
    label = _outputs(spec, labels, masks)
    if label is None:
        return None
    columns = [
        Input(feature, column, is_number) for (feature, _, is_number), column in zip(inputs, values, strict=True)
    ]
    return ScanRows(columns, label, cluster, *masks)


def _inputs(spec: MLModelSpec, names: list[str]) -> Iterator[tuple[str, str, bool]]:
    """By feature, or part of a date: its name, SQL of a number, and whether that is a value or the rank of a level."""
    for name in names:
        feature = spec.features[name]
        if feature.kind == "numeric":
            yield name, quoted(name), True
        else:
            texts = [text_of(name, part) for part in feature.parts] if feature.kind == "date" else [text_of(name)]
            for text in texts:
                yield name, f"dense_rank() over (order by {text})", False


def _outputs(spec: MLModelSpec, label: Vector, parts: Sequence[Mask]) -> Matrix | None:
    """The labels as columns: the number, without its tails, for task regression; else 0 or 1, per class of several.

    None where a part has too few rows; a class of which it has too few is left out.
    """
    if spec.task == "regression":
        if any(part.sum() < FEWEST_ROWS for part in parts):
            return None
        return np.clip(label, *np.quantile(label[parts[0]], [TAIL, 1 - TAIL]))[:, None]
    is_class = label[:, None] == np.arange(len(spec.classes or ())) if spec.classes else label[:, None] == 1
    fewest = np.min(
        [np.minimum(is_class[part].sum(axis=0), (~is_class[part]).sum(axis=0)) for part in parts], axis=0
    )
    chosen = np.sort(np.argsort(-fewest, kind="stable")[:MOST_CLASSES])
    chosen = chosen[fewest[chosen] >= FEWEST_ROWS]
    return is_class[:, chosen].astype(np.float64) if len(chosen) else None


def _late_values(spec: MLModelSpec, rows: Relation, names: list[str]) -> Iterator[Metric]:
    """How many values were written after the as-of date, or nobody knows when, of features that say where to see it."""
    written = {name: column for name in names if (column := spec.features[name].written_at) is not None}
    if not written:
        return
    as_of = f"cast({quoted(spec.as_of)} as timestamp)"
    late = ", ".join(
        f"count_if({quoted(name)} is not null and not coalesce(cast({quoted(column)} as timestamp) <= {as_of}, false))"
        f" as _ml_late_{number}"
        for number, (name, column) in enumerate(written.items())
    )
    found = rows.query(
        f"select _ml_split, count(*) as _ml_n, {late} from {rows.name} where _ml_split in ('train', 'holdout')"
        " group by _ml_split order by _ml_split"
    )
    for row in found:
        for number, name in enumerate(written):
            count = float(row[f"late_{number}"])
            yield Metric(row["split"], f"feature {name}", "self", "late_values", count, None, None, row["n"])
