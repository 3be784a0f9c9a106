"""What may tell the label alone among the design columns of terms, and what it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ml_ledger.coefficients import Coefficient
from ml_ledger.progress import say
from ml_ledger.solvers.separation import Candidate, Undetermined
from ml_ledger.terms import Term
from ml_ledger.terms.numeric import LinearTerm


def left_undetermined(found: Sequence[Undetermined]) -> dict[str, float]:
    """How many rows each undetermined weight has, as diagnostics; said as well, since nobody may look there."""
    if found:
        say(
            f"left undetermined, without a standard error: {'; '.join(map(str, found))}. The rest of the fit stands."
            " Fix: join levels (min_share), declare a penalty, or look whether it gives the label away"
        )
    return {f"undetermined.{item.name}": float(item.rows) for item in found}


def candidates_of(terms: Mapping[str, Term]) -> list[Candidate]:
    """What may tell the label alone: each design column, and then of each feature its reference."""
    width = sum(len(term.columns()) for term in terms.values())
    singles, references, start = [], [], 0
    for name, term in terms.items():
        count = len(term.columns())
        names = _names(name, term)
        is_step = not isinstance(term, LinearTerm)
        for j, column_name in enumerate(names[:count]):
            weights = np.zeros(width)
            weights[start + j] = 1.0
            singles.append(Candidate(weights, column_name, names[count] if is_step and count == 1 else None))
        if is_step and count > 1:
            weights = np.zeros(width)
            weights[start : start + count] = 1.0
            references.append(Candidate(weights, name, names[count]))
        start += count
    return [*singles, *references]


def _names(name: str, term: Term) -> list[str]:
    """What the rows are called on which a design column is not 0, and on which all of them are (step terms)."""
    if isinstance(term, LinearTerm):
        above = [f"{name} above {term.input.unscale(knot):g}" for knot in term.knots]
        return [name, *above, f"{name} missing"]
    count = len(term.columns())
    units = [*np.eye(count).tolist(), [0.0] * count]
    own = [[row for row in term.fitted(1, "", unit) if row.applies_to != "unknown"] for unit in units]
    cases = [[row for row in rows if row.value] for rows in own[:-1]]
    used = [row for rows in cases for row in rows]
    cases.append([row for row in own[-1] if not any(replace(row, value=other.value) == other for other in used)])
    return [f"{name} {' or '.join(_case(row) for row in rows)}" for rows in cases]


def _case(row: Coefficient) -> str:
    if row.applies_to == "level":
        return f"= {row.level}"
    if row.applies_to == "missing":
        return "missing"
    if row.lower is None or row.upper is None:
        return f"< {row.upper:g}" if row.upper is not None else f">= {row.lower or 0.0:g}"
    return f"from {row.lower:g} to below {row.upper:g}"
