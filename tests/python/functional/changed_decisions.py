"""What `ml_decision_changes` says, tried: the changed value is scored by a loop over coefficient rows, and decides."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

from conftest import Project

# Of the way to the changed value: so near before it, nothing has changed yet.
JUST_BEFORE = 0.9999
SOME = 2000
NO_VALUE = "no value of it does"


def check_changes(project: Project, ml_model: str, schema: str = "main") -> Counter[str]:
    """Try the changes of some decisions of an ML model with one version.

    Returns how many there are of each kind, or of each reason why there is none.
    """
    rows = coefficient_rows(project, ml_model, schema)
    found: Counter[str] = Counter()
    for features, threshold, feature, new_case, new_value, distance, because in project.query(
        "select p.features, p.threshold, c.feature, c.changed_to, c.changed_value, c.distance, c.no_change_because"
        f" from {schema}.ml_decision_changes as c inner join {schema}.ml_predictions as p using (decision_id)"
        f" where p.ml_model = '{ml_model}' order by p.entity_id, c.feature limit {SOME}"
    ):
        found[because or new_case] += 1
        if because not in (None, NO_VALUE):
            continue
        inputs = json.loads(features)
        before = inputs[feature]

        def changes(
            value: object, inputs: dict = inputs, feature: str = feature, threshold: float = threshold
        ) -> bool:
            other = score(rows, {**inputs, feature: value})
            return other is not None and (other >= threshold) != (score(rows, inputs) >= threshold)

        if because == NO_VALUE:
            assert not any(changes(value) for value in possible_values(rows, feature)), (feature, inputs)
            continue
        after = float(new_value) if new_case == "value" else new_value
        assert changes(after), (feature, inputs, new_case, new_value)
        assert before != after
        if distance is not None:
            assert abs(distance - abs(after - before)) <= 1e-9 * max(1, abs(after))
            way = [before + (after - before) * JUST_BEFORE * step / 20 for step in range(21)]
            assert not any(changes(value) for value in way), (feature, inputs, new_value)
    return found


def coefficient_rows(project: Project, ml_model: str, schema: str) -> list[dict[str, Any]]:
    names = "version, output, term, feature, applies_to, level, lower_bound, upper_bound, slope, transform, value"
    found = project.query(f"select {names} from {schema}.ml_coefficients where ml_model = '{ml_model}'")
    return [dict(zip(names.split(", "), row, strict=True)) for row in found]


def score(rows: list[dict[str, Any]], inputs: dict[str, Any]) -> float | None:
    """The score of a version of one output with link logit, by its rows."""
    link = 0.0
    for term in {row["term"] for row in rows if row["output"] != "calibration"}:
        of_term = [row for row in rows if row["term"] == term and row["output"] != "calibration"]
        levels = {row["level"] for row in of_term}
        matching = [row for row in of_term if applies(row, inputs.get(row["feature"]), levels)]
        if not matching:
            return None
        (row,) = matching
        link += line(row, inputs.get(row["feature"]))
    for row in rows:
        if row["output"] == "calibration" and within(row, link):
            link = (row["slope"] or 0) * link + (row["value"] or 0)
            break
    return 1 / (1 + math.exp(-link)) if link > -700 else 0.0


def line(row: dict[str, Any], x: Any) -> float:
    if row["slope"] is None:
        return row["value"] or 0.0
    return row["slope"] * (math.log1p(x) if row["transform"] == "log1p" else x) + (row["value"] or 0.0)


def applies(row: dict[str, Any], x: Any, levels: set[str | None]) -> bool:
    if row["applies_to"] == "intercept":
        return True
    if x is None or row["applies_to"] == "missing":
        return x is None and row["applies_to"] == "missing"
    if row["applies_to"] == "value":
        return within(row, x)
    text = str(x).lower() if isinstance(x, bool) else str(x)
    return text == row["level"] if row["applies_to"] == "level" else text not in levels


def within(row: dict[str, Any], x: float) -> bool:
    lower, upper = row["lower_bound"], row["upper_bound"]
    return (lower is None or x >= lower) and (upper is None or x < upper)


def possible_values(rows: list[dict[str, Any]], feature: str) -> list[Any]:
    """Values in every row of a feature: its ends, its middle, and far out where it has no end."""
    values: list[Any] = []
    for row in rows:
        if row["feature"] == feature and row["applies_to"] == "value":
            lower = -1e9 if row["lower_bound"] is None else row["lower_bound"]
            upper = 1e9 if row["upper_bound"] is None else math.nextafter(row["upper_bound"], -math.inf)
            values += [lower, (lower + upper) / 2, upper]
        elif row["feature"] == feature:
            values.append({"missing": None, "unknown": "never seen"}.get(row["applies_to"], row["level"]))
    return values
