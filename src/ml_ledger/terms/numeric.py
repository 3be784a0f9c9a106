"""Numeric terms: a slope, several slopes between knots, or a value per bin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ml_ledger.coefficients import Coefficient
from ml_ledger.sql_literals import double
from ml_ledger.terms.term import above
from ml_ledger.warehouse import quoted

# Below this log1p has no value; the smallest double above -1.
LOG1P_FROM = math.nextafter(-1.0, 0.0)


@dataclass(frozen=True)
class NumericInput:
    """How a raw number is read: where it may lie, what happens outside, and what a NULL counts as.

    lower, upper: closed bounds, None for none. outside: clip to the bounds, or reject the row.
    missing: reject the row, count a NULL as `filled` (impute), or give it a weight of its own (own_level).
    filled: the training mean of the bounded feature; 0 where nothing is filled.
    transform: the scale on which the term is linear.
    """

    feature: str
    lower: float | None
    upper: float | None
    outside: Literal["clip", "reject"]
    missing: Literal["impute", "own_level", "reject"]
    filled: float
    transform: Literal["log1p"] | None = None

    def bounded(self) -> str:
        """SQL of the feature within its bounds; NULL where it is NULL or rejected."""
        x = f"cast({quoted(self.feature)} as double)"
        cases = []
        if self.transform == "log1p":
            cases.append(f"when {x} < {double(LOG1P_FROM)} then null")
        if self.lower is not None:
            cases.append(f"when {x} < {double(self.lower)} then {self._beyond(self.lower)}")
        if self.upper is not None:
            cases.append(f"when {x} > {double(self.upper)} then {self._beyond(self.upper)}")
        if not cases:
            return x
        # NaN is larger than any bound to an SQL engine; it is never clipped.
        return f"case when not isfinite({x}) then null {' '.join(cases)} else {x} end"

    def _beyond(self, bound: float) -> str:
        return double(bound) if self.outside == "clip" else "null"

    def completed(self) -> str:
        """SQL of the bounded feature with NULL filled, unless such rows are rejected."""
        if self.missing == "reject":
            return self.bounded()
        return f"coalesce({self.bounded()}, {double(self.filled)})"

    def scaled(self) -> str:
        """SQL of the completed feature on the term's scale."""
        return f"ln(1e0 + {self.completed()})" if self.transform == "log1p" else self.completed()

    def scale(self, x: float) -> float:
        """One number on the term's scale."""
        return math.log1p(x) if self.transform == "log1p" else x

    def unscale(self, t: float) -> float:
        """The number that is at t on the term's scale."""
        return math.expm1(t) if self.transform == "log1p" else t

    def accepts(self) -> str:
        """SQL that is true where the row is not rejected for this feature."""
        present = f"isfinite({self.bounded()})"
        if self.missing == "reject":
            return present
        return f"({quoted(self.feature)} is null or {present})"

    def indicator(self) -> list[str]:
        """SQL of the column that marks a NULL, where it has a weight of its own."""
        if self.missing != "own_level":
            return []
        return [f"case when {quoted(self.feature)} is null then 1e0 else 0e0 end"]


