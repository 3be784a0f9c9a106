"""The groups of protected attributes, as columns of numbers beside scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_ledger.declaration import MLModelSpec
from ml_ledger.errors import SpecError, listed
from ml_ledger.evaluation.fairness import Attribute, group_column
from ml_ledger.sql_literals import literal
from ml_ledger.warehouse import Relation

UNKNOWN = "(unknown)"  # the group of rows without a value
MOST_GROUPS = 100


def attributes_of(spec: MLModelSpec, rows: Relation, columns: Mapping[str, str], where: str) -> list[Attribute]:
    """The declared attributes with the groups that occur. columns: SQL of each attribute, by its name.

    Raises SpecError for an attribute with too many groups.
    """
    found = []
    for name, declared in (spec.fairness.attributes if spec.fairness else {}).items():
        groups = [
            row["name"]
            for row in rows.query(
                f"select distinct {_text(columns[name])} as _ml_name from {rows.name} where {where} order by _ml_name"
                f" limit {MOST_GROUPS + 1}"
            )
        ]
        if len(groups) > MOST_GROUPS:
            raise SpecError(
                f"fairness.attributes.{name}: has more than {MOST_GROUPS} groups; got {listed(groups[:3])}, and more."
                " Nothing was written. Fix: make groups of it in the feature model (of ages, bands of ten years)."
            )
        found.append(Attribute(name, declared.reference, groups))
    return found


def group_columns(attributes: Sequence[Attribute], columns: Mapping[str, str]) -> dict[str, str]:
    """SQL of the position of a row's group, by the name of the column that `measure_fairness` reads."""
    return {
        group_column(number): f"case {_text(columns[attribute.name])} "
        + " ".join(f"when {literal(group)} then {k}e0" for k, group in enumerate(attribute.groups))
        + " end"
        for number, attribute in enumerate(attributes)
        if attribute.groups
    }


def _text(sql: str) -> str:
    return f"coalesce(cast({sql} as varchar), {literal(UNKNOWN)})"
