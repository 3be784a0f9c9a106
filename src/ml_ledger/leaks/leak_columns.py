"""What features say of a label, as columns of numbers: what the scan for leaks puts together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ml_ledger.arrays import Matrix, Vector

Mask = NDArray[np.bool_]

BINS = 20
# A rate is over the rows of a bin and so many with the rate of all.
SMOOTHING = 20
# Numbers beyond these quantiles count as the quantile.
TAIL = 0.001
# Of numbers that nearly agree, as planned and actual ones do, the difference may say what neither does: how far their
# correlation must go, and of how many pairs it is taken.
CLOSE = 0.9
MOST_PAIRS = 20


@dataclass(frozen=True)
class Input:
    """A feature, or a part of a date, over n rows: numbers, NaN for none; or codes of levels from 0."""

    feature: str
    values: Vector
    is_number: bool


@dataclass(frozen=True)
class ScanRows:
    """n rows. label: n × outputs. cluster: equal where rows belong together. learn, fit, measure: what each is for."""

    inputs: Sequence[Input]
    label: Matrix
    cluster: Vector
    learn: Mask
    fit: Mask
    measure: Mask


def columns_of(rows: ScanRows) -> tuple[Matrix, list[frozenset[str]]]:
    """Columns of mean 0 and standard deviation 1 over the rows to fit on, and the features that each is made of.

    Of every feature the rates of the label by bin or level; of a number also its value; of two numbers that nearly
    agree the rates by their difference.
    """
    columns: list[Vector] = []
    features: list[frozenset[str]] = []
    numbers: dict[str, Vector] = {}
    for item in rows.inputs:
        codes = _bins(item.values, rows.learn) if item.is_number else item.values.astype(np.int64)
        made = list(_rates(codes, rows))
        if item.is_number:
            numbers[item.feature] = _standardised(_without_tails(item.values, rows.learn), rows.fit)
            made.append(numbers[item.feature])
        columns += made
        features += [frozenset([item.feature])] * len(made)
    for one, other, difference in _differences(numbers, rows.learn):
        made = list(_rates(_bins(difference, rows.learn), rows))
        columns += made
        features += [frozenset([one, other])] * len(made)
    return np.column_stack([_standardised(column, rows.fit) for column in columns]), features


def agreement(one: Vector, other: Vector) -> float:
    """The correlation without its sign; 0 where either is constant."""
    spread = float(np.std(one) * np.std(other))
    return abs(float(np.mean((one - one.mean()) * (other - other.mean())) / spread)) if spread > 0 else 0.0


def _differences(numbers: dict[str, Vector], learn: Mask) -> Iterator[tuple[str, str, Vector]]:
    """Two features whose numbers nearly agree, and what is left of one beside the other, closest pairs first."""
    if len(numbers) < 2:
        return
    names, learnt = list(numbers), np.column_stack([number[learn] for number in numbers.values()])
    centred = learnt - learnt.mean(axis=0)
    spread = np.where(learnt.std(axis=0) > 0, learnt.std(axis=0), np.inf)
    slopes = centred.T @ centred / len(learnt) / spread / spread[:, None]
    close = [
        (-abs(slopes[i, j]), i, j) for i, j in combinations(range(len(names)), 2) if abs(slopes[i, j]) >= CLOSE
    ]
    for _, i, j in sorted(close)[:MOST_PAIRS]:
        one, other = numbers[names[i]] / spread[i], numbers[names[j]] / spread[j]
        yield names[i], names[j], one - slopes[i, j] * other


def _standardised(column: Vector, fit: Mask) -> Vector:
    """A constant column is zeros, so that every feature keeps a column."""
    largest = np.max(np.abs(column))
    scaled = column / largest if largest > 0 else column
    centred = scaled - scaled[fit].mean()
    spread = centred[fit].std()
    standardised: Vector = centred / spread if spread > 1e-12 else np.zeros_like(centred)
    return standardised


def _rates(codes: NDArray[np.int64], rows: ScanRows) -> Iterator[Vector]:
    """Per output the mean label of each row's bin or level among the rows to learn from."""
    counts = np.bincount(codes[rows.learn], minlength=codes.max() + 1)
    for output in rows.label.T:
        mean = output[rows.learn].mean()
        sums = np.bincount(codes[rows.learn], output[rows.learn], minlength=len(counts))
        yield ((sums + SMOOTHING * mean) / (counts + SMOOTHING))[codes]


def _bins(values: Vector, learn: Mask) -> NDArray[np.int64]:
    """The number of each row's bin between quantiles; rows without a number have one of their own."""
    known = values[learn & np.isfinite(values)]
    edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS)) if len(known) else np.empty(0)
    return np.where(np.isfinite(values), np.searchsorted(edges, values, side="right"), len(edges) + 1)


def _without_tails(values: Vector, learn: Mask) -> Vector:
    """Numbers between two quantiles, and their median where there is none."""
    known = values[learn & np.isfinite(values)]
    if not len(known):
        return np.zeros_like(values)
    lowest, median, highest = np.quantile(known, [TAIL, 0.5, 1 - TAIL])
    return np.where(np.isfinite(values), np.clip(values, lowest, highest), median)
