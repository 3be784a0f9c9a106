"""`ml-ledger verify` and `ml-ledger anchor`: is the record intact, and what are the heads of its chains."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ml_ledger.errors import MLLedgerError, WarehouseError
from ml_ledger.project.warehouse_file import opened
from ml_ledger.record.verification import Verified
from ml_ledger.record.verification import verify as verified

FINDINGS_SHOWN = 20
ANCHOR_KEYS = {"ml_model", "table", "number", "content_hash"}


class RecordError(MLLedgerError):
    """The record is not what was recorded."""


def verify(warehouse: Path, anchor: Path | None = None, *, schema: str | None = None) -> str:
    """Recompute every hash and every chain; returns what was looked at, a line per ML model.

    anchor: a file that `ml-ledger anchor` wrote, kept where nobody who can write to the warehouse can write. schema:
    of the ledger, where the file has several. Raises RecordError that names each row which is not what was recorded.
    """
    anchors = [] if anchor is None else _anchors(anchor)
    lines = [_line(result) for result in _intact(warehouse, schema, anchors)]
    if anchor is not None:
        lines.append(f"{len(anchors)} anchored heads of {anchor} are where they were")
    return "\n".join(lines)


def anchor(warehouse: Path, *, schema: str | None = None) -> str:
    """The heads of all chains as JSON lines, to be appended to a file that is kept elsewhere.

    Raises RecordError as `verify` does: heads of a record that is not intact prove nothing.
    """
    results = _intact(warehouse, schema)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return "\n".join(json.dumps({**head, "anchored_at": at}) for result in results for head in result.heads)


def _intact(warehouse: Path, schema: str | None, anchors: Sequence[Mapping[str, Any]] = ()) -> list[Verified]:
    connection = opened(warehouse, schema)
    try:
        results = verified(connection, anchors)
    finally:
        connection.close()
    findings = [f"{found.table}: {found.row}: {found.problem}" for result in results for found in result.findings]
    if findings:
        more = [f"  and {len(findings) - FINDINGS_SHOWN:,} more"] if len(findings) > FINDINGS_SHOWN else []
        shown = [f"  {number}. {text}" for number, text in enumerate(findings[:FINDINGS_SHOWN], 1)]
        problems = f"{len(findings):,} problem{'' if len(findings) == 1 else 's'}"
        raise RecordError("\n".join([f"the record is not intact: {problems}", *shown, *more]))
    return results


def _line(result: Verified) -> str:
    counts = ", ".join(f"{count:,} {name}" for name, count in result.counts.items())
    return f"{result.ml_model}: {counts}: intact"


def _anchors(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise WarehouseError(f"--anchor: {path} cannot be read: {error.strerror}.") from None
    anchors = []
    for number, line in enumerate(lines, 1):
        try:
            found = json.loads(line) if line.strip() else None
        except json.JSONDecodeError:
            found = line
        if found is None:
            continue
        if not isinstance(found, dict) or not set(found) >= ANCHOR_KEYS:
            raise WarehouseError(
                f"--anchor: line {number} of {path} is no head of a chain. Allowed: what `ml-ledger anchor` prints."
            )
        anchors.append(found)
    return anchors
