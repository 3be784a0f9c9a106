"""One function per kind of syntax node: it checks the node and returns its operation."""

from __future__ import annotations

import math

from sqlglot import exp

from ml_ledger.errors import did_you_mean, listed
from ml_ledger.rules.casts import read_cast, read_part
from ml_ledger.rules.operations import NULL, REFUSED, Operation, Type
from ml_ledger.rules.parse import shown
from ml_ledger.rules.reader import Reader, Readers
from ml_ledger.rules.syntax import ARITHMETIC, COMPARISONS, FUNCTIONS_OF_NUMBERS, PARTS


def _column(reader: Reader, node: exp.Column) -> Operation:
    if len(node.parts) > 1:
        return reader.refuse("names a table", shown(node), fix=f"write {node.name}")
    name = node.name
    if not node.this.quoted:  # as warehouses have it, in whatever case
        name = next((column for column in reader.columns if column.lower() == name.lower()), name.lower())
    if name not in reader.columns:
        return reader.refuse(
            "reads a column that is not a declared feature",
            repr(name),
            listed(reader.columns),
            did_you_mean(name, reader.columns),
        )
    return Operation("column", reader.columns[name], value=name)


def _literal(reader: Reader, node: exp.Literal) -> Operation:
    if node.is_string:
        return Operation("literal", "text", value=node.name)
    number = float(node.name)
    if not math.isfinite(number):
        return reader.refuse("holds a number that is too large for a double", node.name)
    return Operation("literal", "number", value=number)


def _condition(reader: Reader, node: exp.Expr) -> Operation:
    return reader.typed(node, "boolean", "a condition")


def _case(reader: Reader, node: exp.Case) -> Operation:
    operand = None if node.this is None else reader.read(node.this)
    arguments: list[Operation] = [] if operand is None else [operand]
    for branch in node.args["ifs"]:
        if operand is None:
            arguments.append(_condition(reader, branch.this))
        else:
            value = reader.read(branch.this)
            reader.same_type([operand, value], branch.this, "compares")
            arguments.append(value)
        arguments.append(reader.read(branch.args["true"]))
    default = node.args.get("default")
    arguments.append(NULL if default is None else reader.read(default))
    results = [*arguments[(1 if operand is None else 2) :: 2], arguments[-1]]
    kind = reader.same_type(results, node, "gives")
    return Operation("case" if operand is None else "match", kind, tuple(arguments))


def _choice(reader: Reader, node: exp.If) -> Operation:
    results = [
        reader.read(side) if side is not None else NULL for side in (node.args["true"], node.args.get("false"))
    ]
    kind = reader.same_type(results, node, "gives")
    return Operation("case", kind, (_condition(reader, node.this), *results))


def _comparison(reader: Reader, node: exp.Binary) -> Operation:
    name, sides = COMPARISONS[type(node)], (reader.read(node.left), reader.read(node.right))
    kind = reader.same_type(sides, node, "compares")
    if name not in ("eq", "ne"):
        _ordered(reader, kind, node)
    return Operation(name, "boolean", sides)


def _ordered(reader: Reader, kind: Type, node: exp.Expr) -> None:
    if kind in ("text", "boolean"):
        reader.refuse(
            f"compares the order of {kind}s, which differs between warehouses",
            shown(node),
            "=, <>, in and like for texts; < and > for numbers and dates",
        )


def _between(reader: Reader, node: exp.Between) -> Operation:
    parts = tuple(reader.read(part) for part in (node.this, node.args["low"], node.args["high"]))
    _ordered(reader, reader.same_type(parts, node, "compares"), node)
    return Operation("between", "boolean", parts)


def _within(reader: Reader, node: exp.In) -> Operation:
    value, levels = reader.read(node.this), [reader.read(level) for level in node.expressions]
    if not levels:
        return reader.refuse("compares with an empty list", shown(node))
    for level, of in zip(levels, node.expressions, strict=True):
        if level is not REFUSED and (level.name != "literal" or level.value is None):
            reader.refuse("lists what is not a constant", shown(of), "a list of numbers, texts or dates")
    reader.same_type([value, *levels], node, "compares")
    return Operation("in", "boolean", (value, *levels))


