"""The blocks `decision` and `value`: the policy that turns scores into actions, and what its decisions are worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from ml_ledger.declaration.key_types import Finite, Strict, Text, for_tasks, tasks_of
from ml_ledger.errors import Problem, listed
from ml_ledger.families.family import is_number

BEST_VALUE = "best_value"  # decision.threshold: the one with the highest value


class DecisionSpec(Strict):
    """The policy that turns a score into an action."""

    threshold: Finite | Literal["best_value"] | None = Field(
        None,
        description="Scores at or above it are positive decisions: a probability (task binary), or an amount in"
        " units of the label (task regression). `best_value`: the one that is worth most on training rows"
        " predicted from earlier ones.",
    )
    positive: str | None = Field(
        None,
        description="Name of the action at or above the threshold, for tasks binary and regression.",
    )
    negative: str | None = Field(
        None, description="Name of the action below the threshold, for tasks binary and regression."
    )
    actions: dict[str, str] | None = Field(
        None, description="Name of the action for each predicted class, for task multiclass."
    )
    fallback: str = Field(description="Name of the action for rows that cannot be scored.")


class ValueSpec(Strict):
    """What one row is worth, by what was decided or predicted and what turned out. Left-out amounts are 0."""

    unit: Text = Field(description="The unit of all amounts: `dollars`, for example.")
    true_positive: Finite | None = Field(
        None,
        description="Value of a positive decision with label 1.",
        json_schema_extra=for_tasks("binary"),
    )
    false_positive: Finite | None = Field(
        None,
        description="Value of a positive decision with label 0.",
        json_schema_extra=for_tasks("binary"),
    )
    false_negative: Finite | None = Field(
        None,
        description="Value of a negative decision with label 1.",
        json_schema_extra=for_tasks("binary"),
    )
    true_negative: Finite | None = Field(
        None,
        description="Value of a negative decision with label 0.",
        json_schema_extra=for_tasks("binary"),
    )
    per_unit_of_error: Finite | None = Field(
        None,
        description="Value of one unit of absolute error, below 0. Not together with the next two.",
        json_schema_extra=for_tasks("regression"),
    )
    positive_fixed: Finite | None = Field(
        None,
        description="Value of a positive decision before the label counts, below 0. A negative decision is worth"
        " 0.",
        json_schema_extra=for_tasks("regression"),
    )
    positive_per_unit: Finite | None = Field(
        None,
        description="Additional value of a positive decision per unit of the label, above 0.",
        json_schema_extra=for_tasks("regression"),
    )
    correct: Finite | None = Field(
        None, description="Value of a correct class.", json_schema_extra=for_tasks("multiclass")
    )
    wrong: Finite | None = Field(
        None, description="Value of a wrong class.", json_schema_extra=for_tasks("multiclass")
    )

    @property
    def of_decisions(self) -> bool:
        """Whether it is decisions by a threshold that are worth something, so that deciding without a model is, too."""
        return any(getattr(self, key) is not None for key in BY_THRESHOLD)


# Amounts by the task that they are for.
AMOUNTS = {
    task: [key for key, tasks in tasks_of(ValueSpec).items() if task in tasks]
    for task in ("binary", "regression", "multiclass")
}
POLICY_KEYS = ("positive_fixed", "positive_per_unit")
BY_THRESHOLD = (*AMOUNTS["binary"], *POLICY_KEYS)


def decision_problems(root: str, declaration: Mapping[str, Any]) -> list[Problem]:
    """What a task asks of the policy, on what was written."""
    decision, task, classes = (declaration.get(key) for key in ("decision", "task", "classes"))
    if not isinstance(decision, Mapping) or task not in AMOUNTS:
        return []  # reported already
    where = f"{root}.decision"
    by_threshold, by_class = ("threshold", "positive", "negative"), ("actions",)
    needed, refused = (by_class, by_threshold) if task == "multiclass" else (by_threshold, by_class)
    problems = [
        Problem(f"{where}.{key}", f"a required key is missing for task '{task}'", fix=f"add '{key}'")
        for key in needed
        if decision.get(key) is None
    ]
    problems += [
        Problem(f"{where}.{key}", f"has no meaning for task '{task}'", repr(decision[key]), fix="remove the key")
        for key in refused
        if decision.get(key) is not None
    ]
    threshold, actions = decision.get("threshold"), decision.get("actions")
    if task == "binary" and is_number(threshold) and not 0 < threshold < 1:
        problems.append(Problem(f"{where}.threshold", "is out of range", repr(threshold), "a number > 0 and < 1"))
    if isinstance(actions, Mapping) and isinstance(classes, list) and set(actions) != set(classes):
        problems.append(
            Problem(f"{where}.actions", "must name an action for each class", listed(actions), listed(classes))
        )
    return problems


def value_problems(root: str, declaration: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the value, and with keys that need one."""
    task, value = declaration.get("task"), declaration.get("value")
    gate, decision = declaration.get("gate"), declaration.get("decision")
    if isinstance(gate, Mapping) and gate.get("value_hurdle") is not None and value is None:
        what, fix = "needs to know what decisions are worth", "declare 'value', or remove the key"
        yield Problem(f"{root}.gate.value_hurdle", what, repr(gate["value_hurdle"]), fix=fix)
    by_threshold = isinstance(value, Mapping) and any(value.get(key) is not None for key in BY_THRESHOLD)
    if isinstance(decision, Mapping) and decision.get("threshold") == BEST_VALUE and not by_threshold:
        allowed = "value with true_positive and false_positive (task binary), or with positive_fixed and"
        yield Problem(
            f"{root}.decision.threshold",
            "needs to know what each decision is worth",
            repr(BEST_VALUE),
            f"{allowed} positive_per_unit (task regression)",
            "declare 'value', or a number",
        )
    if value is None or not isinstance(value, Mapping) or not isinstance(task, str):
        return  # reported already
    where = f"{root}.value"
    if task not in AMOUNTS:
        what = f"has no meaning for task '{task}', where no prediction can be right or wrong"
        yield Problem(where, what, fix="remove the key")
        return
    own = AMOUNTS[task]
    for other, keys in AMOUNTS.items():
        for key in keys if other != task else ():
            if value.get(key) is not None:
                what = f"has no meaning for task '{task}'"
                yield Problem(f"{where}.{key}", what, repr(value[key]), listed(own), "remove the key")
    worth = {key: value[key] for key in own if is_number(value.get(key))}
    if any(value.get(key) is not None and key not in worth for key in own):
        return  # reported already
    if not any(worth.values()):
        what, fix = "is 0 whatever is decided", "say what a decision is worth"
        yield Problem(where, what, repr(worth), f"{listed(own)}, not all of them 0", fix)
    elif task == "binary":
        yield from _binary_problems(where, worth)
    elif task == "regression":
        yield from _regression_problems(where, worth, decision)
    elif worth.get("correct", 0) <= worth.get("wrong", 0):
        what = "must be worth more than a wrong class"
        yield Problem(f"{where}.correct", what, _shown(worth, "correct", "wrong"), "correct > wrong")


