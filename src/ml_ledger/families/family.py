"""What a model family is: a name, the tasks and hyperparameters it takes, and a fit that returns rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from ml_ledger.coefficients import Coefficient, Node
from ml_ledger.errors import Problem, TrainingSetError

if TYPE_CHECKING:
    from ml_ledger.declaration import InputSpec
    from ml_ledger.warehouse import Relation

# Fetched columns, the matrix that they become, and what estimators copy of it: bytes per byte of data.
COPIES = 4
# The same for a value that is fetched as a code, by what HistGradientBoosting makes of it: 18 bytes were measured where
# all features are numbers, 25 where a fifth have levels.
BYTES_PER_CODE = 24
# The byte that stands for NULL among codes.
NO_CODE = 255

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Codes = NDArray[np.uint8]
Link = Literal["logit", "identity", "log", "softmax", "shares", "distance"]


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
class TrainingRows:
    """What a family is fitted on: rows of a relation, which stays in the warehouse.

    where: SQL of the rows to train on. label: SQL of the label, a double: of task multiclass the position of the class
    in `classes`, from 0; of task clustering NULL. Weights are the column `_ml_weight`; weights_are: what they mean, as
    declared. task: what the label is. key: SQL of the columns that tell rows apart. cluster: SQL of what rows belong
    together by, None where each is its own. exposure: SQL of what the label is divided by, None for nothing; family
    poisson has weights multiplied by it. with_tests: whether coefficients are to have standard errors where they can.
    memory_mb: what fetched rows may take, None for no limit; may_sample:
    whether only some are fetched where that is not enough.
    """

    relation: Relation
    where: str
    label: str
    key: Sequence[str] = ()
    task: str = "binary"
    classes: Sequence[str] = ()
    memory_mb: int | None = None
    may_sample: bool = False
    weights_are: Literal["frequency", "sampling", "precision"] = "frequency"
    cluster: str | None = None
    exposure: str | None = None
    with_tests: bool = True

    def fetch(self, columns: Sequence[str], *, in_order: bool = False) -> tuple[Matrix, Vector, Vector]:
        """Design matrix (n × k), labels (n) and weights (n) of the n rows, for k SQL expressions.

        in_order: by key, for estimators that give another result when rows change places.
        Raises TrainingSetError where they do not fit into memory and may not be sampled.
        """
        columns = [self.label, "_ml_weight", *columns]
        label, weight, *design = self.relation.doubles(
            columns,
            where=self._fitting_into_memory(columns, len(columns) * 8 * COPIES),
            order_by=self.key if in_order else (),
        )
        return np.column_stack(design) if design else np.empty((len(label), 0)), label, weight

    def fetch_codes(self, codes: Sequence[str], *, in_order: bool = False) -> tuple[list[Codes], Vector, Vector]:
        """One array of n bytes per SQL of a whole number below NO_CODE, which is NULL; else as `fetch`."""
        numbers = [self.label, "_ml_weight"]
        bytes_per_row = len(numbers) * 8 * COPIES + len(codes) * BYTES_PER_CODE
        label, weight, *design = self.relation.arrays(
            [*((sql, "double", np.nan) for sql in numbers), *((sql, "utinyint", NO_CODE) for sql in codes)],
            where=self._fitting_into_memory([*numbers, *codes], bytes_per_row),
            order_by=self.key if in_order else (),
        )
        return design, label, weight

    def _fitting_into_memory(self, columns: Sequence[str], bytes_per_row: int) -> str:
        """SQL of the rows that are fetched: all of them, or as many as fit."""
        if self.memory_mb is None:
            return self.where
        fitting = self.memory_mb * 1_000_000 // bytes_per_row
        found = self._count()
        if found <= fitting:
            return self.where
        if not self.may_sample:
            raise TrainingSetError(
                f"training.memory_mb: the training set does not fit; got {found:,} rows of {len(columns)} columns for"
                f" {self.memory_mb:,} MB. Allowed: up to {fitting:,} rows. Nothing was written. Fix: raise memory_mb,"
                " declare too_large: sample, or choose a family that is fitted inside the warehouse."
            )
        return self._part(fitting * 0.99, found)

    def part(self, rows: int) -> str:
        """SQL of about as many rows, the same ones whenever they are asked for; of all, where there are fewer."""
        found = self._count()
        return self.where if found <= rows else self._part(rows, found)

    def _count(self) -> int:
        (found,) = self.relation.query(f"select count(*) as _ml_n from {self.relation.name} where {self.where}")
        return int(found["n"])

    def _part(self, wanted: float, found: int) -> str:
        buckets = 1 << 30
        return f"{self.where} and {self.bucket(buckets)} < {int(buckets * wanted / found)}"

    def bucket(self, buckets: int) -> str:
        """SQL of a pseudo-random number from 0 to `buckets` - 1, the same for a row whenever it is asked for."""
        return f"hash({', '.join(self.key)}) % {buckets}"


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
