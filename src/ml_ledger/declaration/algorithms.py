"""The blocks `algorithm`, `candidates` and `baselines`, with losses and exposure, which depend on their families."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from ml_ledger.declaration.key_types import Strict
from ml_ledger.errors import Problem, did_you_mean, listed
from ml_ledger.families import FAMILIES

Loss = Literal["poisson", "gamma"]
OF_FAMILIES: dict[str, Loss] = {"poisson": "poisson", "gamma": "gamma"}
# Families that take a loss as a hyperparameter.
CHOOSING = ("boosting", "additive_boosting")
WITH_EXPOSURE = (
    "poisson, gamma, and boosting or additive_boosting with loss poisson or gamma; as a baseline, constant as well"
)


class AlgorithmSpec(Strict):
    """A model family and its settings."""

    family: str = Field(description="Name of the model family.")
    hyperparameters: dict[str, Any] = Field(
        default_factory=dict, description="Settings of the family; those left out have the family's defaults."
    )


class BaselineSpec(AlgorithmSpec):
    """A simpler way to decide, fitted and measured on the same rows, which every version must beat."""

    features: Annotated[list[str], Field(min_length=1)] | None = Field(
        None, description="The features it may use. Left out: all of them."
    )


def declared_loss(family: object, hyperparameters: object) -> Loss | None:
    """The loss of a count or of an amount above 0, by names as they were written; None for another one."""
    if family in CHOOSING and isinstance(hyperparameters, Mapping):
        chosen: Any = hyperparameters.get("loss")
        return chosen if chosen in ("poisson", "gamma") else None
    return OF_FAMILIES.get(str(family))


def loss_of(algorithm: AlgorithmSpec) -> Loss | None:
    """The loss of an algorithm."""
    return declared_loss(algorithm.family, algorithm.hyperparameters)


def algorithm_problems(
    root: str, declaration: Mapping[str, Any], candidates: Mapping[str, Any]
) -> Iterator[Problem]:
    """What is wrong with algorithms, on what was written. candidates: what may become the version, by key."""
    features, task, baselines = (declaration.get(key) for key in ("features", "task", "baselines"))
    if declaration.get("algorithm") is None and declaration.get("candidates") is None:
        fix = "add 'algorithm', or 'candidates' to choose from"
        yield Problem(f"{root}.algorithm", "a required key is missing", fix=fix)
    if declaration.get("algorithm") is not None and declaration.get("candidates") is not None:
        yield Problem(f"{root}.candidates", "cannot be combined with algorithm", fix="remove one of them")
    algorithms = dict(candidates)
    if isinstance(baselines, Mapping):
        algorithms |= {f"baselines.{name}": baseline for name, baseline in baselines.items()}
    yield from _exposure_problems(root, declaration, algorithms)
    for key, algorithm in algorithms.items():
        if isinstance(algorithm, Mapping):
            yield from _single_problems(f"{root}.{key}", algorithm, task)
            yield from _family_problems(f"{root}.{key}", algorithm, features, task)
            if key.startswith("baselines."):
                yield from _baseline_problems(f"{root}.{key}.features", algorithm.get("features"), features, task)


def _baseline_problems(where: str, chosen: object, features: object, task: object) -> Iterator[Problem]:
    if isinstance(chosen, list) and isinstance(features, Mapping) and features:
        for name in chosen:
            if not isinstance(name, str) or name not in features:
                fix = did_you_mean(name, features)
                yield Problem(where, "is not a declared feature", repr(name), listed(features), fix)
    if task == "clustering" and chosen is not None:
        what = "has no meaning for task 'clustering': distances over other features cannot be compared"
        yield Problem(where, what, repr(chosen), fix="remove the key")


def _family_problems(
    where: str, algorithm: Mapping[str, Any], features: object, task: object
) -> Sequence[Problem]:
    """What the family itself finds, with the features that it may use."""
    family, given = FAMILIES.get(str(algorithm.get("family"))), algorithm.get("hyperparameters") or {}
    if family is None or not isinstance(given, Mapping) or not isinstance(features, Mapping):
        return []  # reported already
    chosen = algorithm.get("features")
    usable = {name: features[name] for name in features if not isinstance(chosen, list) or name in chosen}
    return family.problems(where, hyperparameters=given, features=usable, task=task)


def _single_problems(where: str, algorithm: Mapping[str, Any], task: object) -> list[Problem]:
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
        problems += [
            Problem(
                f"{where}.hyperparameters.{key}",
                f"a hyperparameter that family '{name}' requires is missing",
                allowed=parameter.allowed,
                fix=f"add '{key}'",
            )
            for key, parameter in family.hyperparameters.items()
            if parameter.required and key not in given
        ]
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


def _exposure_problems(
    root: str, declaration: Mapping[str, Any], algorithms: Mapping[str, Any]
) -> Iterator[Problem]:
    """What stands in the way of an offset. algorithms: with the baselines, by key."""
    exposure, where = declaration.get("exposure"), f"{root}.exposure"
    if exposure is None:
        return
    features, taken = declaration.get("features"), [declaration.get(key) for key in ("entity", "as_of", "label")]
    if declaration.get("task") != "regression":
        yield Problem(where, "has a meaning for task 'regression' only", repr(exposure), fix="remove the key")
        return
    if exposure in taken:
        what = "cannot be the entity, the as-of column or the label"
        yield Problem(where, what, repr(exposure), fix="name a column of the features")
    if isinstance(features, Mapping) and exposure in features and not _is_implied(features[exposure]):
        what = "is a feature already; its effect is given, not learned"
        yield Problem(where, what, repr(exposure), fix="remove it from features")
    if declaration.get("value") is not None:
        what = "cannot be combined with value: what is measured are rates, and decisions are about whole rows"
        yield Problem(
            where, what, repr(exposure), fix="remove value, or declare the rate as label and no exposure"
        )
    for key, algorithm in algorithms.items():
        if not isinstance(algorithm, Mapping):
            continue
        family = algorithm.get("family")
        if key.startswith("baselines.") and family == "constant":
            continue
        if declared_loss(family, algorithm.get("hyperparameters")) is None:
            yield Problem(
                f"{root}.{key}.family",
                "does not expect more where exposure is longer",
                repr(family),
                WITH_EXPOSURE,
            )


def _is_implied(feature: object) -> bool:
    """Whether it is what the declaration itself adds."""
    return isinstance(feature, Mapping) and feature.get("kind") == "numeric" and feature.get("bounds") is not None
