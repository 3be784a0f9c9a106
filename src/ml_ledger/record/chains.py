"""Check the chains of a ledger: versions, deployments and batches of predictions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_ledger.record.canonical import HASH_FORMAT, canonical_text, sha256

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """A row of the record that is not what was recorded."""

    table: str
    row: str
    problem: str


def chain_findings(table: str, number: str, rows: Iterable[Row], apart: Sequence[str] = ()) -> Iterator[Finding]:
    """Rows whose content is not what was recorded, that are missing, doubled or out of order.

    number: the column that numbers the rows from 1. rows: whole, in the order of that column. apart: columns that their
    hashes do not cover.
    """
    last_number, last_hash = 0, None
    for row in rows:
        problem = _link_problem(row, number, last_number, last_hash, apart)
        if problem:
            yield Finding(table, f"{number} {'NULL' if row[number] is None else row[number]}", problem)
        last_number, last_hash = row[number] or last_number, row["content_hash"]


def _link_problem(
    row: Row, number: str, last_number: int, last_hash: str | None, apart: Sequence[str]
) -> str | None:
    if row["content_hash"] is None:
        return "it has no hash: it was written by an earlier ml_ledger, or by somebody else"
    if row["hash_format"] != HASH_FORMAT:
        return (
            f"its hash_format is {row['hash_format']}, which this ml_ledger does not know. Allowed: {HASH_FORMAT}"
        )
    content = {column: value for column, value in row.items() if column not in ("content_hash", "onnx", *apart)}
    recomputed = sha256(canonical_text(content))
    if recomputed != row["content_hash"]:
        return f"its content is not what was recorded: SHA-256 {recomputed}, recorded {row['content_hash']}"
    onnx = row.get("onnx")
    if (None if onnx is None else hashlib.sha256(onnx).hexdigest()) != row.get("estimator_sha256"):
        return "its estimator is not what was recorded"
    if row[number] is None:
        return "it has no number"
    if row[number] == last_number:
        return "duplicate row"
    if row[number] != last_number + 1:
        return f"the rows before it are missing, from {number} {last_number + 1}"
    if row["previous_hash"] != last_hash:
        return (
            f"it does not follow the row before it: previous_hash {row['previous_hash']}, that row has {last_hash}"
        )
    return None


def reason_findings(table: str, rows: Iterable[Row], *, erased: set[str], decided: set[str]) -> Iterator[Finding]:
    """Feedback whose text is not what was hashed, or is missing without a record of its erasure.

    erased: decision ids whose erasure was recorded. decided: decision ids, of feedback, that are still there.
    """
    for row in rows:
        problem = None
        if row["reason_salt"] is not None:
            if sha256(f"{row['reason_salt']}\n{row['reason']}") != row["reason_hash"]:
                problem = "its reason is not what was recorded"
        elif row["reason"] is not None:
            problem = "its reason was erased and is there again"
        elif row["decision_id"] not in erased and row["decision_id"] in decided:
            problem = "its reason is missing, and no operation recorded that it was erased"
        if problem:
            yield Finding(table, f"feedback_number {row['feedback_number']}", problem)


def batch_findings(
    table: str,
    batches: Sequence[Row],
    hashes: Mapping[str, Sequence[str]],
    *,
    removed: set[int],
    version_hashes: set[str],
    event_hashes: set[str],
) -> Iterator[Finding]:
    """Batches whose predictions are not those that were sealed.

    hashes: per run (invocation_id) the content hashes of its predictions, as they are now. removed: numbers of the
    batches whose removal was recorded. version_hashes, event_hashes: content hashes of versions and events.
    """
    for batch in batches:
        now = hashes.get(batch["predicted_by"], ())
        problem = None
        if not now and batch["batch_number"] in removed:
            pass
        elif not now:
            problem = "its predictions are missing, and no operation recorded that they were removed"
        elif len(now) != batch["predictions"]:
            problem = f"it sealed {batch['predictions']} predictions, and there are {len(now)}"
        elif hash_of_hashes(now) != batch["predictions_hash"]:
            problem = "its predictions are not those that were sealed"
        if batch["last_version_hash"] not in version_hashes:
            problem = "the last version that it sealed is missing"
        elif batch["last_event_hash"] not in event_hashes:
            problem = "the last event of deployments that it sealed is missing"
        if problem:
            yield Finding(table, f"batch_number {batch['batch_number']}", problem)


def hash_of_hashes(hashes: Iterable[str]) -> str:
    """The hash over all predictions of a batch: their hashes, ordered, in groups by their first two digits."""
    groups: dict[str, list[str]] = {}
    for content_hash in sorted(hashes):
        groups.setdefault(content_hash[:2], []).append(content_hash)
    return sha256("".join(sha256("".join(group)) for _, group in sorted(groups.items())))
