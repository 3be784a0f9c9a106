"""SQL words that every part of a compiled version uses, written with sqlglot."""

from __future__ import annotations

import math
import sys

from sqlglot import exp

from ml_ledger.coefficients import DatePart
from ml_ledger.sql_literals import digits, is_negative

LARGEST = sys.float_info.max
# The largest x whose exp(x) is a finite double.
LARGEST_LOG = math.log(LARGEST)

# What `extract` calls the day of the week from 1, Monday, to 7. `dow` and `dayofweek` differ between engines.
ISO_WEEKDAY = {"duckdb": "isodow", "postgres": "isodow", "snowflake": "dayofweekiso", "spark": "dayofweek_iso"}


def rendered(expression: exp.Expr, dialect: str) -> str:
    """The text of an expression."""
    return expression.sql(dialect=dialect, normalize_functions="lower")


def double_in(number: float, dialect: str) -> exp.Expr:
    """A double literal that reads back bit for bit. Errors as `digits`.

    A plain 0.1 is a DECIMAL in most engines and is rounded on its way to a double; the exponent form is a
    double in DuckDB and Spark, and elsewhere the cast makes it one. Negative numbers are in parentheses:
    `x --1` would be a comment.
    """
    literal: exp.Expr = exp.Literal.number(digits(number))
    if dialect not in ("duckdb", "spark"):
        literal = exp.cast(literal, exp.DataType.Type.DOUBLE)
    return exp.Paren(this=exp.Neg(this=literal)) if is_negative(number) else literal


def column(name: str) -> exp.Expr:
    """A column of the features, quoted."""
    return exp.column(name, quoted=True)


def text_of(name: str, part: DatePart | None, dialect: str) -> exp.Expr:
    """A column, or a part of a date, as text: how a level is told."""
    return exp.cast(_part_of(column(name), part, dialect) if part else column(name), exp.DataType.Type.TEXT)


def _part_of(date: exp.Expr, part: DatePart, dialect: str) -> exp.Expr:
    if part == "weekday" and dialect not in ISO_WEEKDAY:
        return exp.DayOfWeekIso(this=date)  # BigQuery counts from 1, Sunday
    word = ISO_WEEKDAY[dialect] if part == "weekday" else part
    return exp.Extract(this=exp.var(word), expression=date)


def is_null(name: str) -> exp.Expr:
    """Whether a column is NULL."""
    return exp.Is(this=column(name), expression=exp.Null())


def element(values: list[exp.Expr], position: exp.Expr, dialect: str) -> exp.Expr:
    """The value at a position, from 1, of a list of constants; NULL beyond it."""
    if dialect == "duckdb":
        return exp.Anonymous(this="list_extract", expressions=[exp.Array(expressions=values), position])
    pairs = [exp.If(this=exp.Literal.number(number), true=value) for number, value in enumerate(values, 1)]
    return exp.Case(this=position, ifs=pairs)
