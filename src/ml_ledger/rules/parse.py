"""From text to the syntax tree of one SQL expression."""

from __future__ import annotations

import sqlglot
from sqlglot import TokenType, exp

from ml_ledger.errors import Problem


def parse(text: str, where: str) -> exp.Expr | list[Problem]:
    """The syntax tree, in the SQL that warehouses share, or what is wrong. where: the key path for problems."""
    try:
        tokens = sqlglot.tokenize(text)
    except sqlglot.errors.TokenError:
        return [Problem(where, "holds text without its closing quote", text)]
    problems = []
    if any(token.comments for token in tokens):
        problems.append(Problem(where, "holds a comment", text, fix="describe the ML model under 'description'"))
    if any(token.token_type == TokenType.SEMICOLON for token in tokens):
        problems.append(Problem(where, "holds a semicolon", text, "one expression", "remove it"))
    if problems:
        return problems
    try:
        # In brackets nothing but an expression is read, and no statement.
        tree = sqlglot.parse_one(f"({text}\n)")
    except sqlglot.errors.ParseError as error:
        return [_not_parsed(text, where, error)]
    if isinstance(tree, exp.Paren):
        inner: exp.Expr = tree.this
        return inner
    what = "asks another table" if isinstance(tree, exp.Query) else "is not one SQL expression"
    return [Problem(where, what, repr(text), "one expression over the features of one row")]


def shown(node: exp.Expr) -> str:
    """The SQL of a node, for messages."""
    text = node.sql(normalize_functions="lower", comments=False)
    return text if len(text) <= 80 else text[:77] + "..."


def _not_parsed(text: str, where: str, error: sqlglot.errors.ParseError) -> Problem:
    found = error.errors[0] if error.errors else {}
    before = str(found.get("start_context", "")).removeprefix("(").strip()[-30:]
    at_end = found.get("line", 0) > text.count("\n") + 1
    what = "its end" if at_end else f"'{found.get('highlight', '')}'"
    return Problem(
        where,
        "is not one SQL expression",
        what + (f" after '{before}'" if before else " at its beginning"),
        "an expression such as case when recency_days <= 30 then 0.4 else 0.1 end",
    )
