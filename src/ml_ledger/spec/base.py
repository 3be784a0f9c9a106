"""What all keys of a declaration share."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from ml_ledger.warehouse import PREFIX


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


Column = Annotated[str, AfterValidator(_column)]
Name = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(allow_inf_nan=False, gt=0)]


class Strict(BaseModel):
    """Unknown keys and wrong types are problems, never ignored or coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def class_column(name: str) -> str:
    """The column of predictions that holds the probability of a class, as the macro class_column calls it."""
    return "probability_" + re.sub("[^a-z0-9_]+", "_", name.lower())
