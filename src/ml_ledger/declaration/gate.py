"""The block `gate`: what a version must show before it may decide, and the metrics that have limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from ml_ledger.declaration.key_types import Area, Column, NotNegative, Share, Strict, for_tasks, tasks_of
from ml_ledger.errors import Problem, did_you_mean, listed
from ml_ledger.families import FAMILIES


@dataclass(frozen=True)
class Limited:
    """A metric that a slice can have a limit on.

    at_least: whether its limit is the least that it must be; else the most that it may be. lowest, highest: the values
    that it takes.
    """

    tasks: frozenset[str]
    at_least: bool
    lowest: float | None = 0.0
    highest: float | None = None

    def can_be(self, value: float) -> bool:
        """Whether the metric can take a value."""
        below = self.lowest is not None and value < self.lowest
        return not below and (self.highest is None or value <= self.highest)

    @property
    def range(self) -> str:
        """The values that it takes, in words."""
        if self.lowest is None:
            return f"up to {self.highest:g}" if self.highest is not None else "any number"
        return f"{self.lowest:g} to {self.highest:g}" if self.highest is not None else f"{self.lowest:g} or more"


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
    """What a version must show before it may decide. A key that is left out and has no default is not checked."""

    baseline_hurdle: NotNegative = Field(
        0.0,
        description="How much log loss (nats per row), squared error or squared distance a version must save"
        " against every baseline: the lower end of the 95 % interval must be above it.",
    )
    champion_margin: NotNegative = Field(
        0.0,
        description="How much log loss, deviance (losses `poisson` and `gamma`), squared error or squared"
        " distance a version may lose against the champion, by the lower end of the interval. Not checked if the"
        " champion needs a column that no longer exists.",
    )
    minimum_scored_share: Share = Field(
        0.99, description="Share of the holdout rows that the version must be able to score."
    )
    maximum_calibration_error: Share | None = Field(
        None,
        description="Largest `calibration_error` on the holdout, as a probability.",
        json_schema_extra=for_tasks("binary"),
    )
    maximum_bias: NotNegative | None = Field(
        None,
        description="Largest distance between the mean score and the mean label of the holdout, up or down, in"
        " units of the label.",
        json_schema_extra=for_tasks("regression"),
    )
    maximum_score_shift: NotNegative | None = Field(
        None,
        description="Largest mean distance between the version's scores and the champion's, in units of the"
        " score. Not checked if there is no champion, or if it needs a column that no longer exists.",
        json_schema_extra=for_tasks("binary", "multiclass", "regression"),
    )
    value_hurdle: NotNegative | None = Field(
        None,
        description="How much more a holdout row must be worth, in the unit of `value`, than with the best of: a"
        " baseline, acting on nobody, acting on everybody.",
    )
    expected_auc: Area | None = Field(
        None,
        description="The highest AUC that is plausible. A version, or a single feature, above it is too good to"
        " be true and waits for a person to approve it.",
        json_schema_extra=for_tasks("binary", "multiclass"),
    )
    expected_r2: Share | None = Field(
        None,
        description="The highest R² that is plausible. A version, or a single feature, above it is too good to be"
        " true and waits for a person to approve it.",
        json_schema_extra=for_tasks("regression"),
    )
    signs: Annotated[dict[Column, Literal["positive", "negative"]], Field(min_length=1)] | None = Field(
        None,
        description="By numeric feature, the direction in which it may move the score: no slope, and no step"
        " between bins, may go the other way. For families `linear`, `logistic`, `poisson`, `gamma`, `scorecard`"
        " and `additive_boosting`.",
        json_schema_extra=for_tasks("binary", "regression"),
    )


def gate_problems(root: str, declaration: Mapping[str, Any], candidates: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the gate, on what was written. candidates: what may become the version, by key."""
    gate, task, features = declaration.get("gate"), declaration.get("task"), declaration.get("features")
    if not isinstance(gate, Mapping):
        return
    for key, tasks in tasks_of(GateSpec).items():
        if gate.get(key) is not None and isinstance(task, str) and task not in tasks:
            what, fix = f"has no meaning for task '{task}'", f"remove the key; it is for {listed(tasks)}"
            yield Problem(f"{root}.gate.{key}", what, repr(gate[key]), fix=fix)
    if isinstance(gate.get("signs"), Mapping) and isinstance(features, Mapping):
        yield from _sign_problems(root, gate["signs"], features, candidates)


def _sign_problems(
    root: str, signs: Mapping[str, Any], features: Mapping[str, Any], algorithms: Mapping[str, Any]
) -> Iterator[Problem]:
    for name in signs:
        where, feature = f"{root}.gate.signs.{name}", features.get(name)
        if name not in features:
            fix = did_you_mean(name, features)
            yield Problem(where, "is not a declared feature", repr(name), listed(features), fix)
        elif isinstance(feature, Mapping) and feature.get("kind") in ("categorical", "boolean", "date"):
            yield Problem(
                where,
                "has no direction, which only numbers have",
                f"kind: {feature.get('kind')}",
                "numeric features",
                "remove it from signs",
            )
    directed = [name for name, family in FAMILIES.items() if family.directed]
    for key, algorithm in algorithms.items():
        family = FAMILIES.get(str(algorithm.get("family"))) if isinstance(algorithm, Mapping) else None
        if family is None:
            continue
        if not family.directed:
            what = f"cannot be read from the coefficients of family '{family.name}' ({key})"
            fix = "remove signs, or choose another family"
            yield Problem(f"{root}.gate.signs", what, allowed=f"families {listed(directed)}", fix=fix)
            continue
        hyperparameters = algorithm.get("hyperparameters")
        pairs = hyperparameters.get("pairs") if isinstance(hyperparameters, Mapping) else None
        paired = {str(name) for pair in pairs if isinstance(pair, list) for name in pair} if pairs else set()
        for name in signs:
            if name in paired:
                what = "has no single direction, since it is one of a pair of features"
                fix = f"remove it from signs, or from the pairs of {key}"
                yield Problem(f"{root}.gate.signs.{name}", what, fix=fix)
