"""What all parts of the drift node share: what is measured again, and what every row says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_ledger.declaration.monitoring import DriftSpec, MonitoringSpec
from ml_ledger.monitoring.drift.period_groups import Group, fingerprint, periods_without_rows
from ml_ledger.warehouse import Relation

Rows = list[dict[str, Any]]
# Versions by number, as they are stored.
Stored = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True)
class Measurement:
    """The drift of one ML model. labelled: its decisions. known: key and fingerprint of what was measured before."""

    ml_model: str
    settings: MonitoringSpec
    labelled: Relation
    known: set[tuple[str, str]]

    @property
    def limits(self) -> DriftSpec:
        """As declared, or the defaults."""
        return self.settings.drift or DriftSpec()

    def is_new(self, key: str, *parts: str) -> str | None:
        """The fingerprint of what is to be measured under a key; None where it was, and nothing has changed since."""
        found = fingerprint(self.settings, *parts)
        return None if (key, found) in self.known else found

    def row(self, group: Group, key: str, found: str, **values: Any) -> dict[str, Any]:
        """A row of the node: what it says, with what it is about."""
        return {
            "ml_model": self.ml_model,
            "version": group.version,
            "slot": group.slot,
            "period": group.period,
            "period_start": group.period_start,
            "group_key": key,
            "fingerprint": found,
            **values,
        }

    def has_labels(self, group: Group) -> bool:
        """Whether enough labels of a group have matured."""
        return group.matured >= self.limits.matured_share * group.decisions

    def without_rows(self, groups: Sequence[Group]) -> Iterator[dict[str, Any]]:
        """A row per period in which nothing was decided, though there was before and has been since."""
        for group in periods_without_rows(self.labelled, groups, self.settings.period):
            found = self.is_new(group.key(), "no rows")
            if found is not None:
                yield self.row(
                    group,
                    group.key(),
                    found,
                    part="rows",
                    n=0,
                    status="no_rows",
                    cause="no decisions in this period",
                )
