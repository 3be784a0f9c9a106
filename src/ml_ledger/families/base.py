"""What a model family is: a name, the tasks and hyperparameters it takes, and a fit that returns rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ml_ledger.coefficients import Coefficient

if TYPE_CHECKING:
    from ml_ledger.spec import FeatureSpec

Columns = Mapping[str, NDArray[np.float64]]
Link = Literal["logit", "identity"]


@dataclass(frozen=True)
class Hyperparameter:
    """One setting of a family: its default, a test of a value, and the allowed values in words."""

    default: Any
    accepts: Callable[[object], bool]
    allowed: str


@dataclass(frozen=True)
class Fit:
    """What a fit leaves: the rows, the link, and the estimator's own answer to check the rows against.

    predict: takes raw feature columns (n doubles each, NaN for NULL), returns n scores in [0, 1].
    diagnostics: numbers about the fit that are kept on the version (iterations, for example).
    """

    coefficients: Sequence[Coefficient]
    link: Link
    predict: Callable[[Columns], NDArray[np.float64]]
    diagnostics: Mapping[str, float] = field(default_factory=dict)


class FitFunction(Protocol):
    """Fit a family on n training rows.

    columns: per feature n doubles, NaN for NULL. label, weight: n doubles; labels are 0 or 1.
    hyperparameters: complete, defaults filled in. seed: of everything random.
    """

    def __call__(
        self,
        *,
        columns: Columns,
        label: NDArray[np.float64],
        weight: NDArray[np.float64],
        features: Mapping[str, FeatureSpec],
        hyperparameters: Mapping[str, Any],
        seed: int,
    ) -> Fit:
        """Return the fitted rows."""


@dataclass(frozen=True)
class Family:
    """A registered model family."""

    name: str
    tasks: frozenset[str]
    hyperparameters: Mapping[str, Hyperparameter]
    fit: FitFunction

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All hyperparameters: the defaults, overridden by those given."""
        return {name: parameter.default for name, parameter in self.hyperparameters.items()} | dict(given)


def is_number(value: object) -> bool:
    """True for an int or float, False for a bool or text."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
