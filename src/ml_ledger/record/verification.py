"""Verify a ledger without SQL of its own: rows are read, texts and hashes are made again here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from ml_ledger.errors import WarehouseError
from ml_ledger.record.chains import Finding, batch_findings, chain_findings, reason_findings
from ml_ledger.record.predictions import prediction_findings
from ml_ledger.record.record_tables import located

# The column that numbers the rows of each chain, by the end of its table's name.
CHAINS = {
    "versions": "version",
    "deployments": "event_number",
    "batches": "batch_number",
    "feedback": "feedback_number",
}
NODES = ("versions", "deployments", "batches", "predictions")
# Words that can be erased: their salted hash is in the chain.
APART = {"feedback": ("reason", "reason_salt")}
FETCHED_ROWS = 20_000


@dataclass(frozen=True)
class Verified:
    """What was looked at of one ML model, and what was found."""

    ml_model: str
    counts: Mapping[str, int]
    heads: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]


def verify(connection: duckdb.DuckDBPyConnection, anchors: Sequence[Mapping[str, Any]] = ()) -> list[Verified]:
    """Verify every ML model in a warehouse.

    anchors: heads of chains as they were once (`Verified.heads`), kept elsewhere.
    Raises WarehouseError where there is no ML model.
    """
    names = ml_models(connection)
    if not names:
        raise WarehouseError("the warehouse holds no ML model with a record. Fix: run `dbt build` first.")
    verified = [_verified(connection, name, anchors) for name in names]
    unknown = {anchor["ml_model"] for anchor in anchors} - set(names)
    for name in sorted(unknown):
        gone = Finding(f"{name}_versions", "all rows", "an anchor names this ML model, which is missing")
        verified.append(Verified(name, {}, (), (gone,)))
    return verified


def ml_models(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of the ML models whose record, or part of it, is in the schema that is in use."""
    tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
    parts = Counter(
        name.removesuffix(f"_{node}") for name in tables for node in NODES if name.endswith(f"_{node}")
    )
    return sorted(name for name, count in parts.items() if count > 1)


def _verified(
    connection: duckdb.DuckDBPyConnection, ml_model: str, anchors: Sequence[Mapping[str, Any]]
) -> Verified:
    findings: list[Finding] = []
    counts: dict[str, int] = {}
    heads: list[dict[str, Any]] = []
    chains: dict[str, list[dict[str, Any]]] = {}
    for node, number in CHAINS.items():
        table = f"{ml_model}_{node}"
        rows = list(_rows(connection, table, order_by=number))
        chains[node] = rows
        if rows or node in NODES:
            counts[node] = len(rows)
        findings += chain_findings(table, number, rows, APART.get(node, ()))
        if rows:
            head = {"number": rows[-1][number], "content_hash": rows[-1]["content_hash"]}
            heads.append({"ml_model": ml_model, "table": table, **head})
        here = {row[number]: row["content_hash"] for row in rows}
        findings += [
            Finding(
                table,
                f"{number} {anchor['number']}",
                f"is not what was anchored: content_hash {here.get(anchor['number'], 'missing')},"
                f" anchored {anchor['content_hash']}",
            )
            for anchor in anchors
            if anchor["table"] == table and here.get(anchor["number"]) != anchor["content_hash"]
        ]
    events = chains["deployments"]
    hashes: dict[str, list[str]] = {}
    judged, decided = {row["decision_id"] for row in chains["feedback"]}, set()

    def noted(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for row in rows:
            hashes.setdefault(row["invocation_id"], []).append(row["content_hash"] or "")
            if row["decision_id"] in judged:
                decided.add(row["decision_id"])
            yield row

    predictions = f"{ml_model}_predictions"
    erased = set(_details(events, "erased", "decision_id"))
    findings += prediction_findings(
        predictions,
        noted(_rows(connection, predictions)),
        erased=erased,
        deployments={event["deployment_id"] for event in events},
    )
    counts["predictions"] = sum(map(len, hashes.values()))
    findings += batch_findings(
        f"{ml_model}_batches",
        chains["batches"],
        hashes,
        removed=set(_details(events, "removed", "batch_number")),
        version_hashes={row["content_hash"] for row in chains["versions"]},
        event_hashes={row["content_hash"] for row in events},
    )
    findings += reason_findings(f"{ml_model}_feedback", chains["feedback"], erased=erased, decided=decided)
    sealed = {batch["predicted_by"] for batch in chains["batches"]}
    findings += [
        Finding(
            predictions,
            f"invocation_id {run}",
            f"{len(rows)} predictions of this run are not sealed: the next dbt build seals them, if it was stopped",
        )
        for run, rows in hashes.items()
        if run not in sealed
    ]
    return Verified(ml_model, counts, tuple(heads), tuple(findings))


def _details(events: Iterable[Mapping[str, Any]], event: str, member: str) -> Iterator[Any]:
    for row in events:
        if row["event"] == event:
            yield from (detail[member] for detail in _list(row["details"]) if member in detail)


def _list(text: str | None) -> list[dict[str, Any]]:
    """The mappings in a text of JSON; none where it is not what an operation writes, which its hash tells."""
    try:
        found = json.loads(text or "[]")
    except json.JSONDecodeError:
        return []
    return [detail for detail in found if isinstance(detail, dict)] if isinstance(found, list) else []


def _rows(
    connection: duckdb.DuckDBPyConnection, table: str, order_by: str | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of a table, as dicts; none where it does not exist yet."""
    found = located(connection, table)
    if found is None:
        return
    # Of its own, so that it can be read in parts; a cursor does not know which schema is in use.
    result = connection.cursor().execute(f"select * from {found}" + (f" order by {order_by}" if order_by else ""))
    names = [column[0] for column in result.description]
    while rows := result.fetchmany(FETCHED_ROWS):
        yield from (dict(zip(names, row, strict=True)) for row in rows)
