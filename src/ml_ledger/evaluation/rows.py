"""A scored dataset as a relation, and the means of values per row: one query for as many as are asked for."""

from __future__ import annotations

import math
import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ml_ledger.evaluation.estimates import Estimate, normal, wilson
from ml_ledger.terms.base import double
from ml_ledger.warehouse import Relation

Name = TypeVar("Name", bound=Hashable)

SMALLEST_PROBABILITY = sys.float_info.epsilon  # where scikit-learn clips for log loss, too


@dataclass(frozen=True)
class Moments:
    """n values' mean and sample variance, None where n is too small. constant: whether all are equal."""

    n: int
    mean: float | None
    variance: float | None
    constant: bool

    @staticmethod
    def sql(value: str, prefix: str) -> str:
        """The aggregates that `of` reads; rows where the value is NULL do not count."""
        return (
            f"count({value}) as _ml_{prefix}_n, avg({value}) as _ml_{prefix}_mean, var_samp({value}) as"
            f" _ml_{prefix}_variance,"
            f" min({value}) as _ml_{prefix}_min, max({value}) as _ml_{prefix}_max"
        )

    @classmethod
    def of(cls, row: Mapping[str, Any], prefix: str) -> Moments:
        """Read them from the row of a query."""
        n, mean, variance, low, high = (
            row[f"{prefix}_{name}"] for name in ("n", "mean", "variance", "min", "max")
        )
        constant = n > 0 and low == high
        if constant and n > 1:  # sums of many equal values are not exactly n times the value
            mean, variance = low, 0.0
        return cls(n, mean, variance, constant)

    def average(self) -> Estimate | None:
        """The mean with a normal interval; None of no values."""
        if self.mean is None:
            return None
        return normal(self.mean, None if self.variance is None else self.variance / self.n, self.n)

    def share(self) -> Estimate | None:
        """The mean of values that are 0 or 1, with Wilson's interval; None of no values."""
        return None if self.mean is None else wilson(self.mean, self.n)

    def root(self) -> Estimate | None:
        """The root of a mean of squares, with the root of its interval; None of no values."""
        squared = self.average()
        if squared is None:
            return None
        value = math.sqrt(squared.value)
        if squared.ci_low is None or squared.ci_high is None:
            return Estimate(value, None, None, self.n)
        return Estimate(value, math.sqrt(max(squared.ci_low, 0.0)), math.sqrt(squared.ci_high), self.n)


@dataclass(frozen=True)
class ScoredRows:
    """One row per row of a dataset: `_ml_label`, and the outputs `_ml_s<scorer>_<output>` of each scorer, all doubles.

    source: the query over the relation that makes these columns, and any that were derived from them.
    """

    relation: Relation
    scorers: Sequence[str]
    source: str

    @classmethod
    def of(
        cls,
        relation: Relation,
        scorers: Sequence[str],
        *,
        outputs: int = 1,
        required: int | None = None,
        labelled: bool = True,
    ) -> ScoredRows:
        """Take the label, unless labelled is false, and `outputs` columns per scorer from a relation.

        All outputs of a scorer become NULL where one of its `required` first ones (default: all) is NULL, NaN or
        infinite: it does not score that row.
        """
        size = {
            scorer: " + ".join(f"abs(_ml_s{scorer}_{output})" for output in range(outputs)[:required])
            for scorer in range(len(scorers))
        }
        flags = "".join(f", {_finite(sizes)} as _ml_is_scored{scorer}" for scorer, sizes in size.items())
        columns = ["_ml_label"] if labelled else []
        for scorer in size:
            for output in range(outputs):
                score = f"_ml_s{scorer}_{output}"
                finite = f"_ml_is_scored{scorer} and {_finite(f'abs({score})')}"
                columns.append(f"case when {finite} then {score} end as {score}")
        source = f"select {', '.join(columns)} from (select *{flags} from {relation.name}) as _ml_flagged"
        return cls(relation, scorers, source)

    def with_columns(self, columns: Mapping[str, str]) -> ScoredRows:
        """The same rows with more columns: SQL by name, over the columns so far."""
        added = "".join(f", {sql} as {name}" for name, sql in columns.items())
        return replace(self, source=f"select *{added} from ({self.source}) as _ml_given")

    def query(self, select: str) -> list[dict[str, Any]]:
        """Rows of a query over `_ml_scored_rows`."""
        return self.relation.query(f"with _ml_scored_rows as ({self.source}) {select}")

    def moments(self, values: Mapping[Name, str]) -> dict[Name, Moments]:
        """The moments of each value, which is SQL per row, over the rows where it is not NULL. One query."""
        per_row = ", ".join(f"{sql} as _ml_x{number}" for number, sql in enumerate(values.values()))
        aggregates = ", ".join(Moments.sql(f"_ml_x{number}", f"x{number}") for number in range(len(values)))
        (row,) = self.query(
            f", _ml_per_row as (select {per_row} from _ml_scored_rows) select {aggregates} from _ml_per_row"
        )
        return {name: Moments.of(row, f"x{number}") for number, name in enumerate(values)}


def is_scored(score: str) -> str:
    """SQL: 1 where a row is scored, 0 where it is not."""
    return f"case when {score} is not null then 1e0 else 0e0 end"


def is_earlier_version(scorer: str) -> bool:
    """Whether a scorer is an earlier version, which has its own rows by decile and is what scores shift from."""
    return scorer.startswith("version:")


def negative_log(probability: str) -> str:
    """SQL: minus the logarithm of a probability, in nats, clipped as scikit-learn does; NULL of NULL."""
    low, high = double(SMALLEST_PROBABILITY), double(1 - SMALLEST_PROBABILITY)
    # greatest and least would make a number of NULL
    return (
        f"-ln(case when {probability} < {low} then {low} when {probability} > {high} then {high}"
        f" else {probability} end)"
    )


def _finite(size: str) -> str:
    return f"{size} <= {double(sys.float_info.max)}"
