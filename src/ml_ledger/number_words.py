"""Numbers and shares as a person reads them."""

from __future__ import annotations


def number(value: float) -> str:
    """With four digits that count, and no more of an exponent than needed."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.4g}"


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100 * share:.3g} %" if share >= 0.0005 or share == 0 else "less than 0.05 %"
