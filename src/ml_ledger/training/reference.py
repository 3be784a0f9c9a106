"""What the training rows looked like, kept with the version, so that nobody needs them to see what has changed.

One row per statistic of a column: of every feature as it was given, of the label, and of what the version makes of
these rows: its score, and the class or cluster that it predicts. Shares of bins and levels are over the rows that
have a value. Weights do not count, but that a row of weight 0 is no training row: what is compared with these
statistics is rows of production, and each of them is one row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ml_ledger.declaration import MLModelSpec
from ml_ledger.fitting.estimating import with_estimates
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.sql_literals import double
from ml_ledger.terms.learn import even_shares
from ml_ledger.terms.quantiles import distinct_quantiles
from ml_ledger.training_set.design_effects import cluster_size, of_levels, of_numbers
from ml_ledger.training_set.labels import label_as_level
from ml_ledger.warehouse import Relation, quoted

BINS = 20
# Edges of bins are quantiles of about so many rows; what is in the bins is counted over all.
SAMPLED_ROWS = 200_000
# The most frequent levels are kept by name, the others together.
LEVELS = 1000
# Numbers that often stand for "unknown".
DEFAULT_VALUES = (0.0, -1.0, -9.0, -99.0, -999.0, -9999.0, 999.0, 9999.0, 99999.0, 999999.0)


@dataclass(frozen=True)
class Statistic:
    """One number about a column.

    part: 'feature', 'label', 'score' or 'predicted'. feature: its name, None for the other parts.
    statistic: 'rows'; 'missing', rows without a value or with NaN; of numbers 'infinite', 'minimum', 'maximum', 'mean',
    'standard_deviation', 'default_value' (how many rows have the number `lower`) and 'bin' (how many are in
    [lower, upper), None for no end); of categories 'level' (how many rows have it) and 'other_levels' (how many rows
    have one that is not kept). Where an entity, or a declared cluster, has several rows: 'cluster_size', that of an
    average row, and 'design_effect', so many times fewer rows that stand alone would say as much.
    """

    part: str
    feature: str | None
    statistic: str
    value: float
    lower: float | None = None
    upper: float | None = None
    level: str | None = None


def reference_statistics(
    spec: MLModelSpec, rows: Relation, scoring: CompiledScoring, where: str = "_ml_split = 'train'"
) -> list[dict[str, Any]]:
    """Statistics of the rows that satisfy `where`, as objects with the members of `Statistic` that are not None."""
    key = (quoted(spec.entity), quoted(spec.as_of))
    numbers: dict[tuple[str, str | None], str] = {
        ("feature", name): quoted(name) for name, item in spec.features.items() if item.kind == "numeric"
    }
    levels: dict[tuple[str, str | None], str] = {
        ("feature", name): quoted(name)
        for name, item in spec.features.items()
        if item.kind in ("categorical", "boolean")
    }
    if spec.task == "regression":
        numbers["label", None] = quoted(str(spec.label))
    elif spec.label is not None:
        levels["label", None] = label_as_level(spec)
    cluster = quoted(spec.evaluation.cluster or spec.entity)
    found = [*_of_numbers(rows, numbers, where, key, cluster), *_of_levels(rows, levels, where, cluster)]
    with with_estimates(spec, rows, [scoring], where) as (known, (reading,)):
        source = f"(select *, 1 as _ml_row from {known.name} where {where}) as _ml_rows"
        columns = [*key, f"{cluster} as _ml_cluster", "_ml_score"]
        several = spec.task in ("multiclass", "clustering")
        sql = reading.select(source, [*columns, *(["_ml_predicted"] if several else [])])
        with known.materialised(sql) as scored:
            found += _of_numbers(scored, {("score", None): "_ml_score"}, "1 = 1", key, "_ml_cluster")
            found += _of_levels(
                scored, {("predicted", None): "_ml_predicted"} if several else {}, "1 = 1", "_ml_cluster"
            )
    return [{name: value for name, value in asdict(item).items() if value is not None} for item in found]


def _of_numbers(
    rows: Relation,
    columns: Mapping[tuple[str, str | None], str],
    where: str,
    key: tuple[str, ...],
    cluster: str,
) -> Iterator[Statistic]:
    if not columns:
        return
    names = list(columns)
    sampled = TrainingRows(rows, where, "null", key).part(SAMPLED_ROWS)
    shares = even_shares(BINS)
    finite = [
        f"case when isfinite(cast({sql} as double)) then cast({sql} as double) end" for sql in columns.values()
    ]
    # One column at a time: the engine keeps all values of a quantile in memory.
    quantiles = {str(number): (sql, shares) for number, sql in enumerate(finite)}
    found = distinct_quantiles(quantiles, rows, sampled, weighted=False).values()
    # Of a constant too, so that a smaller value has a bin to fall into.
    edges = [inner or _lowest(rows, sql, sampled) for inner, sql in zip(found, finite, strict=True)]
    wanted = []
    for number, (sql, column, inner) in enumerate(zip(finite, columns.values(), edges, strict=True)):
        wanted += [
            f"count({sql}) as _ml_known{number}",
            f"count(case when isinf(cast({column} as double)) then 1 end) as _ml_infinite{number}",
            f"min({sql}) as _ml_minimum{number}",
            f"max({sql}) as _ml_maximum{number}",
            f"avg({sql}) as _ml_mean{number}",
            f"stddev_pop({sql}) as _ml_standard_deviation{number}",
        ]
        wanted += [
            f"count(case when {column} = {double(v)} then 1 end) as _ml_default{number}_{n}"
            for n, v in enumerate(DEFAULT_VALUES)
        ]
        wanted += [
            f"count(case when {sql} < {double(edge)} then 1 end) as _ml_below{number}_{n}"
            for n, edge in enumerate(inner)
        ]
    (row,) = rows.query(f"select count(*) as _ml_n, {', '.join(wanted)} from {rows.name} where {where}")
    size = cluster_size(rows, cluster, where)
    effects = of_numbers(rows, list(zip(finite, edges, strict=True)), cluster, where) if size > 1 else []
    for number, ((part, feature), inner) in enumerate(zip(names, edges, strict=True)):
        if effects:
            yield Statistic(part, feature, "cluster_size", size)
            yield Statistic(part, feature, "design_effect", effects[number])
        known, infinite = row[f"known{number}"], row[f"infinite{number}"]
        yield Statistic(part, feature, "rows", row["n"])
        yield Statistic(part, feature, "missing", row["n"] - known - infinite)
        if infinite:
            yield Statistic(part, feature, "infinite", infinite)
        if not known:
            continue
        for name in ("minimum", "maximum", "mean", "standard_deviation"):
            yield Statistic(part, feature, name, row[f"{name}{number}"])
        for n, value in enumerate(DEFAULT_VALUES):
            if row[f"default{number}_{n}"]:
                yield Statistic(part, feature, "default_value", row[f"default{number}_{n}"], lower=value)
        below = [0, *(row[f"below{number}_{n}"] for n in range(len(inner))), known]
        ends: Sequence[float | None] = [None, *inner, None]
        for n in range(len(below) - 1):
            yield Statistic(part, feature, "bin", below[n + 1] - below[n], lower=ends[n], upper=ends[n + 1])


def _lowest(rows: Relation, sql: str, where: str) -> tuple[float, ...]:
    """The smallest value, as the one edge; none where there is no value."""
    (row,) = rows.query(f"select min({sql}) as _ml_lowest from {rows.name} where {where}")
    return () if row["lowest"] is None else (float(row["lowest"]),)


def _of_levels(
    rows: Relation, columns: Mapping[tuple[str, str | None], str], where: str, cluster: str
) -> Iterator[Statistic]:
    size = cluster_size(rows, cluster, where) if columns else 1.0
    for (part, feature), column in columns.items():
        counts = rows.query(
            f"select cast({column} as varchar) as _ml_level, count(*) as _ml_n from {rows.name} where {where}"
            " group by 1 order by _ml_n desc, _ml_level"
        )
        known = [row for row in counts if row["level"] is not None]
        yield Statistic(part, feature, "rows", sum(row["n"] for row in counts))
        yield Statistic(part, feature, "missing", sum(row["n"] for row in counts if row["level"] is None))
        if size > 1:
            effect = of_levels(rows, f"cast({column} as varchar)", cluster, where)
            yield Statistic(part, feature, "cluster_size", size)
            yield Statistic(part, feature, "design_effect", effect)
        for row in known[:LEVELS]:
            yield Statistic(part, feature, "level", row["n"], level=row["level"])
        if len(known) > LEVELS:
            yield Statistic(part, feature, "other_levels", sum(row["n"] for row in known[LEVELS:]))
