"""Weak slices: parts of the training set on which predictions are worse than on the rest, that a good"
" average hides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ml_ledger.families.base import Matrix, Vector
from ml_ledger.quality.finding import Finding, number, percent
from ml_ledger.quality.out_of_fold import SMALLEST_PROBABILITY, estimator, predict
from ml_ledger.quality.sample import Column, Ids, Rows, TrainingSet

BINS = 5
FEWEST_ROWS = 40
MOST_LEVELS = 12
# What part of a difference the other rows must not explain.
UNEXPLAINED = 2 / 3
MOST_WEAK = 5
MOST_HARD = 2
MOST_ASKED = 24
ROWS_OF_PROMISE = 4_000
LEVELS_OF_PREDICTION = 20
MOST_FEATURES_IN_PAIRS = 30
INSPECTED = 10
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Grouping:
    """A feature cut into groups: per row the number of its group, and each group as a condition in words."""

    codes: NDArray[np.int64]
    words: Sequence[str]


@dataclass(frozen=True)
class WeakSlice:
    """Rows on which the loss is higher than on the rest: by how much, the ends of its interval, how many were
    tried.

    is_weak: whether something is wrong there; else it is only hard to predict.
    """

    words: str
    members: NDArray[np.bool_]
    difference: float
    low: float
    high: float
    tried: int
    is_weak: bool = False


def groupings(columns: Sequence[Column], design: NDArray[np.float64]) -> list[Grouping]:
    """Quantile bins of numbers (or their values, where they are few), levels of categories; NULL is a group"
    " of its own."""
    return [_grouping(column, design[:, position]) for position, column in enumerate(columns)]


def _grouping(column: Column, values: Vector) -> Grouping:
    known = np.isfinite(values)
    distinct = np.unique(values[known])
    if column.levels is not None:
        words = [f"{column.name} = {level}" for level in column.levels]
        codes = np.where(known, values, len(words)).astype(np.int64)
    elif len(distinct) <= BINS + 1:
        words = [f"{column.name} = {number(value)}" for value in distinct]
        codes = np.where(known, np.searchsorted(distinct, values), len(words)).astype(np.int64)
    else:
        quantiles = np.quantile(values[known], np.arange(1, BINS) / BINS, method="lower")
        edges = np.unique(quantiles[quantiles < distinct[-1]])
        words = [f"{column.name} <= {number(edges[0])}"]
        words += [f"{number(low)} < {column.name} <= {number(high)}" for low, high in pairwise(edges)]
        words.append(f"{column.name} > {number(edges[-1])}")
        codes = np.where(known, np.searchsorted(edges, values, side="left"), len(words)).astype(np.int64)
    return Grouping(codes, [*words, f"{column.name} is NULL"])


def find_weak_slices(
    groups: Sequence[Grouping],
    loss: Vector,
    entities: Ids,
    excess: Callable[[NDArray[np.bool_]], Vector],
) -> list[WeakSlice]:
    """The slices of one feature or two whose mean loss is above that of the rest, weak ones before hard ones.

    loss: of each of n rows, out of fold. excess: for the rows of a slice, what each loses beyond what the other
    rows promise.

    A slice counts where the lower end of the interval of the difference is above 0, at a level that all slices
    tried share (Bonferroni), entities being the units that are independent; slices are taken by this lower end,
    so that small and noisy ones do not win. Where outcomes are more even, losses are higher without anything
    being wrong. So a slice is weak only if the excess is surely above 0, too, and accounts for half of the
    difference; its rows are then set aside, so that what only overlaps it is not found again. Others are hard,
    as the features promise.
    """
    units = np.unique(entities, return_inverse=True)[1]
    left = np.ones(len(loss), dtype=bool)
    slices = list(_slices(groups))
    tried = sum(len(words) for _, words in slices)
    critical = float(norm.isf(SIGNIFICANCE / 2 / max(tried, 1)))
    found: list[WeakSlice] = []
    hard: list[WeakSlice] = []
    for _ in range(MOST_ASKED):
        best = _surest(slices, loss, units, left, critical, tried, hard)
        if best is None or len(found) == MOST_WEAK:
            break
        beyond = excess(best.members)
        error = np.sqrt(_variance(beyond, units[best.members]))
        if beyond.mean() - critical * error > 0 and beyond.mean() > UNEXPLAINED * best.difference:
            found.append(replace(best, is_weak=True))
            left &= ~best.members
        else:
            hard.append(best)
    return [*found, *hard[:MOST_HARD]]


