"""Means of values per row with their errors: of rows that stand alone, that weigh, or that come in clusters.

The mean is that of the rows by their weights, m = sum(w x) / sum(w). Its variance is by linearisation, over clusters g:
G / (G - 1) × sum over g of (sum over rows of g of w (x - m))² / sum(w)² (Cochran, Sampling Techniques, 1977, chapter 6;
Liang and Zeger 1986). Without weights and with clusters of one row that is the sample variance over n.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ml_ledger.evaluation.estimates import Estimate, normal, wilson
from ml_ledger.sql_literals import double

Name = TypeVar("Name", bound=Hashable)
Query = Callable[[str], list[dict[str, Any]]]

# What rows are called that weigh, and that belong together.
ROW_WEIGHT, CLUSTER = "_ml_row_weight", "_ml_cluster"


@dataclass(frozen=True)
class Design:
    """How rows stand to each other: whether each has a weight, and whether some are of one cluster."""

    weighted: bool = False
    clustered: bool = False

    @property
    def is_simple(self) -> bool:
        """Whether every row counts as one, and for itself."""
        return not (self.weighted or self.clustered)

    @property
    def weight(self) -> str:
        """SQL of the weight of a row."""
        return ROW_WEIGHT if self.weighted else "1e0"

    @property
    def columns(self) -> list[str]:
        """The columns that say so."""
        return [ROW_WEIGHT] * self.weighted + [CLUSTER] * self.clustered


SIMPLE = Design()


@dataclass(frozen=True)
class Moments:
    """Of n values, None where n is too small.

    weight: of all rows that have a value. mean: by the weights. error: the variance of the mean. spread: the variance
    of the values around it, by their weights (with n, not n - 1). constant: whether all are equal. clusters: how many
    have a value, None where rows stand alone. effective: how many clusters of equal weight would weigh as these do;
    None where rows stand alone and count as one.
    """

    n: int
    weight: float
    mean: float | None
    error: float | None
    spread: float | None
    constant: bool
    clusters: int | None = None
    effective: float | None = None

    def average(self) -> Estimate | None:
        """The mean with a normal interval, over clusters with one of Student's t; None of no values."""
        if self.mean is None:
            return None
        return normal(self.mean, self.error, self.n, clusters=self.clusters)

    def share(self) -> Estimate | None:
        """The mean of values that are 0 or 1, with Wilson's interval of as many rows as it is worth; None of none.

        Rows that weigh or come in clusters are worth p (1 - p) / the variance of p, at most n (Korn and Graubard 1998);
        where all are equal, as many as there are clusters of equal weight.
        """
        if self.mean is None:
            return None
        if self.effective is None:
            return wilson(self.mean, self.n)
        worth = self.effective
        if self.error and 0 < self.mean < 1:
            worth = min(self.mean * (1 - self.mean) / self.error, float(self.n))
        return wilson(self.mean, self.n, worth=worth, clusters=self.clusters)

    def root(self) -> Estimate | None:
        """The root of a mean of squares, with the root of its interval; None of no values."""
        squared = self.average()
        if squared is None:
            return None
        value = math.sqrt(squared.value)
        if squared.ci_low is None or squared.ci_high is None:
            return Estimate(value, None, None, self.n)
        return Estimate(value, math.sqrt(max(squared.ci_low, 0.0)), math.sqrt(squared.ci_high), self.n)


def moments(
    query: Query, source: str, values: Mapping[Name, str], design: Design, *, by: str = "1"
) -> dict[Any, dict[Name, Moments]]:
    """By value of the SQL `by`: the moments of each value, over the rows where it is not NULL.

    query: runs SQL over rows. source: a relation in it, with the columns of the design. values: SQL per row.
    """
    per_row = [f"{by} as _ml_by", *design.columns]
    per_row += [f"{sql} as _ml_x{number}" for number, sql in enumerate(values.values())]
    rows = f"(select {', '.join(per_row)} from {source}) as _ml_per_row"
    if design.is_simple:
        wanted = ", ".join(_simple(number) for number in range(len(values)))
        found = query(f"select _ml_by, {wanted} from {rows} group by _ml_by")
        return {
            row["by"]: {name: _of_simple(row, number) for number, name in enumerate(values)}
            for row in found
            if row["by"] is not None
        }
    wanted = ", ".join(_weighted(number, design.weight) for number in range(len(values)))
    first = {
        row["by"]: row
        for row in query(f"select _ml_by, {wanted} from {rows} group by _ml_by")
        if row["by"] is not None
    }
    if not first:
        return {}
    second = {row["by"]: row for row in query(_deviations(rows, len(values), first, design))}
    return {
        group: {name: _of_weighted(row, second[group], number, design) for number, name in enumerate(values)}
        for group, row in first.items()
    }


