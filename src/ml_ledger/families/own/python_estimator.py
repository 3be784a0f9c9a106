"""Any scikit-learn estimator, made by a function of one's own, kept as ONNX bytes.

The declaration names a factory, which is code that can be reviewed and that is imported when a version is trained.
What is kept is ONNX: neither training nor scoring ever reads a pickle.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.errors import Problem, SpecError, TrainingSetError, did_you_mean, raise_if_any
from ml_ledger.families.family import Family, Fit, Hyperparameter
from ml_ledger.families.own.onnx_conversion import described, to_onnx
from ml_ledger.families.trees.ensembles import Inputs, outputs_of, rows_with_domain
from ml_ledger.onnx_extra import imported
from ml_ledger.solvers.training_rows import TrainingRows

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec

REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
PICKLES = re.compile(r"\.(pkl|pickle|joblib)(:|$)", re.IGNORECASE)
LOADERS = frozenset({"pickle", "_pickle", "joblib", "cloudpickle", "dill"})

# Rows on which an estimator is asked what it does with NaN, per feature whose NULL is passed on.
PROBED_ROWS = 100


def _is_reference(value: object) -> bool:
    return (
        isinstance(value, str)
        and REFERENCE.fullmatch(value) is not None
        and PICKLES.search(value) is None
        and re.split(r"[.:]", value)[0] not in LOADERS
    )


def _is_arguments(value: object) -> bool:
    if not isinstance(value, dict) or not all(isinstance(name, str) and name.isidentifier() for name in value):
        return False
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


HYPERPARAMETERS = {
    "factory": Hyperparameter(
        default=None,
        accepts=_is_reference,
        allowed=(
            "a reference package.module:function to a function that returns an unfitted scikit-learn estimator, and no"
            " file: a pickle is code that nobody can review and that breaks with every upgrade; give a factory"
        ),
        required=True,
    ),
    "arguments": Hyperparameter(
        default={},
        accepts=_is_arguments,
        allowed="a mapping of the factory's keyword arguments to texts, numbers, booleans, lists and mappings",
    ),
}


def _check(where: str, *, hyperparameters: Mapping[str, Any], task: str, seed: int) -> Sequence[Problem]:
    """Import the factory and call it. Raises DependencyError where the libraries for ONNX are not installed."""
    for module in ("onnx", "onnxruntime", "skl2onnx"):
        imported(module)
    made = _made(where, hyperparameters=hyperparameters, task=task, seed=seed)
    return [made] if isinstance(made, Problem) else []


def _made(where: str, *, hyperparameters: Mapping[str, Any], task: str, seed: int) -> Any:
    """The unfitted estimator that the factory returns, or the problem with it."""
    reference, arguments = hyperparameters["factory"], dict(hyperparameters["arguments"])
    module_name, name = reference.split(":")
    at = f"{where}.factory"
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        return Problem(
            at,
            f"module '{module_name}' cannot be imported",
            _said(error),
            fix="install it where dbt runs (pip install -e .): dbt does not put the working folder on sys.path",
        )
    if not hasattr(module, name):
        public = [other for other in vars(module) if not other.startswith("_")]
        return Problem(
            at, f"module '{module_name}' has no '{name}'", repr(reference), fix=did_you_mean(name, public)
        )
    factory = getattr(module, name)
    if not callable(factory):
        return Problem(at, "must be callable", f"{reference}, a {type(factory).__name__}", "a function or a class")
    try:
        if "random_state" in inspect.signature(factory).parameters:
            arguments = {"random_state": seed} | arguments
        made = factory(**arguments)
    except Exception as error:
        return Problem(
            f"{where}.arguments", f"{reference} cannot be called with them", _said(error), fix=_signature(factory)
        )
    needed = ["fit", "predict"] if task == "regression" else ["fit", "predict", "predict_proba"]
    lacking = [method for method in needed if not callable(getattr(made, method, None))]
    if inspect.isclass(made) or lacking:
        kind = f"the class {made.__name__}" if inspect.isclass(made) else described(made)
        return Problem(
            at,
            f"{reference} must return an estimator that fits task '{task}'",
            kind + (f" without {', '.join(lacking)}" if lacking else ""),
            f"an unfitted scikit-learn estimator with {', '.join(needed)}",
            "wrap it in sklearn.calibration.CalibratedClassifierCV" if lacking == ["predict_proba"] else None,
        )
    learned = [attribute for attribute in vars(made) if attribute.endswith("_") and not attribute.startswith("_")]
    if learned:
        return Problem(
            at,
            f"{reference} must return an unfitted estimator",
            f"a {described(made)} that is fitted",
            fix="leave the fit to ml_ledger, so that the version is what its training set gives",
        )
    return made


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _signature(factory: Any) -> str | None:
    try:
        return f"it takes {inspect.signature(factory)}"
    except (TypeError, ValueError):
        return None


def _fit(
    *, training: TrainingRows, features: Mapping[str, InputSpec], hyperparameters: Mapping[str, Any], seed: int
) -> Fit:
    estimator = _made("hyperparameters", hyperparameters=hyperparameters, task=training.task, seed=seed)
    if isinstance(estimator, Problem):
        raise_if_any([estimator], SpecError, "The declaration cannot be trained")
    classifies = training.task != "regression"
    inputs = Inputs.learn(features, training)
    design, label, weight = training.fetch(inputs.columns(), in_order=True)
    target = label.astype(np.int64) if classifies else label
    passed_on = [
        position for position, item in enumerate(inputs.by_feature.values()) if item.missing == "own_level"
    ]
    outputs = outputs_of(training)

    def predict(design: Matrix) -> Matrix:
        """n × m scores of the estimator itself."""
        answer = estimator.predict_proba(design) if classifies else estimator.predict(design)
        return np.asarray(answer, dtype=float).reshape(len(design), -1)[:, -len(outputs) :]

    try:
        estimator.fit(design, target, **_weights(estimator, weight))
        rows = np.vstack([design, *(_with_nan(design, position) for position in passed_on)])
        predict(rows)
    except TrainingSetError:
        raise
    except Exception as error:
        raise TrainingSetError(
            _not_fitted(estimator, error, [list(inputs.by_feature.values())[j].feature for j in passed_on])
        ) from error
    onnx, difference = to_onnx(estimator, rows=rows, predict=predict, classifies=classifies)

    def predict_one(design: Matrix) -> Vector:
        return predict(design)[:, 0]

    return Fit(
        coefficients=rows_with_domain(inputs, dict.fromkeys(outputs, 0.0)),
        link="shares" if training.task == "multiclass" else "identity",
        design=inputs.columns(),
        accepts=inputs.accepts(),
        predict=predict_one if len(outputs) == 1 else predict,
        diagnostics={"onnx_bytes": float(len(onnx)), "onnx_difference": difference},
        onnx=onnx,
        outputs=outputs,
    )


def _weights(estimator: Any, weight: Vector) -> dict[str, Vector]:
    """The argument of `fit` that takes the rows' weights; in a pipeline, of its last step. None where all are equal.

    Raises TrainingSetError where rows have different weights and no argument takes them.
    """
    from sklearn.utils.validation import has_fit_parameter

    if np.ptp(weight) == 0:
        return {}
    steps = getattr(estimator, "steps", None)
    name, last = steps[-1] if steps else ("", estimator)
    if has_fit_parameter(last, "sample_weight"):
        return {f"{name}__sample_weight" if steps else "sample_weight": weight}
    raise TrainingSetError(
        f"training set: rows have different weights, which the fit of {described(estimator)} does not take; got"
        f" weights from {weight.min():g} to {weight.max():g}. Nothing was written. Fix: give all rows the same weight,"
        " or choose an estimator whose fit takes sample_weight."
    )


def _with_nan(design: Matrix, position: int) -> Matrix:
    """Some rows, with NaN in one column."""
    rows = design[:PROBED_ROWS].copy()
    rows[:, position] = np.nan
    return rows


def _not_fitted(estimator: Any, error: Exception, passed_on: Sequence[str]) -> str:
    text = (
        f"{described(estimator)}: cannot be fitted on this training set; got {_said(error)}. Nothing was written."
    )
    if "NaN" in str(error) and passed_on:
        named = ", ".join(f"features.{name}.missing" for name in dict.fromkeys(passed_on))
        text += (
            f" Fix: with own_level a NULL reaches the estimator as NaN ({named}); declare impute or reject, or choose"
            " an estimator that takes NaN."
        )
    return text


FAMILY = Family(
    name="python",
    tasks=frozenset({"binary", "regression", "multiclass"}),
    hyperparameters=HYPERPARAMETERS,
    fit=_fit,
    feature_keys=frozenset(),
    check=_check,
)
