"""A model version as rows: each row says when it applies and what it then adds to the link score.

Theory, in one sentence: an output's link score is the sum over its terms of the one row per term that matches, each
contributing `value + slope * x`, and of the leaf that each of its trees leads to; a term without a matching row
leaves the entity unscored.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from ml_ledger.errors import Problem, TrainingSetError, raise_if_any
from ml_ledger.finite_json import finite_json

AppliesTo = Literal["intercept", "value", "level", "missing", "unknown", "link", "expression"]

# The output of rows that calibrate the link score of the others: link units in, link units out.
CALIBRATION = "calibration"
DatePart = Literal["weekday", "month", "quarter", "day", "hour", "year"]
Transform = Literal["log", "log1p", "squared", "squared_log1p"] | DatePart


# What the sum of an output is turned into a score by.
Link = Literal["logit", "identity", "log", "softmax", "shares", "distance"]


@dataclass(frozen=True)
class Coefficient:
    """One row of a version.

    output: which output of the ML model the row adds to ('score' where there is one; else the class or cluster).
    term: 0 for the intercept, then one number per feature, per part of a date, and per pair of features.
    applies_to: 'intercept' always; 'value' where the feature is a finite number, within the row's bounds; 'level'
        where the feature, as text, is the row's level; 'missing' where it is NULL; 'unknown' where it is another level;
        'link' where the link score, in place of a feature, is within the bounds (output 'calibration'); 'expression'
        where what a rule's expression gives, in place of a feature, is a finite number within the bounds.
    level: a category, as text.
    lower, upper: the row applies to lower <= x < upper; None is unbounded.
    slope: link units per unit of the raw feature, or of its transform; None is 0.
    transform: 'log' where the slope is per unit of log(x), 'log1p' of log(1 + x); 'squared' where the contribution is
        the square of value + slope * x (a coordinate of a squared distance); 'squared_log1p' for both; where levels are
        those of a part of a date, the part, on the term's rows for missing and unknown too ('weekday' is 1 for Monday
        to 7); None
        for neither.
    value: link units added as they are; None is 0.
    std_error: of the slope (or of the value where there is no slope), where the family has one. What terms learned
        (edges, levels, means that fill NULL) counts as given.
    statistic: slope or value / std_error. p_value: two-sided, of a slope or value of 0; ci_low, ci_high: its 95 %
        interval: by Student's t for family linear, by the normal distribution for others.
    reference: the term's mean contribution over the training rows, in link units, on each row of the term.
    points: what the row adds to the points of a scorecard; None for other families.
    expression: a rule: SQL in the DuckDB dialect, over columns with the names of the features; None for other rows.
    other_feature: the second feature of a pair, whose row applies where the `other_` fields hold for it as well; they
        mean for it what their namesakes mean for the first. None, as they all are, for a single feature.
    """

    output: str
    term: int
    feature: str | None
    applies_to: AppliesTo
    level: str | None = None
    lower: float | None = None
    upper: float | None = None
    slope: float | None = None
    transform: Transform | None = None
    value: float | None = None
    std_error: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    reference: float = 0.0
    points: float | None = None
    expression: str | None = None
    other_feature: str | None = None
    other_applies_to: AppliesTo | None = None
    other_level: str | None = None
    other_lower: float | None = None
    other_upper: float | None = None

    @property
    def name(self) -> str | None:
        """What the row's term is called: its feature, or both of a pair."""
        return self.feature if self.other_feature is None else pair_name(str(self.feature), self.other_feature)


def pair_name(one: str, other: str) -> str:
    """What the term of a pair of features is called."""
    return f"{one} × {other}"


@dataclass(frozen=True)
class Node:
    """One node of one tree of a version.

    output: which output's link score the tree adds to. tree: from 1, over all outputs.
    node: leaves are numbered from 1, splits from -1 downwards; depth: of the root 0.
    value: in link units, against the root: what the tree adds (a leaf), or adds on average over the training rows that
        pass (a split); 0 at the root.
    feature: what a split looks at; None on leaves, as everything that follows.
    threshold: a number goes left where x <= threshold; all do where it is the largest double: only a NULL goes right.
    transform: the part of a date that is the category; None where the feature itself is.
    levels, levels_go: these categories, as text, go this way ('left' or 'right'), all others the other way.
    missing_goes: where a NULL goes.
    left, right: the nodes that follow.
    """

    output: str
    tree: int
    node: int
    depth: int
    value: float
    feature: str | None = None
    threshold: float | None = None
    levels: tuple[str, ...] | None = None
    levels_go: Literal["left", "right"] | None = None
    missing_goes: Literal["left", "right"] | None = None
    transform: DatePart | None = None
    left: int | None = None
    right: int | None = None


def require_finite(rows: Iterable[Coefficient]) -> None:
    """Raise TrainingSetError naming every feature with a coefficient that is infinite or NaN, or return.

    A contribution beyond the largest double comes of bounds or values that no quantity has.
    """
    problems: dict[str, Problem] = {}
    for row in rows:
        for field in ("slope", "value", "reference", "lower", "upper", "points"):
            number = getattr(row, field)
            if number is not None and not math.isfinite(number):
                name = row.name or row.applies_to
                problems[name] = Problem(
                    f"features.{name}",
                    "has a coefficient that is no finite number",
                    f"{field} = {number} where {row.lower if row.lower is not None else '-inf'} <= x <"
                    f" {row.upper if row.upper is not None else 'inf'}",
                    fix="declare bounds that the feature may really reach, or another unit in the feature model",
                )
    raise_if_any(list(problems.values()), TrainingSetError, "The fit cannot be kept as rows")


def to_json(rows: Iterable[Coefficient | Node]) -> str:
    """The rows as a JSON array; doubles are written with the shortest text that reads back bit for bit.

    Raises VersionError naming the feature of a row that holds infinity or NaN.
    """
    return finite_json([asdict(row) for row in rows], what="a row of the version")
