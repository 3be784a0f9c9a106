"""Errors that say what, where, got, allowed and how to fix it; all problems of one input are raised at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "DependencyError",
    "MLLedgerError",
    "Problem",
    "SpecError",
    "TrainingSetError",
    "VersionError",
    "WarehouseError",
]


class MLLedgerError(Exception):
    """Base class of every error that ml_ledger raises on purpose.

    Examples
    --------
    >>> from ml_ledger.errors import MLLedgerError, SpecError
    >>> issubclass(SpecError, MLLedgerError)
    True
    """


class SpecError(MLLedgerError):
    """The declaration of an ML model (`vars.ml_models.<name>`) is not valid."""


class TrainingSetError(MLLedgerError):
    """The training set cannot be trained on as declared."""


class VersionError(MLLedgerError):
    """A trained version does not do what it must (for example its SQL does not reproduce its estimator)."""


class DependencyError(MLLedgerError):
    """An optional library that the declaration needs is not installed."""


class WarehouseError(MLLedgerError):
    """The warehouse file cannot be read, or does not hold what was asked for."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input; as text, one sentence per part.

    Parameters
    ----------
    where : str
        Key path or column, such as `ml_models.churn.algorithm` or `features.age`.
    what : str
        What is wrong there, without a full stop.
    got : str, optional
        What was given.
    allowed : str, optional
        What would have been accepted.
    fix : str, optional
        What to do, as an instruction.

    Examples
    --------
    >>> from ml_ledger.errors import Problem
    >>> print(Problem("features.age.kind", "is not a kind", got="'int'", fix="declare numeric"))
    features.age.kind: is not a kind; got 'int'. Fix: declare numeric.
    """

    where: str
    what: str
    got: str | None = None
    allowed: str | None = None
    fix: str | None = None

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}"
        if self.got is not None:
            text += f"; got {self.got}"
        text += "."
        if self.allowed is not None:
            text += f" Allowed: {self.allowed}."
        if self.fix is not None:
            text += f" Fix: {self.fix}."
        return text


def raise_if_any(problems: Sequence[Problem | str], error: type[MLLedgerError], subject: str) -> None:
    """Raise `error` naming every problem, or return when there is none."""
    if not problems:
        return
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = "\n".join(f"  {number}. {problem}" for number, problem in enumerate(problems, 1))
    raise error(f"{subject}: {count}. Nothing was written.\n{lines}")


def listed(names: Iterable[object]) -> str:
    """Names for an error message, comma separated, or a word when there are none."""
    return ", ".join(str(name) for name in names) or "(none)"


def did_you_mean(name: object, known: Iterable[object]) -> str | None:
    """A fix that proposes the closest known name, or None when nothing is close."""
    close = difflib.get_close_matches(str(name), [str(other) for other in known], n=1)
    return f"did you mean '{close[0]}'" if close else None
