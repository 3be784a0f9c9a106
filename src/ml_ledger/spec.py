"""The declaration of an ML model: `vars.ml_models.<name>`, validated in full before anything trains."""

from __future__ import annotations

import hashlib
import json
import re
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml_ledger.errors import Problem, SpecError, did_you_mean, listed, raise_if_any
from ml_ledger.families import FAMILIES

Name = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]

# Columns that the training_set macro adds to the features; no feature can have these names.
TRAINING_SET_COLUMNS = ("matured_at", "split", "weight", "known_at", "invocation_id")

# Keys that describe an ML model but change neither its fit nor its decisions: editing them trains nothing.
DESCRIPTIVE_KEYS = frozenset({"description", "owner", "example"})


class Strict(BaseModel):
    """Unknown keys and wrong types are problems, never ignored or coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FeatureSpec(Strict):
    """How a feature enters a version: its kind, and what a NULL means."""

    kind: Literal["numeric"]
    missing: Literal["impute", "own_level", "reject"] = "reject"
    description: str | None = None


class AlgorithmSpec(Strict):
    """A model family by its registered name, with hyperparameters."""

    family: str
    hyperparameters: dict[str, Any] = Field(default_factory=dict)


class BaselineSpec(AlgorithmSpec):
    """A simpler way to decide, on all or some of the features, that a version must beat on the same rows."""

    features: Annotated[list[str], Field(min_length=1)] | None = None


class EvaluationSpec(Strict):
    """How time is split: the last as-of dates are held out, never a random sample."""

    holdout_as_of_dates: Annotated[int, Field(ge=1)] = 1
    embargo: Literal["strict", "relaxed"] = "strict"


class TrainingSpec(Strict):
    """When a new version is due, and the seed of everything random in a fit."""

    retrain_after_days: Annotated[int, Field(ge=1)] = 90
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0


class GateSpec(Strict):
    """What a version must show before it may decide. Reductions are in units of log loss (nats)."""

    baseline_hurdle: Annotated[Finite, Field(ge=0)] = 0.0
    champion_margin: Annotated[Finite, Field(ge=0)] = 0.0
    minimum_scored_share: Annotated[Finite, Field(ge=0, le=1)] = 0.99


class DecisionSpec(Strict):
    """The policy that turns a score into an action; `fallback` is for rows that cannot be scored."""

    threshold: Annotated[float, Field(gt=0, lt=1)]
    positive: str
    negative: str
    fallback: str


class MLModelSpec(Strict):
    """One ML model, as declared under `vars.ml_models.<name>`."""

    task: Literal["binary"]
    description: str | None = None
    owner: str | None = None
    example: bool = False
    entity: Name
    as_of: Name
    label: Name
    features: Annotated[dict[Name, FeatureSpec], Field(min_length=1)]
    algorithm: AlgorithmSpec
    baselines: Annotated[dict[Name, BaselineSpec], Field(min_length=1)]
    evaluation: EvaluationSpec = EvaluationSpec()
    training: TrainingSpec = TrainingSpec()
    gate: GateSpec = GateSpec()
    decision: DecisionSpec
    reasons: Annotated[int, Field(ge=1, le=10)] = 3

    def canonical_json(self) -> str:
        """The whole declaration, defaults filled in, as JSON with sorted keys."""
        return json.dumps(self.model_dump(), sort_keys=True, ensure_ascii=False)

    def fingerprint(self) -> str:
        """SHA-256 (hex) of all that can change a fit or a decision; a new value makes a version due."""
        relevant = self.model_dump(exclude=set(DESCRIPTIVE_KEYS))
        for feature in relevant["features"].values():
            feature.pop("description")
        for algorithm in (relevant["algorithm"], *relevant["baselines"].values()):
            family = FAMILIES[algorithm["family"]]
            algorithm["hyperparameters"] = family.complete(algorithm["hyperparameters"])
        text = json.dumps(relevant, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def parse_spec(ml_model: str, declaration: object) -> MLModelSpec:
    """Validate one declaration.

    Raises SpecError naming every problem: its key, what was given, what is allowed.
    """
    root = f"ml_models.{ml_model}"
    problems: list[Problem] = []
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", ml_model):
        problems.append(Problem(root, "the name must be lower case letters, digits and _", repr(ml_model)))
    if not isinstance(declaration, Mapping):
        problems.append(Problem(root, "must be a mapping of keys", type(declaration).__name__))
        raise_if_any(problems, SpecError, root)
    try:
        spec: MLModelSpec | None = MLModelSpec.model_validate(declaration)
    except ValidationError as error:
        spec = None
        problems += [_translate(root, detail) for detail in error.errors(include_url=False)]
    problems += _cross_checks(root, typing.cast(Mapping[str, Any], declaration))
    raise_if_any(problems, SpecError, f"The declaration of ML model '{ml_model}' is not valid")
    assert spec is not None
    return spec


def _cross_checks(root: str, declaration: Mapping[str, Any]) -> list[Problem]:
    """Checks across keys, on the raw declaration so that they run even where other keys are wrong."""
    problems = []
    task = declaration.get("task")
    features = declaration.get("features")
    algorithms = {"algorithm": declaration.get("algorithm")}
    baselines = declaration.get("baselines")
    if isinstance(baselines, Mapping):
        algorithms |= {f"baselines.{name}": baseline for name, baseline in baselines.items()}
    for key, algorithm in algorithms.items():
        if not isinstance(algorithm, Mapping):
            continue
        problems += _algorithm_problems(f"{root}.{key}", algorithm, task)
        chosen = algorithm.get("features")
        if key != "algorithm" and isinstance(chosen, list) and isinstance(features, Mapping) and features:
            problems += [
                Problem(
                    f"{root}.{key}.features",
                    "is not a declared feature",
                    repr(name),
                    listed(features),
                    did_you_mean(name, features),
                )
                for name in chosen
                if not isinstance(name, str) or name not in features
            ]
    if isinstance(features, Mapping):
        keys = [declaration.get(key) for key in ("entity", "as_of", "label")]
        problems += [
            Problem(
                f"{root}.features.{name}",
                "a feature cannot be the entity, the as-of column or the label",
                repr(name),
                fix="remove it from features",
            )
            for name in features
            if name in keys
        ]
        problems += [
            Problem(
                f"{root}.features.{name}",
                "is the name of a column that the training set adds",
                repr(name),
                f"any name but {listed(TRAINING_SET_COLUMNS)} and names that begin with _ml_",
                "rename the column in the feature model",
            )
            for name in features
            if name in TRAINING_SET_COLUMNS or str(name).startswith("_ml_")
        ]
    return problems


def _algorithm_problems(where: str, algorithm: Mapping[str, Any], task: object) -> list[Problem]:
    name = algorithm.get("family")
    if not isinstance(name, str):
        return []  # reported as missing or mistyped already
    family = FAMILIES.get(name)
    if family is None:
        return [
            Problem(
                f"{where}.family",
                "is not a known model family",
                repr(name),
                listed(FAMILIES),
                did_you_mean(name, FAMILIES),
            )
        ]
    problems = []
    if isinstance(task, str) and task not in family.tasks:
        problems.append(
            Problem(f"{where}.family", f"does not fit task '{task}'", repr(name), listed(sorted(family.tasks)))
        )
    given = algorithm.get("hyperparameters") or {}
    if isinstance(given, Mapping):
        for key, value in given.items():
            parameter = family.hyperparameters.get(key)
            path = f"{where}.hyperparameters.{key}"
            if parameter is None:
                problems.append(
                    Problem(
                        path,
                        f"is not a hyperparameter of family '{name}'",
                        repr(value),
                        listed(family.hyperparameters),
                        did_you_mean(key, family.hyperparameters),
                    )
                )
            elif not parameter.accepts(value):
                problems.append(Problem(path, "has a value out of range", repr(value), parameter.allowed))
    return problems


def _translate(root: str, detail: Mapping[str, Any]) -> Problem:
    """One pydantic error in our shape."""
    location = [str(part) for part in detail["loc"] if part != "[key]"]
    where = ".".join([root, *location])
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "extra_forbidden":
        known = _keys_at(detail["loc"][:-1])
        fix = did_you_mean(location[-1], known) or "remove the key"
        return Problem(where, "unknown key", _shown(value), listed(known), fix)
    if kind == "missing":
        return Problem(where, "a required key is missing", fix=f"add '{location[-1]}'")
    if kind == "literal_error":
        return Problem(where, "has a value that is not allowed", _shown(value), context["expected"])
    if kind == "string_pattern_mismatch":
        return Problem(where, "must be a name", _shown(value), "lower case letters, digits and _")
    limits = {"greater_than": ">", "greater_than_equal": ">=", "less_than": "<", "less_than_equal": "<="}
    if kind in limits:
        limit = next(iter(context.values()))
        return Problem(where, "is out of range", _shown(value), f"a number {limits[kind]} {limit}")
    if kind in SHAPES:
        return Problem(where, f"must be {SHAPES[kind]}", _shown(value))
    if kind in ("float_type", "int_type", "int_from_float"):
        number = "a number" if kind == "float_type" else "a whole number"
        fix = None
        if isinstance(value, str):
            fix = "write it without quotes, and small numbers as 0.001 (YAML reads 1e-3 as text)"
        return Problem(where, f"must be {number}", _shown(value), number, fix)
    if kind == "finite_number":
        return Problem(where, "must be finite", _shown(value), "a finite number")
    if kind == "too_short":
        return Problem(where, "must not be empty", _shown(value), "at least one entry")
    return Problem(where, detail["msg"][0].lower() + detail["msg"][1:], _shown(value))


# What a key must be, by pydantic's name of the error.
SHAPES = {
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "dict_type": "a mapping of keys",
    "list_type": "a list",
    "string_type": "text",
    "bool_type": "true or false",
}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _keys_at(location: tuple[Any, ...]) -> list[str]:
    """The keys that the declaration allows at a location, found by walking the types."""
    current: Any = MLModelSpec
    for part in location:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[part].annotation
        else:
            current = typing.get_args(current)[-1]
        while typing.get_origin(current) is Annotated:
            current = typing.get_args(current)[0]
        if typing.get_origin(current) in (typing.Union, types.UnionType):
            current = next(arg for arg in typing.get_args(current) if arg is not type(None))
    if isinstance(current, type) and issubclass(current, BaseModel):
        return list(current.model_fields)
    return []
