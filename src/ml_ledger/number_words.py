"""Numbers and shares as a person reads them."""

from __future__ import annotations

# From here on doubles are no longer exact to the unit.
VAST = 1e15
# Shares below this are not told apart.
SMALLEST_SHARE = 1e-6


def number(value: float) -> str:
    """With four digits that count, all digits of a whole number, and no exponent below `VAST`; NaN and infinity too."""
    if not abs(value) < VAST:
        return f"{value:.4g}"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.4g}"


def percent(share: float) -> str:
    """A share in percent, with three digits that count."""
    return f"{100 * share:.3g} %" if share >= SMALLEST_SHARE or share == 0 else "less than 0.0001 %"