def _like(reader: Reader, node: exp.Like) -> Operation:
    value = reader.typed(node.this, "text", "what is compared by like")
    pattern = node.expression
    if not (isinstance(pattern, exp.Literal) and pattern.is_string) or "\\" in pattern.name:
        return reader.refuse("needs a constant pattern", shown(pattern), "a text without \\, such as 'pro%'")
    matches = Operation("like", "boolean", (value,), pattern.name)
    return Operation("not", "boolean", (matches,)) if node.args.get("negate") else matches


def _is_null(reader: Reader, node: exp.Is) -> Operation:
    if not isinstance(node.expression, exp.Null):
        return reader.refuse("compares by 'is'", shown(node), "is null, is not null", "write coalesce(x, false)")
    return Operation("is null", "boolean", (reader.read(node.this),))


def _connector(reader: Reader, node: exp.Connector) -> Operation:
    parts = tuple(_condition(reader, part) for part in node.flatten())
    return Operation("and" if isinstance(node, exp.And) else "or", "boolean", parts)


def _negation(reader: Reader, node: exp.Not) -> Operation:
    return Operation("not", "boolean", (_condition(reader, node.this),))


def _number(reader: Reader, node: exp.Expr) -> Operation:
    return reader.typed(node, "number", "an argument of arithmetic")


def _arithmetic(reader: Reader, node: exp.Binary) -> Operation:
    return Operation(ARITHMETIC[type(node)], "number", (_number(reader, node.left), _number(reader, node.right)))


def _minus(reader: Reader, node: exp.Neg) -> Operation:
    value = _number(reader, node.this)
    if value.name == "literal" and isinstance(value.value, float):
        return Operation("literal", "number", value=-value.value)
    return Operation("minus", "number", (value,))


def _function(reader: Reader, node: exp.Expr) -> Operation:
    arguments = [node.this, node.args.get("expression"), *node.expressions]
    name = FUNCTIONS_OF_NUMBERS[type(node)]
    return Operation(name, "number", tuple(_number(reader, part) for part in arguments if part is not None))


def _rounded(reader: Reader, node: exp.Round) -> Operation:
    value, digits = _number(reader, node.this), node.args.get("decimals")
    if digits is None:
        return Operation("round", "number", (value,))
    if not (isinstance(digits, exp.Literal) and digits.name.isdecimal() and int(digits.name) <= 15):
        return reader.refuse("rounds to a number of digits that is no constant", shown(node), "0 to 15 digits")
    # Warehouses round the same at halves only without digits.
    scale = Operation("literal", "number", value=float(10 ** int(digits.name)))
    scaled = Operation("round", "number", (Operation("multiply", "number", (value, scale)),))
    return Operation("divide", "number", (scaled, scale))


def _coalesce(reader: Reader, node: exp.Coalesce) -> Operation:
    parts = tuple(reader.read(part) for part in (node.this, *node.expressions))
    return Operation("coalesce", reader.same_type(parts, node, "gives"), parts)


def _nullif(reader: Reader, node: exp.Nullif) -> Operation:
    parts = (reader.read(node.this), reader.read(node.expression))
    reader.same_type(parts, node, "compares")
    return Operation("nullif", parts[0].type, parts)


READERS: Readers = {
    exp.Paren: lambda reader, node: reader.read(node.this),
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Boolean: lambda _, node: Operation("literal", "boolean", value=bool(node.this)),
    exp.Null: lambda _, __: NULL,
    exp.Case: _case,
    exp.If: _choice,
    exp.Between: _between,
    exp.In: _within,
    exp.Like: _like,
    exp.Is: _is_null,
    exp.And: _connector,
    exp.Or: _connector,
    exp.Not: _negation,
    exp.Neg: _minus,
    exp.Round: _rounded,
    exp.Coalesce: _coalesce,
    exp.Nullif: _nullif,
    exp.Cast: read_cast,
    exp.TryCast: read_cast,
    exp.Extract: read_part,
    **dict.fromkeys(COMPARISONS, _comparison),
    **dict.fromkeys(ARITHMETIC, _arithmetic),
    **dict.fromkeys(FUNCTIONS_OF_NUMBERS, _function),
    **dict.fromkeys(PARTS, read_part),
}
