"""The mutants of a Python file: each is its text with one small change that some test ought to notice.

Changes: a comparison at its limit (`<` for `<=`) or turned round (`==` for `!=`, `in` for `not in`), arithmetic (`+`
for `-`), `and` for `or`, a number one more or one less, True for False, `not` dropped, None returned; and comparisons,
`and` and `or` in texts that are SQL, where most limits of the library are.
Left alone, since no answer hangs on them: annotations, docstrings, texts of errors, `strict=` of zip.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
IN_SQL = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "=", "and": "or", "or": "and"}
SQL = re.compile(r"\b(select|where|case when|cast\(|coalesce\(|_ml_\w+)")


@dataclass(frozen=True)
class Mutant:
    """One change of one file, `text` is all of it then."""

    path: Path
    line: int
    code: str  # the first line of it, as it was
    old: str
    new: str
    text: str

    def __str__(self) -> str:
        at = next((place for place, (a, b) in enumerate(zip(self.old, self.new, strict=False)) if a != b), 0)
        # Of a long text only what is around the change.
        old, new = (" ".join(part[max(0, at - 40) : at + 40].split()) for part in (self.old, self.new))
        return f"{self.path}:{self.line}  {old}  ->  {new}"


def mutants(path: Path, text: str) -> list[Mutant]:
    """All mutants of a file, in the order of its lines."""
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    whole, found = b"".join(lines), []
    for node in _nodes(ast.parse(text)):
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        old = whole[begin:end].decode()
        texts = isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        for new in _changed_sql(old) if texts else _changed(node):
            # In parentheses, so that it stays one operand of what is around it.
            written = new if texts or isinstance(node, ast.Return) else f"({new})"
            mutated = (whole[:begin] + written.encode() + whole[end:]).decode()
            code = lines[node.lineno - 1].decode().strip()
            found.append(Mutant(path, node.lineno, code, old, new, mutated))
    return found


def _nodes(node: ast.AST) -> Iterator[ast.expr | ast.Return]:
    """What can be changed below a node. Before Python 3.12 nothing inside an f-string says where it is."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, (ast.Raise, ast.Assert)):
                continue
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue
            if isinstance(child, ast.keyword) and child.arg == "strict":
                continue
            if isinstance(child, (ast.expr, ast.Return)):
                yield child
            if not isinstance(child, ast.JoinedStr):
                yield from _nodes(child)


def _changed(node: ast.expr | ast.Return) -> Iterator[str]:
    match node:
        case ast.Compare(left, operators, comparators):
            for place, operator in enumerate(operators):
                others = [*operators[:place], COMPARISONS[type(operator)](), *operators[place + 1 :]]
                yield ast.unparse(ast.Compare(left, others, comparators))
        case ast.BinOp(left, operator, right) if type(operator) in ARITHMETIC and not _is_text(left, right):
            yield ast.unparse(ast.BinOp(left, ARITHMETIC[type(operator)](), right))
        case ast.BoolOp(operator, values):
            yield ast.unparse(ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values))
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield ast.unparse(operand)
        case ast.Constant(bool() as value):
            yield repr(not value)
        case ast.Constant(int() | float() as value):
            yield from (repr(value + 1), repr(value - 1))
        case ast.Return(ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield "return None"


def _changed_sql(text: str) -> Iterator[str]:
    if SQL.search(text):
        for match in re.finditer(r"(?<= )(<=|>=|<>|<|>|=|and|or)(?= )", text):
            yield text[: match.start()] + IN_SQL[match[0]] + text[match.end() :]


def _is_text(*operands: ast.expr) -> bool:
    """Whether `+` joins texts or lists, or `|` joins types."""
    return any(
        isinstance(part, (ast.JoinedStr, ast.List, ast.ListComp, ast.Tuple))
        or (isinstance(part, ast.Constant) and (part.value is None or isinstance(part.value, str)))
        for part in operands
    )