def _slices(groups: Sequence[Grouping]) -> Iterator[tuple[NDArray[np.int64], Sequence[str]]]:
    for one in groups:
        yield one.codes, one.words
    few = [group for group in groups if len(group.words) <= MOST_LEVELS][:MOST_FEATURES_IN_PAIRS]
    for one, other in combinations(few, 2):
        words = [f"{first} and {second}" for first in one.words for second in other.words]
        yield one.codes * len(other.words) + other.codes, words


def _surest(
    slices: Sequence[tuple[NDArray[np.int64], Sequence[str]]],
    loss: Vector,
    units: NDArray[np.int64],
    left: NDArray[np.bool_],
    critical: float,
    tried: int,
    but: Sequence[WeakSlice],
) -> WeakSlice | None:
    """The slice of the rows `left` whose difference has the highest lower end, but for those that are mostly"
    " in `but`."""
    remaining = loss[left]
    total, squares, rows = remaining.sum(), (remaining**2).sum(), len(remaining)
    candidates = []
    for place, (codes, words) in enumerate(slices):
        counts = np.bincount(codes[left], minlength=len(words)).astype(float)
        sums = np.bincount(codes[left], weights=remaining, minlength=len(words))
        second = np.bincount(codes[left], weights=remaining**2, minlength=len(words))
        others = rows - counts
        for code in np.flatnonzero((counts >= FEWEST_ROWS) & (others >= 2 * counts)):
            inside, outside = sums[code] / counts[code], (total - sums[code]) / others[code]
            variance = (second[code] / counts[code] - inside**2) / counts[code]
            variance += ((squares - second[code]) / others[code] - outside**2) / others[code]
            low = inside - outside - critical * np.sqrt(max(variance, 0.0))
            if low > 0:
                candidates.append((low, place, int(code)))
    best: WeakSlice | None = None
    for low, place, code in sorted(candidates, key=lambda candidate: -candidate[0]):
        if best is not None and low <= best.low:
            break  # an interval by entities is rarely narrower
        codes, words = slices[place]
        inside, outside = left & (codes == code), left & (codes != code)
        if any((inside & other.members).sum() > inside.sum() / 2 for other in but):
            continue
        difference = loss[inside].mean() - loss[outside].mean()
        variance = _variance(loss[inside], units[inside]) + _variance(loss[outside], units[outside])
        half = critical * np.sqrt(variance)
        if difference - half > (best.low if best else 0.0):
            best = WeakSlice(words[code], inside, float(difference), difference - half, difference + half, tried)
    return best


def _variance(values: Vector, units: NDArray[np.int64]) -> float:
    """The variance of a mean over rows whose units are independent (Liang and Zeger 1986)."""
    sums = np.bincount(units, weights=values - values.mean())
    return float((sums**2).sum() / len(values) ** 2)


