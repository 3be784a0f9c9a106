"""What a rule is made of, whatever SQL it was written in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

# Of 'any' are NULL, and what was refused already.
Type = Literal["number", "text", "boolean", "date", "any"]

KIND_TYPES: dict[str, Type] = {"numeric": "number", "categorical": "text", "boolean": "boolean"}


@dataclass(frozen=True)
class Operation:
    """A value, computed from other values. Every number is a double.

    name: 'column', 'literal', or one of the operations that `write` and `evaluate` list.
    arguments: of 'case' condition, result, ..., default; of 'match' the same after the value that is compared.
    value: a column's name; a literal (a date in its ISO form, None for NULL); the pattern of 'like'; which part of a
        date 'part' takes.
    """

    name: str
    type: Type
    arguments: tuple[Operation, ...] = ()
    value: float | str | bool | None = None

    def walk(self) -> Iterator[Operation]:
        """This operation and all below it."""
        yield self
        for argument in self.arguments:
            yield from argument.walk()

    def columns(self) -> list[str]:
        """The columns that are read, in the order in which they first occur."""
        return list(dict.fromkeys(str(part.value) for part in self.walk() if part.name == "column"))

    def results(self) -> Iterator[Operation]:
        """The values of which this is one: the branches of a case, the arguments of coalesce."""
        if self.name in ("case", "match"):
            branches = self.arguments[1::2] if self.name == "case" else self.arguments[2::2]
            branches = (*branches, self.arguments[-1])
        elif self.name == "coalesce":
            branches = self.arguments
        else:
            yield self
            return
        for branch in branches:
            yield from branch.results()


NULL = Operation("literal", "any")
REFUSED = Operation("literal", "any")
