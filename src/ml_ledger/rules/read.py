"""From the SQL that a person wrote to checked operations; what is not listed is refused."""

from __future__ import annotations

from collections.abc import Mapping

from ml_ledger.errors import Problem
from ml_ledger.rules.operations import REFUSED, Operation, Type
from ml_ledger.rules.parse import parse
from ml_ledger.rules.reader import DEEPEST, Reader
from ml_ledger.rules.syntax_nodes import READERS


def read_rule(text: str, columns: Mapping[str, Type], where: str) -> tuple[Operation, list[Problem]]:
    """Read a rule.

    columns: type of each column that it may read. where: the key path for problems.
    Returns the rule, and all that is wrong with it; with problems, the rule must not be used.
    """
    reader = Reader(columns, where, READERS)
    try:
        tree = parse(text, where)
        if isinstance(tree, list):
            return REFUSED, tree
        rule = reader.read(tree)
    except RecursionError:
        rule = reader.refuse(
            "is nested too deeply", allowed=f"{DEEPEST} levels", fix="compute parts in the feature model"
        )
    return rule, list(dict.fromkeys(reader.problems))
