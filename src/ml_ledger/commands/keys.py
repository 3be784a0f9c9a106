"""`ml-ledger keys`: the reference of every key of a declaration, as Markdown. docs/keys.md is what it prints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from ml_ledger.commands.declaration_schema import declaration_schema, name_of
from ml_ledger.declaration.features import FEATURE_KINDS, FeatureBase
from ml_ledger.declaration.gate import LIMITED_METRICS
from ml_ledger.declaration.key_types import Task
from ml_ledger.declaration.monitoring import Rule
from ml_ledger.families import FAMILIES

FIRST = (
    "task", "entity", "as_of", "label", "features", "algorithm", "baselines", "decision", "gate", "evaluation",
    "training", "monitoring",
)  # fmt: skip
EXAMPLE = """\
vars:
  ml_models:
    churn:                    # its nodes are churn_training_set, churn_versions, …
      task: binary
      entity: account_id
      as_of: month
      label: churned          # 0 or 1
      features:
        logins: {kind: numeric}
        plan: {kind: categorical, min_share: 0.01, unknown: rare}
      algorithm: {family: logistic}
      baselines:
        constant: {family: constant}
      decision: {threshold: 0.3, positive: call, negative: leave, fallback: leave}
      gate: {maximum_calibration_error: 0.05}
      evaluation: {holdout: {as_of_dates: 2}}
      training: {retrain_after_days: 60}
      monitoring: {alerts: {}}
"""
# Where a block is explained.
PAGES = {
    "features.<column>": "declaring.md#null-and-unknown-values",
    "algorithm": "families.md",
    "cross_validation": "declaring.md#choosing-and-calibrating",
    "evaluation": "declaring.md#what-is-held-out",
    "gate": "declaring.md#limits",
    "slices.<name>": "declaring.md#limits",
    "value": "value.md",
    "fairness": "fairness.md",
    "experiment": "experiments.md",
    "retention": "retention.md",
    "monitoring": "monitoring.md",
    "monitoring.drift": "drift.md#when-something-has-drifted",
    "monitoring.alerts": "alerts.md",
    "monitoring.budget": "runs.md#budgets",
    "retraining": "retraining.md",
    "review": "people.md",
    "training_quality": "training_quality.md",
}
WORDS = {"boolean": "true or false", "integer": "whole number", "number": "number", "string": "text"}
# Long lists of words, by where they are explained.
LINKED = {get_args(Rule): "[rule](alerts.md)", tuple(FAMILIES): "[family](families.md)"}
PLURALS = {
    "whole number": "whole numbers",
    "number": "numbers",
    "text": "texts",
    "column": "columns",
    "[rule](alerts.md)": "[rules](alerts.md)",
}
BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
KINDS = {block.__name__: kind for kind, block in FEATURE_KINDS.items()}


def keys() -> str:
    """The page."""
    schema = declaration_schema()
    paths: dict[str, str] = {}
    for name, path in _paths(schema, schema["$defs"]):
        paths.setdefault(name, path)
    parts = [_start(schema["properties"]), "## First level", _table(schema, schema["properties"], paths)]
    for name, path in paths.items():
        block = schema["$defs"][name]
        properties, heading, says = block["properties"], _heading(name, path), [block["description"]]
        if name in KINDS:
            common = {key: node for key, node in properties.items() if key in FeatureBase.model_fields}
            if name == next(iter(KINDS)):
                parts += [f"## `{path}`", f"Keys of every feature.{_see(path)}", _table(block, common, paths)]
            properties = {key: node for key, node in properties.items() if key not in common}
        keys_of_path = [part for part in path.split(".") if not part.startswith("<")]
        level = "##" if len(keys_of_path) == 1 and name not in KINDS else "###"
        if level == "##" and schema["properties"][keys_of_path[0]].get("x-trains") is False:
            says.append("Changing it trains nothing.")
        parts += [f"{level} {heading}", " ".join(" ".join(says).split()) + ("" if name in KINDS else _see(path))]
        parts.append(_table(block, properties, paths))
    return "\n\n".join([*parts, _limits(), *_families()]) + "\n"


def _see(path: str) -> str:
    page = PAGES.get(path)
    return f" See [{page.split('.')[0].replace('_', ' ')}]({page})." if page else ""


def _start(properties: Mapping[str, Any]) -> str:
    rows = "\n".join(_row(f"`{key}`", _description(properties[key])) for key in FIRST)
    return f"""\
# Every key of a declaration

A declaration is a block under `vars.ml_models` in `dbt_project.yml`: [declaring](declaring.md) says how and why. Other
keys are errors. `ml-ledger keys` prints this page for the version that is installed.

## Start with these twelve keys

```yaml
{EXAMPLE}```

| key | description |
| --- | --- |
{rows}"""


def _paths(block: Mapping[str, Any], blocks: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """By name in the schema, the path of each block: where it is used first."""
    for key, node in block["properties"].items():
        for name, path in _used(node, f"{prefix}{key}"):
            yield name, path
            yield from _paths(blocks[name], blocks, f"{path}.")


def _used(node: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """The blocks that a key holds, and their paths."""
    if "$ref" in node:
        yield name_of(node), path
    for part in [*node.get("anyOf", ()), *node.get("oneOf", ()), *filter(None, [node.get("items")])]:
        yield from _used(part, path)
    for part in _values(node):
        yield from _used(part, f"{path}.<{'column' if _is_by_column(node) else 'name'}>")


def _values(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a mapping of free keys holds."""
    values = node.get("additionalProperties")
    return [*([values] if isinstance(values, Mapping) else ()), *node.get("patternProperties", {}).values()]


