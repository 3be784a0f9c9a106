"""`ml-ledger reproduce`: train a version again from the rows that were kept of its training set, and compare."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from ml_ledger.commands.text_tables import rows_of
from ml_ledger.declaration import TRAINING_SET_COLUMNS, MLModelSpec
from ml_ledger.errors import WarehouseError, listed
from ml_ledger.fitting.estimating import with_estimates
from ml_ledger.fitting.fitting import Fitted
from ml_ledger.project.warehouse_file import opened
from ml_ledger.record.comparison import Comparison, compare
from ml_ledger.record.record_tables import located
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.training.fit_version import fit_version
from ml_ledger.training.provenance import library_versions
from ml_ledger.warehouse import Relation, quoted

# How far a number may be from the one that was recorded, relative to numbers above 1.
TOLERANCE = 1e-9
NAMED = 3


@dataclass(frozen=True)
class Reproduction:
    """What training again gave: a report, and whether it is the version that was recorded."""

    text: str
    succeeded: bool


def reproduce(ml_model: str, version: int, warehouse: Path, *, schema: str | None = None) -> Reproduction:
    """Train a version again, by the declaration that it carries, and compare every row. Nothing is written.

    schema: of the ledger, where the file has several. Raises WarehouseError when the file cannot be opened, there is
    no such version, or its rows were not kept.
    """
    connection = opened(warehouse, schema)
    try:
        recorded = _recorded(connection, ml_model, version)
        rows = _kept_rows(connection, ml_model, version)
        spec = MLModelSpec.from_canonical_json(recorded["spec"])
        trained = fit_version(ml_model, spec, rows)
        again = trained.row()
        fingerprint, was = again["training_set_fingerprint"], recorded["training_set_fingerprint"]
        is_same_set = fingerprint == was
        compared = {
            name: compare(json.loads(recorded[name] or "[]"), json.loads(again[name] or "[]"))
            for name in ("coefficients", "nodes")
        }
        scores = _difference_of_scores(spec, recorded, trained.live.fitted["self"], rows)
        twin = _difference_of_twins(spec, recorded, trained.evaluated["self"], rows)
        threshold = _difference_of_thresholds(recorded, again["threshold"])
        is_same_algorithm = again["algorithm"] == recorded["algorithm"]
        lines = [
            f"{ml_model}: version {version} ({recorded['algorithm']}), trained at {recorded['trained_at']:%Y-%m-%d} on"
            f" {recorded['train_rows']:,} rows, measured on {recorded['holdout_rows']:,}",
            f"  {'kept rows':<14}"
            + (
                f"those of the version: {fingerprint}"
                if is_same_set
                else f"not those of the version: {fingerprint}; recorded {was}"
            ),
            *_erased(connection, ml_model, version),
            *_libraries(recorded),
        ]
    finally:
        connection.close()
    if not is_same_algorithm:
        lines.append(f"  {'algorithm':<14}{again['algorithm']}: {trained.choice.because}")
    for name, comparison in compared.items():
        if comparison.rows or comparison.extra:
            lines += _described(name, comparison)
    if scores is not None:
        lines.append(f"  {'scores':<14}of the estimator: largest difference {scores:.3g}")
    if twin is not None:
        lines.append(f"  {'twin':<14}scores of what was measured: largest difference {twin:.3g}")
    if threshold is not None:
        lines.append(f"  {'threshold':<14}difference {threshold:.3g}")
    succeeded = (
        is_same_set
        and is_same_algorithm
        and all(comparison.within(TOLERANCE) for comparison in compared.values())
        and (scores is None or scores <= TOLERANCE)
        and (twin is None or twin <= TOLERANCE)
        and (threshold is None or threshold <= TOLERANCE)
    )
    lines.append(f"{'Reproduced' if succeeded else 'Not reproduced'}, with a tolerance of {TOLERANCE:.0e}.")
    return Reproduction("\n".join(lines), succeeded)


def _recorded(connection: duckdb.DuckDBPyConnection, ml_model: str, version: int) -> dict[str, Any]:
    known = connection.execute("select ml_model, version from ml_versions order by all").fetchall()
    table = located(connection, f"{ml_model}_versions")
    if table is None or ml_model not in {name for name, _ in known}:
        raise WarehouseError(
            f"ml_model: there are no versions of '{ml_model}'. Allowed: {listed(sorted({name for name, _ in known}))}."
        )
    found = rows_of(connection, f"select * from {table} where version = ?", version)
    if not found:
        numbers = listed(number for name, number in known if name == ml_model)
        raise WarehouseError(f"version: there is no version {version} of {ml_model}. Allowed: {numbers}.")
    return found[0]


def _difference_of_thresholds(recorded: Mapping[str, Any], again: float | None) -> float | None:
    """None where neither has one."""
    if recorded["threshold"] is None and again is None:
        return None
    if recorded["threshold"] is None or again is None:
        return float("inf")
    before: float = recorded["threshold"]
    return abs(before - again) / max(1.0, abs(before))


def _kept_rows(connection: duckdb.DuckDBPyConnection, ml_model: str, version: int) -> Relation:
    table = located(connection, f"{ml_model}_training_rows")
    fix = (
        f"Fix: declare keep_training_set: full for {ml_model} and add the node {ml_model}_training_rows"
        " (docs/retention.md); rows are kept of versions that are trained from then on."
    )
    kept = (
        []
        if table is None
        else rows_of(connection, f"select * from {table} where _ml_version = ? limit 1", version)
    )
    if table is None or not kept:
        raise WarehouseError(f"training rows: none of version {version} of {ml_model} are kept. {fix}")
    as_kept = _as_kept(kept[0])
    if as_kept is None:
        raise WarehouseError(
            f"training rows: of version {version} of {ml_model} only is kept who was in them (members). {fix}"
        )
    relation = connection.sql(f"select {as_kept} from {table} where _ml_version = {version}")
    return Relation(relation, name="_ml_training_set")


def _as_kept(row: Mapping[str, Any]) -> str | None:
    """SQL of the columns of a training set, of a version with such a row; None where only its members were kept."""
    if row.get("_ml_weight") is not None:
        return "* exclude (_ml_version, _ml_entity_id, _ml_as_of)"
    if row.get("weight") is None:
        return None
    # Kept when what training_set adds had no prefix.
    added = [name for name in TRAINING_SET_COLUMNS if name.removeprefix("_ml_") in row]
    others = [quoted(name) for name in row if f"_ml_{name}" not in added and not name.startswith("_ml_")]
    return ", ".join([*others, *(f"{quoted(name.removeprefix('_ml_'))} as {name}" for name in added)])


def _difference_of_scores(
    spec: MLModelSpec, recorded: Mapping[str, Any], again: Fitted, rows: Relation
) -> float | None:
    """Of an estimator, whose rows do not say all, the largest difference of scores; None for other families."""
    if again.fit.onnx is None or recorded["onnx"] is None:
        return None
    if again.fit.onnx == recorded["onnx"]:
        return 0.0
    kept = CompiledScoring.from_json(recorded["scoring"], recorded["onnx"])
    return _largest_difference(spec, kept, again.scoring, rows)


def _difference_of_twins(
    spec: MLModelSpec, recorded: Mapping[str, Any], again: Fitted, rows: Relation
) -> float | None:
    """Of what was measured in place of a version that was fitted twice, the largest difference of scores, or None."""
    if recorded.get("twin") is None:
        return None
    return _largest_difference(spec, CompiledScoring.from_json(recorded["twin"]), again.scoring, rows)


def _largest_difference(spec: MLModelSpec, one: CompiledScoring, other: CompiledScoring, rows: Relation) -> float:
    with with_estimates(spec, rows, [one, other], "true") as (known, scorings):
        (ours, theirs), _ = known.scores(scorings, [], "true")
    if ours.shape != theirs.shape or not np.array_equal(np.isnan(ours), np.isnan(theirs)):
        return float("inf")
    return float(np.nanmax(np.abs(ours - theirs) / np.maximum(1.0, np.abs(ours)), initial=0.0))


def _erased(connection: duckdb.DuckDBPyConnection, ml_model: str, version: int) -> Iterator[str]:
    """How many of its rows ml_erase deleted."""
    events = rows_of(
        connection,
        "select deployment_id, details from ml_deployment_events where ml_model = ? and event = 'erased'"
        " order by event_number",
        ml_model,
    )
    total, named = 0, []
    for event in events:
        for detail in json.loads(event["details"] or "[]"):
            if detail.get("version") == version and detail.get("training_rows"):
                total += detail["training_rows"]
                named.append(event["deployment_id"])
    if total:
        yield f"  {'erased':<14}{total:,} of its rows, by {listed(named)}"


def _libraries(recorded: Mapping[str, Any]) -> Iterator[str]:
    then, now = json.loads(recorded["library_versions"]), json.loads(library_versions())
    changed = [
        f"{name} {then.get(name, 'none')} then, {now.get(name, 'none')} now"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]
    if changed:
        yield f"  {'libraries':<14}{'; '.join(changed)}"


def _described(name: str, comparison: Comparison) -> Iterator[str]:
    at = "" if comparison.where is None else f" ({comparison.where})"
    yield f"  {name:<14}{comparison.rows:,} rows, largest difference {comparison.largest:.3g}{at}"
    for word, rows in (("missing", comparison.missing), ("extra", comparison.extra)):
        if rows:
            more = f"; and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
            yield f"  {'':<14}{len(rows)} {word}: {'; '.join(rows[:NAMED])}{more}"
