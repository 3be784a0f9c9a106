"""What a version's training rows looked like, read back from the version."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml_ledger.declaration import MLModelSpec
from ml_ledger.training_set.labels import level_as_stored


@dataclass(frozen=True)
class Column:
    """A column that is compared, and what it looked like in training.

    part: 'feature', 'score', 'predicted' or 'label'. feature: its name, None for the other parts. kind: as declared;
    'numeric' or 'categorical' for the other parts. rows: None where the version keeps no statistics. Of numbers:
    edges, the inner edges of bins, and how many values each bin has; lowest, highest, mean, standard_deviation;
    defaults, how many rows have a number that often stands for "unknown". Of the others: levels, how many rows have
    each; others, how many have a level that is not kept by name. cluster_size, design_effect: see
    `training.design_effects`; 1 where rows stood alone, and of versions that do not say.
    """

    part: str
    feature: str | None
    kind: str
    rows: int | None = None
    missing: int = 0
    edges: Sequence[float] = ()
    bins: Sequence[int] = ()
    lowest: float | None = None
    highest: float | None = None
    mean: float | None = None
    standard_deviation: float | None = None
    defaults: Mapping[float, int] = field(default_factory=dict)
    levels: Mapping[str, int] = field(default_factory=dict)
    others: int = 0
    cluster_size: float = 1.0
    design_effect: float = 1.0

    @property
    def is_number(self) -> bool:
        """Whether it has bins rather than levels."""
        return self.kind == "numeric"


def compared_columns(spec: MLModelSpec, stored: str | None) -> list[Column]:
    """The columns of a version that are compared: features, score, prediction and label. Dates have no statistics.

    stored: the statistics as JSON; None or empty where the version was trained before there were any.
    """
    kinds: dict[tuple[str, str | None], str] = {
        ("feature", name): feature.kind for name, feature in spec.features.items()
    }
    kinds["score", None] = "numeric"
    if spec.task in ("multiclass", "clustering"):
        kinds["predicted", None] = "categorical"
    if spec.label is not None:
        kinds["label", None] = "numeric" if spec.task == "regression" else "categorical"
    statistics: dict[tuple[str, str | None], list[dict[str, Any]]] = {key: [] for key in kinds}
    for row in json.loads(stored or "[]"):
        statistics.setdefault((row["part"], row.get("feature")), []).append(row)
    return [
        _column(part, feature, kind, statistics[part, feature], binary=spec.task == "binary")
        for (part, feature), kind in kinds.items()
    ]


def _column(
    part: str, feature: str | None, kind: str, rows: Sequence[Mapping[str, Any]], *, binary: bool
) -> Column:
    single = {str(row["statistic"]): row["value"] for row in rows if "level" not in row and "lower" not in row}
    if "rows" not in single:
        return Column(part, feature, kind)
    bins = [row for row in rows if row["statistic"] == "bin"]
    levels: dict[str, int] = {}
    for row in rows:
        if row["statistic"] == "level":
            name = str(row["level"])
            name = level_as_stored(name) if part == "label" and binary else name
            levels[name] = levels.get(name, 0) + int(row["value"])
    return Column(
        part=part,
        feature=feature,
        kind=kind,
        rows=int(single["rows"]),
        # Infinity is no value that a bin or a mean could have.
        missing=int(single["missing"]) + int(single.get("infinite", 0)),
        edges=[row["upper"] for row in bins if "upper" in row],
        bins=[int(row["value"]) for row in bins],
        lowest=single.get("minimum"),
        highest=single.get("maximum"),
        mean=single.get("mean"),
        standard_deviation=single.get("standard_deviation"),
        defaults={row["lower"]: int(row["value"]) for row in rows if row["statistic"] == "default_value"},
        levels=levels,
        others=int(single.get("other_levels", 0)),
        cluster_size=single.get("cluster_size", 1.0),
        design_effect=single.get("design_effect", 1.0),
    )
