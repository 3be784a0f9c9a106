"""What all keys of a declaration share."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(allow_inf_nan=False, gt=0)]


class Strict(BaseModel):
    """Unknown keys and wrong types are problems, never ignored or coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def class_column(name: str) -> str:
    """The column of predictions that holds the probability of a class, as the macro class_column calls it."""
    return "probability_" + re.sub("[^a-z0-9_]+", "_", name.lower())
