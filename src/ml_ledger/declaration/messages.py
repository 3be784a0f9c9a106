"""Errors of pydantic in our shape: the key as it was written, what was given, what is allowed."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel

from ml_ledger.declaration.features import FEATURE_KINDS
from ml_ledger.declaration.ml_model import MLModelSpec
from ml_ledger.errors import Problem, did_you_mean, listed


def translate(root: str, detail: Mapping[str, Any]) -> Problem:
    """One pydantic error in our shape."""
    known, location = _walk(detail["loc"])
    where = ".".join([root, *location])
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    fix: str | None
    if kind == "extra_forbidden":
        fix = did_you_mean(location[-1], known) or "remove the key"
        return Problem(where, "unknown key", _shown(value), listed(known), fix)
    if kind == "union_tag_invalid":
        allowed = context["expected_tags"]
        return Problem(f"{where}.kind", "has a value that is not allowed", repr(context["tag"]), allowed)
    if kind == "union_tag_not_found":
        return Problem(
            f"{where}.kind", "a required key is missing", allowed=listed(FEATURE_KINDS), fix="add 'kind'"
        )
    if kind == "missing":
        return Problem(where, "a required key is missing", fix=f"add '{location[-1]}'")
    if kind == "literal_error":
        return Problem(where, "has a value that is not allowed", _shown(value), context["expected"])
    if kind == "string_pattern_mismatch":
        return Problem(where, "must be a name", _shown(value), "lower case letters, digits and _")
    if kind == "reserved_column":
        fix = "rename the column in the model that it comes from"
        return Problem(where, detail["msg"], _shown(value), "any name that does not begin with _ml_", fix)
    if kind == "label_column":
        fix = "rename the column in the features and the labels"
        return Problem(where, detail["msg"], _shown(value), "any other name", fix)
    if kind == "column_name":
        return Problem(where, detail["msg"], _shown(value), "printable characters, without spaces at either end")
    limits = {"greater_than": ">", "greater_than_equal": ">=", "less_than": "<", "less_than_equal": "<="}
    if kind in limits:
        limit = next(iter(context.values()))
        return Problem(where, "is out of range", _shown(value), f"a number {limits[kind]} {limit}")
    if kind in SHAPES:
        fix = (
            "write it in quotes" if kind == "string_type" and isinstance(value, (bool, int, float, date)) else None
        )
        return Problem(where, f"must be {SHAPES[kind]}", _shown(value), fix=fix)
    if kind in ("float_type", "int_type", "int_from_float"):
        number = "a number" if kind == "float_type" else "a whole number"
        fix = None
        if isinstance(value, str):
            fix = "write it without quotes, and small numbers as 0.001 (YAML reads 1e-3 as text)"
        return Problem(where, f"must be {number}", _shown(value), number, fix)
    if kind == "date_type":
        return Problem(where, "must be a date", _shown(value), "a date such as '2024-01-31'")
    if kind == "finite_number":
        return Problem(where, "must be finite", _shown(value), "a finite number")
    if kind == "string_too_short":
        return Problem(where, "must not be empty", _shown(value))
    if kind == "too_short":
        least = context["min_length"]
        if least == 1:
            return Problem(where, "must not be empty", _shown(value), "at least one entry")
        return Problem(where, "has too few entries", _shown(value), f"at least {least}")
    return Problem(where, detail["msg"][0].lower() + detail["msg"][1:], _shown(value))


# What a key must be, by pydantic's name of the error.
SHAPES = {
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "dict_type": "a mapping of keys",
    "list_type": "a list",
    "string_type": "text",
    "bool_type": "true or false",
}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _walk(location: tuple[Any, ...]) -> tuple[list[str], list[str]]:
    """Follow an error's location through the types.

    Returns the keys that are allowed beside the last part, and the parts as a person wrote them: pydantic adds the
    kind of a feature and the arm of a union to its locations.
    """
    current: Any = MLModelSpec
    known: list[str] = []
    written: list[str] = []
    for part in location:
        if part == "[key]":  # the key itself, which is written already
            continue
        current = _bare(current)
        if isinstance(current, type) and issubclass(current, BaseModel):
            fields = {field.alias or name: field for name, field in current.model_fields.items()}
            known = list(fields)
            written.append(str(part))
            current = fields[part].annotation if part in fields else None
        elif typing.get_origin(current) is dict:
            written.append(str(part))
            current = typing.get_args(current)[-1]
        elif typing.get_origin(current) is list:
            written.append(str(part))
            current = typing.get_args(current)[0]
        elif part in FEATURE_KINDS:
            current = FEATURE_KINDS[part]
    return known, written


def _bare(annotation: Any) -> Any:
    """A type without its constraints and without None."""
    while True:
        if typing.get_origin(annotation) is Annotated:
            annotation = typing.get_args(annotation)[0]
        elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
            arms = [arm for arm in typing.get_args(annotation) if arm is not type(None)]
            if len(arms) > 1:
                return None
            annotation = arms[0]
        else:
            return annotation
