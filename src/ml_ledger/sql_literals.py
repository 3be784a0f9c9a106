"""Numbers and texts as SQL literals that mean exactly them."""

from __future__ import annotations

import math

from ml_ledger.errors import VersionError


def double(number: float) -> str:
    """An SQL literal that DuckDB reads as a double, bit for bit. Raises VersionError for infinity and NaN."""
    text = digits(number)
    return f"(-{text})" if is_negative(number) else text


def digits(number: float) -> str:
    """The one text of |number| in SQL: read back as a double bit for bit, by engines that take exponents for doubles.

    Raises VersionError for infinity and NaN: no engine's literal means them, and no row of a version may hold them.
    """
    number = float(number)  # numpy writes its own types otherwise
    if not math.isfinite(number):
        raise VersionError(
            f"a number in SQL: must be finite; got {number}. Nothing was written. Fix: report this as a bug of"
            " ml_ledger, with the declaration of the ML model."
        )
    text = repr(abs(number))
    return text if "e" in text else f"{text}e0"


def is_negative(number: float) -> bool:
    """Whether a number has a minus sign; -0.0 has."""
    return math.copysign(1.0, number) < 0


def literal(text: str) -> str:
    """An SQL string."""
    return "'" + text.replace("'", "''") + "'"
