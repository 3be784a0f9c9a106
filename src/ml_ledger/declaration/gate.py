"""Keys of a declaration that say what a version must show before it may decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from ml_ledger.declaration.base import Column, Finite, Name, Strict


@dataclass(frozen=True)
class Limited:
    """A metric that a slice can have a limit on: for which tasks, whether more is better, and what values it takes."""

    tasks: frozenset[str]
    at_least: bool
    lowest: float | None = 0.0
    highest: float | None = None


_BINARY, _CLASSES = frozenset({"binary"}), frozenset({"binary", "multiclass"})
_MULTICLASS, _REGRESSION = frozenset({"multiclass"}), frozenset({"regression"})
_CLUSTERING = frozenset({"clustering"})
_ALL = _CLASSES | _REGRESSION | _CLUSTERING

LIMITED_METRICS = {
    "scored_share": Limited(_ALL, at_least=True, highest=1),
    "roc_auc": Limited(_CLASSES, at_least=True, highest=1),
    "average_precision": Limited(_BINARY, at_least=True, highest=1),
    "precision": Limited(_BINARY, at_least=True, highest=1),
    "recall": Limited(_BINARY, at_least=True, highest=1),
    "f1": Limited(_BINARY, at_least=True, highest=1),
    "accuracy": Limited(_MULTICLASS, at_least=True, highest=1),
    "macro_f1": Limited(_MULTICLASS, at_least=True, highest=1),
    "r2": Limited(_REGRESSION, at_least=True, lowest=None, highest=1),
    "silhouette": Limited(_CLUSTERING, at_least=True, lowest=-1, highest=1),
    "log_loss": Limited(_CLASSES, at_least=False),
    "brier": Limited(_CLASSES, at_least=False),
    "calibration_error": Limited(_BINARY, at_least=False, highest=1),
    "rmse": Limited(_REGRESSION, at_least=False),
    "mae": Limited(_REGRESSION, at_least=False),
    "mape": Limited(_REGRESSION, at_least=False),
    "median_absolute_error": Limited(_REGRESSION, at_least=False),
    "bias": Limited(_REGRESSION, at_least=False),
    "mean_squared_distance": Limited(_CLUSTERING, at_least=False),
}

# A slice of every dataset; all others that measuring makes hold a space, which no name does.
WHOLE_DATASET = "all"


class GateSpec(Strict):
    """What a version must show before it may decide. A check without a key is not made.

    Reductions are of log loss (nats), of squared error or of squared distance. maximum_bias is in units of the label,
    maximum_score_shift in those of the score, value_hurdle in that of `value`, per row. signs: the direction in which a
    number moves the score. expected_auc, expected_r2: what a baseline, an expert or an earlier version lets expect at
    most; a version, or a feature alone, that is better waits for an answer.
    """

    baseline_hurdle: Annotated[Finite, Field(ge=0)] = 0.0
    champion_margin: Annotated[Finite, Field(ge=0)] = 0.0
    minimum_scored_share: Annotated[Finite, Field(ge=0, le=1)] = 0.99
    maximum_calibration_error: Annotated[Finite, Field(ge=0, le=1)] | None = None
    maximum_bias: Annotated[Finite, Field(ge=0)] | None = None
    maximum_score_shift: Annotated[Finite, Field(ge=0)] | None = None
    value_hurdle: Annotated[Finite, Field(ge=0)] | None = None
    expected_auc: Annotated[Finite, Field(ge=0.5, le=1)] | None = None
    expected_r2: Annotated[Finite, Field(ge=0, le=1)] | None = None
    signs: Annotated[dict[Column, Literal["positive", "negative"]], Field(min_length=1)] | None = None


class SliceSpec(Strict):
    """Rows of the holdout on which the version is measured too. where: a condition over the features of a row.

    limits: by metric, what it must reach or may reach at most; without any the slice is only measured.
    """

    where: str
    limits: dict[Name, Finite] = Field(default_factory=dict)


class SmokeCaseSpec(Strict):
    """Made-up inputs whose score is known roughly. A feature that is not named is NULL.

    score: the lowest and the highest that it may be, null for no limit. rejected: it must get no score.
    """

    inputs: dict[Column, Any]
    score: Annotated[list[Finite | None], Field(min_length=2, max_length=2)] | None = None
    rejected: bool = False
