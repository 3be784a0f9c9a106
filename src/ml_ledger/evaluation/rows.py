"""A scored dataset as a relation, and the means of values per row: one query for as many as are asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ml_ledger.evaluation.moments import CLUSTER, ROW_WEIGHT, SIMPLE, Design, Moments, Name, moments
from ml_ledger.sql_literals import double
from ml_ledger.warehouse import Relation

SMALLEST_PROBABILITY = sys.float_info.epsilon  # where scikit-learn clips for log loss, too


@dataclass(frozen=True)
class ScoredRows:
    """One row per row of a dataset: `_ml_label`, and the outputs `_ml_s<scorer>_<output>` of each scorer, all doubles.

    source: the query over the relation that makes these columns, and any that were derived from them. design: whether
    they have a weight, `_ml_row_weight`, and whether some are of one cluster, `_ml_cluster`.
    """

    relation: Relation
    scorers: Sequence[str]
    source: str
    design: Design = SIMPLE

    @classmethod
    def of(
        cls,
        relation: Relation,
        scorers: Sequence[str],
        *,
        outputs: int = 1,
        required: int | None = None,
        labelled: bool = True,
        others: Sequence[str] = (),
    ) -> ScoredRows:
        """Take the label, unless labelled is false, `outputs` columns per scorer, and others from a relation.

        All outputs of a scorer become NULL where one of its `required` first ones (default: all) is NULL, NaN or
        infinite: it does not score that row. Weights and clusters are those of the relation, where it has them and they
        say anything: weights that differ, clusters of several rows. Rows of weight 0 do not count.
        """
        design = design_of(relation)
        size = {
            scorer: " + ".join(f"abs(_ml_s{scorer}_{output})" for output in range(outputs)[:required])
            for scorer in range(len(scorers))
        }
        flags = "".join(f", {_finite(sizes)} as _ml_is_scored{scorer}" for scorer, sizes in size.items())
        columns = [*(["_ml_label"] if labelled else []), *design.columns, *others]
        for scorer in size:
            for output in range(outputs):
                score = f"_ml_s{scorer}_{output}"
                finite = f"_ml_is_scored{scorer} and {_finite(f'abs({score})')}"
                columns.append(f"case when {finite} then {score} end as {score}")
        counted = f" where {ROW_WEIGHT} > 0" if design.weighted else ""
        source = f"select {', '.join(columns)} from (select *{flags} from {relation.name}{counted}) as _ml_flagged"
        return cls(relation, scorers, source, design)

    def with_columns(self, columns: Mapping[str, str]) -> ScoredRows:
        """The same rows with more columns: SQL by name, over the columns so far."""
        added = "".join(f", {sql} as {name}" for name, sql in columns.items())
        return replace(self, source=f"select *{added} from ({self.source}) as _ml_given")

    def query(self, select: str) -> list[dict[str, Any]]:
        """Rows of a query over `_ml_scored_rows`; it may begin with further expressions, after a comma."""
        return self.relation.query(f"with _ml_scored_rows as ({self.source}) {select}")

    def moments(self, values: Mapping[Name, str]) -> dict[Name, Moments]:
        """The moments of each value, which is SQL per row, over the rows where it is not NULL."""
        found = moments(self.query, "_ml_scored_rows", values, self.design)
        none = Moments(0, 0.0, None, None, None, False)
        return found.get(1) or dict.fromkeys(values, none)


def design_of(relation: Relation) -> Design:
    """Whether the rows of a relation weigh differently, and whether some are of one cluster."""
    has_weight, has_cluster = ROW_WEIGHT in relation.types, CLUSTER in relation.types
    if not (has_weight or has_cluster):
        return SIMPLE
    weight = ROW_WEIGHT if has_weight else "1e0"
    cluster = CLUSTER if has_cluster else "1"
    (found,) = relation.query(
        f"select count(*) as _ml_n, count(distinct {cluster}) as _ml_clusters, min({weight}) as _ml_low,"
        f" max({weight}) as _ml_high from {relation.name}"
    )
    return Design(
        weighted=has_weight and bool(found["n"]) and found["low"] != found["high"],
        clustered=has_cluster and found["clusters"] < found["n"],
    )


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
