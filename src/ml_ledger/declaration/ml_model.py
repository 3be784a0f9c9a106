"""The keys of one ML model on the first level, and the fingerprint of a whole declaration."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ml_ledger.declaration.algorithms import AlgorithmSpec, BaselineSpec, Loss, loss_of
from ml_ledger.declaration.decision import BEST_VALUE, DecisionSpec, ValueSpec
from ml_ledger.declaration.features import FeatureBase, FeatureSpec
from ml_ledger.declaration.gate import GateSpec
from ml_ledger.declaration.governance import DeploymentSpec, ExperimentSpec, GovernanceSpec, RetentionSpec
from ml_ledger.declaration.key_types import (
    TRAINS_NOTHING,
    Column,
    LabelColumn,
    Name,
    Strict,
    Task,
    Text,
    later_at_default,
    trains_nothing,
)
from ml_ledger.declaration.monitoring import MonitoringSpec, RetrainingSpec, ReviewSpec
from ml_ledger.declaration.quality import TrainingQualitySpec
from ml_ledger.declaration.slices_and_groups import FairnessSpec, SliceSpec, SmokeCaseSpec
from ml_ledger.declaration.training_and_evaluation import CrossValidationSpec, EvaluationSpec, TrainingSpec
from ml_ledger.families import FAMILIES

# Columns that the training_set macro adds to the features.
TRAINING_SET_COLUMNS = (
    "_ml_matured_at", "_ml_split", "_ml_weight", "_ml_known_at", "_ml_invocation_id", "_ml_run_by"
)  # fmt: skip

# The split of rows that never get a label.
NEVER = "never"

# An exposure is at least this: the smallest double that keeps all its digits.
SMALLEST_EXPOSURE = sys.float_info.min

BinaryCalibration = Literal["platt", "isotonic"]
ClassesCalibration = Literal["temperature"]


class RelationsSpec(Strict):
    """Where nodes read from: names of dbt models and seeds, or `source.table`."""

    features: Text = Field(description="One row per entity and as-of date, with the columns of `features`.")
    labels: Text | None = Field(
        None,
        description="One row per entity and as-of date, with the label and `matured_at`. Required, except for task"
        " clustering.",
    )
    reason_texts: Text | None = Field(
        None, description="Texts for reasons by feature and direction. Left out: reasons have no text."
    )


class MLModelSpec(Strict):
    """One ML model, as declared under `vars.ml_models.<name>`. Its name is part of the names of its nodes."""

    task: Task = Field(
        description="`binary`: the probability that the label is 1. `multiclass`: a probability per class."
        " `regression`: an amount, in units of the label. `clustering`: the nearest centroid, without a label. It"
        " cannot change once there are versions."
    )
    description: str | None = Field(
        None, description="What the ML model predicts, in free text.", json_schema_extra=TRAINS_NOTHING
    )
    owner: str | None = Field(
        None, description="Person or team that answers for it.", json_schema_extra=TRAINS_NOTHING
    )
    example: bool = Field(
        False,
        description="`true` for ML models of the shipped example, which are ignored if it is switched off.",
        json_schema_extra=TRAINS_NOTHING,
    )
    entity: LabelColumn = Field(
        description="Column with the key of what is decided about (a customer, an account), in features and"
        " labels."
    )
    as_of: LabelColumn = Field(
        description="Column with the as-of date, in features and labels: features know only what happened before"
        " it."
    )
    label: LabelColumn | None = Field(
        None,
        description="Column of the labels that is predicted. Required, except for task clustering, which has"
        " none.",
    )
    never: LabelColumn | None = Field(
        None,
        description="Boolean column of the labels, true for rows that will never have a label, such as a"
        " cancelled flight. They are neither trained on nor measured, and an as-of date does not wait for them.",
    )
    exposure: Column | None = Field(
        None,
        description="Column of the features, above 0, with how long a row was exposed; the score is what is"
        " expected for that long. For task regression, families `poisson`, `gamma`, and boosting with one of"
        " these losses.",
    )
    classes: Annotated[list[str], Field(min_length=1)] | None = Field(
        None,
        description="The values of the label as text, three or more, for task multiclass. Each has a column"
        " `probability_<class>` in the predictions.",
    )
    relations: RelationsSpec | None = Field(
        None,
        description="Where features and labels come from. Left out: each node names its relations itself.",
        json_schema_extra=TRAINS_NOTHING,
    )
    features: Annotated[dict[Column, FeatureSpec], Field(min_length=1)] = Field(
        description="The features by column, each with its `kind`. Terms are numbered in this order."
    )
    algorithm: AlgorithmSpec | None = Field(
        None,
        description="The model family that becomes the version. Required, unless there are `candidates`.",
    )
    candidates: Annotated[dict[Name, AlgorithmSpec], Field(min_length=2)] | None = Field(
        None,
        description="Several algorithms by name, instead of `algorithm`. The best one over the folds of"
        " `cross_validation` becomes the version.",
    )
    cross_validation: CrossValidationSpec = Field(
        CrossValidationSpec(),
        description="How folds are made, on which a candidate, a calibration or `best_value` is chosen.",
    )
    calibration: Literal[BinaryCalibration, ClassesCalibration] | None = Field(
        None,
        description="How scores become calibrated probabilities, learned on the folds. Task binary: `platt` (a"
        " line on the log-odds) or `isotonic` (steps); task multiclass: `temperature` (one factor). Left out:"
        " none.",
    )
    baselines: Annotated[dict[Name, BaselineSpec], Field(min_length=1)] = Field(
        description="Simpler ways to decide, by name, which every version must beat; one or more."
    )
    evaluation: EvaluationSpec = Field(
        EvaluationSpec(), description="Which rows are held out, and how rows count when they are measured."
    )
    training: TrainingSpec = Field(
        TrainingSpec(), description="When a new version is due, and what each training row counts."
    )
    gate: GateSpec = Field(GateSpec(), description="What a version must show before it may decide.")
    slices: Annotated[dict[Name, SliceSpec], Field(min_length=1)] | None = Field(
        None, description="Parts of the holdout, by name, on which the version is measured separately."
    )
    smoke_cases: Annotated[dict[Name, SmokeCaseSpec], Field(min_length=1)] | None = Field(
        None, description="Made-up rows, by name, whose score is known roughly; the gate checks them."
    )
    decision: DecisionSpec | None = Field(
        None,
        description="The policy. Required for task binary; without it tasks regression and multiclass have scores"
        " and no decisions; clustering has none.",
    )
    value: ValueSpec | None = Field(
        None,
        description="What decisions are worth. Changing it trains nothing, unless the threshold or the gate"
        " depends on it. Left out: value is not measured.",
    )
    fairness: FairnessSpec | None = Field(
        None,
        description="Protected attributes whose groups are compared. Changing it trains nothing, unless it has"
        " limits.",
    )
    reasons: Annotated[int, Field(ge=1, le=10)] = Field(3, description="How many reasons each prediction carries.")
    deployment: DeploymentSpec = Field(
        DeploymentSpec(), description="How a version goes live.", json_schema_extra=TRAINS_NOTHING
    )
    experiment: ExperimentSpec = Field(
        ExperimentSpec(),
        description="How entities are divided among versions, and what an experiment must detect.",
        json_schema_extra=TRAINS_NOTHING,
    )
    governance: GovernanceSpec = Field(
        GovernanceSpec(), description="Who answers for the ML model.", json_schema_extra=TRAINS_NOTHING
    )
    retention: RetentionSpec = Field(
        RetentionSpec(), description="How long predictions are kept.", json_schema_extra=TRAINS_NOTHING
    )
    monitoring: MonitoringSpec | None = Field(
        None,
        description="How decisions in use are measured. Left out: they are not.",
        json_schema_extra=TRAINS_NOTHING,
    )
    retraining: RetrainingSpec = Field(
        RetrainingSpec(),
        description="When a new version is due besides its age and a changed declaration.",
        json_schema_extra=TRAINS_NOTHING,
    )
    review: ReviewSpec | None = Field(
        None,
        description="Which decisions people look at. Left out: there is no review queue.",
        json_schema_extra=TRAINS_NOTHING,
    )
    keep_training_set: Literal["none", "members", "full"] = Field(
        "none",
        description="What is kept of each version's training set: nothing, which entities were in it, or their"
        " rows.",
        json_schema_extra=TRAINS_NOTHING,
    )
    training_quality: TrainingQualitySpec | None = Field(
        None,
        description="What is asked of the training set. Left out: it is not assessed.",
        json_schema_extra=TRAINS_NOTHING,
    )

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
        relevant = self.model_dump(exclude=trains_nothing(type(self)), exclude_none=True)
        relevant["evaluation"] = self.evaluation.fingerprinted()
        for name, block in self:
            for key in later_at_default(block) if isinstance(block, Strict) and name in relevant else ():
                relevant[name].pop(key, None)
        for name, feature in relevant["features"].items():
            for key in trains_nothing(FeatureBase) | later_at_default(self.features[name]):
                feature.pop(key, None)
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


def judged_by(spec: MLModelSpec) -> Loss | None:
    """The deviance by which a version is compared with others: that of the declared algorithm, or of the first of the
    candidates that has one; None for squares of errors."""
    if spec.task != "regression":
        return None
    return next((loss for algorithm in spec.algorithms().values() if (loss := loss_of(algorithm))), None)
