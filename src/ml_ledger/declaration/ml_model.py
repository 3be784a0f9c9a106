"""The keys of a declaration, with their types and defaults."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ml_ledger.coefficients import DatePart
from ml_ledger.declaration.base import Column, Finite, LabelColumn, Name, Positive, Strict
from ml_ledger.declaration.fairness import FairnessSpec
from ml_ledger.declaration.gate import GateSpec, SliceSpec, SmokeCaseSpec
from ml_ledger.declaration.governance import DeploymentSpec, ExperimentSpec, GovernanceSpec, RetentionSpec
from ml_ledger.declaration.holdout import EvaluationSpec
from ml_ledger.declaration.monitoring import MonitoringSpec
from ml_ledger.declaration.quality import TrainingQualitySpec
from ml_ledger.declaration.retraining import RetrainingSpec
from ml_ledger.declaration.review import ReviewSpec
from ml_ledger.declaration.value import BEST_VALUE, ValueSpec
from ml_ledger.families import FAMILIES

# Columns that the training_set macro adds to the features.
TRAINING_SET_COLUMNS = (
    "_ml_matured_at", "_ml_split", "_ml_weight", "_ml_known_at", "_ml_invocation_id", "_ml_run_by"
)  # fmt: skip

# The split of rows that never get a label.
NEVER = "never"

# An exposure is at least this: the smallest double that keeps all its digits.
SMALLEST_EXPOSURE = sys.float_info.min

# Keys that change neither a fit nor what the gate asks of it: editing them trains nothing.
DESCRIPTIVE_KEYS = frozenset(
    {
        "description", "owner", "example",
        "governance", "deployment", "experiment", "retention", "keep_training_set",
        "monitoring", "retraining", "review",
        "training_quality",
    }
)  # fmt: skip


class FeatureBase(Strict):
    """What every feature declares: what a NULL means, and whether it was known in time.

    written_at: the column that says when the value was written, which must not be after the as-of date. known_in_time:
    why a value that predicts so well is known at the as-of date.
    """

    missing: Literal["impute", "own_level", "reject"] = "reject"
    description: str | None = None
    written_at: Column | None = None
    known_in_time: Annotated[str, Field(min_length=1)] | None = None


class NumericFeature(FeatureBase):
    """A number. Its effect is a slope, several slopes between knots, or a value per bin."""

    kind: Literal["numeric"]
    bounds: Annotated[list[Finite | None], Field(min_length=2, max_length=2)] | None = None
    out_of_bounds: Literal["clip", "reject"] = "reject"
    transform: Literal["log1p"] | None = None
    knots: Annotated[int, Field(ge=1, le=20)] | Annotated[list[Finite], Field(min_length=1)] | None = None
    monotone: Literal["increasing", "decreasing"] | None = None
    bins: Annotated[int, Field(ge=2, le=255)] | Annotated[list[Finite], Field(min_length=1)] | None = None


class CategoricalFeature(FeatureBase):
    """A category: text, a whole number, anything whose text is a level. Its effect is a value per level."""

    kind: Literal["categorical"]
    levels: Annotated[list[str], Field(min_length=2)] | None = None
    reference: str | None = None
    min_share: Annotated[Finite, Field(ge=0, lt=1)] = 0.0
    unknown: Literal["reference", "rare", "reject"] = "reject"


class BooleanFeature(FeatureBase):
    """True or false."""

    kind: Literal["boolean"]


class DateFeature(FeatureBase):
    """A date or timestamp. Each of its parts has a value per level."""

    kind: Literal["date"]
    parts: Annotated[list[DatePart], Field(min_length=1)]
    min_share: Annotated[Finite, Field(ge=0, lt=1)] = 0.0
    unknown: Literal["reference", "rare", "reject"] = "reject"


class PartOfDate(FeatureBase):
    """One part of a date, a category to families. Nobody declares this: `by_part` makes it."""

    kind: Literal["part_of_date"]
    levels: list[str] | None = None
    reference: str | None = None
    min_share: float
    unknown: Literal["reference", "rare", "reject"]
    column: str
    part: DatePart


FeatureSpec = Annotated[
    NumericFeature | CategoricalFeature | BooleanFeature | DateFeature, Field(discriminator="kind")
]
InputSpec = NumericFeature | CategoricalFeature | BooleanFeature | PartOfDate


def by_part(features: Mapping[str, FeatureSpec]) -> dict[str, InputSpec]:
    """What families see: the features by column; in place of a date its parts, by `<column>.<part>`."""
    inputs: dict[str, InputSpec] = {}
    for name, feature in features.items():
        if feature.kind != "date":
            inputs[name] = feature
            continue
        for part in feature.parts:
            inputs[f"{name}.{part}"] = PartOfDate(
                kind="part_of_date",
                missing=feature.missing,
                min_share=feature.min_share,
                unknown=feature.unknown,
                column=name,
                part=part,
            )
    return inputs


class AlgorithmSpec(Strict):
    """A model family by its registered name, with hyperparameters."""

    family: str
    hyperparameters: dict[str, Any] = Field(default_factory=dict)


class BaselineSpec(AlgorithmSpec):
    """A simpler way to decide, on all or some of the features, that a version must beat on the same rows."""

    features: Annotated[list[str], Field(min_length=1)] | None = None


class TrainingSpec(Strict):
    """When a new version is due, the seed of everything random in a fit, and what each row counts.

    sample_weight: a column of the features; weights_are: what it means, by default a frequency. class_weights: by class
    ('0' and '1' for task binary), or `balanced`.
    memory_mb: what families that are fitted outside the warehouse may take; too_large: what happens to a training set
    that needs more. refit: whether what was evaluated is fitted once more, on all matured rows.
    """

    retrain_after_days: Annotated[int, Field(ge=1)] = 90
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    sample_weight: Column | None = None
    weights_are: Literal["frequency", "sampling", "precision"] | None = None
    class_weights: Literal["balanced"] | dict[str, Positive] | None = None
    memory_mb: Annotated[int, Field(ge=1)] = 4096
    too_large: Literal["refuse", "sample"] = "refuse"
    refit: bool = False


class CrossValidationSpec(Strict):
    """How one of several candidates is chosen: each fold is predicted by a fit on other rows.

    of: what a fold is: an as-of date, a period, or a part of the entities; None: an as-of date, or where these are
    small a part of all dates. repeats: how many times all entities are split.
    """

    folds: Annotated[int, Field(ge=1, le=20)] = 3
    of: Literal["as_of", "day", "week", "month", "quarter", "entity"] | None = None
    repeats: Annotated[int, Field(ge=1, le=50)] | None = None


class DecisionSpec(Strict):
    """The policy that turns a score into an action; `fallback` is for rows that cannot be scored.

    threshold: a probability (task binary), or in units of the label (task regression), with the actions at or above it
    (positive) and below it (negative); best_value: the one with the highest value on validation. actions: of each
    predicted class (task multiclass).
    """

    threshold: Finite | Literal["best_value"] | None = None
    positive: str | None = None
    negative: str | None = None
    actions: dict[str, str] | None = None
    fallback: str


class MLModelSpec(Strict):
    """One ML model, as declared under `vars.ml_models.<name>`."""

    task: Literal["binary", "multiclass", "regression", "clustering"]
    description: str | None = None
    owner: str | None = None
    example: bool = False
    entity: LabelColumn
    as_of: LabelColumn
    label: LabelColumn | None = None
    never: LabelColumn | None = None
    exposure: Column | None = None
    classes: Annotated[list[str], Field(min_length=1)] | None = None
    features: Annotated[dict[Column, FeatureSpec], Field(min_length=1)]
    algorithm: AlgorithmSpec | None = None
    candidates: Annotated[dict[Name, AlgorithmSpec], Field(min_length=2)] | None = None
    cross_validation: CrossValidationSpec = CrossValidationSpec()
    calibration: Literal["platt", "isotonic", "temperature"] | None = None
    baselines: Annotated[dict[Name, BaselineSpec], Field(min_length=1)]
    evaluation: EvaluationSpec = EvaluationSpec()
    training: TrainingSpec = TrainingSpec()
    gate: GateSpec = GateSpec()
    slices: Annotated[dict[Name, SliceSpec], Field(min_length=1)] | None = None
    smoke_cases: Annotated[dict[Name, SmokeCaseSpec], Field(min_length=1)] | None = None
    decision: DecisionSpec | None = None
    value: ValueSpec | None = None
    fairness: FairnessSpec | None = None
    reasons: Annotated[int, Field(ge=1, le=10)] = 3
    deployment: DeploymentSpec = DeploymentSpec()
    experiment: ExperimentSpec = ExperimentSpec()
    governance: GovernanceSpec = GovernanceSpec()
    retention: RetentionSpec = RetentionSpec()
    monitoring: MonitoringSpec | None = None
    retraining: RetrainingSpec = RetrainingSpec()
    review: ReviewSpec | None = None
    keep_training_set: Literal["none", "members", "full"] = "none"
    training_quality: TrainingQualitySpec | None = None

    @model_validator(mode="before")
    @classmethod
    def _exposure_is_read(cls, given: Any) -> Any:
        """An exposure is read like a feature above 0, though no family is fitted to it."""
        if not isinstance(given, Mapping) or not isinstance(given.get("features"), Mapping):
            return given
        exposure, features = given.get("exposure"), dict(given["features"])
        if isinstance(exposure, str) and exposure not in features:
            features[exposure] = {"kind": "numeric", "bounds": [SMALLEST_EXPOSURE, None]}
            return {**given, "features": features}
        return given

    @property
    def measured_weight(self) -> str | None:
        """The column by which rows count when they are measured; None where all count as one."""
        return self.evaluation.weight or self.exposure

    @property
    def declared_threshold(self) -> float | None:
        """The threshold of a positive decision, where it is a number."""
        threshold = None if self.decision is None else self.decision.threshold
        return None if isinstance(threshold, str) else threshold

    @property
    def chooses_threshold(self) -> bool:
        """Whether the threshold is the one with the highest value."""
        return self.decision is not None and self.decision.threshold == BEST_VALUE

    def algorithms(self) -> dict[str, AlgorithmSpec]:
        """What may become the version: the candidates by name, or the one algorithm as 'self'."""
        if self.candidates is not None:
            return dict(self.candidates)
        assert self.algorithm is not None
        return {"self": self.algorithm}

    def canonical_json(self) -> str:
        """The whole declaration, defaults filled in, as JSON, in its own order: that of features numbers terms."""
        return json.dumps(self.model_dump(), ensure_ascii=False)

    @classmethod
    def from_canonical_json(cls, text: str) -> MLModelSpec:
        """The declaration that a version carries. It was validated in full when that was trained."""
        return cls.model_validate(json.loads(text))

    def fingerprint(self) -> str:
        """SHA-256 (hex) of all that can change a fit or a decision; a new value makes a version due."""
        # Keys without a value are left out, so that one which a later ml_ledger adds makes no version due.
        relevant = self.model_dump(exclude=set(DESCRIPTIVE_KEYS), exclude_none=True)
        relevant["evaluation"] = self.evaluation.fingerprinted()
        if not self.training.refit:
            relevant["training"].pop("refit")
        for feature in relevant["features"].values():
            feature.pop("description", None)
        if self.chooses_threshold or self.gate.value_hurdle is not None:
            relevant["value"].pop("unit")
        else:
            relevant.pop("value", None)
        if self.fairness is not None:
            if relevant["fairness"]["limits"]:
                relevant["fairness"].pop("allowed_as_features")
            else:
                relevant.pop("fairness")
        algorithms = [relevant["algorithm"]] if self.candidates is None else list(relevant["candidates"].values())
        for algorithm in (*algorithms, *relevant["baselines"].values()):
            family = FAMILIES[algorithm["family"]]
            complete = family.complete(algorithm["hyperparameters"])
            algorithm["hyperparameters"] = {
                name: value
                for name, value in complete.items()
                if value != []
                and not (family.hyperparameters[name].later and name not in algorithm["hyperparameters"])
            }
        text = json.dumps(relevant, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


FEATURE_KINDS = {
    "numeric": NumericFeature,
    "categorical": CategoricalFeature,
    "boolean": BooleanFeature,
    "date": DateFeature,
}
