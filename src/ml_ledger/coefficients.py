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

__all__ = ["Coefficient", "Node"]

AppliesTo = Literal["intercept", "value", "level", "missing", "unknown", "link", "expression"]

# The output of rows that calibrate the link score of the others: link units in, link units out.
CALIBRATION = "calibration"
DatePart = Literal["weekday", "month", "quarter", "day", "hour", "year"]
Transform = Literal["log", "log1p", "squared", "squared_log1p"] | DatePart


# What the sum of an output is turned into a score by.
Link = Literal["logit", "identity", "log", "softmax", "shares", "distance"]


@dataclass(frozen=True)
class Coefficient:
    """One row of a model version: when it applies, and what it then adds to the link score.

    Parameters
    ----------
    output : str
        Output of the ML model that the row adds to: `score` where there is one, else the class or cluster;
        `calibration` for rows that calibrate the link score of the others, from link units to link units.
    term : int
        0 for the intercept, then one number per feature, per part of a date, and per pair of features.
    feature : str or None
        Column that is read; None for the intercept.
    applies_to : {'intercept', 'value', 'level', 'missing', 'unknown', 'link', 'expression'}
        When the row applies. `intercept`: always. `value`: the feature is a finite number within the bounds of the
        row. `level`: the feature, as text, equals `level`. `missing`: the feature is NULL. `unknown`: it is a level
        without a row. `link`: the link score, in place of a feature, lies within the bounds. `expression`: the
        value of `expression` is a finite number within the bounds.
    level : str, optional
        Category, as text.
    lower, upper : float, optional
        The row applies where lower <= x < upper, in units of the raw feature; None is unbounded.
    slope : float, optional
        Link units per unit of the raw feature, or of its transform; None is 0.
    transform : str, optional
        `log`: the slope is per unit of log(x). `log1p`: of log(1 + x). `squared`: the contribution is
        (value + slope * x)^2, one coordinate of a squared distance. `squared_log1p`: both. A part of a date
        (`weekday`, 1 for Monday to 7; `month`, `quarter`, `day`, `hour`, `year`): levels are those of the part, on
        the rows for missing and unknown values too.
    value : float, optional
        Link units added as they are; None is 0.
    std_error : float, optional
        Standard error of the slope, or of the value where there is no slope. What the terms learned (edges, levels,
        means that fill NULL) counts as given.
    statistic : float, optional
        Slope or value divided by `std_error`.
    p_value : float, optional
        Two-sided, of the hypothesis that the slope or value is 0: by Student's t for family `linear`, by the normal
        distribution for others.
    ci_low, ci_high : float, optional
        95 % confidence interval, by the same distribution.
    reference : float, default 0.0
        Mean contribution of the term over the training rows, in link units; the same on each row of the term.
    points : float, optional
        Points that the row adds to a scorecard; None for other families.
    expression : str, optional
        Rule in SQL of the DuckDB dialect, over columns named as the features; None for other rows.
    other_feature : str, optional
        Second feature of a pair: the row then applies where the `other_` fields hold for it as well. None, as all of
        them are, for a single feature.
    other_applies_to, other_level, other_lower, other_upper : optional
        For the second feature what the fields without the prefix are for the first.

    Notes
    -----
    The link score of an output is the sum of the contributions of its terms, each from the one row that applies:

        contribution = value + slope * x

    with x, log(x) or log(1 + x), by `transform`, plus the value of the leaf that each tree leads to. An entity for
    which a term has no row that applies is not scored.

    Examples
    --------
    >>> from ml_ledger.families import Coefficient
    >>> Coefficient("score", 1, "recency_days", "value", lower=0.0, slope=-0.00658).name
    'recency_days'
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
        """Name of the row's term: its feature, or both features of a pair.

        Returns
        -------
        str or None
            For example `age` or `age × plan`; None for the intercept.
        """
        return self.feature if self.other_feature is None else pair_name(str(self.feature), self.other_feature)


def pair_name(one: str, other: str) -> str:
    """What the term of a pair of features is called."""
    return f"{one} × {other}"


@dataclass(frozen=True)
class Node:
    """One node of one tree of a model version.

    Parameters
    ----------
    output : str
        Output whose link score the tree adds to.
    tree : int
        Number of the tree, from 1, over all outputs.
    node : int
        Leaves are numbered from 1 up, splits from -1 down.
    depth : int
        0 at the root.
    value : float
        In link units, relative to the root: what the tree adds (leaf), or adds on average over the training rows that
        pass (split); 0 at the root.
    feature : str, optional
        Column that a split reads; None on leaves, as is everything below.
    threshold : float, optional
        A number goes left where x <= threshold, in units of the feature. At the largest double every number goes
        left, and only NULL goes right.
    levels : tuple of str, optional
        Categories that go `levels_go`; all others go the other way.
    levels_go : {'left', 'right'}, optional
        Where `levels` go.
    missing_goes : {'left', 'right'}, optional
        Where NULL goes.
    transform : {'weekday', 'month', 'quarter', 'day', 'hour', 'year'}, optional
        Part of a date that is the category; None where the feature itself is.
    left, right : int, optional
        Nodes that follow.
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
