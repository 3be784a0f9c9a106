"""What is measured together: the decisions of a version in a slot, whose as-of dates lie in a period."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_ledger.declaration.monitoring import MonitoringSpec
from ml_ledger.monitoring.decided import rows_hash
from ml_ledger.sql_literals import literal
from ml_ledger.warehouse import Relation

# What is measured changes with this number: groups are then measured again.
FORMAT = 2
# The control group has no version, and of people who were erased nothing is left to compare.
KNOWN = "version is not null and features is not null"


@dataclass(frozen=True)
class Group:
    """matured: how many of the decisions have a label. decisions_hash, labels_hash: change when any of them does."""

    version: int
    slot: str
    period: str
    period_start: datetime
    decisions: int = 0
    matured: int = 0
    decisions_hash: str = ""
    labels_hash: str = ""

    def key(self, what: str = "") -> str:
        """The key under which rows of the group are kept. what: 'joint' or 'schema', which are kept apart."""
        parts = [*([what] if what else []), self.version, self.slot, self.period, self.period_start]
        return "|".join(map(str, parts))

    @property
    def sql(self) -> str:
        """The value that `group_sql` has for its rows."""
        return f"{self.slot}|{self.period_start}"


def group_sql(period: str) -> str:
    """SQL of a text that is the same for all rows of a group of one version."""
    return f"slot || '|' || cast(date_trunc({literal(period)}, as_of) as varchar)"


def rows_of(groups: Collection[Group]) -> str:
    """SQL that is true for the rows of groups of one version."""
    (version,) = {group.version for group in groups}
    (period,) = {group.period for group in groups}
    wanted = ", ".join(sorted(literal(group.sql) for group in groups))
    return f"{KNOWN} and version = {version} and {group_sql(period)} in ({wanted})"


def groups_of(labelled: Relation, period: str) -> list[Group]:
    """All groups, by version, slot and period."""
    found = labelled.query(
        f"select version, slot, date_trunc({literal(period)}, as_of) as _ml_period_start,"
        " count(*) as _ml_decisions, count(coalesce(cast(label as varchar), label_class)) as _ml_matured,"
        f" {rows_hash('decision_id, features')} as _ml_decisions_hash,"
        f" {rows_hash('decision_id, label, label_class')} as _ml_labels_hash"
        f" from {labelled.name} where {KNOWN} group by all order by version, slot, _ml_period_start"
    )
    return [Group(**{**row, "period": period, "period_start": _moment(row["period_start"])}) for row in found]


def periods_without_rows(labelled: Relation, groups: Sequence[Group], period: str) -> Iterator[Group]:
    """A group without decisions per period in which a slot had none, though it had before and has had since."""
    for slot in sorted({group.slot for group in groups}):
        of_slot = sorted((g for g in groups if g.slot == slot), key=lambda g: (g.period_start, g.version))
        first, last = of_slot[0].period_start, of_slot[-1].period_start
        every = labelled.query(
            f"select unnest(generate_series(timestamp '{first}', timestamp '{last}', interval 1 {period})) as _ml_start"
        )
        latest, position = of_slot[0], 0
        for start in (_moment(row["start"]) for row in every):
            if not any(group.period_start == start for group in of_slot):
                yield Group(latest.version, slot, period, start)
            while position < len(of_slot) and of_slot[position].period_start <= start:
                latest, position = of_slot[position], position + 1


def fingerprint(settings: MonitoringSpec, *parts: str) -> str:
    """Changes when any of the parts does, or how drift is judged."""
    text = "|".join([str(FORMAT), settings.model_dump_json(), *parts])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def latest_of_each_slot(groups: Sequence[Group], number: int) -> list[Group]:
    """The groups of the last so many periods of each slot."""
    kept = []
    for slot in {group.slot for group in groups}:
        starts = sorted({group.period_start for group in groups if group.slot == slot})[-number:]
        kept += [group for group in groups if group.slot == slot and group.period_start in starts]
    return sorted(kept, key=lambda group: (group.version, group.slot, group.period_start))


def _moment(value: Any) -> datetime:
    """date_trunc of a date is a date."""
    return value if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())
