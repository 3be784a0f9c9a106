"""Check predictions: each row against its hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ml_ledger.record.canonical import canonical_text, sha256
from ml_ledger.record.chains import Finding

# Values of the person: hashed apart, with a salt, so that they can be erased.
PERSONAL = (
    "entity_id",
    "bucket",
    "rejected_because",
    "reasons",
    "features",
    "imputed_features",
    "clipped_features",
)


def prediction_findings(
    table: str, rows: Iterable[Mapping[str, Any]], *, erased: set[str], deployments: set[str]
) -> Iterator[Finding]:
    """Predictions that are not what was recorded.

    erased: decision ids whose erasure was recorded. deployments: ids of every event of deployments.
    """
    for row in rows:
        problem = None
        if prediction_hash(row) != row["content_hash"]:
            problem = "its content is not what was recorded"
        elif row["values_salt"] is not None and row["values_hash"] is not None:
            problem = "it has a values_hash beside the values, which only an erasure writes"
        elif row["values_salt"] is None and row["decision_id"] not in erased:
            problem = "its values are missing, and no operation recorded that they were erased"
        elif row["values_salt"] is None and any(row[column] is not None for column in PERSONAL):
            problem = "its values were erased and are there again"
        elif row["deployment_id"] not in deployments:
            problem = f"it was made by deployment {row['deployment_id']}, which does not exist"
        if problem:
            yield Finding(table, f"decision_id {row['decision_id']}", problem)


def prediction_hash(row: Mapping[str, Any]) -> str:
    """What content_hash must be: over every column but those of the person, in whose place stands their own hash."""
    content = {
        column: value
        for column, value in row.items()
        if column not in PERSONAL and column not in ("content_hash", "values_salt")
    }
    if row["values_salt"] is not None:
        values = {column: row[column] for column in PERSONAL}
        content["values_hash"] = sha256(f"{row['values_salt']}\n{canonical_text(values)}")
    return sha256(canonical_text(content))
