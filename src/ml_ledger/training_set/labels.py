"""How a declared label is read: as a double, whatever it is stored as."""

from __future__ import annotations

from collections.abc import Sequence

from ml_ledger.declaration import MLModelSpec
from ml_ledger.sql_literals import literal
from ml_ledger.warehouse import quoted


def label_as_double(spec: MLModelSpec) -> str:
    """SQL of the label: a number; of task multiclass the position of the class, from 0; of task clustering NULL."""
    if spec.label is None:
        return "cast(null as double)"
    if spec.classes is None:
        return f"cast({quoted(spec.label)} as double)"
    return class_position(spec.classes, f"cast({quoted(spec.label)} as varchar)")


def label_as_level(spec: MLModelSpec) -> str:
    """SQL of the label as a level: the name of a class, of task binary 1 or 0 in whatever type they are stored."""
    label = quoted(str(spec.label))
    return f"cast({label} as varchar)" if spec.task != "binary" else binary_level(f"cast({label} as double)")


def binary_level(number: str) -> str:
    """SQL of the level of a label that is a number: 1, 1.0, 1.00 and true are one label."""
    return f"case {number} when 0 then '0' when 1 then '1' else cast({number} as varchar) end"


def level_as_stored(text: str) -> str:
    """The same of a text that an earlier release stored, which wrote the label as its type prints it."""
    word = {"true": "1", "false": "0"}.get(text)
    if word is not None:
        return word
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number in (0, 1) else text


def class_position(classes: Sequence[str], text: str) -> str:
    """SQL of the position of a class, from 0, as a double; NULL for a text that is none."""
    positions = " ".join(f"when {literal(name)} then {position}e0" for position, name in enumerate(classes))
    return f"case {text} {positions} end"