def _simple(number: int) -> str:
    x = f"_ml_x{number}"
    return (
        f"count({x}) as _ml_n{number}, avg({x}) as _ml_mean{number}, var_samp({x}) as _ml_variance{number},"
        f" min({x}) as _ml_low{number}, max({x}) as _ml_high{number}"
    )


def _of_simple(row: Mapping[str, Any], number: int) -> Moments:
    n, mean, variance = (row[f"{name}{number}"] for name in ("n", "mean", "variance"))
    constant = n > 0 and row[f"low{number}"] == row[f"high{number}"]
    if constant and n > 1:  # sums of many equal values are not exactly n times the value
        mean, variance = row[f"low{number}"], 0.0
    return Moments(
        n,
        float(n),
        mean,
        None if variance is None else variance / n,
        None if variance is None else variance * (n - 1) / n,
        constant,
    )


def _weighted(number: int, weight: str) -> str:
    x = f"_ml_x{number}"
    return (
        f"count({x}) as _ml_n{number}, sum({weight} * {x}) as _ml_sum{number},"
        f" sum(case when {x} is not null then {weight} end) as _ml_weight{number},"
        f" min({x}) as _ml_low{number}, max({x}) as _ml_high{number}"
    )


def _mean(row: Mapping[str, Any], number: int) -> float | None:
    if not row[f"n{number}"] or not row[f"weight{number}"]:
        return None
    if row[f"low{number}"] == row[f"high{number}"]:
        return float(row[f"low{number}"])
    return float(row[f"sum{number}"] / row[f"weight{number}"])


def _deviations(rows: str, count: int, first: Mapping[Any, Mapping[str, Any]], design: Design) -> str:
    """A query for sums of squares of what each cluster, or row, adds to the deviation from the mean."""
    deviations, sums = [], []
    for number in range(count):
        x, away = f"_ml_x{number}", f"_ml_away{number}"
        means = {group: _mean(row, number) for group, row in first.items()}
        cases = " ".join(
            f"when {_literal(group)} then {double(mean)}" for group, mean in means.items() if mean is not None
        )
        deviations.append(
            f"{x} - case _ml_by {cases} end as {away}" if cases else f"cast(null as double) as {away}"
        )
        total, many = ("sum({})", "sum(case when {1} is not null then {0} end)")
        if not design.clustered:
            total, many = "{}", "case when {1} is not null then {0} end"
        sums += [
            f"{total.format(f'{design.weight} * {away}')} as _ml_d{number}",
            f"{many.format(design.weight, away)} as _ml_b{number}",
            f"{total.format(f'{design.weight} * {away} * {away}')} as _ml_s{number}",
        ]
    group = f" group by _ml_by, {CLUSTER}" if design.clustered else ""
    away = f"(select _ml_by, {', '.join([*design.columns, *deviations])} from {rows}) as _ml_away"
    parts = f"(select _ml_by, {', '.join(sums)} from {away}{group}) as _ml_parts"
    wanted = ", ".join(
        f"count(_ml_d{n}) as _ml_clusters{n}, sum(_ml_d{n} * _ml_d{n}) as _ml_squares{n},"
        f" sum(_ml_b{n} * _ml_b{n}) as _ml_weights{n}, sum(_ml_s{n}) as _ml_spread{n}"
        for n in range(count)
    )
    return f"select _ml_by, {wanted} from {parts} group by _ml_by"


def _of_weighted(first: Mapping[str, Any], second: Mapping[str, Any], number: int, design: Design) -> Moments:
    n, mean = first[f"n{number}"], _mean(first, number)
    constant = n > 0 and first[f"low{number}"] == first[f"high{number}"]
    clusters, weight = second[f"clusters{number}"], first[f"weight{number}"]
    of_clusters = clusters if design.clustered else None
    if mean is None:
        return Moments(n, 0.0, None, None, None, constant, of_clusters, 0.0)
    error = None
    if clusters > 1:
        error = 0.0 if constant else clusters / (clusters - 1) * second[f"squares{number}"] / weight**2
    effective = weight**2 / second[f"weights{number}"]
    return Moments(n, weight, mean, error, second[f"spread{number}"] / weight, constant, of_clusters, effective)


def _literal(group: Any) -> str:
    """A group is a whole number."""
    return str(int(group))
