"""Metrics that need the rows in order of a score: a query or two per scorer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ml_ledger.evaluation.estimates import Estimate, normal, without_interval
from ml_ledger.evaluation.moments import CLUSTER, Design, Moments, moments
from ml_ledger.evaluation.rows import ScoredRows


@dataclass(frozen=True)
class Ranking:
    """How a score ranks positives above negatives."""

    roc_auc: Estimate
    average_precision: Estimate


@dataclass(frozen=True)
class Decile:
    """The rows of one tenth of the dataset by score; 1 holds the lowest scores."""

    number: int
    score: Moments
    label: Moments


def ranking(rows: ScoredRows, *, score: str, label: str = "_ml_label") -> Ranking | None:
    """Area under the ROC curve with DeLong's interval, and average precision; None without both classes.

    score: a column, NULL where a row is not scored; label: SQL that is 1 or 0. The area is the mean share of negatives
    that rank below a positive, ties counting half; what weighs up to a row among all, less that within its class, says
    how much. Its variance is DeLong's (DeLong et al. 1988, by mid-ranks as in Sun and Xu 2014): each row adds
    weight × (its share - the area) / the weight of its class, the share of a negative being that of positives above it.
    What the rows of a cluster add is added up before it is squared (Obuchowski 1997). Average precision is the mean
    over positives of the share of positives among the rows with their score or a higher one, as in scikit-learn.
    """
    design = rows.design
    others = "".join(f", {column}" for column in design.columns)
    found = rows.query(
        f""", _ml_labelled as (
            select {score} as _ml_score, {label} as _ml_label{others} from _ml_scored_rows where {score} is not null
        ),

        _ml_totals as (
            select
                sum({design.weight}) as _ml_all,
                sum({design.weight} * _ml_label) as _ml_positives
            from _ml_labelled
        ),

        _ml_ranked as (
            select _ml_label{others}, {_ranks(design)} from _ml_labelled
        ),

        _ml_placed as (
            select
                _ml_label{others},
                {design.weight} / case when _ml_label = 1 then _ml_positives else _ml_all - _ml_positives end
                    as _ml_part,
                abs(
                    (1 - _ml_label) - (_ml_below + _ml_up_to - _ml_class_below - _ml_class_up_to) / 2e0
                    / case when _ml_label = 1 then _ml_all - _ml_positives else _ml_positives end
                ) as _ml_share,
                case when _ml_label = 1 then (_ml_positives - _ml_class_below) / (_ml_all - _ml_below) end
                    as _ml_precision_from_here
            from _ml_ranked
            cross join _ml_totals
            where _ml_positives > 0 and _ml_positives < _ml_all
        ),

        _ml_areas as (
            select
                sum({design.weight} * _ml_share) / sum({design.weight}) as _ml_area,
                sum({design.weight} * _ml_precision_from_here) / sum({design.weight}) as _ml_average_precision
            from _ml_placed
            where _ml_label = 1
        ),

        _ml_added as (
            select _ml_label{others}, _ml_part * (_ml_share - _ml_area) as _ml_adds
            from _ml_placed
            cross join _ml_areas
        ),

        _ml_summed as (
            {_squares(design)}
        )

        select * from _ml_summed cross join _ml_areas where _ml_area is not null
        """
    )
    if not found:
        return None
    (row,) = found
    n, clusters = row["n"], None
    if design.clustered:
        clusters = row["clusters"]
        variance = clusters / (clusters - 1) * row["squares"] if clusters > 1 else None
    else:
        variance = None
        if min(row["positives"], row["negatives"]) > 1:
            variance = sum(row[of] / (row[of] - 1) * row[f"squares_of_{of}"] for of in ("positives", "negatives"))
    area = normal(row["area"], variance, n, clusters=clusters)
    if area.ci_low is not None and area.ci_high is not None:
        area = replace(area, ci_low=max(0.0, area.ci_low), ci_high=min(1.0, area.ci_high))
    return Ranking(area, without_interval(row["average_precision"], n))


def _ranks(design: Design) -> str:
    """SQL of what weighs below a row's score and up to it, among all rows and among those of its class."""
    if not design.weighted:
        return (
            "rank() over (order by _ml_score) - 1 as _ml_below, count(*) over (order by _ml_score) as _ml_up_to,"
            " rank() over (partition by _ml_label order by _ml_score) - 1 as _ml_class_below,"
            " count(*) over (partition by _ml_label order by _ml_score) as _ml_class_up_to"
        )
    weight, of_class = design.weight, "partition by _ml_label"
    # Not the sum up to a row less that of its ties: what rounding leaves of it would be a rank.
    before = "order by _ml_score groups between unbounded preceding and 1 preceding"
    return (
        f"coalesce(sum({weight}) over ({before}), 0) as _ml_below,"
        f" sum({weight}) over (order by _ml_score) as _ml_up_to,"
        f" coalesce(sum({weight}) over ({of_class} {before}), 0) as _ml_class_below,"
        f" sum({weight}) over ({of_class} order by _ml_score) as _ml_class_up_to"
    )


def _squares(design: Design) -> str:
    """A select of how many rows there are, and of the squares of what rows, or clusters of them, add to the area."""
    if design.clustered:
        return (
            "select sum(_ml_rows) as _ml_n, count(*) as _ml_clusters, sum(_ml_sum * _ml_sum) as _ml_squares from"
            f" (select {CLUSTER}, count(*) as _ml_rows, sum(_ml_adds) as _ml_sum from _ml_added group by {CLUSTER})"
            " as _ml_clusters"
        )
    return (
        "select count(*) as _ml_n, count_if(_ml_label = 1) as _ml_positives, count_if(_ml_label = 0) as _ml_negatives,"
        " sum(case when _ml_label = 1 then _ml_adds * _ml_adds end) as _ml_squares_of_positives,"
        " sum(case when _ml_label = 0 then _ml_adds * _ml_adds end) as _ml_squares_of_negatives from _ml_added"
    )


def deciles(rows: ScoredRows, *, score: str) -> Iterator[Decile]:
    """Ten parts of equal size in order of the score, with the moments of score and label in each.

    Equal scores are in the same part: that in which the middle of them falls. With many ties the parts differ in size
    and some are empty; those are left out. Rows that weigh count by their weight.
    """
    design = rows.design
    others = "".join(f", {column}" for column in design.columns)
    weight = design.weight
    up_to, below = f"count(*) over (order by {score})", f"rank() over (order by {score}) - 1"
    if design.weighted:
        up_to = f"sum({weight}) over (order by {score})"
        below = f"{up_to} - sum({weight}) over (partition by {score})"
    # the middle rank is (rows below + rows up to here) / 2
    ranked = f""", _ml_ranked as (
            select
                {score} as _ml_score,
                _ml_label{others},
                least(9, floor(5e0 * ({below} + {up_to}) / sum({weight}) over ())) as _ml_decile
            from _ml_scored_rows
            where {score} is not null
        )
        """
    values = {"score": "_ml_score", "label": "_ml_label"}
    found = moments(lambda sql: rows.query(ranked + sql), "_ml_ranked", values, design, by="_ml_decile")
    for number, of_decile in sorted(found.items()):
        yield Decile(int(number) + 1, of_decile["score"], of_decile["label"])
