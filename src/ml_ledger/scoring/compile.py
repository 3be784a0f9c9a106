"""Write a version's coefficient rows as one flat SQL expression per term, with sqlglot.

The text is kept on the version when it is trained; the predictions node inlines it. Nothing is transpiled or
computed while scoring runs.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, pairwise

from sqlglot import exp

from ml_ledger.coefficients import Coefficient
from ml_ledger.errors import VersionError
from ml_ledger.families.base import Link

FORMAT_VERSION = 1

# Measured on DuckDB: a flat case is fastest up to about a dozen branches, and a ladder of ladders beyond.
LADDER_WIDTH = 12


@dataclass(frozen=True)
class Term:
    """One feature's contribution to the link score, as SQL over the raw feature column."""

    feature: str
    expression: str
    reference: float


@dataclass(frozen=True)
class CompiledScoring:
    """What the predictions node needs to score with a version.

    intercept: an SQL literal; base: one of the link score of an average training row. link: how the link score
    becomes the score. features: columns that are read.
    """

    dialect: str
    link: Link
    intercept: str
    base: str
    terms: Sequence[Term]

    @property
    def features(self) -> list[str]:
        """The raw feature columns that the terms read, in term order."""
        return list(dict.fromkeys(term.feature for term in self.terms))

    def link_sql(self) -> str:
        """The link score as one expression: the intercept plus every term."""
        return " + ".join([self.intercept, *(f"({term.expression})" for term in self.terms)])

    def score_of(self, link_score: str) -> str:
        """The score as SQL over a column that holds the link score; NULL where that is not a finite number."""
        inverse = {"logit": f"1 / (1 + exp(-{link_score}))", "log": f"exp({link_score})", "identity": link_score}
        score = inverse[self.link]
        return f"case when abs({link_score}) <= {sys.float_info.max!r} then {score} end"

    def to_json(self) -> str:
        """The form stored on a version."""
        return json.dumps({"format_version": FORMAT_VERSION, **asdict(self)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> CompiledScoring:
        """Read the form stored on a version, of this or any earlier format.

        Raises VersionError for a format that a later ml_ledger wrote.
        """
        stored = json.loads(text)
        if stored["format_version"] > FORMAT_VERSION:
            raise VersionError(
                f"scoring: the version was stored by a later ml_ledger; got format {stored['format_version']}."
                f" Allowed: up to {FORMAT_VERSION}. Fix: upgrade ml_ledger."
            )
        return cls(
            dialect=stored["dialect"],
            link=stored["link"],
            intercept=stored["intercept"],
            base=stored["base"],
            terms=[Term(**term) for term in stored["terms"]],
        )


def compile_scoring(coefficients: Iterable[Coefficient], *, link: Link, dialect: str) -> CompiledScoring:
    """Compile the rows of a single-output version.

    coefficients: rows ordered by term. dialect: a sqlglot dialect name, the warehouse's.
    """
    by_term = [list(rows) for _, rows in groupby(coefficients, key=lambda row: row.term)]
    intercept = _sql(_double(by_term[0][0].value or 0.0, dialect), dialect)
    terms = [
        Term(
            feature=str(rows[0].feature),
            expression=_sql(_contribution(rows, dialect), dialect),
            reference=rows[0].reference,
        )
        for rows in by_term[1:]
    ]
    average = (by_term[0][0].value or 0.0) + sum(term.reference for term in terms)
    return CompiledScoring(
        dialect=dialect, link=link, intercept=intercept, base=_sql(_double(average, dialect), dialect), terms=terms
    )


def _sql(expression: exp.Expression, dialect: str) -> str:
    return expression.sql(dialect=dialect, normalize_functions="lower")


def _contribution(rows: list[Coefficient], dialect: str) -> exp.Expression:
    """One term's contribution: NULL where none of its rows matches, which leaves the row unscored."""
    by_case: dict[str, list[Coefficient]] = {}
    for row in rows:
        by_case.setdefault(row.applies_to, []).append(row)
    numbers, levels = by_case.pop("value", []), by_case.pop("level", [])
    missing, unknown = (_only(by_case.pop(case, [])) for case in ("missing", "unknown"))
    if by_case or bool(numbers) == bool(levels) or (numbers and unknown):
        raise VersionError(f"feature '{rows[0].feature}': no SQL is known for its coefficient rows: {rows}")
    column = exp.column(str(rows[0].feature), quoted=True)
    if levels:
        return _by_level(column, levels, missing, unknown, dialect)
    pieces = _pieces(numbers)
    present = _by_bounds(column, pieces, dialect)
    if missing is None:
        return present
    filled = _double(missing.value or 0.0, dialect)
    if len(pieces) == 1 and pieces[0].lower is None and pieces[0].upper is None and pieces[0].slope is not None:
        return exp.Coalesce(this=present, expressions=[filled])  # NULL only where the feature is
    return exp.Case(ifs=[exp.If(this=_is_null(column), true=filled)], default=present)


def _only(rows: list[Coefficient]) -> Coefficient | None:
    if len(rows) > 1:
        raise VersionError(f"feature '{rows[0].feature}': two coefficient rows apply at once: {rows}")
    return rows[0] if rows else None


def _pieces(rows: list[Coefficient]) -> list[Coefficient]:
    """Value rows in order of their bounds, which must not overlap."""
    ordered = sorted(rows, key=lambda row: float("-inf") if row.lower is None else row.lower)
    for one, other in pairwise(ordered):
        if one.upper is None or other.lower is None or other.lower < one.upper:
            raise VersionError(f"feature '{one.feature}': two coefficient rows apply at once: {[one, other]}")
    return ordered


def _by_bounds(column: exp.Expression, pieces: list[Coefficient], dialect: str) -> exp.Expression:
    """A piecewise expression: a ladder of flat cases, each at most LADDER_WIDTH wide, nested where there are more.

    Gaps between pieces, and beyond the first and the last, stay NULL; so do NaN and infinity wherever a bound or a
    constant could hide them.
    """
    if len(pieces) == 1 and pieces[0].lower is None and pieces[0].upper is None and pieces[0].slope is not None:
        # NaN and infinity survive a multiplication, and are rejected with the score
        return _line(column, pieces[0], dialect)
    steps: list[tuple[exp.Expression, exp.Expression]] = []
    floor = -sys.float_info.max  # minus infinity is below every number
    for piece in pieces:
        lower = floor if piece.lower is None else piece.lower
        if lower > floor or piece is pieces[0]:
            steps.append((_below(column, lower, dialect), exp.Null()))
        if piece.upper is None:
            condition, floor = _at_most(column, sys.float_info.max, dialect), float("inf")
        else:
            condition, floor = _below(column, piece.upper, dialect), piece.upper
        steps.append((condition, _line(column, piece, dialect)))
    return _ladder(steps)


def _ladder(steps: list[tuple[exp.Expression, exp.Expression]]) -> exp.Expression:
    """The first result whose condition holds, for conditions that ascend."""
    if len(steps) > LADDER_WIDTH:
        depth = math.ceil(math.log(len(steps), LADDER_WIDTH))
        width = math.ceil(len(steps) ** (1 / depth))
        size = math.ceil(len(steps) / width)
        groups = [steps[start : start + size] for start in range(0, len(steps), size)]
        steps = [(group[-1][0].copy(), _ladder(group)) for group in groups]
    return exp.Case(ifs=[exp.If(this=condition, true=result) for condition, result in steps])


def _line(column: exp.Expression, row: Coefficient, dialect: str) -> exp.Expression:
    """value + slope * x, on the row's scale."""
    if row.slope is None:
        return _double(row.value or 0.0, dialect)
    x = column.copy()
    if row.transform == "log1p":
        x = exp.Ln(this=exp.Add(this=_double(1.0, dialect), expression=x))
    product = exp.Mul(this=x, expression=_double(row.slope, dialect))
    return exp.Add(this=product, expression=_double(row.value, dialect)) if row.value else product


def _by_level(
    column: exp.Expression,
    rows: list[Coefficient],
    missing: Coefficient | None,
    unknown: Coefficient | None,
    dialect: str,
) -> exp.Expression:
    """A look-up by level: a position in a list where the engine has lists, one flat case elsewhere."""
    if len({row.level for row in rows}) < len(rows):
        raise VersionError(f"feature '{rows[0].feature}': a level occurs twice among its coefficient rows: {rows}")
    text = exp.cast(column.copy(), exp.DataType.Type.TEXT)
    levels = [exp.Literal.string(str(row.level)) for row in rows]
    values = [_double(row.value or 0.0, dialect) for row in rows]
    lookup: exp.Expression
    if dialect == "duckdb":
        position = exp.Anonymous(this="list_position", expressions=[exp.Array(expressions=levels), text])
        lookup = exp.Anonymous(this="list_extract", expressions=[exp.Array(expressions=values), position])
    else:
        pairs = zip(levels, values, strict=True)
        lookup = exp.Case(this=text, ifs=[exp.If(this=level, true=value) for level, value in pairs])
    if unknown is not None:
        lookup = exp.Coalesce(this=lookup, expressions=[_double(unknown.value or 0.0, dialect)])
    if missing is None and unknown is None:
        return lookup
    filled = exp.Null() if missing is None else _double(missing.value or 0.0, dialect)
    return exp.Case(ifs=[exp.If(this=_is_null(column), true=filled)], default=lookup)


def _is_null(column: exp.Expression) -> exp.Expression:
    return exp.Is(this=column.copy(), expression=exp.Null())


def _below(column: exp.Expression, bound: float, dialect: str) -> exp.Expression:
    return exp.LT(this=column.copy(), expression=_double(bound, dialect))


def _at_most(column: exp.Expression, bound: float, dialect: str) -> exp.Expression:
    return exp.LTE(this=column.copy(), expression=_double(bound, dialect))


def _double(number: float, dialect: str) -> exp.Expression:
    """A double literal that reads back bit for bit.

    A plain 0.1 is a DECIMAL in most engines and is rounded on its way to a double; the exponent form is a
    double in DuckDB and Spark, and elsewhere the cast makes it one. Negative numbers are in parentheses:
    `x --1` would be a comment.
    """
    text = repr(abs(number))
    literal: exp.Expression = exp.Literal.number(text if "e" in text else f"{text}e0")
    if dialect not in ("duckdb", "spark"):
        literal = exp.cast(literal, exp.DataType.Type.DOUBLE)
    negative = number < 0 or str(number).startswith("-")
    return exp.Paren(this=exp.Neg(this=literal)) if negative else literal