@dataclass(frozen=True)
class LinearTerm:
    """Slopes: column 0 is the scaled feature, column j its excess over knot j.

    knots: on the scale of the term.
    """

    input: NumericInput
    knots: tuple[float, ...]

    @property
    def feature(self) -> str:
        """The raw column."""
        return self.input.feature

    def columns(self) -> list[str]:
        """SQL of the design columns."""
        scaled = self.input.scaled()
        excesses = [f"greatest(0e0, {scaled} - {double(knot)})" for knot in self.knots]
        return [scaled, *excesses, *self.input.indicator()]

    def standardised(self) -> list[bool]:
        """Slopes are penalised per standard deviation, the value of a NULL as it is."""
        return [True] * (1 + len(self.knots)) + [False] * len(self.input.indicator())

    def accepts(self) -> str:
        """SQL that is true where the term has a contribution."""
        return self.input.accepts()

    def fitted(self, number: int, output: str, weights: Sequence[float]) -> list[Coefficient]:
        """Rows with a slope per piece; clipped ends are constant."""
        slopes = weights[: 1 + len(self.knots)]

        def at(t: float) -> float:
            hinges = (slope * max(0.0, t - knot) for slope, knot in zip(slopes[1:], self.knots, strict=True))
            return slopes[0] * t + sum(hinges)

        row = partial(Coefficient, output, number, self.feature)
        rows = []
        if self.input.outside == "clip" and self.input.lower is not None:
            edge = at(self.input.scale(self.input.lower))
            rows.append(row(applies_to="value", upper=self.input.lower, value=edge))
        rows += [
            row(
                applies_to="value",
                transform=self.input.transform,
                lower=lower,
                upper=upper,
                slope=slope,
                value=value,
            )
            for lower, upper, slope, value in self._pieces(slopes)
        ]
        if self.input.outside == "clip" and self.input.upper is not None:
            edge = at(self.input.scale(self.input.upper))
            rows.append(row(applies_to="value", lower=self.input.upper, value=edge))
        if self.input.missing != "reject":
            if_missing = at(self.input.scale(self.input.filled))
            if self.input.missing == "own_level":
                if_missing += weights[-1]
            rows.append(row(applies_to="missing", value=if_missing))
        return rows

    def _pieces(self, slopes: Sequence[float]) -> list[tuple[float | None, float | None, float, float | None]]:
        """Lower and upper bound, slope and value of each piece, in raw units of the feature."""
        first = self.input.lower
        if self.input.transform == "log1p" and (first is None or first < LOG1P_FROM):
            first = LOG1P_FROM
        last = self.input.upper
        if self.input.outside == "reject":
            last = above(last)  # bounds are closed, rows are half open
        edges = [first, *(self.input.unscale(knot) for knot in self.knots), last]
        pieces = []
        slope, value = slopes[0], 0.0
        for index in range(len(self.knots) + 1):
            if index:
                slope += slopes[index]
                value -= slopes[index] * self.knots[index - 1]
            pieces.append((edges[index], edges[index + 1], slope, value if value else None))
        return pieces


@dataclass(frozen=True)
class BinTerm:
    """A value per bin: one column for each bin but the largest, which is the reference with value 0.

    edges: inner edges, ascending; bin i is edges[i - 1] <= x < edges[i].
    """

    input: NumericInput
    edges: tuple[float, ...]
    reference: int

    @property
    def feature(self) -> str:
        """The raw column."""
        return self.input.feature

    def _others(self) -> list[int]:
        return [index for index in range(len(self.edges) + 1) if index != self.reference]

    def columns(self) -> list[str]:
        """SQL of the design columns."""
        x = self.input.completed()
        columns = []
        for index in self._others():
            conditions = []
            if index > 0:
                conditions.append(f"{x} >= {double(self.edges[index - 1])}")
            if index < len(self.edges):
                conditions.append(f"{x} < {double(self.edges[index])}")
            columns.append(f"case when {' and '.join(conditions)} then 1e0 else 0e0 end")
        if self.input.missing == "own_level":  # a NULL is in no bin
            columns = [
                f"case when {quoted(self.feature)} is null then 0e0 else {column} end" for column in columns
            ]
        return [*columns, *self.input.indicator()]

    def accepts(self) -> str:
        """SQL that is true where the term has a contribution."""
        return self.input.accepts()

    def standardised(self) -> list[bool]:
        """Bins are penalised as they are, 0 or 1."""
        return [False] * len(self.columns())

    def fitted(self, number: int, output: str, weights: Sequence[float]) -> list[Coefficient]:
        """Rows with a value per bin; with `reject`, the outer bins end at the bounds."""
        values = dict(zip(self._others(), weights, strict=False)) | {self.reference: 0.0}
        first = last = None
        if self.input.outside == "reject":
            first, last = self.input.lower, above(self.input.upper)
        edges = [first, *self.edges, last]
        row = partial(Coefficient, output, number, self.feature)
        rows = [
            row(
                applies_to="value",
                lower=edges[index],
                upper=edges[index + 1],
                value=float(values[index]),
            )
            for index in range(len(self.edges) + 1)
        ]
        if self.input.missing == "own_level":
            rows.append(row(applies_to="missing", value=float(weights[-1])))
        elif self.input.missing == "impute":
            index = sum(edge <= self.input.filled for edge in self.edges)
            rows.append(row(applies_to="missing", value=float(values[index])))
        return rows
