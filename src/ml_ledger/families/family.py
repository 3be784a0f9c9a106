"""What a model family is: a name, the tasks and hyperparameters it takes, and a fit that returns rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from ml_ledger.arrays import Matrix, Vector
from ml_ledger.coefficients import Coefficient, Link, Node
from ml_ledger.errors import Problem
from ml_ledger.solvers.training_rows import TrainingRows

__all__ = ["CheckFunction", "Family", "Fit", "FitFunction", "Hyperparameter", "ProblemsFunction"]

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec


@dataclass(frozen=True)
class Hyperparameter:
    """One setting of a family: its default, a test of a value, and a description of the allowed values.

    Parameters
    ----------
    default : Any
        Value where the declaration gives none.
    accepts : callable
        Takes a value as written in the declaration; returns whether it is allowed.
    allowed : str
        Allowed values, for error messages.
    required : bool, default False
        Whether it must be given; `default` is then only a placeholder.
    later : bool, default False
        Whether the family got it after versions had been trained without it. At its default it makes none of them
        due for retraining.

    Examples
    --------
    >>> from ml_ledger.families import Hyperparameter
    >>> trees = Hyperparameter(
    ...     default=100,
    ...     accepts=lambda value: value in range(1, 1001),
    ...     allowed="a whole number from 1 to 1000",
    ... )
    >>> trees.accepts(0)
    False
    """

    default: Any
    accepts: Callable[[object], bool]
    allowed: str
    required: bool = False
    later: bool = False


@dataclass(frozen=True)
class Fit:
    """Result of a fit: rows, link, and the estimator's own predictions to check the rows against.

    Parameters
    ----------
    coefficients : sequence of Coefficient
        Rows of the version, by output and term.
    link : {'logit', 'identity', 'log', 'softmax', 'shares', 'distance'}
        What turns link scores into scores.
    design : sequence of str, length k
        SQL of the columns that `predict` takes.
    accepts : str
        SQL that is true for rows that can be scored.
    predict : callable
        Takes the design matrix, doubles of shape (n, k); returns scores of shape (n,), or (n, outputs) where there
        are several. NaN where the estimator itself gives no score.
    diagnostics : mapping of str to float, optional
        Numbers about the fit that the version keeps, such as the number of iterations.
    nodes : sequence of Node, optional
        Nodes of its trees, by tree.
    onnx : bytes, optional
        The estimator as ONNX, for families whose scores are not a sum of coefficients; the coefficients then only
        say which inputs are accepted.
    outputs : sequence of str, length m, default ('score',)
        Names of the outputs of `onnx`.

    Notes
    -----
    A version scores by SQL that is compiled from `coefficients` and `nodes`, or with `onnx`. Before it is recorded,
    these scores are compared with those of `predict` on a sample of its rows; a version that differs is refused.
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
    """Fit a family to training rows: the function that a family is registered with.

    Parameters
    ----------
    training : TrainingRows
        Rows to fit, which stay in the warehouse until they are fetched.
    features : mapping of str to InputSpec
        Declared features to use, by name; a date is one entry per declared part.
    hyperparameters : mapping
        Complete: defaults are filled in.
    seed : int
        Seed of everything random.

    Returns
    -------
    Fit
        Coefficient rows, link and predictions.

    Raises
    ------
    TrainingSetError
        Where the rows cannot be fitted as declared.
    VersionError
        Where the fit is not what it must be, for example where it does not converge.
    """

    def __call__(
        self,
        *,
        training: TrainingRows,
        features: Mapping[str, InputSpec],
        hyperparameters: Mapping[str, Any],
        seed: int,
    ) -> Fit:
        """Fit; parameters, result and errors are those of the class."""


class ProblemsFunction(Protocol):
    """Find problems of hyperparameters that depend on the rest of the declaration.

    It is called while a declaration is read. Features and task are as written, and may be invalid themselves.

    Parameters
    ----------
    where : str
        Key path of the hyperparameters, to begin `Problem.where` with.
    hyperparameters : mapping
        As written.
    features : mapping
        Features that the algorithm may use, by name, as written.
    task : object
        Task of the ML model, as written.

    Returns
    -------
    sequence of Problem
        Every problem, other than those of single hyperparameters; empty where there is none.
    """

    def __call__(
        self, where: str, *, hyperparameters: Mapping[str, Any], features: Mapping[str, Any], task: object
    ) -> Sequence[Problem]:
        """Find problems; parameters and result are those of the class."""


def no_problems(
    where: str, *, hyperparameters: Mapping[str, Any], features: Mapping[str, Any], task: object
) -> Sequence[Problem]:
    """No problem: hyperparameters can be judged one by one."""
    return []


class CheckFunction(Protocol):
    """Find problems that only show once the code that a declaration names is imported.

    It is called when training starts, before anything is fitted.

    Parameters
    ----------
    where : str
        Key path of the hyperparameters, to begin `Problem.where` with.
    hyperparameters : mapping
        Complete: defaults are filled in.
    task : {'binary', 'multiclass', 'regression', 'clustering'}
        Task of the ML model.
    seed : int
        Seed of everything random.

    Returns
    -------
    sequence of Problem
        Every problem; empty where there is none.

    Raises
    ------
    DependencyError
        Where an optional library that the family needs is not installed.
    """

    def __call__(
        self, where: str, *, hyperparameters: Mapping[str, Any], task: str, seed: int
    ) -> Sequence[Problem]:
        """Find problems; parameters, result and errors are those of the class."""


def nothing_to_check(where: str, *, hyperparameters: Mapping[str, Any], task: str, seed: int) -> Sequence[Problem]:
    """No problem: the family imports nothing that a declaration names."""
    return []


@dataclass(frozen=True)
class Family:
    """A model family: what it takes, and how it is fitted.

    Parameters
    ----------
    name : str
        What `algorithm.family` of a declaration calls it.
    tasks : frozenset of str
        Tasks that it fits: `binary`, `multiclass`, `regression`, `clustering`.
    hyperparameters : mapping of str to Hyperparameter
        Its settings, by name.
    fit : FitFunction
        Fits it.
    smallest_label : float, optional
        For task `regression`: labels are at least this, in units of the label. None for no limit.
    above : bool, default False
        Whether labels must be above `smallest_label` rather than at least as large.
    feature_keys : frozenset of str, default {'knots', 'bins'}
        Which of the keys `knots`, `bins` and `monotone` of a numeric feature shape its effect.
    directed : bool, default False
        Whether its coefficients tell in which direction a number moves the score.
    problems : ProblemsFunction, optional
        Finds problems while a declaration is read; by default none.
    check : CheckFunction, optional
        Finds problems when training starts, before anything is fitted; by default none.
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
        """Fill in the defaults of hyperparameters that are not given.

        Parameters
        ----------
        given : mapping
            Hyperparameters as declared. Names are not checked.

        Returns
        -------
        dict
            All hyperparameters: the defaults, overridden by those given.

        Examples
        --------
        >>> from ml_ledger.families import FAMILIES
        >>> FAMILIES["poisson"].complete({"alpha": 0.5})
        {'alpha': 0.5, 'l1_ratio': 0.0, 'max_iter': 100}
        """
        return {name: parameter.default for name, parameter in self.hyperparameters.items()} | dict(given)


def is_number(value: object) -> TypeGuard[int | float]:
    """True for an int or float, False for a bool or text."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
