"""What all charts share: the panel they become, and how rows are put into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_ledger.number_words import number

SLOTS = ("champion", "challenger", "shadow", "control")


@dataclass(frozen=True)
class Panel:
    """A chart. note: how to read it. query: the rows that it shows."""

    title: str
    note: str
    svg: str
    query: str


def until(moment: datetime | None) -> str:
    """The end of an interval, in words."""
    return " until now" if moment is None else f" until {moment:%Y-%m-%d}"


def interval(row: Mapping[str, Any]) -> str:
    """ci_low and ci_high of a row, in words; nothing where there is none."""
    if row["ci_low"] is None or row["ci_high"] is None:
        return ""
    return f" ({number(row['ci_low'])} to {number(row['ci_high'])})"
