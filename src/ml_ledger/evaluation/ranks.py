"""Metrics that need the rows in order of a score: one query per scorer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ml_ledger.evaluation.estimates import Estimate, normal, without_interval
from ml_ledger.evaluation.rows import Moments, ScoredRows


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
    that rank below a positive, ties counting half; a row's rank among all minus that within its class counts them. The
    variance is DeLong's (DeLong et al. 1988, by mid-ranks as in Sun and Xu 2014): of that share over positives, and of
    its like over negatives. Average precision is the mean over positives of the share of positives among the rows with
    their score or a higher one, as in scikit-learn.
    """
    found = rows.query(
        f""", _ml_labelled as (
            select {score} as _ml_score, {label} as _ml_label from _ml_scored_rows where {score} is not null
        ),

        _ml_totals as (
            select count(*) as _ml_all_rows, sum(_ml_label) as _ml_positives from _ml_labelled
        ),

        _ml_ranked as (
            select
                _ml_label,
                rank() over (order by _ml_score) - 1 as _ml_below,
                count(*) over (order by _ml_score) as _ml_up_to,
                rank() over (partition by _ml_label order by _ml_score) - 1 as _ml_class_below,
                count(*) over (partition by _ml_label order by _ml_score) as _ml_class_up_to
            from _ml_labelled
        ),

        _ml_placed as (
            select
                _ml_label,
                (_ml_below + _ml_up_to - _ml_class_below - _ml_class_up_to) / 2e0
                / case when _ml_label = 1 then _ml_all_rows - _ml_positives else _ml_positives end as _ml_share_below,
                case when _ml_label = 1 then (_ml_positives - _ml_class_below) / (_ml_all_rows - _ml_below) end
                    as _ml_precision_from_here
            from _ml_ranked
            cross join _ml_totals
            where _ml_positives > 0 and _ml_positives < _ml_all_rows
        )

        select
            _ml_label,
            {Moments.sql("_ml_share_below", "share")},
            avg(_ml_precision_from_here) as _ml_average_precision
        from _ml_placed
        group by _ml_label
        order by _ml_label desc
        """
    )
    if not found:
        return None
    positives, negatives = (Moments.of(row, "share") for row in found)
    n = positives.n + negatives.n
    variance = None
    if positives.variance is not None and negatives.variance is not None:
        variance = positives.variance / positives.n + negatives.variance / negatives.n
    area = normal(found[0]["share_mean"], variance, n)
    if area.ci_low is not None and area.ci_high is not None:
        area = replace(area, ci_low=max(0.0, area.ci_low), ci_high=min(1.0, area.ci_high))
    return Ranking(area, without_interval(found[0]["average_precision"], n))


def deciles(rows: ScoredRows, *, score: str) -> Iterator[Decile]:
    """Ten parts of equal size in order of the score, with the moments of score and label in each.

    Equal scores are in the same part: that in which the middle of them falls. With many ties the parts differ in size
    and some are empty; those are left out.
    """
    # the middle rank is (rows below + rows up to here) / 2
    found = rows.query(
        f""", _ml_ranked as (
            select
                {score} as _ml_score,
                _ml_label,
                floor(
                    5e0 * (rank() over (order by {score}) - 1 + count(*) over (order by {score})) / count(*) over ()
                ) as _ml_decile
            from _ml_scored_rows
            where {score} is not null
        )

        select _ml_decile, {Moments.sql("_ml_score", "score")}, {Moments.sql("_ml_label", "label")}
        from _ml_ranked
        group by _ml_decile
        order by _ml_decile
        """
    )
    for row in found:
        yield Decile(int(row["decile"]) + 1, Moments.of(row, "score"), Moments.of(row, "label"))
