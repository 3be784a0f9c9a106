"""The columns of what the drift node measures; docs/drift.md explains each."""

from __future__ import annotations

import pyarrow as pa

DRIFT_SCHEMA = pa.schema(
    [
        ("ml_model", pa.string()),
        ("version", pa.int64()),
        ("slot", pa.string()),
        ("period", pa.string()),
        ("period_start", pa.timestamp("us")),
        ("part", pa.string()),
        ("feature", pa.string()),
        ("kind", pa.string()),
        ("metric", pa.string()),
        ("n", pa.int64()),
        ("reference_n", pa.int64()),
        ("psi", pa.float64()),
        ("ks", pa.float64()),
        ("js", pa.float64()),
        ("wasserstein", pa.float64()),
        ("chi_square", pa.float64()),
        ("mean", pa.float64()),
        ("reference_mean", pa.float64()),
        ("shift", pa.float64()),
        ("missing_share", pa.float64()),
        ("reference_missing_share", pa.float64()),
        ("out_of_range_share", pa.float64()),
        ("default_value", pa.float64()),
        ("default_share", pa.float64()),
        ("reference_default_share", pa.float64()),
        ("new_level_share", pa.float64()),
        ("new_levels", pa.string()),
        ("vanished_levels", pa.string()),
        ("value", pa.float64()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
        ("reference_value", pa.float64()),
        ("p_value", pa.float64()),
        ("q_value", pa.float64()),
        ("status", pa.string()),
        ("severity", pa.string()),
        ("cause", pa.string()),
        ("contribution", pa.float64()),
        ("rank", pa.int64()),
        ("group_key", pa.string()),
        ("fingerprint", pa.string()),
    ]
)
