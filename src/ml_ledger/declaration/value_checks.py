"""Checks across the keys that say what decisions are worth, on what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ml_ledger.declaration.value import BEST_VALUE, KEYS, POLICY_KEYS
from ml_ledger.errors import Problem, listed
from ml_ledger.families.base import is_number


def value_problems(root: str, declaration: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the value, and with keys that need one."""
    task, value = declaration.get("task"), declaration.get("value")
    gate, decision = declaration.get("gate"), declaration.get("decision")
    if isinstance(gate, Mapping) and gate.get("value_hurdle") is not None and value is None:
        what, fix = "needs to know what decisions are worth", "declare 'value', or remove the key"
        yield Problem(f"{root}.gate.value_hurdle", what, repr(gate["value_hurdle"]), fix=fix)
    by_threshold = isinstance(value, Mapping) and any(
        value.get(key) is not None for key in (*KEYS["binary"], *POLICY_KEYS)
    )
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
    if task not in KEYS:
        what = f"has no meaning for task '{task}', where no prediction can be right or wrong"
        yield Problem(where, what, fix="remove the key")
        return
    own = KEYS[task]
    for other, keys in KEYS.items():
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
