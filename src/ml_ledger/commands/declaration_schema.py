"""`ml-ledger schema`: the keys of a declaration as a JSON Schema, by which editors complete and check them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from ml_ledger.declaration import MLModelSpec
from ml_ledger.declaration.algorithms import AlgorithmSpec, BaselineSpec
from ml_ledger.families import FAMILIES, Family

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(*, one: bool = False) -> str:
    """The schema of dbt_project.yml, which says nothing about other keys than `vars.ml_models`, as JSON text.

    one: of a file that holds a single declaration. What a schema cannot say is left to `ml-ledger validate`.
    """
    declaration = declaration_schema()
    definitions = declaration.pop("$defs") | {"MLModelSpec": declaration}
    of_one = {"$ref": "#/$defs/MLModelSpec"}
    names = {"type": "object", "additionalProperties": of_one, "propertyNames": {"pattern": "^[a-z_][a-z0-9_]*$"}}
    project = {
        "type": "object",
        "properties": {"vars": {"type": ["object", "null"], "properties": {"ml_models": names}}},
    }
    document = {"$schema": DIALECT, "title": "ML Ledger", **(of_one if one else project), "$defs": definitions}
    return json.dumps(document, indent=2, ensure_ascii=False)


def declaration_schema() -> dict[str, Any]:
    """The schema of one declaration, with the hyperparameters of each family."""
    found: dict[str, Any] = _for_editors(MLModelSpec.model_json_schema(schema_generator=_WithoutTitles))
    for block in (found, *found["$defs"].values()):
        for node in block["properties"].values():
            if "$ref" in node:  # pydantic leaves out a description that is also the block's
                node.setdefault("description", found["$defs"][name_of(node)]["description"])
    for block in (AlgorithmSpec, BaselineSpec):
        written = found["$defs"][block.__name__]
        written["properties"]["family"]["enum"] = list(FAMILIES)
        written["allOf"] = [_of_family(family) for family in FAMILIES.values()]
    return found


def name_of(node: Mapping[str, Any]) -> str:
    """The name in `$defs` of the block that a node refers to."""
    return str(node["$ref"]).rsplit("/", 1)[1]


def _of_family(family: Family) -> dict[str, Any]:
    """Which hyperparameters are allowed where the family is this one. Their values are checked by `validate`."""
    properties = {
        name: {"description": parameter.allowed}
        | ({} if parameter.required or parameter.default is None else {"default": parameter.default})
        for name, parameter in family.hyperparameters.items()
    }
    required = [name for name, parameter in family.hyperparameters.items() if parameter.required]
    inner = {"properties": properties, "additionalProperties": False, "required": required}
    return {
        "if": {"properties": {"family": {"const": family.name}}, "required": ["family"]},
        "then": {"properties": {"hyperparameters": inner}}
        | ({"required": ["hyperparameters"]} if required else {}),
    }


class _WithoutTitles(GenerateJsonSchema):
    """Titles would only repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _for_editors(node: Any) -> Any:
    """The same schema, stricter about names, in which neither null nor a whole block is a default to write out."""
    if isinstance(node, list):
        return [_for_editors(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    found = {key: _for_editors(value) for key, value in node.items()}
    if isinstance(found.get("default"), Mapping):
        found["default"] = {}
    elif found.get("default", ...) is None:
        del found["default"]
    return found | ({"additionalProperties": False} if "patternProperties" in found else {})