def excess_over_promise(
    task: str,
    sample: Rows,
    loss: Vector,
    predicted: Matrix,
    members: NDArray[np.bool_],
    *,
    is_level: NDArray[np.bool_],
    seed: int,
) -> Vector:
    """Per row of a slice, what it loses beyond what the other rows promise. Where labels or features of the
    slice are spoilt, that is much; where the slice is only hard, little.

    loss, predicted: of all rows, out of fold. The promise is the entropy of the probabilities that a model
    gives which saw no row of the slice; of a regression, the mean loss of the other rows with a similar
    prediction.
    """
    others = np.flatnonzero(~members)
    if task == "regression":
        return loss[members] - _usual_at(predicted[others, 0], loss[others], predicted[members, 0])
    train = others[:ROWS_OF_PROMISE]
    if len(np.unique(sample.label[train])) < 2:
        return np.zeros(int(members.sum()))
    # Smaller than the other fits, as an overfitted model promises too much.
    fitted = estimator(task, is_level, seed).set_params(max_iter=40, max_leaf_nodes=8)
    fitted.fit(sample.design[train], sample.label[train])
    promised = np.clip(predict(fitted, task, sample.design[members], predicted.shape[1]), SMALLEST_PROBABILITY, 1)
    return loss[members] + (promised * np.log(promised)).sum(axis=1)


def _usual_at(predicted: Vector, loss: Vector, at: Vector) -> Vector:
    """The mean loss of rows with about the same prediction, in 20 groups; of amounts, also what a power of the
    prediction says, whichever is more: errors grow with amounts, and the largest may all be in the slice.
    """
    order = np.argsort(predicted, kind="stable")
    parts = np.array_split(order, max(1, min(LEVELS_OF_PREDICTION, len(order) // FEWEST_ROWS)))
    means = np.array([loss[part].mean() for part in parts])
    group = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    usual = means[group[np.minimum(np.searchsorted(predicted[order], at), len(order) - 1)]]
    centres = np.array([predicted[part].mean() for part in parts])
    if len(parts) < 3 or predicted.min() <= 0 or at.min() <= 0 or means.min() <= 0:
        return usual
    power, level = np.polyfit(np.log(centres), np.log(means), 1)
    return np.maximum(usual, np.exp(level + power * np.log(at)))


def weak_slices(
    rows: TrainingSet, sample: Rows, loss: Vector, predicted: Matrix, *, is_level: NDArray[np.bool_]
) -> Iterator[Finding]:
    """A finding per weak slice, a warning, and per hard one, for information.

    loss, predicted: out of fold, of each row of the sample.
    """
    task = rows.spec.task
    excess = partial(
        excess_over_promise,
        task,
        sample,
        loss,
        predicted,
        is_level=is_level,
        seed=rows.spec.training.seed,
    )
    for part in find_weak_slices(groupings(rows.columns, sample.design), loss, sample.entities, excess):
        worst = np.flatnonzero(part.members)
        worst = worst[np.argsort(-loss[worst], kind="stable")][:INSPECTED]
        inspected = rows.inspect(sample.ids[worst], [str(rows.spec.label), *rows.spec.features])
        yield Finding(
            "weak_slice",
            "warn" if part.is_weak else "info",
            part.words,
            part.difference,
            0.0,
            int(part.members.sum()),
            len(sample),
            _evidence(task, part, loss),
            "Look at the rows first: are their labels and features what they should be? If so, add a feature"
            " that tells them"
            " apart, collect more of them, or declare the slice under `slices` with a limit."
            if part.is_weak
            else "Nothing is wrong; only a feature that tells these rows apart would help.",
            [{**row, "loss": float(loss[place])} for row, place in zip(inspected, worst, strict=True)],
        )


def _evidence(task: str, part: WeakSlice, loss: Vector) -> str:
    kind = "squared error" if task == "regression" else "log loss"
    count, total = int(part.members.sum()), len(loss)
    mean = float(loss[part.members].mean())
    text = (
        f"Where {part.words}, {number(count)} of {number(total)} rows looked at ({percent(count / total)}),"
        f" the out-of-fold"
        f" {kind} is {number(mean)} per row against {number(mean - part.difference)} on the rest: worse by"
        f" {number(part.difference)} ({number(part.low)} to {number(part.high)}, an interval that holds for all"
        f" {number(part.tried)} slices tried)."
    )
    if part.is_weak:
        return text + " By what the other rows promise, it should be easier there."
    return text + " Outcomes are more even there, or spread wider, and the other rows promise no better."
