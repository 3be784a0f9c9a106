"""How a declared label is read: as a double, whatever it is stored as."""

from __future__ import annotations

from collections.abc import Sequence

from ml_ledger.spec import MLModelSpec
from ml_ledger.terms.base import literal
from ml_ledger.warehouse import quoted


def label_as_double(spec: MLModelSpec) -> str:
    """SQL of the label: a number; of task multiclass the position of the class, from 0; of task clustering NULL."""
    if spec.label is None:
        return "cast(null as double)"
    if spec.classes is None:
        return f"cast({quoted(spec.label)} as double)"
    return class_position(spec.classes, f"cast({quoted(spec.label)} as varchar)")


def class_position(classes: Sequence[str], text: str) -> str:
    """SQL of the position of a class, from 0, as a double; NULL for a text that is none."""
    positions = " ".join(f"when {literal(name)} then {position}e0" for position, name in enumerate(classes))
    return f"case {text} {positions} end"
