"""How many rows that stand alone the rows of a column are worth, where clusters of them resemble each other.

The design effect is the variance of a mean over clusters by that over rows that stand alone (Kish, Survey Sampling,
1965): sum over clusters g of (sum over rows of g of x - m)² / sum over rows of (x - m)². Numbers are taken by their
bins, so that no outlier decides; levels by the mean over levels that corrects a chi-square (Rao and Scott 1981).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_ledger.sql_literals import double
from ml_ledger.warehouse import Relation


def cluster_size(rows: Relation, cluster: str, where: str) -> float:
    """The size of the cluster of an average row: sum of squared sizes / rows; 1 where each has one row."""
    (found,) = rows.query(
        f"select sum(_ml_n * _ml_n) / sum(_ml_n) as _ml_size from (select count(*) as _ml_n from {rows.name}"
        f" where {where} group by {cluster}) as _ml_clusters"
    )
    return float(found["size"] or 1.0)


def of_numbers(
    rows: Relation, columns: Sequence[tuple[str, Sequence[float]]], cluster: str, where: str
) -> list[float]:
    """The design effect of each number, and of whether it is missing: the larger of the two.

    columns: SQL of a double, NULL where it is not finite, and the inner edges of its bins.
    """
    read, sums, wanted = [f"{cluster} as _ml_cluster"], ["count(*) as _ml_n"], []
    for j, (sql, edges) in enumerate(columns):
        steps = " + ".join(f"case when {sql} >= {double(edge)} then 1e0 else 0e0 end" for edge in edges) or "0e0"
        read += [
            f"case when {sql} is not null then {steps} end as _ml_x{j}",
            f"case when {sql} is null then 1e0 else 0e0 end as _ml_m{j}",
        ]
        sums += [
            f"coalesce(sum(_ml_x{j}), 0) as _ml_a{j}",
            f"coalesce(sum(_ml_x{j} * _ml_x{j}), 0) as _ml_s{j}",
            f"count(_ml_x{j}) as _ml_b{j}",
            f"sum(_ml_m{j}) as _ml_c{j}",
        ]
        wanted += [f"sum(_ml_{name}{j}) as _ml_{name}{j}" for name in "asbc"]
        wanted += [
            f"sum(_ml_{one}{j} * _ml_{other}{j}) as _ml_{one}{other}{j}"
            for one, other in (("a", "a"), ("a", "b"), ("b", "b"), ("c", "c"))
        ]
        wanted.append(f"sum(_ml_c{j} * _ml_n) as _ml_cn{j}")
    (row,) = rows.query(
        f"select sum(_ml_n) as _ml_n, sum(_ml_n * _ml_n) as _ml_nn, {', '.join(wanted)} from (select {', '.join(sums)}"
        f" from (select {', '.join(read)} from {rows.name} where {where}) as _ml_read group by _ml_cluster) as _ml_sums"
    )
    return [max(_of_bins(row, j), _of_missing(row, j)) for j in range(len(columns))]


def _of_bins(row: Mapping[str, Any], j: int) -> float:
    if not row[f"b{j}"]:
        return 1.0
    mean = row[f"a{j}"] / row[f"b{j}"]
    spread = row[f"s{j}"] - mean * row[f"a{j}"]
    between = row[f"aa{j}"] - 2 * mean * row[f"ab{j}"] + mean**2 * row[f"bb{j}"]
    return _at_least_one(between, spread)


def _of_missing(row: Mapping[str, Any], j: int) -> float:
    share = row[f"c{j}"] / row["n"]
    between = row[f"cc{j}"] - 2 * share * row[f"cn{j}"] + share**2 * row["nn"]
    return _at_least_one(between, row["n"] * share * (1 - share))


def of_levels(rows: Relation, level: str, cluster: str, where: str) -> float:
    """The design effect of a category. level: SQL of its text; NULL counts as a level."""
    found = rows.query(
        "select sum(_ml_n) as _ml_n, sum(_ml_n * _ml_n) as _ml_squares, sum(_ml_n * _ml_of_cluster) as _ml_products"
        " from (select _ml_level, _ml_n, sum(_ml_n) over (partition by _ml_cluster) as _ml_of_cluster from"
        f" (select {cluster} as _ml_cluster, {level} as _ml_level, count(*) as _ml_n from {rows.name} where {where}"
        " group by 1, 2) as _ml_counted) as _ml_placed group by _ml_level"
    )
    total = sum(float(row["n"]) for row in found)
    if len(found) < 2:
        return 1.0
    # Over all levels, the products add up to the squared sizes of the clusters.
    sizes = sum(float(row["products"]) for row in found)
    effects = 0.0
    for row in found:
        share = float(row["n"]) / total
        between = float(row["squares"]) - 2 * share * float(row["products"]) + share**2 * sizes
        effects += between / (total * share)
    return max(1.0, effects / (len(found) - 1))


@dataclass(frozen=True)
class Resemblance:
    """How alike the rows of a cluster were among training rows: the design effect of clusters of a size."""

    effect: float
    size: float

    @classmethod
    def of_labels(cls, stored: str | None) -> Resemblance:
        """Of the labels, by the statistics that a version keeps; as alike as can be where it keeps none."""
        kept = {
            row["statistic"]: row["value"]
            for row in json.loads(stored or "[]")
            if row["part"] == "label" and row["statistic"] in ("cluster_size", "design_effect")
        }
        return cls(kept.get("design_effect", 1.0), kept.get("cluster_size", 1.0))

    def at(self, size: float) -> float:
        """The design effect of clusters of another size."""
        return at_size(self.effect, self.size, size)


def at_size(effect: float, size: float, other_size: float) -> float:
    """The design effect of clusters of another size, of rows that resemble each other as much (Kish 1965).

    effect: of clusters of a size. Where these had one row each, nothing says how alike rows are: as alike as can be.
    """
    alike = (effect - 1) / (size - 1) if size > 1 else 1.0
    return 1 + (other_size - 1) * min(max(alike, 0.0), 1.0)


def _at_least_one(between: float, spread: float) -> float:
    """Of rows that differ more within clusters than between them, chance is the likelier reason."""
    return max(1.0, float(between) / float(spread)) if spread > 0 else 1.0
