"""What macros need to know of declarations, as one file of macros: Jinja cannot ask pydantic when dbt parses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ml_ledger.declaration import TRAINING_SET_COLUMNS, MLModelSpec
from ml_ledger.declaration.gate import LIMITED_METRICS
from ml_ledger.declaration.training_and_evaluation import SHARE_OF_ONE_DATE, EvaluationSpec
from ml_ledger.record.predictions import PERSONAL

PATH = Path("macros/_internal/declaration/generated.sql")
HEAD = "{# Generated from src/ml_ledger/declaration by `make reference`: do not edit. #}\n"
WIDTH = 120

Schema = Mapping[str, Any]

# What JSON Schema calls the types of values, and what macros do.
KINDS = {"string": "text", "integer": "whole", "number": "number", "boolean": "boolean"}
BOUNDS = {"minimum": "at_least", "exclusiveMinimum": "above", "maximum": "at_most", "exclusiveMaximum": "below"}

# By macro: what it says, and the values that it returns.
VALUES: dict[str, tuple[str, object]] = {
    "at_least_metrics": (
        "The metrics of which more is better, so that a limit is the least that passes.",
        [name for name, limited in LIMITED_METRICS.items() if limited.at_least],
    ),
    "personal_columns": (
        "The columns of a prediction that are values of a person: `ml_erase` removes them.",
        list(PERSONAL),
    ),
    "training_set_columns": ("The columns that `training_set` adds to the features.", list(TRAINING_SET_COLUMNS)),
    "as_of_dates_held_out": (
        "How many of the last as-of dates are held out where nothing is declared.",
        EvaluationSpec().last_as_of_dates,
    ),
    "share_of_one_date": (
        "The share of entities that is held out where there is one as-of date and nothing is declared.",
        SHARE_OF_ONE_DATE,
    ),
}


def generated() -> str:
    """The text of the file of macros: every key of a declaration, and the vocabularies that macros share."""
    lines = [
        "{#",
        "    Every key of `vars.ml_models.<name>`.",
        "    Returns: mapping of the path of a block ('' for the declaration itself) to its keys, a block after the",
        "    one that it is in; each key a mapping: kind, of its value (word, text, texts, whole, number, boolean,",
        "    block, mapping; blocks, a mapping of mappings; rows, a list of mappings); words that are allowed; bounds",
        "    (at_least, above, at_most, below); texts that rows must have; default.",
        "#}",
        "{% macro declared_blocks() %}",
        "    {% do return({",
    ]
    for path, keys in declared_blocks().items():
        lines += [
            f"        {_jinja(path)}: {{",
            *(line for item in keys.items() for line in _entry(*item)),
            "        },",
        ]
    lines += ["    }) %}", "{% endmacro %}"]
    for name, (says, value) in VALUES.items():
        lines += ["", f"{{# {says} #}}", f"{{% macro {name}() %}}", *_returned(value), "{% endmacro %}"]
    return HEAD + "\n".join(lines) + "\n"


def declared_blocks() -> dict[str, dict[str, dict[str, Any]]]:
    """By the path of a block its keys: what each may hold, and its default. That of the declaration itself is ''."""
    schema = MLModelSpec.model_json_schema()
    return dict(_blocks_of(schema, schema["$defs"], ""))


def _blocks_of(block: Schema, models: Schema, path: str) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    keys: dict[str, dict[str, Any]] = {}
    inner: dict[str, Schema] = {}
    for name, schema in block["properties"].items():
        key: dict[str, Any] = {"kind": "word"}
        for form in schema.get("anyOf", [schema]):
            if "$ref" in form:
                inner[name] = _model(form, models)
                key["kind"] = "block"
            elif "enum" in form or "const" in form:
                key["words"] = form.get("enum") or [form["const"]]
            elif form["type"] != "null":
                key |= _kind(form, models)
        keys[name] = key | {"default": _default(schema, key["kind"], name in block.get("required", ()))}
    yield path, keys
    for name, model in inner.items():
        yield from _blocks_of(model, models, f"{path}.{name}" if path else name)


def _kind(form: Schema, models: Schema) -> dict[str, Any]:
    if form["type"] == "object":
        held = [form.get("additionalProperties"), *form.get("patternProperties", {}).values()]
        is_of_blocks = any(isinstance(each, Mapping) and each.keys() & {"$ref", "oneOf"} for each in held)
        return {"kind": "blocks" if is_of_blocks else "mapping"}
    if form["type"] == "array" and "$ref" in form["items"]:
        return {"kind": "rows", "texts": _model(form["items"], models)["required"]}
    if form["type"] == "array":
        return {"kind": "texts"}
    return {"kind": KINDS[form["type"]]} | {
        ours: form[theirs] for theirs, ours in BOUNDS.items() if theirs in form
    }


def _model(form: Schema, models: Schema) -> Schema:
    found: Schema = models[form["$ref"].rpartition("/")[2]]
    return found


def _default(schema: Schema, kind: str, required: bool) -> object:
    # A list or a mapping has none in the schema where pydantic makes a new one each time.
    if "default" not in schema and kind in ("mapping", "blocks"):
        return {}
    if "default" not in schema:
        return None if required else []
    # The keys of a block have their own defaults.
    return {} if isinstance(schema["default"], dict) else schema["default"]


def _entry(name: str, key: Mapping[str, Any]) -> list[str]:
    """A line, or several where it is too long for one."""
    line = f"            {_jinja(name)}: {_jinja(key)},"
    if len(line) <= WIDTH:
        return [line]
    inner = [f"                {_jinja(part)}: {_jinja(value)}," for part, value in key.items()]
    return [f"            {_jinja(name)}: {{", *inner, "            },"]


def _returned(value: object) -> list[str]:
    if not isinstance(value, list):
        return [f"    {{% do return({_jinja(value)}) %}}"]
    return ["    {% do return([", *(f"        {_jinja(item)}," for item in value), "    ]) %}"]


def _jinja(value: object) -> str:
    """A literal of Jinja."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{', '.join(map(_jinja, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_jinja(key)}: {_jinja(item)}" for key, item in value.items()) + "}"
    return repr(value)


if __name__ == "__main__":
    PATH.write_text(generated(), encoding="utf-8")
