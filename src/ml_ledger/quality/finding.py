"""A finding about a training set, and the table of all of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa

Severity = Literal["error", "warn", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warn", "info")

# What is worth looking at first, among findings of one severity.
CHECKS = (
    "weak_slice",
    "mislabels",
    "conflicting_labels",
    "duplicate_column",
    "constant_column",
    "shift",
    "domain_classifier",
    "class_imbalance",
    "duplicate_rows",
    "outliers",
    "joint_outliers",
    "collinearity",
    "near_constant_column",
    "benchmark",
    "learning_curve",
    "nothing_found",
)

SCHEMA = pa.schema(
    [
        ("ml_model", pa.string()),
        ("known_at", pa.timestamp("us")),
        ("training_set_fingerprint", pa.string()),
        ("spec_hash", pa.string()),
        ("check_name", pa.string()),
        ("severity", pa.string()),
        ("rank", pa.int64()),
        ("subject", pa.string()),
        ("value", pa.float64()),
        ("allowed", pa.float64()),
        ("row_count", pa.int64()),
        ("rows_looked_at", pa.int64()),
        ("rows_of_training_set", pa.int64()),
        ("evidence", pa.string()),
        ("rows_to_inspect", pa.string()),
        ("next_step", pa.string()),
    ]
)


@dataclass(frozen=True)
class Finding:
    """One thing about a training set.

    subject: a feature, several, a slice, a class, or the label. value: what was measured; allowed: the limit
    that it was held against, None where it was held against none. row_count: how many rows it concerns, of
    `rows_looked_at`. rows_to_inspect: some of them, by entity and as-of date, with what is needed to judge.
    """

    check: str
    severity: Severity
    subject: str
    value: float | None
    allowed: float | None
    row_count: int
    rows_looked_at: int
    evidence: str
    next_step: str
    rows_to_inspect: Sequence[Mapping[str, Any]] = ()


def findings_table(
    findings: Sequence[Finding],
    *,
    ml_model: str,
    known_at: datetime | None,
    fingerprint: str,
    spec_hash: str,
    rows: int,
) -> pa.Table:
    """The findings, in the order in which to look at them; without any a row that says so."""
    findings = findings or [_nothing_found(rows)]
    ordered = sorted(
        findings, key=lambda finding: (SEVERITIES.index(finding.severity), CHECKS.index(finding.check))
    )
    return pa.Table.from_pylist(
        [
            {
                "ml_model": ml_model,
                "known_at": known_at,
                "training_set_fingerprint": fingerprint,
                "spec_hash": spec_hash,
                "check_name": finding.check,
                "severity": finding.severity,
                "rank": rank,
                "subject": finding.subject,
                "value": finding.value,
                "allowed": finding.allowed,
                "row_count": finding.row_count,
                "rows_looked_at": finding.rows_looked_at,
                "rows_of_training_set": rows,
                "evidence": finding.evidence,
                "rows_to_inspect": json.dumps(
                    [_plain(row) for row in finding.rows_to_inspect], ensure_ascii=False
                ),
                "next_step": finding.next_step,
            }
            for rank, finding in enumerate(ordered, 1)
        ],
        schema=SCHEMA,
    )


def _nothing_found(rows: int) -> Finding:
    return Finding(
        "nothing_found",
        "info",
        "training set",
        None,
        None,
        0,
        rows,
        evidence=f"No check found anything in {rows:,} training rows.",
        next_step="Nothing to do.",
    )


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """What JSON can hold."""
    plain: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, (float, Decimal)):
            plain[name] = float(f"{value:.6g}") if math.isfinite(value) else None
        else:
            plain[name] = value if value is None or isinstance(value, (bool, int, str)) else str(value)
    return plain
