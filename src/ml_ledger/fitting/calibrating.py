"""Calibrate a version: a function from its link score to the log-odds that were observed, kept as rows.

Learned out of fold: each of the last as-of dates is scored by a fit on those before it (the folds of
cross-validation), so that the scores are as far off as those of new rows will be. Class weights do not count here:
calibrated probabilities are those of the classes as they occur. No calibration changes the order of link scores, and
none makes a probability of 0 or 1 of few rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq
from scipy.special import softmax

from ml_ledger.coefficients import CALIBRATION, Coefficient
from ml_ledger.declaration import AlgorithmSpec, MLModelSpec
from ml_ledger.errors import VersionError
from ml_ledger.fitting.fitting import Fitted
from ml_ledger.fitting.out_of_fold import out_of_fold
from ml_ledger.scoring.compile import compile_scoring
from ml_ledger.solvers.newton import minimise
from ml_ledger.solvers.objectives import LOGISTIC
from ml_ledger.solvers.training_rows import TrainingRows
from ml_ledger.sql_literals import double
from ml_ledger.warehouse import Relation

# Isotonic regression starts from this many quantiles of the link score at most.
QUANTILES = 1000
# How far a step leans to either side: a part of the log-odds to its neighbours, and at most of 1. No probability is
# then further than a quarter of this from that of the step.
LEAN = 0.005
# A target of Platt's this close to 0 or 1 is no nearer, however many rows there are.
NEAREST_TARGET = 1e-6
# No temperature is further from 1 than by this factor.
MOST = 1e6


def calibrated(
    spec: MLModelSpec, algorithm: AlgorithmSpec, fitted: Fitted, rows: Relation
) -> tuple[Fitted, str | None]:
    """The fitted algorithm with calibrating rows, where the declaration asks for them; and why it has none after all.

    Raises VersionError where nothing can be predicted out of fold.
    """
    if spec.calibration is None:
        return fitted, None
    with out_of_fold(spec, algorithm, rows) as together:
        if together is None:
            raise VersionError(
                "calibration: no as-of date can be predicted from those before it. Nothing was written. Fix: remove"
                " calibration until there are two as-of dates with both classes to train on."
            )
        (found,) = together.query(
            f"select count(distinct _ml_label) as _ml_n from {together.name} where _ml_weight > 0"
        )
        if found["n"] < 2:
            raise VersionError(
                "calibration: the rows that are predicted out of fold have one class. Nothing was written. Fix: remove"
                " calibration until there are as-of dates with both classes that can be predicted from earlier ones."
            )
        learned = METHODS[spec.calibration](together)
    if not learned:
        return fitted, (
            f"not calibrated ({spec.calibration}): a higher score did not go with a higher share of positives in the"
            f" training rows that were predicted out of fold"
        )
    coefficients = [*fitted.fit.coefficients, *learned]
    fit = replace(fitted.fit, coefficients=coefficients)
    scoring = compile_scoring(
        coefficients,
        link=fit.link,
        dialect=rows.dialect,
        nodes=fit.nodes,
        estimator=fitted.scoring.estimator,
    )
    return replace(fitted, fit=fit, scoring=scoring, uncalibrated=fitted), None


def _platt(rows: Relation) -> list[Coefficient]:
    """A line from link score to log-odds that rises, or nothing where the line would fall (Platt, 1999).

    By logistic regression without a penalty, on targets that are a little off 0 and 1, so that there is a line where
    the classes are apart: (N+ + 1) / (N+ + 2) and 1 / (N- + 2), as in Lin, Lin and Weng, 2007.
    """
    (counts,) = rows.query(
        "select sum(_ml_weight * _ml_label) as _ml_positive, sum(_ml_weight * (1 - _ml_label)) as _ml_negative"
        f" from {rows.name}"
    )
    off = {
        label: max(1 / (float(counts[name]) + 2), NEAREST_TARGET)
        for label, name in ((1, "positive"), (0, "negative"))
    }
    target = f"case when _ml_label = 1 then {double(1 - off[1])} else {double(off[0])} end"
    training = TrainingRows(rows, where="_ml_weight > 0", label=target, key=("_ml_link", "_ml_label"))
    solution = minimise(training, ["_ml_link"], LOGISTIC)
    slope = float(solution.weights[0])
    return [_row(slope=slope, value=float(solution.intercept))] if slope > 0 else []


def _isotonic(rows: Relation) -> list[Coefficient]:
    """Steps that never go down, each leaning a little; nothing where there is only one step."""
    blocks = _steps(rows)
    if len(blocks) < 2:
        return []
    levels = [_log_odds(block, smoothed=n in (0, len(blocks) - 1)) for n, block in enumerate(blocks)]
    edges = [_between(one.highest, other.lowest) for one, other in pairwise(blocks)]
    gaps = [math.inf, *(above - below for below, above in pairwise(levels)), math.inf]
    # The outer steps lean about the farthest link score that was seen, and go on beyond it.
    ends = [blocks[0].lowest, *edges, blocks[-1].highest]
    return [
        _row(
            lower=None if n == 0 else edges[n - 1],
            upper=None if n == len(edges) else edges[n],
            **_leaning(level, LEAN * min(gaps[n], gaps[n + 1], 1.0), ends[n], ends[n + 1]),
        )
        for n, level in enumerate(levels)
    ]


def _steps(rows: Relation) -> list[_Block]:
    """Blocks of link scores whose log-odds rise, by pooling adjacent violators (Zadrozny and Elkan, 2002).

    A first block without a positive and a last one without a negative, whose log-odds are infinite, count half a row of
    the other class more; where they then are no longer below or above their neighbour, they are pooled with it.
    """
    steps = rows.query(
        "select min(_ml_link) as _ml_lowest, max(_ml_link) as _ml_highest, sum(_ml_weight) as _ml_weight,"
        " sum(_ml_weight * _ml_label) as _ml_positive"
        " from (select *, ceil(sum(_ml_weight) over (order by _ml_link) / sum(_ml_weight) over () *"
        f" {QUANTILES}) as _ml_part"
        f" from {rows.name} where _ml_weight > 0) as parts"
        " group by _ml_part order by _ml_lowest"
    )
    blocks: list[_Block] = []
    for step in steps:
        blocks.append(_Block(*(float(step[name]) for name in ("lowest", "highest", "weight", "positive"))))
        while len(blocks) > 1 and blocks[-2].share >= blocks[-1].share:
            blocks[-2:] = [blocks[-2].pooled(blocks[-1])]
    while len(blocks) > 1 and _log_odds(blocks[0], smoothed=True) >= _log_odds(
        blocks[1], smoothed=len(blocks) == 2
    ):
        blocks[:2] = [blocks[0].pooled(blocks[1])]
    while len(blocks) > 1 and _log_odds(blocks[-1], smoothed=True) <= _log_odds(
        blocks[-2], smoothed=len(blocks) == 2
    ):
        blocks[-2:] = [blocks[-2].pooled(blocks[-1])]
    return blocks


def _temperature(rows: Relation) -> list[Coefficient]:
    """One factor of all link scores, 1 / T (Guo et al., 2017); nothing where it would turn their order round.

    Of maximum likelihood for targets that are a little off 0 and 1, as Platt's: of K classes (N + 1) / (N + K) for a
    row's own class, that N rows have, and 1 / (N + K) for each other one. The loss is convex in the factor, so that its
    derivative has one root.
    """
    names = sorted(
        (name for name in rows.types if name.startswith("_ml_class")),
        key=lambda name: int(name[len("_ml_class") :]),
    )
    label, weight, *links = rows.doubles(["_ml_label", "_ml_weight", *names], where="_ml_weight > 0")
    link, own = np.column_stack(links), label.astype(int)
    n = np.bincount(own, weights=weight, minlength=len(names))[own]
    target = np.repeat(1 / (n + len(names))[:, None], len(names), axis=1)
    target[np.arange(len(own)), own] *= n + 1
    centred = link - link.max(axis=1, keepdims=True)

    def derivative(factor: float) -> float:
        return float(weight @ np.sum((softmax(factor * centred, axis=1) - target) * centred, axis=1))

    if derivative(1 / MOST) >= 0:
        return []
    factor = MOST if derivative(MOST) <= 0 else brentq(derivative, 1 / MOST, MOST, xtol=1e-300, rtol=1e-14)
    return [_row(slope=float(factor))]


METHODS: dict[str, Callable[[Relation], list[Coefficient]]] = {
    "platt": _platt,
    "isotonic": _isotonic,
    "temperature": _temperature,
}


@dataclass(frozen=True)
class _Block:
    """Rows with neighbouring link scores, and the weight of those with label 1."""

    lowest: float
    highest: float
    weight: float
    positive: float

    @property
    def share(self) -> float:
        return self.positive / self.weight

    def pooled(self, other: _Block) -> _Block:
        return _Block(self.lowest, other.highest, self.weight + other.weight, self.positive + other.positive)


def _log_odds(block: _Block, *, smoothed: bool) -> float:
    """Of the share of positives; of a block of one class, if smoothed, with half a row more of each."""
    positive, negative = block.positive, block.weight - block.positive
    if min(positive, negative) <= 0 and smoothed:
        positive, negative = positive + 0.5, negative + 0.5
    if min(positive, negative) <= 0:
        return math.inf if positive > 0 else -math.inf
    return math.log(positive / negative)


def _between(one: float, other: float) -> float:
    """The middle of two numbers, above the first."""
    middle = one / 2 + other / 2
    return middle if middle > one else other


def _leaning(level: float, lean: float, lower: float, upper: float) -> dict[str, float]:
    """Slope and value of a line that rises by `lean` to either side of a level; flat where there is no room for it."""
    width, middle = upper - lower, lower / 2 + upper / 2
    slope = 2 * lean / width if 1e-9 * max(1.0, abs(middle)) < width < math.inf else 0.0
    return {"slope": slope, "value": level - slope * middle} if slope else {"value": level}


def _row(
    *,
    lower: float | None = None,
    upper: float | None = None,
    slope: float | None = None,
    value: float | None = None,
) -> Coefficient:
    return Coefficient(
        CALIBRATION, term=1, feature=None, applies_to="link", lower=lower, upper=upper, slope=slope, value=value
    )
