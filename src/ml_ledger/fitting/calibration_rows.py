"""What calibrating rows make of link scores, in NumPy: what the SQL of a version is checked against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import log_softmax

from ml_ledger.arrays import Matrix
from ml_ledger.coefficients import CALIBRATION, Coefficient, Link
from ml_ledger.families.family import Fit
from ml_ledger.scoring.outputs import ADDED_SHARE


def calibrating_rows(fit: Fit) -> list[Coefficient]:
    """The calibrating rows of a fit; none where it is not calibrated."""
    return [row for row in fit.coefficients if row.output == CALIBRATION]


def applied(rows: Sequence[Coefficient], links: Matrix, kind: Link) -> Matrix:
    """Calibrated probabilities, n × m, of n × m link scores (m: 1, or the number of classes), NaN where one is NaN."""
    if kind in ("softmax", "shares"):
        logs = np.log(links + ADDED_SHARE) if kind == "shares" else links
        calibrated: Matrix = log_softmax((rows[0].slope or 0.0) * logs, axis=1)
        return np.exp(calibrated)
    link = links[:, 0]
    edges = [row.lower for row in rows[1:]]
    position = np.searchsorted(np.array(edges, dtype=float), link, side="right")
    slope = np.array([row.slope or 0.0 for row in rows])[position]
    value = np.array([row.value or 0.0 for row in rows])[position]
    with np.errstate(invalid="ignore", over="ignore"):
        line = np.where(slope == 0, value, slope * link + value)
        line = np.where(np.isnan(link), np.nan, line)
        return (1 / (1 + np.exp(-line)))[:, None]
