"""Earlier versions as they are measured beside a new one: on rows that they were not trained on, or marked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ml_ledger.declaration import MLModelSpec
from ml_ledger.declaration.gate import WHOLE_DATASET
from ml_ledger.evaluation.measure import Metric
from ml_ledger.scoring.compile import CompiledScoring
from ml_ledger.training_set.feature_types import feature_problems
from ml_ledger.training_set.window import is_after
from ml_ledger.warehouse import Relation

# Metrics that say of an earlier version's others how they were made.
BY_TWIN, SAW_HOLDOUT = "measured_by_twin", "trained_on_holdout"


@dataclass(frozen=True)
class Predecessor:
    """An earlier version: what it scores with on these rows, and how its metrics are marked, if at all.

    is_readable: whether the rows still have all that it reads, in types that it can read as it was declared then.
    """

    scored_by: str
    scoring: CompiledScoring
    mark: str | None
    is_readable: bool = True

    def marked(self) -> Iterator[Metric]:
        """The mark, as a metric."""
        if self.mark is not None:
            yield Metric("holdout", WHOLE_DATASET, self.scored_by, self.mark, 1.0, None, None, 0)


def predecessors(
    spec: MLModelSpec, history: Relation, window: Mapping[str, Any], rows: Relation
) -> list[Predecessor]:
    """Every earlier version. rows: to be measured on. window: of the new one, as of `window_of`.

    One that was fitted again on all rows, the holdout of now among them, is measured by its twin, which was not. One
    that saw the holdout nonetheless looks better than it is: a new version is held to more, and that is marked.
    """
    added = [name for name in ("refit_to", "twin") if name in history.types]
    found = history.query(
        f"select {', '.join(['version', 'scoring', 'onnx', 'spec', 'train_to', 'holdout_from', *added])}"
        f" from {history.name} order by version"
    )
    return [replace(_predecessor(spec, row, window), is_readable=_is_readable(row, rows)) for row in found]


def _is_readable(row: Mapping[str, Any], rows: Relation) -> bool:
    declared = MLModelSpec.from_canonical_json(row["spec"]).features
    read = CompiledScoring.from_json(row["scoring"], row["onnx"]).features
    return not any(list(feature_problems(name, declared[name], rows, [])) for name in read)


def _predecessor(spec: MLModelSpec, row: Mapping[str, Any], window: Mapping[str, Any]) -> Predecessor:
    scored_by, refit_to = f"version:{row['version']}", row.get("refit_to")
    live = CompiledScoring.from_json(row["scoring"], row["onnx"])
    unseen = _is_unseen(spec, row, window)
    if unseen if refit_to is None else refit_to < window["holdout_from"]:
        return Predecessor(scored_by, live, None)
    if refit_to is not None and unseen and row["twin"] is not None:
        return Predecessor(scored_by, CompiledScoring.from_json(row["twin"]), BY_TWIN)
    return Predecessor(scored_by, live, SAW_HOLDOUT)


def _is_unseen(spec: MLModelSpec, row: Mapping[str, Any], window: Mapping[str, Any]) -> bool:
    """Whether what was evaluated saw nothing of what is held out now: that is later, or the same part of entities."""
    if row["train_to"] < window["holdout_from"]:
        return True
    now = spec.evaluation.holdout
    same = json.loads(row["spec"])["evaluation"].get("holdout") == (None if now is None else now.model_dump())
    return same and not is_after(window) and not is_after(row)
