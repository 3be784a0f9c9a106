"""Keys of a declaration that say when a new version is due; editing them trains nothing by itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ml_ledger.declaration.base import Strict
from ml_ledger.declaration.monitoring import Period, Rule


class RetrainingSpec(Strict):
    """When a new version is due, besides its age (`training.retrain_after_days`) and a changed declaration.

    on_alerts: rules; one that the last run left open, that nobody acknowledged or expects. new_rows: of the training
    set, since the newest version. schedule: the first build in each period. cool_down_days: how long nothing is
    trained after a version, whatever is found; age and a changed declaration do not wait.
    """

    on_alerts: list[Rule] = Field(default_factory=list)
    new_rows: Annotated[int, Field(ge=1)] | None = None
    schedule: Period | None = None
    cool_down_days: Annotated[int, Field(ge=0)] = 30
