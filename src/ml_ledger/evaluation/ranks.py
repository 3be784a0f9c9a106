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


def ranking(rows: ScoredRows, *, score: str, label: str = "label") -> Ranking | None:
    """Area under the ROC curve with DeLong's interval, and average precision; None without both classes.

    score: a column, NULL where a row is not scored; label: SQL that is 1 or 0. The area is the mean share of negatives
    that rank below a positive, ties counting half; a row's rank among all minus that within its class counts them. The
    variance is DeLong's (DeLong et al. 1988, by mid-ranks as in Sun and Xu 2014): of that share over positives, and of
    its like over negatives. Average precision is the mean over positives of the share of positives among the rows with
    their score or a higher one, as in scikit-learn.
    """
    found = rows.query(
        f""", labelled as (
            select {score} as score, {label} as label from scored_rows where {score} is not null
        ),

        totals as (
            select count(*) as all_rows, sum(label) as positives from labelled
        ),

        ranked as (
            select
                label,
                rank() over (order by score) - 1 as below,
                count(*) over (order by score) as up_to,
                rank() over (partition by label order by score) - 1 as class_below,
                count(*) over (partition by label order by score) as class_up_to
            from labelled
        ),

        placed as (
            select
                label,
                (below + up_to - class_below - class_up_to) / 2e0
                / case when label = 1 then all_rows - positives else positives end as share_below,
                case when label = 1 then (positives - class_below) / (all_rows - below) end as precision_from_here
            from ranked
            cross join totals
            where positives > 0 and positives < all_rows
        )

        select
            label,
            {Moments.sql("share_below", "share")},
            avg(precision_from_here) as average_precision
        from placed
        group by label
        order by label desc
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
        f""", ranked as (
            select
                {score} as score,
                label,
                floor(
                    5e0 * (rank() over (order by {score}) - 1 + count(*) over (order by {score})) / count(*) over ()
                ) as decile
            from scored_rows
            where {score} is not null
        )

        select decile, {Moments.sql("score", "score")}, {Moments.sql("label", "label")}
        from ranked
        group by decile
        order by decile
        """
    )
    for row in found:
        yield Decile(int(row["decile"]) + 1, Moments.of(row, "score"), Moments.of(row, "label"))
