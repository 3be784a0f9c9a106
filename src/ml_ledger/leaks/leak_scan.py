"""Which features rank too well: each alone, and what all of them reach together with and without it.

The rates of the label by bin or level are learnt on one part of the rows, put together by least squares on a second and
measured on a third, so that neither many levels nor many features look like a leak. It is a quick fit, not the
version's: it takes a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.evaluation.strengths import Strength
from ml_ledger.leaks.leak_columns import ScanRows, agreement, columns_of

RIDGE = 1e-3
# What all features reach together is at most so many times what they reach without one of them, so much more (0.05 of
# AUC), or what is too little to be too good (an AUC of 0.65). docs/leaks.md has the measurements behind these figures.
MOST_TIMES = 1.4
MOST_MORE = 0.1
MOST_ANYWAY = 0.3
# A feature alone is at most so many times as strong as the next one, or up to an AUC of 0.8.
MOST_TIMES_ALONE = 2.0
MOST_ANYWAY_ALONE = 0.6
# With fewer others, that one is the best by far is no surprise.
FEWEST_OTHERS = 2
# Scores of two features that agree so far are one feature twice: neither hides the other.
COPY = 0.999


@dataclass(frozen=True)
class Found:
    """Strengths of a feature alone; and, where there are enough others, of the best of those alone, of all features
    together, and of all without this one and its copies.

    lead, excess: how far it is above what the next one allows, and how far all together are above what they reach
    without it allows.
    """

    feature: str
    alone: Strength
    next: Strength | None = None
    lead: Strength | None = None
    together: Strength | None = None
    without: Strength | None = None
    excess: Strength | None = None

    @property
    def certain_excess(self) -> float:
        """The lower end of the interval of its excess: above 0 it adds too much, beyond chance."""
        return -np.inf if self.excess is None else self.excess.value - self.excess.half_width


def scan(
    rows: ScanRows, strength: Callable[[Matrix], Strength], known: Collection[str] = frozenset()
) -> list[Found]:
    """What was found of every feature, in their order. strength: of scores (measured rows × outputs).

    known: features of which somebody knows that they are known in time; the others are compared without them. Of those
    that add too much only the one that adds most has an excess, with its copies: the others may be strong only beside
    it, as a distance is beside the time that it took.
    """
    fit = _Fit(rows, strength)
    features = list(dict.fromkeys(item.feature for item in rows.inputs))
    found = {feature: Found(feature, fit.alone(feature)) for feature in features}
    found |= {item.feature: item for item in fit.compared([f for n, f in found.items() if n not in known])}
    leaks = [item for item in found.values() if item.certain_excess > 0]
    if leaks:
        worst = max(leaks, key=lambda item: item.certain_excess)
        others = [item for item in leaks if item.feature not in fit.copies(worst.feature, features)]
        found |= {item.feature: replace(item, excess=None) for item in others}
    return list(found.values())


class _Fit:
    """Least squares with a small ridge penalty on any of the features, from one matrix of products."""

    def __init__(self, rows: ScanRows, strength: Callable[[Matrix], Strength]) -> None:
        columns, self.features = columns_of(rows)
        self.fitted, self.measured = columns[rows.fit], columns[rows.measure]
        label = rows.label[rows.fit]
        self.products = self.fitted.T @ self.fitted + RIDGE * len(label) * np.eye(columns.shape[1])
        self.target = self.fitted.T @ (label - label.mean(axis=0))
        self.strength = strength
        self.scores: dict[str, Vector] = {}

    def alone(self, feature: str) -> Strength:
        """The strength of a feature alone."""
        own = np.array([made_of == {feature} for made_of in self.features])
        weights = np.linalg.solve(self.products[np.ix_(own, own)], self.target[own])
        self.scores[feature] = np.ravel(self.fitted[:, own] @ weights)
        return self.strength(self.measured[:, own] @ weights)

    def copies(self, feature: str, among: Sequence[str]) -> list[str]:
        """The feature, and those whose scores alone are the same but for a factor."""
        score = self.scores[feature]
        return [other for other in among if other == feature or agreement(score, self.scores[other]) >= COPY]

    def compared(self, found: Sequence[Found]) -> Iterator[Found]:
        """Each with what all of these features reach together, and without it, where there are enough others."""
        among = [item.feature for item in found]
        if len(among) <= FEWEST_OTHERS:
            yield from found
            return
        used = np.array([made_of <= set(among) for made_of in self.features])
        inverse = np.linalg.inv(self.products[np.ix_(used, used)])
        weights = inverse @ self.target[used]
        together = self.strength(self.measured[:, used] @ weights)
        for item in found:
            copies = self.copies(item.feature, among)
            if len(among) - len(copies) < FEWEST_OTHERS:
                yield item
                continue
            # The fit without some columns, from that with all: their weights are held at 0.
            dropped = np.array([not made_of.isdisjoint(copies) for made_of in self.features])[used]
            held = np.linalg.solve(inverse[np.ix_(dropped, dropped)], weights[dropped])
            rest = np.where(dropped[:, None], 0.0, weights - inverse[:, dropped] @ held)
            without = self.strength(self.measured[:, used] @ rest)
            best = max((other.alone for other in found if other.feature not in copies), key=lambda one: one.value)
            yield replace(
                item,
                next=best,
                lead=lead_of(item.alone, best),
                together=together,
                without=without,
                excess=excess_of(together, without),
            )


def excess_of(together: Strength, without: Strength) -> Strength:
    """How far the strength of all features together is above what that without one of them allows."""
    return _above(together, without, times=MOST_TIMES, more=MOST_MORE, anyway=MOST_ANYWAY)


def lead_of(alone: Strength, best: Strength) -> Strength:
    """How far the strength of a feature is above what that of the best other one allows."""
    return _above(alone, best, times=MOST_TIMES_ALONE, more=0.0, anyway=MOST_ANYWAY_ALONE)


def _above(strength: Strength, other: Strength, *, times: float, more: float, anyway: float) -> Strength:
    reached = replace(other, value=max(0.0, other.value))
    certain = Strength(anyway, np.zeros_like(other.influence))
    limits = (reached.times(times), reached.plus(more), certain)
    return strength + max(limits, key=lambda limit: limit.value).times(-1)
