"""What a model family is: a name, the tasks and hyperparameters it takes, and a fit that returns rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.coefficients import Coefficient, Link, Node
from ml_ledger.errors import Problem
from ml_ledger.solvers.training_rows import TrainingRows

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec


@dataclass(frozen=True)
class Hyperparameter:
    """One setting of a family: its default, a test of a value, and the allowed values in words.

    required: whether it must be given; the default then is only a placeholder. later: whether a family got it after
    versions were trained without it: at its default it makes none of them due.
    """

    default: Any
    accepts: Callable[[object], bool]
    allowed: str
    required: bool = False
    later: bool = False


@dataclass(frozen=True)
class Fit:
    """What a fit leaves: the rows, the link, and the estimator's own answer to check the rows against.

    coefficients: by output and term. nodes: of its trees, by tree.
    design: SQL of the k columns that `predict` takes. accepts: SQL that is true for rows that can be scored.
    predict: takes n × k doubles, returns n scores, or n × outputs where there are several; NaN where the estimator
        itself gives none.
    diagnostics: numbers about the fit that are kept on the version (iterations, for example).
    onnx: the estimator itself, for families whose scores are no sum of coefficients; the rows then only say which
        inputs are accepted.
    outputs: names of the m outputs of `onnx`.
    """

    coefficients: Sequence[Coefficient]
    link: Link
    design: Sequence[str]
    accepts: str
    predict: Callable[[Matrix], Vector]
    diagnostics: Mapping[str, float] = field(default_factory=dict)
    nodes: Sequence[Node] = ()
    onnx: bytes | None = None
    outputs: Sequence[str] = ("score",)


class FitFunction(Protocol):
    """Fit a family.

    features: the declared features to use, dates by part (`by_part`). hyperparameters: complete, defaults filled in.
    seed: of everything random.
    """

    def __call__(
        self,
        *,
        training: TrainingRows,
        features: Mapping[str, InputSpec],
        hyperparameters: Mapping[str, Any],
        seed: int,
    ) -> Fit:
        """Return the fitted rows."""


class ProblemsFunction(Protocol):
    """Find what is wrong with hyperparameters in the light of the whole declaration.

    where: key path of the algorithm. features: those that it may use. These and the task are as written: maybe faulty.
    """

    def __call__(
        self, where: str, *, hyperparameters: Mapping[str, Any], features: Mapping[str, Any], task: object
    ) -> Sequence[Problem]:
        """Return every problem, but for those of single hyperparameters."""


def no_problems(
    where: str, *, hyperparameters: Mapping[str, Any], features: Mapping[str, Any], task: object
) -> Sequence[Problem]:
    """No problem: hyperparameters can be judged one by one."""
    return []


class CheckFunction(Protocol):
    """Find what only shows once the code that a declaration names is imported.

    where: key path of the algorithm. hyperparameters: complete. task: the ML model's. seed: of everything random.
    """

    def __call__(
        self, where: str, *, hyperparameters: Mapping[str, Any], task: str, seed: int
    ) -> Sequence[Problem]:
        """Return every problem."""


def nothing_to_check(where: str, *, hyperparameters: Mapping[str, Any], task: str, seed: int) -> Sequence[Problem]:
    """No problem: the family imports nothing that a declaration names."""
    return []


@dataclass(frozen=True)
class Family:
    """A registered model family.

    feature_keys: which of the keys knots, bins and monotone of a number shape its effect. A transform does wherever a
        slope can; elsewhere it changes nothing.
    directed: whether its coefficients say in which direction a number moves the score.
    problems: called when a declaration is read.
    check: called when training starts, before anything is fitted.
    smallest_label: for task regression, labels are at least this, or above it where `above` is true.
    """

    name: str
    tasks: frozenset[str]
    hyperparameters: Mapping[str, Hyperparameter]
    fit: FitFunction
    smallest_label: float | None = None
    above: bool = False
    feature_keys: frozenset[str] = frozenset({"knots", "bins"})
    directed: bool = False
    problems: ProblemsFunction = no_problems
    check: CheckFunction = nothing_to_check

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All hyperparameters: the defaults, overridden by those given."""
        return {name: parameter.default for name, parameter in self.hyperparameters.items()} | dict(given)


def is_number(value: object) -> TypeGuard[int | float]:
    """True for an int or float, False for a bool or text."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
