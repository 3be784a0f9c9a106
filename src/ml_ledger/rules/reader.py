"""The reader of syntax nodes, which leaves each kind of node to the function that it is given for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlglot import exp

from ml_ledger.errors import Problem, did_you_mean, listed
from ml_ledger.rules.operations import REFUSED, Operation, Type
from ml_ledger.rules.parse import shown
from ml_ledger.rules.syntax import FUNCTIONS, MADE_BY, OTHER_KEYS, PLAIN_KEYS, SYNTAX

DEEPEST = 100


class Reader:
    """Reads syntax nodes, and collects what is wrong with them."""

    def __init__(self, columns: Mapping[str, Type], where: str, readers: Readers) -> None:
        """columns, where: as `read_rule` takes them. readers: by kind of node, what reads it."""
        self.columns, self.where, self.readers = columns, where, readers
        self.problems: list[Problem] = []
        self.depth = 0

    def refuse(
        self, what: str, got: str | None = None, allowed: str | None = None, fix: str | None = None
    ) -> Operation:
        """Note a problem; what stands for the node then fits everywhere."""
        self.problems.append(Problem(self.where, what, got, allowed, fix))
        return REFUSED

    def read(self, node: exp.Expr) -> Operation:
        """The operation of a node. Raises RecursionError where it lies too deep."""
        kind = type(node)
        reader = self.readers.get(kind)
        keys = {key for key, value in node.args.items() if value not in (None, False, [])}
        if reader is None or keys - PLAIN_KEYS - OTHER_KEYS.get(kind, set()):
            return self._unknown(node)
        if self.depth == DEEPEST:
            raise RecursionError
        self.depth += 1
        operation = reader(self, node)
        self.depth -= 1
        return operation

    def _unknown(self, node: exp.Expr) -> Operation:
        text = shown(node)
        if node.find(exp.Query) is not None:
            return self.refuse("asks another table", text, "the features of one row")
        if isinstance(node, (exp.Window, exp.AggFunc)):
            return self.refuse(
                "looks at other rows", text, "the features of one row", "compute it in the feature model"
            )
        if isinstance(node, (exp.Placeholder, exp.Parameter)):
            return self.refuse("takes no parameters", text)
        if isinstance(node, exp.Alias):
            return self.refuse("is followed by a name", text, fix=f"leave out {node.alias}")
        if isinstance(node, exp.Func) and type(node) not in self.readers:
            near = did_you_mean(node.name, FUNCTIONS) if isinstance(node, exp.Anonymous) else None
            fix = near or "compute it in the feature model"
            return self.refuse("calls a function that is not allowed", text, listed(FUNCTIONS), fix)
        return self.refuse(
            "holds syntax that is not allowed", text, f"{SYNTAX}, and functions: {listed(FUNCTIONS)}"
        )

    def typed(self, node: exp.Expr, wanted: Type, role: str) -> Operation:
        """Read a node that must be of a type."""
        operation = self.read(node)
        if operation.type in (wanted, "any"):
            return operation
        got = f"the {operation.type} {shown(node)}"
        return self.refuse(f"{role} must be a {wanted}", got, fix=MADE_BY.get(wanted))

    def same_type(self, operations: Sequence[Operation], node: exp.Expr, what: str) -> Type:
        """The type that all share."""
        types = list(dict.fromkeys(part.type for part in operations if part.type != "any"))
        if len(types) > 1:
            self.refuse(
                f"{what} values of different types",
                f"{shown(node)}: {' and '.join(types)}",
                "values of one type; categorical features are text",
                "quote levels, or cast one side",
            )
            return "any"
        return types[0] if types else "any"


Readers = Mapping[type[exp.Expr], Callable[[Reader, Any], Operation]]