def _binary_problems(where: str, worth: Mapping[str, float]) -> Iterator[Problem]:
    for better, worse, what in (
        (
            "true_positive",
            "false_negative",
            "acting is never worth it: of a row with label 1 it must be worth more",
        ),
        (
            "true_negative",
            "false_positive",
            "acting is always worth it: of a row with label 0 it must be worth less",
        ),
    ):
        if worth.get(better, 0) <= worth.get(worse, 0):
            fix = "exchange them, or decide without a model"
            yield Problem(f"{where}.{better}", what, _shown(worth, better, worse), f"{better} > {worse}", fix)


def _regression_problems(where: str, worth: Mapping[str, float], decision: object) -> Iterator[Problem]:
    policy = [key for key in POLICY_KEYS if key in worth]
    error = worth.get("per_unit_of_error")
    if error is not None and policy:
        what, fix = (
            f"cannot be combined with {listed(policy)}",
            "say what errors cost, or what decisions are worth",
        )
        yield Problem(f"{where}.per_unit_of_error", what, repr(error), fix=fix)
    elif error is not None and error >= 0:
        yield Problem(f"{where}.per_unit_of_error", "errors must cost something", repr(error), "a number < 0")
    if not policy:
        return
    if worth.get("positive_fixed", 0) >= 0 or worth.get("positive_per_unit", 0) <= 0:
        what = "a positive decision must be worth it of some rows and not of others"
        allowed = "positive_fixed < 0 and positive_per_unit > 0"
        yield Problem(f"{where}.positive_fixed", what, _shown(worth, *POLICY_KEYS), allowed)
    if decision is None:
        what, fix = "needs a policy, which is what decides", "declare 'decision'"
        yield Problem(f"{where}.{policy[0]}", what, repr(worth[policy[0]]), fix=fix)


def _shown(worth: Mapping[str, float], *keys: str) -> str:
    return " and ".join(f"{key} {worth.get(key, 0):g}" for key in keys)
