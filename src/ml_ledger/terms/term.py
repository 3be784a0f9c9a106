"""What a term is: one feature's part of an additive version.

A term turns the raw feature into design columns, as SQL, on which a family fits one weight per column; and it
turns these weights into coefficient rows over the raw feature, so that nothing is left to prepare when scoring.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from ml_ledger.coefficients import Coefficient


class Term(Protocol):
    """One feature's term."""

    @property
    def feature(self) -> str:
        """The raw column."""

    def columns(self) -> list[str]:
        """SQL of the design columns: doubles, never NULL where `accepts` is true."""

    def standardised(self) -> list[bool]:
        """Of which design columns a penalty is on the weight of a standard deviation, not of a unit."""

    def accepts(self) -> str:
        """SQL that is true where the term has a contribution, and false or NULL where the row is to be rejected."""

    def fitted(self, number: int, output: str, weights: Sequence[float]) -> list[Coefficient]:
        """The coefficient rows for one weight per design column; `number` is the term's, from 1.

        For every row of data that is accepted, the row that matches adds sum(weight × design column).
        """


def above(bound: float | None) -> float | None:
    """The open end of an interval that still holds `bound`; None, no end, where no larger double is."""
    after = math.inf if bound is None else math.nextafter(bound, math.inf)
    return after if math.isfinite(after) else None