def _is_by_column(node: Mapping[str, Any]) -> bool:
    return bool(node.get("propertyNames", {}).get("x-words") == "column")


def _heading(name: str, path: str) -> str:
    return f"`{path}` of kind `{KINDS[name]}`" if name in KINDS else f"`{path}`"


def _link(name: str, paths: Mapping[str, str]) -> str:
    """To the section of a block, by the anchor that GitHub gives it."""
    heading = _heading(name, paths[name])
    anchor = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
    return f"[{KINDS.get(name, heading)}](#{anchor})"


def _table(block: Mapping[str, Any], properties: Mapping[str, Any], paths: Mapping[str, str]) -> str:
    rows = [_row("key", "type", "default", "allowed", "description"), _row(*["---"] * 5)]
    for key, node in properties.items():
        default = "required" if key in block.get("required", ()) else _default(node)
        rows.append(_row(f"`{key}`", _type(node, paths), default, _allowed(node), _description(node)))
    return "\n".join(rows)


def _row(*cells: str) -> str:
    return re.sub(" +", " ", "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")


def _description(node: Mapping[str, Any]) -> str:
    says = [node.get("description", "")]
    if "x-tasks" in node:
        says.append(f"Only for task {', '.join(node['x-tasks'])}.")
    if node.get("x-trains") is False:
        says.append("Changing it trains nothing.")
    return " ".join(says)


def _default(node: Mapping[str, Any]) -> str:
    if "default" in node:
        value = node["default"]
        return _shown(value)
    return {"array": "`[]`", "object": "`{}`"}.get(node.get("type", ""), "")


def _shown(value: object) -> str:
    """A default, as it would be written in YAML."""
    if isinstance(value, str):
        return f"`{value}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{json.dumps(value)}`"


def _arms(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a value may be, one of these; null apart."""
    return [arm for arm in node.get("anyOf", [node]) if arm.get("type") != "null"]


def _type(node: Mapping[str, Any], paths: Mapping[str, str]) -> str:
    return ", or ".join(_type_of_arm(arm, paths) for arm in _arms(node))


def _type_of_arm(node: Mapping[str, Any], paths: Mapping[str, str]) -> str:
    if "$ref" in node:
        return _link(name_of(node), paths)
    if "oneOf" in node:
        return ", or ".join(_link(name_of(kind), paths) for kind in node["oneOf"])
    if "enum" in node or "const" in node:
        if (linked := LINKED.get(tuple(node.get("enum", ())))) is not None:
            return linked
        words = [f"`{word}`" for word in node.get("enum", [node.get("const")])]
        return words[0] if len(words) == 1 else f"one of {', '.join(words)}"
    if node.get("type") == "array":
        items = _type(node["items"], paths)
        ends = " or `null`" if len(_arms(node["items"])) < len(node["items"].get("anyOf", [0])) else ""
        return f"list of {PLURALS.get(items, items)}{ends}"
    if node.get("type") == "object":
        values = [_type(value, paths) for value in _values(node)]
        return f"by {'column' if _is_by_column(node) else 'name'}: {values[0]}" if values else "mapping"
    return str(node.get("x-words") or WORDS.get(node.get("type", ""), "any value"))


def _allowed(node: Mapping[str, Any]) -> str:
    """The bounds of a value, and of the number of entries."""
    found = []
    for arm in _arms(node):
        bounds = [
            f"{sign} {part[bound]:,}"
            for part in (arm, *_values(arm))
            for bound, sign in BOUNDS.items()
            if bound in part
        ]
        least = arm.get("minItems", arm.get("minProperties"))
        if least is not None:
            exactly = least == arm.get("maxItems")
            bounds.append(f"{least} entries" if exactly else f"{least} or more entries")
        found.append(", ".join(bounds) or ("not empty" if arm.get("minLength") else ""))
    return "; ".join(filter(None, found))


def _limits() -> str:
    rows = [_row("task", "at least", "at most"), _row(*["---"] * 3)]
    for task in get_args(Task):
        of_task = {name: limited for name, limited in LIMITED_METRICS.items() if task in limited.tasks}
        cells = [
            ", ".join(f"`{name}` ({of.range})" for name, of in of_task.items() if of.at_least is at_least)
            for at_least in (True, False)
        ]
        rows.append(_row(task, *cells))
    says = "What `slices.<name>.limits` may name, and the values that each metric takes."
    return "\n\n".join(
        ["## Metrics with limits", f"{says} A limit on `bias` is one on its size.", "\n".join(rows)]
    )


def _families() -> Iterator[str]:
    yield "## Hyperparameters"
    yield "What `hyperparameters` may name, by [family](families.md)."
    alike: dict[tuple[tuple[str, str, str], ...], list[str]] = {}
    for family in FAMILIES.values():
        rows = tuple(
            (f"`{name}`", "required" if parameter.required else _shown(parameter.default), parameter.allowed)
            for name, parameter in family.hyperparameters.items()
        )
        alike.setdefault(rows or (("none", "", ""),), []).append(f"`{family.name}`")
    lines = [_row("family", "hyperparameter", "default", "allowed"), _row(*["---"] * 4)]
    lines += [_row(", ".join(families), *row) for rows, families in alike.items() for row in rows]
    yield "\n".join(lines)
