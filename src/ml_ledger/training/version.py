"""The row that a trained version appends, and its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ml_ledger.record.canonical import HASH_FORMAT, canonical_text, sha256

_TIMESTAMP = pa.timestamp("us")

# JSON texts are strings: they read the same in every engine and hash the same everywhere.
VERSION_SCHEMA = pa.schema(
    [
        ("ml_model", pa.string()),
        ("version", pa.int64()),
        ("task", pa.string()),
        ("algorithm", pa.string()),
        ("hyperparameters", pa.string()),
        ("features", pa.string()),
        ("link", pa.string()),
        ("trained_by", pa.string()),
        ("trained_because", pa.string()),
        ("chosen_because", pa.string()),
        ("trained_at", _TIMESTAMP),
        ("train_from", _TIMESTAMP),
        ("train_to", _TIMESTAMP),
        ("holdout_from", _TIMESTAMP),
        ("holdout_to", _TIMESTAMP),
        ("labels_overlap_holdout", pa.bool_()),
        ("train_rows", pa.int64()),
        ("holdout_rows", pa.int64()),
        ("refit_rows", pa.int64()),
        ("refit_to", _TIMESTAMP),
        ("training_set_fingerprint", pa.string()),
        ("seed", pa.int64()),
        ("threshold", pa.float64()),
        ("coefficients", pa.string()),
        ("nodes", pa.string()),
        ("metrics", pa.string()),
        ("reference", pa.string()),
        ("scoring", pa.string()),
        ("twin", pa.string()),
        ("baselines", pa.string()),
        ("onnx", pa.binary()),
        ("estimator_sha256", pa.string()),
        ("diagnostics", pa.string()),
        ("spec", pa.string()),
        ("spec_hash", pa.string()),
        ("library_versions", pa.string()),
        ("git_commit", pa.string()),
        ("invocation_id", pa.string()),
        ("recorded_at", _TIMESTAMP),
        ("hash_format", pa.int64()),
        ("previous_hash", pa.string()),
        ("content_hash", pa.string()),
    ]
)


# Columns that the hash of a version does not cover: itself, and the estimator, whose own hash is a column.
UNHASHED = ("content_hash", "onnx")


def version_table(row: Mapping[str, Any] | None, previous_hash: str | None = None) -> pa.Table:
    """One version as an Arrow table of one row, or of none: what the versions node appends.

    row: all columns but those of the hash chain. previous_hash: the content hash of the version before, None for the
    first.
    """
    if row is None:
        return VERSION_SCHEMA.empty_table()
    chained = {**row, "hash_format": HASH_FORMAT, "previous_hash": previous_hash}
    content = {column: value for column, value in chained.items() if column not in UNHASHED}
    chained["content_hash"] = sha256(canonical_text(content))
    if set(chained) != set(VERSION_SCHEMA.names):
        raise ValueError(f"version row and schema differ: {set(chained) ^ set(VERSION_SCHEMA.names)}")
    return pa.Table.from_pylist([chained], schema=VERSION_SCHEMA)
