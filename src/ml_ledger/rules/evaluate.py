"""What a rule gives, computed in NumPy: the answer that its SQL is checked against.

Conditions are true, false or NULL; what has no value is NULL; NaN is above every number, as SQL engines order it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_ledger.rules.operations import Operation, Type

DTYPES: dict[str, type] = {"number": float, "text": object, "boolean": bool, "date": float, "any": float}
DIGITS = re.compile(r"[+-]?[0-9]{1,250}")
DECIMALS = re.compile(r"[+-]?[0-9]{1,250}(\.[0-9]{1,250})?")
DATE = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Values:
    """A value per row. data: doubles, texts or booleans; a date is its proleptic ordinal. null: where there is none."""

    data: NDArray[Any]
    null: NDArray[np.bool_]

    @property
    def true(self) -> NDArray[np.bool_]:
        """Where a condition is true."""
        return self.data.astype(bool) & ~self.null

    @property
    def false(self) -> NDArray[np.bool_]:
        """Where a condition is false."""
        return ~self.data.astype(bool) & ~self.null


def evaluate(rule: Operation, columns: Mapping[str, Values], rows: int) -> NDArray[np.float64]:
    """The number that a rule gives for each row; NaN for NULL.

    columns: what it reads, by name. rows: how many there are.
    """
    with np.errstate(all="ignore"):
        values = _Evaluation(columns, rows).of(rule)
    return np.where(values.null, np.nan, values.data.astype(float))


class _Evaluation:
    def __init__(self, columns: Mapping[str, Values], rows: int) -> None:
        self.columns, self.rows = columns, rows

    def of(self, operation: Operation) -> Values:
        if operation.name == "column":
            return self.columns[str(operation.value)]
        if operation.name == "literal":
            return self.literal(operation)
        arguments = [self.of(argument) for argument in operation.arguments]
        if operation.name in ("case", "match"):
            return self.case(operation, arguments)
        if operation.name == "coalesce":
            branches = [
                part for value in arguments for part in (Values(~value.null, np.zeros_like(value.null)), value)
            ]
            return self.first(operation.type, branches)
        if operation.name == "like":
            pattern = re.compile(
                "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in str(operation.value)),
                re.DOTALL,
            )
            return _mapped(lambda text: pattern.fullmatch(text) is not None, bool, arguments[0])
        if operation.name == "part":
            return _mapped(PARTS[str(operation.value)], float, arguments[0])
        return EVALUATORS[operation.name](*arguments)

    def literal(self, operation: Operation) -> Values:
        value = operation.value
        if operation.type == "date" and value is not None:
            value = float(date.fromisoformat(str(value)).toordinal())
        data: NDArray[Any] = np.zeros(self.rows, dtype=DTYPES[operation.type])
        if value is not None:
            data[:] = value
        return Values(data, np.full(self.rows, value is None))

    def case(self, operation: Operation, arguments: Sequence[Values]) -> Values:
        if operation.name == "case":
            return self.first(operation.type, arguments)
        operand, *others = arguments
        for position in range(0, len(others) - 1, 2):
            others[position] = _equal(operand, others[position])
        return self.first(operation.type, others)

    def first(self, kind: Type, arguments: Sequence[Values]) -> Values:
        """Of conditions and results in turn the first result whose condition is true; of an odd number, the last."""
        data: NDArray[Any] = np.zeros(self.rows, dtype=DTYPES[kind])
        null = np.ones(self.rows, dtype=bool)
        left = np.ones(self.rows, dtype=bool)
        pairs = list(zip(arguments[::2], arguments[1::2], strict=False))
        if len(arguments) % 2:
            everywhere = Values(np.ones(self.rows, dtype=bool), np.zeros(self.rows, dtype=bool))
            pairs.append((everywhere, arguments[-1]))
        for condition, result in pairs:
            here = left & condition.true
            data[here], null[here] = result.data[here], result.null[here]
            left &= ~here
        return Values(data, null)


def _either(*values: Values) -> NDArray[np.bool_]:
    null: NDArray[np.bool_] = np.logical_or.reduce([value.null for value in values])
    return null


def _less(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    less: NDArray[np.bool_] = (one < other) | (np.isnan(other) & ~np.isnan(one))
    return less


def _same(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = np.asarray(one == other, dtype=bool)
    if one.dtype == other.dtype == float:
        same = same | (np.isnan(one) & np.isnan(other))
    return same


def _equal(one: Values, other: Values) -> Values:
    return Values(_same(one.data, other.data), _either(one, other))


def _not(value: Values) -> Values:
    return Values(np.logical_not(value.data), value.null)


def _and(*values: Values) -> Values:
    false = np.logical_or.reduce([value.false for value in values])
    return Values(~false, ~false & _either(*values))


def _or(*values: Values) -> Values:
    true = np.logical_or.reduce([value.true for value in values])
    return Values(true, ~true & _either(*values))


def _below(one: Values, other: Values) -> Values:
    return Values(_less(one.data, other.data), _either(one, other))


def _between(value: Values, low: Values, high: Values) -> Values:
    return _and(_not(_below(value, low)), _not(_below(high, value)))


def _nullif(value: Values, other: Values) -> Values:
    return Values(value.data, value.null | _equal(value, other).true)


def _extreme(better: Callable[[NDArray[Any], NDArray[Any]], NDArray[np.bool_]]) -> Callable[..., Values]:
    """The best of the values that are not NULL."""

    def extreme(first: Values, *others: Values) -> Values:
        data, null = first.data.copy(), first.null.copy()
        for other in others:
            take = ~other.null & (null | better(other.data, data))
            data[take], null[take] = other.data[take], False
        return Values(data, null)

    return extreme


def _numbers(function: Callable[..., NDArray[Any]]) -> Callable[..., Values]:
    return lambda *values: Values(function(*(value.data for value in values)), _either(*values))


def _divide(one: Values, other: Values) -> Values:
    return Values(one.data / other.data, _either(one, other) | (other.data == 0))


def _rounded(data: NDArray[Any]) -> NDArray[Any]:
    """Halves go away from zero."""
    whole = np.floor(np.abs(data))
    rounded: NDArray[Any] = np.copysign(whole + (np.abs(data) - whole >= 0.5), data)
    return rounded


def _mapped(function: Callable[[Any], object], dtype: type, value: Values) -> Values:
    """A function of one value; None is NULL."""
    data: NDArray[Any] = np.zeros(len(value.data), dtype=dtype)
    null = value.null.copy()
    answers = [function(item) for item in value.data[~value.null].tolist()]
    data[~value.null] = [0 if answer is None else answer for answer in answers]
    null[~value.null] = [answer is None for answer in answers]
    return Values(data, null)


def _exp(value: float) -> float:
    # The C library's, as engines use it: NumPy's differ in the last bit.
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _ln(value: float) -> float | None:
    return math.log(value) if value > 0 or math.isnan(value) else None


def _power(base: float, exponent: float) -> float | None:
    broken = math.isfinite(exponent) and exponent != math.floor(exponent)
    if (base == 0 and exponent < 0) or (base < 0 and broken):
        return None
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 else math.inf


def _powers(base: Values, exponent: Values) -> Values:
    null = _either(base, exponent)
    pairs = zip(base.data.tolist(), exponent.data.tolist(), null.tolist(), strict=True)
    answers = [None if none else _power(one, other) for one, other, none in pairs]
    missing = np.array([answer is None for answer in answers], dtype=bool)
    return Values(np.array([0.0 if answer is None else answer for answer in answers]), missing)


def _parsed(pattern: re.Pattern[str]) -> Callable[[Values], Values]:
    return lambda value: _mapped(lambda text: float(text) if pattern.fullmatch(text) else None, float, value)


def _date(text: str) -> float | None:
    try:
        return float(date.fromisoformat(text).toordinal()) if DATE.fullmatch(text) else None
    except ValueError:
        return None


def _ordinal(number: float) -> date:
    return date.fromordinal(int(number))


PARTS: dict[str, Callable[[float], float]] = {
    "year": lambda number: _ordinal(number).year,
    "quarter": lambda number: (_ordinal(number).month + 2) // 3,
    "month": lambda number: _ordinal(number).month,
    "day": lambda number: _ordinal(number).day,
}

EVALUATORS: dict[str, Callable[..., Values]] = {
    "eq": _equal,
    "ne": lambda one, other: _not(_equal(one, other)),
    "lt": _below,
    "le": lambda one, other: _not(_below(other, one)),
    "gt": lambda one, other: _below(other, one),
    "ge": lambda one, other: _not(_below(one, other)),
    "between": _between,
    "in": lambda value, *levels: _or(*(_equal(value, level) for level in levels)),
    "is null": lambda value: Values(value.null, np.zeros_like(value.null)),
    "and": _and,
    "or": _or,
    "not": _not,
    "add": _numbers(np.add),
    "subtract": _numbers(np.subtract),
    "multiply": _numbers(np.multiply),
    "divide": _divide,
    "minus": _numbers(np.negative),
    "nullif": _nullif,
    "abs": _numbers(np.abs),
    "least": _extreme(_less),
    "greatest": _extreme(lambda one, other: _less(other, one)),
    "round": _numbers(_rounded),
    "floor": _numbers(np.floor),
    "ceil": _numbers(np.ceil),
    "ln": lambda value: _mapped(_ln, float, value),
    "exp": lambda value: _mapped(_exp, float, value),
    "sqrt": lambda value: Values(np.sqrt(value.data), value.null | (value.data < 0)),
    "power": _powers,
    "number of text": _parsed(DECIMALS),
    "integer of text": _parsed(DIGITS),
    "date of text": lambda value: _mapped(_date, float, value),
    "boolean of text": lambda value: _mapped(lambda text: {"true": True, "false": False}.get(text), bool, value),
    "text of boolean": lambda value: Values(np.where(value.data, "true", "false").astype(object), value.null),
    "number of boolean": lambda value: Values(value.data.astype(float), value.null),
    "integer of boolean": lambda value: Values(value.data.astype(float), value.null),
    "boolean of number": lambda value: Values(value.data != 0, value.null),
    "text of date": lambda value: _mapped(lambda number: _ordinal(number).isoformat(), object, value),
}
