"""What all keys of a declaration share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from ml_ledger.warehouse import PREFIX

# The column of labels that says when each of them matured.
MATURED_AT = "matured_at"


def _column(name: str) -> str:
    """The name of a column: what a warehouse takes in quotes, but for names that are ours."""
    if is_ours(name):
        raise PydanticCustomError("reserved_column", "is a name that ml_ledger keeps for itself")
    if name != name.strip() or not name.isprintable() or not name:
        raise PydanticCustomError("column_name", "must be the name of a column")
    return name


def is_ours(name: object) -> bool:
    """Whether a name begins with the prefix of names that ml_ledger gives, in whatever case."""
    return str(name).lower().startswith(PREFIX)


def _of_labels(name: str) -> str:
    """The name of a column of the labels, whose moment of maturing has a name of its own."""
    if name.lower() == MATURED_AT:
        raise PydanticCustomError("label_column", "is the moment at which labels mature")
    return name


Column = Annotated[str, AfterValidator(_column)]
LabelColumn = Annotated[Column, AfterValidator(_of_labels)]
Name = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(allow_inf_nan=False, gt=0)]


class Strict(BaseModel):
    """Unknown keys and wrong types are problems, never ignored or coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def class_columns(classes: Sequence[str]) -> dict[str, str]:
    """By class the column of predictions that holds its probability, as the macro class_columns calls them.

    `probability_<class>` in lower case, with `_` for everything but a-z and digits, where that tells the classes apart;
    else with letters of other scripts; else with other characters as hexadecimal code, `A+` as `a_2b`; else with the
    class's place at the end.
    """
    names = {name: name.lower() for name in classes}
    forms = [
        {name: re.sub("[^a-z0-9_]+", "_", lower) for name, lower in names.items()},
        {name: re.sub(r"\W+", "_", lower) for name, lower in names.items()},
        {
            name: "".join(c if re.match(r"\w", c) else f"_{c.encode().hex()}" for c in lower)
            for name, lower in names.items()
        },
    ]
    columns = {}
    for place, name in enumerate(classes, 1):
        alone = [form[name] for form in forms if list(form.values()).count(form[name]) == 1]
        columns[name] = f"probability_{alone[0] if alone else f'{forms[2][name]}_{place}'}"
    return columns
