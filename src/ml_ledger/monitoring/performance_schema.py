"""The columns of what the performance node measures; docs/monitoring.md explains them."""

from __future__ import annotations

import pyarrow as pa

PERFORMANCE_SCHEMA = pa.schema(
    [
        ("ml_model", pa.string()),
        ("version", pa.int64()),
        ("slot", pa.string()),
        ("period", pa.string()),
        ("period_start", pa.timestamp("us")),
        ("kind", pa.string()),
        ("slice", pa.string()),
        ("scored_by", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
        ("n", pa.int64()),
        ("decisions", pa.int64()),
        ("matured", pa.int64()),
        ("group_key", pa.string()),
        ("fingerprint", pa.string()),
    ]
)
