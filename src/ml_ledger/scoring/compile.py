"""Write a version's coefficient rows as one flat SQL expression per term, with sqlglot.

The text is kept on the version when it is trained; the predictions node inlines it. Nothing is transpiled or
computed while scoring runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

from sqlglot import exp

from ml_ledger.coefficients import Coefficient
from ml_ledger.errors import VersionError
from ml_ledger.families.base import Link

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Term:
    """One feature's contribution to the link score, as SQL over the raw feature column."""

    feature: str
    expression: str
    reference: float


@dataclass(frozen=True)
class CompiledScoring:
    """What the predictions node needs to score with a version.

    intercept: an SQL literal. link: how the link score becomes the score. features: columns that are read.
    """

    dialect: str
    link: Link
    intercept: str
    terms: Sequence[Term]

    @property
    def features(self) -> list[str]:
        """The raw feature columns that the terms read, in term order."""
        return list(dict.fromkeys(term.feature for term in self.terms))

    def link_sql(self) -> str:
        """The link score as one expression: the intercept plus every term."""
        return " + ".join([self.intercept, *(f"({term.expression})" for term in self.terms)])

    def score_sql(self) -> str:
        """The score as one expression over the raw feature columns."""
        if self.link == "logit":
            return f"1 / (1 + exp(-({self.link_sql()})))"
        return self.link_sql()

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
    return CompiledScoring(dialect=dialect, link=link, intercept=intercept, terms=terms)


def _sql(expression: exp.Expression, dialect: str) -> str:
    return expression.sql(dialect=dialect, normalize_functions="lower")


def _contribution(rows: list[Coefficient], dialect: str) -> exp.Expression:
    """`x * slope`, NULL answered by the term's 'missing' row; without one the result stays NULL: unscored."""
    by_case = {row.applies_to: row for row in rows}
    value_row = by_case.get("value")
    if (
        len(by_case) < len(rows)
        or value_row is None
        or value_row.value is not None
        or any((row.level, row.lower, row.upper) != (None, None, None) for row in rows)
    ):
        raise VersionError(f"feature '{rows[0].feature}': no SQL is known for its coefficient rows: {rows}")
    column = exp.column(str(rows[0].feature), quoted=True)
    slope = exp.Mul(this=column, expression=_double(value_row.slope or 0.0, dialect))
    if "missing" not in by_case:
        return slope
    return exp.Coalesce(this=slope, expressions=[_double(by_case["missing"].value or 0.0, dialect)])


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
