"""Terms of weight of evidence: one design column, the weight of evidence of the bin or level that a row is in.

Weight of evidence = ln(share of label 1 in the bin / share of label 0 in the bin): Siddiqi, Credit Risk Scorecards,
2006, chapter 6, who has label 0, the good outcome, on top, so that his sign is the opposite. Here it has the sign of
the link score. Half a row of each class is added to each bin (Haldane 1956), so that a bin of one class has a finite
value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.coefficients import Coefficient
from ml_ledger.sql_literals import double
from ml_ledger.terms.levels import LevelTerm
from ml_ledger.terms.numeric import NumericInput
from ml_ledger.terms.step_functions import bin_rows, level_rows
from ml_ledger.warehouse import quoted

SMOOTHING = 0.5


def smoothed_log_odds(counts: Matrix) -> Vector:
    """ln((positives + 0.5) / (negatives + 0.5)) for each (positives, negatives) along the last axis."""
    return np.log(counts[..., 0] + SMOOTHING) - np.log(counts[..., 1] + SMOOTHING)


def weight_of_evidence(counts: Matrix) -> Vector:
    """Weight of evidence of n bins.

    counts: n × 2, the weight of the rows with label 1 and of those with label 0 in each bin. For the B bins that have
    rows, ln((positives + 0.5) / (all positives + 0.5 B)) - ln((negatives + 0.5) / (all negatives + 0.5 B)), so that
    both smoothed distributions add up to 1. A bin without rows says nothing: 0.
    """
    used = counts.sum(axis=1) > 0
    totals = counts.sum(axis=0) + SMOOTHING * np.sum(used)
    return np.where(used, smoothed_log_odds(counts) - np.log(totals[0]) + np.log(totals[1]), 0.0)


def information_value(counts: Matrix) -> float:
    """Sum over bins of (share of all positives - share of all negatives) × weight of evidence (Siddiqi, chapter 6)."""
    shares = counts / counts.sum(axis=0)
    return float((shares[:, 0] - shares[:, 1]) @ weight_of_evidence(counts))


@dataclass(frozen=True)
class BinEvidence:
    """The weight of evidence of a number's bin.

    edges: inner edges, ascending; bin i is edges[i - 1] <= x < edges[i]. evidence: one value per bin.
    if_missing: the value of a NULL that is a bin of its own. information_value: of all bins.
    """

    input: NumericInput
    edges: tuple[float, ...]
    evidence: tuple[float, ...]
    if_missing: float
    information_value: float

    @property
    def feature(self) -> str:
        """The raw column."""
        return self.input.feature

    def columns(self) -> list[str]:
        """SQL of the weight of evidence."""
        x = binned(self.input)
        cases = []
        if self.input.missing == "own_level":
            cases.append(f"when {quoted(self.feature)} is null then {double(self.if_missing)}")
        cases += [
            f"when {x} < {double(edge)} then {double(value)}"
            for edge, value in zip(self.edges, self.evidence, strict=False)
        ]
        last = double(self.evidence[-1])
        return [f"case {' '.join(cases)} else {last} end" if cases else last]

    def standardised(self) -> list[bool]:
        """The penalty is on the weight of a unit of evidence."""
        return [False]

    def accepts(self) -> str:
        """SQL that is true where the term has a contribution."""
        return self.input.accepts()

    def fitted(self, number: int, output: str, weights: Sequence[float]) -> list[Coefficient]:
        """Rows with a value per bin: the weight × the weight of evidence."""
        (weight,) = weights
        values = [weight * value for value in self.evidence]
        return bin_rows(self.input, self.edges, values, weight * self.if_missing, output=output, number=number)


@dataclass(frozen=True)
class LevelEvidence:
    """The weight of evidence of a category's level.

    levels: how levels are told apart. evidence: one value per code of a level. The rest as in BinEvidence.
    """

    levels: LevelTerm
    evidence: tuple[float, ...]
    if_missing: float
    information_value: float

    @property
    def feature(self) -> str:
        """The raw column."""
        return self.levels.feature

    def columns(self) -> list[str]:
        """SQL of the weight of evidence. A code is NULL where the feature is, and where the row is rejected."""
        cases = " ".join(f"when {code} then {double(value)}" for code, value in enumerate(self.evidence))
        return [f"case {self.levels.code()} {cases} else {double(self.if_missing)} end"]

    def standardised(self) -> list[bool]:
        """The penalty is on the weight of a unit of evidence."""
        return [False]

    def accepts(self) -> str:
        """SQL that is true where the term has a contribution."""
        return self.levels.accepts()

    def fitted(self, number: int, output: str, weights: Sequence[float]) -> list[Coefficient]:
        """Rows with a value per level: the weight × the weight of evidence."""
        (weight,) = weights
        values = [weight * value for value in self.evidence]
        return level_rows(self.levels, values, weight * self.if_missing, output=output, number=number)


def binned(item: NumericInput) -> str:
    """SQL of the number whose bin counts: NULL filled where it counts as a value, NULL where it is a bin apart."""
    return item.completed() if item.missing == "impute" else item.bounded()
