"""Read casts and parts of dates."""

from __future__ import annotations

from datetime import date

from sqlglot import exp

from ml_ledger.errors import listed
from ml_ledger.rules.operations import Operation, Type
from ml_ledger.rules.parse import shown
from ml_ledger.rules.reader import Reader
from ml_ledger.rules.syntax import CAST_INSTEAD, CASTABLE, CASTS, PARTS


def read_cast(reader: Reader, node: exp.Cast) -> Operation:
    """A cast, spelled out later as what the types make of it."""
    value, kind = reader.read(node.this), CASTS.get(node.to.this)
    if kind is None or node.to.expressions:
        return reader.refuse(
            "casts to a type that a rule cannot use", shown(node), "double, integer, varchar, boolean or date"
        )
    type_: Type = "number" if kind == "integer" else kind
    if value.type == "any":  # always NULL, or refused already
        return Operation("literal", type_)
    if value.type == kind:
        return value
    if value.type == "text" and value.name == "literal" and kind == "date":
        return _date(reader, str(value.value))
    if (value.type, kind) not in CASTABLE:
        return reader.refuse(
            f"casts a {value.type} to {kind}, which warehouses do differently",
            shown(node),
            fix=CAST_INSTEAD.get((value.type, kind)),
        )
    return Operation(f"{kind} of {value.type}", type_, (value,))


def _date(reader: Reader, text: str) -> Operation:
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError:
        day = None
    if day != text:
        return reader.refuse("holds a date that does not exist", repr(text), "a date such as '2024-01-31'")
    return Operation("literal", "date", value=day)


def read_part(reader: Reader, node: exp.Expr) -> Operation:
    """A part of a date."""
    if isinstance(node, exp.Extract):
        of, name = node.expression, node.name.lower()
    else:
        of, name = node.this, PARTS[type(node)]
    if name not in PARTS.values():
        return reader.refuse("takes a part of a date that is not allowed", name, listed(PARTS.values()))
    day = reader.typed(of, "date", "what a part is taken of")
    return Operation("part", "number", (day,), name)
