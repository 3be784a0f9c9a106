"""Level terms: a value per category, for text, whole numbers, booleans and parts of dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ml_ledger.coefficients import Coefficient, DatePart
from ml_ledger.sql_literals import literal
from ml_ledger.warehouse import quoted


def text_of(column: str, part: DatePart | None = None) -> str:
    """SQL of a raw column, or of a part of a date, as text: how a level is told."""
    if part is None:
        return f"cast({quoted(column)} as varchar)"
    return f"cast(extract({'isodow' if part == 'weekday' else part} from {quoted(column)}) as varchar)"


@dataclass(frozen=True)
class LevelTerm:
    """A value per level, as text; the reference level has value 0.

    levels: the other levels that have a weight each. rare: levels that share one weight.
    missing: reject the row, count a NULL as the most frequent level (impute), or give it a weight (own_level).
    unknown: what a level that was never seen counts as: the reference, the rare levels, or a rejected row.
    part: of a date, whose levels these are; None for a feature that is a category itself. An infinite date has no
        part, and is rejected.
    """

    feature: str
    reference: str
    levels: tuple[str, ...]
    rare: tuple[str, ...]
    most_frequent: str
    missing: Literal["impute", "own_level", "reject"]
    unknown: Literal["reference", "rare", "reject"]
    part: DatePart | None = None

    def text(self) -> str:
        """SQL of the level of a row."""
        return text_of(self.feature, self.part)

    def codes(self) -> dict[str, int]:
        """A whole number per known level: 0 for the reference, one for all rare levels together."""
        codes = {level: code for code, level in enumerate((self.reference, *self.levels))}
        return codes | dict.fromkeys(self.rare, len(codes))

    def code(self) -> str:
        """SQL of the code of a row's level; NULL for a NULL that is not filled."""
        x = self.text()
        if self.missing == "impute":
            x = f"coalesce({x}, {literal(self.most_frequent)})"
        known = " ".join(f"when {literal(level)} then {code}" for level, code in self.codes().items())
        unknown = ""
        if self.unknown != "reject":
            code = self.codes()[self.rare[0]] if self.unknown == "rare" and self.rare else 0
            unknown = f" else case when {x} is not null then {code} end"
        return f"case {x} {known}{unknown} end"

    def columns(self) -> list[str]:
        """SQL of the design columns: one per level, one for the rare levels, one for NULL where it has a weight."""
        x = self.text()
        if self.missing == "impute":
            x = f"coalesce({x}, {literal(self.most_frequent)})"
        columns = [f"case when {x} = {literal(level)} then 1e0 else 0e0 end" for level in self.levels]
        if self.rare:
            if self.unknown == "rare":
                known = ", ".join(map(literal, (self.reference, *self.levels)))
                columns.append(f"case when {x} not in ({known}) then 1e0 else 0e0 end")
            else:
                columns.append(f"case when {x} in ({', '.join(map(literal, self.rare))}) then 1e0 else 0e0 end")
        if self.missing == "own_level":
            columns.append(f"case when {quoted(self.feature)} is null then 1e0 else 0e0 end")
        return columns

    def accepts(self) -> str:
        """SQL that is true where the term has a contribution."""
        conditions = []
        if self.unknown == "reject":
            known = ", ".join(map(literal, (self.reference, *self.levels, *self.rare)))
            conditions.append(f"{self.text()} in ({known})")
        else:
            conditions.append(f"{self.text()} is not null")
        if self.missing != "reject":
            conditions.append(f"{quoted(self.feature)} is null")
        return f"({' or '.join(conditions)})"

    def standardised(self) -> list[bool]:
        """Levels are penalised as they are, 0 or 1."""
        return [False] * len(self.columns())

    def fitted(self, number: int, output: str, weights: Sequence[float]) -> list[Coefficient]:
        """Rows with a value per level."""
        values = {self.reference: 0.0} | dict(zip(self.levels, map(float, weights), strict=False))
        rare = float(weights[len(self.levels)]) if self.rare else 0.0
        values |= dict.fromkeys(self.rare, rare)
        row = partial(Coefficient, output, number, self.feature, transform=self.part)
        rows = [row(applies_to="level", level=level, value=value) for level, value in values.items()]
        if self.missing == "own_level":
            rows.append(row(applies_to="missing", value=float(weights[-1])))
        elif self.missing == "impute":
            rows.append(row(applies_to="missing", value=values[self.most_frequent]))
        if self.unknown == "reference":
            rows.append(row(applies_to="unknown", value=0.0))
        elif self.unknown == "rare":
            rows.append(row(applies_to="unknown", value=rare))
        return rows
