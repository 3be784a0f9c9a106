"""What the decisions of each scorer are worth, and those of nobody who has no model: act on no row, or on all."""

from __future__ import annotations

from collections.abc import Iterator

from ml_ledger.declaration.decision import ValueSpec
from ml_ledger.evaluation.estimates import Estimate, Measured
from ml_ledger.evaluation.rows import ScoredRows
from ml_ledger.sql_literals import double

NOBODY, EVERYBODY = "policy:nobody", "policy:everybody"


def measure_value(rows: ScoredRows, value: ValueSpec, task: str, threshold: float | None) -> Iterator[Measured]:
    """Value in all and per row of each scorer, and how much more the first one's decisions are worth on the same rows.

    rows: one output per scorer; of task multiclass with the columns _ml_predicted<i>. Nothing where decisions are worth
    something and there is no threshold.
    """
    if value.of_decisions and threshold is None:
        return
    worth = {scorer: _of_scorer(i, value, task, threshold) for i, scorer in enumerate(rows.scorers)}
    if value.of_decisions:
        worth |= {NOBODY: of_decision(value, task, acts=False), EVERYBODY: of_decision(value, task, acts=True)}
    numbered = dict(enumerate(worth))
    rows = rows.with_columns({f"_ml_worth{n}": worth[scorer] for n, scorer in numbered.items()})
    values = {(scorer, "value_per_row"): f"_ml_worth{n}" for n, scorer in numbered.items()}
    values |= {(scorer, "value_gain"): f"_ml_worth0 - _ml_worth{n}" for n, scorer in numbered.items() if n > 0}
    for (scorer, metric), moments in rows.moments(values).items():
        estimate = moments.average()
        yield Measured(scorer, metric, estimate)
        if metric == "value_per_row":
            yield Measured(scorer, "value", in_all(estimate))


def in_all(per_row: Estimate | None) -> Estimate | None:
    """The sum over rows, of their mean."""
    if per_row is None:
        return None
    low, high = (None if end is None else end * per_row.n for end in (per_row.ci_low, per_row.ci_high))
    return Estimate(per_row.value * per_row.n, low, high, per_row.n)


def of_decision(value: ValueSpec, task: str, *, acts: bool) -> str:
    """SQL over `_ml_label`: what a positive (acts) or a negative decision about a row is worth."""
    if task == "binary":
        right, wrong = (
            (value.true_positive, value.false_positive) if acts else (value.false_negative, value.true_negative)
        )
        return f"case when _ml_label = 1 then {double(right or 0.0)} else {double(wrong or 0.0)} end"
    if not acts:
        return "0e0"
    return f"{double(value.positive_fixed or 0.0)} + {double(value.positive_per_unit or 0.0)} * _ml_label"


def _of_scorer(i: int, value: ValueSpec, task: str, threshold: float | None) -> str:
    """SQL: what a row is worth by the decision, or the error, of scorer number i; NULL where it has no score."""
    if task == "multiclass":
        correct, wrong = double(value.correct or 0.0), double(value.wrong or 0.0)
        given = f"_ml_predicted{i}"
        return f"case when {given} = _ml_label then {correct} when {given} <> _ml_label then {wrong} end"
    score = f"_ml_s{i}_0"
    if not value.of_decisions:
        return f"{double(value.per_unit_of_error or 0.0)} * abs({score} - _ml_label)"
    assert threshold is not None
    at = double(threshold)
    acts, leaves = of_decision(value, task, acts=True), of_decision(value, task, acts=False)
    return f"case when {score} >= {at} then {acts} when {score} < {at} then {leaves} end"
