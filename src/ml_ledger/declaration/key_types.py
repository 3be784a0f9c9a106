"""Types and marks that keys of several blocks share."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from ml_ledger.warehouse import PREFIX

# The column of labels that says when each of them matured.
MATURED_AT = "matured_at"

MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?")


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


def _day(text: str) -> str:
    try:
        is_day = date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_day = False
    if not is_day:
        raise PydanticCustomError("date_type", "must be a date")
    return text


def moment_of(text: str) -> datetime | None:
    """A date or a timestamp without a time zone, as 2024-01-31 or 2024-01-31 18:00:00; None where it is none.

    The macro `moment_text` takes the same texts: Python's own parser knows more forms, which warehouses do not.
    """
    try:
        return datetime.fromisoformat(text) if MOMENT.fullmatch(text) else None
    except ValueError:  # a day or an hour that no calendar has
        return None


Column = Annotated[str, AfterValidator(_column), Field(json_schema_extra={"x-words": "column"})]
LabelColumn = Annotated[Column, AfterValidator(_of_labels)]
Name = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]
# Text, since dbt cannot hand a date of YAML to a Python model.
Day = Annotated[str, AfterValidator(_day), Field(json_schema_extra={"x-words": "day in quotes"})]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(allow_inf_nan=False, gt=0)]
NotNegative = Annotated[Finite, Field(ge=0)]
Share = Annotated[Finite, Field(ge=0, le=1)]
ShareBetween = Annotated[Finite, Field(gt=0, lt=1)]
Area = Annotated[Finite, Field(ge=0.5, le=1)]
Count = Annotated[int, Field(ge=1)]

Task = Literal["binary", "multiclass", "regression", "clustering"]
Period = Literal["day", "week", "month", "quarter"]

# The mark of a key that changes neither a fit nor what the gate asks of it: editing it makes no version due.
TRAINS_NOTHING: JsonDict = {"x-trains": False}

# The mark of a key that came after versions had been trained: at its default it makes none of them due.
LATER: JsonDict = {"x-later": True}


def for_tasks(*tasks: Task) -> JsonDict:
    """The mark of a key that has no meaning for other tasks."""
    return {"x-tasks": list(tasks)}


class Strict(BaseModel):
    """Unknown keys and wrong types are problems, never ignored or coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def trains_nothing(block: type[BaseModel]) -> set[str]:
    """The keys of a block that editing makes no version due for."""
    return {name for name, field in block.model_fields.items() if _marks(field).get("x-trains") is False}


def later_at_default(block: BaseModel) -> set[str]:
    """The keys of a block that came after versions had been trained, and that have their default."""
    fields = type(block).model_fields
    later = [name for name, field in fields.items() if _marks(field).get("x-later") is True]
    return {name for name in later if getattr(block, name) == fields[name].get_default(call_default_factory=True)}


def tasks_of(block: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    """By key that is for some tasks only, these tasks."""
    marked = {name: _marks(field).get("x-tasks") for name, field in block.model_fields.items()}
    return {name: tuple(map(str, tasks)) for name, tasks in marked.items() if isinstance(tasks, list)}


def _marks(field: FieldInfo) -> JsonDict:
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) else {}
