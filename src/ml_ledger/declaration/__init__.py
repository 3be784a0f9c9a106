"""The declaration of an ML model: `vars.ml_models.<name>`, validated in full before anything trains."""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ml_ledger.declaration.algorithms import AlgorithmSpec
from ml_ledger.declaration.checks import cross_checks
from ml_ledger.declaration.features import (
    BooleanFeature,
    CategoricalFeature,
    DateFeature,
    FeatureSpec,
    InputSpec,
    NumericFeature,
    PartOfDate,
    by_part,
)
from ml_ledger.declaration.messages import translate
from ml_ledger.declaration.ml_model import NEVER, TRAINING_SET_COLUMNS, MLModelSpec
from ml_ledger.errors import Problem, SpecError, raise_if_any

__all__ = [
    "NEVER",
    "TRAINING_SET_COLUMNS",
    "AlgorithmSpec",
    "BooleanFeature",
    "CategoricalFeature",
    "DateFeature",
    "FeatureSpec",
    "InputSpec",
    "MLModelSpec",
    "NumericFeature",
    "PartOfDate",
    "by_part",
    "parse_spec",
]


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
        problems += [translate(root, detail) for detail in error.errors(include_url=False)]
    problems += cross_checks(root, typing.cast(Mapping[str, Any], declaration))
    raise_if_any(problems, SpecError, f"The declaration of ML model '{ml_model}' is not valid")
    assert spec is not None
    return spec
