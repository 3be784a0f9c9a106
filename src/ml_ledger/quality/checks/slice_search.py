"""The search for slices on which a loss is higher than on the rest, one feature or two at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.number_words import number
from ml_ledger.quality.sample import Column, Ids

BINS = 5
FEWEST_ROWS = 40
MOST_LEVELS = 12
MOST_FEATURES_IN_PAIRS = 30
# What part of a difference the other rows must not explain.
UNEXPLAINED = 2 / 3
MOST_WEAK = 5
MOST_HARD = 2
MOST_ASKED = 24
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


@dataclass(frozen=True)
class Candidate:
    """A group of a grouping, with the lower end of its difference were rows independent."""

    low: float
    words: str
    codes: NDArray[np.int64]
    code: int


def groupings(columns: Sequence[Column], design: Matrix) -> list[Grouping]:
    """Quantile bins of numbers (or their values, where they are few), levels of categories; NULL is a group of its own.

    Not of columns that are in one group everywhere: numbers whose first quantile is their largest value, for example.
    """
    found = [_grouping(column, design[:, position]) for position, column in enumerate(columns)]
    return [grouping for grouping in found if len(np.unique(grouping.codes)) > 1]


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
        words = [f"{number(low)} < {column.name} <= {number(high)}" for low, high in pairwise(edges)]
        ends = [f"{column.name} <= {number(edge)}" for edge in edges[:1]]
        ends += [f"{column.name} > {number(edge)}" for edge in edges[-1:]]
        words = [ends[0], *words, ends[1]] if ends else [f"{column.name} is not NULL"]
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
    being wrong. So a slice is weak only if the excess is surely above 0, too, and accounts for two thirds of the
    difference; its rows are then set aside, so that what only overlaps it is not found again. Others are hard,
    as the features promise.
    """
    units = np.unique(entities, return_inverse=True)[1]
    left = np.ones(len(loss), dtype=bool)
    slices = list(_slices(groups))
    tried = sum(len(words) for _, words in slices)
    critical = float(norm.isf(SIGNIFICANCE / 2 / max(tried, 1)))
    candidates = _candidates(slices, loss, left, critical)
    found: list[WeakSlice] = []
    hard: list[WeakSlice] = []
    for _ in range(MOST_ASKED):
        best = _surest(candidates, loss, units, left, critical, tried, hard)
        if best is None or len(found) == MOST_WEAK:
            break
        beyond = excess(best.members)
        error = np.sqrt(_variance(beyond, units[best.members]))
        if beyond.mean() - critical * error > 0 and beyond.mean() > UNEXPLAINED * best.difference:
            found.append(replace(best, is_weak=True))
            left &= ~best.members
            candidates = _candidates(slices, loss, left, critical)
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


def _candidates(
    slices: Sequence[tuple[NDArray[np.int64], Sequence[str]]],
    loss: Vector,
    left: NDArray[np.bool_],
    critical: float,
) -> list[Candidate]:
    """The slices of the rows `left` whose difference is surely above 0 were rows independent, the surest first."""
    remaining = loss[left]
    total, squares, rows = remaining.sum(), (remaining**2).sum(), len(remaining)
    candidates = []
    for codes, words in slices:
        counts = np.bincount(codes[left], minlength=len(words)).astype(float)
        sums = np.bincount(codes[left], weights=remaining, minlength=len(words))
        second = np.bincount(codes[left], weights=remaining**2, minlength=len(words))
        others = rows - counts
        for code in np.flatnonzero((counts >= FEWEST_ROWS) & (others >= 2 * counts)).tolist():
            inside, outside = sums[code] / counts[code], (total - sums[code]) / others[code]
            variance = (second[code] / counts[code] - inside**2) / counts[code]
            variance += ((squares - second[code]) / others[code] - outside**2) / others[code]
            low = inside - outside - critical * np.sqrt(max(variance, 0.0))
            if low > 0:
                candidates.append(Candidate(float(low), words[code], codes, code))
    return sorted(candidates, key=lambda candidate: -candidate.low)


def _surest(
    candidates: Sequence[Candidate],
    loss: Vector,
    units: NDArray[np.int64],
    left: NDArray[np.bool_],
    critical: float,
    tried: int,
    but: Sequence[WeakSlice],
) -> WeakSlice | None:
    """The slice whose difference has the highest lower end, entities being the units; none that is mostly in
    `but`."""
    best: WeakSlice | None = None
    for candidate in candidates:
        if best is not None and candidate.low <= best.low:
            break  # an interval by entities is rarely narrower
        inside = left & (candidate.codes == candidate.code)
        if any((inside & other.members).sum() > inside.sum() / 2 for other in but):
            continue
        outside = left & ~inside
        difference = loss[inside].mean() - loss[outside].mean()
        variance = _variance(loss[inside], units[inside]) + _variance(loss[outside], units[outside])
        half = critical * np.sqrt(variance)
        if difference - half > (best.low if best else 0.0):
            best = WeakSlice(
                candidate.words, inside, float(difference), difference - half, difference + half, tried
            )
    return best


def _variance(values: Vector, units: NDArray[np.int64]) -> float:
    """The variance of a mean over rows whose units are independent (Liang and Zeger 1986)."""
    sums = np.bincount(units, weights=values - values.mean())
    return float((sums**2).sum() / len(values) ** 2)
