"""What of SQL a rule may hold, as syntax nodes of sqlglot."""

from __future__ import annotations

from typing import Literal

from sqlglot import exp

from ml_ledger.rules.operations import Type

FUNCTIONS = (
    "abs", "ceil", "coalesce", "day", "exp", "floor", "greatest", "if", "least", "ln", "month", "nullif", "power",
    "quarter", "round", "sqrt", "year",
)  # fmt: skip
SYNTAX = "case, comparisons, and, or, not, between, in, is null, like, + - * /, cast, extract"
COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "eq", exp.NEQ: "ne", exp.LT: "lt", exp.LTE: "le", exp.GT: "gt", exp.GTE: "ge",
}  # fmt: skip
ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "add", exp.Sub: "subtract", exp.Mul: "multiply", exp.Div: "divide",
}  # fmt: skip
FUNCTIONS_OF_NUMBERS: dict[type[exp.Expr], str] = {
    exp.Abs: "abs", exp.Ceil: "ceil", exp.Exp: "exp", exp.Floor: "floor", exp.Ln: "ln", exp.Pow: "power",
    exp.Sqrt: "sqrt", exp.Greatest: "greatest", exp.Least: "least",
}  # fmt: skip
PARTS: dict[type[exp.Expr], str] = {
    exp.Year: "year", exp.Quarter: "quarter", exp.Month: "month", exp.Day: "day",
}  # fmt: skip
CASTS: dict[exp.DType, Type | Literal["integer"]] = {
    exp.DataType.Type.DOUBLE: "number",
    exp.DataType.Type.INT: "integer",
    exp.DataType.Type.BIGINT: "integer",
    exp.DataType.Type.VARCHAR: "text",
    exp.DataType.Type.TEXT: "text",
    exp.DataType.Type.BOOLEAN: "boolean",
    exp.DataType.Type.DATE: "date",
}
# What a syntax node may hold; anything else (a frame, an escape, an order, ...) would be lost.
PLAIN_KEYS = {"this", "expression", "expressions", "ifs", "default", "true", "false", "low", "high", "to"}
OTHER_KEYS: dict[type[exp.Expr], set[str]] = {
    exp.Literal: {"is_string"},
    exp.Column: {"table", "db", "catalog"},
    exp.Round: {"decimals"},
    exp.Like: {"negate"},
    exp.Div: {"typed", "safe"},
    exp.Greatest: {"ignore_nulls"},
    exp.Least: {"ignore_nulls"},
    exp.Cast: {"_type"},
    exp.TryCast: {"_type", "safe"},
}
CASTABLE = {
    ("text", "number"), ("text", "integer"), ("text", "boolean"), ("text", "date"), ("boolean", "number"),
    ("boolean", "integer"), ("boolean", "text"), ("number", "boolean"), ("date", "text"),
}  # fmt: skip
CAST_INSTEAD: dict[tuple[str, str], str] = {
    ("number", "integer"): "use round, floor or ceil",
    ("number", "text"): "compare it as a number",
}
# How to get a value of a type.
MADE_BY: dict[Type, str] = {
    "number": "cast(... as double)",
    "text": "cast(... as varchar)",
    "boolean": "compare it with a value",
    "date": "cast(... as date)",
}
