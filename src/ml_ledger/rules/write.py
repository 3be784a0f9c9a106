"""From operations to SQL, in the DuckDB dialect, from which sqlglot writes the others.

What warehouses do differently is spelled out, so that a rule gives the same everywhere and never stops a query:
columns are cast to the type of their kind, numbers are doubles, and what has no value (a division by zero, the
logarithm of a negative number, a cast of a text that is no number) is NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from sqlglot import exp

from ml_ledger.rules.operations import Operation
from ml_ledger.scoring.words import column, double_in, rendered

DIALECT = "duckdb"
# Few enough digits that none overflows.
NUMBER_TEXT = "^[+-]?[0-9]{1,250}([.][0-9]{1,250})?$"
INTEGER_TEXT = "^[+-]?[0-9]{1,250}$"
DATE_TEXT = "^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$"

Sql = exp.Expr
PRECEDENCE: dict[type[Sql], int] = {exp.Add: 1, exp.Sub: 1, exp.Mul: 2, exp.Div: 2}
CONDITIONS = (exp.Connector, exp.Not, exp.Predicate)


def sql_of(rule: Operation) -> str:
    """The SQL of a rule. Functions in lower case, keywords in upper case, columns quoted."""
    return rendered(_write(rule), DIALECT)


def _write(operation: Operation) -> Sql:
    if operation.name == "column":
        return exp.cast(column(str(operation.value)), TYPES[operation.type])
    if operation.name == "literal":
        return _literal(operation)
    if operation.name == "like":
        pattern = exp.Literal.string(str(operation.value))
        return exp.Like(this=_side(_write(operation.arguments[0])), expression=pattern)
    if operation.name == "part":
        part = exp.Extract(this=exp.var(str(operation.value).upper()), expression=_write(operation.arguments[0]))
        return exp.cast(part, TYPES["number"])
    return WRITERS[operation.name](*map(_write, operation.arguments))


TYPES = {
    "number": exp.DataType.Type.DOUBLE,
    "text": exp.DataType.Type.TEXT,
    "boolean": exp.DataType.Type.BOOLEAN,
    "date": exp.DataType.Type.DATE,
}


def _literal(operation: Operation) -> Sql:
    value = operation.value
    if value is None:
        return exp.Null()
    if operation.type == "date":
        return exp.cast(exp.Literal.string(str(value)), TYPES["date"])
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    return exp.Literal.string(value) if isinstance(value, str) else double_in(value, DIALECT)


def _case(*arguments: Sql) -> Sql:
    *branches, default = arguments
    ifs = [exp.If(this=when, true=then) for when, then in zip(branches[::2], branches[1::2], strict=True)]
    return exp.Case(ifs=ifs, default=None if isinstance(default, exp.Null) else default)


def _match(operand: Sql, *arguments: Sql) -> Sql:
    case = _case(*arguments)
    case.set("this", operand)
    return case


def _comparison(kind: type[exp.Binary]) -> Callable[[Sql, Sql], Sql]:
    return lambda left, right: kind(this=_side(left), expression=_side(right))


def _side(part: Sql) -> Sql:
    """A side of a comparison, in brackets where it is a condition itself."""
    return exp.Paren(this=part) if isinstance(part, CONDITIONS) else part


def _arithmetic(kind: type[exp.Binary]) -> Callable[[Sql, Sql], Sql]:
    def write(left: Sql, right: Sql) -> Sql:
        order = PRECEDENCE[kind]
        left = exp.Paren(this=left) if PRECEDENCE.get(type(left), 3) < order else left
        right = exp.Paren(this=right) if PRECEDENCE.get(type(right), 3) <= order else right
        return kind(this=left, expression=right)

    return write


def _divide(left: Sql, right: Sql) -> Sql:
    not_zero = right
    if not (isinstance(right, exp.Literal) and float(right.name) != 0):
        not_zero = exp.Nullif(this=right, expression=double_in(0.0, DIALECT))
    return _arithmetic(exp.Div)(left, not_zero)


def _connector(kind: type[exp.Connector]) -> Callable[..., Sql]:
    def write(*parts: Sql) -> Sql:
        bracketed = [exp.Paren(this=part) if isinstance(part, exp.Connector) else part for part in parts]
        return reduce(lambda left, right: kind(this=left, expression=right), bracketed)

    return write


def _variadic(kind: type[exp.Func], **options: bool) -> Callable[..., Sql]:
    return lambda first, *others: kind(this=first, expressions=list(others), **options)


def _where(condition: Sql, value: Sql) -> Sql:
    """The value where a condition holds, else NULL."""
    return exp.Case(ifs=[exp.If(this=condition, true=value)])


def _where_text(pattern: str, kind: str, text: Sql) -> Sql:
    matches = exp.RegexpLike(this=text.copy(), expression=exp.Literal.string(pattern))
    cast = exp.TryCast if kind == "date" else exp.Cast  # 2024-02-30
    return _where(matches, cast(this=text, to=exp.DataType.build(TYPES[kind])))


def _logarithm(value: Sql) -> Sql:
    zero = double_in(0.0, DIALECT)
    positive = exp.Greatest(this=value, expressions=[zero], ignore_nulls=True)
    return exp.Ln(this=exp.Nullif(this=positive, expression=zero.copy()))


def _root(value: Sql) -> Sql:
    return _where(exp.GTE(this=value.copy(), expression=double_in(0.0, DIALECT)), exp.Sqrt(this=value))


def _power(base: Sql, exponent: Sql) -> Sql:
    """NULL where it is no real number: 0 to a negative power, a negative number to a broken one."""
    power = exp.Pow(this=base, expression=exponent)
    zero = double_in(0.0, DIALECT)
    if isinstance(exponent, exp.Literal):
        is_whole = float(exponent.name).is_integer()
        return power if is_whole else _where(exp.GTE(this=base.copy(), expression=zero), power)
    positive = exp.GT(this=base.copy(), expression=zero)
    of_zero = exp.and_(
        exp.EQ(this=base.copy(), expression=zero.copy()), exp.GTE(this=exponent.copy(), expression=zero.copy())
    )
    of_negative = exp.and_(
        exp.LT(this=base.copy(), expression=zero.copy()),
        exp.EQ(this=exponent.copy(), expression=exp.Floor(this=exponent.copy())),
    )
    return _where(exp.or_(positive, of_zero, of_negative), power)


def _of_boolean(if_true: Sql, if_false: Sql) -> Callable[[Sql], Sql]:
    return lambda value: _match(value, exp.true(), if_true.copy(), exp.false(), if_false.copy(), exp.Null())


_number_of_boolean = _of_boolean(double_in(1.0, DIALECT), double_in(0.0, DIALECT))

WRITERS: dict[str, Callable[..., Sql]] = {
    "case": _case,
    "match": _match,
    "eq": _comparison(exp.EQ),
    "ne": _comparison(exp.NEQ),
    "lt": _comparison(exp.LT),
    "le": _comparison(exp.LTE),
    "gt": _comparison(exp.GT),
    "ge": _comparison(exp.GTE),
    "between": lambda value, low, high: exp.Between(this=value, low=low, high=high),
    "in": lambda value, *levels: exp.In(this=_side(value), expressions=list(levels)),
    "is null": lambda value: exp.Is(this=_side(value), expression=exp.Null()),
    "and": _connector(exp.And),
    "or": _connector(exp.Or),
    "not": lambda value: exp.Not(this=_side(value)),
    "add": _arithmetic(exp.Add),
    "subtract": _arithmetic(exp.Sub),
    "multiply": _arithmetic(exp.Mul),
    "divide": _divide,
    "minus": lambda value: exp.Paren(
        this=exp.Neg(this=exp.Paren(this=value) if type(value) in PRECEDENCE else value)
    ),
    "coalesce": _variadic(exp.Coalesce),
    "nullif": lambda value, other: exp.Nullif(this=value, expression=other),
    "abs": lambda value: exp.Abs(this=value),
    "least": _variadic(exp.Least, ignore_nulls=True),
    "greatest": _variadic(exp.Greatest, ignore_nulls=True),
    "round": lambda value: exp.Round(this=value),
    "floor": lambda value: exp.Floor(this=value),
    "ceil": lambda value: exp.Ceil(this=value),
    "ln": _logarithm,
    "exp": lambda value: exp.Exp(this=value),
    "sqrt": _root,
    "power": _power,
    "number of text": lambda text: _where_text(NUMBER_TEXT, "number", text),
    "integer of text": lambda text: _where_text(INTEGER_TEXT, "number", text),
    "date of text": lambda text: _where_text(DATE_TEXT, "date", text),
    "boolean of text": lambda text: _match(
        text, exp.Literal.string("true"), exp.true(), exp.Literal.string("false"), exp.false(), exp.Null()
    ),
    "text of boolean": _of_boolean(exp.Literal.string("true"), exp.Literal.string("false")),
    "number of boolean": _number_of_boolean,
    "integer of boolean": _number_of_boolean,
    "boolean of number": lambda value: exp.NEQ(this=value, expression=double_in(0.0, DIALECT)),
    "text of date": lambda value: exp.cast(value, TYPES["text"]),
}
