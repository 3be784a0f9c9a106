"""The SQL of a rule, as it is stored, in the dialect of a warehouse."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import sqlglot
from sqlglot import exp

from ml_ledger.scoring.words import double_in

STORED_DIALECT = "duckdb"


def transpiled(sql: str, dialect: str) -> exp.Expr:
    """A stored expression for a dialect. Every number in it is a double, and casts are to the types of features."""
    tree = exp.Paren(this=sqlglot.parse_one(sql, read=STORED_DIALECT))
    for node in reversed(list(tree.walk())):  # parts before the whole
        if isinstance(node, exp.Literal) and not node.is_string:
            node.replace(double_in(float(node.name), dialect))
        elif dialect == "postgres" and isinstance(node, exp.Round):
            node.replace(_rounded_away(node))
        elif dialect == "bigquery" and isinstance(node, (exp.Greatest, exp.Least)):
            node.replace(reduce(_ignoring_null(type(node)), [node.this, *node.expressions]))
    changed: exp.Expr = tree.this
    return changed


def _rounded_away(node: exp.Round) -> exp.Expr:
    """Postgres rounds halves of doubles to even numbers, those of decimals away from zero."""
    exact = exp.Round(this=exp.cast(node.this.copy(), exp.DataType.Type.DECIMAL))
    return exp.cast(exact, exp.DataType.Type.DOUBLE)


def _ignoring_null(kind: type[exp.Func]) -> Callable[[exp.Expr, exp.Expr], exp.Expr]:
    """BigQuery's greatest and least are NULL where one argument is."""

    def best(one: exp.Expr, other: exp.Expr) -> exp.Expr:
        both = kind(this=one.copy(), expressions=[other.copy()])
        return exp.Coalesce(this=both, expressions=[one.copy(), other.copy()])

    return best
