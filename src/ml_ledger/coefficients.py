"""A model version as rows: each row says when it applies and what it then adds to the link score.

Theory, in one sentence: a version's link score is the sum over its terms of the one row per term that matches,
each contributing `value + slope * x`; a term without a matching row leaves the entity unscored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

AppliesTo = Literal["intercept", "value", "level", "missing", "unknown"]


@dataclass(frozen=True)
class Coefficient:
    """One row of a version.

    output: which output of the ML model the row adds to ('score' where there is one).
    term: 0 for the intercept, then one number per feature.
    applies_to: 'intercept' always; 'value' where the feature is a finite number, within the row's bounds; 'level'
        where the feature, as text, is the row's level; 'missing' where it is NULL; 'unknown' where it is another level.
    level: a category, as text.
    lower, upper: the row applies to lower <= x < upper; None is unbounded.
    slope: link units per unit of the raw feature, or of its transform; None is 0.
    transform: 'log1p' where the slope is per unit of log(1 + x); None where it is per unit of x.
    value: link units added as they are; None is 0.
    std_error: of the slope (or of the value where there is no slope), where the family has one. Weights count as
        frequencies, and what terms learned (edges, levels, means that fill NULL) as given.
    statistic: slope or value / std_error. p_value: two-sided, of a slope or value of 0: by Student's t for family
        linear, by the normal distribution for logistic.
    reference: the term's mean contribution over the training rows, in link units, on each row of the term.
    """

    output: str
    term: int
    feature: str | None
    applies_to: AppliesTo
    level: str | None = None
    lower: float | None = None
    upper: float | None = None
    slope: float | None = None
    transform: Literal["log1p"] | None = None
    value: float | None = None
    std_error: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    reference: float = 0.0


def to_json(coefficients: Iterable[Coefficient]) -> str:
    """The rows as a JSON array; doubles are written with the shortest text that reads back bit for bit."""
    return json.dumps([asdict(row) for row in coefficients], allow_nan=False, ensure_ascii=False)
