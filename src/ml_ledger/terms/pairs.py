"""Rows of the joint effect of two features: a value per cell of a table of their bins and levels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ml_ledger.coefficients import Coefficient
from ml_ledger.terms.codes import CodedFeature

# What a pair may have: the SQL of a version holds every cell.
MAXIMUM_CELLS = 10_000


def pair_rows(
    one: CodedFeature, other: CodedFeature, table: NDArray[np.float64], *, output: str, number: int
) -> list[Coefficient]:
    """The rows of a term that adds `table[code of one, code of other]`, with neighbouring bins of equal values joined.

    table: its last row and column are for a NULL with a value of its own. number: of the term.
    """
    # Per code of the first feature, the first of the codes beside it that have the same values.
    alike = [0]
    for code in range(1, one.count):
        alike.append(alike[-1] if np.array_equal(table[code], table[code - 1]) else code)
    rows = []
    for first in one.rows(alike, one.count, output=output, number=number):
        *values, if_missing = table[int(first.value or 0)].tolist()
        rows += [
            replace(
                first,
                value=second.value,
                other_feature=second.feature,
                other_applies_to=second.applies_to,
                other_level=second.level,
                other_lower=second.lower,
                other_upper=second.upper,
            )
            for second in other.rows(values, if_missing, output=output, number=number)
        ]
    return rows
